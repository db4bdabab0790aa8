//! SQLite: one file, one process that serves it.
//!
//! Write-ahead log, `synchronous=FULL`, foreign keys on. One writer task owns the only writing connection and commits
//! the changes of many requests together (see `writer`); readers have a pool of their own and never wait for it, and those
//! who look on have another, so that no payment waits for them either.
//! A lock file beside the database keeps a second serving process away, so at its start every open intent and every
//! claim in the file belongs to a process that is gone.
//!
//! An operator's command may work beside the one that serves ([`SqliteStore::join`]). That is safe because whatever is
//! judged is judged inside the database transaction that writes it, which SQLite gives to one process at a time; only
//! what is done at the start alone (the schema, taking over) is left to the owner of the lock.

mod batch;
#[cfg(test)]
mod cost_tests;
mod key;
mod notes;
mod open_error;
mod outbox;
mod overview;
mod pool;
mod reader;
mod rows;
mod staff;
mod staff_book;
mod staff_read;
#[cfg(test)]
mod staff_tests;
mod writer;

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::Semaphore;

use super::{
    ApplyError, AttemptRecord, Backlog, Change, Note, NotificationRecord, Resend, Resent, Share, ShopOwed, Store,
    StoreError,
};
use crate::config::DeploymentKey;
use crate::domain::access::key_mark;
use crate::domain::notification::{Attempt, Claimed};
use crate::domain::{
    AccessId, ChargeId, ChargePermissionId, CheckoutSessionId, IdempotencyKey, Intent, Millis, OrderId, ShopId,
    Transaction,
};
use key::Known;
pub use open_error::OpenError;
use rows::{failed, readable};
use writer::{Command, Writer};

/// How many reading connections there are at most.
const READERS_MAX: u32 = 4;
/// How many more there are at most for those who look on, in the console. They read long lists and count many rows, and must
/// not take a payment's place.
const ONLOOKERS_MAX: u32 = 2;
/// How long one who looks on waits for a connection, and for a turn to count.
const ONLOOKERS_WAIT: Duration = Duration::from_secs(3);
/// How long a statement waits for another process that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The book in an SQLite file.
pub struct SqliteStore {
    readers: SqlitePool,
    /// Of those who look on.
    onlookers: SqlitePool,
    /// One counts at a time, so that there is a connection for whoever only wants a page.
    counting: Arc<Semaphore>,
    writer: Writer,
    /// Held, and so locked, for as long as the store lives; a command beside the one that serves has none.
    _lock: Option<File>,
}

/// The schema, in the order of its making.
static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// The schemas of a database before and after [`migrate`]: numbers of migrations, 0 for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// Before.
    pub from: i64,
    /// After: the one that this program knows.
    pub to: i64,
}

/// Makes the database at `path` if it is missing and brings its schema up to date, without serving it.
///
/// # Errors
/// [`OpenError`]; [`OpenError::InUse`] while a process serves it.
pub async fn migrate(path: &Path) -> Result<Migrated, OpenError> {
    let _lock = lock(path)?;
    let failed = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let mut connection = options(path).connect().await.map_err(failed)?;
    let from = schema_of(&mut connection).await.map_err(failed)?;
    run_migrations(path, &mut connection).await?;
    let to = schema_of(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    Ok(Migrated { from, to })
}

impl SqliteStore {
    /// Opens the database at `path`, makes it if it is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// [`OpenError`], each a sentence that an operator can act on.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let (connection, lock) = connect(path).await?;
        Self::on(connection, path, Some(lock))
            .await
            .map_err(|source| OpenError::Sqlite { path: path.to_owned(), source })
    }

    /// The same for whoever derives AccessPasses by `key`: it must be the one that the database knows under its id.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open_with_key(path: &Path, key: &DeploymentKey, now: Millis) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Sqlite { path: path.to_owned(), source };
        let (mut connection, lock) = connect(path).await?;
        match key::recognise(&mut connection, &key.id, &key_mark(key), now).await.map_err(failed)? {
            Known::Another => return Err(OpenError::OtherKey { path: path.to_owned(), key_id: key.id.clone() }),
            Known::Same { others } if !others.is_empty() => tracing::warn!(
                key_id = key.id,
                ?others,
                "this database was filled under other deployment keys, too: what shops began then, they cannot go on with"
            ),
            Known::Same { .. } => {}
        }
        Self::on(connection, path, Some(lock)).await.map_err(failed)
    }

    /// Opens the database at `path` for a command, whether or not another process serves it. Makes nothing and changes no
    /// schema.
    ///
    /// # Errors
    /// [`OpenError`], each a sentence that an operator can act on.
    pub async fn join(path: &Path) -> Result<Self, OpenError> {
        if !path.exists() {
            return Err(OpenError::Missing(path.to_owned()));
        }
        let failed = |source| OpenError::Sqlite { path: path.to_owned(), source };
        let mut connection = options(path).create_if_missing(false).connect().await.map_err(failed)?;
        let (found, known) = (schema_of(&mut connection).await.map_err(failed)?, known_schema());
        if found != known {
            return Err(OpenError::OtherSchema { path: path.to_owned(), found, known });
        }
        Self::on(connection, path, None).await.map_err(failed)
    }

    async fn on(connection: SqliteConnection, path: &Path, lock: Option<File>) -> Result<Self, sqlx::Error> {
        let readers =
            pool::reading(READERS_MAX).connect_with(options(path).read_only(true).create_if_missing(false)).await?;
        // Opened when somebody looks on.
        let onlookers = pool::reading(ONLOOKERS_MAX)
            .acquire_timeout(ONLOOKERS_WAIT)
            .connect_lazy_with(options(path).read_only(true).create_if_missing(false));
        let counting = Arc::new(Semaphore::new(1));
        Ok(Self { readers, onlookers, counting, writer: Writer::start(connection), _lock: lock })
    }

    /// Finishes what is queued and closes every connection, the writing one last: SQLite then brings the log into the
    /// database file and removes it, so that the file alone is the whole book. A reading connection could not do that.
    pub async fn close(&self) {
        self.onlookers.close().await;
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
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging()
}

/// The writing connection to an up-to-date schema, and the lock that keeps others away.
async fn connect(path: &Path) -> Result<(SqliteConnection, File), OpenError> {
    let lock = lock(path)?;
    let connection = options(path).connect().await;
    let mut connection = connection.map_err(|source| OpenError::Sqlite { path: path.to_owned(), source })?;
    run_migrations(path, &mut connection).await?;
    Ok((connection, lock))
}

async fn run_migrations(path: &Path, connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let failed = |source| OpenError::Migrate { path: path.to_owned(), source };
    MIGRATIONS.run(connection).await.map_err(failed)
}

/// The number of the schema that this program works on.
fn known_schema() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// The number of a database's schema; 0 where it has none.
async fn schema_of(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    let has_one: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')")
            .fetch_one(&mut *connection)
            .await?;
    if !has_one {
        return Ok(0);
    }
    let number: Option<i64> =
        sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success").fetch_one(connection).await?;
    Ok(number.unwrap_or_default())
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

    async fn intents_to_look_at(&self, now: Millis, limit: u32) -> Result<Vec<(ShopId, Intent)>, StoreError> {
        reader::intents_to_look_at(&self.readers, now, limit).await
    }

    async fn begin_look(&self, key: &IdempotencyKey, at: Millis) -> Result<Option<Millis>, StoreError> {
        self.writer.ask(|reply| Command::BeginLook(key.clone(), at, reply)).await?
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

    async fn shops_owed(&self) -> Result<Vec<ShopOwed>, StoreError> {
        outbox::shops_owed(&self.readers).await
    }

    async fn claim_notifications(
        &self,
        now: Millis,
        lease_ms: i64,
        shares: Vec<Share>,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.writer.ask(|reply| Command::Claim { now, lease_ms, shares, reply }).await?
    }

    async fn release_claims(&self, now: Millis) -> Result<u64, StoreError> {
        self.writer.ask(|reply| Command::ReleaseClaims(now, reply)).await?
    }

    async fn record_attempt(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.writer.ask(|reply| Command::Attempt(attempt, reply)).await?
    }

    async fn resend(&self, what: Resend, now: Millis, limit: u32) -> Result<Vec<Resent>, StoreError> {
        self.writer.ask(|reply| Command::Resend { what, now, limit, reply }).await?
    }

    async fn notifications_of(&self, access_id: &AccessId) -> Result<Vec<NotificationRecord>, StoreError> {
        outbox::notifications_of(&self.readers, access_id).await
    }

    async fn attempts_of(&self, notification_id: &str) -> Result<Vec<AttemptRecord>, StoreError> {
        outbox::attempts_of(&self.readers, notification_id).await
    }

    fn note(&self, note: Note) {
        self.writer.note(note);
    }

    fn notes_lost(&self) -> u64 {
        self.writer.notes_lost()
    }

    async fn backlog(&self, now: Millis) -> Result<Backlog, StoreError> {
        reader::backlog(&self.readers, now).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        reader::ping(&self.readers).await?;
        self.writer.ask(Command::Ping).await?
    }
}
