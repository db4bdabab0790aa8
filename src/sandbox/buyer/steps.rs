//! The buyer's first and last step, a page and a form each: sign in, and (after choosing, see `choosing`) pay. The ledger
//! decides what is possible; these functions only show and ask.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use crate::sandbox::Sandbox;
use crate::sandbox::buyer::answer::{Frame, Message, Visit, refused};
use crate::sandbox::buyer::{consent, money};
use crate::sandbox::buyers::{Address, Buyers};
use crate::sandbox::ledger::{BuyerError, Ledger, Party, ProductType, Progress, Session, SessionState, Terms};
use crate::sandbox::page::Lang;

/// `GET /checkout/sign-in?amazonCheckoutSessionId=…`
pub(super) async fn sign_in_page(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    let session = match unpaid(&sandbox, visit.session_id()) {
        Ok(session) => session,
        Err(error) => return refused(&visit, &sandbox, &error),
    };
    let buyers = sandbox.ledger().buyers().clone();
    let last = buyers.find(visit.last_buyer()).map(|buyer| buyer.id.as_str());
    let picked = session.party.as_ref().map(|party| party.buyer.id.as_str()).or(last);
    let picked = picked.unwrap_or(buyers.first_id()).to_owned();
    let page = SignInPage { frame: visit.frame(), picked, session_id: session.id, buyers };
    visit.page(StatusCode::OK, &page)
}

/// `POST /checkout/sign-in`: `buyer`, `action` = `sign-in` or `cancel`.
pub(super) async fn sign_in(
    State(sandbox): State<Arc<Sandbox>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut visit = Visit::post(&uri, &headers, &body);
    let (id, buyer) = (visit.session_id().to_owned(), visit.field("buyer").to_owned());
    let id = id.as_str();
    match visit.field("action") {
        "sign-in" => {
            let done = enter(&mut sandbox.ledger(), id, &buyer);
            if done.is_ok() {
                visit.remember_buyer(&buyer);
            }
            match done {
                Ok(on_page) => visit.to_page(if on_page { "on-page" } else { "choose" }, id),
                Err(error) => refused(&visit, &sandbox, &error),
            }
        }
        "cancel" => cancel(&visit, &sandbox),
        other => unknown_action(&visit, other, "sign-in, cancel"),
    }
}

/// Signs in. Answers whether the checkout goes on inside the shop's page.
fn enter(ledger: &mut Ledger, id: &str, buyer_id: &str) -> Result<bool, BuyerError> {
    ledger.sign_in(id, buyer_id)?;
    let on_page = ledger.on_page(id).is_some();
    if on_page {
        ledger.begin_on_page(id)?;
    }
    Ok(on_page)
}

/// `GET /checkout/processing?amazonCheckoutSessionId=…` (`amazonPayRedirectUrl`)
pub(super) async fn processing_page(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    let unproven = visit.lang.pick(
        "本人認証ができませんでした。もう一度試すか、別のお支払い方法を選んでください。",
        "You could not be verified. Please try again, or choose another payment method.",
    );
    let trouble = (visit.field("trouble") == "mfa").then(|| unproven.to_owned());
    paying_page(&visit, &sandbox, StatusCode::OK, trouble)
}

/// `POST /checkout/processing`: `action` = `pay` or `cancel`.
pub(super) async fn processing(
    State(sandbox): State<Arc<Sandbox>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let visit = Visit::post(&uri, &headers, &body);
    match visit.field("action") {
        "pay" => {
            let done = sandbox.ledger().pay(visit.session_id());
            match done {
                Ok(url) => visit.see_other(&url),
                Err(BuyerError::AsksMfa) => visit.to_page("mfa", visit.session_id()),
                Err(error @ (BuyerError::CardNeedsPending(_) | BuyerError::CardDeclined(_))) => {
                    let trouble = card_trouble(visit.lang, &error);
                    paying_page(&visit, &sandbox, StatusCode::CONFLICT, Some(trouble))
                }
                Err(error) => refused(&visit, &sandbox, &error),
            }
        }
        "cancel" => cancel(&visit, &sandbox),
        other => unknown_action(&visit, other, "pay, cancel"),
    }
}

/// Why a card cannot be used here, for the buyer; and for the tester, where the shop must do something.
pub(super) fn card_trouble(lang: Lang, error: &BuyerError) -> String {
    let words = lang.pick(
        "このカードは使えませんでした。別のお支払い方法を選んでください。",
        "This card cannot be used. Please choose another payment method.",
    );
    match error {
        BuyerError::CardNeedsPending(_) => format!("{words} ({error})"),
        _ => words.to_owned(),
    }
}

/// `GET /checkout/paid?amazonCheckoutSessionId=…`: the shop's page is still open, and its script goes on from here.
pub(super) async fn paid_page(uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    let title = visit.lang.pick("ここでのお手続きは済みました", "You are done here");
    let text = visit.lang.pick("お店のページに戻ってください。", "Please go back to the shop’s page.");
    visit.message(&Message::plain(StatusCode::OK, title, text, visit.session_id()))
}

/// The buyer goes back to the shop; where the session names no address for that, the page says so.
pub(super) fn cancel(visit: &Visit, sandbox: &Sandbox) -> Response {
    let id = visit.session_id();
    if sandbox.ledger().on_page(id).is_some() {
        let done = sandbox.ledger().cancel_on_page(id);
        return done.map_or_else(|error| refused(visit, sandbox, &error), |()| visit.to_page("on-page", id));
    }
    let done = sandbox.ledger().cancel_by_buyer(id);
    match done {
        Ok(Some(url)) => visit.see_other(&url),
        Ok(None) => {
            let title = visit.lang.pick("取り消しました", "Cancelled");
            let text = visit.lang.pick(
                "お支払いはされていません。このページを閉じて、お店に戻ってください。",
                "Nothing was paid. Please close this page and go back to the shop.",
            );
            visit.message(&Message::plain(StatusCode::OK, title, text, ""))
        }
        Err(error) => refused(visit, sandbox, &error),
    }
}

pub(super) fn unknown_action(visit: &Visit, got: &str, known: &str) -> Response {
    unknown(visit, "action", got, known)
}

pub(super) fn unknown(visit: &Visit, field: &str, got: &str, known: &str) -> Response {
    let title = visit.lang.pick("操作を理解できませんでした", "That was not understood");
    let text = visit.lang.pick("前のページに戻ってやりなおしてください。", "Please go back and try again.");
    let detail = format!("{field} must be one of {known}, not {got:?}");
    visit.message(&Message::plain(StatusCode::BAD_REQUEST, title, text, &detail))
}

/// An open session whose buyer has not paid.
pub(super) fn unpaid(sandbox: &Sandbox, id: &str) -> Result<Session, BuyerError> {
    let ledger = sandbox.ledger();
    let session = ledger.session(id).ok_or_else(|| BuyerError::UnknownSession(id.to_owned()))?;
    match (session.state, session.progress) {
        (SessionState::Open, Progress::Paid(_)) => Err(BuyerError::AlreadyPaid),
        (SessionState::Open, _) => Ok(session.clone()),
        (state, _) => Err(BuyerError::NotOpen(state.as_str())),
    }
}

fn paying_page(visit: &Visit, sandbox: &Sandbox, status: StatusCode, trouble: Option<String>) -> Response {
    let entered = sandbox.ledger().enter_processing(visit.session_id()).cloned();
    let session = match entered {
        Ok(session) => session,
        Err(error) => return refused(visit, sandbox, &error),
    };
    let terms = &session.request.terms;
    let choice = session.choice();
    let amount = terms.due().filter(|_| terms.needs_amount());
    let named = terms
        .merchant
        .merchant_store_name
        .clone()
        .or_else(|| sandbox.merchant(&session.merchant_id).map(|merchant| merchant.name.clone()));
    let page = ProcessingPage {
        frame: visit.frame(),
        trouble,
        note: terms.merchant.note_to_buyer.clone().filter(|note| Some(note) != named.as_ref()),
        merchant: named.unwrap_or_else(|| session.merchant_id.clone()),
        consent: consent::words(visit.lang, terms),
        amount: amount.map(money::shown),
        addresses: session.party.iter().flat_map(|party| destinations(party, terms)).collect(),
        payment: choice.map(|choice| choice.instrument.descriptor()).unwrap_or_default(),
        paid: matches!(session.progress, Progress::Paid(_)),
        donates: session.request.product_type == ProductType::Donation,
        session_id: session.id,
    };
    visit.page(status, &page)
}

/// Where the order goes, a line each; with what that part costs, where the shop has said it.
fn destinations(party: &Party, terms: &Terms) -> Vec<String> {
    let priced = terms.address_prices.as_deref().unwrap_or_default();
    let price_of = |id: &str| priced.iter().find(|part| part.address_id == id).map(|part| money::shown(part.price));
    let line = |(id, place): (String, &Address)| match price_of(&id) {
        Some(price) => format!("{} · {price}", address_line(place)),
        None => address_line(place),
    };
    party.destinations().map(line).collect()
}

/// An address in one line.
pub(super) fn address_line(address: &Address) -> String {
    let rest = [Some(&address.line1), address.line2.as_ref(), address.line3.as_ref(), Some(&address.name)];
    let rest: Vec<&str> = rest.into_iter().flatten().map(String::as_str).collect();
    format!("〒{} {}{}", address.postal_code, address.state_or_region, rest.join(" "))
}

#[derive(Template)]
#[template(path = "sandbox/sign_in.html")]
struct SignInPage {
    frame: Frame,
    session_id: String,
    buyers: Buyers,
    picked: String,
}

#[derive(Template)]
#[template(path = "sandbox/processing.html")]
struct ProcessingPage {
    frame: Frame,
    session_id: String,
    trouble: Option<String>,
    merchant: String,
    note: Option<String>,
    consent: Option<String>,
    amount: Option<String>,
    addresses: Vec<String>,
    payment: String,
    paid: bool,
    donates: bool,
}
