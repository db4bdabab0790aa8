//! The list of pages, and the page of an operation: proposed values, and after sending them request and answer.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use super::FORM_BYTES_MAX;
use super::canonical::Scheme;
use super::nav::{Nav, broken, lines, pick};
use super::next::{Step, steps};
use super::operation::{Page, Words};
use super::outgoing::{Exchange, Order, Unsendable, path};
use super::prefill::Proposer;
use crate::domain::random_hex;
use crate::sandbox::Sandbox;
use crate::sandbox::api::{SimulationCodes, simulation_codes};
use crate::sandbox::desk::{Frame, Visit};

/// `GET /driver/`.
pub(super) async fn index(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    match Nav::of(&visit, &sandbox, "") {
        Ok(nav) => visit.page(StatusCode::OK, &IndexPage { frame: visit.frame(), nav }),
        Err(page) => *page,
    }
}

/// `GET /driver/{operation}`: `merchant` and `id` choose what is proposed.
pub(super) async fn show(
    State(sandbox): State<Arc<Sandbox>>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::get(&uri, &headers);
    let (page, nav) = match find(&visit, &sandbox, &name) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let proposal = {
        let ledger = sandbox.ledger();
        let proposer = Proposer { ledger: &ledger, merchant: nav.merchant, base_url: sandbox.base_url() };
        proposer.propose(page, visit.field("id"))
    };
    let values = Values { id: proposal.id, body: proposal.body, ..Values::fresh(&sandbox, page) };
    let view = View { page, nav, values, notes: Vec::new(), sent: None, lack: proposal.lack };
    visit.page(StatusCode::OK, &view.template(&visit))
}

/// `POST /driver/{operation}`: sends what the form says, right or wrong.
pub(super) async fn send(
    State(sandbox): State<Arc<Sandbox>>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    form: Result<Bytes, BytesRejection>,
) -> Response {
    let form = match read(&uri, &headers, form) {
        Ok(form) => form,
        Err(page) => return *page,
    };
    let visit = Visit::post(&uri, &headers, &form);
    let (page, nav) = match find(&visit, &sandbox, &name) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let asked = Values::of_form(&visit, page);
    let mut view = View { page, nav, notes: notes(&visit, page, &asked), values: asked, sent: None, lack: None };
    let order = match view.order(&visit) {
        Ok(order) => order,
        Err(why) => {
            view.notes.push(why);
            return visit.page(StatusCode::BAD_REQUEST, &view.template(&visit));
        }
    };
    let exchange = match order.sign(&sandbox, view.nav.merchant).await {
        Ok(signed) => signed.send(&sandbox).await,
        Err(error) => return broken(&visit, &error),
    };
    let next = match &exchange.answer {
        Ok(answer) => steps(page, &view.nav.merchant.merchant_id, &view.values.id, answer, sandbox.base_url()),
        Err(_) => Vec::new(),
    };
    view.sent = Some(Sent { key: order.idempotency_key, exchange, next });
    // What was sent stays to be changed; only the key is another, for another request.
    view.values.idempotency_key = Values::fresh(&sandbox, page).idempotency_key;
    visit.page(StatusCode::OK, &view.template(&visit))
}

/// The form's bytes.
///
/// # Errors
/// The page for a form that is too long or was broken off.
pub(super) fn read(
    uri: &Uri,
    headers: &HeaderMap,
    form: Result<Bytes, BytesRejection>,
) -> Result<Bytes, Box<Response>> {
    form.map_err(|rejection| {
        let visit = Visit::post(uri, headers, b"");
        let status = rejection.into_response().status();
        let text = match status {
            StatusCode::PAYLOAD_TOO_LARGE => {
                let (ja, en) = ("フォームが大きすぎます。上限は", "The form is too long. The most is");
                format!("{} {FORM_BYTES_MAX} bytes.", visit.lang.pick(ja, en))
            }
            _ => visit.lang.pick("フォームが途中で切れました。", "The form was broken off.").to_owned(),
        };
        Box::new(visit.message(status, pick(&visit, NOT_SENT), &text))
    })
}

const NOT_SENT: Words = ("送信していません", "Nothing was sent");
const NO_PAGE: Words = ("そのようなテストドライバはありません", "There is no such test driver");

/// The page of this name, and the chosen merchant.
fn find<'a>(visit: &Visit, sandbox: &'a Sandbox, name: &str) -> Result<(&'static Page, Nav<'a>), Box<Response>> {
    let Some(page) = Page::named(name) else {
        return Err(Box::new(visit.message(StatusCode::NOT_FOUND, pick(visit, NO_PAGE), name)));
    };
    Ok((page, Nav::of(visit, sandbox, page.name())?))
}

/// What stands in the form.
struct Values {
    id: String,
    body: String,
    idempotency_key: String,
    simulation_code: String,
    /// As it was asked for; the form's list has no other than the two.
    algorithm: String,
}

impl Values {
    /// Of a page that is shown for the first time; a key that was never used.
    fn fresh(sandbox: &Sandbox, page: &Page) -> Self {
        Self {
            id: String::new(),
            body: String::new(),
            idempotency_key: if page.is_keyed { random_hex::<16>(&*sandbox.rng) } else { String::new() },
            simulation_code: String::new(),
            algorithm: Scheme::default().name().to_owned(),
        }
    }

    fn of_form(visit: &Visit, page: &Page) -> Self {
        // The other button sends once more what was sent before, under the same key.
        let key = Some(visit.raw_field("resend")).filter(|key| !key.is_empty());
        Self {
            id: if page.has_path_parameter() { visit.raw_field("id").to_owned() } else { String::new() },
            body: if page.has_body { lines(visit, "body") } else { String::new() },
            idempotency_key: key.unwrap_or_else(|| visit.raw_field("idempotency_key")).to_owned(),
            simulation_code: visit.raw_field("simulation_code").to_owned(),
            algorithm: visit.raw_field("algorithm").to_owned(),
        }
    }
}

/// What is odd about a request that is sent all the same.
fn notes(visit: &Visit, page: &Page, values: &Values) -> Vec<String> {
    let mut notes = Vec::new();
    if page.has_path_parameter() {
        let name = page.object.id_name();
        if values.id.is_empty() {
            let (ja, en) = ("が空です。このまま送りました。", "is empty. It was sent like this.");
            notes.push(format!("{name} {}", visit.lang.pick(ja, en)));
        } else if values.id.contains('/') {
            let ja = "にスラッシュがあるので、別のパスになります。このまま送りました。";
            let en = "has a slash, which makes another path of it. It was sent like this.";
            notes.push(format!("{name} {}", visit.lang.pick(ja, en)));
        }
    }
    if page.has_body
        && let Err(error) = serde_json::from_str::<serde_json::Value>(&values.body)
    {
        let (ja, en) =
            ("本文は JSON として読めません。このまま送りました。", "The body is no JSON. It was sent like this.");
        notes.push(format!("{} ({error})", visit.lang.pick(ja, en)));
    }
    notes
}

/// A request that was sent, and what follows.
struct Sent {
    /// The idempotency key that it had.
    key: String,
    exchange: Exchange,
    next: Vec<Step>,
}

/// Everything on an operation's page.
struct View<'a> {
    page: &'static Page,
    nav: Nav<'a>,
    values: Values,
    notes: Vec<String>,
    sent: Option<Sent>,
    lack: Option<(Words, &'static str)>,
}

impl View<'_> {
    /// What to send.
    ///
    /// # Errors
    /// A sentence, where it cannot be sent at all.
    fn order(&self, visit: &Visit) -> Result<Order, String> {
        let Values { id, body, idempotency_key, simulation_code, algorithm } = &self.values;
        let scheme = Scheme::named(algorithm).ok_or_else(|| {
            let (ja, en) = (
                "そのような署名アルゴリズムはありません。送信していません: ",
                "There is no such algorithm. Nothing was sent: ",
            );
            visit.lang.pick(ja, en).to_owned() + algorithm
        })?;
        let order = Order {
            method: self.page.method,
            path: path(self.page.template, id),
            body: body.clone(),
            idempotency_key: idempotency_key.clone(),
            simulation_code: simulation_code.clone(),
            scheme,
        };
        order.check().map_err(|Unsendable { header }| {
            let ja = "に改行などの制御文字があるため、HTTP の要求になりません。送信していません。";
            let en =
                "has a control character, such as a line break, so no HTTP request can carry it. Nothing was sent.";
            format!("{header} {}", visit.lang.pick(ja, en))
        })?;
        Ok(order)
    }

    fn template(&self, visit: &Visit) -> OperationPage<'_> {
        let codes = simulation_codes(self.page.operation);
        OperationPage { frame: visit.frame(), nav: &self.nav, codes, view: self }
    }
}

#[derive(Template)]
#[template(path = "sandbox/driver/index.html")]
struct IndexPage<'a> {
    frame: Frame,
    nav: Nav<'a>,
}

#[derive(Template)]
#[template(path = "sandbox/driver/operation.html")]
struct OperationPage<'a> {
    frame: Frame,
    nav: &'a Nav<'a>,
    codes: SimulationCodes,
    view: &'a View<'a>,
}
