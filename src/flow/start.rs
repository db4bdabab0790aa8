//! AmazonpayStart: the buyer's browser sets out for Amazon (psp-protocol 5.3), to an address that Amazon gave, or with a
//! payload that is signed in this moment.

use secrecy::ExposeSecret as _;

use super::errand::Errand;
use super::exec_review::token_hash;
use super::result_post::post_for;
use super::{Gateway, Refusal, ResultPost, Shop};
use crate::amazonpay::{ButtonError, ButtonSignature, ProcessOrder, ProductType};
use crate::config::constant_time_eq;
use crate::domain::transaction::{Departure, Event, Failure, Handover, Ticket};
use crate::domain::{State, Transaction, random_hex};
use crate::protocol::{ErrInfo, Start, codes};
use crate::store::{Change, Occasion, StoreError};

/// Where the browser goes.
#[derive(Debug)]
pub enum Started {
    /// To Amazon.
    ToAmazon(String),
    /// To Amazon by a page that begins a checkout.
    Checkout(Box<CheckoutStart>),
    /// Back to the shop at once: the time is over.
    BackToShop(Box<ResultPost>),
}

/// What the page says that begins a checkout: all of it may be seen by anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutStart {
    /// Amazon's script.
    pub script_url: String,
    /// Where a browser without scripts posts the same.
    pub form_url: String,
    /// Amazon's id of the merchant.
    pub merchant_id: String,
    /// The payload and its signature.
    pub button: ButtonSignature,
    /// Whether something is shipped.
    pub product_type: ProductType,
    /// Names the page's own script; used once.
    pub nonce: String,
}

/// Why the browser goes nowhere: the shop's address is not known, or not to be told to whoever this is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// Unknown, or used before. Both look the same from outside.
    #[error("no such AccessID and Token, or used before")]
    TokenInvalid,
    /// Our database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The gateway's own fault.
    #[error("internal: {0}")]
    Internal(&'static str),
}

impl StartError {
    /// The code that the error page shows.
    pub fn code(&self) -> ErrInfo {
        match self {
            Self::TokenInvalid => codes::TOKEN_INVALID,
            Self::Store(_) => codes::DATABASE,
            Self::Internal(_) => codes::UNEXPECTED,
        }
    }
}

impl From<Refusal> for StartError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Store(error) => Self::Store(error),
            Refusal::Internal(what) => Self::Internal(what),
            _ => Self::TokenInvalid,
        }
    }
}

impl Gateway {
    /// Takes a Token once and says where the browser goes.
    ///
    /// # Errors
    /// [`StartError`]; a second use of a Token is one.
    pub async fn start(&self, request: Start) -> Result<Started, StartError> {
        let Some(transaction) = self.parts.store.transaction(&request.access_id).await? else {
            return Err(StartError::TokenInvalid);
        };
        let (State::ReqSuccess(Ticket { token_sha256, .. }) | State::Expired { token_sha256: Some(token_sha256), .. }) =
            &transaction.state
        else {
            return Err(StartError::TokenInvalid);
        };
        if !constant_time_eq(token_hash(request.token.expose_secret()).as_bytes(), token_sha256.as_bytes()) {
            return Err(StartError::TokenInvalid);
        }
        let Some(shop) = self.parts.shops.get(&transaction.shop_id) else {
            return Err(StartError::Internal("the transaction's shop is not in shops.toml"));
        };
        let State::ReqSuccess(ticket) = &transaction.state else { return back_to_shop(&shop, &transaction) };
        if ticket.is_over(self.parts.clock.now()) {
            if ticket.charge.is_some() {
                return self.too_late_for_mfa(&shop, &transaction).await;
            }
            return self.too_late(&shop, &transaction).await;
        }
        self.hand_over(&shop, &transaction, ticket).await
    }

    async fn hand_over(&self, shop: &Shop, transaction: &Transaction, ticket: &Ticket) -> Result<Started, StartError> {
        let now = self.parts.clock.now();
        // Before the Token is used up: a page that cannot be made may be asked for again.
        let started = match &ticket.departure {
            Departure::Url(url) => Started::ToAmazon(url.clone()),
            Departure::Payload(payload) => Started::Checkout(Box::new(self.checkout_start(shop, payload)?)),
        };
        let look_at = now.plus(i64::from(shop.settings.authprocess_limit_minutes) * 60_000);
        let change =
            Change::event(transaction, Event::Started(Handover { look_at, charge: ticket.charge.clone() }), now)
                .map_err(|_| StartError::TokenInvalid)?;
        // Who loses a race has a Token that somebody else has used.
        self.commit(shop, transaction, change).await?;
        Ok(started)
    }

    fn checkout_start(&self, shop: &Shop, payload: &str) -> Result<CheckoutStart, StartError> {
        let failed = |error: ButtonError| {
            tracing::error!(%error, shop_id = %shop.id, "a payload cannot be signed");
            StartError::Internal("a payload cannot be signed")
        };
        Ok(CheckoutStart {
            script_url: shop.merchant.checkout_script_url(),
            form_url: shop.merchant.checkout_form_url(),
            merchant_id: shop.settings.merchant_id.clone(),
            button: shop.merchant.sign_button(payload.to_owned()).map_err(failed)?,
            product_type: ProcessOrder::product_type(payload).map_err(failed)?,
            nonce: random_hex::<16>(&*self.parts.rng),
        })
    }

    /// Ends it. Where reconcile does so in the same moment, that stands, and the buyer hears of it all the same.
    async fn too_late(&self, shop: &Shop, transaction: &Transaction) -> Result<Started, StartError> {
        match self.expire(shop, transaction).await {
            Ok((expired, notification_id)) => {
                self.wait_for_first_attempt(notification_id.as_deref()).await;
                back_to_shop(shop, &expired)
            }
            Err(Refusal::Busy) => {
                let now = self.wait_for_other_return(&transaction.access_id).await?;
                if matches!(now.state, State::Expired { .. }) {
                    back_to_shop(shop, &now)
                } else {
                    Err(StartError::TokenInvalid)
                }
            }
            Err(other) => Err(other.into()),
        }
    }

    /// The charge that waits for this buyer has to be gone at Amazon before the shop may hear EXPIRED.
    async fn too_late_for_mfa(&self, shop: &Shop, transaction: &Transaction) -> Result<Started, StartError> {
        match self.overdue_mfa(shop, transaction, Errand::about(transaction, Occasion::Due)).await {
            Ok(()) | Err(Refusal::Busy) => {}
            Err(other) => return Err(other.into()),
        }
        let now = self.wait_for_other_return(&transaction.access_id).await?;
        if matches!(now.state, State::ReqSuccess(_)) {
            return Err(StartError::Internal("what became of the charge is not known yet"));
        }
        back_to_shop(shop, &now)
    }

    /// Ends a transaction whose time is over; answers it and the notification that tells of it. What somebody else made
    /// of it in the same moment stands.
    pub(super) async fn expire(
        &self,
        shop: &Shop,
        transaction: &Transaction,
    ) -> Result<(Transaction, Option<String>), Refusal> {
        let failure = Failure { err_info: codes::DEADLINE_PASSED.to_string() };
        let change = Change::event(transaction, Event::Expired(failure), self.parts.clock.now())
            .map_err(|refused| Refusal::Status(refused.status))?;
        self.commit(shop, transaction, change).await
    }
}

/// Back with what the transaction says. Whoever gets here has shown its Token.
fn back_to_shop(shop: &Shop, transaction: &Transaction) -> Result<Started, StartError> {
    let post = post_for(shop, transaction).ok_or(StartError::Internal("an execution with a Token has no RetURL"))?;
    Ok(Started::BackToShop(Box::new(post)))
}
