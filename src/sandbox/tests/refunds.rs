//! Create Refund as a merchant sees it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::merchant::{amount, authorized_charge, call, control, get, keys, sandbox};
use crate::sandbox::Sandbox;

async fn captured(sandbox: &Arc<Sandbox>) -> String {
    let charge = authorized_charge(sandbox).await;
    let path = format!("/v2/charges/{charge}/capture");
    assert_eq!(call(sandbox, "POST", &path, &amount("captureAmount", 1000), "capture").await.status, 200);
    charge
}

fn refund_body(charge_id: &str, yen: i64) -> Value {
    json!({"chargeId": charge_id, "refundAmount": {"amount": yen, "currencyCode": "JPY"}, "softDescriptor": "SHOP"})
}

#[tokio::test]
async fn a_refund_is_begun_once_for_its_key_and_done_after_30_seconds() {
    let sandbox = sandbox();
    let charge = captured(&sandbox).await;
    let first = call(&sandbox, "POST", "/v2/refunds", &refund_body(&charge, 100), "k").await;
    assert_eq!(first.status, 201, "{:?}", first.body);
    let all = [
        "refundId",
        "chargeId",
        "creationTimestamp",
        "refundAmount",
        "statusDetails",
        "softDescriptor",
        "releaseEnvironment",
    ];
    assert_eq!(keys(&first.body), all);
    assert_eq!(first.body["refundAmount"], json!({"amount": "100.00", "currencyCode": "JPY"}));
    assert_eq!(first.body["statusDetails"]["state"], "RefundInitiated");
    assert_eq!(first.body["softDescriptor"], "AMZ*SHOP");
    let again = call(&sandbox, "POST", "/v2/refunds", &refund_body(&charge, 100), "k").await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    control(&sandbox, "POST", "/_control/clock", &json!({"advance_ms": 30_000})).await;
    let refund = first.body["refundId"].as_str().expect("an id");
    assert!(refund.starts_with(&charge[..19]) && &refund[19..21] == "-R", "{refund}");
    let shown = get(&sandbox, &format!("/v2/refunds/{refund}")).await;
    assert_eq!((shown.status, &shown.body["statusDetails"]["state"]), (200, &json!("Refunded")));
    let shown = get(&sandbox, &format!("/v2/charges/{charge}")).await;
    assert_eq!(shown.body["refundedAmount"]["amount"], "100");
    let ledger = control(&sandbox, "GET", "/_control/ledger", &Value::Null).await.body;
    assert_eq!(ledger["refunds"][0]["refundId"], refund);
    assert_eq!(ledger["charges"][0]["refundIds"], json!([refund]));
    let last = ledger["movements"].as_array().and_then(|list| list.last()).expect("one");
    assert_eq!((&last["kind"], &last["refundId"]), (&json!("refunded"), &json!(refund)));
}

#[tokio::test]
async fn what_cannot_be_refunded_is_said_with_its_code() {
    let sandbox = sandbox();
    let held = authorized_charge(&sandbox).await;
    for (body, status, code) in [
        (refund_body(&held, 1), 422, "InvalidChargeStatus"),
        (refund_body("none", 1), 404, "ResourceNotFound"),
        (refund_body(&held, 0), 400, "InvalidParameterValue"),
        (refund_body(&held, 10_000_001), 400, "TransactionAmountExceeded"),
        (json!({"chargeId": held}), 400, "MissingParameterValue"),
    ] {
        let refused = call(&sandbox, "POST", "/v2/refunds", &body, "k").await;
        assert_eq!((refused.status, refused.code()), (status, code), "{body}");
    }
    let path = format!("/v2/charges/{held}/capture");
    call(&sandbox, "POST", &path, &amount("captureAmount", 1000), "capture").await;
    let refused = call(&sandbox, "POST", "/v2/refunds", &refund_body(&held, 1151), "k").await;
    assert_eq!((refused.status, refused.code()), (400, "TransactionAmountExceeded"));
    assert_eq!(get(&sandbox, "/v2/refunds/none").await.code(), "ResourceNotFound");
}

#[tokio::test]
async fn a_rule_makes_the_next_refund_fail() {
    let sandbox = sandbox();
    let charge = captured(&sandbox).await;
    let rule = json!({"operation": "createRefund", "simulation_code": "Declined"});
    assert_eq!(control(&sandbox, "POST", "/_control/faults", &rule).await.status, 201);
    let begun = call(&sandbox, "POST", "/v2/refunds", &refund_body(&charge, 100), "k").await;
    let fine = call(&sandbox, "POST", "/v2/refunds", &refund_body(&charge, 100), "other").await;
    control(&sandbox, "POST", "/_control/clock", &json!({"advance_ms": 30_000})).await;
    for (reply, state, reason) in [(begun, "Declined", json!("ProcessingFailure")), (fine, "Refunded", Value::Null)] {
        let shown = get(&sandbox, &format!("/v2/refunds/{}", reply.body["refundId"].as_str().expect("an id"))).await;
        assert_eq!(
            (&shown.body["statusDetails"]["state"], &shown.body["statusDetails"]["reasonCode"]),
            (&json!(state), &reason)
        );
    }
    let odd = json!({"operation": "getRefund", "simulation_code": "Declined"});
    assert_eq!(control(&sandbox, "POST", "/_control/faults", &odd).await.status, 400);
}
