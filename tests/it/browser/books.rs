//! The shop console's books in a browser: an order is found, read, captured, refunded in part, told again and exported.

use std::time::{Duration, Instant};

use sekisho::cli::demo::CONSOLE_OPERATOR;

use super::driver::Scripts;
use super::shopper::{DESK, PHONE, Shopper};
use super::{PROCESSING, Street, button, shop_until_review};

/// Buys something; answers the order.
async fn buy(shopper: &Shopper, street: &Street) -> String {
    shop_until_review(shopper, street, "card-1111").await;
    shopper.press("#place-order").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    let order_id = shopper.read("#thanks #order-id").await;
    street.notified_order(&order_id).await;
    order_id
}

async fn sign_in(shopper: &Shopper, street: &Street) {
    shopper.open(&format!("{}/console/sign-in?lang=en", street.demo.gateway_url)).await;
    shopper.write("#sign-in input[name=name]", CONSOLE_OPERATOR).await;
    shopper.write("#sign-in input[name=password]", street.demo.console_password.expose()).await;
    shopper.press("#sign-in button.main").await;
    shopper.see("#attention").await;
}

/// Waits until the element says this.
async fn comes_to_say(shopper: &Shopper, css: &str, text: &str) {
    let asked = Instant::now();
    loop {
        let said = shopper.read(css).await;
        if said.contains(text) {
            return;
        }
        assert!(asked.elapsed() < Duration::from_secs(20), "{css} says {said}, not {text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_finds_an_order_captures_it_refunds_a_part_and_exports_the_list() {
    let street = Street::open().await;
    let shopper = Shopper::new("books", DESK, Scripts::Run).await;
    let order = buy(&shopper, &street).await;
    sign_in(&shopper, &street).await;
    shopper.look("01-today").await;

    shopper.open(&format!("{}/console/transactions", street.demo.gateway_url)).await;
    shopper.write("#search input[name=order]", &order).await;
    shopper.look("02-transactions").await;
    shopper.press("#find").await;
    // Not of the list that stood there before.
    let found = format!("#search:has(input[name=order][value=\"{order}\"]) ~ .scroll th a");
    shopper.press(&found).await;
    assert_eq!(shopper.read("#status").await, "AUTH");
    assert!(shopper.read("#story").await.contains("completeCheckoutSession: done"));
    shopper.look("03-transaction").await;

    shopper.press("#act-sales").await;
    shopper.look("04-amounts").await;
    shopper.press("#go-on").await;
    assert!(shopper.read("#consequences").await.contains("the buyer is charged"));
    shopper.look("05-confirm").await;
    shopper.press("#do-it").await;
    comes_to_say(&shopper, "#notice", "Captured.").await;
    assert_eq!(shopper.read("#status").await, "SALES");

    shopper.press("#act-cancel").await;
    shopper.write("#amounts-form input[name=amount]", "100").await;
    shopper.write("#amounts-form input[name=tax]", "0").await;
    shopper.press("#go-on").await;
    assert!(shopper.read("#consequences").await.contains("¥100 is refunded to the buyer"));
    shopper.press("#do-it").await;
    comes_to_say(&shopper, "#notice", "The refund is accepted").await;
    shopper.look("06-refunded").await;

    shopper.press("#notifications tbody tr:first-child td:last-child a").await;
    shopper.look("07-resend").await;
    shopper.press("#do-it").await;
    comes_to_say(&shopper, "#notice", "It is due again").await;

    shopper.open(&format!("{}/console/transactions?order={order}", street.demo.gateway_url)).await;
    shopper.press("#export").await;
    comes_to_say(&shopper, "#count", "1").await;
    shopper.look("08-export").await;
    shopper.pick("#download").await;
    comes_to_say(&shopper, "#export-progress", "Saved.").await;
    let file = format!("/console/transactions/export/file?order={order}&encoding=utf-8");
    let text = shopper.run(&format!("return fetch('{file}').then((answer) => answer.text())")).await;
    assert!(text.as_str().unwrap().contains(&format!("\"{order}\",")), "{text}");
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_fit_a_phone_and_need_no_script() {
    let street = Street::open().await;
    let shopper = Shopper::new("books-phone", PHONE, Scripts::Off).await;
    sign_in(&shopper, &street).await;
    for (path, name) in [
        ("today?lang=ja", "01-today"),
        ("transactions", "02-transactions"),
        ("transactions/export", "03-export"),
        ("consents", "04-consents"),
        ("notifications", "05-notifications"),
        ("notifications/test", "06-test"),
    ] {
        shopper.open(&format!("{}/console/{path}", street.demo.gateway_url)).await;
        shopper.see("main h1").await;
        shopper.look(name).await;
    }
    shopper.press("#do-it").await;
    shopper.see("#answer").await;
    shopper.expect_silent_console().await;
}
