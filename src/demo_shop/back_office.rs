//! The shop's other door: the gateway's result notifications, and the order book with its "ship it" button.
//!
//! Notifications come from the gateway's machines, in any order, possibly twice, possibly forged: they are written down
//! and never decide anything. A real shop would put the order book behind a login.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::{Form, Json};
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::demo_shop::form::{self, Fields};
use crate::demo_shop::pages::{OrderRow, OrdersPage};
use crate::demo_shop::psp::{CallError, Price, error_pairs};
use crate::demo_shop::state::{Access, Act, Notification, Order, Problem, record};
use crate::demo_shop::visit::{Forms, Visit, no_such_page};

/// How many of the newest orders the order book shows and asks the gateway about.
const ROWS_MAX: usize = 20;
/// "Received" (psp-protocol 9).
const RECEIVED: &str = "0";
/// "Failed": the gateway will try again.
const NOT_UNDERSTOOD: &str = "1";

/// `POST /<shop>/notify`: a result notification. Answers `0` once it is written down, again for every repetition.
pub(super) async fn notify(visit: Visit, headers: HeaderMap, body: Bytes) -> &'static str {
    let fields = form::decode(&body);
    if fields.get("ShopID") != visit.storefront.account.shop_id || fields.get("OrderID").is_empty() {
        tracing::warn!("the demo shop got a notification that is not for it");
        return NOT_UNDERSTOOD;
    }
    let webhook_id = headers.get("webhook-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let text = |name: &str| fields.get(name).to_owned();
    let news = Notification {
        id: webhook_id.unwrap_or_else(|| hex::encode(Sha256::digest(&body))),
        order_id: text("OrderID"),
        status: text("Status"),
        job_cd: text("JobCd"),
        amount: text("Amount"),
        tax: text("Tax"),
        tran_date: text("TranDate"),
        amazon_charge_permission_id: text("AmazonChargePermissionID"),
        errors: error_pairs(fields.get("ErrCode"), fields.get("ErrInfo")),
        first_received_at: visit.shop.clock.now(),
        deliveries: 1,
    };
    let mut state = visit.storefront.state();
    let of_order = state.orders.get_mut(&news.order_id);
    let known = of_order.filter(|order| order.access.as_ref().is_some_and(|a| a.id == fields.get("AccessID")));
    match known {
        Some(order) => record(&mut order.notifications, news),
        None => record(&mut state.strays, news),
    }
    RECEIVED
}

/// The newest orders with the gateway's live answer.
async fn rows(visit: &Visit) -> Vec<OrderRow> {
    let orders: Vec<Order> = visit.storefront.state().orders.newest().take(ROWS_MAX).cloned().collect();
    let (psp, account) = (&visit.shop.psp, &visit.storefront.account);
    let ask = async |order: Order| {
        let trade = psp.search_trade(account, &order.id).await.map_err(Problem::from);
        if let Ok(trade) = &trade {
            visit.learn(&order.id, trade);
        }
        OrderRow { order: visit.order(&order.id).unwrap_or(order), trade }
    };
    join_all(orders.into_iter().map(ask)).await
}

/// `GET /<shop>/orders`.
pub(super) async fn orders(visit: Visit) -> Response {
    let rows = rows(&visit).await;
    let strays = visit.storefront.state().strays.clone();
    let shop_id = visit.storefront.account.shop_id.clone();
    visit.page(StatusCode::OK, Forms::Own, &OrdersPage { frame: visit.frame(), rows, strays, shop_id })
}

/// `GET /<shop>/orders.json`: the same for programs. Newest first; no passwords.
pub(super) async fn orders_json(visit: Visit) -> Json<Value> {
    let orders: Vec<Value> = rows(&visit).await.iter().map(row_json).collect();
    let strays = visit.storefront.state().strays.clone();
    Json(json!({ "shopId": visit.storefront.account.shop_id, "orders": orders, "unmatchedNotifications": strays }))
}

fn row_json(row: &OrderRow) -> Value {
    let order = &row.order;
    let search = match &row.trade {
        Ok(_) => row.trade_fields().into_iter().map(|(name, value)| (name, Value::from(value))).collect(),
        Err(problem) => json!({ "problem": problem }),
    };
    json!({
        "orderId": order.id,
        "jobCd": order.job,
        "amount": order.price.amount,
        "tax": order.price.tax,
        "total": order.price.total(),
        "placedAt": order.placed_at,
        "accessId": order.access.as_ref().map(|access| &access.id),
        "paying": order.paying.word(),
        "amazonCheckoutSessionId": order.paying.session(),
        "problem": order.problem,
        "browser": order.browser,
        "notifications": order.notifications,
        "searchTradeMulti": search,
        "act": order.act,
    })
}

/// `POST /<shop>/orders/<order>/ship`: the goods leave, so the reserved money is captured (`AmazonpaySales`).
pub(super) async fn ship(visit: Visit, Path((_, order_id)): Path<(String, String)>) -> Response {
    let Some((order, access)) = transaction(&visit, &order_id) else { return no_such_page(&visit.shop, visit.lang) };
    let reply = visit.shop.psp.sales(&visit.storefront.account, &order_id, &access, order.price).await;
    done(&visit, &order_id, "AmazonpaySales", reply)
}

/// New amounts, or those that are given back.
#[derive(Deserialize)]
pub(super) struct Amounts {
    amount: i64,
    tax: i64,
}

/// `POST /<shop>/orders/<order>/change`: other amounts (`AmazonpayChange`).
pub(super) async fn change(
    visit: Visit,
    Path((_, order_id)): Path<(String, String)>,
    Form(Amounts { amount, tax }): Form<Amounts>,
) -> Response {
    let Some((_, access)) = transaction(&visit, &order_id) else { return no_such_page(&visit.shop, visit.lang) };
    let price = Price { amount, tax };
    let reply = visit.shop.psp.change(&visit.storefront.account, &order_id, &access, price).await;
    if reply.is_ok() {
        visit.change(&order_id, |order| order.price = price);
    }
    done(&visit, &order_id, "AmazonpayChange", reply)
}

/// `POST /<shop>/orders/<order>/cancel`: the authorisation is let go, or captured money goes back (`AmazonpayCancel`).
pub(super) async fn cancel(
    visit: Visit,
    Path((_, order_id)): Path<(String, String)>,
    Form(Amounts { amount, tax }): Form<Amounts>,
) -> Response {
    let Some((_, access)) = transaction(&visit, &order_id) else { return no_such_page(&visit.shop, visit.lang) };
    let reply = visit.shop.psp.cancel(&visit.storefront.account, &order_id, &access, Price { amount, tax }).await;
    done(&visit, &order_id, "AmazonpayCancel", reply)
}

fn transaction(visit: &Visit, order_id: &str) -> Option<(Order, Access)> {
    let order = visit.order(order_id)?;
    let access = order.access.clone()?;
    Some((order, access))
}

/// Writes down what came of an act and shows the order again.
fn done(visit: &Visit, order_id: &str, call: &'static str, reply: Result<Fields, CallError>) -> Response {
    let act = match reply {
        Ok(reply) => Act { call, status: Some(reply.get("Status").to_owned()), problem: None },
        Err(error) => {
            tracing::warn!(%error, order_id, "the demo shop's act did not work");
            Act { call, status: None, problem: Some(error.into()) }
        }
    };
    visit.change(order_id, |order| {
        // A second press that is refused must not hide that the first one worked.
        let earlier = order.act.as_ref().filter(|earlier| earlier.call == call && earlier.problem.is_none());
        if act.problem.is_none() || earlier.is_none() {
            order.act = Some(act);
        }
    });
    visit.see_other(&format!("/orders#{order_id}"))
}
