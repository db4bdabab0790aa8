//! The second factor in Amazon's own window, as the sandbox has it (docs/sandbox.md, "Second factor"): the test plays the
//! window and the shop's page, and everybody else is real.

use serde_json::{Value, json};

use super::{Entry, session_in};
use crate::support::{HANAKO, ResultForm, Stage};

/// What the shop's page was handed: the permission, and where the buyer comes back after a second factor.
struct Event {
    session: String,
    permission: String,
    mfa_return_url: String,
}

async fn step(stage: &Stage, path: &str, session: &str, fields: &[(&str, &str)]) -> String {
    let mut form = vec![("amazonCheckoutSessionId", session)];
    form.extend_from_slice(fields);
    stage.browser.post(&format!("{}/checkout/{path}", stage.browser.sandbox_url), &form).await
}

/// What the window now wants of the shop's page.
async fn asked(stage: &Stage, session: &str) -> Value {
    let url = format!("{}/checkout/on-page?amazonCheckoutSessionId={session}", stage.browser.sandbox_url);
    let html = String::from_utf8(stage.browser.get(&url).await.bytes).unwrap();
    let event = html.split("data-event=\"").nth(1).unwrap_or_else(|| panic!("nothing is asked: {html}"));
    let event = event.split('"').next().unwrap().replace("&#34;", "\"").replace("&#38;", "&");
    serde_json::from_str(&event).unwrap()
}

/// The buyer pays in the window with a card that asks for a second factor.
async fn paid_in_the_window(stage: &Stage) -> Event {
    let shop = stage.gateway.shops().iter().next().unwrap();
    let config = json!({
        "storeId": shop.settings.store_id,
        "paymentDetails": {
            "paymentIntent": "Authorize",
            "chargeAmount": {"amount": "2178", "currencyCode": "JPY"},
        },
        "processorSpecifications": {"name": "sekisho"},
    })
    .to_string();
    let form = [
        ("merchantId", shop.settings.merchant_id.as_str()),
        ("origin", "https://shop.example"),
        ("ledgerCurrency", "JPY"),
        ("placement", "Cart"),
        ("productType", "PayOnly"),
        ("checkoutSessionConfig", &config),
    ];
    let sign_in = stage.browser.post(&format!("{}/checkout/on-page/initiate", stage.browser.sandbox_url), &form).await;
    let session = session_in(&sign_in);
    step(stage, "sign-in", &session, &[("buyer", HANAKO), ("action", "sign-in")]).await;
    step(stage, "on-page/answer", &session, &[("ask", "onInitCheckout"), ("answer", "null")]).await;
    step(stage, "on-page", &session, &[("action", "payment"), ("payment", "card-8006")]).await;
    step(stage, "on-page", &session, &[("action", "pay")]).await;
    let event = asked(stage, &session).await;
    let text = |name: &str| event[name].as_str().unwrap_or_else(|| panic!("no {name} in {event}")).to_owned();
    Event { session, permission: text("amazonChargePermissionId"), mfa_return_url: text("amazonPayMFAReturnUrl") }
}

/// Executes on the permission; the buyer gives the factor or not, and comes back to the gateway.
async fn back_from_the_bank(stage: &Stage, job: &str, answer: &str) -> (Event, ResultForm) {
    let event = paid_in_the_window(stage).await;
    let entry = Entry::cpsp(stage.shop(), "order-1", job).await;
    let fields = [
        ("AmazonChargePermissionID", event.permission.as_str()),
        ("ApbType", "PayOnly"),
        ("RetURL", &event.mfa_return_url),
    ];
    let page = entry.start(stage, stage.shop(), &fields).await;
    assert_eq!((page.status, page.location.as_deref()), (302, Some(event.mfa_return_url.as_str())));
    let early = format!("{}/payment/AmazonpayReturn/{}", stage.gateway_url, entry.id);
    assert_eq!(stage.browser.come_back(&early).await.outcome(), ("AUTHPROCESS", ""), "nothing is proven yet");
    let home = step(stage, "mfa", &event.session, &[("action", answer)]).await;
    assert_eq!(home, early);
    let form = stage.browser.come_back(&home).await;
    assert_eq!(form.ret_url, event.mfa_return_url);
    (event, form)
}

#[tokio::test]
async fn the_factor_is_given_and_the_window_asks_the_shop_again() {
    for job in ["AUTH", "CAPTURE"] {
        let stage = Stage::new().await;
        let (event, form) = back_from_the_bank(&stage, job, "verify").await;
        assert_eq!(form.outcome(), (job, ""));
        assert_eq!(form.field("AmazonChargePermissionID"), event.permission);
        assert_eq!(stage.moved("authorized").await, [2178]);
        assert_eq!(stage.moved("captured").await.len(), usize::from(job == "CAPTURE"));
        let posted: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        stage.browser.post(&form.ret_url, &posted).await;
        assert_eq!(asked(&stage, &event.session).await["amazonChargePermissionId"], event.permission.as_str());
        stage.receiver.wait_for(1).await;
        assert_eq!(stage.receiver.statuses(), [job]);
    }
}

#[tokio::test]
async fn the_factor_is_not_given() {
    let stage = Stage::new().await;
    let (_, form) = back_from_the_bank(&stage, "AUTH", "fail").await;
    assert_eq!(form.outcome(), ("PAYFAIL", "AZ1000011"));
    assert_eq!(stage.moved("authorized").await, [] as [i64; 0]);
}
