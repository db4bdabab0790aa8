//! From the review page to thanks. The shopper's browser acts; what it brings back is checked before it is believed.

use axum::Form;
use axum::body::Bytes;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::config::constant_time_eq;
use crate::demo_shop::ShopAccount;
use crate::demo_shop::form::{self, Fields};
use crate::demo_shop::pages::{FailedPage, ReviewPage, StartPage, ThanksPage, script_json};
use crate::demo_shop::paying::Paying;
use crate::demo_shop::psp::{CallError, Executed, Price, Start, error_pairs};
use crate::demo_shop::state::{BrowserReturn, Job, Line, Order, Outcome, Problem, price};
use crate::demo_shop::visit::{Forms, Lang, Visit, no_such_page};
use crate::domain::random_hex;

/// What Amazon adds to the review URL.
#[derive(Deserialize)]
pub(super) struct ReviewQuery {
    #[serde(default, rename = "amazonCheckoutSessionId")]
    checkout_session_id: String,
}

/// `GET /<shop>/review?amazonCheckoutSessionId=…`: Amazon has sent the buyer back with address and payment method.
pub(super) async fn review(visit: Visit, Query(query): Query<ReviewQuery>) -> Response {
    review_page(visit, query, false).await
}

/// `GET /<shop>/subscribe/review?amazonCheckoutSessionId=…`: the same where the buyer consents to monthly charges.
pub(super) async fn review_consent(visit: Visit, Query(query): Query<ReviewQuery>) -> Response {
    review_page(visit, query, true).await
}

async fn review_page(visit: Visit, query: ReviewQuery, monthly: bool) -> Response {
    let cart = visit.cart();
    let lines = cart.lines();
    if lines.is_empty() || query.checkout_session_id.is_empty() {
        return visit.see_other("/cart");
    }
    let account = &visit.storefront.account;
    let buyer = match visit.shop.psp.search_address(account, &query.checkout_session_id).await {
        Ok(buyer) => buyer,
        Err(error) => return review_unavailable(&visit, error),
    };
    let page = ReviewPage {
        frame: visit.frame(),
        price: price(&lines),
        lines,
        cart_version: cart.version,
        monthly,
        buyer,
        checkout_session_js: script_json(&query.checkout_session_id.as_str().into()),
        checkout_session_id: query.checkout_session_id,
        checkout_js_url: visit.shop.checkout_js_url.clone(),
    };
    visit.page(StatusCode::OK, Forms::Away, &page)
}

fn review_unavailable(visit: &Visit, error: CallError) -> Response {
    tracing::warn!(%error, "the demo shop got no address");
    let status = match error {
        CallError::Refused { .. } => StatusCode::BAD_REQUEST,
        CallError::NoAnswer { .. } => StatusCode::SERVICE_UNAVAILABLE,
    };
    let title = visit.lang.pick("お届け先を確認できませんでした", "We could not read your delivery address");
    let text = visit.lang.pick(
        "Amazon Pay のお手続きの期限が切れたようです。カートからもう一度お進みください。",
        "Your Amazon Pay checkout seems to have expired. Please start again from your cart.",
    );
    visit.message(status, title, text, Some(error.into()))
}

/// The order form. It carries no amounts: those come from the cart.
#[derive(Deserialize)]
pub(super) struct OrderForm {
    #[serde(rename = "amazonCheckoutSessionId")]
    checkout_session_id: String,
    /// `AUTH` or `CAPTURE`.
    #[serde(default)]
    job: String,
    /// `monthly` where the buyer consents to a charge every month.
    #[serde(default)]
    repeat: String,
    /// `later` where a consent is given now and nothing is charged yet.
    #[serde(default)]
    first: String,
    /// The cart's version that the shopper saw; absent from programs that saw no page.
    cart: Option<u64>,
}

/// `POST /<shop>/order`: opens a transaction for the cart, and sends the browser to pay.
pub(super) async fn order(visit: Visit, Form(form): Form<OrderForm>) -> Response {
    let cart = visit.cart();
    if cart.lines().is_empty() {
        return visit.see_other("/cart");
    }
    let monthly = form.repeat == "monthly";
    if form.cart.is_some_and(|seen| seen != cart.version) {
        let session: String = url::form_urlencoded::byte_serialize(form.checkout_session_id.as_bytes()).collect();
        let page = if monthly { "/subscribe/review" } else { "/review" };
        return visit.see_other(&format!("{page}?amazonCheckoutSessionId={session}"));
    }
    let price = if monthly && form.first == "later" { Price { amount: 0, tax: 0 } } else { price(&cart.lines()) };
    let job = Job::of(&form.job).unwrap_or(Job::Auth);
    visit.place(Paying::Review { session: form.checkout_session_id, monthly }, job, cart.lines(), price).await
}

impl Visit {
    /// Opens a transaction for an order and executes it; sends the browser to pay, or to what came of it.
    pub(super) async fn place(self, paying: Paying, job: Job, lines: Vec<Line>, price: Price) -> Response {
        match self.begin(paying, job, lines, price).await {
            (_, Some(start)) => self.page(StatusCode::OK, Forms::Away, &StartPage { frame: self.frame(), start }),
            (order, None) => self.see_other(&ending(&order)),
        }
    }

    /// Opens a transaction for an order and executes it. The order as it stands then, and what a browser has to take to
    /// the gateway, if the buyer must go to Amazon.
    pub(super) async fn begin(
        &self,
        paying: Paying,
        job: Job,
        lines: Vec<Line>,
        price: Price,
    ) -> (Order, Option<Start>) {
        let placed_at = self.shop.clock.now();
        let order = Order {
            // 14 + 1 + 12 = the protocol's 27 characters; the random half keeps others from guessing a thanks page.
            id: format!("{}-{}", placed_at.jst(), random_hex::<6>(&*self.shop.rng)),
            session: self.session.clone().unwrap_or_default(),
            paying,
            job,
            lines,
            price,
            placed_at,
            access: None,
            start: None,
            problem: None,
            browser: None,
            notifications: Vec::new(),
            status: None,
            permission: String::new(),
            act: None,
        };
        self.storefront.state().orders.insert(order.id.clone(), order.clone());
        match call(self, &order).await {
            Ok(Executed::Start(start)) => return (order, Some(start)),
            Ok(Executed::Done(answer)) => self.conclude(&order.id, &answer).await,
            Err(error) => {
                tracing::warn!(%error, order_id = order.id, "the demo shop could not begin a payment");
                self.change(&order.id, |order| order.problem = Some(error.into()));
            }
        }
        (self.order(&order.id).unwrap_or(order), None)
    }

    /// `ExecTran` says that it is done. A wrong `CheckString` is somebody else's answer; a right one is still asked about,
    /// because it does not cover the Status.
    async fn conclude(&self, order_id: &str, answer: &Fields) {
        let order = self.order(order_id).filter(|order| check_string_is_right(&self.storefront.account, order, answer));
        let Some(order) = order else {
            tracing::warn!(order_id, "ExecTranAmazonpay answered with a wrong CheckString");
            return;
        };
        self.settle(order).await;
    }
}

/// The page that tells how an order ended.
pub(super) fn ending(order: &Order) -> String {
    format!("/{}/{}", if order.outcome() == Outcome::Paid { "thanks" } else { "failed" }, order.id)
}

/// `EntryTran`, then `ExecTran`.
async fn call(visit: &Visit, order: &Order) -> Result<Executed, CallError> {
    let (psp, account) = (&visit.shop.psp, &visit.storefront.account);
    let access = psp.entry_tran(account, &order.id, order.job, order.price, &order.paying).await?;
    visit.change(&order.id, |order| order.access = Some(access.clone()));
    let ret_url = format!("{}{}", visit.shop.base_url, visit.path(&format!("/result?order={}", order.id)));
    psp.exec_tran(account, &order.id, &access, &order.paying, &ret_url).await
}

/// What the shop put into `RetURL` itself.
#[derive(Deserialize)]
pub(super) struct ResultQuery {
    #[serde(default)]
    order: String,
}

/// `POST /<shop>/result?order=…` (`RetURL`): the browser brings the result. It is written down, and the gateway is asked
/// for the truth: the `CheckString` covers the order, not its Status (psp-protocol 8).
pub(super) async fn result(visit: Visit, Query(query): Query<ResultQuery>, body: Bytes) -> Response {
    let fields = form::decode(&body);
    let Some(order) = visit.order(&query.order) else { return no_such_page(&visit.shop, visit.lang) };
    let valid = check_string_is_right(&visit.storefront.account, &order, &fields);
    let brought = BrowserReturn {
        status: fields.get("Status").to_owned(),
        tran_date: fields.get("TranDate").to_owned(),
        amazon_charge_permission_id: fields.get("AmazonChargePermissionID").to_owned(),
        errors: error_pairs(fields.get("ErrCode"), fields.get("ErrInfo")),
        check_string_valid: valid,
        received_at: visit.shop.clock.now(),
    };
    visit.change(&order.id, |order| {
        if valid || order.browser.as_ref().is_none_or(|earlier| !earlier.check_string_valid) {
            order.browser = Some(brought);
        }
    });
    if !valid {
        tracing::warn!(order_id = order.id, "a browser brought a result with a wrong CheckString");
        return visit.see_other(&format!("/failed/{}", order.id));
    }
    match visit.settle(order).await.outcome() {
        Outcome::Paid => visit.see_other(&format!("/thanks/{}", query.order)),
        Outcome::Failed | Outcome::Open => visit.see_other(&format!("/failed/{}", query.order)),
    }
}

/// `SHA-256(OrderID + AccessID + ShopID + ShopPass + AmazonChargePermissionID)` in lower-case hex (psp-protocol 8),
/// from what the shop knows about the order; compared in constant time.
fn check_string_is_right(account: &ShopAccount, order: &Order, brought: &Fields) -> bool {
    let Some(access) = &order.access else { return false };
    let permission = brought.get("AmazonChargePermissionID");
    let parts = [&order.id, &access.id, &account.shop_id, &account.shop_pass, permission];
    let expected = hex::encode(Sha256::digest(parts.concat()));
    let named_right = brought.get("OrderID") == order.id && brought.get("ShopID") == account.shop_id;
    named_right && constant_time_eq(expected.as_bytes(), brought.get("CheckString").as_bytes())
}

/// `GET /<shop>/thanks/<order>`.
pub(super) async fn thanks(visit: Visit, Path((_, order_id)): Path<(String, String)>) -> Response {
    let Some(order) = visit.order(&order_id) else { return no_such_page(&visit.shop, visit.lang) };
    let order = visit.settle(order).await;
    if order.outcome() != Outcome::Paid {
        return visit.see_other(&format!("/failed/{order_id}"));
    }
    visit.page(StatusCode::OK, Forms::Own, &ThanksPage { frame: visit.frame(), order })
}

/// `GET /<shop>/failed/<order>`.
pub(super) async fn failed(visit: Visit, Path((_, order_id)): Path<(String, String)>) -> Response {
    let Some(order) = visit.order(&order_id) else { return no_such_page(&visit.shop, visit.lang) };
    let order = visit.settle(order).await;
    if order.outcome() == Outcome::Paid {
        return visit.see_other(&format!("/thanks/{order_id}"));
    }
    let brought = order.browser.as_ref().filter(|brought| !brought.errors.is_empty());
    let brought = brought.map(|brought| Problem { call: "RetURL", errors: brought.errors.clone(), why: None });
    let problem = order.problem.clone().or(brought);
    let text = excuse(visit.lang, order.outcome(), problem.as_ref()).to_owned();
    visit.page(StatusCode::OK, Forms::Own, &FailedPage { frame: visit.frame(), order, text, problem })
}

/// What a shopper is told; provider codes as in psp-protocol 11.3.
fn excuse(lang: Lang, outcome: Outcome, problem: Option<&Problem>) -> &'static str {
    let code = problem.and_then(|problem| problem.errors.first()).map_or("", |pair| pair.err_info.as_str());
    match (code, outcome) {
        ("AZ1000001", _) => lang.pick(
            "お支払いは取り消されました。カートの中身はそのままです。",
            "You cancelled the payment. Your cart is as you left it.",
        ),
        ("AZ1000002" | "AZ1000003" | "AZ1000004", _) => lang.pick(
            "ご指定のお支払い方法はご利用いただけませんでした。別のお支払い方法でもう一度お試しください。",
            "Your payment method was declined. Please try again with another one.",
        ),
        (_, Outcome::Open) => lang.pick(
            "お支払いの結果をまだ確認できていません。しばらくしてからこのページを読み込みなおしてください。",
            "We do not know the result of your payment yet. Please reload this page in a moment.",
        ),
        _ => lang.pick(
            "お支払いを完了できませんでした。代金はいただいていません。カートからもう一度お試しください。",
            "The payment did not go through and you have not been charged. Please try again from your cart.",
        ),
    }
}

impl Visit {
    /// A copy of an order of this storefront.
    pub(super) fn order(&self, id: &str) -> Option<Order> {
        self.storefront.state().orders.get(id).cloned()
    }

    /// Changes an order, if it is still remembered.
    pub(super) fn change(&self, id: &str, change: impl FnOnce(&mut Order)) {
        if let Some(order) = self.storefront.state().orders.get_mut(id) {
            change(order);
        }
    }

    /// Asks the gateway how an order stands, unless that is known; a paid order empties the cart it came from.
    pub(super) async fn settle(&self, order: Order) -> Order {
        if order.outcome() != Outcome::Open {
            return order;
        }
        match self.shop.psp.search_trade(&self.storefront.account, &order.id).await {
            Ok(trade) => self.learn(&order.id, &trade),
            Err(error) => tracing::warn!(%error, order_id = order.id, "the demo shop could not ask about an order"),
        }
        self.order(&order.id).unwrap_or(order)
    }

    /// Writes down what the gateway answered.
    pub(super) fn learn(&self, order_id: &str, trade: &Fields) {
        let mut state = self.storefront.state();
        let Some(order) = state.orders.get_mut(order_id) else { return };
        let before = order.outcome();
        order.status = Some(trade.get("Status").to_owned());
        trade.get("AmazonChargePermissionID").clone_into(&mut order.permission);
        let (after, session) = (order.outcome(), order.session.clone());
        if before != Outcome::Paid
            && after == Outcome::Paid
            && let Some(cart) = state.carts.get_mut(&session)
        {
            cart.clear();
        }
    }
}
