//! The control API's older part: the whole ledger, the clock, faults, and forgetting everything.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::faults::Rule;
use crate::sandbox::Sandbox;
use crate::sandbox::desk::page_headers;
use crate::sandbox::ledger::{Ledger, Movement};
use crate::sandbox::wire::views;

/// The clock moves at most ten years at once.
const ADVANCE_MS_MAX: i64 = 10 * 366 * 86_400_000;

/// `/_control/`: how to call all of this, for people.
pub(super) async fn reference() -> Response {
    (page_headers(), include_str!("reference.html")).into_response()
}

pub(super) async fn ledger(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    let mut view = everything(&sandbox.ledger());
    let requests = sandbox.requests();
    view["requests"] = requests.to_json();
    view["requestsForgotten"] = json!(requests.forgotten());
    Json(view)
}

pub(super) async fn reset(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    forget_everything(&sandbox);
    Json(clock_view(&sandbox))
}

/// As if the sandbox had just been started, but for its merchants and their endpoints.
pub(in crate::sandbox) fn forget_everything(sandbox: &Sandbox) {
    sandbox.clock.reset();
    sandbox.faults().clear();
    sandbox.requests().clear();
    let now = sandbox.now();
    sandbox.ledger().reset(now);
    sandbox.reset_ipn();
}

pub(super) async fn clock(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    Json(clock_view(&sandbox))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: i64,
}

pub(super) async fn advance(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    match serde_json::from_slice::<Advance>(&body) {
        Ok(Advance { advance_ms }) => match move_clock(&sandbox, advance_ms) {
            Ok(()) => Json(clock_view(&sandbox)).into_response(),
            Err(why) => refuse(&why),
        },
        Err(error) => refuse(&format!("the body must be {{\"advance_ms\": <milliseconds>}}: {error}")),
    }
}

/// Moves the sandbox's clock on, or says in words why not.
pub(in crate::sandbox) fn move_clock(sandbox: &Sandbox, advance_ms: i64) -> Result<(), String> {
    if !(0..=ADVANCE_MS_MAX).contains(&advance_ms) {
        return Err(format!("advance_ms must be from 0 to {ADVANCE_MS_MAX}: the clock does not go back"));
    }
    sandbox.clock.advance(advance_ms);
    // What is due by now happens now, not when somebody asks next.
    drop(sandbox.ledger());
    Ok(())
}

pub(super) async fn faults(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    Json(faults_view(&sandbox))
}

pub(super) async fn add_fault(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    let added = serde_json::from_slice::<Rule>(&body)
        .map_err(|error| error.to_string())
        .and_then(|rule| sandbox.faults().add(rule).map_err(|error| error.to_string()));
    match added {
        Ok(()) => (StatusCode::CREATED, Json(faults_view(&sandbox))).into_response(),
        Err(why) => refuse(&why),
    }
}

pub(super) async fn clear_faults(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
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
        let more = json!({"merchantId": session.merchant_id, "progress": session.progress_word()});
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

fn movement(movement: &Movement) -> Value {
    json!({
        "at": movement.at.utc_basic(),
        "atMs": movement.at.0,
        "kind": movement.kind.as_str(),
        "amount": movement.amount.yen(),
        "currencyCode": movement.amount.currency().as_str(),
        "merchantId": movement.merchant_id,
        "checkoutSessionId": movement.session_id,
        "chargeId": movement.charge_id,
        "refundId": movement.refund_id,
    })
}
