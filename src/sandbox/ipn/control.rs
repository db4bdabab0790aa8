//! `/_control/ipn`: endpoints, what is sent how, and what became of it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::outbox::{Behaviour, Outbox};
use super::signer::SignatureVersion;
use super::told::{Endpoint, Told};
use crate::sandbox::Sandbox;
use crate::sandbox::ledger::{ChangeType, News, ObjectType};

/// The most duplicates of one message, and the most messages that are collected to be sent last first.
const MANY_MAX: u32 = 100;

pub(in crate::sandbox) async fn everything(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    Json(view(&sandbox.outbox()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Register {
    merchant_id: String,
    url: String,
    #[serde(default)]
    until_confirmed: bool,
}

pub(in crate::sandbox) async fn register(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    let asked = match serde_json::from_slice::<Register>(&body) {
        Ok(asked) => asked,
        Err(error) => return refuse(&format!("the body must be {{\"merchantId\": …, \"url\": …}}: {error}")),
    };
    match sandbox.register_ipn_endpoint(&asked.merchant_id, &asked.url, asked.until_confirmed) {
        Ok(()) => (StatusCode::CREATED, Json(view(&sandbox.outbox()))).into_response(),
        Err(error) => refuse(&error.to_string()),
    }
}

pub(in crate::sandbox) async fn forget(
    State(sandbox): State<Arc<Sandbox>>,
    Path(merchant_id): Path<String>,
) -> Response {
    let mut outbox = sandbox.outbox();
    if outbox.forget(&merchant_id) {
        Json(view(&outbox)).into_response()
    } else {
        refuse(&format!("merchant {merchant_id} has no endpoint"))
    }
}

/// What is not said goes back to the default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Behave {
    #[serde(default)]
    signature_version: Option<String>,
    #[serde(default)]
    duplicates: u32,
    #[serde(default)]
    reorder: u32,
}

pub(in crate::sandbox) async fn behave(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    let asked = match serde_json::from_slice::<Behave>(&body) {
        Ok(asked) => asked,
        Err(error) => return refuse(&error.to_string()),
    };
    let signature_version = match asked.signature_version.as_deref() {
        None | Some("1") => SignatureVersion::One,
        Some("2") => SignatureVersion::Two,
        Some(other) => return refuse(&format!("signatureVersion must be \"1\" or \"2\", not {other:?}")),
    };
    if asked.duplicates > MANY_MAX || asked.reorder > MANY_MAX {
        return refuse(&format!("duplicates and reorder must be at most {MANY_MAX}"));
    }
    let reorder = usize::try_from(asked.reorder).unwrap_or_default();
    let now = sandbox.now();
    let mut outbox = sandbox.outbox();
    outbox.behave(Behaviour { signature_version, duplicates: asked.duplicates, reorder }, now);
    Json(view(&outbox)).into_response()
}

/// A message by hand. Whether there is such an object is not asked: receivers must bear that, too.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Send {
    merchant_id: String,
    object_type: String,
    object_id: String,
    #[serde(default)]
    charge_permission_id: Option<String>,
    #[serde(default)]
    attribute_change: bool,
}

pub(in crate::sandbox) async fn send(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    let asked = match serde_json::from_slice::<Send>(&body) {
        Ok(asked) => asked,
        Err(error) => return refuse(&error.to_string()),
    };
    let Some((_, object)) = ObjectType::SPELLED.into_iter().find(|(name, _)| *name == asked.object_type) else {
        return refuse("objectType must be CHARGE_PERMISSION, CHARGE, REFUND or CHARGEBACK");
    };
    let permission = || match object {
        ObjectType::ChargePermission => asked.object_id.clone(),
        // `<permission>-C…`, `-R…`, `-B…` (amazon-pay 6).
        _ => asked.object_id.rsplit_once('-').map_or("", |(permission, _)| permission).to_owned(),
    };
    let news = News {
        merchant_id: asked.merchant_id.clone(),
        object,
        permission_id: asked.charge_permission_id.clone().unwrap_or_else(permission),
        object_id: asked.object_id.clone(),
        change: if asked.attribute_change { ChangeType::Attribute } else { ChangeType::State },
    };
    match sandbox.announce(news) {
        Some(message_id) => (StatusCode::CREATED, Json(json!({"messageId": message_id}))).into_response(),
        None => refuse(&format!("merchant {} has no endpoint", asked.merchant_id)),
    }
}

pub(in crate::sandbox) async fn repeat(
    State(sandbox): State<Arc<Sandbox>>,
    Path(message_id): Path<String>,
) -> Response {
    let now = sandbox.now();
    let mut outbox = sandbox.outbox();
    if outbox.repeat(&message_id, now) {
        (StatusCode::CREATED, Json(view(&outbox))).into_response()
    } else {
        refuse(&format!("message {message_id} is not known"))
    }
}

fn view(outbox: &Outbox) -> Value {
    let endpoints = outbox.endpoints().map(|(merchant_id, endpoint)| Endpoint::of(merchant_id, endpoint));
    let behaviour = outbox.behaviour();
    json!({
        "endpoints": endpoints.collect::<Vec<_>>(),
        "behaviour": {
            "signatureVersion": behaviour.signature_version.as_str(),
            "duplicates": behaviour.duplicates,
            "reorder": behaviour.reorder,
        },
        "messages": outbox.deliveries().map(Told::of).collect::<Vec<_>>(),
    })
}

fn refuse(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": why}))).into_response()
}
