//! `POST /checkout/initiate`: where the button leads. Verifies the button's signature and opens a checkout session.
//!
//! The form (`application/x-www-form-urlencoded`, UTF-8), as `checkout.js` posts it; names as in the button's
//! configuration (amazon-pay 3.1):
//!
//! | field | |
//! | --- | --- |
//! | `merchantId` | required; the merchant whose key signed |
//! | `publicKeyId` | required; which key |
//! | `payloadJSON` | required; the signed text, byte for byte |
//! | `signature` | required; Base64 |
//! | `algorithm` | `AMZN-PAY-RSASSA-PSS-V2`, or `AMZN-PAY-RSASSA-PSS`, which is meant where it is blank |
//! | `ledgerCurrency` | required; that of the merchant's ledger, such as `JPY` |
//! | `placement` | required; `Home`, `Product`, `Cart`, `Checkout` or `Other` |
//! | `productType` | `PayAndShip` (meant where it is blank), `PayAndShipMultiAddress`, `PayOnly`, `Donation` or `SignIn` |
//! | `checkoutLanguage` | `ja_JP` (meant where it is blank); any other is answered in English |
//!
//! Answers 303 to `/checkout/sign-in?amazonCheckoutSessionId=…` (`/checkout/identify?signInId=…` for SignIn); 403 with the server's string to sign where the
//! signature does not fit; 400 where a field or the payload is wrong.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::sandbox::Sandbox;
use crate::sandbox::buyer::answer::{Frame, Message, Visit};
use crate::sandbox::error::{ApiError, ReasonCode};
use crate::sandbox::ledger::{Currency, ProductType};
use crate::sandbox::page::Lang;
use crate::sandbox::wire::session_request;

/// What a signed button must say.
pub(super) const REQUIRED: [&str; 6] =
    ["merchantId", "publicKeyId", "payloadJSON", "signature", "ledgerCurrency", "placement"];
const PLACEMENTS: [&str; 5] = ["Home", "Product", "Cart", "Checkout", "Other"];

const HELP: &str = "\
POST here what the Amazon Pay button posts (application/x-www-form-urlencoded, UTF-8):

  merchantId        required  the merchant whose key signed
  publicKeyId       required  which key
  payloadJSON       required  the signed text, byte for byte
  signature         required  Base64
  algorithm                   AMZN-PAY-RSASSA-PSS-V2, or AMZN-PAY-RSASSA-PSS (meant where it is blank)
  ledgerCurrency    required  that of the merchant's ledger, such as JPY
  placement         required  Home, Product, Cart, Checkout or Other
  productType                 PayAndShip (meant where it is blank), PayAndShipMultiAddress, PayOnly, Donation or SignIn
  checkoutLanguage            ja_JP (meant where it is blank); any other is answered in English

Answers: 303 to /checkout/sign-in?amazonCheckoutSessionId=... (with SignIn, to /checkout/identify?signInId=...)
         403 with this server's string to sign where the signature does not fit
         400 where a field or the payload is wrong

Then POST (the session's id in amazonCheckoutSessionId each time):

  /checkout/sign-in     buyer=... action=sign-in | cancel
  /checkout/choose      address=... payment=... action=continue | cancel   (no address with PayOnly and Donation, one or
                                                                            several with PayAndShipMultiAddress)
  /checkout/processing  action=pay | cancel   (once the shop has sent you to amazonPayRedirectUrl)

  /checkout/identify    buyer=... action=sign-in | cancel   (with SignIn, and signInId for the session's id)

A payload that says checkoutMode ProcessOrder goes from choosing straight to paying, and from there to
checkoutResultReturnUrl. One that names no webCheckoutDetails at all is for a checkout inside the shop's page: it does
the same, but the buyer stays here after paying, and the merchant finalizes instead of completing.

The values of buyer, address and payment stand in the pages of the same addresses.
";

/// What a button says, checked for presence only.
pub(super) struct Button {
    /// The merchant that the page names. The signature does not cover it.
    merchant_id: String,
    /// The key that is said to have signed.
    public_key_id: String,
    /// How it is said to have signed; empty where the button does not say.
    algorithm: String,
    /// The signed text.
    pub(super) payload: String,
    /// Base64.
    signature: String,
    /// What the merchant is said to be paid in; empty where the button does not say.
    ledger_currency: String,
    /// What the button was rendered for; not part of the payload.
    pub(super) product_type: ProductType,
}

/// Why a button opens no session.
pub(super) enum ButtonError {
    /// The signature is not this merchant's, or not of this text. The message shows the server's string to sign.
    Unsigned(ApiError),
    /// The payload is signed, but Create Checkout Session would refuse it.
    Refused(ApiError),
}

/// `GET /checkout/initiate`.
pub(super) async fn help() -> impl IntoResponse {
    let headers =
        [(CONTENT_TYPE, "text/plain; charset=utf-8"), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (CACHE_CONTROL, "no-store")];
    (headers, HELP)
}

/// `POST /checkout/initiate`.
pub(super) async fn initiate(
    State(sandbox): State<Arc<Sandbox>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut visit = Visit::post(&uri, &headers, &body);
    visit.speak(Lang::of_button(visit.field("checkoutLanguage")));
    let button = match read(&visit, &REQUIRED) {
        Ok(button) => button,
        Err(mistakes) => return bad_button(&visit, &mistakes.join(" ")),
    };
    match open(&sandbox, &button) {
        Ok(id) if button.product_type == ProductType::SignIn => {
            visit.see_other(&format!("/checkout/identify?signInId={id}"))
        }
        Ok(id) => visit.to_page("sign-in", &id),
        Err(error) => no_session(&visit, button, error),
    }
}

/// The page for a button that opens no session.
pub(super) fn no_session(visit: &Visit, button: Button, error: ButtonError) -> Response {
    match error {
        ButtonError::Unsigned(error) => {
            tracing::info!(merchant_id = button.merchant_id, code = error.code.as_str(), "a button is not signed");
            visit.page(StatusCode::FORBIDDEN, &BadSignaturePage { frame: visit.frame(), button, error })
        }
        ButtonError::Refused(error) => bad_button(visit, &error.to_string()),
    }
}

/// Verifies the button's signature and opens the session, or the sign-in, that its payload asks for; answers its id.
fn open(sandbox: &Sandbox, button: &Button) -> Result<String, ButtonError> {
    let merchant_id = signer(sandbox, button)?;
    let currency = agreed_currency(sandbox, merchant_id, button)?;
    let payload = &button.payload;
    if button.product_type == ProductType::SignIn {
        let request = session_request::sign_in(payload.as_bytes()).map_err(ButtonError::Refused)?;
        return sandbox.ledger().open_sign_in(merchant_id, request).map_err(ButtonError::Refused);
    }
    let request = session_request::of_button(payload.as_bytes(), button.product_type, currency);
    let request = request.map_err(ButtonError::Refused)?;
    let session = sandbox.ledger().create_session(merchant_id, request).map_err(ButtonError::Refused)?;
    Ok(session.id)
}

/// What the merchant is paid in, which the button has to name rightly.
pub(super) fn agreed_currency(sandbox: &Sandbox, merchant_id: &str, button: &Button) -> Result<Currency, ButtonError> {
    let (own, named) = (sandbox.ledger().currency_of(merchant_id), button.ledger_currency.as_str());
    if named.is_empty() || named == own.as_str() {
        return Ok(own);
    }
    let message = format!("ledgerCurrency is {named}, but the merchant's ledger is in {}", own.as_str());
    Err(ButtonError::Refused(ApiError::new(ReasonCode::CurrencyMismatch, message)))
}

/// The merchant that an unsigned button names, if it is one of ours.
pub(super) fn named_merchant<'a>(sandbox: &'a Sandbox, button: &Button) -> Result<&'a str, ButtonError> {
    let merchant = sandbox.merchant(&button.merchant_id).map(|merchant| merchant.merchant_id.as_str());
    merchant.ok_or_else(|| {
        let message = format!("merchantId {} is not known in this sandbox", button.merchant_id);
        ButtonError::Refused(ApiError::new(ReasonCode::InvalidParameterValue, message))
    })
}

/// The merchant whose signature a button bears.
pub(super) fn signer<'a>(sandbox: &'a Sandbox, button: &Button) -> Result<&'a str, ButtonError> {
    let Button { payload, signature, public_key_id, .. } = button;
    let verify = |text: &str| sandbox.keys().verify_button(text, signature, Some(&button.algorithm), public_key_id);
    // A browser posts every line end as CRLF, also where the signed text has LF.
    let with_lf = payload.replace("\r\n", "\n");
    let signer = verify(payload).or_else(|error| if with_lf == *payload { Err(error) } else { verify(&with_lf) });
    let merchant_id = signer.map_err(ButtonError::Unsigned)?;
    if merchant_id != button.merchant_id {
        let message = format!("Public key {public_key_id} is not a key of merchant {}", button.merchant_id);
        return Err(ButtonError::Unsigned(ApiError::new(ReasonCode::UnauthorizedAccess, message)));
    }
    Ok(merchant_id)
}

/// Reads the fields; each mistake is a sentence.
pub(super) fn read(visit: &Visit, required: &[&str]) -> Result<Button, Vec<String>> {
    let missing = required.iter().filter(|name| visit.field(name).is_empty());
    let mut mistakes: Vec<String> = missing.map(|name| format!("{name} is missing.")).collect();
    if !matches!(visit.field("ledgerCurrency"), "" | "JPY" | "USD" | "EUR" | "GBP") {
        mistakes.push("ledgerCurrency must be JPY, USD, EUR or GBP.".to_owned());
    }
    if !visit.field("placement").is_empty() && !PLACEMENTS.contains(&visit.field("placement")) {
        mistakes.push(format!("placement must be one of {}.", PLACEMENTS.join(", ")));
    }
    let product_type = match visit.field("productType") {
        "" => Some(ProductType::PayAndShip),
        name => ProductType::parse(name),
    };
    let Some(product_type) = product_type.filter(|_| mistakes.is_empty()) else {
        if product_type.is_none() {
            mistakes.push(format!("productType must be one of {}.", ProductType::SPELLED.join(", ")));
        }
        return Err(mistakes);
    };
    Ok(Button {
        merchant_id: visit.field("merchantId").to_owned(),
        public_key_id: visit.field("publicKeyId").to_owned(),
        algorithm: visit.field("algorithm").to_owned(),
        payload: visit.field("payloadJSON").to_owned(),
        signature: visit.field("signature").to_owned(),
        ledger_currency: visit.field("ledgerCurrency").to_owned(),
        product_type,
    })
}

/// The page for a button whose configuration is wrong.
pub(super) fn bad_button(visit: &Visit, detail: &str) -> Response {
    let title = visit.lang.pick("ボタンの設定に誤りがあります", "The button is set up wrongly");
    let text = visit.lang.pick(
        "お店の設定の誤りのため、お手続きを始められません。",
        "The checkout cannot begin, because the shop’s button is set up wrongly.",
    );
    visit.message(&Message::plain(StatusCode::BAD_REQUEST, title, text, detail))
}

#[derive(Template)]
#[template(path = "sandbox/bad_signature.html")]
struct BadSignaturePage {
    frame: Frame,
    button: Button,
    error: ApiError,
}
