//! What Amazon refuses, and how it is when Amazon cannot be reached.

use sekisho::protocol::Call;
use serde_json::json;

use super::cases;
use crate::support::acts::{enter, enter_of, monthly, on_page, pay, pay_with, session};
use crate::support::{MINUTE, Order, Plan, Stage, eventually};

cases! {
    BUYER_CANCELLED => complete_with("card-3064");
    AMAZON_REJECTED => finalize_simulating("AmazonRejected");
    SOFT_DECLINED => complete_with("card-3434");
    HARD_DECLINED => finalize_simulating("HardDeclined");
    // The capture was accepted and failed afterwards, when nobody waited any more.
    PROCESSING_FAILURE => async {
        let stage = Stage::new().await;
        let (paid, _) = pay(&stage, "order-1", "AUTH").await;
        stage.fault("captureCharge", 1, json!({"simulation_code": "PendingProcessingFailure"})).await;
        paid.call(&stage, Call::Sales, &[("Amount", "1980"), ("Tax", "198")]).await;
        stage.clock.advance(10 * MINUTE);
        stage.reconcile().await;
        notified_error(&stage).await
    };
    TRANSACTION_TIMED_OUT => finalize_simulating("TransactionTimedOut");
    MFA_NOT_COMPLETED => finalize_simulating("MFANotCompleted");
    SESSION_INVALID => async {
        let stage = Stage::new().await;
        let nobody = [("AmazonCheckoutSessionID", "no-such-session")];
        stage.shop().call("SearchAddressAmazonpay", &nobody).await.errors()
    };
    // The buyer's card has expired, and no other was chosen.
    PERMISSION_NOT_CHARGEABLE => async {
        let stage = Stage::new().await;
        let permission = consent(&stage).await;
        let url = format!("{}/_control/chargePermissions/{permission}", stage.browser.sandbox_url);
        let befallen = stage.http.post(url).body(json!({"reason": "PaymentMethodExpired"}).to_string()).send().await;
        assert_eq!(befallen.unwrap().status(), 200);
        let month = enter(&stage, "order-2", "AUTH").await;
        month.call(&stage, Call::ExecTran, &[("AmazonChargePermissionID", &permission)]).await.errors()
    };
    PERMISSION_CLOSED => async {
        let stage = Stage::new().await;
        let permission = consent(&stage).await;
        let permission = [("AmazonChargePermissionID", permission.as_str())];
        assert_eq!(stage.shop().call("CloseChargePermissionAmazonpay", &permission).await.errors(), "");
        stage.shop().call("CloseChargePermissionAmazonpay", &permission).await.errors()
    };
    // 100,000 yen a month, and the first charge counts.
    AMOUNT_ABOVE_LIMIT => async {
        let stage = Stage::new().await;
        let permission = consent(&stage).await;
        let month = enter_of(&stage, "order-2", &[("JobCd", "AUTH"), ("Amount", "99000")]).await;
        month.call(&stage, Call::ExecTran, &[("AmazonChargePermissionID", &permission)]).await.errors()
    };
    // Told by the notification, because nobody waits for it.
    REFUND_REJECTED => async {
        let stage = Stage::new().await;
        let (paid, _) = pay(&stage, "order-1", "CAPTURE").await;
        stage.fault("createRefund", 1, json!({"simulation_code": "Declined"})).await;
        let whole = [("CancelAmount", "1980"), ("CancelTax", "198")];
        assert_eq!(paid.call(&stage, Call::Cancel, &whole).await.errors(), "");
        stage.clock.advance(10 * MINUTE);
        stage.reconcile().await;
        notified_error(&stage).await
    };
    // The buyer agreed to another amount than the order's.
    SESSION_DIFFERS => async {
        let stage = Stage::new().await;
        let id = session(&stage, "paid", &on_page()).await;
        let entered = enter_of(&stage, "order-1", &[("JobCd", "AUTH"), ("Amount", "1")]).await;
        entered.call(&stage, Call::ExecTran, &[("AmazonCheckoutSessionID", &id)]).await.errors()
    };
    COUNT_ABOVE_LIMIT => async {
        let stage = Stage::new().await;
        let permission = consent(&stage).await;
        let month = enter(&stage, "order-2", "AUTH").await;
        stage.fault("createCharge", 1, json!({"status": 422, "reason_code": "TransactionCountExceeded"})).await;
        month.call(&stage, Call::ExecTran, &[("AmazonChargePermissionID", &permission)]).await.errors()
    };
    // A word that nobody has heard yet.
    AMAZON_OTHER => async {
        let stage = Stage::new().await;
        stage.fault("getCheckoutSession", 1, json!({"status": 422, "reason_code": "SomethingNew"})).await;
        stage.shop().call("SearchAddressAmazonpay", &[("AmazonCheckoutSessionID", "a")]).await.errors()
    };
    AMAZON_UNREACHABLE => async {
        let stage = Stage::with(Plan::gives_up_soon).await;
        stage.fault("getCheckoutSession", 100, json!({"status": 503})).await;
        stage.shop().call("SearchAddressAmazonpay", &[("AmazonCheckoutSessionID", "a")]).await.errors()
    };
}

/// The error of the last notification, once that has one.
async fn notified_error(stage: &Stage) -> String {
    eventually("a notification of a failure", async || {
        let last = stage.receiver.received().pop()?.field("ErrInfo").to_owned();
        (!last.is_empty()).then_some(last)
    })
    .await
}

/// A payment through the review page with a card that behaves badly; answers what the browser brings to the shop.
async fn complete_with(card: &'static str) -> String {
    let stage = Stage::new().await;
    let (_, form) = stage.paid(Order { card, ..Order::auth("order-1") }).await;
    form.field("ErrInfo").to_owned()
}

/// A payment in the shop's page, which Amazon ends in this way.
async fn finalize_simulating(simulation_code: &'static str) -> String {
    let stage = Stage::new().await;
    stage.fault("finalizeCheckoutSession", 1, json!({"simulation_code": simulation_code})).await;
    pay(&stage, "order-1", "AUTH").await.1.errors()
}

/// A consent whose first 2178 yen were charged; answers the permission.
async fn consent(stage: &Stage) -> String {
    pay_with(stage, "order-1", "AUTH", monthly(on_page())).await.1.field("AmazonChargePermissionID")
}
