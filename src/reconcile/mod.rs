//! Finds out what became of whatever was left open: effects at Amazon whose answer never came, start tickets that
//! nobody used, buyers who never came back.
//!
//! Nothing here decides anything: `flow` asks Amazon and takes only evidence. This room says when to look. At the start
//! of the only serving process on a database every open intent belongs to a process that is gone, so all are due at once.
//!
//! Several processes may look at the same thing at the same moment: an effect is asked for under its one key, and its
//! outcome, like every change, is committed on top of the version that was read, by whoever comes first. The others find
//! that somebody else was there.

mod hints;
mod looks;

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};

use crate::domain::{AccessId, Intent, State, Transaction};
use crate::flow::{Gateway, Looked, Refusal};
use crate::store::StoreError;

pub use hints::{HintWork, Hints, NotTaken, hints};
pub use looks::run;

/// How much is looked at in one round.
const ROUND_MAX: u32 = 100;
/// How many looks are under way at once: one that waits for Amazon's time-out must not hold up the others.
const CONCURRENT_MAX: usize = 16;
/// How many rounds an operator's command makes at most: enough for a hundred thousand transactions.
const ROUNDS_MAX: u32 = 1_000;
/// How long after a look that ended nothing a transaction is looked at again whose buyer or Amazon did not answer.
const LOOK_AGAIN_MS: i64 = 60_000;
/// The shortest and the longest wait between two looks at what Amazon takes its time over. It decides on an authorisation
/// within 24 hours (amazon-pay 2.5), and wants to be asked about once an hour (2.10).
const POLL_MS_RANGE: (i64, i64) = (31_000, 60 * 60_000);

/// What one round came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Open intents that were closed.
    pub closed: u32,
    /// Open intents of which nothing is known yet.
    pub still_open: u32,
    /// Transactions whose time was over.
    pub overdue: u32,
    /// What could not be looked at.
    pub failed: u32,
}

/// Takes over what a process before this one left open.
///
/// # Errors
/// A database that failed.
pub async fn adopt(gateway: &Gateway) -> Result<(), StoreError> {
    let intents = gateway.store().adopt_open_intents(gateway.clock().now()).await?;
    let claims = gateway.store().release_claims(gateway.clock().now()).await?;
    if intents + claims > 0 {
        tracing::info!(intents, claims, "taken over from a process that is gone");
    }
    Ok(())
}

/// Looks at everything that is due now, once.
///
/// # Errors
/// A database that could not be read.
pub async fn round(gateway: &Arc<Gateway>) -> Result<Round, StoreError> {
    let mut round = Round::default();
    let intents = gateway.store().intents_to_look_at(gateway.clock().now(), ROUND_MAX).await?;
    let mut looks = stream::iter(intents).map(|(_, intent)| look(gateway, intent)).buffer_unordered(CONCURRENT_MAX);
    while let Some((access_id, looked)) = looks.next().await {
        round.looked(&access_id, looked);
    }
    let overdue = gateway.store().transactions_to_look_at(gateway.clock().now(), ROUND_MAX).await?;
    let mut ends = stream::iter(overdue).map(|transaction| end(gateway, transaction)).buffer_unordered(CONCURRENT_MAX);
    while let Some((access_id, ended)) = ends.next().await {
        round.ended(&access_id, ended);
    }
    Ok(round)
}

/// Looks at everything that is due now and at what becomes due by that, for an operator's command; ends when nothing more
/// comes of it.
///
/// # Errors
/// A database that could not be read.
pub async fn until_quiet(gateway: &Arc<Gateway>) -> Result<Round, StoreError> {
    let mut all = Round::default();
    for _ in 0..ROUNDS_MAX {
        let done = round(gateway).await?;
        all += done;
        // What failed, or is still unknown, is put off; a round of nothing else would only fail again.
        if done.closed + done.overdue == 0 {
            break;
        }
    }
    Ok(all)
}

async fn look(gateway: &Arc<Gateway>, intent: Intent) -> (AccessId, Result<Looked, Refusal>) {
    let access_id = intent.access_id.clone();
    let this = Arc::clone(gateway);
    let looked = gateway.detached(async move { this.inquire(&intent).await }).await;
    (access_id, looked.and_then(|looked| looked))
}

async fn end(gateway: &Arc<Gateway>, transaction: Transaction) -> (AccessId, Result<(), Refusal>) {
    let (access_id, version) = (transaction.access_id.clone(), transaction.version);
    let (state, since) = (transaction.state.clone(), transaction.processed_at);
    let this = Arc::clone(gateway);
    let ended = gateway.detached(async move { this.overdue(&transaction).await }).await.and_then(|ended| ended);
    // Nothing happens here if it has ended. If not, the next ones have their turn before it comes again.
    let now = gateway.clock().now();
    let again = now.plus(wait_ms(&state, now.since(since)));
    let put_off = gateway.store().put_off(&access_id, version, again).await;
    (access_id, ended.and_then(|()| put_off.map_err(Refusal::from)))
}

/// How long to wait before the next look at a transaction that has been in `state` for so long: what ends soon is seen
/// soon, what takes hours is not asked about a thousand times.
fn wait_ms(state: &State, waited_ms: i64) -> i64 {
    let amazon_is_at_it = match state {
        State::ReqSuccess(_) => false,
        State::AuthProcess(handover) => handover.charge.is_some(),
        _ => true,
    };
    let (shortest, longest) = POLL_MS_RANGE;
    if amazon_is_at_it { waited_ms.clamp(shortest, longest) } else { LOOK_AGAIN_MS }
}

impl Round {
    fn looked(&mut self, access_id: &AccessId, looked: Result<Looked, Refusal>) {
        match looked {
            Ok(Looked::Closed | Looked::ClosedByAnother) => self.closed += 1,
            Ok(Looked::StillOpen) => self.still_open += 1,
            Err(error) => self.fail(access_id, &error),
        }
    }

    fn ended(&mut self, access_id: &AccessId, ended: Result<(), Refusal>) {
        match ended {
            Ok(()) => self.overdue += 1,
            Err(error) => self.fail(access_id, &error),
        }
    }

    fn fail(&mut self, access_id: &AccessId, error: &Refusal) {
        tracing::error!(%access_id, %error, "reconcile");
        self.failed += 1;
    }
}

impl std::ops::AddAssign for Round {
    fn add_assign(&mut self, more: Self) {
        self.closed += more.closed;
        self.still_open += more.still_open;
        self.overdue += more.overdue;
        self.failed += more.failed;
    }
}
