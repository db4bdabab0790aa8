//! The flows, played on a real gateway, a real database and the real sandbox, so that every example in the documents was
//! really run. The clock stands still and chance is seeded: the same bytes come out every time.

use std::sync::Arc;

use sekisho::amazonpay::{Client, CompleteCheckoutSession, Price, Retry};
use sekisho::domain::{CheckoutSessionId, IdempotencyKey, SeededRng, Yen};
use sekisho::protocol::{Call, Style};
use serde_json::json;

use super::exchange::{Exchange, GATEWAY, Recorder};
use crate::support::acts::{monthly, on_page, review_page, session};
use crate::support::{HANAKO, MINUTE, Stage, result_form};

use Style::{IdPass, Json};

const RET_URL: &str = "https://shop.example/result?cart=1";

/// What was seen of one flow.
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) exchanges: Vec<Exchange>,
    /// The form that the browser posted to RetURL, where it did.
    pub(crate) result_post: Option<String>,
    /// What the shop was notified of, in order.
    pub(crate) notifications: Vec<String>,
}

/// Every flow.
pub(crate) async fn play_all() -> Vec<Scene> {
    vec![
        authorise_and_capture().await,
        capture_and_refund().await,
        consent().await,
        finalize().await,
        additional_payment_button().await,
        approved().await,
        sign_in().await,
    ]
}

pub(crate) async fn stage() -> Stage {
    Stage::with(|plan| GATEWAY.clone_into(&mut plan.settings.public_url)).await
}

/// A transaction as later calls name it.
struct Entered {
    order: &'static str,
    access_id: String,
    access_pass: String,
}

impl Entered {
    fn names(&self) -> Vec<(&str, &str)> {
        vec![("AccessID", &self.access_id), ("AccessPass", &self.access_pass), ("OrderID", self.order)]
    }

    fn with<'a>(&'a self, fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        self.names().into_iter().chain(fields.iter().copied()).collect()
    }
}

impl Recorder<'_> {
    async fn enter(&mut self, style: Style, order: &'static str, fields: &[(&str, &str)]) -> Entered {
        let title = match fields.iter().find(|(name, _)| *name == "PaymentType") {
            Some((_, "1")) => "A charge on a consent is entered.",
            Some((_, "2")) => "A consent is entered; nothing is charged yet.",
            _ => "The order is entered.",
        };
        let mut all = vec![("OrderID", order)];
        all.extend_from_slice(fields);
        all.push(("AmazonpayType", "3"));
        let answer = self.call(title, Call::EntryTran, style, &all).await;
        Entered { order, access_id: answer.field("AccessID"), access_pass: answer.field("AccessPass") }
    }

    /// The browser goes to Amazon, the buyer pays, the browser comes back; answers the form that goes to RetURL.
    async fn browse(&mut self, entered: &Entered, token: &str) -> String {
        let start = self.start("The buyer's browser sets out for Amazon.", &entered.access_id, token).await;
        self.pay(&start.location()).await
    }

    /// The same with an additional payment button: nothing has been chosen at Amazon yet.
    async fn browse_from_a_button(&mut self, entered: &Entered, token: &str) -> String {
        let title = "Without a review page the browser gets a page that begins the checkout.";
        let start = self.start(title, &entered.access_id, token).await;
        let browser = &self.stage.browser;
        let sign_in = browser.leave(start.page()).await;
        let choose = browser.press(&sign_in, "sign-in", &[("buyer", HANAKO)]).await;
        let processing = browser.press(&choose, "continue", &[("payment", "card-1111")]).await;
        self.pay(&processing).await
    }

    async fn pay(&self, page: &str) -> String {
        let back = self.stage.browser.press(page, "pay", &[]).await;
        let back = back.replace(GATEWAY, &self.stage.gateway_url);
        let form = result_form(&self.stage.browser.get(&back).await);
        let pairs: Vec<_> = form.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("POST {}\n\n{}", form.ret_url, pairs.join("&"))
    }

    /// Time passes, Amazon pays back, the gateway looks.
    async fn refunds_end(&self) {
        self.stage.clock.advance(10 * MINUTE);
        self.stage.reconcile().await;
    }

    async fn end(self, name: &'static str, result_post: Option<String>, notified: usize) -> Scene {
        let received = self.stage.receiver.wait_for(notified).await;
        Scene {
            name,
            exchanges: self.kept,
            result_post,
            notifications: received.into_iter().map(|one| one.body).collect(),
        }
    }
}

/// One purchase through the review page: authorised, then captured when the goods leave.
async fn authorise_and_capture() -> Scene {
    let stage = stage().await;
    let mut shop = Recorder::new(&stage);
    // More than the order may be charged later only where the button asked the buyer for it.
    let mut button = review_page();
    button["paymentDetails"] = json!({"allowOvercharge": true});
    let id = session(&stage, "chosen", &button).await;
    let by_session = [("AmazonCheckoutSessionID", id.as_str())];
    shop.call("Who the buyer is, before there is an order.", Call::SearchAddress, IdPass, &by_session).await;
    let both = [("AmazonCheckoutSessionID", id.as_str()), ("OrderID", "ORDER-0001")];
    shop.call("One key is enough, and two contradict each other.", Call::SearchAddress, IdPass, &both).await;
    let order = [("JobCd", "AUTH"), ("Amount", "1980"), ("Tax", "198")];
    let entered = shop.enter(IdPass, "ORDER-0001", &order).await;
    let again = [&[("OrderID", "ORDER-0001"), ("AmazonpayType", "3")][..], &order].concat();
    shop.call("An OrderID is used once.", Call::EntryTran, IdPass, &again).await;
    let search = [("OrderID", "ORDER-0001"), ("PayType", "38")];

    let exec = entered.with(&[
        ("AmazonCheckoutSessionID", &id),
        ("RetURL", RET_URL),
        ("Description", "ありがとうございます"),
        ("ClientField1", "会員 1024"),
    ]);
    let ready = shop.call("The review page: the buyer pressed “order”.", Call::ExecTran, IdPass, &exec).await;
    shop.call("A transaction is executed once.", Call::ExecTran, IdPass, &exec).await;
    let result_post = shop.browse(&entered, &ready.field("Token")).await;
    shop.start("A Token works once.", &entered.access_id, &ready.field("Token")).await;

    let up = entered.with(&[("Amount", "2100"), ("Tax", "210")]);
    shop.call("More was ordered: the authorisation grows.", Call::Change, IdPass, &up).await;
    let too_much = entered.with(&[("Amount", "9000"), ("Tax", "0")]);
    shop.call("No more is captured than was authorised.", Call::Sales, IdPass, &too_much).await;
    let sales = entered.with(&[("Amount", "2100"), ("Tax", "210")]);
    shop.call("The goods leave: the authorised amount is captured.", Call::Sales, IdPass, &sales).await;
    let refund = entered.with(&[("CancelAmount", "300"), ("CancelTax", "30")]);
    shop.call("One article comes back: a part is refunded.", Call::Cancel, IdPass, &refund).await;
    shop.call("While a refund is under way there is no second.", Call::Cancel, IdPass, &refund).await;
    shop.call("Where the transaction stands.", Call::SearchTradeMulti, IdPass, &search).await;
    let nobody = [("OrderID", "NOBODY"), ("PayType", "38")];
    shop.call("There is no such order.", Call::SearchTradeMulti, IdPass, &nobody).await;
    shop.end("authorise and capture", Some(result_post), 4).await
}

/// The same in JSON, captured at once; then the amount is lowered and the rest refunded.
async fn capture_and_refund() -> Scene {
    let stage = stage().await;
    let mut shop = Recorder::new(&stage);
    let id = session(&stage, "chosen", &review_page()).await;
    let faulty = [("OrderID", "ORDER_0002"), ("JobCd", "CHECK"), ("Amount", "1,980"), ("AmazonpayType", "3")];
    shop.call("Every fault is told at once.", Call::EntryTran, Json, &faulty).await;
    let order = [("JobCd", "CAPTURE"), ("Amount", "1980"), ("Tax", "198")];
    let entered = shop.enter(Json, "ORDER-0002", &order).await;
    let exec = entered.with(&[("AmazonCheckoutSessionID", &id), ("RetURL", RET_URL), ("PaymentTermSec", "600")]);
    let ready = shop.call("The review page: the buyer pressed “order”.", Call::ExecTran, Json, &exec).await;
    let by_order = [("OrderID", "ORDER-0002")];
    shop.call("Who the buyer is, by the order.", Call::SearchAddress, Json, &by_order).await;
    let nobody = [("AmazonCheckoutSessionID", "00000000-0000-0000-0000-000000000000")];
    shop.call("Amazon does not know this session.", Call::SearchAddress, Json, &nobody).await;
    let result_post = shop.browse(&entered, &ready.field("Token")).await;

    let sales = entered.with(&[("Amount", "1980"), ("Tax", "198")]);
    shop.call("What is captured cannot be captured again.", Call::Sales, Json, &sales).await;
    let down = entered.with(&[("Amount", "1500"), ("Tax", "150")]);
    shop.call("Less was delivered: the difference goes back.", Call::Change, Json, &down).await;
    shop.refunds_end().await;
    let up = entered.with(&[("Amount", "1501"), ("Tax", "150")]);
    shop.call("A captured amount does not grow.", Call::Change, Json, &up).await;
    let too_much = entered.with(&[("CancelAmount", "1501"), ("CancelTax", "150")]);
    shop.call("No more goes back than is left.", Call::Cancel, Json, &too_much).await;
    let refund = entered.with(&[("CancelAmount", "1500"), ("CancelTax", "150")]);
    shop.call("All of the rest goes back.", Call::Cancel, Json, &refund).await;
    shop.refunds_end().await;
    let search = [("OrderID", "ORDER-0002"), ("PayType", "38")];
    shop.call("Where the transaction stands.", Call::SearchTradeMulti, Json, &search).await;
    shop.call("PayType is needed.", Call::SearchTradeMulti, Json, &[("OrderID", "ORDER-0002")]).await;
    shop.end("capture and refund", Some(result_post), 4).await
}

/// A consent is registered, charged without the buyer, and ended.
async fn consent() -> Scene {
    let stage = stage().await;
    let mut shop = Recorder::new(&stage);
    let id = session(&stage, "chosen", &monthly(review_page())).await;
    let registration = [("JobCd", "AUTH"), ("Amount", "0"), ("PaymentType", "2")];
    let entered = shop.enter(IdPass, "CONSENT-0001", &registration).await;
    let exec = entered.with(&[
        ("AmazonCheckoutSessionID", &id),
        ("RetURL", RET_URL),
        ("FrequencyUnit", "Month"),
        ("FrequencyValue", "1"),
    ]);
    let ready = shop.call("The buyer agrees to a monthly charge.", Call::ExecTran, IdPass, &exec).await;
    let result_post = shop.browse(&entered, &ready.field("Token")).await;
    let permission = result_post.split('&').find_map(|pair| pair.strip_prefix("AmazonChargePermissionID=")).unwrap();
    let permission = [("AmazonChargePermissionID", permission)];

    for (style, order) in [(IdPass, "CONSENT-0001-01"), (Json, "CONSENT-0001-02")] {
        let charge = [("JobCd", "CAPTURE"), ("Amount", "980"), ("PaymentType", "1")];
        let month = shop.enter(style, order, &charge).await;
        let exec = month.with(&permission);
        shop.call("A month's charge; no browser is needed.", Call::ExecTran, style, &exec).await;
    }
    let unknown = [("AmazonChargePermissionID", "B00-0000000-0000000")];
    for style in [IdPass, Json] {
        shop.call("How much of the month is left.", Call::SearchChargePermission, style, &permission).await;
        shop.call("The shop has no such permission.", Call::SearchChargePermission, style, &unknown).await;
    }
    shop.call("The shop has no such permission.", Call::CloseChargePermission, IdPass, &unknown).await;
    shop.call("The contract ends.", Call::CloseChargePermission, IdPass, &permission).await;
    shop.call("It has ended before.", Call::CloseChargePermission, Json, &permission).await;
    shop.end("consent", Some(result_post), 4).await
}

/// The buyer has pressed "pay" inside Amazon's window on the shop's own page; then the authorisation is cancelled.
async fn finalize() -> Scene {
    let stage = stage().await;
    let mut shop = Recorder::new(&stage);
    let id = session(&stage, "paid", &on_page()).await;
    let order = [("JobCd", "AUTH"), ("Amount", "1980"), ("Tax", "198")];
    let entered = shop.enter(Json, "ORDER-0003", &order).await;
    let exec = entered.with(&[("AmazonCheckoutSessionID", &id)]);
    shop.call("Without RetURL the session is finalized at once.", Call::ExecTran, Json, &exec).await;
    let wrong = entered.with(&[("AmazonCheckoutSessionID", &id), ("AmazonChargePermissionID", "P03-1")]);
    shop.call("A session and a permission contradict each other.", Call::ExecTran, Json, &wrong).await;
    let sales = entered.with(&[("Amount", "1000")]);
    shop.call("A part is captured; the rest is released.", Call::Sales, Json, &sales).await;

    let id = session(&stage, "paid", &on_page()).await;
    let entered = shop.enter(IdPass, "ORDER-0004", &order).await;
    let exec = entered.with(&[("AmazonCheckoutSessionID", &id)]);
    shop.call("Without RetURL the session is finalized at once.", Call::ExecTran, IdPass, &exec).await;
    let part = entered.with(&[("CancelAmount", "1")]);
    shop.call("An authorisation is cancelled as a whole.", Call::Cancel, IdPass, &part).await;
    let whole = entered.with(&[("CancelAmount", "1980"), ("CancelTax", "198")]);
    shop.call("The order is cancelled before anything was captured.", Call::Cancel, IdPass, &whole).await;
    let change = entered.with(&[("Amount", "1"), ("Tax", "0")]);
    shop.call("What is cancelled stays as it is.", Call::Change, IdPass, &change).await;

    // The same consent ended by JSON, so that every call has an example of either style.
    let id = session(&stage, "paid", &monthly(on_page())).await;
    let entered = shop.enter(Json, "CONSENT-0002", &order).await;
    let cycle = [("AmazonCheckoutSessionID", id.as_str()), ("FrequencyUnit", "Month"), ("FrequencyValue", "1")];
    let title = "A consent whose first month is charged at once.";
    let agreed = shop.call(title, Call::ExecTran, Json, &entered.with(&cycle)).await;
    let permission = agreed.field("AmazonChargePermissionID");
    let permission = [("AmazonChargePermissionID", permission.as_str())];
    shop.call("The contract ends.", Call::CloseChargePermission, Json, &permission).await;
    shop.end("finalize", None, 5).await
}

/// No review page: the shop knows what is bought and where it goes, and the buyer decides at Amazon.
async fn additional_payment_button() -> Scene {
    let stage = stage().await;
    let mut shop = Recorder::new(&stage);
    let order = [("JobCd", "AUTH"), ("Amount", "1980"), ("Tax", "198")];
    let entered = shop.enter(IdPass, "ORDER-0005", &order).await;
    let exec = entered.with(&[
        ("ApbType", "PayAndShip"),
        ("RetURL", RET_URL),
        ("AddressName", "箱根 花子"),
        ("AddressLine1", "元箱根1-1"),
        ("AddressCity", "箱根町"),
        ("AddressStateOrRegion", "神奈川県"),
        ("AddressPostalCode", "250-0522"),
        ("AddressCountryCode", "JP"),
        ("AddressPhoneNumber", "0460-00-0000"),
    ]);
    let title = "An additional payment button, with the address to ship to.";
    let ready = shop.call(title, Call::ExecTran, IdPass, &exec).await;
    let result_post = shop.browse_from_a_button(&entered, &ready.field("Token")).await;

    let entered = shop.enter(Json, "ORDER-0006", &order).await;
    let exec = entered.with(&[("ApbType", "PayOnly"), ("RetURL", RET_URL)]);
    shop.call("An additional payment button; nothing is shipped.", Call::ExecTran, Json, &exec).await;
    shop.end("additional payment button", Some(result_post), 1).await
}

/// A certified provider: the buyer approved in Amazon's own window, and the shop's page was handed the permission.
async fn approved() -> Scene {
    let stage = stage().await;
    let mut shop = Recorder::new(&stage);
    for (style, order) in [(IdPass, "ORDER-0007"), (Json, "ORDER-0008")] {
        let permission = permission_from_the_window(&stage).await;
        let fields =
            [("OrderID", order), ("JobCd", "AUTH"), ("Amount", "1980"), ("Tax", "198"), ("AmazonpayType", "4")];
        let answer = shop.call("An order of a certified provider is entered.", Call::EntryTran, style, &fields).await;
        let entered = Entered { order, access_id: answer.field("AccessID"), access_pass: answer.field("AccessPass") };
        let exec = entered.with(&[
            ("AmazonChargePermissionID", &permission),
            ("ApbType", "PayOnly"),
            ("RetURL", "https://shop.example/mfa"),
        ]);
        shop.call("The buyer approved in Amazon's window.", Call::ExecTran, style, &exec).await;
    }
    shop.end("approved", None, 2).await
}

/// What `onCompleteCheckout` hands over. The provider itself completes this session at Amazon, so the test does.
async fn permission_from_the_window(stage: &Stage) -> String {
    let mut payload = on_page();
    payload["webCheckoutDetails"] =
        json!({"checkoutMode": "ProcessOrder", "checkoutResultReturnUrl": "https://shop.example/mfa"});
    payload["paymentDetails"]["paymentIntent"] = "Confirm".into();
    let session = CheckoutSessionId::new(session(stage, "paid", &payload).await).unwrap();
    let shop = stage.gateway.shops().iter().next().unwrap();
    let client = Client::new(stage.http.clone(), stage.clock.clone(), Arc::new(SeededRng::new(3)), Retry::default());
    let request = CompleteCheckoutSession {
        charge_amount: Some(Price::of(Yen::new(2178).unwrap())),
        ..CompleteCheckoutSession::default()
    };
    let key = IdempotencyKey::new(format!("permit-{}", &session.as_str()[..8])).unwrap();
    let completed = client.complete_checkout_session(&shop.merchant, &session, &request, &key).await.unwrap();
    completed.value.charge_permission_id.unwrap().to_string()
}

/// A buyer signs in without buying anything.
async fn sign_in() -> Scene {
    let stage = stage().await;
    let mut shop = Recorder::new(&stage);
    let settings = stage.gateway.shops().iter().next().unwrap();
    let payload = json!({
        "signInReturnUrl": "https://shop.example/hello",
        "storeId": settings.settings.store_id,
        "signInScopes": ["name", "email", "postalCode"],
    });
    let signed = settings.merchant.sign_button(payload.to_string()).unwrap();
    let form = [
        ("merchantId", settings.settings.merchant_id.as_str()),
        ("publicKeyId", &signed.public_key_id),
        ("ledgerCurrency", "JPY"),
        ("placement", "Other"),
        ("productType", "SignIn"),
        ("payloadJSON", &signed.payload),
        ("signature", &signed.signature),
        ("algorithm", signed.algorithm),
    ];
    let page = stage.browser.post(&format!("{}/checkout/initiate", stage.browser.sandbox_url), &form).await;
    let back = url::Url::parse(&stage.browser.press(&page, "sign-in", &[("buyer", HANAKO)]).await).unwrap();
    let token = back.query_pairs().find(|(name, _)| name == "buyerToken").unwrap().1.into_owned();
    for style in [IdPass, Json] {
        let by_token = [("AmazonBuyerToken", token.as_str())];
        shop.call("Who signed in; nothing is bought.", Call::SearchAddress, style, &by_token).await;
    }
    shop.end("sign-in", None, 0).await
}
