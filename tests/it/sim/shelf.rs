//! The book as a gateway's process sees it: at times busy, at times full, and now and then it does what it was asked and
//! says that it did not.

use std::sync::Arc;

use async_trait::async_trait;
use sekisho::domain::notification::{Attempt, Claimed};
use sekisho::domain::{
    AccessId, ChargeId, ChargePermissionId, CheckoutSessionId, Effect, IdempotencyKey, Intent, Millis, OrderId, ShopId,
    Transaction,
};
use sekisho::store::{
    ApplyError, AttemptRecord, Backlog, Change, MemoryStore, NotificationRecord, Resend, Resent, Share, ShopOwed,
    Store, StoreError,
};

use super::life::Life;
use super::script::Then;
use super::trace::Trace;
use super::weather::{Sabotage, Trouble, Weather};

/// The one book, in the hands of one process.
pub(super) struct Shelf {
    pub(super) book: Arc<MemoryStore>,
    pub(super) life: Life,
    pub(super) weather: Arc<Weather>,
    pub(super) trace: Arc<Trace>,
}

impl Shelf {
    async fn do_or_fail<T, E: From<StoreError>>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.life.go_on().await;
        let trouble = self.weather.trouble();
        if let Some(trouble) = trouble {
            self.trace.say(format_args!("store {what}: {trouble:?}"));
        }
        let pause = if let Some(Trouble::Busy(time)) = trouble { Some(time) } else { self.weather.pause() };
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
            self.life.go_on().await;
        }
        match trouble {
            Some(Trouble::Fails) => return Err(StoreError("database or disk is full".to_owned()).into()),
            Some(Trouble::FailsAfterwards) => {
                // Whatever came of it.
                let _ = work.await;
                return Err(StoreError("disk I/O error".to_owned()).into());
            }
            _ => {}
        }
        work.await
    }

    /// The same for what is written: the process may die just before or just after.
    async fn write<T, E: From<StoreError>>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.life.risk(|| format!("before {what}")).await;
        let done = self.do_or_fail(what, work).await;
        self.life.risk(|| format!("after {what}")).await;
        done
    }
}

#[async_trait]
impl Store for Shelf {
    async fn apply(&self, change: Change) -> Result<(), ApplyError> {
        let begins = change.begins().map(Effect::name);
        let closes = change.closes().and_then(|key| {
            let open = self.book.open_intents().into_iter().find(|intent| intent.key == *key);
            open.map(|intent| intent.effect.name())
        });
        let status = change.transaction().map(|transaction| transaction.status().to_string()).unwrap_or_default();
        let script = self.weather.script.as_ref();
        let work = async {
            if script.is_some_and(|script| script.refuses_commit(closes)) {
                return Err(StoreError("database or disk is full".to_owned()).into());
            }
            let no_intent = begins.is_some() && closes.is_none() && self.weather.lacks(Sabotage::NoIntent);
            if no_intent || (closes.is_some() && self.weather.lacks(Sabotage::NoOutcome)) {
                return Ok(());
            }
            let applied = self.book.apply(change).await;
            let said = applied.as_ref().map_or_else(ToString::to_string, |()| "done".to_owned());
            self.trace.say(format_args!("commit {status} begins {begins:?} closes {closes:?}: {said}"));
            match script.and_then(|script| script.committed(begins, closes)) {
                Some(Then::Die) => self.life.die("after the commit"),
                Some(Then::SayNo) => return Err(StoreError("disk I/O error".to_owned()).into()),
                Some(Then::Look) => drop(self.book.adopt_open_intents(Millis(0)).await),
                None => {}
            }
            applied
        };
        self.write("a commit", work).await
    }

    async fn transaction(&self, access_id: &AccessId) -> Result<Option<Transaction>, StoreError> {
        self.do_or_fail("transaction", self.book.transaction(access_id)).await
    }

    async fn transaction_of_order(&self, shop: &ShopId, order: &OrderId) -> Result<Option<Transaction>, StoreError> {
        self.do_or_fail("transaction_of_order", self.book.transaction_of_order(shop, order)).await
    }

    async fn shops_of_permission(&self, permission: &ChargePermissionId) -> Result<Vec<ShopId>, StoreError> {
        self.do_or_fail("shops_of_permission", self.book.shops_of_permission(permission)).await
    }

    async fn transaction_of_permission(
        &self,
        shop: &ShopId,
        permission: &ChargePermissionId,
    ) -> Result<Option<Transaction>, StoreError> {
        self.do_or_fail("transaction_of_permission", self.book.transaction_of_permission(shop, permission)).await
    }

    async fn transaction_of_session(
        &self,
        shop: &ShopId,
        session: &CheckoutSessionId,
    ) -> Result<Option<Transaction>, StoreError> {
        self.do_or_fail("transaction_of_session", self.book.transaction_of_session(shop, session)).await
    }

    async fn transaction_of_charge(&self, charge: &ChargeId) -> Result<Option<Transaction>, StoreError> {
        self.do_or_fail("transaction_of_charge", self.book.transaction_of_charge(charge)).await
    }

    async fn open_intent(&self, access_id: &AccessId) -> Result<Option<Intent>, StoreError> {
        self.do_or_fail("open_intent", self.book.open_intent(access_id)).await
    }

    async fn intents_to_look_at(&self, now: Millis, limit: u32) -> Result<Vec<(ShopId, Intent)>, StoreError> {
        self.do_or_fail("intents_to_look_at", self.book.intents_to_look_at(now, limit)).await
    }

    async fn begin_look(&self, key: &IdempotencyKey, at: Millis) -> Result<Option<Millis>, StoreError> {
        self.write("begin_look", self.book.begin_look(key, at)).await
    }

    async fn look_again(&self, key: &IdempotencyKey, at: Millis) -> Result<(), StoreError> {
        self.write("look_again", self.book.look_again(key, at)).await
    }

    async fn adopt_open_intents(&self, now: Millis) -> Result<u64, StoreError> {
        self.write("adopt_open_intents", self.book.adopt_open_intents(now)).await
    }

    async fn transactions_to_look_at(&self, now: Millis, limit: u32) -> Result<Vec<Transaction>, StoreError> {
        self.do_or_fail("transactions_to_look_at", self.book.transactions_to_look_at(now, limit)).await
    }

    async fn put_off(&self, access_id: &AccessId, version: i64, at: Millis) -> Result<(), StoreError> {
        self.write("put_off", self.book.put_off(access_id, version, at)).await
    }

    async fn shops_owed(&self) -> Result<Vec<ShopOwed>, StoreError> {
        self.do_or_fail("shops_owed", self.book.shops_owed()).await
    }

    async fn claim_notifications(
        &self,
        now: Millis,
        lease_ms: i64,
        shares: Vec<Share>,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.write("claim_notifications", self.book.claim_notifications(now, lease_ms, shares)).await
    }

    async fn release_claims(&self, now: Millis) -> Result<u64, StoreError> {
        self.write("release_claims", self.book.release_claims(now)).await
    }

    async fn record_attempt(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.write("record_attempt", self.book.record_attempt(attempt)).await
    }

    async fn resend(&self, what: Resend, now: Millis, limit: u32) -> Result<Vec<Resent>, StoreError> {
        self.write("resend", self.book.resend(what, now, limit)).await
    }

    async fn notifications_of(&self, access_id: &AccessId) -> Result<Vec<NotificationRecord>, StoreError> {
        self.do_or_fail("notifications_of", self.book.notifications_of(access_id)).await
    }

    async fn attempts_of(&self, notification_id: &str) -> Result<Vec<AttemptRecord>, StoreError> {
        self.do_or_fail("attempts_of", self.book.attempts_of(notification_id)).await
    }

    async fn backlog(&self, now: Millis) -> Result<Backlog, StoreError> {
        self.do_or_fail("backlog", self.book.backlog(now)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.do_or_fail("ping", self.book.ping()).await
    }
}
