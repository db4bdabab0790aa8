//! A cPSP's charge for which Amazon wants the buyer's second factor first (psp-protocol 5.2, the redirect shape). Nothing
//! public says how Amazon asks, so both ways are understood that its API has words for.
//!
//! Either it has taken the charge on, has not authorised it, and says where the buyer has to go. That charge is money in
//! the making, so no transaction ends beside it: Amazon is asked what became of it, and where the buyer did not come, or
//! did not come back, in time, it is cancelled there before the transaction is EXPIRED. If the buyer is quicker than the
//! cancellation, Amazon's word on the charge stands, whichever it is.
//!
//! Or it has refused the charge with `MFANotCompleted`. Then there is none; the buyer gives the factor at the address
//! that Amazon's window gave the shop (`amazonPayMFAReturnUrl`, which is the RetURL), and the permission is charged anew
//! once the browser is back. That the browser came proves nothing: without the factor Amazon refuses again.

use super::complete::failed;
use super::effect::{Finding, Proof};
use super::errand::Errand;
use super::exec_review::token_hash;
use super::{Gateway, Refusal, Shop, provider};
use crate::amazonpay::{CallError, Charge, ChargeState, WebCheckoutDetails};
use crate::domain::operation::ChargeFor;
use crate::domain::transaction::{AmazonPayment, Departure, Event, Exec, Failure, Handover, PendingCharge, Ticket};
use crate::domain::{Effect, JobCd, Millis, Money, State, Transaction, Way};
use crate::protocol::{codes, new_token};
use crate::store::{Change, Occasion};

/// The charge that waits for the second factor, in a transaction that waits with it.
pub(super) fn waits_for_mfa(transaction: &Transaction) -> Option<&PendingCharge> {
    let approved = transaction.exec.as_ref().is_some_and(|exec| exec.way == Way::Approved);
    transaction.state.pending_charge().filter(|_| approved)
}

/// What the cancellation of such a charge means: the buyer took too long. Of any other it means what it says.
pub(super) fn given_up(transaction: &Transaction, finding: Finding<()>) -> Finding<()> {
    match finding {
        Finding::Done((), Some(Event::Cancelled), proof) if waits_for_mfa(transaction).is_some() => {
            let failure = Failure { err_info: codes::DEADLINE_PASSED.to_string() };
            Finding::Done((), Some(Event::Expired(failure)), proof)
        }
        other => other,
    }
}

impl Gateway {
    /// Where Amazon sends the buyer after the second factor; nothing where no buyer is present.
    pub(super) fn mfa_return(&self, transaction: &Transaction, purpose: &ChargeFor) -> Option<WebCheckoutDetails> {
        matches!(purpose, ChargeFor::Exec(exec) if exec.way == Way::Approved).then(|| WebCheckoutDetails {
            checkout_result_return_url: Some(self.result_return_url(transaction)),
            ..WebCheckoutDetails::default()
        })
    }

    /// What a new charge means that Amazon wants a second factor for. The ticket's Token is known to nobody and its time
    /// is over: who still has the shop on the line gives it another (`exec_approved.rs`), and who finds the charge later
    /// leaves it to be cancelled, for no buyer can set out.
    pub(super) fn mfa_demanded(
        &self,
        charge: &Charge,
        purpose: &ChargeFor,
        request_id: Option<&str>,
    ) -> Option<Finding<()>> {
        let ChargeFor::Exec(exec) = purpose else { return None };
        if exec.way != Way::Approved || charge.status_details.state != ChargeState::AuthorizationInitiated {
            return None;
        }
        let url = charge.web_checkout_details.amazon_pay_redirect_url.clone()?;
        let pending =
            PendingCharge { permission: charge.charge_permission_id.clone(), charge: charge.charge_id.clone() };
        let proof = Proof::new("AuthorizationInitiated", request_id.map(str::to_owned));
        Some(Finding::Done((), Some(self.requested(exec, url, Some(pending))), proof))
    }

    /// What it means that Amazon refused a charge for want of a second factor. Once the buyer has set out nothing follows:
    /// the factor may still be given.
    pub(super) fn mfa_asked_for(
        &self,
        transaction: &Transaction,
        purpose: &ChargeFor,
        error: &CallError,
    ) -> Option<Finding<()>> {
        let ChargeFor::Exec(exec) = purpose else { return None };
        if exec.way != Way::Approved || provider::code_of_error(error) != codes::MFA_NOT_COMPLETED {
            return None;
        }
        let url = exec.ret_url.clone()?;
        let first = matches!(transaction.state, State::Unprocessed);
        let event = first.then(|| self.requested(exec, url, None));
        Some(Finding::NotDone(codes::MFA_NOT_COMPLETED, event, Proof::of(error)))
    }

    fn requested(&self, exec: &Exec, url: String, charge: Option<PendingCharge>) -> Event {
        let ticket = Ticket {
            token_sha256: token_hash(&new_token(&*self.parts.rng)),
            limit_at: self.parts.clock.now().plus(-1),
            departure: Departure::Url(url),
            charge,
        };
        Event::Requested(exec.clone(), ticket)
    }

    /// What an execution's charge means where it was made after AmazonpayStart.
    pub(super) fn after_start(&self, transaction: &Transaction, finding: Finding<()>) -> Finding<()> {
        if !matches!(transaction.state, State::AuthProcess(_)) {
            return finding;
        }
        let look_at = self.first_look();
        let later = |event: Event| match event {
            Event::ChargedAtOnce(_, payment) => Event::Completed(payment),
            Event::RefusedAtOnce(_, failure) => Event::Failed(failure),
            Event::PendingAtOnce(_, handover) => Event::Pending(handover),
            Event::Requested(_, ticket) => Event::Pending(Handover { look_at, charge: ticket.charge }),
            other => other,
        };
        match finding {
            Finding::Done((), event, proof) => Finding::Done((), event.map(later), proof),
            Finding::NotDone(code, event, proof) => Finding::NotDone(code, event.map(later), proof),
            unknown @ Finding::Unknown(_) => unknown,
        }
    }

    /// The buyer is back from the second factor. Answers the transaction as Amazon's word on the charge leaves it; it is
    /// still AUTHPROCESS where Amazon has not decided, or does not answer.
    pub(super) async fn back_from_mfa(&self, shop: &Shop, transaction: Transaction) -> Result<Transaction, Refusal> {
        let State::AuthProcess(handover) = &transaction.state else { return Ok(transaction) };
        let Some(pending) = handover.charge.as_ref() else { return self.charge_anew(shop, transaction).await };
        let soon = self.first_look();
        let errand = Errand::about(&transaction, Occasion::Return);
        let (event, at) = match self.ask_charge(shop, &transaction, pending, errand).await.and_then(Asked::event) {
            Some(event) => (event, self.parts.clock.now()),
            // From now on Amazon is asked sooner than at the end of the buyer's time, which is not put off by this: it
            // counts from when the buyer set out, however often a browser comes by.
            None if soon < handover.look_at => {
                let event = Event::Pending(Handover { look_at: soon, charge: Some(pending.clone()) });
                (event, transaction.processed_at)
            }
            None => return Ok(transaction),
        };
        let change = Change::event(&transaction, event, at).map_err(|refused| Refusal::Status(refused.status))?;
        match self.commit(shop, &transaction, change).await {
            Ok((ended, notification_id)) => {
                self.wait_for_first_attempt(notification_id.as_deref()).await;
                Ok(ended)
            }
            // The same browser twice, or reconcile: what they found out stands.
            Err(Refusal::Busy) => self.wait_for_other_return(&transaction.access_id).await,
            Err(other) => Err(other),
        }
    }

    /// The buyer may have given the factor: the permission is charged anew, under a key of its own.
    async fn charge_anew(&self, shop: &Shop, transaction: Transaction) -> Result<Transaction, Refusal> {
        let exec = transaction.exec.clone().ok_or(Refusal::Internal("no execution"))?;
        let effect = Effect::CreateCharge {
            permission: exec.permission.clone().ok_or(Refusal::Internal("no permission"))?,
            amount: transaction.money.total(),
            capture: transaction.job == JobCd::Capture,
            purpose: ChargeFor::Exec(Box::new(exec)),
        };
        let intent = match self.intend(&transaction, effect).await {
            Ok(intent) => intent,
            Err(Refusal::Busy) => return self.wait_for_other_return(&transaction.access_id).await,
            Err(other) => return Err(other),
        };
        let finding = self.perform_create_charge(shop, &transaction, &intent).await;
        let finding = self.after_start(&transaction, finding);
        match self.conclude(shop, &transaction, &intent, finding).await {
            Ok(concluded) => {
                self.wait_for_first_attempt(concluded.notification_id.as_deref()).await;
                Ok(concluded.transaction)
            }
            Err(Refusal::Busy) => self.wait_for_other_return(&transaction.access_id).await,
            Err(other) => Err(other),
        }
    }

    /// The buyer did not come to AmazonpayStart, or has not come back from Amazon.
    pub(super) async fn overdue_mfa(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        errand: Errand<'_>,
    ) -> Result<(), Refusal> {
        let Some(pending) = waits_for_mfa(transaction) else { return Ok(()) };
        let Some(asked) = self.ask_charge(shop, transaction, pending, errand).await else { return Ok(()) };
        let now = self.parts.clock.now();
        match asked {
            Asked::Decided(event) => {
                let after_start = match &transaction.state {
                    // Amazon decided without the buyer. The table leads to money only by way of AUTHPROCESS.
                    State::ReqSuccess(_) => {
                        let handover = Handover { look_at: now, charge: Some(pending.clone()) };
                        self.step(shop, transaction, Event::Started(handover), now).await?
                    }
                    _ => transaction.clone(),
                };
                self.step(shop, &after_start, *event, now).await.map(|_| ())
            }
            Asked::Waiting if now >= gives_up_at(shop, transaction) => {
                let effect = Effect::CancelCharge { charge: pending.charge.clone(), replaced: false };
                let intent = self.intend(transaction, effect).await?;
                let finding = given_up(transaction, self.perform_cancel(shop, transaction, &intent).await);
                self.conclude(shop, transaction, &intent, finding).await.map(|_| ())
            }
            Asked::Waiting | Asked::Underway => Ok(()),
        }
    }

    async fn step(&self, shop: &Shop, before: &Transaction, event: Event, now: Millis) -> Result<Transaction, Refusal> {
        let change = Change::event(before, event, now).map_err(|refused| Refusal::Status(refused.status))?;
        self.commit(shop, before, change).await.map(|(after, _)| after)
    }

    /// What Amazon says of the charge; nothing where it does not answer.
    async fn ask_charge(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        pending: &PendingCharge,
        errand: Errand<'_>,
    ) -> Option<Asked> {
        match self.parts.amazon.charge(self.sent(shop, errand), &pending.charge).await {
            Ok(answer) => Some(judge(transaction, pending, &answer.value, self.parts.clock.now())),
            Err(error) => {
                let why = provider::evidence_of(&error);
                tracing::warn!(access_id = %transaction.access_id, why, "what became of a pending charge is unknown");
                None
            }
        }
    }
}

/// What Amazon says of a charge that waited for a second factor.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// It is decided.
    Decided(Box<Event>),
    /// It still waits for the buyer.
    Waiting,
    /// It is on its way to a decision without the buyer, and must be left alone.
    Underway,
}

impl Asked {
    fn event(self) -> Option<Event> {
        if let Self::Decided(event) = self { Some(*event) } else { None }
    }
}

fn judge(transaction: &Transaction, pending: &PendingCharge, charge: &Charge, now: Millis) -> Asked {
    if charge.charge_amount.yen() != Ok(transaction.money.total()) {
        tracing::error!(access_id = %transaction.access_id, charge_id = %charge.charge_id, "a charge of another amount");
        return Asked::Underway;
    }
    let paid = || {
        Asked::Decided(Box::new(Event::Completed(AmazonPayment {
            permission: pending.permission.clone(),
            charge: pending.charge.clone(),
            authorized_at: now,
            captured_at: None,
            cancelled: Money::default(),
            refund: None,
        })))
    };
    match (&charge.status_details.state, transaction.job) {
        (ChargeState::Captured, _) | (ChargeState::Authorized | ChargeState::CaptureInitiated, JobCd::Auth) => paid(),
        (ChargeState::Declined | ChargeState::Canceled, _) => {
            let reason = charge.status_details.reason_code.as_deref().unwrap_or_default();
            let code = match provider::code_of(reason) {
                // No reason of the bank's or the buyer's: what was wanted is what was missing.
                codes::AMAZON_OTHER => codes::MFA_NOT_COMPLETED,
                code => code,
            };
            Asked::Decided(Box::new(failed(code)))
        }
        // As long as Amazon says where the buyer has to go, it is the buyer who is waited for.
        (ChargeState::AuthorizationInitiated, _) if charge.web_checkout_details.amazon_pay_redirect_url.is_some() => {
            Asked::Waiting
        }
        (ChargeState::Authorized, JobCd::Capture) => Asked::Waiting,
        _ => Asked::Underway,
    }
}

/// Until when the buyer may take: the Token's time, then the shop's limit from the start on.
fn gives_up_at(shop: &Shop, transaction: &Transaction) -> Millis {
    match &transaction.state {
        State::ReqSuccess(ticket) => ticket.over_at(),
        _ => transaction.processed_at.plus(i64::from(shop.settings.authprocess_limit_minutes) * 60_000),
    }
}
