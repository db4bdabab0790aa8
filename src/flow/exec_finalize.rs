//! ExecTranAmazonpay where the buyer has agreed inside the on-page script: the session is finalized at once, and no
//! browser step is left (psp-protocol 13.15, the immediate shape).

use super::effect::{Finding, Meaning, Proof, looked_at};
use super::errand::Errand;
use super::exec_on_demand::immediate;
use super::exec_review::intent_of;
use super::later::pending;
use super::{Gateway, Refusal, Shop, provider};
use crate::amazonpay::{
    Answer, CallError, ChargePermissionType, CheckoutSession, FinalizeCheckoutSession, Price, SessionState,
};
use crate::domain::transaction::{Event, Exec, Failure};
use crate::domain::{CheckoutSessionId, Effect, Intent, PaymentType, Transaction};
use crate::protocol::{ErrInfo, ImmediateReply, codes};

impl Gateway {
    /// Finalizes a session. A mismatch is Amazon's no like any other: the transaction ends in PAYFAIL and nothing was
    /// charged; a lost answer leaves it UNPROCESSED under an open intent.
    pub(super) async fn exec_finalize(
        &self,
        shop: &Shop,
        transaction: Transaction,
        session: &CheckoutSessionId,
        exec: Exec,
    ) -> Result<ImmediateReply, Refusal> {
        self.take_over_session(shop, &transaction, session).await?;
        let effect = Effect::FinalizeCheckoutSession {
            session: session.clone(),
            amount: transaction.money.total(),
            exec: Box::new(exec),
        };
        let intent = self.intend(&transaction, effect).await?;
        let finding = self.perform_finalize(shop, &transaction, &intent).await;
        let concluded = self.conclude(shop, &transaction, &intent, finding).await?;
        self.wait_for_first_attempt(concluded.notification_id.as_deref()).await;
        concluded.result.map_err(Refusal::Provider)?;
        Ok(immediate(shop, &concluded.transaction))
    }

    async fn perform_finalize(&self, shop: &Shop, transaction: &Transaction, intent: &Intent) -> Finding<()> {
        let Effect::FinalizeCheckoutSession { session, amount, exec } = &intent.effect else {
            return Finding::Unknown("not a finalization".to_owned());
        };
        // Amazon wants the session's own addresses back, so they are read first.
        let errand = Errand::effect(intent);
        let before = match self.parts.amazon.checkout_session(self.sent(shop, errand), session).await {
            Ok(answer) if answer.value.status_details.state == SessionState::Open => {
                if intent.looks == 0 && lacks_consent(transaction, exec, &answer.value) {
                    // Nothing was asked for yet: the buyer would be charged, and no consent would come of it.
                    let proof = Proof::new("the session asks for a permission for one payment", answer.request_id);
                    return Finding::NotDone(codes::COMBINATION, None, proof);
                }
                answer.value
            }
            Ok(answer) => {
                return self.ended_before(shop, transaction, exec, &answer.value, answer.request_id, errand).await;
            }
            Err(error @ CallError::Refused { .. }) if !provider::is_temporary(&error) && intent.looks == 0 => {
                // Nothing was asked for yet; the shop may come again with the right session.
                return Finding::NotDone(provider::code_of_error(&error), None, Proof::of(&error));
            }
            // Nor was it here, where a shop waits. Afterwards, not even "no such session" is evidence.
            Err(error) if intent.looks == 0 => {
                return Finding::NotDone(codes::AMAZON_UNREACHABLE, None, Proof::of(&error));
            }
            Err(error) => return Finding::Unknown(provider::evidence_of(&error)),
        };
        let request = FinalizeCheckoutSession {
            payment_intent: intent_of(transaction),
            charge_amount: Price::of(*amount),
            total_order_amount: before.payment_details.total_order_amount,
            // The shop's own payload says so; another word than the session's would be a mismatch.
            can_handle_pending_authorization: before.payment_details.can_handle_pending_authorization.or(Some(false)),
            shipping_address: before.shipping_address,
            billing_address: before.billing_address,
        };
        let by = self.sent(shop, errand);
        match self.parts.amazon.finalize_checkout_session(by, session, &request, &intent.key).await {
            Ok(answer) => self.finalized(transaction, exec, answer),
            Err(error) => match Meaning::of(&error, intent) {
                Meaning::Refused => {
                    let code = provider::code_of_error(&error);
                    Finding::NotDone(code, Some(refused(exec, code)), Proof::of(&error))
                }
                Meaning::NotAsked => Finding::NotDone(codes::AMAZON_UNREACHABLE, None, Proof::of(&error)),
                Meaning::Open => Finding::Unknown(provider::evidence_of(&error)),
            },
        }
    }

    /// What Amazon's answer to our own call means: it held the amount against the session's.
    fn finalized(&self, transaction: &Transaction, exec: &Exec, answer: Answer<CheckoutSession>) -> Finding<()> {
        let is_pending = answer.is_pending();
        let Answer { value: session, request_id, .. } = answer;
        match self.completed(transaction, &session) {
            Some(Event::Completed(payment)) if is_pending => {
                let event = at_once(pending(payment, self.first_look()), exec);
                Finding::Done((), Some(event), Proof::new("Completed, pending", request_id))
            }
            Some(event) if session.status_details.state == SessionState::Completed => {
                Finding::Done((), Some(at_once(event, exec)), Proof::new("Completed", request_id))
            }
            _ => Finding::Unknown(format!("finalized, but the session is {}", session.status_details.state)),
        }
    }

    /// What a session that was over before means: another order's money is not this one's, so its charge is asked.
    async fn ended_before(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        exec: &Exec,
        session: &CheckoutSession,
        request_id: Option<String>,
        errand: Errand<'_>,
    ) -> Finding<()> {
        match self.ended_session(shop, transaction, session, request_id, errand).await {
            Finding::Done((), event, proof) => Finding::Done((), event.map(|event| at_once(event, exec)), proof),
            Finding::NotDone(code, event, proof) => {
                Finding::NotDone(code, event.map(|event| at_once(event, exec)), proof)
            }
            unknown @ Finding::Unknown(_) => unknown,
        }
    }

    /// Finds out whether a session was finalized and, where it is still open, finalizes it under the same key.
    pub(super) async fn look_at_finalize(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        intent: &Intent,
    ) -> Finding<()> {
        self.perform_finalize(shop, transaction, &looked_at(intent)).await
    }
}

/// Whether the shop says "consent" and the buyer was asked for a single payment.
fn lacks_consent(transaction: &Transaction, exec: &Exec, session: &CheckoutSession) -> bool {
    asks_for_consent(transaction, exec) && session.charge_permission_type == Some(ChargePermissionType::OneTime)
}

/// Whether the execution is one of a consent: it was declared at EntryTran, or the cycle says so (psp-protocol 13.1).
pub(super) fn asks_for_consent(transaction: &Transaction, exec: &Exec) -> bool {
    exec.frequency.is_some() || transaction.payment_type == Some(PaymentType::Consent)
}

/// The same event for a transaction that is only now executed.
fn at_once(event: Event, exec: &Exec) -> Event {
    match event {
        Event::Completed(payment) => Event::ChargedAtOnce(exec.clone(), payment),
        Event::Pending(handover) => Event::PendingAtOnce(exec.clone(), handover),
        Event::Registered(permission) => Event::RegisteredAtOnce(exec.clone(), permission),
        Event::Failed(failure) => Event::RefusedAtOnce(exec.clone(), failure),
        other => other,
    }
}

fn refused(exec: &Exec, code: ErrInfo) -> Event {
    Event::RefusedAtOnce(exec.clone(), Failure { err_info: code.to_string() })
}
