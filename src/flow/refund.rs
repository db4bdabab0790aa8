//! Refunds end later (amazon-pay 2.6): Amazon accepts one at once and finishes it in its own time.

use super::effect::{Finding, Meaning, Proof, looked_at};
use super::errand::Errand;
use super::{Gateway, Refusal, Shop, provider};
use crate::amazonpay::{CreateRefund, Price, RefundState};
use crate::domain::transaction::{AmazonPayment, Event, Refund};
use crate::domain::{Effect, Intent, RefundId, Transaction};
use crate::protocol::codes;
use crate::store::Change;

impl Gateway {
    pub(super) async fn perform_refund(&self, shop: &Shop, transaction: &Transaction, intent: &Intent) -> Finding<()> {
        let Effect::CreateRefund { charge, money, .. } = &intent.effect else {
            return Finding::Unknown("not a refund".to_owned());
        };
        let request = CreateRefund { charge_id: charge.clone(), refund_amount: Price::of(money.total()) };
        match self.parts.amazon.create_refund(self.sent(shop, Errand::effect(intent)), &request, &intent.key).await {
            Ok(answer) if answer.value.refund_amount.yen() != Ok(money.total()) => {
                tracing::error!(refund_id = %answer.value.refund_id, "refunded, but not the amount that was asked for");
                Finding::Unknown("refunded another amount".to_owned())
            }
            Ok(answer) if answer.value.status_details.state == RefundState::Declined => {
                Finding::NotDone(codes::REFUND_REJECTED, None, Proof::new("Declined", answer.request_id))
            }
            Ok(answer) => match self.accepted(transaction, intent, answer.value.refund_id) {
                Some(event) => {
                    let state = answer.value.status_details.state;
                    Finding::Done((), Some(event), Proof::new(state.as_str(), answer.request_id))
                }
                None => Finding::Unknown("a refund without a payment".to_owned()),
            },
            Err(error) => match Meaning::of(&error, intent) {
                Meaning::Refused => {
                    let code = match error.reason_code() {
                        Some("AmazonRejected") => codes::REFUND_REJECTED,
                        _ => provider::code_beside_session(&error),
                    };
                    Finding::NotDone(code, None, Proof::of(&error))
                }
                Meaning::NotAsked => Finding::NotDone(codes::AMAZON_UNREACHABLE, None, Proof::of(&error)),
                Meaning::Open => Finding::Unknown(provider::evidence_of(&error)),
            },
        }
    }

    fn accepted(&self, transaction: &Transaction, intent: &Intent, id: RefundId) -> Option<Event> {
        let Effect::CreateRefund { money, lowers_amount, left, .. } = &intent.effect else { return None };
        let refund = Refund { id, money: *money, look_at: self.first_look() };
        if !lowers_amount {
            return Some(Event::ReturnRequested(refund));
        }
        let payment = transaction.state.payment()?.clone();
        let left = left.or_else(|| transaction.money.minus(*money))?;
        Some(Event::Changed(left, AmazonPayment { refund: Some(refund), ..payment }))
    }

    /// Finds out what became of a refund by asking for it again under the same key: Amazon answers the same refund.
    pub(super) async fn look_at_create_refund(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        intent: &Intent,
    ) -> Finding<()> {
        self.perform_refund(shop, transaction, &looked_at(intent)).await
    }

    /// Looks whether a refund under way has ended. Only Amazon's word ends it.
    pub(super) async fn look_at_refund(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        errand: Errand<'_>,
    ) -> Result<(), Refusal> {
        let Some(refund) = transaction.state.payment().and_then(|payment| payment.refund.as_ref()) else {
            return Ok(());
        };
        let event = match self.parts.amazon.refund(self.sent(shop, errand), &refund.id).await {
            Ok(answer) => match answer.value.status_details.state {
                RefundState::Refunded => Some(Event::Returned),
                RefundState::Declined => Some(Event::ReturnRefused),
                _ => None,
            },
            Err(error) => {
                let why = provider::evidence_of(&error);
                tracing::warn!(access_id = %transaction.access_id, refund_id = refund.id.as_str(), why, "refund unknown");
                None
            }
        };
        // Whoever looks puts off the next look.
        let Some(event) = event else { return Ok(()) };
        let now = self.parts.clock.now();
        let change = Change::event(transaction, event, now).map_err(|refused| Refusal::Status(refused.status))?;
        self.commit(shop, transaction, change).await.map(|_| ())
    }
}
