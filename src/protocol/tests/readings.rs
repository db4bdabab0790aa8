use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::{ACCESS, SHOP, form, joined};
use crate::domain::{AmazonpayType, CheckoutSessionId, JobCd, OrderId, PaymentType, Yen};
use crate::protocol::encoding::{encode_windows_31j, form_encode};
use crate::protocol::*;

const W31J: RequestEncoding = RequestEncoding::Windows31J;

fn entry(rest: &str) -> Reading<EntryTran> {
    read_entry_tran(&form(format!("{SHOP}&{rest}").as_bytes()), W31J)
}

#[test]
fn an_entry_is_read() {
    let reading = entry(
        "OrderID=ORDER-1&JobCd=AUTH&Amount=1000&Tax=&AmazonpayType=3&User=x&Version=108&Unknown=%FF&PaymentType=",
    );
    let expected = EntryTran {
        order_id: OrderId::new("ORDER-1").unwrap(),
        job: JobCd::Auth,
        amount: Yen::new(1000).unwrap(),
        tax: Yen::ZERO,
        amazonpay_type: AmazonpayType::Standard,
        payment_type: None,
    };
    assert_eq!(reading.request, Some(expected));
    let credentials = reading.credentials.unwrap();
    assert_eq!(credentials.shop_id.as_str(), "tshop00000001");
    assert_eq!(credentials.shop_pass.expose_secret(), "demoshop1pass");
    assert!(!format!("{credentials:?}").contains("demoshop1pass"));
}

#[test]
fn json_is_read_the_same_way() {
    let body = r#"{"shopID":"tshop00000001","shopPass":"demoshop1pass","orderID":"ORDER-1","jobCd":"CAPTURE",
        "amount":1000,"tax":null,"amazonpayType":4,"paymentType":"2"}"#;
    let raw = RawRequest::decode(Style::Json, Some("application/json"), None, body.as_bytes()).unwrap();
    let request = read_entry_tran(&raw, W31J).request.unwrap();
    assert_eq!(request.amazonpay_type, AmazonpayType::Cpsp);
    assert_eq!(request.payment_type, Some(PaymentType::Consent));
}

#[test]
fn everything_missing_is_said_in_the_order_of_the_parameters() {
    let reading = read_entry_tran(&form(b"a="), W31J);
    assert_eq!(joined(&reading.faults), "M01002001|M01003001|M01004001|M01054001|M01005001|M01901001");
    assert!(reading.credentials.is_none() && reading.request.is_none());
    let reading = read_sales(&form(b"a="), W31J);
    assert_eq!(joined(&reading.faults), "M01002001|M01003001|M01007001|M01008001|M01004001|M01005001");
    let reading = read_search_trade_multi(&form(b"OrderID=O&PayType=38"), W31J);
    assert_eq!(joined(&reading.faults), "M01002001|M01003001");
}

/// Format before combination (psp-protocol 11.4); only EntryTran's sum comes where its parameter stands (5.1).
#[test]
fn what_cannot_be_together_is_told_after_what_is_malformed() {
    let entry = entry("OrderID=O&JobCd=AUTH&Amount=9999999&Tax=1&AmazonpayType=9&Version=1234");
    assert_eq!(joined(&entry.faults), "M01005011|M01901002|M01001005");
    let raw = |rest: &str| form(format!("{SHOP}&{ACCESS}&OrderID=O&{rest}&Version=1234").as_bytes());
    assert_eq!(joined(&read_sales(&raw("Amount=9999999&Tax=1"), W31J).faults), "M01001005|M01005011");
    assert_eq!(joined(&read_cancel(&raw("CancelAmount=0"), W31J).faults), "M01001005|M01085010");
    let address = read_search_address(&raw("AmazonBuyerToken=t"), W31J);
    assert_eq!(joined(&address.faults), "M01001005|M01911010");
    let exec =
        "AmazonCheckoutSessionID=s&ApbType=PayOnly&RetURL=/&FrequencyUnit=Month&FrequencyValue=0&PaymentTermSec=0";
    let exec = read_exec_tran(&raw(exec), W31J);
    assert_eq!(joined(&exec.faults), "M01059008|M01048011|M01001005|M01911010|M01908011");
}

#[test]
fn each_limit_of_an_entry_has_its_code() {
    let good = "OrderID=O&JobCd=AUTH&Amount=1&AmazonpayType=3";
    let cases = [
        ("OrderID=1234567890123456789012345678", "M01004012"),
        ("OrderID=a_b", "M01004013"),
        ("OrderID=_234567890123456789012345678", "M01004012|M01004013"),
        ("OrderID=%93%FA", "M01004013"),
        ("OrderID=%93", "M01004013"),
        ("JobCd=CHECK", "M01054010"),
        ("JobCd=auth", "M01054010"),
        ("Amount=12345678", "M01005005"),
        ("Amount=-1", "M01005006"),
        ("Amount=1%2C000", "M01005006"),
        ("Amount=%82%50", "M01005006"), // full-width
        ("Amount=abcdefgh", "M01005005|M01005006"),
        ("Tax=12345678", "M01006005"),
        ("Tax=x", "M01006006"),
        ("Amount=9999999&Tax=1", "M01005011"),
        ("Amount=0&PaymentType=0", "M01005011"),
        ("Amount=0&PaymentType=1", "M01005011"),
        ("Amount=0&PaymentType=2", ""),
        ("Amount=0", ""),
        ("Amount=0&Tax=5&PaymentType=0", ""),
        ("AmazonpayType=1", "M01901002"),
        ("PaymentType=3", "M01910002"),
        ("Version=1000", "M01001005"),
        ("Version=1000&Amount=x&JobCd=x", "M01054010|M01005006|M01001005"),
        ("ShopID=short", "M01002008"),
        ("ShopPass=a!", "M01003008"),
    ];
    for (change, expected) in cases {
        // The first value counts, so what changes comes first.
        let reading = read_entry_tran(&form(format!("{change}&{SHOP}&{good}").as_bytes()), W31J);
        assert_eq!(joined(&reading.faults), expected, "{change}");
        assert_eq!(reading.request.is_some(), expected.is_empty(), "{change}");
    }
}

#[test]
fn what_exists_can_be_asked_for_although_other_parameters_are_at_fault() {
    let reading = read_search_trade_multi(&form(format!("{SHOP}&OrderID=null&PayType=null").as_bytes()), W31J);
    assert_eq!(joined(&reading.faults), "M01051005|M01051011");
    assert_eq!(reading.order_id.unwrap().as_str(), "null");
    assert!(reading.credentials.is_some() && reading.request.is_none());
    assert_eq!(joined(&entry("OrderID=O&Amount=1").faults), "M01054001|M01901001");
}

#[test]
fn a_malformed_access_pair_is_told_from_a_missing_one() {
    let sales = |access: &str| read_sales(&form(format!("{SHOP}&{access}&OrderID=O&Amount=1").as_bytes()), W31J);
    let reading = sales("AccessID=x&AccessPass=y");
    assert_eq!(joined(&reading.faults), "M01007008|M01008008");
    assert!(matches!(reading.access, Access::Malformed));
    let reading = sales("AccessID=x");
    assert_eq!(joined(&reading.faults), "M01007008|M01008001");
    assert!(matches!(reading.access, Access::Missing));
    let reading = sales(ACCESS);
    assert!(matches!(&reading.access, Access::Pair(pair) if pair.access_pass.expose_secret() == "0b".repeat(16)));
    assert!(!format!("{reading:?}").contains(&"0b".repeat(16)));
    assert!(reading.request.is_some());
}

#[test]
fn totals_of_sales_change_and_cancel() {
    let body = |rest: &str| form(format!("{SHOP}&{ACCESS}&OrderID=O&{rest}").as_bytes());
    for (rest, expected) in [("Amount=0", "M01005011"), ("Amount=9999999&Tax=1", "M01005011"), ("Amount=0&Tax=1", "")] {
        assert_eq!(joined(&read_sales(&body(rest), W31J).faults), expected, "{rest}");
        assert_eq!(joined(&read_change(&body(rest), W31J).faults), expected, "{rest}");
    }
    let cases = [
        ("a=", "M01085001"),
        ("CancelAmount=x&CancelTax=y", "M01085006|M01086006"),
        ("CancelAmount=12345678&CancelTax=12345678", "M01085005|M01086005"),
        ("CancelAmount=0", "M01085010"),
        ("CancelAmount=9999999&CancelTax=1", "M01085011"),
        ("CancelAmount=1", ""),
    ];
    for (rest, expected) in cases {
        assert_eq!(joined(&read_cancel(&body(rest), W31J).faults), expected, "{rest}");
    }
}

#[test]
fn an_address_is_searched_by_exactly_one_key() {
    let read = |rest: &str| read_search_address(&form(format!("{SHOP}&{rest}").as_bytes()), W31J);
    assert_eq!(joined(&read("a=").faults), "M01902001");
    assert_eq!(joined(&read("OrderID=O&AmazonCheckoutSessionID=s").faults), "M01911010");
    assert_eq!(joined(&read("OrderID=_&AmazonBuyerToken=%20").faults), "M01004013|M01909005|M01911010");
    assert_eq!(joined(&read("AmazonCheckoutSessionID=..%2Fcharges").faults), "M01902008");
    let session = SearchAddress::Session(CheckoutSessionId::new("c1f7-a").unwrap());
    assert_eq!(read("AmazonCheckoutSessionID=c1f7-a&OrderID=").request, Some(session));
    assert_eq!(read("AmazonBuyerToken=a%2Bb").request, Some(SearchAddress::BuyerToken("a+b".to_owned())));
    assert!(matches!(read("OrderID=O").request, Some(SearchAddress::Order(_))));
}

#[test]
fn a_charge_permission_is_needed_and_checked() {
    let read = |rest: &str| read_close_charge_permission(&form(format!("{SHOP}&{rest}").as_bytes()), W31J);
    assert_eq!(joined(&read("a=").faults), "M01903001");
    assert_eq!(joined(&read("AmazonChargePermissionID=a%2Fb").faults), "M01903008");
    assert_eq!(joined(&read(&format!("AmazonChargePermissionID={}", "a".repeat(65))).faults), "M01903005");
    assert!(read("AmazonChargePermissionID=C03-1234567-1234567").request.is_some());
}

/// Text that `field` allows, or nearly: one in eight is anything at all.
fn text_for(field: Field) -> impl Strategy<Value = Vec<u8>> {
    let fair = match field {
        Field::ShopId => "[0-9A-Za-z]{13}",
        Field::ShopPass => "[0-9A-Za-z]{1,64}",
        Field::AccessId | Field::AccessPass => "[0-9A-Fa-f]{32}",
        Field::OrderId => "[0-9A-Za-z-]{1,27}",
        Field::JobCd => "AUTH|CAPTURE",
        Field::Amount | Field::Tax | Field::CancelAmount | Field::CancelTax => "[0-9]{1,7}|0",
        Field::AmazonpayType => "[34]",
        Field::PaymentType => "[012]",
        Field::PayType => "38",
        Field::AmazonCheckoutSessionId => "[0-9A-Za-z._-]{1,256}|[.]{1,3}",
        Field::AmazonChargePermissionId => "[0-9A-Za-z._-]{1,64}|[.]{1,3}",
        Field::ApbType => "PayOnly|PayAndShip",
        Field::RetUrl => "https?://[a-z0-9.:\\[\\]@%-]{1,20}/[!-~]{0,30}",
        Field::FrequencyUnit => "Year|Month|Week|Day|Variable",
        Field::FrequencyValue => "0|[0-9]{1,3}",
        Field::PaymentTermSec => "[0-9]{1,5}",
        Field::AddressCountryCode => "[A-Z]{2}",
        Field::AddressPostalCode | Field::AddressPhoneNumber => "[0-9-]{1,20}",
        Field::Token => "[0-9A-Za-z+/ ]{64}",
        _ => "[!-~]{1,20}|[ァ-ヶ]{1,20}",
    };
    prop_oneof![7 => fair.prop_map(|text: String| encode_windows_31j(&text)), 1 => any::<Vec<u8>>()]
}

/// A form in which each parameter of `call` is there nine times of ten.
fn request_of(call: Call) -> impl Strategy<Value = Vec<u8>> {
    let pair = |field: Field| {
        (prop::bool::weighted(0.9), text_for(field)).prop_map(move |(sent, text)| {
            let mut pair = format!("&{}=", field.name(Style::IdPass)).into_bytes();
            form_encode(if sent { &text } else { b"" }, &mut pair);
            pair
        })
    };
    call.fields().iter().map(|(field, _)| pair(*field)).collect::<Vec<_>>().prop_map(|pairs| pairs.concat())
}

fn is_whole<T>(reading: &Reading<T>) -> bool {
    reading.request.is_some() == reading.faults.is_empty() && !reading.faults.contains(&codes::UNEXPECTED)
}

proptest! {
    #[test]
    fn a_reading_has_a_request_or_faults_and_never_a_gap(
        (call, body) in prop::sample::select(Call::ALL.to_vec())
            .prop_flat_map(|call| request_of(call).prop_map(move |body| (call, body))),
        encoding in prop::sample::select(vec![W31J, RequestEncoding::Utf8, RequestEncoding::Auto]),
    ) {
        let raw = form(&body);
        let whole = match call {
            Call::EntryTran => is_whole(&read_entry_tran(&raw, encoding)),
            Call::ExecTran => is_whole(&read_exec_tran(&raw, encoding)),
            Call::Start => is_whole(&read_start(&raw, encoding)),
            Call::Sales => is_whole(&read_sales(&raw, encoding)),
            Call::Cancel => is_whole(&read_cancel(&raw, encoding)),
            Call::Change => is_whole(&read_change(&raw, encoding)),
            Call::SearchAddress => is_whole(&read_search_address(&raw, encoding)),
            Call::SearchChargePermission => is_whole(&read_search_charge_permission(&raw, encoding)),
            Call::CloseChargePermission => is_whole(&read_close_charge_permission(&raw, encoding)),
            Call::SearchTradeMulti => is_whole(&read_search_trade_multi(&raw, encoding)),
        };
        prop_assert!(whole);
    }
}
