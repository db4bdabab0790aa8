//! The browser comes back from Amazon: complete the session, tell the shop, send the browser on (psp-protocol 7, A).

use std::time::Duration;

use super::effect::{Finding, Proof, looked_at};
use super::errand::Errand;
use super::exec_review::charge_amount;
use super::later::pending;
use super::result_post::post_for;
use super::{Gateway, Refusal, ResultPost, Shop, provider};
use crate::amazonpay::{CallError, CheckoutSession, CompleteCheckoutSession, SessionState};
use crate::domain::transaction::{AmazonPayment, Event, Failure, Handover};
use crate::domain::{AccessId, CheckoutSessionId, Effect, Intent, Money, State, Transaction, Yen};
use crate::protocol::{ErrInfo, codes};
use crate::store::StoreError;

/// How often a browser that came back twice looks whether the first one's work is done.
const OTHER_RETURN_LOOK: Duration = Duration::from_millis(50);

/// Why a browser that says it comes from Amazon gets an error page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReturnError {
    /// No transaction waits for this browser.
    #[error("no transaction with this address and session")]
    Unknown,
    /// Our database failed. The transaction stays AUTHPROCESS and is looked at later.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Amazon cannot be asked just now, and without its word nothing is done. The browser may come again.
    #[error("Amazon cannot be asked whose session this is")]
    Unreachable,
    /// The gateway's own fault.
    #[error("internal: {0}")]
    Internal(&'static str),
}

impl ReturnError {
    /// The code that the error page shows.
    pub fn code(&self) -> ErrInfo {
        match self {
            Self::Unknown => codes::TRANSACTION_UNKNOWN,
            Self::Store(_) => codes::DATABASE,
            Self::Unreachable => codes::AMAZON_UNREACHABLE,
            Self::Internal(_) => codes::UNEXPECTED,
        }
    }
}

impl From<Refusal> for ReturnError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Store(error) => Self::Store(error),
            Refusal::Internal(what) => Self::Internal(what),
            _ => Self::Unknown,
        }
    }
}

impl Gateway {
    /// Completes what the browser came back from, unless that is done already, and says what to post to the shop.
    /// However often the browser comes, the session is completed once and the post is the same.
    ///
    /// # Errors
    /// [`ReturnError`].
    pub async fn returned(&self, access_id: AccessId, session: CheckoutSessionId) -> Result<ResultPost, ReturnError> {
        let transaction = self.parts.store.transaction(&access_id).await?.ok_or(ReturnError::Unknown)?;
        let same_session = transaction.exec.as_ref().is_some_and(|exec| exec.session.as_ref() == Some(&session));
        let Some(shop) = self.parts.shops.get(&transaction.shop_id) else {
            return Err(ReturnError::Internal("the transaction's shop is not in shops.toml"));
        };
        if !same_session || matches!(transaction.state, State::Unprocessed | State::ReqSuccess(_)) {
            return Err(ReturnError::Unknown);
        }
        let ended = match transaction.state {
            // Completed already, and Amazon takes its time: no news is no harm.
            State::AuthProcess(Handover { charge: Some(_), .. }) => transaction,
            State::AuthProcess(_) => self.complete(&shop, &transaction, session).await?,
            _ => transaction,
        };
        post_for(&shop, &ended).ok_or(ReturnError::Unknown)
    }

    async fn complete(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        session: CheckoutSessionId,
    ) -> Result<Transaction, Refusal> {
        let effect = Effect::CompleteCheckoutSession { session, amount: transaction.money.total() };
        let intent = match self.intend(transaction, effect).await {
            Ok(intent) => intent,
            Err(Refusal::Busy) => return self.wait_for_other_return(&transaction.access_id).await,
            Err(other) => return Err(other),
        };
        self.complete_as_intended(shop, transaction, &intent).await
    }

    pub(super) async fn complete_as_intended(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        intent: &Intent,
    ) -> Result<Transaction, Refusal> {
        let finding = self.perform_complete(shop, transaction, intent).await;
        match self.conclude(shop, transaction, intent, finding).await {
            Ok(concluded) => {
                self.wait_for_first_attempt(concluded.notification_id.as_deref()).await;
                Ok(concluded.transaction)
            }
            Err(Refusal::Busy) => self.wait_for_other_return(&transaction.access_id).await,
            Err(other) => Err(other),
        }
    }

    /// Somebody else is completing, or has: waits for that, as long as one call to Amazon may take.
    pub(super) async fn wait_for_other_return(&self, access_id: &AccessId) -> Result<Transaction, Refusal> {
        let waits = self.parts.settings.amazon_total_ms / 50 + 1;
        for _ in 0..waits {
            match self.parts.store.open_intent(access_id).await? {
                // Once reconcile has looked in vain nobody is at work on it, and waiting brings nothing.
                Some(intent) if intent.looks == 0 => {}
                _ => break,
            }
            tokio::time::sleep(OTHER_RETURN_LOOK).await;
        }
        let now = self.parts.store.transaction(access_id).await?;
        now.ok_or(Refusal::Internal("a transaction is gone"))
    }

    async fn perform_complete(&self, shop: &Shop, transaction: &Transaction, intent: &Intent) -> Finding<()> {
        let Effect::CompleteCheckoutSession { session, .. } = &intent.effect else {
            return Finding::Unknown("not a completion".to_owned());
        };
        let request =
            CompleteCheckoutSession { charge_amount: charge_amount(transaction), ..CompleteCheckoutSession::default() };
        let errand = Errand::effect(intent);
        let by = self.sent(shop, errand);
        match self.parts.amazon.complete_checkout_session(by, session, &request, &intent.key).await {
            Ok(answer) => match self.completed(transaction, &answer.value) {
                Some(Event::Completed(payment)) if answer.is_pending() => {
                    let proof = Proof::new("Completed, pending", answer.request_id);
                    Finding::Done((), Some(pending(payment, self.first_look())), proof)
                }
                Some(event) => Finding::Done((), Some(event), Proof::new("Completed", answer.request_id)),
                // Amazon said yes without saying what was charged: the session itself knows.
                None => self.session_says(shop, transaction, session, None, errand).await,
            },
            Err(error @ CallError::Refused { .. }) if !provider::is_temporary(&error) => {
                self.session_says(shop, transaction, session, Some(&error), errand).await
            }
            // The buyer has agreed, so "nothing was sent" is no reason to give up: it is sent again.
            Err(error) => Finding::Unknown(provider::evidence_of(&error)),
        }
    }

    /// A refusal is not believed before the session was seen: "already completed" is a refusal too (amazon-pay 2.3).
    async fn session_says(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        session: &CheckoutSessionId,
        refusal: Option<&CallError>,
        errand: Errand<'_>,
    ) -> Finding<()> {
        match self.parts.amazon.checkout_session(self.sent(shop, errand), session).await {
            Ok(answer) => match (&answer.value.status_details.state, refusal) {
                (SessionState::Open, Some(error)) if error.changed_nothing() => {
                    let code = provider::code_of_error(error);
                    // "Not in this status" about an open session: the buyer has not agreed yet, and still may.
                    let ends = error.reason_code() != Some("InvalidCheckoutSessionStatus");
                    Finding::NotDone(code, ends.then(|| failed(code)), Proof::of(error))
                }
                _ => self.ended_session(shop, transaction, &answer.value, answer.request_id, errand).await,
            },
            // Not even "no such session" is evidence here: it was there when ExecTran updated it, so an account that was
            // changed in shops.toml is likelier than a session that is gone. A person has to look.
            Err(error) => Finding::Unknown(provider::evidence_of(&error)),
        }
    }

    /// What a session means for its transaction; where it is not over, nothing yet.
    pub(super) async fn ended_session(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        session: &CheckoutSession,
        request_id: Option<String>,
        errand: Errand<'_>,
    ) -> Finding<()> {
        let reason = session.status_details.reason_code.as_deref().unwrap_or_default();
        match &session.status_details.state {
            SessionState::Completed => match self.completed(transaction, session) {
                Some(Event::Completed(payment)) => self.charge_pays(shop, transaction, payment, errand).await,
                Some(event) => Finding::Done((), Some(event), Proof::new("Completed", request_id)),
                None => Finding::Unknown("completed, but on no charge".to_owned()),
            },
            SessionState::Canceled => {
                let code = provider::code_of(if reason.is_empty() { "CheckoutSessionCanceled" } else { reason });
                Finding::NotDone(code, Some(failed(code)), Proof::new(format!("Canceled {reason}"), request_id))
            }
            other => Finding::Unknown(format!("the session is {other}")),
        }
    }

    /// What a completed session brings; nothing where it names no charge.
    pub(super) fn completed(&self, transaction: &Transaction, session: &CheckoutSession) -> Option<Event> {
        let permission = session.charge_permission_id.clone()?;
        if transaction.money.total() == Yen::ZERO {
            return Some(Event::Registered(permission));
        }
        let now = self.parts.clock.now();
        Some(Event::Completed(AmazonPayment {
            permission,
            charge: session.charge_id.clone()?,
            authorized_at: now,
            captured_at: None,
            cancelled: Money::default(),
            refund: None,
        }))
    }

    /// Finds out whether a completion took place and, where the session is still open, completes it under the same
    /// key: the buyer has agreed and was sent back.
    pub(super) async fn look_at_complete(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        intent: &Intent,
    ) -> Finding<()> {
        let Effect::CompleteCheckoutSession { session, .. } = &intent.effect else {
            return Finding::Unknown("not a completion".to_owned());
        };
        let errand = Errand::look(intent);
        match self.parts.amazon.checkout_session(self.sent(shop, errand), session).await {
            Ok(answer) if answer.value.status_details.state == SessionState::Open => {
                self.perform_complete(shop, transaction, &looked_at(intent)).await
            }
            Ok(answer) => self.ended_session(shop, transaction, &answer.value, answer.request_id, errand).await,
            // Not even "no such session" is evidence here: it was there when ExecTran updated it, so an account that was
            // changed in shops.toml is likelier than a session that is gone. A person has to look.
            Err(error) => Finding::Unknown(provider::evidence_of(&error)),
        }
    }

    /// Gives the shop's server a head start before the browser (design: the page waits, but never for long).
    pub(super) async fn wait_for_first_attempt(&self, notification_id: Option<&str>) {
        if let Some(id) = notification_id {
            let limit = Duration::from_millis(self.parts.settings.notify_wait_ms);
            self.parts.notifier.first_attempt(id, limit).await;
        }
    }
}

/// The end of a transaction that Amazon refused.
pub(super) fn failed(code: ErrInfo) -> Event {
    Event::Failed(Failure { err_info: code.to_string() })
}
