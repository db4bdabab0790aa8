//! One order to several addresses, and a donation: the buttons and pages that differ from those of other orders.

use sekisho::sandbox::ledger::{AddressPrice, Amount, PaymentIntent, Terms};
use serde_json::json;

use super::alley::MERCHANT;
use super::driver::Scripts;
use super::pages::{Shop, at, choose, press_button};
use super::shopper::{DESK, PHONE, Shopper};
use super::{CHOOSE, PROCESSING, SIGN_IN, button, choice};

/// The box beside an address, as it stands.
fn checked(id: &str) -> String {
    format!(r#"{CHOOSE} input[type=checkbox][value="{id}"]:checked"#)
}

/// The shop's server places the order and says what goes where. Answers where the browser goes to pay.
fn placed(shop: &Shop, id: &str) -> String {
    let yen = |amount: i64| Amount::new(amount).ok();
    let mut ledger = shop.alley.sandbox.ledger();
    let party = ledger.session(id).unwrap().party.as_ref().unwrap();
    let sums = party.destinations().map(|(address_id, _)| address_id).zip([yen(1_200), yen(780)]);
    let prices = sums.map(|(address_id, price)| AddressPrice { address_id, price: price.unwrap() }).collect();
    let mut terms = Terms { address_prices: Some(prices), ..Terms::default() };
    terms.web.checkout_result_return_url = Some(shop.url("result"));
    terms.payment.payment_intent = Some(PaymentIntent::Authorize);
    terms.payment.charge_amount = yen(1_980);
    let session = ledger.update_session(MERCHANT, id, terms).unwrap().clone();
    ledger.pay_redirect_url(&session).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_sends_one_order_to_several_addresses() {
    let shop = Shop::open().await;
    let shopper = Shopper::new("several", DESK, Scripts::Run).await;
    let mut payload = shop.standard();
    payload["paymentDetails"] = json!({"estimateOrderTotal": {"amount": "1980", "currencyCode": "JPY"}});
    press_button(&shopper, &shop.cart("PayAndShipMultiAddress", &payload, false)).await;
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.see(&checked("address-1")).await;
    assert!(shopper.read("#estimate").await.contains("¥1,980"));
    // None at all is too few; the page says so and leads back.
    shopper.pick(&choice(CHOOSE, "address", "address-1")).await;
    shopper.press(&button(CHOOSE, "continue")).await;
    shopper.see("#detail").await;
    let said = shopper.console().await.join("\n");
    assert!(said.contains("status of 400"), "{said}");
    shopper.press("#way-out").await;
    shopper.see(&checked("address-1")).await;
    shopper.pick(&choice(CHOOSE, "address", "address-2")).await;
    shopper.look("01-choose").await;
    shopper.press(&button(CHOOSE, "continue")).await;
    at(&shopper, "review").await;

    // Only the card is changed: the addresses stay.
    shopper.press("#change-payment").await;
    shopper.pick(&choice(CHOOSE, "payment", "card-4444")).await;
    assert!(!shopper.has(&format!("{CHOOSE} input[type=checkbox]")).await);
    shopper.press(&button(CHOOSE, "continue")).await;
    at(&shopper, "review").await;
    shopper.press("#change-address").await;
    for id in ["address-1", "address-2"] {
        shopper.see(&checked(id)).await;
    }
    shopper.press(&button(CHOOSE, "continue")).await;
    at(&shopper, "review").await;
    let id = shop.session_id();
    let chosen = shop.alley.sandbox.ledger().session(&id).unwrap().choice().cloned().unwrap();
    let ids: Vec<&str> = chosen.addresses.iter().map(|place| place.id.as_str()).collect();
    assert_eq!((ids, chosen.instrument.id), (vec!["address-1", "address-2"], "card-4444"));

    let pay = placed(&shop, &id);
    shopper.open(&pay).await;
    let told = shopper.read("#address").await;
    assert!(told.contains("¥1,200") && told.contains("¥780") && told.contains("100-0005"), "{told}");
    shopper.look("02-pay").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    at(&shopper, "result").await;
    shop.complete(Some(1_980)).unwrap();
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_donation_says_so_on_the_button_and_where_it_is_paid() {
    let shop = Shop::open().await;
    let shopper = Shopper::new("donation", PHONE, Scripts::Run).await;
    shopper.open(&shop.cart("Donation", &shop.at_once(), false)).await;
    assert!(shopper.read("#AmazonPayButton button").await.contains("寄付"));
    shopper.press("#AmazonPayButton button").await;
    choose(&shopper, "card-1111").await;
    shopper.see(PROCESSING).await;
    assert!(shopper.read("h1").await.contains("寄付"));
    shopper.look("01-pay").await;
    assert_eq!(shopper.read(&button(PROCESSING, "pay")).await, "寄付する");
    shopper.press(&button(PROCESSING, "pay")).await;
    at(&shopper, "result").await;
    shop.complete(Some(1_980)).unwrap();
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_inside_the_shops_page_goes_to_one_address() {
    let shop = Shop::open().await;
    let shopper = Shopper::new("several-on-page", DESK, Scripts::Run).await;
    let script = format!(
        "window.drawn = amazon.Pay.renderJSButton('#AmazonPayButton', {{ merchantId: '{MERCHANT}', ledgerCurrency: 'JPY', \
         placement: 'Cart', productType: 'PayAndShipMultiAddress', checkoutSessionConfig: {{ storeId: 'x', paymentDetails: \
         {{ paymentIntent: 'Authorize' }} }}, onInitCheckout() {{}}, onCompleteCheckout() {{}}, onCancel() {{}} }});"
    );
    shopper.open(&shop.alley.page("cart", "<h1 id=here>cart</h1><div id=AmazonPayButton></div>", &script)).await;
    assert_eq!(shopper.run("return window.drawn;").await, json!(null));
    let said = shopper.console().await.join("\n");
    assert!(said.contains("PayAndShipMultiAddress does not go with renderJSButton"), "{said}");
}
