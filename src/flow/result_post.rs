//! What the buyer's browser carries back to the shop (psp-protocol 7, "RetURL POST").

use super::{Gateway, Shop};
use crate::domain::check_string::check_string;
use crate::domain::{State, Transaction};
use crate::protocol::result_post::{ResultFields, fields};

/// A form that the browser is to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultPost {
    /// The shop's RetURL, its own query included.
    pub ret_url: String,
    /// Names and values, in order.
    pub fields: Vec<(&'static str, String)>,
}

impl Gateway {
    /// The post for a transaction as it stands; none where ExecTran named no RetURL.
    pub(super) fn post_for(&self, shop: &Shop, transaction: &Transaction) -> Option<ResultPost> {
        let ret_url = transaction.exec.as_ref()?.ret_url.clone()?;
        let permission = transaction.charge_permission();
        let check_string = check_string(
            &transaction.order_id,
            &transaction.access_id,
            &transaction.shop_id,
            shop.settings.shop_pass.expose(),
            permission,
        );
        let undecided = matches!(transaction.state, State::AuthProcess(_));
        let fields = fields(&ResultFields {
            shop_id: &transaction.shop_id,
            order_id: &transaction.order_id,
            status: transaction.status(),
            // While Amazon's word is missing there is no date of processing to tell.
            tran_date: (!undecided).then_some(transaction.processed_at),
            charge_permission_id: permission,
            check_string: &check_string,
            err_info: transaction.failure().map(|failure| failure.err_info.as_str()),
        });
        Some(ResultPost { ret_url, fields })
    }
}
