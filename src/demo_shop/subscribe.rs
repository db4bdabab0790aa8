//! Subscriptions: a consent to monthly charges, the charges on it, and its end (psp-protocol 7, B and G).
//!
//! The shopper consents; the shop's staff charge and end. A real shop charges by a timer.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::future::join_all;

use crate::demo_shop::catalogue::taxed;
use crate::demo_shop::pages::{SubscribePage, SubscriptionRow, SubscriptionsPage, consent_button};
use crate::demo_shop::paying::Paying;
use crate::demo_shop::state::{Act, Job, Line, Order, Outcome, Problem, price};
use crate::demo_shop::visit::{Forms, Visit, no_such_page};

/// How many of the newest subscriptions are shown and asked about.
const ROWS_MAX: usize = 20;

/// `GET /<shop>/subscribe`.
pub(super) async fn page(visit: Visit) -> Response {
    let lines = visit.cart().lines();
    let page = SubscribePage {
        frame: visit.frame(),
        price: price(&lines),
        lines,
        checkout_js_url: visit.shop.checkout_js_url.clone(),
        button_config: consent_button(&visit.storefront.account, visit.lang),
    };
    visit.page(StatusCode::OK, Forms::Away, &page)
}

/// `GET /<shop>/subscriptions`: every consent that was given here, as Amazon has it now.
pub(super) async fn list(visit: Visit) -> Response {
    let given = |order: &&Order| order.paying.is_consent();
    let orders: Vec<Order> = visit.storefront.state().orders.newest().filter(given).take(ROWS_MAX).cloned().collect();
    let ask = async |order: Order| {
        let order = visit.settle(order).await;
        if order.permission.is_empty() || order.outcome() != Outcome::Paid {
            return None;
        }
        let permission = visit.shop.psp.search_permission(&visit.storefront.account, &order.permission).await;
        Some(SubscriptionRow { order, permission: permission.map_err(Problem::from) })
    };
    let rows = join_all(orders.into_iter().map(ask)).await.into_iter().flatten().collect();
    visit.page(StatusCode::OK, Forms::Own, &SubscriptionsPage { frame: visit.frame(), rows })
}

/// `POST /<shop>/subscriptions/<order>/charge`: another month. No buyer is needed.
pub(super) async fn charge(visit: Visit, Path((_, order_id)): Path<(String, String)>) -> Response {
    let Some(consent) = consent(&visit, &order_id) else { return no_such_page(&visit.shop, visit.lang) };
    let month = taxed(consent.lines.iter().map(Line::amount).sum());
    let paying = Paying::Consent { permission: consent.permission };
    visit.place(paying, Job::Capture, consent.lines, month).await
}

/// `POST /<shop>/subscriptions/<order>/end`.
pub(super) async fn end(visit: Visit, Path((_, order_id)): Path<(String, String)>) -> Response {
    let Some(consent) = consent(&visit, &order_id) else { return no_such_page(&visit.shop, visit.lang) };
    let call = "CloseChargePermissionAmazonpay";
    let act = match visit.shop.psp.close_permission(&visit.storefront.account, &consent.permission).await {
        Ok(reply) => Act { call, status: Some(reply.get("Status").to_owned()), problem: None },
        Err(error) => {
            tracing::warn!(%error, order_id, "the demo shop could not end a consent");
            Act { call, status: None, problem: Some(error.into()) }
        }
    };
    visit.change(&order_id, |order| order.act = Some(act));
    visit.see_other(&format!("/subscriptions#{order_id}"))
}

/// The order with which a consent was given.
fn consent(visit: &Visit, order_id: &str) -> Option<Order> {
    visit.order(order_id).filter(|order| order.paying.is_consent() && !order.permission.is_empty())
}
