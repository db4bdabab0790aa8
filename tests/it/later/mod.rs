//! What is known only later: pending authorisations, captures after a week, authorisations that ran out, refunds; and what
//! can be asked of a transaction meanwhile. Days pass by setting the one clock of gateway and sandbox.

mod amounts;
mod classes;
mod doubt;
mod pending;
mod renewal;
mod selling;

use sekisho::amazonpay::{Consent, ReviewPageButton, Scope};
use serde_json::{Value, json};

use crate::support::{Answer, Entered, Order, Plan, ResultForm, ShopClient, Stage};

/// Amazon's sandbox needs 30 seconds; the gateway looks a second later.
const HALF_A_MINUTE_MS: i64 = 31_000;
const HOUR: i64 = 3_600_000;
const HANAKO: &str = "amzn1.account.SEKISHOHAKONE001";

/// The gateway of [`Stage::new`] that gives up on Amazon soon.
async fn impatient() -> Stage {
    Stage::with(Plan::gives_up_soon).await
}

/// Every lost answer of [`impatient`]'s is looked at after this.
const FIRST_LOOK_MS: i64 = 31_000;

/// A call on a transaction.
async fn call(stage: &Stage, entered: &Entered, name: &str, fields: &[(&str, &str)]) -> Answer {
    let mut all = entered.names().to_vec();
    all.extend_from_slice(fields);
    stage.shop().call(name, &all).await
}

async fn change(stage: &Stage, entered: &Entered, amount: &str, tax: &str) -> Answer {
    call(stage, entered, "AmazonpayChange", &[("Amount", amount), ("Tax", tax)]).await
}

async fn cancel(stage: &Stage, entered: &Entered, amount: &str, tax: &str) -> Answer {
    call(stage, entered, "AmazonpayCancel", &[("CancelAmount", amount), ("CancelTax", tax)]).await
}

/// Status, Amount, Tax, AmazonPayCancelAmount and AmazonPayCancelTax, as SearchTradeMulti says them.
async fn stands(stage: &Stage, order: &str) -> String {
    let trade = stage.shop().call("SearchTradeMulti", &[("OrderID", order), ("PayType", "38")]).await;
    ["Status", "Amount", "Tax", "AmazonPayCancelAmount", "AmazonPayCancelTax"].map(|name| trade.field(name)).join(" ")
}

/// The states of all charges at Amazon, oldest first.
async fn charges(stage: &Stage) -> Vec<String> {
    let ledger = stage.ledger().await;
    let charges = ledger["charges"].as_array().unwrap();
    charges.iter().map(|one| one["statusDetails"]["state"].as_str().unwrap().to_owned()).collect()
}

/// The statuses and errors that the shop has been told, in order, once `count` have arrived.
async fn told(stage: &Stage, count: usize) -> Vec<String> {
    let received = stage.receiver.wait_for(count).await;
    received
        .iter()
        .map(|one| format!("{} {}", one.field("Status"), one.field("ErrInfo")).trim_end().to_owned())
        .collect()
}

/// The first shop with a button whose orders may grow.
fn generous(stage: &Stage) -> ShopClient {
    let shop = stage.gateway.shops().iter().next().unwrap();
    let button = ReviewPageButton {
        checkout_review_return_url: "https://shop.example/review".to_owned(),
        checkout_cancel_url: None,
        store_id: shop.settings.store_id.clone(),
        scopes: Scope::ALL_PASSED_ON.to_vec(),
        consent: Consent::OneTime,
        delivery_specifications: None,
        allow_overcharge: true,
    };
    let button = shop.merchant.sign_button(button.payload().unwrap()).unwrap();
    ShopClient { button, ..stage.shop().clone() }
}

/// A whole payment by a session that `button` begins.
async fn paid_by(stage: &Stage, button: &ShopClient, order: Order) -> (Entered, ResultForm) {
    let mut entered = stage.entered(order).await;
    entered.session = stage.browser.choose_at_amazon(button, HANAKO, order.card).await;
    let ready = entered.exec(stage.shop()).await;
    let start = stage.browser.start(&ready.field("StartURL"), &entered.access_id, &ready.field("Token")).await;
    let back = stage.browser.press(&start.location.unwrap(), "pay", &[]).await;
    let form = stage.browser.come_back(&back).await;
    (entered, form)
}

/// A consent without a first charge; answers its permission.
async fn consent(stage: &Stage, order: &'static str) -> (Entered, String) {
    let session = stage.browser.choose_at_amazon(stage.shop(), HANAKO, "card-1111").await;
    let fields = [("OrderID", order), ("JobCd", "AUTH"), ("Amount", "0"), ("AmazonpayType", "3"), ("PaymentType", "2")];
    let answer = stage.shop().call("EntryTranAmazonpay", &fields).await;
    let (access_id, access_pass) = (answer.field("AccessID"), answer.field("AccessPass"));
    let entered = Entered { order, session, access_id, access_pass };
    let mut fields = entered.exec_fields();
    fields.extend([("FrequencyUnit", "Month"), ("FrequencyValue", "1")]);
    let ready = stage.shop().call("ExecTranAmazonpay", &fields).await;
    let start = stage.browser.start(&ready.field("StartURL"), &entered.access_id, &ready.field("Token")).await;
    let back = stage.browser.press(&start.location.unwrap(), "pay", &[]).await;
    let form = stage.browser.come_back(&back).await;
    assert_eq!(form.outcome(), ("REGISTER", ""));
    let permission = form.field("AmazonChargePermissionID").to_owned();
    (entered, permission)
}

/// A charge on a consent, without a browser.
async fn charge_again(stage: &Stage, order: &'static str, job: &str, permission: &str) -> (Entered, Answer) {
    let fields = [("OrderID", order), ("JobCd", job), ("Amount", "1980"), ("Tax", "198"), ("AmazonpayType", "3")];
    let answer = stage.shop().call("EntryTranAmazonpay", &fields).await;
    let (access_id, access_pass) = (answer.field("AccessID"), answer.field("AccessPass"));
    let entered = Entered { order, session: String::new(), access_id, access_pass };
    let answer = call(stage, &entered, "ExecTranAmazonpay", &[("AmazonChargePermissionID", permission)]).await;
    (entered, answer)
}

/// A session of the on-page script whose buyer has paid; answers its id.
async fn on_page(stage: &Stage, intent: &str, pending: bool, card: &str) -> String {
    let shop = stage.gateway.shops().iter().next().unwrap();
    let play = json!({
        "merchantId": shop.settings.merchant_id,
        "payment": card,
        "payload": {
            "storeId": shop.settings.store_id,
            "paymentDetails": {
                "paymentIntent": intent,
                "canHandlePendingAuthorization": pending,
                "chargeAmount": {"amount": "2178", "currencyCode": "JPY"},
            },
        },
    });
    let url = format!("{}/_control/checkoutSessions", stage.browser.sandbox_url);
    let answer = Answer::read(stage.http.post(url).body(play.to_string()).send().await.unwrap()).await;
    let session: Value = answer.json();
    session["checkoutSessionId"].as_str().unwrap_or_else(|| panic!("{session}")).to_owned()
}
