//! AmazonpayCancel: let an authorisation go, or give captured money back (psp-protocol 5.5 and 13.7).

use super::effect::{Finding, Meaning, Proof, looked_at};
use super::errand::Errand;
use super::later::ended;
use super::mfa::given_up;
use super::{Gateway, Refusal, Shop, provider};
use crate::amazonpay::{CallError, CancelCharge, Charge, ChargeState};
use crate::domain::transaction::Event;
use crate::domain::{Effect, Intent, Money, State, Transaction};
use crate::protocol::{Call, Cancel, CancelReply, Reading, codes};

impl Gateway {
    /// Cancels a whole authorisation, or asks Amazon to refund all or a part of a captured amount.
    ///
    /// # Errors
    /// [`Refusal`]. Where Amazon's answer is lost the transaction stays as it is under an open intent, and the outcome
    /// follows by notification.
    pub async fn cancel(&self, reading: Reading<Cancel>) -> Result<CancelReply, Refusal> {
        let (admitted, transaction) = self.admit_to_transaction(Call::Cancel, reading).await?;
        let asked = Money { amount: admitted.request.cancel_amount, tax: admitted.request.cancel_tax };
        self.give_back(&admitted.shop, &transaction, asked).await
    }

    /// The same for whoever was admitted.
    pub(super) async fn give_back(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        asked: Money,
    ) -> Result<CancelReply, Refusal> {
        let effect = effect_of(transaction, asked)?;
        let intent = self.intend(transaction, effect).await?;
        let finding = match &intent.effect {
            Effect::CancelCharge { .. } => self.perform_cancel(shop, transaction, &intent).await,
            _ => self.perform_refund(shop, transaction, &intent).await,
        };
        let concluded = self.conclude(shop, transaction, &intent, finding).await?;
        concluded.result.map_err(Refusal::Provider)?;
        let after = concluded.transaction;
        Ok(CancelReply {
            order_id: after.order_id.clone(),
            status: after.status(),
            amount: after.money.amount,
            tax: after.money.tax,
            cancel_amount: asked.amount,
            cancel_tax: asked.tax,
        })
    }

    /// Lets a charge go. A charge that Amazon has declined in the meantime, or that is captured, cannot be.
    pub(super) async fn perform_cancel(&self, shop: &Shop, transaction: &Transaction, intent: &Intent) -> Finding<()> {
        let Effect::CancelCharge { charge, replaced } = &intent.effect else {
            return Finding::Unknown("not a cancellation".to_owned());
        };
        let request = CancelCharge { cancellation_reason: "AmazonpayCancel".to_owned() };
        let errand = Errand::effect(intent);
        let error = match self.parts.amazon.cancel_charge(self.sent(shop, errand), charge, &request).await {
            Ok(answer) if answer.value.status_details.state == ChargeState::Canceled => {
                let event = (!replaced).then_some(Event::Cancelled);
                return Finding::Done((), event, Proof::new("Canceled", answer.request_id));
            }
            Ok(answer) => return Finding::Unknown(format!("the charge is {}", answer.value.status_details.state)),
            Err(error) => error,
        };
        match Meaning::of(&error, intent) {
            Meaning::NotAsked => Finding::NotDone(codes::AMAZON_UNREACHABLE, None, Proof::of(&error)),
            _ if provider::is_temporary(&error)
                || matches!(error, CallError::Unknown { .. } | CallError::NotSent { .. }) =>
            {
                Finding::Unknown(provider::evidence_of(&error))
            }
            // Cancel has no idempotency key: "not in this status" may mean that an earlier attempt did it.
            _ => match self.parts.amazon.charge(self.sent(shop, errand), charge).await {
                Ok(answer) => not_cancelled(transaction, *replaced, &answer.value, &error),
                Err(unknown) => Finding::Unknown(provider::evidence_of(&unknown)),
            },
        }
    }

    /// Finds out whether a cancellation took place and, where the charge is still authorised, cancels it again.
    pub(super) async fn look_at_cancel(&self, shop: &Shop, transaction: &Transaction, intent: &Intent) -> Finding<()> {
        given_up(transaction, self.perform_cancel(shop, transaction, &looked_at(intent)).await)
    }
}

/// The effect that gives `asked` back, if this transaction can. The Status is judged before the amount (psp-protocol
/// 11.4): where nothing can be cancelled any more, nothing is left to exceed.
fn effect_of(transaction: &Transaction, asked: Money) -> Result<Effect, Refusal> {
    let left = transaction.money;
    match &transaction.state {
        State::Auth(payment) => {
            if left.part(asked).ok_or(Refusal::CancelExceeds)? != left {
                return Err(Refusal::CancelDiffers);
            }
            Ok(Effect::CancelCharge { charge: payment.charge.clone(), replaced: false })
        }
        State::Sales(payment) | State::Capture(payment) if payment.refund.is_none() => {
            // Totals are judged (psp-protocol 5.5); Amazon knows nothing of the parts.
            let money = left.part(asked).ok_or(Refusal::CancelExceeds)?;
            Ok(Effect::CreateRefund { charge: payment.charge.clone(), money, lowers_amount: false, left: None })
        }
        other => Err(Refusal::Status(other.status())),
    }
}

/// What a charge that Amazon refused to cancel says of itself.
fn not_cancelled(transaction: &Transaction, replaced: bool, charge: &Charge, refusal: &CallError) -> Finding<()> {
    let state = &charge.status_details.state;
    let request_id = refusal.request_id().map(str::to_owned);
    match state {
        ChargeState::Canceled => {
            Finding::Done((), (!replaced).then_some(Event::Cancelled), Proof::new("Canceled", request_id))
        }
        ChargeState::Declined => {
            let (code, event) = ended(charge);
            let event = event.filter(|_| !replaced && matches!(transaction.state, State::Auth(_)));
            Finding::NotDone(code, event, Proof::new("Declined", request_id))
        }
        // An earlier attempt, of which nothing was heard, may still be on its way.
        ChargeState::Authorized if !refusal.changed_nothing() => {
            Finding::Unknown(format!("still authorised after {}", provider::evidence_of(refusal)))
        }
        _ => {
            if replaced {
                tracing::error!(charge_id = %charge.charge_id, %state, "a replaced charge cannot be let go");
            }
            Finding::NotDone(provider::code_beside_session(refusal), None, Proof::of(refusal))
        }
    }
}
