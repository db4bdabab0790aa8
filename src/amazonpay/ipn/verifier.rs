//! Is this message from Amazon, is it of today, and has it not been here before?

use std::collections::{HashSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::certificate::{Certificate, CertificateError};
use super::envelope::{Envelope, Kind};
use super::hint::{Hint, HintError};
use super::source::{ForeignUrl, Source};
use crate::domain::{Clock, Millis};
use crate::egress::read_up_to;

/// The oldest message that is taken: SNS may try for 14 days (amazon-pay 5).
const AGE_MS_MAX: i64 = 15 * 24 * 60 * 60 * 1000;
/// How far a message may be dated ahead of this machine's clock.
const AHEAD_MS_MAX: i64 = 15 * 60 * 1000;
/// How long a certificate or a confirmation may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest certificate; SNS's have about 2 KiB.
const CERTIFICATE_BYTES_MAX: usize = 16 * 1024;
/// How many certificates are kept. SNS has one a region at a time.
const CERTIFICATES_MAX: usize = 16;
/// How many certificates are fetched in a minute at most, whoever names them.
const FETCHES_MAX: usize = 10;
const FETCHES_PER_MS: i64 = 60 * 1000;
/// How many messages are remembered, to know them again.
const SEEN_MAX: usize = 10_000;

/// Why a message is not heeded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The certificate or the confirmation address is on another host.
    #[error(transparent)]
    Foreign(#[from] ForeignUrl),
    /// `SigningCertURL` names no certificate.
    #[error("SigningCertURL is not the address of a .pem file")]
    NoCertificate,
    /// `Timestamp` is not one, or is not of these days.
    #[error("Timestamp {0:?} is malformed, too old or in the future")]
    Timestamp(String),
    /// There is no certificate to judge it by.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The signature does not fit: forged, or altered on the way.
    #[error("the signature does not fit the message")]
    Signature,
    /// It came before, and was heeded then.
    #[error("the message has been here before")]
    Replayed,
    /// It is signed, but is not Amazon Pay's.
    #[error(transparent)]
    Hint(#[from] HintError),
}

/// An envelope that is worth a closer look. Nothing of it is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    envelope: Envelope,
    source: Source,
    certificate_url: Url,
}

impl Admitted {
    /// The message, for the log.
    pub const fn envelope(&self) -> &Envelope {
        &self.envelope
    }
}

/// A message that `source` signed and that was not here before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Who vouches for it.
    pub source: Source,
    /// What it says.
    pub content: Content,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Look at this.
    Hint(Hint),
    /// This address was subscribed to a topic; to agree, [`Verifier::confirm`].
    SubscriptionConfirmation {
        /// Where to agree, on the same host as the certificate.
        subscribe_url: Url,
    },
    /// The subscription to the topic has ended.
    UnsubscribeConfirmation,
}

/// The subscription was not confirmed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the subscription could not be confirmed: {0}")]
pub struct ConfirmError(String);

/// Judges messages.
pub struct Verifier {
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    sandboxes: Vec<String>,
    /// Held while a certificate is fetched: one fetch at a time, and the second message with the same one waits for it.
    certificates: tokio::sync::Mutex<Certificates>,
    seen: Mutex<Seen>,
}

impl Verifier {
    /// `http` comes from `egress::client`. `sandboxes` are the origins whose certificates are believed besides Amazon's:
    /// those of the sandbox shops' endpoints.
    pub fn new(http: reqwest::Client, clock: Arc<dyn Clock>, sandboxes: Vec<String>) -> Self {
        Self { http, clock, sandboxes, certificates: tokio::sync::Mutex::default(), seen: Mutex::default() }
    }

    /// What can be judged at once: host and age.
    ///
    /// # Errors
    /// [`Rejection`].
    pub fn admit(&self, envelope: Envelope) -> Result<Admitted, Rejection> {
        let (source, certificate_url) = Source::of("SigningCertURL", envelope.text("SigningCertURL"), &self.sandboxes)?;
        let extension = Path::new(certificate_url.path()).extension();
        if extension.is_none_or(|extension| extension != "pem") || certificate_url.query().is_some() {
            return Err(Rejection::NoCertificate);
        }
        self.check_age(envelope.text("Timestamp"))?;
        Ok(Admitted { envelope, source, certificate_url })
    }

    /// Fetches the certificate where it is not known yet, and checks the signature.
    ///
    /// # Errors
    /// [`Rejection`]. A message is remembered only once it was found good, so nobody can use up another's id.
    pub async fn verify(&self, admitted: Admitted) -> Result<Verified, Rejection> {
        let Admitted { envelope, source, certificate_url } = admitted;
        let certificate = self.certificate(&certificate_url).await?;
        certificate.check_time(self.clock.now())?;
        let signature = STANDARD.decode(envelope.text("Signature")).map_err(|_| Rejection::Signature)?;
        if !certificate.signed(envelope.signature_version, &envelope.string_to_sign(), &signature) {
            return Err(Rejection::Signature);
        }
        let content = content(&envelope, &source)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.is_new(envelope.text("MessageId")) {
            return Err(Rejection::Replayed);
        }
        Ok(Verified { source, content })
    }

    /// Agrees to a subscription: opens its address.
    ///
    /// # Errors
    /// [`ConfirmError`].
    pub async fn confirm(&self, subscribe_url: &Url) -> Result<(), ConfirmError> {
        let sent = self.http.get(subscribe_url.clone()).timeout(FETCH_TIMEOUT).send().await;
        let answer = sent.map_err(|error| ConfirmError(error.without_url().to_string()))?;
        if answer.status().is_success() { Ok(()) } else { Err(ConfirmError(answer.status().to_string())) }
    }

    fn check_age(&self, text: &str) -> Result<(), Rejection> {
        let age_ms = text.parse::<jiff::Timestamp>().ok().map(|at| self.clock.now().since(Millis(at.as_millisecond())));
        if age_ms.is_some_and(|age_ms| (-AHEAD_MS_MAX..=AGE_MS_MAX).contains(&age_ms)) {
            return Ok(());
        }
        Err(Rejection::Timestamp(text.chars().take(40).collect()))
    }

    async fn certificate(&self, url: &Url) -> Result<Arc<Certificate>, CertificateError> {
        let mut known = self.certificates.lock().await;
        if let Some(found) = known.get(url) {
            return Ok(found);
        }
        known.count_fetch(self.clock.now())?;
        let not_fetched = |error: reqwest::Error| CertificateError::NotFetched(error.without_url().to_string());
        let answer = self.http.get(url.clone()).timeout(FETCH_TIMEOUT).send().await.map_err(not_fetched)?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err(CertificateError::NotFetched(answer.status().to_string()));
        }
        let pem = read_up_to(answer, CERTIFICATE_BYTES_MAX).await.map_err(not_fetched)?;
        let certificate = Arc::new(Certificate::read(&pem)?);
        known.keep(url.clone(), Arc::clone(&certificate));
        Ok(certificate)
    }
}

fn content(envelope: &Envelope, source: &Source) -> Result<Content, Rejection> {
    Ok(match envelope.kind() {
        Kind::Notification => Content::Hint(Hint::read(envelope.text("Message"))?),
        Kind::SubscriptionConfirmation => {
            let subscribe_url = source.also("SubscribeURL", envelope.text("SubscribeURL"))?;
            Content::SubscriptionConfirmation { subscribe_url }
        }
        Kind::UnsubscribeConfirmation => Content::UnsubscribeConfirmation,
    })
}

/// Certificates by their address, and when the last ones were fetched.
#[derive(Default)]
struct Certificates {
    kept: VecDeque<(Url, Arc<Certificate>)>,
    fetches: VecDeque<Millis>,
}

impl Certificates {
    fn get(&self, url: &Url) -> Option<Arc<Certificate>> {
        self.kept.iter().find(|(kept, _)| kept == url).map(|(_, certificate)| Arc::clone(certificate))
    }

    fn keep(&mut self, url: Url, certificate: Arc<Certificate>) {
        if self.kept.len() >= CERTIFICATES_MAX {
            self.kept.pop_front();
        }
        self.kept.push_back((url, certificate));
    }

    fn count_fetch(&mut self, now: Millis) -> Result<(), CertificateError> {
        // One of the future is of a clock that was set back since.
        self.fetches.retain(|at| (0..FETCHES_PER_MS).contains(&now.since(*at)));
        if self.fetches.len() >= FETCHES_MAX {
            return Err(CertificateError::TooMany);
        }
        self.fetches.push_back(now);
        Ok(())
    }
}

/// The ids of the last messages.
#[derive(Default)]
struct Seen {
    order: VecDeque<String>,
    ids: HashSet<String>,
}

impl Seen {
    /// Whether this id was not here before; from now on it was.
    fn is_new(&mut self, id: &str) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > SEEN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }
}
