//! A permission that the buyer approved in Amazon's own window: charged at once, in the immediate shape.

use sha2::{Digest as _, Sha256};

use super::{Entry, PAY_ONLY, RET_URL, permit, the_charge};
use crate::support::Stage;

fn on<'a>(permission: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![("AmazonChargePermissionID", permission)];
    fields.extend_from_slice(more);
    fields
}

#[tokio::test]
async fn charged_at_once_as_the_job_says() {
    let stage = Stage::new().await;
    for (order, job, kind) in [
        ("auth", "AUTH", "OneTime"),
        ("capture", "CAPTURE", "OneTime"),
        ("consent", "AUTH", "Recurring"),
        ("consent-taken", "CAPTURE", "Recurring"),
    ] {
        let permission = permit(&stage, stage.shop(), 2178, kind, "card-1111").await;
        let entry = Entry::cpsp(stage.shop(), order, job).await;
        let answer = entry.exec(stage.shop(), &on(&permission, &PAY_ONLY)).await;
        let text = format!("{order}{}tshop00000001demoshop1pass{permission}", entry.id);
        let check = hex::encode(Sha256::digest(text));
        assert_eq!(
            answer.text(),
            format!(
                "ShopID=tshop00000001&OrderID={order}&Status={job}&TranDate=20261123031000\
                 &AmazonChargePermissionID={permission}&CheckString={check}"
            )
        );
        assert_eq!(entry.exec(stage.shop(), &on(&permission, &PAY_ONLY)).await.errors(), "M01004014");
    }
    assert_eq!(stage.moved("captured").await, [2178, 2178]);
    stage.receiver.wait_for(4).await;
    assert_eq!(stage.receiver.statuses(), ["AUTH", "CAPTURE", "AUTH", "CAPTURE"]);
}

#[tokio::test]
async fn shipping_or_not_the_charge_is_the_same_and_can_be_sold() {
    let stage = Stage::new().await;
    let permission = permit(&stage, stage.shop(), 2178, "OneTime", "card-1111").await;
    let entry = Entry::cpsp(stage.shop(), "order-1", "AUTH").await;
    // Amazon's window has asked for the address: the shop need not send one.
    let answer = entry.exec(stage.shop(), &on(&permission, &[("ApbType", "PayAndShip"), RET_URL])).await;
    assert_eq!(answer.field("Status"), "AUTH");
    let charge = the_charge(&stage).await;
    let url = format!("{}/payment/AmazonpayReturn/{}", stage.gateway_url, entry.id);
    assert_eq!(charge["webCheckoutDetails"]["checkoutResultReturnUrl"], url);
    let mut sell = entry.names();
    sell.extend([("Amount", "1980"), ("Tax", "198")]);
    assert_eq!(stage.shop().call("AmazonpaySales", &sell).await.field("Status"), "SALES");
}

#[tokio::test]
async fn an_on_demand_charge_names_no_return_address() {
    let stage = Stage::new().await;
    let permission = permit(&stage, stage.shop(), 2178, "Recurring", "card-1111").await;
    let entry = Entry::cpsp(stage.shop(), "order-1", "AUTH").await;
    assert_eq!(entry.exec(stage.shop(), &on(&permission, &[])).await.field("Status"), "AUTH");
    assert_eq!(the_charge(&stage).await["webCheckoutDetails"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_consent_without_money_is_registered_where_amazon_has_one() {
    let stage = Stage::new().await;
    let consent = permit(&stage, stage.shop(), 2178, "Recurring", "card-1111").await;
    let once = permit(&stage, stage.shop(), 2178, "OneTime", "card-1111").await;
    let theirs = permit(&stage, stage.other_shop(), 2178, "Recurring", "card-1111").await;
    let closed = permit(&stage, stage.shop(), 2178, "Recurring", "card-1111").await;
    let blocked = permit(&stage, stage.shop(), 2178, "Recurring", "card-1111").await;
    for (permission, reason) in [(&closed, "BuyerCanceled"), (&blocked, "PaymentMethodExpired")] {
        let url = format!("{}/_control/chargePermissions/{permission}", stage.browser.sandbox_url);
        let body = format!("{{\"reason\":\"{reason}\"}}");
        assert_eq!(stage.http.post(url).body(body).send().await.unwrap().status().as_u16(), 200);
    }
    let enter = async |order: &'static str| {
        let fields =
            [("OrderID", order), ("JobCd", "AUTH"), ("Amount", "0"), ("AmazonpayType", "4"), ("PaymentType", "2")];
        let answer = stage.shop().call("EntryTranAmazonpay", &fields).await;
        Entry { order, id: answer.field("AccessID"), pass: answer.field("AccessPass") }
    };
    for (order, permission, expected) in [
        ("once", &once, "M01911010"),
        ("theirs", &theirs, "M01903002"),
        ("closed", &closed, "AZ1000009"),
        ("blocked", &blocked, "AZ1000008"),
    ] {
        let entry = enter(order).await;
        assert_eq!(entry.exec(stage.shop(), &on(permission, &PAY_ONLY)).await.errors(), expected, "{order}");
        assert_eq!(stage.shop().status(order).await, "UNPROCESSED");
    }
    let entry = enter("order-1").await;
    let answer = entry.exec(stage.shop(), &on(&consent, &PAY_ONLY)).await;
    assert_eq!((answer.field("Status"), answer.field("AmazonChargePermissionID")), ("REGISTER".to_owned(), consent));
    assert_eq!(stage.amazon_saw("createCharge").await.len(), 0);
    stage.receiver.wait_for(1).await;
    assert_eq!(stage.receiver.statuses(), ["REGISTER"]);
    // Nor does a first payment make a consent of it: nothing is asked of Amazon.
    let fields =
        [("OrderID", "paid"), ("JobCd", "AUTH"), ("Amount", "2178"), ("AmazonpayType", "4"), ("PaymentType", "2")];
    let answer = stage.shop().call("EntryTranAmazonpay", &fields).await;
    let paid = Entry { order: "paid", id: answer.field("AccessID"), pass: answer.field("AccessPass") };
    assert_eq!(paid.exec(stage.shop(), &on(&once, &PAY_ONLY)).await.errors(), "M01911010");
    assert_eq!(stage.shop().status("paid").await, "UNPROCESSED");
    assert_eq!(stage.amazon_saw("createCharge").await.len(), 0);
    let fresh = permit(&stage, stage.shop(), 2178, "Recurring", "card-1111").await;
    assert_eq!(paid.exec(stage.shop(), &on(&fresh, &PAY_ONLY)).await.field("Status"), "AUTH");
    // Without the declaration nothing says that it is a consent.
    let undeclared = Entry::of(stage.shop(), "undeclared", "AUTH", "0", "4").await;
    assert_eq!(undeclared.exec(stage.shop(), &on(&once, &PAY_ONLY)).await.errors(), "M01005011");
}
