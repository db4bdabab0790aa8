//! Every error code of amazon-pay 2.8, provoked through HTTP: by what a merchant may do wrong where there is such a
//! thing, and else by its simulation code. `code_table` is that section's table; a line that nothing provokes fails the
//! test, and so does a code of the sandbox's that is in no line.

use std::collections::BTreeSet;

use sekisho::sandbox::Throttling;
use sekisho::sandbox::error::ReasonCode;
use serde_json::{Value, json};

use super::caller::{Caller, STORE, charge, order, yen};
use super::code_table::{CAPTURE, CHARGE, COMPLETE, FINALIZE, GENERIC, OF_OPERATIONS, REFUND};

#[tokio::test]
async fn every_code_is_provoked() {
    let caller = Caller::new();
    the_envelope(&caller).await;
    bodies(&caller).await;
    checkout(&caller).await;
    charging(&caller).await;
    capturing_and_refunding(&caller).await;
    permissions(&caller).await;
    by_simulation(&caller).await;
    quotas(&caller).await;

    let seen = caller.refusals();
    let anywhere: BTreeSet<(u16, String)> = seen.iter().map(|(_, status, code)| (*status, code.clone())).collect();
    let mut missing: Vec<String> = GENERIC
        .iter()
        .filter(|(status, code)| !anywhere.contains(&(*status, (*code).to_owned())))
        .map(|(status, code)| format!("{status} {code}"))
        .collect();
    for (operation, codes) in OF_OPERATIONS {
        for (status, code) in codes {
            if !seen.contains(&(operation.to_owned(), *status, (*code).to_owned())) {
                missing.push(format!("{operation}: {status} {code}"));
            }
        }
    }
    assert!(missing.is_empty(), "never provoked:\n{}", missing.join("\n"));

    let listed: BTreeSet<&str> =
        GENERIC.iter().chain(OF_OPERATIONS.iter().flat_map(|(_, codes)| codes.iter())).map(|(_, code)| *code).collect();
    for code in ReasonCode::ALL {
        assert!(listed.contains(code.as_str()), "{} is in no line of the table", code.as_str());
        assert!(anywhere.contains(&(code.http_status(), code.as_str().to_owned())), "{} was not seen", code.as_str());
    }
}

/// What is wrong before anybody looks at the body.
async fn the_envelope(caller: &Caller) {
    let changed = |name: &'static str, value: Option<&str>| {
        let mut request = caller.signed("GET", "/v2/charges/none", "", &[]);
        request.headers_mut().remove(name);
        if let Some(value) = value {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        request
    };
    for (request, code) in [
        (changed("x-amz-pay-date", Some("yesterday")), "InvalidHeaderValue"),
        (changed("x-amz-pay-date", None), "MissingHeader"),
        (changed("x-amz-pay-region", Some("")), "MissingHeaderValue"),
        (changed("authorization", Some("Bearer token")), "InvalidAuthentication"),
        (changed("x-amz-pay-host", Some("localhost")), "InvalidRequestSignature"),
    ] {
        assert_eq!(caller.send(request).await.code(), code);
    }
    let stranger = caller.other("A1NOBODY000001", "jp");
    assert_eq!(stranger.get("/v2/charges/none").await.code(), "UnauthorizedAccess");
    for (method, path, code) in [
        ("GET", "/v1/charges/none", "InvalidAPIVersion"),
        ("GET", "/v2/charges/none", "ResourceNotFound"),
        ("POST", "/v2/in-store/charge", "UnsupportedOperation"),
        ("PUT", "/v2/charges/none", "RequestNotSupported"),
    ] {
        assert_eq!(caller.call_with(method, path, &Value::Null, &[]).await.code(), code, "{method} {path}");
    }
    let token = [("x-amz-pay-authtoken", "stolen")];
    let refused = caller.call_with("GET", "/v2/charges/none", &Value::Null, &token).await;
    assert_eq!(refused.code(), "InvalidAuthorizationToken");
}

/// What is wrong with a body.
async fn bodies(caller: &Caller) {
    let with = |name: &str, value: Value| {
        let mut body = order("Confirm");
        body[name] = value;
        body
    };
    let address = json!({"name": "n", "addressLine1": "1", "postalCode": "1", "countryCode": "JP"});
    let dollars = json!({"chargeAmount": {"amount": 1, "currencyCode": "USD"}});
    for (body, code) in [
        (json!([1]), "InvalidRequestFormat"),
        (with("colour", json!("red")), "UnrecognizedField"),
        (with("storeId", Value::Null), "MissingParameterValue"),
        (with("storeId", json!("another")), "InvalidParameterValue"),
        (with("addressDetails", address), "InvalidParameterCombination"),
        (with("paymentDetails", dollars), "CurrencyMismatch"),
        (json!(" ".repeat(1024 * 1024)), "InvalidRequest"),
    ] {
        assert_eq!(caller.call("POST", "/v2/checkoutSessions", &body, "bodies").await.code(), code);
    }
    let first = caller.call("POST", "/v2/checkoutSessions", &order("Confirm"), "used").await;
    assert_eq!(first.status, 201);
    let changed = caller.call("POST", "/v2/checkoutSessions", &order("Authorize"), "used").await;
    assert_eq!(changed.code(), "DuplicateIdempotencyKey");
}

async fn checkout(caller: &Caller) {
    let complete = |id: &str| format!("/v2/checkoutSessions/{id}/complete");
    let whole = json!({"chargeAmount": yen(1000)});
    let id = caller.paid(&order("Authorize"), "card-1111", "c1").await;
    let update = caller.call_with("PATCH", &format!("/v2/checkoutSessions/{id}"), &json!({}), &[]).await;
    assert_eq!(update.code(), "InvalidCheckoutSessionStatus");
    let less = json!({"chargeAmount": yen(999)});
    let dollars = json!({"chargeAmount": {"amount": 1000, "currencyCode": "USD"}});
    for (body, code) in [(less, "AmountMismatch"), (dollars, "CurrencyMismatch")] {
        assert_eq!(caller.call("POST", &complete(&id), &body, "k").await.code(), code);
    }
    assert_eq!(caller.call("POST", &complete(&id), &whole, "k").await.status, 200);
    assert_eq!(caller.call("POST", &complete(&id), &whole, "k2").await.code(), "InvalidCheckoutSessionStatus");
    let cancelled = caller.paid(&order("Authorize"), "card-3064", "c2").await;
    assert_eq!(caller.call("POST", &complete(&cancelled), &whole, "k").await.code(), "CheckoutSessionCanceled");
    assert_eq!(caller.call("POST", &complete("none"), &whole, "k").await.code(), "ResourceNotFound");
    let mut hasty = order("AuthorizeWithCapture");
    hasty["paymentDetails"]["canHandlePendingAuthorization"] = json!(true);
    let id = caller.paid(&hasty, "card-1111", "c3").await;
    assert_eq!(caller.call("POST", &complete(&id), &whole, "k").await.code(), "InvalidChargeStatus");
    let mut dear = order("Authorize");
    dear["chargePermissionType"] = json!("Recurring");
    dear["recurringMetadata"] = json!({"frequency": {"unit": "Month", "value": "1"}});
    dear["paymentDetails"]["chargeAmount"] = yen(100_001);
    let id = caller.paid(&dear, "card-1111", "c4").await;
    let body = json!({"chargeAmount": yen(100_001)});
    assert_eq!(caller.call("POST", &complete(&id), &body, "k").await.code(), "TransactionAmountExceeded");
    let intent = json!({"paymentIntent": "Confirm"});
    let finalize = caller.call("POST", "/v2/checkoutSessions/none/finalize", &intent, "k").await;
    assert_eq!(finalize.code(), "ResourceNotFound");
}

async fn charging(caller: &Caller) {
    let confirmed = caller.completed(&order("Confirm"), "card-1111", "p1").await;
    let permission = confirmed.text_of("chargePermissionId");
    for (amount, code) in
        [(yen(1001), "TransactionAmountExceeded"), (json!({"amount": 1, "currencyCode": "USD"}), "CurrencyMismatch")]
    {
        let body = json!({"chargePermissionId": permission, "chargeAmount": amount});
        assert_eq!(caller.call("POST", "/v2/charges", &body, "k").await.code(), code);
    }
    for number in 0..25 {
        let made = caller.call("POST", "/v2/charges", &charge(&permission, 1), &format!("n{number}")).await;
        assert_eq!(made.status, 201);
    }
    let more = caller.call("POST", "/v2/charges", &charge(&permission, 1), "n25").await;
    assert_eq!(more.code(), "TransactionCountExceeded");
    let used = caller.completed(&order("Authorize"), "card-1111", "p2").await.text_of("chargePermissionId");
    let refused = caller.call("POST", "/v2/charges", &charge(&used, 1), "k").await;
    assert_eq!(refused.code(), "InvalidChargePermissionStatus");
    let mut monthly = order("Confirm");
    monthly["chargePermissionType"] = json!("Recurring");
    monthly["recurringMetadata"] = json!({"frequency": {"unit": "Month", "value": "1"}});
    monthly["paymentDetails"] = json!({"paymentIntent": "Confirm"});
    let monthly = caller.completed(&monthly, "card-1111", "p3").await.text_of("chargePermissionId");
    let refused = caller.call("POST", "/v2/charges", &charge(&monthly, 100_001), "k").await;
    assert_eq!(refused.code(), "PeriodicAmountExceeded");
    // The cards that are declined when they are used again.
    for (card, code) in [
        ("card-8001", "SoftDeclined"),
        ("card-8002", "HardDeclined"),
        ("card-8003", "AmazonRejected"),
        ("card-8004", "TransactionTimedOut"),
    ] {
        let permission = caller.completed(&order("Confirm"), card, card).await.text_of("chargePermissionId");
        assert_eq!(caller.call("POST", "/v2/charges", &charge(&permission, 1), card).await.code(), code);
    }
}

async fn capturing_and_refunding(caller: &Caller) {
    let held = caller.completed(&order("Authorize"), "card-1111", "h").await.text_of("chargeId");
    let capture = format!("/v2/charges/{held}/capture");
    for (amount, code) in
        [(yen(1001), "TransactionAmountExceeded"), (json!({"amount": 1, "currencyCode": "USD"}), "CurrencyMismatch")]
    {
        assert_eq!(caller.call("POST", &capture, &json!({"captureAmount": amount}), "k").await.code(), code);
    }
    let refund = |amount: i64| json!({"chargeId": held, "refundAmount": yen(amount)});
    assert_eq!(caller.call("POST", "/v2/refunds", &refund(1), "k").await.code(), "InvalidChargeStatus");
    let whole = json!({"captureAmount": yen(1000)});
    assert_eq!(caller.call("POST", &capture, &whole, "k").await.status, 200);
    assert_eq!(caller.call("POST", &capture, &whole, "k2").await.code(), "InvalidChargeStatus");
    let cancel = format!("/v2/charges/{held}/cancel");
    let reason = json!({"cancellationReason": "x"});
    assert_eq!(caller.call_with("DELETE", &cancel, &reason, &[]).await.code(), "InvalidChargeStatus");
    assert_eq!(caller.call("POST", "/v2/refunds", &refund(1151), "k").await.code(), "TransactionAmountExceeded");
    for number in 0..10 {
        assert_eq!(caller.call("POST", "/v2/refunds", &refund(1), &format!("r{number}")).await.status, 201);
    }
    assert_eq!(caller.call("POST", "/v2/refunds", &refund(1), "r10").await.code(), "TransactionCountExceeded");
}

async fn permissions(caller: &Caller) {
    let permission = caller.completed(&order("Confirm"), "card-1111", "q").await.text_of("chargePermissionId");
    let path = format!("/v2/chargePermissions/{permission}");
    let reason = json!({"closureReason": "x"});
    assert_eq!(caller.call_with("DELETE", &format!("{path}/close"), &reason, &[]).await.status, 200);
    let again = caller.call_with("DELETE", &format!("{path}/close"), &reason, &[]).await;
    assert_eq!(again.code(), "InvalidChargePermissionStatus");
    let update = caller.call_with("PATCH", &path, &json!({"merchantMetadata": {"noteToBuyer": "x"}}), &[]).await;
    assert_eq!(update.code(), "ChargePermissionNotModifiable");
}

/// Every line of the table of operations once more, by its header; and the general ones at an operation of its own.
async fn by_simulation(caller: &Caller) {
    let declines = [
        "HardDeclined",
        "PaymentMethodNotAllowed",
        "AmazonRejected",
        "MFANotCompleted",
        "TransactionTimedOut",
        "ProcessingFailure",
        "SoftDeclined",
    ];
    let permission = caller.completed(&order("Confirm"), "card-1111", "sim").await.text_of("chargePermissionId");
    for (number, (operation, codes)) in OF_OPERATIONS.into_iter().enumerate() {
        for (status, code) in codes {
            let key = format!("{number}-{code}");
            let (path, body) = match operation {
                _ if *code == "ResourceNotFound" => continue,
                COMPLETE if declines.contains(code) => (
                    format!(
                        "/v2/checkoutSessions/{}/complete",
                        caller.paid(&order("Authorize"), "card-1111", &key).await
                    ),
                    json!({"chargeAmount": yen(1000)}),
                ),
                FINALIZE if declines.contains(code) => {
                    let id = on_page(caller).await;
                    (format!("/v2/checkoutSessions/{id}/finalize"), agreed())
                }
                CHARGE if declines.contains(code) => {
                    let fresh = caller.completed(&order("Confirm"), "card-1111", &key).await;
                    ("/v2/charges".to_owned(), charge(&fresh.text_of("chargePermissionId"), 1))
                }
                CAPTURE if declines.contains(code) => {
                    let held = caller.completed(&order("Authorize"), "card-1111", &key).await.text_of("chargeId");
                    (format!("/v2/charges/{held}/capture"), json!({"captureAmount": yen(1)}))
                }
                REFUND if declines.contains(code) => {
                    let taken = caller.completed(&order("AuthorizeWithCapture"), "card-1111", &key).await;
                    ("/v2/refunds".to_owned(), json!({"chargeId": taken.text_of("chargeId"), "refundAmount": yen(1)}))
                }
                _ => (format!("/v2/{}", operation.split_once(' ').unwrap().1.replace("{}", &permission)), json!({})),
            };
            let method = operation.split_once(' ').unwrap().0;
            let refused = caller.simulate(method, &path, &body, code).await;
            assert_eq!((refused.status, refused.code()), (*status, *code), "{operation}");
        }
    }
    for code in [
        "InternalServerError",
        "ServiceUnavailable",
        "RequestTimeout",
        "TooEarly",
        "TooManyRequests",
        "RequestThrottled",
        "TLSVersionNotSupported",
        "RequestNotSupported",
        "InvalidAccountStatus",
    ] {
        assert_eq!(caller.simulate("GET", "/v2/disbursements", &Value::Null, code).await.code(), code);
    }
    let unfit = caller.simulate("GET", "/v2/disbursements", &Value::Null, "SoftDeclined").await;
    assert_eq!((unfit.status, unfit.code()), (400, "InvalidSandboxSimulationSpecified"));
}

/// A paid session of the on-page script: of a button's payload without web addresses.
async fn on_page(caller: &Caller) -> String {
    let payload = json!({"storeId": STORE, "paymentDetails": order("Authorize")["paymentDetails"]});
    let play =
        json!({"merchantId": caller.merchant_id, "productType": "PayAndShip", "payload": payload, "upTo": "paid"});
    let played = caller.control("POST", "checkoutSessions", &play).await;
    assert_eq!(played.status, 201, "{}", played.text);
    played.text_of("checkoutSessionId")
}

/// What the first buyer agreed to there.
fn agreed() -> Value {
    json!({
        "paymentIntent": "Authorize", "chargeAmount": yen(1000), "canHandlePendingAuthorization": false,
        "shippingAddress": {"name": "箱根 花子", "addressLine1": "足柄下郡箱根町関所通り1-2-3",
            "addressLine2": "芦ノ湖ハイツ 101", "stateOrRegion": "神奈川県", "postalCode": "250-0521", "countryCode": "JP",
            "phoneNumber": "09000000001"},
    })
}

async fn quotas(caller: &Caller) {
    caller.sandbox.throttle(Throttling::Sandbox);
    let mut last = String::new();
    for _ in 0..6 {
        caller.get("/v2/refunds/none").await.code().clone_into(&mut last);
    }
    assert_eq!(last, "TooManyRequests");
    caller.sandbox.throttle(Throttling::Off);
}
