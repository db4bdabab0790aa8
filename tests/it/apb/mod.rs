//! Additional payment buttons: a checkout that begins with a payload of the gateway's, a permission that was approved in
//! Amazon's own window, a sign-in without a purchase (psp-protocol 7 C, E and F).

mod approved;
mod bank;
mod faults;
mod hostile;
mod mfa;
mod one_step;
mod refusals;
pub(crate) mod sign_in;
mod window;

use std::sync::Arc;

use sekisho::amazonpay::{Client, CompleteCheckoutSession, Price, Retry};
use sekisho::domain::{CheckoutSessionId, IdempotencyKey, SeededRng, Yen};
use serde_json::{Value, json};

use crate::support::{Answer, HANAKO, ShopClient, Stage};

const RET_URL: (&str, &str) = ("RetURL", "https://shop.example/result?cart=1");
const PAY_ONLY: [(&str, &str); 2] = [("ApbType", "PayOnly"), RET_URL];
const MONTHLY: [(&str, &str); 2] = [("FrequencyUnit", "Month"), ("FrequencyValue", "1")];
const ADDRESS: [(&str, &str); 9] = [
    ("AddressName", "髙橋 花子"),
    ("AddressLine1", "元箱根1-1"),
    ("AddressLine2", "関所前 \"南\" 棟"),
    ("AddressLine3", "<3> & 'C'"),
    ("AddressCity", "箱根町"),
    ("AddressStateOrRegion", "神奈川県"),
    ("AddressPostalCode", "250-0522"),
    ("AddressCountryCode", "JP"),
    ("AddressPhoneNumber", "0460-00-0000"),
];

/// A transaction that was entered.
struct Entry {
    order: &'static str,
    id: String,
    pass: String,
}

impl Entry {
    /// Enters an order of `amount` and 198 tax, or of nothing at all.
    async fn of(shop: &ShopClient, order: &'static str, job: &str, amount: &str, kind: &str) -> Self {
        let tax = if amount == "0" { "0" } else { "198" };
        let fields = [("OrderID", order), ("JobCd", job), ("Amount", amount), ("Tax", tax), ("AmazonpayType", kind)];
        let answer = shop.call("EntryTranAmazonpay", &fields).await;
        Self { order, id: answer.field("AccessID"), pass: answer.field("AccessPass") }
    }

    /// One of 2178 for an additional payment button.
    async fn apb(shop: &ShopClient, order: &'static str, job: &str) -> Self {
        Self::of(shop, order, job, "1980", "3").await
    }

    /// One of 2178 for a permission that was approved in Amazon's window.
    async fn cpsp(shop: &ShopClient, order: &'static str, job: &str) -> Self {
        Self::of(shop, order, job, "1980", "4").await
    }

    fn names(&self) -> Vec<(&str, &str)> {
        vec![("AccessID", &self.id), ("AccessPass", &self.pass), ("OrderID", self.order)]
    }

    async fn exec(&self, shop: &ShopClient, fields: &[(&str, &str)]) -> Answer {
        let mut all = self.names();
        all.extend_from_slice(fields);
        shop.call("ExecTranAmazonpay", &all).await
    }

    /// Executes and sets out; answers the gateway's answer to AmazonpayStart.
    async fn start(&self, stage: &Stage, shop: &ShopClient, fields: &[(&str, &str)]) -> Answer {
        let answer = self.exec(shop, fields).await;
        stage.browser.start(&answer.field("StartURL"), &answer.field("AccessID"), &answer.field("Token")).await
    }

    /// The same with a button, and the buyer chooses at Amazon; answers the page with "pay".
    async fn at_amazon(&self, stage: &Stage, fields: &[(&str, &str)], card: &str) -> String {
        let page = self.start(stage, stage.shop(), fields).await;
        choose(stage, stage.browser.leave(&page).await, card).await
    }

    /// The same, and pays; answers where Amazon sends the browser.
    async fn paid(&self, stage: &Stage, fields: &[(&str, &str)], card: &str) -> String {
        let page = self.at_amazon(stage, fields, card).await;
        stage.browser.press(&page, "pay", &[]).await
    }

    /// Where Amazon sends browsers of this transaction, with a session of whosesoever.
    fn return_url(&self, stage: &Stage, session: &str) -> String {
        format!("{}/payment/AmazonpayReturn/{}?amazonCheckoutSessionId={session}", stage.gateway_url, self.id)
    }
}

/// From Amazon's first page to the one with "pay".
async fn choose(stage: &Stage, sign_in: String, card: &str) -> String {
    let page = stage.browser.press(&sign_in, "sign-in", &[("buyer", HANAKO)]).await;
    stage.browser.press(&page, "continue", &[("payment", card)]).await
}

/// The session that an address carries.
fn session_in(url: &str) -> String {
    let url = url::Url::parse(url).unwrap();
    url.query_pairs().find(|(name, _)| name == "amazonCheckoutSessionId").unwrap().1.into_owned()
}

/// Amazon's window for a shop of a certified provider: the buyer permits `total`, once or monthly, and the shop's page is
/// handed the charge permission. Nothing is charged.
pub(crate) async fn permit(stage: &Stage, of: &ShopClient, total: i64, kind: &str, card: &str) -> String {
    let shop = stage.gateway.shops().iter().find(|shop| shop.settings.merchant_id == of.merchant_id).unwrap();
    let price = json!({"amount": total.to_string(), "currencyCode": "JPY"});
    let one_time = kind == "OneTime";
    let mut payload = json!({
        "webCheckoutDetails": {"checkoutMode": "ProcessOrder", "checkoutResultReturnUrl": "https://shop.example/mfa"},
        "storeId": shop.settings.store_id,
        "chargePermissionType": kind,
        "paymentDetails": {"paymentIntent": "Confirm", "chargeAmount": price},
    });
    if !one_time {
        payload["recurringMetadata"] = json!({"frequency": {"unit": "Month", "value": "1"}, "amount": price});
        payload["paymentDetails"] = json!({"paymentIntent": "Confirm"});
    }
    let play = json!({"merchantId": of.merchant_id, "payload": payload, "productType": "PayOnly", "payment": card});
    let url = format!("{}/_control/checkoutSessions", stage.browser.sandbox_url);
    let made = Answer::read(stage.http.post(url).body(play.to_string()).send().await.unwrap()).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let session = CheckoutSessionId::new(made.json()["checkoutSessionId"].as_str().unwrap()).unwrap();
    // The test speaks for the shop to Amazon itself, past whatever stands before Amazon on this stage.
    let merchant = sekisho::amazonpay::Merchant::new(
        &stage.browser.sandbox_url,
        shop.merchant.region(),
        sekisho::amazonpay::Environment::Sandbox,
        shop.merchant.public_key_id(),
        Arc::new(sekisho::amazonpay::SigningKey::from_pem(shop.settings.private_key.expose()).unwrap()),
    )
    .unwrap();
    let client = Client::new(stage.http.clone(), stage.clock.clone(), Arc::new(SeededRng::new(3)), Retry::default());
    let request = CompleteCheckoutSession {
        charge_amount: one_time.then(|| Price::of(Yen::new(total).unwrap())),
        ..CompleteCheckoutSession::default()
    };
    let key = IdempotencyKey::new(format!("permit-{}", &session.as_str()[..8])).unwrap();
    let completed = client.complete_checkout_session(&merchant, &session, &request, &key).await.unwrap().value;
    completed.charge_permission_id.unwrap().to_string()
}

/// The one charge that Amazon has.
async fn the_charge(stage: &Stage) -> Value {
    let ledger = stage.ledger().await;
    let charges = ledger["charges"].as_array().unwrap();
    assert_eq!(charges.len(), 1, "{charges:?}");
    charges[0].clone()
}
