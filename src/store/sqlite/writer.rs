//! The writer task: the only one that writes.
//!
//! Requests send their changes here and wait. The task takes what is queued, up to [`BATCH_MAX`], and makes it durable
//! in one database transaction (group commit), so that a hundred waiting requests cost one flush of the disk. A caller
//! that goes away changes nothing: its change was sent and is made. A change that the database itself rejects (a CHECK
//! that the code should have kept) must not take its neighbours down: that batch is made again one by one.
//!
//! Notes wait for one another, at most [`NOTES_WAIT`] long, so that they cost payments next to nothing. Those that find no
//! room are dropped and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{batch, failed, notes, outbox, staff};
use crate::domain::notification::{Attempt, Claimed};
use crate::domain::{AccessId, IdempotencyKey, Millis};
use crate::store::{
    ApplyError, AuditEntry, By, Change, Note, Resend, Resent, Share, StaffChange, StaffError, StoreError,
};

/// How many requests may wait for the writer before the next one has to wait to be queued.
const QUEUE_MAX: usize = 1024;
/// How many changes are committed together at most.
const BATCH_MAX: usize = 128;
/// How many notes are enough to be written together, and how long the first of them waits.
const NOTES_MAX: usize = 256;
const NOTES_WAIT: Duration = Duration::from_secs(1);

type Reply<T, E = StoreError> = oneshot::Sender<Result<T, E>>;

/// Something to be written.
pub(super) enum Command {
    /// A change.
    Apply(Box<Change>, Reply<(), ApplyError>),
    /// The record of an attempt to notify.
    Attempt(Attempt, Reply<()>),
    /// Note that somebody begins to look at an intent.
    BeginLook(IdempotencyKey, Millis, Reply<Option<Millis>>),
    /// Count a look at an intent, and put off the next.
    LookAgain(IdempotencyKey, Millis, Reply<()>),
    /// Put off an overdue transaction.
    PutOff { access_id: AccessId, version: i64, at: Millis, reply: Reply<()> },
    /// Make all open intents due.
    AdoptIntents(Millis, Reply<u64>),
    /// Take on due notifications.
    Claim { now: Millis, lease_ms: i64, shares: Vec<Share>, reply: Reply<Vec<Claimed>> },
    /// Let go of all claims.
    ReleaseClaims(Millis, Reply<u64>),
    /// Make notifications due again.
    Resend { what: Resend, now: Millis, limit: u32, reply: Reply<Vec<Resent>> },
    /// Change an account of the console.
    Staff { change: Box<StaffChange>, by: By, at: Millis, reply: Reply<(), StaffError> },
    /// Add a line to the audit log.
    Audit(Box<AuditEntry>, Reply<()>),
    /// Note that a session of the console was seen.
    SawSession { token_sha256: String, at: Millis, reply: Reply<()> },
    /// Note something. Nobody waits for it.
    Note(Note),
    /// Say that the database can be written to.
    Ping(Reply<()>),
    /// Finish what came before this, and end.
    Stop,
}

/// The way to the writer task.
pub(super) struct Writer {
    queue: mpsc::Sender<Command>,
    task: Mutex<Option<JoinHandle<()>>>,
    /// Notes that were dropped.
    lost: Arc<AtomicU64>,
}

impl Writer {
    /// Starts the task on its connection.
    pub(super) fn start(connection: SqliteConnection) -> Self {
        let (queue, commands) = mpsc::channel(QUEUE_MAX);
        let lost = Arc::default();
        let task = tokio::spawn(run(connection, commands, Arc::clone(&lost)));
        Self { queue, task: Mutex::new(Some(task)), lost }
    }

    /// Sends a command and waits for its answer.
    pub(super) async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, StoreError> {
        let gone = || StoreError("the writer has stopped".to_owned());
        let (reply, answer) = oneshot::channel();
        self.queue.send(command(reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }

    /// Takes a note on; where the queue is full it is dropped, for whoever has work to do goes first.
    pub(super) fn note(&self, note: Note) {
        if self.queue.try_send(Command::Note(note)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many notes were dropped.
    pub(super) fn notes_lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Lets the task finish what is queued, and waits for its end. What is asked afterwards is refused.
    pub(super) async fn stop(&self) {
        // A task that is gone already needs no word.
        let _ = self.queue.send(Command::Stop).await;
        if let Some(task) = self.task.lock().await.take() {
            // A panic of the task was already reported by the panic hook; there is nothing left to close.
            let _ = task.await;
        }
    }
}

async fn run(mut connection: SqliteConnection, mut commands: mpsc::Receiver<Command>, lost: Arc<AtomicU64>) {
    let mut queued = Vec::with_capacity(BATCH_MAX);
    let mut stopping = false;
    let mut notes = Vec::new();
    let mut write_notes_at = None;
    while !stopping && next(&mut commands, &mut queued, write_notes_at).await {
        let mut changes = Vec::new();
        let mut attempts = Vec::new();
        let mut others = Vec::new();
        for command in queued.drain(..) {
            match command {
                Command::Apply(change, reply) => changes.push((*change, reply)),
                Command::Attempt(attempt, reply) => attempts.push((attempt, reply)),
                Command::Note(note) => notes.push(note),
                Command::Stop => stopping = true,
                other => others.push(other),
            }
        }
        apply_all(&mut connection, changes).await;
        record_all(&mut connection, attempts).await;
        for command in others {
            run_one(&mut connection, command).await;
        }
        let is_time = write_notes_at.is_some_and(|at| Instant::now() >= at);
        if stopping || is_time || notes.len() >= NOTES_MAX {
            note_all(&mut connection, &mut notes, &lost).await;
        }
        write_notes_at = if notes.is_empty() { None } else { write_notes_at.or(Some(Instant::now() + NOTES_WAIT)) };
    }
    note_all(&mut connection, &mut notes, &lost).await;
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "closing the database");
    }
}

/// Waits for commands, or until the notes are to be written; false where nobody can send any more.
async fn next(commands: &mut mpsc::Receiver<Command>, queued: &mut Vec<Command>, until: Option<Instant>) -> bool {
    let received = commands.recv_many(queued, BATCH_MAX);
    match until {
        None => received.await > 0,
        Some(until) => tokio::time::timeout_at(until, received).await.map_or(true, |count| count > 0),
    }
}

async fn note_all(connection: &mut SqliteConnection, notes: &mut Vec<Note>, lost: &AtomicU64) {
    if notes.is_empty() {
        return;
    }
    if let Err(error) = notes::write(connection, notes).await {
        tracing::warn!(%error, count = notes.len(), "notes could not be written");
        lost.fetch_add(notes.len() as u64, Ordering::Relaxed);
    }
    notes.clear();
}

async fn apply_all(connection: &mut SqliteConnection, changes: Vec<(Change, Reply<(), ApplyError>)>) {
    let mut waiting = changes;
    while !waiting.is_empty() {
        let later = batch::split_repeats(&mut waiting);
        let (changes, replies): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        let results = match batch::apply(connection, &changes).await {
            Ok(results) => results,
            Err(error) if changes.len() == 1 => vec![Err(failed(&error).into())],
            Err(error) => {
                tracing::warn!(%error, changes = changes.len(), "a batch failed; making its changes one by one");
                one_by_one(connection, &changes).await
            }
        };
        for (reply, result) in replies.into_iter().zip(results) {
            // Nobody may be waiting any more; the change is made all the same.
            let _ = reply.send(result);
        }
        waiting = later;
    }
}

async fn one_by_one(connection: &mut SqliteConnection, changes: &[Change]) -> Vec<Result<(), ApplyError>> {
    let mut results = Vec::with_capacity(changes.len());
    for change in changes {
        let result = match batch::apply(connection, std::slice::from_ref(change)).await {
            Ok(mut one) => one.pop().unwrap_or(Ok(())),
            Err(error) => Err(failed(&error).into()),
        };
        results.push(result);
    }
    results
}

async fn record_all(connection: &mut SqliteConnection, attempts: Vec<(Attempt, Reply<()>)>) {
    if attempts.is_empty() {
        return;
    }
    let (attempts, replies): (Vec<_>, Vec<_>) = attempts.into_iter().unzip();
    let result = outbox::record(connection, &attempts).await.map_err(|error| failed(&error));
    for reply in replies {
        let _ = reply.send(result.clone());
    }
}

async fn run_one(connection: &mut SqliteConnection, command: Command) {
    match command {
        Command::BeginLook(key, at, reply) => {
            let look_at = sqlx::query_scalar::<_, i64>(
                "UPDATE operations SET look_at = max(look_at + 1, ?2) WHERE idempotency_key = ?1 AND verdict IS NULL
                 RETURNING look_at",
            )
            .bind(key.as_str())
            .bind(at.0)
            .fetch_optional(connection)
            .await;
            let _ = reply.send(look_at.map(|at| at.map(Millis)).map_err(|error| failed(&error)));
        }
        Command::LookAgain(key, at, reply) => {
            let done = sqlx::query(
                "UPDATE operations SET look_at = ?2, looks = looks + 1 WHERE idempotency_key = ?1 AND verdict IS NULL",
            )
            .bind(key.as_str())
            .bind(at.0)
            .execute(connection)
            .await;
            let _ = reply.send(done.map(|_| ()).map_err(|error| failed(&error)));
        }
        Command::PutOff { access_id, version, at, reply } => {
            let done = sqlx::query(
                "UPDATE transactions SET look_at = ?3 WHERE access_id = ?1 AND version = ?2 AND look_at < ?3",
            )
            .bind(access_id.as_str())
            .bind(version)
            .bind(at.0)
            .execute(connection)
            .await;
            let _ = reply.send(done.map(|_| ()).map_err(|error| failed(&error)));
        }
        Command::AdoptIntents(now, reply) => {
            let done = sqlx::query("UPDATE operations SET look_at = ?1 WHERE verdict IS NULL AND look_at > ?1")
                .bind(now.0)
                .execute(connection)
                .await;
            let _ = reply.send(done.map(|done| done.rows_affected()).map_err(|error| failed(&error)));
        }
        Command::Claim { now, lease_ms, shares, reply } => {
            let _ = reply.send(outbox::claim(connection, now, lease_ms, &shares).await);
        }
        Command::ReleaseClaims(now, reply) => {
            let _ = reply.send(outbox::release(connection, now).await);
        }
        Command::Resend { what, now, limit, reply } => {
            let _ = reply.send(outbox::resend(connection, &what, now, limit).await);
        }
        Command::Staff { change, by, at, reply } => {
            let _ = reply.send(staff::change(connection, &change, &by, at).await);
        }
        Command::Audit(entry, reply) => {
            let _ = reply.send(staff::append(connection, &entry).await.map_err(|error| failed(&error)));
        }
        Command::SawSession { token_sha256, at, reply } => {
            let _ = reply.send(staff::saw(connection, &token_sha256, at).await.map_err(|error| failed(&error)));
        }
        Command::Ping(reply) => {
            let writable = batch::begin(connection).await;
            let _ = reply.send(batch::end(connection, writable).await.map_err(|error| failed(&error)));
        }
        Command::Apply(..) | Command::Attempt(..) | Command::Note(_) | Command::Stop => {}
    }
}
