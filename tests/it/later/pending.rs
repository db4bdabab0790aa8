//! Authorisations that Amazon takes its time over: AUTHPROCESS until Amazon has decided, and no longer and no shorter.

use serde_json::json;

use super::{HALF_A_MINUTE_MS, HOUR, charge_again, charges, consent, on_page, stands, told};
use crate::support::{DAY, Entered, Order, ResultForm, Stage};

const LATER_AUTHORIZED: Order = Order { id: "order-1", job: "AUTH", card: "card-0701" };
const LATER_DECLINED: Order = Order { id: "order-1", job: "AUTH", card: "card-4354" };

async fn patient() -> Stage {
    Stage::with(|plan| plan.shops[0].pending_authorization = true).await
}

async fn waiting(stage: &Stage, order: Order) -> (Entered, ResultForm) {
    let (entered, form) = stage.paid(order).await;
    assert_eq!(form.outcome(), ("AUTHPROCESS", ""));
    assert_eq!(stands(stage, order.id).await, "AUTHPROCESS 1980 198  ");
    assert!(!stage.has_open_intent(&entered.access_id).await);
    (entered, form)
}

#[tokio::test]
async fn pending_then_authorised() {
    let stage = patient().await;
    let (entered, form) = waiting(&stage, LATER_AUTHORIZED).await;
    assert_eq!((form.field("ErrCode"), form.field("AmazonChargePermissionID").is_empty()), ("", false));
    let received = stage.receiver.wait_for(1).await;
    assert_eq!((received[0].field("Status"), received[0].field("ErrInfo")), ("AUTHPROCESS", ""));
    assert_eq!(received[0].field("AmazonChargePermissionID"), form.field("AmazonChargePermissionID"));

    assert_eq!(stage.reconcile().await.overdue, 0, "not yet");
    stage.clock.advance(HALF_A_MINUTE_MS);
    assert_eq!(stage.reconcile().await.overdue, 1);
    assert_eq!(told(&stage, 2).await, ["AUTHPROCESS", "AUTH"]);
    assert_eq!(stands(&stage, "order-1").await, "AUTH 1980 198 0 0");
    assert_eq!(stage.moved("authorized").await, [2178]);
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "SALES");
}

#[tokio::test]
async fn pending_then_declined() {
    let stage = patient().await;
    waiting(&stage, LATER_DECLINED).await;
    stage.clock.advance(HALF_A_MINUTE_MS);
    stage.reconcile().await;
    assert_eq!(told(&stage, 2).await, ["AUTHPROCESS", "PAYFAIL AZ1000004"]);
    assert_eq!(stage.shop().status("order-1").await, "PAYFAIL");
}

#[tokio::test]
async fn pending_then_cancelled_by_amazon() {
    let stage = patient().await;
    stage.fault("completeCheckoutSession", 1, json!({"simulation_code": "AuthorizationInitiated"})).await;
    let (entered, _) = waiting(&stage, Order::auth("order-1")).await;
    // Somebody at Amazon lets the charge go before it is authorised.
    let charge = stage.transaction(&entered.access_id).await.state.pending_charge().unwrap().charge.clone();
    let shop = stage.gateway.shops().iter().next().unwrap();
    super::doubt::client(&stage)
        .cancel_charge(&shop.merchant, &charge, &sekisho::amazonpay::CancelCharge { cancellation_reason: "x".into() })
        .await
        .unwrap();
    stage.clock.advance(HALF_A_MINUTE_MS);
    stage.reconcile().await;
    assert_eq!(told(&stage, 2).await, ["AUTHPROCESS", "PAYFAIL AZ1000099"]);
}

#[tokio::test]
async fn a_browser_that_comes_again_while_amazon_decides_reads_the_same() {
    let stage = patient().await;
    let (_, back) = stage.agreed(LATER_AUTHORIZED).await;
    let first = stage.browser.come_back(&back).await;
    assert_eq!(stage.browser.come_back(&back).await, first);
    assert_eq!(stage.amazon_saw("completeCheckoutSession").await.len(), 1);
    stage.clock.advance(HALF_A_MINUTE_MS);
    stage.reconcile().await;
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTH", ""));
    assert_eq!(told(&stage, 2).await.len(), 2);
}

#[tokio::test]
async fn every_call_but_a_search_is_refused_while_amazon_decides() {
    let stage = patient().await;
    let (entered, _) = waiting(&stage, LATER_AUTHORIZED).await;
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "M01054004");
    assert_eq!(super::cancel(&stage, &entered, "1980", "198").await.errors(), "M01054004");
    assert_eq!(super::change(&stage, &entered, "1000", "0").await.errors(), "M01054004");
    assert_eq!(entered.exec(stage.shop()).await.errors(), "M01004014");
}

/// Amazon decides within a day. Our clock decides nothing, and does not ask too often.
#[tokio::test]
async fn the_wait_has_no_end_of_ours() {
    let stage = patient().await;
    waiting(&stage, LATER_AUTHORIZED).await;
    stage.fault("getCharge", 1000, json!({"status": 404})).await;
    let (began, mut looks) = (stage.now(), Vec::new());
    while stage.now().since(began) < DAY {
        stage.clock.advance(HALF_A_MINUTE_MS);
        if stage.reconcile().await.overdue == 1 {
            looks.push(stage.now().since(began));
        }
    }
    assert_eq!(looks[..4], [31_000, 62_000, 124_000, 248_000]);
    assert!(looks.windows(2).all(|pair| pair[1] - pair[0] <= HOUR + HALF_A_MINUTE_MS), "{looks:?}");
    assert!(looks.len() < 40, "{looks:?}");
    stage.mend().await;
    stage.clock.advance(HOUR);
    stage.reconcile().await;
    assert_eq!(told(&stage, 2).await, ["AUTHPROCESS", "AUTH"]);
}

/// A shop that did not ask for it never waits: the card is declined on Amazon's page.
#[tokio::test]
async fn a_shop_that_cannot_wait_says_so_to_amazon() {
    for (job, option, said) in [("AUTH", false, false), ("AUTH", true, true), ("CAPTURE", true, false)] {
        let stage = Stage::with(|plan| plan.shops[0].pending_authorization = option).await;
        let (entered, _) = stage.at_amazon(Order { id: "order-1", job, card: "card-1111" }).await;
        let ledger = stage.ledger().await;
        let sessions = ledger["checkoutSessions"].as_array().unwrap();
        let session = sessions.iter().find(|one| one["checkoutSessionId"] == entered.session.as_str()).unwrap();
        assert_eq!(session["paymentDetails"]["canHandlePendingAuthorization"], said, "{job} {option}");
    }
}

#[tokio::test]
async fn an_on_demand_charge_may_wait_too() {
    let stage = patient().await;
    let (_, permission) = consent(&stage, "order-1").await;
    for (order, code, heard) in [("order-2", "AuthorizationInitiated", 3), ("order-3", "PendingHardDeclined", 5)] {
        stage.fault("createCharge", 1, json!({"simulation_code": code})).await;
        let (_, answer) = charge_again(&stage, order, "AUTH", &permission).await;
        assert_eq!((answer.field("Status"), answer.errors()), ("AUTHPROCESS".to_owned(), String::new()));
        assert_eq!(answer.field("AmazonChargePermissionID"), permission);
        told(&stage, heard - 1).await;
        stage.clock.advance(HALF_A_MINUTE_MS);
        stage.reconcile().await;
        told(&stage, heard).await;
    }
    let expected = ["REGISTER", "AUTHPROCESS", "AUTH", "AUTHPROCESS", "PAYFAIL AZ1000004"];
    assert_eq!(told(&stage, 5).await, expected);
}

/// The capture of an on-demand charge is not there yet: CAPTURE is said when it is.
#[tokio::test]
async fn an_on_demand_capture_that_takes_its_time() {
    let stage = Stage::new().await;
    let (_, permission) = consent(&stage, "order-1").await;
    stage.fault("createCharge", 1, json!({"simulation_code": "CaptureInitiated"})).await;
    let (entered, answer) = charge_again(&stage, "order-2", "CAPTURE", &permission).await;
    assert_eq!(answer.field("Status"), "AUTHPROCESS");
    assert_eq!(super::cancel(&stage, &entered, "1980", "198").await.errors(), "M01054004");
    stage.clock.advance(HALF_A_MINUTE_MS);
    stage.reconcile().await;
    assert_eq!(told(&stage, 3).await, ["REGISTER", "AUTHPROCESS", "CAPTURE"]);
    assert_eq!(stage.moved("captured").await, [2178]);
    assert_eq!(super::cancel(&stage, &entered, "1980", "198").await.field("Status"), "REQRETURN");
}

#[tokio::test]
async fn a_finalized_session_may_wait_and_its_own_payload_says_so() {
    let stage = Stage::new().await;
    for (order, card, last) in [
        ("order-1", "card-0701", "AUTH"),
        ("order-2", "card-4354", "PAYFAIL AZ1000004"),
        ("order-3", "card-1111", "AUTH"),
    ] {
        let mut entered = stage.entered(Order::auth(order)).await;
        entered.session = on_page(&stage, "Authorize", true, card).await;
        let answer =
            super::call(&stage, &entered, "ExecTranAmazonpay", &[("AmazonCheckoutSessionID", &entered.session)]).await;
        let first = if card == "card-1111" { "AUTH" } else { "AUTHPROCESS" };
        assert_eq!((answer.errors(), answer.field("Status")), (String::new(), first.to_owned()));
        stage.clock.advance(HALF_A_MINUTE_MS);
        stage.reconcile().await;
        assert_eq!(stands(&stage, order).await.split(' ').next(), last.split(' ').next());
    }
    assert_eq!(charges(&stage).await, ["Authorized", "Declined", "Authorized"]);
}

/// The answer to Complete is lost, and by the time of the look Amazon has not decided: evidence, but not of an end.
#[tokio::test]
async fn pending_behind_a_lost_answer() {
    let stage = Stage::with(|plan| {
        plan.gives_up_soon();
        plan.shops[0].pending_authorization = true;
    })
    .await;
    let (entered, back) = stage.agreed(LATER_AUTHORIZED).await;
    stage.fault("completeCheckoutSession", 100, json!({"hang": true})).await;
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTHPROCESS", ""));
    assert!(stage.has_open_intent(&entered.access_id).await);
    stage.mend().await;
    // The process is gone and another one looks at once.
    sekisho::reconcile::adopt(&stage.gateway).await.unwrap();
    assert_eq!(stage.reconcile().await.closed, 1);
    assert_eq!(stage.shop().status("order-1").await, "AUTHPROCESS");
    assert_eq!(told(&stage, 1).await, ["AUTHPROCESS"]);
    stage.clock.advance(HALF_A_MINUTE_MS);
    stage.reconcile().await;
    assert_eq!(told(&stage, 2).await, ["AUTHPROCESS", "AUTH"]);
    assert_eq!(stage.moved("authorized").await, [2178]);
}

#[tokio::test]
async fn two_looks_at_once_tell_it_once() {
    let stage = patient().await;
    let (entered, _) = waiting(&stage, LATER_AUTHORIZED).await;
    stage.clock.advance(HALF_A_MINUTE_MS);
    let before = stage.transaction(&entered.access_id).await;
    let (one, other) = tokio::join!(stage.gateway.overdue(&before), stage.gateway.overdue(&before));
    assert_eq!((one, other), (Ok(()), Ok(())));
    assert_eq!(stage.notifications(&entered.access_id).await.len(), 2);
    assert_eq!(stage.transaction(&entered.access_id).await.version, before.version + 1);
}
