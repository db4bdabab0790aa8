//! How many requests of one shop are worked on at once, so that a shop that calls too much is in nobody's way but its own.
//!
//! Places are taken only after the password was found right: nobody takes a shop's places who is not that shop.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::ShopId;

/// How long a request waits for a place.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// The places of each shop: so many to work, and as many to wait. Made when a shop first calls, for shops may be added.
pub(super) struct Places {
    each: usize,
    shops: Mutex<BTreeMap<ShopId, Arc<Shop>>>,
}

struct Shop {
    working: Arc<Semaphore>,
    waiting: Semaphore,
}

/// A place that is taken, until it is dropped.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(each: usize) -> Self {
        Self { each: each.min(Semaphore::MAX_PERMITS), shops: Mutex::default() }
    }

    /// A place for a request of this shop, which must be one, at once or after a short wait; `None` where there is none.
    pub(super) async fn take(&self, shop: &ShopId) -> Option<Place> {
        let shop = self.of(shop);
        let place = |permit| Place { _permit: permit };
        if let Ok(permit) = Arc::clone(&shop.working).try_acquire_owned() {
            return Some(place(permit));
        }
        let _waiting = shop.waiting.try_acquire().ok()?;
        let permit = tokio::time::timeout(WAIT_MAX, Arc::clone(&shop.working).acquire_owned()).await;
        permit.ok()?.ok().map(place)
    }

    fn of(&self, shop: &ShopId) -> Arc<Shop> {
        let mut shops = self.shops.lock().unwrap_or_else(PoisonError::into_inner);
        let new =
            || Arc::new(Shop { working: Arc::new(Semaphore::new(self.each)), waiting: Semaphore::new(self.each) });
        Arc::clone(shops.entry(shop.clone()).or_insert_with(new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn so_many_work_as_many_wait_a_moment_and_the_rest_is_sent_away() {
        let [one, other] = ["tshop00000001", "tshop00000002"].map(|id| ShopId::new(id).unwrap());
        let places = Places::new(1);
        let begun = tokio::time::Instant::now();
        let first = places.take(&one).await.unwrap();
        let (waited, refused) = tokio::join!(places.take(&one), async {
            let refused = places.take(&one).await;
            (refused.is_none(), begun.elapsed())
        });
        assert!(refused.0 && refused.1 < WAIT_MAX, "the only place to wait is taken");
        assert!(waited.is_none() && begun.elapsed() >= WAIT_MAX);
        assert!(places.take(&other).await.is_some(), "another shop has its own");
        let (second, ()) = tokio::join!(places.take(&one), async { drop(first) });
        assert!(second.is_some(), "a place that becomes free is taken");
    }
}
