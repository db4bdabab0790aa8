//! The loop that empties the outbox.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Outbox;
use super::deliver::{self, ShopAnswer};
use crate::domain::notification::{Attempt, Claimed, Next, next_attempt};
use crate::domain::{Clock, Rng};
use crate::egress::Guards;
use crate::flow::{Shops, Store};

/// How many attempts are under way at once, over all shops.
const CONCURRENT_MAX: usize = 64;
/// How long after a sender's death, beyond its longest attempt, somebody else may take its message on.
const LEASE_MARGIN_MS: i64 = 15_000;
/// The longest time-out a shop can set (`notify_timeout_ms`).
const TIMEOUT_MS_MAX: i64 = 60_000;
/// How long a notification waits that belongs to a shop which is not in shops.toml.
const SHOP_MISSING_RETRY_MS: i64 = 60 * 60 * 1000;

/// How the loop runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How often the outbox is looked at where nobody rings, in milliseconds.
    pub poll_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { poll_ms: 1000 }
    }
}

/// Sends what shops are owed.
pub struct Dispatcher {
    store: Arc<dyn Store>,
    shops: Arc<Shops>,
    outbox: Arc<Outbox>,
    http: Guards,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    settings: Settings,
}

impl Dispatcher {
    /// A dispatcher; nothing is sent before [`Dispatcher::run`].
    pub fn new(
        store: Arc<dyn Store>,
        shops: Arc<Shops>,
        outbox: Arc<Outbox>,
        http: Guards,
        (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>),
        settings: Settings,
    ) -> Arc<Self> {
        Arc::new(Self { store, shops, outbox, http, clock, rng, settings })
    }

    /// Sends until `stop`; attempts under way then are finished first.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut under_way = JoinSet::new();
        while !stop.is_cancelled() {
            for claimed in self.take_on(CONCURRENT_MAX - under_way.len()).await {
                under_way.spawn(Arc::clone(&self).attempt(claimed));
            }
            let poll = Duration::from_millis(self.settings.poll_ms);
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.outbox.something_new() => {}
                () = tokio::time::sleep(poll) => {}
                Some(_) = under_way.join_next() => {}
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    async fn take_on(&self, free: usize) -> Vec<Claimed> {
        let limit = u32::try_from(free).unwrap_or(0);
        if limit == 0 {
            return Vec::new();
        }
        let lease_ms = TIMEOUT_MS_MAX + LEASE_MARGIN_MS;
        match self.store.claim_notifications(self.clock.now(), lease_ms, limit).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::error!(%error, "the outbox cannot be read");
                Vec::new()
            }
        }
    }

    async fn attempt(self: Arc<Self>, claimed: Claimed) {
        let at = self.clock.now();
        let number = claimed.attempts_before + 1;
        let notification = &claimed.notification;
        let shop = self.shops.get(&notification.shop_id);
        let answered = match shop {
            Some(shop) => deliver::post(&self.http, &shop.settings, &claimed, at).await,
            None => ShopAnswer::none("the shop is not in shops.toml"),
        };
        let now = self.clock.now();
        let retry_ms: Vec<i64> = shop.map_or_else(Vec::new, |shop| {
            shop.settings.notify_retry_minutes.iter().map(|minutes| i64::from(*minutes) * 60_000).collect()
        });
        let next = match shop {
            _ if answered.received => Next::Delivered,
            Some(_) => next_attempt(&retry_ms, number, now, self.spread()),
            // A slip in shops.toml must not cost a shop what it is owed: it waits until its shop is back.
            None => Next::RetryAt(now.plus(SHOP_MISSING_RETRY_MS)),
        };
        tracing::info!(
            notification_id = notification.id, shop_id = %notification.shop_id, access_id = %notification.access_id,
            number, http_status = answered.http_status, received = answered.received, took_ms = now.since(at),
            %next, "notification"
        );
        let id = notification.id.clone();
        let attempt = Attempt {
            notification_id: id.clone(),
            number,
            at,
            took_ms: now.since(at),
            http_status: answered.http_status,
            answer: answered.text,
            next,
        };
        if let Err(error) = self.store.record_attempt(attempt).await {
            // The lease ends and it is sent again: at least once.
            tracing::error!(%error, notification_id = id, "an attempt could not be recorded");
        }
        self.outbox.attempted(&id);
    }

    fn spread(&self) -> u8 {
        let mut byte = [0];
        self.rng.fill(&mut byte);
        byte[0]
    }
}
