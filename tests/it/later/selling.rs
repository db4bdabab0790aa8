//! Captures that Amazon takes its time over, and charges that a capture finds dead.

use serde_json::json;

use super::{FIRST_LOOK_MS, HALF_A_MINUTE_MS, cancel, change, charges, impatient, stands, told};
use crate::support::{DAY, Entered, Order, Stage};

/// Paid, and eight days gone by.
async fn a_week_later(stage: &Stage) -> Entered {
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    stage.clock.advance(8 * DAY);
    entered
}

#[tokio::test]
async fn a_late_capture_is_sold_when_amazon_has_the_money() {
    let stage = Stage::new().await;
    let entered = a_week_later(&stage).await;
    let answer = entered.sell(stage.shop(), "1000", "100").await;
    assert_eq!(answer.text(), "OrderID=order-1&Status=AUTH&Amount=1000&Tax=100");
    assert!(!stage.has_open_intent(&entered.access_id).await);
    assert_eq!(stands(&stage, "order-1").await, "AUTH 1980 198 0 0");
    assert_eq!(stage.moved("captured").await, [] as [i64; 0]);

    // Until then nothing else can be asked of it.
    assert_eq!(entered.sell(stage.shop(), "1000", "100").await.errors(), "M01054004");
    assert_eq!(cancel(&stage, &entered, "1980", "198").await.errors(), "M01054004");
    assert_eq!(change(&stage, &entered, "1000", "0").await.errors(), "M01054004");
    assert_eq!(change(&stage, &entered, "1980", "198").await.errors(), "M01054004");
    assert_eq!(stage.reconcile().await.overdue, 0);

    stage.clock.advance(HALF_A_MINUTE_MS);
    assert_eq!(stage.reconcile().await.overdue, 1);
    assert_eq!(told(&stage, 2).await, ["AUTH", "SALES"]);
    assert_eq!(stands(&stage, "order-1").await, "SALES 1000 100 0 0");
    assert_eq!(stage.receiver.received()[1].field("Amount"), "1000");
    assert_eq!(stage.moved("captured").await, [1100]);
    assert_eq!(stage.amazon_saw("captureCharge").await.len(), 1);
    assert_eq!(cancel(&stage, &entered, "1000", "100").await.field("Status"), "REQRETURN");
}

#[tokio::test]
async fn a_late_capture_that_fails_leaves_nothing_to_sell() {
    let stage = Stage::new().await;
    let entered = a_week_later(&stage).await;
    stage.fault("captureCharge", 1, json!({"simulation_code": "PendingProcessingFailure"})).await;
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "AUTH");
    stage.clock.advance(HALF_A_MINUTE_MS);
    stage.reconcile().await;
    assert_eq!(told(&stage, 2).await, ["AUTH", "PAYFAIL AZ1000005"]);
    assert_eq!(stage.shop().status("order-1").await, "PAYFAIL");
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "M01054004");
}

/// Whatever became of the answer: the look finds a capture under way, and no second one is asked for.
#[tokio::test]
async fn a_late_capture_behind_a_lost_answer() {
    let stage = impatient().await;
    let entered = a_week_later(&stage).await;
    stage.fault("captureCharge", 100, json!({"hang": true})).await;
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "AZ1000999");
    assert_eq!(cancel(&stage, &entered, "1980", "198").await.errors(), "E90010001");
    stage.mend().await;
    sekisho::reconcile::adopt(&stage.gateway).await.unwrap();
    assert_eq!(stage.reconcile().await.closed, 1);
    assert_eq!(charges(&stage).await, ["CaptureInitiated"]);
    assert_eq!(cancel(&stage, &entered, "1980", "198").await.errors(), "M01054004");
    stage.clock.advance(HALF_A_MINUTE_MS);
    stage.reconcile().await;
    assert_eq!(told(&stage, 2).await, ["AUTH", "SALES"]);
    assert_eq!(stage.moved("captured").await, [2178]);
}

/// The gateway slept through the thirty seconds.
#[tokio::test]
async fn a_late_capture_that_failed_behind_a_lost_answer() {
    let stage = impatient().await;
    let entered = a_week_later(&stage).await;
    stage.fault("captureCharge", 1, json!({"simulation_code": "PendingProcessingFailure", "hang": true})).await;
    stage.fault("captureCharge", 100, json!({"status": 500})).await;
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "AZ1000999");
    stage.mend().await;
    stage.clock.advance(FIRST_LOOK_MS);
    assert_eq!(stage.reconcile().await.closed, 1);
    assert_eq!(told(&stage, 2).await, ["AUTH", "PAYFAIL AZ1000005"]);
}

/// Amazon asks for patience within the seven days as well, whenever it likes.
#[tokio::test]
async fn an_early_capture_may_take_its_time_too() {
    let stage = Stage::new().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    stage.fault("captureCharge", 1, json!({"simulation_code": "CaptureInitiated"})).await;
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "AUTH");
    stage.clock.advance(HALF_A_MINUTE_MS);
    stage.reconcile().await;
    assert_eq!(told(&stage, 2).await, ["AUTH", "SALES"]);
}

#[tokio::test]
async fn silence_about_a_late_capture_ends_nothing() {
    let stage = Stage::new().await;
    let entered = a_week_later(&stage).await;
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "AUTH");
    stage.fault("getCharge", 100, json!({"status": 404})).await;
    for _ in 0..5 {
        stage.clock.advance(DAY);
        assert_eq!(stage.reconcile().await.overdue, 1);
        assert_eq!(stands(&stage, "order-1").await, "AUTH 1980 198 0 0");
    }
    stage.mend().await;
    stage.clock.advance(DAY);
    stage.reconcile().await;
    assert_eq!(stage.shop().status("order-1").await, "SALES");
}

/// The money was refused, the authorisation was not: the shop may try again.
#[tokio::test]
async fn a_capture_that_is_refused_on_an_authorisation_that_stands() {
    let stage = Stage::new().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    stage.fault("captureCharge", 1, json!({"simulation_code": "AmazonRejected"})).await;
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "AZ1000002");
    assert_eq!(stands(&stage, "order-1").await, "AUTH 1980 198 0 0");
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "SALES");
}
