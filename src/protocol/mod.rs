//! The provider's wire language (psp-protocol): what a shop may send, what it is told, and the table of errors.
//!
//! Pure code: bytes in, typed requests or faults out; typed answers in, bytes out. Who calls is the web server, with
//! the bytes of one request; it decides nothing here except which shop's encodings apply. Whether a shop, a
//! transaction or an order exists is not known here: [`Reading`] hands the flow what it needs to ask.
//!
//! The way of a request: [`RawRequest::decode`] (bytes to fields) → [`RawRequest::shop_id_text`] (find the shop's
//! encoding) → `read_…` in [`request`] (fields to a typed request, or every fault in field order).
//! The way of an answer: a struct of [`reply`] → [`Reply::encode`], or [`errors`].

pub mod call;
pub mod codes;
pub mod error;

pub use call::{Call, Style};
pub use error::{ErrClass, ErrInfo};
