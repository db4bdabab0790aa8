//! The result notification's body: what the gateway posts to the shop whenever a transaction changes (psp-protocol 9).
//!
//! At least once, perhaps out of order; the body is made once and never changes between attempts.

use super::PAY_TYPE;
use super::encoding::ResponseEncoding;
use super::error::ErrInfo;
use super::reply::{ReplyField, field, id_pass_line, or_blank};
use crate::domain::{AccessId, ChargePermissionId, JobCd, Millis, OrderId, ShopId, Status, Yen};

/// The `Content-Type` of a result notification.
pub const CONTENT_TYPE: &str = "application/x-www-form-urlencoded;charset=windows-31j";

/// What the shop is told. The passwords' places hold asterisks; nothing secret can get in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The shop.
    pub shop_id: ShopId,
    /// The transaction's id.
    pub access_id: AccessId,
    /// The order.
    pub order_id: OrderId,
    /// Where the transaction stands now.
    pub status: Status,
    /// What was ordered at `EntryTran`.
    pub job: JobCd,
    /// The price now.
    pub amount: Yen,
    /// Tax and postage now.
    pub tax: Yen,
    /// When the change happened.
    pub tran_date: Millis,
    /// Why it failed, if it did.
    pub error: Option<ErrInfo>,
    /// The permission at Amazon, once there is one.
    pub charge_permission_id: Option<ChargePermissionId>,
    /// What was cancelled or refunded of the price, if anything.
    pub cancel_amount: Option<Yen>,
    /// What was cancelled or refunded of tax and postage, if anything.
    pub cancel_tax: Option<Yen>,
}

impl Notification {
    /// The fields, in their order.
    pub fn fields(&self) -> Vec<ReplyField> {
        vec![
            field("ShopID", &self.shop_id),
            field("ShopPass", &"*".repeat(10)),
            field("AccessID", &self.access_id),
            field("AccessPass", &"*".repeat(32)),
            field("OrderID", &self.order_id),
            field("Status", &self.status),
            field("JobCd", &self.job),
            field("Amount", &self.amount),
            field("Tax", &self.tax),
            field("Currency", "JPN"),
            field("TranDate", &self.tran_date.jst()),
            field("ErrCode", &self.error.map(ErrInfo::err_code).unwrap_or_default()),
            field("ErrInfo", &self.error.map(ErrInfo::as_str).unwrap_or_default()),
            field("PayType", PAY_TYPE),
            field("AmazonChargePermissionID", &or_blank(self.charge_permission_id.as_ref())),
            field("AmazonPayCancelAmount", &or_blank(self.cancel_amount.as_ref())),
            field("AmazonPayCancelTax", &or_blank(self.cancel_tax.as_ref())),
        ]
    }

    /// The body: a form in Windows-31J, which is ASCII as everything in it is.
    pub fn body(&self) -> Vec<u8> {
        id_pass_line(self.fields(), ResponseEncoding::Percent)
    }
}

/// The error of a connectivity test: nothing is wrong (psp-protocol 9).
const CONNECTIVITY_TEST: ErrInfo = ErrInfo::known("E00000000");

/// The body of a connectivity test to `shop`: a notification about no transaction, as everything in it shows.
pub fn connectivity_test(shop: &ShopId, now: Millis) -> Vec<u8> {
    let mut fields = vec![
        field("ShopID", shop),
        field("ShopPass", &"*".repeat(10)),
        field("AccessID", &"0".repeat(32)),
        field("AccessPass", &"*".repeat(32)),
        field("OrderID", "TEST"),
        field("Status", &Status::Unprocessed),
        field("JobCd", &JobCd::Auth),
        field("Amount", &Yen::ZERO),
        field("Tax", &Yen::ZERO),
        field("Currency", "JPN"),
        field("TranDate", &now.jst()),
        field("ErrCode", CONNECTIVITY_TEST.err_code()),
        field("ErrInfo", CONNECTIVITY_TEST.as_str()),
        field("PayType", PAY_TYPE),
    ];
    for blank in ["AmazonChargePermissionID", "AmazonPayCancelAmount", "AmazonPayCancelTax"] {
        fields.push(field(blank, ""));
    }
    id_pass_line(fields, ResponseEncoding::Percent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::codes;

    #[test]
    fn a_connectivity_test_has_the_same_fields() {
        let test = connectivity_test(&ShopId::new("tshop00000001").unwrap(), Millis(1_795_371_000_123));
        let test = String::from_utf8(test).unwrap();
        assert!(
            test.contains("&ErrCode=E00&ErrInfo=E00000000&PayType=38&") && test.contains("&OrderID=TEST&"),
            "{test}"
        );
        let names = |body: &str| -> Vec<String> {
            body.split('&').map(|pair| pair.split('=').next().unwrap().to_owned()).collect()
        };
        let real = Notification {
            shop_id: ShopId::new("tshop00000001").unwrap(),
            access_id: AccessId::new("0a".repeat(16)).unwrap(),
            order_id: OrderId::new("ORDER-1").unwrap(),
            status: Status::Auth,
            job: JobCd::Auth,
            amount: Yen::ZERO,
            tax: Yen::ZERO,
            tran_date: Millis(0),
            error: None,
            charge_permission_id: None,
            cancel_amount: None,
            cancel_tax: None,
        };
        assert_eq!(names(&test), names(&String::from_utf8(real.body()).unwrap()));
    }

    #[test]
    fn the_body_of_a_failure_and_of_a_success() {
        let mut notification = Notification {
            shop_id: ShopId::new("tshop00000001").unwrap(),
            access_id: AccessId::new("0a".repeat(16)).unwrap(),
            order_id: OrderId::new("ORDER-1").unwrap(),
            status: Status::PayFail,
            job: JobCd::Auth,
            amount: Yen::new(1000).unwrap(),
            tax: Yen::ZERO,
            tran_date: Millis(1_795_371_000_123),
            error: Some(codes::BUYER_CANCELLED),
            charge_permission_id: None,
            cancel_amount: None,
            cancel_tax: None,
        };
        let head = "ShopID=tshop00000001&ShopPass=**********&AccessID=0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\
                    &AccessPass=********************************&OrderID=ORDER-1";
        let failed = "&Status=PAYFAIL&JobCd=AUTH&Amount=1000&Tax=0&Currency=JPN&TranDate=20261123031000\
                      &ErrCode=AZ1&ErrInfo=AZ1000001&PayType=38\
                      &AmazonChargePermissionID=&AmazonPayCancelAmount=&AmazonPayCancelTax=";
        assert_eq!(String::from_utf8(notification.body()).unwrap(), format!("{head}{failed}"));

        notification.status = Status::Return;
        notification.error = None;
        notification.charge_permission_id = ChargePermissionId::new("S03-1234567-1234567").ok();
        notification.cancel_amount = Yen::new(900);
        notification.cancel_tax = Some(Yen::ZERO);
        let returned = "&Status=RETURN&JobCd=AUTH&Amount=1000&Tax=0&Currency=JPN&TranDate=20261123031000\
                        &ErrCode=&ErrInfo=&PayType=38\
                        &AmazonChargePermissionID=S03-1234567-1234567&AmazonPayCancelAmount=900&AmazonPayCancelTax=0";
        assert_eq!(String::from_utf8(notification.body()).unwrap(), format!("{head}{returned}"));
    }
}
