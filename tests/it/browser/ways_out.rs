//! Whoever changes their mind: cancelling on the pages that `pages` does not cancel on, coming back unchanged from a change,
//! and another card for a stored payment method.

use serde_json::{Value, json};

use super::driver::Scripts;
use super::pages::{ADDRESS, MFA, Shop, at, choose, press_button};
use super::shopper::{DESK, PHONE, Shopper};
use super::{CHOOSE, PROCESSING, SIGN_IN, button, choice};
use crate::support::eventually;

fn recurring(shop: &Shop) -> Value {
    let mut payload = shop.at_once();
    payload["chargePermissionType"] = json!("Recurring");
    payload["recurringMetadata"] = json!({"frequency": {"unit": "Month", "value": "1"}});
    payload
}

fn stored(shop: &Shop) -> Value {
    let mut payload = shop.at_once();
    payload["chargePermissionType"] = json!("PaymentMethodOnFile");
    payload["paymentMethodOnFileMetadata"] = json!({"setupOnly": true});
    payload["paymentDetails"] = json!({"paymentIntent": "Confirm", "canHandlePendingAuthorization": false});
    payload
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_is_not_given_leads_back_and_cannot_be_completed() {
    let shop = Shop::open().await;
    let shopper = Shopper::new("no-consent", PHONE, Scripts::Run).await;
    for (payload, amount) in [(recurring(&shop), Some(1_980)), (stored(&shop), None)] {
        press_button(&shopper, &shop.cart("PayOnly", &payload, false)).await;
        choose(&shopper, "card-1111").await;
        shopper.see("#consent").await;
        shopper.press(&button(PROCESSING, "cancel")).await;
        at(&shopper, "result").await;
        assert_eq!(shop.complete(amount), Err("CheckoutSessionCanceled".to_owned()));
    }

    press_button(&shopper, &shop.cart("PayOnly", &shop.at_once(), false)).await;
    choose(&shopper, "card-1111").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    at(&shopper, "result").await;
    let order = shop.complete(Some(1_980)).unwrap();
    let mut upgrade = recurring(&shop);
    upgrade["paymentDetails"] = json!({"paymentIntent": "Confirm"});
    upgrade["chargePermissionId"] = json!(order);
    let signed = shop.alley.signed(&upgrade);
    let script = format!(
        "amazon.Pay.bindUpgradeAction('#upgrade', {{ merchantId: '{}', ...{signed} }});",
        super::alley::MERCHANT
    );
    shopper.open(&shop.alley.page("thanks", "<h1 id=here>thanks</h1><button id=upgrade>u</button>", &script)).await;
    shopper.press("#upgrade").await;
    shopper.see("#consent").await;
    shopper.press(&button(PROCESSING, "cancel")).await;
    at(&shopper, "result").await;
    assert_eq!(shop.complete(None), Err("CheckoutSessionCanceled".to_owned()));
    assert_eq!(shop.alley.sandbox.ledger().charge_permissions().count(), 1, "only the order's");
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bank_and_the_address_book_can_be_left_for_the_shops_own_page() {
    let shop = Shop::open().await;
    let shopper = Shopper::new("cancel-url", DESK, Scripts::Run).await;
    let mut payload = shop.at_once();
    payload["webCheckoutDetails"]["checkoutCancelUrl"] = json!(shop.url("cancelled"));
    press_button(&shopper, &shop.cart("PayOnly", &payload, false)).await;
    choose(&shopper, "card-8006").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    shopper.press(&button(MFA, "cancel")).await;
    at(&shopper, "cancelled").await;
    assert_eq!(shop.complete(Some(1_980)), Err("CheckoutSessionCanceled".to_owned()));

    press_button(&shopper, &shop.cart("PayAndShip", &shop.standard(), false)).await;
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.press("#add-address").await;
    shopper.press(&button(ADDRESS, "cancel")).await;
    at(&shopper, "cancelled").await;
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_made_or_left_and_the_review_page_follows() {
    let shop = Shop::open().await;
    let shopper = Shopper::new("change", DESK, Scripts::Run).await;
    let mut payload = shop.standard();
    payload["webCheckoutDetails"].as_object_mut().unwrap().remove("checkoutCancelUrl");
    press_button(&shopper, &shop.cart("PayAndShip", &payload, false)).await;
    choose(&shopper, "card-1111").await;
    at(&shopper, "review").await;
    let chosen = || {
        let ledger = shop.alley.sandbox.ledger();
        let choice = ledger.sessions().last().unwrap().choice().unwrap().clone();
        (choice.address().unwrap().id.clone(), choice.instrument.id)
    };
    assert_eq!(chosen(), ("address-1".to_owned(), "card-1111"));
    shopper.press("#change-payment").await;
    shopper.see(&choice(CHOOSE, "payment", "card-4444")).await;
    assert!(!shopper.has("input[type=radio][name=address]").await, "only the card is to be changed");
    shopper.pick(&choice(CHOOSE, "payment", "card-4444")).await;
    shopper.press(&button(CHOOSE, "continue")).await;
    at(&shopper, "review").await;
    assert_eq!(chosen(), ("address-1".to_owned(), "card-4444"));
    shopper.press("#change-address").await;
    shopper.pick(&choice(CHOOSE, "address", "address-2")).await;
    shopper.press(&button(CHOOSE, "continue")).await;
    at(&shopper, "review").await;
    assert_eq!(chosen(), ("address-2".to_owned(), "card-4444"));
    for change in ["#change-address", "#change-payment"] {
        shopper.press(change).await;
        shopper.press(&button(CHOOSE, "cancel")).await;
        at(&shopper, "review").await;
        assert_eq!(chosen(), ("address-2".to_owned(), "card-4444"), "{change} was left");
    }
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_payment_method_gets_another_card_without_a_button() {
    let shop = Shop::open().await;
    let shopper = Shopper::new("stored", DESK, Scripts::Run).await;
    press_button(&shopper, &shop.cart("PayOnly", &stored(&shop), false)).await;
    choose(&shopper, "card-1111").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    at(&shopper, "result").await;
    let permission = shop.complete(None).unwrap();

    let mut update = stored(&shop);
    update.as_object_mut().unwrap().remove("paymentMethodOnFileMetadata");
    update["chargePermissionId"] = json!(permission);
    let config = json!({"merchantId": super::alley::MERCHANT, "ledgerCurrency": "JPY", "placement": "Other", "productType": "PayOnly"});
    let signed = shop.alley.signed(&update);
    let script = format!(
        "document.getElementById('go').addEventListener('click', () => \
         amazon.Pay.initCheckout({{ ...{config}, createCheckoutSessionConfig: {signed} }}));"
    );
    shopper.open(&shop.alley.page("wallet", "<h1 id=here>wallet</h1><button id=go>g</button>", &script)).await;
    shopper.press("#go").await;
    choose(&shopper, "card-4444").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    at(&shopper, "result").await;
    assert_eq!(shop.complete(None).unwrap(), permission, "it stays the same one");
    let card = || {
        let ledger = shop.alley.sandbox.ledger();
        let stored = ledger.charge_permission_of(super::alley::MERCHANT, &permission).unwrap();
        stored.party.choice.as_ref().unwrap().instrument.id
    };
    eventually("the other card", async || (card() == "card-4444").then_some(())).await;
    shopper.expect_silent_console().await;
}
