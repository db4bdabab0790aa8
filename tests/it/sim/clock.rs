//! Virtual time: it stands while anybody works and leaps when everybody waits. Amazon's clock follows it; the gateway's is
//! a machine's, which is now and then put right by a leap, forward or a little back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use sekisho::domain::{Clock, Millis};
use tokio::time::Instant;

/// When every day begins: 2026-11-23 03:10 in Japan.
const MORNING: Millis = Millis(1_795_371_000_123);

/// A clock over virtual time.
pub(super) struct SimClock {
    began: Instant,
    ahead_ms: AtomicI64,
}

impl SimClock {
    /// One that is right.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { began: Instant::now(), ahead_ms: AtomicI64::new(0) })
    }

    /// Leaps; never so far from the right time that Amazon would take no request of it.
    pub(super) fn leap(&self, ms: i64) {
        const FAR_MS: i64 = 12 * 60_000;
        let ahead = self.ahead_ms.load(Ordering::SeqCst);
        self.ahead_ms.store((ahead + ms).clamp(-FAR_MS, FAR_MS), Ordering::SeqCst);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Millis {
        let since = i64::try_from(self.began.elapsed().as_millis()).unwrap();
        MORNING.plus(since + self.ahead_ms.load(Ordering::SeqCst))
    }
}
