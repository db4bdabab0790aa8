//! Messages that Amazon sends by itself (IPN, amazon-pay 5): something happened, look at the object.
//!
//! Who acts: the ledger says what is news; [`run`] takes it from there, wraps each piece as Amazon SNS does, signs it with a
//! key of this sandbox and posts it to the merchant's endpoint, again an hour later if the merchant's server failed. All of
//! it goes by the sandbox's clock. Whoever tests registers endpoints, asks for duplicates and other orders, and reads what
//! was sent, under `/_control/ipn`. Merchants find the certificate and confirm subscriptions under `/_sns/`.
//!
//! A message is dated by the machine's time, not by the moved one, as requests are: the merchant's clock is not moved.

pub(super) mod control;
mod envelope;
mod keeping;
mod outbox;
mod sender;
mod signer;
mod told;
mod topic;

use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;

use super::Sandbox;
use super::ledger::News;
use crate::domain::{Rng, random_hex};
use envelope::{Kind, Message, Sender};
use outbox::{Endpoint, Outbox};
pub use sender::run;
use signer::Signer;
pub(super) use told::Told;

/// What the sandbox needs for its messages.
#[derive(Default)]
pub(super) struct Ipn {
    outbox: Mutex<Outbox>,
    /// Made at the first message: an RSA key takes a while.
    signer: OnceLock<Option<Signer>>,
}

/// Why a merchant's endpoint was not registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Nobody here has this id.
    #[error("merchant {0} is not known in this sandbox")]
    UnknownMerchant(String),
    /// Not an address that could be posted to.
    #[error(
        "the endpoint {0:?} must be an http or https URL of at most 2,000 characters, without user name and fragment"
    )]
    Url(String),
}

/// What Amazon SNS has; the control of all this is among the control's own routes.
pub(super) fn router() -> Router<Arc<Sandbox>> {
    topic::router()
}

impl Ipn {
    /// `None` where no key could be made, which the log then says.
    fn signer(&self, sandbox: &Sandbox) -> Option<&Signer> {
        let made = self.signer.get_or_init(|| {
            let made = Signer::generate(sandbox.clock.unmoved(), &*sandbox.rng);
            made.inspect_err(|error| tracing::error!(%error, "no key for IPN messages")).ok()
        });
        made.as_ref()
    }
}

impl Sandbox {
    /// Forgets what was sent and what was asked for; endpoints stay.
    pub(super) fn reset_ipn(&self) {
        self.outbox().reset();
    }

    /// Registers where a merchant's messages go, as Seller Central does, in the place of whatever it was; the first message
    /// there asks to confirm the subscription. With `until_confirmed` nothing else is sent before that was done. An
    /// endpoint that is registered already keeps its subscription, and is asked again only if it has not confirmed it.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn register_ipn_endpoint(
        &self,
        merchant_id: &str,
        url: &str,
        until_confirmed: bool,
    ) -> Result<(), EndpointError> {
        let merchant =
            self.merchant(merchant_id).ok_or_else(|| EndpointError::UnknownMerchant(merchant_id.to_owned()))?;
        let parsed = url::Url::parse(url).ok().filter(is_endpoint).filter(|_| url.len() <= URL_CHARS_MAX);
        let url = parsed.ok_or_else(|| EndpointError::Url(url.to_owned()))?;
        let mut outbox = self.outbox();
        let known = outbox.endpoint(merchant_id).cloned();
        let known = known.filter(|known| known.url == url.as_str() && known.until_confirmed == until_confirmed);
        let endpoint = known.unwrap_or_else(|| {
            let token = random_hex::<32>(&*self.rng);
            Endpoint::new(url.to_string(), random_hex::<16>(&*self.rng), token, until_confirmed)
        });
        let (confirmed, token) = (endpoint.confirmed, endpoint.token.clone());
        outbox.register(&merchant.merchant_id, endpoint);
        drop(outbox);
        if !confirmed {
            self.send_ipn(&merchant.merchant_id, Kind::SubscriptionConfirmation { token });
        }
        Ok(())
    }

    /// Tells a merchant of something by hand; answers the message's id. Nothing where the merchant has no endpoint.
    pub(super) fn announce(&self, news: News) -> Option<String> {
        let merchant_id = news.merchant_id.clone();
        self.send_ipn(&merchant_id, Kind::Notification(news))
    }

    /// Wraps, signs and queues a message; answers its id. Nothing where the merchant has no endpoint.
    fn send_ipn(&self, merchant_id: &str, kind: Kind) -> Option<String> {
        let (signature_version, subscription) = {
            let outbox = self.outbox();
            let endpoint = outbox.endpoint(merchant_id)?;
            (outbox.behaviour().signature_version, endpoint.subscription.clone())
        };
        let sender = Sender { base_url: self.base_url(), signer: self.ipn.signer(self)? };
        let message = Message {
            id: uuid_of(&*self.rng),
            notification_id: uuid_of(&*self.rng),
            merchant_id: merchant_id.to_owned(),
            at: self.clock.unmoved(),
            kind,
            signature_version,
        };
        let text = message.sealed(&sender, &subscription)?;
        self.outbox().queue(&message, &text, self.now());
        Some(message.id)
    }
}

/// The longest address of an endpoint.
const URL_CHARS_MAX: usize = 2_000;

fn is_endpoint(url: &url::Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
}

fn uuid_of(rng: &dyn Rng) -> String {
    let mut bytes = [0u8; 16];
    rng.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

#[cfg(test)]
mod tests;
