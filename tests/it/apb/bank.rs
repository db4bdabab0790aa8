//! An Amazon whose bank wants a second factor: it stands before the sandbox, passes everything on, and keeps the charges
//! that it makes itself.
//!
//! Create Charge answers a charge in AuthorizationInitiated that says where the buyer has to go; there the buyer gives the
//! factor or not, and is sent to the address that the charge was made with. Or, told so, it refuses with MFANotCompleted
//! until the buyer has given the factor; the charge is then the sandbox's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::support::Stage;

/// How an answer about a charge goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is lost after the work was done.
    Lost,
    /// Only half of it arrives.
    Half,
    /// An error, and nothing was done.
    Status(u16),
}

#[derive(Default)]
struct Books {
    amazon: String,
    url: String,
    charges: BTreeMap<String, Value>,
    /// By idempotency key.
    made: BTreeMap<String, String>,
    /// `POST`, `GET` or `DELETE`, and what goes wrong from now on.
    fault: Option<(Method, Fault)>,
    cancellations: usize,
    extra_yen: i64,
    /// Whether it refuses, and what the buyer has said to it.
    refuses: bool,
    proven: Option<bool>,
    /// Where the latest refused charge wants the buyer to go back to.
    noted: Option<String>,
}

/// The bank.
#[derive(Clone)]
pub(super) struct Bank(Arc<Mutex<Books>>);

impl Bank {
    /// A stage whose first shop's Amazon has such a bank.
    pub(super) async fn stage() -> (Stage, Self) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let bank = Self(Arc::new(Mutex::new(Books { url: url.clone(), ..Books::default() })));
        let router = Router::new().fallback(answer).with_state(bank.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let books = bank.0.clone();
        let stage = Stage::with(move |plan| {
            plan.gives_up_soon();
            books.lock().unwrap().amazon = std::mem::replace(&mut plan.shops[0].amazon_endpoint, url);
        })
        .await;
        (stage, bank)
    }

    /// Lets every answer to `method` on charges go wrong; `None` mends it.
    pub(super) fn goes_wrong(&self, fault: Option<(Method, Fault)>) {
        self.0.lock().unwrap().fault = fault;
    }

    /// Refuses instead of making charges that wait.
    pub(super) fn refuses(&self) {
        self.0.lock().unwrap().refuses = true;
    }

    /// The buyer gives the factor, or cannot; answers where the browser goes.
    pub(super) fn hears(&self, right: bool) -> String {
        let mut books = self.0.lock().unwrap();
        books.proven = Some(right);
        books.noted.clone().unwrap()
    }

    /// Lets the next charges be of so much more than was asked for.
    pub(super) fn adds(&self, yen: i64) {
        self.0.lock().unwrap().extra_yen = yen;
    }

    /// The state of its only charge.
    pub(super) fn state(&self) -> String {
        let books = self.0.lock().unwrap();
        assert_eq!(books.charges.len(), 1);
        books.charges.values().next().unwrap()["statusDetails"]["state"].as_str().unwrap().to_owned()
    }

    /// Decides on its only charge, without the buyer.
    pub(super) fn decides(&self, state: &str, reason: Option<&str>) {
        let mut books = self.0.lock().unwrap();
        let charge = books.charges.values_mut().next().unwrap();
        charge["statusDetails"] = json!({"state": state, "reasonCode": reason});
    }

    /// How many charges it has made, and how often it was asked to cancel one.
    pub(super) fn counts(&self) -> (usize, usize) {
        let books = self.0.lock().unwrap();
        (books.charges.len(), books.cancellations)
    }
}

impl Books {
    fn create(&mut self, key: &str, body: &Value) -> (u16, Value) {
        if let Some(id) = self.made.get(key) {
            return (200, self.charges[id].clone());
        }
        let permission = body["chargePermissionId"].as_str().unwrap();
        let id = format!("{permission}-C{:06}", self.charges.len() + 1);
        let amount: i64 = body["chargeAmount"]["amount"].as_str().unwrap().parse().unwrap();
        let charge = json!({
            "chargeId": id,
            "chargePermissionId": permission,
            "chargeAmount": {"amount": (amount + self.extra_yen).to_string(), "currencyCode": "JPY"},
            "statusDetails": {"state": "AuthorizationInitiated", "reasonCode": null},
            "captureNow": body["captureNow"],
            "webCheckoutDetails": {
                "checkoutResultReturnUrl": body["webCheckoutDetails"]["checkoutResultReturnUrl"],
                "amazonPayRedirectUrl": format!("{}/mfa/{id}", self.url),
            },
        });
        self.made.insert(key.to_owned(), id.clone());
        self.charges.insert(id, charge.clone());
        (201, charge)
    }

    /// The refusal; nothing once the factor is given.
    fn refuse(&mut self, body: &Value) -> Option<(u16, Value)> {
        let code = match self.proven {
            None => "MFANotCompleted",
            Some(false) => "InvalidChargePermissionStatus",
            Some(true) => return None,
        };
        self.noted = body["webCheckoutDetails"]["checkoutResultReturnUrl"].as_str().map(str::to_owned);
        Some((422, json!({"reasonCode": code, "message": ""})))
    }

    fn cancel(&mut self, id: &str) -> (u16, Value) {
        self.cancellations += 1;
        let Some(charge) = self.charges.get_mut(id) else { return not_found() };
        if !matches!(charge["statusDetails"]["state"].as_str(), Some("AuthorizationInitiated" | "Authorized")) {
            return (422, json!({"reasonCode": "InvalidChargeStatus", "message": ""}));
        }
        charge["statusDetails"] = json!({"state": "Canceled", "reasonCode": "MerchantCanceled"});
        (200, charge.clone())
    }

    /// The buyer's answer; says where the browser goes.
    fn factor(&mut self, id: &str, right: bool) -> String {
        let charge = self.charges.get_mut(id).unwrap();
        if charge["statusDetails"]["state"] == "AuthorizationInitiated" {
            let capture = charge["captureNow"] == true;
            charge["statusDetails"] = match (right, capture) {
                (true, true) => json!({"state": "Captured", "reasonCode": null}),
                (true, false) => json!({"state": "Authorized", "reasonCode": null}),
                (false, _) => json!({"state": "Declined", "reasonCode": "MFANotCompleted"}),
            };
        }
        charge["webCheckoutDetails"]["checkoutResultReturnUrl"].as_str().unwrap().to_owned()
    }
}

fn not_found() -> (u16, Value) {
    (404, json!({"reasonCode": "ResourceNotFound", "message": ""}))
}

async fn answer(State(bank): State<Bank>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1_000_000).await.unwrap();
    let path = head.uri.path().to_owned();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    if let ["mfa", id] = parts[..] {
        let right = head.uri.query() == Some("factor=right");
        let next = bank.0.lock().unwrap().factor(id, right);
        return (StatusCode::SEE_OTHER, [("location", next)]).into_response();
    }
    let about_charges = matches!(parts[..], ["v2", "charges", ..]);
    let fault = bank.0.lock().unwrap().fault.clone().filter(|(method, _)| about_charges && *method == head.method);
    if let Some((_, Fault::Status(status))) = fault {
        return (StatusCode::from_u16(status).unwrap(), "{\"reasonCode\":\"\",\"message\":\"\"}").into_response();
    }
    let key = head.headers.get("x-amz-pay-idempotency-key").map(|key| key.to_str().unwrap().to_owned());
    let done = {
        let mut books = bank.0.lock().unwrap();
        match (head.method.as_str(), &parts[..]) {
            ("POST", ["v2", "charges"]) => {
                let body = serde_json::from_slice(&body).unwrap();
                if books.refuses { books.refuse(&body) } else { Some(books.create(&key.unwrap(), &body)) }
            }
            ("GET", ["v2", "charges", id]) => books.charges.get(*id).map(|one| (200, one.clone())),
            ("DELETE", ["v2", "charges", id, "cancel"]) => Some(books.cancel(id)),
            _ => None,
        }
    };
    match (done, fault) {
        (Some((_, charge)), Some((_, Fault::Half))) => {
            let text = charge.to_string();
            (StatusCode::OK, text[..text.len() / 2].to_owned()).into_response()
        }
        (Some(_), Some((_, Fault::Lost))) => lost(),
        (Some((status, charge)), _) => (StatusCode::from_u16(status).unwrap(), charge.to_string()).into_response(),
        (None, _) => pass_on(&bank, &head, body).await,
    }
}

async fn pass_on(bank: &Bank, head: &axum::http::request::Parts, body: Bytes) -> Response {
    let url = format!("{}{}", bank.0.lock().unwrap().amazon, head.uri);
    let client =
        sekisho::egress::client(std::time::Duration::from_secs(5), std::time::Duration::from_secs(30)).unwrap();
    let request = client.request(head.method.clone(), url).headers(head.headers.clone()).body(body);
    match request.send().await {
        Ok(answer) => (answer.status(), answer.bytes().await.unwrap()).into_response(),
        Err(_) => lost(),
    }
}

/// An answer that never arrives.
fn lost() -> Response {
    let broken = async { Err::<Bytes, _>(std::io::Error::other("lost on purpose")) };
    Response::new(Body::from_stream(futures_util::stream::once(broken)))
}
