//! A transaction: what the shop entered, what it asked to execute, and where it stands.
//!
//! The state is an enum whose variants carry their own facts, so that "captured, but on no charge" cannot be written.
//! Nothing changes a transaction but [`Transaction::apply`] (in `machine`), which knows the table of psp-protocol 6
//! and counts the version up; the store accepts a change only on top of the version it was made from.

mod machine;
mod state;

pub use machine::{Event, Refused};
pub use state::{AmazonPayment, Departure, ErrInfo9, Failure, Handover, PendingCharge, Refund, Settled, State, Ticket};

use serde::{Deserialize, Serialize};

use super::ids::{AccessId, ChargePermissionId, CheckoutSessionId, OrderId, ShopId};
use super::terms::{AmazonpayType, Frequency, JobCd, PaymentType, Status, Way};
use super::world::Millis;
use super::yen::Yen;

/// An amount and its tax. What is charged is their sum (psp-protocol 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Money {
    /// Amount.
    pub amount: Yen,
    /// Tax and postage.
    pub tax: Yen,
}

impl Money {
    /// The pair, or `None` where the sum has more than seven digits.
    pub fn new(amount: Yen, tax: Yen) -> Option<Self> {
        amount.plus(tax).map(|_| Self { amount, tax })
    }

    /// What is charged.
    pub fn total(self) -> Yen {
        self.amount.plus(self.tax).unwrap_or(Yen::MAX)
    }

    /// What is left of each part, or `None` where one of them is not so large.
    pub fn minus(self, other: Self) -> Option<Self> {
        Some(Self { amount: self.amount.minus(other.amount)?, tax: self.tax.minus(other.tax)? })
    }

    /// A part of it, as large as `asked` in total: of each part what is asked, and where one of them is not so large, more
    /// of the other. `None` where the total is not so large.
    pub fn part(self, asked: Self) -> Option<Self> {
        let total = asked.total();
        self.total().minus(total)?;
        let tax = total.minus(asked.amount.min(self.amount))?.min(self.tax);
        Some(Self { amount: total.minus(tax)?, tax })
    }

    /// What goes back so that `lower` is left, or `None` where that is more in total: the difference of the totals, as an
    /// amount first, as far as the amount is lower.
    pub fn down_to(self, lower: Self) -> Option<Self> {
        let back = self.total().minus(lower.total())?;
        let amount = self.amount.minus(lower.amount).unwrap_or(Yen::ZERO).min(back);
        Some(Self { amount, tax: back.minus(amount)? })
    }

    /// The sum of each part, or `None` beyond seven digits.
    pub fn plus(self, other: Self) -> Option<Self> {
        Self::new(self.amount.plus(other.amount)?, self.tax.plus(other.tax)?)
    }
}

/// What ExecTran recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exec {
    /// How it was executed; whether a session is completed or finalized follows from it.
    pub way: Way,
    /// The checkout session that is to pay, where one is known.
    pub session: Option<CheckoutSessionId>,
    /// The charge permission that was named.
    pub permission: Option<ChargePermissionId>,
    /// The cycle of the consent that the buyer is asked for.
    pub frequency: Option<Frequency>,
    /// Where the buyer's browser is posted at the end.
    pub ret_url: Option<String>,
    /// The shop's note to the buyer.
    pub description: Option<String>,
    /// ClientField1 to 3, answered by SearchTradeMulti.
    pub client_fields: [Option<String>; 3],
}

/// One row of the gateway's book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Its public name.
    pub access_id: AccessId,
    /// Which deployment key its AccessPass is derived with.
    pub key_id: String,
    /// Whose it is.
    pub shop_id: ShopId,
    /// The shop's own number for it.
    pub order_id: OrderId,
    /// What EntryTran asked for.
    pub job: JobCd,
    /// The amounts as they stand now.
    pub money: Money,
    /// How the shop is connected.
    pub amazonpay_type: AmazonpayType,
    /// The kind of payment, where EntryTran said so.
    pub payment_type: Option<PaymentType>,
    /// When it was entered.
    pub created_at: Millis,
    /// When its status or amount last changed: TranDate and ProcessDate.
    pub processed_at: Millis,
    /// Counts every change, from 1.
    pub version: i64,
    /// What ExecTran recorded, once it has.
    pub exec: Option<Exec>,
    /// Where it stands, with the facts that belong there.
    pub state: State,
}

impl Transaction {
    /// Where it stands.
    pub fn status(&self) -> Status {
        self.state.status()
    }

    /// The charge permission, once there is one.
    pub fn charge_permission(&self) -> Option<&ChargePermissionId> {
        match &self.state {
            State::Register(permission) | State::End(permission) => Some(permission),
            other => match other.pending_charge() {
                Some(pending) => Some(&pending.permission),
                None => other.payment().map(|payment| &payment.permission),
            },
        }
    }

    /// The error it ended in, if it did.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.state {
            State::PayFail(failure) | State::Expired { failure, .. } => Some(failure),
            _ => None,
        }
    }

    /// What was cancelled or refunded so far.
    pub fn cancelled(&self) -> Money {
        self.state.payment().map_or_else(Money::default, |payment| payment.cancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount: i64, tax: i64) -> Money {
        Money::new(Yen::new(amount).unwrap(), Yen::new(tax).unwrap()).unwrap()
    }

    #[test]
    fn what_one_part_lacks_comes_out_of_the_other() {
        let left = money(1980, 198);
        for (asked, part) in [
            (money(500, 50), Some(money(500, 50))),
            (money(2000, 0), Some(money(1980, 20))),
            (money(0, 300), Some(money(102, 198))),
            (money(2178, 0), Some(left)),
            (money(0, 2178), Some(left)),
            (money(0, 0), Some(money(0, 0))),
            (money(2179, 0), None),
            (money(1980, 199), None),
        ] {
            assert_eq!(left.part(asked), part, "{asked:?}");
        }
    }

    #[test]
    fn going_down_gives_the_difference_of_the_totals_back() {
        let now = money(1980, 198);
        for (lower, back) in [
            (money(1500, 150), Some(money(480, 48))),
            (money(2000, 0), Some(money(0, 178))),
            (money(0, 300), Some(money(1878, 0))),
            (now, Some(money(0, 0))),
            (money(2178, 0), Some(money(0, 0))),
            (money(2179, 0), None),
        ] {
            assert_eq!(now.down_to(lower), back, "{lower:?}");
            if let Some(back) = back {
                assert_eq!(lower.plus(back).unwrap().total(), now.total());
            }
        }
    }
}
