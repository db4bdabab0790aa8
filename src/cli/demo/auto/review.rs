//! A purchase through the shop's review page (psp-protocol 7, A), and what the shop does afterwards.

use anyhow::{Context as _, ensure};

use super::super::Demo;
use super::afterwards::{Afterwards, Then};
use super::buyer::Buyer;
use super::check;
use super::scenario::{AMOUNT, TAX, enter, execute, found, path_of, posted_status, told};
use super::shop::{Fields, Shop, field};
use super::steps::Steps;
use crate::demo_shop::ShopAccount;

/// How one is played.
#[derive(Clone, Copy)]
pub(super) struct Review {
    pub(super) job: &'static str,
    /// The last digits of the card that the buyer chooses.
    pub(super) card: &'static str,
    /// The amount at which the buyer consents to a monthly charge; none where this is a single payment.
    pub(super) consent: Option<&'static str>,
    /// What the buyer does at Amazon in the end.
    pub(super) last_action: &'static str,
    /// Status and ErrInfo that the browser must bring.
    pub(super) browser: (&'static str, &'static str),
    /// What the shop does afterwards.
    pub(super) then: &'static [Then],
}

impl Review {
    /// One authorised order, and nothing afterwards.
    pub(super) const fn plain() -> Self {
        Self { job: "AUTH", card: "card-1111", consent: None, last_action: "pay", browser: ("AUTH", ""), then: &[] }
    }
}

/// Plays it; says the status that it ended in.
pub(super) async fn play(
    demo: &Demo,
    account: &ShopAccount,
    review: &Review,
    steps: &mut Steps,
) -> anyhow::Result<String> {
    let shop = Shop::new(&demo.gateway_url, account)?;
    let buyer = Buyer::new()?;
    let session = choose_at_amazon(demo, account, review, &buyer, steps).await?;

    let fields = [("AmazonCheckoutSessionID", session.as_str())];
    let address = shop.call("SearchAddressAmazonpay", &fields);
    let shown = |it: &Fields| it.get("PaymentDescriptor").cloned().unwrap_or_default();
    let address = steps.take("shop", "SearchAddressAmazonpay", address, shown).await?;
    ensure!(!field(&address, "ShippingPostalCode")?.is_empty(), "the address has no postal code");

    // A consent alone takes no money.
    let amounts = if review.consent == Some("0") { ("0", "0") } else { (AMOUNT, TAX) };
    let entered = enter(&shop, review.job, amounts, "3", steps).await?;
    let more = [
        ("AmazonCheckoutSessionID", session.as_str()),
        ("RetURL", "https://shop.example/result"),
        ("Description", "demo --auto"),
        // Blank is absent.
        ("FrequencyUnit", review.consent.map_or("", |_| "Month")),
        ("FrequencyValue", review.consent.map_or("", |_| "1")),
    ];
    let (start_url, token) = execute(&shop, &entered, &more, steps).await?;
    let posted = go_to_amazon_and_back(&buyer, review, (&start_url, &entered.access_id, &token), steps).await?;
    check::result_post(account, &entered.order, &entered.access_id, &posted, review.browser)?;
    told(demo, &shop, &entered.order, review.browser.0, steps).await?;

    let mut status = review.browser.0.to_owned();
    let permission = field(&posted, "AmazonChargePermissionID")?;
    let access = (entered.access_id.as_str(), entered.access_pass.as_str());
    for then in review.then {
        let done = Afterwards { demo, shop: &shop, order: &entered.order, access, permission };
        status = done.play(*then, status, steps).await?;
    }
    found(&shop, &entered, &status, steps).await?;
    let money = check::ledger(demo, &session, permission, &status);
    steps.take("sandbox", "ledger", money, Clone::clone).await?;
    Ok(status)
}

async fn choose_at_amazon(
    demo: &Demo,
    account: &ShopAccount,
    review: &Review,
    buyer: &Buyer,
    steps: &mut Steps,
) -> anyhow::Result<String> {
    let path = |url: &String| path_of(url);
    let button = if review.consent.is_some() { &account.buttons.consent } else { &account.buttons.review };
    let button = buyer.press_button(&demo.sandbox_url, account, "PayAndShip", button);
    let page = steps.take("buyer", "press the Amazon Pay button", button, path).await?;
    let page = steps.take("buyer", "sign in", buyer.press(&page, "sign-in", &[]), path).await?;
    let choice = [("payment", review.card)];
    let back = steps.take("buyer", "choose address and card", buyer.press(&page, "continue", &choice), path).await?;
    parameter(&back, "amazonCheckoutSessionId")
}

async fn go_to_amazon_and_back(
    buyer: &Buyer,
    review: &Review,
    (start_url, access_id, token): (&str, &str, &str),
    steps: &mut Steps,
) -> anyhow::Result<Fields> {
    let path = |url: &String| path_of(url);
    let form = [("AccessID", access_id), ("Token", token)];
    let amazon = steps.take("buyer", "AmazonpayStart", buyer.post_to_next(start_url, &form), path).await?;
    let action = review.last_action;
    let back = steps.take("buyer", action, buyer.press(&amazon, action, &[]), path).await?;
    steps.take("buyer", "return, post to RetURL", buyer.result_form(&back), posted_status).await
}

/// A parameter of an address.
pub(super) fn parameter(url: &str, name: &str) -> anyhow::Result<String> {
    let url = reqwest::Url::parse(url)?;
    let found = url.query_pairs().find(|(it, _)| it == name).map(|(_, value)| value.into_owned());
    found.with_context(|| format!("{url} has no {name}"))
}
