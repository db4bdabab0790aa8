//! `POST /checkout/upgrade`: where `bindUpgradeAction` leads. The buyer of an order is asked to make a subscription of
//! it: a new checkout session for the same buyer and card, which goes straight to the consent page and from there to
//! `checkoutResultReturnUrl`; the merchant completes it and gets a Recurring charge permission.
//!
//! The signed payload is that of Create Checkout Session with `checkoutMode` ProcessOrder, `chargePermissionType`
//! Recurring and `recurringMetadata`, and names the order's `chargePermissionId`. That the payload is of this shape is
//! ours; Amazon's page says only that it is signed.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Map, Value};

use crate::sandbox::Sandbox;
use crate::sandbox::buyer::answer::Visit;
use crate::sandbox::buyer::initiate::{self, Button, ButtonError};
use crate::sandbox::error::{ApiError, ReasonCode};
use crate::sandbox::ledger::ProductType;
use crate::sandbox::page::Lang;
use crate::sandbox::wire::session_request;

const REQUIRED: [&str; 4] = ["merchantId", "publicKeyId", "payloadJSON", "signature"];

/// `POST /checkout/upgrade`: `merchantId`, `publicKeyId`, `payloadJSON`, `signature`, `algorithm`, `checkoutLanguage`.
pub(super) async fn upgrade(
    State(sandbox): State<Arc<Sandbox>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut visit = Visit::post(&uri, &headers, &body);
    visit.speak(Lang::of_button(visit.field("checkoutLanguage")));
    let button = match initiate::read(&visit, &REQUIRED) {
        Ok(button) => button,
        Err(mistakes) => return initiate::bad_button(&visit, &mistakes.join(" ")),
    };
    match open(&sandbox, &button) {
        Ok(id) => visit.to_page("processing", &id),
        Err(error) => initiate::no_session(&visit, button, error),
    }
}

fn open(sandbox: &Sandbox, button: &Button) -> Result<String, ButtonError> {
    let merchant_id = initiate::signer(sandbox, button)?;
    let refuse = |code, message: String| ButtonError::Refused(ApiError::new(code, message));
    let mut payload: Map<String, Value> = serde_json::from_str(&button.payload)
        .map_err(|error| refuse(ReasonCode::InvalidRequestFormat, format!("payloadJSON is not JSON: {error}")))?;
    let Some(Value::String(permission_id)) = payload.remove("chargePermissionId") else {
        return Err(refuse(ReasonCode::MissingParameterValue, "chargePermissionId is missing".to_owned()));
    };
    let mut ledger = sandbox.ledger();
    let currency = ledger.currency_of(merchant_id);
    let text = Value::Object(payload).to_string();
    let request = session_request::of_button(text.as_bytes(), ProductType::PayOnly, currency);
    let request = request.map_err(ButtonError::Refused)?;
    ledger.open_upgrade(merchant_id, &permission_id, request).map_err(ButtonError::Refused)
}
