//! `/driver/resultPage`: where the buyer comes back to, after signing in and after paying. It reads the session by the
//! API, as a shop's page would, and has the ids of everything that came of it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::canonical::Scheme;
use super::nav::{Nav, broken};
use super::next::{Step, buyers_steps, href};
use super::outgoing::{Exchange, Order, path};
use super::prefill::Proposer;
use crate::sandbox::Sandbox;
use crate::sandbox::api::Operation;
use crate::sandbox::desk::{Frame, Visit};

/// The page's name.
const HERE: &str = "resultPage";
/// What can be done with each id, in the order of the sample code's page (seed 000).
const FOR_SESSION: &[&str] = &["getCheckoutSession", "updateCheckoutSession", "completeCheckoutSession"];
const FOR_PERMISSION: &[&str] =
    &["getChargePermission", "updateChargePermission", "createCharge", "closeChargePermission"];
const FOR_CHARGE: &[&str] = &["getCharge", "captureCharge", "cancelCharge", "createRefund"];
const FOR_REFUND: &[&str] = &["getRefund"];

/// `GET /driver/resultPage?amazonCheckoutSessionId=…`; without the id, the merchant's newest session.
pub(super) async fn show(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    let (nav, found) = match find(&visit, &sandbox) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let merchant = nav.merchant;
    let mut page = ResultPage {
        frame: visit.frame(),
        nav,
        rows: Vec::new(),
        exchange: None,
        next: Vec::new(),
        session_id: String::new(),
        can_change: false,
    };
    let Some(found) = found else { return visit.page(StatusCode::OK, &page) };
    let order = Order {
        method: "GET",
        path: path("/v2/checkoutSessions/{id}", &found.session_id),
        body: String::new(),
        idempotency_key: String::new(),
        simulation_code: String::new(),
        scheme: Scheme::default(),
    };
    let exchange = match order.sign(&sandbox, merchant).await {
        Ok(signed) => signed.send(&sandbox).await,
        Err(error) => return broken(&visit, &error),
    };
    if let Ok(answer) = &exchange.answer {
        page.next = buyers_steps(&answer.json, sandbox.base_url());
        page.can_change = answer.json["statusDetails"]["state"] == "Open" && !answer.json["buyer"].is_null();
        let text = |name: &str| answer.json[name].as_str().unwrap_or_default().to_owned();
        let row = |label, id, pages| Row { label, id, pages };
        page.rows = vec![
            row("checkoutSessionId", found.session_id.clone(), FOR_SESSION),
            row("chargePermissionId", text("chargePermissionId"), FOR_PERMISSION),
            row("chargeId", text("chargeId"), FOR_CHARGE),
            row("refundId", found.refund_id, FOR_REFUND),
        ];
    }
    page.session_id = found.session_id;
    page.exchange = Some(exchange);
    visit.page(StatusCode::OK, &page)
}

/// What the ledger knows of the session that the address names.
struct Found {
    session_id: String,
    /// The newest of its charge's; no operation answers it.
    refund_id: String,
}

/// The session, and whose it is. An id that nobody knows is asked for all the same, as the chosen merchant.
fn find<'a>(visit: &Visit, sandbox: &'a Sandbox) -> Result<(Nav<'a>, Option<Found>), Box<Response>> {
    let wanted = visit.field("amazonCheckoutSessionId");
    let wanted = if wanted.is_empty() { visit.field("id") } else { wanted };
    let ledger = sandbox.ledger();
    let owner = ledger.session(wanted).and_then(|session| sandbox.merchant(&session.merchant_id));
    let nav = match owner {
        Some(merchant) => Nav::for_merchant(sandbox, merchant, HERE),
        None => Nav::of(visit, sandbox, HERE)?,
    };
    let merchant = nav.merchant;
    let proposer = Proposer { ledger: &ledger, merchant, base_url: sandbox.base_url() };
    let (session, _) = proposer.session(Operation::GetCheckoutSession, wanted);
    let charge_id = session.and_then(|session| session.charge_id.as_ref());
    let charge = charge_id.and_then(|id| ledger.charge_of(&merchant.merchant_id, id).ok());
    let refund_id = charge.and_then(|charge| charge.refund_ids.last()).cloned().unwrap_or_default();
    let session_id = session.map_or_else(|| wanted.to_owned(), |session| session.id.clone());
    let found = (!session_id.is_empty()).then_some(Found { session_id, refund_id });
    Ok((nav, found))
}

/// An id, and the pages of what can be done with it.
struct Row {
    label: &'static str,
    /// Empty while there is none.
    id: String,
    pages: &'static [&'static str],
}

impl Row {
    fn href(&self, page: &str, merchant_id: &str) -> String {
        href(page, merchant_id, &self.id)
    }
}

#[derive(Template)]
#[template(path = "sandbox/driver/result.html")]
struct ResultPage<'a> {
    frame: Frame,
    nav: Nav<'a>,
    rows: Vec<Row>,
    exchange: Option<Exchange>,
    next: Vec<Step>,
    session_id: String,
    /// Whether the buyer may go back and choose otherwise.
    can_change: bool,
}
