//! "Pay now" at Amazon, without a review page: an additional payment button, AmazonpayType 3 (psp-protocol 7, C).

use super::super::Demo;
use super::buyer::Buyer;
use super::check;
use super::review::parameter;
use super::scenario::{AMOUNT, TAX, enter, execute, path_of, posted_status, told_and_found};
use super::shop::{Shop, field};
use super::steps::Steps;
use crate::demo_shop::ShopAccount;

/// How one is played.
#[derive(Clone, Copy)]
pub(super) struct Express {
    pub(super) job: &'static str,
    /// Whether something is delivered, to an address that the shop knows.
    pub(super) ship: bool,
    /// Whether the buyer consents to a monthly charge.
    pub(super) consent: bool,
}

const SHIP_TO: [(&str, &str); 8] = [
    ("ApbType", "PayAndShip"),
    // This program writes UTF-8, and the demo's shops take it (request_encoding = "auto").
    ("AddressName", "箱根 花子"),
    ("AddressPostalCode", "250-0631"),
    ("AddressStateOrRegion", "神奈川県"),
    ("AddressCity", "足柄下郡箱根町"),
    ("AddressLine1", "箱根1-1"),
    ("AddressCountryCode", "JP"),
    ("AddressPhoneNumber", "0460000000"),
];

/// Plays it; says the status that it ended in.
pub(super) async fn play(
    demo: &Demo,
    account: &ShopAccount,
    express: &Express,
    steps: &mut Steps,
) -> anyhow::Result<String> {
    let shop = Shop::new(&demo.gateway_url, account)?;
    let buyer = Buyer::new()?;
    let entered = enter(&shop, express.job, (AMOUNT, TAX), "3", steps).await?;
    let mut more = vec![("RetURL", "https://shop.example/result")];
    if express.ship {
        more.extend(SHIP_TO);
    } else {
        more.push(("ApbType", "PayOnly"));
    }
    if express.consent {
        more.extend([("FrequencyUnit", "Month"), ("FrequencyValue", "1")]);
    }
    let (start_url, token) = execute(&shop, &entered, &more, steps).await?;

    let path = |url: &String| path_of(url);
    let form = [("AccessID", entered.access_id.as_str()), ("Token", &token)];
    let start = buyer.post_for_form(&start_url, &form, "start-form");
    let button = steps.take("buyer", "AmazonpayStart", start, |form| path_of(&form.action)).await?;
    let page = steps.take("buyer", "begin the checkout", buyer.send(&button), path).await?;
    let page = steps.take("buyer", "sign in", buyer.press(&page, "sign-in", &[]), path).await?;
    let chosen = buyer.press(&page, "continue", &[("payment", "card-1111")]);
    let page = steps.take("buyer", "choose a card", chosen, path).await?;
    let back = steps.take("buyer", "pay now", buyer.press(&page, "pay", &[]), path).await?;
    let session = parameter(&back, "amazonCheckoutSessionId")?;
    let posted = steps.take("buyer", "return, post to RetURL", buyer.result_form(&back), posted_status).await?;
    check::result_post(account, &entered.order, &entered.access_id, &posted, (express.job, ""))?;
    told_and_found(demo, &shop, &entered, express.job, steps).await?;
    let permission = field(&posted, "AmazonChargePermissionID")?;
    let money = check::ledger(demo, &session, permission, express.job);
    steps.take("sandbox", "ledger", money, Clone::clone).await?;
    Ok(express.job.to_owned())
}
