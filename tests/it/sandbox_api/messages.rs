//! Messages (IPN, amazon-pay 5) as a merchant's server receives them: one for each event, and what becomes of those that
//! it does not take.

use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::caller::{Caller, Reply, charge, order, yen};
use crate::support::{Received, Receiver, Reply as Says, eventually};

const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

const CHARGE: (&str, &str) = ("CHARGE", "STATE_CHANGE");
const PERMISSION: (&str, &str) = ("CHARGE_PERMISSION", "STATE_CHANGE");
const PERMISSIONS_CARD: (&str, &str) = ("CHARGE_PERMISSION", "ATTRIBUTE_CHANGE");
const REFUND: (&str, &str) = ("REFUND", "STATE_CHANGE");
const CHARGEBACK: (&str, &str) = ("CHARGEBACK", "STATE_CHANGE");

/// A merchant at a sandbox that sends, and the merchant's server.
struct Subscriber {
    caller: Caller,
    server: Receiver,
    heard: usize,
    _sending: DropGuard,
}

impl Subscriber {
    /// Registered, and asked to confirm.
    async fn new() -> Self {
        let (caller, server, stop) = (Caller::new(), Receiver::start().await, CancellationToken::new());
        tokio::spawn(sekisho::sandbox::ipn::run(caller.sandbox.clone(), stop.clone()));
        let asked = json!({"merchantId": caller.merchant_id, "url": server.url});
        assert_eq!(caller.control("POST", "ipn/endpoints", &asked).await.status, 201);
        server.wait_for(1).await;
        Self { caller, server, heard: 1, _sending: stop.drop_guard() }
    }

    /// The next messages are these, about objects with these ids.
    async fn hears(&mut self, expected: &[((&str, &str), &str)]) {
        let all = self.server.wait_for(self.heard + expected.len()).await;
        let told: Vec<Value> = all[self.heard..][..expected.len()].iter().map(inner).collect();
        let told: Vec<_> = told
            .iter()
            .map(|one| ["ObjectType", "NotificationType", "ObjectId"].map(|name| one[name].as_str().unwrap()))
            .map(|[kind, change, id]| ((kind, change), id))
            .collect();
        assert_eq!(told, expected);
        self.heard += expected.len();
    }

    /// A message by hand, which follows whatever was on its way: posts of one merchant go out one after the other.
    async fn hears_nothing_else(&mut self) {
        let message = json!({"merchantId": self.caller.merchant_id, "objectType": "CHARGE", "objectId": "mark"});
        assert_eq!(self.caller.control("POST", "ipn/messages", &message).await.status, 201);
        self.hears(&[(CHARGE, "mark")]).await;
    }

    /// A permission for 1,000 yen and the charge of all of it, if any, with this card.
    async fn completed(&self, intent: &str, pending: bool, card: &str) -> (String, String) {
        let mut terms = order(intent);
        terms["paymentDetails"]["canHandlePendingAuthorization"] = json!(pending);
        let key = format!("{intent}-{card}");
        let id = self.caller.paid(&terms, card, &key).await;
        let path = format!("/v2/checkoutSessions/{id}/complete");
        let completed = self.caller.call("POST", &path, &json!({"chargeAmount": yen(1000)}), &key).await;
        assert!(completed.status < 300, "{}", completed.text);
        let charge = completed.body["chargeId"].as_str().unwrap_or_default().to_owned();
        (completed.text_of("chargePermissionId"), charge)
    }

    async fn permission_event(&self, permission: &str, event: &Value) {
        let path = format!("chargePermissions/{permission}");
        assert_eq!(self.caller.control("POST", &path, event).await.status, 200);
    }
}

fn envelope(received: &Received) -> Value {
    serde_json::from_str(&received.body).unwrap()
}

/// Amazon Pay's own message.
fn inner(received: &Received) -> Value {
    serde_json::from_str(envelope(received)["Message"].as_str().unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn a_subscription_is_confirmed_by_opening_its_address() {
    let subscriber = Subscriber::new().await;
    let first = subscriber.server.received().remove(0);
    assert_eq!(first.header("x-amz-sns-message-type"), "SubscriptionConfirmation");
    assert_eq!(first.header("content-type"), "text/plain; charset=UTF-8");
    let envelope = envelope(&first);
    assert_eq!(envelope["MessageId"], first.header("x-amz-sns-message-id"));
    assert_eq!(envelope["TopicArn"], first.header("x-amz-sns-topic-arn"));
    let confirmed =
        async || subscriber.caller.control("GET", "ipn", &Value::Null).await.body["endpoints"][0]["confirmed"].clone();
    assert_eq!(confirmed().await, false);
    let url = envelope["SubscribeURL"].as_str().unwrap().replace("http://127.0.0.1:8081", "");
    assert_eq!(subscriber.caller.browse(&url.replace("Token=", "Token=x")).await.status, 400);
    assert_eq!(confirmed().await, false);
    assert_eq!(subscriber.caller.browse(&url).await.status, 200);
    assert_eq!(confirmed().await, true);
    // The certificate is where the message says, and a certificate.
    let url = envelope["SigningCertURL"].as_str().unwrap().replace("http://127.0.0.1:8081", "");
    let certificate = subscriber.caller.browse(&url).await;
    assert!(certificate.text.starts_with("-----BEGIN CERTIFICATE-----"), "{}", certificate.text);
}

#[tokio::test]
async fn pending_authorizations_and_captures_are_told_at_their_end() {
    let mut subscriber = Subscriber::new().await;
    let (_, authorized) = subscriber.completed("Authorize", true, "card-0701").await;
    // What ends at one moment is told in no particular order.
    subscriber.caller.advance(1).await;
    let (permission, declined) = subscriber.completed("Authorize", true, "card-4354").await;
    subscriber.caller.advance(30 * SECOND).await;
    subscriber.hears(&[(CHARGE, &authorized), (CHARGE, &declined), (PERMISSION, &permission)]).await;
    assert_eq!(subscriber.caller.get(&format!("/v2/charges/{declined}")).await.state(), "Declined");

    // The same for a charge that was created on a permission.
    let (permission, _) = subscriber.completed("Confirm", false, "card-1111").await;
    let mut body = charge(&permission, 100);
    body["canHandlePendingAuthorization"] = json!(true);
    let mut ids = Vec::new();
    for code in ["AuthorizationInitiated", "PendingSoftDeclined"] {
        ids.push(subscriber.caller.simulate("POST", "/v2/charges", &body, code).await.text_of("chargeId"));
        subscriber.caller.advance(1).await;
    }
    subscriber.caller.advance(30 * SECOND).await;
    let mut states = Vec::new();
    for id in &ids {
        states.push(subscriber.caller.get(&format!("/v2/charges/{id}")).await.state().to_owned());
    }
    assert_eq!(states, ["Authorized", "Declined"]);
    subscriber.hears(&[(CHARGE, &ids[0]), (CHARGE, &ids[1])]).await;

    for (code, card, ends) in
        [("CaptureInitiated", "card-1111", "Captured"), ("PendingHardDeclined", "card-4444", "Declined")]
    {
        let (permission, id) = subscriber.completed("Authorize", false, card).await;
        let path = format!("/v2/charges/{id}");
        let body = json!({"captureAmount": yen(1000)});
        assert_eq!(subscriber.caller.simulate("POST", &format!("{path}/capture"), &body, code).await.status, 200);
        subscriber.caller.advance(30 * SECOND).await;
        assert_eq!(subscriber.caller.get(&path).await.state(), ends);
        subscriber.hears(&[(CHARGE, &id)]).await;
        if ends == "Captured" {
            subscriber.hears(&[(PERMISSION, &permission)]).await;
        }
    }
    subscriber.hears_nothing_else().await;
}

#[tokio::test]
async fn refunds_and_disputes_are_told() {
    let mut subscriber = Subscriber::new().await;
    let (permission, taken) = subscriber.completed("AuthorizeWithCapture", false, "card-1111").await;
    subscriber.hears(&[(PERMISSION, &permission)]).await;
    let body = json!({"chargeId": taken, "refundAmount": yen(10)});
    let done = subscriber.caller.call("POST", "/v2/refunds", &body, "r").await.text_of("refundId");
    subscriber.caller.advance(30 * SECOND).await;
    subscriber.hears(&[(REFUND, &done)]).await;
    let declined = subscriber.caller.simulate("POST", "/v2/refunds", &body, "PendingAmazonRejected").await;
    subscriber.caller.advance(30 * SECOND).await;
    subscriber.hears(&[(REFUND, &declined.text_of("refundId"))]).await;
    let dispute = json!({
        "chargeId": taken, "providerMetadata": {"providerDisputeId": "P1"}, "disputeAmount": yen(400),
        "filingReason": "ProductNotReceived", "filingTimestamp": 1_795_000_000_000_i64,
        "statusDetails": {"state": "ActionRequired"}, "merchantResponseDeadline": 1_796_000_000_000_i64,
    });
    let dispute = subscriber.caller.call("POST", "/v2/disputes", &dispute, "d").await.text_of("disputeId");
    subscriber.hears(&[(CHARGEBACK, &dispute)]).await;
    subscriber.hears_nothing_else().await;
    let last = subscriber.server.received();
    let told = inner(&last[last.len() - 2]);
    assert_eq!(told["ChargePermissionId"], permission, "{told}");
    assert_eq!(told["MerchantID"], subscriber.caller.merchant_id);
    assert!(told.get("State").is_none() && told.get("Amount").is_none());
}

#[tokio::test]
async fn what_buyer_amazon_and_time_do_to_a_permission_is_told() {
    let mut subscriber = Subscriber::new().await;
    let (permission, _) = subscriber.completed("Confirm", false, "card-1111").await;
    subscriber.permission_event(&permission, &json!({"payment": "card-4444"})).await;
    subscriber.hears(&[(PERMISSIONS_CARD, &permission)]).await;
    subscriber.permission_event(&permission, &json!({"reason": "PaymentMethodExpired"})).await;
    subscriber.hears(&[(PERMISSION, &permission)]).await;
    subscriber.permission_event(&permission, &json!({"payment": "card-1111"})).await;
    subscriber.hears(&[(PERMISSION, &permission), (PERMISSIONS_CARD, &permission)]).await;
    subscriber.permission_event(&permission, &json!({"reason": "BuyerCanceled"})).await;
    subscriber.hears(&[(PERMISSION, &permission)]).await;

    let (permission, held) = subscriber.completed("Authorize", false, "card-0005").await;
    subscriber.caller.advance(30 * DAY).await;
    subscriber.hears(&[(CHARGE, &held)]).await;
    subscriber.caller.advance(150 * DAY).await;
    subscriber.hears(&[(PERMISSION, &permission)]).await;

    let (permission, held) = subscriber.completed("Authorize", false, "card-9424").await;
    let close = json!({"closureReason": "x", "cancelPendingCharges": true});
    let path = format!("/v2/chargePermissions/{permission}/close");
    assert_eq!(subscriber.caller.call("DELETE", &path, &close, "c").await.status, 200);
    subscriber.hears(&[(CHARGE, &held), (PERMISSION, &permission)]).await;
    subscriber.hears_nothing_else().await;
}

#[tokio::test]
async fn what_an_answer_told_is_not_told_again() {
    let mut subscriber = Subscriber::new().await;
    let (_, id) = subscriber.completed("Authorize", false, "card-1111").await;
    let cancel = format!("/v2/charges/{id}/cancel");
    assert_eq!(subscriber.caller.call("DELETE", &cancel, &json!({"cancellationReason": "x"}), "c").await.status, 200);
    let (_, id) = subscriber.completed("Authorize", false, "card-4444").await;
    let part = json!({"captureAmount": yen(400)});
    assert_eq!(subscriber.caller.call("POST", &format!("/v2/charges/{id}/capture"), &part, "p").await.status, 200);
    subscriber.hears_nothing_else().await;
}

#[tokio::test]
async fn a_server_in_trouble_gets_it_again_every_hour_for_three_hours() {
    let subscriber = Subscriber::new().await;
    subscriber.server.answers(&[Says::Status(503), Says::Status(500), Says::Status(502), Says::Status(500)]);
    let (permission, _) = subscriber.completed("Confirm", false, "card-1111").await;
    subscriber.permission_event(&permission, &json!({"reason": "BuyerCanceled"})).await;
    for attempt in 1..=4 {
        let all = subscriber.server.wait_for(1 + attempt).await;
        assert_eq!(all[attempt], all[1], "byte for byte the same, id and signature and all");
        // Not before the attempt is written down may the hour pass.
        eventually("it is written down", async || {
            let ipn = subscriber.caller.control("GET", "ipn", &Value::Null).await.body;
            let message = ipn["messages"].as_array().unwrap().last().unwrap().clone();
            (message["attempts"].as_array().unwrap().len() == attempt && message["standing"] != "SENDING").then_some(())
        })
        .await;
        subscriber.caller.advance(HOUR).await;
    }
    let message = |ipn: &Reply| ipn.body["messages"].as_array().unwrap().last().unwrap().clone();
    let given_up = message(&subscriber.caller.control("GET", "ipn", &Value::Null).await);
    assert_eq!(given_up["standing"], "GIVEN_UP", "{given_up}");
}

#[tokio::test]
async fn duplicates_other_orders_and_both_signatures_come_on_request() {
    let mut subscriber = Subscriber::new().await;
    let behave = json!({"signatureVersion": "2", "duplicates": 1, "reorder": 2});
    assert_eq!(subscriber.caller.control("POST", "ipn/behaviour", &behave).await.status, 200);
    let (first, _) = subscriber.completed("Confirm", false, "card-1111").await;
    let (second, _) = subscriber.completed("Confirm", false, "card-4444").await;
    for permission in [&first, &second] {
        subscriber.permission_event(permission, &json!({"reason": "BuyerCanceled"})).await;
    }
    let [one, two] = [(PERMISSION, first.as_str()), (PERMISSION, second.as_str())];
    subscriber.hears(&[two, two, one, one]).await;
    let all = subscriber.server.received();
    assert_eq!((&all[1], &all[3]), (&all[2], &all[4]), "a duplicate is the same message");
    assert_eq!(envelope(&all[1])["SignatureVersion"], "2");
    assert_eq!(subscriber.caller.control("POST", "ipn/behaviour", &json!({})).await.status, 200);
    subscriber.hears_nothing_else().await;
    assert_eq!(envelope(subscriber.server.received().last().unwrap())["SignatureVersion"], "1");
    for wrong in [json!({"signatureVersion": "3"}), json!({"duplicates": 101}), json!({"order": 1})] {
        assert_eq!(subscriber.caller.control("POST", "ipn/behaviour", &wrong).await.status, 400, "{wrong}");
    }
}
