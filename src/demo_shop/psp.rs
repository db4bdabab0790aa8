//! The shop's client for the payment gateway: one method a call, `.idPass` style (psp-protocol 5).
//!
//! What may be assumed: the gateway may refuse, be slow or be down; each is an error that says so. Passwords go out
//! in bodies only and appear in no error text.

use serde::Serialize;

use crate::demo_shop::ShopAccount;
use crate::demo_shop::form::{self, Fields};
use crate::demo_shop::paying::Paying;
use crate::demo_shop::state::{Access, Job};
use crate::egress;

const REPLY_BYTES_MAX: usize = 64 * 1024;
/// Amazon Pay among the gateway's payment methods (psp-protocol 1.11).
const PAY_TYPE: &str = "38";

/// One pair of `ErrCode` and `ErrInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorPair {
    pub(super) err_code: String,
    pub(super) err_info: String,
}

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// The gateway said no and why.
    #[error("{call} was refused: {}", infos(.pairs))]
    Refused { call: &'static str, pairs: Vec<ErrorPair> },
    /// No answer, or none that can be read.
    #[error("{call} brought no usable answer: {why}")]
    NoAnswer { call: &'static str, why: String },
}

fn infos(pairs: &[ErrorPair]) -> String {
    pairs.iter().map(|pair| pair.err_info.as_str()).collect::<Vec<_>>().join("|")
}

/// What the browser takes to the gateway after `ExecTran`.
#[derive(Clone)]
pub(super) struct Start {
    pub(super) access_id: String,
    pub(super) token: String,
    /// `StartURL`.
    pub(super) action: String,
}

/// The two shapes of `ExecTranAmazonpay`'s answer.
pub(super) enum Executed {
    /// The buyer goes to Amazon.
    Start(Start),
    /// It is done. The `CheckString` in it is not checked yet.
    Done(Fields),
}

/// An order's money: `amount` without tax, and the tax, in yen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Price {
    pub(super) amount: i64,
    pub(super) tax: i64,
}

impl Price {
    /// What the buyer pays, in yen.
    pub(super) const fn total(self) -> i64 {
        self.amount + self.tax
    }
}

/// The client.
pub(super) struct Psp {
    http: reqwest::Client,
    payment_url: String,
}

impl Psp {
    pub(super) fn new(http: reqwest::Client, gateway_url: &str) -> Self {
        Self { http, payment_url: format!("{}/payment", gateway_url.trim_end_matches('/')) }
    }

    /// Opens a transaction for an order.
    pub(super) async fn entry_tran(
        &self,
        shop: &ShopAccount,
        order_id: &str,
        job: Job,
        price: Price,
        paying: &Paying,
    ) -> Result<Access, CallError> {
        const CALL: &str = "EntryTranAmazonpay";
        let (amount, tax) = (price.amount.to_string(), price.tax.to_string());
        let job_fields = [("OrderID", order_id), ("JobCd", job.code()), ("Amount", &amount), ("Tax", &tax)];
        let fields = [&job_fields[..], &[("AmazonpayType", paying.amazonpay_type())]].concat();
        let reply = self.call(CALL, shop, &fields).await?;
        let (id, pass) = (demand(CALL, &reply, "AccessID")?, demand(CALL, &reply, "AccessPass")?);
        Ok(Access { id, pass })
    }

    /// Executes the transaction in the way that `paying` says: the buyer has to go to Amazon, or it is done already.
    /// `ret_url` is where the browser brings the result.
    pub(super) async fn exec_tran(
        &self,
        shop: &ShopAccount,
        order_id: &str,
        access: &Access,
        paying: &Paying,
        ret_url: &str,
    ) -> Result<Executed, CallError> {
        const CALL: &str = "ExecTranAmazonpay";
        let mut fields = of_order(order_id, access);
        fields.extend([("AmazonpayType", paying.amazonpay_type()), ("Description", &shop.name)]);
        fields.extend(paying.fields(ret_url));
        let reply = self.call(CALL, shop, &fields).await?;
        if !reply.get("Status").is_empty() {
            return Ok(Executed::Done(reply));
        }
        let start_url = demand(CALL, &reply, "StartURL")?;
        if !start_url.starts_with("https://") && !start_url.starts_with("http://") {
            return Err(CallError::NoAnswer { call: CALL, why: "the StartURL is no URL".to_owned() });
        }
        let (access_id, token) = (demand(CALL, &reply, "AccessID")?, demand(CALL, &reply, "Token")?);
        Ok(Executed::Start(Start { access_id, token, action: start_url }))
    }

    /// Who the buyer is, where the parcel goes and what pays, for the review page.
    pub(super) async fn search_address(&self, shop: &ShopAccount, session_id: &str) -> Result<Fields, CallError> {
        self.call("SearchAddressAmazonpay", shop, &[("AmazonCheckoutSessionID", session_id)]).await
    }

    /// Who has signed in.
    pub(super) async fn search_buyer(&self, shop: &ShopAccount, buyer_token: &str) -> Result<Fields, CallError> {
        self.call("SearchAddressAmazonpay", shop, &[("AmazonBuyerToken", buyer_token)]).await
    }

    /// What a consent still allows.
    pub(super) async fn search_permission(&self, shop: &ShopAccount, id: &str) -> Result<Fields, CallError> {
        self.call("SearchChargePermissionAmazonpay", shop, &[("AmazonChargePermissionID", id)]).await
    }

    /// Ends a consent.
    pub(super) async fn close_permission(&self, shop: &ShopAccount, id: &str) -> Result<Fields, CallError> {
        self.call("CloseChargePermissionAmazonpay", shop, &[("AmazonChargePermissionID", id)]).await
    }

    /// Asks for other amounts.
    pub(super) async fn change(
        &self,
        shop: &ShopAccount,
        order_id: &str,
        access: &Access,
        price: Price,
    ) -> Result<Fields, CallError> {
        let (amount, tax) = (price.amount.to_string(), price.tax.to_string());
        let fields = [of_order(order_id, access), vec![("Amount", &amount), ("Tax", &tax)]].concat();
        self.call("AmazonpayChange", shop, &fields).await
    }

    /// Lets an authorisation go, or gives captured money back.
    pub(super) async fn cancel(
        &self,
        shop: &ShopAccount,
        order_id: &str,
        access: &Access,
        price: Price,
    ) -> Result<Fields, CallError> {
        let (amount, tax) = (price.amount.to_string(), price.tax.to_string());
        let fields = [of_order(order_id, access), vec![("CancelAmount", &amount), ("CancelTax", &tax)]].concat();
        self.call("AmazonpayCancel", shop, &fields).await
    }

    /// Captures an authorised order: the goods leave the shop.
    pub(super) async fn sales(
        &self,
        shop: &ShopAccount,
        order_id: &str,
        access: &Access,
        price: Price,
    ) -> Result<Fields, CallError> {
        let (amount, tax) = (price.amount.to_string(), price.tax.to_string());
        let fields = [of_order(order_id, access), vec![("Amount", &amount), ("Tax", &tax)]].concat();
        self.call("AmazonpaySales", shop, &fields).await
    }

    /// What the gateway knows about an order: the only word the shop believes.
    pub(super) async fn search_trade(&self, shop: &ShopAccount, order_id: &str) -> Result<Fields, CallError> {
        self.call("SearchTradeMulti", shop, &[("OrderID", order_id), ("PayType", PAY_TYPE)]).await
    }

    async fn call(&self, call: &'static str, shop: &ShopAccount, fields: &[(&str, &str)]) -> Result<Fields, CallError> {
        let account = [("ShopID", shop.shop_id.as_str()), ("ShopPass", shop.shop_pass.as_str())];
        let body = form::encode(&[&account, fields].concat());
        let no_answer = |why: reqwest::Error| CallError::NoAnswer { call, why: why.without_url().to_string() };
        let answer = self
            .http
            .post(format!("{}/{call}.idPass", self.payment_url))
            .header("content-type", "application/x-www-form-urlencoded;charset=windows-31j")
            .body(body)
            .send()
            .await
            .map_err(no_answer)?;
        let status = answer.status();
        let line = egress::read_up_to(answer, REPLY_BYTES_MAX).await.map_err(no_answer)?;
        if !status.is_success() {
            return Err(CallError::NoAnswer { call, why: format!("HTTP status {status}") });
        }
        let reply = form::decode_reply(&line);
        let pairs = error_pairs(reply.get("ErrCode"), reply.get("ErrInfo"));
        // SearchTradeMulti may report an old failure of the order beside its Status; that is no refusal.
        if pairs.is_empty() || !reply.get("Status").is_empty() {
            Ok(reply)
        } else {
            Err(CallError::Refused { call, pairs })
        }
    }
}

/// What names a transaction in every call about it.
fn of_order<'a>(order_id: &'a str, access: &'a Access) -> Vec<(&'static str, &'a str)> {
    vec![("AccessID", &access.id), ("AccessPass", &access.pass), ("OrderID", order_id)]
}

fn demand(call: &'static str, reply: &Fields, name: &str) -> Result<String, CallError> {
    match reply.get(name) {
        "" => Err(CallError::NoAnswer { call, why: format!("{name} is missing") }),
        value => Ok(value.to_owned()),
    }
}

/// `E1|E2` beside `I1|I2` as pairs; a trailing `|` is tolerated (psp-protocol 2.3).
pub(super) fn error_pairs(codes: &str, infos: &str) -> Vec<ErrorPair> {
    let mut codes = codes.split('|');
    infos
        .split('|')
        .filter(|info| !info.is_empty())
        .map(|info| ErrorPair { err_code: codes.next().unwrap_or_default().to_owned(), err_info: info.to_owned() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_come_in_pairs() {
        let pairs = error_pairs("M01|E90|", "M01004001|E90010001|");
        let texts: Vec<_> = pairs.iter().map(|p| (p.err_code.as_str(), p.err_info.as_str())).collect();
        assert_eq!(texts, [("M01", "M01004001"), ("E90", "E90010001")]);
        assert!(error_pairs("", "").is_empty());
    }
}
