//! Every question to the book. Answers are as of the last commit. Where the console's lists have an index that the engine
//! might take as well, the right one is named (see `outbox`); `cost_tests` counts.

use sqlx::SqlitePool;

use super::super::row::TransactionRow;
use super::{failed, outbox, readable};
use crate::domain::{
    AccessId, ChargeId, ChargePermissionId, CheckoutSessionId, Effect, IdempotencyKey, Intent, Millis, OrderId, ShopId,
    Transaction,
};
use crate::store::{Backlog, StoreError};

pub(super) async fn transaction(pool: &SqlitePool, access_id: &AccessId) -> Result<Option<Transaction>, StoreError> {
    sqlx::query_as::<_, TransactionRow>("SELECT * FROM transactions WHERE access_id = ?1")
        .bind(access_id.as_str())
        .fetch_optional(pool)
        .await
        .map_err(|error| failed(&error))?
        .map(TransactionRow::read)
        .transpose()
}

pub(super) async fn transaction_of_order(
    pool: &SqlitePool,
    shop: &ShopId,
    order: &OrderId,
) -> Result<Option<Transaction>, StoreError> {
    sqlx::query_as::<_, TransactionRow>("SELECT * FROM transactions WHERE shop_id = ?1 AND order_id = ?2")
        .bind(shop.as_str())
        .bind(order.as_str())
        .fetch_optional(pool)
        .await
        .map_err(|error| failed(&error))?
        .map(TransactionRow::read)
        .transpose()
}

pub(super) async fn shops_of_permission(
    pool: &SqlitePool,
    permission: &ChargePermissionId,
) -> Result<Vec<ShopId>, StoreError> {
    let ids: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT shop_id FROM transactions INDEXED BY transactions_of_permission
         WHERE charge_permission_id = ?1",
    )
    .bind(permission.as_str())
    .fetch_all(pool)
    .await
    .map_err(|error| failed(&error))?;
    ids.into_iter().map(|id| ShopId::new(id).map_err(|error| StoreError(error.to_string()))).collect()
}

pub(super) async fn transaction_of_permission(
    pool: &SqlitePool,
    shop: &ShopId,
    permission: &ChargePermissionId,
) -> Result<Option<Transaction>, StoreError> {
    sqlx::query_as::<_, TransactionRow>(
        "SELECT * FROM transactions INDEXED BY transactions_of_permission
         WHERE charge_permission_id = ?1 AND shop_id = ?2
         ORDER BY status IN ('REGISTER', 'END') DESC, created_at DESC LIMIT 1",
    )
    .bind(permission.as_str())
    .bind(shop.as_str())
    .fetch_optional(pool)
    .await
    .map_err(|error| failed(&error))?
    .map(TransactionRow::read)
    .transpose()
}

pub(super) async fn transaction_of_session(
    pool: &SqlitePool,
    shop: &ShopId,
    session: &CheckoutSessionId,
) -> Result<Option<Transaction>, StoreError> {
    sqlx::query_as::<_, TransactionRow>(
        "SELECT * FROM transactions INDEXED BY transactions_of_session
         WHERE checkout_session_id = ?2 AND shop_id = ?1 AND status NOT IN ('PAYFAIL', 'EXPIRED')
         ORDER BY created_at DESC LIMIT 1",
    )
    .bind(shop.as_str())
    .bind(session.as_str())
    .fetch_optional(pool)
    .await
    .map_err(|error| failed(&error))?
    .map(TransactionRow::read)
    .transpose()
}

pub(super) async fn transaction_of_charge(
    pool: &SqlitePool,
    charge: &ChargeId,
) -> Result<Option<Transaction>, StoreError> {
    sqlx::query_as::<_, TransactionRow>("SELECT * FROM transactions WHERE charge_id = ?1")
        .bind(charge.as_str())
        .fetch_optional(pool)
        .await
        .map_err(|error| failed(&error))?
        .map(TransactionRow::read)
        .transpose()
}

pub(super) async fn transactions_to_look_at(
    pool: &SqlitePool,
    now: Millis,
    limit: u32,
) -> Result<Vec<Transaction>, StoreError> {
    let rows = sqlx::query_as::<_, TransactionRow>(
        "SELECT * FROM transactions WHERE look_at IS NOT NULL AND look_at <= ?1
           AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.access_id = transactions.access_id AND o.verdict IS NULL)
         ORDER BY look_at LIMIT ?2",
    )
    .bind(now.0)
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(|error| failed(&error))?;
    Ok(readable(rows.into_iter().map(TransactionRow::read)))
}

#[derive(sqlx::FromRow)]
struct DueIntentRow {
    shop_id: String,
    #[sqlx(flatten)]
    intent: IntentRow,
}

#[derive(sqlx::FromRow)]
struct IntentRow {
    idempotency_key: String,
    access_id: String,
    effect: String,
    started_at: i64,
    look_at: i64,
    looks: i64,
}

impl IntentRow {
    fn read(self) -> Result<Intent, StoreError> {
        let broken = |what: &dyn std::fmt::Display| StoreError(format!("operation {}: {what}", self.idempotency_key));
        Ok(Intent {
            key: IdempotencyKey::new(self.idempotency_key.clone()).map_err(|error| broken(&error))?,
            access_id: AccessId::new(self.access_id.clone()).map_err(|error| broken(&error))?,
            effect: serde_json::from_str::<Effect>(&self.effect).map_err(|error| broken(&error))?,
            started_at: Millis(self.started_at),
            look_at: Millis(self.look_at),
            looks: self.looks,
        })
    }
}

pub(super) async fn open_intent(pool: &SqlitePool, access_id: &AccessId) -> Result<Option<Intent>, StoreError> {
    sqlx::query_as::<_, IntentRow>(
        "SELECT idempotency_key, access_id, effect, started_at, look_at, looks FROM operations
         WHERE access_id = ?1 AND verdict IS NULL",
    )
    .bind(access_id.as_str())
    .fetch_optional(pool)
    .await
    .map_err(|error| failed(&error))?
    .map(IntentRow::read)
    .transpose()
}

pub(super) async fn intents_to_look_at(
    pool: &SqlitePool,
    now: Millis,
    limit: u32,
) -> Result<Vec<(ShopId, Intent)>, StoreError> {
    let rows = sqlx::query_as::<_, DueIntentRow>(
        "SELECT shop_id, idempotency_key, access_id, effect, started_at, look_at, looks FROM (
             SELECT t.shop_id, o.*, row_number() OVER (PARTITION BY t.shop_id ORDER BY o.look_at) AS turn
             FROM operations o JOIN transactions t ON t.access_id = o.access_id
             WHERE o.verdict IS NULL AND o.look_at <= ?1)
         ORDER BY turn, look_at LIMIT ?2",
    )
    .bind(now.0)
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(|error| failed(&error))?;
    Ok(readable(rows.into_iter().map(|row| {
        let shop_id = ShopId::new(row.shop_id).map_err(|error| StoreError(format!("an operation's shop: {error}")))?;
        Ok((shop_id, row.intent.read()?))
    })))
}

/// How much waits. Counting takes the longer the more there is, so this is for those who look on, not for those who work.
pub(super) async fn backlog(pool: &SqlitePool, now: Millis) -> Result<Backlog, StoreError> {
    let due_since = outbox::shops_owed(pool).await?.into_iter().map(|owed| owed.next_at).min();
    let (pending, given_up, open, open_since, overdue, overdue_since): BacklogRow = sqlx::query_as(
        "SELECT (SELECT count(*) FROM notifications WHERE state = 'PENDING' AND behind = 0)
                + (SELECT count(*) FROM notifications WHERE state = 'PENDING' AND behind = 1),
                (SELECT count(*) FROM notifications WHERE state = 'GIVEN_UP'),
                (SELECT count(*) FROM operations WHERE verdict IS NULL),
                (SELECT min(started_at) FROM operations WHERE verdict IS NULL),
                (SELECT count(*) FROM transactions WHERE look_at IS NOT NULL AND look_at <= ?1),
                (SELECT min(look_at) FROM transactions WHERE look_at IS NOT NULL AND look_at <= ?1)",
    )
    .bind(now.0)
    .fetch_one(pool)
    .await
    .map_err(|error| failed(&error))?;
    Ok(Backlog {
        notifications_pending: pending,
        notification_due_since: due_since.filter(|since| *since <= now),
        notifications_given_up: given_up,
        operations_open: open,
        operation_open_since: open_since.map(Millis),
        transactions_overdue: overdue,
        transaction_overdue_since: overdue_since.map(Millis),
    })
}

type BacklogRow = (i64, i64, i64, Option<i64>, i64, Option<i64>);

pub(super) async fn ping(pool: &SqlitePool) -> Result<(), StoreError> {
    sqlx::query("SELECT 1").execute(pool).await.map(|_| ()).map_err(|error| failed(&error))
}
