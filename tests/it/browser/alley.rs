//! A sandbox and a bare shop beside it, without gateway and demo shop: a test writes the shop's pages itself and plays
//! its server, so that only the sandbox's script and pages are looked at.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Json, Response};
use axum::routing::{get, post};
use secrecy::ExposeSecret as _;
use sekisho::amazonpay::{self, ButtonSignature, Environment, Region, SigningKey, generate_pem};
use sekisho::cli::World;
use sekisho::sandbox::ledger::Currency;
use sekisho::sandbox::{self, Merchant, MerchantKey, Sandbox, Settings};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::MutexGuard;

use super::TURN;

pub(super) const MERCHANT: &str = "A1ALLEY0000001";
pub(super) const STORE: &str = "amzn1.application-oa2-client.0123456789abcdef0123456789abcdef";
pub(super) const KEY_ID: &str = "SANDBOX-ALLEY";

/// What the shop's server does when its page posts JSON to `/hook/<name>`.
type Hook = Box<dyn Fn(&Value) -> Value + Send + Sync>;

/// The two parties, and everything that was posted to the shop.
pub(super) struct Alley {
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) sandbox_url: String,
    pub(super) shop_url: String,
    shop: Arc<Shop>,
    signer: amazonpay::Merchant,
    _turn: MutexGuard<'static, ()>,
}

#[derive(Default)]
struct Shop {
    pages: Mutex<HashMap<String, String>>,
    hooks: Mutex<HashMap<String, Hook>>,
    posted: Mutex<Vec<(String, Value)>>,
}

impl Alley {
    pub(super) async fn open() -> Self {
        let turn = TURN.lock().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sandbox_url = format!("http://{}", listener.local_addr().unwrap());
        let signer = signer(&sandbox_url);
        let public_key_pem = signer.key().public_pem().unwrap();
        let merchant = Merchant {
            merchant_id: MERCHANT.to_owned(),
            name: "路地の店".to_owned(),
            store_ids: vec![STORE.to_owned()],
            keys: vec![MerchantKey { public_key_id: KEY_ID.to_owned(), public_key_pem }],
            ipn_url: None,
            ledger_currency: Currency::JPY,
        };
        let settings = Settings { base_url: sandbox_url.clone(), merchants: vec![merchant] };
        let world = World::real();
        let sandbox = Sandbox::new(settings, world.clock, world.rng).unwrap();
        let router = sandbox::router(sandbox.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shop_url = format!("http://{}", listener.local_addr().unwrap());
        let shop = Arc::new(Shop::default());
        let router = Router::new()
            .route("/{page}", get(page).post(page))
            .route("/hook/{name}", post(hook))
            .with_state(shop.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { sandbox, sandbox_url, shop_url, shop, signer, _turn: turn }
    }

    /// Puts up a page of the shop's with checkout.js and this script. Answers its address.
    pub(super) fn page(&self, name: &str, body: &str, script: &str) -> String {
        let html = format!(
            "<!doctype html><html lang=ja><meta charset=utf-8><title>{name}</title>\
             <link rel=icon href=data:,><meta name=viewport content='width=device-width'>\
             <body>{body}<script src='{}/checkout.js'></script><script>\
             const tell = async (name, event) => (await fetch('/hook/' + name, {{ method: 'POST', \
             headers: {{ 'content-type': 'application/json' }}, body: JSON.stringify(event) }})).json();\
             {script}</script></body></html>",
            self.sandbox_url
        );
        self.shop.pages.lock().unwrap().insert(name.to_owned(), html);
        format!("{}/{name}", self.shop_url)
    }

    /// What the shop's server answers to `tell(name, event)`.
    pub(super) fn hook(&self, name: &str, act: impl Fn(&Value) -> Value + Send + Sync + 'static) {
        self.shop.hooks.lock().unwrap().insert(name.to_owned(), Box::new(act));
    }

    /// The events told under this name, oldest first.
    pub(super) fn told(&self, name: &str) -> Vec<Value> {
        let posted = self.shop.posted.lock().unwrap();
        posted.iter().filter(|(hook, _)| hook == name).map(|(_, event)| event.clone()).collect()
    }

    pub(super) fn sign(&self, payload: &Value) -> ButtonSignature {
        self.signer.sign_button(payload.to_string()).unwrap()
    }

    /// `{ payloadJSON, signature, algorithm, publicKeyId }` as a JavaScript expression.
    pub(super) fn signed(&self, payload: &Value) -> String {
        json!(self.sign(payload)).to_string()
    }
}

fn signer(sandbox_url: &str) -> amazonpay::Merchant {
    let key = generate_pem().unwrap();
    let key = Arc::new(SigningKey::from_pem(key.private_pem.expose_secret()).unwrap());
    amazonpay::Merchant::new(sandbox_url, Region::Jp, Environment::Sandbox, KEY_ID, key).unwrap()
}

async fn page(State(shop): State<Arc<Shop>>, Path(name): Path<String>) -> Response {
    match shop.pages.lock().unwrap().get(&name) {
        Some(html) => Html(html.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn hook(State(shop): State<Arc<Shop>>, Path(name): Path<String>, Json(event): Json<Value>) -> Json<Value> {
    shop.posted.lock().unwrap().push((name.clone(), event.clone()));
    let hooks = shop.hooks.lock().unwrap();
    Json(hooks.get(&name).map_or(Value::Null, |act| act(&event)))
}
