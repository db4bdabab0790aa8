//! Notes of calls and of exchanges with Amazon, written many at a time. Each has its number among those of its
//! transaction, so that whoever reads them sees where some were dropped; the tables' triggers drop them.

use serde_json::json;
use sqlx::{SqliteConnection, SqlitePool};

use super::{batch, failed, readable};
use crate::domain::{AccessId, Millis};
use crate::store::overview::{CallLine, ExchangeLine, STORY_MAX};
use crate::store::{CallNote, ExchangeNote, Note, Occasion, StoreError};

/// Writes notes in one commit. A call is noted where its transaction is the caller's own.
pub(super) async fn write(connection: &mut SqliteConnection, notes: &[Note]) -> Result<(), sqlx::Error> {
    let (mut calls, mut exchanges) = (Vec::new(), Vec::new());
    for note in notes {
        match note {
            Note::Call(note) => calls.push(call_row(note)),
            Note::Exchange(note) => exchanges.push(exchange_row(note)),
        }
    }
    batch::begin(connection).await?;
    let written = write_rows(connection, &calls, &exchanges).await;
    batch::end(connection, written).await
}

async fn write_rows(
    connection: &mut SqliteConnection,
    calls: &[serde_json::Value],
    exchanges: &[serde_json::Value],
) -> Result<(), sqlx::Error> {
    if !calls.is_empty() {
        let sql = "INSERT INTO calls (access_id, number, at, took_ms, call, codes, caller)
             SELECT t.access_id,
                    coalesce((SELECT number FROM calls WHERE access_id = t.access_id ORDER BY number DESC LIMIT 1), 0)
                        + row_number() OVER (PARTITION BY t.access_id ORDER BY j.key),
                    j.value ->> 'at', j.value ->> 'took_ms', j.value ->> 'call', j.value ->> 'codes',
                    j.value ->> 'caller'
             FROM json_each(?1) j CROSS JOIN transactions t
             ON t.access_id = j.value ->> 'access_id' AND t.shop_id = j.value ->> 'shop_id'";
        sqlx::query(sql).bind(batch::json(&calls)).execute(&mut *connection).await?;
    }
    if !exchanges.is_empty() {
        let sql = "INSERT INTO exchanges (access_id, number, at, took_ms, occasion, idempotency_key, operation, method,
                 path, attempt, status, failure, reason_code, request_id)
             SELECT j.access_id,
                    coalesce((SELECT number FROM exchanges WHERE access_id = j.access_id
                              ORDER BY number DESC LIMIT 1), 0)
                        + row_number() OVER (PARTITION BY j.access_id ORDER BY j.key),
                    j.value ->> 'at', j.value ->> 'took_ms', j.value ->> 'occasion', j.value ->> 'idempotency_key',
                    j.value ->> 'operation', j.value ->> 'method', j.value ->> 'path', j.value ->> 'attempt',
                    j.value ->> 'status', j.value ->> 'failure', j.value ->> 'reason_code', j.value ->> 'request_id'
             FROM (SELECT value ->> 'access_id' AS access_id, key, value FROM json_each(?1)) j";
        sqlx::query(sql).bind(batch::json(&exchanges)).execute(connection).await?;
    }
    Ok(())
}

fn call_row(note: &CallNote) -> serde_json::Value {
    json!({
        "at": note.at, "took_ms": note.took_ms, "access_id": note.access_id, "shop_id": note.shop_id,
        "call": note.call, "codes": note.codes, "caller": note.caller,
    })
}

fn exchange_row(note: &ExchangeNote) -> serde_json::Value {
    json!({
        "at": note.at, "took_ms": note.took_ms, "access_id": note.access_id, "occasion": note.occasion.word(),
        "idempotency_key": note.effect, "operation": note.operation, "method": note.method, "path": note.path,
        "attempt": note.attempt, "status": note.status, "failure": note.failure, "reason_code": note.reason_code,
        "request_id": note.request_id,
    })
}

#[derive(sqlx::FromRow)]
struct CallRow {
    number: i64,
    at: i64,
    took_ms: i64,
    call: String,
    codes: String,
    caller: String,
}

/// The calls about a transaction, oldest first.
pub(super) async fn calls_of(pool: &SqlitePool, access_id: &AccessId) -> Result<Vec<CallLine>, StoreError> {
    let rows: Vec<CallRow> = sqlx::query_as(
        "SELECT number, at, took_ms, call, codes, caller FROM calls WHERE access_id = ?1 ORDER BY number LIMIT ?2",
    )
    .bind(access_id.as_str())
    .bind(STORY_MAX)
    .fetch_all(pool)
    .await
    .map_err(|error| failed(&error))?;
    let line = |row: CallRow| CallLine {
        number: row.number,
        at: Millis(row.at),
        took_ms: row.took_ms,
        call: row.call,
        codes: row.codes,
        caller: row.caller,
    };
    Ok(rows.into_iter().map(line).collect())
}

#[derive(sqlx::FromRow)]
struct ExchangeRow {
    number: i64,
    at: i64,
    took_ms: i64,
    occasion: String,
    idempotency_key: Option<String>,
    operation: String,
    method: String,
    path: String,
    attempt: i64,
    status: Option<u16>,
    failure: Option<String>,
    reason_code: Option<String>,
    request_id: Option<String>,
}

impl ExchangeRow {
    fn read(self) -> Result<ExchangeLine, StoreError> {
        let occasion = Occasion::of_word(&self.occasion)
            .ok_or_else(|| StoreError(format!("an exchange's occasion {}", self.occasion)))?;
        Ok(ExchangeLine {
            number: self.number,
            at: Millis(self.at),
            took_ms: self.took_ms,
            occasion,
            key: self.idempotency_key,
            operation: self.operation,
            method: self.method,
            path: self.path,
            attempt: self.attempt,
            status: self.status,
            failure: self.failure,
            reason_code: self.reason_code,
            request_id: self.request_id,
        })
    }
}

/// The exchanges with Amazon on behalf of a transaction, oldest first.
pub(super) async fn exchanges_of(pool: &SqlitePool, access_id: &AccessId) -> Result<Vec<ExchangeLine>, StoreError> {
    let rows: Vec<ExchangeRow> = sqlx::query_as(
        "SELECT number, at, took_ms, occasion, idempotency_key, operation, method, path, attempt, status, failure,
                reason_code, request_id
         FROM exchanges WHERE access_id = ?1 ORDER BY number LIMIT ?2",
    )
    .bind(access_id.as_str())
    .bind(STORY_MAX)
    .fetch_all(pool)
    .await
    .map_err(|error| failed(&error))?;
    Ok(readable(rows.into_iter().map(ExchangeRow::read)))
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use sqlx::ConnectOptions as _;
    use tempfile::TempDir;

    use super::*;
    use crate::domain::{AmazonpayType, IdempotencyKey, JobCd, Money, OrderId, ShopId, State, Transaction, Yen};
    use crate::store::sqlite::{SqliteStore, options};
    use crate::store::{CALLS_KEPT, Change, EXCHANGES_KEPT, Store as _};

    fn access_id(number: usize) -> AccessId {
        AccessId::new(format!("{number:032}")).unwrap()
    }

    fn shop(number: usize) -> ShopId {
        ShopId::new(format!("tshop{number:08}")).unwrap()
    }

    fn call(at: i64, transaction: usize, of: usize) -> Note {
        Note::Call(CallNote {
            at: Millis(at),
            took_ms: 3,
            access_id: access_id(transaction),
            shop_id: shop(of),
            call: "AmazonpaySales",
            codes: String::new(),
            caller: IpAddr::V4(Ipv4Addr::LOCALHOST),
        })
    }

    fn exchange(at: i64, transaction: usize) -> Note {
        Note::Exchange(ExchangeNote {
            at: Millis(at),
            took_ms: 3,
            access_id: access_id(transaction),
            occasion: Occasion::ALL[usize::try_from(at).unwrap() % Occasion::ALL.len()],
            effect: (at % 2 == 0).then(|| IdempotencyKey::new(format!("key-{at}")).unwrap()),
            operation: "GetCharge",
            method: "GET".to_owned(),
            path: "/v2/charges/S03-1-1-C1".to_owned(),
            attempt: 1,
            status: (at % 3 > 0).then_some(500),
            failure: (at % 3 == 0).then_some("timed-out"),
            reason_code: None,
            request_id: Some(format!("r-{at}")),
        })
    }

    async fn book() -> (TempDir, SqliteStore, SqliteConnection) {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join("sekisho.db");
        let store = SqliteStore::open(&path).await.unwrap();
        for number in [1, 2] {
            let entered = Change::entered(Transaction {
                access_id: access_id(number),
                key_id: "k1".to_owned(),
                shop_id: shop(number),
                order_id: OrderId::new("O-1").unwrap(),
                job: JobCd::Auth,
                money: Money::new(Yen::new(1000).unwrap(), Yen::ZERO).unwrap(),
                amazonpay_type: AmazonpayType::Standard,
                payment_type: None,
                created_at: Millis(1),
                processed_at: Millis(1),
                version: 1,
                exec: None,
                state: State::Unprocessed,
            });
            store.apply(entered).await.unwrap();
        }
        let rows = options(&path).connect().await.unwrap();
        (data, store, rows)
    }

    /// The places of what is kept: 1 is the first that there ever was.
    async fn kept(store: &SqliteStore, transaction: usize) -> (Vec<i64>, Vec<i64>) {
        let calls = calls_of(&store.readers, &access_id(transaction)).await.unwrap();
        let exchanges = exchanges_of(&store.readers, &access_id(transaction)).await.unwrap();
        // What was noted at a moment has that number, so the one is held against the other.
        assert!(calls.iter().all(|line| line.number == line.at.0));
        assert!(exchanges.iter().all(|line| line.number == line.at.0));
        (calls.iter().map(|line| line.number).collect(), exchanges.iter().map(|line| line.number).collect())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_transaction_keeps_so_many_and_shows_where_some_are_missing() {
        let (_data, store, mut rows) = book().await;
        write(&mut rows, &[call(1, 2, 2), exchange(1, 2)]).await.unwrap();
        let both = |at| [call(at, 1, 1), exchange(at, 1)];
        // In batches that end beside the bounds, on them, and far beyond.
        for (from, to) in [(1, 1), (2, CALLS_KEPT), (CALLS_KEPT + 1, EXCHANGES_KEPT)] {
            write(&mut rows, &(from..=to).flat_map(both).collect::<Vec<_>>()).await.unwrap();
        }
        let (calls, exchanges) = kept(&store, 1).await;
        assert_eq!(calls, (EXCHANGES_KEPT - CALLS_KEPT + 1..=EXCHANGES_KEPT).collect::<Vec<_>>());
        assert_eq!(exchanges, (1..=EXCHANGES_KEPT).collect::<Vec<_>>());
        for (from, to) in [(EXCHANGES_KEPT + 1, EXCHANGES_KEPT + 1), (EXCHANGES_KEPT + 2, 3 * EXCHANGES_KEPT)] {
            write(&mut rows, &(from..=to).flat_map(both).collect::<Vec<_>>()).await.unwrap();
            let (calls, exchanges) = kept(&store, 1).await;
            let half = EXCHANGES_KEPT / 2;
            assert_eq!(calls, (to - CALLS_KEPT + 1..=to).collect::<Vec<_>>());
            assert_eq!(exchanges, (1..=half).chain(to - half + 1..=to).collect::<Vec<_>>());
        }
        assert_eq!(kept(&store, 2).await, (vec![1], vec![1]), "another transaction has its own numbers");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_noted_is_read_back() {
        let (_data, store, mut rows) = book().await;
        let notes: Vec<_> = (1..=12).map(|at| exchange(at, 1)).collect();
        write(&mut rows, &notes).await.unwrap();
        let read = exchanges_of(&store.readers, &access_id(1)).await.unwrap();
        assert_eq!(read.len(), notes.len());
        for (note, line) in notes.iter().zip(&read) {
            let Note::Exchange(note) = note else { unreachable!() };
            assert_eq!((note.at, note.took_ms, note.occasion), (line.at, line.took_ms, line.occasion));
            assert_eq!(note.effect.as_ref().map(IdempotencyKey::as_str), line.key.as_deref());
            assert_eq!((note.operation, &note.method, &note.path), (&*line.operation, &line.method, &line.path));
            assert_eq!((i64::from(note.attempt), note.status), (line.attempt, line.status));
            assert_eq!((note.failure, &note.request_id), (line.failure.as_deref(), &line.request_id));
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_call_about_anothers_transaction_leaves_no_trace() {
        let (_data, store, mut rows) = book().await;
        write(&mut rows, &[call(1, 1, 2), call(1, 3, 1), call(1, 1, 1)]).await.unwrap();
        assert_eq!(kept(&store, 1).await.0, [1]);
        assert!(kept(&store, 3).await.0.is_empty());
    }
}
