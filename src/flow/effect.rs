//! Intent, call, outcome: the frame around every effect at Amazon.
//!
//! An effect knows three things: how to be done (`perform`), how to find out whether it was done (`look`), and what it
//! means for the transaction (the [`Finding`]'s event). This file does the rest.

use super::change::replaced_by;
use super::step::{Phase, Step};
use super::{Gateway, Refusal, Shop, notice, provider};
use crate::amazonpay::CallError;
use crate::domain::operation::ChargeFor;
use crate::domain::transaction::Event;
use crate::domain::{Effect, IdempotencyKey, Intent, Millis, Outcome, Transaction, Verdict, random_hex};
use crate::store::Change;

/// The longest from one look at an open intent to the next, unless the operator wants even the first one later. What Amazon
/// did is known within a minute after it answers again, however long it was silent, and even if a first look comes to
/// nothing (docs/adr/0011).
const LOOK_EVERY_MS_MAX: i64 = 25_000;

/// What is known after asking Amazon.
#[derive(Debug)]
pub(super) enum Finding<T> {
    /// Evidence that it was done, and what follows for the transaction.
    Done(T, Option<Event>, Proof),
    /// Evidence that it was not and will not be, and what follows.
    NotDone(crate::protocol::ErrInfo, Option<Event>, Proof),
    /// No evidence yet.
    Unknown(String),
}

/// Where the evidence comes from.
#[derive(Debug, Clone, Default)]
pub(super) struct Proof {
    /// A state or reason code, in Amazon's words.
    pub evidence: String,
    /// Amazon's name of the call that said so.
    pub request_id: Option<String>,
}

impl Proof {
    /// A state or code that an answer showed.
    pub(super) fn new(evidence: impl Into<String>, request_id: Option<String>) -> Self {
        Self { evidence: evidence.into(), request_id }
    }

    /// A call that did not bring an object.
    pub(super) fn of(error: &CallError) -> Self {
        Self::new(provider::evidence_of(error), error.request_id().map(str::to_owned))
    }
}

/// What an error of the effect's own call says about the effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Amazon's no: it was not done.
    Refused,
    /// Amazon did not look at it, and whoever asked may ask again.
    NotAsked,
    /// It may have been done.
    Open,
}

impl Meaning {
    /// For an intent that nobody has looked at, the attempts of this call are all there were. A later look comes after
    /// attempts of unknown outcome: then only a no to the effect itself says that it did not happen, and whatever never
    /// got so far (no connection, too many calls, a key or an account that was exchanged in the meantime, a request that
    /// was refused for its form or its date) says nothing.
    pub(super) fn of(error: &CallError, intent: &Intent) -> Self {
        let later = intent.looks > 0;
        match error {
            _ if !error.changed_nothing() => Self::Open,
            CallError::Refused { .. } if provider::is_temporary(error) && later => Self::Open,
            CallError::Refused { .. } if provider::is_temporary(error) => Self::NotAsked,
            // The first attempt arrived, and something else was asked for then.
            CallError::Refused { reason_code, .. } if reason_code == "DuplicateIdempotencyKey" => Self::Open,
            CallError::Refused { status, reason_code, .. } if later && !is_about_the_effect(*status, reason_code) => {
                Self::Open
            }
            CallError::Refused { .. } => Self::Refused,
            _ if later => Self::Open,
            _ => Self::NotAsked,
        }
    }
}

/// Whether a refusal is Amazon's judgement of what was asked for, after it has looked up the key (amazon-pay 2.8 and 2.9).
fn is_about_the_effect(status: u16, reason_code: &str) -> bool {
    let amounts = ["TransactionAmountExceeded", "PeriodicAmountExceeded", "CurrencyMismatch"];
    matches!(status, 409 | 422) || (status == 400 && amounts.contains(&reason_code))
}

/// The same intent for whoever looks at it, or finishes what nobody waits for: attempts of unknown outcome came before.
pub(super) fn looked_at(intent: &Intent) -> Intent {
    Intent { looks: intent.looks.max(1), ..intent.clone() }
}

/// How an effect ended for whoever asked for it.
#[derive(Debug)]
pub(super) struct Concluded<T> {
    /// What Amazon brought, or the code to answer with.
    pub result: Result<T, crate::protocol::ErrInfo>,
    /// The transaction as it is now.
    pub transaction: Transaction,
    /// The notification that tells of it, if one was written.
    pub notification_id: Option<String>,
}

/// What a look at an open intent came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// There was evidence, and the intent is closed.
    Closed,
    /// Still unknown; the next look is put off.
    StillOpen,
    /// Somebody else closed it in the meantime.
    ClosedByAnother,
}

impl Gateway {
    /// Records what is about to be done. From here until its outcome nothing else can change the transaction.
    pub(super) async fn intend(&self, transaction: &Transaction, effect: Effect) -> Result<Intent, Refusal> {
        let intent = self.new_intent(transaction, effect)?;
        self.parts.store.apply(Change::intent(transaction, intent.clone())).await?;
        Step::of(&intent.effect, Phase::Intended).pass().await;
        Ok(intent)
    }

    /// The same, in one commit with an event that is no change at Amazon: what the event says and what is about to be
    /// done because of it stand in the book together, or neither does.
    pub(super) async fn intend_after(
        &self,
        shop: &Shop,
        before: &Transaction,
        event: Event,
        effect: Effect,
    ) -> Result<(Transaction, Intent), Refusal> {
        let intent = self.new_intent(before, effect)?;
        let change =
            Change::event(before, event, intent.started_at).map_err(|refused| Refusal::Status(refused.status))?;
        let (transaction, _) = self.commit(shop, before, change.promising(intent.clone())).await?;
        Step::of(&intent.effect, Phase::Intended).pass().await;
        Ok((transaction, intent))
    }

    fn new_intent(&self, transaction: &Transaction, effect: Effect) -> Result<Intent, Refusal> {
        let now = self.parts.clock.now();
        let key = IdempotencyKey::new(random_hex::<16>(&*self.parts.rng))
            .map_err(|_| Refusal::Internal("the idempotency key is malformed"))?;
        Ok(Intent {
            key,
            access_id: transaction.access_id.clone(),
            effect,
            started_at: now,
            look_at: self.over_by(),
            looks: 0,
        })
    }

    /// Commits what was found out, with everything that follows from it, and wakes the notifier.
    ///
    /// An unknown outcome stays open: the result is the code that says so, the transaction is as before.
    pub(super) async fn conclude<T>(
        &self,
        shop: &Shop,
        before: &Transaction,
        intent: &Intent,
        finding: Finding<T>,
    ) -> Result<Concluded<T>, Refusal> {
        Step::of(&intent.effect, Phase::Answered).pass().await;
        let (result, event, proof) = match finding {
            Finding::Done(value, event, proof) => (Ok(value), event, proof),
            Finding::NotDone(code, event, proof) => (Err(code), event, proof),
            Finding::Unknown(why) => {
                self.put_off(intent, &why).await;
                return Ok(still_unknown(before));
            }
        };
        let now = self.parts.clock.now();
        let outcome = Outcome {
            key: intent.key.clone(),
            verdict: if result.is_ok() { Verdict::Done } else { Verdict::NotDone },
            evidence: proof.evidence,
            request_id: proof.request_id,
            finished_at: now,
        };
        let change = match event {
            None => Change::outcome(before, outcome),
            Some(event) => Change::event(before, event, now).map_err(|refused| impossible(&refused))?.closing(outcome),
        };
        let change = match follow_up(&intent.effect).filter(|_| result.is_ok()) {
            Some(effect) => change.promising(self.new_intent(before, effect)?),
            None => change,
        };
        // "Not done" is known of one's own calls. Who looks at the intent meanwhile may be doing it, so theirs is the last word.
        let change = if result.is_err() { change.unless_looked_at(intent) } else { change };
        let (transaction, notification_id) = match self.commit(shop, before, change).await {
            Err(Refusal::Busy) if result.is_err() && self.is_open(intent).await? => {
                tracing::warn!(
                    access_id = %intent.access_id, operation = intent.effect.name(),
                    "outcome unknown: somebody else looks at it"
                );
                return Ok(still_unknown(before));
            }
            committed => committed?,
        };
        Step::of(&intent.effect, Phase::Concluded).pass().await;
        Ok(Concluded { result, transaction, notification_id })
    }

    /// Commits a change together with the notification it calls for; the notifier hears of it.
    pub(super) async fn commit(
        &self,
        shop: &Shop,
        before: &Transaction,
        change: Change,
    ) -> Result<(Transaction, Option<String>), Refusal> {
        let after = change.transaction().cloned().unwrap_or_else(|| before.clone());
        let notification = notice::of_change(shop, before, &after, &*self.parts.rng, self.parts.clock.now());
        let notification_id = notification.as_ref().map(|one| one.id.clone());
        self.parts.store.apply(change.telling(notification)).await?;
        tracing::info!(
            access_id = %after.access_id, shop_id = %after.shop_id, order_id = %after.order_id,
            from = %before.status(), to = %after.status(), version = after.version, "transaction"
        );
        if notification_id.is_some() {
            self.parts.notifier.wake();
        }
        Ok((after, notification_id))
    }

    /// Looks at an intent that has had no outcome for too long: asks Amazon what became of it and, where Amazon knows
    /// of nothing, does it again under the same key.
    ///
    /// # Errors
    /// A database that failed, or a shop that is no longer configured. The intent stays open.
    pub async fn inquire(&self, intent: &Intent) -> Result<Looked, Refusal> {
        let Some(transaction) = self.parts.store.transaction(&intent.access_id).await? else {
            return Err(Refusal::Internal("an intent without a transaction"));
        };
        let Some(shop) = self.parts.shops.get(&transaction.shop_id) else {
            self.put_off(intent, "its shop is not in shops.toml").await;
            return Ok(Looked::StillOpen);
        };
        // Whoever listed the intent may have waited since. One that is closed must not be done again, for its outcome
        // has been told; one that is still open now vouches for the transaction read above.
        let Some(look_at) = self.parts.store.begin_look(&intent.key, self.over_by()).await? else {
            return Ok(Looked::ClosedByAnother);
        };
        let intent = &Intent { look_at, ..intent.clone() };
        let finding = match &intent.effect {
            Effect::UpdateCheckoutSession { .. } => self.look_at_update(&shop, &transaction, intent).await,
            Effect::CompleteCheckoutSession { .. } => self.look_at_complete(&shop, &transaction, intent).await,
            Effect::FinalizeCheckoutSession { .. } => self.look_at_finalize(&shop, &transaction, intent).await,
            Effect::CaptureCharge { .. } => self.look_at_capture(&shop, &transaction, intent).await,
            Effect::CreateCharge { .. } => self.look_at_create_charge(&shop, &transaction, intent).await,
            Effect::CancelCharge { .. } => self.look_at_cancel(&shop, &transaction, intent).await,
            Effect::CreateRefund { .. } => self.look_at_create_refund(&shop, &transaction, intent).await,
            Effect::CloseChargePermission { .. } => self.look_at_close(&shop, &transaction, intent).await,
        };
        match self.conclude(&shop, &transaction, intent, finding).await {
            Ok(concluded) => {
                let closed = !self.is_open(intent).await?;
                if let Some(old) = replaced_by(intent) {
                    self.let_go(&shop, &concluded.transaction, old).await;
                }
                Ok(if closed { Looked::Closed } else { Looked::StillOpen })
            }
            Err(Refusal::Busy) => Ok(Looked::ClosedByAnother),
            Err(other) => {
                // Whatever is wrong with this one, the next ones have their turn first.
                self.put_off(intent, &other.to_string()).await;
                Err(other)
            }
        }
    }

    async fn is_open(&self, intent: &Intent) -> Result<bool, Refusal> {
        let open = self.parts.store.open_intent(&intent.access_id).await?;
        Ok(open.is_some_and(|open| open.key == intent.key))
    }

    async fn put_off(&self, intent: &Intent, why: &str) {
        let first = self.parts.settings.first_look_ms.max(1);
        let wait = first.saturating_mul(1 << intent.looks.clamp(0, 20)).min(LOOK_EVERY_MS_MAX.max(first));
        tracing::warn!(
            access_id = %intent.access_id, operation = intent.effect.name(), why, next_look_ms = wait,
            "outcome unknown"
        );
        if let Err(error) = self.parts.store.look_again(&intent.key, self.parts.clock.now().plus(wait)).await {
            // The intent is still open and due at its old moment: it is looked at, not forgotten.
            tracing::warn!(%error, "the next look could not be put off");
        }
    }

    /// When whoever begins now to call Amazon, and then to look what became of it, is over with both. Whoever lives puts the
    /// next look forward to a nearer moment when the outcome is unknown, and after a death `adopt` makes it due.
    fn over_by(&self) -> Millis {
        let settings = &self.parts.settings;
        self.parts.clock.now().plus(2 * settings.amazon_total_ms).plus(settings.first_look_ms)
    }
}

/// The intent stays open, and the transaction as it is.
fn still_unknown<T>(before: &Transaction) -> Concluded<T> {
    let result = Err(crate::protocol::codes::AMAZON_UNREACHABLE);
    Concluded { result, transaction: before.clone(), notification_id: None }
}

/// What has to follow once an effect is done: a charge that was replaced is let go.
fn follow_up(effect: &Effect) -> Option<Effect> {
    match effect {
        Effect::CreateCharge { purpose: ChargeFor::Change { old, .. }, .. } => {
            Some(Effect::CancelCharge { charge: old.clone(), replaced: true })
        }
        _ => None,
    }
}

/// The state machine refused what the evidence says. Nothing was written; a person has to look.
fn impossible(refused: &crate::domain::transaction::Refused) -> Refusal {
    tracing::error!(%refused, "evidence that the state machine does not allow");
    Refusal::Internal("evidence that the state machine does not allow")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amazonpay::{NotSentCause, UnknownCause};
    use crate::domain::{AccessId, ChargeId};

    fn meanings(error: &CallError) -> [Meaning; 2] {
        let first = Intent {
            key: IdempotencyKey::new("k").unwrap(),
            access_id: AccessId::new("0a".repeat(16)).unwrap(),
            effect: Effect::CancelCharge { charge: ChargeId::new("S03-1-1-C1").unwrap(), replaced: false },
            started_at: Millis(0),
            look_at: Millis(0),
            looks: 0,
        };
        [Meaning::of(error, &first), Meaning::of(error, &looked_at(&first))]
    }

    fn no(status: u16, reason_code: &str, earlier_unknown: bool) -> CallError {
        let (reason_code, message) = (reason_code.to_owned(), String::new());
        CallError::Refused { status, reason_code, message, request_id: None, earlier_unknown }
    }

    /// The first call, and a call after one of unknown outcome.
    #[test]
    fn what_an_error_proves() {
        use Meaning::{NotAsked, Open, Refused};
        for (error, expected) in [
            (no(422, "HardDeclined", false), [Refused, Refused]),
            (no(422, "HardDeclined", true), [Open, Open]),
            (no(400, "TransactionAmountExceeded", false), [Refused, Refused]),
            (no(409, "ChargeAmountMismatch", false), [Refused, Refused]),
            (no(404, "ResourceNotFound", false), [Refused, Open]),
            (no(401, "UnauthorizedAccess", false), [Refused, Open]),
            (no(403, "InvalidRequestSignature", false), [Refused, Open]),
            // A clock that has jumped, or another version of the program: refused before the key is looked up.
            (no(400, "InvalidHeaderValue", false), [Refused, Open]),
            (no(400, "InvalidParameterValue", false), [Refused, Open]),
            (no(429, "TooManyRequests", false), [NotAsked, Open]),
            (no(400, "DuplicateIdempotencyKey", false), [Open, Open]),
            (CallError::NotSent { cause: NotSentCause::NoConnection }, [NotAsked, Open]),
            (
                CallError::Unknown {
                    cause: UnknownCause::TimedOut,
                    last_status: None,
                    reason_code: None,
                    request_id: None,
                },
                [Open, Open],
            ),
        ] {
            assert_eq!(meanings(&error), expected, "{error}");
        }
    }
}
