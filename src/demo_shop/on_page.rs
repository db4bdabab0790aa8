//! Checkouts that stay on the shop's page: Amazon's script opens a window and hands over what the server needs.
//!
//! Two kinds. "On page": the gateway finalizes the session (psp-protocol 13.15). "One click": the shop is connected as a
//! cPSP (AmazonpayType 4), and the gateway charges the permission that the buyer gave in the window; where Amazon demands
//! a second factor the window goes to the gateway and comes back (psp-protocol 7, E). What the page's script sends is
//! what a browser says: amounts come from the cart.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::demo_shop::checkout::ending;
use crate::demo_shop::pages::{OnPagePage, StartPage, on_page_button};
use crate::demo_shop::paying::Paying;
use crate::demo_shop::state::{Job, Order, Outcome, price};
use crate::demo_shop::visit::{Forms, Visit, no_such_page};

/// `GET /<shop>/on-page`.
pub(super) async fn page(visit: Visit) -> Response {
    checkout_page(&visit, false)
}

/// `GET /<shop>/one-click`.
pub(super) async fn page_approved(visit: Visit) -> Response {
    checkout_page(&visit, true)
}

fn checkout_page(visit: &Visit, approved: bool) -> Response {
    let lines = visit.cart().lines();
    let price = price(&lines);
    let page = OnPagePage {
        frame: visit.frame(),
        price,
        lines,
        approved,
        checkout_js_url: visit.shop.checkout_js_url.clone(),
        button_config: on_page_button(&visit.storefront.account, visit.lang, price, approved),
    };
    visit.page(StatusCode::OK, Forms::Away, &page)
}

/// What the page's script sends after "pay now".
#[derive(Deserialize)]
pub(super) struct Paid {
    #[serde(rename = "amazonCheckoutSessionId")]
    checkout_session_id: String,
    #[serde(default)]
    job: String,
}

/// `POST /<shop>/on-page/finish`: answers what the script tells Amazon, and where the page goes next.
pub(super) async fn finish(visit: Visit, Form(paid): Form<Paid>) -> Response {
    let lines = visit.cart().lines();
    if lines.is_empty() {
        return nothing_to_pay();
    }
    let (price, job) = (price(&lines), Job::of(&paid.job).unwrap_or(Job::Auth));
    let (order, _) = visit.begin(Paying::OnPage { session: paid.checkout_session_id }, job, lines, price).await;
    Json(verdict(&visit, &order)).into_response()
}

/// What the page's script sends after "pay now" where the shop is connected as a cPSP.
#[derive(Deserialize)]
pub(super) struct Permitted {
    #[serde(rename = "amazonChargePermissionId")]
    charge_permission_id: String,
    #[serde(rename = "amazonPayMFAReturnUrl")]
    mfa_return_url: String,
    #[serde(default)]
    job: String,
}

/// `POST /<shop>/one-click/finish`: the same; after a second factor the script asks again with the same permission, and
/// hears how its order stands.
pub(super) async fn finish_approved(visit: Visit, Form(permitted): Form<Permitted>) -> Response {
    let earlier = {
        let state = visit.storefront.state();
        state.orders.newest().find(|order| is_of(order, &permitted.charge_permission_id)).cloned()
    };
    if let Some(order) = earlier {
        let order = visit.settle(order).await;
        return Json(verdict(&visit, &order)).into_response();
    }
    let lines = visit.cart().lines();
    if lines.is_empty() {
        return nothing_to_pay();
    }
    let (price, job) = (price(&lines), Job::of(&permitted.job).unwrap_or(Job::Auth));
    let paying =
        Paying::Approved { permission: permitted.charge_permission_id, mfa_return_url: permitted.mfa_return_url };
    let (order, start) = visit.begin(paying, job, lines, price).await;
    let Some(start) = start else { return Json(verdict(&visit, &order)).into_response() };
    visit.change(&order.id, |order| order.start = Some(start));
    let go = format!("{}{}", visit.shop.base_url, visit.path(&format!("/go/{}", order.id)));
    Json(json!({ "status": "redirectRequired", "redirectUrl": go })).into_response()
}

/// Whether an order is paid by this permission, given in a window of this shop.
fn is_of(order: &Order, permission_id: &str) -> bool {
    matches!(&order.paying, Paying::Approved { permission, .. } if permission == permission_id)
}

fn nothing_to_pay() -> Response {
    (StatusCode::CONFLICT, Json(json!({ "status": "error", "next": "cart" }))).into_response()
}

fn verdict(visit: &Visit, order: &Order) -> Value {
    let status = match order.outcome() {
        Outcome::Paid => "success",
        Outcome::Failed => "decline",
        Outcome::Open => "error",
    };
    json!({ "status": status, "next": visit.path(&ending(order)) })
}

/// `GET /<shop>/go/<order>`: Amazon's window passes here on its way to the second factor.
pub(super) async fn go(visit: Visit, Path((_, order_id)): Path<(String, String)>) -> Response {
    match visit.order(&order_id).and_then(|order| order.start) {
        Some(start) => visit.page(StatusCode::OK, Forms::Away, &StartPage { frame: visit.frame(), start }),
        None => no_such_page(&visit.shop, visit.lang),
    }
}
