//! The model after the payment: Sales, Cancel, Change, and what time does (psp-protocol 5.4 to 5.6, 13.6, 13.7).

use super::amazon::{Deal, USED_UP};
use super::book::{Book, Refund, YEN_MAX};
use super::says::{Action, Done, Says, Value, is};
use super::step::{Part, Settle, Who};
use super::table;

/// So long Amazon keeps an authorisation.
const AUTHORISATION_MS: i64 = 30 * 86_400_000;
/// Later than this after the authorisation a capture takes its time.
const PROMPT_CAPTURE_MS: i64 = 7 * 86_400_000;
/// When the gateway looks at what Amazon takes its time over; in the sandbox that is 30 seconds.
const LOOK_MS: i64 = 31_000;

impl Book {
    pub(super) fn settle(&mut self, number: usize, call: Settle, part: Part, who: Who) -> Done {
        let (mut fields, refusal) = Self::names(number, who);
        let order = &self.orders[number];
        let (amount, tax) = part.of(order.amount, order.tax);
        let cancels = call == Settle::Cancel;
        let names = if cancels { ("CancelAmount", "CancelTax") } else { ("Amount", "Tax") };
        fields.extend([(names.0, is(&amount)), (names.1, is(&tax))]);
        let mut codes = match (amount + tax, call) {
            (0, Settle::Cancel) => vec!["M01085010"],
            (total, Settle::Cancel) if total > YEN_MAX => vec!["M01085011"],
            (total, _) if total == 0 || total > YEN_MAX => vec!["M01005011"],
            _ => Vec::new(),
        };
        match refusal {
            // Whoever cannot name the shop's password learns nothing else.
            Some("M01002002") => codes = vec!["M01002002"],
            other => codes.extend(other),
        }
        if codes.is_empty() {
            codes.extend(table::refusal(call.call(), self.orders[number].status));
        }
        // One refund at a time; to change nothing needs none.
        let changes = (amount, tax) != (self.orders[number].amount, self.orders[number].tax) || cancels;
        let order = &self.orders[number];
        if codes.is_empty() && (order.selling.is_some() || (changes && order.refund.is_some())) {
            codes.push("M01054004");
        }
        let done = if codes.is_empty() { self.settled(number, call, (amount, tax)) } else { Err(codes.join("|")) };
        let says = done.map_or_else(Says::Refuses, |()| self.amounts(number, cancels.then_some((amount, tax))));
        Done { action: Action::Call(call.call(), fields), says }
    }

    /// The answer: the order as it now stands, and what was asked back.
    fn amounts(&self, number: usize, cancelled: Option<(i64, i64)>) -> Says {
        let order = &self.orders[number];
        let (amount, tax) = order.selling.map_or((order.amount, order.tax), |(money, _)| money);
        let mut said = vec![
            ("OrderID", Value::OrderId(number)),
            ("Status", is(order.status)),
            ("Amount", is(&amount)),
            ("Tax", is(&tax)),
        ];
        if let Some((amount, tax)) = cancelled {
            said.extend([("CancelAmount", is(&amount)), ("CancelTax", is(&tax))]);
        }
        Says::Fields(said)
    }

    fn settled(&mut self, number: usize, call: Settle, money: (i64, i64)) -> Result<(), String> {
        let done = match (call, self.orders[number].status) {
            (Settle::Sales, _) => self.sell(number, money),
            (Settle::Cancel, "AUTH") => self.cancel(number, money),
            (Settle::Cancel, from) => self.give_back(number, money, from),
            (Settle::Change, "AUTH") => self.replace(number, money),
            (Settle::Change, at) => self.lower(number, money, at),
        };
        done.map_err(str::to_owned)
    }

    fn sell(&mut self, number: usize, money: (i64, i64)) -> Result<(), &'static str> {
        let order = &self.orders[number];
        if money.0 + money.1 > order.total() {
            return Err("M01055011");
        }
        let age = self.now - order.authorized_at;
        if age > AUTHORISATION_MS {
            return Err("M01098010");
        }
        let charge = order.charge.ok_or("the model lost a charge")?;
        if age > PROMPT_CAPTURE_MS {
            // The answer tells what is captured, everything else follows when Amazon has the money.
            self.amazon.begin_capture(charge, money.0 + money.1);
            self.go(number, "sales", "AUTH");
            self.orders[number].selling = Some((money, self.now + LOOK_MS));
            return Ok(());
        }
        self.amazon.capture(charge, money.0 + money.1);
        self.go(number, "sales", "SALES");
        self.stand_at(number, money);
        self.tell(number);
        Ok(())
    }

    fn cancel(&mut self, number: usize, money: (i64, i64)) -> Result<(), &'static str> {
        let order = &self.orders[number];
        match (money.0 + money.1).cmp(&order.total()) {
            std::cmp::Ordering::Less => return Err("M01085010"),
            std::cmp::Ordering::Greater => return Err("M01085011"),
            std::cmp::Ordering::Equal => {}
        }
        self.amazon.cancel(order.charge.ok_or("the model lost a charge")?);
        self.orders[number].back = (order.amount, order.tax);
        self.go(number, "cancel", "CANCEL");
        self.stand_at(number, (0, 0));
        self.tell(number);
        Ok(())
    }

    /// A refund of no more than the total (5.5). What one part lacks is taken out of the other.
    fn give_back(&mut self, number: usize, money: (i64, i64), from: &'static str) -> Result<(), &'static str> {
        let order = &self.orders[number];
        if money.0 + money.1 > order.total() {
            return Err("M01085011");
        }
        let (over_amount, over_tax) = ((money.0 - order.amount).max(0), (money.1 - order.tax).max(0));
        let money = (money.0 - over_amount + over_tax, money.1 - over_tax + over_amount);
        let left = (order.amount - money.0, order.tax - money.1);
        self.amazon.refund(order.charge.ok_or("the model lost a charge")?, money.0 + money.1);
        self.go(number, "cancel", "REQRETURN");
        self.stand_at(number, left);
        self.orders[number].refund = Some(Refund { money, due: self.now + LOOK_MS, from });
        self.tell(number);
        Ok(())
    }

    /// Before capture: a new charge, and only then the old one is let go. Where the buyer permitted no second one, the old
    /// one may hold enough. Amazon knows totals only, so the same in other parts is none of its business.
    fn replace(&mut self, number: usize, money: (i64, i64)) -> Result<(), &'static str> {
        let order = &self.orders[number];
        let total = money.0 + money.1;
        if money == (order.amount, order.tax) {
            return Ok(());
        }
        let old = order.charge.ok_or("the model lost a charge")?;
        if total != order.total() {
            if self.now - order.authorized_at > AUTHORISATION_MS {
                return Err("M01098010");
            }
            match self.amazon.charge(old.0, Deal { total, captures: false }) {
                Ok(charge) => {
                    self.amazon.cancel(old);
                    self.orders[number].charge = Some(charge);
                    self.orders[number].authorized_at = self.now;
                }
                Err(USED_UP | "AZ1000010") if total <= self.amazon.held(old) => {}
                Err(USED_UP) => return Err("AZ1000010"),
                Err(code) => return Err(code),
            }
        }
        self.go(number, "change", "AUTH");
        self.stand_at(number, money);
        self.tell(number);
        Ok(())
    }

    /// After capture: only down, by a refund.
    fn lower(&mut self, number: usize, money: (i64, i64), at: &'static str) -> Result<(), &'static str> {
        let order = &self.orders[number];
        if money == (order.amount, order.tax) {
            return Ok(());
        }
        if money.0 + money.1 == order.total() {
            self.go(number, "change", at);
            self.stand_at(number, money);
            self.tell(number);
            return Ok(());
        }
        if money.0 + money.1 > order.total() {
            return Err("M01055011");
        }
        // The difference of the totals: a part that goes up gives nothing back, and the other so much less.
        let down = (order.amount - money.0, order.tax - money.1);
        let back = (down.0.max(0) + down.1.min(0), down.1.max(0) + down.0.min(0));
        self.amazon.refund(order.charge.ok_or("the model lost a charge")?, back.0 + back.1);
        self.go(number, "change", at);
        self.stand_at(number, money);
        self.orders[number].refund = Some(Refund { money: back, due: self.now + LOOK_MS, from: at });
        self.tell(number);
        Ok(())
    }

    fn stand_at(&mut self, number: usize, money: (i64, i64)) {
        (self.orders[number].amount, self.orders[number].tax) = money;
    }

    /// The gateway looks at an order whose time may be over.
    pub(super) fn look(&mut self, number: usize) {
        let order = &self.orders[number];
        match (order.status, order.refund) {
            ("REQSUCCESS", _) if order.limit_at < self.now => self.expire(number),
            ("AUTH", _) if order.selling.is_some_and(|(_, due)| due <= self.now) => {
                let (money, _) = order.selling.unwrap_or_default();
                self.orders[number].selling = None;
                self.go(number, "sales", "SALES");
                self.stand_at(number, money);
                self.tell(number);
            }
            ("AUTHPROCESS", _) if order.limit_at <= self.now => self.look_for_buyer(number),
            (status, Some(refund)) if refund.due <= self.now => {
                self.orders[number].refund = None;
                let order = &mut self.orders[number];
                order.back = (order.back.0 + refund.money.0, order.back.1 + refund.money.1);
                let to = if status == "REQRETURN" && order.total() == 0 { "RETURN" } else { refund.from };
                self.go(number, "returned", to);
                // A change was told when it was made.
                if status == "REQRETURN" {
                    self.tell(number);
                }
            }
            _ => {}
        }
    }
}
