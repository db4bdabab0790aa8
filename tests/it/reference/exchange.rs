//! Requests that were really made and what came back, written down as they were on the wire.

use sekisho::protocol::encoding::encode_windows_31j;
use sekisho::protocol::{Call, Field, Style};
use serde_json::{Map, Value};

use crate::support::{Answer, Stage};

/// Where the demo's gateway and sandbox are: what stands in the examples, whatever ports a test has.
pub(crate) const GATEWAY: &str = "http://127.0.0.1:8080";
const SANDBOX: &str = "http://127.0.0.1:8081";

/// A request and its answer.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) call: Call,
    pub(crate) style: Style,
    /// Whether the answer is an error.
    pub(crate) refused: bool,
    /// One line: what is going on.
    pub(crate) title: &'static str,
    /// The parameters, by their idPass names.
    pub(crate) fields: Vec<(String, String)>,
    /// The request, from its first line to the end of its body.
    pub(crate) request: String,
    /// The answer likewise.
    pub(crate) response: String,
    answer: Answer,
}

impl Exchange {
    /// A field of the answer, by its idPass name.
    pub(crate) fn field(&self, name: &str) -> String {
        match self.style {
            Style::IdPass => self.answer.field(name),
            Style::Json => {
                let json = self.answer.json();
                json[lowered(name)].as_str().unwrap_or_else(|| panic!("no {name} in {json}")).to_owned()
            }
        }
    }

    /// The names of the answer's fields in their order, as idPass writes them; none for an error.
    pub(crate) fn names(&self) -> Vec<String> {
        match self.style {
            _ if self.refused => Vec::new(),
            Style::IdPass => {
                let pairs = self.answer.text().split('&').filter_map(|pair| pair.split_once('='));
                pairs.map(|(name, _)| name.to_owned()).collect()
            }
            Style::Json => {
                let json = self.answer.json();
                json.as_object().unwrap().keys().map(|name| name[..1].to_uppercase() + &name[1..]).collect()
            }
        }
    }

    /// Where a browser is sent.
    pub(crate) fn location(&self) -> String {
        self.answer.location.clone().expect("a redirect")
    }
}

/// Makes requests as a shop does and keeps them.
pub(crate) struct Recorder<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) kept: Vec<Exchange>,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(stage: &'a Stage) -> Self {
        Self { stage, kept: Vec::new() }
    }

    /// A call of the shop's server, with its id and password before `fields`.
    pub(crate) async fn call(
        &mut self,
        title: &'static str,
        call: Call,
        style: Style,
        fields: &[(&str, &str)],
    ) -> Exchange {
        let shop = self.stage.shop();
        let mut all =
            vec![("ShopID".to_owned(), shop.shop_id.clone()), ("ShopPass".to_owned(), shop.shop_pass.clone())];
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.send(title, call, style, all).await
    }

    /// The form of the buyer's browser.
    pub(crate) async fn start(&mut self, title: &'static str, access_id: &str, token: &str) -> Exchange {
        let fields = vec![("AccessID".to_owned(), access_id.to_owned()), ("Token".to_owned(), token.to_owned())];
        self.send(title, Call::Start, Style::IdPass, fields).await
    }

    async fn send(&mut self, title: &'static str, call: Call, style: Style, fields: Vec<(String, String)>) -> Exchange {
        assert!(fields.iter().all(|(name, _)| Field::from_name(name).is_some()), "{fields:?}");
        let (path, content_type, body) = written(call, style, &fields);
        let url = format!("{}{path}", self.stage.gateway_url);
        let request = self.stage.http.post(url).header("content-type", content_type).body(body.clone());
        let response = request.send().await.unwrap();
        let head = head(&response);
        let answer = Answer::read(response).await;
        let exchange = Exchange {
            call,
            style,
            refused: is_error(call, style, &answer),
            title,
            fields,
            request: format!(
                "POST {path} HTTP/1.1\nHost: 127.0.0.1:8080\nContent-Type: {content_type}\n\n{}",
                String::from_utf8(body).unwrap()
            ),
            response: self.placed(&format!("{head}\n\n{}", shown(&answer))),
            answer,
        };
        self.kept.push(exchange.clone());
        exchange
    }

    /// A text in which everybody is at the demo's addresses.
    pub(crate) fn placed(&self, text: &str) -> String {
        text.replace(&self.stage.gateway_url, GATEWAY).replace(&self.stage.browser.sandbox_url, SANDBOX)
    }
}

fn written(call: Call, style: Style, fields: &[(String, String)]) -> (String, &'static str, Vec<u8>) {
    match style {
        Style::IdPass => {
            let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", form_value(value))).collect();
            let content_type = "application/x-www-form-urlencoded;charset=windows-31j";
            (format!("/payment/{}.idPass", call.name()), content_type, pairs.join("&").into_bytes())
        }
        Style::Json => {
            let members: Map<_, _> =
                fields.iter().map(|(name, value)| (lowered(name), Value::from(value.as_str()))).collect();
            let body = Value::Object(members).to_string().into_bytes();
            (format!("/payment/{}.json", call.name()), "application/json;charset=UTF-8", body)
        }
    }
}

/// A value as a form in Windows-31J has it.
pub(crate) fn form_value(text: &str) -> String {
    let escaped = encode_windows_31j(text).into_iter().map(|byte| match byte {
        b' ' => "+".to_owned(),
        b'*' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    escaped.collect()
}

/// The status line and the headers that matter; whatever changes with each run is left out.
fn head(response: &reqwest::Response) -> String {
    const LEFT_OUT: [&str; 4] = ["date", "content-length", "transfer-encoding", "x-request-id"];
    let status = response.status();
    let mut lines = vec![format!("HTTP/1.1 {} {}", status.as_u16(), status.canonical_reason().unwrap_or_default())];
    for (name, value) in response.headers() {
        if !LEFT_OUT.contains(&name.as_str()) {
            lines.push(format!("{name}: {}", value.to_str().unwrap()));
        }
    }
    lines.join("\n")
}

/// The body as people can read it: JSON and pages as text, other bytes as they are.
fn shown(answer: &Answer) -> String {
    match answer.content_type.as_str() {
        "application/json;charset=UTF-8" => String::from_utf8(answer.bytes.clone()).unwrap(),
        "text/html;charset=Windows-31J" => answer.windows_31j(),
        _ => answer.text().to_owned(),
    }
}

fn is_error(call: Call, style: Style, answer: &Answer) -> bool {
    match style {
        _ if call == Call::Start => answer.status >= 400,
        Style::IdPass => answer.text().starts_with("ErrCode="),
        Style::Json => answer.json().is_array(),
    }
}

fn lowered(name: &str) -> String {
    name[..1].to_lowercase() + &name[1..]
}
