//! Messages (IPN) that were not delivered when a sandbox with a data file stopped: they are delivered after its restart.

use std::path::Path;

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::caller::{Caller, NOW, order};
use super::restart::again;
use crate::support::{Received, Receiver, Reply as Says, eventually};

const HOUR: i64 = 3_600_000;

/// What posts the messages of a sandbox, until it is told to stop.
struct Sending {
    stop: CancellationToken,
    task: JoinHandle<Result<(), reqwest::Error>>,
}

impl Sending {
    fn of(caller: &Caller) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(sekisho::sandbox::ipn::run(caller.sandbox.clone(), stop.clone()));
        Self { stop, task }
    }

    async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }
}

async fn register(caller: &Caller, server: &Receiver) {
    let asked = json!({"merchantId": caller.merchant_id, "url": server.url});
    assert_eq!(caller.control("POST", "ipn/endpoints", &asked).await.status, 201);
}

/// A permission that its buyer withdraws, which is news.
async fn withdrawn(caller: &Caller, key: &str) -> String {
    let permission = caller.completed(&order("Confirm"), "card-1111", key).await.text_of("chargePermissionId");
    let path = format!("chargePermissions/{permission}");
    assert_eq!(caller.control("POST", &path, &json!({"reason": "BuyerCanceled"})).await.status, 200);
    permission
}

async fn messages(caller: &Caller) -> Vec<Value> {
    caller.control("GET", "ipn", &Value::Null).await.body["messages"].as_array().unwrap().clone()
}

/// Waits until the last message stands so, and is written down so.
async fn stands(caller: &Caller, standing: &str, attempts: usize) {
    eventually(&format!("the last message is {standing}"), async || {
        let last = messages(caller).await.pop()?;
        (last["standing"] == standing && last["attempts"].as_array().unwrap().len() == attempts).then_some(())
    })
    .await;
}

fn envelope(received: &Received) -> Value {
    serde_json::from_str(&received.body).unwrap()
}

async fn endpoint(caller: &Caller) -> Value {
    caller.control("GET", "ipn", &Value::Null).await.body["endpoints"][0].clone()
}

async fn started(path: &Path) -> (Caller, Receiver) {
    let (caller, server) = (Caller::kept_in(path, NOW, 1).await.unwrap(), Receiver::start().await);
    register(&caller, &server).await;
    (caller, server)
}

#[tokio::test]
async fn a_message_that_failed_is_sent_again_at_its_hour_by_the_next_run() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sandbox.db");
    let (caller, server) = started(&path).await;
    let sending = Sending::of(&caller);
    stands(&caller, "DELIVERED", 1).await;
    server.answers(&[Says::Status(503)]);
    let permission = withdrawn(&caller, "k").await;
    stands(&caller, "WAITING", 1).await;
    let failed = envelope(&server.wait_for(2).await[1]);
    sending.end().await;
    drop(caller);

    let caller = again(&path, 2).await;
    let kept = messages(&caller).await;
    assert_eq!(kept.len(), 1, "what was delivered is not kept: {kept:?}");
    assert_eq!((&kept[0]["standing"], &kept[0]["attempts"][0]["outcome"]), (&json!("WAITING"), &json!("503")));
    assert_eq!(endpoint(&caller).await["url"], format!("{}/", server.url));
    let sending = Sending::of(&caller);
    caller.advance(HOUR).await;
    let sent = envelope(&server.wait_for(3).await[2]);
    for same in ["Type", "MessageId", "TopicArn", "Message", "Timestamp"] {
        assert_eq!(sent[same], failed[same], "{same}");
    }
    assert!(sent["Message"].as_str().unwrap().contains(&permission));
    // Signed anew, with the certificate that this run serves.
    let url = sent["SigningCertURL"].as_str().unwrap().replace("http://127.0.0.1:8081", "");
    assert_ne!(sent["SigningCertURL"], failed["SigningCertURL"]);
    assert_eq!(caller.browse(&url).await.status, 200);
    stands(&caller, "DELIVERED", 2).await;
    sending.end().await;
    drop(caller);
    assert_eq!(messages(&again(&path, 3).await).await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_happened_before_anybody_told_it_is_told_by_the_next_run() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sandbox.db");
    let (caller, server) = started(&path).await;
    // Held back for another that never comes: let go by the next run.
    assert_eq!(caller.control("POST", "ipn/behaviour", &json!({"reorder": 9})).await.status, 200);
    let message = json!({"merchantId": caller.merchant_id, "objectType": "CHARGE", "objectId": "held"});
    assert_eq!(caller.control("POST", "ipn/messages", &message).await.status, 201);
    let permission = withdrawn(&caller, "k").await;
    assert_eq!(messages(&caller).await.len(), 2, "nobody makes messages of what is news");
    drop(caller);

    let caller = again(&path, 2).await;
    let sending = Sending::of(&caller);
    let all = server.wait_for(3).await;
    let types: Vec<String> = all.iter().map(|one| one.header("x-amz-sns-message-type").to_owned()).collect();
    assert_eq!(types, ["SubscriptionConfirmation", "Notification", "Notification"]);
    for (received, object) in all[1..].iter().zip(["held", permission.as_str()]) {
        let inner: Value = serde_json::from_str(envelope(received)["Message"].as_str().unwrap()).unwrap();
        assert_eq!(inner["ObjectId"], object);
    }
    stands(&caller, "DELIVERED", 1).await;
    sending.end().await;
    drop(caller);
    let caller = again(&path, 3).await;
    assert_eq!((messages(&caller).await.len(), caller.sandbox.ledger().news().len()), (0, 0), "once is enough");
}

#[tokio::test]
async fn an_endpoint_is_kept_with_its_confirmation_and_through_a_reset() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sandbox.db");
    let (caller, server) = started(&path).await;
    register(&caller, &server).await;
    let asked = messages(&caller).await;
    let body = |message: &Value| serde_json::from_str::<Value>(message["body"].as_str().unwrap()).unwrap();
    assert_eq!(asked.len(), 2, "whoever has not confirmed is asked again");
    assert_eq!(body(&asked[0])["Token"], body(&asked[1])["Token"], "for the same subscription");
    let url = body(&asked[1])["SubscribeURL"].as_str().unwrap().replace("http://127.0.0.1:8081", "");
    assert_eq!(caller.browse(&url).await.status, 200);
    withdrawn(&caller, "k").await;
    assert_eq!(caller.control("POST", "reset", &Value::Null).await.status, 200);
    drop(caller);

    let caller = again(&path, 2).await;
    assert_eq!((messages(&caller).await.len(), caller.sandbox.ledger().news().len()), (0, 0), "a reset forgets them");
    assert_eq!(endpoint(&caller).await["confirmed"], true);
    register(&caller, &server).await;
    assert_eq!(messages(&caller).await.len(), 0, "whoever has confirmed is not asked again");
    let elsewhere = json!({"merchantId": caller.merchant_id, "url": format!("{}/elsewhere", server.url)});
    assert_eq!(caller.control("POST", "ipn/endpoints", &elsewhere).await.status, 201);
    assert_eq!((messages(&caller).await.len(), &endpoint(&caller).await["confirmed"]), (1, &json!(false)));
    let forget = format!("ipn/endpoints/{}", caller.merchant_id);
    assert_eq!(caller.control("DELETE", &forget, &Value::Null).await.status, 200);
    drop(caller);
    assert_eq!(endpoint(&again(&path, 3).await).await, Value::Null);
}
