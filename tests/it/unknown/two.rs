//! Two gateways on one database file: both look at the same things at the same moment, and everything still happens once.

use std::sync::Arc;

use sekisho::cli::{Assembled, World};
use sekisho::config::DeploymentKey;
use sekisho::domain::SeededRng;
use sekisho::reconcile::{self, Round};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::FIRST_LOOK_MS;
use crate::support::{MINUTE, Order, Stage, eventually};

const ORDERS: [&str; 6] = ["order-1", "order-2", "order-3", "order-4", "order-5", "order-6"];

/// The stage, and a second gateway beside its own.
async fn two() -> (Stage, Assembled) {
    let mut plan_of_both = None;
    let stage = Stage::with(|plan| {
        plan.gives_up_soon();
        plan.settings.notify_wait_ms = 0;
        plan_of_both = Some((plan.settings.clone(), plan.shops.clone()));
    })
    .await;
    let (settings, shops) = plan_of_both.unwrap();
    let world = World::new(stage.clock.clone(), Arc::new(SeededRng::new(77)));
    let key = DeploymentKey::new("test", (0..32).collect()).unwrap();
    let second = Assembled::beside(settings, shops, key, world).await.unwrap();
    (stage, second)
}

/// Both look at the same instant.
async fn both_look(stage: &Stage, second: &Assembled) -> Round {
    let (first, other) = tokio::join!(stage.reconcile(), reconcile::round(&second.gateway));
    let mut both = first;
    both += other.unwrap();
    both
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_look_at_happens_once() {
    let (stage, second) = two().await;
    let mut sold = Vec::new();
    for order in &ORDERS[..3] {
        sold.push(stage.paid(Order::auth(order)).await.0);
    }
    let mut returns = Vec::new();
    for order in &ORDERS[3..] {
        returns.push(stage.agreed(Order::auth(order)).await);
    }
    stage.receiver.wait_for(3).await;
    // Of the captures nothing was done; the completions were done and their answers lost.
    stage.fault("captureCharge", 1000, json!({"status": 500})).await;
    stage.fault("completeCheckoutSession", 1000, json!({"lose_answer": true})).await;
    for entered in &sold {
        assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "AZ1000999");
    }
    for (_, back) in &returns {
        assert_eq!(stage.browser.come_back(back).await.outcome(), ("AUTHPROCESS", ""));
    }
    stage.mend().await;
    stage.clock.advance(FIRST_LOOK_MS);
    let round = both_look(&stage, &second).await;
    assert!(round.closed >= 6 && round.failed == 0, "{round:?}");
    assert_eq!(both_look(&stage, &second).await, Round::default());

    let told = stage.receiver.wait_for(9).await;
    let count = |status: &str| told.iter().filter(|one| one.field("Status") == status).count();
    assert_eq!((count("AUTH"), count("SALES")), (6, 3));
    assert_eq!(stage.moved("authorized").await, [2178; 6]);
    assert_eq!(stage.moved("captured").await, [2178; 3]);
    for order in ORDERS {
        let expected = if ORDERS[..3].contains(&order) { "SALES" } else { "AUTH" };
        assert_eq!(stage.shop().status(order).await, expected);
    }
    second.close().await;
}

/// What time ends, too: tickets that nobody used, and buyers who never came back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_let_expire_is_told_once() {
    let (stage, second) = two().await;
    for order in &ORDERS[..2] {
        stage.ready(Order::auth(order)).await;
    }
    for order in &ORDERS[2..4] {
        stage.at_amazon(Order::auth(order)).await;
    }
    stage.clock.advance(61 * MINUTE);
    both_look(&stage, &second).await;
    both_look(&stage, &second).await;
    let told = stage.receiver.wait_for(4).await;
    assert_eq!(told.iter().filter(|one| one.field("Status") == "EXPIRED").count(), 4);
    second.close().await;
}

/// Two senders on one outbox.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_send_arrives_once() {
    let (stage, second) = two().await;
    let stop = CancellationToken::new();
    let background = second.start_background(&stop);
    for order in ORDERS {
        let (entered, _) = stage.paid(Order::auth(order)).await;
        assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "");
    }
    eventually("everything is told", async || {
        let next = stage.gateway.store().next_notification_at().await.unwrap();
        next.is_none().then_some(())
    })
    .await;
    let told = stage.receiver.received();
    assert_eq!(told.len(), 2 * ORDERS.len(), "each once");
    for order in ORDERS {
        let of_order = told.iter().filter(|one| one.field("OrderID") == order);
        assert_eq!(of_order.map(|one| one.field("Status")).collect::<Vec<_>>(), ["AUTH", "SALES"]);
    }
    stop.cancel();
    for task in background {
        task.await.unwrap();
    }
    second.close().await;
}
