//! S6: Amazon's messages are authentic or without effect, and even an authentic one is only a hint to look. A genuine message
//! is altered in every field and in every way, replayed and reordered; the book is the judge.

use serde_json::{Value, json};

use super::show;
use crate::support::{Entered, Order, Receiver, Stage, eventually};

/// Longer than a refund takes at Amazon.
const REFUND_MS: i64 = 30_500;

/// How often Amazon is asked because of one message: whose the refund is, and how it stands.
const LOOKS: usize = 2;

/// A refund of the first shop's that is under way, and whoever hears of it instead of the gateway.
struct Scene {
    stage: Stage,
    tap: Receiver,
    entered: Entered,
    refund: String,
}

impl Scene {
    async fn new(topics: Vec<String>) -> Self {
        let stage = Stage::with(|plan| plan.settings.ipn_topics = topics).await;
        let tap = Receiver::start().await;
        let merchant_id = &stage.shop().merchant_id;
        stage.control_post("ipn/endpoints", json!({"merchantId": merchant_id, "url": tap.url})).await;
        tap.wait_for(1).await;
        let (entered, _) = stage.paid(Order::capture("forged-1")).await;
        assert_eq!(entered.cancel(stage.shop(), "1980", "198").await.field("Status"), "REQRETURN");
        tap.wait_for(2).await;
        let refund = stage.ledger().await["refunds"][0]["refundId"].as_str().unwrap().to_owned();
        Self { stage, tap, entered, refund }
    }

    /// A genuine message about the refund that the gateway has not seen.
    async fn message(&self) -> Value {
        let before = self.tap.received().len();
        let about =
            json!({"merchantId": self.stage.shop().merchant_id, "objectType": "REFUND", "objectId": self.refund});
        self.stage.control_post("ipn/messages", about).await;
        serde_json::from_str(&self.tap.wait_for(before + 1).await[before].body).unwrap()
    }

    async fn post(&self, body: String) -> u16 {
        let url = format!("{}/amazonpay/ipn", self.stage.gateway_url);
        self.stage.http.post(url).body(body).send().await.unwrap().status().as_u16()
    }

    async fn looks(&self) -> usize {
        self.stage.amazon_saw("getRefund").await.len()
    }

    async fn version(&self) -> i64 {
        self.stage.transaction(&self.entered.access_id).await.version
    }

    /// Posts a genuine message and waits until Amazon was asked because of it.
    async fn heard(&self) {
        let before = self.looks().await;
        assert_eq!(self.post(self.message().await.to_string()).await, 200);
        eventually("Amazon is asked", async || (self.looks().await >= before + LOOKS).then_some(())).await;
    }
}

/// A genuine message with every field of it dropped, emptied, changed, lengthened, made a number, and exchanged for that of
/// another genuine message.
fn forgeries(good: &Value, other: &Value) -> Vec<Value> {
    let mut forgeries = Vec::new();
    let fields = good.as_object().unwrap();
    for (field, value) in fields.iter().filter(|(field, _)| *field != "UnsubscribeURL") {
        let text = value.as_str().unwrap();
        let changed = format!("{}{}", if text.starts_with('A') { 'B' } else { 'A' }, text.get(1..).unwrap_or_default());
        let of_other = (other[field] != *value && field != "MessageId").then(|| other[field].clone());
        let ways = [
            Some(Value::Null),
            Some(json!("")),
            Some(json!(changed)),
            // Not signed, and a space at the end of a URL means nothing.
            Some(json!(format!("{text} "))).filter(|_| field != "SigningCertURL"),
            Some(json!(format!("{text}{text}"))),
            Some(json!(1)),
            Some(json!([text])),
            of_other,
        ];
        for way in ways.into_iter().flatten() {
            let mut forged = good.clone();
            forged[field] = way;
            forgeries.push(forged);
        }
        let mut without = good.clone();
        without.as_object_mut().unwrap().remove(field);
        forgeries.push(without);
    }
    for (field, value) in [
        ("Subject", json!("added")),
        ("SubscribeURL", json!("https://sns.eu-west-1.amazonaws.com/")),
        ("Token", json!("added")),
        ("SignatureVersion", json!(if good["SignatureVersion"] == "1" { "2" } else { "1" })),
        ("SigningCertURL", json!("https://sns.eu-west-1.amazonaws.com.evil.example/x.pem")),
        ("SigningCertURL", json!("http://169.254.169.254/x.pem")),
        ("Type", json!("SubscriptionConfirmation")),
        ("Type", json!("UnsubscribeConfirmation")),
    ] {
        let mut forged = good.clone();
        forged[field] = value;
        forgeries.push(forged);
    }
    forgeries
}

#[tokio::test]
async fn a_forged_altered_replayed_or_reordered_message_changes_nothing() {
    let scene = Scene::new(Vec::new()).await;
    let (first, second, third) = (scene.message().await, scene.message().await, scene.message().await);
    let before = (scene.version().await, scene.looks().await);
    // Later ones first, each of them thrice.
    let mut posted = 0;
    for genuine in [&third, &first, &second].into_iter().cycle().take(9) {
        assert_eq!(scene.post(genuine.to_string()).await, 200);
        posted += 1;
    }
    eventually("each is heeded once", async || (scene.looks().await == before.1 + 3 * LOOKS).then_some(())).await;
    for version in ["1", "2"] {
        scene.stage.control_post("ipn/behaviour", json!({"signatureVersion": version})).await;
        for message in forgeries(&scene.message().await, &first) {
            let status = scene.post(message.to_string()).await;
            assert!([200, 400, 403].contains(&status), "{status}: {message}");
            posted += 1;
        }
    }
    // Genuine ones behind them are heeded, and are the only ones.
    let asked = scene.looks().await;
    scene.heard().await;
    scene.heard().await;
    assert_eq!(scene.looks().await, asked + 2 * LOOKS, "nothing else made the gateway look");
    assert_eq!(before.0, scene.version().await, "the book is as it was");
    assert!(posted >= 150, "{posted}");
    show("S6", format_args!("{posted} replayed, reordered, altered or forged messages, 0 changes of state"));

    // The same hint, once it is true, is all it takes.
    scene.stage.clock.advance(REFUND_MS);
    assert_eq!(scene.post(scene.message().await.to_string()).await, 200);
    eventually("the refund is done", async || (scene.stage.shop().status("forged-1").await == "RETURN").then_some(()))
        .await;
}

#[tokio::test]
async fn where_topics_are_named_the_others_are_refused_at_once() {
    let topic = Scene::new(Vec::new()).await.message().await["TopicArn"].as_str().unwrap().to_owned();
    let named = Scene::new(vec![topic]).await;
    named.heard().await;
    let foreign = Scene::new(vec!["arn:aws:sns:ap-northeast-1:123456789012:another".to_owned()]).await;
    let before = foreign.looks().await;
    for _ in 0..3 {
        assert_eq!(foreign.post(foreign.message().await.to_string()).await, 403);
    }
    assert_eq!(foreign.looks().await, before);
}
