//! AmazonpayChange: other amounts, before capture by another charge, after capture by a refund (psp-protocol 5.6, 13.6).

use serde_json::json;

use crate::support::{Order, Stage, moved};

#[tokio::test]
async fn up_and_down_before_capture() {
    let stage = Stage::new().await;
    let entered = stage.paid_with_room(Order::auth("order-1")).await;
    let answer = entered.change(stage.shop(), "3000", "300").await;
    assert_eq!(answer.text(), "OrderID=order-1&Status=AUTH&Amount=3000&Tax=300");
    let answer = stage.shop().call_json("AmazonpayChange", &entered.and(&[("Amount", "1000")])).await;
    let expected = json!({"orderID": "order-1", "status": "AUTH", "amount": "1000", "tax": "0"});
    assert_eq!((answer.status, answer.json()), (200, expected));
    assert_eq!(stage.amounts("order-1").await, ["1000", "0", "0", "0"]);

    // What is sold is the last charge, and of it not more than it has.
    assert_eq!(entered.sell(stage.shop(), "1001", "").await.errors(), "M01055011");
    assert_eq!(entered.sell(stage.shop(), "1000", "").await.field("Status"), "SALES");
    assert_eq!(stage.states("charges").await, ["Canceled", "Canceled", "Captured"]);
    let money = [
        ("reserved", 2178),
        ("authorized", 2178),
        ("authorized", 3300),
        ("canceled", 2178),
        ("authorized", 1000),
        ("canceled", 3300),
        ("captured", 1000),
    ];
    assert_eq!(stage.movements().await, moved(money));
    let told = stage.receiver.wait_for(4).await;
    let fields = ["Status", "Amount", "Tax", "ErrInfo"];
    let said: Vec<_> = told.iter().map(|one| fields.map(|name| one.field(name))).collect();
    assert_eq!(
        said,
        [
            ["AUTH", "1980", "198", ""],
            ["AUTH", "3000", "300", ""],
            ["AUTH", "1000", "0", ""],
            ["SALES", "1000", "0", ""]
        ]
    );
}

#[tokio::test]
async fn down_after_capture_is_a_refund_behind_the_same_status() {
    let stage = Stage::new().await;
    let entered = stage.sold("order-1").await;
    let answer = entered.change(stage.shop(), "1500", "150").await;
    assert_eq!(answer.text(), "OrderID=order-1&Status=SALES&Amount=1500&Tax=150");
    assert_eq!(stage.amounts("order-1").await, ["1500", "150", "0", "0"]);
    // One refund at a time; to ask for what is there already is no second one.
    assert_eq!(entered.change(stage.shop(), "1500", "150").await.field("Amount"), "1500");
    assert_eq!(entered.change(stage.shop(), "1000", "150").await.errors(), "M01054004");
    assert_eq!(entered.cancel(stage.shop(), "1500", "150").await.errors(), "M01054004");
    stage.half_a_minute_later().await;
    assert_eq!(stage.amounts("order-1").await, ["1500", "150", "480", "48"]);
    assert_eq!(entered.cancel(stage.shop(), "1500", "150").await.field("Status"), "REQRETURN");
    stage.half_a_minute_later().await;
    assert_eq!(stage.amounts("order-1").await, ["0", "0", "1980", "198"]);
    assert_eq!(stage.moved("refunded").await, [528, 1650]);
    let told = stage.receiver.wait_for(5).await;
    assert_eq!(stage.receiver.statuses(), ["AUTH", "SALES", "SALES", "REQRETURN", "RETURN"]);
    assert_eq!((told[2].field("Amount"), told[2].field("AmazonPayCancelAmount")), ("1500", "0"));
}

#[tokio::test]
async fn a_lower_amount_that_amazon_declines_is_restored() {
    let stage = Stage::new().await;
    let (entered, _) = stage.paid(Order::capture("order-1")).await;
    stage.fault("createRefund", 1, json!({"simulation_code": "PendingAmazonRejected"})).await;
    assert_eq!(entered.change(stage.shop(), "1500", "150").await.field("Status"), "CAPTURE");
    stage.half_a_minute_later().await;
    assert_eq!(stage.amounts("order-1").await, ["1980", "198", "0", "0"]);
    let told = stage.receiver.wait_for(3).await;
    let fields = ["Status", "Amount", "Tax", "ErrCode", "ErrInfo"];
    assert_eq!(fields.map(|name| told[2].field(name)), ["CAPTURE", "1980", "198", "AZ1", "AZ1000012"]);
}

/// One part may go up if the total goes down: the difference of the totals is given back.
#[tokio::test]
async fn down_after_capture_in_other_parts() {
    let stage = Stage::new().await;
    for (order, (amount, tax), back) in
        [("order-1", ("2000", "0"), ["0", "178"]), ("order-2", ("0", "300"), ["1878", "0"])]
    {
        let entered = stage.sold(order).await;
        let answer = entered.change(stage.shop(), amount, tax).await;
        assert_eq!(answer.text(), format!("OrderID={order}&Status=SALES&Amount={amount}&Tax={tax}"));
        stage.half_a_minute_later().await;
        assert_eq!(stage.amounts(order).await, [amount, tax, back[0], back[1]]);
        let rest = entered.cancel(stage.shop(), amount, tax).await;
        assert_eq!((rest.field("Status"), rest.field("Amount")), ("REQRETURN".to_owned(), "0".to_owned()));
        stage.half_a_minute_later().await;
        assert_eq!(stage.shop().status(order).await, "RETURN");
    }
    assert_eq!(stage.moved("refunded").await, [178, 2000, 1878, 300]);
    // Where Amazon declines it, the total is the old one again.
    let entered = stage.sold("order-3").await;
    stage.fault("createRefund", 1, json!({"simulation_code": "Declined"})).await;
    assert_eq!(entered.change(stage.shop(), "2000", "0").await.field("Amount"), "2000");
    stage.half_a_minute_later().await;
    assert_eq!(stage.amounts("order-3").await, ["2000", "178", "0", "0"]);
}

#[tokio::test]
async fn never_up_after_capture() {
    let stage = Stage::new().await;
    let sold = stage.sold("order-1").await;
    let (captured, _) = stage.paid(Order::capture("order-2")).await;
    for entered in [&sold, &captured] {
        for (amount, tax) in [("1980", "199"), ("2179", ""), ("9999999", "")] {
            assert_eq!(entered.change(stage.shop(), amount, tax).await.errors(), "M01055011", "{amount} {tax}");
        }
    }
    assert_eq!(stage.states("refunds").await, [""; 0]);
}

#[tokio::test]
async fn the_same_total_asks_nothing_of_amazon() {
    let stage = Stage::new().await;
    let (authorised, _) = stage.paid(Order::auth("order-1")).await;
    let sold = stage.sold("order-2").await;
    for (entered, status) in [(&authorised, "AUTH"), (&sold, "SALES")] {
        let same = entered.change(stage.shop(), "1980", "198").await;
        assert_eq!(same.text(), format!("OrderID={}&Status={status}&Amount=1980&Tax=198", entered.order));
        assert_eq!(stage.notifications(&entered.access_id).await.len(), if status == "AUTH" { 1 } else { 2 });
        let split = entered.change(stage.shop(), "2000", "178").await;
        assert_eq!(split.text(), format!("OrderID={}&Status={status}&Amount=2000&Tax=178", entered.order));
        assert_eq!(stage.amounts(entered.order).await, ["2000", "178", "0", "0"]);
    }
    assert_eq!(stage.states("charges").await, ["Authorized", "Captured"]);
    assert_eq!(stage.amazon_saw("createCharge").await.len() + stage.amazon_saw("createRefund").await.len(), 0);
}

#[tokio::test]
async fn where_amazon_says_no_everything_stays() {
    let stage = Stage::new().await;
    // A button that asked for no room: the whole is held already.
    let (tight, _) = stage.paid(Order::auth("order-1")).await;
    assert_eq!(tight.change(stage.shop(), "3000", "").await.errors(), "AZ1000010");
    let roomy = stage.paid_with_room(Order::auth("order-2")).await;
    assert_eq!(roomy.change(stage.shop(), "80000", "").await.errors(), "AZ1000010");
    for (reason, code) in [("SoftDeclined", "AZ1000003"), ("TransactionTimedOut", "AZ1000006")] {
        stage.fault("createCharge", 1, json!({"simulation_code": reason})).await;
        assert_eq!(roomy.change(stage.shop(), "3000", "").await.errors(), code);
    }
    for entered in [tight, roomy] {
        assert_eq!(stage.amounts(entered.order).await, ["1980", "198", "0", "0"]);
        assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "SALES");
    }
    assert_eq!(stage.states("charges").await, ["Captured", "Captured"]);
    stage.receiver.wait_for(4).await;
    assert_eq!(stage.receiver.statuses(), ["AUTH", "AUTH", "SALES", "SALES"]);
}

#[tokio::test]
async fn requests_that_are_wrong() {
    let stage = Stage::new().await;
    let entered = stage.paid_with_room(Order::auth("order-1")).await;
    for (more, codes) in [
        (vec![], "M01005001"),
        (vec![("Amount", "0")], "M01005011"),
        (vec![("Amount", "0"), ("Tax", "0")], "M01005011"),
        (vec![("Amount", "9999999"), ("Tax", "1")], "M01005011"),
        (vec![("Amount", "12345678"), ("Tax", "x")], "M01005005|M01006006"),
        (vec![("Amount", "1e3"), ("Tax", "12345678")], "M01005006|M01006005"),
    ] {
        assert_eq!(stage.shop().call("AmazonpayChange", &entered.and(&more)).await.errors(), codes, "{more:?}");
    }
    assert_eq!(entered.change(stage.other_shop(), "1000", "").await.errors(), "M01058010");
    assert_eq!(stage.amazon_saw("createCharge").await.len(), 0);
}
