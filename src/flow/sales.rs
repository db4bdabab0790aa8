//! AmazonpaySales: capture what was authorised (psp-protocol 5.4).

use super::complete::is_temporary;
use super::effect::{Finding, Proof};
use super::gate::require_status;
use super::{Gateway, Refusal, Shop, provider};
use crate::amazonpay::{CallError, CaptureCharge, Charge, ChargeState, Price};
use crate::domain::transaction::{AmazonPayment, Event};
use crate::domain::{Effect, Intent, Money, State, Status, Transaction};
use crate::protocol::{AmountReply, AmountRequest, Call, Reading, codes};

/// Amazon keeps an authorisation for 30 days (amazon-pay 2.5).
const AUTHORISATION_MS: i64 = 30 * 24 * 60 * 60 * 1000;

impl Gateway {
    /// Captures an authorised amount or a part of it; Amazon lets the rest go.
    ///
    /// # Errors
    /// [`Refusal`]. Where Amazon's answer is lost the transaction stays AUTH and no other call can touch it until the
    /// outcome is known. A capture that took place is then told by notification; one that did not changes nothing.
    pub async fn sales(&self, reading: Reading<AmountRequest>) -> Result<AmountReply, Refusal> {
        let (admitted, transaction) = self.admit_to_transaction(Call::Sales, reading).await?;
        let shop = admitted.shop;
        let request = admitted.request;
        let payment = sellable(&transaction)?.clone();
        let money = Money::new(request.amount, request.tax).ok_or(Refusal::AmountExceeds)?;
        if money.total() > transaction.money.total() {
            return Err(Refusal::AmountExceeds);
        }
        if shop.settings.sales_amount_must_match && money.total() != transaction.money.total() {
            return Err(Refusal::AmountDiffers);
        }
        if self.parts.clock.now().since(payment.authorized_at) > AUTHORISATION_MS {
            return Err(Refusal::AuthorisationExpired);
        }
        let effect = Effect::CaptureCharge { charge: payment.charge, money };
        let intent = self.intend(&transaction, effect).await?;
        let finding = self.perform_capture(&shop, &intent).await;
        let concluded = self.conclude(&shop, &transaction, &intent, finding).await?;
        concluded.result.map_err(Refusal::Provider)?;
        let after = concluded.transaction;
        Ok(AmountReply {
            order_id: after.order_id.clone(),
            status: after.status(),
            amount: after.money.amount,
            tax: after.money.tax,
        })
    }

    async fn perform_capture(&self, shop: &Shop, intent: &Intent) -> Finding<()> {
        let Effect::CaptureCharge { charge, money } = &intent.effect else {
            return Finding::Unknown("not a capture".to_owned());
        };
        let request = CaptureCharge { capture_amount: Price::of(money.total()) };
        match self.parts.amazon.capture_charge(&shop.merchant, charge, &request, &intent.key).await {
            Ok(answer) => self.charge_says(&answer.value, *money, answer.request_id),
            Err(error @ CallError::Refused { .. }) if !is_temporary(&error) => {
                if error.changed_nothing() && error.reason_code() != Some("InvalidChargeStatus") {
                    return Finding::NotDone(provider::code_of_error(&error), None, Proof::of(&error));
                }
                self.look_after_refusal(shop, intent, &error).await
            }
            Err(error @ (CallError::Refused { .. } | CallError::NotSent { .. })) => {
                Finding::NotDone(codes::AMAZON_UNREACHABLE, None, Proof::of(&error))
            }
            Err(error @ CallError::Unknown { .. }) => Finding::Unknown(provider::evidence_of(&error)),
        }
    }

    /// "Not in this status" may mean that an earlier attempt was the one that captured.
    async fn look_after_refusal(&self, shop: &Shop, intent: &Intent, refusal: &CallError) -> Finding<()> {
        let Effect::CaptureCharge { charge, money } = &intent.effect else {
            return Finding::Unknown("not a capture".to_owned());
        };
        match self.parts.amazon.charge(&shop.merchant, charge).await {
            Ok(answer) if answer.value.status_details.state == ChargeState::Authorized => {
                if refusal.changed_nothing() {
                    Finding::NotDone(provider::code_of_error(refusal), None, Proof::of(refusal))
                } else {
                    // An earlier attempt, of which nothing was heard, may still be on its way.
                    Finding::Unknown(format!("still authorised after {}", provider::evidence_of(refusal)))
                }
            }
            Ok(answer) => self.charge_says(&answer.value, *money, answer.request_id),
            Err(error) => Finding::Unknown(provider::evidence_of(&error)),
        }
    }

    /// What the state of a charge says about a capture of `money`.
    fn charge_says(&self, charge: &Charge, money: Money, request_id: Option<String>) -> Finding<()> {
        let state = &charge.status_details.state;
        match state {
            ChargeState::Captured => {
                let captured = charge.capture_amount.as_ref().map(Price::yen);
                if captured != Some(Ok(money.total())) {
                    tracing::error!(charge_id = %charge.charge_id, "captured, but not the amount that was asked for");
                    return Finding::Unknown("captured another amount".to_owned());
                }
                let event = Event::Sold(money, self.parts.clock.now());
                Finding::Done((), Some(event), Proof::new("Captured", request_id))
            }
            ChargeState::Canceled | ChargeState::Declined => {
                let reason = charge.status_details.reason_code.as_deref().unwrap_or_default();
                Finding::NotDone(provider::code_of(reason), None, Proof::new(format!("{state} {reason}"), request_id))
            }
            other => Finding::Unknown(format!("the charge is {other}")),
        }
    }

    /// Finds out whether a capture took place and, where the charge is still only authorised, captures under the same
    /// key: the shop has asked for it.
    pub(super) async fn look_at_capture(&self, shop: &Shop, _: &Transaction, intent: &Intent) -> Finding<()> {
        let Effect::CaptureCharge { charge, money } = &intent.effect else {
            return Finding::Unknown("not a capture".to_owned());
        };
        match self.parts.amazon.charge(&shop.merchant, charge).await {
            Ok(answer) if answer.value.status_details.state == ChargeState::Authorized => {
                match self.perform_capture(shop, intent).await {
                    // Here "could not be sent" is no answer yet: nobody waits, so it can be sent again.
                    Finding::NotDone(code, _, _) if code == codes::AMAZON_UNREACHABLE => {
                        Finding::Unknown("not sent".to_owned())
                    }
                    finding => finding,
                }
            }
            Ok(answer) => self.charge_says(&answer.value, *money, answer.request_id),
            Err(error) => Finding::Unknown(provider::evidence_of(&error)),
        }
    }
}

fn sellable(transaction: &Transaction) -> Result<&AmazonPayment, Refusal> {
    require_status(transaction, Status::Auth)?;
    match &transaction.state {
        State::Auth(payment) => Ok(payment),
        other => Err(Refusal::Status(other.status())),
    }
}
