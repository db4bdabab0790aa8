//! "Pay now": an additional payment button (APB). The shop knows the address already, and the buyer pays at Amazon
//! without coming back for a review (psp-protocol 7, C). The shopper acts.
//!
//! The button is only a picture that sends the shop's own form: it works without a script, too.

use axum::Form;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::demo_shop::pages::{ExpressPage, plain_button};
use crate::demo_shop::paying::{Paying, ShipTo};
use crate::demo_shop::state::{Job, price};
use crate::demo_shop::visit::{Forms, Visit};

/// `GET /<shop>/express`.
pub(super) async fn page(visit: Visit) -> Response {
    let lines = visit.cart().lines();
    let page = ExpressPage {
        frame: visit.frame(),
        price: price(&lines),
        lines,
        checkout_js_url: visit.shop.checkout_js_url.clone(),
        button_config: plain_button(&visit.storefront.account, visit.lang),
    };
    visit.page(StatusCode::OK, Forms::Away, &page)
}

/// The form beside the button.
#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    job: String,
    /// `monthly` where the buyer consents to a charge every month.
    #[serde(default)]
    repeat: String,
    /// `parcel` where something is shipped.
    #[serde(default)]
    delivery: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    postal_code: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    city: String,
    #[serde(default)]
    line1: String,
    #[serde(default)]
    phone: String,
}

/// `POST /<shop>/express/order`: opens a transaction for the cart, and sends the browser to pay.
pub(super) async fn order(visit: Visit, Form(wish): Form<Wish>) -> Response {
    let lines = visit.cart().lines();
    if lines.is_empty() {
        return visit.see_other("/express");
    }
    let (price, job) = (price(&lines), Job::of(&wish.job).unwrap_or(Job::Auth));
    let monthly = wish.repeat == "monthly";
    let ship_to = (wish.delivery == "parcel").then_some(ShipTo {
        name: wish.name,
        postal_code: wish.postal_code,
        state: wish.state,
        city: wish.city,
        line1: wish.line1,
        phone: wish.phone,
    });
    visit.place(Paying::Express { ship_to, monthly }, job, lines, price).await
}
