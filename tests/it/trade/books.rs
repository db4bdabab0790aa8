//! The reckoning: what gateway, Amazon and shop wrote down must be one story. Here is what Amazon's ledger and the
//! gateway's book say of money, and what the shops wished; the notifications are each world's own affair.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::lives::Wanted;

/// How much was compared.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Books {
    pub(crate) transactions: usize,
    /// Those whose end the shop knows.
    pub(crate) wanted: usize,
    pub(crate) charges: usize,
    pub(crate) refunds: usize,
    pub(crate) notifications: usize,
    /// How often one of them came again.
    pub(crate) came_again: usize,
}

impl std::ops::AddAssign for Books {
    fn add_assign(&mut self, more: Self) {
        self.transactions += more.transactions;
        self.wanted += more.wanted;
        self.charges += more.charges;
        self.refunds += more.refunds;
        self.notifications += more.notifications;
        self.came_again += more.came_again;
    }
}

impl std::iter::Sum for Books {
    fn sum<I: Iterator<Item = Self>>(days: I) -> Self {
        days.fold(Self::default(), |mut sum, day| {
            sum += day;
            sum
        })
    }
}

impl fmt::Display for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { transactions, charges, refunds, notifications, came_again, .. } = self;
        write!(f, "{transactions} transactions, {charges} charges, {refunds} refunds, {notifications} notifications ")?;
        write!(f, "({came_again} came again): 0 lost, 0 doubled, 0 stuck")
    }
}

/// A transaction as the gateway has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) order: String,
    pub(crate) status: String,
    /// Amount and Tax together.
    pub(crate) total: i64,
    pub(crate) charge: Option<String>,
}

/// A charge as Amazon has it.
struct Charge<'a> {
    state: &'a str,
    authorized: i64,
    captured: i64,
    refunded: i64,
}

/// Compares; fails on the first difference. What was told to shops is not counted yet.
pub(crate) fn compare(ledger: &Value, rows: &[Row], wanted: &[Wanted]) -> Books {
    let charges = charges(ledger);
    money(rows, &charges);
    shops_wish(rows, wanted);
    Books {
        transactions: rows.len(),
        wanted: wanted.len(),
        charges: charges.len(),
        refunds: ledger["refunds"].as_array().unwrap().len(),
        ..Books::default()
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
        let charge = row.charge.as_deref().map(|id| {
            assert!(paying.insert(id), "{id} pays two transactions");
            charges.get(id).unwrap_or_else(|| panic!("Amazon knows nothing of {id} of {row:?}"))
        });
        match (&*row.status, charge) {
            // Less than the charge holds, where the buyer permitted no second one (psp-protocol 5.6).
            ("AUTH", Some(charge)) => {
                let holds = charge.authorized.max(row.total);
                assert_eq!((charge.state, holds), ("Authorized", charge.authorized), "{row:?}");
            }
            ("SALES" | "CAPTURE" | "RETURN", Some(charge)) => {
                assert_eq!((charge.state, charge.captured - charge.refunded), ("Captured", row.total), "{row:?}");
            }
            ("CANCEL", Some(charge)) => assert_eq!(charge.state, "Canceled", "{row:?}"),
            // Waiting for a buyer whose ticket was lost or came too late, or without money by nature.
            ("UNPROCESSED" | "REQSUCCESS" | "AUTHPROCESS" | "EXPIRED" | "REGISTER" | "END", None) => {}
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
    let rows: BTreeMap<_, _> = rows.iter().map(|row| (&*row.order, row)).collect();
    for order in wanted {
        let row = rows.get(&*order.order).unwrap_or_else(|| panic!("{} is lost", order.order));
        assert!(
            row.status == order.status && order.totals.contains(&row.total),
            "{} is to be {} with {:?}: {row:?}",
            order.order,
            order.status,
            order.totals
        );
    }
}
