//! How much and how often (amazon-pay 2.2, 2.4 to 2.6): each limit is reached, and not passed, through HTTP.

use serde_json::{Value, json};

use super::caller::{Caller, Reply, charge, order, yen};

/// 2026-12-01 00:00 in Japan, from the caller's first moment on.
const UNTIL_DECEMBER_MS: i64 = (7 * 24 * 60 + 20 * 60 + 50) * 60_000;

async fn try_charge(caller: &Caller, permission: &str, amount: i64, key: &str) -> Reply {
    let mut body = charge(permission, amount);
    if permission.starts_with('C') {
        body["chargeInitiator"] = json!("MITU");
        body["channel"] = json!("Web");
    }
    caller.call("POST", "/v2/charges", &body, key).await
}

async fn capture(caller: &Caller, charge_id: &str, amount: i64, key: &str) -> Reply {
    caller.call("POST", &format!("/v2/charges/{charge_id}/capture"), &json!({"captureAmount": yen(amount)}), key).await
}

async fn refund(caller: &Caller, charge_id: &str, amount: i64, key: &str) -> Reply {
    caller.call("POST", "/v2/refunds", &json!({"chargeId": charge_id, "refundAmount": yen(amount)}), key).await
}

async fn limits(caller: &Caller, permission: &str) -> [Value; 2] {
    let shown = caller.get(&format!("/v2/chargePermissions/{permission}")).await;
    ["amountLimit", "amountBalance"].map(|name| shown.body["limits"][name]["amount"].clone())
}

fn consent(kind: &str) -> Value {
    let mut body = order("Confirm");
    body["chargePermissionType"] = json!(kind);
    body["paymentDetails"] = json!({"paymentIntent": "Confirm"});
    if kind == "Recurring" {
        body["recurringMetadata"] = json!({"frequency": {"unit": "Month", "value": "1"}});
    } else {
        body["paymentMethodOnFileMetadata"] = json!({"setupOnly": true});
    }
    body
}

#[tokio::test]
async fn ten_million_yen_is_the_most_of_any_one_transaction() {
    let caller = Caller::new();
    let mut dear = order("AuthorizeWithCapture");
    dear["paymentDetails"]["chargeAmount"] = yen(10_000_000);
    let taken = caller.completed(&dear, "card-1111", "k").await.text_of("chargeId");
    assert_eq!(caller.get(&format!("/v2/charges/{taken}")).await.body["captureAmount"], yen(10_000_000));
    let over = yen(10_000_001);
    let priced = json!({"paymentDetails": {"chargeAmount": over}});
    let mut dearer = order("Authorize");
    dearer["paymentDetails"]["chargeAmount"] = over.clone();
    let session = caller.call("POST", "/v2/checkoutSessions", &order("Authorize"), "s").await;
    let session = format!("/v2/checkoutSessions/{}", session.text_of("checkoutSessionId"));
    let held = caller.completed(&order("Confirm"), "card-1111", "h").await.text_of("chargePermissionId");
    // What is only agreed on has a wrong value; what is to happen is too much.
    for (method, path, body) in [("POST", "/v2/checkoutSessions", dearer), ("PATCH", session.as_str(), priced)] {
        let refused = caller.call(method, path, &body, "over").await;
        assert_eq!((refused.status, refused.code()), (400, "InvalidParameterValue"), "{method} {path}");
    }
    for (method, path, body) in [
        ("POST", format!("{session}/complete"), json!({"chargeAmount": over})),
        ("POST", "/v2/charges".to_owned(), json!({"chargePermissionId": held, "chargeAmount": over})),
        ("POST", format!("/v2/charges/{taken}/capture"), json!({"captureAmount": over})),
        ("POST", "/v2/refunds".to_owned(), json!({"chargeId": taken, "refundAmount": over})),
    ] {
        let refused = caller.call(method, &path, &body, "over").await;
        assert_eq!((refused.status, refused.code()), (400, "TransactionAmountExceeded"), "{method} {path}");
    }
}

#[tokio::test]
async fn the_months_limits_are_of_japans_months_and_of_each_permission() {
    for (kind, limit) in [("Recurring", 100_000), ("PaymentMethodOnFile", 2_000_000)] {
        let caller = Caller::new();
        let permission = caller.completed(&consent(kind), "card-1111", "k1").await.text_of("chargePermissionId");
        let other = caller.completed(&consent(kind), "card-1111", "k2").await.text_of("chargePermissionId");
        assert_eq!(try_charge(&caller, &permission, limit - 40, "a").await.status, 201);
        assert_eq!(limits(&caller, &permission).await, [json!(limit.to_string()), json!("40")]);
        for (amount, status) in [(41, 400), (40, 201), (1, 400)] {
            let reply = try_charge(&caller, &permission, amount, &format!("b{amount}")).await;
            let code = if status == 400 { "PeriodicAmountExceeded" } else { "" };
            assert_eq!((reply.status, reply.code()), (status, code), "{kind} {amount}");
        }
        assert_eq!(try_charge(&caller, &other, limit, "other").await.status, 201, "another permission's own");
        let path = format!("/v2/chargePermissions/{permission}");
        assert_eq!(caller.get(&path).await.state(), "Chargeable", "next month is near");
        caller.advance(UNTIL_DECEMBER_MS - 1).await;
        assert_eq!(try_charge(&caller, &permission, 1, "nov").await.code(), "PeriodicAmountExceeded");
        caller.advance(1).await;
        assert_eq!(limits(&caller, &permission).await[1], json!(limit.to_string()));
        assert_eq!(try_charge(&caller, &permission, limit, "dec").await.status, 201);
    }
}

#[tokio::test]
async fn an_order_is_charged_25_times_at_most_and_cancelled_charges_count() {
    let caller = Caller::new();
    let permission = caller.completed(&order("Confirm"), "card-1111", "k").await.text_of("chargePermissionId");
    for number in 0..25 {
        let made = try_charge(&caller, &permission, 1, &format!("n{number}")).await;
        assert_eq!(made.status, 201, "{number}: {}", made.text);
        let path = format!("/v2/charges/{}/cancel", made.text_of("chargeId"));
        assert_eq!(caller.call("DELETE", &path, &json!({"cancellationReason": "x"}), "c").await.status, 200);
    }
    let more = try_charge(&caller, &permission, 1, "n25").await;
    assert_eq!((more.status, more.code()), (422, "TransactionCountExceeded"));
    let subscription = caller.completed(&consent("Recurring"), "card-1111", "s").await.text_of("chargePermissionId");
    for number in 0..26 {
        assert_eq!(try_charge(&caller, &subscription, 1, &format!("s{number}")).await.status, 201, "no such limit");
    }
}

#[tokio::test]
async fn refunds_may_go_15_percent_or_8400_yen_beyond_the_capture() {
    for (captured, most) in [(1_000, 1_150), (56_000, 64_400), (100_000, 108_400)] {
        let caller = Caller::new();
        let mut body = order("AuthorizeWithCapture");
        body["paymentDetails"]["chargeAmount"] = yen(captured);
        let id = caller.completed(&body, "card-1111", "k").await.text_of("chargeId");
        assert_eq!(refund(&caller, &id, captured, "a").await.status, 201);
        let rest = most - captured;
        let over = refund(&caller, &id, rest + 1, "b").await;
        assert_eq!((over.status, over.code()), (400, "TransactionAmountExceeded"), "what is under way counts");
        // One that is declined gives its part back.
        let path = "/v2/refunds";
        let lost = json!({"chargeId": id, "refundAmount": yen(rest)});
        assert_eq!(caller.simulate("POST", path, &lost, "Declined").await.status, 201);
        assert_eq!(refund(&caller, &id, 1, "c").await.code(), "TransactionAmountExceeded");
        caller.advance(30_000).await;
        assert_eq!(refund(&caller, &id, rest, "d").await.status, 201);
        caller.advance(30_000).await;
        assert_eq!(refund(&caller, &id, 1, "e").await.code(), "TransactionAmountExceeded");
        assert_eq!(caller.get(&format!("/v2/charges/{id}")).await.body["refundedAmount"], yen(most));
    }
}

#[tokio::test]
async fn an_order_may_grow_only_where_the_payload_said_so_from_the_start() {
    for (amount, grown) in [(1_000, 70_000), (7_777, 70_000), (7_778, 70_002), (10_000, 90_000)] {
        let caller = Caller::new();
        let mut body = order("Confirm");
        body["paymentDetails"]["chargeAmount"] = yen(amount);
        body["paymentDetails"]["allowOvercharge"] = json!(true);
        let permission = caller.completed(&body, "card-1111", "k").await.text_of("chargePermissionId");
        assert_eq!(limits(&caller, &permission).await, [json!(grown.to_string()), json!(grown.to_string())]);
        assert_eq!(try_charge(&caller, &permission, grown + 1, "a").await.code(), "TransactionAmountExceeded");
        assert_eq!(try_charge(&caller, &permission, grown, "b").await.status, 201);
    }
    // An update comes too late.
    let caller = Caller::new();
    let id = caller.call("POST", "/v2/checkoutSessions", &order("Confirm"), "k").await.text_of("checkoutSessionId");
    let path = format!("/v2/checkoutSessions/{id}");
    let late = json!({"paymentDetails": {"allowOvercharge": true, "chargeAmount": yen(2_000)}});
    let updated = caller.call("PATCH", &path, &late, "u").await;
    let payment = &updated.body["paymentDetails"];
    assert_eq!((&payment["allowOvercharge"], &payment["chargeAmount"]), (&Value::Null, &yen(2_000)));
}

#[tokio::test]
async fn a_part_is_captured_once_and_the_rest_can_be_charged_anew() {
    let caller = Caller::new();
    let completed = caller.completed(&order("Authorize"), "card-1111", "k").await;
    let (permission, id) = (completed.text_of("chargePermissionId"), completed.text_of("chargeId"));
    assert_eq!(capture(&caller, &id, 1_001, "a").await.code(), "TransactionAmountExceeded");
    let part = capture(&caller, &id, 400, "b").await;
    assert_eq!((part.status, part.state(), &part.body["captureAmount"]), (200, "Captured", &yen(400)));
    assert_eq!(capture(&caller, &id, 600, "c").await.code(), "InvalidChargeStatus", "one capture each");
    assert_eq!(limits(&caller, &permission).await, [json!("1000"), json!("600")]);
    assert_eq!(try_charge(&caller, &permission, 601, "d").await.code(), "TransactionAmountExceeded");
    let rest = try_charge(&caller, &permission, 600, "e").await.text_of("chargeId");
    let path = format!("/v2/chargePermissions/{permission}");
    let shown = caller.get(&path).await;
    assert_eq!(shown.body["statusDetails"]["reasons"][0]["reasonCode"], "ChargeInProgress");
    assert_eq!(capture(&caller, &rest, 600, "f").await.status, 200);
    let closed = caller.get(&path).await;
    assert_eq!(
        (closed.state(), &closed.body["statusDetails"]["reasons"][0]["reasonCode"]),
        ("Closed", &json!("AmazonClosed"))
    );
    assert_eq!(refund(&caller, &id, 460, "g").await.status, 201, "each charge has its own refunds");
    assert_eq!(refund(&caller, &id, 1, "h").await.code(), "TransactionAmountExceeded");
}

#[tokio::test]
async fn an_order_with_a_total_is_charged_in_parts_up_to_it() {
    let caller = Caller::new();
    let mut body = order("Authorize");
    body["paymentDetails"]["totalOrderAmount"] = yen(2_500);
    let id = caller.paid(&body, "card-1111", "k").await;
    let path = format!("/v2/checkoutSessions/{id}/complete");
    let complete = async |total: Value, key| {
        let body = json!({"chargeAmount": yen(1000), "totalOrderAmount": total});
        caller.call("POST", &path, &body, key).await
    };
    assert_eq!(complete(Value::Null, "a").await.code(), "MissingParameterValue");
    assert_eq!(complete(yen(2_000), "b").await.code(), "AmountMismatch");
    let permission = complete(yen(2_500), "c").await.text_of("chargePermissionId");
    assert_eq!(limits(&caller, &permission).await, [json!("2500"), json!("1500")]);
    assert_eq!(try_charge(&caller, &permission, 1_501, "d").await.code(), "TransactionAmountExceeded");
    assert_eq!(try_charge(&caller, &permission, 1_500, "e").await.status, 201);
}
