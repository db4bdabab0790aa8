//! One database transaction for many changes, with few statements however many there are.
//!
//! A batch travels to SQLite as JSON and is taken apart there by `json_each`, so every statement is static and carries
//! one parameter. First the present versions, taken order numbers and open intents of all changes are read at once;
//! nobody else writes, so what was read holds until the commit. Then the changes that stand are written together.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use super::super::row::TransactionRow;
use crate::domain::{Millis, Notification};
use crate::store::present::Present;
use crate::store::{ApplyError, Change};

/// Takes out of `changes` every one whose transaction, order number or session stands in it already, so that what is
/// left can be judged by one look at the database. They keep their order and come in the next batch.
pub(super) fn split_repeats<R>(changes: &mut Vec<(Change, R)>) -> Vec<(Change, R)> {
    let mut seen = HashSet::new();
    let mut seen_orders = HashSet::new();
    let mut seen_sessions = HashSet::new();
    let (now, later) = std::mem::take(changes).into_iter().partition(|(change, _)| {
        let order = match (&change.on_top_of, &change.transaction) {
            (None, Some(tx)) => seen_orders.insert((tx.shop_id.clone(), tx.order_id.clone())),
            _ => true,
        };
        let session = change.claimed_session().is_none_or(|session| seen_sessions.insert(session.clone()));
        seen.insert(change.access_id.clone()) && order && session
    });
    *changes = now;
    later
}

/// Applies the changes that stand, all in one commit, and says of each what became of it.
pub(super) async fn apply(
    connection: &mut SqliteConnection,
    changes: &[Change],
) -> Result<Vec<Result<(), ApplyError>>, sqlx::Error> {
    begin(connection).await?;
    let verdicts = judge_and_write(connection, changes).await;
    end(connection, verdicts).await
}

/// Begins a transaction that may write.
///
/// By SQL alone: where SQLite rolls back by itself, as it does when the disk is full or fails, sqlx's own `Transaction`
/// goes on counting the one that is gone, and its connection never begins another.
pub(super) async fn begin(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("BEGIN IMMEDIATE").execute(connection).await.map(|_| ())
}

/// Commits if all went well, and leaves no transaction open either way.
pub(super) async fn end<T>(
    connection: &mut SqliteConnection,
    outcome: Result<T, sqlx::Error>,
) -> Result<T, sqlx::Error> {
    let ended = match outcome {
        Ok(value) => sqlx::query("COMMIT").execute(&mut *connection).await.map(|_| value),
        Err(error) => Err(error),
    };
    if ended.is_err() {
        // An error here says that SQLite has rolled back already.
        let _ = sqlx::query("ROLLBACK").execute(connection).await;
    }
    ended
}

async fn judge_and_write(
    tx: &mut SqliteConnection,
    changes: &[Change],
) -> Result<Vec<Result<(), ApplyError>>, sqlx::Error> {
    let present = present(tx, changes).await?;
    let verdicts: Vec<_> = changes.iter().map(|change| present.judge(change)).collect();
    let standing: Vec<_> = changes.iter().zip(&verdicts).filter(|(_, v)| v.is_ok()).map(|(c, _)| c).collect();
    if !standing.is_empty() {
        write(tx, &standing).await?;
    }
    Ok(verdicts)
}

/// AccessID and version; key, looks and next look of the effect under way.
type PresentRow = (String, i64, Option<String>, Option<i64>, Option<i64>);

/// What the database says now about everything that a batch touches.
async fn present(tx: &mut SqliteConnection, changes: &[Change]) -> Result<Present, sqlx::Error> {
    let ids: Vec<_> = changes.iter().map(|change| change.access_id.as_str()).collect();
    let orders: Vec<_> = changes
        .iter()
        .filter(|change| change.on_top_of.is_none())
        .filter_map(|change| change.transaction.as_ref())
        .map(|tx| json!({ "shop_id": tx.shop_id, "order_id": tx.order_id }))
        .collect();
    let rows: Vec<PresentRow> = sqlx::query_as(
        "SELECT t.access_id, t.version, o.idempotency_key, o.looks, o.look_at
             FROM json_each(?1) j
             JOIN transactions t ON t.access_id = j.value
             LEFT JOIN operations o ON o.access_id = t.access_id AND o.verdict IS NULL",
    )
    .bind(json(&ids))
    .fetch_all(&mut *tx)
    .await?;
    let orders_taken: Vec<(String, String)> = if orders.is_empty() {
        Vec::new()
    } else {
        sqlx::query_as(
            "SELECT t.shop_id, t.order_id FROM json_each(?1) j
                 JOIN transactions t ON t.shop_id = j.value ->> 'shop_id' AND t.order_id = j.value ->> 'order_id'",
        )
        .bind(json(&orders))
        .fetch_all(&mut *tx)
        .await?
    };
    let sessions: Vec<_> = changes.iter().filter_map(Change::claimed_session).collect();
    let sessions_taken: Vec<(String, String)> = if sessions.is_empty() {
        Vec::new()
    } else {
        sqlx::query_as(
            "SELECT j.value, t.access_id FROM json_each(?1) j JOIN transactions t INDEXED BY transactions_of_session
                     ON t.checkout_session_id = j.value AND t.status NOT IN ('PAYFAIL', 'EXPIRED')
                 UNION ALL
                 SELECT j.value, o.access_id FROM json_each(?1) j JOIN operations o
                     ON o.verdict IS NULL AND o.effect ->> 'session' = j.value",
        )
        .bind(json(&sessions))
        .fetch_all(&mut *tx)
        .await?
    };
    Ok(Present {
        sessions_taken,
        versions: rows.iter().map(|(id, version, ..)| (id.clone(), *version)).collect(),
        open_intents: rows
            .into_iter()
            .filter_map(|(id, _, key, looks, look_at)| Some((id, (key?, (looks?, Millis(look_at?))))))
            .collect(),
        orders_taken: orders_taken.into_iter().collect(),
    })
}

async fn write(tx: &mut SqliteConnection, changes: &[&Change]) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = changes.iter().filter_map(|c| c.transaction.as_ref()).map(TransactionRow::from).collect();
    if !rows.is_empty() {
        sqlx::query(include_str!("upsert_transactions.sql")).bind(json(&rows)).execute(&mut *tx).await?;
    }
    let outcomes: Vec<_> = changes.iter().filter_map(|c| c.outcome.as_ref()).map(outcome_row).collect();
    if !outcomes.is_empty() {
        sqlx::query(
            "UPDATE operations SET verdict = j.value ->> 'verdict', evidence = j.value ->> 'evidence',
                 request_id = j.value ->> 'request_id', finished_at = j.value ->> 'finished_at'
             FROM json_each(?1) j WHERE operations.idempotency_key = j.value ->> 'key'",
        )
        .bind(json(&outcomes))
        .execute(&mut *tx)
        .await?;
    }
    let intents: Vec<_> = changes.iter().filter_map(|c| c.intent.as_ref()).map(intent_row).collect();
    if !intents.is_empty() {
        sqlx::query(
            "INSERT INTO operations (idempotency_key, access_id, effect, started_at, look_at)
             SELECT j.value ->> 'key', j.value ->> 'access_id', j.value ->> 'effect', j.value ->> 'started_at',
                    j.value ->> 'look_at' FROM json_each(?1) j",
        )
        .bind(json(&intents))
        .execute(&mut *tx)
        .await?;
    }
    let notifications: Vec<_> = changes.iter().filter_map(|c| c.notification.as_ref()).map(notification_row).collect();
    if !notifications.is_empty() {
        sqlx::query(
            "INSERT INTO notifications (id, access_id, shop_id, url, body, created_at, next_at, behind)
             SELECT j.value ->> 'id', j.value ->> 'access_id', j.value ->> 'shop_id', j.value ->> 'url',
                    j.value ->> 'body', j.value ->> 'created_at', j.value ->> 'created_at',
                    EXISTS (SELECT 1 FROM notifications earlier INDEXED BY notifications_of_transaction
                            WHERE earlier.access_id = j.value ->> 'access_id' AND earlier.state = 'PENDING')
             FROM json_each(?1) j",
        )
        .bind(json(&notifications))
        .execute(&mut *tx)
        .await?;
    }
    let journal: Vec<_> = changes.iter().map(|change| journal_row(change)).collect();
    sqlx::query(
        "INSERT INTO journal (access_id, version, at, event, status_from, status_to, amount, tax, operation)
         SELECT j.value ->> 'access_id', j.value ->> 'version', j.value ->> 'at', j.value ->> 'event',
                j.value ->> 'status_from', j.value ->> 'status_to', j.value ->> 'amount', j.value ->> 'tax',
                j.value ->> 'operation' FROM json_each(?1) j",
    )
    .bind(json(&journal))
    .execute(&mut *tx)
    .await?;
    Ok(())
}

fn outcome_row(outcome: &crate::domain::Outcome) -> Value {
    json!({
        "key": outcome.key, "verdict": outcome.verdict.word(), "evidence": outcome.evidence,
        "request_id": outcome.request_id, "finished_at": outcome.finished_at,
    })
}

fn intent_row(intent: &crate::domain::Intent) -> Value {
    json!({
        "key": intent.key, "access_id": intent.access_id, "effect": json(&intent.effect),
        "started_at": intent.started_at, "look_at": intent.look_at,
    })
}

fn notification_row(notification: &Notification) -> Value {
    json!({
        "id": notification.id, "access_id": notification.access_id, "shop_id": notification.shop_id,
        "url": notification.url, "body": notification.body, "created_at": notification.created_at,
    })
}

fn journal_row(change: &Change) -> Value {
    let entry = &change.journal;
    let operation = change.intent.as_ref().map(|intent| &intent.key).or(change.outcome.as_ref().map(|o| &o.key));
    json!({
        "access_id": change.access_id, "version": entry.version, "at": entry.at, "event": entry.event,
        "status_from": entry.status_from.map(crate::domain::Status::wire), "status_to": entry.status_to.wire(),
        "amount": entry.amount, "tax": entry.tax, "operation": operation,
    })
}

/// The JSON text of a value whose serialisation cannot fail (no maps with odd keys, no foreign types).
pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions as _;
    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;
    use crate::domain::{AccessId, AmazonpayType, JobCd, Money, OrderId, ShopId, State, Transaction, Yen};

    fn entry(number: usize) -> Change {
        Change::entered(Transaction {
            access_id: AccessId::new(format!("{number:032}")).unwrap(),
            key_id: "k1".to_owned(),
            shop_id: ShopId::new("tshop00000001").unwrap(),
            order_id: OrderId::new(format!("O-{number}")).unwrap(),
            job: JobCd::Auth,
            money: Money::new(Yen::new(1000).unwrap(), Yen::ZERO).unwrap(),
            amazonpay_type: AmazonpayType::Standard,
            payment_type: None,
            created_at: Millis(1),
            processed_at: Millis(1),
            version: 1,
            exec: None,
            state: State::Unprocessed,
        })
    }

    /// SQLite rolls back by itself when the disk is full or fails; so does this trigger.
    const DISK_FAILS: &str =
        "CREATE TEMP TRIGGER disk_fails BEFORE INSERT ON journal BEGIN SELECT RAISE(ROLLBACK, 'disk'); END";

    #[tokio::test]
    async fn a_batch_that_sqlite_itself_rolled_back_spoils_nothing_after_it() {
        let mut connection = SqliteConnectOptions::new().filename(":memory:").connect().await.unwrap();
        sqlx::migrate!("migrations/sqlite").run(&mut connection).await.unwrap();
        sqlx::query(DISK_FAILS).execute(&mut connection).await.unwrap();
        let changes = [entry(1), entry(2)];
        apply(&mut connection, &changes).await.unwrap_err();
        sqlx::query("DROP TRIGGER disk_fails").execute(&mut connection).await.unwrap();
        assert_eq!(apply(&mut connection, &changes).await.unwrap(), [Ok(()), Ok(())]);
        assert_eq!(apply(&mut connection, &changes[..1]).await.unwrap(), [Err(ApplyError::OrderTaken)]);
    }
}
