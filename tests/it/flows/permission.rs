//! SearchChargePermissionAmazonpay and CloseChargePermissionAmazonpay (psp-protocol 5.8, 5.9).

use serde_json::json;

use crate::apb::permit;
use crate::support::{Order, ShopClient, Stage, close, moved};

async fn search(stage: &Stage, permission: &str) -> String {
    let fields = [("AmazonChargePermissionID", permission)];
    stage.shop().call("SearchChargePermissionAmazonpay", &fields).await.text().to_owned()
}

#[tokio::test]
async fn what_a_consent_still_allows() {
    let stage = Stage::new().await;
    let permission = stage.consented("order-1").await.permission;
    let says = |tail: &str| format!("AmazonChargePermissionID={permission}&{tail}");
    assert_eq!(
        search(&stage, &permission).await,
        says("Status=Chargeable&ReasonCode=&AmountLimit=100000&AmountBalance=100000")
    );
    let entered = stage.entered_alone(Order::auth("order-2")).await;
    assert_eq!(entered.charge(stage.shop(), &permission).await.errors(), "");
    assert_eq!(
        search(&stage, &permission).await,
        says("Status=Chargeable&ReasonCode=&AmountLimit=100000&AmountBalance=97822")
    );
    stage.befall(&permission, json!({"reason": "PaymentMethodExpired"})).await;
    assert_eq!(
        search(&stage, &permission).await,
        says("Status=NonChargeable&ReasonCode=PaymentMethodExpired&AmountLimit=100000&AmountBalance=97822")
    );
    assert_eq!(close(stage.shop(), &permission).await.errors(), "");
    assert_eq!(
        search(&stage, &permission).await,
        says("Status=Closed&ReasonCode=MerchantClosed&AmountLimit=100000&AmountBalance=97822")
    );
    let json =
        stage.shop().call_json("SearchChargePermissionAmazonpay", &[("AmazonChargePermissionID", &permission)]).await;
    let expected = json!({
        "amazonChargePermissionID": permission,
        "status": "Closed",
        "reasonCode": "MerchantClosed",
        "amountLimit": "100000",
        "amountBalance": "97822",
    });
    assert_eq!((json.status, json.json()), (200, expected));
}

#[tokio::test]
async fn closed_once() {
    let stage = Stage::new().await;
    let consented = stage.consented("order-1").await;
    let permission = &consented.permission;
    // What was authorised on it stays the shop's.
    let entered = stage.entered_alone(Order::auth("order-2")).await;
    assert_eq!(entered.charge(stage.shop(), permission).await.errors(), "");
    assert_eq!(
        close(stage.shop(), permission).await.text(),
        format!("AmazonChargePermissionID={permission}&Status=END")
    );
    assert_eq!(stage.shop().status("order-1").await, "END");
    assert_eq!(stage.states("chargePermissions").await, ["Closed"]);
    assert_eq!(close(stage.shop(), permission).await.errors(), "AZ1000009");
    assert_eq!(stage.amazon_saw("closeChargePermission").await.len(), 1);
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "SALES");
    let told = stage.receiver.wait_for(4).await;
    assert_eq!(stage.receiver.statuses(), ["REGISTER", "AUTH", "END", "SALES"]);
    assert_eq!((told[2].field("OrderID"), told[2].field("AmazonChargePermissionID")), ("order-1", &**permission));
}

#[tokio::test]
async fn the_permission_of_a_payment_can_be_closed_and_the_payment_stays() {
    let stage = Stage::new().await;
    let entered = stage.paid_with_room(Order::auth("order-1")).await;
    let permission = stage.trade("order-1").await["AmazonChargePermissionID"].clone();
    assert_eq!(close(stage.shop(), &permission).await.field("Status"), "END");
    assert_eq!(stage.shop().status("order-1").await, "AUTH");
    assert_eq!(entered.change(stage.shop(), "3000", "").await.errors(), "AZ1000009");
    assert_eq!(close(stage.shop(), &permission).await.errors(), "AZ1000009");
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "SALES");
    assert_eq!(stage.movements().await, moved([("reserved", 2178), ("authorized", 2178), ("captured", 2178)]));
}

#[tokio::test]
async fn closed_by_the_buyer_before() {
    let stage = Stage::new().await;
    let permission = stage.consented("order-1").await.permission;
    stage.befall(&permission, json!({"reason": "BuyerCanceled"})).await;
    let key = [("AmazonChargePermissionID", &*permission)];
    let answer = stage.shop().call_json("CloseChargePermissionAmazonpay", &key).await;
    assert_eq!((answer.status, answer.json()), (502, json!([{"errCode": "AZ1", "errInfo": "AZ1000009"}])));
    assert_eq!(stage.amazon_saw("closeChargePermission").await.len(), 0);
    assert!(!stage.has_open_intent(&stage.transaction_id("order-1").await).await);
}

/// A consent that was given elsewhere: no transaction here has it, and Amazon says whose it is.
#[tokio::test]
async fn one_that_this_book_does_not_know_is_closed_at_amazon() {
    let stage = Stage::new().await;
    let elsewhere = permit(&stage, stage.shop(), 2178, "Recurring", "card-1111").await;
    assert_eq!(close(stage.other_shop(), &elsewhere).await.errors(), "M01903002", "it is another account's");
    assert_eq!(stage.amazon_saw("closeChargePermission").await.len(), 0);
    assert_eq!(
        close(stage.shop(), &elsewhere).await.text(),
        format!("AmazonChargePermissionID={elsewhere}&Status=END")
    );
    assert!(search(&stage, &elsewhere).await.contains("Status=Closed&ReasonCode=MerchantClosed"));
    assert_eq!(close(stage.shop(), &elsewhere).await.errors(), "AZ1000009");
    assert_eq!(stage.amazon_saw("closeChargePermission").await.len(), 1);
    // Where nobody knows what became of it, the shop asks again.
    let doubtful = permit(&stage, stage.shop(), 2178, "Recurring", "card-1111").await;
    stage.fault("closeChargePermission", 1, json!({"status": 422, "reason_code": "SomethingNew"})).await;
    assert_eq!(close(stage.shop(), &doubtful).await.errors(), "AZ1000099");
    assert_eq!(close(stage.shop(), &doubtful).await.field("Status"), "END");
}

#[tokio::test]
async fn of_another_shop_or_of_nobody() {
    let stage = Stage::new().await;
    let permission = stage.consented("order-1").await.permission;
    for call in ["SearchChargePermissionAmazonpay", "CloseChargePermissionAmazonpay"] {
        let errors = async |shop: &ShopClient, permission: &str| {
            shop.call(call, &[("AmazonChargePermissionID", permission)]).await.errors()
        };
        let long = "P".repeat(65);
        assert_eq!(errors(stage.other_shop(), &permission).await, "M01903002");
        assert_eq!(errors(stage.shop(), "C03-0000000-0000000").await, "M01903002");
        assert_eq!(stage.shop().call(call, &[]).await.errors(), "M01903001");
        assert_eq!(errors(stage.shop(), "").await, "M01903001");
        assert_eq!(errors(stage.shop(), &long).await, "M01903005");
        assert_eq!(errors(stage.shop(), "C03-0000000-000000/").await, "M01903008");
        let stranger = ShopClient { shop_pass: "wrong".to_owned(), ..stage.shop().clone() };
        assert_eq!(errors(&stranger, "/").await, "M01002002");
    }
    assert_eq!(stage.amazon_saw("closeChargePermission").await.len(), 0);
    assert_eq!(stage.shop().status("order-1").await, "REGISTER");
}
