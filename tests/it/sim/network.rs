//! The network between the gateway and everybody it calls: Amazon, which is the sandbox's own router, and the shop's
//! receiver. A request that has left arrives, whatever becomes of its sender.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Request, header};
use sekisho::egress::{Failure, Incoming, Network, Outgoing};
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

use super::life::Life;
use super::trace::Trace;
use super::weather::{Harm, Sabotage, Weather};
use crate::trade::shop::Fields;

/// Where Amazon is.
pub(super) const AMAZON: &str = "http://amazon.example";
/// Where the shop is told.
pub(super) const NOTIFY_URL: &str = "http://shop.example/notify";
/// More than any answer has.
const BYTES_MAX: usize = 1024 * 1024;
/// What those answer who stand in the way.
const PROXYS_WORDS: &[u8] = b"<html><body>nothing to see here</body></html>";

/// Whoever can be called, and what lies between.
pub(super) struct Roads {
    pub(super) amazon: Router,
    pub(super) shop: Arc<Receiver>,
    pub(super) weather: Arc<Weather>,
    pub(super) trace: Arc<Trace>,
}

/// The shop's receiver of notifications.
#[derive(Default)]
pub(super) struct Receiver {
    received: Mutex<Vec<(String, Fields)>>,
}

impl Receiver {
    /// All that has arrived, with its id, in order.
    pub(super) fn everything(&self) -> Vec<(String, Fields)> {
        self.received.lock().unwrap().clone()
    }

    fn receive(&self, request: &Outgoing) -> Incoming {
        let id = request.headers["webhook-id"].to_str().unwrap().to_owned();
        let fields = url::form_urlencoded::parse(&request.body).into_owned().collect();
        self.received.lock().unwrap().push((id, fields));
        Incoming { status: 200, headers: HeaderMap::new(), body: Ok(b"0".to_vec()) }
    }
}

/// The way out of one life of the gateway.
pub(super) struct Net {
    pub(super) roads: Arc<Roads>,
    pub(super) life: Life,
}

#[async_trait]
impl Network for Net {
    async fn exchange(&self, request: Outgoing) -> Result<Incoming, Failure> {
        let what = format!("{} {}", request.method, request.url.trim_start_matches("http://"));
        self.life.risk(|| format!("before {what}")).await;
        let answered = tokio::time::timeout(request.timeout, self.roads.carry(&request, &what)).await;
        let answered = match answered.unwrap_or(Err(Failure::TimedOut)) {
            Err(_) if request.url == NOTIFY_URL && self.roads.weather.lacks(Sabotage::SentIsReceived) => {
                Ok(Incoming { status: 200, headers: HeaderMap::new(), body: Ok(b"0".to_vec()) })
            }
            other => other,
        };
        if self.roads.weather.script.as_ref().is_some_and(|script| script.dies_answered(&request)) {
            self.life.die("by plan");
        }
        self.life.risk(|| format!("after {what}")).await;
        answered
    }
}

impl Roads {
    async fn carry(self: &Arc<Self>, request: &Outgoing, what: &str) -> Result<Incoming, Failure> {
        let scripted = self.weather.script.as_ref().and_then(|script| script.harm(request));
        let harm = scripted.or_else(|| self.weather.harm(request.url.starts_with(AMAZON)));
        match harm {
            None => self.trace.say(what),
            Some(harm) => self.trace.say(format_args!("{what}: {harm:?}")),
        }
        let there = self.weather.latency();
        let answered = match harm {
            Some(Harm::Refused) => return later(there, Err(Failure::Refused)).await,
            Some(Harm::Lost) => std::future::pending().await,
            Some(Harm::Broken) => return later(there, Err(Failure::Broken)).await,
            Some(Harm::ErrorBefore(status)) => return later(there, Ok(proxy(status))).await,
            Some(Harm::Throttled) => return later(there, Ok(throttled())).await,
            Some(Harm::Late(by)) => self.deliver(request, there + by),
            Some(Harm::Twice(by)) => {
                drop(self.deliver(request, there + by));
                self.deliver(request, there)
            }
            _ => self.deliver(request, there),
        };
        let answer = answered.await.expect("whoever is called answers");
        tokio::time::sleep(self.weather.latency()).await;
        match harm {
            Some(Harm::AnswerLost) => std::future::pending().await,
            Some(Harm::AnswerBroken) => Err(Failure::Broken),
            Some(Harm::ErrorAfter(status)) => Ok(proxy(status)),
            Some(Harm::Half) => Ok(Incoming { body: Err(Failure::Broken), ..answer }),
            Some(Harm::Cut) => {
                let half = answer.body.map(|body| body[..body.len() / 2].to_vec());
                Ok(Incoming { body: half, ..answer })
            }
            _ => Ok(answer),
        }
    }

    /// Whoever is called gets the request `after` that time; what he says.
    fn deliver(self: &Arc<Self>, request: &Outgoing, after: Duration) -> JoinHandle<Incoming> {
        let (roads, request) = (Arc::clone(self), request.clone());
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            if request.url == NOTIFY_URL {
                roads.shop.receive(&request)
            } else {
                answer_of(&roads.amazon, request).await
            }
        })
    }
}

async fn answer_of(router: &Router, request: Outgoing) -> Incoming {
    let mut asked = Request::builder().method(request.method).uri(request.url).body(Body::from(request.body)).unwrap();
    *asked.headers_mut() = request.headers;
    let answer = router.clone().oneshot(asked).await.unwrap_or_else(|never| match never {});
    let (head, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, BYTES_MAX).await.unwrap();
    Incoming { status: head.status.as_u16(), headers: head.headers, body: Ok(body.to_vec()) }
}

async fn later<T>(after: Duration, what: T) -> T {
    tokio::time::sleep(after).await;
    what
}

fn proxy(status: u16) -> Incoming {
    Incoming { status, headers: HeaderMap::new(), body: Ok(PROXYS_WORDS.to_vec()) }
}

fn throttled() -> Incoming {
    let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static("1"))]);
    let body = br#"{"reasonCode":"TooManyRequests","message":"Slow down"}"#.to_vec();
    Incoming { status: 429, headers, body: Ok(body) }
}
