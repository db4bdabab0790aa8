//! SQLite: one file, one process.
//!
//! Write-ahead log, `synchronous=FULL`, foreign keys on. One writer task owns the only writing connection and commits
//! the changes of many requests together (see `writer`); readers have a pool of their own and never wait for it.
//! A lock file beside the database keeps a second process away, so at start every open intent and every claim in the
//! file belongs to a process that is gone.

mod batch;
mod key;
mod reader;
mod writer;

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection};

use super::{ApplyError, Change, NotificationRecord, Store, StoreError};
use crate::config::DeploymentKey;
use crate::domain::access::key_mark;
use crate::domain::notification::{Attempt, Claimed};
use crate::domain::{
    AccessId, ChargeId, ChargePermissionId, CheckoutSessionId, IdempotencyKey, Intent, Millis, OrderId, ShopId,
    Transaction,
};
use key::Known;
use writer::{Command, Writer};

/// How many reading connections there are at most.
const READERS_MAX: u32 = 4;

/// Why a database file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process serves this file.
    #[error("{} is in use by another sekisho process; stop that one, or choose another database file", .0.display())]
    InUse(PathBuf),
    /// The file or its lock cannot be made.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The schema could not be brought up to date.
    #[error("migrating {}: {source}", path.display())]
    Migrate {
        /// Which database.
        path: PathBuf,
        /// Why.
        source: sqlx::migrate::MigrateError,
    },
    /// The key of this id is another than the one that the database was filled under.
    #[error(
        "deployment_key_file holds another key than the one that {} was filled under as {key_id:?}: no shop could go on \
         with what it began; put the right key back, or, if that is lost for good, give this one a deployment_key_id of \
         its own",
        path.display()
    )]
    OtherKey {
        /// Which database.
        path: PathBuf,
        /// The id.
        key_id: String,
    },
    /// SQLite refused.
    #[error("opening {}: {source}", path.display())]
    Sqlite {
        /// Which database.
        path: PathBuf,
        /// Why.
        source: sqlx::Error,
    },
}

/// The book in an SQLite file.
pub struct SqliteStore {
    readers: SqlitePool,
    writer: Writer,
    /// Held, and so locked, for as long as the store lives.
    _lock: File,
}

impl SqliteStore {
    /// Opens the database at `path`, makes it if it is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// [`OpenError`], each a sentence that an operator can act on.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let (connection, lock) = connect(path).await?;
        Self::start(path, connection, lock).await
    }

    /// The same for whoever derives AccessPasses by `key`: it must be the one that the database knows under its id.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open_with_key(path: &Path, key: &DeploymentKey, now: Millis) -> Result<Self, OpenError> {
        let (mut connection, lock) = connect(path).await?;
        let known = key::recognise(&mut connection, &key.id, &key_mark(key), now).await;
        match known.map_err(|source| OpenError::Sqlite { path: path.to_owned(), source })? {
            Known::Another => return Err(OpenError::OtherKey { path: path.to_owned(), key_id: key.id.clone() }),
            Known::Same { others } if !others.is_empty() => tracing::warn!(
                key_id = key.id,
                ?others,
                "this database was filled under other deployment keys, too: what shops began then, they cannot go on with"
            ),
            Known::Same { .. } => {}
        }
        Self::start(path, connection, lock).await
    }

    async fn start(path: &Path, connection: SqliteConnection, lock: File) -> Result<Self, OpenError> {
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .connect_with(options(path).read_only(true).create_if_missing(false))
            .await
            .map_err(|source| OpenError::Sqlite { path: path.to_owned(), source })?;
        Ok(Self { readers, writer: Writer::start(connection), _lock: lock })
    }

    /// Finishes what is queued and closes every connection, the writing one last: SQLite then brings the log into the
    /// database file and removes it, so that the file alone is the whole book. A reading connection could not do that.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.stop().await;
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .disable_statement_logging()
}

/// The writing connection to an up-to-date schema, and the lock that keeps others away.
async fn connect(path: &Path) -> Result<(SqliteConnection, File), OpenError> {
    let lock = lock(path)?;
    let connection = options(path).connect().await;
    let mut connection = connection.map_err(|source| OpenError::Sqlite { path: path.to_owned(), source })?;
    sqlx::migrate!("migrations/sqlite")
        .run(&mut connection)
        .await
        .map_err(|source| OpenError::Migrate { path: path.to_owned(), source })?;
    Ok((connection, lock))
}

/// The file at `path`, made if it is missing so that nobody else can read it: it names buyers' orders.
fn private_file(path: &Path) -> Result<File, OpenError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|source| OpenError::File { path: path.to_owned(), source })
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock_path = PathBuf::from(name);
    let file = private_file(&lock_path)?;
    // SQLite gives its log the mode of the database, so the database is made here, for its owner alone.
    private_file(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(std::fs::TryLockError::Error(source)) => Err(OpenError::File { path: lock_path, source }),
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn apply(&self, change: Change) -> Result<(), ApplyError> {
        self.writer.ask(|reply| Command::Apply(Box::new(change), reply)).await?
    }

    async fn transaction(&self, access_id: &AccessId) -> Result<Option<Transaction>, StoreError> {
        reader::transaction(&self.readers, access_id).await
    }

    async fn transaction_of_order(&self, shop: &ShopId, order: &OrderId) -> Result<Option<Transaction>, StoreError> {
        reader::transaction_of_order(&self.readers, shop, order).await
    }

    async fn shops_of_permission(&self, permission: &ChargePermissionId) -> Result<Vec<ShopId>, StoreError> {
        reader::shops_of_permission(&self.readers, permission).await
    }

    async fn transaction_of_permission(
        &self,
        shop: &ShopId,
        permission: &ChargePermissionId,
    ) -> Result<Option<Transaction>, StoreError> {
        reader::transaction_of_permission(&self.readers, shop, permission).await
    }

    async fn transaction_of_session(
        &self,
        shop: &ShopId,
        session: &CheckoutSessionId,
    ) -> Result<Option<Transaction>, StoreError> {
        reader::transaction_of_session(&self.readers, shop, session).await
    }

    async fn transaction_of_charge(&self, charge: &ChargeId) -> Result<Option<Transaction>, StoreError> {
        reader::transaction_of_charge(&self.readers, charge).await
    }

    async fn open_intent(&self, access_id: &AccessId) -> Result<Option<Intent>, StoreError> {
        reader::open_intent(&self.readers, access_id).await
    }

    async fn intents_to_look_at(&self, now: Millis, limit: u32) -> Result<Vec<Intent>, StoreError> {
        reader::intents_to_look_at(&self.readers, now, limit).await
    }

    async fn look_again(&self, key: &IdempotencyKey, at: Millis) -> Result<(), StoreError> {
        self.writer.ask(|reply| Command::LookAgain(key.clone(), at, reply)).await?
    }

    async fn adopt_open_intents(&self, now: Millis) -> Result<u64, StoreError> {
        self.writer.ask(|reply| Command::AdoptIntents(now, reply)).await?
    }

    async fn transactions_to_look_at(&self, now: Millis, limit: u32) -> Result<Vec<Transaction>, StoreError> {
        reader::transactions_to_look_at(&self.readers, now, limit).await
    }

    async fn put_off(&self, access_id: &AccessId, version: i64, at: Millis) -> Result<(), StoreError> {
        self.writer.ask(|reply| Command::PutOff { access_id: access_id.clone(), version, at, reply }).await?
    }

    async fn claim_notifications(&self, now: Millis, lease_ms: i64, limit: u32) -> Result<Vec<Claimed>, StoreError> {
        self.writer.ask(|reply| Command::Claim { now, lease_ms, limit, reply }).await?
    }

    async fn release_claims(&self) -> Result<u64, StoreError> {
        self.writer.ask(Command::ReleaseClaims).await?
    }

    async fn record_attempt(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.writer.ask(|reply| Command::Attempt(attempt, reply)).await?
    }

    async fn next_notification_at(&self) -> Result<Option<Millis>, StoreError> {
        reader::next_notification_at(&self.readers).await
    }

    async fn notifications_of(&self, access_id: &AccessId) -> Result<Vec<NotificationRecord>, StoreError> {
        reader::notifications_of(&self.readers, access_id).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        reader::ping(&self.readers).await
    }
}

fn failed(error: &sqlx::Error) -> StoreError {
    StoreError(error.to_string())
}

/// The rows that can be read. One that cannot is a defect, or was written by a newer version; it is logged, and must not
/// keep the others from being worked on.
fn readable<T>(rows: impl Iterator<Item = Result<T, StoreError>>) -> Vec<T> {
    rows.filter_map(|row| row.inspect_err(|error| tracing::error!(%error, "a row is passed over")).ok()).collect()
}
