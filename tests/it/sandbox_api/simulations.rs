//! What can be asked for by `x-amz-pay-simulation-code` and by card (amazon-pay 4): every code of every operation does
//! what it says, and every other pair of the two is refused.

use std::collections::BTreeSet;

use sekisho::sandbox::error::ReasonCode;
use serde_json::{Value, json};

use super::caller::{Caller, STORE, charge, order, yen};

/// The five reasons for which something pending can fail.
const FAILURES: [&str; 5] =
    ["SoftDeclined", "HardDeclined", "AmazonRejected", "TransactionTimedOut", "ProcessingFailure"];
/// What every operation can be made to answer.
const ANYWHERE: [&str; 9] = [
    "InternalServerError",
    "ServiceUnavailable",
    "RequestTimeout",
    "TooEarly",
    "TooManyRequests",
    "RequestThrottled",
    "TLSVersionNotSupported",
    "RequestNotSupported",
    "InvalidAccountStatus",
];

const AT_CHECKOUT: &str = "BuyerCanceled AmazonCanceled Declined AuthorizationInitiated PendingSoftDeclined \
    PendingHardDeclined PendingAmazonRejected PendingTransactionTimedOut PendingProcessingFailure HardDeclined \
    AmazonRejected TransactionTimedOut PaymentMethodNotAllowed MFANotCompleted ProcessingFailure CheckoutSessionCanceled \
    InvalidCheckoutSessionStatus InvalidChargeStatus CurrencyMismatch TransactionAmountExceeded";
const MISMATCHES: &str = "ChargeAmountMismatch TotalOrderAmountMismatch CanHandlePendingAuthorizationMismatch \
    PaymentIntentMismatch ShippingAddressMismatch BillingAddressMismatch";
const NEW_CHARGE: &str = "SoftDeclined HardDeclined AmazonRejected TransactionTimedOut PaymentMethodNotAllowed \
    MFANotCompleted ProcessingFailure AuthorizationInitiated PendingSoftDeclined PendingHardDeclined \
    PendingAmazonRejected PendingTransactionTimedOut PendingProcessingFailure CaptureInitiated \
    TransactionAmountExceeded PeriodicAmountExceeded CurrencyMismatch InvalidChargePermissionStatus \
    TransactionCountExceeded";
const CAPTURE: &str = "CaptureInitiated AmazonRejected ProcessingFailure PendingSoftDeclined PendingHardDeclined \
    PendingAmazonRejected PendingTransactionTimedOut PendingProcessingFailure TransactionAmountExceeded CurrencyMismatch \
    InvalidChargeStatus InvalidChargePermissionStatus TransactionCountExceeded";
const REFUND: &str = "Declined AmazonRejected ProcessingFailure PendingAmazonRejected PendingProcessingFailure \
    TransactionAmountExceeded InvalidChargeStatus TransactionCountExceeded";
const MODIFYING: &str = "ChargePermissionNotModifiable InvalidChargePermissionStatus";
const UNDOING: &str = "InvalidChargeStatus InvalidChargePermissionStatus";

/// Method and path of each operation, and the codes that it has besides those of [`ANYWHERE`].
const OPERATIONS: [(&str, &str, &[&str]); 38] = [
    ("POST", "checkoutSessions", &[]),
    ("GET", "checkoutSessions/x", &[]),
    ("PATCH", "checkoutSessions/x", &["InvalidCheckoutSessionStatus"]),
    ("POST", "checkoutSessions/x/complete", &[AT_CHECKOUT, "AmountMismatch"]),
    ("POST", "checkoutSessions/x/finalize", &[AT_CHECKOUT, MISMATCHES]),
    ("GET", "chargePermissions/x", &[]),
    ("PATCH", "chargePermissions/x", &[MODIFYING]),
    ("DELETE", "chargePermissions/x/close", &[MODIFYING, "AmazonClosed"]),
    ("POST", "charges", &[NEW_CHARGE]),
    ("GET", "charges/x", &[]),
    ("PATCH", "charges/x", &[UNDOING]),
    ("POST", "charges/x/capture", &[CAPTURE]),
    ("DELETE", "charges/x/cancel", &[UNDOING]),
    ("POST", "refunds", &[REFUND]),
    ("GET", "refunds/x", &[]),
    ("GET", "buyers/x", &[]),
    ("POST", "deliveryTrackers", &[]),
    ("GET", "authorizationTokens/x", &[]),
    ("GET", "reports", &[]),
    ("GET", "reports/x", &[]),
    ("POST", "reports", &[]),
    ("GET", "report-documents/x", &[]),
    ("GET", "report-schedules", &[]),
    ("GET", "report-schedules/x", &[]),
    ("POST", "report-schedules", &[]),
    ("DELETE", "report-schedules/x", &[]),
    ("GET", "disbursements", &[]),
    ("POST", "disputes", &[]),
    ("GET", "disputes/x", &[]),
    ("PATCH", "disputes/x", &[]),
    ("POST", "disputes/x/contest", &[]),
    ("POST", "files", &[]),
    ("POST", "merchantAccounts", &[]),
    ("PATCH", "merchantAccounts/x", &[]),
    ("DELETE", "merchantAccounts/x", &[]),
    ("POST", "merchantAccounts/x/claim", &[]),
    ("POST", "merchantAccounts/x/stores", &[]),
    ("PATCH", "merchantAccounts/x/stores/y", &[]),
];

/// Every word that is a code of anything, and some that are of nothing.
fn words() -> BTreeSet<String> {
    let codes = ReasonCode::ALL.iter().map(|code| code.as_str().to_owned());
    let pending = codes.clone().map(|code| format!("Pending{code}"));
    let others = "BuyerCanceled AmazonCanceled AmazonClosed Declined Expired AuthorizationInitiated CaptureInitiated \
        RefundInitiated Pending Nonsense softdeclined";
    codes.chain(pending).chain(others.split_whitespace().map(str::to_owned)).collect()
}

#[tokio::test]
async fn every_pair_of_code_and_operation_is_known_or_refused() {
    let caller = Caller::new();
    let mut wrong = Vec::new();
    for (method, path, own) in OPERATIONS {
        let own: BTreeSet<&str> = own.iter().flat_map(|codes| codes.split_whitespace()).collect();
        for code in words() {
            let known = own.contains(code.as_str()) || ANYWHERE.contains(&code.as_str());
            let answer = caller.simulate(method, &format!("/v2/{path}"), &json!({}), &code).await;
            let refused = answer.code() == "InvalidSandboxSimulationSpecified";
            if refused == known || (refused && answer.status != 400) {
                wrong.push(format!("{method} {path} {code}: {} {}", answer.status, answer.text));
            }
            if ANYWHERE.contains(&code.as_str()) && answer.code() != code {
                wrong.push(format!("{method} {path} {code} is answered {}", answer.code()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A paid session, of the on-page script or not, whose merchant can wait.
async fn paid(caller: &Caller, on_page: bool) -> String {
    let mut payload = order("Authorize");
    payload["paymentDetails"]["canHandlePendingAuthorization"] = json!(true);
    if on_page {
        payload = json!({"storeId": STORE, "paymentDetails": payload["paymentDetails"]});
    }
    let play = json!({"merchantId": caller.merchant_id, "payload": payload});
    caller.control("POST", "checkoutSessions", &play).await.text_of("checkoutSessionId")
}

/// Complete's body, or Finalize's.
fn agreed(on_page: bool) -> Value {
    if !on_page {
        return json!({"chargeAmount": yen(1000)});
    }
    json!({
        "paymentIntent": "Authorize", "chargeAmount": yen(1000), "canHandlePendingAuthorization": true,
        "shippingAddress": {"name": "箱根 花子", "addressLine1": "足柄下郡箱根町関所通り1-2-3",
            "addressLine2": "芦ノ湖ハイツ 101", "stateOrRegion": "神奈川県", "postalCode": "250-0521", "countryCode": "JP",
            "phoneNumber": "09000000001"},
    })
}

/// State and reason of a session or charge.
async fn stands(caller: &Caller, path: &str) -> (String, Value) {
    let shown = caller.get(path).await;
    (shown.state().to_owned(), shown.body["statusDetails"]["reasonCode"].clone())
}

#[tokio::test]
async fn complete_and_finalize_end_as_the_code_says() {
    let caller = Caller::new();
    for on_page in [false, true] {
        let last = if on_page { "finalize" } else { "complete" };
        for (code, status, answered, state) in [
            ("BuyerCanceled", 422, "CheckoutSessionCanceled", ("Canceled", "BuyerCanceled")),
            ("AmazonCanceled", 422, "CheckoutSessionCanceled", ("Canceled", "AmazonCanceled")),
            ("Declined", 422, "CheckoutSessionCanceled", ("Canceled", "Declined")),
            ("HardDeclined", 422, "HardDeclined", ("Canceled", "Declined")),
            ("AmazonRejected", 422, "AmazonRejected", ("Canceled", "Declined")),
            ("TransactionTimedOut", 422, "TransactionTimedOut", ("Canceled", "Declined")),
            ("PaymentMethodNotAllowed", 422, "PaymentMethodNotAllowed", ("Canceled", "Declined")),
            ("MFANotCompleted", 422, "MFANotCompleted", ("Canceled", "Declined")),
            ("ProcessingFailure", 500, "ProcessingFailure", ("Open", "")),
            ("InvalidChargeStatus", 422, "InvalidChargeStatus", ("Open", "")),
        ] {
            let path = format!("/v2/checkoutSessions/{}", paid(&caller, on_page).await);
            let refused = caller.simulate("POST", &format!("{path}/{last}"), &agreed(on_page), code).await;
            assert_eq!((refused.status, refused.code()), (status, answered), "{last} {code}: {}", refused.text);
            let (now, reason) = stands(&caller, &path).await;
            assert_eq!((now.as_str(), reason.as_str().unwrap_or_default()), state, "{last} {code}");
        }
        let outcomes = FAILURES.map(|reason| (format!("Pending{reason}"), "Declined", json!(reason)));
        for (code, end, reason) in
            [("AuthorizationInitiated".to_owned(), "Authorized", Value::Null)].into_iter().chain(outcomes)
        {
            let path = format!("/v2/checkoutSessions/{}/{last}", paid(&caller, on_page).await);
            let accepted = caller.simulate("POST", &path, &agreed(on_page), &code).await;
            assert_eq!((accepted.status, accepted.state()), (202, "Completed"), "{last} {code}: {}", accepted.text);
            let charge = format!("/v2/charges/{}", accepted.text_of("chargeId"));
            assert_eq!(stands(&caller, &charge).await, ("AuthorizationInitiated".to_owned(), Value::Null));
            caller.advance(30_000).await;
            assert_eq!(stands(&caller, &charge).await, (end.to_owned(), reason), "{last} {code}");
        }
    }
    // Whoever cannot wait is not made to.
    let id = caller.paid(&order("Authorize"), "card-1111", "hasty").await;
    let path = format!("/v2/checkoutSessions/{id}/complete");
    let hasty = caller.simulate("POST", &path, &agreed(false), "AuthorizationInitiated").await;
    assert_eq!((hasty.status, hasty.code()), (400, "InvalidSandboxSimulationSpecified"));
}

/// A permission for 1,000 yen and its path.
async fn permission(caller: &Caller, key: &str) -> (String, String) {
    let id = caller.completed(&order("Confirm"), "card-1111", key).await.text_of("chargePermissionId");
    (id.clone(), format!("/v2/chargePermissions/{id}"))
}

/// State and reason of a permission.
async fn standing(caller: &Caller, path: &str) -> (String, String) {
    let shown = caller.get(path).await;
    let reason = shown.body["statusDetails"]["reasons"][0]["reasonCode"].as_str().unwrap_or_default();
    (shown.state().to_owned(), reason.to_owned())
}

#[tokio::test]
async fn a_new_charge_is_declined_pending_or_slow_as_the_code_says() {
    let caller = Caller::new();
    for (code, status, state) in [
        ("SoftDeclined", 422, ("Chargeable", "")),
        ("HardDeclined", 422, ("NonChargeable", "PaymentMethodInvalid")),
        ("AmazonRejected", 422, ("Closed", "AmazonCanceled")),
        ("TransactionTimedOut", 422, ("Chargeable", "")),
        ("PaymentMethodNotAllowed", 422, ("NonChargeable", "PaymentMethodNotAllowed")),
        ("MFANotCompleted", 422, ("NonChargeable", "MFAFailed")),
        ("ProcessingFailure", 500, ("Chargeable", "")),
        ("TransactionCountExceeded", 422, ("Chargeable", "")),
    ] {
        let (id, path) = permission(&caller, code).await;
        let refused = caller.simulate("POST", "/v2/charges", &charge(&id, 1), code).await;
        assert_eq!((refused.status, refused.code()), (status, code));
        let (now, reason) = standing(&caller, &path).await;
        assert_eq!((now.as_str(), reason.as_str()), state, "{code}");
    }
    for reason in FAILURES {
        let code = format!("Pending{reason}");
        let (id, path) = permission(&caller, &code).await;
        let mut body = charge(&id, 400);
        let hasty = caller.simulate("POST", "/v2/charges", &body, &code).await;
        assert_eq!(hasty.code(), "InvalidSandboxSimulationSpecified", "canHandlePendingAuthorization is needed");
        body["canHandlePendingAuthorization"] = json!(true);
        let made = caller.simulate("POST", "/v2/charges", &body, &code).await;
        assert_eq!((made.status, made.state()), (201, "AuthorizationInitiated"), "{}", made.text);
        caller.advance(30_000).await;
        let charge = format!("/v2/charges/{}", made.text_of("chargeId"));
        assert_eq!(stands(&caller, &charge).await, ("Declined".to_owned(), json!(reason)));
        let after = match reason {
            "HardDeclined" => ("NonChargeable", "PaymentMethodInvalid"),
            "AmazonRejected" => ("Closed", "AmazonCanceled"),
            _ => ("Chargeable", ""),
        };
        let (now, why) = standing(&caller, &path).await;
        assert_eq!((now.as_str(), why.as_str()), after, "{reason}");
    }
    let (id, _) = permission(&caller, "slow").await;
    let mut body = charge(&id, 400);
    let unfit = caller.simulate("POST", "/v2/charges", &body, "CaptureInitiated").await;
    assert_eq!(unfit.code(), "InvalidSandboxSimulationSpecified", "captureNow is needed");
    body["captureNow"] = json!(true);
    let slow = caller.simulate("POST", "/v2/charges", &body, "CaptureInitiated").await;
    assert_eq!((slow.status, slow.state()), (201, "CaptureInitiated"));
    caller.advance(30_000).await;
    let slow = format!("/v2/charges/{}", slow.text_of("chargeId"));
    assert_eq!(stands(&caller, &slow).await.0, "Captured");
}

#[tokio::test]
async fn captures_refunds_and_closures_end_as_the_code_says() {
    let caller = Caller::new();
    let held = async |key: &str| {
        let id = caller.completed(&order("Authorize"), "card-1111", key).await.text_of("chargeId");
        format!("/v2/charges/{id}")
    };
    let body = json!({"captureAmount": yen(1000)});
    for (code, status) in [("AmazonRejected", 422), ("ProcessingFailure", 500), ("TransactionCountExceeded", 422)] {
        let path = held(&format!("c{status}{code}")).await;
        let refused = caller.simulate("POST", &format!("{path}/capture"), &body, code).await;
        assert_eq!((refused.status, refused.code()), (status, code));
        assert_eq!(stands(&caller, &path).await.0, "Authorized", "another attempt may succeed");
    }
    let outcomes = FAILURES.map(|reason| (format!("Pending{reason}"), "Declined", json!(reason)));
    for (code, end, reason) in [("CaptureInitiated".to_owned(), "Captured", Value::Null)].into_iter().chain(outcomes) {
        let path = held(&code).await;
        let begun = caller.simulate("POST", &format!("{path}/capture"), &body, &code).await;
        assert_eq!((begun.status, begun.state()), (200, "CaptureInitiated"), "{code}");
        caller.advance(30_000).await;
        assert_eq!(stands(&caller, &path).await, (end.to_owned(), reason), "{code}");
    }
    let taken = caller.completed(&order("AuthorizeWithCapture"), "card-1111", "taken").await.text_of("chargeId");
    let refund = json!({"chargeId": taken, "refundAmount": yen(10)});
    for (code, status) in [("AmazonRejected", 422), ("ProcessingFailure", 500), ("TransactionCountExceeded", 422)] {
        let refused = caller.simulate("POST", "/v2/refunds", &refund, code).await;
        assert_eq!((refused.status, refused.code()), (status, code));
    }
    for (code, reason) in [
        ("Declined", "ProcessingFailure"),
        ("PendingProcessingFailure", "ProcessingFailure"),
        ("PendingAmazonRejected", "AmazonRejected"),
    ] {
        let begun = caller.simulate("POST", "/v2/refunds", &refund, code).await;
        assert_eq!((begun.status, begun.state()), (201, "RefundInitiated"), "{code}");
        caller.advance(30_000).await;
        let path = format!("/v2/refunds/{}", begun.text_of("refundId"));
        assert_eq!(stands(&caller, &path).await, ("Declined".to_owned(), json!(reason)));
    }
    let (_, path) = permission(&caller, "close").await;
    let closed =
        caller.simulate("DELETE", &format!("{path}/close"), &json!({"closureReason": "x"}), "AmazonClosed").await;
    assert_eq!(closed.status, 200);
    assert_eq!(standing(&caller, &path).await, ("Closed".to_owned(), "AmazonClosed".to_owned()));
}

#[tokio::test]
async fn each_card_does_what_its_digits_say() {
    let caller = Caller::new();
    let mut patient = order("Authorize");
    patient["paymentDetails"]["canHandlePendingAuthorization"] = json!(true);
    let complete = async |terms: &Value, card: &str, key: &str| {
        let id = caller.paid(terms, card, key).await;
        let path = format!("/v2/checkoutSessions/{id}");
        let answer = caller.call("POST", &format!("{path}/complete"), &json!({"chargeAmount": yen(1000)}), key).await;
        (path, answer)
    };
    for (card, status, code, end) in [
        ("card-1111", 200, "", "Authorized"),
        ("card-0005", 200, "", "Authorized"),
        ("card-4444", 200, "", "Authorized"),
        ("card-9424", 200, "", "Authorized"),
        ("card-0000", 200, "", "Authorized"),
        ("card-3064", 422, "CheckoutSessionCanceled", "BuyerCanceled"),
        ("card-3434", 422, "CheckoutSessionCanceled", "Declined"),
        ("card-0701", 202, "", "Authorized"),
        ("card-4354", 202, "", "Declined"),
    ] {
        let (path, answer) = complete(&patient, card, card).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{card}");
        caller.advance(30_000).await;
        if status == 422 {
            assert_eq!(stands(&caller, &path).await, ("Canceled".to_owned(), json!(end)), "{card}");
            continue;
        }
        let charge = format!("/v2/charges/{}", answer.text_of("chargeId"));
        let reason = if end == "Declined" { json!("HardDeclined") } else { Value::Null };
        assert_eq!(stands(&caller, &charge).await, (end.to_owned(), reason), "{card}");
    }
    for card in ["card-1111", "card-0005", "card-4444", "card-9424", "card-0000"] {
        let key = format!("confirm-{card}");
        let (_, answer) = complete(&order("Confirm"), card, &key).await;
        let path = format!("/v2/chargePermissions/{}", answer.text_of("chargePermissionId"));
        assert_eq!(standing(&caller, &path).await, ("Chargeable".to_owned(), String::new()), "{card}");
    }
    // A simulation code counts before the card.
    let id = caller.paid(&patient, "card-4354", "both").await;
    let path = format!("/v2/checkoutSessions/{id}/complete");
    let answer = caller.simulate("POST", &path, &json!({"chargeAmount": yen(1000)}), "AuthorizationInitiated").await;
    caller.advance(30_000).await;
    let charge = format!("/v2/charges/{}", answer.text_of("chargeId"));
    assert_eq!(stands(&caller, &charge).await.0, "Authorized");
}
