//! Which deployment keys a database was filled under.

use sqlx::{Row as _, SqliteConnection};

use crate::domain::Millis;

/// What a database knows of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// It is the one of its id, from now on at least.
    Same {
        /// The ids of other keys that the book was filled under.
        others: Vec<String>,
    },
    /// The id belongs to another key.
    Another,
}

/// Looks a key up by its id, and writes it down where the id is new.
pub(super) async fn recognise(
    connection: &mut SqliteConnection,
    key_id: &str,
    mark: &str,
    now: Millis,
) -> Result<Known, sqlx::Error> {
    sqlx::query("INSERT INTO deployment_keys (key_id, mark, first_seen_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")
        .bind(key_id)
        .bind(mark)
        .bind(now.0)
        .execute(&mut *connection)
        .await?;
    let rows = sqlx::query("SELECT key_id, mark FROM deployment_keys ORDER BY first_seen_at, key_id")
        .fetch_all(&mut *connection)
        .await?;
    let mut others = Vec::new();
    for row in rows {
        let (id, kept): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        // Not a secret, but the house has one way to compare what was derived from one.
        let same = crate::config::constant_time_eq(kept.as_bytes(), mark.as_bytes());
        if id == key_id && !same {
            return Ok(Known::Another);
        }
        if !same {
            others.push(id);
        }
    }
    Ok(Known::Same { others })
}
