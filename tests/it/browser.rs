//! Real purchases through the real pages in a headless Chromium: shop, buyer pages, gateway, and back.
//!
//! Each test has a demo of its own and a browser of its own; they take turns, because two browsers at once on a small
//! machine are slower than one after the other. With `SEKISHO_PHOTOGRAPHS=1` every page is photographed for people to look at.

mod alley;
mod axe;
mod books;
mod button;
mod console;
mod console_shop;
mod driver;
mod flows;
mod on_page;
mod pages;
mod several;
mod shopper;
mod test_driver;
mod ways_out;

use std::time::Duration;

use sekisho::cli::World;
use sekisho::cli::demo::{Demo, DemoArgs};
use sekisho::egress;
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

use driver::Scripts;
use shopper::{DESK, PHONE, Shopper};

/// The buyer pages, by what their form does.
const SIGN_IN: &str = r#"#buyer-form[action="/checkout/sign-in"]"#;
const CHOOSE: &str = r#"#buyer-form[action="/checkout/choose"]"#;
const PROCESSING: &str = r#"#buyer-form[action="/checkout/processing"]"#;

static TURN: Mutex<()> = Mutex::const_new(());

/// A running demo, at whose first shop everything here is bought.
struct Street {
    demo: Demo,
    _turn: MutexGuard<'static, ()>,
}

impl Street {
    async fn open() -> Self {
        let turn = TURN.lock().await;
        let demo = Demo::start(&DemoArgs::anywhere(), World::real()).await.unwrap();
        Self { demo, _turn: turn }
    }

    /// An address in the shop.
    fn shop(&self, path: &str) -> String {
        format!("{}/{}{path}", self.demo.shop_url, self.demo.shops[0].shop_id)
    }

    /// What the order book says about an order, for programs.
    async fn order(&self, order_id: &str) -> Value {
        let http = egress::client(Duration::from_secs(3), Duration::from_secs(20)).unwrap();
        let book: Value = http.get(self.shop("/orders.json")).send().await.unwrap().json().await.unwrap();
        let order = book["orders"].as_array().unwrap().iter().find(|order| order["orderId"] == order_id);
        order.unwrap_or_else(|| panic!("no {order_id} in {book}")).clone()
    }

    /// The same, as soon as the gateway's notifications have arrived.
    async fn notified_order(&self, order_id: &str) -> Value {
        let arrives = async {
            loop {
                let order = self.order(order_id).await;
                if order["notifications"].as_array().is_some_and(|all| !all.is_empty()) {
                    return order;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), arrives).await.expect("a result notification within 20 s")
    }
}

fn button(form: &str, action: &str) -> String {
    format!(r#"{form} button[value="{action}"]"#)
}

fn choice(form: &str, name: &str, id: &str) -> String {
    format!(r#"{form} label:has(input[name="{name}"][value="{id}"])"#)
}

/// From the shelf to the shop's review page, with this card.
async fn shop_until_review(shopper: &Shopper, street: &Street, card: &str) {
    shopper.open(&street.shop("/")).await;
    shopper.press("#add-to-cart").await;
    shopper.press("#AmazonPayButton button").await;
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.pick(&choice(CHOOSE, "payment", card)).await;
    shopper.press(&button(CHOOSE, "continue")).await;
    shopper.see("#place-order").await;
}

/// All three voices of the gateway say the same of an order.
fn assert_all_say(order: &Value, status: &str) {
    assert_eq!(order["browser"]["status"], status, "{order:#}");
    assert_eq!(order["browser"]["checkStringValid"], true, "{order:#}");
    assert_eq!(order["notifications"][0]["status"], status, "{order:#}");
    assert_eq!(order["searchTradeMulti"]["Status"], status, "{order:#}");
    assert_eq!(order["notifications"][0]["amount"], order["amount"].to_string(), "{order:#}");
    assert_eq!(order["searchTradeMulti"]["Amount"], order["amount"].to_string(), "{order:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_buys_and_all_voices_agree() {
    let street = Street::open().await;
    let shopper = Shopper::new("buy", DESK, Scripts::Run).await;

    shopper.open(&street.demo.shop_url).await;
    shopper.look("01-street").await;
    shopper.open(&street.shop("/cart")).await;
    shopper.look("02-empty-cart").await;
    shopper.open(&street.shop("/")).await;
    shopper.look("03-catalogue").await;
    for product in ["hojicha", "tenugui"] {
        shopper.open(&street.shop("/")).await;
        shopper.press(&format!(r#"button[value="{product}"]"#)).await;
        shopper.see("#AmazonPayButton button").await;
    }
    shopper.look("04-cart").await;
    let total = shopper.read("dd.total").await;
    shopper.press("#AmazonPayButton button").await;

    shopper.see(SIGN_IN).await;
    shopper.look("05-sign-in").await;
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.pick(&choice(CHOOSE, "address", "address-2")).await;
    shopper.look("06-choose").await;
    shopper.press(&button(CHOOSE, "continue")).await;

    let address = shopper.read("address").await;
    assert!(address.contains("100-0005") && address.contains("箱根 太郎"), "{address}");
    assert!(shopper.read("#payment-descriptor").await.contains("****1111"));
    assert_eq!(shopper.read("dd.total").await, total);
    shopper.look("07-review").await;
    shopper.press("#change-payment").await;
    shopper.pick(&choice(CHOOSE, "payment", "card-4444")).await;
    assert!(!shopper.has(&choice(CHOOSE, "address", "address-2")).await, "only the payment method is to be changed");
    shopper.look("08-change-payment").await;
    shopper.press(&button(CHOOSE, "continue")).await;
    assert!(shopper.read("#payment-descriptor").await.contains("****4444"));
    assert_eq!(shopper.read("address").await, address, "the address stays as it was");
    shopper.press("#place-order").await;

    assert_eq!(shopper.read("#amount").await, total);
    shopper.look("09-pay").await;
    shopper.press(&button(PROCESSING, "pay")).await;

    let order_id = shopper.read("#thanks #order-id").await;
    assert_eq!(shopper.read("#order-status").await, "AUTH");
    shopper.look("10-thanks").await;
    assert_all_say(&street.notified_order(&order_id).await, "AUTH");
    ship(&shopper, &street, &order_id).await;
    shopper.expect_silent_console().await;
    a_violation_would_be_heard(&shopper).await;
}

/// Reads the order book as the shop does, and captures.
async fn ship(shopper: &Shopper, street: &Street, order_id: &str) {
    shopper.open(&street.shop("/orders")).await;
    for number in 1..=3 {
        let voice = shopper.read(&format!("article .voices section:nth-child({number})")).await;
        assert!(voice.contains("AUTH"), "{voice}");
    }
    shopper.look("11-orders").await;
    shopper.press("article .ship").await;
    shopper.see("article .shipped").await;
    assert!(shopper.read("article .voices section:nth-child(3)").await.contains("SALES"));
    assert!(!shopper.has("article .ship").await, "what is shipped cannot be shipped again");
    shopper.look("12-orders-shipped").await;
    let order = street.order(order_id).await;
    assert_eq!(order["act"]["status"], "SALES", "{order:#}");
    assert_eq!(order["searchTradeMulti"]["Status"], "SALES", "{order:#}");
}

/// The silence of a console means something only if the console can speak.
async fn a_violation_would_be_heard(shopper: &Shopper) {
    let script = "const bad = document.createElement('script'); bad.textContent = '0'; document.body.append(bad);";
    shopper.run(script).await;
    let said = shopper.console().await;
    assert!(said.iter().any(|line| line.contains("Content Security Policy")), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_at_the_paying_page_fails_the_order_and_keeps_the_cart() {
    let street = Street::open().await;
    let shopper = Shopper::new("cancel", DESK, Scripts::Run).await;
    shop_until_review(&shopper, &street, "card-1111").await;
    shopper.press("#place-order").await;
    shopper.press(&button(PROCESSING, "cancel")).await;

    let order_id = shopper.read("#failed #order-id").await;
    assert!(shopper.read("#failed").await.contains("お支払いは取り消されました"));
    shopper.look("failed").await;
    assert_all_say(&street.notified_order(&order_id).await, "PAYFAIL");
    shopper.press("#main a.button").await;
    shopper.see("#AmazonPayButton button").await;
    shopper.open(&street.shop("/orders")).await;
    shopper.see("article").await;
    shopper.look("orders").await;
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_fails_the_order() {
    let street = Street::open().await;
    let shopper = Shopper::new("declined", DESK, Scripts::Run).await;
    shop_until_review(&shopper, &street, "card-3434").await;
    shopper.press("#place-order").await;
    shopper.press(&button(PROCESSING, "pay")).await;

    let order_id = shopper.read("#failed #order-id").await;
    assert!(shopper.read("#failed").await.contains("別のお支払い方法"));
    shopper.look("failed").await;
    assert_all_say(&street.notified_order(&order_id).await, "PAYFAIL");
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript_every_step_has_a_button() {
    let street = Street::open().await;
    let shopper = Shopper::new("no-script", DESK, Scripts::Off).await;
    shopper.open(&street.shop("/")).await;
    shopper.press("#add-to-cart").await;
    shopper.see("noscript p").await;
    assert!(!shopper.has("#AmazonPayButton button").await, "scripts are to be off in this browser");
    shopper.look("01-cart").await;

    // The one step that is Amazon's own script: a page that posts what it would post.
    shopper.open(&button_page(&street)).await;
    shopper.press("button").await;
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.see(CHOOSE).await;
    shopper.press(&button(CHOOSE, "continue")).await;
    shopper.press("#place-order").await;
    shopper.see("#start-form button").await;
    shopper.look("02-start").await;
    shopper.press("#start-form button").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    shopper.see("#result-form button").await;
    shopper.look("03-gateway-result").await;
    shopper.press("#result-form button").await;
    let order_id = shopper.read("#thanks #order-id").await;
    assert_all_say(&street.notified_order(&order_id).await, "AUTH");

    shopper.open(&format!("{}/payment/AmazonpayStart.idPass", street.demo.gateway_url)).await;
    shopper.see("main code").await;
    shopper.look("04-gateway-error").await;
}

/// A page with the form that the Amazon Pay button posts.
fn button_page(street: &Street) -> String {
    let account = &street.demo.shops[0];
    let fields = [
        ("merchantId", account.merchant_id.as_str()),
        ("publicKeyId", &account.public_key_id),
        ("ledgerCurrency", "JPY"),
        ("checkoutLanguage", "ja_JP"),
        ("productType", "PayAndShip"),
        ("placement", "Cart"),
        ("payloadJSON", &account.buttons.review.payload),
        ("signature", &account.buttons.review.signature),
        ("algorithm", &account.buttons.review.algorithm),
    ];
    let escaped = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let inputs = fields.map(|(name, value)| format!(r#"<input name="{name}" value="{}">"#, escaped(value))).concat();
    let target = format!("{}/checkout/initiate", street.demo.sandbox_url);
    let page =
        format!(r#"<meta charset="utf-8"><form method="post" action="{target}">{inputs}<button>pay</button></form>"#);
    let page = percent_encoding::utf8_percent_encode(&page, percent_encoding::NON_ALPHANUMERIC);
    format!("data:text/html;charset=utf-8,{page}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_shows_every_page_in_english() {
    let street = Street::open().await;
    let shopper = Shopper::new("phone", PHONE, Scripts::Run).await;
    shopper.open(&street.shop("/")).await;
    shopper.look("01-catalogue-ja").await;
    shopper.press(r#"a[hreflang="en"]"#).await;
    shopper.see(r#"html[lang="en"]"#).await;
    shopper.look("02-catalogue").await;
    shopper.press("#add-to-cart").await;
    assert_eq!(shopper.read("#AmazonPayButton button").await, "Pay with Amazon Pay\nsandbox");
    shopper.look("03-cart").await;
    shopper.press("#AmazonPayButton button").await;

    // The button has told the buyer's pages which language; they have a switch of their own.
    shopper.see(&format!(r#"html[lang="en"] {SIGN_IN}"#)).await;
    shopper.press(r#"a[hreflang="ja"]"#).await;
    shopper.see(r#"html[lang="ja"]"#).await;
    shopper.look("04-sign-in-ja").await;
    shopper.press(r#"a[hreflang="en"]"#).await;
    shopper.see(r#"html[lang="en"]"#).await;
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.see(CHOOSE).await;
    shopper.look("05-choose").await;
    shopper.press(&button(CHOOSE, "continue")).await;
    shopper.see(r#"html[lang="en"] #place-order"#).await;
    shopper.look("06-review").await;
    shopper.press("#place-order").await;
    shopper.see(PROCESSING).await;
    shopper.look("07-pay").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    let order_id = shopper.read("#thanks #order-id").await;
    assert!(shopper.read("#thanks").await.contains("Thank you"));
    shopper.look("08-thanks").await;
    assert_all_say(&street.notified_order(&order_id).await, "AUTH");
    shopper.open(&street.shop("/orders")).await;
    shopper.see("article").await;
    shopper.look("09-orders").await;
    shopper.expect_silent_console().await;
}
