//! Answers from Amazon that never arrive, and buyers who never come back: nothing is decided without evidence, and in
//! the end everything is.

mod back;
mod hanging;
mod two;

use std::sync::Arc;
use std::time::{Duration, Instant};

use sekisho::amazonpay::{Client, CompleteCheckoutSession, Price, Retry};
use sekisho::domain::{CheckoutSessionId, IdempotencyKey, SeededRng, Status, Yen};
use sekisho::reconcile::Round;
use serde_json::json;

use crate::support::{Entered, MINUTE, Order, Plan, Reply, Stage};

/// Reconcile looks for the first time after `reconcile_first_look_ms`.
const FIRST_LOOK_MS: i64 = 5_000;

/// A gateway that does not try for long, so that tests need not wait for it.
async fn impatient() -> Stage {
    Stage::with(Plan::gives_up_soon).await
}

/// Every request of `operation` had the same idempotency key.
async fn one_key(stage: &Stage, operation: &str) {
    let requests = stage.amazon_saw(operation).await;
    assert!(requests.len() > 1, "it was not tried again");
    assert!(requests[0]["idempotencyKey"].is_string());
    assert!(requests.iter().all(|one| one["idempotencyKey"] == requests[0]["idempotencyKey"]), "{requests:?}");
}

/// The buyer's browser is told nothing that is not known.
async fn return_without_an_answer(stage: &Stage, fault: serde_json::Value) -> Entered {
    let (entered, back) = stage.agreed(Order::auth("order-1")).await;
    stage.fault("completeCheckoutSession", 100, fault).await;
    let form = stage.browser.come_back(&back).await;
    assert_eq!(form.outcome(), ("AUTHPROCESS", ""));
    assert_eq!(form.field("AmazonChargePermissionID"), "");
    assert!(stage.has_open_intent(&entered.access_id).await);
    assert_eq!(stage.shop().status("order-1").await, "AUTHPROCESS");
    assert_eq!(stage.notifications(&entered.access_id).await, []);
    entered
}

async fn authorised_once(stage: &Stage, entered: &Entered) {
    let transaction = stage.transaction(&entered.access_id).await;
    assert_eq!(transaction.status(), Status::Auth);
    let charge = transaction.state.payment().unwrap().charge.to_string();
    assert_eq!(stage.ledger().await["charges"][0]["chargeId"], charge);
    assert!(!stage.has_open_intent(&entered.access_id).await);
    assert_eq!(stage.moved("authorized").await, [2178]);
    stage.receiver.wait_for(1).await;
    assert_eq!(stage.reconcile().await, Round::default());
    assert_eq!(stage.receiver.statuses(), ["AUTH"]);
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "");
}

#[tokio::test]
async fn a_completion_whose_answer_is_lost_is_found_out() {
    let stage = impatient().await;
    let entered = return_without_an_answer(&stage, json!({"lose_answer": true})).await;
    one_key(&stage, "completeCheckoutSession").await;
    stage.mend().await;
    assert_eq!(stage.reconcile().await.closed, 0, "it is not yet time to look");
    stage.clock.advance(FIRST_LOOK_MS);
    assert_eq!(stage.reconcile().await.closed, 1);
    authorised_once(&stage, &entered).await;
}

#[tokio::test]
async fn a_completion_that_amazon_never_did_is_done_later_under_the_same_key() {
    let stage = impatient().await;
    let entered = return_without_an_answer(&stage, json!({"status": 500})).await;
    assert_eq!(stage.moved("authorized").await, [] as [i64; 0]);
    stage.clock.advance(FIRST_LOOK_MS);
    assert_eq!(stage.reconcile().await.still_open, 1);
    stage.mend().await;
    stage.clock.advance(2 * FIRST_LOOK_MS - 1);
    assert_eq!(stage.reconcile().await.closed, 0, "each further look comes twice as late");
    stage.clock.advance(1);
    assert_eq!(stage.reconcile().await.closed, 1);
    one_key(&stage, "completeCheckoutSession").await;
    authorised_once(&stage, &entered).await;
}

#[tokio::test]
async fn a_short_trouble_at_amazon_is_not_felt() {
    let stage = Stage::new().await;
    for (operation, status) in
        [("updateCheckoutSession", 503), ("completeCheckoutSession", 500), ("captureCharge", 429)]
    {
        stage.fault(operation, 1, json!({"status": status})).await;
    }
    let (entered, form) = stage.paid(Order::auth("order-1")).await;
    assert_eq!(form.outcome(), ("AUTH", ""));
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "SALES");
    one_key(&stage, "completeCheckoutSession").await;
    one_key(&stage, "captureCharge").await;
}

#[tokio::test]
async fn a_return_that_comes_again_in_the_dark_says_the_same() {
    let stage = impatient().await;
    let (_, back) = stage.agreed(Order::auth("order-1")).await;
    stage.fault("completeCheckoutSession", 100, json!({"lose_answer": true})).await;
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTHPROCESS", ""));
    let tried = stage.amazon_saw("completeCheckoutSession").await.len();
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTHPROCESS", ""));
    assert_eq!(stage.amazon_saw("completeCheckoutSession").await.len(), tried);
    stage.mend().await;
    stage.clock.advance(FIRST_LOOK_MS);
    stage.reconcile().await;
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTH", ""));
}

async fn capture_without_an_answer(stage: &Stage, fault: serde_json::Value) -> Entered {
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    stage.fault("captureCharge", 100, fault).await;
    assert_eq!(entered.sell(stage.shop(), "1000", "").await.errors(), "AZ1000999");
    assert!(stage.has_open_intent(&entered.access_id).await);
    assert_eq!(stage.shop().status("order-1").await, "AUTH");
    // Nothing else can be done to it until that is known.
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "E90010001");
    one_key(stage, "captureCharge").await;
    stage.mend().await;
    stage.clock.advance(FIRST_LOOK_MS);
    assert_eq!(stage.reconcile().await.closed, 1);
    entered
}

async fn sold_once(stage: &Stage, entered: &Entered) {
    assert_eq!(stage.moved("captured").await, [1000]);
    let trade = stage.shop().call("SearchTradeMulti", &[("OrderID", "order-1"), ("PayType", "38")]).await;
    assert_eq!((trade.field("Status"), trade.field("Amount")), ("SALES".to_owned(), "1000".to_owned()));
    assert_eq!(entered.sell(stage.shop(), "1000", "").await.errors(), "M01054004");
    stage.receiver.wait_for(2).await;
    assert_eq!(stage.reconcile().await, Round::default());
    assert_eq!(stage.receiver.statuses(), ["AUTH", "SALES"]);
}

#[tokio::test]
async fn a_capture_whose_answer_is_lost_is_found_out() {
    let stage = impatient().await;
    let entered = capture_without_an_answer(&stage, json!({"lose_answer": true})).await;
    sold_once(&stage, &entered).await;
}

#[tokio::test]
async fn a_capture_that_amazon_never_did_is_done_later_under_the_same_key() {
    let stage = impatient().await;
    let entered = capture_without_an_answer(&stage, json!({"status": 500})).await;
    one_key(&stage, "captureCharge").await;
    sold_once(&stage, &entered).await;
}

async fn execute_without_an_answer(fault: serde_json::Value) {
    let stage = impatient().await;
    let entered = stage.entered(Order::auth("order-1")).await;
    stage.fault("updateCheckoutSession", 100, fault).await;
    let answer = stage.shop().call_json("ExecTranAmazonpay", &entered.exec_fields()).await;
    assert_eq!((answer.status, answer.json()), (502, json!([{"errCode": "AZ1", "errInfo": "AZ1000999"}])));
    assert_eq!(stage.shop().status("order-1").await, "UNPROCESSED");
    assert_eq!(entered.exec(stage.shop()).await.errors(), "E90010001");
    stage.mend().await;
    stage.clock.advance(FIRST_LOOK_MS);
    assert_eq!(stage.reconcile().await.closed, 1);
    assert_eq!(stage.shop().status("order-1").await, "UNPROCESSED");

    let again = entered.exec(stage.shop()).await;
    let start = stage.browser.start(&again.field("StartURL"), &entered.access_id, &again.field("Token")).await;
    let back = stage.browser.press(&start.location.unwrap(), "pay", &[]).await;
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTH", ""));
    assert_eq!(stage.moved("authorized").await, [2178]);
}

#[tokio::test]
async fn an_execution_whose_answer_is_lost_can_be_repeated() {
    execute_without_an_answer(json!({"lose_answer": true})).await;
}

#[tokio::test]
async fn an_execution_that_never_reached_amazon_can_be_repeated() {
    execute_without_an_answer(json!({"status": 500})).await;
}

/// The buyer was sent to Amazon an hour ago.
async fn an_hour_later(stage: &Stage) {
    assert_eq!(stage.reconcile().await.overdue, 0);
    stage.clock.advance(60 * MINUTE);
    assert_eq!(stage.reconcile().await.overdue, 1);
    stage.receiver.wait_for(1).await;
}

async fn told(stage: &Stage, order: &str, status: &str, error: &str) {
    assert_eq!(stage.shop().status(order).await, status);
    let received = stage.receiver.received();
    assert_eq!(received.len(), 1);
    assert_eq!((received[0].field("Status"), received[0].field("ErrInfo")), (status, error));
    assert_eq!(stage.reconcile().await.overdue, 0);
}

#[tokio::test]
async fn a_buyer_who_never_came_back_and_whose_session_is_open() {
    let stage = Stage::new().await;
    let (_, page) = stage.at_amazon(Order::auth("order-1")).await;
    an_hour_later(&stage).await;
    told(&stage, "order-1", "EXPIRED", "M01052011").await;
    // Too late: what the buyer does now is never completed.
    let back = stage.browser.press(&page, "pay", &[]).await;
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("EXPIRED", "M01052011"));
    assert_eq!(stage.moved("authorized").await, [] as [i64; 0]);
}

#[tokio::test]
async fn a_buyer_who_never_came_back_and_had_cancelled() {
    let stage = Stage::new().await;
    let (_, page) = stage.at_amazon(Order::auth("order-1")).await;
    stage.browser.press(&page, "cancel", &[]).await;
    an_hour_later(&stage).await;
    told(&stage, "order-1", "PAYFAIL", "AZ1000001").await;
}

/// Somebody completed the session, such as a gateway whose disk was lost afterwards: the money is there.
#[tokio::test]
async fn a_buyer_who_never_came_back_and_whose_session_is_completed() {
    let stage = Stage::new().await;
    let (entered, _) = stage.agreed(Order::auth("order-1")).await;
    let shop = stage.gateway.shops().iter().next().unwrap();
    let client = Client::new(stage.http.clone(), stage.clock.clone(), Arc::new(SeededRng::new(3)), Retry::default());
    let request = CompleteCheckoutSession {
        charge_amount: Some(Price::of(Yen::new(2178).unwrap())),
        ..CompleteCheckoutSession::default()
    };
    let session = CheckoutSessionId::new(entered.session.clone()).unwrap();
    let key = IdempotencyKey::new("somebody-else").unwrap();
    client.complete_checkout_session(&shop.merchant, &session, &request, &key).await.unwrap();

    an_hour_later(&stage).await;
    told(&stage, "order-1", "AUTH", "").await;
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "SALES");
}

#[tokio::test]
async fn no_verdict_on_a_buyer_while_amazon_is_silent() {
    let stage = impatient().await;
    stage.at_amazon(Order::auth("order-1")).await;
    stage.fault("getCheckoutSession", 100, json!({"status": 500})).await;
    stage.clock.advance(60 * MINUTE);
    stage.reconcile().await;
    assert_eq!(stage.shop().status("order-1").await, "AUTHPROCESS");
    stage.mend().await;
    stage.reconcile().await;
    assert_eq!(stage.shop().status("order-1").await, "AUTHPROCESS", "others have their turn first");
    stage.clock.advance(MINUTE);
    stage.reconcile().await;
    assert_eq!(stage.shop().status("order-1").await, "EXPIRED");
}

#[tokio::test]
async fn a_ticket_that_nobody_used_expires() {
    let stage = Stage::new().await;
    stage.ready(Order::auth("order-1")).await;
    stage.clock.advance(2 * MINUTE - 1);
    assert_eq!(stage.reconcile().await.overdue, 0);
    stage.clock.advance(2);
    assert_eq!(stage.reconcile().await.overdue, 1);
    stage.receiver.wait_for(1).await;
    told(&stage, "order-1", "EXPIRED", "M01052011").await;
}

/// Nobody's browser waits here, so a shop that hangs must not hold up what else is due.
#[tokio::test]
async fn reconcile_does_not_wait_for_shops() {
    let stage = Stage::with(|plan| plan.settings.notify_wait_ms = 10_000).await;
    for id in ["order-1", "order-2", "order-3"] {
        stage.ready(Order::auth(id)).await;
    }
    stage.receiver.answers(&[Reply::Hangs; 3]);
    stage.clock.advance(3 * MINUTE);
    let before = Instant::now();
    assert_eq!(stage.reconcile().await.overdue, 3);
    assert!(before.elapsed() < Duration::from_secs(10), "{:?}", before.elapsed());
    stage.receiver.wait_for(3).await;
}

#[tokio::test]
async fn the_shops_own_patience_with_its_buyers() {
    let stage = Stage::with(|plan| plan.shops[0].authprocess_limit_minutes = 5).await;
    stage.at_amazon(Order::auth("order-1")).await;
    stage.clock.advance(5 * MINUTE);
    assert_eq!(stage.reconcile().await.overdue, 1);
    assert_eq!(stage.shop().status("order-1").await, "EXPIRED");
}
