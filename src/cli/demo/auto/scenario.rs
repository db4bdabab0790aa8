//! The purchases, and how each is played.

use anyhow::{Context as _, ensure};

use super::super::Demo;
use super::afterwards::{self, Then};
use super::buyer::Buyer;
use super::check;
use super::shop::{Fields, Shop, field};
use super::steps::Steps;
use crate::demo_shop::ShopAccount;
use crate::domain::{Rng as _, SystemRng};

/// One purchase.
#[derive(Clone)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    job: &'static str,
    /// The last digits of the card that the buyer chooses.
    card: &'static str,
    /// The amount at which the buyer consents to a monthly charge; none where this is a single payment.
    consent: Option<&'static str>,
    /// What the buyer does at Amazon in the end.
    last_action: &'static str,
    /// Status and ErrInfo that the browser must bring.
    browser: (&'static str, &'static str),
    /// What the shop does afterwards.
    then: &'static [Then],
}

/// Every purchase of every flow that the gateway knows.
pub(super) fn scenarios() -> Vec<Scenario> {
    let paid = |name, job, status, then| Scenario {
        name,
        job,
        card: "card-1111",
        consent: None,
        last_action: "pay",
        browser: (status, ""),
        then,
    };
    vec![
        paid("AUTH, then Sales", "AUTH", "AUTH", &[Then::Sales]),
        paid("AUTH, then Cancel", "AUTH", "AUTH", &[Then::Cancel(AMOUNT, TAX, "CANCEL")]),
        paid("CAPTURE", "CAPTURE", "CAPTURE", &[]),
        paid("CAPTURE, lower amount", "CAPTURE", "CAPTURE", &[Then::Change("980", "98")]),
        paid("CAPTURE, then partial refund", "CAPTURE", "CAPTURE", &[Then::Cancel("980", "98", "REQRETURN")]),
        Scenario {
            consent: Some("0"),
            ..paid("consent, charged later, closed", "AUTH", "REGISTER", &[Then::ChargeAgain, Then::Close])
        },
        Scenario {
            consent: Some(AMOUNT),
            ..paid("consent with a first payment", "CAPTURE", "CAPTURE", &[Then::ChargeAgain])
        },
        Scenario {
            name: "the buyer cancels at Amazon",
            job: "AUTH",
            card: "card-1111",
            last_action: "cancel",
            browser: ("PAYFAIL", "AZ1000001"),
            consent: None,
            then: &[],
        },
        Scenario {
            name: "Amazon declines (card 3434)",
            job: "CAPTURE",
            card: "card-3434",
            last_action: "pay",
            browser: ("PAYFAIL", "AZ1000003"),
            consent: None,
            then: &[],
        },
    ]
}

pub(super) const AMOUNT: &str = "1980";
pub(super) const TAX: &str = "198";

/// Plays one purchase; says the status that it ended in.
pub(super) async fn play(
    demo: &Demo,
    account: &ShopAccount,
    scenario: &Scenario,
    steps: &mut Steps,
) -> anyhow::Result<String> {
    let shop = Shop::new(&demo.gateway_url, account)?;
    let buyer = Buyer::new()?;
    let order = new_order();
    let session = choose_at_amazon(demo, account, scenario, &buyer, steps).await?;

    let fields = [("AmazonCheckoutSessionID", session.as_str())];
    let address = shop.call("SearchAddressAmazonpay", &fields);
    let shown = |it: &Fields| it.get("PaymentDescriptor").cloned().unwrap_or_default();
    let address = steps.take("shop", "SearchAddressAmazonpay", address, shown).await?;
    ensure!(!field(&address, "ShippingPostalCode")?.is_empty(), "the address has no postal code");

    let (access_id, access_pass, token, start_url) =
        enter_and_execute(&shop, scenario, &order, &session, steps).await?;
    let posted = go_to_amazon_and_back(&buyer, scenario, (&start_url, &access_id, &token), steps).await?;
    check::result_post(account, &order, &access_id, &posted, scenario.browser)?;
    let told = check::notification(demo, account, &order, scenario.browser.0);
    steps.take("gateway", "result notification", told, |status| format!("Status {status}")).await?;

    let mut status = scenario.browser.0.to_owned();
    let permission = field(&posted, "AmazonChargePermissionID")?;
    for then in scenario.then {
        let done =
            afterwards::Afterwards { demo, shop: &shop, order: &order, access: (&access_id, &access_pass), permission };
        status = done.play(*then, status, steps).await?;
    }
    let fields = [("OrderID", order.as_str()), ("PayType", "38")];
    let search = shop.call("SearchTradeMulti", &fields);
    let found = steps.take("shop", "SearchTradeMulti", search, status_of).await?;
    ensure!(field(&found, "Status")? == status, "SearchTradeMulti says {}", field(&found, "Status")?);
    ensure!(field(&found, "AccessPass")? == access_pass, "SearchTradeMulti answers another AccessPass");
    let money = check::ledger(demo, &session, &status);
    steps.take("sandbox", "ledger", money, Clone::clone).await?;
    Ok(status)
}

async fn choose_at_amazon(
    demo: &Demo,
    account: &ShopAccount,
    scenario: &Scenario,
    buyer: &Buyer,
    steps: &mut Steps,
) -> anyhow::Result<String> {
    let path = |url: &String| url.split('?').next().unwrap_or_default().to_owned();
    let button = if scenario.consent.is_some() { &account.buttons.consent } else { &account.buttons.review };
    let button = buyer.press_button(&demo.sandbox_url, account, "PayAndShip", button);
    let page = steps.take("buyer", "press the Amazon Pay button", button, path).await?;
    let page = steps.take("buyer", "sign in", buyer.press(&page, "sign-in", &[]), path).await?;
    let choice = [("payment", scenario.card)];
    let review = steps.take("buyer", "choose address and card", buyer.press(&page, "continue", &choice), path).await?;
    let review = reqwest::Url::parse(&review)?;
    let session = review.query_pairs().find(|(name, _)| name == "amazonCheckoutSessionId");
    Ok(session.context("the review page is not told the session")?.1.into_owned())
}

async fn enter_and_execute(
    shop: &Shop<'_>,
    scenario: &Scenario,
    order: &str,
    session: &str,
    steps: &mut Steps,
) -> anyhow::Result<(String, String, String, String)> {
    // A consent alone takes no money.
    let (amount, tax) = if scenario.consent == Some("0") { ("0", "0") } else { (AMOUNT, TAX) };
    let entry = [("OrderID", order), ("JobCd", scenario.job), ("Amount", amount), ("Tax", tax), ("AmazonpayType", "3")];
    let shown = |it: &Fields| format!("AccessID {}…", it.get("AccessID").map_or("", |id| id.get(..8).unwrap_or(id)));
    let entered = steps.take("shop", "EntryTranAmazonpay", shop.call("EntryTranAmazonpay", &entry), shown).await?;
    let access_id = field(&entered, "AccessID")?.to_owned();
    let access_pass = field(&entered, "AccessPass")?.to_owned();
    let exec = [
        ("AccessID", access_id.as_str()),
        ("AccessPass", &access_pass),
        ("OrderID", order),
        ("AmazonCheckoutSessionID", session),
        ("RetURL", "https://shop.example/result"),
        ("Description", "demo --auto"),
        // Blank is absent.
        ("FrequencyUnit", scenario.consent.map_or("", |_| "Month")),
        ("FrequencyValue", scenario.consent.map_or("", |_| "1")),
    ];
    let shown = |it: &Fields| format!("StartLimitDate {}", it.get("StartLimitDate").map_or("", String::as_str));
    let executed = steps.take("shop", "ExecTranAmazonpay", shop.call("ExecTranAmazonpay", &exec), shown).await?;
    let (token, start_url) = (field(&executed, "Token")?.to_owned(), field(&executed, "StartURL")?.to_owned());
    Ok((access_id, access_pass, token, start_url))
}

async fn go_to_amazon_and_back(
    buyer: &Buyer,
    scenario: &Scenario,
    (start_url, access_id, token): (&str, &str, &str),
    steps: &mut Steps,
) -> anyhow::Result<Fields> {
    let path = |url: &String| url.split('?').next().unwrap_or_default().to_owned();
    let form = [("AccessID", access_id), ("Token", token)];
    let amazon = steps.take("buyer", "AmazonpayStart", buyer.post_to_next(start_url, &form), path).await?;
    let action = scenario.last_action;
    let call = if action == "pay" { "pay" } else { "cancel" };
    let back = steps.take("buyer", call, buyer.press(&amazon, action, &[]), path).await?;
    let shown = |it: &Fields| {
        let of = |name: &str| it.get(name).cloned().unwrap_or_default();
        format!("Status {} {}", of("Status"), of("ErrInfo"))
    };
    let form = async { Ok(buyer.read_form(&back, "result-form").await?.fields.into_iter().collect::<Fields>()) };
    steps.take("buyer", "return, post to RetURL", form, shown).await
}

pub(super) fn status_of(fields: &Fields) -> String {
    format!("Status {}", fields.get("Status").map_or("", String::as_str))
}

/// An order number that no earlier run has used, also where the demo keeps its data.
pub(super) fn new_order() -> String {
    let mut bytes = [0; 8];
    SystemRng.fill(&mut bytes);
    format!("auto-{}", hex::encode(bytes))
}
