//! What the buyer's browser brings back to the shop: the hidden form that is posted to `RetURL` (psp-protocol 7).

use super::error::ErrInfo;
use super::reply::or_blank;
use crate::domain::{ChargePermissionId, Millis, OrderId, ShopId, Status};

/// The result, as the browser carries it. No password is in it; `check_string` proves who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultPost {
    /// The shop.
    pub shop_id: ShopId,
    /// The order.
    pub order_id: OrderId,
    /// `AUTH`, `CAPTURE` or `REGISTER` after a success; `AUTHPROCESS` while Amazon has not decided; or a failure.
    pub status: Status,
    /// When it was decided.
    pub tran_date: Millis,
    /// The permission at Amazon; none after a failure.
    pub charge_permission_id: Option<ChargePermissionId>,
    /// See [`check_string`](crate::domain::check_string()); made with the same permission as above, or none.
    pub check_string: String,
    /// Why it failed, if it did.
    pub error: Option<ErrInfo>,
}

impl ResultPost {
    /// The form's names and values in their order, not escaped for anything.
    pub fn fields(&self) -> [(&'static str, String); 8] {
        [
            ("ShopID", self.shop_id.to_string()),
            ("OrderID", self.order_id.to_string()),
            ("Status", self.status.to_string()),
            ("TranDate", self.tran_date.jst()),
            ("AmazonChargePermissionID", or_blank(self.charge_permission_id.as_ref())),
            ("CheckString", self.check_string.clone()),
            ("ErrCode", self.error.map(ErrInfo::err_code).unwrap_or_default().to_owned()),
            ("ErrInfo", self.error.map(ErrInfo::as_str).unwrap_or_default().to_owned()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::codes;

    #[test]
    fn a_failure_has_every_field_and_a_blank_permission() {
        let post = ResultPost {
            shop_id: ShopId::new("tshop00000001").unwrap(),
            order_id: OrderId::new("ORDER-1").unwrap(),
            status: Status::Expired,
            tran_date: Millis(1_795_371_000_123),
            charge_permission_id: None,
            check_string: "00".to_owned(),
            error: Some(codes::DEADLINE_PASSED),
        };
        let line = post.fields().map(|(name, value)| format!("{name}={value}")).join("&");
        assert_eq!(
            line,
            "ShopID=tshop00000001&OrderID=ORDER-1&Status=EXPIRED&TranDate=20261123031000&AmazonChargePermissionID=\
             &CheckString=00&ErrCode=M01&ErrInfo=M01052011"
        );
    }
}
