//! One act of a visit, and what must hold of every answer.

use axum::body::{Body, Bytes as Answer};
use axum::http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use sekisho::protocol::Call;
use sekisho::reconcile;
use serde_json::json;

use super::super::bytes::{Bytes, escaped};
use super::super::indoors::Indoors;
use super::calls::ShopCall;
use super::memory::{Memory, fields_of};

const CARDS: [&str; 9] = [
    "card-1111",
    "card-3064",
    "card-3434",
    "card-0701",
    "card-4354",
    "card-8001",
    "card-8002",
    "card-8003",
    "card-8004",
];
const METHODS: [&str; 8] = ["POST", "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"];
const PATHS: [&str; 22] = [
    "/payment/EntryTranAmazonpay.idPass",
    "/payment/ExecTranAmazonpay.json",
    "/payment/AmazonpayStart.idPass",
    "/payment/AmazonpayStart.json",
    "/payment/AmazonpayReturn/0123456789abcdef0123456789abcdef?amazonCheckoutSessionId=x",
    "/payment/SearchTradeMulti.idPass?OrderID=x&PayType=38",
    "/payment/CloseBillingAgreementAmazonpay.idPass",
    "/payment/%FF.idPass",
    "/payment/",
    "/payment/a/b",
    "/payment/.json",
    "/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/amazonpay/ipn",
    "/console",
    "/checkout/initiate",
    "/v2/checkoutSessions",
    "/sandbox/v2/charges/S03-1234567-1234567-C123456/capture",
    "/_control/chargePermissions/S03-1234567-1234567",
];
const HEADERS: [(&str, &str); 8] = [
    ("content-type", "application/x-www-form-urlencoded"),
    ("content-type", "application/json"),
    ("content-length", "9999999"),
    ("authorization", "AMZN-PAY-RSASSA-PSS-V2 PublicKeyId=K, SignedHeaders=a, Signature=s"),
    ("accept-language", "en"),
    ("host", "["),
    ("x-request-id", "a\tb"),
    ("expect", "100-continue"),
];
const REASONS: [&str; 8] = [
    "InvalidCheckoutSessionStatus",
    "ResourceNotFound",
    "AmountMismatch",
    "SoftDeclined",
    "HardDeclined",
    "InvalidChargeStatus",
    "CheckoutSessionCanceled",
    "Nobody Knows This",
];
const OPERATIONS: [&str; 6] =
    ["updateCheckoutSession", "completeCheckoutSession", "captureCharge", "createCharge", "createRefund", "getCharge"];

/// Before a visit: Amazon and the shops' servers work.
pub(super) async fn clear_up(indoors: &Indoors) {
    indoors.receiver.answers(200, b"0");
    drop(indoors.receiver.take());
    let request = Request::delete("/_control/faults").body(Body::empty()).expect("a request");
    judge(&indoors.sandbox(request).await, "faults");
}

/// Does whatever the input says next.
pub(super) async fn one(indoors: &Indoors, memory: &mut Memory, bytes: &mut Bytes<'_>) {
    match bytes.below(16) {
        0..=4 => {
            let call = ShopCall::any(memory, bytes);
            make(indoors, memory, call).await;
        }
        5 => choose(indoors, memory, bytes),
        6 => {
            choose(indoors, memory, bytes);
            for call in [Call::EntryTran, Call::ExecTran] {
                let call = ShopCall::of(call, memory, bytes);
                make(indoors, memory, call).await;
            }
        }
        7 => start(indoors, memory).await,
        8 => at_amazon(indoors, memory, bytes.byte()),
        9 => come_back(indoors, memory).await,
        10 => {
            start(indoors, memory).await;
            at_amazon(indoors, memory, bytes.byte());
            come_back(indoors, memory).await;
        }
        11 => anything(indoors, bytes, false).await,
        12 => anything(indoors, bytes, true).await,
        13 => pass_time(indoors, bytes.byte()).await,
        14 => indoors.receiver.answers([200, 204, 302, 404, 500][bytes.below(5)], bytes.some()),
        _ => fault(indoors, bytes).await,
    }
}

async fn make(indoors: &Indoors, memory: &mut Memory, call: ShopCall) {
    let ShopCall { call, shop, parameters, request } = call;
    let what = format!("{} {parameters:?}", request.uri());
    let answer = indoors.gateway(request).await;
    judge(&answer, &what);
    let said = fields_of(answer.body());
    memory.statuses.extend(said.get("Status").cloned());
    memory.learn(call.name(), shop, &parameters, &said);
}

fn choose(indoors: &Indoors, memory: &mut Memory, bytes: &mut Bytes<'_>) {
    let how = bytes.byte();
    let payload = match how & 3 {
        0 | 3 => json!({"webCheckoutDetails": {"checkoutReviewReturnUrl": "https://shop.example/review"}}),
        1 => json!({
            "webCheckoutDetails": {"checkoutReviewReturnUrl": "https://shop.example/review"},
            "chargePermissionType": "Recurring",
        }),
        // The on-page script's: the buyer pays there.
        _ => json!({"paymentDetails": {
            "paymentIntent": "Authorize",
            "canHandlePendingAuthorization": false,
            "chargeAmount": {"amount": "2178", "currencyCode": "JPY"},
        }}),
    };
    let shop = usize::from(how >> 2 & 1);
    let card = CARDS[usize::from(how >> 3) % CARDS.len()];
    let Ok(session) = indoors.session(shop, payload, card) else { return };
    if how & 3 == 2 {
        let mut ledger = indoors.sandbox.ledger();
        let _ = ledger.enter_processing(&session).map(|_| ());
        let _ = ledger.pay(&session);
    }
    memory.sessions.push((shop, session));
}

async fn start(indoors: &Indoors, memory: &Memory) {
    let entered = memory.transaction(0);
    let form = format!("AccessID={}&Token={}", entered.access_id, escaped(entered.token.as_bytes()));
    let request = Request::post("/payment/AmazonpayStart.idPass").body(Body::from(form)).expect("a request");
    judge(&indoors.gateway(request).await, "AmazonpayStart");
}

/// The buyer pays, cancels, or only looks. Whether the page lets them is the sandbox's business.
fn at_amazon(indoors: &Indoors, memory: &Memory, how: u8) {
    let session = memory.transaction(0).session;
    let mut ledger = indoors.sandbox.ledger();
    let _ = ledger.enter_processing(&session).map(|_| ());
    let _ = match how % 4 {
        0 | 1 => ledger.pay(&session).map(|_| ()),
        2 => ledger.cancel_by_buyer(&session).map(|_| ()),
        _ => Ok(()),
    };
}

async fn come_back(indoors: &Indoors, memory: &Memory) {
    let entered = memory.transaction(0);
    let uri = format!("/payment/AmazonpayReturn/{}?amazonCheckoutSessionId={}", entered.access_id, entered.session);
    let request = Request::get(uri).body(Body::empty()).expect("a request");
    judge(&indoors.gateway(request).await, "AmazonpayReturn");
}

/// A request that nobody would send. libFuzzer's own words go into path, headers and body.
async fn anything(indoors: &Indoors, bytes: &mut Bytes<'_>, to_sandbox: bool) {
    let shape = bytes.byte();
    let method = if shape & 1 == 0 { METHODS[bytes.below(METHODS.len())] } else { "POST" };
    let path = if shape & 2 == 0 { PATHS[bytes.below(PATHS.len())].to_owned() } else { bytes.text() };
    let Ok(uri) = path.parse::<Uri>() else { return };
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::from_bytes(method.as_bytes()).expect("a method");
    *request.uri_mut() = uri;
    for _ in 0..shape >> 2 & 3 {
        let (name, value) = HEADERS[bytes.below(HEADERS.len())];
        let value = if shape & 16 == 0 { value.as_bytes() } else { bytes.some() };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            request.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    let body = bytes.some();
    let body = if shape & 32 == 0 { body.to_vec() } else { body.repeat(300) };
    *request.body_mut() = Body::from(body);
    let what = format!("{request:?}");
    let answer = if to_sandbox { indoors.sandbox(request).await } else { indoors.gateway(request).await };
    judge(&answer, &what);
}

async fn pass_time(indoors: &Indoors, how: u8) {
    const SECOND: i64 = 1_000;
    let ms = [0, SECOND, 31 * SECOND, 121 * SECOND, 3_601 * SECOND, 86_401 * SECOND, 8 * 86_400 * SECOND, 0];
    indoors.clock.advance(ms[usize::from(how & 7)]);
    let round = reconcile::round(&indoors.gateway).await.expect("the database can be read");
    assert_eq!(round.failed, 0, "{round:?}");
}

/// Amazon refuses the next request of some kind. Never so that the gateway would wait and try again: no time is to spare.
async fn fault(indoors: &Indoors, bytes: &mut Bytes<'_>) {
    let operation = OPERATIONS[bytes.below(OPERATIONS.len())];
    let status = [400, 403, 404, 409, 422][bytes.below(5)];
    let rule = json!({"operation": operation, "status": status, "reason_code": REASONS[bytes.below(REASONS.len())]});
    let request = Request::post("/_control/faults").body(Body::from(rule.to_string())).expect("a request");
    judge(&indoors.sandbox(request).await, "faults");
}

/// Codes that say that the gateway itself is at fault.
const OUR_FAULT: [&str; 5] = ["E91019999", "E91029998", "E91099996", "E91099999", "M91099999"];

fn judge(answer: &Response<Answer>, what: &str) {
    let status = answer.status().as_u16();
    let text = String::from_utf8_lossy(answer.body());
    let amazon_refused = status == 502 && text.starts_with("[{\"errCode\":\"AZ1\"");
    assert!(status < 500 || amazon_refused, "{status} for {what}: {text}");
    if text.starts_with("ErrCode=") || text.starts_with("[{\"errCode\"") || status >= 400 {
        for code in OUR_FAULT {
            assert!(!text.contains(code), "{code} for {what}: {text}");
        }
    }
}
