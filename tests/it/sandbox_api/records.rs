//! The operations around purchases: statuses, keys in their order, and what is refused.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::caller::{Caller, order, yen};

const DAY: i64 = 86_400_000;
const REFUNDS: &str = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_";
const AUTHORIZATIONS: &str = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_AUTHORIZATION_DATA_";

#[tokio::test]
async fn shipments_are_echoed_and_a_number_is_used_once() {
    let caller = Caller::new();
    let permission = caller.completed(&order("Confirm"), "card-1111", "k").await.text_of("chargePermissionId");
    let body = |number: &str| {
        json!({"chargePermissionId": permission, "deliveryDetails":
            [{"trackingNumber": number, "carrierCode": "YAMATO"}, {"trackingNumber": "2", "carrierCode": number}]})
    };
    let told = caller.call_with("POST", "/v2/deliveryTrackers", &body("1"), &[]).await;
    assert_eq!(
        (told.status, told.keys()),
        (200, vec!["amazonOrderReferenceId", "chargePermissionId", "deliveryDetails"])
    );
    assert_eq!(told.body["deliveryDetails"], body("1")["deliveryDetails"]);
    for (body, status, code) in [
        (body("1"), 400, "InvalidParameterValue"),
        (json!({"deliveryDetails": [{"trackingNumber": "3", "carrierCode": "SAGAWA"}]}), 400, "MissingParameterValue"),
        (
            json!({"chargePermissionId": "S03-0000000-0000000", "deliveryDetails": [{"trackingNumber": "3", "carrierCode": "SAGAWA"}]}),
            404,
            "ResourceNotFound",
        ),
        (
            json!({"chargePermissionId": permission, "amazonOrderReferenceId": permission, "deliveryDetails": [{"trackingNumber": "3", "carrierCode": "SAGAWA"}]}),
            400,
            "InvalidParameterCombination",
        ),
        (json!({"chargePermissionId": permission, "deliveryDetails": []}), 400, "InvalidParameterValue"),
        (
            json!({"chargePermissionId": permission, "deliveryDetails": [{"trackingNumber": "3"}]}),
            400,
            "MissingParameterValue",
        ),
        (
            json!({"chargePermissionId": permission, "deliveryDetails": [{"trackingNumber": "3", "carrierCode": "S", "x": 1}]}),
            400,
            "UnrecognizedField",
        ),
    ] {
        let refused = caller.call_with("POST", "/v2/deliveryTrackers", &body, &[]).await;
        assert_eq!((refused.status, refused.code()), (status, code), "{body}");
    }
}

#[tokio::test]
async fn a_dispute_is_opened_contested_and_decided() {
    let caller = Caller::new();
    let charge = caller.completed(&order("AuthorizeWithCapture"), "card-1111", "k").await.text_of("chargeId");
    let body = json!({
        "chargeId": charge, "providerMetadata": {"providerDisputeId": "P1"}, "disputeAmount": yen(400),
        "filingReason": "ProductNotReceived", "filingTimestamp": 1_795_000_000_000_i64,
        "statusDetails": {"state": "ActionRequired"}, "merchantResponseDeadline": 1_796_000_000_000_i64,
    });
    let opened = caller.call("POST", "/v2/disputes", &body, "d").await;
    assert_eq!(opened.status, 200, "{}", opened.text);
    let keys = [
        "disputeId",
        "chargeId",
        "disputeType",
        "disputeAmount",
        "filingReason",
        "resolutionAuthority",
        "statusDetails",
        "merchantResponseDeadline",
        "releaseEnvironment",
    ];
    assert_eq!(opened.keys(), keys);
    assert_eq!(caller.call("POST", "/v2/disputes", &body, "d").await.text, opened.text);
    let id = opened.text_of("disputeId");
    assert!(id.starts_with(&charge[..19]) && &id[19..21] == "-B", "{id}");
    let path = format!("/v2/disputes/{id}");
    let evidence =
        json!({"merchantEvidences": [{"evidenceType": "TrackingNumber", "fileId": "f", "evidenceText": "配達済み"}]});
    let contested = caller.call_with("POST", &format!("{path}/contest"), &evidence, &[]).await;
    assert_eq!((contested.status, contested.state()), (200, "UnderReview"));
    let resolved = json!({"statusDetails": {"resolution": "MerchantWon", "state": "Resolved",
        "reasonCode": "MerchantAcceptedDispute", "reasonDescription": "x"}, "closureTimestamp": 1_795_500_000_000_i64});
    let updated = caller.call_with("PATCH", &path, &resolved, &[]).await;
    assert_eq!((updated.status, updated.state()), (200, "Resolved"));
    assert_eq!(caller.get(&path).await.text, updated.text);
    assert_eq!(caller.other("A1SHOP00000002", "jp").get(&path).await.status, 404);
    let with = |name: &str, value: Value| {
        let mut changed = body.clone();
        changed[name] = value;
        changed
    };
    for (body, status, code) in [
        (with("chargeId", json!("none")), 404, "ResourceNotFound"),
        (with("disputeAmount", yen(1001)), 400, "TransactionAmountExceeded"),
        (with("filingReason", json!("Bored")), 400, "InvalidParameterValue"),
        (with("filingTimestamp", json!("yesterday")), 400, "InvalidParameterValue"),
        (with("statusDetails", json!({"state": "Closed"})), 400, "InvalidParameterValue"),
        (with("statusDetails", Value::Null), 400, "MissingParameterValue"),
    ] {
        let refused = caller.call("POST", "/v2/disputes", &body, "other").await;
        assert_eq!((refused.status, refused.code()), (status, code), "{body}");
    }
    let held = caller.completed(&order("Authorize"), "card-1111", "k2").await.text_of("chargeId");
    let early = caller.call("POST", "/v2/disputes", &with("chargeId", json!(held)), "early").await;
    assert_eq!((early.status, early.code()), (422, "InvalidChargeStatus"));
    let half = json!({"statusDetails": {"state": "Resolved"}});
    assert_eq!(caller.call_with("PATCH", &path, &half, &[]).await.code(), "InvalidParameterCombination");
    caller.advance(12 * DAY).await;
    assert_eq!(caller.call_with("POST", &format!("{path}/contest"), &evidence, &[]).await.code(), "InvalidRequest");
}

#[tokio::test]
async fn a_file_has_a_place_to_be_put() {
    let caller = Caller::new();
    let body = json!({"type": "jpg", "purpose": "disputeEvidence"});
    let made = caller.call("POST", "/v2/files", &body, "f").await;
    let keys = ["id", "type", "purpose", "url", "size", "uploadTimestamp", "urlExpirationTimestamp"];
    assert_eq!((made.status, made.keys()), (200, keys.to_vec()));
    let url = made.text_of("url").replace("http://127.0.0.1:8081", "");
    let put = |url: &str| Request::builder().method("PUT").uri(url).body(Body::from("bytes")).unwrap();
    let router = sekisho::sandbox::router(caller.sandbox.clone());
    let send = async |url: &str| tower::ServiceExt::oneshot(router.clone(), put(url)).await.unwrap().status().as_u16();
    assert_eq!(send(&url).await, 200);
    assert_eq!(send(&format!("{url}x")).await, 404);
    caller.advance(3_600_001).await;
    assert_eq!(send(&url).await, 404, "the address is good for an hour");
    let odd = json!({"type": "exe", "purpose": "disputeEvidence"});
    assert_eq!(caller.call("POST", "/v2/files", &odd, "g").await.code(), "InvalidParameterValue");
}

#[tokio::test]
async fn a_report_is_asked_for_listed_and_read() {
    let caller = Caller::new();
    let charge = caller.completed(&order("AuthorizeWithCapture"), "card-1111", "k").await.text_of("chargeId");
    caller.advance(1000).await;
    let created = caller.call_with("POST", "/v2/reports", &json!({"reportType": AUTHORIZATIONS}), &[]).await;
    assert_eq!((created.status, created.keys()), (201, vec!["reportId"]));
    let path = format!("/v2/reports/{}", created.text_of("reportId"));
    let keys = [
        "createdTime",
        "endTime",
        "processingEndTime",
        "processingStartTime",
        "processingStatus",
        "reportDocumentId",
        "reportId",
        "reportType",
        "startTime",
    ];
    let early = caller.get(&path).await;
    assert_eq!((early.keys(), &early.body["processingStatus"]), (keys.to_vec(), &json!("IN_PROGRESS")));
    assert_eq!(early.body["reportDocumentId"], Value::Null);
    caller.advance(30_000).await;
    let document = caller.get(&path).await.text_of("reportDocumentId");
    let place = caller.get(&format!("/v2/report-documents/{document}")).await;
    assert_eq!(place.keys(), ["reportDocumentId", "url", "compressionAlgorithm"]);
    let url = place.text_of("url").replace("http://127.0.0.1:8081", "");
    let router = sekisho::sandbox::router(caller.sandbox.clone());
    let request = Request::builder().uri(url).body(Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
    let text = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(text.lines().nth(1).unwrap().starts_with(&format!("{charge},")), "{text}");

    for _ in 0..3 {
        caller.call_with("POST", "/v2/reports", &json!({"reportType": REFUNDS}), &[]).await;
    }
    let first = caller.get("/v2/reports?pageSize=3").await;
    assert_eq!((first.keys(), first.body["reports"].as_array().unwrap().len()), (vec!["reports", "nextToken"], 3));
    let token = first.text_of("nextToken");
    let second = caller.get(&format!("/v2/reports?nextToken={token}")).await;
    assert_eq!((second.body["reports"].as_array().unwrap().len(), &second.body["nextToken"]), (1, &Value::Null));
    let done =
        caller.get(&format!("/v2/reports?processingStatuses=COMPLETED,FAILED&reportTypes={AUTHORIZATIONS}")).await;
    assert_eq!(done.body["reports"].as_array().unwrap().len(), 1);
    for (query, code) in [
        ("pageSize=0", "InvalidParameterValue"),
        ("pageSize=101", "InvalidParameterValue"),
        ("reportTypes=x", "InvalidParameterValue"),
        ("createdSince=x", "InvalidParameterValue"),
        ("nextToken=x", "InvalidParameterValue"),
        ("colour=red", "UnrecognizedField"),
    ] {
        assert_eq!(caller.get(&format!("/v2/reports?{query}")).await.code(), code, "{query}");
    }
    let backwards = json!({"reportType": REFUNDS, "startTime": "20261122T000000Z", "endTime": "20261121T000000Z"});
    assert_eq!(caller.call_with("POST", "/v2/reports", &backwards, &[]).await.code(), "InvalidParameterValue");
    caller.advance(91 * DAY).await;
    assert_eq!(caller.get(&path).await.status, 404, "reports are kept for 90 days");
}

#[tokio::test]
async fn a_schedule_makes_reports_until_it_is_cancelled() {
    let caller = Caller::new();
    let body = json!({"reportType": REFUNDS, "scheduleFrequency": "P1D", "nextReportCreationTime": "20261123T000000Z"});
    let created = caller.call_with("POST", "/v2/report-schedules", &body, &[]).await;
    assert_eq!((created.status, created.keys()), (201, vec!["reportScheduleId"]));
    let again = caller.call_with("POST", "/v2/report-schedules", &body, &[]).await;
    assert_eq!((again.status, again.code()), (400, "InvalidRequest"), "one of each type");
    let path = format!("/v2/report-schedules/{}", created.text_of("reportScheduleId"));
    let keys = ["nextReportCreationTime", "reportScheduleId", "reportType", "scheduleFrequency"];
    assert_eq!(caller.get(&path).await.keys(), keys);
    caller.advance(3 * DAY).await;
    assert_eq!(caller.get("/v2/reports").await.body["reports"].as_array().unwrap().len(), 3);
    assert_eq!(caller.get(&path).await.body["nextReportCreationTime"], "20261126T000000Z");
    let listed = caller.get(&format!("/v2/report-schedules?reportTypes={REFUNDS},{AUTHORIZATIONS}")).await;
    assert_eq!(listed.body["reportSchedules"].as_array().unwrap().len(), 1);
    let cancelled = caller.call_with("DELETE", &path, &Value::Null, &[]).await;
    assert_eq!((cancelled.status, cancelled.body), (200, json!({})));
    assert_eq!(caller.get(&path).await.status, 404);
    caller.advance(3 * DAY).await;
    assert_eq!(caller.get("/v2/reports").await.body["reports"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn each_days_captures_less_its_refunds_are_paid_out() {
    let caller = Caller::new();
    let charge = caller.completed(&order("AuthorizeWithCapture"), "card-1111", "k").await.text_of("chargeId");
    caller.call("POST", "/v2/refunds", &json!({"chargeId": charge, "refundAmount": yen(100)}), "r").await;
    let path = "/v2/disbursements?startTime=20261101T000000Z&endTime=20261201T000000Z";
    caller.advance(30_000).await;
    assert_eq!(caller.get(path).await.body["disbursements"], json!([]), "the day is not over");
    caller.advance(DAY).await;
    let paid = caller.get(path).await;
    assert_eq!((paid.status, paid.keys()), (200, vec!["disbursements", "nextToken"]));
    let one = &paid.body["disbursements"][0];
    let keys: Vec<&String> = one.as_object().unwrap().keys().collect();
    let expected =
        ["sellerId", "settlementId", "amazonDisbursementReferenceId", "amount", "currencyCode", "transactionTime"];
    assert_eq!(keys, expected);
    assert_eq!((&one["amount"], &one["transactionTime"]), (&json!("900"), &json!("20261123T150000Z")));
    assert_eq!(caller.other("A1SHOP00000002", "jp").get(path).await.body["disbursements"], json!([]));
    assert_eq!(caller.get("/v2/disbursements?startTime=20261101T000000Z").await.code(), "MissingParameterValue");
}

#[tokio::test]
async fn merchant_accounts_are_made_changed_claimed_and_deleted() {
    let caller = Caller::new();
    let body = json!({"uniqueReferenceId": "R1", "ledgerCurrency": "JPY", "businessInfo": {
        "businessType": "INDIVIDUAL", "countryOfEstablishment": "JP", "businessLegalName": "関所",
        "businessAddress": {"addressLine1": "450 Noda", "city": "香取市", "stateOrRegion": "千葉県",
            "postalCode": "289-0314", "countryCode": "JP"}}});
    let made = caller.call_with("POST", "/v2/merchantAccounts", &body, &[]).await;
    assert_eq!((made.status, made.keys()), (201, vec!["uniqueReferenceId", "merchantAccountId"]), "{}", made.text);
    let again = caller.call_with("POST", "/v2/merchantAccounts", &body, &[]).await;
    assert_eq!((again.status, again.code()), (400, "InvalidParameterValue"));
    let path = format!("/v2/merchantAccounts/{}", made.text_of("merchantAccountId"));
    let changes = json!({"businessInfo": {"businessLegalName": "新関所"}});
    let updated = caller.call_with("PATCH", &path, &changes, &[]).await;
    assert_eq!((updated.status, updated.text.as_str()), (204, ""));
    let store = caller.call_with("POST", &format!("{path}/stores"), &json!({"storeName": "支店"}), &[]).await;
    assert_eq!((store.status, store.keys()), (201, vec!["merchantAccountId", "storeId"]));
    let store = format!("{path}/stores/{}", store.text_of("storeId"));
    assert_eq!(caller.call_with("PATCH", &store, &json!({"storeName": "本店"}), &[]).await.status, 204);
    assert_eq!(caller.call_with("PATCH", &format!("{store}x"), &json!({"a": 1}), &[]).await.status, 404);
    let claim = format!("{path}/claim");
    let claimed = caller.call_with("POST", &claim, &json!({"uniqueReferenceId": "R1"}), &[]).await;
    assert_eq!(claimed.status, 303);
    assert!(claimed.headers["location"].to_str().unwrap().starts_with("http://127.0.0.1:8081/"));
    assert_eq!(caller.call_with("POST", &claim, &json!({"uniqueReferenceId": "R2"}), &[]).await.status, 400);
    assert_eq!(caller.other("A1SHOP00000002", "jp").call_with("PATCH", &path, &changes, &[]).await.status, 404);
    let deleted = caller.call_with("DELETE", &path, &Value::Null, &[]).await;
    assert_eq!((deleted.status, deleted.text.as_str()), (202, ""));
    assert_eq!(caller.call_with("DELETE", &path, &Value::Null, &[]).await.status, 404);
    assert_eq!(
        caller.call_with("POST", "/v2/merchantAccounts", &body, &[]).await.status,
        201,
        "the name is free again"
    );
    for (name, code) in [("ledgerCurrency", "MissingParameterValue"), ("businessInfo", "MissingParameterValue")] {
        let mut lacking = body.clone();
        lacking[name] = Value::Null;
        assert_eq!(caller.call_with("POST", "/v2/merchantAccounts", &lacking, &[]).await.code(), code, "{name}");
    }
}
