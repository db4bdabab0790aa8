//! A shop's notification receiver that answers what the test says and remembers every POST.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use super::eventually;

/// What the receiver does with a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// HTTP 200 and this body.
    Says(&'static str),
    /// This status, with a body that would mean "received".
    Status(u16),
    /// Never answers.
    Hangs,
    /// Closes the connection without an answer.
    Drops,
    /// HTTP 200, and then a byte now and then, for ever.
    Trickles,
    /// HTTP 200 and a thousand bytes.
    Long,
    /// HTTP 503 with this Retry-After.
    AsksForTime(&'static str),
}

/// A POST that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn field(&self, name: &str) -> &str {
        let found = self.body.split('&').filter_map(|pair| pair.split_once('=')).find(|(field, _)| *field == name);
        found.map_or_else(|| panic!("no {name} in {}", self.body), |(_, value)| value)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or_else(|| panic!("no {name} in {:?}", self.headers), String::as_str)
    }
}

#[derive(Default)]
struct Script {
    next: VecDeque<Reply>,
    received: Vec<Received>,
}

/// A receiver on a port of its own.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
}

impl Receiver {
    /// Starts one that answers `0`.
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::<Mutex<Script>>::default();
        let router = Router::new().fallback(receive).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, script }
    }

    /// Answers the next notifications with these, and every later one with `0`.
    pub(crate) fn answers(&self, replies: &[Reply]) {
        self.script.lock().unwrap().next.extend(replies);
    }

    /// Everything that has arrived.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.script.lock().unwrap().received.clone()
    }

    /// The statuses that have arrived, in order.
    pub(crate) fn statuses(&self) -> Vec<String> {
        self.received().iter().map(|one| one.field("Status").to_owned()).collect()
    }

    /// Waits until `count` have arrived, and answers all of them.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Received> {
        eventually(&format!("{count} notifications"), async || {
            let received = self.received();
            (received.len() >= count).then_some(received)
        })
        .await
    }
}

async fn receive(State(script): State<Arc<Mutex<Script>>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let received = Received {
        path: uri.path().to_owned(),
        headers: headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    let reply = {
        let mut script = script.lock().unwrap();
        script.received.push(received);
        script.next.pop_front().unwrap_or(Reply::Says("0"))
    };
    match reply {
        Reply::Says(body) => body.into_response(),
        Reply::Status(status) => (StatusCode::from_u16(status).unwrap(), "0").into_response(),
        Reply::Hangs => std::future::pending().await,
        Reply::Long => "long ".repeat(200).into_response(),
        Reply::AsksForTime(text) => {
            (StatusCode::SERVICE_UNAVAILABLE, [(axum::http::header::RETRY_AFTER, text)], "busy").into_response()
        }
        Reply::Trickles => {
            let byte = async |()| {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
            };
            Response::new(Body::from_stream(futures_util::stream::unfold((), byte)))
        }
        Reply::Drops => {
            let broken = async { Err::<Bytes, _>(std::io::Error::other("dropped on purpose")) };
            Response::new(Body::from_stream(futures_util::stream::once(broken)))
        }
    }
}
