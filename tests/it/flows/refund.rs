//! AmazonpayCancel after capture: money goes back, and Amazon takes half a minute over it (psp-protocol 5.5, 13.7).

use serde_json::json;

use crate::support::{Order, Stage, moved};

const CALLS: [&str; 3] = ["AmazonpaySales", "AmazonpayCancel", "AmazonpayChange"];

#[tokio::test]
async fn all_of_it() {
    let stage = Stage::new().await;
    for (order, status) in [("order-1", "SALES"), ("order-2", "CAPTURE")] {
        let entered =
            if status == "SALES" { stage.sold(order).await } else { stage.paid(Order::capture(order)).await.0 };
        let answer = entered.cancel(stage.shop(), "1980", "198").await;
        let tail = "Status=REQRETURN&Amount=0&Tax=0&CancelAmount=1980&CancelTax=198";
        assert_eq!(answer.text(), format!("OrderID={order}&{tail}"));
        assert_eq!(stage.amounts(order).await, ["0", "0", "0", "0"], "nothing is back yet");

        // Nothing else can be done meanwhile.
        for call in CALLS {
            let more = [("Amount", "1"), ("CancelAmount", "1")];
            assert_eq!(stage.shop().call(call, &entered.and(&more)).await.errors(), "M01054004", "{call}");
        }
        stage.clock.advance(30_999);
        stage.reconcile().await;
        assert_eq!(stage.shop().status(order).await, "REQRETURN");
        stage.clock.advance(1);
        stage.reconcile().await;
        assert_eq!(stage.shop().status(order).await, "RETURN");
        assert_eq!(stage.amounts(order).await, ["0", "0", "1980", "198"]);
        assert_eq!(entered.cancel(stage.shop(), "1", "").await.errors(), "M01054004");
    }
    assert_eq!(stage.moved("refunded").await, [2178, 2178]);
    let told = stage.receiver.wait_for(7).await;
    assert_eq!(stage.receiver.statuses(), ["AUTH", "SALES", "REQRETURN", "RETURN", "CAPTURE", "REQRETURN", "RETURN"]);
    let fields = ["Amount", "Tax", "AmazonPayCancelAmount", "AmazonPayCancelTax", "ErrInfo"];
    assert_eq!(fields.map(|name| told[2].field(name)), ["0", "0", "0", "0", ""]);
    assert_eq!(fields.map(|name| told[3].field(name)), ["0", "0", "1980", "198", ""]);
}

#[tokio::test]
async fn part_after_part() {
    let stage = Stage::new().await;
    let entered = stage.sold("order-1").await;
    let answer = entered.cancel(stage.shop(), "500", "50").await;
    assert_eq!(answer.text(), "OrderID=order-1&Status=REQRETURN&Amount=1480&Tax=148&CancelAmount=500&CancelTax=50");
    assert_eq!(entered.cancel(stage.shop(), "500", "50").await.errors(), "M01054004", "one at a time");
    stage.half_a_minute_later().await;
    assert_eq!(stage.shop().status("order-1").await, "SALES");
    assert_eq!(stage.amounts("order-1").await, ["1480", "148", "500", "50"]);

    // The whole rest may be named in any way, but no more than it.
    assert_eq!(entered.cancel(stage.shop(), "0", "1629").await.errors(), "M01085011");
    assert_eq!(entered.cancel(stage.shop(), "1480", "149").await.errors(), "M01085011");
    let answer = entered.cancel(stage.shop(), "1628", "").await;
    assert_eq!(answer.text(), "OrderID=order-1&Status=REQRETURN&Amount=0&Tax=0&CancelAmount=1628&CancelTax=0");
    stage.half_a_minute_later().await;
    assert_eq!(stage.shop().status("order-1").await, "RETURN");
    assert_eq!(stage.amounts("order-1").await, ["0", "0", "1980", "198"]);
    assert_eq!(stage.moved("refunded").await, [550, 1628]);
    stage.receiver.wait_for(6).await;
    assert_eq!(stage.receiver.statuses(), ["AUTH", "SALES", "REQRETURN", "SALES", "REQRETURN", "RETURN"]);
}

/// Totals are judged (psp-protocol 5.5): what the amount lacks comes out of the tax, and the other way round.
#[tokio::test]
async fn a_part_may_be_larger_than_one_of_the_amounts() {
    let stage = Stage::new().await;
    for (order, (amount, tax), left, back) in [
        ("order-1", ("2000", ""), "Amount=0&Tax=178&CancelAmount=2000&CancelTax=0", ["0", "178", "1980", "20"]),
        ("order-2", ("0", "300"), "Amount=1878&Tax=0&CancelAmount=0&CancelTax=300", ["1878", "0", "102", "198"]),
    ] {
        let entered = stage.sold(order).await;
        let answer = entered.cancel(stage.shop(), amount, tax).await;
        assert_eq!(answer.text(), format!("OrderID={order}&Status=REQRETURN&{left}"));
        stage.half_a_minute_later().await;
        assert_eq!(stage.shop().status(order).await, "SALES");
        assert_eq!(stage.amounts(order).await, back);
    }
    assert_eq!(stage.moved("refunded").await, [2000, 300]);
}

#[tokio::test]
async fn one_that_amazon_declines_later_is_undone() {
    let stage = Stage::new().await;
    for (order, status) in [("order-1", "SALES"), ("order-2", "CAPTURE")] {
        let entered =
            if status == "SALES" { stage.sold(order).await } else { stage.paid(Order::capture(order)).await.0 };
        stage.fault("createRefund", 1, json!({"simulation_code": "Declined"})).await;
        assert_eq!(entered.cancel(stage.shop(), "500", "50").await.field("Status"), "REQRETURN");
        stage.half_a_minute_later().await;
        assert_eq!(stage.shop().status(order).await, status);
        assert_eq!(stage.amounts(order).await, ["1980", "198", "0", "0"]);
        // The shop may ask again.
        assert_eq!(entered.cancel(stage.shop(), "1980", "198").await.field("Status"), "REQRETURN");
        stage.half_a_minute_later().await;
        assert_eq!(stage.shop().status(order).await, "RETURN");
    }
    assert_eq!(stage.moved("refunded").await, [2178, 2178]);
    let told = stage.receiver.wait_for(11).await;
    assert_eq!(stage.receiver.statuses()[..6], ["AUTH", "SALES", "REQRETURN", "SALES", "REQRETURN", "RETURN"]);
    let fields = ["ErrCode", "ErrInfo", "Amount", "AmazonPayCancelAmount"];
    assert_eq!(fields.map(|name| told[3].field(name)), ["AZ1", "AZ1000012", "1980", "0"]);
}

#[tokio::test]
async fn one_that_amazon_declines_at_once_changes_nothing() {
    let stage = Stage::new().await;
    let entered = stage.sold("order-1").await;
    for (reason, code) in [
        ("AmazonRejected", "AZ1000012"),
        ("TransactionAmountExceeded", "AZ1000010"),
        ("TransactionCountExceeded", "AZ1000014"),
    ] {
        stage.fault("createRefund", 1, json!({"status": 422, "reason_code": reason})).await;
        let answer = stage.shop().call_json("AmazonpayCancel", &entered.and(&[("CancelAmount", "1")])).await;
        assert_eq!((answer.status, answer.json()), (502, json!([{"errCode": "AZ1", "errInfo": code}])));
    }
    assert_eq!(stage.shop().status("order-1").await, "SALES");
    assert_eq!(stage.amounts("order-1").await, ["1980", "198", "0", "0"]);
    assert!(!stage.has_open_intent(&entered.access_id).await);
    assert_eq!(stage.movements().await, moved([("reserved", 2178), ("authorized", 2178), ("captured", 2178)]));
    stage.receiver.wait_for(2).await;
    assert_eq!(stage.receiver.statuses(), ["AUTH", "SALES"]);
}

#[tokio::test]
async fn only_amazons_word_ends_it() {
    let stage = Stage::new().await;
    let entered = stage.sold("order-1").await;
    assert_eq!(entered.cancel(stage.shop(), "1980", "198").await.field("Status"), "REQRETURN");
    stage.fault("getRefund", 1, json!({"status": 404})).await;
    stage.half_a_minute_later().await;
    assert_eq!(stage.shop().status("order-1").await, "REQRETURN");
    stage.mend().await;
    stage.reconcile().await;
    assert_eq!(stage.shop().status("order-1").await, "REQRETURN", "others have their turn first");
    stage.clock.advance(60_000);
    stage.reconcile().await;
    assert_eq!(stage.shop().status("order-1").await, "RETURN");
}
