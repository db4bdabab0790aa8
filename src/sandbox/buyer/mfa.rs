//! `/checkout/mfa`: the bank asks the buyer for a second factor. Also `amazonPayMFAReturnUrl`: where nobody is asking
//! (any more), an on-page checkout goes on from here with its shop's page.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use crate::sandbox::Sandbox;
use crate::sandbox::buyer::answer::{Frame, Visit, refused};
use crate::sandbox::buyer::steps;
use crate::sandbox::ledger::{BuyerError, Factor, SessionState};

/// `GET /checkout/mfa?amazonCheckoutSessionId=…`
pub(super) async fn page(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    show(&visit, &sandbox)
}

/// `POST /checkout/mfa`: `action` = `verify`, `fail` or `cancel`. Any other post is a return: a payment service provider sends the
/// buyer back with a form of its own.
pub(super) async fn verify(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let visit = Visit::post(&uri, &headers, &body);
    let factor = match visit.field("action") {
        "verify" => Factor::Right,
        "fail" => Factor::Missing,
        "cancel" => return steps::cancel(&visit, &sandbox),
        _ => return show(&visit, &sandbox),
    };
    let done = sandbox.ledger().answer_mfa(visit.session_id(), factor);
    match done {
        Ok(url) => visit.see_other(&url),
        // The form was posted twice.
        Err(BuyerError::NotProcessing) => show(&visit, &sandbox),
        Err(error) => refused(&visit, &sandbox, &error),
    }
}

fn show(visit: &Visit, sandbox: &Sandbox) -> Response {
    let id = visit.session_id();
    let ledger = sandbox.ledger();
    let Some(session) = ledger.session(id) else {
        drop(ledger);
        return refused(visit, sandbox, &BuyerError::UnknownSession(id.to_owned()));
    };
    if !ledger.mfa_demanded(id) {
        return visit.to_page(if ledger.on_page(id).is_some() { "on-page" } else { "processing" }, id);
    }
    let page = MfaPage {
        frame: visit.frame(),
        payment: session.choice().map(|choice| choice.instrument.descriptor()).unwrap_or_default(),
        may_cancel: session.state == SessionState::Open,
        session_id: session.id.clone(),
    };
    visit.page(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "sandbox/mfa.html")]
struct MfaPage {
    frame: Frame,
    session_id: String,
    payment: String,
    /// A checkout that is completed waits for its shop: only the shop ends it.
    may_cancel: bool,
}
