//! What each operation answers: its status, and its keys in their order down to the last object (amazon-pay 1.9, 2.1 to
//! 2.7). Client libraries deserialize by these; Amazon's own tests insist on some of the orders.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::caller::{Caller, Reply, STORE, order, yen};

const SESSION: &str = "checkoutSessionId webCheckoutDetails productType paymentDetails chargePermissionType orderType \
    recurringMetadata paymentMethodOnFileMetadata merchantDetails merchantMetadata supplementaryData buyer billingAddress \
    paymentPreferences statusDetails shippingAddress platformId chargePermissionId chargeId constraints creationTimestamp \
    expirationTimestamp storeId providerMetadata releaseEnvironment checkoutButtonText deliverySpecifications tokens";
const PERMISSION: &str = "chargePermissionId chargePermissionReferenceId platformId buyer shippingAddress billingAddress \
    paymentPreferences statusDetails creationTimestamp expirationTimestamp merchantMetadata releaseEnvironment limits \
    chargePermissionType recurringMetadata presentmentCurrency";
const CHARGE: &str = "chargeId chargePermissionId chargeAmount captureAmount refundedAmount softDescriptor platformId \
    providerMetadata convertedAmount conversionRate channel chargeInitiator statusDetails creationTimestamp \
    expirationTimestamp releaseEnvironment merchantMetadata webCheckoutDetails";
const REFUND: &str = "refundId chargeId creationTimestamp refundAmount statusDetails softDescriptor releaseEnvironment";
const BUYER: &str = "buyerId countryCode name email postalCode shippingAddress billingAddress phoneNumber \
    primeMembershipTypes";
const REPORT: &str = "createdTime endTime processingEndTime processingStartTime processingStatus reportDocumentId \
    reportId reportType startTime";
const SCHEDULE: &str = "nextReportCreationTime reportScheduleId reportType scheduleFrequency";
const DISPUTE: &str = "disputeId chargeId disputeType disputeAmount filingReason resolutionAuthority statusDetails \
    merchantResponseDeadline releaseEnvironment";
const FILE: &str = "id type purpose url size uploadTimestamp urlExpirationTimestamp";
const STATUS: &str = "state reasonCode reasonDescription lastUpdatedTimestamp";
const PRICE: &str = "amount currencyCode";
const ADDRESS: &str = "name addressLine1 addressLine2 addressLine3 city county district stateOrRegion postalCode \
    countryCode phoneNumber";
const MERCHANT: &str = "merchantReferenceId merchantStoreName noteToBuyer customInformation";

/// Which keys an object within an answer has: by the name that it stands under.
const WITHIN: [(&str, &str); 22] = [
    (
        "webCheckoutDetails",
        "checkoutReviewReturnUrl checkoutResultReturnUrl checkoutCancelUrl amazonPayRedirectUrl checkoutMode",
    ),
    (
        "paymentDetails",
        "paymentIntent canHandlePendingAuthorization chargeAmount totalOrderAmount presentmentCurrency softDescriptor \
         allowOvercharge extendExpiration estimateOrderTotal",
    ),
    ("estimateOrderTotal", PRICE),
    ("multiAddressesCheckoutMetadata", "addressId price"),
    ("price", PRICE),
    ("recurringMetadata", "frequency amount"),
    ("frequency", "unit value"),
    ("paymentMethodOnFileMetadata", "setupOnly"),
    ("merchantMetadata", MERCHANT),
    ("buyer", "buyerId name email phoneNumber primeMembershipTypes"),
    ("shippingAddress", ADDRESS),
    ("billingAddress", ADDRESS),
    ("paymentPreferences", "paymentDescriptor"),
    ("statusDetails", STATUS),
    ("constraints", "constraintId description"),
    ("providerMetadata", "providerReferenceId"),
    ("deliverySpecifications", "specialRestrictions addressRestrictions"),
    ("limits", "amountLimit amountBalance"),
    ("reasons", "reasonCode reasonDescription"),
    ("reports", REPORT),
    ("reportSchedules", SCHEDULE),
    ("deliveryDetails", "trackingNumber carrierCode"),
];

/// Whether every object within has the keys of its name, prices those of a price.
fn check_within(name: &str, value: &Value, kind: &str) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| check_within(name, one, kind)),
        Value::Object(fields) => {
            let known = WITHIN.iter().find(|(known, _)| *known == name).map(|(_, keys)| *keys);
            let expected = match (kind, name) {
                ("permission", "statusDetails") => "state reasons lastUpdatedTimestamp",
                ("dispute", "statusDetails") => "state resolution reasonCode reasonDescription lastUpdatedTimestamp",
                ("charge", "webCheckoutDetails") => "checkoutResultReturnUrl",
                _ if name.to_lowercase().contains("amount") => PRICE,
                _ => known.unwrap_or_else(|| panic!("{name} in {kind} has no keys to compare with: {value}")),
            };
            let keys: Vec<&str> = fields.keys().map(String::as_str).collect();
            assert_eq!(keys.join(" "), expected, "{name} in {kind}");
            fields.iter().for_each(|(name, value)| check_within(name, value, kind));
        }
        _ => {}
    }
}

/// The merchant, and the operations that were seen.
struct Walk {
    caller: Caller,
    seen: BTreeSet<String>,
    keys: usize,
}

impl Walk {
    async fn call(&mut self, method: &str, path: &str, body: &Value) -> Reply {
        self.keys += 1;
        let key = format!("walk-{}", self.keys);
        self.caller.call(method, &format!("/v2/{path}"), body, &key).await
    }

    /// Calls, and compares status and keys.
    async fn sees(&mut self, name: &str, method: &str, path: &str, body: &Value, status: u16, keys: &str) -> Reply {
        let reply = self.call(method, path, body).await;
        assert_eq!(reply.status, status, "{name}: {}", reply.text);
        let kind = [("Permission", "permission"), ("Dispute", "dispute"), ("Charge", "charge")]
            .into_iter()
            .find_map(|(part, kind)| name.contains(part).then_some(kind))
            .unwrap_or("answer");
        if keys.is_empty() {
            assert!(reply.text.is_empty() || reply.text == "{}", "{name}: {}", reply.text);
        } else {
            assert_eq!(reply.keys().join(" "), keys, "{name}");
            let fields = reply.body.as_object().unwrap();
            fields.iter().for_each(|(field, value)| check_within(field, value, kind));
            let type_ = reply.headers["content-type"].to_str().unwrap();
            assert!(type_.starts_with("application/json"), "{name}: {type_}");
        }
        self.seen.insert(name.to_owned());
        reply
    }

    async fn sessions(&mut self) -> Reply {
        let mut body = order("Authorize");
        body["deliverySpecifications"] = json!({"specialRestrictions": ["RestrictPOBoxes"]});
        body["scopes"] = json!(["name", "email", "phoneNumber", "billingAddress", "shippingAddress"]);
        let created = self.sees("createCheckoutSession", "POST", "checkoutSessions", &body, 201, SESSION).await;
        let path = format!("checkoutSessions/{}", created.text_of("checkoutSessionId"));
        let recurring = json!({
            "chargePermissionType": "Recurring",
            "recurringMetadata": {"frequency": {"unit": "Month", "value": 1}, "amount": yen(500)},
        });
        self.sees("updateCheckoutSession", "PATCH", &path, &recurring, 200, SESSION).await;
        let id = self.caller.paid(&body, "card-1111", "walk").await;
        let path = format!("checkoutSessions/{id}");
        let got = self.sees("getCheckoutSession", "GET", &path, &Value::Null, 200, SESSION).await;
        for filled in ["buyer", "billingAddress", "shippingAddress", "webCheckoutDetails", "paymentDetails"] {
            assert!(got.body[filled].is_object(), "{filled}");
        }
        let complete = format!("{path}/complete");
        let completed = self
            .sees("completeCheckoutSession", "POST", &complete, &json!({"chargeAmount": yen(1000)}), 200, SESSION)
            .await;
        let told: Vec<&String> = completed
            .body
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, _)| name)
            .collect();
        assert_eq!(
            told,
            [
                "checkoutSessionId",
                "chargePermissionType",
                "paymentPreferences",
                "statusDetails",
                "chargePermissionId",
                "chargeId",
                "creationTimestamp",
                "releaseEnvironment"
            ],
            "what else there was belongs to the charge permission now"
        );
        self.several_addresses().await;
        let play = json!({"merchantId": self.caller.merchant_id, "productType": "PayOnly",
            "payload": {"storeId": STORE, "paymentDetails": order("Confirm")["paymentDetails"]}});
        let played = self.caller.control("POST", "checkoutSessions", &play).await;
        let agreed = json!({"paymentIntent": "Confirm", "chargeAmount": yen(1000), "billingAddress": played.body["billingAddress"]});
        let path = format!("checkoutSessions/{}/finalize", played.text_of("checkoutSessionId"));
        let with_cart = SESSION.replace("paymentDetails ", "paymentDetails cartDetails ");
        self.sees("finalizeCheckoutSession", "POST", &path, &agreed, 200, &with_cart).await;
        completed
    }

    /// Two keys more, and only while the buyer's addresses can be told: a client that reads `shippingAddressList` wants a
    /// list, and one that counts keys wants 28 everywhere else.
    async fn several_addresses(&mut self) {
        let mut payload = order("Authorize");
        payload["paymentDetails"]["estimateOrderTotal"] = yen(1000);
        let mut play = json!({"merchantId": self.caller.merchant_id, "productType": "PayAndShipMultiAddress",
            "payload": payload, "addresses": ["address-2", "address-1"], "upTo": "new"});
        let more = SESSION.replace(
            "shippingAddress platformId",
            "shippingAddress shippingAddressList multiAddressesCheckoutMetadata platformId",
        );
        let new = self.caller.control("POST", "checkoutSessions", &play).await;
        let path = format!("checkoutSessions/{}", new.text_of("checkoutSessionId"));
        let empty = self.sees("getCheckoutSession", "GET", &path, &Value::Null, 200, &more).await;
        assert_eq!((&empty.body["shippingAddressList"], &empty.body["shippingAddress"]), (&json!([]), &Value::Null));
        play["upTo"] = json!("chosen");
        let chosen = self.caller.control("POST", "checkoutSessions", &play).await;
        assert_eq!(chosen.status, 201, "{}", chosen.text);
        let path = format!("checkoutSessions/{}", chosen.text_of("checkoutSessionId"));
        let got = self.sees("getCheckoutSession", "GET", &path, &Value::Null, 200, &more).await;
        let places: Vec<Value> = got.body["shippingAddressList"]
            .as_array()
            .unwrap()
            .iter()
            .map(|text| serde_json::from_str(text.as_str().expect("each is a JSON text of its own")).unwrap())
            .collect();
        assert_eq!(places.len(), 2);
        for place in &places {
            let keys: Vec<&str> = place.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(keys.join(" "), format!("addressId {ADDRESS}"));
        }
        let parts: Vec<Value> = places
            .iter()
            .map(|place| json!({"addressId": place["addressId"], "price": {"amount": 500, "currencyCode": "JPY"}}))
            .collect();
        let update = json!({"multiAddressesCheckoutMetadata": parts});
        let updated = self.sees("updateCheckoutSession", "PATCH", &path, &update, 200, &more).await;
        assert_eq!(updated.body["multiAddressesCheckoutMetadata"][1]["price"], yen(500));
        play["upTo"] = json!("paid");
        let paid = self.caller.control("POST", "checkoutSessions", &play).await;
        let path = format!("checkoutSessions/{}/complete", paid.text_of("checkoutSessionId"));
        let amount = json!({"chargeAmount": yen(1000)});
        let completed = self.sees("completeCheckoutSession", "POST", &path, &amount, 200, SESSION).await;
        let path = format!("chargePermissions/{}", completed.text_of("chargePermissionId"));
        self.sees("getChargePermission", "GET", &path, &Value::Null, 200, PERMISSION).await;
    }

    async fn money(&mut self, completed: &Reply) -> String {
        let permission = format!("chargePermissions/{}", completed.text_of("chargePermissionId"));
        let held = self.sees("getChargePermission", "GET", &permission, &Value::Null, 200, PERMISSION).await;
        assert_eq!(held.body["statusDetails"]["reasons"][0]["reasonCode"], "ChargeInProgress");
        let words = json!({"merchantMetadata": {"merchantReferenceId": "R"}});
        self.sees("updateChargePermission", "PATCH", &permission, &words, 200, PERMISSION).await;
        let charge = format!("charges/{}", completed.text_of("chargeId"));
        self.sees("getCharge", "GET", &charge, &Value::Null, 200, CHARGE).await;
        let reason = json!({"cancellationReason": "x"});
        self.sees("cancelCharge", "DELETE", &format!("{charge}/cancel"), &reason, 200, CHARGE).await;
        let body = json!({
            "chargePermissionId": completed.text_of("chargePermissionId"), "chargeAmount": yen(600),
            "webCheckoutDetails": {"checkoutResultReturnUrl": "https://shop.example/result"},
        });
        let made = self.sees("createCharge", "POST", "charges", &body, 201, CHARGE).await;
        let id = made.text_of("chargeId");
        let capture = json!({"captureAmount": yen(600), "softDescriptor": "SEKISHO"});
        let captured =
            self.sees("captureCharge", "POST", &format!("charges/{id}/capture"), &capture, 200, CHARGE).await;
        assert_eq!(captured.body["softDescriptor"], "AMZ*SEKISHO");
        let refund = json!({"chargeId": id, "refundAmount": yen(100)});
        let refund = self.sees("createRefund", "POST", "refunds", &refund, 201, REFUND).await;
        assert_eq!(refund.body["refundAmount"]["amount"], "100.00", "as Japan's sandbox writes it");
        let refund = format!("refunds/{}", refund.text_of("refundId"));
        self.sees("getRefund", "GET", &refund, &Value::Null, 200, REFUND).await;
        let mut pending = json!({"chargePermissionId": body["chargePermissionId"], "chargeAmount": yen(1)});
        pending["canHandlePendingAuthorization"] = json!(true);
        let pending = self.caller.simulate("POST", "/v2/charges", &pending, "AuthorizationInitiated").await;
        let path = format!("charges/{}", pending.text_of("chargeId"));
        let ended = json!({"statusDetails": {"state": "Canceled", "reasonCode": "ExpiredUnused"}});
        self.sees("updateCharge", "PATCH", &path, &ended, 200, CHARGE).await;
        let close = format!("{permission}/close");
        self.sees("closeChargePermission", "DELETE", &close, &json!({"closureReason": "x"}), 200, PERMISSION).await;
        id
    }

    async fn around(&mut self, permission: &str, charge: &str) {
        let parcel = json!({"chargePermissionId": permission,
            "deliveryDetails": [{"trackingNumber": "1", "carrierCode": "YAMATO"}]});
        let keys = "amazonOrderReferenceId chargePermissionId deliveryDetails";
        self.sees("createDeliveryTracker", "POST", "deliveryTrackers", &parcel, 200, keys).await;
        let token = "authorizationTokens/amzn.mws.1?merchantId=A1SHOP00000002";
        self.sees("getAuthorizationToken", "GET", token, &Value::Null, 200, "authorizationToken").await;
        let dispute = json!({
            "chargeId": charge, "providerMetadata": {"providerDisputeId": "P1"}, "disputeAmount": yen(400),
            "filingReason": "ProductNotReceived", "filingTimestamp": 1_795_000_000_000_i64,
            "statusDetails": {"state": "ActionRequired"}, "merchantResponseDeadline": 1_796_000_000_000_i64,
        });
        let dispute = self.sees("createDispute", "POST", "disputes", &dispute, 200, DISPUTE).await;
        let dispute = format!("disputes/{}", dispute.text_of("disputeId"));
        self.sees("getDispute", "GET", &dispute, &Value::Null, 200, DISPUTE).await;
        let file = json!({"type": "jpg", "purpose": "disputeEvidence"});
        let file = self.sees("createFile", "POST", "files", &file, 200, FILE).await;
        let evidence = json!({"merchantEvidences":
            [{"evidenceType": "TrackingNumber", "fileId": file.body["id"], "evidenceText": "x"}]});
        self.sees("contestDispute", "POST", &format!("{dispute}/contest"), &evidence, 200, DISPUTE).await;
        let resolved = json!({"statusDetails": {"resolution": "MerchantWon", "state": "Resolved",
            "reasonCode": "MerchantAcceptedDispute", "reasonDescription": "x"}, "closureTimestamp": 1_795_500_000_000_i64});
        self.sees("updateDispute", "PATCH", &dispute, &resolved, 200, DISPUTE).await;
        self.reports().await;
        self.accounts().await;
    }

    async fn reports(&mut self) {
        let kind = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_";
        let made = self.sees("createReport", "POST", "reports", &json!({"reportType": kind}), 201, "reportId").await;
        self.caller.advance(30_000).await;
        let report = format!("reports/{}", made.text_of("reportId"));
        let report = self.sees("getReport", "GET", &report, &Value::Null, 200, REPORT).await;
        self.sees("getReports", "GET", "reports?pageSize=10", &Value::Null, 200, "reports nextToken").await;
        let document = format!("report-documents/{}", report.text_of("reportDocumentId"));
        let keys = "reportDocumentId url compressionAlgorithm";
        self.sees("getReportDocument", "GET", &document, &Value::Null, 200, keys).await;
        let body =
            json!({"reportType": kind, "scheduleFrequency": "P1D", "nextReportCreationTime": "20261123T000000Z"});
        let made = self.sees("createReportSchedule", "POST", "report-schedules", &body, 201, "reportScheduleId").await;
        let schedule = format!("report-schedules/{}", made.text_of("reportScheduleId"));
        self.sees("getReportSchedule", "GET", &schedule, &Value::Null, 200, SCHEDULE).await;
        self.sees("getReportSchedules", "GET", "report-schedules", &Value::Null, 200, "reportSchedules").await;
        self.sees("cancelReportSchedule", "DELETE", &schedule, &Value::Null, 200, "").await;
        let range = "disbursements?startTime=20261101T000000Z&endTime=20261201T000000Z";
        self.sees("getDisbursements", "GET", range, &Value::Null, 200, "disbursements nextToken").await;
    }

    async fn accounts(&mut self) {
        let body = json!({"uniqueReferenceId": "R1", "ledgerCurrency": "JPY", "businessInfo": {
            "businessType": "INDIVIDUAL", "countryOfEstablishment": "JP", "businessLegalName": "関所",
            "businessAddress": {"addressLine1": "450 Noda", "city": "香取市", "stateOrRegion": "千葉県",
                "postalCode": "289-0314", "countryCode": "JP"}}});
        let keys = "uniqueReferenceId merchantAccountId";
        let made = self.sees("createMerchantAccount", "POST", "merchantAccounts", &body, 201, keys).await;
        let account = format!("merchantAccounts/{}", made.text_of("merchantAccountId"));
        let changes = json!({"businessInfo": {"businessLegalName": "新関所"}});
        self.sees("updateMerchantAccount", "PATCH", &account, &changes, 204, "").await;
        let stores = format!("{account}/stores");
        let name = json!({"storeName": "支店"});
        let made = self.sees("createStore", "POST", &stores, &name, 201, "merchantAccountId storeId").await;
        let store = format!("{stores}/{}", made.text_of("storeId"));
        self.sees("updateStore", "PATCH", &store, &name, 204, "").await;
        let claim = json!({"uniqueReferenceId": "R1"});
        let claimed = self.sees("claimMerchantAccount", "POST", &format!("{account}/claim"), &claim, 303, "").await;
        assert!(claimed.headers.contains_key("location"));
        self.sees("deleteMerchantAccount", "DELETE", &account, &Value::Null, 202, "").await;
    }

    async fn buyer(&mut self) {
        let request = json!({"storeId": STORE, "signInReturnUrl": "https://shop.example/welcome",
            "signInScopes": ["name", "email", "postalCode", "shippingAddress", "billingAddress", "phoneNumber"]});
        let token = self.caller.signed_in(&request);
        let got = self.sees("getBuyer", "GET", &format!("buyers/{token}"), &Value::Null, 200, BUYER).await;
        assert!(got.body["billingAddress"].is_object(), "{}", got.text);
    }
}

#[tokio::test]
async fn each_operation_answers_its_status_and_its_keys_in_their_order() {
    let mut walk = Walk { caller: Caller::new(), seen: BTreeSet::new(), keys: 0 };
    let completed = walk.sessions().await;
    let charge = walk.money(&completed).await;
    walk.around(&completed.text_of("chargePermissionId"), &charge).await;
    walk.buyer().await;
    // A rule for an operation that there is not is refused with the names of all there are.
    let refused = walk.caller.control("POST", "faults", &json!({"operation": "none", "hang": true})).await;
    let (_, names) = refused.body["error"].as_str().unwrap().split_once(" is none of ").unwrap();
    let not_seen: Vec<&str> = names.split(", ").filter(|name| !walk.seen.contains(*name)).collect();
    assert!(not_seen.is_empty(), "no answer of these was looked at: {not_seen:?}");
    assert_eq!(walk.seen.len(), names.split(", ").count());
}
