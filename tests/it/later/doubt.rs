//! Amazon's no after an attempt of unknown outcome, and what somebody else did at Amazon: only evidence decides.

use std::sync::Arc;

use sekisho::amazonpay::{CancelCharge, CaptureCharge, Client, Price, Retry};
use sekisho::domain::{ChargeId, IdempotencyKey, SeededRng, Yen};
use sekisho::flow::Shop;
use serde_json::{Value, json};

use super::{
    FIRST_LOOK_MS, HALF_A_MINUTE_MS, cancel, charge_again, charges, consent, impatient, on_page, stands, told,
};
use crate::support::{Answer, Entered, Order, Stage};

/// Somebody else with the shop's key.
pub(super) fn client(stage: &Stage) -> Client {
    Client::new(stage.http.clone(), stage.clock.clone(), Arc::new(SeededRng::new(3)), Retry::default())
}

fn account(stage: &Stage) -> Arc<Shop> {
    stage.gateway.shops().iter().next().unwrap()
}

async fn charge_of(stage: &Stage, entered: &Entered) -> ChargeId {
    stage.transaction(&entered.access_id).await.state.payment().unwrap().charge.clone()
}

/// The charge is cancelled in Seller Central.
pub(super) async fn cancel_behind_our_back(stage: &Stage, entered: &Entered) {
    let request = CancelCharge { cancellation_reason: "by hand".to_owned() };
    let charge = charge_of(stage, entered).await;
    client(stage).cancel_charge(&account(stage).merchant, &charge, &request).await.unwrap();
}

/// The charge is captured by somebody else, in vain.
async fn declined_behind_our_back(stage: &Stage, entered: &Entered) {
    stage.fault("captureCharge", 1, json!({"simulation_code": "PendingProcessingFailure"})).await;
    let request = CaptureCharge { capture_amount: Price::of(Yen::new(2178).unwrap()) };
    let (charge, key) = (charge_of(stage, entered).await, IdempotencyKey::new("by-hand").unwrap());
    client(stage).capture_charge(&account(stage).merchant, &charge, &request, &key).await.unwrap();
    stage.clock.advance(HALF_A_MINUTE_MS);
    assert_eq!(charges(stage).await, ["Declined"]);
}

/// What says nothing about an earlier attempt: keys, accounts, too many calls, another body under the same key.
fn no_evidence() -> [Value; 6] {
    [
        json!({"status": 401}),
        json!({"status": 403}),
        json!({"status": 404}),
        json!({"status": 429}),
        json!({"status": 503}),
        json!({"status": 400, "reason_code": "DuplicateIdempotencyKey"}),
    ]
}

/// Looks through every kind of noise, and then once in peace.
async fn seen_through(stage: &Stage, operation: &str, entered: &Entered) {
    let mut wait = FIRST_LOOK_MS;
    for fault in no_evidence() {
        stage.fault(operation, 100, fault.clone()).await;
        stage.clock.advance(wait);
        let round = stage.reconcile().await;
        assert_eq!((round.closed, round.still_open), (0, 1), "{operation} {fault}");
        assert!(stage.has_open_intent(&entered.access_id).await, "{operation} {fault}");
        stage.mend().await;
        wait = (2 * wait).min(11 * 60_000);
    }
    stage.clock.advance(11 * 60_000);
    assert_eq!(stage.reconcile().await.closed, 1);
}

#[tokio::test]
async fn a_charge_of_unknown_outcome_is_not_given_up_over_something_else() {
    let stage = impatient().await;
    let (_, permission) = consent(&stage, "order-1").await;
    stage.fault("createCharge", 100, json!({"lose_answer": true})).await;
    let (entered, answer) = charge_again(&stage, "order-2", "CAPTURE", &permission).await;
    assert_eq!(answer.errors(), "AZ1000999");
    stage.mend().await;
    seen_through(&stage, "createCharge", &entered).await;
    assert_eq!(stands(&stage, "order-2").await, "CAPTURE 1980 198 0 0");
    assert_eq!(stage.moved("captured").await, [2178]);
}

#[tokio::test]
async fn a_refund_of_unknown_outcome_is_not_given_up_over_something_else() {
    let stage = impatient().await;
    let (entered, _) = stage.paid(Order::capture("order-1")).await;
    stage.fault("createRefund", 100, json!({"lose_answer": true})).await;
    assert_eq!(cancel(&stage, &entered, "1980", "198").await.errors(), "AZ1000999");
    stage.mend().await;
    seen_through(&stage, "createRefund", &entered).await;
    assert_eq!(stands(&stage, "order-1").await, "REQRETURN 0 0 0 0");
    stage.clock.advance(HALF_A_MINUTE_MS);
    stage.reconcile().await;
    assert_eq!(stage.moved("refunded").await, [2178]);
}

#[tokio::test]
async fn a_finalization_of_unknown_outcome_is_not_given_up_over_something_else() {
    let stage = impatient().await;
    let mut entered = stage.entered(Order::auth("order-1")).await;
    entered.session = on_page(&stage, "Authorize", false, "card-1111").await;
    stage.fault("finalizeCheckoutSession", 100, json!({"lose_answer": true})).await;
    let fields = [("AmazonCheckoutSessionID", entered.session.as_str())];
    assert_eq!(super::call(&stage, &entered, "ExecTranAmazonpay", &fields).await.errors(), "AZ1000999");
    stage.mend().await;
    seen_through(&stage, "getCheckoutSession", &entered).await;
    assert_eq!(stands(&stage, "order-1").await, "AUTH 1980 198 0 0");
    assert_eq!(stage.moved("authorized").await, [2178]);
}

#[tokio::test]
async fn a_first_refusal_of_any_kind_is_believed() {
    let stage = impatient().await;
    let (_, permission) = consent(&stage, "order-1").await;
    for (order, fault, error, status) in [
        ("order-2", json!({"status": 404}), "M01903002", "UNPROCESSED"),
        ("order-3", json!({"status": 429}), "AZ1000999", "UNPROCESSED"),
        ("order-4", json!({"status": 422, "reason_code": "SoftDeclined"}), "AZ1000003", "PAYFAIL"),
        ("order-5", json!({"status": 400, "reason_code": "PeriodicAmountExceeded"}), "AZ1000010", "PAYFAIL"),
        ("order-6", json!({"status": 422, "reason_code": "InvalidChargePermissionStatus"}), "AZ1000008", "PAYFAIL"),
    ] {
        stage.fault("createCharge", 100, fault).await;
        let (entered, answer) = charge_again(&stage, order, "AUTH", &permission).await;
        assert_eq!((answer.errors().as_str(), stage.shop().status(order).await.as_str()), (error, status));
        assert!(!stage.has_open_intent(&entered.access_id).await);
        stage.mend().await;
    }
    assert_eq!(stage.moved("authorized").await, [] as [i64; 0]);
}

/// Attempt one broke off, attempt two is told "not in this status", and the charge is authorised: who knows.
#[tokio::test]
async fn a_cancellation_that_may_still_be_on_its_way() {
    let stage = impatient().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    stage.fault("cancelCharge", 1, json!({"status": 500})).await;
    stage.fault("cancelCharge", 1, json!({"status": 422, "reason_code": "InvalidChargeStatus"})).await;
    assert_eq!(cancel(&stage, &entered, "1980", "198").await.errors(), "AZ1000999");
    assert!(stage.has_open_intent(&entered.access_id).await);
    stage.clock.advance(FIRST_LOOK_MS);
    assert_eq!(stage.reconcile().await.closed, 1);
    assert_eq!(stands(&stage, "order-1").await, "CANCEL 0 0 1980 198");
    assert_eq!(told(&stage, 2).await, ["AUTH", "CANCEL"]);
}

#[tokio::test]
async fn a_cancellation_behind_a_lost_answer_is_one() {
    let stage = impatient().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    // The second attempt is refused, because the first one did it.
    stage.fault("cancelCharge", 1, json!({"lose_answer": true})).await;
    assert_eq!(cancel(&stage, &entered, "1980", "198").await.field("Status"), "CANCEL");
    assert_eq!(stage.amazon_saw("cancelCharge").await.len(), 2);
    assert_eq!(stage.moved("canceled").await, [2178]);
}

#[tokio::test]
async fn a_charge_that_is_dead_at_amazon_is_no_authorisation() {
    for call in ["AmazonpayCancel", "AmazonpaySales"] {
        let stage = Stage::new().await;
        let (entered, _) = stage.paid(Order::auth("order-1")).await;
        declined_behind_our_back(&stage, &entered).await;
        let answer = match call {
            "AmazonpayCancel" => cancel(&stage, &entered, "1980", "198").await,
            _ => entered.sell(stage.shop(), "1980", "198").await,
        };
        assert_eq!(answer.errors(), "AZ1000005", "{call}");
        assert_eq!(told(&stage, 2).await, ["AUTH", "PAYFAIL AZ1000005"], "{call}");
        assert_eq!(stage.shop().status("order-1").await, "PAYFAIL");
    }
}

#[tokio::test]
async fn a_charge_that_was_cancelled_by_hand() {
    let stage = Stage::new().await;
    let (one, _) = stage.paid(Order::auth("order-1")).await;
    let (two, _) = stage.paid(Order::auth("order-2")).await;
    cancel_behind_our_back(&stage, &one).await;
    cancel_behind_our_back(&stage, &two).await;
    assert_eq!(cancel(&stage, &one, "1980", "198").await.field("Status"), "CANCEL");
    assert_eq!(two.sell(stage.shop(), "1980", "198").await.errors(), "AZ1000099");
    assert_eq!(stage.shop().status("order-2").await, "PAYFAIL");
    assert_eq!(stage.moved("captured").await, [] as [i64; 0]);
}

async fn close(stage: &Stage, permission: &str) -> Answer {
    stage.shop().call("CloseChargePermissionAmazonpay", &[("AmazonChargePermissionID", permission)]).await
}

/// The buyer ended the consent at Amazon: the shop is told so, and the book knows it from then on.
#[tokio::test]
async fn a_consent_that_its_buyer_has_ended() {
    let stage = Stage::new().await;
    let (_, permission) = consent(&stage, "order-1").await;
    let url = format!("{}/_control/chargePermissions/{permission}", stage.browser.sandbox_url);
    let ended = stage.http.post(url).body(json!({"reason": "BuyerCanceled"}).to_string()).send().await.unwrap();
    assert_eq!(ended.status().as_u16(), 200);
    assert_eq!(close(&stage, &permission).await.errors(), "AZ1000009");
    assert_eq!(stage.shop().status("order-1").await, "END");
    assert_eq!(told(&stage, 2).await, ["REGISTER", "END"]);
    assert_eq!(close(&stage, &permission).await.errors(), "AZ1000009");
    assert_eq!(stage.notifications(&stage_row(&stage, "order-1").await).await.len(), 2);
}

async fn stage_row(stage: &Stage, order: &str) -> String {
    stage.shop().call("SearchTradeMulti", &[("OrderID", order), ("PayType", "38")]).await.field("AccessID")
}

/// Nothing was asked for, so nothing is open.
#[tokio::test]
async fn a_consent_that_cannot_be_looked_at_is_left_alone() {
    let stage = impatient().await;
    let (entered, permission) = consent(&stage, "order-1").await;
    stage.fault("getChargePermission", 100, json!({"status": 500})).await;
    assert_eq!(close(&stage, &permission).await.errors(), "AZ1000999");
    assert!(!stage.has_open_intent(&entered.access_id).await);
    stage.mend().await;
    assert_eq!(close(&stage, &permission).await.field("Status"), "END");
}
