//! The console's buttons. Each does what `/_control/` does, and leads back to where it was pressed.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::object::unknown;
use crate::sandbox::Sandbox;
use crate::sandbox::control::Rule;
use crate::sandbox::control::browse::said;
use crate::sandbox::control::object::{TellError, put_into, send_message};
use crate::sandbox::control::pages::move_clock;
use crate::sandbox::desk::Visit;
use crate::sandbox::ledger::ForceError;

/// What an id in a path is written with.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// `POST /console/objects/{id}/state`: fields `state` and, where one goes with it, `reasonCode`.
pub(super) async fn force(
    State(sandbox): State<Arc<Sandbox>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let visit = Visit::post(&uri, &headers, &body);
    match put_into(&sandbox, &id, visit.field("state"), said(visit.field("reasonCode"))) {
        Ok(()) => visit.see_other(&object_path(&id, "")),
        Err(ForceError::UnknownObject(id)) => unknown(&visit, &id),
        Err(error) => refused(&visit, &error.to_string()),
    }
}

/// `POST /console/objects/{id}/ipn`.
pub(super) async fn tell(
    State(sandbox): State<Arc<Sandbox>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let visit = Visit::post(&uri, &headers, &body);
    match send_message(&sandbox, &id) {
        Ok(_) => visit.see_other(&object_path(&id, "#messages")),
        Err(TellError::UnknownObject(id)) => unknown(&visit, &id),
        Err(error) => refused(&visit, &error.to_string()),
    }
}

/// `POST /console/clock`: `advance_ms`; or `many` and `unit`, in milliseconds.
pub(super) async fn advance(
    State(sandbox): State<Arc<Sandbox>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let visit = Visit::post(&uri, &headers, &body);
    let number = |name: &str| visit.field(name).parse::<i64>().ok();
    let asked = number("advance_ms").or_else(|| number("many")?.checked_mul(number("unit")?));
    let Some(advance_ms) = asked else { return refused(&visit, "say by how much, in whole numbers") };
    match move_clock(&sandbox, advance_ms) {
        Ok(()) => visit.see_other("/#clock"),
        Err(why) => refused(&visit, &why),
    }
}

/// `POST /console/faults`: `operation`, `effect`, `value`, `times`.
pub(super) async fn add_fault(
    State(sandbox): State<Arc<Sandbox>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let visit = Visit::post(&uri, &headers, &body);
    let added = rule_of(&visit).and_then(|rule| sandbox.faults().add(rule).map_err(|error| error.to_string()));
    match added {
        Ok(()) => visit.see_other("/#faults"),
        Err(why) => refused(&visit, &why),
    }
}

fn rule_of(visit: &Visit) -> Result<Rule, String> {
    let mut rule = Map::new();
    rule.insert("operation".to_owned(), visit.field("operation").into());
    if let Some(times) = said(visit.field("times")) {
        let times: u32 = times.parse().map_err(|_| format!("times must be a whole number, not {times:?}"))?;
        rule.insert("times".to_owned(), times.into());
    }
    let value = visit.field("value");
    let number = || value.parse::<u64>().map_err(|_| format!("the value must be a whole number, not {value:?}"));
    let (name, value): (_, Value) = match visit.field("effect") {
        name @ ("lose_answer" | "hang") => (name, json!(true)),
        name @ ("status" | "delay_ms") => (name, number()?.into()),
        name @ "simulation_code" => (name, value.into()),
        other => {
            return Err(format!("effect {other:?} is none of lose_answer, hang, status, delay_ms, simulation_code"));
        }
    };
    rule.insert(name.to_owned(), value);
    serde_json::from_value(Value::Object(rule)).map_err(|error| error.to_string())
}

/// `POST /console/faults/clear`.
pub(super) async fn clear_faults(
    State(sandbox): State<Arc<Sandbox>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    sandbox.faults().clear();
    Visit::post(&uri, &headers, &body).see_other("/#faults")
}

fn object_path(id: &str, anchor: &str) -> String {
    format!("/console/objects/{}{anchor}", utf8_percent_encode(id, IN_PATH))
}

fn refused(visit: &Visit, why: &str) -> Response {
    visit.message(StatusCode::BAD_REQUEST, visit.lang.pick("できません", "That is not possible"), why)
}
