//! AmazonpayChange: other amounts (psp-protocol 5.6 and 13.6).
//!
//! Before capture the charge is replaced: a new one for the new total, and only when that stands the old one is let go,
//! so the shop is never without an authorisation. After capture the amount can only go down, by a refund.

use super::effect::Finding;
use super::{Gateway, Refusal, Shop};
use crate::domain::operation::ChargeFor;
use crate::domain::transaction::{AmazonPayment, Event};
use crate::domain::{Effect, Intent, Money, State, Transaction};
use crate::protocol::{AmountReply, AmountRequest, Call, Reading};
use crate::store::Change;

impl Gateway {
    /// Changes the amounts. The same total again is no change at Amazon.
    ///
    /// # Errors
    /// [`Refusal`]; up after capture is refused.
    pub async fn change(&self, reading: Reading<AmountRequest>) -> Result<AmountReply, Refusal> {
        let (admitted, transaction) = self.admit_to_transaction(Call::Change, reading).await?;
        let shop = admitted.shop;
        let money = Money::new(admitted.request.amount, admitted.request.tax).ok_or(Refusal::AmountExceeds)?;
        let effect = match plan(&transaction, money)? {
            Plan::Nothing => return Ok(reply(&transaction)),
            Plan::Rewrite(event) => {
                let now = self.parts.clock.now();
                let change = Change::event(&transaction, event, now).map_err(|it| Refusal::Status(it.status))?;
                return Ok(reply(&self.commit(&shop, &transaction, change).await?.0));
            }
            Plan::AtAmazon(effect) => effect,
        };
        let intent = self.intend(&transaction, effect).await?;
        let finding = match &intent.effect {
            Effect::CreateRefund { .. } => self.perform_refund(&shop, &transaction, &intent).await,
            _ => self.perform_create_charge(&shop, &transaction, &intent).await,
        };
        let concluded = self.conclude(&shop, &transaction, &intent, finding).await?;
        concluded.result.map_err(Refusal::Provider)?;
        self.let_go(&shop, &concluded.transaction, &intent).await;
        Ok(reply(&concluded.transaction))
    }

    /// Cancels the charge that `done` replaced, if it did. The follow-up intent was committed with the outcome, so if this
    /// does not come to an end, reconcile brings it there.
    pub(super) async fn let_go(&self, shop: &Shop, transaction: &Transaction, done: &Intent) {
        let Some(old) = replaced_by(done) else { return };
        let intent = match self.parts.store.open_intent(&transaction.access_id).await {
            Ok(Some(intent)) if intent.effect == (Effect::CancelCharge { charge: old, replaced: true }) => intent,
            _ => return,
        };
        let finding: Finding<()> = self.perform_cancel(shop, &intent).await;
        if let Err(error) = self.conclude(shop, transaction, &intent, finding).await {
            tracing::warn!(access_id = %transaction.access_id, %error, "the replaced charge is not let go yet");
        }
    }
}

/// What has to happen for other amounts.
enum Plan {
    /// They are the present ones.
    Nothing,
    /// Amazon knows of the total alone, and that stays: only the book is written.
    Rewrite(Event),
    AtAmazon(Effect),
}

fn plan(transaction: &Transaction, money: Money) -> Result<Plan, Refusal> {
    let (State::Auth(payment) | State::Sales(payment) | State::Capture(payment)) = &transaction.state else {
        return Err(Refusal::Status(transaction.status()));
    };
    if money == transaction.money {
        return Ok(Plan::Nothing);
    }
    if payment.refund.is_some() {
        return Err(Refusal::Status(transaction.status()));
    }
    if money.total() == transaction.money.total() {
        return Ok(Plan::Rewrite(Event::Changed(money, payment.clone())));
    }
    if matches!(transaction.state, State::Auth(_)) {
        return Ok(Plan::AtAmazon(replacement(payment, money)));
    }
    // Each part may only go down: what is given back is an amount and a tax.
    let back = transaction.money.minus(money).ok_or(Refusal::AmountExceeds)?;
    Ok(Plan::AtAmazon(Effect::CreateRefund { charge: payment.charge.clone(), money: back, lowers_amount: true }))
}

fn replacement(payment: &AmazonPayment, money: Money) -> Effect {
    Effect::CreateCharge {
        permission: payment.permission.clone(),
        amount: money.total(),
        capture: false,
        purpose: ChargeFor::Change { money, old: payment.charge.clone() },
    }
}

fn replaced_by(intent: &Intent) -> Option<crate::domain::ChargeId> {
    match &intent.effect {
        Effect::CreateCharge { purpose: ChargeFor::Change { old, .. }, .. } => Some(old.clone()),
        _ => None,
    }
}

fn reply(transaction: &Transaction) -> AmountReply {
    AmountReply {
        order_id: transaction.order_id.clone(),
        status: transaction.status(),
        amount: transaction.money.amount,
        tax: transaction.money.tax,
    }
}
