//! The shop against a gateway that answers from a script: what the shop sends, believes, shows and refuses.

use std::collections::HashMap;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, Response, StatusCode};
use axum::routing::post;
use tower::ServiceExt;

use super::*;
use crate::demo_shop::form::Fields;
use crate::domain::{ManualClock, Millis, SeededRng};

const ACCESS_ID: &str = "0123456789abcdef0123456789abcdef";
const PERMISSION: &str = "S03-1234567-1234567";

/// A gateway that remembers what it was asked and answers the line it was told to.
#[derive(Default)]
struct Script {
    replies: Mutex<HashMap<String, String>>,
    calls: Mutex<Vec<(String, Fields)>>,
}

impl Script {
    fn reply(&self, call: &str, line: &str) {
        self.replies.lock().unwrap().insert(format!("{call}.idPass"), line.to_owned());
    }

    fn last(&self, call: &str) -> Fields {
        let calls = self.calls.lock().unwrap();
        calls.iter().rev().find(|(name, _)| name.starts_with(call)).expect("the call was made").1.clone()
    }
}

/// A shop, its router, its scripted gateway and one browser's cookie.
struct World {
    router: axum::Router,
    script: Arc<Script>,
    cookie: String,
}

impl World {
    async fn new() -> Self {
        let script = Arc::new(Script::default());
        let answer = {
            let script = Arc::clone(&script);
            move |axum::extract::Path(call): axum::extract::Path<String>, body: Bytes| async move {
                script.calls.lock().unwrap().push((call.clone(), form::decode(&body)));
                script.replies.lock().unwrap().get(&call).cloned().unwrap_or("ErrCode=E91&ErrInfo=E91099997".to_owned())
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway_url = format!("http://{}", listener.local_addr().unwrap());
        let gateway = axum::Router::new().route("/payment/{call}", post(answer));
        tokio::spawn(async move { axum::serve(listener, gateway).await });
        let settings = Settings {
            base_url: "http://shop.test".to_owned(),
            gateway_url,
            checkout_js_url: "http://amazon.test:1/checkout.js".to_owned(),
            merchants: vec![account()],
        };
        let clock = Arc::new(ManualClock::at(Millis(1_795_371_000_000)));
        let shop = DemoShop::new(settings, clock, Arc::new(SeededRng::new(1))).unwrap();
        script
            .reply("EntryTranAmazonpay", &format!("AccessID={ACCESS_ID}&AccessPass=00000000000000000000000000000001"));
        let start = format!("AccessID={ACCESS_ID}&Token=ab+/c&StartURL=http://gw.test/payment/AmazonpayStart.idPass");
        script.reply("ExecTranAmazonpay", &start);
        Self { router: router(shop), script, cookie: String::new() }
    }

    async fn send(&mut self, method: &str, path: &str, form: &str) -> (StatusCode, Response<()>, String) {
        let request = Request::builder().method(method).uri(format!("/tshop00000001{path}"));
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").header("cookie", &self.cookie);
        let response = self.router.clone().oneshot(request.body(Body::from(form.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            self.cookie = format!("{pair}; {}", self.cookie);
        }
        let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        (parts.status, Response::from_parts(parts, ()), text)
    }

    async fn get(&mut self, path: &str) -> String {
        self.send("GET", path, "").await.2
    }

    /// Fills the cart and places an order; the order's number.
    async fn place_order(&mut self) -> String {
        self.send("POST", "/cart/add", "product=tegata").await;
        let (status, _, page) = self.send("POST", "/order", "amazonCheckoutSessionId=abc&job=CAPTURE&amount=1").await;
        assert_eq!(status, StatusCode::OK, "{page}");
        self.script.last("EntryTran").get("OrderID").to_owned()
    }

    async fn bring_result(&mut self, order: &str, status: &str, permission: &str, check_string: &str) -> String {
        let form = format!(
            "ShopID=tshop00000001&OrderID={order}&Status={status}&TranDate=20261123031000\
             &AmazonChargePermissionID={permission}&CheckString={check_string}&ErrCode=&ErrInfo="
        );
        let (status, response, _) = self.send("POST", &format!("/result?order={order}"), &form).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        response.headers()["location"].to_str().unwrap().to_owned()
    }

    async fn book(&mut self) -> serde_json::Value {
        serde_json::from_str(&self.get("/orders.json").await).unwrap()
    }
}

fn account() -> ShopAccount {
    ShopAccount {
        shop_id: "tshop00000001".to_owned(),
        shop_pass: "demoshop1pass".to_owned(),
        name: "関所商店".to_owned(),
        merchant_id: "A1".to_owned(),
        store_id: "amzn1.application-oa2-client.1".to_owned(),
        public_key_id: "SANDBOX-1".to_owned(),
        buttons: Buttons { review: button(), consent: button(), sign_in: button() },
    }
}

fn button() -> Button {
    Button {
        payload: r#"{"a":"</script>"}"#.to_owned(),
        signature: "c2ln".to_owned(),
        algorithm: "AMZN-PAY-RSASSA-PSS-V2".to_owned(),
    }
}

fn check_string(order: &str, permission: &str) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(format!("{order}{ACCESS_ID}tshop00000001demoshop1pass{permission}")))
}

#[tokio::test]
async fn the_price_is_the_shops_own_and_the_browser_is_sent_to_start() {
    let mut world = World::new().await;
    world.send("POST", "/cart/add", "product=tegata").await;
    let cart = world.get("/cart").await;
    assert!(cart.contains("\\u003c/script\\u003e") && cart.contains("¥1,980"), "{cart}");
    let order = "amazonCheckoutSessionId=abc&job=CAPTURE&amount=1&total=1";
    let (_, response, page) = world.send("POST", "/order", order).await;
    assert!(page.contains(r#"action="http://gw.test/payment/AmazonpayStart.idPass""#), "{page}");
    assert!(page.contains(r#"name="Token" value="ab+/c""#), "{page}");
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    assert!(!policy.contains("form-action") && policy.contains("'nonce-"), "{policy}");
    let entry = world.script.last("EntryTran");
    let named = |name| entry.get(name).to_owned();
    assert_eq!(
        [named("Amount"), named("Tax"), named("JobCd"), named("AmazonpayType")],
        ["1800", "180", "CAPTURE", "3"]
    );
    assert_eq!(entry.get("OrderID").len(), 27);
    let exec = world.script.last("ExecTran");
    assert_eq!(exec.get("Description"), "関所商店");
    let ret_url = format!("http://shop.test/tshop00000001/result?order={}", entry.get("OrderID"));
    assert_eq!(exec.get("RetURL"), ret_url);
}

#[tokio::test]
async fn thanks_needs_the_gateways_own_word() {
    let mut world = World::new().await;
    let order = world.place_order().await;
    let right = check_string(&order, "");
    world.script.reply("SearchTradeMulti", "Status=PAYFAIL&JobCd=CAPTURE");
    // The CheckString of a failure is right for any Status that the shopper writes beside it.
    let location = world.bring_result(&order, "CAPTURE", "", &right).await;
    assert_eq!(location, format!("/tshop00000001/failed/{order}"));
    let (status, _, _) = world.send("GET", &format!("/thanks/{order}"), "").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(world.get(&format!("/failed/{order}")).await.contains(r#"id="failed""#));
}

#[tokio::test]
async fn a_paid_order_empties_the_cart_and_a_forged_return_changes_nothing() {
    let mut world = World::new().await;
    let order = world.place_order().await;
    world.script.reply("SearchTradeMulti", "Status=CAPTURE&AccessPass=secret&Amount=1800");
    let location = world.bring_result(&order, "CAPTURE", PERMISSION, &check_string(&order, PERMISSION)).await;
    assert_eq!(location, format!("/tshop00000001/thanks/{order}"));
    let thanks = world.get(&format!("/thanks/{order}")).await;
    assert!(thanks.contains(&format!(r#"id="order-id">{order}<"#)), "{thanks}");
    assert!(world.get("/cart").await.contains("カートはまだ空です"));
    world.bring_result(&order, "PAYFAIL", PERMISSION, &"0".repeat(64)).await;
    let book = world.book().await;
    let row = &book["orders"][0];
    assert_eq!((&row["browser"]["status"], &row["browser"]["checkStringValid"]), (&"CAPTURE".into(), &true.into()));
    assert_eq!(row["searchTradeMulti"]["Status"], "CAPTURE");
    assert!(!book.to_string().contains("secret"));
}

#[tokio::test]
async fn a_wrong_check_string_is_shown_as_such() {
    let mut world = World::new().await;
    let order = world.place_order().await;
    world.script.reply("SearchTradeMulti", "Status=AUTHPROCESS");
    let location = world.bring_result(&order, "CAPTURE", PERMISSION, &check_string(&order, "")).await;
    assert_eq!(location, format!("/tshop00000001/failed/{order}"));
    assert_eq!(world.book().await["orders"][0]["browser"]["checkStringValid"], false);
}

#[tokio::test]
async fn a_notification_is_received_twice_and_counted_once() {
    let mut world = World::new().await;
    let order = world.place_order().await;
    let news = format!("ShopID=tshop00000001&OrderID={order}&AccessID={ACCESS_ID}&Status=CAPTURE&Amount=1800&Tax=180");
    for _ in 0..2 {
        let (status, _, body) = world.send("POST", "/notify", &news).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "0"));
    }
    let stray = "ShopID=tshop00000001&OrderID=elsewhere&AccessID=1&Status=AUTH";
    assert_eq!(world.send("POST", "/notify", stray).await.2, "0");
    assert_eq!(world.send("POST", "/notify", "ShopID=tshop99999999&OrderID=a").await.2, "1");
    let book = world.book().await;
    let notifications = book["orders"][0]["notifications"].as_array().unwrap();
    assert_eq!(notifications.len(), 1);
    assert_eq!((&notifications[0]["deliveries"], &notifications[0]["status"]), (&2.into(), &"CAPTURE".into()));
    assert_eq!(book["unmatchedNotifications"][0]["orderId"], "elsewhere");
}

#[tokio::test]
async fn a_refusal_is_told_politely_and_exactly() {
    let mut world = World::new().await;
    world.script.reply("ExecTranAmazonpay", "ErrCode=AZ1&ErrInfo=AZ1000007");
    world.send("POST", "/cart/add", "product=senbei").await;
    let (status, response, _) = world.send("POST", "/order", "amazonCheckoutSessionId=abc&job=AUTH").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let page = world.get(location.strip_prefix("/tshop00000001").unwrap()).await;
    assert!(page.contains("AZ1000007") && page.contains(r#"id="failed""#), "{page}");
}

#[tokio::test]
async fn shipping_captures_what_was_ordered() {
    let mut world = World::new().await;
    let order = world.place_order().await;
    world.script.reply("SearchTradeMulti", "Status=AUTH");
    assert!(world.get("/orders").await.contains(&format!("/orders/{order}/ship")));
    world.script.reply("AmazonpaySales", &format!("OrderID={order}&Status=SALES&Amount=1800&Tax=180"));
    world.send("POST", &format!("/orders/{order}/ship"), "").await;
    world.script.reply("AmazonpaySales", "ErrCode=M01&ErrInfo=M01054004");
    world.send("POST", &format!("/orders/{order}/ship"), "").await;
    let sales = world.script.last("AmazonpaySales");
    assert_eq!((sales.get("Amount"), sales.get("Tax"), sales.get("AccessID")), ("1800", "180", ACCESS_ID));
    assert_eq!(world.book().await["orders"][0]["act"]["status"], "SALES");
}

#[tokio::test]
async fn a_review_shows_the_buyer_and_an_order_from_an_old_cart_is_not_taken() {
    let mut world = World::new().await;
    world.send("POST", "/cart/add", "product=senbei").await;
    let reply = form::encode(&[("ShippingName", "<能登> 花子"), ("PaymentDescriptor", "Visa ****1111 (Amazon Pay)")]);
    world.script.reply("SearchAddressAmazonpay", &reply);
    let page = world.get("/review?amazonCheckoutSessionId=abc&lang=en").await;
    assert!(page.contains("能登&#62; 花子") && page.contains("Visa ****1111"), "{page}");
    assert!(page.contains(r#"lang="en""#) && page.contains(r#"name="cart" value="1""#), "{page}");
    let (status, response, _) = world.send("POST", "/order", "amazonCheckoutSessionId=a%26c&job=AUTH&cart=7").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(response.headers()["location"], "/tshop00000001/review?amazonCheckoutSessionId=a%26c");
}

#[tokio::test]
async fn unknown_shops_and_orders_are_not_found() {
    let mut world = World::new().await;
    for path in ["/thanks/none", "/failed/none", "/nothing"] {
        assert_eq!(world.send("GET", path, "").await.0, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(world.send("POST", "/result?order=none", "").await.0, StatusCode::NOT_FOUND);
    let request = Request::get("/tshop99999999/").body(Body::empty()).unwrap();
    assert_eq!(world.router.clone().oneshot(request).await.unwrap().status(), StatusCode::NOT_FOUND);
}
