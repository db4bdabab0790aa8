//! Sign-in without a purchase (amazon-pay 2.7): the buyer tells the shop who they are, and the shop reads it by a token.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::session::{in_default_scope, with_parameter};
use super::{BuyerError, Ledger, ids, kept, not_found};
use crate::domain::{Millis, random_hex};
use crate::sandbox::buyers::Buyer;
use crate::sandbox::error::{ApiError, ReasonCode};

/// How long the page may stay open before the buyer answers: 24 hours, as for a checkout session. Ours.
const LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;

/// What the signed payload of a sign-in button asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInRequest {
    /// One of the merchant's stores.
    pub store_id: String,
    /// Where the buyer goes with the token.
    pub return_url: String,
    /// What the merchant may learn; `None` means everything but the billing address.
    pub scopes: Option<Vec<String>>,
}

/// A shop waits for somebody to sign in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignIn {
    /// Of the shape of a session's id.
    pub id: String,
    /// Whose shop.
    pub merchant_id: String,
    /// What it asked for.
    pub request: SignInRequest,
    /// When.
    pub created: Millis,
}

/// What a buyer token stands for. Tokens do not expire here; nothing public says that they do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Introduction {
    /// To whom.
    pub merchant_id: String,
    /// Who.
    #[serde(with = "kept::shared")]
    pub buyer: Arc<Buyer>,
    scopes: Option<Vec<String>>,
}

impl Introduction {
    /// Whether the merchant may learn this of the buyer.
    pub fn tells(&self, scope: &str) -> bool {
        let asked = self.scopes.as_ref();
        asked.map_or_else(|| in_default_scope(scope), |scopes| scopes.iter().any(|asked| asked == scope))
    }
}

impl Ledger {
    /// Opens the sign-in page for a merchant. Answers the id that leads to it.
    ///
    /// # Errors
    /// `InvalidParameterValue` for a store that is not the merchant's.
    pub fn open_sign_in(&mut self, merchant_id: &str, request: SignInRequest) -> Result<String, ApiError> {
        self.check_store(merchant_id, &request.store_id)?;
        let id = self.unused(|ledger| ids::session_id(&*ledger.rng), |ledger, id| ledger.sign_ins.contains_key(id));
        let sign_in = SignIn { id: id.clone(), merchant_id: merchant_id.to_owned(), request, created: self.now };
        self.sign_ins.insert(id.clone(), sign_in);
        Ok(id)
    }

    /// The shop that waits under this id.
    ///
    /// # Errors
    /// `UnknownSession`; `NotOpen` after 24 hours.
    pub fn waiting_sign_in(&self, id: &str) -> Result<&SignIn, BuyerError> {
        let sign_in = self.sign_ins.get(id).ok_or_else(|| BuyerError::UnknownSession(id.to_owned()))?;
        if self.now.since(sign_in.created) > LIFETIME_MS { Err(BuyerError::NotOpen("Expired")) } else { Ok(sign_in) }
    }

    /// The buyer signs in. Answers where the browser goes: `signInReturnUrl` with a new `buyerToken`.
    ///
    /// # Errors
    /// `UnknownSession`, `NotOpen`, `UnknownBuyer`.
    pub fn introduce(&mut self, id: &str, buyer_id: &str) -> Result<String, BuyerError> {
        let sign_in = self.waiting_sign_in(id)?;
        let buyer = self.buyers.find(buyer_id).ok_or_else(|| BuyerError::UnknownBuyer(buyer_id.to_owned()))?;
        let buyer = Arc::clone(buyer);
        let merchant_id = sign_in.merchant_id.clone();
        let introduction = Introduction { merchant_id, buyer, scopes: sign_in.request.scopes.clone() };
        let token = random_hex::<32>(&*self.rng);
        let url = with_parameter(&sign_in.request.return_url, "buyerToken", &token);
        self.introductions.insert(token, introduction);
        Ok(url)
    }

    /// Whom the merchant's token stands for.
    ///
    /// # Errors
    /// `ResourceNotFound`, also for another merchant's.
    pub fn introduction_of(&self, merchant_id: &str, token: &str) -> Result<&Introduction, ApiError> {
        let found = self.introductions.get(token).filter(|introduction| introduction.merchant_id == merchant_id);
        found.ok_or_else(|| not_found("Buyer", token))
    }

    /// A merchant may only speak for its own stores.
    pub(super) fn check_store(&self, merchant_id: &str, store_id: &str) -> Result<(), ApiError> {
        if self.accounts.get(merchant_id).is_some_and(|account| account.store_ids.iter().any(|store| store == store_id))
        {
            return Ok(());
        }
        let message = format!("storeId {store_id} does not belong to merchant {merchant_id}");
        Err(ApiError::new(ReasonCode::InvalidParameterValue, message))
    }
}
