//! What is written together.

use crate::domain::transaction::{Event, Refused};
use crate::domain::{
    AccessId, CheckoutSessionId, Effect, IdempotencyKey, Intent, Millis, Notification, Outcome, Status, Transaction,
    Yen,
};

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// The version that this change made.
    pub version: i64,
    /// When.
    pub at: Millis,
    /// What happened, in one word.
    pub event: &'static str,
    /// Where the transaction stood before; `None` at its entry.
    pub status_from: Option<Status>,
    /// Where it stands now.
    pub status_to: Status,
    /// Its amount now.
    pub amount: Yen,
    /// Its tax now.
    pub tax: Yen,
}

/// One indivisible change to one transaction and what belongs to it.
#[derive(Debug, Clone)]
pub struct Change {
    pub(super) access_id: AccessId,
    /// The version it is made on top of; `None` for a new transaction.
    pub(super) on_top_of: Option<i64>,
    pub(super) transaction: Option<Transaction>,
    pub(super) journal: JournalEntry,
    pub(super) intent: Option<Intent>,
    pub(super) outcome: Option<Outcome>,
    /// How many looks at the intent there had been, and when the next was to be, for whom the outcome stands.
    pub(super) known_looks: Option<(i64, Millis)>,
    pub(super) notification: Option<Notification>,
}

impl Change {
    /// A new transaction.
    pub fn entered(transaction: Transaction) -> Self {
        let journal = entry(&transaction, None, "entered", transaction.created_at);
        Self::of(transaction.access_id.clone(), None, Some(transaction), journal)
    }

    /// `before` after `event`.
    ///
    /// # Errors
    /// [`Refused`] where the state machine has no such step.
    pub fn event(before: &Transaction, event: Event, now: Millis) -> Result<Self, Refused> {
        let name = event.name();
        let after = before.apply(event, now)?;
        let journal = entry(&after, Some(before.status()), name, now);
        Ok(Self::of(before.access_id.clone(), Some(before.version), Some(after), journal))
    }

    /// An intent, on top of the version that was read; the transaction itself stays as it is.
    pub fn intent(before: &Transaction, intent: Intent) -> Self {
        let journal = entry(before, Some(before.status()), "intent", intent.started_at);
        let mut change = Self::of(before.access_id.clone(), Some(before.version), None, journal);
        change.intent = Some(intent);
        change
    }

    /// An outcome that changes nothing about the transaction itself.
    pub fn outcome(before: &Transaction, outcome: Outcome) -> Self {
        let journal = entry(before, Some(before.status()), "outcome", outcome.finished_at);
        Self::of(before.access_id.clone(), Some(before.version), None, journal).closing(outcome)
    }

    /// The same change, closing the intent of `outcome` with it.
    #[must_use]
    pub fn closing(mut self, outcome: Outcome) -> Self {
        self.outcome = Some(outcome);
        self
    }

    /// The same change, for an outcome that says "not done" of one's own calls: it stands only if nobody has begun to look at
    /// the intent since it was as here, for whoever did may be doing it.
    #[must_use]
    pub fn unless_looked_at(mut self, known: &Intent) -> Self {
        self.known_looks = Some((known.looks, known.look_at));
        self
    }

    /// The same change, with the next intent: what has to follow is promised in the same moment.
    #[must_use]
    pub fn promising(mut self, intent: Intent) -> Self {
        self.intent = Some(intent);
        self
    }

    /// The same change, with a notification to the shop.
    #[must_use]
    pub fn telling(mut self, notification: Option<Notification>) -> Self {
        self.notification = notification;
        self
    }

    /// The session that this change claims for its transaction.
    pub(super) fn claimed_session(&self) -> Option<&CheckoutSessionId> {
        self.intent.as_ref().and_then(|intent| intent.effect.claimed_session())
    }

    /// The effect whose intent this change commits, if it commits one.
    pub fn begins(&self) -> Option<&Effect> {
        self.intent.as_ref().map(|intent| &intent.effect)
    }

    /// The key of the intent that this change closes, if it closes one.
    pub fn closes(&self) -> Option<&IdempotencyKey> {
        self.outcome.as_ref().map(|outcome| &outcome.key)
    }

    /// The transaction as this change leaves it, if it changes it.
    pub fn transaction(&self) -> Option<&Transaction> {
        self.transaction.as_ref()
    }

    fn of(
        access_id: AccessId,
        on_top_of: Option<i64>,
        transaction: Option<Transaction>,
        journal: JournalEntry,
    ) -> Self {
        Self {
            access_id,
            on_top_of,
            transaction,
            journal,
            intent: None,
            outcome: None,
            known_looks: None,
            notification: None,
        }
    }
}

fn entry(after: &Transaction, from: Option<Status>, event: &'static str, at: Millis) -> JournalEntry {
    JournalEntry {
        version: after.version,
        at,
        event,
        status_from: from,
        status_to: after.status(),
        amount: after.money.amount,
        tax: after.money.tax,
    }
}
