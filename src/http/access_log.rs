//! One line a request, and one request id on every line that is written while it is served.
//!
//! The line has no query, no body and no address: queries carry session ids, bodies carry passwords and people.

use std::time::Instant;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A longer id, or one with other characters, is not taken over from a client.
const ID_CHARS_MAX: usize = 64;

/// Serves the request inside a span that carries its id, and answers the id as `x-request-id`.
pub(super) async fn log(request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(&REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|text| is_id(text))
        .map_or_else(new_id, str::to_owned);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    // Of the highest level, so that a log that shows only errors still shows whose they are.
    let span = tracing::error_span!("request", id);
    async move {
        let begun = Instant::now();
        let mut response = next.run(request).await;
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(%method, path, status = response.status().as_u16(), took_ms, "served");
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID.clone(), value);
        }
        response
    }
    .instrument(span)
    .await
}

fn is_id(text: &str) -> bool {
    (1..=ID_CHARS_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Names a request; unique, not secret, and no business of the money's random source.
fn new_id() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}
