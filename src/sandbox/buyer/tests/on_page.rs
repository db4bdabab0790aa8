//! Checkouts inside the shop's page, played by a program in place of window and shop.

use serde_json::{Value, json};

use super::*;
use crate::sandbox::error::ApiError;
use crate::sandbox::ledger::{ChargeRequest, FinalizeRequest, MerchantMetadata, PermissionReason, SessionState};

const ORIGIN: &str = "http://127.0.0.1:8082";
const GATEWAY: &str = "https://gw.example/return/1";

fn yen(amount: &str) -> Value {
    json!({"amount": amount, "currencyCode": "JPY"})
}

/// What a shop that finalizes writes into its button; a provider's has `processorSpecifications` besides.
fn config() -> Value {
    json!({"storeId": STORE, "paymentDetails": {"paymentIntent": "Authorize"}})
}

fn providers_config() -> Value {
    json!({"storeId": STORE, "processorSpecifications": {"name": "sekisho"},
        "paymentDetails": {"paymentIntent": "Confirm", "chargeAmount": yen("1980"), "totalOrderAmount": yen("1980")}})
}

impl World {
    async fn press_on_page(&self, product_type: &str, config: &Value, origin: &str) -> Answer {
        let config = config.to_string();
        let fields = [
            ("merchantId", MERCHANT),
            ("ledgerCurrency", "JPY"),
            ("placement", "Cart"),
            ("productType", product_type),
            ("origin", origin),
            ("checkoutSessionConfig", &config),
        ];
        self.post("/checkout/on-page/initiate", &fields).await
    }

    /// A buyer who has signed in; the shop is about to be asked for the cart.
    async fn begun(&self, product_type: &str, config: &Value) -> String {
        let pressed = self.press_on_page(product_type, config, ORIGIN).await;
        let id = pressed.location().split_once('=').expect("an id").1.to_owned();
        let entered = self.step("sign-in", &id, &[("buyer", BUYER), ("action", "sign-in")]).await;
        assert_eq!(entered.location(), format!("/checkout/on-page?amazonCheckoutSessionId={id}"));
        id
    }

    async fn window(&self, id: &str) -> Answer {
        self.get(&format!("/checkout/on-page?amazonCheckoutSessionId={id}")).await
    }

    /// The event that the shop's handler of this name is to be called with.
    async fn asked(&self, id: &str, handler: &str) -> Value {
        let page = self.window(id).await;
        assert!(page.body.contains(&format!(r#"data-handler="{handler}""#)), "{handler}: {}", page.body);
        let event = page.body.split_once(r#"data-event=""#).expect("an event").1.split_once('"').expect("an end").0;
        serde_json::from_str(&event.replace("&#34;", "\"").replace("&#38;", "&")).expect("JSON")
    }

    async fn shop_answers(&self, id: &str, handler: &str, answer: &Value) -> Answer {
        self.step("on-page/answer", id, &[("ask", handler), ("answer", &answer.to_string())]).await
    }

    fn charge(&self, permission_id: &str) -> Result<(), ApiError> {
        let request = ChargeRequest {
            permission_id: permission_id.to_owned(),
            amount: Amount::new(1_980).expect("an amount"),
            capture_now: false,
            can_handle_pending_authorization: false,
            soft_descriptor: None,
            merchant: MerchantMetadata::default(),
            provider_reference_id: None,
            platform_id: None,
            initiator: None,
            channel: None,
            checkout_result_return_url: Some(GATEWAY.to_owned()),
        };
        self.sandbox.ledger().create_charge(MERCHANT, request, None).map(|_| ())
    }
}

#[tokio::test]
async fn the_shop_is_asked_at_each_step_and_its_server_finalizes() {
    let world = World::new();
    let id = world.begun("PayAndShip", &config()).await;
    let event = world.asked(&id, "onInitCheckout").await;
    assert_eq!((&event["amazonCheckoutSessionId"], &event["buyer"]["name"]), (&json!(id), &json!("箱根 花子")));
    assert_eq!(event["shippingAddress"]["postalCode"], "250-0521");
    let option = |id: &str, price: &str, first: bool| {
        json!({"id": id, "price": yen(price), "isDefault": first,
               "shippingMethod": {"shippingMethodName": format!("{id} 便"), "shippingMethodCode": id}})
    };
    let cart = json!({"totalBaseAmount": yen("1980"), "totalShippingAmount": yen("500"), "totalChargeAmount": yen("2480"),
                      "deliveryOptions": [option("slow", "0", false), option("fast", "500", true)]});
    world.shop_answers(&id, "onInitCheckout", &cart).await;
    let page = world.window(&id).await;
    assert!(page.body.contains("¥2,480") && page.body.contains(r#"value="fast" required checked"#), "{}", page.body);

    world.step("on-page", &id, &[("action", "address"), ("address", "address-2")]).await;
    let event = world.asked(&id, "onShippingAddressSelection").await;
    assert_eq!(event["shippingAddress"]["postalCode"], "100-0005");
    world.shop_answers(&id, "onShippingAddressSelection", &json!({"status": "error"})).await;
    assert!(world.window(&id).await.body.contains(r#"id="trouble""#));
    world.step("on-page", &id, &[("action", "address"), ("address", "address-1")]).await;
    world.shop_answers(&id, "onShippingAddressSelection", &Value::Null).await;
    world.step("on-page", &id, &[("action", "delivery"), ("delivery", "slow")]).await;
    let event = world.asked(&id, "onDeliveryOptionSelection").await;
    assert_eq!(event["deliveryOptions"], json!({"id": "slow", "displayName": "slow 便", "amount": yen("0")}));
    world.shop_answers(&id, "onDeliveryOptionSelection", &json!({"totalChargeAmount": yen("1980")})).await;

    world.step("on-page", &id, &[("action", "pay")]).await;
    let event = world.asked(&id, "onCompleteCheckout").await;
    assert_eq!(event["amazonCheckoutSessionId"], json!(id));
    assert_eq!(
        (event.get("amazonChargePermissionId"), event["paymentDescriptor"].as_str()),
        (None, Some("Visa ****1111 (Amazon Pay)"))
    );
    let address = event["shippingAddress"].as_object().expect("an address").iter();
    let address = address.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
    let request = FinalizeRequest {
        payment_intent: PaymentIntent::Authorize,
        charge_amount: Amount::new(1_980).ok(),
        total_order_amount: None,
        can_handle_pending_authorization: false,
        shipping_address: Some(address),
        billing_address: None,
    };
    world.sandbox.ledger().finalize(MERCHANT, &id, &request, None).expect("finalized");
    world.shop_answers(&id, "onCompleteCheckout", &json!({"status": "success"})).await;
    let over = world.window(&id).await;
    assert!(
        over.body.contains(r#"data-handler="success""#) && over.body.contains(r#"data-complaint="""#),
        "{}",
        over.body
    );
}

#[tokio::test]
async fn a_provider_is_handed_a_permission_that_it_charges() {
    let world = World::new();
    let id = world.begun("PayOnly", &providers_config()).await;
    world.shop_answers(&id, "onInitCheckout", &Value::Null).await;
    assert!(world.window(&id).await.body.contains("¥1,980"));
    world.step("on-page", &id, &[("action", "pay")]).await;
    let event = world.asked(&id, "onCompleteCheckout").await;
    assert_eq!(event.get("amazonCheckoutSessionId"), None);
    assert_eq!(event["billingAddress"]["postalCode"], "250-0521");
    let mfa_url = format!("http://sandbox.example/checkout/mfa?amazonCheckoutSessionId={id}");
    assert_eq!(event["amazonPayMFAReturnUrl"], mfa_url);
    let permission_id = event["amazonChargePermissionId"].as_str().expect("an id");
    world.charge(permission_id).expect("charged");
    world.shop_answers(&id, "onCompleteCheckout", &json!({"status": "success"})).await;
    assert!(world.window(&id).await.body.contains(r#"data-handler="success""#));
    assert_eq!(world.sandbox.ledger().session(&id).map(|session| session.state), Some(SessionState::Completed));
}

#[tokio::test]
async fn a_second_factor_is_given_between_two_charges() {
    let world = World::new();
    let id = world.begun("PayOnly", &providers_config()).await;
    world.shop_answers(&id, "onInitCheckout", &Value::Null).await;
    world.step("on-page", &id, &[("action", "payment"), ("payment", "card-8006")]).await;
    world.step("on-page", &id, &[("action", "pay")]).await;
    let event = world.asked(&id, "onCompleteCheckout").await;
    let permission_id = event["amazonChargePermissionId"].as_str().expect("an id").to_owned();
    for _ in 0..2 {
        assert_eq!(world.charge(&permission_id).expect_err("refused").code.as_str(), "MFANotCompleted");
    }
    let to_shop = json!({"status": "redirectRequired", "redirectUrl": "https://shop.example/to-start"});
    let sent = world.shop_answers(&id, "onCompleteCheckout", &to_shop).await;
    assert_eq!(sent.location(), "https://shop.example/to-start");

    let page = world.get(&format!("/checkout/mfa?amazonCheckoutSessionId={id}")).await;
    assert!(page.body.contains("Visa ****8006"), "{}", page.body);
    let back = world.step("mfa", &id, &[("action", "verify"), ("code", "1")]).await;
    assert_eq!(back.location(), GATEWAY);
    world.charge(&permission_id).expect("charged");
    // The provider's form brings the buyer back; the shop's page is asked again.
    let again = world.step("mfa", &id, &[("OrderID", "1"), ("Status", "AUTH")]).await;
    assert_eq!(again.location(), format!("/checkout/on-page?amazonCheckoutSessionId={id}"));
    world.asked(&id, "onCompleteCheckout").await;
}

#[tokio::test]
async fn a_buyer_who_cannot_prove_it_is_declined_and_may_pay_otherwise() {
    let world = World::new();
    let id = world.begun("PayOnly", &providers_config()).await;
    world.shop_answers(&id, "onInitCheckout", &Value::Null).await;
    world.step("on-page", &id, &[("action", "payment"), ("payment", "card-8006")]).await;
    world.step("on-page", &id, &[("action", "pay")]).await;
    let first = world.asked(&id, "onCompleteCheckout").await["amazonChargePermissionId"].clone();
    let first = first.as_str().expect("an id");
    world.charge(first).expect_err("refused");
    world.step("mfa", &id, &[("action", "fail")]).await;
    assert_eq!(world.charge(first).expect_err("refused").code.as_str(), "InvalidChargePermissionStatus");
    world.shop_answers(&id, "onCompleteCheckout", &json!({"status": "decline"})).await;
    assert!(world.window(&id).await.body.contains("承認されませんでした"));
    world.step("on-page", &id, &[("action", "payment"), ("payment", "card-1111")]).await;
    world.step("on-page", &id, &[("action", "pay")]).await;
    let second = world.asked(&id, "onCompleteCheckout").await["amazonChargePermissionId"].clone();
    assert_ne!(second, json!(first));
    world.charge(second.as_str().expect("an id")).expect("charged");
    let refused = world.sandbox.ledger().charge_permission_of(MERCHANT, first).expect("known").closed;
    assert_eq!(refused.map(PermissionReason::as_str), Some("AmazonCanceled"));
}

#[tokio::test]
async fn a_decline_after_a_reservation_frees_it() {
    let world = World::new();
    let id = world.begun("PayOnly", &config()).await;
    world.shop_answers(&id, "onInitCheckout", &json!({"totalChargeAmount": yen("1980")})).await;
    world.step("on-page", &id, &[("action", "pay")]).await;
    world.shop_answers(&id, "onCompleteCheckout", &json!({"status": "decline"})).await;
    world.step("on-page", &id, &[("action", "pay")]).await;
    world.asked(&id, "onCompleteCheckout").await;
    let ledger = world.sandbox.ledger();
    let kinds: Vec<&str> = ledger.movements().iter().map(|movement| movement.kind.as_str()).collect();
    assert_eq!(kinds, ["reserved", "released", "reserved"]);
}

#[tokio::test]
async fn cancelling_ends_it_and_a_bad_answer_is_told_to_the_shop() {
    let world = World::new();
    for before in [true, false] {
        let id = world.begun("PayOnly", &providers_config()).await;
        if !before {
            world.shop_answers(&id, "onInitCheckout", &Value::Null).await;
        }
        world.step("on-page", &id, &[("action", "cancel")]).await;
        assert!(world.window(&id).await.body.contains(r#"data-handler="onCancel""#));
        let late = world.step("on-page", &id, &[("action", "pay")]).await;
        assert_eq!(late.status, StatusCode::GONE);
    }
    let id = world.begun("PayOnly", &providers_config()).await;
    world
        .shop_answers(&id, "onInitCheckout", &json!({"totalChargeAmount": {"amount": "x", "currencyCode": "JPY"}}))
        .await;
    let page = world.window(&id).await;
    assert!(page.body.contains("onInitCheckout: totalChargeAmount.amount"), "{}", page.body);
    let canceling = world.begun("PayOnly", &config()).await;
    world.shop_answers(&canceling, "onInitCheckout", &json!({"totalChargeAmount": yen("100")})).await;
    world.step("on-page", &canceling, &[("action", "payment"), ("payment", "card-3064")]).await;
    world.step("on-page", &canceling, &[("action", "pay")]).await;
    assert!(world.window(&canceling).await.body.contains(r#"data-handler="onCancel""#));
}

#[tokio::test]
async fn a_button_that_lacks_something_opens_no_window_page() {
    let world = World::new();
    for (origin, config, says) in [
        ("", config(), "origin is missing"),
        ("javascript:0", config(), "origin is missing"),
        ("http://127.0.0.1:8082/", config(), "origin is missing"),
        (ORIGIN, json!({"storeId": STORE}), "paymentDetails.paymentIntent is missing"),
        (ORIGIN, json!({"storeId": "x", "paymentDetails": {"paymentIntent": "Confirm"}}), "does not belong"),
    ] {
        let answer = world.press_on_page("PayOnly", &config, origin).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{says}");
        assert!(answer.body.contains(says), "{says}: {}", answer.body);
    }
    let unknown = world.window("nobody").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_bank_asks_on_amazons_own_pages_too() {
    let world = World::new();
    let id = world.about_to_pay("card-8006").await;
    let answer = world.step("processing", &id, &[("action", "pay")]).await;
    assert_eq!(answer.location(), format!("/checkout/mfa?amazonCheckoutSessionId={id}"));
    let failed = world.step("mfa", &id, &[("action", "fail")]).await;
    let page = world.get(failed.location().strip_prefix("http://sandbox.example").expect("ours")).await;
    assert!(page.body.contains("本人認証ができませんでした"), "{}", page.body);
    let proven = world.step("mfa", &id, &[("action", "verify")]).await;
    assert_eq!(proven.location(), format!("{RESULT}&amazonCheckoutSessionId={id}"));
}
