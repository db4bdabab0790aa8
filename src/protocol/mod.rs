//! The provider's wire language (psp-protocol): what a shop may send, what it is told, and the table of errors.
//!
//! Pure code: bytes in, typed requests or faults out; typed answers in, bytes out. Who calls is the web server, with
//! the bytes of one request; it decides nothing here except which shop's encodings apply. Whether a shop, a
//! transaction or an order exists is not known here: [`Reading`] hands the flow what it needs to ask.
//!
//! The way of a request: [`RawRequest::decode`] (bytes to parameters) → [`RawRequest::shop_id_text`] (find the shop's
//! encoding) → the call's `read_…` (a typed request, or every fault in order). The way of an answer: a struct of
//! [`reply`] → [`Reply::encode`], or [`errors`]. Beside the calls: [`Notification`] and [`ResultPost`] to the shop.

pub mod address;
pub mod answer;
pub mod call;
pub mod codes;
pub mod condition;
pub mod decode;
pub mod describe;
pub mod encoding;
pub mod error;
pub mod exec_tran;
pub mod field;
pub mod notification;
pub mod reading;
pub mod reply;
pub mod request;
pub mod result_post;
pub mod shape;
pub mod start;

pub use address::{AddressReply, PostalAddress};
pub use answer::{AnswerField, AnswerShape, RESULT_ERRORS};
pub use call::{Call, Need, Style};
pub use condition::{Clash, Condition};
pub use decode::RawRequest;
pub use describe::{Language, meaning, status_meaning};
pub use encoding::{RequestEncoding, ResponseEncoding};
pub use error::{ErrClass, ErrInfo, Texts, Unanswered, UnansweredGroup, unanswered};
pub use exec_tran::{ExecTran, RetUrl, ShipTo, Way, read_exec_tran};
pub use field::Field;
pub use notification::Notification;
pub use reading::{Access, AccessPair, Credentials, Reading};
pub use reply::{
    AmountReply, CancelReply, ChargePermissionReply, ClosedReply, EntryTranReply, ImmediateReply, RedirectReply, Reply,
    ReplyField, TradeReply, errors,
};
pub use request::{
    AmountRequest, Cancel, ChargePermissionRequest, EntryTran, SearchAddress, SearchTradeMulti, read_cancel,
    read_change, read_close_charge_permission, read_entry_tran, read_sales, read_search_address,
    read_search_charge_permission, read_search_trade_multi,
};
pub use result_post::ResultPost;
pub use start::{Start, new_token, read_start};

/// The number of Amazon Pay among the provider's payment methods (psp-protocol 1.11).
pub const PAY_TYPE: &str = "38";

#[cfg(test)]
mod tests;
