//! What Amazon SNS has for whoever receives its messages: the certificate, and the addresses that confirm and end a
//! subscription.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use url::form_urlencoded;

use crate::sandbox::Sandbox;

/// `/_sns/` and what is below it.
pub(super) fn router() -> Router<Arc<Sandbox>> {
    Router::new().route("/_sns/", get(act)).route("/_sns/{certificate}", get(certificate))
}

/// The merchant's topic.
pub(super) fn arn(merchant_id: &str) -> String {
    format!("arn:aws:sns:ap-northeast-1:000000000000:{merchant_id}")
}

/// One endpoint's subscription to it.
pub(super) fn subscription_arn(merchant_id: &str, subscription: &str) -> String {
    format!("{}:{subscription}", arn(merchant_id))
}

/// `SigningCertURL`.
pub(super) fn certificate_url(base_url: &str, certificate_name: &str) -> String {
    format!("{base_url}/_sns/{certificate_name}")
}

/// `SubscribeURL`.
pub(super) fn subscribe_url(base_url: &str, topic_arn: &str, token: &str) -> String {
    action_url(base_url, &[("Action", "ConfirmSubscription"), ("TopicArn", topic_arn), ("Token", token)])
}

/// `UnsubscribeURL`.
pub(super) fn unsubscribe_url(base_url: &str, subscription_arn: &str) -> String {
    action_url(base_url, &[("Action", "Unsubscribe"), ("SubscriptionArn", subscription_arn)])
}

fn action_url(base_url: &str, pairs: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{base_url}/_sns/?{query}")
}

async fn certificate(State(sandbox): State<Arc<Sandbox>>, Path(name): Path<String>) -> Response {
    match sandbox.ipn.signer(&sandbox) {
        Some(signer) if signer.certificate_name() == name => {
            ([(CONTENT_TYPE, "application/x-pem-file")], signer.certificate_pem().to_owned()).into_response()
        }
        _ => (StatusCode::NOT_FOUND, "there is no such certificate\n").into_response(),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Act {
    action: String,
    #[serde(default)]
    topic_arn: String,
    #[serde(default)]
    token: String,
    #[serde(default)]
    subscription_arn: String,
}

/// `ConfirmSubscription` and `Unsubscribe`, as a browser or a server opens them.
async fn act(State(sandbox): State<Arc<Sandbox>>, Query(act): Query<Act>) -> Response {
    let mut outbox = sandbox.outbox();
    let done = match act.action.as_str() {
        "ConfirmSubscription" => outbox.confirm(&act.topic_arn, &act.token),
        "Unsubscribe" => outbox.unsubscribe(&act.subscription_arn),
        _ => None,
    };
    let (status, text) = match done {
        Some(subscription_arn) => (
            StatusCode::OK,
            format!(
                "<{name}Response><{name}Result><SubscriptionArn>{subscription_arn}</SubscriptionArn></{name}Result></{name}Response>\n",
                name = act.action
            ),
        ),
        None => (
            StatusCode::BAD_REQUEST,
            "<ErrorResponse><Error><Code>InvalidParameter</Code><Message>There is no such subscription or token</Message></Error></ErrorResponse>\n"
                .to_owned(),
        ),
    };
    (status, [(CONTENT_TYPE, "text/xml")], text).into_response()
}
