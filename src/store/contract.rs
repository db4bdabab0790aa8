//! What every engine has to do, in the words of the use cases.

use async_trait::async_trait;

use super::{AttemptRecord, Backlog, Change, Note, NotificationRecord, Resend, Resent, Share, ShopOwed};
use crate::domain::notification::{Attempt, Claimed};
use crate::domain::{
    AccessId, ChargeId, ChargePermissionId, CheckoutSessionId, IdempotencyKey, Intent, Millis, OrderId, ShopId,
    Transaction,
};

/// Why a change was not made. Nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The shop has used this OrderID before.
    #[error("the shop has used this OrderID before")]
    OrderTaken,
    /// Somebody changed the transaction in between.
    #[error("the transaction was changed in between")]
    VersionLost,
    /// The checkout session pays another transaction, or is just being made ready to.
    #[error("the checkout session pays another transaction")]
    SessionTaken,
    /// An effect at Amazon is under way for the transaction, and this change is not its outcome.
    #[error("an operation at Amazon is under way for this transaction")]
    OperationOpen,
    /// The outcome's intent is not open: somebody else has closed it.
    #[error("the operation has an outcome already")]
    OperationClosed,
    /// Somebody else has begun to look at the outcome's intent, and may do what this outcome says was not done.
    #[error("somebody else looks at the operation")]
    LookedAt,
    /// The database failed.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// The database could not do its work. Whether a change was made is unknown only if the process dies here: an engine
/// that answers has either made it or not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("database: {0}")]
pub struct StoreError(pub String);

/// The book.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Makes `change` durable, whole or not at all.
    async fn apply(&self, change: Change) -> Result<(), ApplyError>;

    /// The transaction named `access_id`.
    async fn transaction(&self, access_id: &AccessId) -> Result<Option<Transaction>, StoreError>;

    /// The transaction that `shop` entered as `order`.
    async fn transaction_of_order(&self, shop: &ShopId, order: &OrderId) -> Result<Option<Transaction>, StoreError>;

    /// The shops that have a transaction on this charge permission.
    async fn shops_of_permission(&self, permission: &ChargePermissionId) -> Result<Vec<ShopId>, StoreError>;

    /// The transaction of `shop` that carries the permission: the registered consent if there is one, else the newest.
    async fn transaction_of_permission(
        &self,
        shop: &ShopId,
        permission: &ChargePermissionId,
    ) -> Result<Option<Transaction>, StoreError>;

    /// The transaction of `shop` that `session` is to pay or has paid: the latest that has not failed or expired.
    async fn transaction_of_session(
        &self,
        shop: &ShopId,
        session: &CheckoutSessionId,
    ) -> Result<Option<Transaction>, StoreError>;

    /// The transaction that `charge` pays. The book never has two.
    async fn transaction_of_charge(&self, charge: &ChargeId) -> Result<Option<Transaction>, StoreError>;

    /// The effect under way for a transaction, if there is one.
    async fn open_intent(&self, access_id: &AccessId) -> Result<Option<Intent>, StoreError>;

    /// Open intents that nobody has closed by the moment they were to be looked at, each with its shop: one of each shop,
    /// then a second of each, and so on; of a shop, oldest first.
    async fn intents_to_look_at(&self, now: Millis, limit: u32) -> Result<Vec<(ShopId, Intent)>, StoreError>;

    /// Notes that somebody begins to look at an open intent, by putting off the next look to `at`, or to just behind the
    /// moment that it had. Answers that moment; nothing where the intent is closed. From then on no outcome "not done" of
    /// whoever knows of the moment before stands any more ([`Change::unless_looked_at`]).
    async fn begin_look(&self, key: &IdempotencyKey, at: Millis) -> Result<Option<Millis>, StoreError>;

    /// Puts off the next look at an open intent and counts the one that is over.
    async fn look_again(&self, key: &IdempotencyKey, at: Millis) -> Result<(), StoreError>;

    /// Makes every open intent due now. For the start of the only serving
    /// process on a database: whoever began these is gone.
    async fn adopt_open_intents(&self, now: Millis) -> Result<u64, StoreError>;

    /// Transactions whose start ticket or stay at Amazon ran out, oldest first.
    async fn transactions_to_look_at(&self, now: Millis, limit: u32) -> Result<Vec<Transaction>, StoreError>;

    /// Puts off the next look at a transaction that is overdue and still at `version`; its version stays.
    async fn put_off(&self, access_id: &AccessId, version: i64, at: Millis) -> Result<(), StoreError>;

    /// The shops that are owed a notification, by id. Costs a step for each shop, however much each is owed.
    async fn shops_owed(&self) -> Result<Vec<ShopOwed>, StoreError>;

    /// When the next notification may be taken on, if any is owed.
    async fn next_notification_at(&self) -> Result<Option<Millis>, StoreError> {
        Ok(self.shops_owed().await?.into_iter().map(|owed| owed.next_at).min())
    }

    /// Takes on due notifications until `now + lease_ms`, of each shop its share, those first that have been due longest;
    /// nobody else gets them before that. Of a transaction only the earliest pending one can be had.
    async fn claim_notifications(
        &self,
        now: Millis,
        lease_ms: i64,
        shares: Vec<Share>,
    ) -> Result<Vec<Claimed>, StoreError>;

    /// Lets go of every claim; all are due now. For the start of the only serving process on a database.
    async fn release_claims(&self, now: Millis) -> Result<u64, StoreError>;

    /// Records an attempt and what happens next.
    async fn record_attempt(&self, attempt: Attempt) -> Result<(), StoreError>;

    /// Makes notifications due again by command, on a new schedule, at most `limit` of them; answers those it changed.
    /// What is under way or due already is left alone.
    async fn resend(&self, what: Resend, now: Millis, limit: u32) -> Result<Vec<Resent>, StoreError>;

    /// The notifications about a transaction, oldest first.
    async fn notifications_of(&self, access_id: &AccessId) -> Result<Vec<NotificationRecord>, StoreError>;

    /// The attempts to deliver a notification, oldest first.
    async fn attempts_of(&self, notification_id: &str) -> Result<Vec<AttemptRecord>, StoreError>;

    /// Notes something for people who look at a transaction's story. Nobody waits for it: what was noted in the last second
    /// before a crash may be lost, and an engine that nobody looks at need not keep it.
    fn note(&self, _note: Note) {}

    /// How many notes were dropped since the process began: there were too many at once, or the database failed.
    fn notes_lost(&self) -> u64 {
        0
    }

    /// How much waits at the moment `now`. Takes the longer the more there is.
    async fn backlog(&self, now: Millis) -> Result<Backlog, StoreError>;

    /// Whether the database answers, both whoever reads and whoever writes.
    async fn ping(&self) -> Result<(), StoreError>;
}
