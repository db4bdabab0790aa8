//! The reckoning: what gateway, Amazon and shop wrote down must be one story.

use std::collections::{BTreeMap, BTreeSet};

use sekisho::domain::{State, Status, Transaction};
use sekisho::store::Store as _;
use serde_json::Value;

use super::lives::Wanted;
use super::shop::Fields;
use super::world::World;

/// How much was compared.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Books {
    pub(super) transactions: usize,
    /// Those whose end the shop knows.
    pub(super) wanted: usize,
    pub(super) charges: usize,
    pub(super) refunds: usize,
    pub(super) notifications: usize,
}

impl std::ops::AddAssign for Books {
    fn add_assign(&mut self, more: Self) {
        self.transactions += more.transactions;
        self.wanted += more.wanted;
        self.charges += more.charges;
        self.refunds += more.refunds;
        self.notifications += more.notifications;
    }
}

/// A charge as Amazon has it.
struct Charge<'a> {
    state: &'a str,
    authorized: i64,
    captured: i64,
    refunded: i64,
}

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
    let ledger = world.ledger().await;
    let rows = world.book.transactions().unwrap();
    let charges = charges(&ledger);
    money(&rows, &charges);
    shops_wish(&rows, wanted);
    Books {
        transactions: rows.len(),
        wanted: wanted.len(),
        charges: charges.len(),
        refunds: ledger["refunds"].as_array().unwrap().len(),
        notifications: notifications(world, &rows).await,
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
fn money(rows: &[Transaction], charges: &BTreeMap<&str, Charge<'_>>) {
    let mut paying = BTreeSet::new();
    for row in rows {
        let total = row.money.total().get();
        let charge = row.state.payment().map(|payment| {
            let id = payment.charge.as_str();
            assert!(paying.insert(id), "{id} pays two transactions");
            charges.get(id).unwrap_or_else(|| panic!("Amazon knows nothing of {id} of {row:?}"))
        });
        match (row.status(), charge) {
            // Less than the charge holds, where the buyer permitted no second one (psp-protocol 5.6).
            (Status::Auth, Some(charge)) => {
                assert_eq!((charge.state, charge.authorized.max(total)), ("Authorized", charge.authorized), "{row:?}");
            }
            (Status::Sales | Status::Capture | Status::Return, Some(charge)) => {
                assert_eq!((charge.state, charge.captured - charge.refunded), ("Captured", total), "{row:?}");
            }
            (Status::Cancel, Some(charge)) => assert_eq!(charge.state, "Canceled", "{row:?}"),
            // Waiting for a buyer whose ticket was lost or came too late, or without money by nature.
            (
                Status::Unprocessed
                | Status::ReqSuccess
                | Status::AuthProcess
                | Status::Expired
                | Status::Register
                | Status::End,
                None,
            ) => {}
            _ => panic!("it cannot stand so in the evening: {row:?}"),
        }
    }
    for (id, charge) in charges {
        let holds_money = !matches!(charge.state, "Canceled" | "Declined");
        assert!(!holds_money || paying.contains(id), "{id} is {} and pays nothing", charge.state);
    }
}

/// Every order stands as its shop was told that it would.
fn shops_wish(rows: &[Transaction], wanted: &[Wanted]) {
    let rows: BTreeMap<_, _> = rows.iter().map(|row| (row.order_id.as_str(), row)).collect();
    for order in wanted {
        let row = rows.get(&*order.order).unwrap_or_else(|| panic!("{} is lost", order.order));
        let total = row.money.total().get();
        assert!(
            row.status().wire() == order.status && order.totals.contains(&total),
            "{} is to be {} with {:?}: {row:?}",
            order.order,
            order.status,
            order.totals
        );
    }
}

/// Every notification arrived, under one id with one body; those of a transaction in their order, and the last tells its
/// status. Answers how many there are.
async fn notifications(world: &World, rows: &[Transaction]) -> usize {
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
    owed.len()
}
