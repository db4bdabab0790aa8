use super::{ACCESS, SHOP, form, joined};
use crate::domain::PaymentType;
use crate::protocol::*;

const PERMISSION: &str = "AmazonChargePermissionID=C03-1234567-1234567";
const RET_URL: &str = "RetURL=https%3A%2F%2Fshop.example%2Fback%3Fcart%3D1";
const ADDRESS: &str = "AddressName=a&AddressLine1=b&AddressCity=c&AddressStateOrRegion=d&AddressPostalCode=100-0001\
                       &AddressCountryCode=JP&AddressPhoneNumber=03-1234-5678";

fn exec(rest: &str) -> Reading<ExecTran> {
    let body = format!("{rest}&{SHOP}&{ACCESS}&OrderID=ORDER-1");
    read_exec_tran(&form(body.as_bytes()), RequestEncoding::Windows31J)
}

fn sound(rest: &str) -> ExecTran {
    let reading = exec(rest);
    assert_eq!(joined(&reading.faults), "", "{rest}");
    reading.request.unwrap()
}

#[test]
fn the_five_ways_are_told_apart() {
    let session = "AmazonCheckoutSessionID=c1f7e3f2-3a5b-4b6e-9c55-6f1f5bd0a001";
    let review = sound(&format!("{session}&{RET_URL}"));
    let Way::Review { ret_url, .. } = &review.way else { panic!("{review:?}") };
    assert_eq!(ret_url.as_str(), "https://shop.example/back?cart=1");
    assert!(ret_url.is_https());
    assert_eq!(review.payment_term_sec, 120);
    assert!(matches!(sound(session).way, Way::Finalize { .. }));
    assert!(matches!(sound(&format!("ApbType=PayOnly&{RET_URL}")).way, Way::Apb { ship_to: None, .. }));
    let ships = sound(&format!("ApbType=PayAndShip&{RET_URL}&{ADDRESS}"));
    let Way::Apb { ship_to: Some(ship_to), .. } = ships.way else { panic!("{ships:?}") };
    assert_eq!((ship_to.postal_code.as_str(), ship_to.line2), ("100-0001", None));
    let approved = sound(&format!("{PERMISSION}&ApbType=PayAndShip&{RET_URL}"));
    assert!(matches!(approved.way, Way::Approved { ships: true, .. }));
    assert!(matches!(sound(PERMISSION).way, Way::OnDemand { .. }));
    // An on-demand charge has no browser: its RetURL is not used.
    assert_eq!(sound(&format!("{PERMISSION}&{RET_URL}")).way.ret_url(), None);
    for unused in ["RetURL=%2Fback", "RetURL=javascript%3Aalert(1)", "RetURL=%93"] {
        assert!(matches!(sound(&format!("{PERMISSION}&{unused}")).way, Way::OnDemand { .. }), "{unused}");
        assert_eq!(joined(&exec(&format!("{PERMISSION}&ApbType=PayOnly&{unused}")).faults), "M01059008", "{unused}");
    }
    let long = format!("RetURL=https://s.example/{}", "a".repeat(2031));
    assert!(matches!(sound(&format!("{PERMISSION}&{long}")).way, Way::OnDemand { .. }));
}

#[test]
fn combinations_that_mean_nothing_are_refused() {
    let cases = [
        ("a=".to_owned(), "M01902001"),
        (format!("AmazonCheckoutSessionID=s&{PERMISSION}"), "M01911010"),
        (format!("AmazonCheckoutSessionID=s&ApbType=PayOnly&{RET_URL}"), "M01911010"),
        ("ApbType=PayOnly".to_owned(), "M01059001"),
        (format!("{PERMISSION}&ApbType=PayOnly"), "M01059001"),
        (format!("{RET_URL}&ApbType=PayAndShip"), "M01906001"),
        (format!("{RET_URL}&ApbType=Ship"), "M01905002"),
        (format!("{PERMISSION}&FrequencyUnit=Month&FrequencyValue=1"), "M01911010"),
        ("AmazonCheckoutSessionID=s&FrequencyUnit=Month".to_owned(), "M01908001"),
        ("AmazonCheckoutSessionID=s&FrequencyValue=1".to_owned(), "M01907001"),
        ("AmazonCheckoutSessionID=s&FrequencyUnit=month&FrequencyValue=1".to_owned(), "M01907002"),
        ("AmazonCheckoutSessionID=s&FrequencyUnit=Month&FrequencyValue=0".to_owned(), "M01908011"),
        ("AmazonCheckoutSessionID=s&FrequencyUnit=Variable&FrequencyValue=1".to_owned(), "M01908011"),
        ("AmazonCheckoutSessionID=s&FrequencyUnit=Variable&FrequencyValue=0".to_owned(), ""),
    ];
    for (rest, expected) in cases {
        assert_eq!(joined(&exec(&rest).faults), expected, "{rest}");
    }
}

#[test]
fn each_limit_has_its_code() {
    let cases = [
        ("AmazonCheckoutSessionID=a%2Fb", "M01902008"),
        ("RetURL=javascript%3Aalert(1)", "M01059008"),
        ("RetURL=%2Fback", "M01059008"),
        ("PaymentTermSec=0", "M01048011"),
        ("PaymentTermSec=86400", ""),
        ("PaymentTermSec=86401", "M01048011"),
        ("PaymentTermSec=1m", "M01048006"),
        ("ClientField1=a%26b", "M01039013"),
        ("ClientField2=%0A&ClientField3=%93", "M01040013|M01041013"),
        ("Description=%93", "M01904013"),
        ("Description=%93%FA%96%7B%3Cb%3E%26", ""),
        ("AddressCountryCode=jpn", "M01906005|M01906008"),
    ];
    for (rest, expected) in cases {
        assert_eq!(joined(&exec(&format!("{rest}&AmazonCheckoutSessionID=s")).faults), expected, "{rest}");
    }
    let long = |name: &str, count| format!("{name}={}&AmazonCheckoutSessionID=s", "%82%A0".repeat(count));
    assert_eq!(joined(&exec(&long("ClientField1", 51)).faults), "M01039012");
    assert_eq!(sound(&long("ClientField1", 50)).client_fields[0], Some("あ".repeat(50)));
    assert_eq!(joined(&exec(&long("Description", 256)).faults), "M01904012");
    assert_eq!(sound(&long("Description", 255)).description, Some("あ".repeat(255)));
    let url = |count| format!("AmazonCheckoutSessionID=s&RetURL=https://s.example/{}", "a".repeat(count));
    assert_eq!(joined(&exec(&url(2031)).faults), "M01059005");
    assert_eq!(joined(&exec(&url(2030)).faults), "");
    // Bytes are counted, and a character that no URL has may be three.
    let wide = format!("AmazonCheckoutSessionID=s&RetURL=https://s.example/{}", "%82%A0".repeat(700));
    assert_eq!(joined(&exec(&wide).faults), "M01059005|M01059008");
}

#[test]
fn what_was_declared_at_entry_must_not_contradict() {
    use PaymentType::{Consent, OnDemand, OneTime};
    let review = sound(&format!("AmazonCheckoutSessionID=s&{RET_URL}"));
    assert_eq!(review.payment_type(None), Ok(OneTime));
    assert_eq!(review.payment_type(Some(OneTime)), Ok(OneTime));
    assert_eq!(review.payment_type(Some(Consent)), Err(codes::COMBINATION));
    let consent = sound(&format!("AmazonCheckoutSessionID=s&{RET_URL}&FrequencyUnit=Month&FrequencyValue=1"));
    assert_eq!(consent.payment_type(None), Ok(Consent));
    assert_eq!(consent.payment_type(Some(OneTime)), Err(codes::COMBINATION));
    let on_demand = sound(PERMISSION);
    assert_eq!(on_demand.payment_type(None), Ok(OnDemand));
    assert_eq!(on_demand.payment_type(Some(Consent)), Err(codes::COMBINATION));
    let approved = sound(&format!("{PERMISSION}&ApbType=PayOnly&{RET_URL}"));
    assert_eq!(approved.payment_type(None), Ok(OneTime));
    assert_eq!(approved.payment_type(Some(Consent)), Ok(Consent));
    assert_eq!(approved.payment_type(Some(OnDemand)), Err(codes::COMBINATION));
}

#[test]
fn utf8_text_is_garbled_by_default_and_read_where_the_shop_is_set_to_auto() {
    let body = format!("{SHOP}&{ACCESS}&OrderID=O&AmazonCheckoutSessionID=s&Description=%E6%97%A5%E6%9C%AC");
    let description =
        |encoding| read_exec_tran(&form(body.as_bytes()), encoding).request.and_then(|request| request.description);
    assert_eq!(description(RequestEncoding::Windows31J).as_deref(), Some("譌･譛ｬ"));
    assert_eq!(description(RequestEncoding::Auto).as_deref(), Some("日本"));
    assert_eq!(description(RequestEncoding::Utf8).as_deref(), Some("日本"));
}
