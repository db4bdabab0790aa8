//! The loop that empties the outbox.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::Outbox;
use super::deliver::{self, ShopAnswer};
use crate::domain::notification::{Attempt, Claimed, Next, NoAnswer, next_attempt};
use crate::domain::{AccessId, Clock, Millis, Notification, Places, Rng, ShopId, Turns, random_hex};
use crate::egress::Outside;
use crate::flow::{Shop, Shops, Store};
use crate::protocol::notification;
use crate::store::{Share, StoreError};

/// How many notifications are under way at once: over all shops, to one shop, and of one shop in one turn.
const PLACES: Places = Places { all: 128, per_shop: 8, per_turn: 4 };
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
    outside: Outside,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    settings: Settings,
    on_their_way: Mutex<HashSet<String>>,
}

impl Dispatcher {
    /// A dispatcher; nothing is sent before [`Dispatcher::run`].
    pub fn new(
        store: Arc<dyn Store>,
        shops: Arc<Shops>,
        outbox: Arc<Outbox>,
        outside: Outside,
        (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>),
        settings: Settings,
    ) -> Arc<Self> {
        Arc::new(Self { store, shops, outbox, outside, clock, rng, settings, on_their_way: Mutex::default() })
    }

    /// Sends until `stop`; attempts under way then are finished first.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut turns = Turns::new(PLACES);
        let mut under_way = JoinSet::new();
        while !stop.is_cancelled() {
            self.fill(&mut turns, &mut under_way).await;
            let poll = Duration::from_millis(self.settings.poll_ms);
            // In this order, so that a simulation repeats itself.
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                Some(ended) = under_way.join_next() => note(&mut turns, ended),
                () = self.outbox.something_new() => {}
                () = tokio::time::sleep(poll) => {}
            }
            // Whatever else has ended by now: one look at the outbox does for all of them.
            while let Some(ended) = under_way.try_join_next() {
                note(&mut turns, ended);
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    /// Posts a connectivity test (ErrInfo `E00000000`) to the shop's `notify_url`, once, within the shop's own time-out, as
    /// every notification goes; it is in no outbox and not tried again. `None` where the shop has no `notify_url`.
    pub async fn test(&self, shop: &Shop) -> Option<ShopAnswer> {
        let url = shop.settings.notify_url.clone()?;
        let now = self.clock.now();
        let body = String::from_utf8_lossy(&notification::connectivity_test(&shop.id, now)).into_owned();
        let id = format!("msg_{}", random_hex::<16>(&*self.rng));
        let access_id = AccessId::new("0".repeat(32)).ok()?;
        let notification = Notification { id, access_id, shop_id: shop.id.clone(), url, body, created_at: now };
        let claimed = Claimed { notification, attempts_before: 0, schedule_from: 0 };
        let network = self.outside.shops(shop.settings.environment);
        let answered = deliver::post(network, &shop.settings, &claimed, now).await;
        tracing::info!(
            shop_id = %shop.id, http_status = answered.http_status, failure = answered.failure.map(NoAnswer::word),
            received = answered.received, "connectivity test"
        );
        Some(answered)
    }

    /// Takes on what is due, turn after turn, until there is no place or nothing left.
    async fn fill(self: &Arc<Self>, turns: &mut Turns, under_way: &mut JoinSet<Ended>) {
        loop {
            let claimed = self.take_on(turns).await;
            if claimed.is_empty() {
                return;
            }
            for one in claimed {
                // A lease is counted on the clock, and the clock may leap: what is being sent is not sent a second time.
                let Some(on_its_way) = self.set_out(&one.notification.id) else { continue };
                turns.began(&one.notification.shop_id);
                under_way.spawn(Arc::clone(self).attempt(one, on_its_way));
            }
        }
    }

    async fn take_on(&self, turns: &mut Turns) -> Vec<Claimed> {
        match self.claim(turns).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::error!(%error, "the outbox cannot be read");
                Vec::new()
            }
        }
    }

    async fn claim(&self, turns: &mut Turns) -> Result<Vec<Claimed>, StoreError> {
        if turns.free() == 0 {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        let owed = self.store.shops_owed().await?;
        let due: Vec<_> = owed.into_iter().filter(|owed| owed.next_at <= now).map(|owed| owed.shop_id).collect();
        let share = |(shop_id, take_max)| Share { shop_id, take_max, under_way_max: PLACES.per_shop };
        let shares: Vec<_> = turns.share(&due).into_iter().map(share).collect();
        if shares.is_empty() {
            return Ok(Vec::new());
        }
        self.store.claim_notifications(now, TIMEOUT_MS_MAX + LEASE_MARGIN_MS, shares).await
    }

    /// Notes that this notification is being sent; `None` if it was so already.
    fn set_out(self: &Arc<Self>, id: &str) -> Option<OnItsWay> {
        let new = self.on_their_way().insert(id.to_owned());
        new.then(|| OnItsWay { dispatcher: Arc::clone(self), id: id.to_owned() })
    }

    fn on_their_way(&self) -> MutexGuard<'_, HashSet<String>> {
        self.on_their_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `_on_its_way` is dropped when everything is written down.
    async fn attempt(self: Arc<Self>, claimed: Claimed, _on_its_way: OnItsWay) -> Ended {
        let at = self.clock.now();
        let number = claimed.attempts_before + 1;
        let notification = &claimed.notification;
        let shop = self.shops.get(&notification.shop_id);
        let answered = match &shop {
            Some(shop) => {
                deliver::post(self.outside.shops(shop.settings.environment), &shop.settings, &claimed, at).await
            }
            None => ShopAnswer::shop_missing(),
        };
        let now = self.clock.now();
        let next = match &shop {
            _ if answered.received => Next::Delivered,
            Some(shop) => self.next(shop, number - claimed.schedule_from, now, answered.retry_after_ms),
            // A slip in shops.toml must not cost a shop what it is owed: it waits until its shop is back.
            None => Next::RetryAt(now.plus(SHOP_MISSING_RETRY_MS)),
        };
        tracing::info!(
            notification_id = notification.id, shop_id = %notification.shop_id, access_id = %notification.access_id,
            number, http_status = answered.http_status, failure = answered.failure.map(NoAnswer::word),
            received = answered.received, took_ms = now.since(at), %next, "notification"
        );
        let ended = Ended { shop_id: notification.shop_id.clone(), answered: answered.failure.is_none() };
        let id = notification.id.clone();
        let attempt = Attempt {
            notification_id: id.clone(),
            number,
            at,
            took_ms: now.since(at),
            http_status: answered.http_status,
            failure: answered.failure,
            answer: answered.text,
            next,
        };
        if let Err(error) = self.store.record_attempt(attempt).await {
            // The lease ends and it is sent again: at least once.
            tracing::error!(%error, notification_id = id, "an attempt could not be recorded");
        }
        self.outbox.attempted(&id);
        ended
    }

    fn next(&self, shop: &Shop, attempts: i64, now: Millis, retry_after_ms: Option<i64>) -> Next {
        let waits = &shop.settings.notify_retry_minutes;
        let retry_ms: Vec<i64> = waits.iter().map(|minutes| i64::from(*minutes) * 60_000).collect();
        next_attempt(&retry_ms, attempts, now, self.spread(), retry_after_ms)
    }

    fn spread(&self) -> u8 {
        let mut byte = [0];
        self.rng.fill(&mut byte);
        byte[0]
    }
}

/// A notification that is being sent, until this is dropped, however the attempt ends.
struct OnItsWay {
    dispatcher: Arc<Dispatcher>,
    id: String,
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.dispatcher.on_their_way().remove(&self.id);
    }
}

/// An attempt that is over.
struct Ended {
    shop_id: ShopId,
    /// Whether the shop's server answered, whatever it said.
    answered: bool,
}

fn note(turns: &mut Turns, ended: Result<Ended, JoinError>) {
    match ended {
        Ok(Ended { shop_id, answered }) => turns.ended(&shop_id, answered),
        // A defect. The place stays taken, so that it cannot take others with it; the lease ends.
        Err(error) => tracing::error!(%error, "an attempt to notify did not end well"),
    }
}
