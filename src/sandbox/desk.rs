//! The sandbox as the buyer's pages know it.

use std::sync::MutexGuard;

use super::buyer::Desk;
use super::buyer::initiate::{Button, ButtonError};
use super::error::{ApiError, ReasonCode};
use super::ledger::Ledger;
use super::signature::button_string_to_sign;
use super::{Sandbox, wire};

impl Desk for Sandbox {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        Self::ledger(self)
    }

    fn open_session(&self, button: &Button) -> Result<String, ButtonError> {
        let refused = |why: String| ButtonError::InvalidSignature {
            why,
            string_to_sign: button_string_to_sign(&button.algorithm, &button.payload),
        };
        let merchant_id = self
            .keys()
            .verify_button(&button.payload, &button.signature, Some(&button.algorithm), &button.public_key_id)
            .map_err(|error: ApiError| match error.code {
                ReasonCode::InvalidRequestSignature => refused("The signature does not fit the payload.".to_owned()),
                _ => refused(error.to_string()),
            })?;
        if merchant_id != button.merchant_id {
            return Err(refused(format!("The key belongs to another merchant than {}.", button.merchant_id)));
        }
        let request = wire::session_request::create(button.payload.as_bytes(), button.product_type)?;
        Ok(Self::ledger(self).create_session(merchant_id, request)?.id)
    }

    fn merchant_name(&self, merchant_id: &str) -> Option<String> {
        self.merchant(merchant_id).map(|merchant| merchant.name.clone())
    }
}
