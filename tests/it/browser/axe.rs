//! axe judges every page of the shop console: in both languages, by day and by night, on a desk and on a phone. What it
//! calls serious or critical fails; the rest is for people to weigh.
//!
//! Two of these three go together in each of four rounds, and every two of them in one round at least.

use std::path::Path;

use sekisho::cli::demo::CONSOLE_OPERATOR;

use super::driver::Scripts;
use super::shopper::{DESK, PHONE, Screen, Shopper};
use super::{PROCESSING, Street, button, shop_until_review};

/// The script that judges, as `./scripts/test` installs it.
fn axe() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&file)
        .unwrap_or_else(|_| panic!("axe is not installed: `npm ci` in tests/browser, or ./scripts/test, which does it"))
}

/// What is seriously wrong with the present page.
async fn faults(shopper: &Shopper, axe: &str) -> Vec<String> {
    shopper.run(&format!("if (!window.axe) {{ {axe} }}")).await;
    let judge = "const serious = (fault) => ['serious', 'critical'].includes(fault.impact);
        const told = (fault) => `${fault.id} (${fault.impact}): ${fault.help}\\n` +
            fault.nodes.map((node) => `    ${node.html}\\n    ${node.failureSummary}`).join('\\n');
        return axe.run(document, { resultTypes: ['violations'], iframes: false })
            .then((result) => result.violations.filter(serious).map(told));";
    let found = shopper.run(judge).await;
    found.as_array().expect("a list of faults").iter().map(|fault| fault.as_str().unwrap().to_owned()).collect()
}

/// A payment and its notification; answers the order.
async fn buy(shopper: &Shopper, street: &Street) -> String {
    shop_until_review(shopper, street, "card-1111").await;
    shopper.press("#place-order").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    let order_id = shopper.read("#thanks #order-id").await;
    street.notified_order(&order_id).await;
    order_id
}

/// Every kind of page that the console has, for whoever has signed in.
async fn pages(shopper: &Shopper, street: &Street, order: &str) -> Vec<String> {
    let console = format!("{}/console", street.demo.gateway_url);
    shopper.open(&format!("{console}/transactions?order={order}")).await;
    let link = "return document.querySelector('#transactions th a').getAttribute('href')";
    let transaction = shopper.run(link).await.as_str().unwrap().to_owned();
    shopper.open(&format!("{console}/notifications")).await;
    let link = "return document.querySelector('#notifications th a').getAttribute('href')";
    let notification = shopper.run(link).await.as_str().unwrap().to_owned();
    let own = [
        transaction.clone(),
        format!("{transaction}/sales"),
        format!("{transaction}/sales?amount=100&tax=0"),
        notification.clone(),
        format!("{notification}/resend"),
    ];
    let fixed = [
        "today",
        "transactions",
        "transactions?order=a%20b&total_from=x",
        "transactions?order=NOBODY-HAS-IT",
        "transactions/export",
        "consents",
        "notifications",
        "notifications/test",
        "button",
        "button/tshop00000001",
        "button/tshop00000001?make=1&product_type=PayOnly&review_url=https%3A%2F%2Fshop.example%2Freview&scope=name",
        "shop",
        "shop/tshop00000001",
        "users",
        "users/1",
        "me",
        "audit",
        "nowhere",
    ];
    let fixed = fixed.iter().map(|page| format!("/console/{page}"));
    fixed.chain(own).map(|path| format!("{}{path}", street.demo.gateway_url)).collect()
}

async fn round(album: &'static str, screen: Screen, language: &str, scheme: &str) {
    let (street, axe) = (Street::open().await, axe());
    let shopper = Shopper::new(album, screen, Scripts::Run).await;
    let order = buy(&shopper, &street).await;
    shopper.prefer(scheme).await;
    shopper.open(&format!("{}/console/sign-in?lang={language}", street.demo.gateway_url)).await;
    shopper.see("#sign-in").await;
    let mut said = vec![("sign-in".to_owned(), faults(&shopper, &axe).await)];
    shopper.write("#sign-in input[name=name]", CONSOLE_OPERATOR).await;
    shopper.write("#sign-in input[name=password]", street.demo.console_password.expose()).await;
    shopper.press("#sign-in button.main").await;
    shopper.see("#attention").await;
    for page in pages(&shopper, &street, &order).await {
        shopper.open(&page).await;
        shopper.see(&format!("html[lang={language}] main h1")).await;
        said.push((page, faults(&shopper, &axe).await));
    }
    said.retain(|(_, faults)| !faults.is_empty());
    let told: Vec<_> = said.iter().map(|(page, faults)| format!("{page}\n  {}", faults.join("\n  "))).collect();
    assert!(told.is_empty(), "axe has found, in {language}, {scheme}:\n{}", told.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_no_serious_fault_in_japanese_by_day_on_a_desk() {
    round("axe", DESK, "ja", "light").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_no_serious_fault_in_japanese_by_night_on_a_phone() {
    round("axe", PHONE, "ja", "dark").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_no_serious_fault_in_english_by_day_on_a_phone() {
    round("axe", PHONE, "en", "light").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_no_serious_fault_in_english_by_night_on_a_desk() {
    round("axe", DESK, "en", "dark").await;
}

/// The silence of axe means something only if it can speak.
#[tokio::test(flavor = "multi_thread")]
async fn hears_of_a_field_without_a_name() {
    let (street, axe) = (Street::open().await, axe());
    let shopper = Shopper::new("axe", DESK, Scripts::Run).await;
    shopper.open(&format!("{}/console/sign-in", street.demo.gateway_url)).await;
    shopper.see("#sign-in").await;
    shopper.run("document.querySelector('main').append(document.createElement('input'))").await;
    let found = faults(&shopper, &axe).await;
    assert!(found.iter().any(|fault| fault.starts_with("label (critical)")), "{found:?}");
}
