//! The check of a button's signature (amazon-pay 1.8): it covers the payload's text and nothing else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::canonical::{Algorithm, string_to_sign};
use super::key::Keyring;
use super::request::mismatch;
use crate::sandbox::error::{ApiError, ReasonCode};

impl Keyring {
    /// Whose button this is: the merchant id. `payload` is the text exactly as it reached the browser; `algorithm` is
    /// the one that the button names, or the older one where it names none (amazon-pay 1.8).
    ///
    /// # Errors
    /// `InvalidHeaderValue` for an algorithm that does not exist; `UnauthorizedAccess` for a key that nobody here
    /// has; `InvalidRequestSignature`, whose message shows the string that was expected to be signed.
    pub fn verify_button(
        &self,
        payload: &str,
        signature: &str,
        algorithm: Option<&str>,
        public_key_id: &str,
    ) -> Result<&str, ApiError> {
        let algorithm = match algorithm {
            None | Some("") => Algorithm::V1,
            Some(name) => Algorithm::named(name).ok_or_else(|| {
                let message = format!("algorithm {name:?} is neither AMZN-PAY-RSASSA-PSS nor AMZN-PAY-RSASSA-PSS-V2");
                ApiError::new(ReasonCode::InvalidHeaderValue, message)
            })?,
        };
        let key = self.find(public_key_id).ok_or_else(|| {
            let message = format!("Public key {public_key_id} is not known in this sandbox");
            ApiError::new(ReasonCode::UnauthorizedAccess, message)
        })?;
        let expected = string_to_sign(algorithm, payload.as_bytes());
        let bytes = STANDARD.decode(signature).unwrap_or_default();
        if key.verifies(algorithm, expected.as_bytes(), &bytes) {
            Ok(&key.merchant_id)
        } else {
            Err(mismatch(&expected, signature))
        }
    }
}
