//! What every engine has to do.

use std::collections::BTreeSet;
use std::sync::Arc;

use sekisho::domain::transaction::{Event, Failure};
use sekisho::domain::{Intent, Millis, OrderId, ShopId, Status, Transaction};
use sekisho::store::{ApplyError, Change, Store};

use super::sample::{
    MINUTE, NOW, access_id, enter, exec, in_every_state, intent, intent_on, notification, order, outcome, requested,
    shop, transaction,
};

type Engine = Arc<dyn Store>;

async fn read(store: &Engine, number: usize) -> Option<Transaction> {
    store.transaction(&access_id(number)).await.unwrap()
}

fn advanced(before: &Transaction) -> Change {
    // Due when the minute is over, and no moment before.
    Change::event(before, requested(NOW.plus(MINUTE - 1)), NOW.plus(1)).unwrap()
}

pub(super) async fn what_is_entered_is_read_back(store: &Engine) {
    assert_eq!(read(store, 1).await, None);
    let entered = enter(store, 1).await;
    assert_eq!(read(store, 1).await.as_ref(), Some(&entered));
    assert_eq!(store.transaction_of_order(&shop(), &order(1)).await, Ok(Some(entered)));
    assert_eq!(store.transaction_of_order(&shop(), &order(2)).await, Ok(None));
    let other = ShopId::new("tshop00000002").unwrap();
    assert_eq!(store.transaction_of_order(&other, &order(1)).await, Ok(None));
    assert_eq!(store.ping().await, Ok(()));
}

pub(super) async fn every_state_is_read_back(store: &Engine) {
    let all = in_every_state();
    let seen: BTreeSet<Status> = all.iter().map(Transaction::status).collect();
    assert_eq!(seen.len(), Status::ALL.len(), "a state is missing in the sample");
    for transaction in all {
        store.apply(Change::entered(transaction.clone())).await.unwrap();
        assert_eq!(store.transaction(&transaction.access_id).await, Ok(Some(transaction)));
    }
}

pub(super) async fn an_order_is_entered_once(store: &Engine) {
    let first = enter(store, 1).await;
    let same_order = Transaction { order_id: first.order_id.clone(), ..transaction(2) };
    assert_eq!(store.apply(Change::entered(same_order)).await, Err(ApplyError::OrderTaken));
    assert_eq!(read(store, 2).await, None);
    let same_id = Transaction { order_id: OrderId::new("another").unwrap(), ..transaction(1) };
    assert!(store.apply(Change::entered(same_id)).await.is_err());
    let other_shop = Transaction {
        shop_id: ShopId::new("tshop00000002").unwrap(),
        order_id: first.order_id.clone(),
        ..transaction(3)
    };
    assert_eq!(store.apply(Change::entered(other_shop)).await, Ok(()));
    assert_eq!(read(store, 1).await, Some(first));
}

pub(super) async fn a_change_needs_the_present_version(store: &Engine) {
    let first = enter(store, 1).await;
    let change = advanced(&first);
    let second = change.transaction().unwrap().clone();
    assert_eq!(store.apply(change.clone()).await, Ok(()));
    assert_eq!(store.apply(change).await, Err(ApplyError::VersionLost));
    let late = Change::intent(&first, intent(&first, "key-1", NOW));
    assert_eq!(store.apply(late).await, Err(ApplyError::VersionLost));
    assert_eq!(read(store, 1).await, Some(second));
    assert_eq!(store.apply(advanced(&transaction(9))).await, Err(ApplyError::VersionLost), "never entered");
}

pub(super) async fn one_effect_at_a_time(store: &Engine) {
    let first = enter(store, 1).await;
    let mine = intent(&first, "key-1", NOW.plus(MINUTE));
    assert_eq!(store.open_intent(&first.access_id).await, Ok(None));
    assert_eq!(store.apply(Change::intent(&first, mine.clone())).await, Ok(()));
    assert_eq!(store.open_intent(&first.access_id).await, Ok(Some(mine)));
    let another = Change::intent(&first, intent(&first, "key-2", NOW));
    assert_eq!(store.apply(another).await, Err(ApplyError::OperationOpen));
    assert_eq!(store.apply(advanced(&first)).await, Err(ApplyError::OperationOpen));
    assert_eq!(read(store, 1).await.as_ref(), Some(&first));
    // Another transaction is not held up.
    let second = enter(store, 2).await;
    assert_eq!(store.apply(Change::intent(&second, intent(&second, "key-3", NOW))).await, Ok(()));
}

pub(super) async fn an_outcome_closes_its_intent_once(store: &Engine) {
    let first = enter(store, 1).await;
    store.apply(Change::intent(&first, intent(&first, "key-1", NOW))).await.unwrap();
    let foreign = advanced(&first).closing(outcome("key-2"));
    assert_eq!(store.apply(foreign).await, Err(ApplyError::OperationClosed));
    let change = advanced(&first).closing(outcome("key-1"));
    let second = change.transaction().unwrap().clone();
    assert_eq!(store.apply(change.clone()).await, Ok(()));
    assert_eq!(store.open_intent(&first.access_id).await, Ok(None));
    assert_eq!(read(store, 1).await.as_ref(), Some(&second));
    assert_eq!(store.apply(change).await, Err(ApplyError::OperationClosed));
    // An outcome may leave the transaction as it is; then the next effect may begin.
    store.apply(Change::intent(&second, intent(&second, "key-3", NOW))).await.unwrap();
    assert_eq!(store.apply(Change::outcome(&second, outcome("key-3"))).await, Ok(()));
    assert_eq!(store.apply(Change::outcome(&second, outcome("key-3"))).await, Err(ApplyError::OperationClosed));
    assert_eq!(store.apply(Change::intent(&second, intent(&second, "key-4", NOW))).await, Ok(()));
    assert_eq!(read(store, 1).await, Some(second));
}

pub(super) async fn nothing_of_a_refused_change_is_left(store: &Engine) {
    let first = enter(store, 1).await;
    store.apply(advanced(&first)).await.unwrap();
    let late = advanced(&first).telling(Some(notification(&first, "msg_1", NOW)));
    assert_eq!(store.apply(late).await, Err(ApplyError::VersionLost));
    assert_eq!(store.notifications_of(&first.access_id).await, Ok(Vec::new()));
    assert_eq!(store.next_notification_at().await, Ok(None));
}

pub(super) async fn intents_come_due_oldest_first(store: &Engine) {
    for (number, due) in [(1, 3), (2, 1), (3, 2)] {
        let transaction = enter(store, number).await;
        let intent = intent(&transaction, &format!("key-{number}"), NOW.plus(due * MINUTE));
        store.apply(Change::intent(&transaction, intent)).await.unwrap();
    }
    let due = async |now: Millis, limit| {
        let intents = store.intents_to_look_at(now, limit).await.unwrap();
        intents.iter().map(|(_, one)| one.key.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(due(NOW, 10).await, [] as [&str; 0]);
    assert_eq!(due(NOW.plus(2 * MINUTE), 10).await, ["key-2", "key-3"]);
    assert_eq!(due(NOW.plus(9 * MINUTE), 2).await, ["key-2", "key-3"]);
    let open = store.open_intent(&access_id(2)).await.unwrap().unwrap();
    store.look_again(&open.key, NOW.plus(4 * MINUTE)).await.unwrap();
    assert_eq!(due(NOW.plus(9 * MINUTE), 10).await, ["key-3", "key-1", "key-2"]);
    let open = store.open_intent(&access_id(2)).await.unwrap().unwrap();
    assert_eq!((open.looks, open.look_at), (1, NOW.plus(4 * MINUTE)));
    // What is closed is not looked at again, and cannot be put off.
    store.apply(Change::outcome(&transaction(3), outcome("key-3"))).await.unwrap();
    store.look_again(&outcome("key-3").key, NOW).await.unwrap();
    assert_eq!(store.begin_look(&outcome("key-3").key, NOW).await, Ok(None));
    assert_eq!(due(NOW.plus(9 * MINUTE), 10).await, ["key-1", "key-2"]);
}

pub(super) async fn an_outcome_may_rest_on_what_nobody_else_has_done(store: &Engine) {
    let first = enter(store, 1).await;
    let mine = intent(&first, "key-1", NOW);
    store.apply(Change::intent(&first, mine.clone())).await.unwrap();
    let not_done = |known: &Intent| Change::outcome(&first, outcome("key-1")).unless_looked_at(known);
    // Even at the same moment, or an earlier one, the next look is put off.
    assert_eq!(store.begin_look(&mine.key, NOW).await, Ok(Some(NOW.plus(1))));
    assert_eq!(store.apply(not_done(&mine)).await, Err(ApplyError::LookedAt));
    let begun = store.open_intent(&first.access_id).await.unwrap().unwrap();
    assert_eq!((begun.looks, begun.look_at), (0, NOW.plus(1)));
    assert_eq!(store.begin_look(&mine.key, NOW.plus(MINUTE)).await, Ok(Some(NOW.plus(MINUTE))));
    assert_eq!(store.apply(not_done(&begun)).await, Err(ApplyError::LookedAt));
    // Nor does it stand once the look is over, whatever moment the next one was put off to.
    store.look_again(&mine.key, mine.look_at).await.unwrap();
    assert_eq!(store.apply(not_done(&mine)).await, Err(ApplyError::LookedAt));
    let over = store.open_intent(&first.access_id).await.unwrap().unwrap();
    assert_eq!(store.apply(not_done(&over)).await, Ok(()));
    assert_eq!(store.apply(not_done(&over)).await, Err(ApplyError::OperationClosed));
}

pub(super) async fn intents_of_a_dead_process_are_due_at_once(store: &Engine) {
    let transaction = enter(store, 1).await;
    store.apply(Change::intent(&transaction, intent(&transaction, "key-1", NOW.plus(MINUTE)))).await.unwrap();
    assert_eq!(store.intents_to_look_at(NOW, 10).await.unwrap().len(), 0);
    assert_eq!(store.adopt_open_intents(NOW).await, Ok(1));
    assert_eq!(store.intents_to_look_at(NOW, 10).await.unwrap().len(), 1);
    assert_eq!(store.adopt_open_intents(NOW).await, Ok(0));
}

pub(super) async fn transactions_come_due(store: &Engine) {
    let first = enter(store, 1).await;
    store.apply(advanced(&first)).await.unwrap();
    let due = async |now: Millis| store.transactions_to_look_at(now, 10).await.unwrap().len();
    assert_eq!(due(NOW.plus(MINUTE - 1)).await, 0);
    assert_eq!(due(NOW.plus(MINUTE)).await, 1);
    // While an effect is under way, that decides.
    let second = read(store, 1).await.unwrap();
    store.apply(Change::intent(&second, intent(&second, "key-1", NOW))).await.unwrap();
    assert_eq!(due(NOW.plus(MINUTE)).await, 0);
    store.apply(Change::outcome(&second, outcome("key-1"))).await.unwrap();
    assert_eq!(due(NOW.plus(MINUTE)).await, 1);
    let event = Event::Expired(Failure { err_info: "M01052011".to_owned() });
    store.apply(Change::event(&second, event, NOW).unwrap()).await.unwrap();
    assert_eq!(due(NOW.plus(9 * MINUTE)).await, 0);
}

pub(super) async fn who_is_overdue_can_be_put_off(store: &Engine) {
    let first = enter(store, 1).await;
    store.apply(advanced(&first)).await.unwrap();
    let due = async |now: Millis| store.transactions_to_look_at(now, 10).await.unwrap().len();
    let later = NOW.plus(9 * MINUTE);
    store.put_off(&access_id(1), 1, later).await.unwrap();
    assert_eq!(due(NOW.plus(MINUTE)).await, 1, "it was not at this version any more");
    store.put_off(&access_id(1), 2, later).await.unwrap();
    assert_eq!((due(later.plus(-1)).await, due(later).await), (0, 1));
    assert_eq!(read(store, 1).await.unwrap().version, 2);
    // What does not wait for anything is not put off, and not disturbed.
    let second = enter(store, 2).await;
    store.put_off(&access_id(2), 1, later).await.unwrap();
    assert_eq!(read(store, 2).await, Some(second));
}

pub(super) async fn a_session_leads_to_the_order_it_is_to_pay(store: &Engine) {
    let session = exec().session.unwrap();
    assert_eq!(store.transaction_of_session(&shop(), &session).await, Ok(None));
    let first = enter(store, 1).await;
    let change = advanced(&first);
    let first = change.transaction().unwrap().clone();
    store.apply(change).await.unwrap();
    assert_eq!(store.transaction_of_session(&shop(), &session).await, Ok(Some(first.clone())));
    let other = ShopId::new("tshop00000002").unwrap();
    assert_eq!(store.transaction_of_session(&other, &session).await, Ok(None));
    let expired = Event::Expired(Failure { err_info: "M01052011".to_owned() });
    store.apply(Change::event(&first, expired, NOW).unwrap()).await.unwrap();
    assert_eq!(store.transaction_of_session(&shop(), &session).await, Ok(None), "free again");
}

pub(super) async fn a_session_is_claimed_for_one_transaction(store: &Engine) {
    let (first, second, third) = (enter(store, 1).await, enter(store, 2).await, enter(store, 3).await);
    let claim = |of: &Transaction, key| Change::intent(of, intent_on("session-1", of, key, NOW));
    let (one, other) = tokio::join!(store.apply(claim(&first, "k1")), store.apply(claim(&second, "k2")));
    assert_eq!([&one, &other].into_iter().filter(|result| result.is_ok()).count(), 1, "{one:?} {other:?}");
    assert!([one, other.clone()].contains(&Err(ApplyError::SessionTaken)));
    let (winner, key, loser) = if other.is_err() { (&first, "k1", &second) } else { (&second, "k2", &first) };
    let ready = Change::event(winner, requested(NOW.plus(MINUTE)), NOW).unwrap().closing(outcome(key));
    store.apply(ready).await.unwrap();
    assert_eq!(store.apply(claim(loser, "k3")).await, Err(ApplyError::SessionTaken));
    let ready = store.transaction(&winner.access_id).await.unwrap().unwrap();
    let expired = Event::Expired(Failure { err_info: "M01052011".to_owned() });
    store.apply(Change::event(&ready, expired, NOW).unwrap()).await.unwrap();
    assert_eq!(store.apply(claim(&third, "k4")).await, Ok(()), "what has expired lets go of it");
}

pub(super) async fn a_charge_pays_one_transaction(store: &Engine) {
    let paid = |number| {
        let sample = in_every_state().into_iter().find(|one| one.status() == Status::Auth).unwrap();
        Transaction { access_id: access_id(number), order_id: order(number), ..sample }
    };
    let charge = paid(1).state.payment().unwrap().charge.clone();
    assert_eq!(store.transaction_of_charge(&charge).await, Ok(None));
    store.apply(Change::entered(paid(1))).await.unwrap();
    assert_eq!(store.transaction_of_charge(&charge).await, Ok(Some(paid(1))));
    assert!(store.apply(Change::entered(paid(2))).await.is_err());
    assert_eq!(read(store, 2).await, None);
}

async fn all_at_once(store: &Engine, changes: Vec<Change>) -> Vec<Result<(), ApplyError>> {
    let apply = |change| {
        let store = Arc::clone(store);
        tokio::spawn(async move { store.apply(change).await })
    };
    let tasks: Vec<_> = changes.into_iter().map(apply).collect();
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

pub(super) async fn two_hundred_transactions_at_once(store: &Engine) {
    // Every tenth order number stands in two entries; the second of each is refused alone.
    let twin = |number| Transaction { order_id: order(number), ..transaction(1000 + number) };
    let mut changes: Vec<_> = (0..200).map(|number| Change::entered(transaction(number))).collect();
    changes.extend((0..200).step_by(10).map(|number| Change::entered(twin(number))));
    let results = all_at_once(store, changes).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 200);
    assert_eq!(results.iter().filter(|result| **result == Err(ApplyError::OrderTaken)).count(), 20);
    let advanced: Vec<_> = (0..200).filter(|number| number % 10 != 0).map(|it| advanced(&transaction(it))).collect();
    assert!(all_at_once(store, advanced).await.iter().all(Result::is_ok));
    assert_eq!(store.transactions_to_look_at(NOW.plus(MINUTE), 1000).await.unwrap().len(), 180);
}

pub(super) async fn two_hundred_changes_of_one_transaction(store: &Engine) {
    let first = enter(store, 1).await;
    let intents = (0..200).map(|number| Change::intent(&first, intent(&first, &format!("key-{number}"), NOW)));
    let results = all_at_once(store, intents.collect()).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(()) | Err(ApplyError::OperationOpen))), "{results:?}");
    let open = store.open_intent(&first.access_id).await.unwrap().unwrap();
    let outcomes = (0..200).map(|_| advanced(&first).closing(outcome(open.key.as_str())));
    let results = all_at_once(store, outcomes.collect()).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(()) | Err(ApplyError::OperationClosed))), "{results:?}");
    assert_eq!(read(store, 1).await.unwrap().version, 2);
}
