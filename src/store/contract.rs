//! What every engine has to do, in the words of the use cases.

use async_trait::async_trait;

use super::Change;
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
    /// The database failed.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// The database could not do its work. Whether a change was made is unknown only if the process dies here: an engine
/// that answers has either made it or not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("database: {0}")]
pub struct StoreError(pub String);

/// A notification and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRecord {
    /// Its id.
    pub id: String,
    /// Its body.
    pub body: String,
    /// `PENDING`, `DELIVERED` or `GIVEN_UP`.
    pub state: String,
    /// Attempts made.
    pub attempts: i64,
    /// The next attempt, if there is to be one.
    pub next_at: Option<Millis>,
}

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

    /// Open intents that nobody has closed by the moment they were to be looked at, oldest first.
    async fn intents_to_look_at(&self, now: Millis, limit: u32) -> Result<Vec<Intent>, StoreError>;

    /// Puts off the next look at an open intent and counts this one.
    async fn look_again(&self, key: &IdempotencyKey, at: Millis) -> Result<(), StoreError>;

    /// Makes every open intent due now. For the start of the only process on a database: whoever began these is gone.
    async fn adopt_open_intents(&self, now: Millis) -> Result<u64, StoreError>;

    /// Transactions whose start ticket or stay at Amazon ran out, oldest first.
    async fn transactions_to_look_at(&self, now: Millis, limit: u32) -> Result<Vec<Transaction>, StoreError>;

    /// Puts off the next look at a transaction that is overdue and still at `version`; its version stays.
    async fn put_off(&self, access_id: &AccessId, version: i64, at: Millis) -> Result<(), StoreError>;

    /// Takes on at most `limit` due notifications until `now + lease_ms`; nobody else gets them before that.
    async fn claim_notifications(&self, now: Millis, lease_ms: i64, limit: u32) -> Result<Vec<Claimed>, StoreError>;

    /// Lets go of every claim. For the start of the only process on a database.
    async fn release_claims(&self) -> Result<u64, StoreError>;

    /// Records an attempt and what happens next.
    async fn record_attempt(&self, attempt: Attempt) -> Result<(), StoreError>;

    /// When the next pending notification is due.
    async fn next_notification_at(&self) -> Result<Option<Millis>, StoreError>;

    /// The notifications about a transaction, oldest first.
    async fn notifications_of(&self, access_id: &AccessId) -> Result<Vec<NotificationRecord>, StoreError>;

    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;
}
