//! A transaction that stands where the table wants it, and whoever does something to it.

use sekisho::domain::Status;
use sekisho::protocol::Call;

use super::Deed;
use super::table::Way;
use crate::support::{Answer, MINUTE, Order, Stage, close};

/// What every order costs that is not a charge on a consent.
const PRICE: [i64; 2] = [1980, 198];
/// What a browser shows that was never given a Token.
const NO_TOKEN: &str = "no-token";
/// A permission that nobody gave.
const NOBODYS: &str = "C03-0000000-0000000";

/// A buyer's consent to monthly charges.
#[derive(Debug, Clone)]
pub(super) struct Consent(String);

impl Consent {
    /// What a month allows, in yen (amazon-pay 2.4).
    pub(super) const MONTHLY: i64 = 100_000;

    pub(super) async fn new(stage: &Stage, order: &str) -> Self {
        Self(stage.consented(leaked(order)).await.permission)
    }
}

/// A transaction as the shop names it, and the Token that its buyer was given.
pub(super) struct Standing {
    pub(super) order: &'static str,
    pub(super) access_id: String,
    entered: crate::support::Entered,
    token: String,
}

fn leaked(text: &str) -> &'static str {
    text.to_owned().leak()
}

impl Standing {
    fn of(entered: crate::support::Entered, token: String) -> Self {
        Self { order: entered.order, access_id: entered.access_id.clone(), entered, token }
    }

    /// One of these amounts, entered and nothing more.
    pub(super) async fn entered(stage: &Stage, order: &str, [amount, tax]: [i64; 2]) -> Self {
        let (amount, tax) = (amount.to_string(), tax.to_string());
        let entered = stage.entered_for(Order::auth(leaked(order)), [&amount, &tax], String::new()).await;
        Self::of(entered, NO_TOKEN.to_owned())
    }

    /// One that stands at `status`.
    pub(super) async fn at(stage: &Stage, status: Status, order: &str) -> Self {
        let id = leaked(order);
        let shop = stage.shop();
        let with_room = async |order| Self::of(stage.paid_with_room(order).await, NO_TOKEN.to_owned());
        match status {
            Status::Unprocessed => Self::of(stage.entered(Order::auth(id)).await, NO_TOKEN.to_owned()),
            Status::ReqSuccess => {
                let ready = stage.ready(Order::auth(id)).await;
                Self::of(ready.entered, ready.token)
            }
            Status::AuthProcess | Status::PayFail => {
                let ready = stage.ready(Order::auth(id)).await;
                let set_out = stage.browser.start(&ready.start_url, &ready.entered.access_id, &ready.token).await;
                if status == Status::PayFail {
                    let back = stage.browser.press(&set_out.location.unwrap(), "cancel", &[]).await;
                    stage.browser.come_back(&back).await;
                }
                Self::of(ready.entered, ready.token)
            }
            Status::Auth => with_room(Order::auth(id)).await,
            Status::Capture => with_room(Order::capture(id)).await,
            Status::Sales => {
                let one = with_room(Order::auth(id)).await;
                assert_eq!(one.entered.sell(shop, "1980", "198").await.errors(), "");
                one
            }
            Status::Cancel | Status::ReqReturn | Status::Return => {
                let job = if status == Status::Cancel { Order::auth(id) } else { Order::capture(id) };
                let one = with_room(job).await;
                assert_eq!(one.entered.cancel(shop, "1980", "198").await.errors(), "");
                if status == Status::Return {
                    stage.half_a_minute_later().await;
                }
                one
            }
            Status::Expired => {
                let ready = stage.ready(Order::auth(id)).await;
                stage.clock.advance(2 * MINUTE + 1);
                stage.reconcile().await;
                Self::of(ready.entered, ready.token)
            }
            Status::Register | Status::End => {
                let consented = stage.consented(id).await;
                if status == Status::End {
                    assert_eq!(close(shop, &consented.permission).await.errors(), "");
                }
                Self::of(consented.entered, NO_TOKEN.to_owned())
            }
        }
    }

    /// Does it. Answers the codes that came of it, and how much was asked for.
    pub(super) async fn meets(&self, stage: &Stage, deed: Deed, consent: &Consent) -> (String, i64) {
        let [amount, tax] = deed.amount.map_or(PRICE, |amount| amount.of(PRICE));
        let (asked, amount, tax) = (amount + tax, amount.to_string(), tax.to_string());
        let (shop, entered) = (stage.shop(), &self.entered);
        let answer = match deed.call {
            Call::EntryTran => {
                let amounts = [("JobCd", "AUTH"), ("Amount", &amount), ("Tax", &tax), ("AmazonpayType", "3")];
                shop.call("EntryTranAmazonpay", &[&[("OrderID", self.order)], &amounts[..]].concat()).await
            }
            Call::ExecTran => match deed.way {
                Way::OnPage => entered.finalize(shop).await,
                Way::OnConsent => entered.charge(shop, &consent.0).await,
                Way::Reviewed | Way::Only => entered.exec(shop).await,
            },
            Call::Start => return (self.starts(stage).await, asked),
            Call::Sales => entered.sell(shop, &amount, &tax).await,
            Call::Cancel => entered.cancel(shop, &amount, &tax).await,
            Call::Change => entered.change(shop, &amount, &tax).await,
            Call::SearchAddress => shop.call("SearchAddressAmazonpay", &[("OrderID", self.order)]).await,
            Call::SearchChargePermission => self.ask_permission(stage, "SearchChargePermissionAmazonpay").await,
            Call::CloseChargePermission => self.ask_permission(stage, "CloseChargePermissionAmazonpay").await,
            Call::SearchTradeMulti => {
                shop.call("SearchTradeMulti", &[("OrderID", self.order), ("PayType", "38")]).await
            }
        };
        (answer.errors(), asked)
    }

    /// The buyer's browser sets out; answers the code on the page that it is shown instead of Amazon's.
    async fn starts(&self, stage: &Stage) -> String {
        let url = format!("{}/payment/AmazonpayStart.idPass", stage.gateway_url);
        let page = stage.browser.start(&url, &self.access_id, &self.token).await;
        if page.status == 302 {
            return String::new();
        }
        let text = page.windows_31j();
        let code = text.find("M010").map(|at| text[at..].chars().take(9).collect());
        code.unwrap_or_else(|| panic!("neither Amazon nor a code: {text}"))
    }

    async fn ask_permission(&self, stage: &Stage, call: &str) -> Answer {
        let trade = stage.trade(self.order).await;
        let own = trade["AmazonChargePermissionID"].as_str();
        let permission = if own.is_empty() { NOBODYS } else { own };
        stage.shop().call(call, &[("AmazonChargePermissionID", permission)]).await
    }
}
