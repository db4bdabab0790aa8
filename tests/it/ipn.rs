//! Amazon's messages (IPN), from the sandbox's ledger to the gateway's book: what a good one brings about, and that a bad
//! one brings about nothing.

use sekisho::cli::World;
use sekisho::cli::demo::{Demo, DemoArgs};
use sekisho::domain::Status;
use serde_json::{Value, json};

use crate::support::{Entered, MINUTE, Order, Receiver, Reply, Stage, eventually};

/// Longer than a refund takes at Amazon, and shorter than until anybody looks by himself.
const REFUND_MS: i64 = 30_500;

/// The gateway hears of everything that happens to the first shop's payments.
async fn listening() -> Stage {
    let stage = Stage::new().await;
    let url = format!("{}/amazonpay/ipn", stage.gateway_url);
    stage.control_post("ipn/endpoints", json!({"merchantId": stage.shop().merchant_id, "url": url})).await;
    eventually("the subscription is confirmed", async || {
        (stage.control_get("ipn").await["endpoints"][0]["confirmed"] == true).then_some(())
    })
    .await;
    stage
}

/// A payment of which all is being refunded.
async fn refunding(stage: &Stage, order: &'static str) -> Entered {
    let (entered, _) = stage.paid(Order::capture(order)).await;
    let mut fields = entered.names().to_vec();
    fields.extend([("CancelAmount", "1980"), ("CancelTax", "198")]);
    let answer = stage.shop().call("AmazonpayCancel", &fields).await;
    assert_eq!(answer.field("Status"), "REQRETURN", "{}", answer.text());
    entered
}

async fn refund_id(stage: &Stage) -> String {
    stage.ledger().await["refunds"][0]["refundId"].as_str().unwrap().to_owned()
}

async fn becomes(stage: &Stage, entered: &Entered, status: Status) {
    eventually(&format!("{status}"), async || {
        (stage.transaction(&entered.access_id).await.status() == status).then_some(())
    })
    .await;
}

async fn looks_at_refunds(stage: &Stage) -> usize {
    stage.amazon_saw("getRefund").await.len()
}

/// Posts to the gateway as anybody can.
async fn post(stage: &Stage, body: impl Into<String>) -> u16 {
    let url = format!("{}/amazonpay/ipn", stage.gateway_url);
    stage.http.post(url).body(body.into()).send().await.unwrap().status().as_u16()
}

/// A message about the refund that the sandbox signed and never sent: its endpoint is somebody else's meanwhile.
async fn intercepted(stage: &Stage, merchant_id: &str, refund: &str) -> Value {
    let elsewhere = Receiver::start().await;
    stage.control_post("ipn/endpoints", json!({"merchantId": merchant_id, "url": elsewhere.url})).await;
    let message = json!({"merchantId": merchant_id, "objectType": "REFUND", "objectId": refund});
    stage.control_post("ipn/messages", message).await;
    let received = elsewhere.wait_for(2).await;
    serde_json::from_str(&received[1].body).unwrap()
}

#[tokio::test]
async fn a_message_brings_the_end_of_a_refund_before_anybody_looks() {
    for version in ["1", "2"] {
        let stage = listening().await;
        stage.control_post("ipn/behaviour", json!({"signatureVersion": version})).await;
        let entered = refunding(&stage, "ipn-refund").await;
        stage.clock.advance(REFUND_MS);
        becomes(&stage, &entered, Status::Return).await;
        stage.receiver.wait_for(3).await;
        assert_eq!(stage.receiver.statuses(), ["CAPTURE", "REQRETURN", "RETURN"]);
    }
}

#[tokio::test]
async fn doubled_and_reordered_messages_change_nothing_twice() {
    let stage = listening().await;
    stage.control_post("ipn/behaviour", json!({"duplicates": 2, "reorder": 2})).await;
    let first = refunding(&stage, "ipn-order-1").await;
    let second = refunding(&stage, "ipn-order-2").await;
    stage.clock.advance(REFUND_MS);
    becomes(&stage, &first, Status::Return).await;
    becomes(&stage, &second, Status::Return).await;
    stage.receiver.wait_for(6).await;
    let messages = stage.control_get("ipn").await["messages"].clone();
    let sent: Vec<_> = messages.as_array().unwrap().iter().filter(|one| one["objectType"] == "REFUND").collect();
    assert_eq!(sent.len(), 6, "{messages}");
    eventually("all are delivered", async || {
        let messages = stage.control_get("ipn").await["messages"].clone();
        messages.as_array().unwrap().iter().all(|one| one["standing"] == "DELIVERED").then_some(())
    })
    .await;
    for entered in [first, second] {
        assert_eq!(stage.notifications(&entered.access_id).await.len(), 3, "one for each change");
    }
}

#[tokio::test]
async fn a_message_is_a_hint_and_amazon_is_asked() {
    let stage = listening().await;
    let entered = refunding(&stage, "ipn-early").await;
    let before = looks_at_refunds(&stage).await;
    // Genuine, but nothing has happened: the refund is still under way.
    let id = refund_id(&stage).await;
    let message = json!({"merchantId": stage.shop().merchant_id, "objectType": "REFUND", "objectId": id});
    stage.control_post("ipn/messages", message).await;
    eventually("Amazon is asked", async || (looks_at_refunds(&stage).await >= before + 2).then_some(())).await;
    assert_eq!(stage.transaction(&entered.access_id).await.status(), Status::ReqReturn);
}

#[tokio::test]
async fn whoever_forges_alters_or_repeats_a_message_achieves_nothing() {
    let stage = listening().await;
    let entered = refunding(&stage, "ipn-forged").await;
    let id = refund_id(&stage).await;
    let good = intercepted(&stage, &stage.shop().merchant_id, &id).await;
    assert_eq!(post(&stage, good.to_string()).await, 200);
    eventually("Amazon is asked", async || (looks_at_refunds(&stage).await == 2).then_some(())).await;

    let altered = |field: &str, value: Value| {
        let mut message = good.clone();
        message[field] = value;
        message.to_string()
    };
    let other_refund = good["Message"].as_str().unwrap().replace("STATE_CHANGE", "ATTRIBUTE_CHANGE");
    for (body, status) in [
        // Taken on, and found out behind the answer.
        (good.to_string(), 200),
        (altered("MessageId", json!("another")), 200),
        (altered("Message", json!(other_refund)), 200),
        (altered("TopicArn", json!("arn:aws:sns:eu-west-1:000000000000:other")), 200),
        (altered("Subject", json!("hello")), 200),
        (altered("SignatureVersion", json!("2")), 200),
        (altered("Signature", json!("AAAA")), 200),
        // Found out at once.
        (altered("SigningCertURL", json!("https://sns.eu-west-1.amazonaws.com.evil.example/x.pem")), 403),
        (altered("SigningCertURL", json!(format!("{}/x.pem", stage.gateway_url))), 403),
        (altered("Timestamp", json!("2026-01-01T00:00:00.000Z")), 403),
        (altered("Type", json!("Other")), 400),
        ("{}".to_owned(), 400),
        ("MerchantID=A1DEMOSHOP0001".to_owned(), 400),
        (" ".repeat(200_000), 413),
    ] {
        assert_eq!(post(&stage, body.clone()).await, status, "{body:.200}");
    }
    // A genuine one behind them is heeded: it is the only one that Amazon was asked for.
    let next = intercepted(&stage, &stage.shop().merchant_id, &id).await;
    assert_eq!(post(&stage, next.to_string()).await, 200);
    eventually("Amazon is asked again", async || (looks_at_refunds(&stage).await >= 4).then_some(())).await;
    assert_eq!(looks_at_refunds(&stage).await, 4);
    assert_eq!(stage.transaction(&entered.access_id).await.status(), Status::ReqReturn);
    let url = format!("{}/amazonpay/ipn", stage.gateway_url);
    assert_eq!(stage.http.get(url).send().await.unwrap().status().as_u16(), 405);
}

#[tokio::test]
async fn a_message_of_one_merchant_touches_no_other() {
    let stage = listening().await;
    let entered = refunding(&stage, "ipn-foreign").await;
    let id = refund_id(&stage).await;
    let foreign = intercepted(&stage, &stage.other_shop().merchant_id, &id).await;
    let own = intercepted(&stage, &stage.shop().merchant_id, &id).await;
    assert_eq!(post(&stage, foreign.to_string()).await, 200);
    assert_eq!(post(&stage, own.to_string()).await, 200);
    eventually("Amazon is asked", async || (looks_at_refunds(&stage).await >= 2).then_some(())).await;
    assert_eq!(looks_at_refunds(&stage).await, 2, "for its own merchant only");
    assert_eq!(stage.transaction(&entered.access_id).await.status(), Status::ReqReturn);
}

#[tokio::test]
async fn a_sandbox_that_no_shop_is_at_is_a_stranger() {
    let stage = listening().await;
    let stranger = listening().await;
    let entered = refunding(&stage, "ipn-stranger").await;
    let id = refund_id(&stage).await;
    let message = intercepted(&stranger, &stranger.shop().merchant_id, &id).await;
    assert_eq!(post(&stage, message.to_string()).await, 403);
    assert_eq!(stage.transaction(&entered.access_id).await.status(), Status::ReqReturn);
    assert_eq!(looks_at_refunds(&stage).await, 0);
}

#[tokio::test]
async fn a_buyer_who_ends_a_consent_at_amazon_ends_it_here() {
    let stage = listening().await;
    let session = stage.browser.choose_at_amazon(stage.shop(), "amzn1.account.SEKISHOHAKONE001", "card-1111").await;
    let fields = [("OrderID", "ipn-consent"), ("JobCd", "AUTH"), ("Amount", "0"), ("Tax", "0"), ("AmazonpayType", "3")];
    let answer = stage.shop().call("EntryTranAmazonpay", &fields).await;
    let (access_id, access_pass) = (answer.field("AccessID"), answer.field("AccessPass"));
    let entered = Entered { order: "ipn-consent", session, access_id, access_pass };
    let mut fields = entered.exec_fields();
    fields.extend([("FrequencyUnit", "Month"), ("FrequencyValue", "1")]);
    let exec = stage.shop().call("ExecTranAmazonpay", &fields).await;
    let (start_url, token) = (exec.field("StartURL"), exec.field("Token"));
    let page = stage.browser.start(&start_url, &entered.access_id, &token).await.location.unwrap();
    let back = stage.browser.press(&page, "pay", &[]).await;
    let form = stage.browser.come_back(&back).await;
    assert_eq!(form.field("Status"), "REGISTER");
    let permission = form.field("AmazonChargePermissionID").to_owned();

    // Blocked is not over.
    let control = format!("chargePermissions/{permission}");
    stage.control_post(&control, json!({"reason": "PaymentMethodExpired"})).await;
    let asked = async || (!stage.amazon_saw("getChargePermission").await.is_empty()).then_some(());
    eventually("Amazon is asked", asked).await;
    assert_eq!(stage.transaction(&entered.access_id).await.status(), Status::Register);
    stage.control_post(&control, json!({"reason": "BuyerCanceled"})).await;
    becomes(&stage, &entered, Status::End).await;
    stage.receiver.wait_for(2).await;
    assert_eq!(stage.receiver.statuses(), ["REGISTER", "END"]);
}

#[tokio::test]
async fn the_sandbox_tries_again_every_hour_while_the_receiver_fails() {
    let stage = Stage::new().await;
    let shop = Receiver::start().await;
    shop.answers(&[Reply::Says("ok"), Reply::Status(500), Reply::Status(503)]);
    let merchant_id = &stage.shop().merchant_id;
    stage.control_post("ipn/endpoints", json!({"merchantId": merchant_id, "url": shop.url})).await;
    let message = json!({"merchantId": merchant_id, "objectType": "CHARGE", "objectId": "S03-1234567-1234567-C000001"});
    let sent = stage.control_post("ipn/messages", message).await;
    let received = shop.wait_for(2).await;
    assert_eq!(received[0].header("x-amz-sns-message-type"), "SubscriptionConfirmation");
    assert_eq!(received[1].header("x-amz-sns-message-type"), "Notification");
    assert_eq!(received[1].header("x-amz-sns-message-id"), sent["messageId"].as_str().unwrap());
    assert_eq!(received[1].header("content-type"), "text/plain; charset=UTF-8");
    for attempt in 2..=3 {
        let waiting = async || {
            let messages = stage.control_get("ipn").await["messages"].clone();
            (messages[1]["attempts"].as_array().unwrap().len() == attempt - 1).then_some(())
        };
        eventually("the failure is recorded", waiting).await;
        stage.control_post("clock", json!({"advance_ms": 60 * MINUTE})).await;
        let received = shop.wait_for(attempt + 1).await;
        assert_eq!(received[attempt], received[1], "the same message");
    }
    eventually("it is delivered", async || {
        (stage.control_get("ipn").await["messages"][1]["standing"] == "DELIVERED").then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_reason() {
    let stage = Stage::new().await;
    let merchant_id = stage.shop().merchant_id.clone();
    let message = |kind: &str| json!({"merchantId": merchant_id, "objectType": kind, "objectId": "x"});
    for (page, body, part) in [
        ("ipn/endpoints", json!({"merchantId": "A0", "url": "http://127.0.0.1/"}), "merchant A0 is not known"),
        (
            "ipn/endpoints",
            json!({"merchantId": merchant_id, "url": "ftp://127.0.0.1/"}),
            "must be an http or https URL",
        ),
        ("ipn/endpoints", json!({"merchantId": merchant_id, "url": "http://u@127.0.0.1/"}), "without user name"),
        ("ipn/endpoints", json!({"merchantId": merchant_id}), "missing field `url`"),
        ("ipn/behaviour", json!({"signatureVersion": "3"}), "must be \"1\" or \"2\""),
        ("ipn/behaviour", json!({"duplicates": 101}), "at most 100"),
        ("ipn/behaviour", json!({"nonsense": 1}), "unknown field"),
        ("ipn/messages", message("ORDER"), "objectType must be"),
        ("ipn/messages", message("CHARGE"), "has no endpoint"),
        ("ipn/messages/none", json!({}), "is not known"),
    ] {
        let url = format!("{}/_control/{page}", stage.browser.sandbox_url);
        let answer = stage.http.post(url).body(body.to_string()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 400, "{page} {body}");
        let text = answer.text().await.unwrap();
        let said: Value = serde_json::from_str(&text).unwrap();
        assert!(said["error"].as_str().unwrap().contains(part), "{page} {body}: {text}");
    }
}

#[tokio::test]
async fn the_demos_gateway_hears_of_all_its_merchants() {
    let demo = Demo::start(&DemoArgs::anywhere(), World::real()).await.unwrap();
    let client = reqwest_client();
    eventually("both subscriptions are confirmed", async || {
        let text = client.get(format!("{}/_control/ipn", demo.sandbox_url)).send().await.unwrap().text().await.unwrap();
        let seen: Value = serde_json::from_str(&text).unwrap();
        let endpoints = seen["endpoints"].as_array().unwrap();
        (endpoints.len() == 2 && endpoints.iter().all(|one| one["confirmed"] == true)).then_some(())
    })
    .await;
    demo.end().await.unwrap();
}

fn reqwest_client() -> reqwest::Client {
    let second = std::time::Duration::from_secs(1);
    sekisho::egress::client(second, 10 * second).unwrap()
}
