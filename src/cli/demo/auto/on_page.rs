//! Checkouts inside the shop's page: Amazon's window as the forms it is made of, and the answers of the page's handlers.
//! The gateway finalizes the session (psp-protocol 13.15), or charges the permission that was given in the window (7, E).

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::super::Demo;
use super::buyer::Buyer;
use super::check;
use super::scenario::{AMOUNT, Entered, TAX, enter, execute, found, path_of, posted_status, status_of, told};
use super::shop::{Fields, Shop, field};
use super::steps::Steps;
use crate::demo_shop::ShopAccount;

/// The window at Amazon.
struct Window<'a> {
    demo: &'a Demo,
    account: &'a ShopAccount,
    buyer: Buyer,
    session: String,
}

impl<'a> Window<'a> {
    /// Opens it, signs in, and answers the first handler.
    async fn open(demo: &'a Demo, account: &'a ShopAccount, approved: bool, steps: &mut Steps) -> anyhow::Result<Self> {
        let buyer = Buyer::new()?;
        let total = json!({ "amount": "2178", "currencyCode": "JPY" });
        let mut config = json!({
            "storeId": account.store_id,
            "scopes": ["name", "email", "shippingAddress", "billingAddress"],
            "paymentDetails": {
                "paymentIntent": if approved { "Confirm" } else { "Authorize" },
                "chargeAmount": total,
                "totalOrderAmount": total,
            },
        });
        if approved {
            config["processorSpecifications"] = json!({ "name": "sekisho" });
        }
        let config = config.to_string();
        let form = [
            ("merchantId", account.merchant_id.as_str()),
            ("origin", &demo.shop_url),
            ("ledgerCurrency", "JPY"),
            ("checkoutLanguage", "ja_JP"),
            ("productType", "PayAndShip"),
            ("placement", "Cart"),
            ("checkoutSessionConfig", &config),
        ];
        let url = format!("{}/checkout/on-page/initiate", demo.sandbox_url);
        let opened = steps.take("buyer", "open Amazon's window", buyer.post_to_next(&url, &form), |url| path_of(url));
        let page = opened.await?;
        let session = super::review::parameter(&page, "amazonCheckoutSessionId")?;
        let signed_in = buyer.press(&page, "sign-in", &[]);
        steps.take("buyer", "sign in", signed_in, |url| path_of(url)).await?;
        let window = Self { demo, account, buyer, session };
        window.answer("onInitCheckout", &Value::Null).await?;
        Ok(window)
    }

    /// A step in the window.
    async fn step(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<String> {
        let url = format!("{}/checkout/{path}", self.demo.sandbox_url);
        let form = [&[("amazonCheckoutSessionId", self.session.as_str())], fields].concat();
        self.buyer.post_to_next(&url, &form).await
    }

    /// What a handler of the page answers.
    async fn answer(&self, ask: &str, answer: &Value) -> anyhow::Result<String> {
        self.step("on-page/answer", &[("ask", ask), ("answer", &answer.to_string())]).await
    }

    /// Chooses a card and pays; the event that `onCompleteCheckout` is handed.
    async fn pay(&self, card: &str, steps: &mut Steps) -> anyhow::Result<Value> {
        self.step("on-page", &[("action", "payment"), ("payment", card)]).await?;
        let paid = async {
            self.step("on-page", &[("action", "pay")]).await?;
            let url = format!("{}/checkout/on-page?amazonCheckoutSessionId={}", self.demo.sandbox_url, self.session);
            let event = self.buyer.read_attribute(&url, "relay-form", "data-event").await?;
            serde_json::from_str(&event).context("the event is no JSON")
        };
        let shown = |event: &Value| {
            let given = event["amazonChargePermissionId"].as_str().unwrap_or("a session to finalize");
            format!("onCompleteCheckout: {given}")
        };
        steps.take("buyer", "pay now, in the window", paid, shown).await
    }

    fn shop(&self) -> anyhow::Result<Shop<'a>> {
        Shop::new(&self.demo.gateway_url, self.account)
    }
}

/// The gateway finalizes the session; says the status that it ended in.
pub(super) async fn play_finalized(demo: &Demo, account: &ShopAccount, steps: &mut Steps) -> anyhow::Result<String> {
    let window = Window::open(demo, account, false, steps).await?;
    let event = window.pay("card-1111", steps).await?;
    let session = event["amazonCheckoutSessionId"].as_str().context("no session in the event")?.to_owned();
    let shop = window.shop()?;
    let entered = enter(&shop, "AUTH", (AMOUNT, TAX), "3", steps).await?;
    let more = [("AmazonCheckoutSessionID", session.as_str())];
    let answer = execute_at_once(&shop, &entered, &more, steps).await?;
    window.answer("onCompleteCheckout", &json!({ "status": "success" })).await?;
    end(&window, &shop, &entered, field(&answer, "AmazonChargePermissionID")?, steps).await
}

/// The gateway charges the permission; says the status that it ended in.
pub(super) async fn play_approved(
    demo: &Demo,
    account: &ShopAccount,
    second_factor: bool,
    steps: &mut Steps,
) -> anyhow::Result<String> {
    let window = Window::open(demo, account, true, steps).await?;
    let event = window.pay(if second_factor { "card-8006" } else { "card-1111" }, steps).await?;
    let text = |name: &str| event[name].as_str().map(str::to_owned).with_context(|| format!("no {name} in the event"));
    let (permission, mfa_url) = (text("amazonChargePermissionId")?, text("amazonPayMFAReturnUrl")?);
    let shop = window.shop()?;
    let entered = enter(&shop, "AUTH", (AMOUNT, TAX), "4", steps).await?;
    let more =
        [("AmazonChargePermissionID", permission.as_str()), ("ApbType", "PayOnly"), ("RetURL", mfa_url.as_str())];
    if second_factor {
        let start = execute(&shop, &entered, &more, steps).await?;
        prove(&window, &entered, start, steps).await?;
    } else {
        execute_at_once(&shop, &entered, &more, steps).await?;
    }
    window.answer("onCompleteCheckout", &json!({ "status": "success" })).await?;
    end(&window, &shop, &entered, &permission, steps).await
}

/// ExecTran in its immediate shape.
async fn execute_at_once(
    shop: &Shop<'_>,
    entered: &Entered,
    more: &[(&str, &str)],
    steps: &mut Steps,
) -> anyhow::Result<Fields> {
    let exec = [&entered.fields()[..], more].concat();
    let call = shop.call("ExecTranAmazonpay", &exec);
    let answer = steps.take("shop", "ExecTranAmazonpay", call, status_of).await?;
    ensure!(field(&answer, "Status")? == "AUTH", "the charge ended in {}", field(&answer, "Status")?);
    check::answer(shop.account, &entered.order, &entered.access_id, &answer)?;
    Ok(answer)
}

/// The second factor: by the gateway to the bank's page, back, and on to Amazon's window.
async fn prove(
    window: &Window<'_>,
    entered: &Entered,
    (start_url, token): (String, String),
    steps: &mut Steps,
) -> anyhow::Result<()> {
    let path = |url: &String| path_of(url);
    let form = [("AccessID", entered.access_id.as_str()), ("Token", &token)];
    let away = window.buyer.post_to_next(&start_url, &form);
    let bank = steps.take("buyer", "AmazonpayStart", away, path).await?;
    let bank = window.buyer.follow(&bank).await?;
    let proved = window.buyer.press(&bank, "verify", &[]);
    let back = steps.take("buyer", "second factor", proved, path).await?;
    let posted = window.buyer.result_form(&back);
    let posted = steps.take("buyer", "return, post to RetURL", posted, posted_status).await?;
    check::result_post(window.account, &entered.order, &entered.access_id, &posted, ("AUTH", ""))
}

async fn end(
    window: &Window<'_>,
    shop: &Shop<'_>,
    entered: &Entered,
    permission: &str,
    steps: &mut Steps,
) -> anyhow::Result<String> {
    told(window.demo, shop, &entered.order, "AUTH", steps).await?;
    found(shop, entered, "AUTH", steps).await?;
    let money = check::charge_of_permission(window.demo, permission, "Authorized");
    steps.take("sandbox", "ledger", money, Clone::clone).await?;
    Ok("AUTH".to_owned())
}
