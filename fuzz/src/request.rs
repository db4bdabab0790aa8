//! A shop's request: from its bytes to parameters, and from parameters to a typed request or faults.

use std::collections::BTreeSet;
use std::fmt::Debug;

use sekisho::protocol::{
    Call, Field, RawRequest, Reading, RequestEncoding, Style, codes, read_cancel, read_change,
    read_close_charge_permission, read_entry_tran, read_exec_tran, read_sales, read_search_address,
    read_search_charge_permission, read_search_trade_multi, read_start,
};
use serde_json::{Map, Value};

use super::bytes::{Bytes, escaped};

/// Every way to read a request's text.
const ENCODINGS: [RequestEncoding; 3] = [RequestEncoding::Windows31J, RequestEncoding::Utf8, RequestEncoding::Auto];

const CONTENT_TYPES: [&str; 10] = [
    "",
    "application/x-www-form-urlencoded;charset=windows-31j",
    "application/json;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-8",
    "Application/JSON",
    "application/x-www-form-urlencoded;charset=\"utf8\"",
    "text/plain",
    "multipart/form-data; boundary=x",
    ";;charset=;=utf-8",
];

/// An `.idPass` request's `Content-Type`, query and body; then every call's reader.
pub fn form(input: &[u8]) {
    decoded(Style::IdPass, input);
}

/// The same of a `.json` request.
pub fn json(input: &[u8]) {
    decoded(Style::Json, input);
}

fn decoded(style: Style, input: &[u8]) {
    let mut bytes = Bytes::new(input);
    // The first choice is the one that fits, so that most inputs get past it.
    let fitting = if style == Style::Json { 2 } else { 1 };
    let content_type = CONTENT_TYPES[(fitting + bytes.below(CONTENT_TYPES.len())) % CONTENT_TYPES.len()];
    let query = bytes.text();
    let content_type = Some(content_type).filter(|it| !it.is_empty());
    if let Ok(raw) = RawRequest::decode(style, content_type, Some(&query), bytes.all()) {
        let _ = raw.shop_id_text();
        for call in Call::ALL {
            for encoding in ENCODINGS {
                read(call, &raw, encoding);
            }
        }
    }
}

/// The parameters of one call, each right, absent, blank, at a limit or anything. The same parameters in a form of UTF-8
/// and in JSON are the same request or the same faults.
pub fn readers(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let call = Call::ALL[bytes.below(Call::ALL.len())];
    let parameters: Vec<(Field, Vec<u8>)> =
        call.fields().iter().filter_map(|(field, _)| Some((*field, value(*field, &mut bytes)?))).collect();
    let mut form: Vec<String> = Vec::new();
    let mut object = Map::new();
    let mut is_utf8 = true;
    for (field, value) in &parameters {
        form.push(format!("{}={}", field.name(Style::IdPass), escaped(value)));
        is_utf8 &= std::str::from_utf8(value).is_ok();
        let text = String::from_utf8_lossy(value).into_owned();
        object.insert(field.name(Style::Json).into_owned(), Value::from(text));
    }
    // What is nobody's parameter is ignored; without it a request without any would be no request.
    form.push("Unknown=1".to_owned());
    let form = form.join("&");
    let decode = |content_type| RawRequest::decode(Style::IdPass, Some(content_type), None, form.as_bytes());
    for encoding in ENCODINGS {
        read(call, &decode("application/x-www-form-urlencoded").expect("a form"), encoding);
    }
    if is_utf8 && call.speaks(Style::Json) {
        let raw = decode("application/x-www-form-urlencoded;charset=utf-8").expect("a form");
        let body = Value::Object(object).to_string();
        let json = RawRequest::decode(Style::Json, Some("application/json"), None, body.as_bytes()).expect("an object");
        let readings = [raw, json].map(|raw| read(call, &raw, RequestEncoding::Windows31J));
        assert_eq!(readings[0], readings[1], "{form}");
    }
}

/// Reads `raw` as `call`, checks what holds of every reading, and answers request and faults in words.
fn read(call: Call, raw: &RawRequest, encoding: RequestEncoding) -> String {
    match call {
        Call::EntryTran => {
            let reading = read_entry_tran(raw, encoding);
            if let Some(request) = &reading.request {
                let total = request.amount.get() + request.tax.get();
                assert!((0..=9_999_999).contains(&total), "{request:?}");
            }
            checked(&reading)
        }
        Call::ExecTran => {
            let reading = read_exec_tran(raw, encoding);
            if let Some(request) = &reading.request {
                assert!((1..=86_400).contains(&request.payment_term_sec), "{request:?}");
            }
            checked(&reading)
        }
        Call::Start => checked(&read_start(raw, encoding)),
        Call::Sales | Call::Change => {
            let reading = if call == Call::Sales { read_sales(raw, encoding) } else { read_change(raw, encoding) };
            if let Some(request) = &reading.request {
                assert!((1..=9_999_999).contains(&(request.amount.get() + request.tax.get())), "{request:?}");
            }
            checked(&reading)
        }
        Call::Cancel => {
            let reading = read_cancel(raw, encoding);
            if let Some(request) = &reading.request {
                let total = request.cancel_amount.get() + request.cancel_tax.get();
                assert!((1..=9_999_999).contains(&total), "{request:?}");
            }
            checked(&reading)
        }
        Call::SearchAddress => checked(&read_search_address(raw, encoding)),
        Call::SearchChargePermission => checked(&read_search_charge_permission(raw, encoding)),
        Call::CloseChargePermission => checked(&read_close_charge_permission(raw, encoding)),
        Call::SearchTradeMulti => checked(&read_search_trade_multi(raw, encoding)),
    }
}

fn checked<T: Debug>(reading: &Reading<T>) -> String {
    assert_eq!(reading.request.is_some(), reading.faults.is_empty(), "{:?}", reading.faults);
    // The types refuse what the table lets through, or the other way round.
    assert!(!reading.faults.contains(&codes::UNEXPECTED), "{:?}", reading.faults);
    let once: BTreeSet<&str> = reading.faults.iter().map(|code| code.as_str()).collect();
    assert_eq!(once.len(), reading.faults.len(), "a fault twice: {:?}", reading.faults);
    format!("{:?} {:?}", reading.request, reading.faults)
}

/// A value for a parameter, or none.
fn value(field: Field, bytes: &mut Bytes<'_>) -> Option<Vec<u8>> {
    match bytes.below(8) {
        0..=2 => Some(bytes.pick(right(field)).as_bytes().to_vec()),
        3 => None,
        4 => Some(Vec::new()),
        5 => Some(bytes.pick(LIMITS).as_bytes().to_vec()),
        6 => Some(bytes.pick(&["a", "1", "あ", "ｱ", "𠮷", " "]).repeat(usize::from(bytes.byte())).into_bytes()),
        _ => Some(bytes.some().to_vec()),
    }
}

/// Values at which limits lie.
pub const LIMITS: &[&str] = &[
    "0",
    "1",
    "9999999",
    "10000000",
    "-1",
    "+1",
    "1.0",
    "0000001",
    "００１",
    " ",
    "=",
    "&",
    "\r\n",
    "\0",
    "'",
    "~",
    "%",
    "a b",
];

/// Values that are well-formed for `field`.
pub fn right(field: Field) -> &'static [&'static str] {
    match field {
        Field::ShopId => &["tshop00000001", "tshop00000002"],
        Field::ShopPass => &["demoshop1pass", "demoshop2pass"],
        Field::AccessId | Field::AccessPass => &["0123456789abcdef0123456789abcdef"],
        Field::OrderId => &["order-1", "ORDER000000000000000000000", "0"],
        Field::JobCd => &["AUTH", "CAPTURE"],
        Field::Amount | Field::CancelAmount => &["1980", "0", "1", "9999999", "100"],
        Field::Tax | Field::CancelTax => &["198", "0", "1", "10"],
        Field::AmazonpayType => &["3", "4"],
        Field::PaymentType => &["0", "1", "2"],
        Field::PayType => &["38"],
        Field::AmazonCheckoutSessionId => &["9ae2b5c1-6b4e-4d8e-a111-000000000001"],
        Field::AmazonChargePermissionId => &["S03-1234567-1234567", "C03-1234567-1234567"],
        Field::AmazonBuyerToken => &["token.of-a_buyer~1"],
        Field::ApbType => &["PayOnly", "PayAndShip"],
        Field::RetUrl => &["https://shop.example/result?a=1", "http://127.0.0.1:8082/"],
        Field::FrequencyUnit => &["Month", "Variable", "Year", "Week", "Day"],
        Field::FrequencyValue => &["1", "0", "999"],
        Field::Description | Field::ClientField1 | Field::ClientField2 | Field::ClientField3 => &["note", "日本語"],
        Field::PaymentTermSec => &["120", "1", "86400"],
        Field::AddressName => &["箱根 花子"],
        Field::AddressLine1 | Field::AddressLine2 | Field::AddressLine3 => &["関所通り1-2-3"],
        Field::AddressCity => &["箱根町"],
        Field::AddressStateOrRegion => &["神奈川県"],
        Field::AddressPostalCode => &["250-0521"],
        Field::AddressCountryCode => &["JP"],
        Field::AddressPhoneNumber => &["0460-00-0000"],
        Field::Token => &["AAAA+/ =="],
        Field::User => &["shop"],
        Field::Version => &["1"],
    }
}
