use proptest::prelude::*;

use crate::domain::{AccessId, ChargePermissionId, JobCd, Millis, OrderId, ShopId, Status, Yen};
use crate::protocol::*;

const MOMENT: Millis = Millis(1_795_371_000_123);

fn line(reply: &impl Reply) -> String {
    String::from_utf8(reply.encode(Style::IdPass, ResponseEncoding::Percent)).unwrap()
}

fn object(reply: &impl Reply) -> String {
    String::from_utf8(reply.encode(Style::Json, ResponseEncoding::Percent)).unwrap()
}

fn access_id() -> AccessId {
    AccessId::new("0a".repeat(16)).unwrap()
}

fn order_id() -> OrderId {
    OrderId::new("ORDER-1").unwrap()
}

fn permission() -> ChargePermissionId {
    ChargePermissionId::new("S03-1234567-1234567").unwrap()
}

#[test]
fn entry() {
    let reply = EntryTranReply { access_id: access_id(), access_pass: "0b".repeat(16) };
    assert_eq!(line(&reply), "AccessID=0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a&AccessPass=0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
    assert_eq!(
        object(&reply),
        r#"{"accessID":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","accessPass":"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"}"#
    );
}

#[test]
fn a_redirect_leaves_token_and_start_url_raw() {
    let reply = RedirectReply {
        access_id: access_id(),
        token: "ab+/cd==".to_owned(),
        start_url: "http://127.0.0.1:8080/payment/AmazonpayStart.idPass".to_owned(),
        start_limit: MOMENT,
    };
    assert_eq!(
        line(&reply),
        "AccessID=0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a&Token=ab+/cd==\
         &StartURL=http://127.0.0.1:8080/payment/AmazonpayStart.idPass&StartLimitDate=20261123031000"
    );
    assert!(object(&reply).contains(r#""token":"ab+/cd==","startURL":"http://127.0.0.1:8080/payment/"#));
}

#[test]
fn an_immediate_answer_leaves_out_a_permission_that_is_not_there() {
    let mut reply = ImmediateReply {
        shop_id: ShopId::new("tshop00000001").unwrap(),
        order_id: order_id(),
        status: Status::Capture,
        tran_date: MOMENT,
        charge_permission_id: Some(permission()),
        check_string: "00".to_owned(),
    };
    assert_eq!(
        line(&reply),
        "ShopID=tshop00000001&OrderID=ORDER-1&Status=CAPTURE&TranDate=20261123031000\
         &AmazonChargePermissionID=S03-1234567-1234567&CheckString=00"
    );
    reply.charge_permission_id = None;
    assert!(line(&reply).ends_with("&TranDate=20261123031000&CheckString=00"));
}

#[test]
fn sales_and_cancel() {
    let (amount, tax) = (Yen::new(1000).unwrap(), Yen::new(80).unwrap());
    let sales = AmountReply { order_id: order_id(), status: Status::Sales, amount, tax };
    assert_eq!(line(&sales), "OrderID=ORDER-1&Status=SALES&Amount=1000&Tax=80");
    assert_eq!(object(&sales), r#"{"orderID":"ORDER-1","status":"SALES","amount":"1000","tax":"80"}"#);
    let cancel = CancelReply {
        order_id: order_id(),
        status: Status::ReqReturn,
        amount: Yen::ZERO,
        tax: Yen::ZERO,
        cancel_amount: amount,
        cancel_tax: tax,
    };
    assert_eq!(line(&cancel), "OrderID=ORDER-1&Status=REQRETURN&Amount=0&Tax=0&CancelAmount=1000&CancelTax=80");
}

#[test]
fn charge_permissions() {
    let found = ChargePermissionReply {
        charge_permission_id: permission(),
        status: "Chargeable".to_owned(),
        reason_code: String::new(),
        amount_limit: None,
        amount_balance: Yen::new(500),
    };
    let expected = "AmazonChargePermissionID=S03-1234567-1234567&Status=Chargeable&ReasonCode=&AmountLimit=";
    assert_eq!(line(&found), format!("{expected}&AmountBalance=500"));
    let closed = ClosedReply { charge_permission_id: permission() };
    assert_eq!(line(&closed), "AmazonChargePermissionID=S03-1234567-1234567&Status=END");
}

fn trade() -> TradeReply {
    TradeReply {
        status: Status::Auth,
        process_date: MOMENT,
        job: JobCd::Auth,
        access_id: access_id(),
        access_pass: "0b".repeat(16),
        amount: Yen::new(1000).unwrap(),
        tax: Yen::ZERO,
        client_fields: [Some("会員 1".to_owned()), None, None],
        cancel_amount: None,
        cancel_tax: None,
        charge_permission_id: Some(permission()),
    }
}

#[test]
fn a_trade_has_all_its_fields_also_the_blank_ones() {
    let head = "Status=AUTH&ProcessDate=20261123031000&JobCd=AUTH&AccessID=0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\
                &AccessPass=0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b&Amount=1000&Tax=0&ClientField1=";
    let tail = "&ClientField2=&ClientField3=&PayType=38&AmazonOrderReferenceID=&AmazonPayCancelAmount=\
                &AmazonPayCancelTax=&AmazonBillingAgreementID=&AmazonChargePermissionID=S03-1234567-1234567";
    assert_eq!(line(&trade()), format!("{head}%89%EF%88%F5+1{tail}"));
    let raw = trade().encode(Style::IdPass, ResponseEncoding::Raw);
    let expected = [head.as_bytes(), b"\x89\xEF\x88\xF5 1", tail.as_bytes()].concat();
    assert_eq!(raw, expected);
    assert!(object(&trade()).contains(r#""clientField1":"会員 1","clientField2":"","#));
}

#[test]
fn an_address_has_27_fields_in_the_order_of_the_class() {
    let mut reply = AddressReply { payment_descriptor: "JCB ****1111 (Amazon Pay)".to_owned(), ..Default::default() };
    reply.shipping.state_or_region = "東京都".to_owned();
    reply.shipping.line1 = "1〜2😀".to_owned();
    reply.billing.name = "a&b=c".to_owned();
    assert_eq!(reply.fields().len(), 27);
    assert_eq!(
        line(&reply),
        "ShippingCountryCode=&ShippingCity=&ShippingCounty=&ShippingDistrict=&ShippingPostalCode=\
         &ShippingStateOrRegion=%93%8C%8B%9E%93s&ShippingAddressLine1=1%81%602%3F&ShippingAddressLine2=\
         &ShippingAddressLine3=&ShippingName=&ShippingPhoneNumber=\
         &AmazonBuyerID=&AmazonAccountName=&AmazonMailAddress=&AmazonPhoneNumber=\
         &BillingCountryCode=&BillingCity=&BillingCounty=&BillingDistrict=&BillingPostalCode=&BillingStateOrRegion=\
         &BillingAddressLine1=&BillingAddressLine2=&BillingAddressLine3=&BillingName=a%26b%3Dc&BillingPhoneNumber=\
         &PaymentDescriptor=JCB+****1111+%28Amazon+Pay%29"
    );
}

#[test]
fn errors_pair_codes_with_details() {
    let two = [codes::SHOP_ID_MISSING, codes::SHOP_PASS_MISSING];
    assert_eq!(errors(&two, Style::IdPass), b"ErrCode=M01|M01&ErrInfo=M01002001|M01003001");
    assert_eq!(
        errors(&two, Style::Json),
        br#"[{"errCode":"M01","errInfo":"M01002001"},{"errCode":"M01","errInfo":"M01003001"}]"#
    );
    let busy = [codes::STILL_PROCESSING];
    assert_eq!(errors(&busy, Style::IdPass), b"ErrCode=E90&ErrInfo=E90010001");
}

proptest! {
    #[test]
    fn no_text_can_add_a_field(text in any::<String>()) {
        let mut reply = trade();
        reply.client_fields = [Some(text.clone()), Some(text), None];
        for encoding in [ResponseEncoding::Percent, ResponseEncoding::Raw] {
            let line = reply.encode(Style::IdPass, encoding);
            prop_assert_eq!(line.split(|b| *b == b'&').count(), 16);
            prop_assert!(!line.iter().any(|b| b"\r\n".contains(b)));
        }
        let percent = reply.encode(Style::IdPass, ResponseEncoding::Percent);
        prop_assert_eq!(percent.split(|b| *b == b'=').count(), 17);
    }
}
