//! What a merchant sees of the API.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::merchant::{
    OTHER_SHOP, SHOP, amount, authorized_charge, call, get, keys, paid_session, reply, sandbox, send, session_body,
    signed,
};

const SESSION_KEYS: [&str; 28] = [
    "checkoutSessionId",
    "webCheckoutDetails",
    "productType",
    "paymentDetails",
    "chargePermissionType",
    "orderType",
    "recurringMetadata",
    "paymentMethodOnFileMetadata",
    "merchantDetails",
    "merchantMetadata",
    "supplementaryData",
    "buyer",
    "billingAddress",
    "paymentPreferences",
    "statusDetails",
    "shippingAddress",
    "platformId",
    "chargePermissionId",
    "chargeId",
    "constraints",
    "creationTimestamp",
    "expirationTimestamp",
    "storeId",
    "providerMetadata",
    "releaseEnvironment",
    "checkoutButtonText",
    "deliverySpecifications",
    "tokens",
];

#[tokio::test]
async fn a_new_session_has_28_keys_in_amazons_order_and_lacks_its_buyer() {
    let sandbox = sandbox();
    let created = call(&sandbox, "POST", "/v2/checkoutSessions", &session_body(), "k").await;
    assert_eq!(created.status, 201, "{:?}", created.body);
    assert!(created.request_id.is_some());
    assert_eq!(keys(&created.body), SESSION_KEYS);
    assert_eq!(created.body["paymentDetails"]["chargeAmount"], json!({"amount": "1000", "currencyCode": "JPY"}));
    assert_eq!(created.body["buyer"], Value::Null);
    assert_eq!(created.body["paymentPreferences"], json!([null]));
    assert_eq!(created.body["constraints"][0]["constraintId"], "BuyerNotAssociated");
    assert_eq!(created.body["webCheckoutDetails"]["amazonPayRedirectUrl"], Value::Null);
    assert_eq!(created.body["creationTimestamp"], "20261122T181000Z");
    assert_eq!(created.body["expirationTimestamp"], "20261123T181000Z");
    let path = format!("/sandbox/v2/checkoutSessions/{}/", created.body["checkoutSessionId"].as_str().expect("an id"));
    assert_eq!(get(&sandbox, &path).await.body, created.body);
}

#[tokio::test]
async fn a_session_with_its_buyer_shows_them_and_the_way_to_pay() {
    let sandbox = sandbox();
    let mut body = session_body();
    body["paymentDetails"] = Value::Null;
    let created = call(&sandbox, "POST", "/v2/checkoutSessions", &body, "k").await;
    let id = created.body["checkoutSessionId"].as_str().expect("an id");
    sandbox.ledger().sign_in(id, "amzn1.account.SEKISHOHAKONE001").expect("signed in");
    sandbox.ledger().choose(id, Some("address-1"), "card-1111").expect("chosen");
    let path = format!("/v2/checkoutSessions/{id}");
    let shown = get(&sandbox, &path).await.body;
    assert_eq!(shown["shippingAddress"]["stateOrRegion"], "神奈川県");
    assert_eq!(shown["paymentPreferences"][0]["paymentDescriptor"], "Visa ****1111 (Amazon Pay)");
    assert_eq!(shown["webCheckoutDetails"]["amazonPayRedirectUrl"], Value::Null);
    let changes = json!({"paymentDetails":
        {"paymentIntent": "Authorize", "chargeAmount": {"amount": 500, "currencyCode": "JPY"}}});
    let request = signed(SHOP, "PATCH", &path, &changes.to_string(), &[]);
    let updated = reply(send(&sandbox, request).await).await;
    assert_eq!(updated.status, 200);
    assert_eq!(updated.body["constraints"], json!([]));
    let url = format!("http://127.0.0.1:8081/checkout/processing?amazonCheckoutSessionId={id}");
    assert_eq!(updated.body["webCheckoutDetails"]["amazonPayRedirectUrl"], url);
    sandbox.ledger().enter_processing(id).expect("entered");
    let late = reply(send(&sandbox, signed(SHOP, "PATCH", &path, &changes.to_string(), &[])).await).await;
    assert_eq!((late.status, late.code()), (422, "InvalidCheckoutSessionStatus"));
}

#[tokio::test]
async fn a_completed_session_is_stripped_and_completing_it_again_is_refused_or_replayed() {
    let sandbox = sandbox();
    let id = paid_session(&sandbox, "card-1111").await;
    let path = format!("/v2/checkoutSessions/{id}/complete");
    let wrong = call(&sandbox, "POST", &path, &amount("chargeAmount", 999), "complete").await;
    assert_eq!((wrong.status, wrong.code()), (409, "AmountMismatch"));
    let first = call(&sandbox, "POST", &path, &amount("chargeAmount", 1000), "complete").await;
    assert_eq!(first.status, 200, "a refusal does not use a key up: {:?}", first.body);
    assert_eq!(keys(&first.body), SESSION_KEYS);
    assert_eq!(first.body["statusDetails"]["state"], "Completed");
    for gone in ["webCheckoutDetails", "buyer", "constraints", "storeId", "expirationTimestamp"] {
        assert_eq!(first.body[gone], Value::Null, "{gone}");
    }
    let again = call(&sandbox, "POST", &path, &amount("chargeAmount", 1000), "complete").await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    let new_key = call(&sandbox, "POST", &path, &amount("chargeAmount", 1000), "other").await;
    assert_eq!((new_key.status, new_key.code()), (422, "InvalidCheckoutSessionStatus"));
    let changed = call(&sandbox, "POST", &path, &amount("chargeAmount", 999), "complete").await;
    assert_eq!((changed.status, changed.code()), (400, "DuplicateIdempotencyKey"));

    let permission_id = first.body["chargePermissionId"].as_str().expect("an id");
    assert!(first.body["chargeId"].as_str().expect("an id").starts_with(&format!("{permission_id}-C")));
    let permission = get(&sandbox, &format!("/v2/chargePermissions/{permission_id}")).await.body;
    assert_eq!(permission["buyer"]["name"], "𠮷田 三郎");
    assert_eq!(permission["merchantMetadata"]["merchantReferenceId"], "注文 1");
    assert_eq!(permission["limits"]["amountBalance"]["amount"], "0");
    assert_eq!(permission["statusDetails"]["reasons"][0]["reasonCode"], "ChargeInProgress");
}

#[tokio::test]
async fn a_cancelled_or_declined_session_cannot_be_completed() {
    let sandbox = sandbox();
    for (card, reason) in [("card-3064", "BuyerCanceled"), ("card-3434", "Declined")] {
        let id = paid_session(&sandbox, card).await;
        let shown = get(&sandbox, &format!("/v2/checkoutSessions/{id}")).await.body;
        assert_eq!(shown["statusDetails"]["state"], "Canceled");
        assert_eq!(shown["statusDetails"]["reasonCode"], reason);
        let path = format!("/v2/checkoutSessions/{id}/complete");
        let refused = call(&sandbox, "POST", &path, &amount("chargeAmount", 1000), card).await;
        assert_eq!((refused.status, refused.code()), (422, "CheckoutSessionCanceled"));
    }
}

#[tokio::test]
async fn a_charge_is_captured_once_and_replayed_by_its_key() {
    let sandbox = sandbox();
    let charge = authorized_charge(&sandbox).await;
    let shown = get(&sandbox, &format!("/v2/charges/{charge}")).await.body;
    assert_eq!(shown["statusDetails"]["state"], "Authorized");
    assert_eq!(shown["captureAmount"], Value::Null);
    assert_eq!(shown["expirationTimestamp"], "20261222T181000Z");
    let path = format!("/v2/charges/{charge}/capture");
    let first = call(&sandbox, "POST", &path, &amount("captureAmount", 400), "capture").await;
    assert_eq!(first.body["statusDetails"]["state"], "Captured");
    assert_eq!(first.body["captureAmount"]["amount"], "400");
    assert_eq!(first.body["refundedAmount"]["amount"], "0");
    let again = call(&sandbox, "POST", &path, &amount("captureAmount", 400), "capture").await;
    assert_eq!((again.status, again.body), (first.status, first.body));
    let second = call(&sandbox, "POST", &path, &amount("captureAmount", 400), "new").await;
    assert_eq!((second.status, second.code()), (422, "InvalidChargeStatus"));
    let captured = sandbox.ledger().movements().iter().filter(|m| m.kind.as_str() == "captured").count();
    assert_eq!(captured, 1);
}

#[tokio::test]
async fn a_charge_is_cancelled_with_a_reason() {
    let sandbox = sandbox();
    let path = format!("/v2/charges/{}/cancel", authorized_charge(&sandbox).await);
    let bare = reply(send(&sandbox, signed(SHOP, "DELETE", &path, "{}", &[])).await).await;
    assert_eq!((bare.status, bare.code()), (400, "MissingParameterValue"));
    let body = json!({"cancellationReason": "在庫なし"}).to_string();
    let cancelled = reply(send(&sandbox, signed(SHOP, "DELETE", &path, &body, &[])).await).await;
    assert_eq!(cancelled.status, 200);
    assert_eq!(cancelled.body["statusDetails"]["reasonCode"], "MerchantCanceled");
}

#[tokio::test]
async fn idempotency_keys_are_needed_and_have_a_shape() {
    let sandbox = sandbox();
    let body = session_body().to_string();
    let without = reply(send(&sandbox, signed(SHOP, "POST", "/v2/checkoutSessions", &body, &[])).await).await;
    assert_eq!((without.status, without.code()), (400, "MissingHeader"));
    for bad in ["3f1c2a9e-0000-4000-8000-000000000000", "a b", ""] {
        let refused = call(&sandbox, "POST", "/v2/checkoutSessions", &session_body(), bad).await;
        assert_eq!((refused.status, refused.code()), (400, "InvalidHeaderValue"), "{bad:?}");
    }
    let first = call(&sandbox, "POST", "/v2/checkoutSessions", &session_body(), "same").await;
    let again = call(&sandbox, "POST", "/v2/checkoutSessions", &session_body(), "same").await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    // Keys are each merchant's own.
    let theirs = body.replace(super::merchant::STORE, "another-store");
    let key = [("x-amz-pay-idempotency-key", "same")];
    let other = reply(send(&sandbox, signed(OTHER_SHOP, "POST", "/v2/checkoutSessions", &theirs, &key)).await).await;
    assert_eq!(other.status, 201);
    assert_ne!(other.body["checkoutSessionId"], first.body["checkoutSessionId"]);
    // So are the objects.
    let path = format!("/v2/checkoutSessions/{}", other.body["checkoutSessionId"].as_str().expect("an id"));
    assert_eq!(get(&sandbox, &path).await.code(), "ResourceNotFound");
}

#[tokio::test]
async fn every_refusal_has_a_code_a_message_and_a_request_id() {
    let sandbox = sandbox();
    for (method, path, body, status, code) in [
        ("POST", "/v2/checkoutSessions", "{", 400, "InvalidRequestFormat"),
        ("POST", "/v2/checkoutSessions", r#"{"storeId":"s","color":"red"}"#, 400, "UnrecognizedField"),
        ("POST", "/v2/checkoutSessions", "{}", 400, "MissingParameterValue"),
        ("GET", "/v2/checkoutSessions/none", "", 404, "ResourceNotFound"),
        ("GET", "/v2/charges/none", "", 404, "ResourceNotFound"),
        ("POST", "/v2/disputes", "{}", 405, "UnsupportedOperation"),
        ("GET", "/live/v2/charges/none", "", 401, "UnauthorizedAccess"),
    ] {
        let key = [("x-amz-pay-idempotency-key", "k")];
        let refused = reply(send(&sandbox, signed(SHOP, method, path, body, &key)).await).await;
        assert_eq!((refused.status, refused.code()), (status, code), "{method} {path}");
        assert!(refused.request_id.is_some(), "{method} {path}");
        assert_eq!(keys(&refused.body), ["reasonCode", "message"]);
    }
}

#[tokio::test]
async fn a_request_that_was_changed_on_its_way_is_refused_and_does_nothing() {
    let sandbox = sandbox();
    let body = session_body().to_string();
    let key = [("x-amz-pay-idempotency-key", "k")];
    let (head, _) = signed(SHOP, "POST", "/v2/checkoutSessions", &body, &key).into_parts();
    let changed = Request::from_parts(head, Body::from(body.replace("1000.00", "1.00")));
    let refused = reply(send(&sandbox, changed).await).await;
    assert_eq!((refused.status, refused.code()), (403, "InvalidRequestSignature"));
    let message = refused.body["message"].as_str().expect("a message");
    assert!(message.starts_with("Unable to verify signature, signing String [AMZN-PAY-RSASSA-PSS-V2\n"), "{message}");
    assert_eq!(sandbox.ledger().sessions().count(), 0);
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_not_read() {
    let sandbox = sandbox();
    let body = " ".repeat(1024 * 1024 + 1);
    let refused = call(&sandbox, "POST", "/v2/checkoutSessions", &Value::String(body), "k").await;
    assert_eq!((refused.status, refused.code()), (400, "InvalidRequest"));
}

#[tokio::test]
async fn simulation_codes_belong_to_complete() {
    let sandbox = sandbox();
    let id = paid_session(&sandbox, "card-1111").await;
    let path = format!("/v2/checkoutSessions/{id}");
    let code = [("x-amz-pay-simulation-code", "Declined")];
    let refused = reply(send(&sandbox, signed(SHOP, "GET", &path, "", &code)).await).await;
    assert_eq!((refused.status, refused.code()), (400, "InvalidSandboxSimulationSpecified"));
    let body = amount("chargeAmount", 1000).to_string();
    let complete = format!("{path}/complete");
    let declined = reply(send(&sandbox, signed(SHOP, "POST", &complete, &body, &code)).await).await;
    assert_eq!((declined.status, declined.code()), (422, "CheckoutSessionCanceled"));
    assert_eq!(get(&sandbox, &path).await.body["statusDetails"]["reasonCode"], "Declined");
}
