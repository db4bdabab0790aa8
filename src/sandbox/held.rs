//! What of the sandbox somebody holds alone, and how that person's changes get into the data file.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard};

use super::ledger::{Cause, Ledger, Tracked};
use super::{Sandbox, locked};

/// The ledger, or the outbox of messages, for one holder at a time. What the holder changed goes to the data file, if there
/// is one.
pub struct Held<'a, T: Tracked> {
    sandbox: &'a Sandbox,
    inside: MutexGuard<'a, T>,
}

/// The ledger, for one holder at a time.
pub type LedgerGuard<'a> = Held<'a, Ledger>;

impl<'a, T: Tracked> Held<'a, T> {
    /// Waits until nobody else holds it.
    pub(super) fn of(sandbox: &'a Sandbox, lock: &'a Mutex<T>) -> Self {
        Self { sandbox, inside: locked(lock) }
    }
}

impl LedgerGuard<'_> {
    /// What changes under this guard is not the buyer's doing, but this one's.
    pub(super) fn caused_by(mut self, cause: Cause) -> Self {
        self.inside.caused_by(cause);
        self
    }
}

impl<T: Tracked> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inside
    }
}

impl<T: Tracked> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inside
    }
}

impl<T: Tracked> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.inside.let_go();
        match &self.sandbox.archive {
            Some(archive) => archive.hand_over(self.inside.take_changes(), self.sandbox.clock.offset_ms()),
            None => self.inside.forget_changes(),
        }
    }
}
