//! The control API itself.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::checkout;
use super::faults::Rule;
use super::permissions;
use crate::sandbox::Sandbox;
use crate::sandbox::ledger::{Ledger, Movement, Progress, Session};
use crate::sandbox::wire::views;

/// The clock moves at most ten years at once.
const ADVANCE_MS_MAX: i64 = 10 * 366 * 86_400_000;

/// `/_control/` and what is below it.
pub(in crate::sandbox) fn router() -> Router<Arc<Sandbox>> {
    let reference = || get(async || Html(include_str!("reference.html")));
    Router::new()
        .route("/_control", reference())
        .route("/_control/", reference())
        .route("/_control/merchants", get(merchants))
        .route("/_control/ledger", get(ledger))
        .route("/_control/checkoutSessions", post(checkout::play))
        .route("/_control/chargePermissions/{id}", post(permissions::befall))
        .route("/_control/reset", post(reset))
        .route("/_control/clock", get(clock).post(advance))
        .route("/_control/faults", get(faults).post(add_fault).delete(clear_faults))
}

async fn merchants(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    let list = sandbox.settings.merchants.iter().map(|merchant| {
        json!({
            "merchantId": merchant.merchant_id,
            "name": merchant.name,
            "storeIds": merchant.store_ids,
            "publicKeyIds": merchant.keys.iter().map(|key| &key.public_key_id).collect::<Vec<_>>(),
        })
    });
    Json(json!({"merchants": list.collect::<Vec<_>>()}))
}

async fn ledger(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    let mut view = everything(&sandbox.ledger());
    let requests = sandbox.requests();
    view["requests"] = requests.to_json();
    view["requestsForgotten"] = json!(requests.forgotten());
    Json(view)
}

async fn reset(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    sandbox.clock.reset();
    sandbox.faults().clear();
    sandbox.requests().clear();
    let now = sandbox.now();
    sandbox.ledger().reset(now);
    sandbox.ipn.reset();
    Json(clock_view(&sandbox))
}

async fn clock(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    Json(clock_view(&sandbox))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: i64,
}

async fn advance(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    match serde_json::from_slice::<Advance>(&body) {
        Ok(Advance { advance_ms }) if (0..=ADVANCE_MS_MAX).contains(&advance_ms) => {
            sandbox.clock.advance(advance_ms);
            // What is due by now happens now, not when somebody asks next.
            drop(sandbox.ledger());
            Json(clock_view(&sandbox)).into_response()
        }
        Ok(_) => refuse(&format!("advance_ms must be from 0 to {ADVANCE_MS_MAX}: the clock does not go back")),
        Err(error) => refuse(&format!("the body must be {{\"advance_ms\": <milliseconds>}}: {error}")),
    }
}

async fn faults(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    Json(faults_view(&sandbox))
}

async fn add_fault(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    let added = serde_json::from_slice::<Rule>(&body)
        .map_err(|error| error.to_string())
        .and_then(|rule| sandbox.faults().add(rule).map_err(|error| error.to_string()));
    match added {
        Ok(()) => (StatusCode::CREATED, Json(faults_view(&sandbox))).into_response(),
        Err(why) => refuse(&why),
    }
}

async fn clear_faults(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    sandbox.faults().clear();
    Json(faults_view(&sandbox))
}

pub(super) fn refuse(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": why}))).into_response()
}

fn clock_view(sandbox: &Sandbox) -> Value {
    let now = sandbox.now();
    json!({"now": now.utc_basic(), "now_ms": now.0, "offset_ms": sandbox.clock.offset_ms()})
}

fn faults_view(sandbox: &Sandbox) -> Value {
    json!({"faults": sandbox.faults().rules()})
}

/// Each object as the API shows it, with what the API does not tell.
fn everything(ledger: &Ledger) -> Value {
    let with = |mut view: Value, more: Value| {
        if let (Value::Object(view), Value::Object(more)) = (&mut view, more) {
            view.extend(more);
        }
        view
    };
    let sessions = ledger.sessions().map(|session| {
        let more = json!({"merchantId": session.merchant_id, "progress": progress(session)});
        with(views::session(ledger, session), more)
    });
    let permissions = ledger.charge_permissions().map(|permission| {
        let more = json!({
            "merchantId": permission.merchant_id,
            "checkoutSessionId": permission.session_id,
            "chargeIds": permission.charge_ids,
        });
        with(views::charge_permission(ledger, permission), more)
    });
    let charges = ledger.charges().map(|charge| {
        let more = json!({"merchantId": charge.merchant_id, "refundIds": charge.refund_ids});
        with(views::charge(ledger, charge), more)
    });
    let refunds = ledger.refunds().map(|refund| with(views::refund(refund), json!({"merchantId": refund.merchant_id})));
    json!({
        "now": ledger.now().utc_basic(),
        "checkoutSessions": sessions.collect::<Vec<_>>(),
        "chargePermissions": permissions.collect::<Vec<_>>(),
        "charges": charges.collect::<Vec<_>>(),
        "refunds": refunds.collect::<Vec<_>>(),
        "movements": ledger.movements().iter().map(movement).collect::<Vec<_>>(),
    })
}

fn progress(session: &Session) -> &'static str {
    match (session.progress, &session.party) {
        (Progress::Choosing, None) => "new",
        (Progress::Choosing, Some(party)) if party.choice.is_none() => "signed-in",
        (Progress::Choosing, Some(_)) => "chosen",
        (Progress::Processing, _) => "processing",
        (Progress::Paid(_), _) => "paid",
    }
}

fn movement(movement: &Movement) -> Value {
    json!({
        "at": movement.at.utc_basic(),
        "atMs": movement.at.0,
        "kind": movement.kind.as_str(),
        "amount": movement.amount.yen(),
        "currencyCode": "JPY",
        "merchantId": movement.merchant_id,
        "checkoutSessionId": movement.session_id,
        "chargeId": movement.charge_id,
        "refundId": movement.refund_id,
    })
}
