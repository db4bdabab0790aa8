//! The shop's pages as data; the templates are in `templates/demo_shop/`. Askama escapes every value; what is marked
//! `safe` there is either drawn by us or has passed [`script_json`].

use askama::Template;
use serde_json::{Value, json};

use crate::demo_shop::catalogue::{Product, grouped};
use crate::demo_shop::form::Fields;
use crate::demo_shop::psp::{Price, Start};
use crate::demo_shop::state::{Line, Notification, Order, Outcome, Problem};
use crate::demo_shop::visit::Lang;
use crate::demo_shop::{Button, ShopAccount};

/// What surrounds every page.
pub(super) struct Frame {
    pub(super) lang: Lang,
    /// `/<shop_id>`, or nothing outside a storefront.
    pub(super) home: String,
    pub(super) shop_name: String,
    pub(super) cart_count: u32,
    /// The same page in the other language, or nothing.
    pub(super) switch_href: String,
    pub(super) nonce: String,
}

impl Frame {
    /// The frame of a page that belongs to no storefront.
    pub(super) fn outside(lang: Lang) -> Self {
        Self {
            lang,
            home: String::new(),
            shop_name: lang.pick("関所商店街", "Sekisho Arcade").to_owned(),
            cart_count: 0,
            switch_href: format!("?lang={}", lang.other().code()),
            nonce: String::new(),
        }
    }

    fn t<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        self.lang.pick(ja, en)
    }

    fn code(&self) -> &'static str {
        self.lang.code()
    }
}

/// The street with its shops.
#[derive(Template)]
#[template(path = "demo_shop/home.html")]
pub(super) struct HomePage<'a> {
    pub(super) frame: Frame,
    pub(super) shops: Vec<&'a ShopAccount>,
}

/// The shelf.
#[derive(Template)]
#[template(path = "demo_shop/catalogue.html")]
pub(super) struct CataloguePage {
    pub(super) frame: Frame,
    pub(super) products: &'static [Product],
}

/// The cart, with the Amazon Pay button.
#[derive(Template)]
#[template(path = "demo_shop/cart.html")]
pub(super) struct CartPage {
    pub(super) frame: Frame,
    pub(super) lines: Vec<Line>,
    pub(super) price: Price,
    pub(super) checkout_js_url: String,
    /// The argument of `amazon.Pay.renderButton`, from [`button_config`].
    pub(super) button_config: String,
}

/// Before the order: who, where to, what with, how much.
#[derive(Template)]
#[template(path = "demo_shop/review.html")]
pub(super) struct ReviewPage {
    pub(super) frame: Frame,
    pub(super) lines: Vec<Line>,
    pub(super) price: Price,
    pub(super) cart_version: u64,
    /// Whether the buyer consents to a charge every month.
    pub(super) monthly: bool,
    /// `SearchAddressAmazonpay`'s reply.
    pub(super) buyer: Fields,
    pub(super) checkout_session_id: String,
    /// The same as a JavaScript string.
    pub(super) checkout_session_js: String,
    pub(super) checkout_js_url: String,
}

impl ReviewPage {
    /// The address in the order in which Japan writes it: the largest place first. Blank parts fall away.
    fn address_lines(&self) -> Vec<String> {
        let field = |name: &str| self.buyer.get(name).to_owned();
        let joined = |names: &[&str]| names.iter().map(|name| field(name)).collect::<String>();
        let postal_code = match field("ShippingPostalCode") {
            code if code.is_empty() => code,
            code => format!("〒{code}"),
        };
        let area = joined(&["ShippingStateOrRegion", "ShippingCounty", "ShippingCity", "ShippingDistrict"]);
        let lines = [
            postal_code,
            format!("{area}{}", field("ShippingAddressLine1")),
            field("ShippingAddressLine2"),
            field("ShippingAddressLine3"),
            field("ShippingName"),
            field("ShippingPhoneNumber"),
        ];
        lines.into_iter().filter(|line| !line.is_empty()).collect()
    }
}

/// Sends the browser to the gateway.
#[derive(Template)]
#[template(path = "demo_shop/start.html")]
pub(super) struct StartPage {
    pub(super) frame: Frame,
    pub(super) start: Start,
}

/// Paid.
#[derive(Template)]
#[template(path = "demo_shop/thanks.html")]
pub(super) struct ThanksPage {
    pub(super) frame: Frame,
    pub(super) order: Order,
}

/// Not paid, or not known to be.
#[derive(Template)]
#[template(path = "demo_shop/failed.html")]
pub(super) struct FailedPage {
    pub(super) frame: Frame,
    pub(super) order: Order,
    /// What the shopper is told.
    pub(super) text: String,
    pub(super) problem: Option<Problem>,
}

/// A title and a sentence.
#[derive(Template)]
#[template(path = "demo_shop/message.html")]
pub(super) struct MessagePage {
    pub(super) frame: Frame,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) problem: Option<Problem>,
}

/// One order in the order book.
pub(super) struct OrderRow {
    pub(super) order: Order,
    /// `SearchTradeMulti`'s answer of this moment.
    pub(super) trade: Result<Fields, Problem>,
}

impl OrderRow {
    /// Whether the goods may leave now, by the gateway's word.
    fn can_ship(&self) -> bool {
        self.status() == "AUTH"
    }

    /// Whether amounts can be changed or given back now.
    fn can_give_back(&self) -> bool {
        matches!(self.status(), "AUTH" | "SALES" | "CAPTURE")
    }

    fn status(&self) -> &str {
        self.trade.as_ref().map_or("", |trade| trade.get("Status"))
    }

    fn left(&self, name: &str) -> &str {
        self.trade.as_ref().map_or("", |trade| trade.get(name))
    }

    /// The reply without what must not be shown: `AccessPass`, and blank fields.
    pub(super) fn trade_fields(&self) -> Vec<(&str, &str)> {
        let Ok(trade) = &self.trade else { return Vec::new() };
        trade.iter().filter(|(name, value)| *name != "AccessPass" && !value.is_empty()).collect()
    }
}

/// The order book.
#[derive(Template)]
#[template(path = "demo_shop/orders.html")]
pub(super) struct OrdersPage {
    pub(super) frame: Frame,
    pub(super) rows: Vec<OrderRow>,
    pub(super) strays: Vec<Notification>,
    pub(super) shop_id: String,
}

/// A consent to monthly charges for the cart.
#[derive(Template)]
#[template(path = "demo_shop/subscribe.html")]
pub(super) struct SubscribePage {
    pub(super) frame: Frame,
    pub(super) lines: Vec<Line>,
    pub(super) price: Price,
    pub(super) checkout_js_url: String,
    pub(super) button_config: String,
}

/// A consent that was given here.
pub(super) struct SubscriptionRow {
    pub(super) order: Order,
    /// `SearchChargePermissionAmazonpay`'s answer of this moment.
    pub(super) permission: Result<Fields, Problem>,
}

impl SubscriptionRow {
    /// Whether it can be charged, by the gateway's word.
    fn is_open(&self) -> bool {
        matches!(&self.permission, Ok(permission) if permission.get("Status") != "Closed")
    }
}

/// Every consent.
#[derive(Template)]
#[template(path = "demo_shop/subscriptions.html")]
pub(super) struct SubscriptionsPage {
    pub(super) frame: Frame,
    pub(super) rows: Vec<SubscriptionRow>,
}

/// "Pay now" for the cart.
#[derive(Template)]
#[template(path = "demo_shop/express.html")]
pub(super) struct ExpressPage {
    pub(super) frame: Frame,
    pub(super) lines: Vec<Line>,
    pub(super) price: Price,
    pub(super) checkout_js_url: String,
    pub(super) button_config: String,
}

/// A checkout that stays on the page.
#[derive(Template)]
#[template(path = "demo_shop/on_page.html")]
pub(super) struct OnPagePage {
    pub(super) frame: Frame,
    pub(super) lines: Vec<Line>,
    pub(super) price: Price,
    /// Whether the gateway charges a permission, rather than finalizing a session.
    pub(super) approved: bool,
    pub(super) checkout_js_url: String,
    pub(super) button_config: String,
}

/// Sign-in without a purchase.
#[derive(Template)]
#[template(path = "demo_shop/sign_in.html")]
pub(super) struct SignInPage {
    pub(super) frame: Frame,
    pub(super) checkout_js_url: String,
    pub(super) button_config: String,
}

/// Who signed in.
#[derive(Template)]
#[template(path = "demo_shop/welcome.html")]
pub(super) struct WelcomePage {
    pub(super) frame: Frame,
    /// `SearchAddressAmazonpay`'s reply.
    pub(super) buyer: Fields,
}

/// The argument of `amazon.Pay.renderButton`: what Amazon's documentation calls the button configuration
/// (amazon-pay 3.1). The payload goes through untouched, because every byte of it is signed.
pub(super) fn button_config(account: &ShopAccount, lang: Lang) -> String {
    script_json(&with_payload(account, lang, &account.buttons.review))
}

/// The same for a monthly consent.
pub(super) fn consent_button(account: &ShopAccount, lang: Lang) -> String {
    script_json(&with_payload(account, lang, &account.buttons.consent))
}

/// A button that only says that it was pressed: what happens then is the page's affair.
pub(super) fn plain_button(account: &ShopAccount, lang: Lang) -> String {
    script_json(&button(account, lang, "PayAndShip"))
}

/// The argument of `amazon.Pay.renderJSButton`, but for its handlers. This configuration is not signed: the server that
/// ends the checkout names the amounts again.
pub(super) fn on_page_button(account: &ShopAccount, lang: Lang, price: Price, approved: bool) -> String {
    let total = json!({ "amount": price.total().to_string(), "currencyCode": "JPY" });
    let mut session = json!({
        "storeId": account.store_id,
        "scopes": ["name", "email", "phoneNumber", "shippingAddress", "billingAddress"],
        "paymentDetails": {
            "paymentIntent": if approved { "Confirm" } else { "Authorize" },
            "chargeAmount": total,
            "totalOrderAmount": total,
        },
    });
    if approved {
        session["processorSpecifications"] = json!({ "name": "sekisho" });
    }
    let mut config = button(account, lang, "PayAndShip");
    config["checkoutMode"] = json!("ProcessOrder");
    config["checkoutSessionConfig"] = session;
    script_json(&config)
}

/// A button that signs in and buys nothing.
pub(super) fn sign_in_button(account: &ShopAccount, lang: Lang) -> String {
    let mut config = button(account, lang, "SignIn");
    config["signInConfig"] = signed(account, &account.buttons.sign_in);
    script_json(&config)
}

fn with_payload(account: &ShopAccount, lang: Lang, payload: &Button) -> Value {
    let mut config = button(account, lang, "PayAndShip");
    config["createCheckoutSessionConfig"] = signed(account, payload);
    config
}

fn button(account: &ShopAccount, lang: Lang, product: &str) -> Value {
    json!({
        "merchantId": account.merchant_id,
        "publicKeyId": account.public_key_id,
        "ledgerCurrency": "JPY",
        "checkoutLanguage": lang.pick("ja_JP", "en_US"),
        "productType": product,
        "placement": "Cart",
        "buttonColor": "Gold",
    })
}

fn signed(account: &ShopAccount, button: &Button) -> Value {
    json!({
        "payloadJSON": button.payload,
        "signature": button.signature,
        "algorithm": button.algorithm,
        "publicKeyId": account.public_key_id,
    })
}

/// JSON that may stand inside a script element: no text of it can close the element.
pub(super) fn script_json(value: &serde_json::Value) -> String {
    format!("{value:#}").replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_a_script_cannot_end_it() {
        let text = script_json(&serde_json::json!({ "a": "</script><!--&" }));
        assert!(!text.contains(['<', '>', '&']));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["a"], "</script><!--&");
    }
}
