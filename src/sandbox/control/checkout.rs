//! `POST /_control/checkoutSessions`: a checkout session with its buyer, made without a browser and without a
//! signature. What Create Checkout Session or a button would refuse is refused here, too.

use std::slice;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::Value;

use super::pages::refuse;
use crate::sandbox::Sandbox;
use crate::sandbox::ledger::{BuyerError, Cause, Ledger, ProductType};
use crate::sandbox::wire::{session_request, views};

/// What to make, and how far the buyer goes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Play {
    /// One of the merchants.
    merchant_id: String,
    /// What a button's `payloadJSON` would say. Without `webCheckoutDetails` it is the on-page script's.
    payload: Value,
    /// `PayAndShip`, `PayAndShipMultiAddress`, `PayOnly` or `Donation`.
    #[serde(default = "pay_and_ship")]
    product_type: String,
    /// Who buys; the first of all where it is not said.
    #[serde(default)]
    buyer: Option<String>,
    /// Where to.
    #[serde(default = "first_address")]
    address: String,
    /// Where to, with `PayAndShipMultiAddress`; in the place of `address`.
    #[serde(default)]
    addresses: Vec<String>,
    /// With which card.
    #[serde(default = "approved_card")]
    payment: String,
    /// How far the buyer goes.
    #[serde(default)]
    up_to: UpTo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum UpTo {
    /// Nobody has signed in.
    New,
    /// Address and card are chosen.
    Chosen,
    /// The buyer has pressed "pay".
    #[default]
    Paid,
}

fn pay_and_ship() -> String {
    ProductType::PayAndShip.as_str().to_owned()
}

fn first_address() -> String {
    "address-1".to_owned()
}

fn approved_card() -> String {
    "card-1111".to_owned()
}

/// Answers the session as Get Checkout Session shows it.
pub(super) async fn play(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    let play = match serde_json::from_slice::<Play>(&body) {
        Ok(play) => play,
        Err(error) => return refuse(&error.to_string()),
    };
    let mut ledger = sandbox.ledger().caused_by(Cause::Control);
    match run(&mut ledger, &play) {
        Ok(id) => match ledger.session(&id) {
            Some(session) => (StatusCode::CREATED, Json(views::session(&ledger, session))).into_response(),
            None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
        Err(why) => refuse(&why),
    }
}

/// The session's id; or in words why the play stopped. What was made until then stays.
fn run(ledger: &mut Ledger, play: &Play) -> Result<String, String> {
    let product_type = ProductType::parse(&play.product_type).filter(|kind| *kind != ProductType::SignIn);
    let product_type =
        product_type.ok_or("productType must be PayAndShip, PayAndShipMultiAddress, PayOnly or Donation")?;
    let currency = ledger.currency_of(&play.merchant_id);
    let request = session_request::of_button(play.payload.to_string().as_bytes(), product_type, currency);
    let request = request.map_err(|error| error.to_string())?;
    let session = ledger.create_session(&play.merchant_id, request).map_err(|error| error.to_string())?;
    let id = session.id;
    let step = |error: BuyerError| error.to_string();
    if play.up_to >= UpTo::Chosen {
        let buyer = play.buyer.clone().unwrap_or_else(|| ledger.buyers().first_id().to_owned());
        ledger.sign_in(&id, &buyer).map_err(step)?;
        let places = if play.addresses.is_empty() { slice::from_ref(&play.address) } else { &play.addresses[..] };
        ledger.choose(&id, places.iter().map(String::as_str), &play.payment).map_err(step)?;
    }
    if play.up_to >= UpTo::Paid {
        ledger.enter_processing(&id).map_err(step)?;
        ledger.pay(&id).map_err(step)?;
    }
    Ok(id)
}
