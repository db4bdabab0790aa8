//! AmazonpayChange: other amounts (psp-protocol 5.6 and 13.6).
//!
//! Before capture the charge is replaced: a new one for the new total, and only when that stands the old one is let go,
//! so the shop is never without an authorisation. Where the buyer permitted no second charge beside the old one, a
//! smaller amount needs none: the old one holds it, and Sales captures no more than is asked. After capture the amount
//! can only go down, by a refund.

use super::effect::{Finding, looked_at};
use super::errand::Errand;
use super::{Gateway, Refusal, Shop};
use crate::amazonpay::{CallError, ChargeState};
use crate::domain::operation::ChargeFor;
use crate::domain::transaction::{AmazonPayment, Event};
use crate::domain::{ChargeId, Effect, Intent, Money, State, Transaction};
use crate::protocol::{AmountReply, AmountRequest, Call, Reading};
use crate::store::Change;

impl Gateway {
    /// Changes the amounts. The same total again is no change at Amazon.
    ///
    /// # Errors
    /// [`Refusal`]; up after capture is refused.
    pub async fn change(&self, reading: Reading<AmountRequest>) -> Result<AmountReply, Refusal> {
        let (admitted, transaction) = self.admit_to_transaction(Call::Change, reading).await?;
        let asked = Money::new(admitted.request.amount, admitted.request.tax);
        self.change_to(&admitted.shop, &transaction, asked).await
    }

    /// The same for whoever was admitted; `asked` is none where the sum has more than seven digits.
    pub(super) async fn change_to(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        asked: Option<Money>,
    ) -> Result<AmountReply, Refusal> {
        let money = asked.ok_or(Refusal::AmountExceeds)?;
        let effect = match effect_of(transaction, money)? {
            Step::Nothing => return Ok(reply(transaction)),
            Step::InTheBook(payment) => return self.split_otherwise(shop, transaction, money, payment).await,
            Step::AtAmazon(effect) => effect,
        };
        let expired = matches!(transaction.state, State::Auth(_)) && self.is_expired(transaction);
        if expired && !shop.settings.renew_expired_authorization {
            return Err(Refusal::AuthorisationExpired);
        }
        let intent = self.intend(transaction, effect).await?;
        let finding = match &intent.effect {
            Effect::CreateRefund { .. } => self.perform_refund(shop, transaction, &intent).await,
            _ => self.perform_create_charge(shop, transaction, &intent).await,
        };
        let replaced = replaced_by(&intent);
        let concluded = self.conclude(shop, transaction, &intent, finding).await?;
        match concluded.result {
            Ok(()) => {
                if let Some(old) = replaced {
                    self.let_go(shop, &concluded.transaction, old).await;
                }
            }
            // No new charge, but none is needed.
            Err(_) if concluded.transaction.money == money => {}
            Err(code) => return Err(Refusal::Provider(code)),
        }
        Ok(reply(&concluded.transaction))
    }

    /// The same total in other parts: nothing for Amazon, which knows totals only.
    async fn split_otherwise(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        money: Money,
        payment: AmazonPayment,
    ) -> Result<AmountReply, Refusal> {
        let change = Change::event(transaction, Event::Changed(money, payment), self.parts.clock.now())
            .map_err(|refused| Refusal::Status(refused.status))?;
        self.commit(shop, transaction, change).await.map(|(after, _)| reply(&after))
    }

    /// The change, if the charge that stands holds `money` already.
    ///
    /// # Errors
    /// Amazon could not be asked how that stands.
    pub(super) async fn covered_by(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        money: Money,
        charge: &ChargeId,
        errand: Errand<'_>,
    ) -> Result<Option<Event>, CallError> {
        let payment = transaction.state.payment().filter(|payment| payment.charge == *charge);
        let Some(payment) = payment else { return Ok(None) };
        let held = self.parts.amazon.charge(self.sent(shop, errand), charge).await?.value;
        let covers = held.status_details.state == ChargeState::Authorized
            && held.charge_amount.yen().is_ok_and(|held| money.total() <= held);
        Ok(covers.then(|| Event::Changed(money, payment.clone())))
    }

    /// Cancels the charge that was replaced. The follow-up intent was committed with the outcome, so if this does not
    /// come to an end, reconcile brings it there; nobody waits for it, so nothing that went wrong on the way closes it.
    pub(super) async fn let_go(&self, shop: &Shop, transaction: &Transaction, old: ChargeId) {
        let intent = match self.parts.store.open_intent(&transaction.access_id).await {
            Ok(Some(intent)) if intent.effect == (Effect::CancelCharge { charge: old, replaced: true }) => intent,
            _ => return,
        };
        let finding: Finding<()> = self.perform_cancel(shop, transaction, &looked_at(&intent)).await;
        if let Err(error) = self.conclude(shop, transaction, &intent, finding).await {
            tracing::warn!(access_id = %transaction.access_id, %error, "the replaced charge is not let go yet");
        }
    }
}

/// What has to happen for the amounts to be others.
enum Step {
    /// They are the same.
    Nothing,
    /// Their sum is the same.
    InTheBook(AmazonPayment),
    /// This.
    AtAmazon(Effect),
}

fn effect_of(transaction: &Transaction, money: Money) -> Result<Step, Refusal> {
    let same_total = money.total() == transaction.money.total();
    match &transaction.state {
        State::Auth(_) | State::Sales(_) | State::Capture(_) if money == transaction.money => Ok(Step::Nothing),
        State::Auth(payment) if same_total => Ok(Step::InTheBook(payment.clone())),
        State::Auth(payment) => Ok(Step::AtAmazon(replacement(payment, money))),
        State::Sales(payment) | State::Capture(payment) if payment.refund.is_none() && same_total => {
            Ok(Step::InTheBook(payment.clone()))
        }
        State::Sales(payment) | State::Capture(payment) if payment.refund.is_none() => {
            // Only the total may not go up; how it is split is the shop's business.
            let back = transaction.money.down_to(money).ok_or(Refusal::AmountExceeds)?;
            Ok(Step::AtAmazon(Effect::CreateRefund {
                charge: payment.charge.clone(),
                money: back,
                lowers_amount: true,
                left: Some(money),
            }))
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

pub(super) fn replaced_by(intent: &Intent) -> Option<ChargeId> {
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
