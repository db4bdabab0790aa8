//! One attempt to tell one shop one thing.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;

use super::signature::webhook_signature;
use crate::config::ShopSettings;
use crate::domain::notification::Claimed;
use crate::domain::{Millis, Notification};
use crate::egress::{self, Forbidden, Guarded, Guards};
use crate::protocol::notification::CONTENT_TYPE as FORM;

/// How much of a shop's answer is read; one that has it says one character.
const ANSWER_BYTES_MAX: usize = 256;
/// The shop has it (psp-protocol 9).
const RECEIVED: &str = "0";

/// What a shop's server said to an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopAnswer {
    /// The status; none where no answer came.
    pub http_status: Option<i64>,
    /// The first bytes of the answer, or what went wrong; without NUL, which a database may take for an end.
    pub text: String,
    /// Whether the shop has the notification.
    pub received: bool,
}

impl ShopAnswer {
    /// An answer that came: received is HTTP 200 and, but for white space, the body `0` (psp-protocol 9).
    pub fn read(status: u16, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body).replace('\0', "\u{FFFD}");
        Self { http_status: Some(i64::from(status)), received: status == 200 && text.trim() == RECEIVED, text }
    }

    /// No answer, and why.
    pub(super) fn none(why: impl Into<String>) -> Self {
        Self { http_status: None, text: why.into(), received: false }
    }
}

/// Posts the message as it was written and reads the shop's answer.
pub(super) async fn post(http: &Guards, shop: &ShopSettings, claimed: &Claimed, now: Millis) -> ShopAnswer {
    let request = match request(http.of(shop.environment), shop, &claimed.notification, now) {
        Ok(request) => request,
        Err(forbidden) => return ShopAnswer::none(not_called(&forbidden)),
    };
    let timeout = Duration::from_millis(shop.notify_timeout_ms.into());
    let exchange = async {
        let answer = request.send().await?;
        let status = answer.status();
        let body = egress::read_up_to(answer, ANSWER_BYTES_MAX).await?;
        Ok::<_, reqwest::Error>(ShopAnswer::read(status.as_u16(), &body))
    };
    match tokio::time::timeout(timeout, exchange).await {
        Ok(Ok(answer)) => answer,
        // The error names the address at most; the shop's own, not a secret.
        Ok(Err(error)) => ShopAnswer::none(reason(&error)),
        Err(_) => ShopAnswer::none(format!("no answer within {} ms", shop.notify_timeout_ms)),
    }
}

fn request(
    http: &Guarded,
    shop: &ShopSettings,
    notification: &Notification,
    now: Millis,
) -> Result<reqwest::RequestBuilder, Forbidden> {
    let seconds = now.0.div_euclid(1000);
    let request = http
        .request(reqwest::Method::POST, &notification.url)?
        .header(CONTENT_TYPE, FORM)
        .header("webhook-id", &notification.id)
        .header("webhook-timestamp", seconds)
        .body(notification.body.clone());
    let signature = shop
        .notify_key()
        .and_then(|key| webhook_signature(key.expose(), &notification.id, seconds, &notification.body));
    Ok(match signature {
        Some(signature) => request.header("webhook-signature", signature),
        None => request,
    })
}

fn not_called(why: &Forbidden) -> String {
    format!("not called: {why}")
}

fn reason(error: &reqwest::Error) -> String {
    if let Some(forbidden) = egress::refusal(error) {
        return not_called(forbidden);
    }
    let words = if error.is_connect() {
        "no connection"
    } else if error.is_timeout() {
        "no answer in time"
    } else {
        "the connection broke"
    };
    words.to_owned()
}
