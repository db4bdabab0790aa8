//! One shop's Amazon hangs: what is unknown of another shop is found out all the same.

use sekisho::domain::{CheckoutSessionId, Effect, IdempotencyKey, Intent};
use sekisho::store::Change;
use serde_json::json;

use super::FIRST_LOOK_MS;
use crate::notify::{owing, shop_id};
use crate::support::{Order, Stage, eventually};

/// More than there are places for looks.
const HANGING: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_amazon_that_hangs_for_one_shop_hides_nothing_of_another() {
    // It is connected to, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stage = Stage::with(|plan| {
        plan.settings.amazon_attempt_timeout_ms = 60_000;
        plan.settings.amazon_total_ms = 60_000;
        plan.settings.reconcile_every_ms = 20;
        plan.settings.notify_wait_ms = 0;
        plan.shops[1].amazon_endpoint = format!("http://{}", silent.local_addr().unwrap());
    })
    .await;
    let store = stage.gateway.store();
    for number in 0..HANGING {
        let (change, _) = owing(&shop_id(2), number, stage.now(), "http://127.0.0.1:9");
        let transaction = change.transaction().unwrap().clone();
        let session = CheckoutSessionId::new(format!("session-{number}")).unwrap();
        let intent = Intent {
            key: IdempotencyKey::new(format!("key-{number}")).unwrap(),
            access_id: transaction.access_id.clone(),
            effect: Effect::UpdateCheckoutSession { session, amount: transaction.money.total() },
            started_at: stage.now(),
            look_at: stage.now(),
            looks: 0,
        };
        store.apply(change).await.unwrap();
        store.apply(Change::intent(&transaction, intent)).await.unwrap();
    }
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    stage.fault("captureCharge", 100, json!({"lose_answer": true})).await;
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "AZ1000999");
    stage.mend().await;
    stage.clock.advance(FIRST_LOOK_MS);
    eventually("the other shop's outcome is found out", async || {
        (!stage.has_open_intent(&entered.access_id).await).then_some(())
    })
    .await;
    assert_eq!(stage.shop().status("order-1").await, "SALES");
    for number in 0..HANGING {
        assert!(stage.has_open_intent(&format!("{number:032x}")).await, "it still hangs");
    }
}
