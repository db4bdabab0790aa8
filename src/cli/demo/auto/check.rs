//! What must be true of a purchase, asked of everybody who knows.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use super::super::Demo;
use super::shop::{Fields, field};
use crate::demo_shop::ShopAccount;
use crate::domain::{AccessId, ChargePermissionId, OrderId, ShopId, check_string};
use crate::egress;

/// How long a notification may take; the gateway sends it before the browser's page, so this is much.
const NOTIFICATION_LOOKS: u32 = 100;
const NOTIFICATION_LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the browser brought: status, error, and a CheckString that fits.
pub(super) fn result_post(
    account: &ShopAccount,
    order: &str,
    access_id: &str,
    posted: &Fields,
    (status, error): (&str, &str),
) -> anyhow::Result<()> {
    ensure!(field(posted, "Status")? == status, "the browser brought {}, not {status}", field(posted, "Status")?);
    ensure!(field(posted, "ErrInfo")? == error, "the browser brought error {:?}", field(posted, "ErrInfo")?);
    answer(account, order, access_id, posted)
}

/// Whether the CheckString of a post or of an immediate answer fits.
pub(super) fn answer(account: &ShopAccount, order: &str, access_id: &str, posted: &Fields) -> anyhow::Result<()> {
    let permission = match field(posted, "AmazonChargePermissionID")? {
        "" => None,
        id => Some(ChargePermissionId::new(id)?),
    };
    let expected = check_string(
        &OrderId::new(order)?,
        &AccessId::new(access_id)?,
        &ShopId::new(account.shop_id.clone())?,
        &account.shop_pass,
        permission.as_ref(),
    );
    ensure!(field(posted, "CheckString")? == expected, "the CheckString is wrong");
    Ok(())
}

/// Waits until the demo shop's receiver has been told this status of this order.
pub(super) async fn notification(
    demo: &Demo,
    account: &ShopAccount,
    order: &str,
    status: &str,
) -> anyhow::Result<String> {
    let url = format!("{}/{}/orders.json", demo.shop_url, account.shop_id);
    for _ in 0..NOTIFICATION_LOOKS {
        let book = get_json(&url).await?;
        let received = book["unmatchedNotifications"].as_array().context("the shop's order book has changed")?;
        let is_it = |one: &&Value| one["orderId"] == order && one["status"] == status;
        if let Some(one) = received.iter().find(is_it) {
            return Ok(one["status"].as_str().unwrap_or_default().to_owned());
        }
        tokio::time::sleep(NOTIFICATION_LOOK_EVERY).await;
    }
    bail!("the shop was not told {status} of {order}")
}

/// Whether the sandbox's own book agrees with the transaction's status.
pub(super) async fn ledger(demo: &Demo, session: &str, permission_id: &str, status: &str) -> anyhow::Result<String> {
    let ledger = get_json(&format!("{}/_control/ledger", demo.sandbox_url)).await?;
    let find = |list: &str, key: &str, value: &Value| {
        ledger[list].as_array().and_then(|all| all.iter().find(|one| one[key] == *value)).cloned()
    };
    let session = find("checkoutSessions", "checkoutSessionId", &session.into()).context("no such session")?;
    let expected = match status {
        "AUTH" => "Authorized",
        "SALES" | "CAPTURE" | "REQRETURN" | "RETURN" => "Captured",
        "CANCEL" => "Canceled",
        "REGISTER" | "END" => return permission(&ledger, &session, status),
        _ => {
            ensure!(session["chargeId"].is_null(), "there is a charge");
            let state = session["statusDetails"]["state"].as_str().unwrap_or_default();
            ensure!(state == "Canceled", "the session is {state}");
            return Ok("session Canceled, no charge".to_owned());
        }
    };
    charge_in(&ledger, permission_id, expected)
}

/// Whether the newest charge of a permission stands so.
pub(super) async fn charge_of_permission(demo: &Demo, permission_id: &str, expected: &str) -> anyhow::Result<String> {
    charge_in(&get_json(&format!("{}/_control/ledger", demo.sandbox_url)).await?, permission_id, expected)
}

fn charge_in(ledger: &Value, permission_id: &str, expected: &str) -> anyhow::Result<String> {
    let charges = ledger["charges"].as_array().context("no charges")?;
    let of_permission = |one: &&Value| one["chargePermissionId"] == permission_id;
    let charge = charges.iter().rfind(of_permission).context("no such charge")?;
    let state = charge["statusDetails"]["state"].as_str().unwrap_or_default();
    ensure!(state == expected, "the charge is {state}, not {expected}");
    Ok(format!("charge {state}"))
}

fn permission(ledger: &Value, session: &Value, status: &str) -> anyhow::Result<String> {
    let id = &session["chargePermissionId"];
    let all = ledger["chargePermissions"].as_array().context("no charge permissions")?;
    let found = all.iter().find(|one| one["chargePermissionId"] == *id).context("no such charge permission")?;
    let state = found["statusDetails"]["state"].as_str().unwrap_or_default();
    let expected = if status == "END" { "Closed" } else { "Chargeable" };
    ensure!(state == expected, "the permission is {state}, not {expected}");
    Ok(format!("permission {state}"))
}

/// Moves the sandbox's clock on; what was due by then has happened at Amazon.
pub(super) async fn move_clock(demo: &Demo, ms: i64) -> anyhow::Result<()> {
    let http = egress::client(Duration::from_secs(3), Duration::from_secs(10))?;
    let body = serde_json::json!({"advance_ms": ms}).to_string();
    let answer = http.post(format!("{}/_control/clock", demo.sandbox_url)).body(body).send().await?;
    ensure!(answer.status().is_success(), "the sandbox's clock was not moved: {}", answer.status());
    Ok(())
}

async fn get_json(url: &str) -> anyhow::Result<Value> {
    let http = egress::client(Duration::from_secs(3), Duration::from_secs(10))?;
    let answer = http.get(url).send().await.with_context(|| url.to_owned())?;
    let bytes = answer.bytes().await?;
    serde_json::from_slice(&bytes).with_context(|| format!("{url} did not answer JSON"))
}
