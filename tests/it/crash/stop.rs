//! The signal to stop, and a second gateway on the same database.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;

use super::shop::call;
use super::world::{Gateway, World};
use crate::trade::shop::{Reply, form};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_under_way_is_answered_before_the_end() {
    let world = World::new().await;
    let gateway = world.serve(None).await;
    let under_way = exec_at_amazon(&world, &gateway).await;
    assert!(!under_way.is_finished(), "answered before the signal: the test shows nothing");
    let store = world.end(gateway).await;
    let ticket = under_way.await.unwrap().fields();
    assert_eq!(ticket["Token"].len(), 64);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_does_not_wait() {
    let world = World::new().await;
    let mut gateway = world.serve(None).await;
    let under_way = exec_at_amazon(&world, &gateway).await;
    gateway.process.signal("TERM");
    // Both signals are heard only if the first was taken before the second is sent.
    gateway.process.logs("stopping").await;
    gateway.process.signal("TERM");
    assert_eq!(gateway.process.end().await.code, Some(1));
    assert_eq!(under_way.await.unwrap(), Reply::NoAnswer);
}

/// An ExecTran that Amazon takes its time over; it has come there.
async fn exec_at_amazon(world: &World, gateway: &Gateway) -> JoinHandle<Reply> {
    let session = world.choose_at_amazon().await;
    let entry = form([("OrderID", "stop-1"), ("JobCd", "AUTH"), ("Amount", "100"), ("AmazonpayType", "3")]);
    let entered = world.call(gateway, "EntryTranAmazonpay", &entry).await.fields();
    world.fault(&json!({"operation": "updateCheckoutSession", "delay_ms": 2000})).await;

    let (http, url) = (world.http.clone(), gateway.url.clone());
    let under_way = tokio::spawn(async move {
        let form = form([
            ("AccessID", &*entered["AccessID"]),
            ("AccessPass", &entered["AccessPass"]),
            ("OrderID", "stop-1"),
            ("AmazonCheckoutSessionID", &session),
            ("RetURL", "https://shop.example/result"),
        ]);
        call(&http, &url, "ExecTranAmazonpay", &form).await
    });
    let at_amazon = async {
        while !has_arrived(world, "updateCheckoutSession").await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), at_amazon).await.expect("the update never came to Amazon");
    under_way
}

async fn has_arrived(world: &World, operation: &str) -> bool {
    let ledger = world.ledger().await;
    ledger["requests"].as_array().unwrap().iter().any(|request| request["operation"] == operation)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_gateway_on_the_same_database_says_so_and_ends() {
    let world = World::new().await;
    let first = world.serve(None).await;
    let second = world.start_serve(&[]).end().await;
    assert_eq!(second.code, Some(1), "{}", second.stderr);
    let database = "data/sekisho.db";
    let sentence = format!(
        "sekisho: {database} is in use by another sekisho process; stop that one, or choose another database file\n"
    );
    assert_eq!((second.stdout.as_str(), second.stderr.as_str()), ("", sentence.as_str()));
    let answer = world.http.get(format!("{}/readyz", first.url)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "the first goes on");
    world.end(first).await.close().await;
}
