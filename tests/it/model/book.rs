//! The model: a shop's orders as psp-protocol 5, 6, 9 and 13 have them, over [`Amazon`].

use sekisho::domain::Millis;

use super::amazon::{Amazon, ChargeId, Deal};
use super::says::{Action, Done, Fields, Says, Told, Value, is, permission_or_blank};
use super::step::{Entry, Step, Who};
use super::table;

/// The most that the protocol can say, with tax.
pub(super) const YEN_MAX: i64 = 9_999_999;
/// The most orders of one sequence.
const ORDERS_MAX: usize = 3;
/// A sequence does not last longer: the sandbox's 13 months are not what is looked at here.
const WAIT_MS_MAX: i64 = 150 * 86_400_000;
/// What every ExecTran sends.
pub(super) const MEMO: &str = "memo";

/// A refund under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refund {
    pub(super) money: (i64, i64),
    /// When the gateway looks.
    pub(super) due: i64,
    /// The status to go back to if something is left.
    pub(super) from: &'static str,
}

/// A transaction.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "what was said at EntryTran and ExecTran, each by itself")]
pub(super) struct Order {
    pub(super) captures: bool,
    pub(super) payment_type: Option<u8>,
    pub(super) status: &'static str,
    pub(super) amount: i64,
    pub(super) tax: i64,
    pub(super) back: (i64, i64),
    pub(super) changed_at: i64,
    pub(super) error: &'static str,
    pub(super) executed: bool,
    pub(super) session: Option<usize>,
    /// Of an additional payment button: whether it asks for a consent, and whether something is shipped.
    pub(super) apb: Option<(bool, bool)>,
    /// The session that its buyer began, of which the gateway knows once they come back.
    pub(super) begun: Option<usize>,
    pub(super) has_ret_url: bool,
    pub(super) was_started: bool,
    /// When the Token ends; or when the gateway looks for a buyer who does not come back.
    pub(super) limit_at: i64,
    pub(super) permission: Option<usize>,
    pub(super) charge: Option<ChargeId>,
    pub(super) authorized_at: i64,
    pub(super) refund: Option<Refund>,
    /// A capture that takes its time: what is captured, and when the gateway looks.
    pub(super) selling: Option<((i64, i64), i64)>,
    pub(super) told: Vec<Told>,
}

/// Everything.
#[derive(Debug, Clone)]
pub(super) struct Book {
    pub(super) now: i64,
    began: i64,
    pub(super) amazon: Amazon,
    pub(super) orders: Vec<Order>,
}

impl Book {
    /// Nothing has happened.
    pub(super) fn new(now: i64) -> Self {
        let mut amazon = Amazon::default();
        amazon.at(now);
        Self { now, began: now, amazon, orders: Vec::new() }
    }

    /// Does a step; `None` where there is nothing that it could be about.
    pub(super) fn apply(&mut self, step: &Step) -> Option<Done> {
        let order = |number: usize| number.checked_rem(self.orders.len());
        match *step {
            Step::Enter(ref entry) => self.enter(entry),
            Step::Choose { kind, card, amount, captures } => {
                self.amazon.choose(kind, card, Deal { total: amount, captures });
                Some(Done { action: Action::Choose { kind, card, amount, captures }, says: Says::Nothing })
            }
            Step::Exec { order: number, way, who } => self.exec(order(number)?, way, who),
            Step::Start { order: number, right } => Some(self.start(order(number)?, right)),
            Step::Buyer { order: number, act, card } => self.buyer(order(number)?, act, card),
            Step::Return { order: number } => self.come_back(order(number)?),
            Step::Settle { order: number, call, part, who } => Some(self.settle(order(number)?, call, part, who)),
            Step::SearchTrade { order: number, who } => Some(self.search_trade(order(number)?, who)),
            Step::SearchAddress { order: number } => Some(self.search_address(order(number)?)),
            Step::SearchPermission { permission } => self.search_permission(permission),
            Step::ClosePermission { permission } => self.close_permission(permission),
            Step::Wait { ms } => self.wait(ms),
        }
    }

    fn enter(&mut self, entry: &Entry) -> Option<Done> {
        let again = entry.again && !self.orders.is_empty();
        if !again && self.orders.len() >= ORDERS_MAX {
            return None;
        }
        let number = if again { 0 } else { self.orders.len() };
        let mut fields = vec![
            ("OrderID", Value::OrderId(number)),
            ("JobCd", is(job(entry.captures))),
            ("Amount", is(&entry.amount)),
            ("Tax", is(&entry.tax)),
            ("AmazonpayType", is(&3)),
        ];
        fields.extend(entry.payment_type.map(|number| ("PaymentType", is(&number))));
        let total = entry.amount + entry.tax;
        let may_be_zero = matches!(entry.payment_type, None | Some(2));
        let says = if total > YEN_MAX || (total == 0 && !may_be_zero) {
            refuses("M01005011")
        } else if again {
            refuses("M01004010")
        } else {
            self.orders.push(Order::entered(entry, self.now));
            Says::Fields(vec![("AccessID", Value::Something), ("AccessPass", Value::Something)])
        };
        Some(Done { action: Action::Call("EntryTranAmazonpay", fields), says })
    }

    fn search_trade(&self, number: usize, who: Who) -> Done {
        let mut fields = vec![("OrderID", Value::OrderId(number)), ("PayType", is(&38))];
        let says = match who {
            Who::WrongShopPass => {
                fields.push(("ShopPass", is("wrong")));
                refuses("M01002002")
            }
            Who::OtherShop => {
                fields.extend(other_shop());
                refuses("M01004002")
            }
            Who::WrongOrder => {
                fields[0] = ("OrderID", is("nobody-s"));
                refuses("M01004002")
            }
            Who::Shop | Who::WrongAccessPass => Says::Fields(self.trade(number)),
        };
        Done { action: Action::Call("SearchTradeMulti", fields), says }
    }

    /// What SearchTradeMulti tells of an order.
    pub(super) fn trade(&self, number: usize) -> Fields {
        let order = &self.orders[number];
        let (cancel_amount, cancel_tax) = order.back_in_words();
        vec![
            ("Status", is(order.status)),
            ("ProcessDate", is(&Millis(order.changed_at).jst())),
            ("JobCd", is(job(order.captures))),
            ("AccessID", Value::AccessId(number)),
            ("AccessPass", Value::AccessPass(number)),
            ("Amount", is(&order.amount)),
            ("Tax", is(&order.tax)),
            ("ClientField1", is(if order.executed { MEMO } else { "" })),
            ("ClientField2", is("")),
            ("ClientField3", is("")),
            ("PayType", is(&38)),
            ("AmazonOrderReferenceID", is("")),
            ("AmazonPayCancelAmount", cancel_amount),
            ("AmazonPayCancelTax", cancel_tax),
            ("AmazonBillingAgreementID", is("")),
            ("AmazonChargePermissionID", permission_or_blank(order.told_permission())),
        ]
    }

    fn search_address(&self, number: usize) -> Done {
        let order = &self.orders[number];
        // Once there is a permission, it knows the buyer; and a charge on a consent names one.
        let says = match (order.told_permission(), order.session) {
            (Some(_), _) => Says::Succeeds,
            (None, None) if order.executed && order.apb.is_none() => Says::Succeeds,
            (None, None) => refuses("M01054004"),
            (None, Some(session)) if self.amazon.is_readable(session) => Says::Succeeds,
            (None, Some(_)) => refuses("AZ1000007"),
        };
        Done { action: Action::Call("SearchAddressAmazonpay", vec![("OrderID", Value::OrderId(number))]), says }
    }

    fn search_permission(&self, number: usize) -> Option<Done> {
        let permission = number.checked_rem(self.amazon.permissions.len())?;
        let (state, reason, balance) = self.amazon.standing(permission);
        let says = Says::Fields(vec![
            ("AmazonChargePermissionID", Value::Permission(permission)),
            ("Status", is(state)),
            ("ReasonCode", is(reason)),
            ("AmountLimit", is(&self.amazon.limit(permission))),
            ("AmountBalance", is(&balance)),
        ]);
        let fields = vec![("AmazonChargePermissionID", Value::Permission(permission))];
        Some(Done { action: Action::Call("SearchChargePermissionAmazonpay", fields), says })
    }

    /// psp-protocol 5.9 and 13.4: what was registered on it has ended; a payment on it stays what it is.
    fn close_permission(&mut self, number: usize) -> Option<Done> {
        let permission = number.checked_rem(self.amazon.permissions.len())?;
        let says = if self.amazon.is_closed(permission) {
            refuses("AZ1000009")
        } else {
            self.amazon.close(permission);
            let on_it = |order: &Order| order.permission == Some(permission) && order.status == "REGISTER";
            if let Some(order) = self.orders.iter().position(on_it) {
                self.go(order, "close", "END");
                self.tell(order);
            }
            Says::Fields(vec![("AmazonChargePermissionID", Value::Permission(permission)), ("Status", is("END"))])
        };
        let fields = vec![("AmazonChargePermissionID", Value::Permission(permission))];
        Some(Done { action: Action::Call("CloseChargePermissionAmazonpay", fields), says })
    }

    /// Time passes; then the gateway looks at everything that is due.
    fn wait(&mut self, ms: i64) -> Option<Done> {
        if self.now + ms - self.began > WAIT_MS_MAX {
            return None;
        }
        self.now += ms;
        self.amazon.at(self.now);
        for order in 0..self.orders.len() {
            self.look(order);
        }
        Some(Done { action: Action::Wait(ms), says: Says::Nothing })
    }

    /// A move of the table; nothing else changes a status.
    pub(super) fn go(&mut self, number: usize, by: &str, to: &'static str) {
        let order = &mut self.orders[number];
        assert!(table::leads(order.status, by, to), "the model's own mistake: {} {by} {to}", order.status);
        order.status = to;
        order.changed_at = self.now;
    }

    /// The shop is owed a notification about an order as it now stands.
    pub(super) fn tell(&mut self, number: usize) {
        let order = &self.orders[number];
        let (cancel_amount, cancel_tax) = order.back_in_words();
        let told = Told(vec![
            ("AccessID", Value::AccessId(number)),
            ("OrderID", Value::OrderId(number)),
            ("Status", is(order.status)),
            ("JobCd", is(job(order.captures))),
            ("Amount", is(&order.amount)),
            ("Tax", is(&order.tax)),
            ("TranDate", is(&Millis(order.changed_at).jst())),
            ("ErrInfo", is(order.error)),
            ("AmazonChargePermissionID", permission_or_blank(order.told_permission())),
            ("AmazonPayCancelAmount", cancel_amount),
            ("AmazonPayCancelTax", cancel_tax),
        ]);
        self.orders[number].told.push(told);
    }

    /// The fields that name a transaction, as whoever calls writes them, and why that is refused, if it is.
    pub(super) fn names(number: usize, who: Who) -> (Fields, Option<&'static str>) {
        let mut fields = vec![
            ("AccessID", Value::AccessId(number)),
            ("AccessPass", Value::AccessPass(number)),
            ("OrderID", Value::OrderId(number)),
        ];
        let refusal = match who {
            Who::Shop => None,
            Who::WrongShopPass => {
                fields.push(("ShopPass", is("wrong")));
                Some("M01002002")
            }
            Who::WrongAccessPass => {
                fields[1] = ("AccessPass", is(&"0".repeat(32)));
                Some("M01058002")
            }
            Who::WrongOrder => {
                fields[2] = ("OrderID", is("nobody-s"));
                Some("M01004002")
            }
            Who::OtherShop => {
                fields.extend(other_shop());
                Some("M01058010")
            }
        };
        (fields, refusal)
    }
}

impl Order {
    fn entered(entry: &Entry, now: i64) -> Self {
        Self {
            captures: entry.captures,
            payment_type: entry.payment_type,
            status: "UNPROCESSED",
            amount: entry.amount,
            tax: entry.tax,
            back: (0, 0),
            changed_at: now,
            error: "",
            executed: false,
            session: None,
            apb: None,
            begun: None,
            has_ret_url: false,
            was_started: false,
            limit_at: 0,
            permission: None,
            charge: None,
            authorized_at: 0,
            refund: None,
            selling: None,
            told: Vec::new(),
        }
    }

    pub(super) const fn total(&self) -> i64 {
        self.amount + self.tax
    }

    /// What ExecTran asks of Amazon.
    pub(super) const fn deal(&self) -> Deal {
        Deal { total: self.total(), captures: self.captures && self.total() > 0 }
    }

    fn back_in_words(&self) -> (Value, Value) {
        if table::PAID.contains(&self.status) { (is(&self.back.0), is(&self.back.1)) } else { (is(""), is("")) }
    }

    pub(super) fn told_permission(&self) -> Option<usize> {
        self.permission.filter(|_| table::has_permission(self.status))
    }
}

pub(super) const fn job(captures: bool) -> &'static str {
    if captures { "CAPTURE" } else { "AUTH" }
}

pub(super) fn refuses(code: &str) -> Says {
    Says::Refuses(code.to_owned())
}

fn other_shop() -> Fields {
    vec![("ShopID", is("tshop00000002")), ("ShopPass", is("demoshop2pass"))]
}
