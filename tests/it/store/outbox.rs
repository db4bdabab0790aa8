//! The outbox, as every engine has to keep it.

use std::collections::BTreeSet;
use std::sync::Arc;

use sekisho::domain::notification::{Attempt, Next, NoAnswer};
use sekisho::domain::{Millis, Notification, ShopId, Transaction};
use sekisho::store::{Change, Resend, Resent, Share, ShopOwed, Store};

use super::sample::{MINUTE, NOW, access_id, enter, enter_owing, intent, notification, requested, shop, transaction};

type Engine = Arc<dyn Store>;

/// The first shop's share, within the usual eight places.
pub(super) fn share(take_max: u32) -> Share {
    Share { shop_id: shop(), take_max, under_way_max: 8 }
}

fn other_shop() -> ShopId {
    ShopId::new("tshop00000002").unwrap()
}

async fn claim(store: &Engine, now: Millis, take_max: u32) -> BTreeSet<String> {
    let claimed = store.claim_notifications(now, MINUTE, vec![share(take_max)]).await.unwrap();
    claimed.into_iter().map(|one| one.notification.id).collect()
}

fn ids<const N: usize>(ids: [&str; N]) -> BTreeSet<String> {
    ids.map(str::to_owned).into()
}

/// An attempt that was answered with `1`, or not at all.
fn attempt(id: &str, number: i64, next: Next) -> Attempt {
    Attempt {
        notification_id: id.to_owned(),
        number,
        at: NOW,
        took_ms: 12,
        http_status: Some(200),
        failure: None,
        answer: "1".to_owned(),
        next,
    }
}

async fn ended(store: &Engine, id: &str, number: i64, next: Next) {
    store.record_attempt(attempt(id, number, next)).await.unwrap();
}

/// A transaction whose shop is owed two notifications, written one after the other.
async fn owing_two(store: &Engine, number: usize, ids: [&str; 2]) -> Transaction {
    let first = enter_owing(store, number, ids[0], NOW).await;
    let change = Change::event(&first, requested(NOW.plus(MINUTE)), NOW.plus(1)).unwrap();
    let second = notification(&first, ids[1], NOW.plus(-5));
    store.apply(change.telling(Some(second))).await.unwrap();
    first
}

async fn owed_by_the_other(store: &Engine, number: usize, id: &str, at: Millis) {
    let theirs = Transaction { shop_id: other_shop(), ..transaction(number) };
    let owed = Notification { shop_id: other_shop(), ..notification(&theirs, id, at) };
    store.apply(Change::entered(theirs).telling(Some(owed))).await.unwrap();
}

pub(super) async fn a_claim_is_a_lease(store: &Engine) {
    for (number, at) in [(1, 2), (2, 0), (3, 1)] {
        enter_owing(store, number, &format!("msg_{number}"), NOW.plus(at)).await;
    }
    assert_eq!(store.next_notification_at().await, Ok(Some(NOW)));
    assert_eq!(claim(store, NOW.plus(-1), 10).await, ids([]));
    let later = NOW.plus(10);
    assert_eq!(claim(store, later, 2).await, ids(["msg_2", "msg_3"]), "the oldest first");
    assert_eq!(claim(store, later, 10).await, ids(["msg_1"]));
    assert_eq!(store.next_notification_at().await, Ok(Some(later.plus(MINUTE))), "what is under way is not due");
    assert_eq!(claim(store, later.plus(MINUTE - 1), 10).await, ids([]));
    assert_eq!(claim(store, later.plus(MINUTE), 10).await.len(), 3, "a lease ends");
    assert_eq!(store.release_claims(later.plus(MINUTE)).await, Ok(3));
    let claimed = store.claim_notifications(later.plus(MINUTE), MINUTE, vec![share(10)]).await.unwrap();
    let first = claimed.iter().find(|one| one.notification.id == "msg_1").unwrap();
    assert_eq!(first.notification, notification(&transaction(1), "msg_1", NOW.plus(2)));
    assert_eq!((first.attempts_before, first.schedule_from), (0, 0));
}

/// Whoever claims, and however often: two processes on one database share the places of a shop.
pub(super) async fn a_shop_has_its_places_and_no_more(store: &Engine) {
    for number in 0..40 {
        enter_owing(store, number, &format!("msg_{number}"), NOW).await;
    }
    owed_by_the_other(store, 40, "msg_40", NOW.plus(1)).await;
    let claim = async |now: Millis| {
        let theirs = Share { shop_id: other_shop(), ..share(4) };
        let claimed = store.claim_notifications(now, MINUTE, vec![share(6), theirs]).await.unwrap();
        let others = claimed.iter().filter(|one| one.notification.shop_id == other_shop()).count();
        (claimed.len() - others, others)
    };
    assert_eq!(claim(NOW.plus(2)).await, (6, 1), "each its share");
    assert_eq!(claim(NOW.plus(2)).await, (2, 0), "what is under way counts");
    assert_eq!(claim(NOW.plus(2)).await, (0, 0));
    assert_eq!(claim(NOW.plus(2 + MINUTE)).await, (6, 1), "a lease that is over does not");
}

pub(super) async fn none_overtakes_another_of_its_transaction(store: &Engine) {
    owing_two(store, 1, ["msg_1", "msg_2"]).await;
    owing_two(store, 2, ["msg_3", "msg_4"]).await;
    // The second ones are older by their own clock; the order is that of their writing.
    assert_eq!(claim(store, NOW, 10).await, ids(["msg_1", "msg_3"]));
    ended(store, "msg_3", 1, Next::Delivered).await;
    assert_eq!(claim(store, NOW, 10).await, ids(["msg_4"]), "not while the first is under way");
    ended(store, "msg_1", 1, Next::RetryAt(NOW.plus(MINUTE))).await;
    assert_eq!(claim(store, NOW.plus(MINUTE - 1), 10).await, ids([]), "nor while it waits");
    assert_eq!(claim(store, NOW.plus(MINUTE), 10).await, ids(["msg_1", "msg_4"]), "msg_4's lease is over");
    ended(store, "msg_1", 2, Next::Delivered).await;
    assert_eq!(claim(store, NOW.plus(MINUTE), 10).await, ids(["msg_2"]));
}

pub(super) async fn what_was_given_up_lets_the_next_one_go(store: &Engine) {
    let about = owing_two(store, 1, ["msg_1", "msg_2"]).await;
    ended(store, "msg_1", 1, Next::GivenUp).await;
    assert_eq!(claim(store, NOW, 10).await, ids(["msg_2"]));
    // Sent again by command, the first is the earliest once more, whatever the second does meanwhile.
    let what = Resend::Transaction { access_id: about.access_id, delivered_too: false };
    assert_eq!(store.resend(what, NOW, 10).await.unwrap().len(), 1);
    ended(store, "msg_2", 1, Next::RetryAt(NOW)).await;
    assert_eq!(claim(store, NOW, 10).await, ids(["msg_1"]));
    ended(store, "msg_1", 2, Next::Delivered).await;
    assert_eq!(claim(store, NOW, 10).await, ids(["msg_2"]));
}

pub(super) async fn attempts_are_recorded(store: &Engine) {
    let owed = enter_owing(store, 1, "msg_1", NOW).await;
    let attempt_and_state = async |number, next| {
        ended(store, "msg_1", number, next).await;
        let record = store.notifications_of(&owed.access_id).await.unwrap().remove(0);
        (record.state, record.attempts, record.next_at)
    };
    assert_eq!(claim(store, NOW, 1).await.len(), 1);
    let again = NOW.plus(5);
    assert_eq!(attempt_and_state(1, Next::RetryAt(again)).await, ("PENDING".to_owned(), 1, Some(again)));
    assert_eq!(claim(store, NOW, 1).await.len(), 0);
    // Recorded means given back: the lease of the first attempt does not hold up the second.
    let second = store.claim_notifications(again, MINUTE, vec![share(1)]).await.unwrap();
    assert_eq!(second[0].attempts_before, 1);
    assert_eq!(attempt_and_state(2, Next::Delivered).await, ("DELIVERED".to_owned(), 2, None));
    // A record that comes late does not undo what is known.
    assert_eq!(attempt_and_state(2, Next::RetryAt(again)).await, ("DELIVERED".to_owned(), 2, None));
    assert_eq!(claim(store, NOW.plus(99 * MINUTE), 1).await.len(), 0);
    assert_eq!(store.next_notification_at().await, Ok(None));

    enter_owing(store, 2, "msg_2", NOW).await;
    let silence = Attempt {
        http_status: None,
        failure: Some(NoAnswer::Hang),
        answer: "no answer within 15000 ms".to_owned(),
        ..attempt("msg_2", 1, Next::GivenUp)
    };
    store.record_attempt(silence.clone()).await.unwrap();
    assert_eq!(store.notifications_of(&access_id(2)).await.unwrap()[0].state, "GIVEN_UP");
    let kept = store.attempts_of("msg_2").await.unwrap().remove(0);
    assert_eq!((kept.number, kept.at, kept.took_ms, kept.http_status), (1, NOW, 12, None));
    assert_eq!((kept.failure, kept.answer), (silence.failure, silence.answer));
    let kept = store.attempts_of("msg_1").await.unwrap();
    assert_eq!(
        kept.iter().map(|one| (one.number, one.http_status)).collect::<Vec<_>>(),
        [(1, Some(200)), (2, Some(200))]
    );
}

pub(super) async fn who_is_owed_something(store: &Engine) {
    assert_eq!(store.shops_owed().await, Ok(Vec::new()));
    owed_by_the_other(store, 1, "msg_1", NOW.plus(3)).await;
    for number in 2..30 {
        enter_owing(store, number, &format!("msg_{number}"), NOW.plus(i64::try_from(number).unwrap())).await;
    }
    let owed = |shop_id, next_at| ShopOwed { shop_id, next_at };
    let both = vec![owed(shop(), NOW.plus(2)), owed(other_shop(), NOW.plus(3))];
    assert_eq!(store.shops_owed().await, Ok(both));
    ended(store, "msg_1", 1, Next::Delivered).await;
    ended(store, "msg_2", 1, Next::GivenUp).await;
    assert_eq!(store.shops_owed().await, Ok(vec![owed(shop(), NOW.plus(3))]));
}

pub(super) async fn what_a_command_sends_again(store: &Engine) {
    let about = owing_two(store, 1, ["msg_1", "msg_2"]).await;
    let resend = async |delivered_too, now| {
        let what = Resend::Transaction { access_id: about.access_id.clone(), delivered_too };
        let resent = store.resend(what, now, 10).await.unwrap();
        resent.into_iter().map(|one| (one.id, one.was, one.attempts)).collect::<Vec<_>>()
    };
    let one = |id: &str, was: &str, attempts| vec![(id.to_owned(), was.to_owned(), attempts)];
    assert_eq!(resend(true, NOW.plus(9)).await, [], "both are due already");
    claim(store, NOW, 10).await;
    assert_eq!(resend(true, NOW).await, [], "one is under way");
    ended(store, "msg_1", 1, Next::RetryAt(NOW.plus(MINUTE))).await;
    assert_eq!(resend(false, NOW).await, one("msg_1", "PENDING", 1), "it waited");
    assert_eq!(resend(false, NOW).await, [], "twice is once");
    ended(store, "msg_1", 2, Next::Delivered).await;
    assert_eq!(resend(false, NOW).await, [], "the shop has it");
    ended(store, "msg_2", 1, Next::GivenUp).await;
    assert_eq!(resend(false, NOW).await, one("msg_2", "GIVEN_UP", 1));
    assert_eq!(resend(true, NOW).await, one("msg_1", "DELIVERED", 2), "what the shop has, too");
    let claimed = store.claim_notifications(NOW, MINUTE, vec![share(10)]).await.unwrap();
    assert_eq!(claimed.len(), 1, "in order");
    assert_eq!((claimed[0].attempts_before, claimed[0].schedule_from), (2, 2), "on a new schedule");
}

pub(super) async fn one_is_sent_again_from_where_it_was_seen(store: &Engine) {
    enter_owing(store, 1, "msg_1", NOW).await;
    enter_owing(store, 2, "msg_2", NOW).await;
    let resend = async |attempts, now| {
        let resent = store.resend(Resend::One { id: "msg_1".to_owned(), attempts }, now, 1).await.unwrap();
        resent.into_iter().map(|one| (one.id, one.was, one.attempts)).collect::<Vec<_>>()
    };
    let one = |was: &str, attempts| vec![("msg_1".to_owned(), was.to_owned(), attempts)];
    assert_eq!(resend(0, NOW).await, [], "it is due already");
    claim(store, NOW, 10).await;
    assert_eq!(resend(0, NOW).await, [], "it is under way");
    ended(store, "msg_1", 1, Next::RetryAt(NOW.plus(MINUTE))).await;
    assert_eq!(resend(0, NOW).await, [], "it was sent since");
    assert_eq!(resend(1, NOW).await, one("PENDING", 1), "it waited");
    assert_eq!(resend(1, NOW).await, [], "twice is once");
    ended(store, "msg_1", 2, Next::Delivered).await;
    assert_eq!(resend(1, NOW).await, [], "it was sent since");
    assert_eq!(resend(2, NOW).await, one("DELIVERED", 2));
    ended(store, "msg_1", 3, Next::GivenUp).await;
    assert_eq!(resend(3, NOW).await, one("GIVEN_UP", 3));
    let nobody = Resend::One { id: "msg_9".to_owned(), attempts: 0 };
    assert_eq!(store.resend(nobody, NOW, 1).await, Ok(Vec::new()));
}

pub(super) async fn everything_given_up_for_a_shop_in_its_order(store: &Engine) {
    for number in 0..5 {
        enter_owing(store, number, &format!("msg_{number}"), NOW).await;
        ended(store, &format!("msg_{number}"), 1, Next::GivenUp).await;
    }
    enter_owing(store, 5, "msg_5", NOW).await;
    owed_by_the_other(store, 6, "msg_6", NOW).await;
    ended(store, "msg_6", 1, Next::GivenUp).await;
    let batch = async || {
        let resent = store.resend(Resend::GivenUpOf { shop_id: shop() }, NOW, 3).await.unwrap();
        resent.into_iter().map(|one: Resent| one.id).collect::<Vec<_>>()
    };
    assert_eq!(batch().await, ["msg_0", "msg_1", "msg_2"]);
    assert_eq!(batch().await, ["msg_3", "msg_4"]);
    assert_eq!(batch().await, [] as [&str; 0]);
    assert_eq!(claim(store, NOW, 8).await.len(), 6);
    assert_eq!(store.notifications_of(&access_id(6)).await.unwrap()[0].state, "GIVEN_UP", "not the other shop's");
}

pub(super) async fn how_much_waits(store: &Engine) {
    assert_eq!(store.backlog(NOW).await, Ok(sekisho::store::Backlog::default()));
    owing_two(store, 1, ["msg_1", "msg_2"]).await;
    enter_owing(store, 3, "msg_3", NOW).await;
    ended(store, "msg_3", 1, Next::GivenUp).await;
    let busy = enter(store, 4).await;
    store.apply(Change::intent(&busy, intent(&busy, "key-1", NOW.plus(MINUTE)))).await.unwrap();
    let backlog = store.backlog(NOW.plus(2 * MINUTE)).await.unwrap();
    assert_eq!((backlog.notifications_pending, backlog.notification_due_since), (2, Some(NOW)));
    assert_eq!((backlog.notifications_given_up, backlog.operations_open), (1, 1));
    assert_eq!(backlog.operation_open_since, Some(intent(&busy, "key-1", NOW).started_at));
    // The ticket of the first transaction was good for a minute, its last millisecond included.
    assert_eq!((backlog.transactions_overdue, backlog.transaction_overdue_since), (1, Some(NOW.plus(MINUTE + 1))));
    assert_eq!(store.backlog(NOW).await.unwrap().transactions_overdue, 0);
}
