//! Charge permissions as a merchant, and whoever tests, changes them.

use serde_json::{Value, json};

use super::charges::{charge_body, permission};
use super::merchant::{SHOP, call, control, get, paid_session_of, reply, sandbox, send, session_body, signed};

#[tokio::test]
async fn a_permission_is_updated_and_closed() {
    let sandbox = sandbox();
    let id = permission(&sandbox, "card-1111").await;
    let charge = call(&sandbox, "POST", "/v2/charges", &charge_body(&id, 100), "k").await;
    let path = format!("/v2/chargePermissions/{id}");
    let changes = json!({"merchantMetadata": {"merchantReferenceId": "新しい番号"}}).to_string();
    let updated = reply(send(&sandbox, signed(SHOP, "PATCH", &path, &changes, &[])).await).await;
    assert_eq!((updated.status, &updated.body["merchantMetadata"]["merchantReferenceId"]), (200, &json!("新しい番号")));
    let close = format!("{path}/close");
    for (body, code) in [("{}", "MissingParameterValue"), (r#"{"closureReason":"x","why":"y"}"#, "UnrecognizedField")] {
        let refused = reply(send(&sandbox, signed(SHOP, "DELETE", &close, body, &[])).await).await;
        assert_eq!(refused.code(), code);
    }
    let body = json!({"closureReason": "解約", "cancelPendingCharges": true}).to_string();
    let closed = reply(send(&sandbox, signed(SHOP, "DELETE", &close, &body, &[])).await).await;
    assert_eq!((closed.status, &closed.body["statusDetails"]["state"]), (200, &json!("Closed")));
    assert_eq!(closed.body["statusDetails"]["reasons"][0]["reasonCode"], "MerchantClosed");
    let charge = get(&sandbox, &format!("/v2/charges/{}", charge.body["chargeId"].as_str().expect("an id"))).await;
    assert_eq!(charge.body["statusDetails"]["reasonCode"], "ChargePermissionCanceled");
    let again = reply(send(&sandbox, signed(SHOP, "DELETE", &close, &body, &[])).await).await;
    assert_eq!((again.status, again.code()), (422, "InvalidChargePermissionStatus"));
    let late = reply(send(&sandbox, signed(SHOP, "PATCH", &path, &changes, &[])).await).await;
    assert_eq!((late.status, late.code()), (422, "ChargePermissionNotModifiable"));
}

#[tokio::test]
async fn a_test_may_play_the_buyer_and_amazon() {
    let sandbox = sandbox();
    let id = permission(&sandbox, "card-1111").await;
    let path = format!("/_control/chargePermissions/{id}");
    for (event, state, reason) in [
        (json!({"reason": "PaymentMethodExpired"}), "NonChargeable", "PaymentMethodExpired"),
        (json!({"payment": "card-4444"}), "Chargeable", ""),
        (json!({"reason": "BuyerCanceled"}), "Closed", "BuyerCanceled"),
    ] {
        let after = control(&sandbox, "POST", &path, &event).await;
        assert_eq!((after.status, &after.body["statusDetails"]["state"]), (200, &json!(state)), "{event}");
        assert_eq!(after.body["statusDetails"]["reasons"][0]["reasonCode"].as_str().unwrap_or_default(), reason);
    }
    for odd in [
        json!({}),
        json!({"reason": "ChargeInProgress"}),
        json!({"reason": "Expired", "payment": "card-4444"}),
        json!({"payment": "card-4444"}),
        json!({"because": "x"}),
    ] {
        assert_eq!(control(&sandbox, "POST", &path, &odd).await.status, 400, "{odd}");
    }
    let unknown = control(&sandbox, "POST", "/_control/chargePermissions/none", &json!({"reason": "Expired"})).await;
    assert_eq!(unknown.status, 400);
}

#[tokio::test]
async fn a_subscription_is_registered_without_a_charge_and_charged_later() {
    let sandbox = sandbox();
    let mut body = session_body();
    body["chargePermissionType"] = json!("Recurring");
    body["recurringMetadata"] = json!({"frequency": {"unit": "Month", "value": "1"}, "amount": null});
    body["paymentDetails"] =
        json!({"paymentIntent": "Confirm", "chargeAmount": {"amount": "0", "currencyCode": "JPY"}});
    let id = paid_session_of(&sandbox, "card-1111", &body).await;
    let path = format!("/v2/checkoutSessions/{id}/complete");
    let completed = call(&sandbox, "POST", &path, &json!({}), "complete").await;
    assert_eq!((completed.status, &completed.body["chargeId"]), (200, &Value::Null), "{:?}", completed.body);
    let permission = completed.body["chargePermissionId"].as_str().expect("one").to_owned();
    let shown = get(&sandbox, &format!("/v2/chargePermissions/{permission}")).await.body;
    assert_eq!(shown["chargePermissionType"], "Recurring");
    assert_eq!(shown["recurringMetadata"]["frequency"], json!({"unit": "Month", "value": "1"}));
    assert_eq!(shown["limits"]["amountLimit"]["amount"], "100000");
    assert_eq!(shown["expirationTimestamp"], "20271222T181000Z");
    let charged = call(&sandbox, "POST", "/v2/charges", &charge_body(&permission, 100_000), "k").await;
    assert_eq!(charged.status, 201);
    let more = call(&sandbox, "POST", "/v2/charges", &charge_body(&permission, 1), "more").await;
    assert_eq!((more.status, more.code()), (400, "PeriodicAmountExceeded"));
}
