//! Finalize, for checkouts that ran inside the shop's page, and the sessions that tests make at `/_control/`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::merchant::{SHOP, STORE, amount, call, control, get, keys, reply, sandbox, send, signed};
use crate::sandbox::Sandbox;

fn play() -> Value {
    json!({
        "merchantId": SHOP,
        "payload": {
            "storeId": STORE,
            "paymentDetails": {
                "paymentIntent": "Authorize",
                "canHandlePendingAuthorization": true,
                "chargeAmount": {"amount": "1000", "currencyCode": "JPY"},
                "totalOrderAmount": {"amount": "1500", "currencyCode": "JPY"},
            },
        },
    })
}

/// The session as it is shown, and the body that finalizes it.
async fn played(sandbox: &Arc<Sandbox>, play: &Value) -> (Value, Value) {
    let made = control(sandbox, "POST", "/_control/checkoutSessions", play).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    let shown = &made.body;
    let body = json!({
        "paymentIntent": "Authorize",
        "chargeAmount": {"amount": "1000", "currencyCode": "JPY"},
        "totalOrderAmount": {"amount": "1500", "currencyCode": "JPY"},
        "canHandlePendingAuthorization": true,
        "shippingAddress": shown["shippingAddress"],
        "billingAddress": shown["billingAddress"],
    });
    (made.body, body)
}

fn path(session: &Value, what: &str) -> String {
    format!("/v2/checkoutSessions/{}/{what}", session["checkoutSessionId"].as_str().expect("an id"))
}

#[tokio::test]
async fn a_checkout_on_the_shops_page_is_finalized_once() {
    let sandbox = sandbox();
    let (session, body) = played(&sandbox, &play()).await;
    assert_eq!(session["constraints"], json!([]));
    let complete = call(&sandbox, "POST", &path(&session, "complete"), &amount("chargeAmount", 1000), "c").await;
    assert_eq!((complete.status, complete.code()), (422, "InvalidCheckoutSessionStatus"));
    let done = call(&sandbox, "POST", &path(&session, "finalize"), &body, "k").await;
    assert_eq!(done.status, 200, "{:?}", done.body);
    assert_eq!(keys(&done.body)[3..6], ["paymentDetails", "cartDetails", "chargePermissionType"]);
    assert_eq!((keys(&done.body).len(), &done.body["statusDetails"]["state"]), (29, &json!("Completed")));
    let charge = get(&sandbox, &format!("/v2/charges/{}", done.body["chargeId"].as_str().expect("one"))).await.body;
    assert_eq!(charge["statusDetails"]["state"], "Authorized");
    let again = call(&sandbox, "POST", &path(&session, "finalize"), &body, "k").await;
    assert_eq!((again.status, &again.body), (200, &done.body));
    let twice = call(&sandbox, "POST", &path(&session, "finalize"), &body, "other").await;
    assert_eq!((twice.status, twice.code()), (422, "InvalidCheckoutSessionStatus"));
}

#[tokio::test]
async fn each_disagreement_has_its_own_code_and_charges_nothing() {
    let sandbox = sandbox();
    let (session, right) = played(&sandbox, &play()).await;
    let mut elsewhere = session["shippingAddress"].clone();
    elsewhere["addressLine1"] = json!("どこか");
    let price = |yen: i64| json!({"amount": yen, "currencyCode": "JPY"});
    for (field, value, status, code) in [
        ("paymentIntent", json!("Confirm"), 409, "PaymentIntentMismatch"),
        ("chargeAmount", price(999), 409, "ChargeAmountMismatch"),
        ("totalOrderAmount", price(1501), 409, "TotalOrderAmountMismatch"),
        ("totalOrderAmount", Value::Null, 409, "TotalOrderAmountMismatch"),
        ("canHandlePendingAuthorization", Value::Null, 409, "CanHandlePendingAuthorizationMismatch"),
        ("shippingAddress", elsewhere.clone(), 409, "ShippingAddressMismatch"),
        ("billingAddress", elsewhere, 409, "BillingAddressMismatch"),
        ("paymentIntent", Value::Null, 400, "MissingParameterValue"),
        ("chargeAmount", Value::Null, 400, "MissingParameterValue"),
        ("shippingAddress", Value::Null, 400, "MissingParameterValue"),
        ("shippingAddress", json!({"planet": "Mars"}), 400, "UnrecognizedField"),
    ] {
        let mut body = right.clone();
        body[field] = value;
        let refused = call(&sandbox, "POST", &path(&session, "finalize"), &body, "k").await;
        assert_eq!((refused.status, refused.code()), (status, code), "{body}");
    }
    assert_eq!(sandbox.ledger().charges().count(), 0);
    assert_eq!(call(&sandbox, "POST", &path(&session, "finalize"), &right, "k").await.status, 200);
}

#[tokio::test]
async fn without_goods_the_billing_address_is_repeated() {
    let sandbox = sandbox();
    let mut play = play();
    play["productType"] = json!("PayOnly");
    let (session, mut body) = played(&sandbox, &play).await;
    assert_eq!(session["shippingAddress"], Value::Null);
    assert_eq!(session["billingAddress"]["stateOrRegion"], "神奈川県");
    body["billingAddress"] = Value::Null;
    let refused = call(&sandbox, "POST", &path(&session, "finalize"), &body, "k").await;
    assert_eq!((refused.status, refused.code()), (400, "MissingParameterValue"));
    body["billingAddress"] = session["billingAddress"].clone();
    assert_eq!(call(&sandbox, "POST", &path(&session, "finalize"), &body, "k").await.status, 200);
}

#[tokio::test]
async fn a_pending_one_is_accepted_and_a_declined_one_is_over() {
    let sandbox = sandbox();
    let mut pending = play();
    pending["payment"] = json!("card-0701");
    let (session, body) = played(&sandbox, &pending).await;
    assert_eq!(call(&sandbox, "POST", &path(&session, "finalize"), &body, "k").await.status, 202);
    for (code, status, state) in
        [("ProcessingFailure", 500, "Open"), ("HardDeclined", 422, "Canceled"), ("AmazonRejected", 422, "Canceled")]
    {
        let (session, body) = played(&sandbox, &play()).await;
        let headers = [("x-amz-pay-simulation-code", code)];
        let finalize = signed(SHOP, "POST", &path(&session, "finalize"), &body.to_string(), &headers);
        let refused = reply(send(&sandbox, finalize).await).await;
        assert_eq!((refused.status, refused.code()), (status, code));
        let shown = get(&sandbox, path(&session, "").trim_end_matches('/')).await.body;
        assert_eq!(shown["statusDetails"]["state"], state);
    }
    pending["payment"] = json!("card-3434");
    let (session, _) = played(&sandbox, &pending).await;
    assert_eq!(session["statusDetails"]["reasonCode"], "Declined");
}

#[tokio::test]
async fn only_the_scripts_sessions_are_finalized_and_only_once_the_buyer_has_paid() {
    let sandbox = sandbox();
    let mut chosen = play();
    chosen["upTo"] = json!("chosen");
    let (session, body) = played(&sandbox, &chosen).await;
    let early = call(&sandbox, "POST", &path(&session, "finalize"), &body, "k").await;
    assert_eq!((early.status, early.code()), (422, "InvalidCheckoutSessionStatus"));
    let mut by_redirect = play();
    by_redirect["payload"]["webCheckoutDetails"] = json!({
        "checkoutReviewReturnUrl": "https://shop.example/review",
        "checkoutResultReturnUrl": "https://shop.example/result",
    });
    let (session, body) = played(&sandbox, &by_redirect).await;
    let refused = call(&sandbox, "POST", &path(&session, "finalize"), &body, "k").await;
    assert_eq!((refused.status, refused.code()), (422, "InvalidCheckoutSessionStatus"));
    assert!(refused.body["message"].as_str().expect("one").contains("complete it"));
    let none = call(&sandbox, "POST", "/v2/checkoutSessions/none/finalize", &body, "k").await;
    assert_eq!((none.status, none.code()), (404, "ResourceNotFound"));
}

#[tokio::test]
async fn a_play_that_cannot_be_played_says_why() {
    let sandbox = sandbox();
    for (field, value, why) in [
        ("productType", json!("SignIn"), "PayOnly or Donation"),
        ("buyer", json!("nobody"), "no buyer nobody"),
        ("payment", json!("card-9999"), "card-9999"),
        ("merchantId", json!("A1"), "does not belong to merchant A1"),
        ("payload", json!({"storeId": STORE, "color": "red"}), "UnrecognizedField"),
        ("payload", json!({"storeId": STORE}), "ChargeAmountNotSet"),
        ("scene", json!(2), "unknown field"),
    ] {
        let mut odd = play();
        odd[field] = value;
        let refused = control(&sandbox, "POST", "/_control/checkoutSessions", &odd).await;
        assert_eq!(refused.status, 400, "{odd}");
        assert!(refused.body["error"].as_str().expect("why").contains(why), "{:?}", refused.body);
    }
}
