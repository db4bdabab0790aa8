//! The book in memory, gone with its process: for simulations, where no thread may work while virtual time leaps, and as
//! the second opinion that every other engine is compared with. Built only with the feature `memory-store`.
//!
//! It keeps the same rows as a database and judges changes by the same rule (`present`); what a database refuses by its
//! keys and indexes it refuses by hand. Whole tables are read through for each question: it is meant for small books.

mod book;
mod outbox;

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{
    ApplyError, AttemptRecord, Backlog, Change, NotificationRecord, Resend, Resent, Share, ShopOwed, Store, StoreError,
};
use crate::domain::notification::{Attempt, Claimed};
use crate::domain::{
    AccessId, ChargeId, ChargePermissionId, CheckoutSessionId, IdempotencyKey, Intent, Millis, OrderId, ShopId,
    Transaction,
};
use book::Book;

/// The book in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    book: Mutex<Book>,
}

impl MemoryStore {
    /// Every transaction, in the order of their entry.
    ///
    /// # Errors
    /// A row that contradicts itself.
    pub fn transactions(&self) -> Result<Vec<Transaction>, StoreError> {
        self.book().transactions.iter().map(|row| row.clone().read()).collect()
    }

    /// Every effect without an outcome, in the order of their beginning.
    pub fn open_intents(&self) -> Vec<Intent> {
        self.book().open_intents().cloned().collect()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn apply(&self, change: Change) -> Result<(), ApplyError> {
        self.book().apply(change)
    }

    async fn transaction(&self, access_id: &AccessId) -> Result<Option<Transaction>, StoreError> {
        self.book().first(|row| row.access_id == access_id.as_str())
    }

    async fn transaction_of_order(&self, shop: &ShopId, order: &OrderId) -> Result<Option<Transaction>, StoreError> {
        self.book().first(|row| row.shop_id == shop.as_str() && row.order_id == order.as_str())
    }

    async fn shops_of_permission(&self, permission: &ChargePermissionId) -> Result<Vec<ShopId>, StoreError> {
        self.book().shops_of_permission(permission)
    }

    async fn transaction_of_permission(
        &self,
        shop: &ShopId,
        permission: &ChargePermissionId,
    ) -> Result<Option<Transaction>, StoreError> {
        self.book().transaction_of_permission(shop, permission)
    }

    async fn transaction_of_session(
        &self,
        shop: &ShopId,
        session: &CheckoutSessionId,
    ) -> Result<Option<Transaction>, StoreError> {
        self.book().transaction_of_session(shop, session)
    }

    async fn transaction_of_charge(&self, charge: &ChargeId) -> Result<Option<Transaction>, StoreError> {
        self.book().first(|row| row.charge_id.as_deref() == Some(charge.as_str()))
    }

    async fn open_intent(&self, access_id: &AccessId) -> Result<Option<Intent>, StoreError> {
        Ok(self.book().open_intents().find(|intent| intent.access_id == *access_id).cloned())
    }

    async fn intents_to_look_at(&self, now: Millis, limit: u32) -> Result<Vec<(ShopId, Intent)>, StoreError> {
        self.book().intents_to_look_at(now, limit)
    }

    async fn begin_look(&self, key: &IdempotencyKey, at: Millis) -> Result<Option<Millis>, StoreError> {
        Ok(self.book().begin_look(key, at))
    }

    async fn look_again(&self, key: &IdempotencyKey, at: Millis) -> Result<(), StoreError> {
        self.book().look_again(key, at);
        Ok(())
    }

    async fn adopt_open_intents(&self, now: Millis) -> Result<u64, StoreError> {
        Ok(self.book().adopt_open_intents(now))
    }

    async fn transactions_to_look_at(&self, now: Millis, limit: u32) -> Result<Vec<Transaction>, StoreError> {
        self.book().transactions_to_look_at(now, limit)
    }

    async fn put_off(&self, access_id: &AccessId, version: i64, at: Millis) -> Result<(), StoreError> {
        self.book().put_off(access_id, version, at);
        Ok(())
    }

    async fn shops_owed(&self) -> Result<Vec<ShopOwed>, StoreError> {
        Ok(self.book().outbox.shops_owed())
    }

    async fn claim_notifications(
        &self,
        now: Millis,
        lease_ms: i64,
        shares: Vec<Share>,
    ) -> Result<Vec<Claimed>, StoreError> {
        Ok(self.book().outbox.claim(now, lease_ms, &shares))
    }

    async fn release_claims(&self, now: Millis) -> Result<u64, StoreError> {
        Ok(self.book().outbox.release(now))
    }

    async fn record_attempt(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.book().outbox.record(attempt)
    }

    async fn resend(&self, what: Resend, now: Millis, limit: u32) -> Result<Vec<Resent>, StoreError> {
        Ok(self.book().outbox.resend(&what, now, limit))
    }

    async fn notifications_of(&self, access_id: &AccessId) -> Result<Vec<NotificationRecord>, StoreError> {
        Ok(self.book().outbox.notifications_of(access_id))
    }

    async fn attempts_of(&self, notification_id: &str) -> Result<Vec<AttemptRecord>, StoreError> {
        Ok(self.book().outbox.attempts_of(notification_id))
    }

    async fn backlog(&self, now: Millis) -> Result<Backlog, StoreError> {
        Ok(self.book().backlog(now))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// How many of something a question may be answered with.
fn at_most(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
