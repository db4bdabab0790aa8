//! A merchant who signs by itself (AMZN-PAY-RSASSA-PSS-V2) and a sandbox on a clock that stands still.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PSS_SHA256, RsaKeyPair};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use secrecy::ExposeSecret as _;
use sekisho::amazonpay::{GeneratedKey, generate_pem};
use sekisho::domain::{ManualClock, Millis, SeededRng};
use sekisho::sandbox::ledger::Currency;
use sekisho::sandbox::wire::session_request;
use sekisho::sandbox::{self, ArchiveError, Merchant, MerchantKey, Sandbox, SetUpError, Settings};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

pub(super) const NOW: Millis = Millis(1_795_371_000_000); // 2026-11-22T18:10:00Z
pub(super) const STORE: &str = "amzn1.application-oa2-client.0123456789abcdef0123456789abcdef";
pub(super) const BUYER: &str = "amzn1.account.SEKISHOHAKONE001";
const BASE_URL: &str = "http://127.0.0.1:8081";
const ALGORITHM: &str = "AMZN-PAY-RSASSA-PSS-V2";

/// One key serves all merchants: each has it under its own id.
static KEY: LazyLock<(GeneratedKey, RsaKeyPair)> = LazyLock::new(|| {
    let key = generate_pem().unwrap();
    let der = PrivatePkcs8KeyDer::from_pem_slice(key.private_pem.expose_secret().as_bytes()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    (key, pair)
});

/// What the sandbox answered.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// Null where there was none.
    pub(super) body: Value,
    pub(super) text: String,
}

impl Reply {
    pub(super) fn code(&self) -> &str {
        self.body["reasonCode"].as_str().unwrap_or_default()
    }

    /// A text of the body.
    pub(super) fn text_of(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_else(|| panic!("{name} in {}", self.text)).to_owned()
    }

    pub(super) fn keys(&self) -> Vec<&str> {
        self.body.as_object().expect("an object").keys().map(String::as_str).collect()
    }

    /// `statusDetails.state`.
    pub(super) fn state(&self) -> &str {
        self.body["statusDetails"]["state"].as_str().unwrap_or_default()
    }
}

/// A merchant at a sandbox.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) merchant_id: String,
    router: Router,
    region: &'static str,
    /// Every refusal: operation (method and path without ids), status, code.
    seen: Arc<Mutex<BTreeSet<(String, u16, String)>>>,
}

fn settings() -> Settings {
    let merchant = |merchant_id: &str, ledger_currency: Currency| Merchant {
        merchant_id: merchant_id.to_owned(),
        name: "関所商店".to_owned(),
        store_ids: vec![STORE.to_owned()],
        keys: vec![MerchantKey {
            public_key_id: format!("SANDBOX-{merchant_id}"),
            public_key_pem: KEY.0.public_pem.clone(),
        }],
        ledger_currency,
        ..Merchant::default()
    };
    let merchants = vec![
        merchant("A1SHOP00000001", Currency::JPY),
        merchant("A1SHOP00000002", Currency::JPY),
        merchant("A1SHOP0000USD1", Currency::USD),
        merchant("A1SHOP0000EUR1", Currency::EUR),
    ];
    Settings { base_url: BASE_URL.to_owned(), merchants }
}

impl Caller {
    /// The first merchant, at a new sandbox.
    pub(super) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let sandbox = Sandbox::new(settings(), clock.clone(), Arc::new(SeededRng::new(7))).unwrap();
        Self::at(sandbox, clock)
    }

    /// The same at a sandbox with a data file. `run` makes what it draws differ from other runs.
    pub(super) async fn kept_in(path: &Path, now: Millis, run: u64) -> Result<Self, ArchiveError> {
        let clock = Arc::new(ManualClock::at(now));
        match Sandbox::kept_in(path, settings(), clock.clone(), Arc::new(SeededRng::new(run))).await {
            Ok(sandbox) => Ok(Self::at(sandbox, clock)),
            Err(SetUpError::Archive(error)) => Err(error),
            Err(error) => panic!("{error}"),
        }
    }

    fn at(sandbox: Arc<Sandbox>, clock: Arc<ManualClock>) -> Self {
        let router = sandbox::router(Arc::clone(&sandbox));
        let (merchant_id, seen) = ("A1SHOP00000001".to_owned(), Arc::default());
        Self { sandbox, clock, merchant_id, router, region: "jp", seen }
    }

    /// Another merchant at the same sandbox.
    pub(super) fn other(&self, merchant_id: &str, region: &'static str) -> Self {
        Self { merchant_id: merchant_id.to_owned(), region, ..self.clone() }
    }

    /// Every refusal so far.
    pub(super) fn refusals(&self) -> BTreeSet<(String, u16, String)> {
        self.seen.lock().unwrap().clone()
    }

    /// A request as this merchant signs it. `path` may have a query; `extra` headers go unsigned.
    pub(super) fn signed(&self, method: &str, path: &str, body: &str, extra: &[(&str, &str)]) -> Request<Body> {
        let names = "x-amz-pay-date;x-amz-pay-host;x-amz-pay-region";
        let (date, host) = (NOW.utc_basic(), "127.0.0.1:8081");
        let (plain, query) = path.split_once('?').unwrap_or((path, ""));
        let digest = hex::encode(Sha256::digest(body));
        let region = self.region;
        let canonical = format!(
            "{method}\n{plain}\n{query}\nx-amz-pay-date:{date}\nx-amz-pay-host:{host}\nx-amz-pay-region:{region}\n\n\
             {names}\n{digest}"
        );
        let signature = sign(&format!("{ALGORITHM}\n{}", hex::encode(Sha256::digest(canonical))));
        let id = &self.merchant_id;
        let authorization =
            format!("{ALGORITHM} PublicKeyId=SANDBOX-{id}, SignedHeaders={names}, Signature={signature}");
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-amz-pay-date", date)
            .header("x-amz-pay-host", host)
            .header("x-amz-pay-region", region)
            .header("authorization", authorization);
        for (name, value) in extra {
            request = request.header(*name, *value);
        }
        request.body(Body::from(body.to_owned())).unwrap()
    }

    /// Sends a request as it is.
    pub(super) async fn send(&self, request: Request<Body>) -> Reply {
        let operation = template(request.method().as_str(), request.uri().path());
        let is_api = !request.uri().path().starts_with("/_");
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap();
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        let reply = Reply { status, headers, body, text };
        if !is_api {
            return reply;
        }
        assert!(reply.headers.contains_key("x-amz-pay-request-id"), "{operation}: {}", reply.text);
        if status >= 400 {
            assert_eq!(reply.keys(), ["reasonCode", "message"], "{operation}");
            self.seen.lock().unwrap().insert((operation, status, reply.code().to_owned()));
        }
        reply
    }

    /// Signs and sends.
    pub(super) async fn call_with(&self, method: &str, path: &str, body: &Value, extra: &[(&str, &str)]) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(self.signed(method, path, &body, extra)).await
    }

    /// The same with an idempotency key.
    pub(super) async fn call(&self, method: &str, path: &str, body: &Value, key: &str) -> Reply {
        self.call_with(method, path, body, &[("x-amz-pay-idempotency-key", key)]).await
    }

    /// The same with a key of its own and a simulation code.
    pub(super) async fn simulate(&self, method: &str, path: &str, body: &Value, code: &str) -> Reply {
        let key = format!("sim-{}", hex::encode(&Sha256::digest(format!("{path}{body}{code}"))[..8]));
        let headers = [("x-amz-pay-idempotency-key", key.as_str()), ("x-amz-pay-simulation-code", code)];
        self.call_with(method, path, body, &headers).await
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.call_with("GET", path, &Value::Null, &[]).await
    }

    /// What whoever tests asks below `/_control/`; nobody signs that.
    pub(super) async fn control(&self, method: &str, path: &str, body: &Value) -> Reply {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(Request::builder().method(method).uri(format!("/_control/{path}")).body(body).unwrap()).await
    }

    /// Opens one of the sandbox's addresses that begin with `/_`.
    pub(super) async fn browse(&self, path: &str) -> Reply {
        self.send(Request::builder().uri(path).body(Body::empty()).unwrap()).await
    }

    /// The sandbox's own clock moves on.
    pub(super) async fn advance(&self, ms: i64) {
        assert_eq!(self.control("POST", "clock", &json!({"advance_ms": ms})).await.status, 200);
    }

    /// A session of these terms whose buyer has paid with `card`.
    pub(super) async fn paid(&self, body: &Value, card: &str, key: &str) -> String {
        let created = self.call("POST", "/v2/checkoutSessions", body, key).await;
        assert_eq!(created.status, 201, "{}", created.text);
        let id = created.text_of("checkoutSessionId");
        let mut ledger = self.sandbox.ledger();
        ledger.sign_in(&id, BUYER).unwrap();
        ledger.choose(&id, Some("address-1"), card).unwrap();
        ledger.enter_processing(&id).unwrap();
        ledger.pay(&id).unwrap();
        id
    }

    /// The token of the buyer who has signed in, asked for by this payload of a button.
    pub(super) fn signed_in(&self, payload: &Value) -> String {
        let request = session_request::sign_in(payload.to_string().as_bytes()).unwrap();
        let mut ledger = self.sandbox.ledger();
        let id = ledger.open_sign_in(&self.merchant_id, request).unwrap();
        let url = ledger.introduce(&id, BUYER).unwrap();
        url.split_once("buyerToken=").unwrap().1.to_owned()
    }

    /// [`Self::paid`], completed: the answer of Complete.
    pub(super) async fn completed(&self, body: &Value, card: &str, key: &str) -> Reply {
        let id = self.paid(body, card, key).await;
        let path = format!("/v2/checkoutSessions/{id}/complete");
        let charge = &body["paymentDetails"]["chargeAmount"];
        let body = if charge.is_null() { json!({}) } else { json!({"chargeAmount": charge}) };
        let completed = self.call("POST", &path, &body, key).await;
        assert_eq!(completed.status, 200, "{}", completed.text);
        completed
    }
}

/// Signatures that were made, by what they are of. A client may send one again (amazon-pay 1.5), and making one is what
/// takes a test of many requests its time.
static SIGNATURES: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Mutex::default);

fn sign(text: &str) -> String {
    if let Some(made) = SIGNATURES.lock().unwrap().get(text) {
        return made.clone();
    }
    let made = sign_anew(text);
    SIGNATURES.lock().unwrap().insert(text.to_owned(), made.clone());
    made
}

fn sign_anew(text: &str) -> String {
    let pair = &KEY.1;
    let mut signature = vec![0; pair.public_modulus_len()];
    #[expect(clippy::disallowed_methods, reason = "aws-lc-rs demands a source to make the salt of a signature")]
    let random = SystemRandom::new();
    pair.sign(&RSA_PSS_SHA256, &random, text.as_bytes(), &mut signature).unwrap();
    STANDARD.encode(signature)
}

/// `POST charges/{}/capture` for `POST /v2/charges/S03-…/capture`.
fn template(method: &str, path: &str) -> String {
    const WORDS: [&str; 9] =
        ["complete", "finalize", "close", "capture", "cancel", "contest", "claim", "stores", "charge"];
    let rest = path.trim_start_matches("/sandbox").trim_start_matches("/v2/").trim_end_matches('/');
    let parts =
        rest.split('/').enumerate().map(|(at, part)| if at == 0 || WORDS.contains(&part) { part } else { "{}" });
    format!("{method} {}", parts.collect::<Vec<_>>().join("/"))
}

/// The body of Create Checkout Session: an order of 1,000 yen.
pub(super) fn order(intent: &str) -> Value {
    json!({
        "storeId": STORE,
        "webCheckoutDetails": {
            "checkoutReviewReturnUrl": "https://shop.example/review",
            "checkoutResultReturnUrl": "https://shop.example/result",
        },
        "paymentDetails": {"paymentIntent": intent, "chargeAmount": yen(1000)},
    })
}

pub(super) fn yen(amount: i64) -> Value {
    json!({"amount": amount.to_string(), "currencyCode": "JPY"})
}

/// The body of Create Charge.
pub(super) fn charge(permission_id: &str, amount: i64) -> Value {
    json!({"chargePermissionId": permission_id, "chargeAmount": yen(amount)})
}
