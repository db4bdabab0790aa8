//! The buyer's steps, a page and a form each: sign in, choose (or change), pay. The ledger decides what is possible;
//! these functions only show and ask.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use crate::sandbox::Sandbox;
use crate::sandbox::buyer::answer::{Frame, Message, Visit, refused};
use crate::sandbox::buyer::{consent, money};
use crate::sandbox::buyers::{Address, Buyer, Buyers, CardEffect, Instrument};
use crate::sandbox::error::Decline;
use crate::sandbox::ledger::{
    AfterChoice, BuyerError, Ledger, Party, ProductType, Progress, Session, SessionState, Terms,
};
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

/// `GET /checkout/choose?amazonCheckoutSessionId=…`
pub(super) async fn choose_page(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    choice_page(&visit, &sandbox, Change::Both)
}

/// `GET /checkout/change?amazonCheckoutSessionId=…&changeAction=changeAddress|changePayment`: the same page, for what
/// the shop's change button names.
pub(super) async fn change_page(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    match visit.field("changeAction") {
        "changeAddress" => choice_page(&visit, &sandbox, Change::Address),
        "changePayment" => choice_page(&visit, &sandbox, Change::Payment),
        other => unknown(&visit, "changeAction", other, "changeAddress, changePayment"),
    }
}

/// `POST /checkout/choose`: `address` (unless there is none to choose; several times where there may be several), `payment`,
/// `action` = `continue` or `cancel`.
pub(super) async fn choose(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let visit = Visit::post(&uri, &headers, &body);
    let id = visit.session_id();
    match visit.field("action") {
        "continue" => {
            let done = sandbox.ledger().choose(id, visit.all("address"), visit.field("payment"));
            match done {
                Ok(AfterChoice::ReviewAtShop(url)) => visit.see_other(&url),
                Ok(AfterChoice::PayHere) => visit.to_page("processing", id),
                Err(BuyerError::NotSignedIn) => visit.to_page("sign-in", id),
                Err(error) => refused(&visit, &sandbox, &error),
            }
        }
        "cancel" => cancel(&visit, &sandbox),
        other => unknown_action(&visit, other, "continue, cancel"),
    }
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

fn unknown(visit: &Visit, field: &str, got: &str, known: &str) -> Response {
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

/// What the buyer came to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Both,
    Address,
    Payment,
}

/// One of the two lists on the choosing page.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Selection {
    /// There is nothing to choose.
    Hidden,
    /// As chosen before.
    Kept(Vec<String>),
    /// A list, with these entries picked.
    Open(Vec<String>),
}

impl Selection {
    /// What was chosen before, which stays so where `keeps`; else the first that there is to choose.
    fn of<'a>(chosen: impl Iterator<Item = &'a str>, first: Option<&str>, keeps: bool) -> Self {
        let chosen: Vec<String> = chosen.map(str::to_owned).collect();
        if chosen.is_empty() {
            return Self::Open(first.into_iter().map(str::to_owned).collect());
        }
        if keeps { Self::Kept(chosen) } else { Self::Open(chosen) }
    }

    /// Whether this entry is picked.
    fn holds(&self, id: &str) -> bool {
        matches!(self, Self::Kept(picked) | Self::Open(picked) if picked.iter().any(|one| one == id))
    }
}

fn choice_page(visit: &Visit, sandbox: &Sandbox, change: Change) -> Response {
    let session = match unpaid(sandbox, visit.session_id()) {
        Ok(session) => session,
        Err(error) => return refused(visit, sandbox, &error),
    };
    let Some(party) = &session.party else { return visit.to_page("sign-in", &session.id) };
    let (buyer, choice) = (Arc::clone(&party.buyer), party.choice.as_ref());
    // The shop has fixed price and shipping when it sends the buyer to pay: from there only the card can change.
    let change = if session.progress == Progress::Processing { Change::Payment } else { change };
    let page = ChoosePage {
        frame: visit.frame(),
        address: if session.needs_address() {
            Selection::of(
                choice.iter().flat_map(|choice| &choice.addresses).map(|place| place.id.as_str()),
                buyer.addresses.iter().find(|place| session.delivers_to(place)).map(|place| place.id.as_str()),
                change == Change::Payment,
            )
        } else {
            Selection::Hidden
        },
        payment: Selection::of(
            choice.iter().map(|choice| choice.instrument.id),
            buyer.instruments.first().map(|card| card.id),
            change == Change::Address,
        ),
        several: session.request.product_type.is_multi_address(),
        estimate: session.request.terms.payment.estimate_order_total.map(money::shown),
        session_id: session.id.clone(),
        session: session.clone(),
        buyer,
        change,
    };
    visit.page(StatusCode::OK, &page)
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
    let parts = terms.address_prices.as_deref().unwrap_or_default();
    let price_of = |id: &str| parts.iter().find(|part| part.address_id == id).map(|part| money::shown(part.price));
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
#[template(path = "sandbox/choose.html")]
struct ChoosePage {
    frame: Frame,
    session_id: String,
    session: Session,
    buyer: Arc<Buyer>,
    address: Selection,
    payment: Selection,
    /// Whether several addresses may be picked.
    several: bool,
    /// What the order may come to, where the shop has said it.
    estimate: Option<String>,
    change: Change,
}

impl ChoosePage {
    fn title(&self) -> &'static str {
        match self.change {
            Change::Both => self.frame.t("お届け先とお支払い方法", "Address and payment method"),
            Change::Address => self.frame.t("お届け先の変更", "Change the address"),
            Change::Payment => self.frame.t("お支払い方法の変更", "Change the payment method"),
        }
    }
}

/// What the test card does, for the person who tests.
pub(super) fn effect(frame: &Frame, instrument: &Instrument) -> &'static str {
    match instrument.effect {
        CardEffect::Approved => frame.t("承認されます", "is approved"),
        CardEffect::BuyerCanceled => frame.t("購入者のキャンセルになります", "ends as cancelled by the buyer"),
        CardEffect::Declined => frame.t("拒否されます", "is declined"),
        CardEffect::PendingThenAuthorized => {
            frame.t("保留、30 秒後に承認されます", "pending, approved after 30 seconds")
        }
        CardEffect::PendingThenDeclined => frame.t("保留、30 秒後に拒否されます", "pending, declined after 30 seconds"),
        CardEffect::DeclinedHere => frame.t("この画面で拒否、別のカードを選べます", "is declined here; choose another"),
        CardEffect::AsksMfa => frame.t("本人認証を求めます", "asks for a second factor"),
        CardEffect::LaterDeclined(Decline::SoftDeclined) => {
            frame.t("承認、後日の請求は一時的に拒否", "approved; later charges soft-declined")
        }
        CardEffect::LaterDeclined(Decline::HardDeclined) => {
            frame.t("承認、後日の請求でカードが無効に", "approved; later found invalid")
        }
        CardEffect::LaterDeclined(Decline::AmazonRejected) => {
            frame.t("承認、後日の請求で承諾が終了", "approved; a later charge ends the permission")
        }
        CardEffect::LaterDeclined(_) => frame.t("承認、後日の請求は時間切れ", "approved; later charges time out"),
    }
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
