//! Authorisations older than Amazon keeps them.

use serde_json::json;

use super::{FIRST_LOOK_MS, cancel, change, charges, consent, doubt, impatient, stands, told};
use crate::support::{DAY, Entered, Order, Stage};

async fn renewing() -> Stage {
    Stage::with(|plan| {
        plan.gives_up_soon();
        plan.shops[0].renew_expired_authorization = true;
    })
    .await
}

async fn a_month_later(stage: &Stage) -> Entered {
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    stage.clock.advance(30 * DAY + 1);
    entered
}

#[tokio::test]
async fn an_old_authorisation_is_renewed_and_captured() {
    let stage = renewing().await;
    let entered = a_month_later(&stage).await;
    let answer = entered.sell(stage.shop(), "1000", "100").await;
    assert_eq!(answer.text(), "OrderID=order-1&Status=SALES&Amount=1000&Tax=100");
    assert_eq!(charges(&stage).await, ["Canceled", "Captured"]);
    assert_eq!((stage.moved("captured").await, stage.amazon_saw("captureCharge").await.len()), (vec![1100], 0));
    assert_eq!(told(&stage, 2).await, ["AUTH", "SALES"]);
    // The refund is of the new charge.
    assert_eq!(cancel(&stage, &entered, "1000", "100").await.field("Status"), "REQRETURN");
}

/// Without the option nothing is asked of Amazon; an old authorisation can still be let go.
#[tokio::test]
async fn a_shop_that_did_not_ask_for_renewals_gets_none() {
    let stage = Stage::new().await;
    let entered = a_month_later(&stage).await;
    assert_eq!(entered.sell(stage.shop(), "1000", "100").await.errors(), "M01098010");
    assert_eq!(change(&stage, &entered, "1000", "100").await.errors(), "M01098010");
    assert_eq!(change(&stage, &entered, "1980", "198").await.errors(), "", "no change is none, however late");
    assert_eq!(stage.amazon_saw("createCharge").await.len(), 0);
    assert_eq!(cancel(&stage, &entered, "1980", "198").await.field("Status"), "CANCEL");
}

#[tokio::test]
async fn a_permission_that_is_over_renews_nothing() {
    let stage = renewing().await;
    let entered = a_month_later(&stage).await;
    stage.clock.advance(150 * DAY);
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "M01098010");
    assert_eq!(stands(&stage, "order-1").await, "AUTH 1980 198 0 0");
    assert_eq!(stage.amazon_saw("createCharge").await.len(), 1);
}

#[tokio::test]
async fn a_renewal_that_is_declined_changes_nothing() {
    let stage = renewing().await;
    let entered = a_month_later(&stage).await;
    stage.fault("createCharge", 1, json!({"simulation_code": "SoftDeclined"})).await;
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "AZ1000003");
    assert_eq!(stands(&stage, "order-1").await, "AUTH 1980 198 0 0");
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "SALES");
}

/// Nothing but a lapse makes room for a new charge.
#[tokio::test]
async fn a_charge_that_was_cancelled_on_purpose_is_not_renewed() {
    let stage = renewing().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    doubt::cancel_behind_our_back(&stage, &entered).await;
    stage.clock.advance(31 * DAY);
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "AZ1000099");
    assert_eq!(stage.amazon_saw("createCharge").await.len(), 0);
    assert_eq!(told(&stage, 2).await, ["AUTH", "PAYFAIL AZ1000099"]);
}

#[tokio::test]
async fn nothing_is_renewed_while_amazon_does_not_say_what_became_of_the_old_charge() {
    let stage = renewing().await;
    let entered = a_month_later(&stage).await;
    stage.fault("getCharge", 100, json!({"status": 500})).await;
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "AZ1000999");
    assert!(!stage.has_open_intent(&entered.access_id).await);
    assert_eq!(stage.amazon_saw("createCharge").await.len(), 0);
    stage.mend().await;
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "SALES");
}

/// Amazon's clock is the one that counts: it let the authorisation lapse a moment before ours says so.
#[tokio::test]
async fn amazon_let_it_lapse_earlier_than_we_know() {
    for (stage, expected) in [(renewing().await, ""), (impatient().await, "M01098010")] {
        let (entered, _) = stage.paid(Order::auth("order-1")).await;
        stage.clock.advance(30 * DAY);
        assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), expected);
        assert_eq!(stage.amazon_saw("captureCharge").await.len(), 1);
        let status = if expected.is_empty() { "SALES" } else { "AUTH" };
        assert_eq!(stage.shop().status("order-1").await, status);
    }
}

#[tokio::test]
async fn a_renewal_whose_answer_is_lost_is_found_and_charged_once() {
    for fault in [json!({"lose_answer": true}), json!({"status": 500})] {
        let stage = renewing().await;
        let entered = a_month_later(&stage).await;
        stage.fault("createCharge", 100, fault).await;
        assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "AZ1000999");
        assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "E90010001");
        stage.mend().await;
        stage.clock.advance(FIRST_LOOK_MS);
        assert_eq!(stage.reconcile().await.closed, 1);
        assert_eq!(told(&stage, 2).await, ["AUTH", "SALES"]);
        assert_eq!(stage.moved("captured").await, [2178]);
    }
}

/// The capture of the new charge takes its time, too: nothing is said before it is there.
#[tokio::test]
async fn a_renewal_that_takes_its_time() {
    let stage = renewing().await;
    let entered = a_month_later(&stage).await;
    stage.fault("createCharge", 1, json!({"simulation_code": "CaptureInitiated"})).await;
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "AZ1000999");
    assert!(stage.has_open_intent(&entered.access_id).await);
    stage.clock.advance(FIRST_LOOK_MS);
    assert_eq!(stage.reconcile().await.closed, 1);
    assert_eq!(told(&stage, 2).await, ["AUTH", "SALES"]);
    assert_eq!(stage.moved("captured").await, [2178]);
}

#[tokio::test]
async fn other_amounts_for_an_old_authorisation_make_a_new_one() {
    let stage = renewing().await;
    let entered = a_month_later(&stage).await;
    let answer = change(&stage, &entered, "1000", "100").await;
    assert_eq!(answer.text(), "OrderID=order-1&Status=AUTH&Amount=1000&Tax=100");
    assert_eq!(charges(&stage).await, ["Canceled", "Authorized"]);
    assert!(!stage.has_open_intent(&entered.access_id).await);
    stage.clock.advance(6 * DAY);
    assert_eq!(entered.sell(stage.shop(), "1000", "100").await.field("Status"), "SALES");
    assert_eq!(stage.moved("captured").await, [1100]);
}

/// A consent's authorisation runs out like any other.
#[tokio::test]
async fn a_charge_on_a_consent_is_renewed_too() {
    let stage = renewing().await;
    let (_, permission) = consent(&stage, "order-1").await;
    let (entered, answer) = super::charge_again(&stage, "order-2", "AUTH", &permission).await;
    assert_eq!(answer.field("Status"), "AUTH");
    stage.clock.advance(31 * DAY);
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "SALES");
    assert_eq!(charges(&stage).await, ["Canceled", "Captured"]);
}
