//! What the buyer's browser carries back to the shop (psp-protocol 7, "RetURL POST").

use super::Shop;
use crate::domain::Transaction;
use crate::domain::check_string;
use crate::protocol::{self, ErrInfo};

/// A form that the browser is to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultPost {
    /// The shop's RetURL, its own query included.
    pub ret_url: String,
    /// Names and values, in order.
    pub fields: [(&'static str, String); 8],
}

/// The post for a transaction as it stands; none where ExecTran named no RetURL.
pub(super) fn post_for(shop: &Shop, transaction: &Transaction) -> Option<ResultPost> {
    let ret_url = transaction.exec.as_ref()?.ret_url.clone()?;
    let permission = transaction.charge_permission();
    let check_string = check_string(
        &transaction.order_id,
        &transaction.access_id,
        &transaction.shop_id,
        shop.pass_in_use().expose(),
        permission,
    );
    let post = protocol::ResultPost {
        shop_id: transaction.shop_id.clone(),
        order_id: transaction.order_id.clone(),
        status: transaction.status(),
        tran_date: transaction.processed_at,
        charge_permission_id: permission.cloned(),
        check_string,
        error: transaction.failure().and_then(|failure| ErrInfo::parse(&failure.err_info)),
    };
    Some(ResultPost { ret_url, fields: post.fields() })
}
