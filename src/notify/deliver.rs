//! One attempt to tell one shop one thing.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;

use super::signature::webhook_signature;
use crate::config::ShopSettings;
use crate::domain::notification::Claimed;
use crate::domain::{Millis, Notification};
use crate::egress;
use crate::protocol::notification::CONTENT_TYPE as FORM;

/// How much of a shop's answer is read; one that has it says one character.
const ANSWER_BYTES_MAX: usize = 256;
/// The shop has it (psp-protocol 9).
const RECEIVED: &str = "0";

/// What came of it.
pub(super) struct Answered {
    pub http_status: Option<i64>,
    pub answer: String,
    pub received: bool,
}

/// Posts the message as it was written and reads the shop's answer.
pub(super) async fn post(http: &reqwest::Client, shop: &ShopSettings, claimed: &Claimed, now: Millis) -> Answered {
    let timeout = Duration::from_millis(shop.notify_timeout_ms.into());
    let exchange = async {
        let answer = request(http, shop, &claimed.notification, now).send().await?;
        let status = answer.status();
        let body = egress::read_up_to(answer, ANSWER_BYTES_MAX).await?;
        Ok::<_, reqwest::Error>((status, String::from_utf8_lossy(&body).into_owned()))
    };
    match tokio::time::timeout(timeout, exchange).await {
        Ok(Ok((status, answer))) => Answered {
            http_status: Some(i64::from(status.as_u16())),
            received: status == reqwest::StatusCode::OK && answer.trim() == RECEIVED,
            answer,
        },
        // The error names the address at most; the shop's own, not a secret.
        Ok(Err(error)) => Answered { http_status: None, answer: reason(&error), received: false },
        Err(_) => Answered {
            http_status: None,
            answer: format!("no answer within {} ms", shop.notify_timeout_ms),
            received: false,
        },
    }
}

fn request(
    http: &reqwest::Client,
    shop: &ShopSettings,
    notification: &Notification,
    now: Millis,
) -> reqwest::RequestBuilder {
    let seconds = now.0.div_euclid(1000);
    let request = http
        .post(&notification.url)
        .header(CONTENT_TYPE, FORM)
        .header("webhook-id", &notification.id)
        .header("webhook-timestamp", seconds)
        .body(notification.body.clone());
    let signature = shop
        .notify_key()
        .and_then(|key| webhook_signature(key.expose(), &notification.id, seconds, &notification.body));
    match signature {
        Some(signature) => request.header("webhook-signature", signature),
        None => request,
    }
}

fn reason(error: &reqwest::Error) -> String {
    if error.is_connect() {
        "no connection".to_owned()
    } else if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        "the connection broke".to_owned()
    }
}
