//! A merchant who signs by hand, and a sandbox that knows them.

use std::sync::Arc;
use std::sync::OnceLock;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tower::ServiceExt;

use crate::domain::{ManualClock, Millis, SeededRng};
use crate::sandbox::openssl_key::OpensslKey;
use crate::sandbox::{Merchant, MerchantKey, Sandbox, Settings, router};

pub(super) const NOW: Millis = Millis(1_795_371_000_000); // 2026-11-22T18:10:00Z
pub(super) const SHOP: &str = "A1SHOP00000001";
pub(super) const OTHER_SHOP: &str = "A1SHOP00000002";
pub(super) const STORE: &str = "amzn1.application-oa2-client.0123456789abcdef0123456789abcdef";
const ALGORITHM: &str = "AMZN-PAY-RSASSA-PSS-V2";

/// One key serves all tests; each makes its own sandbox.
fn key() -> &'static OpensslKey {
    static KEY: OnceLock<OpensslKey> = OnceLock::new();
    KEY.get_or_init(OpensslKey::generate)
}

pub(super) fn sandbox() -> Arc<Sandbox> {
    let merchant = |merchant_id: &str, store_id: &str, public_key_id: &str| Merchant {
        merchant_id: merchant_id.to_owned(),
        name: "関所商店".to_owned(),
        store_ids: vec![store_id.to_owned()],
        keys: vec![MerchantKey { public_key_id: public_key_id.to_owned(), public_key_pem: key().public_pem() }],
        ..Merchant::default()
    };
    let merchants = vec![merchant(SHOP, STORE, SHOP), merchant(OTHER_SHOP, "another-store", OTHER_SHOP)];
    let settings = Settings { base_url: "http://127.0.0.1:8081".to_owned(), merchants };
    let clock = Arc::new(ManualClock::at(NOW));
    Sandbox::new(settings, clock, Arc::new(SeededRng::new(3))).expect("a sandbox")
}

/// What the sandbox answered.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) request_id: Option<String>,
    pub(super) body: Value,
}

impl Reply {
    pub(super) fn code(&self) -> &str {
        self.body["reasonCode"].as_str().unwrap_or_default()
    }
}

/// A request as `merchant_id` signs it. `extra` headers go unsigned.
pub(super) fn signed(merchant_id: &str, method: &str, path: &str, body: &str, extra: &[(&str, &str)]) -> Request<Body> {
    let names = "x-amz-pay-date;x-amz-pay-host;x-amz-pay-region";
    let digest = hex::encode(Sha256::digest(body));
    let canonical = format!(
        "{method}\n{path}\n\nx-amz-pay-date:{date}\nx-amz-pay-host:127.0.0.1:8081\n\
         x-amz-pay-region:jp\n\n{names}\n{digest}",
        date = NOW.utc_basic(),
    );
    let signature = sign(&format!("{ALGORITHM}\n{}", hex::encode(Sha256::digest(canonical))));
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("x-amz-pay-date", NOW.utc_basic())
        .header("x-amz-pay-host", "127.0.0.1:8081")
        .header("x-amz-pay-region", "jp")
        .header(
            "authorization",
            format!("{ALGORITHM} PublicKeyId={merchant_id}, SignedHeaders={names}, Signature={signature}"),
        );
    for (name, value) in extra {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).expect("a request")
}

fn sign(text: &str) -> String {
    // The command line works in the key's directory, on one text at a time.
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    key().sign(text, 32)
}

pub(super) async fn send(sandbox: &Arc<Sandbox>, request: Request<Body>) -> Response<Body> {
    router(Arc::clone(sandbox)).oneshot(request).await.expect("a router never fails")
}

/// Calls the API with an idempotency key.
pub(super) async fn call(sandbox: &Arc<Sandbox>, method: &str, path: &str, body: &Value, key: &str) -> Reply {
    let request = signed(SHOP, method, path, &body.to_string(), &[("x-amz-pay-idempotency-key", key)]);
    reply(send(sandbox, request).await).await
}

pub(super) async fn get(sandbox: &Arc<Sandbox>, path: &str) -> Reply {
    reply(send(sandbox, signed(SHOP, "GET", path, "", &[])).await).await
}

/// Calls the control API.
pub(super) async fn control(sandbox: &Arc<Sandbox>, method: &str, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::builder().method(method).uri(path).body(Body::from(body)).expect("a request");
    reply(send(sandbox, request).await).await
}

pub(super) async fn reply(response: Response<Body>) -> Reply {
    let status = response.status().as_u16();
    let request_id = response.headers().get("x-amz-pay-request-id");
    let request_id = request_id.map(|value| value.to_str().expect("ASCII").to_owned());
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a whole body");
    Reply { status, request_id, body: serde_json::from_slice(&bytes).unwrap_or_default() }
}

pub(super) fn session_body() -> Value {
    json!({
        "storeId": STORE,
        "webCheckoutDetails": {
            "checkoutReviewReturnUrl": "https://shop.example/review",
            "checkoutResultReturnUrl": "https://shop.example/result",
        },
        "paymentDetails": {"paymentIntent": "Authorize", "chargeAmount": {"amount": "1000.00", "currencyCode": "JPY"}},
        "merchantMetadata": {"merchantReferenceId": "注文 1"},
    })
}

pub(super) fn amount(name: &str, yen: i64) -> Value {
    json!({name: {"amount": yen, "currencyCode": "JPY"}})
}

/// The names of an object's fields, in order.
pub(super) fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// A session whose buyer has paid with `card`.
pub(super) async fn paid_session(sandbox: &Arc<Sandbox>, card: &str) -> String {
    paid_session_of(sandbox, card, &session_body()).await
}

/// A session made by `body` whose buyer has paid with `card`.
pub(super) async fn paid_session_of(sandbox: &Arc<Sandbox>, card: &str, body: &Value) -> String {
    let created = call(sandbox, "POST", "/v2/checkoutSessions", body, &format!("create-{card}")).await;
    let id = created.body["checkoutSessionId"].as_str().expect("an id").to_owned();
    let mut ledger = sandbox.ledger();
    ledger.sign_in(&id, "amzn1.account.SEKISHOYOSHIDA02").expect("signed in");
    ledger.choose(&id, Some("address-1"), card).expect("chosen");
    ledger.enter_processing(&id).expect("entered");
    ledger.pay(&id).expect("paid");
    id
}

/// A charge that was authorized with the card 1111.
pub(super) async fn authorized_charge(sandbox: &Arc<Sandbox>) -> String {
    let id = paid_session(sandbox, "card-1111").await;
    let path = format!("/v2/checkoutSessions/{id}/complete");
    let completed = call(sandbox, "POST", &path, &amount("chargeAmount", 1000), "complete").await;
    completed.body["chargeId"].as_str().expect("a charge").to_owned()
}
