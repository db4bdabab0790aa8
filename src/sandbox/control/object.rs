//! One object with its history and what belongs to it; putting it into a state; sending a message about it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::browse::{self, Filter, Line};
use super::pages::refuse;
use crate::sandbox::Sandbox;
use crate::sandbox::ledger::{Cause, ChangeType, ForceError, Ledger, News, Object, ObjectType, Step};
use crate::sandbox::wire::views;

/// Everything about one object but its requests.
pub(in crate::sandbox) struct Detail {
    pub(in crate::sandbox) line: Line,
    /// As a GET of the API shows it.
    pub(in crate::sandbox) object: Value,
    /// Oldest first.
    pub(in crate::sandbox) history: Vec<StepLine>,
    /// How many steps before them are not kept any more.
    pub(in crate::sandbox) forgotten: usize,
    /// What belongs to it, and what it belongs to.
    pub(in crate::sandbox) linked: Vec<Line>,
    pub(in crate::sandbox) ways: Vec<WayLine>,
}

/// One step of a history.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::sandbox) struct StepLine {
    pub(in crate::sandbox) at: String,
    pub(in crate::sandbox) at_ms: i64,
    pub(in crate::sandbox) state: String,
    pub(in crate::sandbox) reason_code: Option<String>,
    pub(in crate::sandbox) detail: Option<String>,
    /// `request`, `buyer`, `timer` or `control`.
    pub(in crate::sandbox) cause: &'static str,
    pub(in crate::sandbox) operation: Option<String>,
    pub(in crate::sandbox) request_id: Option<String>,
}

/// A state that the object may be put into, and for which reasons.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::sandbox) struct WayLine {
    pub(in crate::sandbox) state: &'static str,
    pub(in crate::sandbox) reason_codes: Vec<&'static str>,
}

impl Detail {
    /// Nothing where there is no such object.
    pub(in crate::sandbox) fn of(ledger: &Ledger, id: &str) -> Option<Self> {
        let object = ledger.object(id)?;
        let history = ledger.history(id).cloned().unwrap_or_default();
        let linked = linked_ids(ledger, object);
        let ways = ledger.ways(id).into_iter();
        Some(Self {
            line: Line::of(ledger, object),
            object: view(ledger, object),
            history: history.steps.into_iter().map(StepLine::of).collect(),
            forgotten: history.forgotten,
            linked: linked.iter().filter_map(|id| Some(Line::of(ledger, ledger.object(id)?))).collect(),
            ways: ways.map(|way| WayLine { state: way.state, reason_codes: way.reasons }).collect(),
        })
    }
}

impl StepLine {
    fn of(step: Step) -> Self {
        let cause = step.cause.as_str();
        let (operation, request_id) = match step.cause {
            Cause::Request { operation, request_id } => (Some(operation), Some(request_id)),
            Cause::Buyer | Cause::Timer | Cause::Control => (None, None),
        };
        Self {
            at: step.at.utc_basic(),
            at_ms: step.at.0,
            state: step.state,
            reason_code: step.reason,
            detail: step.detail,
            cause,
            operation,
            request_id,
        }
    }
}

fn view(ledger: &Ledger, object: Object<'_>) -> Value {
    match object {
        Object::CheckoutSession(session) => views::session(ledger, session),
        Object::ChargePermission(permission) => views::charge_permission(ledger, permission),
        Object::Charge(charge) => views::charge(ledger, charge),
        Object::Refund(refund) => views::refund(refund),
    }
}

/// The objects above and below: session, permission, charge, refund.
fn linked_ids(ledger: &Ledger, object: Object<'_>) -> Vec<String> {
    match object {
        Object::CheckoutSession(session) => {
            let stored = session.request.charge_permission_id.clone();
            let mut ids: Vec<_> = session.charge_permission_id.clone().or(stored).into_iter().collect();
            ids.extend(session.charge_id.clone());
            ids
        }
        Object::ChargePermission(permission) => {
            let charges = permission.charge_ids.iter().filter_map(|id| ledger.object(id));
            let refunds = charges.flat_map(|charge| match charge {
                Object::Charge(charge) => charge.refund_ids.clone(),
                _ => Vec::new(),
            });
            let mut ids = vec![permission.session_id.clone()];
            ids.extend(permission.charge_ids.iter().cloned());
            ids.extend(refunds);
            ids
        }
        Object::Charge(charge) => {
            let session = match ledger.object(&charge.permission_id) {
                Some(Object::ChargePermission(permission)) => Some(permission.session_id.clone()),
                _ => None,
            };
            let mut ids: Vec<_> = session.into_iter().collect();
            ids.push(charge.permission_id.clone());
            ids.extend(charge.refund_ids.iter().cloned());
            ids
        }
        Object::Refund(refund) => {
            let permission = refund.id.rsplit_once('-').map(|(permission, _)| permission.to_owned());
            permission.into_iter().chain([refund.charge_id.clone()]).collect()
        }
    }
}

/// `GET /_control/objects/{id}`.
pub(super) async fn detail(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>) -> Response {
    let found = Detail::of(&sandbox.ledger(), &id);
    match found {
        Some(detail) => Json(whole(&sandbox, &detail)).into_response(),
        None => not_found(&ForceError::UnknownObject(id).to_string()),
    }
}

fn whole(sandbox: &Sandbox, detail: &Detail) -> Value {
    let about = Filter { object_id: detail.line.id.clone(), limit: browse::PAGE_MAX, ..Filter::default() };
    let requests = browse::requests(sandbox, &about).map(|page| page.items).unwrap_or_default();
    json!({
        "summary": detail.line,
        "object": detail.object,
        "history": detail.history,
        "historyForgotten": detail.forgotten,
        "linked": detail.linked,
        "mayBecome": detail.ways,
        "requests": requests,
        "ipn": sandbox.ipn_messages(None, Some(&detail.line.id), None, browse::PAGE_MAX),
    })
}

/// The body of `POST /_control/objects/{id}/state`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Force {
    state: String,
    #[serde(default)]
    reason_code: Option<String>,
}

/// `POST /_control/objects/{id}/state`.
pub(super) async fn force(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Response {
    let asked = match serde_json::from_slice::<Force>(&body) {
        Ok(asked) => asked,
        Err(error) => return refuse(&format!("the body must be {{\"state\": …, \"reasonCode\": …}}: {error}")),
    };
    match put_into(&sandbox, &id, &asked.state, asked.reason_code.as_deref()) {
        Ok(()) => detail(State(sandbox), Path(id)).await,
        Err(error @ ForceError::UnknownObject(_)) => not_found(&error.to_string()),
        Err(error) => refuse(&error.to_string()),
    }
}

/// Puts an object into a state, at the doing of whoever tests.
pub(in crate::sandbox) fn put_into(
    sandbox: &Sandbox,
    id: &str,
    state: &str,
    reason: Option<&str>,
) -> Result<(), ForceError> {
    sandbox.ledger().caused_by(Cause::Control).force(id, state, reason)
}

/// Why no message was sent about an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::sandbox) enum TellError {
    /// No object has this id.
    #[error("there is no charge permission, charge or refund {0}")]
    UnknownObject(String),
    /// Amazon sends none about these.
    #[error("Amazon sends no messages about checkout sessions; send one about the charge permission or the charge")]
    Session,
    /// Nobody to send it to.
    #[error("merchant {0} has no IPN endpoint; register one at /_control/ipn/endpoints")]
    NoEndpoint(String),
}

/// `POST /_control/objects/{id}/ipn`.
pub(super) async fn tell(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>) -> Response {
    match send_message(&sandbox, &id) {
        Ok(message_id) => (StatusCode::CREATED, Json(json!({"messageId": message_id}))).into_response(),
        Err(error @ TellError::UnknownObject(_)) => not_found(&error.to_string()),
        Err(error) => refuse(&error.to_string()),
    }
}

/// Tells the object's merchant of it once more; answers the message's id.
pub(in crate::sandbox) fn send_message(sandbox: &Sandbox, id: &str) -> Result<String, TellError> {
    let ledger = sandbox.ledger();
    let (object, permission_id) = match ledger.object(id) {
        None => return Err(TellError::UnknownObject(id.to_owned())),
        Some(Object::CheckoutSession(_)) => return Err(TellError::Session),
        Some(Object::ChargePermission(permission)) => (ObjectType::ChargePermission, permission.id.clone()),
        Some(Object::Charge(charge)) => (ObjectType::Charge, charge.permission_id.clone()),
        Some(Object::Refund(refund)) => {
            let permission = refund.id.rsplit_once('-').map_or("", |(permission, _)| permission);
            (ObjectType::Refund, permission.to_owned())
        }
    };
    let merchant_id = ledger.object(id).map_or("", Object::merchant_id).to_owned();
    drop(ledger);
    let news = News {
        merchant_id: merchant_id.clone(),
        object,
        object_id: id.to_owned(),
        permission_id,
        change: ChangeType::State,
    };
    sandbox.announce(news).ok_or(TellError::NoEndpoint(merchant_id))
}

pub(super) fn not_found(why: &str) -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"error": why}))).into_response()
}
