//! The line between the gateway and Amazon, where answers can be spoilt on their way: Amazon did what was asked, and
//! what arrives of its answer is not Amazon's any more.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse as _, Response};

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoilt {
    /// Half of it arrives, then the connection breaks.
    Half,
    /// Half of it arrives, and the length says that this is all.
    Cut,
    /// JSON, but of something else.
    AnotherObject,
    /// What a proxy says when it is in trouble, under Amazon's good status.
    Page,
}

/// A line that carries everything until it is told otherwise.
#[derive(Clone)]
pub(crate) struct Line {
    to: String,
    http: reqwest::Client,
    spoils: Arc<Mutex<Option<(&'static str, Spoilt)>>>,
}

impl Line {
    /// Puts a line between whoever calls `endpoint` and what is there now.
    pub(crate) fn before(endpoint: &mut String) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let here = format!("http://{}", listener.local_addr().unwrap());
        let http = sekisho::egress::client(std::time::Duration::from_secs(5), std::time::Duration::from_mins(1));
        let line = Self { to: std::mem::replace(endpoint, here), http: http.unwrap(), spoils: Arc::default() };
        let router = Router::new().fallback(carry).with_state(line.clone());
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        line
    }

    /// From here on every answer to `operation` is spoilt.
    pub(crate) fn spoil(&self, operation: &'static str, how: Spoilt) {
        *self.spoils.lock().unwrap() = Some((operation, how));
    }

    /// From here on none is.
    pub(crate) fn mend(&self) {
        *self.spoils.lock().unwrap() = None;
    }
}

async fn carry(State(line): State<Line>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let operation = operation_of(&head.method, head.uri.path());
    let url = format!("{}{}", line.to, head.uri);
    let answer = line.http.request(head.method, url).headers(passed_on(&head.headers)).body(body).send().await;
    let Ok(answer) = answer else { return broken(Bytes::new()) };
    let (status, headers) = (answer.status(), passed_on(answer.headers()));
    let Ok(body) = answer.bytes().await else { return broken(Bytes::new()) };
    let spoilt = line.spoils.lock().unwrap().filter(|(spoilt, _)| *spoilt == operation);
    let half = body.slice(..body.len() / 2);
    match spoilt {
        None => (status, headers, body).into_response(),
        Some((_, Spoilt::Half)) => broken(half),
        Some((_, Spoilt::Cut)) => (status, headers, half).into_response(),
        Some((_, Spoilt::AnotherObject)) => (status, headers, r#"{"buyerId":"amzn1.account.X"}"#).into_response(),
        Some((_, Spoilt::Page)) => (status, "<html><body>Please wait</body></html>").into_response(),
    }
}

/// Amazon's name of what a request asks, of those that a test may want to spoil.
fn operation_of(method: &Method, path: &str) -> &'static str {
    let last = path.rsplit('/').next().unwrap_or_default();
    match (method.as_str(), last) {
        ("POST", "finalize") => "finalizeCheckoutSession",
        ("POST", "charges") => "createCharge",
        ("POST", "refunds") => "createRefund",
        ("DELETE", "cancel") => "cancelCharge",
        ("DELETE", "close") => "closeChargePermission",
        _ => "",
    }
}

/// Headers that are not about one connection alone.
fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in ["host", "connection", "transfer-encoding", "content-length"] {
        headers.remove(name);
    }
    headers
}

/// So much of an answer, and then the connection is gone.
fn broken(begin: Bytes) -> Response {
    let parts = [Ok(begin), Err(std::io::Error::other("spoilt on purpose"))];
    Response::new(Body::from_stream(futures_util::stream::iter(parts)))
}
