//! `GET /console/objects/{id}`: one object, what has become of it, what belongs to it, and what was asked about it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::requests::{Whole, wholes};
use super::rows::{MessageRow, RequestRow, Row, href, moment};
use crate::sandbox::Sandbox;
use crate::sandbox::control::browse::{self, Filter, PAGE_MAX};
use crate::sandbox::control::object::{Detail, StepLine, WayLine};
use crate::sandbox::desk::{Frame, Visit};

/// How many requests are shown whole here.
const WHOLE_MAX: usize = 5;

/// The page.
pub(super) async fn page(
    State(sandbox): State<Arc<Sandbox>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::get(&uri, &headers);
    let found = Detail::of(&sandbox.ledger(), &id);
    let Some(detail) = found else { return unknown(&visit, &id) };
    let about = Filter { object_id: id.clone(), limit: PAGE_MAX, ..Filter::default() };
    let requests = browse::requests(&sandbox, &about).map(|page| page.items).unwrap_or_default();
    let newest: Vec<&str> = requests.iter().take(WHOLE_MAX).map(|entry| entry.request_id.as_str()).collect();
    let wholes = wholes(&sandbox, &newest, visit.lang);
    let page = ObjectPage {
        title: title(&visit, detail.line.kind),
        json: serde_json::to_string_pretty(&detail.object).unwrap_or_default(),
        history: detail.history.into_iter().map(StepRow::of).collect(),
        forgotten: detail.forgotten,
        linked: detail.linked.into_iter().map(Row::of).collect(),
        ways: detail.ways,
        tells: detail.line.kind != "checkoutSession",
        messages: sandbox.ipn_messages(None, Some(&id), None, PAGE_MAX).into_iter().map(MessageRow::of).collect(),
        wholes,
        requests: requests.into_iter().skip(WHOLE_MAX).map(RequestRow::of).collect(),
        all_requests: href("/console/requests", &[("objectId", &id)]),
        row: Row::of(detail.line),
        frame: visit.frame(),
    };
    visit.page(StatusCode::OK, &page)
}

/// The page for an id that nothing has.
pub(super) fn unknown(visit: &Visit, id: &str) -> Response {
    let title = visit.lang.pick("見つかりません", "Not found");
    let detail = format!("there is no checkout session, charge permission, charge or refund {id}");
    visit.message(StatusCode::NOT_FOUND, title, &detail)
}

fn title(visit: &Visit, kind: &str) -> &'static str {
    match kind {
        "checkoutSession" => visit.lang.pick("チェックアウトセッション", "Checkout session"),
        "chargePermission" => visit.lang.pick("チャージパーミッション", "Charge permission"),
        "charge" => visit.lang.pick("チャージ", "Charge"),
        _ => visit.lang.pick("返金", "Refund"),
    }
}

/// A step of the history, in words.
struct StepRow {
    step: StepLine,
    at: String,
    tone: &'static str,
}

impl StepRow {
    fn of(step: StepLine) -> Self {
        Self { at: moment(&step.at), tone: super::rows::tone(&step.state), step }
    }
}

#[derive(Template)]
#[template(path = "sandbox/console/object.html")]
struct ObjectPage {
    frame: Frame,
    title: &'static str,
    row: Row,
    json: String,
    history: Vec<StepRow>,
    forgotten: usize,
    linked: Vec<Row>,
    ways: Vec<WayLine>,
    /// Whether Amazon sends messages about such objects.
    tells: bool,
    messages: Vec<MessageRow>,
    /// The newest requests.
    wholes: Vec<Whole>,
    /// The ones before them.
    requests: Vec<RequestRow>,
    all_requests: String,
}
