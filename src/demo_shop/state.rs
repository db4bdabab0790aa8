//! What the shop remembers: carts by session, orders, notifications. In memory, each collection bounded; the oldest
//! entry makes room.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::Serialize;

use crate::demo_shop::catalogue::{self, Product};
use crate::demo_shop::paying::Paying;
use crate::demo_shop::psp::{CallError, ErrorPair, Price, Start};
use crate::domain::Millis;

const CARTS_MAX: usize = 2_000;
const ORDERS_MAX: usize = 500;
const NOTIFICATIONS_MAX: usize = 50;
/// Of one product in one cart.
const QUANTITY_MAX: u32 = 9;

/// A collection by key that forgets its oldest entry when full.
pub(super) struct Bounded<T> {
    entries: HashMap<String, T>,
    by_age: VecDeque<String>,
    entries_max: usize,
}

impl<T> Bounded<T> {
    fn new(entries_max: usize) -> Self {
        Self { entries: HashMap::new(), by_age: VecDeque::new(), entries_max }
    }

    /// Puts `value` in under a key that was not there before.
    pub(super) fn insert(&mut self, key: String, value: T) {
        if self.entries.insert(key.clone(), value).is_none() {
            self.by_age.push_back(key);
        }
        while self.by_age.len() > self.entries_max {
            if let Some(oldest) = self.by_age.pop_front() {
                self.entries.remove(&oldest);
            }
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&T> {
        self.entries.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut T> {
        self.entries.get_mut(key)
    }

    /// The newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = &T> {
        self.by_age.iter().rev().filter_map(|key| self.entries.get(key))
    }
}

/// A storefront's memory.
pub(super) struct State {
    pub(super) carts: Bounded<Cart>,
    pub(super) orders: Bounded<Order>,
    /// Notifications about orders that this shop does not know (connection tests, orders placed by other programs).
    pub(super) strays: Vec<Notification>,
}

impl Default for State {
    fn default() -> Self {
        Self { carts: Bounded::new(CARTS_MAX), orders: Bounded::new(ORDERS_MAX), strays: Vec::new() }
    }
}

/// A shopper's cart.
#[derive(Debug, Clone, Default)]
pub(super) struct Cart {
    quantities: BTreeMap<&'static str, u32>,
    /// Rises with every change: an order placed from a page that showed another cart is not taken.
    pub(super) version: u64,
}

/// One line of a cart or an order.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) product: &'static Product,
    pub(super) quantity: u32,
}

impl Line {
    /// Yen, without tax.
    pub(super) fn amount(&self) -> i64 {
        self.product.price * i64::from(self.quantity)
    }
}

impl Cart {
    /// One more of `product`, up to nine.
    pub(super) fn add(&mut self, product: &'static Product) {
        let quantity = self.quantities.entry(product.id).or_default();
        *quantity = (*quantity + 1).min(QUANTITY_MAX);
        self.version += 1;
    }

    /// Takes all of `product` out.
    pub(super) fn remove(&mut self, product: &Product) {
        self.quantities.remove(product.id);
        self.version += 1;
    }

    /// Takes everything out.
    pub(super) fn clear(&mut self) {
        self.quantities.clear();
        self.version += 1;
    }

    /// In the shelf's order.
    pub(super) fn lines(&self) -> Vec<Line> {
        let line =
            |product: &'static Product| self.quantities.get(product.id).map(|&quantity| Line { product, quantity });
        catalogue::PRODUCTS.iter().filter_map(line).collect()
    }

    /// How many things lie in it.
    pub(super) fn count(&self) -> u32 {
        self.quantities.values().sum()
    }
}

/// The money of `lines`.
pub(super) fn price(lines: &[Line]) -> Price {
    catalogue::taxed(lines.iter().map(Line::amount).sum())
}

/// Reserve now and capture when the goods leave, or capture at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Job {
    Auth,
    Capture,
}

impl Job {
    /// `JobCd`.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Auth => "AUTH",
            Self::Capture => "CAPTURE",
        }
    }

    /// The job of a `JobCd`.
    pub(super) fn of(code: &str) -> Option<Self> {
        [Self::Auth, Self::Capture].into_iter().find(|job| job.code() == code)
    }
}

/// The gateway's keys to a transaction. The pass is a secret: it is shown nowhere.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) id: String,
    pub(super) pass: String,
}

/// An order, and all that was heard about it.
#[derive(Clone)]
pub(super) struct Order {
    pub(super) id: String,
    /// Whose cart it was.
    pub(super) session: String,
    pub(super) paying: Paying,
    pub(super) job: Job,
    pub(super) lines: Vec<Line>,
    pub(super) price: Price,
    pub(super) placed_at: Millis,
    pub(super) access: Option<Access>,
    /// What a browser still has to take to the gateway, once.
    pub(super) start: Option<Start>,
    /// Why `EntryTran` or `ExecTran` did not work.
    pub(super) problem: Option<Problem>,
    pub(super) browser: Option<BrowserReturn>,
    pub(super) notifications: Vec<Notification>,
    /// The Status that `SearchTradeMulti` answered last.
    pub(super) status: Option<String>,
    /// `AmazonChargePermissionID`, once `SearchTradeMulti` has answered one.
    pub(super) permission: String,
    /// What the shop's staff did last.
    pub(super) act: Option<Act>,
}

/// How an order stands with its payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Paid,
    /// Over without payment, or never begun.
    Failed,
    /// Not known yet.
    Open,
}

impl Order {
    /// By the gateway's own word only; see the module `demo_shop`.
    pub(super) fn outcome(&self) -> Outcome {
        match self.status.as_deref() {
            Some("AUTH" | "CAPTURE" | "SALES" | "REGISTER" | "END" | "REQRETURN" | "RETURN" | "CANCEL") => {
                Outcome::Paid
            }
            Some("PAYFAIL" | "EXPIRED") => Outcome::Failed,
            _ if self.problem.is_some() => Outcome::Failed,
            _ => Outcome::Open,
        }
    }
}

/// A call that did not work, as shoppers (politely) and engineers (exactly) are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Problem {
    pub(super) call: &'static str,
    pub(super) errors: Vec<ErrorPair>,
    /// Where there was no answer: why.
    pub(super) why: Option<String>,
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused { call, pairs } => Self { call, errors: pairs, why: None },
            CallError::NoAnswer { call, why } => Self { call, errors: Vec::new(), why: Some(why) },
        }
    }
}

/// What a browser posted to `RetURL`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BrowserReturn {
    pub(super) status: String,
    pub(super) tran_date: String,
    pub(super) amazon_charge_permission_id: String,
    pub(super) errors: Vec<ErrorPair>,
    /// Whether its `CheckString` was right. A post with a wrong one never replaces one with a right one.
    pub(super) check_string_valid: bool,
    pub(super) received_at: Millis,
}

/// A result notification, counted once however often it is delivered.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Notification {
    /// The `webhook-id` header, or the body's digest where there is none.
    pub(super) id: String,
    pub(super) order_id: String,
    pub(super) status: String,
    pub(super) job_cd: String,
    pub(super) amount: String,
    pub(super) tax: String,
    pub(super) tran_date: String,
    pub(super) amazon_charge_permission_id: String,
    pub(super) errors: Vec<ErrorPair>,
    pub(super) first_received_at: Millis,
    pub(super) deliveries: u32,
}

/// Adds a notification, or counts it if it came before.
pub(super) fn record(notifications: &mut Vec<Notification>, news: Notification) {
    if let Some(known) = notifications.iter_mut().find(|known| known.id == news.id) {
        known.deliveries = known.deliveries.saturating_add(1);
        return;
    }
    if notifications.len() == NOTIFICATIONS_MAX {
        notifications.remove(0);
    }
    notifications.push(news);
}

/// What the shop's staff asked the gateway to do with an order, and the answer.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Act {
    /// Such as `AmazonpaySales`.
    pub(super) call: &'static str,
    pub(super) status: Option<String>,
    pub(super) problem: Option<Problem>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room() {
        let mut bounded = Bounded::new(2);
        for key in ["a", "b", "c"] {
            bounded.insert(key.to_owned(), key);
        }
        assert!(bounded.get("a").is_none());
        assert_eq!(bounded.newest().collect::<Vec<_>>(), [&"c", &"b"]);
    }

    #[test]
    fn a_cart_holds_nine_of_a_kind_and_taxes_the_sum() {
        let mut cart = Cart::default();
        let senbei = catalogue::product("senbei").unwrap();
        for _ in 0..12 {
            cart.add(senbei);
        }
        assert_eq!((cart.count(), price(&cart.lines())), (9, Price { amount: 5_760, tax: 576 }));
        cart.remove(senbei);
        assert!(cart.lines().is_empty());
    }
}
