//! The sandbox's console in a browser: it moves by itself, its buttons work, and it disturbs nobody who types.

use std::time::{Duration, Instant};

use sekisho::sandbox::ledger::{Amount, CompletionRequest};
use serde_json::json;

use super::alley::{Alley, MERCHANT, STORE};
use super::driver::Scripts;
use super::shopper::{DESK, PHONE, Shopper};

const CHARGES: &str = "#charges-rows tbody";

/// A charge that is authorized, and stays so while the test runs.
async fn authorized_charge(alley: &Alley) -> String {
    let play = json!({
        "merchantId": MERCHANT,
        "payment": "card-1111",
        "payload": {
            "storeId": STORE,
            "webCheckoutDetails": {
                "checkoutReviewReturnUrl": "https://shop.example/review",
                "checkoutResultReturnUrl": "https://shop.example/result",
            },
            "paymentDetails": {
                "paymentIntent": "Authorize",
                "chargeAmount": {"amount": "1000", "currencyCode": "JPY"},
            },
        },
    });
    let http = sekisho::egress::client(Duration::from_secs(3), Duration::from_secs(20)).unwrap();
    let url = format!("{}/_control/checkoutSessions", alley.sandbox_url);
    let made: serde_json::Value = http.post(url).body(play.to_string()).send().await.unwrap().json().await.unwrap();
    let id = made["checkoutSessionId"].as_str().unwrap_or_else(|| panic!("{made}"));
    let request = CompletionRequest { charge_amount: Some(Amount::new(1000).unwrap()), total_order_amount: None };
    let completed = alley.sandbox.ledger().complete(MERCHANT, id, request, None).unwrap();
    completed.session.charge_id.unwrap()
}

/// Waits until the element says this, without a reload.
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
async fn a_developer_moves_the_clock_forces_a_state_and_sees_the_ledger_change() {
    let alley = Alley::open().await;
    let charge = authorized_charge(&alley).await;
    let shopper = Shopper::new("console", DESK, Scripts::Run).await;
    shopper.open(&format!("{}/?lang=en", alley.sandbox_url)).await;
    comes_to_say(&shopper, CHARGES, "Authorized").await;
    shopper.look("01-console").await;
    shopper.press(&format!("{CHARGES} th a")).await;
    assert!(shopper.read("h1").await.contains(&charge));
    shopper.look("02-object").await;
    shopper.press("#ways form:first-child button").await;
    comes_to_say(&shopper, "#state", "Canceled").await;
    comes_to_say(&shopper, "#history-rows tbody tr:last-child", "console or control API").await;

    shopper.open(&format!("{}/", alley.sandbox_url)).await;
    shopper.write("#filter input[name=id]", "half a word").await;
    let another = authorized_charge(&alley).await;
    comes_to_say(&shopper, CHARGES, &another).await;
    let typed = shopper.run("return [document.activeElement.name, document.activeElement.value]").await;
    assert_eq!(typed, json!(["id", "half a word"]), "whoever types is not disturbed");

    shopper.press("#clock button[value=\"2592000000\"]").await;
    comes_to_say(&shopper, "#now", "30 days").await;
    shopper.open(&format!("{}/?id=nothing-has-this-id", alley.sandbox_url)).await;
    comes_to_say(&shopper, "#charges-rows", "None.").await;
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_fits_a_phone_and_needs_no_script() {
    let alley = Alley::open().await;
    let charge = authorized_charge(&alley).await;
    let shopper = Shopper::new("console-phone", PHONE, Scripts::Off).await;
    for (path, name) in [
        ("/".to_owned(), "01-console"),
        (format!("/console/objects/{charge}"), "02-object"),
        ("/console/requests".to_owned(), "03-requests"),
        ("/_control/".to_owned(), "04-reference"),
    ] {
        shopper.open(&format!("{}{path}", alley.sandbox_url)).await;
        shopper.see("main").await;
        shopper.look(name).await;
    }
    shopper.open(&format!("{}/console/objects/{charge}", alley.sandbox_url)).await;
    shopper.press("#ways form:first-child button").await;
    assert!(shopper.read("#state").await.contains("Canceled"));
    shopper.expect_silent_console().await;
}
