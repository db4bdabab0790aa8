//! Notes of calls, written many at a time.

use serde_json::json;
use sqlx::{SqliteConnection, SqlitePool};

use super::batch::json;
use super::failed;
use crate::domain::{AccessId, Millis};
use crate::store::overview::{CallLine, STORY_MAX};
use crate::store::{CallNote, StoreError};

/// Writes notes of calls, each where its transaction is the caller's own.
pub(super) async fn write(connection: &mut SqliteConnection, notes: &[CallNote]) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = notes
        .iter()
        .map(|note| {
            json!({
                "at": note.at, "took_ms": note.took_ms, "access_id": note.access_id, "shop_id": note.shop_id,
                "call": note.call, "codes": note.codes, "caller": note.caller,
            })
        })
        .collect();
    sqlx::query(
        "INSERT INTO calls (access_id, at, took_ms, call, codes, caller)
         SELECT t.access_id, j.value ->> 'at', j.value ->> 'took_ms', j.value ->> 'call', j.value ->> 'codes',
                j.value ->> 'caller'
         FROM json_each(?1) j CROSS JOIN transactions t
         ON t.access_id = j.value ->> 'access_id' AND t.shop_id = j.value ->> 'shop_id'",
    )
    .bind(json(&rows))
    .execute(connection)
    .await
    .map(|_| ())
}

#[derive(sqlx::FromRow)]
struct CallRow {
    at: i64,
    took_ms: i64,
    call: String,
    codes: String,
    caller: String,
}

/// The calls about a transaction, oldest first.
pub(super) async fn of(pool: &SqlitePool, access_id: &AccessId) -> Result<Vec<CallLine>, StoreError> {
    let rows: Vec<CallRow> =
        sqlx::query_as("SELECT at, took_ms, call, codes, caller FROM calls WHERE access_id = ?1 ORDER BY id LIMIT ?2")
            .bind(access_id.as_str())
            .bind(STORY_MAX)
            .fetch_all(pool)
            .await
            .map_err(|error| failed(&error))?;
    let line = |row: CallRow| CallLine {
        at: Millis(row.at),
        took_ms: row.took_ms,
        call: row.call,
        codes: row.codes,
        caller: row.caller,
    };
    Ok(rows.into_iter().map(line).collect())
}
