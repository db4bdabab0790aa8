//! What shops and buyers do, in one step each and without a browser wherever the sandbox can play the buyer.

use sekisho::protocol::Call;
use serde_json::{Value, json};

use super::{Answer, Stage};

/// A checkout session in which the buyer has come so far (`chosen` or `paid`); `payload` is what the shop's button says.
pub(crate) async fn session(stage: &Stage, up_to: &str, payload: &Value) -> String {
    let mut payload = payload.clone();
    payload["storeId"] = stage.gateway.shops().iter().next().unwrap().settings.store_id.clone().into();
    let body = json!({"merchantId": stage.shop().merchant_id, "payload": payload, "upTo": up_to});
    let url = format!("{}/_control/checkoutSessions", stage.browser.sandbox_url);
    let answer = Answer::read(stage.http.post(url).body(body.to_string()).send().await.unwrap()).await;
    assert!(answer.status < 300, "{:?}", String::from_utf8(answer.bytes));
    answer.json()["checkoutSessionId"].as_str().unwrap().to_owned()
}

/// What the button of a shop with a review page says.
pub(crate) fn review_page() -> Value {
    json!({
        "webCheckoutDetails": {"checkoutReviewReturnUrl": "https://shop.example/review"},
        "scopes": ["name", "email", "phoneNumber", "shippingAddress", "billingAddress"],
    })
}

/// What a button says where the buyer pays 2178 yen in Amazon's window on the shop's own page.
pub(crate) fn on_page() -> Value {
    let amount = json!({"amount": "2178", "currencyCode": "JPY"});
    json!({"paymentDetails": {"paymentIntent": "Authorize", "chargeAmount": amount}})
}

/// The same button, asking for a monthly consent.
pub(crate) fn monthly(mut payload: Value) -> Value {
    payload["chargePermissionType"] = "Recurring".into();
    payload["recurringMetadata"] = json!({"frequency": {"unit": "Month", "value": "1"}});
    payload
}

/// ExecTran's parameters for a monthly consent.
pub(crate) const MONTHLY: [(&str, &str); 2] = [("FrequencyUnit", "Month"), ("FrequencyValue", "1")];

/// A transaction as the shop names it.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) order: &'static str,
    pub(crate) access_id: String,
    pub(crate) access_pass: String,
}

impl Named {
    /// A call on the transaction.
    pub(crate) async fn call(&self, stage: &Stage, call: Call, fields: &[(&str, &str)]) -> Answer {
        let mut all =
            vec![("AccessID", self.access_id.as_str()), ("AccessPass", &self.access_pass), ("OrderID", self.order)];
        all.extend_from_slice(fields);
        stage.shop().call(call.name(), &all).await
    }
}

/// Enters an order of 1980 and 198 yen.
pub(crate) async fn enter(stage: &Stage, order: &'static str, job: &str) -> Named {
    enter_of(stage, order, &[("JobCd", job), ("Amount", "1980"), ("Tax", "198")]).await
}

/// Enters an order.
pub(crate) async fn enter_of(stage: &Stage, order: &'static str, fields: &[(&str, &str)]) -> Named {
    let all = [&[("OrderID", order), ("AmazonpayType", "3")], fields].concat();
    let answer = stage.shop().call("EntryTranAmazonpay", &all).await;
    Named { order, access_id: answer.field("AccessID"), access_pass: answer.field("AccessPass") }
}

/// Enters an order and pays it at once, with a session whose buyer has pressed "pay" on the shop's page; answers what
/// ExecTran answered, too.
pub(crate) async fn pay(stage: &Stage, order: &'static str, job: &str) -> (Named, Answer) {
    pay_with(stage, order, job, on_page()).await
}

/// The same with another button.
pub(crate) async fn pay_with(stage: &Stage, order: &'static str, job: &str, mut payload: Value) -> (Named, Answer) {
    let intent = if job == "CAPTURE" { "AuthorizeWithCapture" } else { "Authorize" };
    payload["paymentDetails"]["paymentIntent"] = intent.into();
    let id = session(stage, "paid", &payload).await;
    let named = enter(stage, order, job).await;
    let cycle = if payload["chargePermissionType"] == "Recurring" { &MONTHLY[..] } else { &[] };
    let fields = [&[("AmazonCheckoutSessionID", id.as_str())], cycle].concat();
    let answer = named.call(stage, Call::ExecTran, &fields).await;
    (named, answer)
}
