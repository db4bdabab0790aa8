//! SearchAddressAmazonpay by each of its three keys (psp-protocol 5.7 and 7 F).

use serde_json::json;

use super::{Entry, PAY_ONLY, permit};
use crate::support::{Answer, HANAKO, Order, ShopClient, Stage};

/// The buyer signs in at a shop that asks for `scopes`; answers the buyer's token.
pub(crate) async fn sign_in(stage: &Stage, of: &ShopClient, scopes: Option<&[&str]>) -> String {
    let shop = stage.gateway.shops().iter().find(|shop| shop.settings.merchant_id == of.merchant_id).unwrap();
    let mut payload = json!({"signInReturnUrl": "https://shop.example/hello", "storeId": shop.settings.store_id});
    if let Some(scopes) = scopes {
        payload["signInScopes"] = json!(scopes);
    }
    let signed = shop.merchant.sign_button(payload.to_string()).unwrap();
    let form = [
        ("merchantId", of.merchant_id.as_str()),
        ("publicKeyId", &signed.public_key_id),
        ("ledgerCurrency", "JPY"),
        ("placement", "Other"),
        ("productType", "SignIn"),
        ("payloadJSON", &signed.payload),
        ("signature", &signed.signature),
        ("algorithm", signed.algorithm),
    ];
    let page = stage.browser.post(&format!("{}/checkout/initiate", stage.browser.sandbox_url), &form).await;
    let back = stage.browser.press(&page, "sign-in", &[("buyer", HANAKO)]).await;
    let back = url::Url::parse(&back).unwrap();
    back.query_pairs().find(|(name, _)| name == "buyerToken").unwrap().1.into_owned()
}

async fn search(shop: &ShopClient, fields: &[(&str, &str)]) -> Answer {
    shop.call("SearchAddressAmazonpay", fields).await
}

#[tokio::test]
async fn who_signed_in_as_far_as_was_asked() {
    let stage = Stage::new().await;
    let all = ["name", "email", "phoneNumber", "shippingAddress", "billingAddress"];
    let token = sign_in(&stage, stage.shop(), Some(&all)).await;
    let everything = search(stage.shop(), &[("AmazonBuyerToken", &token)]).await;
    assert_eq!(everything.fields().len(), 27);
    assert_eq!(everything.field("AmazonBuyerID"), HANAKO);
    assert_eq!(everything.field("AmazonAccountName"), "箱根 花子");
    for name in ["AmazonMailAddress", "AmazonPhoneNumber", "ShippingPostalCode", "BillingPostalCode"] {
        assert_ne!(everything.field(name), "", "{name}");
    }
    assert_eq!(everything.field("PaymentDescriptor"), "");

    let token = sign_in(&stage, stage.shop(), Some(&["name"])).await;
    let little = search(stage.shop(), &[("AmazonBuyerToken", &token)]).await;
    assert_eq!(
        (little.field("AmazonBuyerID"), little.field("AmazonAccountName").is_empty()),
        (HANAKO.to_owned(), false)
    );
    for name in ["AmazonMailAddress", "AmazonPhoneNumber", "ShippingPostalCode", "ShippingName", "BillingPostalCode"] {
        assert_eq!(little.field(name), "", "{name}");
    }
    let asked = search(stage.other_shop(), &[("AmazonBuyerToken", &token)]).await;
    assert_eq!(asked.errors(), "AZ1000007", "another shop's token");
}

#[tokio::test]
async fn tokens_that_open_nothing() {
    let stage = Stage::new().await;
    for token in ["unknown", "a/b?c#d%2F..", "../charges/x", "+/=~!*'()"] {
        assert_eq!(search(stage.shop(), &[("AmazonBuyerToken", token)]).await.errors(), "AZ1000007", "{token}");
    }
    let seen = stage.amazon_saw("getBuyer").await;
    assert_eq!(seen.len(), 4, "each stays one segment of a path: {seen:?}");
    let too_long = "a".repeat(2049);
    for token in [".", "..", "あ", "a b", &too_long] {
        assert_eq!(search(stage.shop(), &[("AmazonBuyerToken", token)]).await.errors(), "M01909005", "{token}");
    }
    assert_eq!(stage.amazon_saw("getBuyer").await.len(), 4);
    let token = sign_in(&stage, stage.shop(), None).await;
    stage.fault("getBuyer", 100, json!({"status": 503})).await;
    assert_eq!(search(stage.shop(), &[("AmazonBuyerToken", &token)]).await.errors(), "AZ1000999");
    stage.mend().await;
    assert_eq!(search(stage.shop(), &[("AmazonBuyerToken", &token)]).await.errors(), "");
}

#[tokio::test]
async fn exactly_one_of_the_three_keys() {
    let stage = Stage::new().await;
    let (session, order, token) =
        (("AmazonCheckoutSessionID", "s-1"), ("OrderID", "order-1"), ("AmazonBuyerToken", "t-1"));
    for fields in [vec![session, order], vec![session, token], vec![order, token], vec![session, order, token]] {
        assert_eq!(search(stage.shop(), &fields).await.errors(), "M01911010", "{fields:?}");
    }
    assert_eq!(search(stage.shop(), &[]).await.errors(), "M01902001");
    let blank = [("AmazonCheckoutSessionID", ""), ("OrderID", ""), ("AmazonBuyerToken", "")];
    assert_eq!(search(stage.shop(), &blank).await.errors(), "M01902001");
    assert_eq!(search(stage.shop(), &[order]).await.errors(), "M01004002");
    assert_eq!(stage.ledger().await["requests"], json!([]));
}

#[tokio::test]
async fn an_order_is_asked_about_as_soon_as_somebody_knows_its_buyer() {
    let stage = Stage::new().await;
    let name = async |order: &str| {
        let answer = search(stage.shop(), &[("OrderID", order)]).await;
        let errors = answer.errors();
        if errors.is_empty() { answer.field("AmazonAccountName") } else { errors }
    };
    let (entered, _) = stage.paid(Order::auth("review")).await;
    assert_eq!(name("review").await, "箱根 花子", "the permission knows what the completed session forgot");
    let by_session = search(stage.shop(), &[("AmazonCheckoutSessionID", &entered.session)]).await;
    assert_eq!(by_session.field("AmazonAccountName"), "");

    let apb = Entry::apb(stage.shop(), "apb", "AUTH").await;
    assert_eq!(name("apb").await, "M01054004", "not executed");
    let back = apb.paid(&stage, &PAY_ONLY, "card-1111").await;
    assert_eq!(name("apb").await, "M01054004", "not back yet");
    stage.browser.come_back(&back).await;
    assert_eq!(name("apb").await, "箱根 花子");

    let permission = permit(&stage, stage.shop(), 2178, "OneTime", "card-1111").await;
    let cpsp = Entry::cpsp(stage.shop(), "cpsp", "AUTH").await;
    let fields = [[("AmazonChargePermissionID", permission.as_str()); 1].as_slice(), &PAY_ONLY].concat();
    cpsp.exec(stage.shop(), &fields).await;
    assert_eq!(name("cpsp").await, "箱根 花子");
    assert_eq!(search(stage.other_shop(), &[("OrderID", "cpsp")]).await.errors(), "M01004002");
}
