//! The reckoning of a day: the one that every world has (`trade`), and what this shop heard.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use super::super::world::{Gateway, World};
use crate::trade::books::{self, Books, Row};
use crate::trade::lives::Wanted;
use crate::trade::shop::Fields;

const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Amazon ends a refund after half a minute.
const REFUND_MS: i64 = 31_000;

/// One pass of everything that waits: first what nobody knows the outcome of, then the refunds, whose time goes by here.
pub(super) async fn settle(world: &World, gateway: Gateway) -> Gateway {
    nothing_is_left(world, "SELECT count(*) FROM operations WHERE verdict IS NULL").await;
    nothing_is_left(world, "SELECT count(*) FROM notifications WHERE state = 'PENDING'").await;
    world.advance(REFUND_MS).await;
    // On a slow day it may just now find a refund done, and owe its notification.
    world.stop(gateway).await;
    let mut book = world.rows().await;
    let due = sqlx::query("UPDATE transactions SET look_at = 0 WHERE refund_id IS NOT NULL");
    due.execute(&mut book).await.unwrap();
    book.close().await.unwrap();
    let gateway = world.serve(None).await;
    nothing_is_left(world, "SELECT count(*) FROM transactions WHERE refund_id IS NOT NULL").await;
    nothing_is_left(world, "SELECT count(*) FROM notifications WHERE state = 'PENDING'").await;
    gateway
}

async fn nothing_is_left(world: &World, count: &'static str) {
    let mut book = world.rows().await;
    let waiting = async {
        while sqlx::query_scalar::<_, i64>(count).fetch_one(&mut book).await.unwrap() > 0 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("stuck: {count} never comes to 0"));
    book.close().await.unwrap();
}

/// Ends the gateway and compares; fails on the first difference.
pub(super) async fn compare(world: &World, gateway: Gateway, wanted: &[Wanted], deaths: u32) -> Books {
    world.end(gateway).await.close().await;
    let ledger = world.ledger().await;
    let mut book = world.rows().await;
    let rows = "SELECT order_id, status, amount + tax, charge_id FROM transactions";
    let rows: Vec<(String, String, i64, Option<String>)> = sqlx::query_as(rows).fetch_all(&mut book).await.unwrap();
    let row = |(order, status, total, charge)| Row { order, status, total, charge };
    let books = books::compare(&ledger, &rows.into_iter().map(row).collect::<Vec<_>>(), wanted);
    let (notifications, came_again) = notifications(&mut book, &world.receiver.everything(), wanted).await;
    book.close().await.unwrap();
    assert!(came_again <= deaths as usize, "{came_again} notifications came twice, after {deaths} deaths");
    Books { notifications, came_again, ..books }
}

/// Every notification arrived, under one id with one body; the last of an order tells its status. Answers how many there
/// are, and how often one came again.
async fn notifications(book: &mut SqliteConnection, told: &[(String, Fields)], wanted: &[Wanted]) -> (usize, usize) {
    let owed = "SELECT notifications.id, order_id FROM notifications JOIN transactions USING (access_id)
                ORDER BY notifications.rowid";
    let owed: Vec<(String, String)> = sqlx::query_as(owed).fetch_all(book).await.unwrap();
    let mut bodies: BTreeMap<&str, &Fields> = BTreeMap::new();
    let mut again = 0;
    for (id, body) in told {
        match bodies.insert(id, body) {
            Some(first) => {
                assert_eq!(first, body, "the body of {id} changed");
                again += 1;
            }
            None => assert!(owed.iter().any(|(known, _)| known == id), "{id} is not in the outbox"),
        }
    }
    let mut last: BTreeMap<&str, &str> = BTreeMap::new();
    for (id, order) in &owed {
        let body = bodies.get(&**id).unwrap_or_else(|| panic!("the shop never heard {id}"));
        last.insert(order, &body["Status"]);
    }
    for order in wanted {
        assert_eq!(last.get(&*order.order), Some(&order.status), "what the shop heard last of {}", order.order);
    }
    (owed.len(), again)
}
