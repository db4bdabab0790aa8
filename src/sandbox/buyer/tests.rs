//! The buyer's pages in a real sandbox, without JavaScript: what a browser or a program is answered.

use std::sync::{Mutex, OnceLock, PoisonError};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use sha2::{Digest, Sha256};
use tower::ServiceExt;

use super::*;
use crate::domain::{ManualClock, Millis, SeededRng};
use crate::sandbox::ledger::{Amount, Currency, PaymentIntent, Terms};
use crate::sandbox::openssl_key::OpensslKey;
use crate::sandbox::{Merchant, MerchantKey, Settings};

const MERCHANT: &str = "A1SHOP00000001";
const OTHER_MERCHANT: &str = "A1SHOP00000002";
/// Whose ledger is in US dollars.
const DOLLAR_MERCHANT: &str = "A1SHOP0000USD1";
const DOLLAR_KEY_ID: &str = "SANDBOX-USD";
const STORE: &str = "amzn1.application-oa2-client.0123456789abcdef0123456789abcdef";
const KEY_ID: &str = "SANDBOX-K";
const ALGORITHM: &str = "AMZN-PAY-RSASSA-PSS-V2";
const REVIEW: &str = "https://shop.example/review";
const RESULT: &str = "https://gw.example/return?a=1";
const BUYER: &str = "amzn1.account.SEKISHOHAKONE001";
const DAY_MS: i64 = 86_400_000;

/// A key pair, and the signature of [`payload`] made with it. One serves all tests.
fn key() -> &'static (OpensslKey, String) {
    static KEY: OnceLock<(OpensslKey, String)> = OnceLock::new();
    KEY.get_or_init(|| {
        let key = OpensslKey::generate();
        let signature = sign(&key, &payload(STORE));
        (key, signature)
    })
}

fn payload(store: &str) -> String {
    format!(r#"{{"storeId":"{store}","webCheckoutDetails":{{"checkoutReviewReturnUrl":"{REVIEW}"}}}}"#)
}

/// One at a time: a key signs through files in its directory.
fn sign(key: &OpensslKey, payload: &str) -> String {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    key.sign(&format!("{ALGORITHM}\n{}", hex::encode(Sha256::digest(payload))), 32)
}

/// One browser before the pages; it keeps no cookies unless told.
struct World {
    sandbox: Arc<Sandbox>,
    clock: Arc<ManualClock>,
    router: Router,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.headers["location"].to_str().expect("ascii")
    }
}

impl World {
    fn new() -> Self {
        let key = MerchantKey { public_key_id: KEY_ID.to_owned(), public_key_pem: key().0.public_pem() };
        let merchant = |merchant_id: &str, keys| Merchant {
            merchant_id: merchant_id.to_owned(),
            name: "<関所> 商店".to_owned(),
            store_ids: vec![STORE.to_owned()],
            keys,
            ..Merchant::default()
        };
        let dollar_key = MerchantKey { public_key_id: DOLLAR_KEY_ID.to_owned(), ..key.clone() };
        let dollars = Merchant { ledger_currency: Currency::USD, ..merchant(DOLLAR_MERCHANT, vec![dollar_key]) };
        let merchants = vec![merchant(MERCHANT, vec![key]), merchant(OTHER_MERCHANT, Vec::new()), dollars];
        let settings = Settings { base_url: "http://sandbox.example".to_owned(), merchants };
        let clock = Arc::new(ManualClock::at(Millis(1_795_371_000_000)));
        let sandbox = Sandbox::new(settings, Arc::clone(&clock) as _, Arc::new(SeededRng::new(1))).expect("a sandbox");
        Self { router: crate::sandbox::router(Arc::clone(&sandbox)), sandbox, clock }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.expect("infallible").into_parts();
        let body = to_bytes(body, 1 << 20).await.expect("body");
        let body = String::from_utf8(body.to_vec()).expect("utf-8");
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("request")).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).expect("request")).await
    }

    async fn step(&self, page: &str, id: &str, fields: &[(&str, &str)]) -> Answer {
        let fields = [&[("amazonCheckoutSessionId", id)], fields].concat();
        self.post(&format!("/checkout/{page}"), &fields).await
    }

    async fn initiate(&self, product_type: &str) -> String {
        let answer = self.post("/checkout/initiate", &button(product_type, &key().1, &payload(STORE))).await;
        let id = answer.location().strip_prefix("/checkout/sign-in?amazonCheckoutSessionId=").expect("sign-in");
        id.to_owned()
    }

    /// A buyer who has chosen `card` and whom the shop has sent to pay 1,980 yen.
    async fn about_to_pay(&self, card: &str) -> String {
        let id = self.initiate("PayAndShip").await;
        self.step("sign-in", &id, &[("buyer", BUYER), ("action", "sign-in")]).await;
        self.step("choose", &id, &[("address", "address-1"), ("payment", card), ("action", "continue")]).await;
        let mut changes = Terms::default();
        changes.web.checkout_result_return_url = Some(RESULT.to_owned());
        changes.payment.payment_intent = Some(PaymentIntent::Authorize);
        changes.payment.charge_amount = Amount::new(1_980).ok();
        self.sandbox.ledger().update_session(MERCHANT, &id, changes).expect("updated");
        let page = self.get(&format!("/checkout/processing?amazonCheckoutSessionId={id}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        id
    }
}

fn button<'a>(product_type: &'a str, signature: &'a str, payload: &'a str) -> [(&'a str, &'a str); 8] {
    [
        ("merchantId", MERCHANT),
        ("publicKeyId", KEY_ID),
        ("ledgerCurrency", "JPY"),
        ("placement", "Cart"),
        ("productType", product_type),
        ("payloadJSON", payload),
        ("signature", signature),
        ("algorithm", ALGORITHM),
    ]
}

#[tokio::test]
async fn a_buyer_signs_in_chooses_reviews_and_pays() {
    let world = World::new();
    let id = world.initiate("PayAndShip").await;
    let sign_in = world.get(&format!("/checkout/sign-in?amazonCheckoutSessionId={id}")).await;
    assert!(sign_in.body.contains(r#"id="buyer-form""#) && sign_in.body.contains(r#"name="buyer""#));
    let answer = world.step("sign-in", &id, &[("buyer", BUYER), ("action", "sign-in")]).await;
    assert_eq!(answer.location(), format!("/checkout/choose?amazonCheckoutSessionId={id}"));
    let choose = world.get(answer.location()).await;
    assert!(choose.body.contains(r#"name="address" value="address-2""#), "{}", choose.body);
    assert!(choose.body.contains(r#"name="payment" value="card-3434""#));
    let choice = [("address", "address-2"), ("payment", "card-1111"), ("action", "continue")];
    let answer = world.step("choose", &id, &choice).await;
    assert_eq!(answer.location(), format!("{REVIEW}?amazonCheckoutSessionId={id}"));

    let id = world.about_to_pay("card-1111").await;
    let page = world.get(&format!("/checkout/processing?amazonCheckoutSessionId={id}")).await;
    assert!(page.body.contains("¥1,980") && page.body.contains("&#60;関所&#62; 商店"), "{}", page.body);
    assert!(page.body.contains("Visa ****1111") && page.body.contains("箱根町"));
    for _ in 0..2 {
        let answer = world.step("processing", &id, &[("action", "pay")]).await;
        assert_eq!(answer.location(), format!("{RESULT}&amazonCheckoutSessionId={id}"));
    }
}

#[tokio::test]
async fn every_page_says_no_frames_no_store_no_sniffing_and_leaves_forms_free() {
    let world = World::new();
    let id = world.initiate("PayAndShip").await;
    let page = world.get(&format!("/checkout/sign-in?amazonCheckoutSessionId={id}")).await;
    let header = |name: &str| page.headers[name].to_str().expect("ascii");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-frame-options"), "DENY");
    let policy = header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("form-action"), "{policy}");
    assert!(page.body.contains(r#"id="sandbox-band""#) && !page.body.contains("<script"));
}

#[tokio::test]
async fn a_wrong_signature_shows_what_the_server_would_have_signed() {
    let world = World::new();
    let changed = payload(STORE).replace("review", "<b>");
    let answer = world.post("/checkout/initiate", &button("PayAndShip", &key().1, &changed)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let string_to_sign = format!("{ALGORITHM}\n{}", hex::encode(Sha256::digest(&changed)));
    assert!(answer.body.contains(&string_to_sign) && answer.body.contains(MERCHANT), "{}", answer.body);
    assert!(answer.body.contains("&#60;b&#62;") && !answer.body.contains("<b>"));
    let mut stolen = button("PayAndShip", &key().1, "");
    let (right, other) = (payload(STORE), OTHER_MERCHANT);
    stolen[0].1 = other;
    stolen[5].1 = &right;
    let answer = world.post("/checkout/initiate", &stolen).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("is not a key of merchant A1SHOP00000002"), "{}", answer.body);
    assert!(world.sandbox.ledger().sessions().next().is_none());
}

#[tokio::test]
async fn a_payload_of_several_lines_survives_the_browsers_line_ends() {
    let world = World::new();
    let signed = payload(STORE).replace(',', ",\n");
    let (signature, posted) = (sign(&key().0, &signed), signed.replace('\n', "\r\n"));
    let answer = world.post("/checkout/initiate", &button("PayAndShip", &signature, &posted)).await;
    assert!(answer.location().starts_with("/checkout/sign-in"));
}

#[tokio::test]
async fn a_button_that_lacks_something_is_told_what() {
    let world = World::new();
    let answer = world.post("/checkout/initiate", &[("merchantId", MERCHANT), ("ledgerCurrency", "CHF")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    for text in ["publicKeyId is missing", "payloadJSON is missing", "ledgerCurrency must be JPY, USD, EUR or GBP"] {
        assert!(answer.body.contains(text), "{text}: {}", answer.body);
    }
    let answer = world.post("/checkout/initiate", &button("SignIn", &key().1, &payload(STORE))).await;
    assert!(answer.body.contains("signInReturnUrl is missing"), "{}", answer.body);
    let answer = world.post("/checkout/initiate", &button("Gift", &key().1, &payload(STORE))).await;
    assert!(
        answer
            .body
            .contains("productType must be one of PayAndShip, PayAndShipMultiAddress, PayOnly, Donation, SignIn"),
        "{}",
        answer.body
    );
    let foreign = payload("another store");
    let answer = world.post("/checkout/initiate", &button("PayOnly", &sign(&key().0, &foreign), &foreign)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("another store"), "{}", answer.body);
    let help = world.get("/checkout/initiate").await;
    let content_type = help.headers["content-type"].to_str().expect("ascii");
    assert!(help.body.contains("payloadJSON") && content_type.starts_with("text/plain"));
}

#[tokio::test]
async fn there_is_no_address_to_choose_where_nothing_is_sent() {
    let world = World::new();
    let id = world.initiate("PayOnly").await;
    let answer = world.step("sign-in", &id, &[("buyer", BUYER), ("action", "sign-in")]).await;
    assert!(!world.get(answer.location()).await.body.contains(r#"name="address""#));
    let answer = world.step("choose", &id, &[("payment", "card-1111"), ("action", "continue")]).await;
    assert!(answer.location().starts_with(REVIEW));
}

#[tokio::test]
async fn a_change_button_opens_one_list_and_keeps_the_other() {
    let world = World::new();
    let id = world.about_to_pay("card-4444").await;
    let page = world.get(&format!("/checkout/change?amazonCheckoutSessionId={id}&changeAction=changePayment")).await;
    assert!(page.body.contains(r#"<input type="hidden" name="address" value="address-1">"#), "{}", page.body);
    assert!(page.body.contains(r#"name="payment" value="card-4444" required checked"#), "{}", page.body);
    let choice = [("address", "address-1"), ("payment", "card-1111"), ("action", "continue")];
    let answer = world.step("choose", &id, &choice).await;
    assert_eq!(answer.location(), format!("/checkout/processing?amazonCheckoutSessionId={id}"));
    let odd = world.get(&format!("/checkout/change?amazonCheckoutSessionId={id}&changeAction=changeAll")).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
    assert!(odd.body.contains("changeAddress, changePayment"));
}

#[tokio::test]
async fn cancelling_leads_back_to_the_shop_or_says_that_nothing_was_paid() {
    let world = World::new();
    let id = world.about_to_pay("card-1111").await;
    let answer = world.step("processing", &id, &[("action", "cancel")]).await;
    assert_eq!(answer.location(), format!("{RESULT}&amazonCheckoutSessionId={id}"));
    let again = world.step("processing", &id, &[("action", "pay")]).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert!(again.body.contains(r#"id="way-out""#), "{}", again.body);
    let id = world.initiate("PayAndShip").await;
    let answer = world.step("sign-in", &id, &[("action", "cancel")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("取り消しました"));
}

#[tokio::test]
async fn stale_unknown_and_odd_requests_get_a_clear_page() {
    let world = World::new();
    for page in ["sign-in", "choose", "processing"] {
        let answer = world.get(&format!("/checkout/{page}?amazonCheckoutSessionId=nobody")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{page}");
        let id = world.initiate("PayAndShip").await;
        let answer = world.step(page, &id, &[("action", "explode")]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{page}");
    }
    let id = world.initiate("PayAndShip").await;
    let early = world.get(&format!("/checkout/processing?amazonCheckoutSessionId={id}")).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    let answer = world.get(&format!("/checkout/choose?amazonCheckoutSessionId={id}")).await;
    assert_eq!(answer.location(), format!("/checkout/sign-in?amazonCheckoutSessionId={id}"));
    let answer = world.step("sign-in", &id, &[("buyer", "nobody"), ("action", "sign-in")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    world.clock.advance(2 * DAY_MS);
    let answer = world.get(&format!("/checkout/sign-in?amazonCheckoutSessionId={id}")).await;
    assert_eq!(answer.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_card_that_must_stay_pending_is_refused_on_the_paying_page() {
    let world = World::new();
    let id = world.about_to_pay("card-0701").await;
    let answer = world.step("processing", &id, &[("action", "pay")]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("canHandlePendingAuthorization") && answer.body.contains("changePayment"));
}

#[tokio::test]
async fn the_button_and_then_the_buyer_decide_the_language() {
    let world = World::new();
    let payload = payload(STORE);
    let fields = [&button("PayAndShip", &key().1, &payload)[..], &[("checkoutLanguage", "en_US")]].concat();
    let answer = world.post("/checkout/initiate", &fields).await;
    let cookie = answer.headers["set-cookie"].to_str().expect("ascii").split(';').next().expect("pair").to_owned();
    let request = |path: &str| Request::get(path).header("cookie", &cookie).body(Body::empty()).expect("request");
    let page = world.send(request(answer.location())).await;
    assert!(page.body.contains(r#"<html lang="en">"#) && page.body.contains("no money moves"), "{}", page.body);
    let page = world.send(request(&format!("{}&lang=ja", answer.location()))).await;
    assert!(page.body.contains(r#"<html lang="ja">"#));
    assert!(page.headers["set-cookie"].to_str().expect("ascii").contains("=ja;"));
}

mod flows;
mod on_page;
