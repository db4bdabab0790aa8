//! Whose request, and whose object: other merchants' things are not there, other environments and other times are refused.

use serde_json::{Value, json};

use super::caller::{Caller, STORE, charge, order, yen};

const MINUTE: i64 = 60_000;

#[tokio::test]
async fn what_is_another_merchants_is_not_there() {
    let owner = Caller::new();
    let other = owner.other("A1SHOP00000002", "jp");
    let completed = owner.completed(&order("Confirm"), "card-1111", "k").await;
    let (session, permission) = (completed.text_of("checkoutSessionId"), completed.text_of("chargePermissionId"));
    let held = owner.call("POST", "/v2/charges", &charge(&permission, 100), "h").await.text_of("chargeId");
    let taken = owner.completed(&order("AuthorizeWithCapture"), "card-1111", "t").await.text_of("chargeId");
    let refund = json!({"chargeId": taken, "refundAmount": yen(10)});
    let refunded = owner.call("POST", "/v2/refunds", &refund, "r").await.text_of("refundId");
    let kind = json!({"reportType": "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_"});
    let report = owner.call("POST", "/v2/reports", &kind, "p").await.text_of("reportId");
    let token = owner.signed_in(&json!({"storeId": STORE, "signInReturnUrl": "https://shop.example/welcome"}));
    let reason = json!({"cancellationReason": "x"});
    let amount = json!({"chargeAmount": yen(1000)});
    for (method, path, body) in [
        ("GET", format!("checkoutSessions/{session}"), Value::Null),
        ("PATCH", format!("checkoutSessions/{session}"), json!({})),
        ("POST", format!("checkoutSessions/{session}/complete"), amount),
        ("POST", format!("checkoutSessions/{session}/finalize"), json!({"paymentIntent": "Confirm"})),
        ("GET", format!("chargePermissions/{permission}"), Value::Null),
        ("PATCH", format!("chargePermissions/{permission}"), json!({"merchantMetadata": {"noteToBuyer": "x"}})),
        ("DELETE", format!("chargePermissions/{permission}/close"), json!({"closureReason": "x"})),
        ("POST", "charges".to_owned(), charge(&permission, 1)),
        ("GET", format!("charges/{held}"), Value::Null),
        ("POST", format!("charges/{held}/capture"), json!({"captureAmount": yen(1)})),
        ("DELETE", format!("charges/{held}/cancel"), reason),
        ("POST", "refunds".to_owned(), refund),
        ("GET", format!("refunds/{refunded}"), Value::Null),
        ("GET", format!("buyers/{token}"), Value::Null),
        ("GET", format!("reports/{report}"), Value::Null),
    ] {
        let answer = other.call(method, &format!("/v2/{path}"), &body, "stolen").await;
        assert_eq!((answer.status, answer.code()), (404, "ResourceNotFound"), "{method} {path}");
        assert!(!answer.text.contains("箱根"), "{}", answer.text);
    }
    assert_eq!(owner.get(&format!("/v2/charges/{held}")).await.state(), "Authorized", "and nothing was done");
    // A store of somebody else's is no store.
    let mut body = order("Confirm");
    body["storeId"] = json!("amzn1.application-oa2-client.ffffffffffffffffffffffffffffffff");
    let refused = other.call("POST", "/v2/checkoutSessions", &body, "s").await;
    assert_eq!((refused.status, refused.code()), (400, "InvalidParameterValue"));
}

#[tokio::test]
async fn a_sandbox_key_opens_nothing_that_is_live_and_an_unknown_one_nothing_at_all() {
    let caller = Caller::new();
    for (path, status, code) in [
        ("/v2/charges/none", 404, "ResourceNotFound"),
        ("/sandbox/v2/charges/none", 404, "ResourceNotFound"),
        ("/sandbox/v2/charges/none/", 404, "ResourceNotFound"),
        ("/live/v2/charges/none", 401, "UnauthorizedAccess"),
    ] {
        let answer = caller.get(path).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{path}");
    }
    let unknown = caller.other("A1NOBODY000001", "jp").get("/v2/charges/none").await;
    assert_eq!((unknown.status, unknown.code()), (401, "UnauthorizedAccess"));
}

#[tokio::test]
async fn a_request_may_be_dated_15_minutes_off_and_the_moved_clock_has_no_say() {
    let caller = Caller::new();
    caller.advance(40 * 24 * 60 * MINUTE).await;
    let answer = caller.get("/v2/charges/none").await;
    assert_eq!(answer.status, 404, "requests are dated by the machine's time: {}", answer.text);
    for (ms, status, code) in [
        (15 * MINUTE, 404, "ResourceNotFound"),
        (1, 400, "InvalidHeaderValue"),
        (60 * MINUTE, 400, "InvalidHeaderValue"),
    ] {
        caller.clock.advance(ms);
        let answer = caller.get("/v2/charges/none").await;
        assert_eq!((answer.status, answer.code()), (status, code));
    }
}
