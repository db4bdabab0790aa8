//! The gateway's own page that begins a checkout: with scripts it is gone in a moment, without it has a button.

use std::time::Duration;

use sekisho::egress;

use super::driver::Scripts;
use super::shopper::{DESK, PHONE, Shopper};
use super::{CHOOSE, PROCESSING, SIGN_IN, Street, button};

/// The shop's server calls the gateway; answers one line.
async fn call(street: &Street, name: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let shop = &street.demo.shops[0];
    let mut form = vec![("ShopID", shop.shop_id.as_str()), ("ShopPass", "demoshop1pass")];
    form.extend_from_slice(fields);
    let http = egress::client(Duration::from_secs(3), Duration::from_secs(20)).unwrap();
    let url = format!("{}/payment/{name}.idPass", street.demo.gateway_url);
    let line = http.post(url).form(&form).send().await.unwrap().text().await.unwrap();
    line.trim()
        .split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
}

fn field<'a>(answer: &'a [(String, String)], name: &str) -> &'a str {
    answer.iter().find(|(field, _)| field == name).map_or_else(|| panic!("no {name} in {answer:?}"), |(_, value)| value)
}

/// Enters and executes; answers a page of the shop's with the start form.
async fn shop_page(street: &Street, order: &str) -> String {
    let entry = [("OrderID", order), ("JobCd", "AUTH"), ("Amount", "1000"), ("AmazonpayType", "3")];
    let entered = call(street, "EntryTranAmazonpay", &entry).await;
    let exec = [
        ("AccessID", field(&entered, "AccessID")),
        ("AccessPass", field(&entered, "AccessPass")),
        ("OrderID", order),
        ("ApbType", "PayOnly"),
        ("Description", "「ありがとう」 \"quoted\" <b> & 'more' \\"),
        ("RetURL", "https://shop.invalid/result"),
    ];
    let ready = call(street, "ExecTranAmazonpay", &exec).await;
    let inputs =
        ["AccessID", "Token"].map(|name| format!(r#"<input name="{name}" value="{}">"#, field(&ready, name))).concat();
    let target = field(&ready, "StartURL");
    let page =
        format!(r#"<meta charset="utf-8"><form method="post" action="{target}">{inputs}<button>go</button></form>"#);
    let page = percent_encoding::utf8_percent_encode(&page, percent_encoding::NON_ALPHANUMERIC);
    format!("data:text/html;charset=utf-8,{page}")
}

/// From Amazon's first page to the payment; the gateway's result page leads to a shop that is not there.
async fn pay(street: &Street, shopper: &Shopper, order: &str) {
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.press(&button(CHOOSE, "continue")).await;
    shopper.press(&button(PROCESSING, "pay")).await;
    let paid = async {
        loop {
            let trade = call(street, "SearchTradeMulti", &[("OrderID", order), ("PayType", "38")]).await;
            if field(&trade, "Status") == "AUTH" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), paid).await.expect("AUTH within 20 s");
}

#[tokio::test(flavor = "multi_thread")]
async fn amazons_script_begins_the_checkout_at_once() {
    let street = Street::open().await;
    let shopper = Shopper::new("apb", DESK, Scripts::Run).await;
    shopper.open(&shop_page(&street, "apb-1").await).await;
    shopper.press("button").await;
    shopper.see(SIGN_IN).await;
    shopper.expect_silent_console().await;
    pay(&street, &shopper, "apb-1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript_the_page_has_a_button() {
    let street = Street::open().await;
    let shopper = Shopper::new("apb-no-script", PHONE, Scripts::Off).await;
    shopper.open(&shop_page(&street, "apb-2").await).await;
    shopper.press("button").await;
    shopper.see("#start-form button").await;
    shopper.look("01-start").await;
    shopper.press("#start-form button").await;
    pay(&street, &shopper, "apb-2").await;
    shopper.see("#result-form button").await;
}
