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
use super::topics::{ForeignTopic, Topics};
use crate::config::Environment;
use crate::domain::{Clock, Millis};
use crate::egress::{Guarded, Guards, read_up_to};

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
/// How many certificates are fetched in a minute at most for messages of topics that are ours, and as many for all others.
const FETCHES_MAX: usize = 10;
const FETCHES_PER_MS: i64 = 60 * 1000;
/// How many addresses without a certificate are remembered, each for the same minute, so as not to be asked again.
const BARREN_MAX: usize = 64;
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
    /// The topic is another.
    #[error(transparent)]
    Topic(#[from] ForeignTopic),
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
    http: Guards,
    clock: Arc<dyn Clock>,
    sandboxes: Vec<String>,
    topics: Topics,
    /// Held while a certificate is fetched: one fetch at a time, and the second message with the same one waits for it.
    certificates: tokio::sync::Mutex<Certificates>,
    seen: Mutex<Seen>,
}

impl Verifier {
    /// `sandboxes` are the origins whose certificates are believed besides Amazon's: those of the sandbox shops' endpoints.
    pub fn new(http: Guards, clock: Arc<dyn Clock>, sandboxes: Vec<String>, topics: Topics) -> Self {
        Self { http, clock, sandboxes, topics, certificates: tokio::sync::Mutex::default(), seen: Mutex::default() }
    }

    /// What can be judged at once: host, topic and age.
    ///
    /// # Errors
    /// [`Rejection`].
    pub fn admit(&self, envelope: Envelope) -> Result<Admitted, Rejection> {
        let (source, certificate_url) = Source::of("SigningCertURL", envelope.text("SigningCertURL"), &self.sandboxes)?;
        let extension = Path::new(certificate_url.path()).extension();
        if extension.is_none_or(|extension| extension != "pem") || certificate_url.query().is_some() {
            return Err(Rejection::NoCertificate);
        }
        self.topics.check(envelope.text("TopicArn"))?;
        self.check_age(envelope.text("Timestamp"))?;
        Ok(Admitted { envelope, source, certificate_url })
    }

    /// Fetches the certificate where it is not known yet, and checks the signature.
    ///
    /// # Errors
    /// [`Rejection`]. A message is remembered only once it was found good, so nobody can use up another's id.
    pub async fn verify(&self, admitted: Admitted) -> Result<Verified, Rejection> {
        let Admitted { envelope, source, certificate_url } = admitted;
        let known_topic = self.topics.is_ours(&source, envelope.text("TopicArn"));
        let certificate = self.certificate(&source, &certificate_url, known_topic).await?;
        certificate.check_time(self.clock.now())?;
        let signature = STANDARD.decode(envelope.text("Signature")).map_err(|_| Rejection::Signature)?;
        if !certificate.signed(envelope.signature_version, &envelope.string_to_sign(), &signature) {
            return Err(Rejection::Signature);
        }
        let content = content(&envelope, &source)?;
        if matches!(content, Content::SubscriptionConfirmation { .. }) {
            self.topics.admit(&source, envelope.text("TopicArn"))?;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.is_new(envelope.text("MessageId")) {
            return Err(Rejection::Replayed);
        }
        Ok(Verified { source, content })
    }

    /// Agrees to a subscription that `source` offers: opens its address.
    ///
    /// # Errors
    /// [`ConfirmError`].
    pub async fn confirm(&self, source: &Source, subscribe_url: &Url) -> Result<(), ConfirmError> {
        let request = self.client(source).request(reqwest::Method::GET, subscribe_url.as_str());
        let request = request.map_err(|why| ConfirmError(why.to_string()))?;
        let sent = request.timeout(FETCH_TIMEOUT).send().await;
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

    async fn certificate(
        &self,
        source: &Source,
        url: &Url,
        known_topic: bool,
    ) -> Result<Arc<Certificate>, CertificateError> {
        let mut known = self.certificates.lock().await;
        if let Some(found) = known.get(url) {
            return Ok(found);
        }
        known.count_fetch(url, known_topic, self.clock.now())?;
        match self.fetch(source, url).await {
            Ok(certificate) => {
                let certificate = Arc::new(certificate);
                known.keep(url.clone(), Arc::clone(&certificate));
                Ok(certificate)
            }
            Err(error) => {
                known.note_barren(url.clone(), self.clock.now());
                Err(error)
            }
        }
    }

    async fn fetch(&self, source: &Source, url: &Url) -> Result<Certificate, CertificateError> {
        let not_fetched = |error: reqwest::Error| CertificateError::NotFetched(error.without_url().to_string());
        let request = self.client(source).request(reqwest::Method::GET, url.as_str());
        let request = request.map_err(|why| CertificateError::NotFetched(why.to_string()))?;
        let answer = request.timeout(FETCH_TIMEOUT).send().await.map_err(not_fetched)?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err(CertificateError::NotFetched(answer.status().to_string()));
        }
        Certificate::read(&read_up_to(answer, CERTIFICATE_BYTES_MAX).await.map_err(not_fetched)?)
    }

    /// Only what a sandbox vouches for may be on this machine.
    const fn client(&self, source: &Source) -> &Guarded {
        match source {
            Source::Amazon => self.http.of(Environment::Live),
            Source::Sandbox(_) => self.http.of(Environment::Sandbox),
        }
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
    barren: VecDeque<(Url, Millis)>,
    fetches_for_us: VecDeque<Millis>,
    fetches_for_others: VecDeque<Millis>,
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

    fn note_barren(&mut self, url: Url, now: Millis) {
        if self.barren.len() >= BARREN_MAX {
            self.barren.pop_front();
        }
        self.barren.push_back((url, now));
    }

    /// Strangers who name certificates that are none, or genuine messages of their own, use up no fetch of ours.
    fn count_fetch(&mut self, url: &Url, known_topic: bool, now: Millis) -> Result<(), CertificateError> {
        // A moment of the future is of a clock that was set back since.
        let recent = |at: &Millis| (0..FETCHES_PER_MS).contains(&now.since(*at));
        self.barren.retain(|(_, at)| recent(at));
        if self.barren.iter().any(|(barren, _)| barren == url) {
            return Err(CertificateError::NotFetched("it could not be a moment ago".to_owned()));
        }
        let fetches = if known_topic { &mut self.fetches_for_us } else { &mut self.fetches_for_others };
        fetches.retain(recent);
        if fetches.len() >= FETCHES_MAX {
            return Err(CertificateError::TooMany);
        }
        fetches.push_back(now);
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
