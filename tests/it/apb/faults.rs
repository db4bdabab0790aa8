//! Amazon answers late, badly or not at all while an additional payment button is paid.

use serde_json::json;

use super::{Entry, PAY_ONLY, permit, the_charge};
use crate::support::{MINUTE, Plan, Stage};

const FIRST_LOOK_MS: i64 = 30_000;

async fn impatient() -> Stage {
    Stage::with(Plan::gives_up_soon).await
}

#[tokio::test]
async fn a_completion_whose_answer_is_lost_is_found_out() {
    for fault in [json!({"lose_answer": true}), json!({"status": 500}), json!({"status": 429})] {
        let stage = impatient().await;
        let entry = Entry::apb(stage.shop(), "order-1", "CAPTURE").await;
        let back = entry.paid(&stage, &PAY_ONLY, "card-1111").await;
        stage.fault("completeCheckoutSession", 100, fault.clone()).await;
        assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTHPROCESS", ""), "{fault}");
        assert!(stage.has_open_intent(&entry.id).await);
        stage.mend().await;
        stage.clock.advance(FIRST_LOOK_MS);
        assert_eq!(stage.reconcile().await.closed, 1);
        assert_eq!(stage.shop().status("order-1").await, "CAPTURE");
        assert_eq!(stage.moved("captured").await, [2178]);
        assert_eq!(stage.browser.come_back(&back).await.outcome(), ("CAPTURE", ""));
        stage.receiver.wait_for(1).await;
        assert_eq!(stage.receiver.statuses(), ["CAPTURE"]);
    }
}

#[tokio::test]
async fn while_amazon_cannot_say_whose_the_session_is_the_browser_waits() {
    for fault in [json!({"lose_answer": true}), json!({"status": 503}), json!({"status": 429})] {
        let stage = impatient().await;
        let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
        let back = entry.paid(&stage, &PAY_ONLY, "card-1111").await;
        let before = stage.transaction(&entry.id).await;
        stage.fault("getCheckoutSession", 100, fault.clone()).await;
        let page = stage.browser.get(&back).await;
        assert_eq!(page.status, 503, "{fault}");
        assert!(page.windows_31j().contains("AZ1000999"));
        assert_eq!(stage.transaction(&entry.id).await, before, "nothing is taken for true");
        stage.mend().await;
        assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTH", ""), "{fault}");
    }
}

#[tokio::test]
async fn a_short_trouble_is_not_felt() {
    let stage = Stage::new().await;
    for operation in ["getCheckoutSession", "completeCheckoutSession", "createCharge"] {
        stage.fault(operation, 1, json!({"status": 503})).await;
    }
    let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
    let back = entry.paid(&stage, &PAY_ONLY, "card-1111").await;
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTH", ""));
    let permission = permit(&stage, stage.shop(), 2178, "OneTime", "card-1111").await;
    let entry = Entry::cpsp(stage.shop(), "order-2", "AUTH").await;
    let fields = [[("AmazonChargePermissionID", permission.as_str()); 1].as_slice(), &PAY_ONLY].concat();
    assert_eq!(entry.exec(stage.shop(), &fields).await.field("Status"), "AUTH");
    assert_eq!(stage.moved("authorized").await, [2178, 2178]);
}

#[tokio::test]
async fn a_charge_whose_answer_is_lost_is_found_out() {
    for (fault, made) in [(json!({"lose_answer": true}), 1), (json!({"status": 500}), 0)] {
        let stage = impatient().await;
        let permission = permit(&stage, stage.shop(), 2178, "OneTime", "card-1111").await;
        let entry = Entry::cpsp(stage.shop(), "order-1", "CAPTURE").await;
        stage.fault("createCharge", 100, fault).await;
        let fields = [[("AmazonChargePermissionID", permission.as_str()); 1].as_slice(), &PAY_ONLY].concat();
        assert_eq!(entry.exec(stage.shop(), &fields).await.errors(), "AZ1000999");
        assert_eq!(stage.moved("captured").await.len(), made);
        assert_eq!(entry.exec(stage.shop(), &fields).await.errors(), "E90010001", "one at a time");
        stage.mend().await;
        stage.clock.advance(FIRST_LOOK_MS);
        assert_eq!(stage.reconcile().await.closed, 1);
        assert_eq!(stage.shop().status("order-1").await, "CAPTURE");
        assert_eq!(stage.moved("captured").await, [2178]);
        assert_eq!(the_charge(&stage).await["statusDetails"]["state"], "Captured");
    }
}

#[tokio::test]
async fn a_named_session_is_asked_before_a_verdict() {
    let stage = impatient().await;
    let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
    let page = entry.at_amazon(&stage, &PAY_ONLY, "card-1111").await;
    let early = entry.return_url(&stage, &super::session_in(&page));
    assert_eq!(stage.browser.come_back(&early).await.outcome(), ("AUTHPROCESS", ""));
    stage.browser.press(&page, "cancel", &[]).await;
    stage.fault("getCheckoutSession", 100, json!({"status": 500})).await;
    stage.clock.advance(61 * MINUTE);
    stage.reconcile().await;
    assert_eq!(stage.shop().status("order-1").await, "AUTHPROCESS");
    stage.mend().await;
    stage.clock.advance(MINUTE);
    stage.reconcile().await;
    assert_eq!(stage.shop().status("order-1").await, "PAYFAIL");
}
