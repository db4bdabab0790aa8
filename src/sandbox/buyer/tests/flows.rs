//! Checkouts other than the one with a review page: paying at once, inside the shop's page, and only signing in.

use serde_json::{Value, json};

use super::*;
use crate::sandbox::ledger::{CompletionRequest, SessionCancelReason, SessionState};

fn paying_at_once() -> Value {
    json!({
        "storeId": STORE,
        "webCheckoutDetails": {"checkoutMode": "ProcessOrder", "checkoutResultReturnUrl": RESULT},
        "paymentDetails": {"paymentIntent": "Authorize", "chargeAmount": {"amount": "1980", "currencyCode": "JPY"}},
    })
}

impl World {
    /// Where a button with this payload, signed now, leads.
    async fn press(&self, product_type: &str, payload: &Value) -> Answer {
        let payload = payload.to_string();
        self.post("/checkout/initiate", &button(product_type, &sign(&key().0, &payload), &payload)).await
    }

    /// The session's id, and the paying page that follows upon choosing.
    async fn chosen(&self, product_type: &str, payload: &Value) -> (String, Answer) {
        let pressed = self.press(product_type, payload).await;
        let id = pressed.location().split_once('=').expect("an id").1.to_owned();
        self.step("sign-in", &id, &[("buyer", BUYER), ("action", "sign-in")]).await;
        let choice = [("address", "address-1"), ("payment", "card-1111"), ("action", "continue")];
        let answer = self.step("choose", &id, &choice).await;
        assert_eq!(answer.location(), format!("/checkout/processing?amazonCheckoutSessionId={id}"));
        let page = self.get(answer.location()).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        (id, page)
    }
}

#[tokio::test]
async fn an_order_to_several_addresses_is_chosen_without_javascript() {
    let world = World::new();
    let payload: Value = serde_json::from_str(&payload(STORE)).expect("JSON");
    let pressed = world.press("PayAndShipMultiAddress", &payload).await;
    let id = pressed.location().split_once('=').expect("an id").1.to_owned();
    world.step("sign-in", &id, &[("buyer", BUYER), ("action", "sign-in")]).await;
    let page = world.get(&format!("/checkout/choose?amazonCheckoutSessionId={id}")).await;
    assert_eq!(page.body.matches(r#"<input type="checkbox" name="address""#).count(), 2, "{}", page.body);
    assert!(!page.body.contains(r#"type="radio" name="address""#));
    let rest = [("payment", "card-1111"), ("action", "continue")];
    for (addresses, status) in [
        (vec![], StatusCode::BAD_REQUEST),
        (vec![("address", "")], StatusCode::BAD_REQUEST),
        (vec![("address", "address-1"), ("address", "address-7")], StatusCode::BAD_REQUEST),
        (vec![("address", "address-2"), ("address", "address-1")], StatusCode::SEE_OTHER),
    ] {
        let answer = world.step("choose", &id, &[addresses.as_slice(), &rest].concat()).await;
        assert_eq!(answer.status, status, "{addresses:?}: {}", answer.body);
    }
    let changed = world.get(&format!("/checkout/change?amazonCheckoutSessionId={id}&changeAction=changePayment")).await;
    let kept = r#"<input type="hidden" name="address" value="address-1"><input type="hidden" name="address" value="address-2">"#;
    assert!(changed.body.contains(kept), "{}", changed.body);

    let one = world.initiate("PayAndShip").await;
    world.step("sign-in", &one, &[("buyer", BUYER), ("action", "sign-in")]).await;
    let both = [("address", "address-1"), ("address", "address-2")];
    let refused = world.step("choose", &one, &[&both[..], &rest].concat()).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("the order goes to one address"), "{}", refused.body);
}

#[tokio::test]
async fn paying_at_once_goes_from_choosing_to_paying_to_the_result() {
    let world = World::new();
    let mut shipping = paying_at_once();
    shipping["addressDetails"] = json!({"name": "届け先", "addressLine1": "1-2-3", "stateOrRegion": "東京都",
        "postalCode": "100-0005", "countryCode": "JP"});
    for (product_type, payload) in [("PayOnly", paying_at_once()), ("PayAndShip", shipping)] {
        let (id, page) = world.chosen(product_type, &payload).await;
        assert!(page.body.contains("¥1,980"), "{}", page.body);
        let answer = world.step("processing", &id, &[("action", "pay")]).await;
        assert_eq!(answer.location(), format!("{RESULT}&amazonCheckoutSessionId={id}"));
    }
    for lacking in ["checkoutResultReturnUrl", "paymentIntent", "chargeAmount"] {
        let mut payload = paying_at_once();
        for part in ["webCheckoutDetails", "paymentDetails"] {
            payload[part].as_object_mut().expect("an object").remove(lacking);
        }
        let answer = world.press("PayOnly", &payload).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.body.contains(lacking), "{}", answer.body);
    }
    let answer = world.press("PayAndShip", &paying_at_once()).await;
    assert!(answer.body.contains("addressDetails is missing"), "{}", answer.body);
}

#[tokio::test]
async fn a_subscription_shows_what_the_buyer_agrees_to() {
    let world = World::new();
    let mut payload = paying_at_once();
    payload["chargePermissionType"] = json!("Recurring");
    payload["recurringMetadata"] =
        json!({"frequency": {"unit": "Month", "value": 3}, "amount": {"amount": 500, "currencyCode": "JPY"}});
    payload["paymentDetails"] = json!({"paymentIntent": "Confirm"});
    let (id, page) = world.chosen("PayOnly", &payload).await;
    assert!(page.body.contains("3 か月ごとに、¥500 のお支払いをお店が請求すること"), "{}", page.body);
    assert!(page.body.contains("今回のお支払いはありません"), "{}", page.body);
    let english = world.get(&format!("/checkout/processing?amazonCheckoutSessionId={id}&lang=en")).await;
    assert!(english.body.contains("The shop may charge a payment of ¥500 every 3 months"), "{}", english.body);
    let answer = world.step("processing", &id, &[("action", "pay")]).await;
    assert!(answer.location().starts_with(RESULT));
    payload["paymentDetails"] = json!({"paymentIntent": "Authorize"});
    let (_, page) = world.chosen("PayOnly", &payload).await;
    assert!(page.body.contains(r#"id="amount">¥500"#), "the first period is paid now: {}", page.body);
}

#[tokio::test]
async fn a_checkout_inside_the_shops_page_leads_nowhere_else() {
    let world = World::new();
    let mut payload = paying_at_once();
    payload.as_object_mut().expect("an object").remove("webCheckoutDetails");
    let (id, _) = world.chosen("PayAndShip", &payload).await;
    let answer = world.step("processing", &id, &[("action", "pay")]).await;
    let paid = format!("http://sandbox.example/checkout/paid?amazonCheckoutSessionId={id}");
    assert_eq!(answer.location(), paid);
    let page = world.get(&paid["http://sandbox.example".len()..]).await;
    assert!(page.body.contains("お店のページに戻ってください"), "{}", page.body);
    let again = world.step("processing", &id, &[("action", "pay")]).await;
    assert_eq!(again.location(), paid);
    assert_eq!(world.sandbox.ledger().movements().len(), 1);
}

#[tokio::test]
async fn signing_in_gives_the_shop_a_token_for_what_it_asked() {
    let world = World::new();
    let payload = json!({"storeId": STORE, "signInReturnUrl": "https://shop.example/welcome?from=amazon",
        "signInScopes": ["name", "billingAddress"]});
    let pressed = world.press("SignIn", &payload).await;
    let page = world.get(pressed.location()).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("&#60;関所&#62; 商店"), "{}", page.body);
    let id = pressed.location().strip_prefix("/checkout/identify?signInId=").expect("an id");
    let nobody = world.post("/checkout/identify", &[("signInId", id), ("buyer", "x"), ("action", "sign-in")]).await;
    assert_eq!(nobody.status, StatusCode::BAD_REQUEST);
    let back = world.post("/checkout/identify", &[("signInId", id), ("buyer", BUYER), ("action", "sign-in")]).await;
    let token = back.location().strip_prefix("https://shop.example/welcome?from=amazon&buyerToken=").expect("a token");
    {
        let ledger = world.sandbox.ledger();
        let told = crate::sandbox::wire::views::introduction(ledger.introduction_of(MERCHANT, token).expect("known"));
        assert_eq!((&told["buyerId"], &told["name"]), (&json!(BUYER), &json!("箱根 花子")));
        assert_eq!(told["billingAddress"]["postalCode"], "250-0521");
        for untold in ["email", "phoneNumber", "shippingAddress", "postalCode"] {
            assert_eq!(told[untold], Value::Null, "{untold}");
        }
        let foreign = ledger.introduction_of(OTHER_MERCHANT, token).expect_err("not theirs");
        assert_eq!(foreign.code.as_str(), "ResourceNotFound");
    }
    let cancelled = world.post("/checkout/identify", &[("signInId", id), ("action", "cancel")]).await;
    assert_eq!(cancelled.status, StatusCode::OK);
    let odd = world.post("/checkout/identify", &[("signInId", id), ("action", "x")]).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
    world.clock.advance(DAY_MS + 1);
    assert_eq!(world.get(pressed.location()).await.status, StatusCode::GONE);
    assert_eq!(world.get("/checkout/identify?signInId=none").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_shop_in_dollars_shows_dollars_and_cents_on_every_page() {
    let world = World::new();
    let dollars = |amount: &str| json!({"amount": amount, "currencyCode": "USD"});
    let mut payload = paying_at_once();
    payload["chargePermissionType"] = json!("Recurring");
    payload["recurringMetadata"] = json!({"frequency": {"unit": "Month", "value": 1}, "amount": dollars("9.9")});
    payload["paymentDetails"] = json!({"paymentIntent": "Authorize", "chargeAmount": dollars("834.5")});
    let payload = payload.to_string();
    let signature = sign(&key().0, &payload);
    let mut fields = button("PayOnly", &signature, &payload);
    (fields[0].1, fields[1].1) = (DOLLAR_MERCHANT, DOLLAR_KEY_ID);
    let refused = world.post("/checkout/initiate", &fields).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let why = "ledgerCurrency is JPY, but the merchant&#39;s ledger is in USD";
    assert!(refused.body.contains(why), "{}", refused.body);
    fields[2].1 = "USD";
    let pressed = world.post("/checkout/initiate", &fields).await;
    let id = pressed.location().split_once('=').expect("an id").1.to_owned();
    world.step("sign-in", &id, &[("buyer", BUYER), ("action", "sign-in")]).await;
    let chosen = world.step("choose", &id, &[("payment", "card-1111"), ("action", "continue")]).await;
    let page = world.get(chosen.location()).await;
    assert!(page.body.contains(r#"id="amount">$834.50"#), "{}", page.body);
    assert!(page.body.contains("毎月、$9.90"), "{}", page.body);
    world.step("processing", &id, &[("action", "pay")]).await;
    let request = CompletionRequest { charge_amount: Amount::of(Currency::USD, 83_450).ok(), total_order_amount: None };
    world.sandbox.ledger().complete(DOLLAR_MERCHANT, &id, request, None).expect("completed");
    let account = world.get(&format!("/account?buyer={BUYER}")).await;
    assert!(account.body.contains("$165.50 / $1,000.00"), "{}", account.body);
}

#[tokio::test]
async fn the_banks_page_and_the_address_page_can_be_left_for_the_shop() {
    let world = World::new();
    let id = world.about_to_pay("card-8006").await;
    let asked = world.step("processing", &id, &[("action", "pay")]).await;
    assert_eq!(asked.location(), format!("/checkout/mfa?amazonCheckoutSessionId={id}"));
    assert!(world.get(asked.location()).await.body.contains(r#"value="cancel""#));
    let left = world.step("mfa", &id, &[("action", "cancel")]).await;
    assert_eq!(left.location(), format!("{RESULT}&amazonCheckoutSessionId={id}"));
    let state = world.sandbox.ledger().session(&id).expect("there").state;
    assert_eq!(state, SessionState::Canceled(SessionCancelReason::BuyerCanceled));

    let id = world.initiate("PayAndShip").await;
    world.step("sign-in", &id, &[("buyer", BUYER), ("action", "sign-in")]).await;
    let left = world.step("address", &id, &[("action", "cancel")]).await;
    assert_eq!(left.status, StatusCode::OK, "the session names no address to go back to");
    assert!(left.body.contains("お支払いはされていません"), "{}", left.body);
}
