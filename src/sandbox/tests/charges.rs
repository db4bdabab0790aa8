//! Create Charge as a merchant sees it.

use serde_json::{Value, json};

use super::merchant::{
    SHOP, amount, authorized_charge, call, get, keys, paid_session_of, reply, sandbox, send, session_body, signed,
};
use crate::sandbox::Sandbox;
use std::sync::Arc;

const CHARGE_KEYS: [&str; 17] = [
    "chargeId",
    "chargePermissionId",
    "chargeAmount",
    "captureAmount",
    "refundedAmount",
    "softDescriptor",
    "platformId",
    "providerMetadata",
    "convertedAmount",
    "conversionRate",
    "channel",
    "chargeInitiator",
    "statusDetails",
    "creationTimestamp",
    "expirationTimestamp",
    "releaseEnvironment",
    "merchantMetadata",
];

/// A permission for 1,000 yen on which nothing is charged yet.
pub(super) async fn permission(sandbox: &Arc<Sandbox>, card: &str) -> String {
    let mut body = session_body();
    body["paymentDetails"]["paymentIntent"] = json!("Confirm");
    let id = paid_session_of(sandbox, card, &body).await;
    let path = format!("/v2/checkoutSessions/{id}/complete");
    let completed = call(sandbox, "POST", &path, &amount("chargeAmount", 1000), "complete").await;
    completed.body["chargePermissionId"].as_str().expect("one").to_owned()
}

pub(super) fn charge_body(permission_id: &str, yen: i64) -> Value {
    json!({"chargePermissionId": permission_id, "chargeAmount": {"amount": yen, "currencyCode": "JPY"}})
}

#[tokio::test]
async fn a_charge_is_created_once_for_its_key() {
    let sandbox = sandbox();
    let permission = permission(&sandbox, "card-1111").await;
    let mut body = charge_body(&permission, 300);
    body["captureNow"] = json!(true);
    body["softDescriptor"] = json!("SHOP");
    body["merchantMetadata"] = json!({"merchantReferenceId": "2回目"});
    let first = call(&sandbox, "POST", "/v2/charges", &body, "k").await;
    assert_eq!(first.status, 201, "{:?}", first.body);
    assert_eq!(keys(&first.body)[..17], CHARGE_KEYS);
    assert_eq!(keys(&first.body)[17..], ["webCheckoutDetails"]);
    assert_eq!(first.body["statusDetails"]["state"], "Captured");
    assert_eq!(first.body["softDescriptor"], "AMZ*SHOP");
    assert_eq!(first.body["merchantMetadata"]["merchantReferenceId"], "2回目");
    let again = call(&sandbox, "POST", "/v2/charges", &body, "k").await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    body["chargeAmount"]["amount"] = json!("301");
    assert_eq!(call(&sandbox, "POST", "/v2/charges", &body, "k").await.code(), "DuplicateIdempotencyKey");
    assert_eq!(sandbox.ledger().charges().count(), 1);
    let path = format!("/v2/charges/{}", first.body["chargeId"].as_str().expect("an id"));
    assert_eq!(get(&sandbox, &path).await.body, first.body);
    let shown = get(&sandbox, &format!("/v2/chargePermissions/{permission}")).await.body;
    assert_eq!(shown["limits"]["amountBalance"]["amount"], "700");
}

#[tokio::test]
async fn what_a_charge_may_not_ask_for_is_refused_by_name() {
    let sandbox = sandbox();
    let permission = permission(&sandbox, "card-1111").await;
    let with = |name: &str, value: Value| {
        let mut body = charge_body(&permission, 1);
        body[name] = value;
        body
    };
    let both = json!({"chargePermissionId": permission, "chargeAmount": {"amount": "1", "currencyCode": "JPY"},
        "captureNow": true, "canHandlePendingAuthorization": true});
    for (body, status, code) in [
        (json!({}), 400, "MissingParameterValue"),
        (json!({"chargePermissionId": permission}), 400, "MissingParameterValue"),
        (charge_body("S03-0000000-0000000", 1), 404, "ResourceNotFound"),
        (charge_body(&permission, 0), 400, "InvalidParameterValue"),
        (charge_body(&permission, 1001), 400, "TransactionAmountExceeded"),
        (charge_body(&permission, 10_000_001), 400, "TransactionAmountExceeded"),
        (with("chargeAmount", json!({"amount": "1", "currencyCode": "USD"})), 400, "CurrencyMismatch"),
        (with("softDescriptor", json!("SHOP")), 400, "InvalidParameterCombination"),
        (both, 400, "InvalidParameterCombination"),
        (with("channel", json!("Telepathy")), 400, "InvalidParameterValue"),
        (with("color", json!("red")), 400, "UnrecognizedField"),
    ] {
        let refused = call(&sandbox, "POST", "/v2/charges", &body, "k").await;
        assert_eq!((refused.status, refused.code()), (status, code), "{body}");
    }
    let bare = charge_body(&permission, 1).to_string();
    let without_key = reply(send(&sandbox, signed(SHOP, "POST", "/v2/charges", &bare, &[])).await).await;
    assert_eq!((without_key.status, without_key.code()), (400, "MissingHeader"));
    assert_eq!(sandbox.ledger().charges().count(), 0);
}

#[tokio::test]
async fn declines_are_error_answers_asked_for_by_header_or_by_card() {
    let sandbox = sandbox();
    let with_header = permission(&sandbox, "card-1111").await;
    let with_card = permission(&sandbox, "card-8002").await;
    for (code, status) in [
        ("SoftDeclined", 422),
        ("TransactionTimedOut", 422),
        ("ProcessingFailure", 500),
        ("BuyerCanceled", 400),
        ("HardDeclined", 422),
    ] {
        let headers = [("x-amz-pay-idempotency-key", code), ("x-amz-pay-simulation-code", code)];
        let body = charge_body(&with_header, 1).to_string();
        let refused = reply(send(&sandbox, signed(SHOP, "POST", "/v2/charges", &body, &headers)).await).await;
        let expected = if status == 400 { "InvalidSandboxSimulationSpecified" } else { code };
        assert_eq!((refused.status, refused.code()), (status, expected));
    }
    let refused = call(&sandbox, "POST", "/v2/charges", &charge_body(&with_card, 1), "k").await;
    assert_eq!((refused.status, refused.code()), (422, "HardDeclined"));
    for permission in [with_header, with_card] {
        let shown = get(&sandbox, &format!("/v2/chargePermissions/{permission}")).await.body;
        assert_eq!(shown["statusDetails"]["state"], "NonChargeable");
        assert_eq!(shown["statusDetails"]["reasons"][0]["reasonCode"], "PaymentMethodInvalid");
        let later = call(&sandbox, "POST", "/v2/charges", &charge_body(&permission, 1), "later").await;
        assert_eq!((later.status, later.code()), (422, "InvalidChargePermissionStatus"));
    }
}

#[tokio::test]
async fn a_pending_charge_is_created_too() {
    let sandbox = sandbox();
    let permission = permission(&sandbox, "card-1111").await;
    let mut body = charge_body(&permission, 1000);
    body["canHandlePendingAuthorization"] = json!(true);
    let headers = [("x-amz-pay-idempotency-key", "k"), ("x-amz-pay-simulation-code", "AuthorizationInitiated")];
    let request = signed(SHOP, "POST", "/v2/charges", &body.to_string(), &headers);
    let created = reply(send(&sandbox, request).await).await;
    assert_eq!((created.status, &created.body["statusDetails"]["state"]), (201, &json!("AuthorizationInitiated")));
}

#[tokio::test]
async fn a_capture_above_all_limits_is_refused_as_too_much() {
    let sandbox = sandbox();
    let path = format!("/v2/charges/{}/capture", authorized_charge(&sandbox).await);
    let refused = call(&sandbox, "POST", &path, &amount("captureAmount", 10_000_001), "k").await;
    assert_eq!((refused.status, refused.code()), (400, "TransactionAmountExceeded"));
}
