//! The reckoning of a day: the one that every world has (`trade`), and what this shop heard.

use std::collections::{BTreeMap, BTreeSet};

use sekisho::domain::{State, Status, Transaction};
use sekisho::store::Store as _;

use super::world::World;
use crate::trade::books::{self, Books, Row};
use crate::trade::lives::Wanted;
use crate::trade::shop::Fields;

/// Whether nothing is left to do: no effect without an outcome, nothing that Amazon takes its time over, nobody is owed
/// anything.
pub(super) async fn is_quiet(world: &World) -> bool {
    world.book.open_intents().is_empty()
        && !world.book.transactions().unwrap().iter().any(waits_for_amazon)
        && world.book.next_notification_at().await.unwrap().is_none()
}

fn waits_for_amazon(transaction: &Transaction) -> bool {
    let refunding = transaction.state.payment().is_some_and(|payment| payment.refund.is_some());
    refunding || transaction.state.pending_charge().is_some() || matches!(transaction.state, State::Selling { .. })
}

/// Compares; fails on the first difference.
pub(super) async fn compare(world: &World, wanted: &[Wanted]) -> Books {
    let transactions = world.book.transactions().unwrap();
    let rows: Vec<_> = transactions.iter().map(row).collect();
    let books = books::compare(&world.ledger().await, &rows, wanted);
    let (notifications, came_again) = notifications(world, &transactions).await;
    Books { notifications, came_again, ..books }
}

fn row(transaction: &Transaction) -> Row {
    Row {
        order: transaction.order_id.as_str().to_owned(),
        status: transaction.status().to_string(),
        total: transaction.money.total().get(),
        charge: transaction.state.payment().map(|payment| payment.charge.as_str().to_owned()),
    }
}

/// Every notification arrived, under one id with one body; those of a transaction in their order, and the last tells its
/// status. Answers how many there are.
async fn notifications(world: &World, rows: &[Transaction]) -> (usize, usize) {
    let told = world.roads.shop.everything();
    let mut first: BTreeMap<&str, (usize, &Fields)> = BTreeMap::new();
    for (place, (id, body)) in told.iter().enumerate() {
        let (_, before) = first.entry(id).or_insert((place, body));
        assert_eq!(*before, body, "the body of {id} changed");
    }
    let mut owed = BTreeSet::new();
    for row in rows {
        let of_row = world.book.notifications_of(&row.access_id).await.unwrap();
        let mut arrived = 0;
        for one in &of_row {
            assert_eq!(one.state, "DELIVERED", "{one:?}");
            let (place, body) = first.get(&*one.id).unwrap_or_else(|| panic!("the shop never heard {}", one.id));
            let written: Fields = url::form_urlencoded::parse(one.body.as_bytes()).into_owned().collect();
            assert_eq!(written, **body, "{}", one.id);
            assert!(*place >= arrived, "{} came before its time", one.id);
            arrived = *place;
            owed.insert(one.id.clone());
        }
        if let Some(last) = of_row.last() {
            let heard = &first[&*last.id].1["Status"];
            let status = row.status();
            let untold = matches!(status, Status::ReqSuccess | Status::AuthProcess);
            assert!(untold || heard == status.wire(), "{} is {status}, and the shop heard {heard} last", row.order_id);
        }
    }
    assert!(first.keys().all(|id| owed.contains(*id)), "the shop heard what it was not owed");
    (owed.len(), told.len() - first.len())
}
