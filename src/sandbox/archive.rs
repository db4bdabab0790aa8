//! The data file of a sandbox that shall survive a restart: the ledger's objects as rows of JSON in one SQLite table,
//! written again whenever they change.
//!
//! Whoever held the ledger, or the outbox of messages (`held`), hands over what changed, in that order
//! ([`Archive::hand_over`]), and does not wait; whoever sends an answer waits until all that was handed over by then is on
//! disk ([`Archive::written`]). So no merchant or buyer reads of anything that a restart could forget. Before that, many
//! changes are committed together.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::{mpsc, watch};

use super::ledger::{Changes, KeptError, Row};
use super::locked;

/// Says of a file that it is this program's: `SEKI`.
const APPLICATION_ID: i64 = 0x5345_4B49;
/// Goes up when rows of an older version can no longer be read.
const VERSION: i64 = 1;
/// The most changes that are committed together.
const BATCH_MAX: usize = 256;

/// Why a data file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Another sandbox has it open.
    #[error("{} is in use by another sandbox; stop that one, or name another file", .0.display())]
    InUse(PathBuf),
    /// Some other program's, or not SQLite at all.
    #[error("{} is not a sandbox's data file; name another file", .0.display())]
    Foreign(PathBuf),
    /// Of a version that this program does not know.
    #[error("{} was written by another version (it has {found}, this is {VERSION}); name another file", path.display())]
    OtherVersion {
        /// Which file.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// A row makes no sense.
    #[error("{}: {source}", path.display())]
    Kept {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: KeptError,
    },
    /// SQLite refused.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: sqlx::Error,
    },
}

/// An open data file.
pub(super) struct Archive {
    desk: Mutex<Desk>,
    /// The number of the last batch on disk; its sender is gone once writing has failed.
    written: watch::Receiver<u64>,
}

/// Where batches are handed over, one after the other.
struct Desk {
    queue: mpsc::UnboundedSender<Batch>,
    /// The number of the last batch.
    handed_over: u64,
    /// How far the clock was ahead then.
    offset_ms: i64,
}

struct Batch {
    number: u64,
    changes: Changes,
    /// Where the sandbox's clock was moved to, if it was.
    offset_ms: Option<i64>,
}

/// What a data file held.
pub(super) struct Kept {
    /// In the order of their making.
    pub(super) rows: Vec<Row>,
    /// How far the sandbox's clock was ahead.
    pub(super) offset_ms: i64,
}

impl Archive {
    /// Opens the file, makes it where there is none, and reads it.
    pub(super) async fn open(path: &Path) -> Result<(Self, Kept), ArchiveError> {
        let mut connection = connect(path).await.map_err(|source| explain(path, source))?;
        check(path, &mut connection).await?;
        let kept = read(&mut connection).await.map_err(|source| explain(path, source))?;
        let (queue, batches) = mpsc::unbounded_channel();
        let (progress, written) = watch::channel(0);
        tokio::spawn(write_all(connection, batches, progress));
        let desk = Mutex::new(Desk { queue, handed_over: 0, offset_ms: kept.offset_ms });
        Ok((Self { desk, written }, kept))
    }

    /// Takes what changed, to be written. Call it while nobody else can change the same objects.
    pub(super) fn hand_over(&self, changes: Changes, offset_ms: i64) {
        let mut desk = locked(&self.desk);
        let moved = desk.offset_ms != offset_ms;
        if changes.is_empty() && !moved {
            return;
        }
        desk.offset_ms = offset_ms;
        desk.handed_over += 1;
        let number = desk.handed_over;
        // Where nobody receives it, writing has failed, and `written` says so.
        let _ = desk.queue.send(Batch { number, changes, offset_ms: moved.then_some(offset_ms) });
    }

    /// Waits until everything that was handed over is on disk. `false` where it cannot be written.
    pub(super) async fn written(&self) -> bool {
        let number = locked(&self.desk).handed_over;
        self.written.clone().wait_for(|written| *written >= number).await.is_ok()
    }
}

async fn connect(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .locking_mode(SqliteLockingMode::Exclusive)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_millis(200))
        .disable_statement_logging()
        .connect()
        .await
}

/// Whether the file is a sandbox's; an empty one becomes one.
async fn check(path: &Path, connection: &mut SqliteConnection) -> Result<(), ArchiveError> {
    let failed = |source| explain(path, source);
    let number = |sql: &'static str| sqlx::query_scalar::<_, i64>(sql);
    let id = number("PRAGMA application_id").fetch_one(&mut *connection).await.map_err(failed)?;
    let tables = number("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *connection).await.map_err(failed)?;
    let version = number("PRAGMA user_version").fetch_one(&mut *connection).await.map_err(failed)?;
    if id == 0 && tables == 0 {
        let make = format!(
            "BEGIN IMMEDIATE;
             CREATE TABLE objects (place INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL,
                                   body TEXT NOT NULL, UNIQUE (kind, id)) STRICT;
             CREATE TABLE clock (offset_ms INTEGER NOT NULL) STRICT;
             INSERT INTO clock VALUES (0);
             PRAGMA application_id = {APPLICATION_ID};
             PRAGMA user_version = {VERSION};
             COMMIT"
        );
        return sqlx::raw_sql(sqlx::AssertSqlSafe(make)).execute(connection).await.map(|_| ()).map_err(failed);
    }
    if id != APPLICATION_ID {
        return Err(ArchiveError::Foreign(path.to_owned()));
    }
    if version != VERSION {
        return Err(ArchiveError::OtherVersion { path: path.to_owned(), found: version });
    }
    Ok(())
}

async fn read(connection: &mut SqliteConnection) -> Result<Kept, sqlx::Error> {
    let rows: Vec<(String, String, String)> =
        sqlx::query_as("SELECT kind, id, body FROM objects ORDER BY place").fetch_all(&mut *connection).await?;
    let rows = rows.into_iter().map(|(kind, id, body)| Row { kind, id, body }).collect();
    let offset_ms = sqlx::query_scalar("SELECT offset_ms FROM clock").fetch_one(connection).await?;
    Ok(Kept { rows, offset_ms })
}

/// Writes what comes until nobody sends any more, or until it cannot be written: then `progress` is gone.
async fn write_all(
    mut connection: SqliteConnection,
    mut batches: mpsc::UnboundedReceiver<Batch>,
    progress: watch::Sender<u64>,
) {
    let mut taken = Vec::new();
    while batches.recv_many(&mut taken, BATCH_MAX).await > 0 {
        let last = taken.last().map_or(0, |batch| batch.number);
        if let Err(error) = write(&mut connection, &taken).await {
            tracing::error!(%error, "the sandbox's data file cannot be written; nothing is answered any more");
            return;
        }
        taken.clear();
        progress.send_replace(last);
    }
    let _ = connection.close().await;
}

async fn write(connection: &mut SqliteConnection, batches: &[Batch]) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    for batch in batches {
        if batch.changes.all_forgotten {
            sqlx::query("DELETE FROM objects").execute(&mut *transaction).await?;
        }
        for Row { kind, id, body } in &batch.changes.rows {
            sqlx::query(
                "INSERT INTO objects (kind, id, body) VALUES (?, ?, ?)
                 ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            )
            .bind(kind)
            .bind(id)
            .bind(body)
            .execute(&mut *transaction)
            .await?;
        }
        for (kind, id) in &batch.changes.gone {
            let delete = sqlx::query("DELETE FROM objects WHERE kind = ? AND id = ?");
            delete.bind(kind).bind(id).execute(&mut *transaction).await?;
        }
        if let Some(offset_ms) = batch.offset_ms {
            sqlx::query("UPDATE clock SET offset_ms = ?").bind(offset_ms).execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await
}

fn explain(path: &Path, source: sqlx::Error) -> ArchiveError {
    const SQLITE_BUSY: u32 = 5;
    const SQLITE_NOTADB: u32 = 26;
    let code = source.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default();
    // The lowest byte says what; the rest says more of it.
    match code.parse::<u32>().map_or(0, |code| code & 0xFF) {
        SQLITE_BUSY => ArchiveError::InUse(path.to_owned()),
        SQLITE_NOTADB => ArchiveError::Foreign(path.to_owned()),
        _ => ArchiveError::Sqlite { path: path.to_owned(), source },
    }
}
