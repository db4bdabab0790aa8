//! ExecTran with a session and without RetURL: the buyer has paid inside the shop's page (psp-protocol 13.15).

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::deeds::{MONTHLY, on_page};
use crate::support::{Entered, Order, Stage, moved};

#[tokio::test]
async fn finalized_at_once() {
    let stage = Stage::new().await;
    let shop = stage.shop();
    for (order, status) in [(Order::auth("order-1"), "AUTH"), (Order::capture("order-2"), "CAPTURE")] {
        let entered = stage.paid_on_page(order).await;
        let answer = entered.finalize(shop).await;
        let permission = answer.field("AmazonChargePermissionID");
        let whole = format!("{}{}{}{}{permission}", order.id, entered.access_id, shop.shop_id, shop.shop_pass);
        let expected = format!(
            "ShopID={}&OrderID={}&Status={status}&TranDate=20261123031000&AmazonChargePermissionID={permission}\
             &CheckString={}",
            shop.shop_id,
            order.id,
            hex::encode(Sha256::digest(whole))
        );
        assert_eq!(answer.text(), expected);
        let trade = stage.trade(order.id).await;
        assert_eq!((&*trade["Status"], &trade["AmazonChargePermissionID"]), (status, &permission));
        assert_eq!(entered.finalize(shop).await.errors(), "M01004014");
        assert_eq!(entered.exec(shop).await.errors(), "M01004014");
    }
    let money =
        [("reserved", 2178), ("authorized", 2178), ("reserved", 2178), ("authorized", 2178), ("captured", 2178)];
    assert_eq!(stage.movements().await, moved(money));
    assert_eq!(stage.amazon_saw("completeCheckoutSession").await.len(), 0);
    stage.receiver.wait_for(2).await;
    assert_eq!(stage.receiver.statuses(), ["AUTH", "CAPTURE"]);
}

#[tokio::test]
async fn what_follows_is_as_after_any_payment() {
    let stage = Stage::new().await;
    let entered = stage.paid_on_page(Order::auth("order-1")).await;
    let fields = entered.and(&[("AmazonCheckoutSessionID", &entered.session), ("ClientField2", "box 7")]);
    let answer = stage.shop().call_json("ExecTranAmazonpay", &fields).await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("AUTH")));
    assert_eq!(stage.trade("order-1").await["ClientField2"], "box 7");
    assert_eq!(entered.sell(stage.shop(), "1000", "").await.field("Status"), "SALES");
    assert_eq!(entered.cancel(stage.shop(), "1000", "").await.field("Status"), "REQRETURN");
    stage.half_a_minute_later().await;
    assert_eq!(stage.shop().status("order-1").await, "RETURN");
}

#[tokio::test]
async fn a_session_that_says_otherwise_charges_nothing() {
    let stage = Stage::new().await;
    for (order, terms) in [
        (Order::auth("amount"), on_page("Authorize", 2177)),
        (Order::auth("intent"), on_page("AuthorizeWithCapture", 2178)),
        (Order::capture("intent-2"), on_page("Authorize", 2178)),
    ] {
        let session = stage.session(terms, "paid").await;
        let entered = stage.entered_for(order, ["1980", "198"], session).await;
        let answer = stage
            .shop()
            .call_json("ExecTranAmazonpay", &entered.and(&[("AmazonCheckoutSessionID", &entered.session)]))
            .await;
        assert_eq!((answer.status, answer.json()), (502, json!([{"errCode": "AZ1", "errInfo": "AZ1000013"}])));
        assert_eq!(stage.shop().status(order.id).await, "PAYFAIL");
        assert_eq!(entered.finalize(stage.shop()).await.errors(), "M01004014");
    }
    assert_eq!(stage.states("charges").await, [""; 0]);
    assert_eq!(stage.moved("authorized").await, [] as [i64; 0]);
    let told = stage.receiver.wait_for(3).await;
    assert!(told.iter().all(|one| (one.field("Status"), one.field("ErrInfo")) == ("PAYFAIL", "AZ1000013")));
}

/// Each of Amazon's words for "not as agreed", at Finalize and at Complete (psp-protocol 13.15).
#[tokio::test]
async fn every_mismatch_has_one_code_and_ends_the_transaction() {
    let stage = Stage::new().await;
    for (place, word) in [
        "ChargeAmountMismatch",
        "TotalOrderAmountMismatch",
        "CanHandlePendingAuthorizationMismatch",
        "PaymentIntentMismatch",
        "ShippingAddressMismatch",
        "BillingAddressMismatch",
    ]
    .into_iter()
    .enumerate()
    {
        let order = Order::auth(["m-0", "m-1", "m-2", "m-3", "m-4", "m-5"][place]);
        let entered = stage.paid_on_page(order).await;
        stage.fault("finalizeCheckoutSession", 1, json!({"status": 409, "reason_code": word})).await;
        assert_eq!(entered.finalize(stage.shop()).await.errors(), "AZ1000013", "{word}");
        assert_eq!(stage.shop().status(order.id).await, "PAYFAIL", "{word}");
    }
    let (_, back) = stage.agreed(Order::auth("completed")).await;
    stage.fault("completeCheckoutSession", 1, json!({"status": 409, "reason_code": "AmountMismatch"})).await;
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("PAYFAIL", "AZ1000013"));
    assert_eq!(stage.moved("authorized").await, [] as [i64; 0]);
}

#[tokio::test]
async fn a_session_that_cannot_be_finalized() {
    let stage = Stage::new().await;
    let chosen = stage.session(on_page("Authorize", 2178), "chosen").await;
    let unpaid = stage.entered_for(Order::auth("unpaid"), ["1980", "198"], chosen).await;
    assert_eq!(unpaid.finalize(stage.shop()).await.errors(), "AZ1000007");
    let reviewed = stage.entered(Order::auth("reviewed")).await;
    assert_eq!(reviewed.finalize(stage.shop()).await.errors(), "AZ1000007");
    let unknown = "00000000-0000-4000-8000-000000000000".to_owned();
    let unknown = stage.entered_for(Order::auth("unknown"), ["1980", "198"], unknown).await;
    assert_eq!(unknown.finalize(stage.shop()).await.errors(), "AZ1000007");
    assert_eq!(stage.shop().status("unknown").await, "UNPROCESSED", "the shop may come again with the right one");
    let nothing = stage.session(on_page("Authorize", 2178), "paid").await;
    let nothing = stage.entered_for(Order::auth("nothing"), ["0", ""], nothing).await;
    assert_eq!(nothing.finalize(stage.shop()).await.errors(), "M01005011");
    assert_eq!(stage.states("charges").await, [""; 0]);
}

/// The buyer was asked for one payment: no consent comes of it, whatever the shop says.
#[tokio::test]
async fn a_consent_needs_a_buyer_who_was_asked_for_one() {
    let stage = Stage::new().await;
    for (order, kind, cycle) in [("declared", Some("2"), false), ("cycle", None, true), ("both", Some("2"), true)] {
        let session = stage.session(on_page("Authorize", 2178), "paid").await;
        let mut fields = vec![("OrderID", order), ("JobCd", "AUTH"), ("Amount", "2178"), ("AmazonpayType", "3")];
        fields.extend(kind.map(|kind| ("PaymentType", kind)));
        let answer = stage.shop().call("EntryTranAmazonpay", &fields).await;
        let (access_id, access_pass) = (answer.field("AccessID"), answer.field("AccessPass"));
        let entered = Entered { order, session, access_id, access_pass };
        let mut fields = entered.and(&[("AmazonCheckoutSessionID", &entered.session)]);
        fields.extend(MONTHLY.iter().filter(|_| cycle));
        assert_eq!(stage.shop().call("ExecTranAmazonpay", &fields).await.errors(), "M01911010", "{order}");
        assert_eq!(stage.shop().status(order).await, "UNPROCESSED", "{order}");
        assert!(!stage.has_open_intent(&entered.access_id).await, "{order}");
    }
    assert_eq!(stage.amazon_saw("finalizeCheckoutSession").await.len(), 0);
    assert_eq!(stage.states("chargePermissions").await, [""; 0]);
}

#[tokio::test]
async fn declined() {
    let stage = Stage::new().await;
    for (order, reason, code) in [
        ("order-1", "HardDeclined", "AZ1000004"),
        ("order-2", "AmazonRejected", "AZ1000002"),
        ("order-3", "TransactionTimedOut", "AZ1000006"),
    ] {
        let entered = stage.paid_on_page(Order::auth(order)).await;
        stage.fault("finalizeCheckoutSession", 1, json!({"simulation_code": reason})).await;
        assert_eq!(entered.finalize(stage.shop()).await.errors(), code, "{reason}");
        assert_eq!(stage.shop().status(order).await, "PAYFAIL");
    }
    assert_eq!(stage.moved("authorized").await, [] as [i64; 0]);
}

#[tokio::test]
async fn one_session_pays_one_order() {
    let stage = Stage::new().await;
    let first = stage.paid_on_page(Order::auth("order-1")).await;
    let second = stage.entered_for(Order::auth("order-2"), ["1980", "198"], first.session.clone()).await;
    assert_eq!(first.finalize(stage.shop()).await.errors(), "");
    assert_eq!(second.finalize(stage.shop()).await.errors(), "AZ1000007");
    assert_eq!(second.exec(stage.shop()).await.errors(), "AZ1000007");
    assert_eq!(stage.moved("authorized").await, [2178]);
}
