//! A shop's server: calls in both styles, as bytes where a test wants to say them exactly.

use sekisho::amazonpay::ButtonSignature;
use sekisho::protocol::Call;
use serde_json::{Map, Value};

use super::Answer;

const FORM: &str = "application/x-www-form-urlencoded;charset=windows-31j";
const JSON: &str = "application/json;charset=UTF-8";

/// A shop that knows its id and password.
#[derive(Clone)]
pub(crate) struct ShopClient {
    pub(crate) http: reqwest::Client,
    pub(crate) gateway_url: String,
    pub(crate) shop_id: String,
    pub(crate) shop_pass: String,
    pub(crate) merchant_id: String,
    pub(crate) button: ButtonSignature,
}

impl ShopClient {
    /// An idPass call with the shop's id and password before `fields`.
    pub(crate) async fn call(&self, name: &str, fields: &[(&str, &str)]) -> Answer {
        self.call_bytes(name, &fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect::<Vec<_>>()).await
    }

    /// The same, with values in whatever encoding.
    pub(crate) async fn call_bytes(&self, name: &str, fields: &[(&str, &[u8])]) -> Answer {
        let mut all = vec![("ShopID", self.shop_id.as_bytes()), ("ShopPass", self.shop_pass.as_bytes())];
        all.extend_from_slice(fields);
        self.post(&format!("{name}.idPass"), Some(FORM), form(&all)).await
    }

    /// A JSON call with the shop's id and password before `fields`, whose names are those of idPass.
    pub(crate) async fn call_json(&self, name: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("ShopID", self.shop_id.as_str()), ("ShopPass", &self.shop_pass)];
        all.extend_from_slice(fields);
        let object: Map<String, Value> =
            all.into_iter().map(|(name, value)| (lowered(name), Value::from(value))).collect();
        self.post(&format!("{name}.json"), Some(JSON), Value::Object(object).to_string().into_bytes()).await
    }

    /// A body as it is, to `/payment/<path>`.
    pub(crate) async fn post(&self, path: &str, content_type: Option<&str>, body: Vec<u8>) -> Answer {
        let mut request = self.http.post(format!("{}/payment/{path}", self.gateway_url)).body(body);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = Answer::read(request.send().await.unwrap()).await;
        hold_to_its_word(path, &answer);
        answer
    }

    /// The status that SearchTradeMulti answers for an order.
    pub(crate) async fn status(&self, order: &str) -> String {
        self.call("SearchTradeMulti", &[("OrderID", order), ("PayType", "38")]).await.field("Status")
    }
}

/// What a call says of itself, in the documents and in OpenAPI, includes whatever it answers: in every test.
fn hold_to_its_word(path: &str, answer: &Answer) {
    let (name, style) = path.split_once('.').unwrap_or((path, ""));
    // AmazonpayStart is a browser's, and does not exist as .json.
    let Some(call) = Call::from_name(name).filter(|call| *call != Call::Start) else { return };
    let answered = match style.split('?').next() {
        Some("idPass") if answer.windows_31j().starts_with("ErrCode=") => answer.errors(),
        Some("json") => answer.errors_json(),
        _ => return,
    };
    let told = call.errors();
    for code in answered.split('|').filter(|code| !code.is_empty()) {
        assert!(told.iter().any(|it| it.as_str() == code), "{name} does not say that it can answer {code}");
    }
}

/// A form body of bytes.
pub(crate) fn form(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let pair = |(name, value): &(&str, &[u8])| {
        format!("{name}={}", percent_encoding::percent_encode(value, percent_encoding::NON_ALPHANUMERIC))
    };
    fields.iter().map(pair).collect::<Vec<_>>().join("&").into_bytes()
}

fn lowered(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{}{rest}", first.to_lowercase())
}
