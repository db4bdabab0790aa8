//! A tester at a sandbox whose merchants have no keys of their own.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use sekisho::domain::{ManualClock, Millis, SeededRng};
use sekisho::sandbox::ledger::Currency;
use sekisho::sandbox::{self, Merchant, Sandbox, Settings};
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub(super) const YEN_SHOP: &str = "A1SHOP00000001";
pub(super) const DOLLAR_SHOP: &str = "A1SHOP0000USD1";
const BASE_URL: &str = "http://127.0.0.1:8081";
const BUYER: &str = "amzn1.account.SEKISHOHAKONE001";

/// A page as it came.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) html: String,
}

impl Page {
    /// The text of the element with this id, if the page has one; it has no elements inside.
    pub(super) fn find(&self, id: &str) -> Option<String> {
        let (_, rest) = self.html.split_once(&format!(r#"id="{id}""#))?;
        let (text, _) = rest.split_once('>')?.1.split_once("</")?;
        Some(unescaped(text))
    }

    pub(super) fn text(&self, id: &str) -> String {
        self.find(id).unwrap_or_else(|| panic!("no #{id} in {}", self.html))
    }

    /// The status of the API's answer.
    pub(super) fn answered(&self) -> String {
        self.text("status")
    }

    /// The body of the API's answer.
    pub(super) fn body(&self) -> Value {
        serde_json::from_str(&self.text("answer-body")).unwrap()
    }

    /// A text of that body.
    pub(super) fn told(&self, name: &str) -> String {
        self.body()[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.html)).to_owned()
    }

    /// What the page finds odd about the request.
    pub(super) fn notes(&self) -> Vec<String> {
        let marked = self.html.split(r#"<p class="notice bad note">"#).skip(1);
        marked.map(|rest| unescaped(rest.split_once("</p>").unwrap().0)).collect()
    }

    /// The pages that the page leads to next.
    pub(super) fn steps(&self) -> Vec<(String, String)> {
        let step = |rest: &str| {
            let (name, rest) = rest.split_once(r#"" href=""#).unwrap();
            (name.to_owned(), unescaped(rest.split_once('"').unwrap().0))
        };
        self.html.split(r#"data-step=""#).skip(1).map(step).collect()
    }

    /// The address that a step leads to.
    pub(super) fn step(&self, name: &str) -> String {
        let steps = self.steps();
        let found = steps.iter().find(|(step, _)| step == name);
        found.unwrap_or_else(|| panic!("no step {name} in {steps:?}")).1.clone()
    }

    /// The fields of the form with this id, with what a browser would post.
    pub(super) fn form(&self, id: &str) -> Vec<(String, String)> {
        let (_, rest) = self.html.split_once(&format!(r#"id="{id}""#)).unwrap_or_else(|| panic!("no form #{id}"));
        let form = rest.split_once("</form>").unwrap().0;
        let inputs = tags(form, "<input ").map(|(tag, _)| (attribute(tag, "name"), attribute(tag, "value")));
        let areas = tags(form, "<textarea ").map(|(tag, rest)| {
            let text = unescaped(rest.split_once("</textarea>").unwrap().0);
            // Browsers drop a line feed right after the tag, and post line ends as CRLF.
            (attribute(tag, "name"), text.strip_prefix('\n').unwrap_or(&text).replace('\n', "\r\n"))
        });
        let selects = tags(form, "<select ").map(|(tag, rest)| {
            let options: Vec<_> = tags(rest.split_once("</select>").unwrap().0, "<option").collect();
            let chosen = options.iter().find(|(tag, _)| tag.contains(" selected")).or(options.first()).unwrap();
            let text = unescaped(chosen.1.split_once("</option>").unwrap().0);
            (attribute(tag, "name"), if chosen.0.contains("value=") { attribute(chosen.0, "value") } else { text })
        });
        inputs.chain(areas).chain(selects).collect()
    }

    /// One of the values of the driver's form.
    pub(super) fn proposed(&self, name: &str) -> String {
        let form = self.form("driver-form");
        form.iter().find(|(field, _)| field == name).unwrap_or_else(|| panic!("no {name} in {form:?}")).1.clone()
    }

    /// The proposed body.
    pub(super) fn proposed_body(&self) -> Value {
        serde_json::from_str(&self.proposed("body")).unwrap()
    }
}

/// Each tag that begins so: its attributes, and what follows it.
fn tags<'a>(html: &'a str, start: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    html.split(start).skip(1).map(|rest| rest.split_once('>').unwrap())
}

fn attribute(tag: &str, name: &str) -> String {
    let found = tag.split_once(&format!(r#"{name}=""#));
    found.map(|(_, rest)| unescaped(rest.split_once('"').unwrap().0)).unwrap_or_default()
}

fn unescaped(text: &str) -> String {
    let plain = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    plain.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

/// Somebody who tests.
pub(super) struct Tester {
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) merchant_id: &'static str,
    router: Router,
}

impl Tester {
    pub(super) fn new() -> Self {
        let merchant = |merchant_id: &str, ledger_currency| Merchant {
            merchant_id: merchant_id.to_owned(),
            name: "関所商店 <b>&</b>".to_owned(),
            store_ids: vec![format!("amzn1.application-oa2-client.{merchant_id}")],
            ledger_currency,
            ..Merchant::default()
        };
        let merchants = vec![merchant(YEN_SHOP, Currency::JPY), merchant(DOLLAR_SHOP, Currency::USD)];
        let settings = Settings { base_url: BASE_URL.to_owned(), merchants };
        let clock = Arc::new(ManualClock::at(Millis(1_795_371_000_000)));
        let sandbox = Sandbox::new(settings, clock, Arc::new(SeededRng::new(7))).unwrap();
        Self { router: sandbox::router(Arc::clone(&sandbox)), sandbox, merchant_id: YEN_SHOP }
    }

    /// For another merchant of the same sandbox.
    pub(super) fn of(mut self, merchant_id: &'static str) -> Self {
        self.merchant_id = merchant_id;
        self
    }

    pub(super) async fn request(&self, request: Request<Body>) -> Page {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let html = String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap();
        Page { status, headers, html }
    }

    pub(super) async fn get(&self, path: &str) -> Page {
        self.request(Request::builder().uri(path).body(Body::empty()).unwrap()).await
    }

    /// Posts a form as a browser does that says nothing about origins.
    pub(super) async fn post(&self, path: &str, fields: &[(String, String)]) -> Page {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.request(Request::builder().method("POST").uri(path).body(Body::from(form)).unwrap()).await
    }

    /// The page of an operation, as it is proposed.
    pub(super) async fn open(&self, name: &str) -> Page {
        let page = self.get(&format!("/driver/{name}?merchant={}", self.merchant_id)).await;
        assert_eq!(page.status, 200, "{name}: {}", page.html);
        page
    }

    /// The page's form with some values changed, sent.
    pub(super) async fn send(&self, name: &str, page: &Page, changes: &[(&str, &str)]) -> Page {
        let mut form = page.form("driver-form");
        form.retain(|(field, _)| changes.iter().all(|(changed, _)| changed != field));
        form.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(&format!("/driver/{name}"), &form).await
    }

    /// Opens the page of an operation and sends what it proposes, with this algorithm.
    pub(super) async fn drive(&self, name: &str, algorithm: &str) -> Page {
        let page = self.open(name).await;
        assert_eq!(page.find("lack"), None, "{name} lacks something");
        self.send(name, &page, &[("algorithm", algorithm)]).await
    }

    /// The same with the newer algorithm and some values changed.
    pub(super) async fn change(&self, name: &str, changes: &[(&str, &str)]) -> Page {
        let page = self.open(name).await;
        let sent = self.send(name, &page, changes).await;
        assert_eq!(sent.status, 200, "{name}: {}", sent.html);
        sent
    }

    /// The buyer signs in and chooses.
    pub(super) fn choose(&self, session_id: &str) {
        let mut ledger = self.sandbox.ledger();
        ledger.sign_in(session_id, BUYER).unwrap();
        ledger.choose(session_id, Some("address-1"), "card-1111").unwrap();
    }

    /// The buyer is sent to the paying page and pays.
    pub(super) fn pay(&self, session_id: &str) {
        let mut ledger = self.sandbox.ledger();
        ledger.enter_processing(session_id).unwrap();
        ledger.pay(session_id).unwrap();
    }

    /// From the first page to a completed session; answers its charge.
    pub(super) async fn buy(&self, algorithm: &str) -> String {
        let session_id = self.drive("createCheckoutSession", algorithm).await.told("checkoutSessionId");
        self.choose(&session_id);
        assert_eq!(self.drive("updateCheckoutSession", algorithm).await.answered(), "200");
        self.pay(&session_id);
        self.drive("completeCheckoutSession", algorithm).await.told("chargeId")
    }

    /// What the API has received: operation, status, merchant.
    pub(super) async fn received(&self) -> Vec<(String, i64, String)> {
        let ledger: Value = serde_json::from_str(&self.get("/_control/ledger").await.html).unwrap();
        let entry = |one: &Value| {
            let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            (text("operation"), one["status"].as_i64().unwrap_or_default(), text("merchantId"))
        };
        ledger["requests"].as_array().unwrap().iter().map(entry).collect()
    }

    /// Breaks the next request of an operation.
    pub(super) async fn fault(&self, operation: &str, what: &Value) {
        let mut rule = json!({"operation": operation});
        rule.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        let request = Request::builder().method("POST").uri("/_control/faults").body(Body::from(rule.to_string()));
        assert_eq!(self.request(request.unwrap()).await.status, 201);
    }
}
