//! The same request twice is one effect (amazon-pay 2.9). A key counts for one merchant, one operation and, where
//! there is one, one object, for ever.
//!
//! Ours, for nothing public says: only answers that report success are kept and replayed, with the status they had
//! first. A request that was refused made no object, so the same key may be tried again.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Ledger;
use crate::sandbox::error::{ApiError, ReasonCode};

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Effect {
    /// Whose key.
    pub merchant_id: String,
    /// For which operation, by its name in the API.
    pub operation: &'static str,
    /// On which object; empty where the operation makes a new one.
    pub object_id: String,
    /// The `x-amz-pay-idempotency-key`.
    pub key: String,
}

impl Effect {
    /// As one text; none of its parts has a blank in it.
    fn id(&self) -> String {
        let Self { merchant_id, operation, object_id, key } = self;
        format!("{merchant_id} {operation} {object_id} {key}")
    }
}

/// What was asked and answered under a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remembered {
    /// The body that came with it.
    pub request: Value,
    /// The HTTP status of the first answer.
    pub status: u16,
    /// The body of the first answer.
    pub answer: Value,
}

impl Ledger {
    /// The first answer to this effect, if there was one.
    ///
    /// # Errors
    /// `DuplicateIdempotencyKey` where the key came with another body before.
    pub fn recall(&self, effect: &Effect, request: &Value) -> Result<Option<&Remembered>, ApiError> {
        match self.remembered.get(&effect.id()) {
            Some(first) if first.request != *request => Err(ApiError::new(
                ReasonCode::DuplicateIdempotencyKey,
                format!("Idempotency key {} was used for {} with another body", effect.key, effect.operation),
            )),
            first => Ok(first),
        }
    }

    /// Keeps the first answer to this effect.
    pub fn remember(&mut self, effect: &Effect, first: Remembered) {
        let id = effect.id();
        if !self.remembered.contains_key(&id) {
            self.remembered.insert(id, first);
        }
    }
}
