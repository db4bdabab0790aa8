//! The outbox's statements. Whoever empties it first asks, on a reading connection, which shops are owed something: one
//! step in the index for each shop, however much each is owed. Then the writer takes a few of each, again by the index.
//! So no statement's cost grows with the backlog, and the writer, whom every payment waits for, is held up briefly. Their
//! indexes are named: what the console reads by has indexes too, and the engine, left to guess, takes one of those. A `+`
//! before a column keeps it from being searched by, where the key that has no name of ours is meant.
//!
//! A claim moves `next_at` to the end of its lease: what is under way is not due, and comes due by itself if its sender
//! dies. Of each transaction only the earliest pending notification can be due (`behind`), so none overtakes another.

use serde_json::json;
use sqlx::{SqliteConnection, SqlitePool};

use super::batch::{begin, end, json};
use super::{failed, readable};
use crate::domain::notification::{Attempt, Claimed, Next, NoAnswer};
use crate::domain::{AccessId, Millis, Notification, ShopId};
use crate::store::StoreError;
use crate::store::outbox::{AttemptRecord, NotificationRecord, Resend, Resent, Share, ShopOwed};

/// The shops that are owed something, by id, each with the first moment at which something may be taken on.
pub(super) async fn shops_owed(pool: &SqlitePool) -> Result<Vec<ShopOwed>, StoreError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "WITH RECURSIVE shop (id) AS (
             SELECT min(shop_id) FROM notifications INDEXED BY notifications_due WHERE state = 'PENDING' AND behind = 0
             UNION ALL
             SELECT (SELECT min(shop_id) FROM notifications INDEXED BY notifications_due
                     WHERE state = 'PENDING' AND behind = 0 AND shop_id > shop.id)
             FROM shop WHERE shop.id IS NOT NULL)
         SELECT id, (SELECT min(next_at) FROM notifications INDEXED BY notifications_due
                     WHERE state = 'PENDING' AND behind = 0 AND shop_id = shop.id)
         FROM shop WHERE id IS NOT NULL",
    )
    .fetch_all(pool)
    .await
    .map_err(|error| failed(&error))?;
    Ok(readable(rows.into_iter().map(|(id, next_at)| {
        let shop_id = ShopId::new(id).map_err(|error| StoreError(format!("a notification's shop: {error}")))?;
        Ok(ShopOwed { shop_id, next_at: Millis(next_at) })
    })))
}

pub(super) async fn notifications_of(
    pool: &SqlitePool,
    access_id: &AccessId,
) -> Result<Vec<NotificationRecord>, StoreError> {
    let rows: Vec<(String, String, String, i64, Option<i64>)> = sqlx::query_as(
        "SELECT id, body, state, attempts, next_at FROM notifications WHERE access_id = ?1 ORDER BY rowid",
    )
    .bind(access_id.as_str())
    .fetch_all(pool)
    .await
    .map_err(|error| failed(&error))?;
    let record = |(id, body, state, attempts, next_at): (_, _, _, _, Option<i64>)| NotificationRecord {
        id,
        body,
        state,
        attempts,
        next_at: next_at.map(Millis),
    };
    Ok(rows.into_iter().map(record).collect())
}

#[derive(sqlx::FromRow)]
struct AttemptRow {
    number: i64,
    at: i64,
    took_ms: i64,
    http_status: Option<i64>,
    failure: Option<String>,
    answer: String,
}

pub(super) async fn attempts_of(pool: &SqlitePool, id: &str) -> Result<Vec<AttemptRecord>, StoreError> {
    let rows: Vec<AttemptRow> = sqlx::query_as(
        "SELECT number, at, took_ms, http_status, failure, answer FROM notification_attempts
         WHERE notification_id = ?1 ORDER BY number",
    )
    .bind(id)
    .fetch_all(pool)
    .await
    .map_err(|error| failed(&error))?;
    let record = |row: AttemptRow| AttemptRecord {
        number: row.number,
        at: Millis(row.at),
        took_ms: row.took_ms,
        http_status: row.http_status,
        failure: row.failure.as_deref().and_then(NoAnswer::of_word),
        answer: row.answer,
    };
    Ok(rows.into_iter().map(record).collect())
}

#[derive(sqlx::FromRow)]
struct ClaimRow {
    id: String,
    access_id: String,
    shop_id: String,
    url: String,
    body: String,
    created_at: i64,
    attempts: i64,
    schedule_from: i64,
}

/// Takes on what is due, a share of each shop, all in one commit.
pub(super) async fn claim(
    connection: &mut SqliteConnection,
    now: Millis,
    lease_ms: i64,
    shares: &[Share],
) -> Result<Vec<Claimed>, StoreError> {
    let claimed = async {
        begin(connection).await?;
        let claimed = claim_shares(connection, now, lease_ms, shares).await;
        end(connection, claimed).await
    };
    let rows = claimed.await.map_err(|error| failed(&error))?;
    Ok(readable(rows.into_iter().map(ClaimRow::read)))
}

async fn claim_shares(
    tx: &mut SqliteConnection,
    now: Millis,
    lease_ms: i64,
    shares: &[Share],
) -> Result<Vec<ClaimRow>, sqlx::Error> {
    let mut claimed = Vec::new();
    for share in shares {
        let rows: Vec<ClaimRow> = sqlx::query_as(
            "UPDATE notifications SET claimed_until = ?1 + ?2, next_at = ?1 + ?2 WHERE rowid IN (
                 SELECT rowid FROM notifications INDEXED BY notifications_due
                 WHERE shop_id = ?3 AND state = 'PENDING' AND behind = 0 AND next_at <= ?1
                 ORDER BY next_at
                 LIMIT max(0, min(?4, ?5 - (SELECT count(*) FROM notifications INDEXED BY notifications_under_way
                                            WHERE shop_id = ?3 AND claimed_until > ?1))))
             RETURNING id, access_id, shop_id, url, body, created_at, attempts, schedule_from",
        )
        .bind(now.0)
        .bind(lease_ms)
        .bind(share.shop_id.as_str())
        .bind(share.take_max)
        .bind(share.under_way_max)
        .fetch_all(&mut *tx)
        .await?;
        claimed.extend(rows);
    }
    Ok(claimed)
}

impl ClaimRow {
    fn read(self) -> Result<Claimed, StoreError> {
        let broken = |error: crate::domain::Malformed| StoreError(format!("notification {}: {error}", self.id));
        Ok(Claimed {
            attempts_before: self.attempts,
            schedule_from: self.schedule_from,
            notification: Notification {
                access_id: AccessId::new(self.access_id).map_err(broken)?,
                shop_id: ShopId::new(self.shop_id).map_err(broken)?,
                id: self.id.clone(),
                url: self.url,
                body: self.body,
                created_at: Millis(self.created_at),
            },
        })
    }
}

/// Makes everything due now that a process which is gone had taken on.
pub(super) async fn release(connection: &mut SqliteConnection, now: Millis) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "UPDATE notifications SET claimed_until = NULL, next_at = min(next_at, ?1) WHERE claimed_until IS NOT NULL",
    )
    .bind(now.0)
    .execute(connection)
    .await;
    done.map(|done| done.rows_affected()).map_err(|error| failed(&error))
}

/// Records attempts and what happens next, all in one commit.
pub(super) async fn record(connection: &mut SqliteConnection, attempts: &[Attempt]) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = attempts
        .iter()
        .map(|attempt| {
            let (state, next_at) = match attempt.next {
                Next::Delivered => ("DELIVERED", None),
                Next::RetryAt(at) => ("PENDING", Some(at)),
                Next::GivenUp => ("GIVEN_UP", None),
            };
            json!({
                "id": attempt.notification_id, "number": attempt.number, "at": attempt.at, "took_ms": attempt.took_ms,
                "http_status": attempt.http_status, "failure": attempt.failure.map(NoAnswer::word),
                "answer": attempt.answer, "state": state, "next_at": next_at,
            })
        })
        .collect();
    begin(connection).await?;
    let written = write_attempts(connection, &json(&rows)).await;
    end(connection, written).await
}

async fn write_attempts(tx: &mut SqliteConnection, rows: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO notification_attempts (notification_id, number, at, took_ms, http_status, failure, answer)
         SELECT j.value ->> 'id', j.value ->> 'number', j.value ->> 'at', j.value ->> 'took_ms',
                j.value ->> 'http_status', j.value ->> 'failure', j.value ->> 'answer' FROM json_each(?1) j WHERE true
         ON CONFLICT DO NOTHING",
    )
    .bind(rows)
    .execute(&mut *tx)
    .await?;
    let ended: Vec<String> = sqlx::query_scalar(
        "UPDATE notifications SET state = j.value ->> 'state', next_at = j.value ->> 'next_at',
             attempts = max(attempts, j.value ->> 'number'), claimed_until = NULL
         FROM json_each(?1) j WHERE notifications.id = j.value ->> 'id' AND +notifications.state = 'PENDING'
         RETURNING access_id",
    )
    .bind(rows)
    .fetch_all(&mut *tx)
    .await?;
    in_order(tx, &json(&ended)).await
}

/// Says anew, for these transactions, which pending notification is the earliest and which are behind it.
async fn in_order(tx: &mut SqliteConnection, access_ids: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE notifications INDEXED BY notifications_of_transaction SET behind = NOT behind
         WHERE access_id IN (SELECT value FROM json_each(?1)) AND state = 'PENDING'
           AND behind <> EXISTS (SELECT 1 FROM notifications earlier INDEXED BY notifications_of_transaction
               WHERE earlier.access_id = notifications.access_id AND earlier.state = 'PENDING'
                 AND earlier.rowid < notifications.rowid)",
    )
    .bind(access_ids)
    .execute(tx)
    .await
    .map(|_| ())
}

/// Makes what is to be sent again due now, at most `limit` of it; answers how each stood before. What is under way, or
/// due already, is left alone, so that a second command finds nothing to do.
pub(super) async fn resend(
    connection: &mut SqliteConnection,
    what: &Resend,
    now: Millis,
    limit: u32,
) -> Result<Vec<Resent>, StoreError> {
    let resent = async {
        begin(connection).await?;
        let resent = write_resend(connection, what, now, limit).await;
        end(connection, resent).await
    };
    let rows = resent.await.map_err(|error| failed(&error))?;
    Ok(readable(rows.into_iter().map(|(id, access_id, was, attempts)| {
        let access_id = AccessId::new(access_id).map_err(|error| StoreError(format!("notification {id}: {error}")))?;
        Ok(Resent { id, access_id, was, attempts })
    })))
}

type ResentRow = (String, String, String, i64);

async fn write_resend(
    tx: &mut SqliteConnection,
    what: &Resend,
    now: Millis,
    limit: u32,
) -> Result<Vec<ResentRow>, sqlx::Error> {
    let found: Vec<ResentRow> = match what {
        Resend::Transaction { access_id, delivered_too } => {
            sqlx::query_as(
                "SELECT id, access_id, state, attempts FROM notifications
                 WHERE access_id = ?1 AND (state = 'GIVEN_UP' OR (state = 'DELIVERED' AND ?2)
                     OR (state = 'PENDING' AND claimed_until IS NULL AND next_at > ?3))
                 ORDER BY rowid LIMIT ?4",
            )
            .bind(access_id.as_str())
            .bind(delivered_too)
            .bind(now.0)
            .bind(limit)
            .fetch_all(&mut *tx)
            .await?
        }
        Resend::One { id, attempts } => {
            sqlx::query_as(
                "SELECT id, access_id, state, attempts FROM notifications
                 WHERE id = ?1 AND attempts = ?2
                   AND (state <> 'PENDING' OR (claimed_until IS NULL AND next_at > ?3)) LIMIT ?4",
            )
            .bind(id)
            .bind(attempts)
            .bind(now.0)
            .bind(limit)
            .fetch_all(&mut *tx)
            .await?
        }
        Resend::GivenUpOf { shop_id } => {
            sqlx::query_as(
                "SELECT id, access_id, state, attempts FROM notifications
                 WHERE state = 'GIVEN_UP' AND shop_id = ?1 ORDER BY rowid LIMIT ?2",
            )
            .bind(shop_id.as_str())
            .bind(limit)
            .fetch_all(&mut *tx)
            .await?
        }
    };
    let ids: Vec<_> = found.iter().map(|(id, ..)| id).collect();
    sqlx::query(
        "UPDATE notifications SET state = 'PENDING', next_at = ?2, claimed_until = NULL, schedule_from = attempts
         WHERE id IN (SELECT value FROM json_each(?1))",
    )
    .bind(json(&ids))
    .bind(now.0)
    .execute(&mut *tx)
    .await?;
    let access_ids: Vec<_> = found.iter().map(|(_, access_id, ..)| access_id).collect();
    in_order(tx, &json(&access_ids)).await?;
    Ok(found)
}
