//! The sandbox's own clock: the given one and an offset, so that 30 days can pass between two lines of a test.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::domain::{Clock, Millis};

/// A clock that can be moved forward.
pub(super) struct MovableClock {
    machine: Arc<dyn Clock>,
    offset_ms: AtomicI64,
}

impl MovableClock {
    pub(super) fn over(machine: Arc<dyn Clock>) -> Self {
        Self { machine, offset_ms: AtomicI64::new(0) }
    }

    /// The time without the offset: what the merchants' clocks say, too.
    pub(super) fn unmoved(&self) -> Millis {
        self.machine.now()
    }

    /// How far ahead of the machine it is.
    pub(super) fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::SeqCst)
    }

    pub(super) fn advance(&self, ms: i64) {
        self.offset_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Back to the machine's time.
    pub(super) fn reset(&self) {
        self.offset_ms.store(0, Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Millis {
        self.machine.now().plus(self.offset_ms())
    }
}
