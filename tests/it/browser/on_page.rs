//! Checkouts inside the shop's page: the shop's page, the window, and what they say to each other.

use std::sync::Arc;

use sekisho::sandbox::Sandbox;
use sekisho::sandbox::ledger::{Amount, ChargeRequest, FinalizeRequest, MerchantMetadata, PaymentIntent};
use serde_json::{Value, json};

use super::alley::{Alley, MERCHANT, STORE};
use super::driver::Scripts;
use super::shopper::{DESK, PHONE, Shopper};
use super::{SIGN_IN, button};
use crate::support::eventually;

const WINDOW: &str = r#"#buyer-form[action="/checkout/on-page"]"#;

fn yen(amount: u32) -> Value {
    json!({"amount": amount.to_string(), "currencyCode": "JPY"})
}

/// A shop's page whose handlers all ask its server; `done` shows what became of it.
fn page(alley: &Alley, product_type: &str, session: &Value, more: &str) -> String {
    let config = json!({
        "merchantId": MERCHANT, "ledgerCurrency": "JPY", "placement": "Cart", "productType": product_type,
        "checkoutMode": "ProcessOrder", "checkoutSessionConfig": session,
    });
    let script = format!(
        "const handlers = Object.fromEntries(['onInitCheckout', 'onShippingAddressSelection', \
         'onDeliveryOptionSelection', 'onCompleteCheckout', 'onCancel', 'onError'].map((name) => \
         [name, async (event) => {{ const answer = await tell(name, event); \
         document.getElementById('done').textContent = name; return answer; }}]));\
         amazon.Pay.renderJSButton('#AmazonPayButton', {{ ...{config}, ...handlers, {more} }});"
    );
    alley.page("cart", "<h1>お店</h1><div id=AmazonPayButton></div><p id=done>-</p>", &script)
}

fn providers_session() -> Value {
    json!({"storeId": STORE, "processorSpecifications": {"name": "sekisho"}, "paymentDetails": {
        "paymentIntent": "Confirm", "chargeAmount": yen(1_980), "totalOrderAmount": yen(1_980)}})
}

/// Opens the shop's page, presses the button, signs in in the window.
async fn enter(shopper: &Shopper, cart: &str) {
    shopper.open(cart).await;
    shopper.pick("#AmazonPayButton button").await;
    shopper.look_through_windows(2).await;
    shopper.press(&button(SIGN_IN, "sign-in")).await;
}

/// Waits until the window is gone and the shop's page shows `last` as the last handler.
async fn back_at_the_shop(shopper: &Shopper, last: &str) {
    shopper.look_through_windows(1).await;
    eventually(&format!("{last} on the shop's page"), async || (shopper.read("#done").await == last).then_some(()))
        .await;
}

/// The shop's server ends the session as the event says.
fn finalizes(sandbox: Arc<Sandbox>) -> impl Fn(&Value) -> Value + Send + Sync {
    move |event| {
        let address = event["shippingAddress"].as_object().unwrap().iter();
        let address = address.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
        let request = FinalizeRequest {
            payment_intent: PaymentIntent::Authorize,
            charge_amount: Amount::new(2_480).ok(),
            total_order_amount: None,
            can_handle_pending_authorization: false,
            shipping_address: Some(address),
            billing_address: None,
        };
        let id = event["amazonCheckoutSessionId"].as_str().unwrap();
        match sandbox.ledger().finalize(MERCHANT, id, &request, None) {
            Ok(_) => json!({"status": "success"}),
            Err(error) => json!({"status": "error", "why": error.to_string()}),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_is_asked_and_its_server_finalizes() {
    let alley = Alley::open().await;
    let option = |id: &str, name: &str, price: u32| {
        json!({"id": id, "price": yen(price), "isDefault": id == "fast",
               "shippingMethod": {"shippingMethodName": name, "shippingMethodCode": id}})
    };
    let cart = json!({"totalBaseAmount": yen(1_980), "totalShippingAmount": yen(500), "totalChargeAmount": yen(2_480),
        "deliveryOptions": [option("slow", "ゆっくり便", 0), option("fast", "飛脚便", 500)]});
    alley.hook("onInitCheckout", move |_| cart.clone());
    alley.hook("onCompleteCheckout", finalizes(alley.sandbox.clone()));
    let session = json!({"storeId": STORE, "paymentDetails": {"paymentIntent": "Authorize"}});
    let cart = page(&alley, "PayAndShip", &session, "");
    let shopper = Shopper::new("on-page", DESK, Scripts::Run).await;
    enter(&shopper, &cart).await;

    assert_eq!(shopper.read("#amount").await, "¥2,480");
    shopper.look("01-window").await;
    shopper.pick("details:has(#address-form) summary").await;
    shopper.pick(r#"#address-form label:has(input[value="address-2"])"#).await;
    shopper.press(&button("#address-form", "address")).await;
    eventually("the other address", async || shopper.read("#address").await.contains("100-0005").then_some(())).await;
    shopper.pick(r#"#delivery-form label:has(input[value="slow"])"#).await;
    shopper.press(&button("#delivery-form", "delivery")).await;
    shopper.see(r#"#delivery-form input[value="slow"][checked]"#).await;
    shopper.press(&button(WINDOW, "pay")).await;
    back_at_the_shop(&shopper, "onCompleteCheckout").await;

    assert_eq!(alley.told("onShippingAddressSelection")[0]["shippingAddress"]["postalCode"], "100-0005");
    assert_eq!(alley.told("onDeliveryOptionSelection")[0]["deliveryOptions"]["displayName"], "ゆっくり便");
    let charges: Vec<i64> = alley.sandbox.ledger().charges().map(|charge| charge.amount.yen()).collect();
    assert_eq!(charges, [2_480]);
    shopper.expect_silent_console().await;
}

/// The provider's server charges the permission, as the gateway does.
fn charge(sandbox: &Sandbox, permission_id: &str, back: &str) -> Result<(), String> {
    let request = ChargeRequest {
        permission_id: permission_id.to_owned(),
        amount: Amount::new(1_980).unwrap(),
        capture_now: false,
        can_handle_pending_authorization: false,
        soft_descriptor: None,
        merchant: MerchantMetadata::default(),
        provider_reference_id: None,
        platform_id: None,
        initiator: None,
        channel: None,
        checkout_result_return_url: Some(back.to_owned()),
    };
    let charged = sandbox.ledger().create_charge(MERCHANT, request, None).map(|_| ());
    charged.map_err(|error| error.code.as_str().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_charges_after_a_decline_and_a_second_factor() {
    let alley = Alley::open().await;
    let back = alley.page("gateway", "<form id=result method=post></form>", "");
    let (sandbox, gateway) = (alley.sandbox.clone(), back.clone());
    alley.hook("onCompleteCheckout", move |event| {
        let permission_id = event["amazonChargePermissionId"].as_str().unwrap();
        // Standing for SearchTradeMulti: an order that is paid is not paid again.
        let paid =
            sandbox.ledger().charge_permission_of(MERCHANT, permission_id).is_ok_and(|one| !one.charge_ids.is_empty());
        match if paid { Ok(()) } else { charge(&sandbox, permission_id, &gateway) } {
            Ok(()) => json!({"status": "success"}),
            Err(code) if code == "MFANotCompleted" => {
                json!({"status": "redirectRequired", "redirectUrl": event["amazonPayMFAReturnUrl"]})
            }
            Err(_) => json!({"status": "decline"}),
        }
    });
    let cart = page(&alley, "PayOnly", &providers_session(), "");
    let shopper = Shopper::new("on-page-mfa", DESK, Scripts::Run).await;
    enter(&shopper, &cart).await;
    for card in ["card-8001", "card-8006"] {
        shopper.pick("details:has(#payment-form) summary").await;
        shopper.pick(&format!(r#"#payment-form label:has(input[value="{card}"])"#)).await;
        shopper.press(&button("#payment-form", "payment")).await;
        eventually("the card", async || shopper.read("#payment").await.contains(&card[5..]).then_some(())).await;
        shopper.press(&button(WINDOW, "pay")).await;
        if card == "card-8001" {
            shopper.see("#trouble").await;
            shopper.look("01-declined").await;
            // The list stands open after a decline.
            shopper.pick("details:has(#payment-form) summary").await;
        }
    }
    shopper.see("#code").await;
    shopper.look("02-bank").await;
    shopper.press(&button("#buyer-form", "verify")).await;
    // The provider charges again, and posts its result back.
    shopper.see("#result").await;
    let last = alley.told("onCompleteCheckout").pop().unwrap();
    charge(&alley.sandbox, last["amazonChargePermissionId"].as_str().unwrap(), &back).unwrap();
    let script = format!(
        "const f = document.getElementById('result'); f.action = {}; f.submit();",
        last["amazonPayMFAReturnUrl"]
    );
    shopper.run(&script).await;
    back_at_the_shop(&shopper, "onCompleteCheckout").await;
    assert_eq!(alley.told("onCompleteCheckout").len(), 3);
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cancels_is_back_at_the_shop() {
    let alley = Alley::open().await;
    let cart = page(&alley, "PayOnly", &providers_session(), "");
    let shopper = Shopper::new("on-page-cancel", PHONE, Scripts::Run).await;
    enter(&shopper, &cart).await;
    shopper.see(WINDOW).await;
    shopper.look("01-window").await;
    shopper.press(&button(WINDOW, "cancel")).await;
    back_at_the_shop(&shopper, "onCancel").await;
    assert!(alley.told("onCancel")[0]["amazonCheckoutSessionId"].is_string());

    shopper.open(&cart).await;
    shopper.pick("#AmazonPayButton button").await;
    shopper.look_through_windows(2).await;
    shopper.press(&button(SIGN_IN, "cancel")).await;
    back_at_the_shop(&shopper, "onCancel").await;

    enter(&shopper, &cart).await;
    shopper.see(WINDOW).await;
    shopper.close_window().await;
    back_at_the_shop(&shopper, "onCancel").await;
    assert_eq!(alley.told("onCancel").len(), 3);
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_window_and_a_handler_that_throws_are_told() {
    let alley = Alley::open().await;
    let cart = page(&alley, "PayOnly", &providers_session(), "");
    let shopper = Shopper::new("on-page-blocked", DESK, Scripts::Run).await;
    shopper.open(&cart).await;
    shopper.run("window.realOpen = window.open; window.open = () => null;").await;
    shopper.pick("#AmazonPayButton button").await;
    eventually("onError", async || (shopper.read("#done").await == "onError").then_some(())).await;
    assert_eq!(alley.told("onError")[0]["reasonCode"], "WindowBlocked");
    let said = shopper.console().await.join("\n");
    assert!(said.contains("the browser has blocked the window"), "{said}");
    // Allowed, it opens: nothing was left half done.
    shopper.run("window.open = window.realOpen;").await;
    shopper.pick("#AmazonPayButton button").await;
    shopper.look_through_windows(2).await;
    shopper.press(&button(SIGN_IN, "cancel")).await;
    back_at_the_shop(&shopper, "onCancel").await;

    let throws = "onInitCheckout: async () => { throw new Error('no stock') }";
    enter(&shopper, &page(&alley, "PayOnly", &providers_session(), throws)).await;
    shopper.look_through_windows(1).await;
    let said = shopper.console().await.join("\n");
    assert!(said.contains("onInitCheckout failed: no stock. Catch it and return"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_of_the_shops_are_told_on_its_console() {
    let alley = Alley::open().await;
    alley.hook("onInitCheckout", |_| json!({"totalChargAmount": yen(100)}));
    let cart = page(&alley, "PayOnly", &providers_session(), "");
    let shopper = Shopper::new("on-page-mistakes", DESK, Scripts::Run).await;
    enter(&shopper, &cart).await;
    back_at_the_shop(&shopper, "onError").await;
    let said = shopper.console().await.join("\n");
    assert!(said.contains("onInitCheckout: Unrecognized field: totalChargAmount"), "{said}");

    for (more, says) in [
        ("onCompleteCheckout: 3", "onCompleteCheckout is not a function"),
        ("onCancel: undefined", "onCancel is missing"),
        ("checkoutMode: 'x'", "checkoutMode"),
        ("checkoutSessionConfig: {}", "checkoutSessionConfig.storeId is missing"),
        ("checkoutSessionConfig: undefined", "checkoutSessionConfig is missing"),
        ("productType: 'SignIn'", "productType SignIn does not go"),
    ] {
        shopper.open(&page(&alley, "PayOnly", &providers_session(), more)).await;
        assert!(!shopper.has("#AmazonPayButton button").await, "{more}");
        let said = shopper.console().await.join("\n");
        assert!(said.contains("amazon.Pay.renderJSButton: ") && said.contains(says), "{more}: {said}");
    }
}
