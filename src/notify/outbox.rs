//! The bell between those who write notifications and the one who sends them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::flow::Notifier;

/// How many finished first attempts are remembered for those who come to wait a moment too late.
const RECENT_MAX: usize = 1024;

/// Wakes the dispatcher, and tells whoever waits that an attempt is over.
#[derive(Default)]
pub struct Outbox {
    something_new: Notify,
    attempt_over: Notify,
    recent: Mutex<VecDeque<String>>,
}

impl Outbox {
    /// Waits for something new, or for whatever came since the last wait.
    pub(super) async fn something_new(&self) {
        self.something_new.notified().await;
    }

    /// An attempt to deliver `id` is over and recorded.
    pub(super) fn attempted(&self, id: &str) {
        {
            let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
            if recent.len() == RECENT_MAX {
                recent.pop_front();
            }
            recent.push_back(id.to_owned());
        }
        self.attempt_over.notify_waiters();
    }

    fn was_attempted(&self, id: &str) -> bool {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|recent| recent == id)
    }

    async fn wait_for(&self, id: &str) {
        loop {
            let over = self.attempt_over.notified();
            tokio::pin!(over);
            // From here on a bell is heard, so none can ring unheard between the look and the wait.
            over.as_mut().enable();
            if self.was_attempted(id) {
                return;
            }
            over.await;
        }
    }
}

#[async_trait]
impl Notifier for Outbox {
    fn wake(&self) {
        self.something_new.notify_one();
    }

    async fn first_attempt(&self, notification_id: &str, limit: Duration) {
        // Whether it came to an attempt or not, the caller goes on.
        let _ = tokio::time::timeout(limit, self.wait_for(notification_id)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_attempt_that_is_over_before_the_wait_ends_it_at_once() {
        let outbox = Outbox::default();
        outbox.attempted("msg_1");
        outbox.wait_for("msg_1").await;
    }

    #[tokio::test]
    async fn a_wait_is_bounded() {
        let outbox = Outbox::default();
        let limit = Duration::from_millis(20);
        let before = tokio::time::Instant::now();
        outbox.first_attempt("msg_1", limit).await;
        assert!(before.elapsed() >= limit);
    }
}
