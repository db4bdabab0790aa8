//! One attempt to tell one shop one thing.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};

use super::signature::webhook_signature;
use crate::config::ShopSettings;
use crate::domain::notification::{Claimed, NoAnswer};
use crate::domain::{Millis, Notification};
use crate::egress::{Failure, Network, Outgoing};
use crate::protocol::notification::CONTENT_TYPE as FORM;

/// How much of a shop's answer is read and kept; one that has the notification says one character.
const ANSWER_BYTES_MAX: usize = 200;
/// The shop has it (psp-protocol 9).
const RECEIVED: &str = "0";

/// What a shop's server said to an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopAnswer {
    /// The status; none where no answer came.
    pub http_status: Option<i64>,
    /// Why no whole answer came, if none did.
    pub failure: Option<NoAnswer>,
    /// The first bytes of the answer, or what went wrong; without NUL, which a database may take for an end.
    pub text: String,
    /// Whether the shop has the notification.
    pub received: bool,
    /// How long the shop asked to be left alone (Retry-After), in milliseconds.
    pub retry_after_ms: Option<i64>,
}

impl ShopAnswer {
    /// An answer that came: received is HTTP 200 and, but for white space, the body `0` (psp-protocol 9).
    pub fn read(status: u16, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body).replace('\0', "\u{FFFD}");
        Self {
            http_status: Some(i64::from(status)),
            failure: None,
            received: status == 200 && text.trim() == RECEIVED,
            text,
            retry_after_ms: None,
        }
    }

    /// Nobody was asked: the shop is not in shops.toml.
    pub(super) fn shop_missing() -> Self {
        Self::none(NoAnswer::ShopMissing, words(NoAnswer::ShopMissing))
    }

    /// No whole answer, and why.
    fn none(why: NoAnswer, text: impl Into<String>) -> Self {
        Self { http_status: None, failure: Some(why), text: text.into(), received: false, retry_after_ms: None }
    }
}

/// Posts the message as it was written and reads the shop's answer.
pub(super) async fn post(network: &dyn Network, shop: &ShopSettings, claimed: &Claimed, now: Millis) -> ShopAnswer {
    let silent = |failure: Failure| match failure {
        Failure::TimedOut => {
            ShopAnswer::none(NoAnswer::Hang, format!("no answer within {} ms", shop.notify_timeout_ms))
        }
        Failure::Forbidden(why) => ShopAnswer::none(NoAnswer::Forbidden, format!("not called: {why}")),
        other => ShopAnswer::none(kind(&other), words(kind(&other))),
    };
    let request = request(shop, &claimed.notification, now);
    let answer = match network.exchange(request).await {
        Ok(answer) => answer,
        Err(failure) => return silent(failure),
    };
    let read = match answer.body {
        Ok(body) => ShopAnswer::read(answer.status, &body),
        Err(failure) => silent(failure),
    };
    let retry_after_ms = retry_after_ms(&answer.headers, now);
    ShopAnswer { http_status: Some(i64::from(answer.status)), retry_after_ms, ..read }
}

/// What a shop's Retry-After asks for: seconds, or a moment (RFC 9110, 10.2.3).
fn retry_after_ms(headers: &HeaderMap, now: Millis) -> Option<i64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are more seconds than anybody is granted.
        return Some(text.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(1000));
    }
    let moment = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Millis(moment.timestamp().as_millisecond()).since(now))
}

fn request(shop: &ShopSettings, notification: &Notification, now: Millis) -> Outgoing {
    let seconds = now.0.div_euclid(1000);
    let signature = shop
        .notify_key()
        .and_then(|key| webhook_signature(key.expose(), &notification.id, seconds, &notification.body));
    let mut headers = HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static(FORM)),
        (HeaderName::from_static("webhook-timestamp"), HeaderValue::from(seconds)),
    ]);
    for (name, value) in [("webhook-id", Some(&notification.id)), ("webhook-signature", signature.as_ref())] {
        // Both are made here, of letters and digits.
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    Outgoing {
        method: Method::POST,
        url: notification.url.clone(),
        headers,
        body: notification.body.clone().into_bytes(),
        timeout: Duration::from_millis(shop.notify_timeout_ms.into()),
        answer_bytes_max: ANSWER_BYTES_MAX,
    }
}

/// What kind of silence a failure is.
const fn kind(failure: &Failure) -> NoAnswer {
    match failure {
        Failure::Refused => NoAnswer::Refused,
        Failure::Unreachable => NoAnswer::Unreachable,
        Failure::Name => NoAnswer::Name,
        Failure::Forbidden(_) => NoAnswer::Forbidden,
        Failure::Tls => NoAnswer::Tls,
        Failure::TimedOut => NoAnswer::Hang,
        Failure::Malformed | Failure::Broken => NoAnswer::Broken,
    }
}

/// The same for a person. No address: it is the shop's own, and an error's text might say more than that.
const fn words(kind: NoAnswer) -> &'static str {
    match kind {
        NoAnswer::Refused => "the connection was refused",
        NoAnswer::Unreachable => "no connection came about",
        NoAnswer::Name => "the host has no address",
        NoAnswer::Forbidden => "the address may not be called",
        NoAnswer::Tls => "TLS: the server's certificate or version is not accepted",
        NoAnswer::Hang => "no answer in time",
        NoAnswer::Broken => "the connection broke",
        NoAnswer::ShopMissing => "the shop is not in shops.toml",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_moment() {
        let now = Millis(784_111_777_000); // Sun, 06 Nov 1994 08:49:37 GMT
        for (text, ms) in [
            ("120", Some(120_000)),
            (" 0 ", Some(0)),
            ("99999999999999999999", Some(i64::MAX)),
            ("Sun, 06 Nov 1994 08:51:37 GMT", Some(120_000)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", Some(-60_000)),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after_ms(&headers, now), ms, "{text}");
        }
        assert_eq!(retry_after_ms(&HeaderMap::new(), now), None);
    }
}
