//! ExecTran with a charge permission: a charge without a browser (psp-protocol 5.2, 7 B).

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{DAY, Entered, Order, ShopClient, Stage, close, moved};

fn check_string(shop: &ShopClient, entered: &Entered, permission: &str) -> String {
    let Entered { order, access_id, .. } = entered;
    hex::encode(Sha256::digest(format!("{order}{access_id}{}{}{permission}", shop.shop_id, shop.shop_pass)))
}

#[tokio::test]
async fn charged_at_once() {
    let stage = Stage::new().await;
    let permission = stage.consented("order-1").await.permission;
    let shop = stage.shop();
    for (order, status) in [(Order::auth("order-2"), "AUTH"), (Order::capture("order-3"), "CAPTURE")] {
        let entered = stage.entered_alone(order).await;
        let check = check_string(shop, &entered, &permission);
        let answer = entered.charge(shop, &permission).await;
        let expected = format!(
            "ShopID={}&OrderID={}&Status={status}&TranDate=20261123031000&AmazonChargePermissionID={permission}\
             &CheckString={check}",
            shop.shop_id, order.id
        );
        assert_eq!(answer.text(), expected);
        assert_eq!(stage.trade(order.id).await["AmazonChargePermissionID"], permission);
        assert_eq!(entered.charge(shop, &permission).await.errors(), "M01004014");
    }
    assert_eq!(stage.states("charges").await, ["Authorized", "Captured"]);
    assert_eq!(stage.movements().await, moved([("authorized", 2178), ("authorized", 2178), ("captured", 2178)]));
    let told = stage.receiver.wait_for(3).await;
    assert_eq!(stage.receiver.statuses(), ["REGISTER", "AUTH", "CAPTURE"]);
    assert_eq!((told[1].field("Amount"), told[1].field("AmazonChargePermissionID")), ("1980", &*permission));
}

#[tokio::test]
async fn in_json_and_then_sold_with_its_own_notes() {
    let stage = Stage::new().await;
    let permission = stage.consented("order-1").await.permission;
    let entered = stage.entered_alone(Order::auth("order-2")).await;
    let more = [("AmazonChargePermissionID", &*permission), ("ClientField1", "box 7"), ("Description", "二月分")];
    let answer = stage.shop().call_json("ExecTranAmazonpay", &entered.and(&more)).await;
    let expected = json!({
        "shopID": "tshop00000001",
        "orderID": "order-2",
        "status": "AUTH",
        "tranDate": "20261123031000",
        "amazonChargePermissionID": permission,
        "checkString": check_string(stage.shop(), &entered, &permission),
    });
    assert_eq!((answer.status, answer.json()), (200, expected));
    assert_eq!(stage.trade("order-2").await["ClientField1"], "box 7");
    assert_eq!(stage.ledger().await["charges"][0]["merchantMetadata"]["noteToBuyer"], "二月分");
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "SALES");
    assert_eq!(entered.cancel(stage.shop(), "1980", "198").await.field("Status"), "REQRETURN");
}

#[tokio::test]
async fn a_hundred_thousand_yen_a_month() {
    let stage = Stage::new().await;
    let permission = stage.consented("order-1").await.permission;
    let charge = async |id, amount| {
        let entered = stage.entered_for(Order::capture(id), [amount, ""], String::new()).await;
        let answer = entered.charge(stage.shop(), &permission).await;
        (answer.errors(), stage.shop().status(id).await)
    };
    let (paid, refused) = ((String::new(), "CAPTURE".to_owned()), ("AZ1000010".to_owned(), "PAYFAIL".to_owned()));
    assert_eq!(charge("order-2", "100001").await, refused);
    assert_eq!(charge("order-3", "60000").await, paid);
    assert_eq!(charge("order-4", "40001").await, refused);
    assert_eq!(charge("order-5", "40000").await, paid);
    assert_eq!(charge("order-6", "1").await, refused);
    // It is 23 November; the month ends for Japan.
    stage.clock.advance(8 * DAY);
    assert_eq!(charge("order-7", "100000").await, paid);
    assert_eq!(stage.moved("captured").await, [60_000, 40_000, 100_000]);
    let told = stage.receiver.wait_for(7).await;
    assert_eq!((told[1].field("Status"), told[1].field("ErrInfo")), ("PAYFAIL", "AZ1000010"));
}

#[tokio::test]
async fn a_permission_of_somebody_else_or_of_nobody() {
    let stage = Stage::new().await;
    let permission = stage.consented("order-1").await.permission;
    let fields = [("OrderID", "order-2"), ("JobCd", "AUTH"), ("Amount", "1"), ("AmazonpayType", "3")];
    let answer = stage.other_shop().call("EntryTranAmazonpay", &fields).await;
    let entered = Entered {
        order: "order-2",
        session: String::new(),
        access_id: answer.field("AccessID"),
        access_pass: answer.field("AccessPass"),
    };
    let before = stage.ledger().await["requests"].as_array().unwrap().len();
    assert_eq!(entered.charge(stage.other_shop(), &permission).await.errors(), "M01903002");
    assert_eq!(stage.ledger().await["requests"].as_array().unwrap().len(), before, "Amazon was not even asked");
    assert_eq!(stage.other_shop().status("order-2").await, "UNPROCESSED");

    let entered = stage.entered_alone(Order::auth("order-3")).await;
    for unknown in ["C03-0000000-0000000", "P03-1234567-1234567"] {
        assert_eq!(entered.charge(stage.shop(), unknown).await.errors(), "M01903002");
    }
    // Nothing was asked for, so the order can still be paid.
    assert_eq!(entered.charge(stage.shop(), &permission).await.field("Status"), "AUTH");
}

/// What befell the permission, the code that the shop reads, and whether a later attempt with another card succeeds.
#[tokio::test]
async fn a_permission_that_cannot_be_charged() {
    let stage = Stage::new().await;
    for (consent, order, befell, code) in [
        ("consent-1", "order-1", json!({"reason": "PaymentMethodExpired"}), "AZ1000008"),
        ("consent-2", "order-2", json!({"reason": "BuyerCanceled"}), "AZ1000009"),
        ("consent-3", "order-3", json!({"reason": "AmazonClosed"}), "AZ1000009"),
        ("consent-4", "order-4", Value::Null, "AZ1000009"),
    ] {
        let permission = stage.consented(consent).await.permission;
        if befell.is_null() {
            assert_eq!(close(stage.shop(), &permission).await.field("Status"), "END");
        } else {
            stage.befall(&permission, befell).await;
        }
        let entered = stage.entered_alone(Order::auth(order)).await;
        let fields = entered.and(&[("AmazonChargePermissionID", &permission)]);
        let answer = stage.shop().call_json("ExecTranAmazonpay", &fields).await;
        assert_eq!((answer.status, answer.json()), (502, json!([{"errCode": "AZ1", "errInfo": code}])), "{order}");
        assert_eq!(stage.shop().status(order).await, "PAYFAIL");
        assert_eq!(entered.charge(stage.shop(), &permission).await.errors(), "M01004014", "over");
    }
    assert_eq!(stage.movements().await, moved([]));
}

#[tokio::test]
async fn a_blocked_permission_recovers_with_another_card() {
    let stage = Stage::new().await;
    let permission = stage.consented("order-1").await.permission;
    stage.befall(&permission, json!({"payment": "card-8002"})).await;
    let first = stage.entered_alone(Order::auth("order-2")).await;
    assert_eq!(first.charge(stage.shop(), &permission).await.errors(), "AZ1000004");
    let second = stage.entered_alone(Order::auth("order-3")).await;
    assert_eq!(second.charge(stage.shop(), &permission).await.errors(), "AZ1000008");
    stage.befall(&permission, json!({"payment": "card-4444"})).await;
    let third = stage.entered_alone(Order::auth("order-4")).await;
    assert_eq!(third.charge(stage.shop(), &permission).await.field("Status"), "AUTH");
}

#[tokio::test]
async fn declined() {
    let stage = Stage::new().await;
    for (count, (consent, order, reason, code)) in [
        ("consent-1", "order-1", "SoftDeclined", "AZ1000003"),
        ("consent-2", "order-2", "HardDeclined", "AZ1000004"),
        ("consent-3", "order-3", "AmazonRejected", "AZ1000002"),
        ("consent-4", "order-4", "TransactionTimedOut", "AZ1000006"),
        ("consent-5", "order-5", "MFANotCompleted", "AZ1000011"),
    ]
    .into_iter()
    .enumerate()
    {
        let permission = stage.consented(consent).await.permission;
        let entered = stage.entered_alone(Order::auth(order)).await;
        stage.fault("createCharge", 1, json!({"simulation_code": reason})).await;
        assert_eq!(entered.charge(stage.shop(), &permission).await.errors(), code, "{reason}");
        assert_eq!(stage.shop().status(order).await, "PAYFAIL");
        let told = stage.receiver.wait_for(2 * count + 2).await;
        let last = told.iter().find(|one| one.field("OrderID") == order).unwrap();
        let fields = ["Status", "ErrCode", "ErrInfo", "AmazonChargePermissionID"];
        assert_eq!(fields.map(|name| last.field(name)), ["PAYFAIL", "AZ1", code, ""], "{reason}");
    }
    assert_eq!(stage.movements().await, moved([]));
}

#[tokio::test]
async fn requests_that_are_wrong() {
    let stage = Stage::new().await;
    let permission = stage.consented("order-1").await.permission;
    let long = "P".repeat(65);
    let entered = stage.entered_alone(Order::auth("order-2")).await;
    let key = ("AmazonChargePermissionID", &*permission);
    for (more, codes) in [
        (vec![("AmazonChargePermissionID", &*long)], "M01903005"),
        (vec![("AmazonChargePermissionID", "a b")], "M01903008"),
        (vec![("AmazonChargePermissionID", "")], "M01902001"),
        (vec![key, ("AmazonCheckoutSessionID", "11111111-1111-1111-1111-111111111111")], "M01911010"),
        (vec![key, ("FrequencyUnit", "Month"), ("FrequencyValue", "1")], "M01911010"),
    ] {
        assert_eq!(stage.shop().call("ExecTranAmazonpay", &entered.and(&more)).await.errors(), codes, "{more:?}");
    }
    assert_eq!(entered.charge(stage.other_shop(), &permission).await.errors(), "M01058010");
    let nothing = stage.entered_for(Order::auth("order-3"), ["0", "0"], String::new()).await;
    assert_eq!(nothing.charge(stage.shop(), &permission).await.errors(), "M01005011");
    assert_eq!(stage.amazon_saw("createCharge").await.len(), 0);
}

#[tokio::test]
async fn what_entry_tran_declared_must_be_so() {
    let stage = Stage::new().await;
    let permission = stage.consented("order-1").await.permission;
    for (order, declared, codes) in [("order-2", "0", "M01911010"), ("order-3", "2", "M01911010"), ("order-4", "1", "")]
    {
        let entry = [("OrderID", order), ("JobCd", "AUTH"), ("Amount", "1980"), ("AmazonpayType", "3")];
        let answer =
            stage.shop().call("EntryTranAmazonpay", &[&entry[..], &[("PaymentType", declared)]].concat()).await;
        let (access_id, access_pass) = (answer.field("AccessID"), answer.field("AccessPass"));
        let entered = Entered { order, session: String::new(), access_id, access_pass };
        assert_eq!(entered.charge(stage.shop(), &permission).await.errors(), codes, "{declared}");
    }
}
