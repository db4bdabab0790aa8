//! `/driver/signin`: the Amazon Pay button, with a payload that the tester may change and the driver's signature.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde_json::Value;

use super::canonical::Scheme;
use super::key::KeyPair;
use super::nav::{Nav, broken, lines};
use super::pages;
use super::prefill::Proposer;
use crate::sandbox::Sandbox;
use crate::sandbox::desk::{Frame, Visit};

/// What the sample code's page lists for each (seed 000).
const PRODUCT_TYPES: [&str; 2] = ["PayAndShip", "PayOnly"];
const PLACEMENTS: [&str; 5] = ["Home", "Product", "Cart", "Checkout", "Other"];
const LANGUAGES: [&str; 7] = ["ja_JP", "en_US", "en_GB", "de_DE", "fr_FR", "it_IT", "es_ES"];

/// The page's name.
const HERE: &str = "signin";

/// `GET /driver/signin`.
pub(super) async fn show(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    let nav = match Nav::of(&visit, &sandbox, HERE) {
        Ok(nav) => nav,
        Err(page) => return *page,
    };
    let payload = {
        let ledger = sandbox.ledger();
        Proposer { ledger: &ledger, merchant: nav.merchant, base_url: sandbox.base_url() }.payload()
    };
    let button = Button {
        payload,
        product_type: PRODUCT_TYPES[0].to_owned(),
        placement: "Other".to_owned(),
        language: visit.lang.pick("ja_JP", "en_US").to_owned(),
        algorithm: Scheme::default().name().to_owned(),
    };
    visit.page(StatusCode::OK, &SignInPage::of(&visit, nav, &button))
}

/// `POST /driver/signin`: signs the payload and draws the button.
pub(super) async fn sign(
    State(sandbox): State<Arc<Sandbox>>,
    uri: Uri,
    headers: HeaderMap,
    form: Result<Bytes, BytesRejection>,
) -> Response {
    let form = match pages::read(&uri, &headers, form) {
        Ok(form) => form,
        Err(page) => return *page,
    };
    let visit = Visit::post(&uri, &headers, &form);
    let nav = match Nav::of(&visit, &sandbox, HERE) {
        Ok(nav) => nav,
        Err(page) => return *page,
    };
    let field = |name: &str| visit.raw_field(name).to_owned();
    let button = Button {
        payload: lines(&visit, "payload"),
        product_type: field("productType"),
        placement: field("placement"),
        language: field("checkoutLanguage"),
        algorithm: field("algorithm"),
    };
    let merchant_id = &nav.merchant.merchant_id;
    let mut page = SignInPage::of(&visit, nav, &button);
    let Some(scheme) = Scheme::named(&button.algorithm) else {
        let (ja, en) = ("そのような署名アルゴリズムはありません: ", "There is no such algorithm: ");
        page.notes.push(visit.lang.pick(ja, en).to_owned() + &button.algorithm);
        return visit.page(StatusCode::BAD_REQUEST, &page);
    };
    if let Err(error) = serde_json::from_str::<Value>(&button.payload) {
        let ja = "ペイロードは JSON として読めません。このまま署名しました。";
        let en = "The payload is no JSON. It was signed like this.";
        page.notes.push(format!("{} ({error})", visit.lang.pick(ja, en)));
    }
    let string_to_sign = scheme.string_to_sign(&button.payload);
    let signed = match KeyPair::of(&sandbox, merchant_id).await {
        Ok(pair) => pair.sign(scheme, &string_to_sign, &*sandbox.rng),
        Err(error) => Err(error),
    };
    match signed {
        Ok(signature) => page.signed = Some(Signed { string_to_sign, signature }),
        Err(error) => return broken(&visit, &error),
    }
    visit.page(StatusCode::OK, &page)
}

/// What the form says. The button is drawn with it, right or wrong: the script says what is wrong.
struct Button {
    payload: String,
    product_type: String,
    placement: String,
    language: String,
    algorithm: String,
}

struct Signed {
    string_to_sign: String,
    signature: String,
}

#[derive(Template)]
#[template(path = "sandbox/driver/sign_in.html")]
struct SignInPage<'a> {
    frame: Frame,
    nav: Nav<'a>,
    button: &'a Button,
    signed: Option<Signed>,
    notes: Vec<String>,
}

impl<'a> SignInPage<'a> {
    fn of(visit: &Visit, nav: Nav<'a>, button: &'a Button) -> Self {
        Self { frame: visit.frame(), nav, button, signed: None, notes: Vec::new() }
    }
}
