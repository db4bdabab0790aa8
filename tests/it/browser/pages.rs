//! The buyer's pages one by one, from a bare shop's buttons: every flow of `renderButton`, every way out, and the
//! buyer's own page.

use serde_json::{Value, json};

use super::alley::{Alley, KEY_ID, MERCHANT, STORE};
use super::driver::Scripts;
use super::shopper::{DESK, PHONE, Shopper};
use super::{CHOOSE, PROCESSING, SIGN_IN, button, choice};
use crate::support::eventually;
use sekisho::sandbox::ledger::{CompletionRequest, PermissionType};

pub(super) const MFA: &str = r#"#buyer-form[action="/checkout/mfa"]"#;
pub(super) const ADDRESS: &str = r#"#buyer-form[action="/checkout/address"]"#;

fn yen(amount: u32) -> Value {
    json!({"amount": amount.to_string(), "currencyCode": "JPY"})
}

/// Where the shop's pages `review`, `result` and `cancelled` are; each says its name.
pub(super) struct Shop {
    pub(super) alley: Alley,
}

impl Shop {
    pub(super) async fn open() -> Self {
        let alley = Alley::open().await;
        for name in ["review", "result", "cancelled", "welcome"] {
            let script = "const id = new URLSearchParams(location.search).get('amazonCheckoutSessionId');\
                          for (const [element, changeAction] of [['#change-address', 'changeAddress'], ['#change-payment', 'changePayment']]) \
                          if (id && document.querySelector(element)) amazon.Pay.bindChangeAction(element, { amazonCheckoutSessionId: id, changeAction });";
            let body = format!(
                "<h1 id=here>{name}</h1><button id=change-address>a</button><button id=change-payment>p</button>"
            );
            alley.page(name, &body, script);
        }
        Self { alley }
    }

    pub(super) fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.alley.shop_url)
    }

    /// A session that goes by the review page, and can be cancelled.
    pub(super) fn standard(&self) -> Value {
        json!({"storeId": STORE, "webCheckoutDetails": {
            "checkoutReviewReturnUrl": self.url("review"), "checkoutCancelUrl": self.url("cancelled")}})
    }

    /// A session that is paid at Amazon's.
    pub(super) fn at_once(&self) -> Value {
        json!({"storeId": STORE,
            "webCheckoutDetails": {"checkoutMode": "ProcessOrder", "checkoutResultReturnUrl": self.url("result")},
            "paymentDetails": {"paymentIntent": "Authorize", "chargeAmount": yen(1_980)}})
    }

    /// A page with a button for this payload, which is signed at the click where `late`.
    pub(super) fn cart(&self, product_type: &str, payload: &Value, late: bool) -> String {
        let name = if product_type == "SignIn" { "signInConfig" } else { "createCheckoutSessionConfig" };
        let config = json!({"merchantId": MERCHANT, "publicKeyId": KEY_ID, "ledgerCurrency": "JPY", "placement": "Cart",
                            "productType": product_type, "estimatedOrderAmount": yen(1_980)});
        let signed = self.alley.signed(payload);
        let script = if late {
            format!(
                "const button = amazon.Pay.renderButton('#AmazonPayButton', {config});\
                     button.updateButtonInfo({{ amount: '2480', currencyCode: 'JPY' }});\
                     button.onClick(() => button.initCheckout({{ {name}: {signed} }}));"
            )
        } else {
            format!("amazon.Pay.renderButton('#AmazonPayButton', {{ ...{config}, {name}: {signed} }});")
        };
        self.alley.page("cart", "<h1 id=here>cart</h1><div id=AmazonPayButton></div>", &script)
    }

    /// The id of the newest session.
    pub(super) fn session_id(&self) -> String {
        self.alley.sandbox.ledger().sessions().last().expect("a session").id.clone()
    }

    /// The shop's server completes the newest session.
    pub(super) fn complete(&self, amount: Option<u32>) -> Result<String, String> {
        let charge_amount = amount.map(|amount| sekisho::sandbox::ledger::Amount::new(i64::from(amount)).unwrap());
        let request = CompletionRequest { charge_amount, total_order_amount: None };
        let id = self.session_id();
        let completed = self.alley.sandbox.ledger().complete(MERCHANT, &id, request, None);
        let completed = completed.map_err(|error| error.code.as_str().to_owned())?;
        Ok(completed.session.charge_permission_id.expect("a permission"))
    }
}

pub(super) async fn press_button(shopper: &Shopper, cart: &str) {
    shopper.open(cart).await;
    shopper.press("#AmazonPayButton button").await;
}

pub(super) async fn choose(shopper: &Shopper, card: &str) {
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.pick(&choice(CHOOSE, "payment", card)).await;
    shopper.press(&button(CHOOSE, "continue")).await;
}

/// Waits until the shop's page of this name is shown.
pub(super) async fn at(shopper: &Shopper, name: &str) {
    eventually(&format!("the shop's page {name}"), async || (shopper.read("#here").await == name).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paying_at_once_signs_at_the_click_and_retries_after_a_decline() {
    let shop = Shop::open().await;
    let shopper = Shopper::new("apb", DESK, Scripts::Run).await;
    let cart = shop.cart("PayOnly", &shop.at_once(), true);
    shopper.open(&cart).await;
    shopper.see(r#"#AmazonPayButton button[data-estimated-order-amount="2480 JPY"]"#).await;
    shopper.press("#AmazonPayButton button").await;
    choose(&shopper, "card-8005").await;
    shopper.look("01-pay").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    assert!(shopper.read("[role=alert]").await.contains("別のお支払い方法"));
    shopper.look("02-declined").await;
    let said = shopper.console().await.join("\n");
    assert!(said.contains("status of 409"), "{said}");
    shopper.press("#payment a").await;
    shopper.pick(&choice(CHOOSE, "payment", "card-8006")).await;
    shopper.press(&button(CHOOSE, "continue")).await;
    shopper.press(&button(PROCESSING, "pay")).await;
    shopper.see(MFA).await;
    shopper.press(&button(MFA, "fail")).await;
    assert!(shopper.read("[role=alert]").await.contains("本人認証"));
    assert_eq!(shop.complete(Some(1_980)), Err("MFANotCompleted".to_owned()));
    shopper.press(&button(PROCESSING, "pay")).await;
    shopper.press(&button(MFA, "verify")).await;
    at(&shopper, "result").await;
    shop.complete(Some(1_980)).unwrap();
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn consents_say_what_they_are_and_can_be_withdrawn() {
    let shop = Shop::open().await;
    let shopper = Shopper::new("consent", DESK, Scripts::Run).await;
    let mut monthly = shop.at_once();
    monthly["chargePermissionType"] = json!("Recurring");
    monthly["recurringMetadata"] = json!({"frequency": {"unit": "Month", "value": "1"}, "amount": yen(500)});
    press_button(&shopper, &shop.cart("PayOnly", &monthly, false)).await;
    choose(&shopper, "card-1111").await;
    assert!(shopper.read("#consent").await.contains("毎月、¥500"));
    shopper.look("01-recurring").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    at(&shopper, "result").await;
    let subscription = shop.complete(Some(1_980)).unwrap();

    let mut stored = shop.at_once();
    stored["chargePermissionType"] = json!("PaymentMethodOnFile");
    stored["paymentMethodOnFileMetadata"] = json!({"setupOnly": true});
    stored["paymentDetails"] = json!({"paymentIntent": "Confirm", "canHandlePendingAuthorization": false});
    press_button(&shopper, &shop.cart("PayOnly", &stored, false)).await;
    // The browser remembers who signed in.
    choose(&shopper, "card-4444").await;
    assert!(shopper.read("#consent").await.contains("保存"));
    assert!(shopper.read("#amount").await.contains("ありません"));
    shopper.look("02-saved-wallet").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    at(&shopper, "result").await;
    shop.complete(None).unwrap();

    shopper.open(&format!("{}/account", shop.alley.sandbox_url)).await;
    shopper.look("03-account-who").await;
    shopper.press("#buyer-form button").await;
    let article = format!("article[id='{subscription}']");
    assert!(shopper.read(&article).await.contains("毎月 ¥500"));
    shopper.look("04-account").await;
    shopper.press(&format!("{article} button[value=withdraw]")).await;
    eventually("the permission is over", async || shopper.read(&article).await.contains("BuyerCanceled").then_some(()))
        .await;
    let closed = shop.alley.sandbox.ledger().charge_permission_of(MERCHANT, &subscription).unwrap().closed;
    assert_eq!(closed.map(sekisho::sandbox::ledger::PermissionReason::as_str), Some("BuyerCanceled"));
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_written_changed_and_restricted() {
    let shop = Shop::open().await;
    let shopper = Shopper::new("address", DESK, Scripts::Run).await;
    let mut tokyo_only = shop.standard();
    tokyo_only["deliverySpecifications"] = json!({"specialRestrictions": ["RestrictPOBoxes"],
        "addressRestrictions": {"type": "Allowed", "restrictions": {"JP": {"statesOrRegions": ["東京都"]}}}});
    press_button(&shopper, &shop.cart("PayAndShip", &tokyo_only, false)).await;
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.see(r#"input[value="address-1"][disabled]"#).await;
    shopper.see(r#"input[value="address-2"][checked]"#).await;
    shopper.look("01-restricted").await;
    shopper.press("#add-address").await;
    shopper.see(ADDRESS).await;
    shopper.look("02-new").await;
    // Without a prefecture the browser itself would refuse; the page must, too.
    shopper.run("document.querySelector('#buyer-form').noValidate = true;").await;
    shopper.press(&button(ADDRESS, "save")).await;
    assert!(shopper.read("#trouble").await.contains("postal_code"));
    let said = shopper.console().await.join("\n");
    assert!(said.contains("status of 400"), "{said}");
    for (field, text) in [("#postal-code", "1000001"), ("#line1", "千代田区千代田0-0")] {
        shopper.write(field, text).await;
    }
    shopper.pick("#state option:nth-child(14)").await;
    shopper.press(&button(ADDRESS, "save")).await;
    shopper.pick(&choice(CHOOSE, "address", "address-3")).await;
    shopper.press(&button(CHOOSE, "continue")).await;
    at(&shopper, "review").await;

    shopper.press("#change-address").await;
    assert!(!shopper.has(r"input[type=radio][name=payment]").await, "only the address is to be changed");
    shopper.look("03-change").await;
    shopper.press(r#"a.edit[href$="address-3"]"#).await;
    shopper.write("#line2", "皇居前 1F").await;
    shopper.press(&button(ADDRESS, "save")).await;
    shopper.pick(&choice(CHOOSE, "address", "address-3")).await;
    shopper.press(&button(CHOOSE, "continue")).await;
    at(&shopper, "review").await;
    let ledger = shop.alley.sandbox.ledger();
    let session = ledger.sessions().last().unwrap();
    let chosen = session.choice().unwrap().address().cloned().unwrap();
    assert_eq!((chosen.postal_code.as_str(), chosen.line2.as_deref()), ("100-0001", Some("皇居前 1F")));
    drop(ledger);
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_may_cancel_on_every_page() {
    let shop = Shop::open().await;
    let shopper = Shopper::new("cancel-each", PHONE, Scripts::Run).await;
    let standard = shop.cart("PayAndShip", &shop.standard(), false);
    press_button(&shopper, &standard).await;
    shopper.see(SIGN_IN).await;
    shopper.look("01-sign-in").await;
    shopper.press(&button(SIGN_IN, "cancel")).await;
    at(&shopper, "cancelled").await;
    press_button(&shopper, &standard).await;
    shopper.press(&button(SIGN_IN, "sign-in")).await;
    shopper.see(CHOOSE).await;
    shopper.look("02-choose").await;
    shopper.press("#add-address").await;
    shopper.see(ADDRESS).await;
    shopper.look("03-address").await;
    shopper.press(&button(ADDRESS, "back")).await;
    shopper.press(&button(CHOOSE, "cancel")).await;
    at(&shopper, "cancelled").await;
    press_button(&shopper, &shop.cart("PayOnly", &shop.at_once(), false)).await;
    choose(&shopper, "card-8006").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    shopper.see(MFA).await;
    shopper.look("04-bank").await;
    shopper.press(&button(MFA, "fail")).await;
    shopper.press(&button(PROCESSING, "cancel")).await;
    at(&shopper, "result").await;
    assert_eq!(shop.complete(Some(1_980)), Err("CheckoutSessionCanceled".to_owned()));
    let sign_in = json!({"storeId": STORE, "signInReturnUrl": shop.url("welcome")});
    press_button(&shopper, &shop.cart("SignIn", &sign_in, false)).await;
    shopper.see("#buyer-form[action='/checkout/identify']").await;
    shopper.look("05-identify").await;
    shopper.press("#buyer-form button[value=cancel]").await;
    eventually("a page that says so", async || shopper.read("h1").await.contains("取り消し").then_some(())).await;
    press_button(&shopper, &shop.cart("SignIn", &sign_in, true)).await;
    shopper.press("#buyer-form button[value=sign-in]").await;
    at(&shopper, "welcome").await;
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_becomes_a_subscription_and_a_browser_forgets_its_buyer() {
    let shop = Shop::open().await;
    let shopper = Shopper::new("upgrade", DESK, Scripts::Run).await;
    press_button(&shopper, &shop.cart("PayOnly", &shop.at_once(), false)).await;
    shopper.pick(&choice(SIGN_IN, "buyer", "amzn1.account.SEKISHOYOSHIDA02")).await;
    choose(&shopper, "card-0000").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    at(&shopper, "result").await;
    let order = shop.complete(Some(1_980)).unwrap();

    let mut upgrade = shop.at_once();
    upgrade["chargePermissionType"] = json!("Recurring");
    upgrade["recurringMetadata"] = json!({"frequency": {"unit": "Week", "value": "2"}});
    upgrade["paymentDetails"] = json!({"paymentIntent": "Confirm"});
    upgrade["chargePermissionId"] = json!(order);
    let signed = shop.alley.signed(&upgrade);
    let script = format!("amazon.Pay.bindUpgradeAction('#upgrade', {{ merchantId: '{MERCHANT}', ...{signed} }});");
    shopper.open(&shop.alley.page("thanks", "<h1 id=here>thanks</h1><button id=upgrade>u</button>", &script)).await;
    shopper.press("#upgrade").await;
    assert!(shopper.read("#consent").await.contains("2 週間ごとに"));
    shopper.look("01-upgrade").await;
    shopper.press(&button(PROCESSING, "pay")).await;
    at(&shopper, "result").await;
    let subscription = shop.complete(None).unwrap();
    let kind = shop.alley.sandbox.ledger().charge_permission_of(MERCHANT, &subscription).unwrap().permission_type;
    assert_eq!(kind, PermissionType::Recurring);

    let yoshida = r#"input[value="amzn1.account.SEKISHOYOSHIDA02"][checked]"#;
    press_button(&shopper, &shop.cart("PayOnly", &shop.at_once(), false)).await;
    shopper.see(yoshida).await;
    shopper
        .open(&shop.alley.page(
            "bye",
            "<h1 id=here>-</h1>",
            "amazon.Pay.signout().then(() => { here.textContent = 'bye'; });",
        ))
        .await;
    at(&shopper, "bye").await;
    press_button(&shopper, &shop.cart("PayOnly", &shop.at_once(), false)).await;
    shopper.see(SIGN_IN).await;
    assert!(!shopper.has(yoshida).await, "the browser is to have forgotten the buyer");
    shopper.expect_silent_console().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_options_are_told_with_what_to_write() {
    let shop = Shop::open().await;
    let shopper = Shopper::new("mistakes", DESK, Scripts::Run).await;
    let good = "merchantId: 'A1', ledgerCurrency: 'JPY', placement: 'Cart'";
    for (script, says) in [
        (format!("renderButton('#none', {{ {good} }})"), "renderButton: no element matches"),
        ("renderButton('#x', {})".to_owned(), "merchantId is missing. Write merchantId"),
        (
            format!("renderButton('#x', {{ {good}, productType: 'Gift' }})"),
            "productType \\\"Gift\\\" is unknown. Write one of",
        ),
        (format!("renderButton('#x', {{ {good}, buttonColor: 'Red' }})"), "buttonColor"),
        (format!("renderButton('#x', {{ {good}, checkoutLanguage: 'ja' }})"), "checkoutLanguage"),
        (
            format!("renderButton('#x', {{ {good}, estimatedOrderAmount: 5 }})"),
            "estimatedOrderAmount is not a price. Write",
        ),
        (format!("renderButton('#x', {{ {good}, createCheckoutSessionConfig: {{}} }})"), "payloadJSON is missing"),
        (format!("renderButton('#x', {{ {good} }}).onClick(3)"), "onClick needs a function"),
        (format!("renderButton('#x', {{ {good} }}).updateButtonInfo()"), "updateButtonInfo: estimatedOrderAmount"),
        (format!("initCheckout({{ {good} }})"), "createCheckoutSessionConfig is missing. Write"),
        ("bindChangeAction('#x', { changeAction: 'changeAll' })".to_owned(), "changeAction is missing or unknown"),
        ("bindUpgradeAction('#x', {})".to_owned(), "bindUpgradeAction.payloadJSON is missing"),
    ] {
        shopper.open(&shop.alley.page("wrong", "<div id=x></div>", &format!("amazon.Pay.{script};"))).await;
        let said = shopper.console().await.join("\n");
        assert!(said.contains("amazon.Pay.") && said.contains(says), "{script}: {said}");
    }
}
