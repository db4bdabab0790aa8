//! One HTTP exchange as the rooms above see it: a request, and an answer of bounded size or the way in which none came.
//!
//! The network is behind a trait, so that a simulation can take its place (docs/adr/0013): nothing above this file knows
//! by which library a request leaves.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use tokio_rustls::rustls;

use super::{Forbidden, Guarded, Guards, read_up_to, refusal};
use crate::config::Environment;

/// A request to be sent.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: String,
    /// The headers, but for those that every request has.
    pub headers: HeaderMap,
    /// The body; none is sent where it is empty.
    pub body: Vec<u8>,
    /// The longest that the exchange may take, connection and answer included.
    pub timeout: Duration,
    /// The most that is read of the answer's body.
    pub answer_bytes_max: usize,
}

/// An answer whose head has come.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// The first bytes of its body, or why they did not come.
    pub body: Result<Vec<u8>, Failure>,
}

/// Why there is no answer, or no whole one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The address may not be called. Nothing was sent.
    Forbidden(Forbidden),
    /// There can be no such request. Nothing was sent.
    Malformed,
    /// Nobody listens there. Nothing was sent.
    Refused,
    /// No connection came about, in time or at all. Nothing was sent.
    Unreachable,
    /// The host has no address, or none that may be called. Nothing was sent.
    Name,
    /// There was a connection, and no trust: certificate, name, or version of TLS. Nothing was sent.
    Tls,
    /// The time was over. The request may have arrived.
    TimedOut,
    /// The connection broke. The request may have arrived.
    Broken,
}

impl Failure {
    /// Whether it is certain that nothing of the request arrived.
    pub const fn sent_nothing(&self) -> bool {
        match self {
            Self::Forbidden(_) | Self::Malformed | Self::Refused | Self::Unreachable | Self::Name | Self::Tls => true,
            Self::TimedOut | Self::Broken => false,
        }
    }
}

/// Whatever carries requests.
#[async_trait]
pub trait Network: Send + Sync + 'static {
    /// Sends `request` and reads the answer, within the bounds that the request names.
    ///
    /// # Errors
    /// [`Failure`], where not even the head of an answer came.
    async fn exchange(&self, request: Outgoing) -> Result<Incoming, Failure>;
}

#[async_trait]
impl Network for reqwest::Client {
    async fn exchange(&self, request: Outgoing) -> Result<Incoming, Failure> {
        send(self.request(request.method.clone(), &request.url), request).await
    }
}

#[async_trait]
impl Network for Guarded {
    async fn exchange(&self, request: Outgoing) -> Result<Incoming, Failure> {
        let begun = self.request(request.method.clone(), &request.url).map_err(Failure::Forbidden)?;
        send(begun, request).await
    }
}

#[async_trait]
impl<N: Network + ?Sized> Network for Arc<N> {
    async fn exchange(&self, request: Outgoing) -> Result<Incoming, Failure> {
        (**self).exchange(request).await
    }
}

async fn send(begun: RequestBuilder, request: Outgoing) -> Result<Incoming, Failure> {
    let Outgoing { headers, body, timeout, answer_bytes_max, .. } = request;
    let begun = begun.headers(headers).timeout(timeout);
    let begun = if body.is_empty() { begun } else { begun.body(body) };
    let answer = begun.send().await.map_err(|error| Failure::of(&error))?;
    let status = answer.status().as_u16();
    let headers = answer.headers().clone();
    let body = read_up_to(answer, answer_bytes_max).await.map_err(|error| Failure::of(&error));
    Ok(Incoming { status, headers, body })
}

/// The ways out of a gateway: to Amazon, whose address stands in the settings, and to what shops have named.
#[derive(Clone)]
pub struct Outside {
    amazon: Arc<dyn Network>,
    live_shops: Arc<dyn Network>,
    sandbox_shops: Arc<dyn Network>,
}

impl Outside {
    /// The open network for Amazon, the guarded one for shops.
    pub fn new(amazon: reqwest::Client, guards: &Guards) -> Self {
        let guarded = |environment| -> Arc<dyn Network> { Arc::new(guards.of(environment).clone()) };
        Self {
            amazon: Arc::new(amazon),
            live_shops: guarded(Environment::Live),
            sandbox_shops: guarded(Environment::Sandbox),
        }
    }

    /// One network for everything, such as a simulated one.
    pub fn by(network: Arc<dyn Network>) -> Self {
        Self { amazon: network.clone(), live_shops: network.clone(), sandbox_shops: network }
    }

    /// The way to Amazon.
    pub fn amazon(&self) -> Arc<dyn Network> {
        self.amazon.clone()
    }

    /// The way to what a shop of this kind has named.
    pub fn shops(&self, environment: Environment) -> &dyn Network {
        match environment {
            Environment::Live => &*self.live_shops,
            Environment::Sandbox => &*self.sandbox_shops,
        }
    }
}

impl Failure {
    fn of(error: &reqwest::Error) -> Self {
        match error {
            _ if error.is_builder() => Self::Malformed,
            _ if error.is_connect() => Self::before_the_request(error),
            _ if error.is_timeout() => Self::TimedOut,
            _ => Self::Broken,
        }
    }

    /// What kept the connection from coming about.
    fn before_the_request(error: &reqwest::Error) -> Self {
        match refusal(error) {
            Some(forbidden) => Self::Forbidden(forbidden.clone()),
            None => cause(error).unwrap_or(Self::Unreachable),
        }
    }
}

/// What happened, where an error under this one says so: the HTTP client wraps it several times over. An `io::Error` names
/// as its source not what it holds but the source of that.
fn cause(error: &(dyn Error + 'static)) -> Option<Failure> {
    if error.is::<rustls::Error>() {
        return Some(Failure::Tls);
    }
    // The connector's own error has no public type.
    if error.to_string() == "dns error" {
        return Some(Failure::Name);
    }
    let io = error.downcast_ref::<io::Error>();
    if io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused) {
        return Some(Failure::Refused);
    }
    let held = io.and_then(io::Error::get_ref).and_then(|held| cause(held));
    held.or_else(|| error.source().and_then(cause))
}
