//! Finds out what became of whatever was left open: effects at Amazon whose answer never came, start tickets that
//! nobody used, buyers who never came back.
//!
//! Nothing here decides anything: `flow` asks Amazon and takes only evidence. This room says when to look. At the start
//! of the only process on a database every open intent belongs to a process that is gone, so all are due at once.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::flow::{Gateway, Looked, Refusal};
use crate::store::StoreError;

/// How much is looked at in one round.
const ROUND_MAX: u32 = 100;

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
    let claims = gateway.store().release_claims().await?;
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
    for intent in gateway.store().intents_to_look_at(gateway.clock().now(), ROUND_MAX).await? {
        let access_id = intent.access_id.clone();
        let this = Arc::clone(gateway);
        let looked = gateway.detached(async move { this.inquire(&intent).await }).await.and_then(|looked| looked);
        match looked {
            Ok(Looked::Closed | Looked::ClosedByAnother) => round.closed += 1,
            Ok(Looked::StillOpen) => round.still_open += 1,
            Err(error) => round.fail(&access_id, &error),
        }
    }
    for transaction in gateway.store().transactions_to_look_at(gateway.clock().now(), ROUND_MAX).await? {
        let access_id = transaction.access_id.clone();
        let this = Arc::clone(gateway);
        match gateway.detached(async move { this.overdue(&transaction).await }).await.and_then(|ended| ended) {
            Ok(()) => round.overdue += 1,
            Err(error) => round.fail(&access_id, &error),
        }
    }
    Ok(round)
}

impl Round {
    fn fail(&mut self, access_id: &crate::domain::AccessId, error: &Refusal) {
        tracing::error!(%access_id, %error, "reconcile");
        self.failed += 1;
    }
}

/// Makes a round every `every_ms` until `stop`.
pub async fn run(gateway: Arc<Gateway>, every_ms: u64, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match round(&gateway).await {
            Ok(done) if done != Round::default() => tracing::info!(?done, "reconcile"),
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "reconcile"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_millis(every_ms)) => {}
        }
    }
}
