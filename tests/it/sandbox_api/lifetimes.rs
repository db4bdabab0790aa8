//! How long everything lasts (amazon-pay 2.3 to 2.5): each to the last millisecond, through HTTP, by the moved clock.

use sekisho::sandbox::ledger::MovementKind;
use serde_json::{Value, json};

use super::caller::{BUYER, Caller, charge, order, yen};

const SECOND: i64 = 1_000;
const HOUR: i64 = 60 * 60 * SECOND;
const DAY: i64 = 24 * HOUR;

/// The object's state one moment before `ms` have passed, and then.
async fn around(caller: &Caller, path: &str, ms: i64) -> [String; 2] {
    caller.advance(ms - 1).await;
    let before = caller.get(path).await.state().to_owned();
    caller.advance(1).await;
    [before, caller.get(path).await.state().to_owned()]
}

fn monthly() -> Value {
    let mut body = order("Confirm");
    body["chargePermissionType"] = json!("Recurring");
    body["recurringMetadata"] = json!({"frequency": {"unit": "Month", "value": "1"}});
    body["paymentDetails"] = json!({"paymentIntent": "Confirm"});
    body
}

#[tokio::test]
async fn a_session_is_open_for_24_hours_and_its_reserved_money_is_then_free() {
    let caller = Caller::new();
    let id = caller.paid(&order("Authorize"), "card-1111", "k").await;
    let path = format!("/v2/checkoutSessions/{id}");
    let session = caller.get(&path).await;
    assert_eq!(session.body["creationTimestamp"], "20261122T181000Z");
    assert_eq!(session.body["expirationTimestamp"], "20261123T181000Z");
    assert_eq!(around(&caller, &path, DAY).await, ["Open", "Canceled"]);
    let cancelled = caller.get(&path).await;
    assert_eq!(cancelled.body["statusDetails"]["reasonCode"], "Expired");
    assert_eq!(cancelled.body["webCheckoutDetails"]["amazonPayRedirectUrl"], Value::Null);
    let complete = caller.call("POST", &format!("{path}/complete"), &json!({"chargeAmount": yen(1000)}), "c").await;
    assert_eq!((complete.status, complete.code()), (422, "CheckoutSessionCanceled"));
    let moved: Vec<_> = caller.sandbox.ledger().movements().iter().map(|one| (one.kind, one.amount.yen())).collect();
    assert_eq!(moved, [(MovementKind::Reserved, 1000), (MovementKind::Released, 1000)]);
}

#[tokio::test]
async fn a_session_can_be_read_for_30_days_whatever_became_of_it() {
    let caller = Caller::new();
    let lapsed = caller.paid(&order("Authorize"), "card-1111", "k1").await;
    let completed = caller.completed(&order("Authorize"), "card-1111", "k2").await.text_of("checkoutSessionId");
    caller.advance(30 * DAY).await;
    for (id, state) in [(&lapsed, "Canceled"), (&completed, "Completed")] {
        assert_eq!(caller.get(&format!("/v2/checkoutSessions/{id}")).await.state(), state);
    }
    caller.advance(1).await;
    for id in [&lapsed, &completed] {
        let path = format!("/v2/checkoutSessions/{id}");
        let gone = caller.get(&path).await;
        assert_eq!((gone.status, gone.code()), (404, "ResourceNotFound"));
        let complete = caller.call("POST", &format!("{path}/complete"), &json!({"chargeAmount": yen(1)}), "c").await;
        assert_eq!((complete.status, complete.code()), (404, "ResourceNotFound"));
    }
}

#[tokio::test]
async fn who_the_buyer_is_can_be_read_for_30_days_or_until_30_days_after_a_consent_ended() {
    let caller = Caller::new();
    let once = caller.completed(&order("Confirm"), "card-1111", "k1").await.text_of("chargePermissionId");
    let again = caller.completed(&monthly(), "card-1111", "k2").await.text_of("chargePermissionId");
    let buyer = async |id: &str| caller.get(&format!("/v2/chargePermissions/{id}")).await.body["buyer"].clone();
    caller.advance(30 * DAY).await;
    assert_eq!((&buyer(&once).await["buyerId"], &buyer(&again).await["buyerId"]), (&json!(BUYER), &json!(BUYER)));
    caller.advance(1).await;
    assert_eq!((buyer(&once).await, &buyer(&again).await["buyerId"]), (Value::Null, &json!(BUYER)));
    let shown = caller.get(&format!("/v2/chargePermissions/{once}")).await;
    assert_eq!((shown.status, shown.state(), &shown.body["shippingAddress"]), (200, "Chargeable", &Value::Null));
    let close = format!("/v2/chargePermissions/{again}/close");
    assert_eq!(caller.call("DELETE", &close, &json!({"closureReason": "x"}), "c").await.status, 200);
    caller.advance(30 * DAY).await;
    assert_eq!(buyer(&again).await["buyerId"], BUYER);
    caller.advance(1).await;
    assert_eq!(buyer(&again).await, Value::Null);
}

#[tokio::test]
async fn a_capture_is_synchronous_for_seven_days_and_takes_30_seconds_after_them() {
    for (age, at_once) in [(7 * DAY, "Captured"), (7 * DAY + 1, "CaptureInitiated")] {
        let caller = Caller::new();
        let id = caller.completed(&order("Authorize"), "card-1111", "k").await.text_of("chargeId");
        let path = format!("/v2/charges/{id}");
        caller.advance(age).await;
        let captured = caller.call("POST", &format!("{path}/capture"), &json!({"captureAmount": yen(1000)}), "c").await;
        assert_eq!((captured.status, captured.state()), (200, at_once));
        if at_once == "CaptureInitiated" {
            let cancel =
                caller.call("DELETE", &format!("{path}/cancel"), &json!({"cancellationReason": "x"}), "x").await;
            assert_eq!(cancel.code(), "InvalidChargeStatus", "too late");
        }
        assert_eq!(around(&caller, &path, 30 * SECOND).await, [at_once, "Captured"]);
        assert_eq!(caller.get(&path).await.body["refundedAmount"], yen(0));
    }
}

#[tokio::test]
async fn an_authorization_lasts_30_days_and_then_another_can_be_made() {
    let caller = Caller::new();
    let completed = caller.completed(&order("Authorize"), "card-1111", "k").await;
    let (permission, id) = (completed.text_of("chargePermissionId"), completed.text_of("chargeId"));
    let path = format!("/v2/charges/{id}");
    assert_eq!(caller.get(&path).await.body["expirationTimestamp"], "20261222T181000Z");
    let before = caller.call("POST", "/v2/charges", &charge(&permission, 1000), "early").await;
    assert_eq!((before.status, before.code()), (422, "InvalidChargePermissionStatus"), "the first one holds all of it");
    assert_eq!(around(&caller, &path, 30 * DAY).await, ["Authorized", "Canceled"]);
    assert_eq!(caller.get(&path).await.body["statusDetails"]["reasonCode"], "ExpiredUnused");
    let capture = caller.call("POST", &format!("{path}/capture"), &json!({"captureAmount": yen(1)}), "c").await;
    assert_eq!((capture.status, capture.code()), (422, "InvalidChargeStatus"));
    let another = caller.call("POST", "/v2/charges", &charge(&permission, 1000), "again").await;
    assert_eq!((another.status, another.state()), (201, "Authorized"));
}

#[tokio::test]
async fn a_permission_for_one_order_lasts_180_days() {
    let caller = Caller::new();
    let permission = caller.completed(&order("Confirm"), "card-1111", "k").await.text_of("chargePermissionId");
    let path = format!("/v2/chargePermissions/{permission}");
    assert_eq!(caller.get(&path).await.body["expirationTimestamp"], "20270521T181000Z");
    assert_eq!(around(&caller, &path, 180 * DAY).await, ["Chargeable", "Closed"]);
    assert_eq!(caller.get(&path).await.body["statusDetails"]["reasons"][0]["reasonCode"], "Expired");
    let late = caller.call("POST", "/v2/charges", &charge(&permission, 1), "late").await;
    assert_eq!((late.status, late.code()), (422, "InvalidChargePermissionStatus"));
}

#[tokio::test]
async fn a_subscriptions_permission_lasts_13_months_and_each_charge_starts_them_anew() {
    let caller = Caller::new();
    let permission = caller.completed(&monthly(), "card-1111", "k").await.text_of("chargePermissionId");
    let path = format!("/v2/chargePermissions/{permission}");
    assert_eq!(caller.get(&path).await.body["expirationTimestamp"], "20271222T181000Z");
    caller.advance(365 * DAY).await;
    assert_eq!(caller.call("POST", "/v2/charges", &charge(&permission, 500), "y1").await.status, 201);
    // 395 days from the first day on are 2027-12-22, the end as it was at first; a new year and a leap day later it ends.
    caller.advance(30 * DAY).await;
    let shown = caller.get(&path).await;
    assert_eq!((shown.state(), &shown.body["expirationTimestamp"]), ("Chargeable", &json!("20281222T181000Z")));
    assert_eq!(around(&caller, &path, 366 * DAY).await, ["Chargeable", "Closed"]);
    assert_eq!(caller.get(&path).await.body["statusDetails"]["reasons"][0]["reasonCode"], "Expired");
}

#[tokio::test]
async fn a_stored_payment_method_lasts_until_somebody_ends_it() {
    let caller = Caller::new();
    let mut body = order("Confirm");
    body["chargePermissionType"] = json!("PaymentMethodOnFile");
    body["paymentMethodOnFileMetadata"] = json!({"setupOnly": true});
    body["paymentDetails"] = json!({"paymentIntent": "Confirm"});
    let permission = caller.completed(&body, "card-1111", "k").await.text_of("chargePermissionId");
    caller.advance(9 * 366 * DAY).await;
    let shown = caller.get(&format!("/v2/chargePermissions/{permission}")).await;
    assert_eq!((shown.state(), &shown.body["expirationTimestamp"]), ("Chargeable", &Value::Null));
}

#[tokio::test]
async fn what_is_pending_and_every_refund_end_after_30_seconds() {
    let caller = Caller::new();
    let mut patient = order("Authorize");
    patient["paymentDetails"]["canHandlePendingAuthorization"] = json!(true);
    for (card, end) in [("card-0701", "Authorized"), ("card-4354", "Declined")] {
        let id = caller.paid(&patient, card, card).await;
        let path = format!("/v2/checkoutSessions/{id}/complete");
        let completed = caller.call("POST", &path, &json!({"chargeAmount": yen(1000)}), card).await;
        assert_eq!((completed.status, completed.state()), (202, "Completed"));
        let path = format!("/v2/charges/{}", completed.text_of("chargeId"));
        assert_eq!(around(&caller, &path, 30 * SECOND).await, ["AuthorizationInitiated", end]);
    }
    let taken = caller.completed(&order("AuthorizeWithCapture"), "card-1111", "t").await.text_of("chargeId");
    let refund = caller.call("POST", "/v2/refunds", &json!({"chargeId": taken, "refundAmount": yen(300)}), "r").await;
    let path = format!("/v2/refunds/{}", refund.text_of("refundId"));
    assert_eq!(caller.get(&format!("/v2/charges/{taken}")).await.body["refundedAmount"], yen(0));
    assert_eq!(around(&caller, &path, 30 * SECOND).await, ["RefundInitiated", "Refunded"]);
    assert_eq!(caller.get(&format!("/v2/charges/{taken}")).await.body["refundedAmount"], yen(300));
}
