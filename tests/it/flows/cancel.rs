//! AmazonpayCancel before capture, and what is wrong with a request of it at any time (psp-protocol 5.5).

use serde_json::json;

use crate::support::{Entered, Order, Stage, moved};

#[tokio::test]
async fn an_authorisation_is_let_go() {
    let stage = Stage::new().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    let answer = entered.cancel(stage.shop(), "1980", "198").await;
    assert_eq!(answer.text(), "OrderID=order-1&Status=CANCEL&Amount=0&Tax=0&CancelAmount=1980&CancelTax=198");
    assert_eq!(stage.amounts("order-1").await, ["0", "0", "1980", "198"]);
    assert_eq!(stage.movements().await, moved([("reserved", 2178), ("authorized", 2178), ("canceled", 2178)]));

    let told = &stage.receiver.wait_for(2).await[1];
    let fields = ["Status", "Amount", "Tax", "ErrInfo", "AmazonPayCancelAmount", "AmazonPayCancelTax"];
    assert_eq!(fields.map(|name| told.field(name)), ["CANCEL", "0", "0", "", "1980", "198"]);

    assert_eq!(entered.cancel(stage.shop(), "1980", "198").await.errors(), "M01054004");
    assert_eq!(entered.cancel(stage.shop(), "1", "").await.errors(), "M01054004");
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "M01054004");
    assert_eq!(stage.amazon_saw("cancelCharge").await.len(), 1);
}

#[tokio::test]
async fn the_sum_counts_not_its_parts() {
    let stage = Stage::new().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    let fields = entered.and(&[("CancelAmount", "2178")]);
    let answer = stage.shop().call_json("AmazonpayCancel", &fields).await;
    let expected = json!({
        "orderID": "order-1", "status": "CANCEL", "amount": "0", "tax": "0", "cancelAmount": "2178", "cancelTax": "0",
    });
    assert_eq!((answer.status, answer.json()), (200, expected));
}

#[tokio::test]
async fn an_authorisation_has_no_parts() {
    let stage = Stage::new().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    for (amount, tax, code) in [
        ("1", "", "M01085010"),
        ("2177", "0", "M01085010"),
        ("2179", "", "M01085011"),
        ("1980", "199", "M01085011"),
        ("9999999", "9999999", "M01085011"),
    ] {
        assert_eq!(entered.cancel(stage.shop(), amount, tax).await.errors(), code, "{amount} {tax}");
    }
    assert_eq!(stage.shop().status("order-1").await, "AUTH");
    assert_eq!(stage.amazon_saw("cancelCharge").await.len(), 0);
}

#[tokio::test]
async fn fields_that_cannot_be_read() {
    let stage = Stage::new().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    for (more, codes) in [
        (vec![], "M01085001"),
        (vec![("CancelAmount", ""), ("CancelTax", "")], "M01085001"),
        (vec![("CancelAmount", "12345678")], "M01085005"),
        (vec![("CancelAmount", "-1")], "M01085006"),
        (vec![("CancelAmount", "1.0")], "M01085006"),
        (vec![("CancelAmount", "１９８０")], "M01085006"),
        (vec![("CancelAmount", "1980"), ("CancelTax", "12345678")], "M01086005"),
        (vec![("CancelAmount", "1980"), ("CancelTax", "x")], "M01086006"),
        (vec![("CancelAmount", "x"), ("CancelTax", "x")], "M01085006|M01086006"),
        (vec![("CancelAmount", "0"), ("CancelTax", "0")], "M01085010"),
    ] {
        assert_eq!(stage.shop().call("AmazonpayCancel", &entered.and(&more)).await.errors(), codes, "{more:?}");
    }
    // Of two, the first is read.
    let twice = entered.and(&[("CancelAmount", "x"), ("CancelAmount", "1980"), ("CancelTax", "198")]);
    assert_eq!(stage.shop().call("AmazonpayCancel", &twice).await.errors(), "M01085006");
    assert_eq!(stage.shop().status("order-1").await, "AUTH");
}

#[tokio::test]
async fn who_may_and_in_which_order_it_is_judged() {
    let stage = Stage::new().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    let refused = async |it: &Entered, shop, amount| it.cancel(shop, amount, "").await.errors();
    let unknown = Entered { access_id: "0".repeat(32), ..entered.clone() };
    let wrong_pass = Entered { access_pass: "0".repeat(32), ..entered.clone() };
    let wrong_order = Entered { order: "order-2", ..entered.clone() };
    let malformed = Entered { access_pass: "x".to_owned(), ..entered.clone() };
    assert_eq!(refused(&unknown, stage.shop(), "2178").await, "M01058002");
    assert_eq!(refused(&wrong_pass, stage.shop(), "2178").await, "M01058002");
    assert_eq!(refused(&wrong_order, stage.shop(), "2178").await, "M01004002");
    assert_eq!(refused(&malformed, stage.shop(), "2178").await, "M01008008|M01058002");
    assert_eq!(refused(&entered, stage.other_shop(), "2178").await, "M01058010");
    // What is wrong with the fields comes first, and whom it is about with it.
    assert_eq!(refused(&unknown, stage.shop(), "x").await, "M01085006|M01058002");
    assert_eq!(refused(&entered, stage.other_shop(), "x").await, "M01085006|M01058010");
    let stranger = crate::support::ShopClient { shop_pass: "wrong".to_owned(), ..stage.shop().clone() };
    assert_eq!(refused(&entered, &stranger, "x").await, "M01002002");
    // The amount comes after the Status.
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "");
    assert_eq!(entered.cancel(stage.shop(), "1980", "198").await.errors(), "");
    assert_eq!(refused(&entered, stage.shop(), "9999999").await, "M01054004");
    assert_eq!(stage.amazon_saw("cancelCharge").await.len(), 0);
}

#[tokio::test]
async fn a_charge_that_amazon_cancelled_itself() {
    let stage = Stage::new().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    stage.clock.advance(31 * crate::support::DAY);
    // It lapsed there after thirty days, which is what the shop wants.
    assert_eq!(entered.cancel(stage.shop(), "1980", "198").await.field("Status"), "CANCEL");
    assert_eq!(stage.movements().await, moved([("reserved", 2178), ("authorized", 2178), ("canceled", 2178)]));
}
