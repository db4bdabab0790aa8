//! What the shop does with a transaction that is paid, and with a consent that was given.

use std::time::Duration;

use anyhow::ensure;

use super::super::Demo;
use super::check;
use super::scenario::{AMOUNT, TAX, new_order, status_of, told};
use super::shop::{Fields, Shop, field};
use super::steps::Steps;

/// Amazon's sandbox takes 30 seconds over a refund.
const REFUND_MS: i64 = 31_000;
/// How long the gateway may take to hear of it; a message makes it look, so this is much.
const REFUND_LOOKS: u32 = 200;
const REFUND_LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a shop does with a transaction that is paid.
#[derive(Clone, Copy)]
pub(super) enum Then {
    /// Captures it.
    Sales,
    /// Captures this much.
    SalesOf(&'static str, &'static str),
    /// Asks for other amounts.
    Change(&'static str, &'static str),
    /// Cancels it, or asks for a part back; the Status that follows.
    Cancel(&'static str, &'static str, &'static str),
    /// Waits until Amazon has given the money back; the Status that follows, and the AmazonPayCancelAmount.
    Refunded(&'static str, &'static str),
    /// Charges the consent again, without a browser.
    ChargeAgain,
    /// Ends the consent.
    Close,
}

/// A transaction and who may act on it.
pub(super) struct Afterwards<'a> {
    pub(super) demo: &'a Demo,
    pub(super) shop: &'a Shop<'a>,
    pub(super) order: &'a str,
    /// AccessID and AccessPass.
    pub(super) access: (&'a str, &'a str),
    pub(super) permission: &'a str,
}

impl Afterwards<'_> {
    /// Does it, waits for the notification, and says the Status that follows.
    pub(super) async fn play(&self, then: Then, status: String, steps: &mut Steps) -> anyhow::Result<String> {
        match then {
            Then::Sales => self.call("AmazonpaySales", &[("Amount", AMOUNT), ("Tax", TAX)], "SALES", steps).await,
            Then::SalesOf(amount, tax) => {
                self.call("AmazonpaySales", &[("Amount", amount), ("Tax", tax)], "SALES", steps).await
            }
            Then::Change(amount, tax) => {
                self.call("AmazonpayChange", &[("Amount", amount), ("Tax", tax)], &status, steps).await
            }
            Then::Cancel(amount, tax, after) => {
                self.call("AmazonpayCancel", &[("CancelAmount", amount), ("CancelTax", tax)], after, steps).await
            }
            Then::Refunded(after, amount) => self.refunded(after, amount, steps).await,
            Then::ChargeAgain => self.charge_again(steps).await.map(|()| status),
            Then::Close => self.close(steps).await,
        }
    }

    async fn call(
        &self,
        name: &str,
        amounts: &[(&str, &str)],
        status: &str,
        steps: &mut Steps,
    ) -> anyhow::Result<String> {
        let mut fields = vec![("AccessID", self.access.0), ("AccessPass", self.access.1), ("OrderID", self.order)];
        fields.extend_from_slice(amounts);
        let answer = steps.take("shop", name, self.shop.call(name, &fields), status_of).await?;
        ensure!(field(&answer, "Status")? == status, "{name} ended in {}", field(&answer, "Status")?);
        told(self.demo, self.shop, self.order, status, steps).await?;
        Ok(status.to_owned())
    }

    /// Amazon takes half a minute over a refund; in the demo its clock is moved on. Its message (IPN) makes the gateway look.
    async fn refunded(&self, after: &str, amount: &str, steps: &mut Steps) -> anyhow::Result<String> {
        let moved = check::move_clock(self.demo, REFUND_MS);
        steps.take("sandbox", "half a minute later", moved, |()| "the refund is done".to_owned()).await?;
        let fields = [("OrderID", self.order), ("PayType", "38")];
        let found = async {
            for _ in 0..REFUND_LOOKS {
                let trade = self.shop.call("SearchTradeMulti", &fields).await?;
                if field(&trade, "Status")? == after {
                    return Ok(trade);
                }
                tokio::time::sleep(REFUND_LOOK_EVERY).await;
            }
            anyhow::bail!("the gateway did not hear of the refund of {}", self.order)
        };
        let found = steps.take("shop", "SearchTradeMulti", found, status_of).await?;
        ensure!(
            field(&found, "AmazonPayCancelAmount")? == amount,
            "{} went back",
            get(&found, "AmazonPayCancelAmount")
        );
        told(self.demo, self.shop, self.order, after, steps).await?;
        Ok(after.to_owned())
    }

    async fn charge_again(&self, steps: &mut Steps) -> anyhow::Result<()> {
        let order = new_order();
        let entry = [
            ("OrderID", order.as_str()),
            ("JobCd", "CAPTURE"),
            ("Amount", "500"),
            ("Tax", "50"),
            ("AmazonpayType", "3"),
        ];
        let entered = self.shop.call("EntryTranAmazonpay", &entry);
        let entered = steps.take("shop", "EntryTranAmazonpay", entered, |_| "without a buyer".to_owned()).await?;
        let exec = [
            ("AccessID", field(&entered, "AccessID")?),
            ("AccessPass", field(&entered, "AccessPass")?),
            ("OrderID", &order),
            ("AmazonChargePermissionID", self.permission),
        ];
        let answer =
            steps.take("shop", "ExecTranAmazonpay", self.shop.call("ExecTranAmazonpay", &exec), status_of).await?;
        ensure!(field(&answer, "Status")? == "CAPTURE", "the charge ended in {}", field(&answer, "Status")?);
        check::answer(self.shop.account, &order, field(&entered, "AccessID")?, &answer)?;
        told(self.demo, self.shop, &order, "CAPTURE", steps).await
    }

    async fn close(&self, steps: &mut Steps) -> anyhow::Result<String> {
        let fields = [("AmazonChargePermissionID", self.permission)];
        let search = self.shop.call("SearchChargePermissionAmazonpay", &fields);
        let shown = |it: &Fields| format!("{}, balance {}", get(it, "Status"), get(it, "AmountBalance"));
        let found = steps.take("shop", "SearchChargePermission", search, shown).await?;
        ensure!(field(&found, "Status")? == "Chargeable", "the permission is {}", field(&found, "Status")?);
        let close = self.shop.call("CloseChargePermissionAmazonpay", &fields);
        let closed = steps.take("shop", "CloseChargePermission", close, status_of).await?;
        ensure!(field(&closed, "Status")? == "END", "closing ended in {}", field(&closed, "Status")?);
        told(self.demo, self.shop, self.order, "END", steps).await?;
        Ok("END".to_owned())
    }
}

fn get<'f>(fields: &'f Fields, name: &str) -> &'f str {
    fields.get(name).map_or("", String::as_str)
}
