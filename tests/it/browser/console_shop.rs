//! The shop console in a browser: through the door, users and the log, and a button that then works in the demo shop.

use axum::response::Html;
use axum::routing::get;
use sekisho::cli::demo::CONSOLE_OPERATOR;
use tokio::net::TcpListener;

use super::driver::Scripts;
use super::shopper::{DESK, PHONE, Shopper};
use super::{CHOOSE, PROCESSING, SIGN_IN, Street, button};

const DOOR: &str = "#sign-in";

/// Signs in as the demo's operator, in English.
async fn enter(shopper: &Shopper, street: &Street) {
    shopper.open(&format!("{}/console?lang=en", street.demo.gateway_url)).await;
    sign_in(shopper, CONSOLE_OPERATOR, street.demo.console_password.expose()).await;
}

async fn sign_in(shopper: &Shopper, name: &str, password: &str) {
    shopper.write(&format!("{DOOR} input[name=name]"), name).await;
    shopper.write(&format!("{DOOR} input[name=password]"), password).await;
    shopper.press(&format!("{DOOR} button.main")).await;
    shopper.see("#sign-out").await;
}

/// A shop's page with this in it, on a server of its own; ends with the test.
async fn page_of_a_shop(snippet: &str) -> String {
    let page = format!("<!doctype html><meta charset=\"utf-8\"><title>a shop</title>{snippet}");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/", get(async move || Html(page)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_adds_a_user_who_comes_in_and_the_log_tells_of_both() {
    let street = Street::open().await;
    let shopper = Shopper::new("console-users", DESK, Scripts::Run).await;
    shopper.open(&format!("{}/console/users?lang=en", street.demo.gateway_url)).await;
    shopper.look("01-door").await;
    sign_in(&shopper, CONSOLE_OPERATOR, street.demo.console_password.expose()).await;
    shopper.see("#users").await;
    shopper.look("02-users").await;
    shopper.write("#add-user input[name=name]", "hanako@shop.example").await;
    shopper.pick("#add-user select[name=shop] option[value=tshop00000001]").await;
    shopper.pick("#add-user select[name=role] option[value=act]").await;
    shopper.press("#add-user button.main").await;
    let password = shopper.read("#made-password").await;
    shopper.look("03-made").await;
    shopper.press("main a.button").await;
    shopper.see("#change-role").await;
    shopper.look("04-user").await;
    shopper.pick("select[name=role] option[value=administer]").await;
    shopper.press("#change-role").await;
    assert!(shopper.read("#notice").await.contains("role is changed"));
    shopper.press("#sign-out").await;
    shopper.see(DOOR).await;

    sign_in(&shopper, "hanako@shop.example", &password).await;
    shopper.press("header nav a[href='/console/audit']").await;
    let log = shopper.read("#audit").await;
    assert!(log.contains("role: act → administer") && log.contains("Signed in"), "{log}");
    shopper.look("05-audit").await;
    shopper.press("header .who a").await;
    shopper.see("#factor-secret").await;
    shopper.look("06-me").await;
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_is_made_copied_and_then_buys_in_the_demo_shop() {
    let street = Street::open().await;
    let shopper = Shopper::new("console-button", DESK, Scripts::Run).await;
    // Somebody shops here, so that the demo shop has a cart to review when its buyer comes back.
    shopper.open(&street.shop("/")).await;
    shopper.press("#add-to-cart").await;
    enter(&shopper, &street).await;
    shopper.press("header nav a[href='/console/button']").await;
    shopper.press("main a[href='/console/button/tshop00000001']").await;
    shopper.write("#button-form input[name=review_url]", &street.shop("/review")).await;
    shopper.pick("#button-form select[name=consent] option[value=Recurring]").await;
    shopper.see("#button-form input[name=count]").await;
    shopper.look("01-form").await;
    shopper.pick("#button-form select[name=consent] option[value=OneTime]").await;
    shopper.press("#make-button").await;
    shopper.see("#verified").await;
    let snippet = shopper.run("return document.querySelector('#snippet').value").await;
    let preview = shopper.run("return document.querySelector('#open-preview').href").await;
    shopper.look("02-made").await;
    let may = serde_json::json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    shopper.devtools("Browser.grantPermissions", may).await;
    shopper.pick("button[data-copy=snippet]").await;
    shopper.hear("#copied", "Copied").await;
    assert_eq!(shopper.run("return navigator.clipboard.readText()").await, snippet, "to the letter");
    shopper.expect_silent_console().await;

    shopper.open(preview.as_str().unwrap()).await;
    shopper.look("03-preview").await;
    shopper.press("#AmazonPayButton button").await;
    shopper.see(SIGN_IN).await;
    shopper.expect_silent_console().await;

    // In a page of the shop it leads through Amazon's pages to the demo shop's review, where the order is placed and paid.
    shopper.open(&page_of_a_shop(snippet.as_str().unwrap()).await).await;
    shopper.press("#AmazonPayButton button").await;
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.press(&button(CHOOSE, "continue")).await;
    shopper.press("#place-order").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    let order_id = shopper.read("#thanks #order-id").await;
    assert_eq!(street.notified_order(&order_id).await["browser"]["status"], "AUTH");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_without_javascript_everything_can_be_reached_and_fits() {
    let street = Street::open().await;
    let shopper = Shopper::new("console-phone", PHONE, Scripts::Off).await;
    shopper.open(&format!("{}/console/shop", street.demo.gateway_url)).await;
    shopper.look("01-door").await;
    sign_in(&shopper, CONSOLE_OPERATOR, street.demo.console_password.expose()).await;
    shopper.see("#shops").await;
    shopper.look("02-shops").await;
    shopper.press("#shops a[href='/console/shop/tshop00000001']").await;
    shopper.press("#check-connection").await;
    assert!(shopper.read(".checked.good").await.contains("署名が受け入れられました"));
    shopper.look("03-shop").await;
    shopper.press("header nav a[href='/console/users']").await;
    shopper.see("#add-user").await;
    shopper.look("04-users").await;
    shopper.press("header nav a[href='/console/button']").await;
    shopper.press("main a[href='/console/button/tshop00000002']").await;
    shopper.write("#button-form input[name=review_url]", &street.shop("/review")).await;
    shopper.press("#make-button").await;
    shopper.see("#verified").await;
    shopper.look("05-button").await;
    shopper.press("header nav a[href='/console/audit']").await;
    shopper.see("#audit").await;
    shopper.look("06-audit").await;
    shopper.press("#sign-out").await;
    shopper.see(DOOR).await;
}
