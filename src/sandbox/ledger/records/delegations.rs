//! A solution provider acts for a merchant: it gets an authorization token, and sends that with its own signature.

use serde::{Deserialize, Serialize};

use crate::domain::{Millis, random_hex};
use crate::sandbox::error::{ApiError, ReasonCode};
use crate::sandbox::ledger::{Ledger, not_found};

/// How the older API's tokens begin, for which an authorization token is given.
const MWS_TOKEN_START: &str = "amzn.mws.";

/// What an authorization token stands for. Tokens do not expire here; nothing public says that they do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delegation {
    /// Who may send it.
    pub provider_id: String,
    /// For whom it acts.
    pub merchant_id: String,
    /// Since when.
    pub since: Millis,
}

impl Ledger {
    /// Gives a solution provider the token to act for a merchant; the same one each time.
    ///
    /// # Errors
    /// `InvalidParameterValue` for what is no MWS token; `ResourceNotFound` for a merchant that nobody knows.
    pub fn delegate(&mut self, provider_id: &str, mws_token: &str, merchant_id: &str) -> Result<String, ApiError> {
        if mws_token.strip_prefix(MWS_TOKEN_START).is_none_or(str::is_empty) {
            let message = format!("the MWS authorization token must start with {MWS_TOKEN_START}");
            return Err(ApiError::new(ReasonCode::InvalidParameterValue, message));
        }
        if !self.accounts.contains_key(merchant_id) {
            return Err(not_found("Merchant", merchant_id));
        }
        let id = format!("{provider_id} {merchant_id} {mws_token}");
        if let Some(token) = self.delegation_tokens.get(&id) {
            return Ok(token.clone());
        }
        let token = random_hex::<24>(&*self.rng);
        let delegation =
            Delegation { provider_id: provider_id.to_owned(), merchant_id: merchant_id.to_owned(), since: self.now };
        self.delegations.insert(token.clone(), delegation);
        self.delegation_tokens.insert(id, token.clone());
        Ok(token)
    }

    /// For whom the bearer of the token acts.
    ///
    /// # Errors
    /// `InvalidAuthorizationToken`, also where the token was given to somebody else.
    pub fn principal(&self, provider_id: &str, token: &str) -> Result<&str, ApiError> {
        let found = self.delegations.get(token).filter(|delegation| delegation.provider_id == provider_id);
        found.map(|delegation| delegation.merchant_id.as_str()).ok_or_else(|| {
            let message = format!("x-amz-pay-authtoken was not given to {provider_id}");
            ApiError::new(ReasonCode::InvalidAuthorizationToken, message)
        })
    }
}
