//! Every call in every Status with every amount, over HTTP (promise R5): against a second model that is a table (`table`).
//!
//! What meets what comes from the code's own lists, `Status::ALL`, `Call::ALL` and the calls' parameters, so a new Status or
//! a new call has no place in the table until somebody writes one down.

mod standing;
mod table;

use std::collections::BTreeMap;

use sekisho::domain::Status;
use sekisho::protocol::{Call, Field};

use crate::support::{Stage, figure};
use standing::{Consent, Standing};
use table::{Amount, Way, table, ways};

/// One thing that a shop or a browser may do to a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Deed {
    call: Call,
    way: Way,
    /// None where the call takes none.
    amount: Option<Amount>,
}

impl Deed {
    /// All of them.
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for call in Call::ALL {
            for &way in ways(call) {
                let has = |wanted: Field| call.fields().iter().any(|(field, _)| *field == wanted);
                let takes = has(Field::Amount) || has(Field::CancelAmount) || way == Way::OnConsent;
                let amounts = if takes { Amount::ALL.map(Some).to_vec() } else { vec![None] };
                all.extend(amounts.into_iter().map(|amount| Self { call, way, amount }));
            }
        }
        all
    }

    /// What the table says of it in a Status: the code of a refusal, and the Status afterwards if that is another.
    fn expected(self, status: Status) -> (&'static str, Option<&'static str>) {
        let (rows, column) =
            table(self.call, self.way, self.amount).unwrap_or_else(|| panic!("the table has no place for {self:?}"));
        let row = rows.iter().find(|(name, _)| *name == status.wire());
        let (_, cells) = row.unwrap_or_else(|| panic!("the table has no row for {status}"));
        let cell = cells[column];
        let is_status = |word: &str| Status::parse(word).is_some();
        match cell.split_once(' ') {
            Some((code, after)) => (code, Some(after)),
            None if is_status(cell) => ("", Some(cell)),
            None => (cell, None),
        }
    }
}

/// What can be said of an order from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    trade: BTreeMap<String, String>,
    moved: Vec<(String, i64)>,
}

impl Seen {
    async fn of(stage: &Stage, order: &str) -> Self {
        Self { trade: stage.trade(order).await, moved: stage.movements().await }
    }

    /// Amount and Tax together, and what was given back.
    fn totals(&self) -> [i64; 2] {
        let sum = |names: [&str; 2]| names.iter().filter_map(|name| self.trade[*name].parse::<i64>().ok()).sum();
        [sum(["Amount", "Tax"]), sum(["AmazonPayCancelAmount", "AmazonPayCancelTax"])]
    }
}

/// What a deed that is done makes of the amounts, and the money that moves at once.
fn money_after(deed: Deed, from: Status, [total, back]: [i64; 2], asked: i64) -> ([i64; 2], Vec<(&'static str, i64)>) {
    match (deed.call, from) {
        (Call::ExecTran, _) if deed.way == Way::OnConsent => ([total, back], vec![("authorized", total)]),
        (Call::Sales, _) => ([asked, back], vec![("captured", asked)]),
        (Call::Cancel, Status::Auth) => ([0, total], vec![("canceled", total)]),
        // Under way: given back once Amazon has done it.
        (Call::Cancel, _) => ([total - asked, back], vec![]),
        (Call::Change, Status::Auth) if asked != total => {
            ([asked, back], vec![("authorized", asked), ("canceled", total)])
        }
        (Call::Change, _) => ([asked, back], vec![]),
        _ => ([total, back], vec![]),
    }
}

/// What was met in a Status, and how much of it was done.
#[derive(Debug, Default, Clone, Copy)]
struct Met {
    pairs: usize,
    done: usize,
}

/// One row: a transaction in `status` meets every deed. What was refused has changed nothing, so the next deed may meet the
/// same transaction.
async fn row(status: Status) -> Met {
    let stage = Stage::new().await;
    let consent = Consent::new(&stage, &format!("{status}-consent")).await;
    let mut met = Met::default();
    let mut standing: Option<Standing> = None;
    for (number, deed) in Deed::all().into_iter().enumerate() {
        let (code, becomes) = deed.expected(status);
        // What is entered depends on the deed, and a month's limit on what was charged before.
        let own = status == Status::Unprocessed && deed.way == Way::OnConsent;
        let order = format!("{status}-{number}");
        let (consent, one) = if own {
            let consent = Consent::new(&stage, &format!("{order}-consent")).await;
            let amounts = deed.amount.map(|amount| amount.of([Consent::MONTHLY, 0])).expect("it has one");
            (consent, Standing::entered(&stage, &order, amounts).await)
        } else {
            let one = match standing.take() {
                Some(one) => one,
                None => Standing::at(&stage, status, &order).await,
            };
            (consent.clone(), one)
        };
        let before = Seen::of(&stage, one.order).await;
        assert_eq!(before.trade["Status"], status.wire(), "before {deed:?}");
        let (said, asked) = one.meets(&stage, deed, &consent).await;
        let after = Seen::of(&stage, one.order).await;
        let name = format!("{deed:?} in {status}");
        assert_eq!(said, code, "{name}");
        assert!(!stage.has_open_intent(&one.access_id).await, "{name}");
        match becomes {
            Some(becomes) => {
                assert_eq!(after.trade["Status"], becomes, "{name}");
                assert!(after.moved.starts_with(&before.moved), "{name}: money moved back in time");
                let moved: Vec<_> =
                    after.moved[before.moved.len()..].iter().map(|(kind, amount)| (kind.as_str(), *amount)).collect();
                let (totals, due) = match code {
                    "" => money_after(deed, status, before.totals(), asked),
                    _ => (before.totals(), vec![]),
                };
                assert_eq!((after.totals(), moved), (totals, due), "{name}");
            }
            None => assert_eq!(after, before, "{name} changes nothing"),
        }
        met.pairs += 1;
        met.done += usize::from(code.is_empty());
        if becomes.is_none() && !own {
            standing = Some(one);
        }
    }
    met
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_in_every_status_with_every_amount() {
    let rows = futures_util::future::join_all(Status::ALL.iter().map(|status| row(*status))).await;
    let (pairs, done) = rows.iter().fold((0, 0), |sum, met| (sum.0 + met.pairs, sum.1 + met.done));
    assert_eq!(pairs, Status::ALL.len() * Deed::all().len());
    let (statuses, calls) = (Status::ALL.len(), Call::ALL.len());
    figure(
        "R5.pairs",
        format_args!(
            "{pairs} pairs of {statuses} statuses and {calls} calls by way and amount, {done} of them done: all as the table says"
        ),
    );
}
