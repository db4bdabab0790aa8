//! Whether a change may stand: one rule for every engine, whatever it reads it from.

use std::collections::{HashMap, HashSet};

use super::{ApplyError, Change};
use crate::domain::Millis;

/// What the book says now about everything that some changes touch. What it does not touch may be missing.
#[derive(Debug, Default)]
pub(super) struct Present {
    /// The version of each transaction, by AccessID.
    pub(super) versions: HashMap<String, i64>,
    /// The idempotency key of the effect under way, how often it was looked at and when it will be, by AccessID.
    pub(super) open_intents: HashMap<String, (String, (i64, Millis))>,
    /// Shops and their OrderIDs.
    pub(super) orders_taken: HashSet<(String, String)>,
    /// Sessions, and the transactions they are claimed for.
    pub(super) sessions_taken: Vec<(String, String)>,
}

impl Present {
    /// Judges `change`. Whoever applies it must make sure that nobody else writes in between.
    pub(super) fn judge(&self, change: &Change) -> Result<(), ApplyError> {
        let id = change.access_id.as_str();
        let Some(on_top_of) = change.on_top_of else {
            let taken = change.transaction.as_ref().is_some_and(|tx| {
                self.orders_taken.contains(&(tx.shop_id.as_str().to_owned(), tx.order_id.as_str().to_owned()))
            });
            return if taken || self.versions.contains_key(id) { Err(ApplyError::OrderTaken) } else { Ok(()) };
        };
        match (self.open_intents.get(id), &change.outcome) {
            (Some((open, looks)), Some(outcome)) if open == outcome.key.as_str() => {
                if change.known_looks.is_some_and(|known| known != *looks) {
                    return Err(ApplyError::LookedAt);
                }
            }
            (None, None) => {}
            (Some(_), None) => return Err(ApplyError::OperationOpen),
            (_, Some(_)) => return Err(ApplyError::OperationClosed),
        }
        if self.versions.get(id) != Some(&on_top_of) {
            return Err(ApplyError::VersionLost);
        }
        let taken = change
            .claimed_session()
            .is_some_and(|session| self.sessions_taken.iter().any(|(taken, by)| taken == session.as_str() && by != id));
        if taken { Err(ApplyError::SessionTaken) } else { Ok(()) }
    }
}
