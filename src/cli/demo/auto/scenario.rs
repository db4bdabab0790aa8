//! The purchases, one at least of every flow, and what they have in common.

use anyhow::ensure;

use super::super::Demo;
use super::afterwards::Then;
use super::check;
use super::express::Express;
use super::review::Review;
use super::shop::{Fields, Shop, field};
use super::steps::Steps;
use super::{express, member, on_page, review};
use crate::demo_shop::ShopAccount;
use crate::domain::{Rng as _, SystemRng};

/// One purchase.
#[derive(Clone)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    flow: Flow,
}

/// The flows of the protocol (psp-protocol 7).
#[derive(Clone)]
enum Flow {
    /// Through the shop's review page; also consents, and what the shop does afterwards.
    Review(Review),
    /// "Pay now" at Amazon, without a review.
    Express(Express),
    /// Inside the shop's page; the gateway finalizes.
    OnPage,
    /// A permission given inside the shop's page, charged by the gateway.
    Approved {
        /// Whether Amazon demands a second factor.
        second_factor: bool,
    },
    /// Sign-in, no purchase.
    SignIn,
}

/// Every purchase of every flow that the gateway knows.
pub(super) fn scenarios() -> Vec<Scenario> {
    let review = |name, review: Review| Scenario { name, flow: Flow::Review(review) };
    let plain = Review::plain();
    let paid = |job, status, then| Review { job, browser: (status, ""), then, ..plain };
    let express = |name, express: Express| Scenario { name, flow: Flow::Express(express) };
    vec![
        review("AUTH, then Sales", paid("AUTH", "AUTH", &[Then::Sales])),
        review(
            "AUTH up, then Sales",
            paid("AUTH", "AUTH", &[Then::Change("2500", "250"), Then::SalesOf("2500", "250")]),
        ),
        review("AUTH down, then Sales", paid("AUTH", "AUTH", &[Then::Change("980", "98"), Then::SalesOf("980", "98")])),
        review("AUTH, then Cancel", paid("AUTH", "AUTH", &[Then::Cancel(AMOUNT, TAX, "CANCEL")])),
        review("CAPTURE", paid("CAPTURE", "CAPTURE", &[])),
        review("CAPTURE, lower amount", paid("CAPTURE", "CAPTURE", &[Then::Change("980", "98")])),
        review(
            "CAPTURE, then partial refund",
            paid("CAPTURE", "CAPTURE", &[Then::Cancel("980", "98", "REQRETURN"), Then::Refunded("CAPTURE", "980")]),
        ),
        review(
            "CAPTURE, then refund",
            paid("CAPTURE", "CAPTURE", &[Then::Cancel(AMOUNT, TAX, "REQRETURN"), Then::Refunded("RETURN", AMOUNT)]),
        ),
        review(
            "consent, charged later, closed",
            Review { consent: Some("0"), ..paid("AUTH", "REGISTER", &[Then::ChargeAgain, Then::Close]) },
        ),
        review(
            "consent with a first payment",
            Review { consent: Some(AMOUNT), ..paid("CAPTURE", "CAPTURE", &[Then::ChargeAgain]) },
        ),
        express("APB, PayAndShip", Express { job: "AUTH", ship: true, consent: false }),
        express("APB, PayOnly, consent", Express { job: "CAPTURE", ship: false, consent: true }),
        Scenario { name: "cPSP APB", flow: Flow::Approved { second_factor: false } },
        Scenario { name: "cPSP APB, second factor", flow: Flow::Approved { second_factor: true } },
        Scenario { name: "on the page, finalized", flow: Flow::OnPage },
        Scenario { name: "sign-in", flow: Flow::SignIn },
        review(
            "the buyer cancels at Amazon",
            Review { last_action: "cancel", browser: ("PAYFAIL", "AZ1000001"), ..plain },
        ),
        review(
            "Amazon declines (card 3434)",
            Review { job: "CAPTURE", card: "card-3434", browser: ("PAYFAIL", "AZ1000003"), ..plain },
        ),
    ]
}

/// Plays one purchase; says the status that it ended in.
pub(super) async fn play(
    demo: &Demo,
    account: &ShopAccount,
    scenario: &Scenario,
    steps: &mut Steps,
) -> anyhow::Result<String> {
    match &scenario.flow {
        Flow::Review(review) => review::play(demo, account, review, steps).await,
        Flow::Express(express) => express::play(demo, account, express, steps).await,
        Flow::OnPage => on_page::play_finalized(demo, account, steps).await,
        Flow::Approved { second_factor } => on_page::play_approved(demo, account, *second_factor, steps).await,
        Flow::SignIn => member::play(demo, account, steps).await,
    }
}

pub(super) const AMOUNT: &str = "1980";
pub(super) const TAX: &str = "198";

/// The gateway's names for a transaction.
pub(super) struct Entered {
    pub(super) order: String,
    pub(super) access_id: String,
    pub(super) access_pass: String,
}

impl Entered {
    /// What names it in every call.
    pub(super) fn fields(&self) -> Vec<(&'static str, &str)> {
        vec![("AccessID", &self.access_id), ("AccessPass", &self.access_pass), ("OrderID", &self.order)]
    }
}

/// EntryTran.
pub(super) async fn enter(
    shop: &Shop<'_>,
    job: &str,
    (amount, tax): (&str, &str),
    amazonpay_type: &str,
    steps: &mut Steps,
) -> anyhow::Result<Entered> {
    let order = new_order();
    let entry = [
        ("OrderID", order.as_str()),
        ("JobCd", job),
        ("Amount", amount),
        ("Tax", tax),
        ("AmazonpayType", amazonpay_type),
    ];
    let shown = |it: &Fields| format!("AccessID {}…", it.get("AccessID").map_or("", |id| id.get(..8).unwrap_or(id)));
    let entered = steps.take("shop", "EntryTranAmazonpay", shop.call("EntryTranAmazonpay", &entry), shown).await?;
    let (access_id, access_pass) = (field(&entered, "AccessID")?.to_owned(), field(&entered, "AccessPass")?.to_owned());
    Ok(Entered { order, access_id, access_pass })
}

/// ExecTran in its redirect shape: StartURL and Token.
pub(super) async fn execute(
    shop: &Shop<'_>,
    entered: &Entered,
    more: &[(&str, &str)],
    steps: &mut Steps,
) -> anyhow::Result<(String, String)> {
    let exec = [&entered.fields()[..], more].concat();
    let shown = |it: &Fields| format!("StartLimitDate {}", it.get("StartLimitDate").map_or("", String::as_str));
    let executed = steps.take("shop", "ExecTranAmazonpay", shop.call("ExecTranAmazonpay", &exec), shown).await?;
    Ok((field(&executed, "StartURL")?.to_owned(), field(&executed, "Token")?.to_owned()))
}

/// The shop hears of it, and SearchTradeMulti says the same.
pub(super) async fn told_and_found(
    demo: &Demo,
    shop: &Shop<'_>,
    entered: &Entered,
    status: &str,
    steps: &mut Steps,
) -> anyhow::Result<()> {
    told(demo, shop, &entered.order, status, steps).await?;
    found(shop, entered, status, steps).await
}

/// The shop hears of it.
pub(super) async fn told(
    demo: &Demo,
    shop: &Shop<'_>,
    order: &str,
    status: &str,
    steps: &mut Steps,
) -> anyhow::Result<()> {
    let told = check::notification(demo, shop.account, order, status);
    steps.take("gateway", "result notification", told, |status| format!("Status {status}")).await.map(|_| ())
}

/// SearchTradeMulti says so.
pub(super) async fn found(shop: &Shop<'_>, entered: &Entered, status: &str, steps: &mut Steps) -> anyhow::Result<()> {
    let fields = [("OrderID", entered.order.as_str()), ("PayType", "38")];
    let search = shop.call("SearchTradeMulti", &fields);
    let found = steps.take("shop", "SearchTradeMulti", search, status_of).await?;
    ensure!(field(&found, "Status")? == status, "SearchTradeMulti says {}", field(&found, "Status")?);
    ensure!(field(&found, "AccessPass")? == entered.access_pass, "SearchTradeMulti answers another AccessPass");
    Ok(())
}

/// What the browser's post to RetURL says, for a person.
pub(super) fn posted_status(fields: &Fields) -> String {
    let of = |name: &str| fields.get(name).cloned().unwrap_or_default();
    format!("Status {} {}", of("Status"), of("ErrInfo"))
}

/// An address without its query, for a person.
pub(super) fn path_of(url: &str) -> String {
    url.split('?').next().unwrap_or_default().to_owned()
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
