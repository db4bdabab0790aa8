//! What a button may be for besides an order to one address, and what of a session goes only with one kind of it
//! (amazon-pay 2.2, 2.3, 3.1).

use serde_json::{Value, json};

use super::caller::{Caller, Reply, STORE, order, yen};

const DAY: i64 = 86_400_000;

async fn play(caller: &Caller, product_type: &str, payload: &Value, up_to: &str) -> Reply {
    let play =
        json!({"merchantId": caller.merchant_id, "productType": product_type, "payload": payload, "upTo": up_to});
    caller.control("POST", "checkoutSessions", &play).await
}

/// Paid where Amazon is, without a review page.
fn at_once() -> Value {
    let mut payload = order("Authorize");
    payload["webCheckoutDetails"] =
        json!({"checkoutMode": "ProcessOrder", "checkoutResultReturnUrl": "https://shop.example/result"});
    payload
}

#[tokio::test]
async fn a_donation_is_paid_like_an_order_without_goods() {
    let caller = Caller::new();
    for payload in [order("AuthorizeWithCapture"), at_once()] {
        let given = play(&caller, "Donation", &payload, "paid").await;
        assert_eq!((given.status, &given.body["productType"]), (201, &json!("Donation")), "{}", given.text);
        assert_eq!((&given.body["shippingAddress"], &given.body["buyer"]["name"]), (&Value::Null, &json!("箱根 花子")));
        let path = format!("/v2/checkoutSessions/{}/complete", given.text_of("checkoutSessionId"));
        let key = given.text_of("checkoutSessionId").replace('-', "");
        let completed = caller.call("POST", &path, &json!({"chargeAmount": yen(1000)}), &key).await;
        assert_eq!(completed.status, 200, "{}", completed.text);
    }
    // Inside the shop's page, too: finalized with the billing address, for nothing is sent.
    let payload = json!({"storeId": STORE, "paymentDetails": order("Authorize")["paymentDetails"]});
    let given = play(&caller, "Donation", &payload, "paid").await;
    let path = format!("/v2/checkoutSessions/{}/finalize", given.text_of("checkoutSessionId"));
    let mut agreed = json!({"paymentIntent": "Authorize", "chargeAmount": yen(1000)});
    assert_eq!(caller.call("POST", &path, &agreed, "f1").await.text_of("message"), "billingAddress is missing");
    agreed["billingAddress"] = given.body["billingAddress"].clone();
    assert_eq!(caller.call("POST", &path, &agreed, "f2").await.status, 200);
}

#[tokio::test]
async fn what_goes_with_one_product_type_only_is_refused_elsewhere() {
    let caller = Caller::new();
    let mut addressed = at_once();
    addressed["addressDetails"] =
        json!({"name": "箱根 太郎", "addressLine1": "x", "postalCode": "1000005", "countryCode": "JP"});
    let on_page = json!({"storeId": STORE, "paymentDetails": order("Authorize")["paymentDetails"]});
    for (kind, payload, says) in [
        ("PayAndShipMultiAddress", &at_once(), "goes only with webCheckoutDetails.checkoutReviewReturnUrl"),
        ("PayAndShipMultiAddress", &addressed, "goes only with webCheckoutDetails.checkoutReviewReturnUrl"),
        ("PayAndShipMultiAddress", &on_page, "goes only with webCheckoutDetails.checkoutReviewReturnUrl"),
        ("PayOnly", &addressed, "addressDetails goes only with productType PayAndShip"),
        ("Donation", &addressed, "addressDetails goes only with productType PayAndShip"),
        ("PayAndShip", &at_once(), "addressDetails is missing"),
        ("SignIn", &order("Authorize"), "productType must be"),
        ("PayAndShipMulti", &order("Authorize"), "productType must be"),
    ] {
        let refused = play(&caller, kind, payload, "new").await;
        assert_eq!(refused.status, 400, "{kind}: {}", refused.text);
        assert!(refused.text_of("error").contains(says), "{kind}: {}", refused.text);
    }
    assert_eq!(play(&caller, "PayAndShip", &addressed, "new").await.status, 201);
    // Nor may an update bring it about.
    let several = play(&caller, "PayAndShipMultiAddress", &order("Authorize"), "new").await;
    let path = format!("/v2/checkoutSessions/{}", several.text_of("checkoutSessionId"));
    let update = json!({"webCheckoutDetails": {"checkoutMode": "ProcessOrder"}});
    let refused = caller.call_with("PATCH", &path, &update, &[]).await;
    assert_eq!((refused.status, refused.code()), (400, "InvalidParameterCombination"), "{}", refused.text);
}

#[tokio::test]
async fn an_estimate_is_shown_and_nothing_is_held_against_it() {
    let caller = Caller::new();
    let mut body = order("Authorize");
    body["paymentDetails"]["estimateOrderTotal"] = json!({"amount": 3000, "currencyCode": "JPY"});
    let made = caller.call("POST", "/v2/checkoutSessions", &body, "made").await;
    assert_eq!(made.body["paymentDetails"]["estimateOrderTotal"], yen(3000), "{}", made.text);
    let path = format!("/v2/checkoutSessions/{}", made.text_of("checkoutSessionId"));
    let estimate = |price: Value| json!({"paymentDetails": {"estimateOrderTotal": price}});
    let updated = caller.call_with("PATCH", &path, &estimate(yen(500)), &[]).await;
    assert_eq!(updated.body["paymentDetails"]["estimateOrderTotal"], yen(500), "less than chargeAmount: only a guess");
    let kept = caller.call_with("PATCH", &path, &json!({"paymentDetails": {}}), &[]).await;
    assert_eq!(kept.body["paymentDetails"]["estimateOrderTotal"], yen(500));
    for (price, code) in [
        (json!("500"), "InvalidParameterValue"),
        (json!({"currencyCode": "JPY"}), "MissingParameterValue"),
        (json!({"amount": "x", "currencyCode": "JPY"}), "InvalidParameterValue"),
        (yen(-1), "InvalidParameterValue"),
        (yen(10_000_001), "InvalidParameterValue"),
        (json!({"amount": "1", "currencyCode": "USD"}), "CurrencyMismatch"),
        (json!({"amount": "1", "currencyCode": "JPY", "tax": "0"}), "UnrecognizedField"),
    ] {
        let refused = caller.call_with("PATCH", &path, &estimate(price.clone()), &[]).await;
        assert_eq!((refused.status, refused.code()), (400, code), "{price}: {}", refused.text);
    }
    let plain = caller.call("POST", "/v2/checkoutSessions", &order("Authorize"), "plain").await;
    assert_eq!(plain.body["paymentDetails"].get("estimateOrderTotal"), Some(&Value::Null));
}

#[tokio::test]
async fn the_banks_words_go_with_money_that_is_taken_at_once() {
    let caller = Caller::new();
    for (intent, status) in [("AuthorizeWithCapture", 201), ("Authorize", 400), ("Confirm", 400)] {
        let mut body = order(intent);
        body["paymentDetails"]["softDescriptor"] = json!("SEKISHO");
        let made = caller.call("POST", "/v2/checkoutSessions", &body, intent).await;
        assert_eq!(made.status, status, "{intent}: {}", made.text);
        if status == 400 {
            assert_eq!(made.code(), "InvalidParameterCombination");
            continue;
        }
        let path = format!("/v2/checkoutSessions/{}", made.text_of("checkoutSessionId"));
        let later = json!({"paymentDetails": {"paymentIntent": "Authorize"}});
        assert_eq!(caller.call_with("PATCH", &path, &later, &[]).await.code(), "InvalidParameterCombination");
    }
}

#[tokio::test]
async fn an_extended_order_can_be_charged_as_long_as_a_subscription() {
    let caller = Caller::new();
    let mut body = order("Confirm");
    let plain = caller.completed(&body, "card-1111", "plain").await.text_of("chargePermissionId");
    body["paymentDetails"]["extendExpiration"] = json!(true);
    let extended = caller.completed(&body, "card-1111", "extended").await.text_of("chargePermissionId");
    let permission = async |id: &str| caller.get(&format!("/v2/chargePermissions/{id}")).await;
    assert_eq!(permission(&plain).await.text_of("expirationTimestamp"), "20270521T181000Z");
    assert_eq!(permission(&extended).await.text_of("expirationTimestamp"), "20271222T181000Z");
    caller.advance(181 * DAY).await;
    assert_eq!((permission(&plain).await.state(), permission(&extended).await.state()), ("Closed", "Chargeable"));
    caller.advance(220 * DAY).await;
    assert_eq!(permission(&extended).await.state(), "Closed");
}

#[tokio::test]
async fn a_buyer_or_amazon_may_end_a_permission_for_every_reason_that_amazon_names() {
    let caller = Caller::new();
    for (reason, state) in [("AmountNotSet", "NonChargeable"), ("BuyerClosed", "Closed")] {
        let permission = caller.completed(&order("Confirm"), "card-1111", reason).await.text_of("chargePermissionId");
        let path = format!("chargePermissions/{permission}");
        assert_eq!(caller.control("POST", &path, &json!({"reason": reason})).await.status, 200);
        let told = caller.get(&format!("/v2/{path}")).await;
        assert_eq!((told.state(), &told.body["statusDetails"]["reasons"][0]["reasonCode"]), (state, &json!(reason)));
    }
}

#[tokio::test]
async fn the_bare_prefixes_are_answered_like_every_other_path() {
    let caller = Caller::new();
    for (path, status, code) in [
        ("/v2", 404, "ResourceNotFound"),
        ("/v2/", 404, "ResourceNotFound"),
        ("/sandbox/v2", 404, "ResourceNotFound"),
        ("/sandbox/v2/", 404, "ResourceNotFound"),
        ("/v1", 400, "InvalidAPIVersion"),
        ("/v3/", 400, "InvalidAPIVersion"),
        ("/live", 401, "UnauthorizedAccess"),
        ("/live/", 401, "UnauthorizedAccess"),
        ("/sandbox/", 400, "InvalidAPIVersion"),
    ] {
        // That each answer has its request id is looked at for every call.
        let answer = caller.get(path).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{path}: {}", answer.text);
    }
}
