//! Requests that are not what they should be, and Japanese text in either encoding. Never a 5xx.

use super::{ENTRY, enter_with, id_pass, json};
use crate::support::{Answer, Entered, Order, Stage};

const FORM: &str = "application/x-www-form-urlencoded;charset=windows-31j";
const JSON: &str = "application/json;charset=UTF-8";
const MALFORMED: (u16, &str) = (400, r#"[{"errCode":"E00","errInfo":"E00000010"}]"#);

#[tokio::test]
async fn malformed_bodies() {
    let stage = Stage::new().await;
    for body in ["", " \r\n", "hello", "\0\u{1}", "{\"shopID\":\"tshop00000001\"}"] {
        let answer = stage.shop().post("EntryTranAmazonpay.idPass", Some(FORM), body.into()).await;
        assert_eq!(id_pass(&answer), "ErrCode=E00&ErrInfo=E00000010", "{body:?}");
    }
    let with_comma = r#"{"shopID":"tshop00000001","shopPass":"demoshop1pass",}"#;
    for body in ["", "{", "[]", "null", "1", with_comma, "{\"amount\":{}}", "\u{FEFF}{}", "ShopID=tshop00000001"] {
        let answer = stage.shop().post("EntryTranAmazonpay.json", Some(JSON), body.into()).await;
        assert_eq!(json(&answer), MALFORMED, "{body:?}");
    }
    let answer = stage.shop().post("EntryTranAmazonpay.json", Some(JSON), vec![b'{', 0xFF, b'}']).await;
    assert_eq!(json(&answer), MALFORMED);
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    let answer = stage.shop().post("EntryTranAmazonpay.json", Some(JSON), deep.into()).await;
    assert_eq!(json(&answer), MALFORMED);
}

#[tokio::test]
async fn a_body_of_two_megabytes() {
    let stage = Stage::new().await;
    for (path, content_type) in [("EntryTranAmazonpay.idPass", FORM), ("EntryTranAmazonpay.json", JSON)] {
        let body = format!("ShopID={}", "a".repeat(2 * 1024 * 1024));
        let answer = stage.shop().post(path, Some(content_type), body.into()).await;
        assert!(String::from_utf8(answer.bytes.clone()).unwrap().contains("E00000010"), "{answer:?}");
        assert!(answer.status < 500);
    }
    let url = format!("{}/payment/AmazonpayStart.idPass", stage.gateway_url);
    let page = stage.browser.start(&url, &"a".repeat(2 * 1024 * 1024), "x").await;
    assert_eq!(page.status, 400);
    assert!(page.windows_31j().contains("E00000010"));
}

#[tokio::test]
async fn other_methods_and_content_types() {
    let stage = Stage::new().await;
    let url = |path: &str| format!("{}/payment/{path}", stage.gateway_url);
    let answer = stage.browser.get(&url("EntryTranAmazonpay.idPass?ShopID=tshop00000001")).await;
    assert_eq!(id_pass(&answer), "ErrCode=E00&ErrInfo=E00000001");
    let answer = stage.browser.get(&url("SearchTradeMulti.json")).await;
    assert_eq!(json(&answer), (400, r#"[{"errCode":"E00","errInfo":"E00000001"}]"#));
    for method in ["PUT", "DELETE", "OPTIONS", "PATCH"] {
        let request = stage.http.request(method.parse().unwrap(), url("EntryTranAmazonpay.idPass"));
        let answer = Answer::read(request.body("ShopID=x").send().await.unwrap()).await;
        assert_eq!(id_pass(&answer), "ErrCode=E00&ErrInfo=E00000001", "{method}");
    }
    let form = "ShopID=tshop00000001&ShopPass=demoshop1pass";
    for content_type in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
        let answer = stage.shop().post("EntryTranAmazonpay.idPass", Some(content_type), form.into()).await;
        assert_eq!(id_pass(&answer), "ErrCode=E00&ErrInfo=E00000003", "{content_type}");
    }
    for content_type in [None, Some("text/json"), Some(FORM)] {
        let answer = stage.shop().post("EntryTranAmazonpay.json", content_type, "{}".into()).await;
        assert_eq!(json(&answer), (400, r#"[{"errCode":"E00","errInfo":"E00000003"}]"#), "{content_type:?}");
    }
    // Old clients send a form without saying so.
    let answer = stage.shop().post("EntryTranAmazonpay.idPass", None, form.into()).await;
    assert_eq!(answer.errors(), "M01004001|M01054001|M01005001|M01901001");
}

#[tokio::test]
async fn calls_that_do_not_exist() {
    let stage = Stage::new().await;
    let names = [
        "EntryTranAmazonPay.idPass",
        "SearchBillingAgreementAmazonpay.idPass",
        "EntryTranAmazonpay",
        "EntryTran.xml",
        "EntryTranAmazonpay.idpass",
        "..%2f..%2fetc%2fpasswd",
        "%00.idPass",
        "%FF.idPass",
    ];
    for name in names {
        let answer = stage.shop().post(name, Some(FORM), "ShopID=x".into()).await;
        assert_eq!(id_pass(&answer), "ErrCode=E91&ErrInfo=E91099997", "{name}");
    }
    for name in ["AmazonpayStart.json", "Nothing.json"] {
        let answer = stage.shop().post(name, Some(JSON), "{}".into()).await;
        assert_eq!(json(&answer), (200, r#"[{"errCode":"E91","errInfo":"E91099997"}]"#), "{name}");
    }
}

#[tokio::test]
async fn blank_double_unknown_and_query() {
    let stage = Stage::new().await;
    let post = async |path: &str, body: &str| {
        let whole = format!("ShopID=tshop00000001&ShopPass=demoshop1pass&{body}");
        stage.shop().post(path, Some(FORM), whole.into()).await.errors()
    };
    // The provider's own module sends every parameter, blank when unset, and two of its own.
    let official = "OrderID=a-1&JobCd=AUTH&Amount=1980&Tax=&AmazonpayType=3&PaymentType=&User=php-1.0&Version=112&";
    assert_eq!(post("EntryTranAmazonpay.idPass", official).await, "");
    let twice = "OrderID=&OrderID=a-2&OrderID=a-1&JobCd=AUTH&Amount=1&AmazonpayType=3&Nonsense=%&&=x&orderid=a-1";
    assert_eq!(post("EntryTranAmazonpay.idPass", twice).await, "");
    assert_eq!(stage.shop().status("a-2").await, "UNPROCESSED");
    assert_eq!(post("SearchTradeMulti.idPass?OrderID=a-2&PayType=38", "").await, "");
    assert_eq!(post("SearchTradeMulti.idPass?OrderID=nobody&PayType=38", "OrderID=a-2").await, "");
    let all_in_query = "SearchTradeMulti.idPass?ShopID=tshop00000001&ShopPass=demoshop1pass&OrderID=a-2&PayType=38";
    assert_eq!(stage.shop().post(all_in_query, None, Vec::new()).await.field("Status"), "UNPROCESSED");

    let body = r#"{"shopID":"tshop00000001","shopPass":"demoshop1pass","orderID":"a-3","jobCd":"AUTH","amount":1980,
        "tax":null,"amazonpayType":3,"paymentType":"","unknown":{"deep":[true]},"OrderID":"a-1"}"#;
    let answer = stage.shop().post("EntryTranAmazonpay.json", Some(JSON), body.into()).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json());
    assert_eq!(stage.shop().status("a-3").await, "UNPROCESSED");
}

/// What Amazon was told to show the buyer.
async fn note_at_amazon(stage: &Stage, entered: &Entered) -> String {
    let book = stage.ledger().await;
    let all = book["checkoutSessions"].as_array().unwrap();
    let session = all.iter().find(|one| one["checkoutSessionId"] == *entered.session).unwrap();
    session["merchantMetadata"]["noteToBuyer"].as_str().unwrap().to_owned()
}

async fn exec_with_note(stage: &Stage, order: &'static str, note: &[u8]) -> Result<String, String> {
    let entered = stage.entered(Order::auth(order)).await;
    let fields = entered.exec_fields();
    let mut bytes: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    bytes.push(("Description", note));
    match stage.shop().call_bytes("ExecTranAmazonpay", &bytes).await.errors() {
        nothing if nothing.is_empty() => Ok(note_at_amazon(stage, &entered).await),
        errors => Err(errors),
    }
}

const TEXT: &str = "箱根の関所①髙～ｱ";
const TEXT_31J: &[u8] = b"\x94\xA0\x8D\xAA\x82\xCC\x8A\xD6\x8F\x8A\x87\x40\xFB\xFC\x81\x60\xB1";
/// The first byte of a character without its second.
const BROKEN: &[u8] = b"abc\x94";

#[tokio::test]
async fn japanese_text_where_the_shop_says_auto() {
    let stage = Stage::new().await;
    assert_eq!(exec_with_note(&stage, "order-1", TEXT_31J).await, Ok(TEXT.to_owned()));
    assert_eq!(exec_with_note(&stage, "order-2", TEXT.as_bytes()).await, Ok(TEXT.to_owned()));
    assert_eq!(exec_with_note(&stage, "order-3", BROKEN).await, Err("M01904013".to_owned()));
    assert_eq!(exec_with_note(&stage, "order-4", b"\xFF\xFE\xFD").await, Err("M01904013".to_owned()));
}

#[tokio::test]
async fn japanese_text_where_the_shop_says_windows_31j() {
    let change = sekisho::config::RequestEncoding::Windows31J;
    let stage = Stage::with(|plan| plan.shops[0].request_encoding = change).await;
    assert_eq!(exec_with_note(&stage, "order-1", TEXT_31J).await, Ok(TEXT.to_owned()));
    // As at the original: UTF-8 is an error or nonsense, never silently understood.
    assert_eq!(exec_with_note(&stage, "order-2", "日本".as_bytes()).await, Ok("譌･譛ｬ".to_owned()));
    assert_eq!(exec_with_note(&stage, "order-3", "日本語".as_bytes()).await, Err("M01904013".to_owned()));
    assert_eq!(exec_with_note(&stage, "order-4", BROKEN).await, Err("M01904013".to_owned()));

    // Who says so is heard.
    let entered = stage.entered(Order::auth("order-5")).await;
    let fields: Vec<_> = [("ShopID", "tshop00000001"), ("ShopPass", "demoshop1pass"), ("Description", TEXT)]
        .into_iter()
        .chain(entered.exec_fields())
        .collect();
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let utf8 = "application/x-www-form-urlencoded; charset=utf-8";
    let answer = stage.shop().post("ExecTranAmazonpay.idPass", Some(utf8), body.into()).await;
    assert_eq!(answer.errors(), "");
    assert_eq!(note_at_amazon(&stage, &entered).await, TEXT);
}

#[tokio::test]
async fn japanese_text_in_json() {
    let stage = Stage::with(|plan| {
        plan.shops[0].request_encoding = sekisho::config::RequestEncoding::Windows31J;
    })
    .await;
    let entered = stage.entered(Order::auth("order-1")).await;
    let mut fields = entered.exec_fields();
    fields.extend([("Description", "𠮷田様"), ("ClientField1", "会員")]);
    assert_eq!(stage.shop().call_json("ExecTranAmazonpay", &fields).await.status, 200);
    assert_eq!(note_at_amazon(&stage, &entered).await, "𠮷田様");
    let trade = [("OrderID", "order-1"), ("PayType", "38")];
    assert_eq!(stage.shop().call_json("SearchTradeMulti", &trade).await.json()["clientField1"], "会員");
}

#[tokio::test]
async fn one_hundred_bytes_are_counted_in_windows_31j() {
    let stage = Stage::new().await;
    let entered = stage.entered(Order::auth("order-1")).await;
    let mut fields = entered.exec_fields();
    let (fits, exceeds) = ("あ".repeat(50), "あ".repeat(51));
    fields.push(("ClientField1", &exceeds));
    assert_eq!(stage.shop().call("ExecTranAmazonpay", &fields).await.errors(), "M01039012");
    fields.pop();
    fields.push(("ClientField1", &fits));
    assert_eq!(stage.shop().call("ExecTranAmazonpay", &fields).await.errors(), "");
}

#[tokio::test]
async fn amounts_are_plain_digits() {
    let stage = Stage::new().await;
    for (amount, code) in [("1e3", "M01005006"), ("１０００", "M01005006"), ("+5", "M01005006"), ("0x10", "M01005006")]
    {
        assert_eq!(enter_with(&stage, &[("Amount", amount)]).await.errors(), code, "{amount}");
    }
    let body = r#"{"shopID":"tshop00000001","shopPass":"demoshop1pass","orderID":"a","jobCd":"AUTH","amount":10.5,
        "amazonpayType":"3"}"#;
    let answer = stage.shop().post("EntryTranAmazonpay.json", Some(JSON), body.into()).await;
    assert_eq!(json(&answer), (400, r#"[{"errCode":"M01","errInfo":"M01005006"}]"#));
    assert_eq!(stage.shop().call("EntryTranAmazonpay", &ENTRY).await.errors(), "");
}
