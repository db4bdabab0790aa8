//! Merchants outside Japan: their currency, its decimals and limits, and their region.

use serde_json::json;

use super::caller::{Caller, order};

fn dollars(amount: &str) -> serde_json::Value {
    json!({"amount": amount, "currencyCode": "USD"})
}

#[tokio::test]
async fn a_ledger_in_dollars_has_cents_and_its_own_limits() {
    let caller = Caller::new().other("A1SHOP0000USD1", "na");
    let mut body = order("Authorize");
    body["paymentDetails"]["chargeAmount"] = json!({"amount": 12.9, "currencyCode": "USD"});
    let completed = caller.completed(&body, "card-1111", "k").await;
    let charge = completed.text_of("chargeId");
    assert!(charge.starts_with("S01-"), "{charge}");
    let shown = caller.get(&format!("/v2/charges/{charge}")).await;
    assert_eq!(shown.body["chargeAmount"], dollars("12.90"));
    let path = format!("/v2/charges/{charge}/capture");
    for (amount, code) in [
        (json!({"amount": "12.905", "currencyCode": "USD"}), "InvalidParameterValue"),
        (json!({"amount": "12.91", "currencyCode": "USD"}), "TransactionAmountExceeded"),
        (json!({"amount": "150000.01", "currencyCode": "USD"}), "TransactionAmountExceeded"),
        (json!({"amount": "12", "currencyCode": "JPY"}), "CurrencyMismatch"),
        (json!({"amount": "12", "currencyCode": "XXX"}), "InvalidParameterValue"),
    ] {
        let refused = caller.call("POST", &path, &json!({"captureAmount": amount}), "k").await;
        assert_eq!((refused.status, refused.code()), (400, code), "{amount}");
    }
    let captured = caller.call("POST", &path, &json!({"captureAmount": dollars("12.9")}), "k").await;
    assert_eq!(captured.body["captureAmount"], dollars("12.90"));
    // 15 %, rounded down: 14.83 in all.
    let body = |amount: &str| json!({"chargeId": charge, "refundAmount": dollars(amount)});
    assert_eq!(caller.call("POST", "/v2/refunds", &body("14.84"), "a").await.code(), "TransactionAmountExceeded");
    let refund = caller.call("POST", "/v2/refunds", &body("14.83"), "b").await;
    assert_eq!(refund.body["refundAmount"], dollars("14.83"));
}

#[tokio::test]
async fn a_subscription_in_dollars_has_the_months_limit_of_dollars() {
    let caller = Caller::new().other("A1SHOP0000USD1", "us");
    let mut body = order("Confirm");
    body["chargePermissionType"] = json!("Recurring");
    body["recurringMetadata"] = json!({"frequency": {"unit": "Month", "value": 1}, "amount": dollars("9.99")});
    body["paymentDetails"] = json!({"paymentIntent": "Confirm"});
    let permission = caller.completed(&body, "card-1111", "k").await.text_of("chargePermissionId");
    assert!(permission.starts_with("C01-"), "{permission}");
    let shown = caller.get(&format!("/v2/chargePermissions/{permission}")).await;
    assert_eq!(shown.body["limits"]["amountLimit"], dollars("1000.00"));
    assert_eq!(shown.body["recurringMetadata"]["amount"], dollars("9.99"));
    let body = json!({"chargePermissionId": permission, "chargeAmount": dollars("1000.01")});
    assert_eq!(caller.call("POST", "/v2/charges", &body, "k").await.code(), "PeriodicAmountExceeded");
}

#[tokio::test]
async fn requests_name_the_region_of_their_merchants() {
    let caller = Caller::new();
    for (merchant, region, fine) in [
        ("A1SHOP00000001", "JP", true),
        ("A1SHOP00000001", "na", false),
        ("A1SHOP0000USD1", "NA", true),
        ("A1SHOP0000USD1", "jp", false),
        ("A1SHOP0000EUR1", "uk", true),
    ] {
        let answer = caller.other(merchant, region).get("/v2/charges/none").await;
        let expected = if fine { (404, "ResourceNotFound") } else { (400, "InvalidHeaderValue") };
        assert_eq!((answer.status, answer.code()), expected, "{merchant} {region}");
    }
}
