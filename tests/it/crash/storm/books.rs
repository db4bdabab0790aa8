//! The reckoning: what gateway, sandbox and shop wrote down must be one story.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use super::super::shop::Fields;
use super::super::world::{Gateway, World};
use super::Day;
use super::lives::Wanted;

const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Amazon ends a refund after half a minute.
const REFUND_MS: i64 = 31_000;

/// How much was compared.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Books {
    pub(super) transactions: u32,
    pub(super) charges: u32,
    pub(super) refunds: u32,
    pub(super) notifications: u32,
    /// Those among them that the shop received more than once.
    pub(super) came_twice: u32,
}

impl Books {
    /// In words, of all days together.
    pub(super) fn told(days: &[Day]) -> String {
        let sum = |of: fn(&Self) -> u32| days.iter().map(|day| of(&day.books)).sum::<u32>();
        format!(
            "{} transactions, {} charges, {} refunds, {} notifications ({} came twice): 0 lost, 0 doubled, 0 stuck",
            sum(|books| books.transactions),
            sum(|books| books.charges),
            sum(|books| books.refunds),
            sum(|books| books.notifications),
            sum(|books| books.came_twice),
        )
    }
}

/// A transaction as the gateway has it.
#[derive(Debug, sqlx::FromRow)]
struct Row {
    access_id: String,
    order_id: String,
    status: String,
    total: i64,
    charge_id: Option<String>,
}

/// A charge as Amazon has it.
struct Charge<'a> {
    state: &'a str,
    authorized: i64,
    captured: i64,
    refunded: i64,
}

/// One pass of everything that waits: first what nobody knows the outcome of, then the refunds, whose time goes by here.
pub(super) async fn settle(world: &World, gateway: Gateway) -> Gateway {
    nothing_is_left(world, "SELECT count(*) FROM operations WHERE verdict IS NULL").await;
    nothing_is_left(world, "SELECT count(*) FROM notifications WHERE state = 'PENDING'").await;
    world.advance(REFUND_MS).await;
    world.end(gateway).await.close().await;
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
    let rows = "SELECT access_id, order_id, status, amount + tax AS total, charge_id FROM transactions";
    let rows: Vec<Row> = sqlx::query_as(rows).fetch_all(&mut book).await.unwrap();
    let charges = charges(&ledger);
    money(&rows, &charges);
    shops_wish(&rows, wanted);
    let told = world.receiver.everything();
    let (notifications, came_twice) = notifications(&mut book, &rows, &told, wanted).await;
    book.close().await.unwrap();
    assert!(came_twice <= deaths, "{came_twice} notifications came twice, after {deaths} deaths");
    let count = |number: usize| u32::try_from(number).unwrap();
    Books {
        transactions: count(rows.len()),
        charges: count(charges.len()),
        refunds: count(ledger["refunds"].as_array().unwrap().len()),
        notifications,
        came_twice,
    }
}

fn charges(ledger: &Value) -> BTreeMap<&str, Charge<'_>> {
    let yen = |value: &Value| value["amount"].as_str().map_or(0, |amount| amount.parse::<i64>().expect("whole yen"));
    let all = ledger["charges"].as_array().unwrap().iter().map(|charge| {
        let state = charge["statusDetails"]["state"].as_str().unwrap();
        let [authorized, captured, refunded] =
            ["chargeAmount", "captureAmount", "refundedAmount"].map(|name| yen(&charge[name]));
        (charge["chargeId"].as_str().unwrap(), Charge { state, authorized, captured, refunded })
    });
    all.collect()
}

/// Every charge that holds or took money pays exactly one transaction, and every transaction that is paid is so by a
/// charge of its amount.
fn money(rows: &[Row], charges: &BTreeMap<&str, Charge<'_>>) {
    let mut paying = BTreeSet::new();
    for row in rows {
        let charge = row.charge_id.as_deref().map(|id| {
            assert!(paying.insert(id), "{id} pays two transactions");
            charges.get(id).unwrap_or_else(|| panic!("Amazon knows nothing of {id} of {row:?}"))
        });
        match (&*row.status, charge) {
            // Less than the charge holds, where the buyer permitted no second one (psp-protocol 5.6).
            ("AUTH", Some(charge)) => {
                assert_eq!(
                    (charge.state, charge.authorized.max(row.total)),
                    ("Authorized", charge.authorized),
                    "{row:?}"
                );
            }
            ("SALES" | "CAPTURE" | "RETURN", Some(charge)) => {
                assert_eq!((charge.state, charge.captured - charge.refunded), ("Captured", row.total), "{row:?}");
            }
            ("CANCEL", Some(charge)) => assert_eq!(charge.state, "Canceled", "{row:?}"),
            // Waiting for a buyer whose ticket was lost, or without money by nature.
            ("UNPROCESSED" | "REQSUCCESS" | "AUTHPROCESS" | "REGISTER" | "END", None) => {}
            _ => panic!("it cannot stand so in the evening: {row:?}"),
        }
    }
    for (id, charge) in charges {
        let holds_money = !matches!(charge.state, "Canceled" | "Declined");
        assert!(!holds_money || paying.contains(id), "{id} is {} and pays nothing", charge.state);
    }
}

/// Every order stands as its shop was told that it would.
fn shops_wish(rows: &[Row], wanted: &[Wanted]) {
    let rows: BTreeMap<_, _> = rows.iter().map(|row| (&*row.order_id, row)).collect();
    for order in wanted {
        let row = rows.get(&*order.order).unwrap_or_else(|| panic!("{} is lost", order.order));
        assert_eq!((&*row.status, row.total), (order.status, order.total), "{row:?}");
    }
}

/// Every notification arrived, under one id with one body; the last of an order tells its status. Answers how many there
/// are, and how many came more than once.
async fn notifications(
    book: &mut SqliteConnection,
    rows: &[Row],
    told: &[(String, Fields)],
    wanted: &[Wanted],
) -> (u32, u32) {
    let owed = "SELECT id, access_id FROM notifications ORDER BY rowid";
    let owed: Vec<(String, String)> = sqlx::query_as(owed).fetch_all(book).await.unwrap();
    let mut bodies: BTreeMap<&str, &Fields> = BTreeMap::new();
    let mut twice = 0;
    for (id, body) in told {
        match bodies.insert(id, body) {
            Some(first) => {
                assert_eq!(first, body, "the body of {id} changed");
                twice += 1;
            }
            None => assert!(owed.iter().any(|(known, _)| known == id), "{id} is not in the outbox"),
        }
    }
    let mut last: BTreeMap<&str, &str> = BTreeMap::new();
    for (id, access_id) in &owed {
        let body = bodies.get(&**id).unwrap_or_else(|| panic!("the shop never heard {id}"));
        last.insert(access_id, &body["Status"]);
    }
    let orders: BTreeMap<_, _> = rows.iter().map(|row| (&*row.order_id, &*row.access_id)).collect();
    for order in wanted {
        let heard = last.get(orders[&*order.order]);
        assert_eq!(heard, Some(&order.status), "what the shop heard last of {}", order.order);
    }
    (u32::try_from(owed.len()).unwrap(), twice)
}
