//! A purchase by the sandbox's test drivers: from the button that a driver signed to the refund.

use super::alley::Alley;
use super::driver::Scripts;
use super::shopper::{PHONE, Shopper};
use super::{CHOOSE, PROCESSING, SIGN_IN, button};

const SEND: &str = "#driver-form button.main";

/// Goes to another page, sends what it proposes, and holds the answer against the status of success.
async fn send(shopper: &Shopper, link: &str, status: &str) {
    shopper.press(link).await;
    shopper.look(&format!("before-{status}")).await;
    shopper.press(SEND).await;
    assert_eq!(shopper.read("#status").await, status, "{link}: {}", shopper.read("#answer-body").await);
}

fn step(name: &str) -> String {
    format!(r#"#next a[data-step="{name}"]"#)
}

fn page(name: &str) -> String {
    format!(r#"#ids a[data-page="{name}"]"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_goes_from_the_drivers_button_to_the_refund() {
    let alley = Alley::open().await;
    let shopper = Shopper::new("test-driver", PHONE, Scripts::Run).await;
    shopper.open(&format!("{}/driver/", alley.sandbox_url)).await;
    shopper.see("#pages").await;
    shopper.look("01-index").await;
    shopper.press(r#"#pages a[href^="/driver/signin"]"#).await;
    shopper.press(SEND).await;
    shopper.see("#signature").await;
    shopper.look("02-signed").await;
    shopper.press("#AmazonPayButton button").await;
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.press(&button(CHOOSE, "continue")).await;

    shopper.see("#ids").await;
    shopper.look("03-review").await;
    // The script leads back to choose another card, and from there here again.
    shopper.press("#change-payment").await;
    shopper.press(&button(CHOOSE, "continue")).await;
    send(&shopper, &page("updateCheckoutSession"), "200").await;
    shopper.look("04-updated").await;
    shopper.press(&step("pay")).await;
    shopper.press(&button(PROCESSING, "pay")).await;

    send(&shopper, &page("completeCheckoutSession"), "200").await;
    send(&shopper, &step("captureCharge"), "200").await;
    send(&shopper, &step("createRefund"), "201").await;
    shopper.look("05-refund").await;
    send(&shopper, &step("getRefund"), "200").await;
    shopper.expect_silent_console().await;
    let moved: Vec<_> =
        alley.sandbox.ledger().movements().iter().map(|one| (one.kind.as_str(), one.amount.yen())).collect();
    assert_eq!(moved, [("reserved", 1000), ("authorized", 1000), ("captured", 1000)], "a refund takes 30 seconds");
}
