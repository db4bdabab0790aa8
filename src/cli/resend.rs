//! `sekisho resend`: makes notifications due again. The gateway that serves sends them, within a second or so.
//!
//! Safe to repeat: what is under way or due already is left alone, and a shop that gets something twice sees it by its
//! id, which never changes.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{ArgGroup, Args};

use super::print;
use crate::config::{GatewayOverrides, GatewaySettings};
use crate::domain::{AccessId, Clock as _, OrderId, ShopId, SystemClock};
use crate::store::{NotificationRecord, Resend, Resent, SqliteStore, Store};

/// How many are made due in one commit, so that payments need not wait for a large re-send.
const BATCH: u32 = 200;

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["order", "access_id", "given_up"])))]
pub(super) struct ResendArgs {
    /// The shop, such as tshop00000001
    #[arg(long, value_name = "SHOP_ID", required_unless_present = "access_id")]
    shop: Option<String>,
    /// What the shop does not have of this order
    #[arg(long, value_name = "ORDER_ID")]
    order: Option<String>,
    /// What the shop does not have of this transaction
    #[arg(long, value_name = "ACCESS_ID")]
    access_id: Option<String>,
    /// Everything that was given up for the shop
    #[arg(long)]
    given_up: bool,
    /// Also what the shop has answered for: it gets it again, with the same id
    #[arg(long, conflicts_with = "given_up")]
    delivered_too: bool,
    #[command(flatten)]
    overrides: GatewayOverrides,
}

pub(super) async fn run(args: ResendArgs) -> anyhow::Result<ExitCode> {
    let settings = GatewaySettings::load(&args.overrides)?;
    let shop = args.shop.map(ShopId::new).transpose().context("--shop")?;
    let order = args.order.map(OrderId::new).transpose().context("--order")?;
    let access_id = args.access_id.map(AccessId::new).transpose().context("--access-id")?;
    let store = SqliteStore::join(&settings.database).await?;
    let said = match (shop, order, access_id) {
        (Some(shop), Some(order), _) => of_order(&store, &shop, &order, args.delivered_too).await,
        (shop, None, Some(access_id)) => of_access_id(&store, shop.as_ref(), &access_id, args.delivered_too).await,
        (Some(shop), None, None) => given_up_of(&store, &shop).await,
        (None, _, _) => bail!("name the shop with --shop"),
    };
    store.close().await;
    print(&said?);
    Ok(ExitCode::SUCCESS)
}

async fn of_order(store: &SqliteStore, shop: &ShopId, order: &OrderId, delivered_too: bool) -> anyhow::Result<String> {
    let Some(transaction) = store.transaction_of_order(shop, order).await? else {
        bail!("shop {shop} has no order {order}");
    };
    of_transaction(store, &transaction.access_id, delivered_too).await
}

async fn of_access_id(
    store: &SqliteStore,
    shop: Option<&ShopId>,
    access_id: &AccessId,
    delivered_too: bool,
) -> anyhow::Result<String> {
    match store.transaction(access_id).await? {
        Some(transaction) if shop.is_none_or(|shop| *shop == transaction.shop_id) => {
            of_transaction(store, access_id, delivered_too).await
        }
        _ => bail!("there is no such transaction: {access_id}"),
    }
}

async fn of_transaction(store: &SqliteStore, access_id: &AccessId, delivered_too: bool) -> anyhow::Result<String> {
    let what = Resend::Transaction { access_id: access_id.clone(), delivered_too };
    let resent = store.resend(what, SystemClock.now(), BATCH).await?;
    let all = store.notifications_of(access_id).await?;
    let mut text = lines(&resent);
    for left in all.iter().filter(|one| resent.iter().all(|resent| resent.id != one.id)) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}  {}", left.id, why_left(left));
    }
    if all.is_empty() {
        text.push_str("the shop was never owed a notification of this transaction\n");
    }
    text.push_str(&summary(resent.len()));
    Ok(text)
}

async fn given_up_of(store: &SqliteStore, shop: &ShopId) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut count = 0;
    // What was given up before now; what is given up meanwhile is left for the next command.
    loop {
        let what = Resend::GivenUpOf { shop_id: shop.clone() };
        let resent = store.resend(what, SystemClock.now(), BATCH).await?;
        count += resent.len();
        text.push_str(&lines(&resent));
        if resent.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
            break;
        }
    }
    text.push_str(&summary(count));
    Ok(text)
}

fn lines(resent: &[Resent]) -> String {
    let mut text = String::new();
    for one in resent {
        let before = match one.was.as_str() {
            "GIVEN_UP" => "given up",
            "DELIVERED" => "delivered",
            _ => "waiting",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{}  AccessID {}: was {before} after {} attempt(s), due now",
            one.id, one.access_id, one.attempts
        );
    }
    text
}

/// Why a notification was left as it is.
fn why_left(left: &NotificationRecord) -> &'static str {
    match left.state.as_str() {
        "DELIVERED" => "left: the shop has answered for it; --delivered-too sends it again",
        _ => "left: it is under way or due already",
    }
}

fn summary(count: usize) -> String {
    match count {
        0 => "nothing to send again\n".to_owned(),
        count => format!("{count} notification(s) are due now; the gateway that serves sends them\n"),
    }
}
