//! Every other flow of the protocol, each from its page in the demo shop: subscriptions, pay now, checkouts inside the
//! shop's page, sign-in, and what the shop does with an order afterwards.

use super::driver::Scripts;
use super::shopper::{DESK, PHONE, Shopper};
use super::{CHOOSE, PROCESSING, SIGN_IN, Street, assert_all_say, button, choice};

/// Amazon's window over the shop's page.
const WINDOW: &str = r#"#buyer-form[action="/checkout/on-page"]"#;
const SECOND_FACTOR: &str = r#"#buyer-form[action="/checkout/mfa"]"#;

/// Puts something into the cart and opens a page of the shop.
async fn with_a_cart(shopper: &Shopper, street: &Street, page: &str) {
    shopper.open(&street.shop("/")).await;
    shopper.press("#add-to-cart").await;
    shopper.see("#AmazonPayButton").await;
    shopper.open(&street.shop(page)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_registered_charged_and_ended() {
    let street = Street::open().await;
    let shopper = Shopper::new("subscribe", DESK, Scripts::Run).await;
    with_a_cart(&shopper, &street, "/subscribe").await;
    shopper.see("#AmazonPayButton button").await;
    shopper.look("01-subscribe").await;
    shopper.press("#AmazonPayButton button").await;
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.press(&button(CHOOSE, "continue")).await;
    shopper.pick(r#"label:has(input[name="first"][value="later"])"#).await;
    shopper.look("02-review").await;
    shopper.press("#place-order").await;
    shopper.see(PROCESSING).await;
    shopper.look("03-consent").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    let order_id = shopper.read("#thanks #order-id").await;
    assert_eq!(shopper.read("#order-status").await, "REGISTER");
    assert_all_say_without_money(&street, &order_id).await;

    shopper.open(&street.shop("/subscriptions")).await;
    assert!(shopper.read("article .permission-status").await.contains("Chargeable"));
    shopper.look("04-subscriptions").await;
    shopper.press("article .charge").await;
    let charge_id = shopper.read("#thanks #order-id").await;
    assert_ne!(charge_id, order_id);
    assert_eq!(shopper.read("#order-status").await, "CAPTURE");
    let charged = street.notified_order(&charge_id).await;
    assert_eq!((&charged["paying"], &charged["notifications"][0]["status"]), (&"charge".into(), &"CAPTURE".into()));

    shopper.open(&street.shop("/subscriptions")).await;
    shopper.press("article .end").await;
    assert!(shopper.read("article .shipped").await.contains("END"));
    assert!(shopper.read("article .permission-status").await.contains("Closed"));
    assert!(!shopper.has("article .charge").await, "what has ended cannot be charged");
    shopper.look("05-ended").await;
    shopper.expect_silent_console().await;
}

async fn assert_all_say_without_money(street: &Street, order_id: &str) {
    let order = street.notified_order(order_id).await;
    assert_all_say(&order, "REGISTER");
    assert_eq!(order["total"], 0, "{order:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pay_now_needs_no_review() {
    let street = Street::open().await;
    let shopper = Shopper::new("express", PHONE, Scripts::Run).await;
    with_a_cart(&shopper, &street, "/express").await;
    shopper.see("#AmazonPayButton button").await;
    shopper.look("01-express").await;
    shopper.press("#AmazonPayButton button").await;
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.see(CHOOSE).await;
    shopper.look("02-choose").await;
    assert!(!shopper.has(&choice(CHOOSE, "address", "address-2")).await, "the shop has named the address");
    shopper.press(&button(CHOOSE, "continue")).await;
    shopper.see(PROCESSING).await;
    shopper.look("03-pay-now").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    let order_id = shopper.read("#thanks #order-id").await;
    assert_all_say(&street.notified_order(&order_id).await, "AUTH");
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pay_now_works_without_scripts() {
    let street = Street::open().await;
    let shopper = Shopper::new("express-plain", DESK, Scripts::Off).await;
    shopper.open(&street.shop("/")).await;
    shopper.press("#add-to-cart").await;
    shopper.open(&street.shop("/express")).await;
    shopper.press("#express-pay").await;
    shopper.press("#start-form button").await;
    shopper.see("#start-form button").await;
    shopper.look("01-gateway-start").await;
    shopper.press("#start-form button").await;
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.press(&button(CHOOSE, "continue")).await;
    shopper.press(&button(PROCESSING, "pay")).await;
    shopper.press("#result-form button").await;
    let order_id = shopper.read("#thanks #order-id").await;
    assert_all_say(&street.notified_order(&order_id).await, "AUTH");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_on_the_page_is_finalized_by_the_gateway() {
    let street = Street::open().await;
    let shopper = Shopper::new("finalize", DESK, Scripts::Run).await;
    with_a_cart(&shopper, &street, "/on-page").await;
    shopper.see("#AmazonPayButton button").await;
    shopper.look("01-on-page").await;
    shopper.pick("#AmazonPayButton button").await;
    shopper.look_through_windows(2).await;
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.see(WINDOW).await;
    shopper.look("02-window").await;
    shopper.press(&button(WINDOW, "pay")).await;
    shopper.look_through_windows(1).await;
    let order_id = shopper.read("#thanks #order-id").await;
    let order = street.notified_order(&order_id).await;
    assert_eq!((&order["paying"], &order["searchTradeMulti"]["Status"]), (&"on-page".into(), &"AUTH".into()));
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_with_a_second_factor() {
    let street = Street::open().await;
    let shopper = Shopper::new("one-click", DESK, Scripts::Run).await;
    with_a_cart(&shopper, &street, "/one-click").await;
    shopper.see("#AmazonPayButton button").await;
    shopper.look("01-one-click").await;
    shopper.pick("#AmazonPayButton button").await;
    shopper.look_through_windows(2).await;
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.pick("details:has(#payment-form) summary").await;
    shopper.pick(r#"#payment-form label:has(input[value="card-8006"])"#).await;
    shopper.press(&button("#payment-form", "payment")).await;
    shopper.see(r#"#payment-form input[value="card-8006"][checked]"#).await;
    shopper.press(&button(WINDOW, "pay")).await;
    shopper.see(SECOND_FACTOR).await;
    shopper.look("02-second-factor").await;
    shopper.press(&button(SECOND_FACTOR, "verify")).await;
    shopper.look_through_windows(1).await;
    let order_id = shopper.read("#thanks #order-id").await;
    let order = street.notified_order(&order_id).await;
    assert_eq!((&order["paying"], &order["searchTradeMulti"]["Status"]), (&"approved".into(), &"AUTH".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_tells_the_shop_who_it_is() {
    let street = Street::open().await;
    let shopper = Shopper::new("sign-in", DESK, Scripts::Run).await;
    shopper.open(&street.shop("/sign-in")).await;
    shopper.see("#AmazonPayButton button").await;
    shopper.look("01-sign-in").await;
    shopper.press("#AmazonPayButton button").await;
    shopper.press(&button(r#"#buyer-form[action="/checkout/identify"]"#, "sign-in")).await;
    assert_eq!(shopper.read("#buyer-name").await, "箱根 花子");
    shopper.look("02-welcome").await;
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_changed_and_given_back_in_the_order_book() {
    let street = Street::open().await;
    let shopper = Shopper::new("give-back", DESK, Scripts::Run).await;
    super::shop_until_review(&shopper, &street, "card-1111").await;
    shopper.pick(r#"label:has(input[name="job"][value="CAPTURE"])"#).await;
    shopper.press("#place-order").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    let order_id = shopper.read("#thanks #order-id").await;
    shopper.open(&street.shop("/orders")).await;
    shopper.pick("article details summary").await;
    shopper.look("01-open").await;
    shopper.press("article .cancel").await;
    assert!(shopper.read("article .shipped").await.contains("REQRETURN"));
    shopper.look("02-returning").await;
    let order = street.order(&order_id).await;
    assert_eq!(order["searchTradeMulti"]["Status"], "REQRETURN", "{order:#}");
    assert!(!shopper.has("article .cancel").await, "what is under way back cannot be given back again");
    shopper.expect_silent_console().await;
}
