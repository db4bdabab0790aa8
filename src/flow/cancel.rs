//! AmazonpayCancel: let an authorisation go, or give captured money back (psp-protocol 5.5 and 13.7).

use super::complete::is_temporary;
use super::effect::{Finding, Proof};
use super::mfa::given_up;
use super::{Gateway, Refusal, Shop, provider};
use crate::amazonpay::{CallError, CancelCharge, ChargeState};
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
        let shop = admitted.shop;
        let request = admitted.request;
        let asked = Money { amount: request.cancel_amount, tax: request.cancel_tax };
        let effect = effect_of(&transaction, asked)?;
        let intent = self.intend(&transaction, effect).await?;
        let finding = match &intent.effect {
            Effect::CancelCharge { .. } => self.perform_cancel(&shop, &intent).await,
            _ => self.perform_refund(&shop, &transaction, &intent).await,
        };
        let concluded = self.conclude(&shop, &transaction, &intent, finding).await?;
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

    pub(super) async fn perform_cancel(&self, shop: &Shop, intent: &Intent) -> Finding<()> {
        let Effect::CancelCharge { charge, replaced } = &intent.effect else {
            return Finding::Unknown("not a cancellation".to_owned());
        };
        let event = (!replaced).then_some(Event::Cancelled);
        let request = CancelCharge { cancellation_reason: "AmazonpayCancel".to_owned() };
        match self.parts.amazon.cancel_charge(&shop.merchant, charge, &request).await {
            Ok(answer) => cancelled(&answer.value.status_details.state, event, None, answer.request_id),
            Err(error) if error.changed_nothing() && (is_temporary(&error) || error.reason_code().is_none()) => {
                Finding::NotDone(codes::AMAZON_UNREACHABLE, None, Proof::of(&error))
            }
            Err(error @ CallError::Refused { .. }) => {
                // Cancel has no idempotency key: "not in this status" may mean that an earlier attempt did it.
                match self.parts.amazon.charge(&shop.merchant, charge).await {
                    Ok(answer) => cancelled(&answer.value.status_details.state, event, Some(&error), answer.request_id),
                    Err(unknown) => Finding::Unknown(provider::evidence_of(&unknown)),
                }
            }
            Err(error) => Finding::Unknown(provider::evidence_of(&error)),
        }
    }

    /// Finds out whether a cancellation took place and, where the charge is still authorised, cancels it again.
    pub(super) async fn look_at_cancel(&self, shop: &Shop, transaction: &Transaction, intent: &Intent) -> Finding<()> {
        match given_up(transaction, self.perform_cancel(shop, intent).await) {
            Finding::NotDone(code, None, _) if code == codes::AMAZON_UNREACHABLE => {
                Finding::Unknown("not sent".to_owned())
            }
            finding => finding,
        }
    }
}

/// The effect that gives `asked` back, if this transaction can.
fn effect_of(transaction: &Transaction, asked: Money) -> Result<Effect, Refusal> {
    let left = transaction.money;
    // The status is judged before the amount (psp-protocol 11.4); and a refund under way bars the next.
    match &transaction.state {
        State::Auth(_) => {}
        State::Sales(payment) | State::Capture(payment) if payment.refund.is_none() => {}
        other => return Err(Refusal::Status(other.status())),
    }
    let rest = left.total().minus(asked.total()).ok_or(Refusal::CancelExceeds)?;
    match &transaction.state {
        State::Auth(payment) if rest.get() == 0 => {
            Ok(Effect::CancelCharge { charge: payment.charge.clone(), replaced: false })
        }
        State::Auth(_) => Err(Refusal::CancelDiffers),
        State::Sales(payment) | State::Capture(payment) => {
            // A part is only a part of each: an amount cannot be given back as tax.
            let whole = rest.get() == 0;
            let money = if whole { left } else { asked };
            left.minus(money).ok_or(Refusal::CancelExceeds)?;
            Ok(Effect::CreateRefund { charge: payment.charge.clone(), money, lowers_amount: false })
        }
        other => Err(Refusal::Status(other.status())),
    }
}

fn cancelled(
    state: &ChargeState,
    event: Option<Event>,
    refusal: Option<&CallError>,
    request_id: Option<String>,
) -> Finding<()> {
    match (state, refusal) {
        (ChargeState::Canceled, _) => Finding::Done((), event, Proof::new("Canceled", request_id)),
        (_, Some(error)) => Finding::NotDone(provider::code_of_error(error), None, Proof::of(error)),
        (other, None) => Finding::Unknown(format!("the charge is {other}")),
    }
}
