//! Browsers that bring what is not theirs. Whatever they bring: an error page, and nothing changed.

use serde_json::{Value, json};

use super::{Entry, MONTHLY, PAY_ONLY, choose, session_in};
use crate::support::{ShopClient, Stage};

/// What an error page says, or the status that a result page posts.
async fn outcome(stage: &Stage, url: &str) -> String {
    let page = stage.browser.get(url).await;
    let html = page.windows_31j();
    if html.contains("result-form") { "posted".to_owned() } else { format!("{} {}", page.status, code_in(&html)) }
}

fn code_in(html: &str) -> &str {
    html.split("<code>").nth(1).and_then(|rest| rest.split("</code>").next()).unwrap_or_default()
}

/// A checkout that a shop's own key signed, with whatever payload, paid by its buyer; answers the session.
async fn paid_with(stage: &Stage, of: &ShopClient, payload: &Value) -> String {
    let shop = stage.gateway.shops().iter().find(|shop| shop.settings.merchant_id == of.merchant_id).unwrap();
    let signed = shop.merchant.sign_button(payload.to_string()).unwrap();
    let form = [
        ("merchantId", of.merchant_id.as_str()),
        ("publicKeyId", &signed.public_key_id),
        ("ledgerCurrency", "JPY"),
        ("placement", "Checkout"),
        ("productType", "PayOnly"),
        ("payloadJSON", &signed.payload),
        ("signature", &signed.signature),
        ("algorithm", signed.algorithm),
    ];
    let sign_in = stage.browser.post(&shop.merchant.checkout_form_url(), &form).await;
    let page = choose(stage, sign_in, "card-1111").await;
    session_in(&stage.browser.press(&page, "pay", &[]).await)
}

/// What the gateway's payload for `entry` says.
fn payload(stage: &Stage, entry: &Entry) -> Value {
    let store = stage.gateway.shops().iter().next().unwrap().settings.store_id.clone();
    json!({
        "webCheckoutDetails": {
            "checkoutMode": "ProcessOrder",
            "checkoutResultReturnUrl": format!("{}/payment/AmazonpayReturn/{}", stage.gateway_url, entry.id),
        },
        "storeId": store,
        "chargePermissionType": "OneTime",
        "paymentDetails": {"paymentIntent": "Authorize", "chargeAmount": {"amount": "2178", "currencyCode": "JPY"}},
        "merchantMetadata": {"merchantReferenceId": entry.order},
    })
}

#[tokio::test]
async fn a_session_that_is_not_the_transactions_is_not_taken() {
    let stage = Stage::new().await;
    let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
    let own = entry.paid(&stage, &PAY_ONLY, "card-1111").await;

    let other = Entry::apb(stage.shop(), "order-2", "AUTH").await;
    let others = session_in(&other.paid(&stage, &PAY_ONLY, "card-1111").await);
    let genuine = payload(&stage, &entry);
    let forged = |pointer: &str, value: Value| {
        let mut payload = genuine.clone();
        *payload.pointer_mut(pointer).unwrap() = value;
        payload
    };
    let mut foreign = vec![("another order's", others.clone()), ("nobody's", "no-such-session".to_owned())];
    let result_url = "/webCheckoutDetails/checkoutResultReturnUrl";
    let longer = format!("{}?x=1", genuine.pointer(result_url).unwrap().as_str().unwrap());
    for (what, payload) in [
        ("another amount", forged("/paymentDetails/chargeAmount/amount", json!("1"))),
        ("a larger amount", forged("/paymentDetails/chargeAmount/amount", json!("2179"))),
        ("another intent", forged("/paymentDetails/paymentIntent", json!("AuthorizeWithCapture"))),
        ("another reference", forged("/merchantMetadata/merchantReferenceId", json!("order-2"))),
        ("no reference", forged("/merchantMetadata/merchantReferenceId", Value::Null)),
        ("nearly the result URL", forged(result_url, json!(longer))),
        ("another result URL", forged(result_url, json!("https://shop.example/result"))),
        ("a consent", {
            let mut payload = forged("/chargePermissionType", json!("Recurring"));
            payload["recurringMetadata"] = json!({"frequency": {"unit": "Month", "value": "1"}, "amount": null});
            payload
        }),
    ] {
        foreign.push((what, paid_with(&stage, stage.shop(), &payload).await));
    }
    let their_store = stage.gateway.shops().iter().nth(1).unwrap().settings.store_id.clone();
    let theirs = forged("/storeId", json!(their_store));
    foreign.push(("another shop's", paid_with(&stage, stage.other_shop(), &theirs).await));

    let before = stage.transaction(&entry.id).await;
    for (what, session) in foreign {
        assert_eq!(outcome(&stage, &entry.return_url(&stage, &session)).await, "404 M01058002", "{what}");
        assert_eq!(stage.transaction(&entry.id).await, before, "{what}");
    }
    assert_eq!(stage.amazon_saw("completeCheckoutSession").await.len(), 0);

    assert_eq!(stage.browser.come_back(&own).await.outcome(), ("AUTH", ""), "its own still pays it");
    assert_eq!(outcome(&stage, &entry.return_url(&stage, &others)).await, "404 M01058002", "and no second one");
    assert_eq!(stage.browser.come_back(&other.return_url(&stage, &others)).await.outcome(), ("AUTH", ""));
    assert_eq!(stage.moved("authorized").await, [2178, 2178]);
}

#[tokio::test]
async fn a_second_checkout_with_the_same_payload_pays_nothing() {
    let stage = Stage::new().await;
    let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
    let page = entry.start(&stage, stage.shop(), &PAY_ONLY).await;
    // A payload has no date and can be used again (amazon-pay 1.8): two sessions, both of them this transaction's.
    let mut backs = Vec::new();
    for _ in 0..2 {
        let chosen = choose(&stage, stage.browser.leave(&page).await, "card-1111").await;
        backs.push(stage.browser.press(&chosen, "pay", &[]).await);
    }
    assert_eq!(stage.browser.come_back(&backs[0]).await.outcome(), ("AUTH", ""));
    assert_eq!(outcome(&stage, &backs[1]).await, "404 M01058002");
    assert_eq!(stage.moved("authorized").await, [2178]);
}

#[tokio::test]
async fn two_checkouts_of_one_payload_come_back_at_once() {
    let stage = Stage::new().await;
    let entry = Entry::apb(stage.shop(), "order-1", "CAPTURE").await;
    let page = entry.start(&stage, stage.shop(), &PAY_ONLY).await;
    let mut backs = Vec::new();
    for _ in 0..2 {
        let chosen = choose(&stage, stage.browser.leave(&page).await, "card-1111").await;
        backs.push(stage.browser.press(&chosen, "pay", &[]).await);
    }
    let outcomes = futures_util::future::join_all(backs.iter().map(|back| outcome(&stage, back))).await;
    assert!(outcomes.contains(&"posted".to_owned()), "{outcomes:?}");
    assert_eq!(stage.shop().status("order-1").await, "CAPTURE");
    assert_eq!(stage.moved("captured").await, [2178]);
}

#[tokio::test]
async fn one_browser_many_times_at_once_pays_once() {
    let stage = Stage::new().await;
    let entry = Entry::of(stage.shop(), "order-1", "CAPTURE", "1980", "3").await;
    let back = entry.paid(&stage, &[PAY_ONLY, MONTHLY].concat(), "card-1111").await;
    let forms = futures_util::future::join_all((0..12).map(|_| stage.browser.come_back(&back))).await;
    for form in &forms {
        assert_eq!(form.outcome(), ("CAPTURE", ""));
        assert_eq!(form, &forms[0]);
    }
    assert_eq!(stage.amazon_saw("completeCheckoutSession").await.len(), 1);
    assert_eq!(stage.moved("captured").await, [2178]);
    stage.receiver.wait_for(1).await;
    assert_eq!(stage.receiver.statuses(), ["CAPTURE"]);
}

#[tokio::test]
async fn addresses_that_were_not_given() {
    let stage = Stage::new().await;
    let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
    let other = Entry::apb(stage.shop(), "order-2", "AUTH").await;
    let ticket = entry.exec(stage.shop(), &PAY_ONLY).await;
    let bare = format!("{}/payment/AmazonpayReturn/{}", stage.gateway_url, entry.id);
    let their_key = {
        let page = other.start(&stage, stage.shop(), &PAY_ONLY).await;
        let html = String::from_utf8(page.bytes).unwrap();
        html.split("?cancel=").nth(1).unwrap()[..32].to_owned()
    };
    let before = stage.transaction(&entry.id).await;
    let wrong = [
        bare.clone(),
        format!("{bare}?cancel="),
        format!("{bare}?cancel={}", "0".repeat(32)),
        format!("{bare}?cancel={their_key}"),
        format!("{bare}?cancel={}", entry.pass),
        format!("{bare}?amazonCheckoutSessionId="),
        format!("{bare}?amazonCheckoutSessionId=a%2Fb"),
        format!("{}/payment/AmazonpayReturn/{}?amazonCheckoutSessionId=s", stage.gateway_url, "0".repeat(32)),
    ];
    for url in &wrong {
        assert_eq!(outcome(&stage, url).await, "404 M01058002", "before the start: {url}");
    }
    assert_eq!(stage.transaction(&entry.id).await, before);
    let page = stage.browser.start(&ticket.field("StartURL"), &entry.id, &ticket.field("Token")).await;
    assert_eq!(page.status, 200);
    let before = stage.transaction(&entry.id).await;
    for url in &wrong {
        assert_eq!(outcome(&stage, url).await, "404 M01058002", "after it: {url}");
    }
    assert_eq!(stage.transaction(&entry.id).await, before);
}

#[tokio::test]
async fn a_session_that_an_order_took_over_pays_that_order() {
    let stage = Stage::new().await;
    let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
    let page = entry.start(&stage, stage.shop(), &PAY_ONLY).await;
    let session = session_in(&stage.browser.leave(&page).await);
    // The shop executes another order on the session of the button; Amazon lets it, for nobody has paid yet.
    let thief = Entry::of(stage.shop(), "order-2", "AUTH", "100", "3").await;
    let fields = [("AmazonCheckoutSessionID", session.as_str()), super::RET_URL];
    thief.exec(stage.shop(), &fields).await;
    let before = stage.transaction(&entry.id).await;
    assert_eq!(outcome(&stage, &entry.return_url(&stage, &session)).await, "404 M01058002");
    assert_eq!(stage.transaction(&entry.id).await, before);
}
