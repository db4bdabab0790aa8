//! AmazonpaySales: capture what was authorised (psp-protocol 5.4).
//!
//! Up to seven days after the authorisation Amazon captures at once. Later it takes its time: the transaction then waits
//! in AUTH, and `later` finds out. After 30 days the authorisation is gone; a shop may have it renewed by a new charge
//! on the same permission, captured at once (amazon-pay 2.5).

use super::effect::{Concluded, Finding, Meaning, Proof, looked_at};
use super::errand::Errand;
use super::gate::require_status;
use super::later::{ended, took};
use super::{Gateway, Refusal, Shop, provider};
use crate::amazonpay::{CallError, CaptureCharge, Charge, ChargeState, Price};
use crate::domain::operation::ChargeFor;
use crate::domain::transaction::{AmazonPayment, Event};
use crate::domain::{Effect, Intent, Money, State, Status, Transaction};
use crate::protocol::{AmountReply, AmountRequest, Call, Reading, codes};
use crate::store::Occasion;

/// Amazon keeps an authorisation for 30 days (amazon-pay 2.5).
const AUTHORISATION_MS: i64 = 30 * 24 * 60 * 60 * 1000;

impl Gateway {
    /// Captures an authorised amount or a part of it; Amazon lets the rest go. Where Amazon takes its time the answer
    /// says AUTH, with the amounts that are being captured, and SALES or PAYFAIL follows by notification.
    ///
    /// # Errors
    /// [`Refusal`]. Where Amazon's answer is lost the transaction stays AUTH and no other call can touch it until the
    /// outcome is known. A capture that took place is then told by notification; one that did not changes nothing,
    /// unless Amazon declined the charge: then there is nothing left to sell, and the transaction is PAYFAIL.
    pub async fn sales(&self, reading: Reading<AmountRequest>) -> Result<AmountReply, Refusal> {
        let (admitted, transaction) = self.admit_to_transaction(Call::Sales, reading).await?;
        let asked = Money::new(admitted.request.amount, admitted.request.tax);
        self.sell(&admitted.shop, &transaction, asked).await
    }

    /// The same for whoever was admitted; `asked` is none where the sum has more than seven digits.
    pub(super) async fn sell(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        asked: Option<Money>,
    ) -> Result<AmountReply, Refusal> {
        let payment = sellable(transaction)?.clone();
        let money = asked.ok_or(Refusal::AmountExceeds)?;
        if money.total() > transaction.money.total() {
            return Err(Refusal::AmountExceeds);
        }
        if shop.settings.sales_amount_must_match && money.total() != transaction.money.total() {
            return Err(Refusal::AmountDiffers);
        }
        let (expired, renews) = (self.is_expired(transaction), shop.settings.renew_expired_authorization);
        if expired && !renews {
            return Err(Refusal::AuthorisationExpired);
        }
        // Where our clock is ahead of Amazon's, or somebody did something with the charge, Amazon says which.
        if !expired || !self.has_lapsed(shop, transaction, &payment).await? {
            let captured = self.capture(shop, transaction, payment.clone(), money).await?;
            match captured.result {
                // Amazon's clock was ahead of ours.
                Err(codes::AUTHORISATION_EXPIRED) if renews && self.has_lapsed(shop, transaction, &payment).await? => {}
                _ => return answer(&captured),
            }
        }
        answer(&self.renew(shop, transaction, payment, money).await?)
    }

    /// Whether the authorisation is older than Amazon keeps one.
    pub fn is_expired(&self, transaction: &Transaction) -> bool {
        let authorized_at = transaction.state.payment().map(|payment| payment.authorized_at);
        authorized_at.is_some_and(|at| self.parts.clock.now().since(at) > AUTHORISATION_MS)
    }

    /// Whether Amazon let the authorisation lapse. Nothing else makes room for a new charge: the old one may have been
    /// captured, or cancelled on purpose.
    async fn has_lapsed(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        payment: &AmazonPayment,
    ) -> Result<bool, Refusal> {
        let by = self.sent(shop, Errand::about(transaction, Occasion::Request));
        let answer = self.parts.amazon.charge(by, &payment.charge).await;
        let status =
            answer.map_err(|error| Refusal::Provider(provider::code_beside_session(&error)))?.value.status_details;
        Ok(status.state == ChargeState::Canceled && status.reason_code.as_deref() == Some("ExpiredUnused"))
    }

    async fn capture(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        payment: AmazonPayment,
        money: Money,
    ) -> Result<Concluded<()>, Refusal> {
        let intent = self.intend(transaction, Effect::CaptureCharge { charge: payment.charge, money }).await?;
        let finding = self.perform_capture(shop, &intent).await;
        self.conclude(shop, transaction, &intent, finding).await
    }

    async fn renew(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        payment: AmazonPayment,
        money: Money,
    ) -> Result<Concluded<()>, Refusal> {
        let effect = Effect::CreateCharge {
            permission: payment.permission,
            amount: money.total(),
            capture: true,
            purpose: ChargeFor::Renewal { money },
        };
        let intent = self.intend(transaction, effect).await?;
        let finding = self.perform_create_charge(shop, transaction, &intent).await;
        self.conclude(shop, transaction, &intent, finding).await
    }

    async fn perform_capture(&self, shop: &Shop, intent: &Intent) -> Finding<()> {
        let Effect::CaptureCharge { charge, money } = &intent.effect else {
            return Finding::Unknown("not a capture".to_owned());
        };
        let request = CaptureCharge { capture_amount: Price::of(money.total()) };
        let by = self.sent(shop, Errand::effect(intent));
        let error = match self.parts.amazon.capture_charge(by, charge, &request, &intent.key).await {
            // An answer under a key that was used before is the first one, however long ago that was.
            Ok(answer) if intent.looks == 0 => return self.charge_says(&answer.value, *money, answer.request_id),
            Ok(_) => return self.look_after(shop, intent, None).await,
            Err(error) => error,
        };
        match Meaning::of(&error, intent) {
            Meaning::NotAsked => Finding::NotDone(codes::AMAZON_UNREACHABLE, None, Proof::of(&error)),
            _ if matches!(error, CallError::Unknown { .. }) => Finding::Unknown(provider::evidence_of(&error)),
            Meaning::Refused | Meaning::Open => self.look_after(shop, intent, Some(&error)).await,
        }
    }

    /// What the charge says after a call that does not say all: "not in this status" may mean that an earlier attempt was
    /// the one that captured, and a decline may have ended the charge.
    async fn look_after(&self, shop: &Shop, intent: &Intent, refusal: Option<&CallError>) -> Finding<()> {
        let Effect::CaptureCharge { charge, money } = &intent.effect else {
            return Finding::Unknown("not a capture".to_owned());
        };
        let by = self.sent(shop, Errand::effect(intent));
        match (self.parts.amazon.charge(by, charge).await, refusal) {
            (Ok(answer), Some(refusal)) if answer.value.status_details.state == ChargeState::Authorized => {
                if Meaning::of(refusal, intent) == Meaning::Refused {
                    Finding::NotDone(provider::code_beside_session(refusal), None, Proof::of(refusal))
                } else {
                    // An earlier attempt, of which nothing was heard, may still be on its way.
                    Finding::Unknown(format!("still authorised after {}", provider::evidence_of(refusal)))
                }
            }
            (Ok(answer), _) => self.charge_says(&answer.value, *money, answer.request_id),
            // The charge cannot be asked, but this no needs no witness.
            (Err(_), Some(refusal))
                if Meaning::of(refusal, intent) == Meaning::Refused
                    && refusal.reason_code() != Some("InvalidChargeStatus") =>
            {
                Finding::NotDone(provider::code_beside_session(refusal), None, Proof::of(refusal))
            }
            (Err(error), _) => Finding::Unknown(provider::evidence_of(&error)),
        }
    }

    /// What the state of a charge says about a capture of `money`.
    fn charge_says(&self, charge: &Charge, money: Money, request_id: Option<String>) -> Finding<()> {
        let state = &charge.status_details.state;
        match state {
            ChargeState::Captured if took(charge, money) => {
                let event = Event::Sold(money, self.parts.clock.now());
                Finding::Done((), Some(event), Proof::new("Captured", request_id))
            }
            ChargeState::CaptureInitiated if charge.capture_amount.is_none() || took(charge, money) => {
                let event = Event::SaleBegun(money, self.first_look());
                Finding::Done((), Some(event), Proof::new("CaptureInitiated", request_id))
            }
            ChargeState::Canceled | ChargeState::Declined => {
                let reason = charge.status_details.reason_code.as_deref().unwrap_or_default();
                let (code, event) = ended(charge);
                Finding::NotDone(code, event, Proof::new(format!("{state} {reason}"), request_id))
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
        match self.parts.amazon.charge(self.sent(shop, Errand::look(intent)), charge).await {
            Ok(answer) if answer.value.status_details.state == ChargeState::Authorized => {
                self.perform_capture(shop, &looked_at(intent)).await
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

fn answer(concluded: &Concluded<()>) -> Result<AmountReply, Refusal> {
    concluded.result.map_err(Refusal::Provider)?;
    Ok(reply(&concluded.transaction))
}

/// The amounts that are captured, whether Amazon has the money already or takes its time.
fn reply(transaction: &Transaction) -> AmountReply {
    let money = match &transaction.state {
        State::Selling { money, .. } => *money,
        _ => transaction.money,
    };
    AmountReply {
        order_id: transaction.order_id.clone(),
        status: transaction.status(),
        amount: money.amount,
        tax: money.tax,
    }
}
