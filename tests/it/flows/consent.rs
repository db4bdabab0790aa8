//! A consent to charges at intervals, registered by way of the review page (psp-protocol 5.2, 6).

use sha2::{Digest as _, Sha256};

use crate::support::deeds::{MONTHLY, monthly};
use crate::support::{Order, Stage, moved};

#[tokio::test]
async fn without_a_first_amount_it_is_registered() {
    let stage = Stage::new().await;
    let session = stage.session(monthly(), "chosen").await;
    let entered = stage.entered_for(Order::auth("order-1"), ["0", ""], session).await;
    let fields = [entered.exec_fields(), MONTHLY.to_vec()].concat();
    let ticket = stage.shop().call("ExecTranAmazonpay", &fields).await;
    let page = stage.browser.start(&ticket.field("StartURL"), &entered.access_id, &ticket.field("Token")).await;
    let back = stage.browser.press(&page.location.unwrap(), "pay", &[]).await;
    let form = stage.browser.come_back(&back).await;

    assert_eq!(form.outcome(), ("REGISTER", ""));
    let permission = form.field("AmazonChargePermissionID");
    assert_eq!(permission, stage.ledger().await["chargePermissions"][0]["chargePermissionId"]);
    let shop = stage.shop();
    let whole = format!("order-1{}{}{}{permission}", entered.access_id, shop.shop_id, shop.shop_pass);
    assert_eq!(form.field("CheckString"), hex::encode(Sha256::digest(whole)));
    assert_eq!(stage.movements().await, moved([]));
    assert_eq!(stage.trade("order-1").await["AmazonChargePermissionID"], permission);
    let told = &stage.receiver.wait_for(1).await[0];
    assert_eq!(
        ["Status", "Amount", "Tax", "ErrInfo", "AmazonChargePermissionID"].map(|name| told.field(name)),
        ["REGISTER", "0", "0", "", permission]
    );
    let registered = &stage.ledger().await["chargePermissions"][0];
    assert_eq!(registered["chargePermissionType"], "Recurring");
    assert_eq!(registered["recurringMetadata"]["frequency"], serde_json::json!({"unit": "Month", "value": "1"}));
}

#[tokio::test]
async fn with_a_first_amount_that_is_paid_and_more_can_be_charged() {
    let stage = Stage::new().await;
    for (order, next) in [(Order::auth("order-1"), "order-2"), (Order::capture("order-3"), "order-4")] {
        let session = stage.session(monthly(), "chosen").await;
        let entered = stage.entered_for(order, ["1980", "198"], session).await;
        let (status, permission) = stage.pay(&entered, &MONTHLY).await;
        assert_eq!(status, order.job);
        let later = stage.entered_alone(Order::capture(next)).await;
        assert_eq!(later.charge(stage.shop(), &permission).await.field("Status"), "CAPTURE");
    }
    assert_eq!(stage.states("charges").await, ["Authorized", "Captured", "Captured", "Captured"]);
    assert_eq!(stage.moved("captured").await, [2178, 2178, 2178]);
}

#[tokio::test]
async fn cycles_that_cannot_be() {
    let stage = Stage::new().await;
    let session = stage.session(monthly(), "chosen").await;
    let entered = stage.entered_for(Order::auth("order-1"), ["0", ""], session).await;
    for (unit, value, codes) in [
        ("Month", "", "M01908001"),
        ("", "1", "M01907001"),
        ("Fortnight", "1", "M01907002"),
        ("month", "1", "M01907002"),
        ("Month", "x", "M01908006"),
        ("Month", "-1", "M01908006"),
        ("Month", "0", "M01908011"),
        ("Variable", "1", "M01908011"),
        ("Fortnight", "x", "M01907002|M01908006"),
        // No cycle at all: no consent, and then there is nothing to charge.
        ("", "", "M01005011"),
    ] {
        let fields = [entered.exec_fields(), vec![("FrequencyUnit", unit), ("FrequencyValue", value)]].concat();
        let answer = stage.shop().call("ExecTranAmazonpay", &fields).await;
        assert_eq!(answer.errors(), codes, "{unit} {value}");
    }
    assert_eq!(stage.shop().status("order-1").await, "UNPROCESSED");
    assert_eq!(stage.amazon_saw("updateCheckoutSession").await.len(), 0);
}

#[tokio::test]
async fn every_cycle_that_can_be() {
    let stage = Stage::new().await;
    for (order, unit, value) in [
        ("order-1", "Year", "1"),
        ("order-2", "Month", "3"),
        ("order-3", "Week", "2"),
        ("order-4", "Day", "30"),
        ("order-5", "Variable", "0"),
    ] {
        let session = stage.session(monthly(), "chosen").await;
        let entered = stage.entered_for(Order::auth(order), ["0", ""], session).await;
        let cycle = [("FrequencyUnit", unit), ("FrequencyValue", value)];
        assert_eq!(stage.pay(&entered, &cycle).await.0, "REGISTER");
        let ledger = stage.ledger().await;
        let newest = ledger["chargePermissions"].as_array().unwrap().last().unwrap();
        assert_eq!(
            newest["recurringMetadata"]["frequency"],
            serde_json::json!({"unit": unit, "value": value}),
            "what the shop said last counts"
        );
    }
}

#[tokio::test]
async fn what_entry_tran_declared_must_be_so() {
    let stage = Stage::new().await;
    for (order, declared, cycle, codes) in [
        ("order-1", "2", false, "M01911010"),
        ("order-2", "0", true, "M01911010"),
        ("order-3", "1", true, "M01911010"),
        ("order-4", "1", false, "M01911010"),
        ("order-5", "2", true, ""),
        ("order-6", "0", false, ""),
    ] {
        let session = stage.session(monthly(), "chosen").await;
        let entry = [("OrderID", order), ("JobCd", "AUTH"), ("Amount", "1980"), ("AmazonpayType", "3")];
        let entry = [&entry[..], &[("PaymentType", declared)]].concat();
        let answer = stage.shop().call("EntryTranAmazonpay", &entry).await;
        let (id, pass) = (answer.field("AccessID"), answer.field("AccessPass"));
        let mut fields = vec![("AccessID", &*id), ("AccessPass", &pass), ("OrderID", order)];
        fields.extend([("AmazonCheckoutSessionID", &*session), ("RetURL", "https://shop.example/")]);
        if cycle {
            fields.extend(MONTHLY);
        }
        assert_eq!(stage.shop().call("ExecTranAmazonpay", &fields).await.errors(), codes, "{order}");
    }
}
