//! AmazonpayChange: other amounts (psp-protocol 5.6 and 13.6).
//!
//! Before capture the charge is replaced: a new one for the new total, and only when that stands the old one is let go,
//! so the shop is never without an authorisation. After capture the amount can only go down, by a refund.

use super::effect::Finding;
use super::{Gateway, Refusal, Shop};
use crate::domain::operation::ChargeFor;
use crate::domain::transaction::AmazonPayment;
use crate::domain::{Effect, Intent, Money, State, Transaction};
use crate::protocol::{AmountReply, AmountRequest, Call, Reading};

impl Gateway {
    /// Changes the amounts. The same total again is no change at Amazon.
    ///
    /// # Errors
    /// [`Refusal`]; up after capture is refused.
    pub async fn change(&self, reading: Reading<AmountRequest>) -> Result<AmountReply, Refusal> {
        let (admitted, transaction) = self.admit_to_transaction(Call::Change, reading).await?;
        let shop = admitted.shop;
        let money = Money::new(admitted.request.amount, admitted.request.tax).ok_or(Refusal::AmountExceeds)?;
        let Some(effect) = effect_of(&transaction, money)? else { return Ok(reply(&transaction)) };
        let intent = self.intend(&transaction, effect).await?;
        let finding = match &intent.effect {
            Effect::CreateRefund { .. } => self.perform_refund(&shop, &transaction, &intent).await,
            _ => self.perform_create_charge(&shop, &transaction, &intent).await,
        };
        let replaced = replaced_by(&intent);
        let concluded = self.conclude(&shop, &transaction, &intent, finding).await?;
        concluded.result.map_err(Refusal::Provider)?;
        if let Some(old) = replaced {
            self.let_go(&shop, &concluded.transaction, old).await;
        }
        Ok(reply(&concluded.transaction))
    }

    /// Cancels the charge that was replaced. The follow-up intent was committed with the outcome, so if this does not
    /// come to an end, reconcile brings it there.
    pub(super) async fn let_go(&self, shop: &Shop, transaction: &Transaction, old: crate::domain::ChargeId) {
        let intent = match self.parts.store.open_intent(&transaction.access_id).await {
            Ok(Some(intent)) if intent.effect == (Effect::CancelCharge { charge: old, replaced: true }) => intent,
            _ => return,
        };
        // Nobody waits for it, so "could not be sent" is no end of it.
        let finding: Finding<()> = self.look_at_cancel(shop, transaction, &intent).await;
        if let Err(error) = self.conclude(shop, transaction, &intent, finding).await {
            tracing::warn!(access_id = %transaction.access_id, %error, "the replaced charge is not let go yet");
        }
    }
}

/// What has to happen at Amazon for the amounts to be `money`; nothing where the total stays.
fn effect_of(transaction: &Transaction, money: Money) -> Result<Option<Effect>, Refusal> {
    if money == transaction.money && matches!(transaction.state, State::Auth(_) | State::Sales(_) | State::Capture(_)) {
        return Ok(None);
    }
    match &transaction.state {
        State::Auth(payment) => Ok(Some(replacement(payment, money))),
        State::Sales(payment) | State::Capture(payment) if payment.refund.is_none() => {
            // Each part may only go down: what is given back is an amount and a tax.
            let back = transaction.money.minus(money).ok_or(Refusal::AmountExceeds)?;
            Ok(Some(Effect::CreateRefund { charge: payment.charge.clone(), money: back, lowers_amount: true }))
        }
        other => Err(Refusal::Status(other.status())),
    }
}

fn replacement(payment: &AmazonPayment, money: Money) -> Effect {
    Effect::CreateCharge {
        permission: payment.permission.clone(),
        amount: money.total(),
        capture: false,
        purpose: ChargeFor::Change { money, old: payment.charge.clone() },
    }
}

pub(super) fn replaced_by(intent: &Intent) -> Option<crate::domain::ChargeId> {
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
