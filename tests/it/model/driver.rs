//! Does what the model did, for real: through the gateway's router, its database and the sandbox; and compares.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use sekisho::domain::{AccessId, Transaction};
use sekisho::reconcile;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::book::Book;
use super::says::{Action, Fields, Says, Value};
use super::step::{Act, Kind};
use crate::fuzz_corpus::bodies::bytes::escaped;
use crate::fuzz_corpus::bodies::indoors::Indoors;
use crate::support::{Answer, form_of, result_form};

const SHOP: (&str, &str) = ("tshop00000001", "demoshop1pass");

/// What the gateway called an order.
#[derive(Debug, Clone, Default)]
struct Names {
    access_id: String,
    access_pass: String,
    token: String,
    /// What the page posts that begins a checkout.
    begin: String,
}

/// Plays one sequence.
pub(super) struct Driver<'a> {
    indoors: &'a Indoors,
    /// Before every OrderID, so that no two sequences share one.
    prefix: String,
    names: Vec<Names>,
    sessions: Vec<String>,
    /// How many calls there were: every third is `.json`.
    calls: usize,
}

impl<'a> Driver<'a> {
    pub(super) fn new(indoors: &'a Indoors, prefix: String) -> Self {
        Self { indoors, prefix, names: Vec::new(), sessions: Vec::new(), calls: 0 }
    }

    /// Does it; `Err` says how what came back differs from what the model says.
    pub(super) async fn act(&mut self, action: &Action, says: &Says) -> Result<(), String> {
        match action {
            Action::Call(name, fields) => self.call(name, fields, says).await,
            Action::Start { order, right } => self.start(*order, *right, says).await,
            Action::Begin { order, card, ships, act } => {
                let session = self.begin(*order, card, *ships).await?;
                self.sessions.push(session);
                self.do_at_amazon(self.sessions.len() - 1, *act);
                Ok(())
            }
            Action::Return { order, session } => {
                let (access_id, session) = (&self.names[*order].access_id, &self.sessions[*session]);
                let uri = format!("/payment/AmazonpayReturn/{access_id}?amazonCheckoutSessionId={session}");
                self.page(Request::get(uri).body(Body::empty()).unwrap(), says).await
            }
            Action::Buyer { session, act } => {
                self.do_at_amazon(*session, *act);
                Ok(())
            }
            Action::Choose { kind, card, amount, captures } => self.choose(*kind, card, *amount, *captures),
            Action::Wait(ms) => {
                self.indoors.clock.advance(*ms);
                let round = reconcile::round(&self.indoors.gateway).await.map_err(|error| error.to_string())?;
                if (round.still_open, round.failed) == (0, 0) { Ok(()) } else { Err(format!("{round:?}")) }
            }
        }
    }

    fn do_at_amazon(&self, session: usize, act: Act) {
        let session = &self.sessions[session];
        let mut ledger = self.indoors.sandbox.ledger();
        // Whether the page lets the buyer in is judged by what comes of it.
        let _ = ledger.enter_processing(session).map(|_| ());
        let _ = match act {
            Act::Open => Ok(()),
            Act::Pay => ledger.pay(session).map(|_| ()),
            Act::GiveUp => ledger.cancel_by_buyer(session).map(|_| ()),
        };
    }

    async fn start(&mut self, order: usize, right: bool, says: &Says) -> Result<(), String> {
        let names = &self.names[order];
        let token = if right { names.token.clone() } else { "A".repeat(64) };
        let form = format!("AccessID={}&Token={}", names.access_id, escaped(token.as_bytes()));
        let request = Request::post("/payment/AmazonpayStart.idPass").body(Body::from(form)).unwrap();
        if *says != Says::Begins {
            return self.page(request, says).await;
        }
        let answer = self.indoors.gateway(request).await;
        let html = String::from_utf8_lossy(answer.body()).into_owned();
        let (_, fields) = form_of(&html, "start-form").ok_or_else(|| format!("no checkout begins: {html}"))?;
        let pairs: Vec<String> =
            fields.iter().map(|(name, text)| format!("{name}={}", escaped(text.as_bytes()))).collect();
        self.names[order].begin = pairs.join("&");
        Ok(())
    }

    /// The buyer's browser posts the page's form to Amazon, and the buyer signs in and chooses; answers the session.
    async fn begin(&self, order: usize, card: &str, ships: bool) -> Result<String, String> {
        let request = Request::post("/checkout/initiate").header("content-type", "application/x-www-form-urlencoded");
        let request = request.body(Body::from(self.names[order].begin.clone())).unwrap();
        let answer = self.indoors.sandbox(request).await;
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
        let session = location.and_then(|to| to.split_once("amazonCheckoutSessionId=")).map(|(_, id)| id.to_owned());
        let session = session.ok_or_else(|| format!("no session: {}", String::from_utf8_lossy(answer.body())))?;
        self.indoors.buyer_chooses(&session, card).map_err(|why| format!("{why} (ships: {ships})"))?;
        Ok(session)
    }

    fn choose(&mut self, kind: Kind, card: &str, amount: i64, captures: bool) -> Result<(), String> {
        let review = json!({"checkoutReviewReturnUrl": "https://shop.example/review"});
        let intent = if captures { "AuthorizeWithCapture" } else { "Authorize" };
        let payload = match kind {
            Kind::OneTime => json!({"webCheckoutDetails": review}),
            Kind::Recurring => json!({"webCheckoutDetails": review, "chargePermissionType": "Recurring"}),
            Kind::OnPage => json!({"paymentDetails": {
                "paymentIntent": intent,
                "canHandlePendingAuthorization": false,
                "chargeAmount": {"amount": amount.to_string(), "currencyCode": "JPY"},
            }}),
        };
        let session = self.indoors.session(0, payload, card)?;
        if kind == Kind::OnPage {
            let mut ledger = self.indoors.sandbox.ledger();
            ledger.enter_processing(&session).map_err(|error| error.to_string())?;
            ledger.pay(&session).map_err(|error| error.to_string())?;
        }
        self.sessions.push(session);
        Ok(())
    }

    async fn call(&mut self, name: &str, fields: &Fields, says: &Says) -> Result<(), String> {
        let mut sent = BTreeMap::from([("ShopID", SHOP.0.to_owned()), ("ShopPass", SHOP.1.to_owned())]);
        sent.extend(fields.iter().map(|(name, value)| (*name, self.word(value))));
        self.calls += 1;
        let as_json = self.calls.is_multiple_of(3);
        let answer = self.indoors.gateway(if as_json { json_call(name, &sent) } else { form_call(name, &sent) }).await;
        let (status, answer) = (answer.status().as_u16(), answer.into_body());
        let told = || format!("{name} {sent:?} answered {status} {}", String::from_utf8_lossy(&answer));
        let said = said(&answer, as_json).ok_or_else(told)?;
        if name == "EntryTranAmazonpay" && said.contains_key("AccessID") {
            let names = Names {
                access_id: said["AccessID"].clone(),
                access_pass: said["AccessPass"].clone(),
                ..Names::default()
            };
            self.names.push(names);
        }
        if let (Some(id), Some(token)) = (said.get("AccessID"), said.get("Token")) {
            self.names
                .iter_mut()
                .filter(|names| names.access_id == *id)
                .for_each(|names| names.token.clone_from(token));
        }
        let errors = said.get("ErrInfo").cloned().unwrap_or_default();
        let same = match says {
            Says::Fields(expected) => errors.is_empty() && self.is_as(expected, &said),
            Says::Succeeds => errors.is_empty(),
            Says::Refuses(codes) => errors == *codes,
            other => return Err(format!("the model's own mistake: a call answers {other:?}")),
        };
        let fitting = if !as_json || errors.is_empty() {
            200
        } else if errors.starts_with("AZ1") {
            502
        } else {
            400
        };
        if same && status == fitting { Ok(()) } else { Err(format!("{}; the model says {says:?}", told())) }
    }

    async fn page(&self, request: Request<Body>, says: &Says) -> Result<(), String> {
        let what = request.uri().to_string();
        let answer = self.indoors.gateway(request).await;
        let (status, text) = (answer.status().as_u16(), String::from_utf8_lossy(answer.body()).into_owned());
        let same = match says {
            Says::Redirects => status == 302,
            Says::Page(code) => (400..500).contains(&status) && text.contains(code),
            Says::Posts(expected) if status == 200 => {
                let form = result_form(&as_answer(answer));
                let posted: BTreeMap<String, String> = form.fields.into_iter().collect();
                if form.ret_url != "https://shop.example/result" || !self.is_as(expected, &posted) {
                    return Err(format!("{what} posts {posted:?}; the model says {expected:?}"));
                }
                true
            }
            _ => false,
        };
        if same { Ok(()) } else { Err(format!("{what} answered {status} {text}; the model says {says:?}")) }
    }

    /// Whether these are exactly the fields.
    pub(super) fn is_as(&self, expected: &Fields, said: &BTreeMap<String, String>) -> bool {
        let same = |(name, value): &(&str, Value)| match (said.get(*name), value) {
            (Some(said), Value::Something) => !said.is_empty(),
            (Some(said), value) => *said == self.word(value),
            (None, _) => false,
        };
        expected.len() == said.len() && expected.iter().all(same)
    }

    /// SearchTradeMulti says of every order what the model says.
    pub(super) async fn all_stand(&mut self, book: &Book) -> Result<(), String> {
        for order in 0..book.orders.len() {
            let fields = vec![("OrderID", Value::OrderId(order)), ("PayType", Value::Is("38".to_owned()))];
            self.call("SearchTradeMulti", &fields, &Says::Fields(book.trade(order))).await?;
        }
        Ok(())
    }

    /// Whether a notification is about one of this sequence's orders.
    pub(super) fn is_about_us(&self, body: &str) -> bool {
        body.contains(&format!("&OrderID={}-", self.prefix))
    }

    /// The transaction in the gateway's own book.
    pub(super) async fn transaction(&self, order: usize) -> Transaction {
        self.indoors.gateway.store().transaction(&self.access_id(order)).await.unwrap().unwrap()
    }

    pub(super) fn access_id(&self, order: usize) -> AccessId {
        AccessId::new(self.names[order].access_id.clone()).unwrap()
    }

    /// What Amazon calls a session.
    pub(super) fn session(&self, session: usize) -> &str {
        &self.sessions[session]
    }

    fn word(&self, value: &Value) -> String {
        match value {
            Value::Is(text) => text.clone(),
            Value::Something => String::new(),
            Value::AccessId(order) => self.names[*order].access_id.clone(),
            Value::AccessPass(order) => self.names[*order].access_pass.clone(),
            Value::OrderId(order) => format!("{}-{order}", self.prefix),
            Value::Session(session) => self.sessions[*session].clone(),
            Value::Permission(permission) => self.permission(*permission),
            Value::CheckString(order, permission) => {
                let permission = permission.map(|permission| self.permission(permission)).unwrap_or_default();
                let access_id = &self.names[*order].access_id;
                let text = format!("{}-{order}{access_id}{}{}{permission}", self.prefix, SHOP.0, SHOP.1);
                hex::encode(Sha256::digest(text))
            }
        }
    }

    /// The permission that so many of this sequence's sessions before it did not become: Amazon's books have them in the
    /// order of their making.
    fn permission(&self, permission: usize) -> String {
        let ledger = self.indoors.sandbox.ledger();
        let ours = ledger.charge_permissions().filter(|found| self.sessions.contains(&found.session_id));
        ours.map(|found| found.id.clone()).nth(permission).unwrap_or_else(|| "no such permission".to_owned())
    }
}

fn form_call(name: &str, fields: &BTreeMap<&str, String>) -> Request<Body> {
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", escaped(value.as_bytes()))).collect();
    Request::post(format!("/payment/{name}.idPass")).body(Body::from(pairs.join("&"))).unwrap()
}

fn json_call(name: &str, fields: &BTreeMap<&str, String>) -> Request<Body> {
    let members: Map<String, Json> = fields
        .iter()
        .map(|(name, value)| (name[..1].to_lowercase() + &name[1..], Json::from(value.as_str())))
        .collect();
    let request = Request::post(format!("/payment/{name}.json")).header("content-type", "application/json");
    request.body(Body::from(Json::Object(members).to_string())).unwrap()
}

/// The fields of an answer by their idPass names; errors of `.json` as idPass would list them.
fn said(answer: &[u8], as_json: bool) -> Option<BTreeMap<String, String>> {
    if !as_json {
        let line = std::str::from_utf8(answer).ok()?;
        let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), unescaped(name, value)));
        return line.split('&').map(pair).collect();
    }
    match serde_json::from_slice(answer).ok()? {
        Json::Object(members) => {
            let text = |value: Json| value.as_str().map(str::to_owned);
            let raised = |name: String| name[..1].to_uppercase() + &name[1..];
            members.into_iter().map(|(name, value)| Some((raised(name), text(value)?))).collect()
        }
        Json::Array(errors) => {
            let codes: Option<Vec<&str>> = errors.iter().map(|error| error["errInfo"].as_str()).collect();
            Some(BTreeMap::from([("ErrInfo".to_owned(), codes?.join("|"))]))
        }
        _ => None,
    }
}

fn unescaped(name: &str, value: &str) -> String {
    if matches!(name, "Token" | "StartURL") {
        return value.to_owned();
    }
    percent_encoding::percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned()
}

fn as_answer(response: Response<Bytes>) -> Answer {
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (content_type, location) = (header("content-type").unwrap_or_default(), header("location"));
    Answer { status: response.status().as_u16(), content_type, location, bytes: response.into_body().to_vec() }
}

/// A notification's body as fields, without those that are the same in all of them.
pub(super) fn notified(body: &str) -> BTreeMap<String, String> {
    const SAME: [&str; 6] = ["ShopID", "ShopPass", "AccessPass", "Currency", "PayType", "ErrCode"];
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(name, _)| !SAME.contains(name))
        .map(|(name, value)| (name.to_owned(), unescaped(name, value)))
        .collect()
}
