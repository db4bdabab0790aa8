//! The shop console's books in a browser: an order is found, read, captured, refunded in part, told again and exported.

use std::path::Path;

use sekisho::cli::demo::CONSOLE_OPERATOR;
use serde_json::json;

use super::driver::Scripts;
use super::shopper::{DESK, PHONE, Shopper};
use super::{PROCESSING, Street, button, shop_until_review};
use crate::support::eventually;

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

/// Takes the place of the browser's own question where to save, which no test can answer: a file of the browser's.
const PICKER: &str = "window.showSaveFilePicker = async () => {
    const folder = await navigator.storage.getDirectory();
    window.saved = await folder.getFileHandle('export.csv', { create: true });
    return window.saved;
};";

/// The file that the browser has downloaded by itself, once it is whole.
async fn downloaded(folder: &Path) -> Vec<u8> {
    let whole = async || {
        let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let file = files.find(|file| file.extension().is_some_and(|kind| kind == "csv"))?;
        // The browser keeps the name with an empty file until the whole one takes its place.
        Some(std::fs::read(file).unwrap()).filter(|bytes| !bytes.is_empty())
    };
    eventually("a downloaded file", whole).await
}

/// One order's rows as a file: written by the page itself, row by row, and downloaded by the browser in its own way.
async fn export(shopper: &Shopper, street: &Street, order: &str) {
    shopper.open(&format!("{}/console/transactions?order={order}", street.demo.gateway_url)).await;
    shopper.press("#export").await;
    shopper.hear("#count", "1").await;
    shopper.run(PICKER).await;
    shopper.pick("#download").await;
    shopper.hear("#export-progress [role=status]", "Saved.").await;
    shopper.look("08-export").await;
    let text = shopper.run("return window.saved.getFile().then((file) => file.text())").await;
    // A browser reads a text without its byte order mark.
    assert_rows(text.as_str().unwrap(), order, "OrderID");

    let folder = tempfile::tempdir().unwrap();
    let to = json!({ "behavior": "allow", "downloadPath": folder.path() });
    shopper.devtools("Browser.setDownloadBehavior", to).await;
    shopper.open(&format!("{}/console/transactions/export?order={order}&lang=ja", street.demo.gateway_url)).await;
    shopper.run("window.showSaveFilePicker = undefined").await;
    shopper.pick("input[value=windows-31j]").await;
    shopper.pick("#download").await;
    let bytes = downloaded(folder.path()).await;
    let (text, _, faulty) = encoding_rs::SHIFT_JIS.decode(&bytes);
    assert!(!faulty, "{bytes:?}");
    assert_rows(&text, order, "オーダーID");
}

fn assert_rows(text: &str, order: &str, heading: &str) {
    let lines: Vec<_> = text.trim_start_matches('\u{FEFF}').lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with(&format!("\"{heading}\",")), "{text}");
    assert!(lines[1].starts_with(&format!("\"{order}\",")), "{text}");
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
    shopper.pick("#find").await;
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
    shopper.hear("#notice", "Captured.").await;
    assert_eq!(shopper.read("#status").await, "SALES");

    shopper.press("#act-cancel").await;
    shopper.write("#amounts-form input[name=amount]", "100").await;
    shopper.write("#amounts-form input[name=tax]", "0").await;
    shopper.press("#go-on").await;
    assert!(shopper.read("#consequences").await.contains("¥100 is refunded to the buyer"));
    shopper.press("#do-it").await;
    shopper.hear("#notice", "The refund is accepted").await;
    shopper.look("06-refunded").await;

    shopper.press("#notifications tbody tr:first-child td:last-child a").await;
    shopper.look("07-resend").await;
    shopper.pick("#do-it").await;
    shopper.hear("#notice", "It is due again").await;

    export(&shopper, &street, &order).await;
    shopper.expect_silent_console().await;
}

/// Nothing of it is a page load: the window keeps what a script has put into it.
#[tokio::test(flavor = "multi_thread")]
async fn lists_and_figures_come_in_parts_and_the_way_back_is_kept() {
    let street = Street::open().await;
    let shopper = Shopper::new("books-parts", DESK, Scripts::Run).await;
    let order = buy(&shopper, &street).await;
    shop_until_review(&shopper, &street, "card-1111").await;
    shopper.press("#place-order").await;
    shopper.press(&button(PROCESSING, "cancel")).await;
    shopper.see("#failed").await;
    sign_in(&shopper, &street).await;
    shopper.run("window.stayed = true").await;
    shopper.see("#days-chart-live canvas").await;
    assert_eq!(shopper.run("return document.querySelector('#days-chart').hidden").await, json!(true));
    shopper.pick("#days-chart-live .legend button:first-child").await;
    shopper.pick("#days-table summary").await;
    let read_at = shopper.read("#read-at").await;
    let anew = async || {
        shopper.run("htmx.trigger(document.getElementById('today'), 'every', {}, false)").await;
        (shopper.read("#read-at").await != read_at).then_some(())
    };
    eventually("the page read again", anew).await;
    assert!(shopper.has("#days-table[open]").await, "what was open stays open");
    assert!(shopper.has("#days-chart-live button[aria-pressed=false]").await, "what was left out stays out");
    assert_eq!(shopper.run("return [window.stayed, document.activeElement.tagName]").await, json!([true, "SUMMARY"]));

    shopper.open(&format!("{}/console/transactions", street.demo.gateway_url)).await;
    shopper.run("window.stayed = true").await;
    shopper.write("#search input[name=order]", "NOBODY").await;
    shopper.pick("#find").await;
    shopper.hear("#listing .empty", "No transaction fits.").await;
    assert_eq!(shopper.run("return document.getElementById('said').textContent").await, json!("No transactions."));
    shopper.write("#search input[name=order]", &order).await;
    shopper.pick("#find").await;
    shopper.see("#transactions").await;
    let stands = "return [window.stayed, document.activeElement.id, location.search]";
    assert_eq!(shopper.run(stands).await, json!([true, "find", format!("?order={order}&sort=newest")]));
    assert!(shopper.run("return document.querySelector('.switch').href").await.as_str().unwrap().contains(&order));
    shopper.run("history.back()").await;
    shopper.see("#search input[name=order][value=NOBODY]").await;
    shopper.hear("#listing .empty", "No transaction fits.").await;

    // A session that has ended leads to the door, and an export says so instead of saving the door.
    shopper.open(&format!("{}/console/transactions/export", street.demo.gateway_url)).await;
    shopper.run(PICKER).await;
    let out = "return fetch('/console/sign-out', { method: 'POST', body: new URLSearchParams({ csrf: \
               document.querySelector('input[name=csrf]').value }) }).then((answer) => answer.status)";
    assert_eq!(shopper.run(out).await, json!(200));
    shopper.pick("#download").await;
    shopper.hear("#export-progress [role=status]", "Your session has ended.").await;
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
