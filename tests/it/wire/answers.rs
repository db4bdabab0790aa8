//! Whole answers when all is well.

use serde_json::json as value;

use super::{ENTRY, id_pass, json};
use crate::support::{Order, Stage};

/// Somebody whose name and address have characters that Windows-31J lacks.
const YOSHIDA: &str = "amzn1.account.SEKISHOYOSHIDA02";

#[tokio::test]
async fn entry_tran() {
    let stage = Stage::new().await;
    let answer = stage.shop().call("EntryTranAmazonpay", &ENTRY).await;
    let (id, pass) = (answer.field("AccessID"), answer.field("AccessPass"));
    assert_eq!(id_pass(&answer), format!("AccessID={id}&AccessPass={pass}"));
    for secret in [&id, &pass] {
        assert!(secret.len() == 32 && secret.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{secret}");
    }
    let fields = ENTRY.map(|(name, text)| if name == "OrderID" { (name, "order-2") } else { (name, text) });
    let answer = stage.shop().call_json("EntryTranAmazonpay", &fields).await;
    let (id, pass) = (answer.json()["accessID"].clone(), answer.json()["accessPass"].clone());
    assert_eq!(json(&answer), (200, format!(r#"{{"accessID":{id},"accessPass":{pass}}}"#).as_str()));
}

#[tokio::test]
async fn exec_tran() {
    let stage = Stage::new().await;
    let entered = stage.entered(Order::auth("order-1")).await;
    let answer = entered.exec(stage.shop()).await;
    let token = answer.field("Token");
    let expected = format!(
        "AccessID={}&Token={token}&StartURL={}/payment/AmazonpayStart.idPass&StartLimitDate=20261123031200",
        entered.access_id, stage.gateway_url
    );
    assert_eq!(id_pass(&answer), expected);
    assert!(token.len() == 64 && token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')));

    let entered = stage.entered(Order::auth("order-2")).await;
    let answer = stage.shop().call_json("ExecTranAmazonpay", &entered.exec_fields()).await;
    let body = answer.json();
    let expected = format!(
        r#"{{"accessID":"{}","token":{},"startURL":"{}/payment/AmazonpayStart.idPass","startLimitDate":"20261123031200"}}"#,
        entered.access_id, body["token"], stage.gateway_url
    );
    assert_eq!(json(&answer), (200, expected.as_str()));
}

#[tokio::test]
async fn search_address() {
    let stage = Stage::new().await;
    let session = stage.browser.choose_at_amazon(stage.shop(), YOSHIDA, "card-0000").await;
    let fields = [("AmazonCheckoutSessionID", session.as_str())];
    let answer = stage.shop().call("SearchAddressAmazonpay", &fields).await;
    // The first character of the name is none of Windows-31J's; wave dash and em dash become their look-alikes.
    assert_eq!(
        id_pass(&answer),
        "ShippingCountryCode=JP&ShippingCity=&ShippingCounty=&ShippingDistrict=&ShippingPostalCode=604-0001\
         &ShippingStateOrRegion=%8B%9E%93s%95%7B\
         &ShippingAddressLine1=%8B%9E%93s%8Es%92%86%8B%9E%8B%E6%89G%8A%DB%92%CA%93%F1%8F%F0%8F%E3%82%E9+1%81%603%94%D4%92n\
         &ShippingAddressLine2=%83%81%83%5D%83%93%81%5C%3F%96%EC%89%C6+5%8D%86&ShippingAddressLine3=\
         &ShippingName=%3F%93c+%8EO%98Y&ShippingPhoneNumber=09000000002\
         &AmazonBuyerID=amzn1.account.SEKISHOYOSHIDA02&AmazonAccountName=%3F%93c+%8EO%98Y\
         &AmazonMailAddress=saburo%40buyer.example&AmazonPhoneNumber=09000000002\
         &BillingCountryCode=JP&BillingCity=&BillingCounty=&BillingDistrict=&BillingPostalCode=604-0001\
         &BillingStateOrRegion=%8B%9E%93s%95%7B\
         &BillingAddressLine1=%8B%9E%93s%8Es%92%86%8B%9E%8B%E6%89G%8A%DB%92%CA%93%F1%8F%F0%8F%E3%82%E9+1%81%603%94%D4%92n\
         &BillingAddressLine2=%83%81%83%5D%83%93%81%5C%3F%96%EC%89%C6+5%8D%86&BillingAddressLine3=\
         &BillingName=%3F%93c+%8EO%98Y&BillingPhoneNumber=09000000002\
         &PaymentDescriptor=JCB+****0000+%28Amazon+Pay%29"
    );
    let answer = stage.shop().call_json("SearchAddressAmazonpay", &fields).await;
    assert_eq!(json(&answer).0, 200);
    let address = answer.json();
    assert_eq!(address["shippingName"], "𠮷田 三郎");
    assert_eq!(address["shippingAddressLine1"], "京都市中京区烏丸通二条上る 1〜3番地");
    assert_eq!(address["billingAddressLine3"], "");
    let names: Vec<_> = address.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!((names.len(), names[0], names[26]), (27, "shippingCountryCode", "paymentDescriptor"));
}

#[tokio::test]
async fn a_shop_may_have_raw_values() {
    let stage = Stage::with(|plan| plan.shops[0].response_encoding = sekisho::config::ResponseEncoding::Raw).await;
    let session = stage.browser.choose_at_amazon(stage.shop(), YOSHIDA, "card-1111").await;
    let answer = stage.shop().call("SearchAddressAmazonpay", &[("AmazonCheckoutSessionID", &session)]).await;
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "text/plain;charset=Windows-31J"));
    let text = answer.windows_31j();
    assert!(text.contains("&ShippingStateOrRegion=京都府&"), "{text}");
    assert!(text.contains("&ShippingName=?田 三郎&"), "{text}");
    assert!(text.ends_with("&PaymentDescriptor=Visa ****1111 (Amazon Pay)"), "{text}");
}

#[tokio::test]
async fn sales() {
    let stage = Stage::new().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    assert_eq!(
        id_pass(&entered.sell(stage.shop(), "1980", "198").await),
        "OrderID=order-1&Status=SALES&Amount=1980&Tax=198"
    );
    let (entered, _) = stage.paid(Order::auth("order-2")).await;
    let mut fields = entered.names().to_vec();
    fields.push(("Amount", "2000"));
    let answer = stage.shop().call_json("AmazonpaySales", &fields).await;
    assert_eq!(json(&answer), (200, r#"{"orderID":"order-2","status":"SALES","amount":"2000","tax":"0"}"#));
}

#[tokio::test]
async fn search_trade_multi() {
    let stage = Stage::new().await;
    let search = [("OrderID", "order-1"), ("PayType", "38")];
    let entered = stage.entered(Order::auth("order-1")).await;
    let answer = stage.shop().call("SearchTradeMulti", &search).await;
    let line = |status: &str, fields: &str, rest: &str| {
        format!(
            "Status={status}&ProcessDate=20261123031000&JobCd=AUTH&AccessID={}&AccessPass={}&Amount=1980&Tax=198\
             &{fields}&PayType=38&AmazonOrderReferenceID=&{rest}",
            entered.access_id, entered.access_pass
        )
    };
    let nothing = "ClientField1=&ClientField2=&ClientField3=";
    let unpaid = "AmazonPayCancelAmount=&AmazonPayCancelTax=&AmazonBillingAgreementID=&AmazonChargePermissionID=";
    assert_eq!(id_pass(&answer), line("UNPROCESSED", nothing, unpaid));

    let mut exec = entered.exec_fields();
    exec.extend([("ClientField1", "会員 1*-._"), ("ClientField3", "50%+@")]);
    assert_eq!(stage.shop().call("ExecTranAmazonpay", &exec).await.errors(), "");
    let answer = stage.shop().call("SearchTradeMulti", &search).await;
    let noted = "ClientField1=%89%EF%88%F5+1*-._&ClientField2=&ClientField3=50%25%2B%40";
    assert_eq!(id_pass(&answer), line("REQSUCCESS", noted, unpaid));

    let (paid, form) = stage.paid(Order::capture("order-2")).await;
    let answer = stage.shop().call_json("SearchTradeMulti", &[("OrderID", "order-2"), ("PayType", "38")]).await;
    assert_eq!(json(&answer).0, 200);
    let expected = value!({
        "status": "CAPTURE", "processDate": "20261123031000", "jobCd": "CAPTURE", "accessID": paid.access_id,
        "accessPass": paid.access_pass, "amount": "1980", "tax": "198", "clientField1": "", "clientField2": "",
        "clientField3": "", "payType": "38", "amazonOrderReferenceID": "", "amazonPayCancelAmount": "0",
        "amazonPayCancelTax": "0", "amazonBillingAgreementID": "",
        "amazonChargePermissionID": form.field("AmazonChargePermissionID"),
    });
    assert_eq!(json(&answer).1, expected.to_string(), "the order of the fields counts too");
}
