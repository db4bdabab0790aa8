//! An additional payment button from the entry to the money: one-time and consent, with and without shipping.

use serde_json::json;

use super::{ADDRESS, Entry, MONTHLY, PAY_ONLY, RET_URL, session_in, the_charge};
use crate::support::{Answer, MINUTE, Stage};

fn payload_of(page: &Answer) -> serde_json::Value {
    let html = std::str::from_utf8(&page.bytes).unwrap();
    let field = html.split("name=\"payloadJSON\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let references = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    let text = references.iter().fold(field.to_owned(), |text, (reference, c)| text.replace(reference, c));
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn a_purchase_is_authorised_and_sold_or_captured_at_once() {
    let stage = Stage::new().await;
    for (order, job) in [("auth", "AUTH"), ("capture", "CAPTURE")] {
        let entry = Entry::apb(stage.shop(), order, job).await;
        let back = entry.paid(&stage, &PAY_ONLY, "card-1111").await;
        assert!(back.starts_with(&format!("{}/payment/AmazonpayReturn/{}?", stage.gateway_url, entry.id)), "{back}");
        let form = stage.browser.come_back(&back).await;
        assert_eq!((form.outcome(), form.ret_url.as_str()), ((job, ""), "https://shop.example/result?cart=1"));
        assert!(form.field("AmazonChargePermissionID").starts_with("S0"));
        assert_eq!(stage.browser.come_back(&back).await, form, "the same page for a browser that comes again");
        let exec = stage.transaction(&entry.id).await.exec.unwrap();
        assert_eq!(exec.session.unwrap().as_str(), session_in(&back));
    }
    assert_eq!(stage.amazon_saw("completeCheckoutSession").await.len(), 2);
    assert_eq!(stage.amazon_saw("updateCheckoutSession").await.len(), 0, "the payload said everything");
    assert_eq!((stage.moved("authorized").await, stage.moved("captured").await), (vec![2178, 2178], vec![2178]));
    stage.receiver.wait_for(2).await;
    assert_eq!(stage.receiver.statuses(), ["AUTH", "CAPTURE"]);
}

#[tokio::test]
async fn goods_are_sent_where_the_shop_said() {
    let stage = Stage::new().await;
    let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
    let mut fields = vec![("ApbType", "PayAndShip"), RET_URL, ("Description", "ありがとう \"x\" <b> & 'y' \\")];
    fields.extend(ADDRESS);
    let page = entry.start(&stage, stage.shop(), &fields).await;
    let payload = payload_of(&page);
    assert_eq!(payload["merchantMetadata"]["noteToBuyer"], "ありがとう \"x\" <b> & 'y' \\");
    assert_eq!(
        payload["addressDetails"],
        json!({
            "name": "髙橋 花子", "addressLine1": "元箱根1-1", "addressLine2": "関所前 \"南\" 棟",
            "addressLine3": "<3> & 'C'", "city": "箱根町", "stateOrRegion": "神奈川県", "postalCode": "250-0522",
            "countryCode": "JP", "phoneNumber": "0460-00-0000"
        })
    );
    let chosen = super::choose(&stage, stage.browser.leave(&page).await, "card-1111").await;
    let back = stage.browser.press(&chosen, "pay", &[]).await;
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTH", ""));
    let asked = stage.shop().call("SearchAddressAmazonpay", &[("OrderID", "order-1")]).await;
    assert_eq!(asked.field("ShippingName"), "髙橋 花子");
    assert_eq!(asked.field("ShippingAddressLine2"), "関所前 \"南\" 棟");
    assert_eq!(asked.field("ShippingPostalCode"), "250-0522");
}

#[tokio::test]
async fn a_consent_with_and_without_a_first_payment() {
    let stage = Stage::new().await;
    let fields = [PAY_ONLY, MONTHLY].concat();
    for (order, job, amount, status) in
        [("alone", "AUTH", "0", "REGISTER"), ("first", "AUTH", "1980", "AUTH"), ("taken", "CAPTURE", "1980", "CAPTURE")]
    {
        let entry = Entry::of(stage.shop(), order, job, amount, "3").await;
        let form = stage.browser.come_back(&entry.paid(&stage, &fields, "card-1111").await).await;
        assert_eq!(form.outcome(), (status, ""), "{order}");
        let permission = form.field("AmazonChargePermissionID").to_owned();
        assert!(permission.starts_with('C'), "{permission}: a permission to charge again");
        let again =
            Entry::of(stage.shop(), Box::leak(format!("{order}-2").into_boxed_str()), "CAPTURE", "100", "3").await;
        let charged = again.exec(stage.shop(), &[("AmazonChargePermissionID", &permission)]).await;
        assert_eq!(charged.field("Status"), "CAPTURE");
    }
    assert_eq!(stage.moved("captured").await, [298, 298, 2178, 298]);
}

#[tokio::test]
async fn the_answer_has_the_redirect_shape_and_nothing_happens_at_amazon() {
    let stage = Stage::new().await;
    let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
    let answer = entry.exec(stage.shop(), &PAY_ONLY).await;
    let names: Vec<_> = answer.text().trim_end().split('&').map(|pair| pair.split('=').next().unwrap()).collect();
    assert_eq!(names, ["AccessID", "Token", "StartURL", "StartLimitDate"]);
    assert_eq!(answer.field("StartLimitDate"), "20261123031200");
    assert_eq!(stage.shop().status("order-1").await, "REQSUCCESS");
    assert_eq!(stage.ledger().await["requests"], json!([]));

    let start = async || {
        stage.browser.start(&answer.field("StartURL"), &answer.field("AccessID"), &answer.field("Token")).await
    };
    let page = start().await;
    let html = std::str::from_utf8(&page.bytes).unwrap();
    for secret in [entry.pass.as_str(), "demoshop1pass", answer.field("Token").as_str()] {
        assert!(!html.contains(secret), "the page must not tell {secret}");
    }
    assert_eq!(stage.shop().status("order-1").await, "AUTHPROCESS");
    let again = start().await;
    assert_eq!(again.status, 400);
    assert!(again.windows_31j().contains("M01074090"));
}

#[tokio::test]
async fn a_button_in_json() {
    let stage = Stage::new().await;
    let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
    let mut fields = entry.names();
    fields.extend(PAY_ONLY);
    let answer = stage.shop().call_json("ExecTranAmazonpay", &fields).await;
    assert_eq!(answer.status, 200);
    let keys: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["accessID", "token", "startURL", "startLimitDate"]);
}

#[tokio::test]
async fn who_gives_up_or_is_declined_at_amazon() {
    let stage = Stage::new().await;
    for (order, card, code) in [("declined", "card-3434", "AZ1000003"), ("given-up", "card-3064", "AZ1000001")] {
        let entry = Entry::apb(stage.shop(), order, "AUTH").await;
        let back = entry.paid(&stage, &PAY_ONLY, card).await;
        assert_eq!(stage.browser.come_back(&back).await.outcome(), ("PAYFAIL", code));
    }
    // The cancel address has no session; its key proves that Amazon was given it.
    let entry = Entry::apb(stage.shop(), "cancelled", "AUTH").await;
    let page = entry.at_amazon(&stage, &PAY_ONLY, "card-1111").await;
    let back = stage.browser.press(&page, "cancel", &[]).await;
    assert!(!back.contains("amazonCheckoutSessionId"), "{back}");
    let form = stage.browser.come_back(&back).await;
    assert_eq!(form.outcome(), ("PAYFAIL", "AZ1000001"));
    assert_eq!(stage.browser.come_back(&back).await, form);
    stage.receiver.wait_for(3).await;
    assert_eq!(stage.receiver.statuses(), ["PAYFAIL", "PAYFAIL", "PAYFAIL"]);
    assert_eq!(stage.moved("authorized").await, [] as [i64; 0]);
}

#[tokio::test]
async fn who_cancels_before_paying_cannot_pay_afterwards() {
    let stage = Stage::new().await;
    let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
    let page = entry.start(&stage, stage.shop(), &PAY_ONLY).await;
    let sign_in = stage.browser.leave(&page).await;
    // On this page a cancellation leaves Amazon's session open.
    let cancelled = stage.browser.press(&sign_in, "cancel", &[]).await;
    assert_eq!(stage.browser.come_back(&cancelled).await.outcome(), ("PAYFAIL", "AZ1000001"));
    let chosen = super::choose(&stage, sign_in, "card-1111").await;
    let back = stage.browser.press(&chosen, "pay", &[]).await;
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("PAYFAIL", "AZ1000001"));
    assert_eq!(stage.amazon_saw("completeCheckoutSession").await.len(), 0);
}

#[tokio::test]
async fn a_cancel_address_after_the_payment_changes_nothing() {
    let stage = Stage::new().await;
    let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
    let page = entry.start(&stage, stage.shop(), &PAY_ONLY).await;
    let cancel = payload_of(&page)["webCheckoutDetails"]["checkoutCancelUrl"].as_str().unwrap().to_owned();
    let chosen = super::choose(&stage, stage.browser.leave(&page).await, "card-1111").await;
    let back = stage.browser.press(&chosen, "pay", &[]).await;
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTH", ""));
    assert_eq!(stage.browser.come_back(&cancel).await.outcome(), ("AUTH", ""));
    assert_eq!(the_charge(&stage).await["statusDetails"]["state"], "Authorized");
}

#[tokio::test]
async fn nobody_came_or_nobody_came_back() {
    let stage = Stage::new().await;
    let never_set_out = Entry::apb(stage.shop(), "never-set-out", "AUTH").await;
    assert_eq!(never_set_out.exec(stage.shop(), &PAY_ONLY).await.errors(), "");
    let late = Entry::apb(stage.shop(), "late", "AUTH").await;
    let ticket = late.exec(stage.shop(), &PAY_ONLY).await;
    let away = Entry::apb(stage.shop(), "away", "AUTH").await;
    let back = away.paid(&stage, &PAY_ONLY, "card-1111").await;
    stage.clock.advance(2 * MINUTE + 1);
    let page = stage.browser.start(&ticket.field("StartURL"), &late.id, &ticket.field("Token")).await;
    assert_eq!(crate::support::result_form(&page).outcome(), ("EXPIRED", "M01052011"));
    stage.reconcile().await;
    assert_eq!(stage.shop().status("never-set-out").await, "EXPIRED");
    assert_eq!(stage.shop().status("away").await, "AUTHPROCESS");
    stage.clock.advance(60 * MINUTE);
    stage.reconcile().await;
    assert_eq!(stage.shop().status("away").await, "EXPIRED");
    assert_eq!(stage.ledger().await["requests"], json!([]), "without a session there is nobody to ask");
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("EXPIRED", "M01052011"), "too late");
    assert_eq!(stage.amazon_saw("completeCheckoutSession").await.len(), 0);
}

#[tokio::test]
async fn who_comes_back_before_paying_may_still_pay() {
    let stage = Stage::new().await;
    let entry = Entry::apb(stage.shop(), "order-1", "AUTH").await;
    let page = entry.at_amazon(&stage, &PAY_ONLY, "card-1111").await;
    let early = entry.return_url(&stage, &session_in(&page));
    assert_eq!(stage.browser.come_back(&early).await.outcome(), ("AUTHPROCESS", ""));
    let back = stage.browser.press(&page, "pay", &[]).await;
    assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTH", ""));
}
