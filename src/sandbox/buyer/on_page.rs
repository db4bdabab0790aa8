//! The window of an on-page checkout (`renderJSButton`): one page on which the buyer chooses and pays, and the pages in
//! between on which `on-page.js` asks the shop's page.
//!
//! | | |
//! | --- | --- |
//! | `POST /checkout/on-page/initiate` | what the button posts, see [`HELP`]; 303 to the sign-in page |
//! | `GET /checkout/on-page` | whoever's turn it is |
//! | `POST /checkout/on-page` | `action` = `address`, `delivery`, `payment` (each with a field of that name), `pay`, `cancel` |
//! | `POST /checkout/on-page/answer` | `ask` = the handler's name, `answer` = what it returned, as JSON |
//!
//! A program that plays the window does without the script: the page for the shop's turn has `id="relay-form"`, with the
//! handler's name in `data-handler` and its event in `data-event`.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::sandbox::Sandbox;
use crate::sandbox::buyer::answer::{Frame, Visit, refused};
use crate::sandbox::buyer::choosing::effect;
use crate::sandbox::buyer::initiate::{self, Button, ButtonError};
use crate::sandbox::buyer::money;
use crate::sandbox::buyer::steps::{address_line, card_trouble, unknown_action};
use crate::sandbox::buyers::{Buyer, Instrument};
use crate::sandbox::ledger::{
    Ask, BuyerError, Cart, Choice, DeliveryOption, Ending, Ledger, OnPage, Pick, Session, Trouble, Turn,
};
use crate::sandbox::page::Lang;
use crate::sandbox::wire::on_page as wire;

pub(super) const HELP: &str = "\
POST here what renderJSButton posts (application/x-www-form-urlencoded, UTF-8):

  merchantId             required  whose shop
  origin                 required  scheme, host and port of the shop's page, such as http://127.0.0.1:8082
  ledgerCurrency         required  that of the merchant's ledger, such as JPY
  placement              required  Home, Product, Cart, Checkout or Other
  productType                      PayAndShip (meant where it is blank), PayOnly or Donation
  checkoutLanguage                 ja_JP (meant where it is blank); any other is answered in English
  checkoutSessionConfig            the session as JSON, unsigned: storeId, paymentDetails { paymentIntent, chargeAmount },
                                   scopes, deliverySpecifications, processorSpecifications { name }
  payloadJSON, signature, algorithm, publicKeyId   the same, signed, in its place

Answers: 303 to /checkout/sign-in?amazonCheckoutSessionId=...; 400 or 403 as /checkout/initiate.
";

/// `GET /checkout/on-page/initiate`.
pub(super) async fn help() -> impl IntoResponse {
    let headers =
        [(CONTENT_TYPE, "text/plain; charset=utf-8"), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (CACHE_CONTROL, "no-store")];
    (headers, HELP)
}

/// `POST /checkout/on-page/initiate`.
pub(super) async fn initiate(
    State(sandbox): State<Arc<Sandbox>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut visit = Visit::post(&uri, &headers, &body);
    visit.speak(Lang::of_button(visit.field("checkoutLanguage")));
    let opened = origin(&visit, &headers).and_then(|origin| {
        let signed = visit.field("checkoutSessionConfig").is_empty();
        let required: &[&str] =
            if signed { &initiate::REQUIRED } else { &["merchantId", "ledgerCurrency", "placement"] };
        Ok((origin, signed, initiate::read(&visit, required)?))
    });
    let (origin, signed, button) = match opened {
        Ok(opened) => opened,
        Err(mistakes) => return initiate::bad_button(&visit, &mistakes.join(" ")),
    };
    match open(&sandbox, &visit, origin, &button, signed) {
        Ok(id) => visit.to_page("sign-in", &id),
        Err(error) => initiate::no_session(&visit, button, error),
    }
}

fn open(
    sandbox: &Sandbox,
    visit: &Visit,
    origin: String,
    button: &Button,
    signed: bool,
) -> Result<String, ButtonError> {
    let (merchant_id, config) = if signed {
        (initiate::signer(sandbox, button)?, button.payload.as_str())
    } else {
        (initiate::named_merchant(sandbox, button)?, visit.field("checkoutSessionConfig"))
    };
    let currency = initiate::agreed_currency(sandbox, merchant_id, button)?;
    let mut ledger = sandbox.ledger();
    let request = wire::request(config.as_bytes(), button.product_type, currency).map_err(ButtonError::Refused)?;
    let session = ledger.create_session(merchant_id, request.session).map_err(ButtonError::Refused)?;
    let language = Some(visit.field("checkoutLanguage")).filter(|language| !language.is_empty()).unwrap_or("ja_JP");
    let on_page = OnPage::new(origin, language.to_owned(), request.processor, request.cart);
    ledger.open_on_page(&session.id, on_page);
    Ok(session.id)
}

/// Where the shop's page is; what the browser says of it counts.
fn origin(visit: &Visit, headers: &HeaderMap) -> Result<String, Vec<String>> {
    let named = visit.field("origin");
    let is_origin = |url: &Url| url.origin().ascii_serialization() == named;
    if !Url::parse(named).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && is_origin(&url)) {
        let mistake = "origin is missing or none: the shop’s page must be loaded over http or https.";
        return Err(vec![mistake.to_owned()]);
    }
    match headers.get(ORIGIN).and_then(|value| value.to_str().ok()) {
        Some(posted) if posted != named && posted != "null" => {
            Err(vec![format!("origin is {named}, but the browser comes from {posted}.")])
        }
        _ => Ok(named.to_owned()),
    }
}

/// `GET /checkout/on-page?amazonCheckoutSessionId=…`
pub(super) async fn page(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    show(&visit, &sandbox, StatusCode::OK, None)
}

/// `POST /checkout/on-page`: what the buyer does.
pub(super) async fn act(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let visit = Visit::post(&uri, &headers, &body);
    let id = visit.session_id();
    let done = match visit.field("action") {
        "address" => sandbox.ledger().pick(id, Pick::Address(visit.field("address"))),
        "delivery" => sandbox.ledger().pick(id, Pick::Delivery(visit.field("delivery"))),
        "payment" => sandbox.ledger().pick(id, Pick::Payment(visit.field("payment"))),
        "pay" => sandbox.ledger().pay_on_page(id),
        "cancel" => sandbox.ledger().cancel_on_page(id),
        other => return unknown_action(&visit, other, "address, delivery, payment, pay, cancel"),
    };
    match done {
        Ok(()) => visit.to_page("on-page", id),
        Err(BuyerError::AsksMfa) => visit.to_page("mfa", id),
        Err(error @ (BuyerError::CardDeclined(_) | BuyerError::CardNeedsPending(_))) => {
            let trouble = card_trouble(visit.lang, &error);
            show(&visit, &sandbox, StatusCode::CONFLICT, Some(trouble))
        }
        Err(error) => refused(&visit, &sandbox, &error),
    }
}

/// `POST /checkout/on-page/answer`: what the shop's page answered.
pub(super) async fn answer(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let visit = Visit::post(&uri, &headers, &body);
    let id = visit.session_id();
    let Some(ask) = Ask::of_handler(visit.field("ask")) else {
        return unknown_action(&visit, visit.field("ask"), "the handlers’ names");
    };
    let done = take_answer(&mut sandbox.ledger(), id, ask, visit.field("answer"));
    match done {
        Ok(Some(url)) => visit.see_other(&url),
        Ok(None) => visit.to_page("on-page", id),
        Err(error) => refused(&visit, &sandbox, &error),
    }
}

/// The address that the browser must go to first, if there is one.
fn take_answer(ledger: &mut Ledger, id: &str, ask: Ask, text: &str) -> Result<Option<String>, BuyerError> {
    let session = ledger.session(id).ok_or_else(|| BuyerError::UnknownSession(id.to_owned()))?;
    match wire::answer(ask, text, session.currency) {
        Ok(answer) => ledger.answer_on_page(id, ask, answer),
        Err(error) => {
            ledger.complain_on_page(id, ask, format!("{}: {}", ask.handler(), error.message))?;
            Ok(None)
        }
    }
}

/// The page for whoever's turn it is.
fn show(visit: &Visit, sandbox: &Sandbox, status: StatusCode, trouble: Option<String>) -> Response {
    let ledger = sandbox.ledger();
    let id = visit.session_id();
    let (Some(session), Some(on_page)) = (ledger.session(id), ledger.on_page(id)) else {
        let error = BuyerError::UnknownSession(id.to_owned());
        drop(ledger);
        return refused(visit, sandbox, &error);
    };
    match on_page.turn {
        Turn::Shop(ask) => visit.scripted_page(status, &relay(visit, &ledger, session, on_page, ask)),
        Turn::Over(ending) => visit.scripted_page(status, &over(visit, session, on_page, ending)),
        Turn::Buyer(said) => {
            let Some(party) = &session.party else { return visit.to_page("sign-in", id) };
            let trouble = trouble.or_else(|| said.map(|said| words(visit.lang, said).to_owned()));
            let page = BuyNowPage {
                frame: visit.frame(),
                merchant: merchant(sandbox, session),
                relay: Relay::telling(session, on_page, "", String::new()),
                trouble,
                address: session.choice().and_then(Choice::address).map(|place| address_line(place)),
                chosen_address: session
                    .choice()
                    .and_then(Choice::address)
                    .map_or_else(String::new, |address| address.id.clone()),
                payment: session.choice().map(|choice| choice.instrument),
                delivery: on_page.delivery.clone().unwrap_or_default(),
                lines: lines(visit.lang, &on_page.cart),
                total: session.request.terms.due().map(money::shown),
                cart: on_page.cart.clone(),
                session: session.clone(),
                buyer: Arc::clone(&party.buyer),
            };
            visit.scripted_page(status, &page)
        }
    }
}

fn relay(visit: &Visit, ledger: &Ledger, session: &Session, on_page: &OnPage, ask: Ask) -> RelayPage {
    let event = wire::event(ledger, session, on_page, ask).to_string();
    RelayPage { frame: visit.frame(), relay: Relay::telling(session, on_page, ask.handler(), event) }
}

fn over(visit: &Visit, session: &Session, on_page: &OnPage, ending: Ending) -> OverPage {
    let (title, text) = match ending {
        Ending::Success => (
            visit.lang.pick("お支払いが済みました", "You have paid"),
            visit.lang.pick("お店のページに戻ってください。", "Please go back to the shop’s page."),
        ),
        Ending::Canceled => (
            visit.lang.pick("取り消しました", "Cancelled"),
            visit.lang.pick(
                "お支払いはされていません。お店のページに戻ってください。",
                "Nothing was paid. Please go back to the shop’s page.",
            ),
        ),
        Ending::Error => (
            visit.lang.pick("お手続きを続けられませんでした", "The checkout could not go on"),
            visit.lang.pick(
                "お店のページに戻って、やりなおしてください。",
                "Please go back to the shop’s page and try again.",
            ),
        ),
    };
    let told = match ending {
        Ending::Success => "success",
        Ending::Canceled => "onCancel",
        Ending::Error => "error",
    };
    let event = serde_json::json!({"amazonCheckoutSessionId": session.id}).to_string();
    OverPage { frame: visit.frame(), relay: Relay::telling(session, on_page, told, event), title, text }
}

const fn words(lang: Lang, trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Declined => lang.pick(
            "お支払いが承認されませんでした。別のお支払い方法を選んで、もう一度お試しください。",
            "The payment was declined. Please choose another payment method and try again.",
        ),
        Trouble::Refused => lang.pick(
            "お店がこの選択を受け付けませんでした。別のものを選んでください。",
            "The shop does not take this choice. Please choose another.",
        ),
    }
}

/// The sums above the total, as far as the shop has said them.
fn lines(lang: Lang, cart: &Cart) -> Vec<(&'static str, String)> {
    let said = [
        (lang.pick("商品", "Goods"), cart.base),
        (lang.pick("送料", "Shipping"), cart.shipping),
        (lang.pick("税", "Tax"), cart.tax),
        (lang.pick("割引", "Discount"), cart.discount.filter(|discount| !discount.is_zero())),
    ];
    said.into_iter().filter_map(|(name, amount)| Some((name, money::shown(amount?)))).collect()
}

fn merchant(sandbox: &Sandbox, session: &Session) -> String {
    let named = session.request.terms.merchant.merchant_store_name.clone();
    let known = || sandbox.merchant(&session.merchant_id).map(|merchant| merchant.name.clone());
    named.or_else(known).unwrap_or_else(|| session.merchant_id.clone())
}

/// What the page's script needs to talk to the shop's page.
struct Relay {
    session_id: String,
    origin: String,
    handler: &'static str,
    /// JSON.
    event: String,
    complaint: String,
}

impl Relay {
    fn telling(session: &Session, on_page: &OnPage, handler: &'static str, event: String) -> Self {
        Self {
            session_id: session.id.clone(),
            origin: on_page.origin.clone(),
            handler,
            event,
            complaint: on_page.complaint.clone().unwrap_or_default(),
        }
    }
}

#[derive(Template)]
#[template(path = "sandbox/on_page_relay.html")]
struct RelayPage {
    frame: Frame,
    relay: Relay,
}

#[derive(Template)]
#[template(path = "sandbox/on_page_over.html")]
struct OverPage {
    frame: Frame,
    relay: Relay,
    title: &'static str,
    text: &'static str,
}

#[derive(Template)]
#[template(path = "sandbox/on_page.html")]
struct BuyNowPage {
    frame: Frame,
    relay: Relay,
    session: Session,
    merchant: String,
    trouble: Option<String>,
    buyer: Arc<Buyer>,
    /// `None` where nothing is sent.
    address: Option<String>,
    chosen_address: String,
    payment: Option<&'static Instrument>,
    delivery: String,
    cart: Cart,
    lines: Vec<(&'static str, String)>,
    total: Option<String>,
}

impl BuyNowPage {
    fn options(&self) -> &[DeliveryOption] {
        self.cart.options.as_deref().unwrap_or_default()
    }

    fn price(option: &DeliveryOption) -> String {
        money::shown(option.price)
    }
}
