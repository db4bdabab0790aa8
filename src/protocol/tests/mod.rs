//! The room as its callers see it: whole requests in, whole bodies out.

mod answers;
mod exec_tran;
mod readings;

use super::{RawRequest, Style};

/// A well-formed shop and its password, as a form begins with them.
const SHOP: &str = "ShopID=tshop00000001&ShopPass=demoshop1pass";
/// A well-formed transaction.
const ACCESS: &str = "AccessID=0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a&AccessPass=0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";

fn form(body: &[u8]) -> RawRequest {
    RawRequest::decode(Style::IdPass, None, None, body).expect("a form that can be read")
}

fn joined(faults: &[super::ErrInfo]) -> String {
    faults.iter().map(|error| error.as_str()).collect::<Vec<_>>().join("|")
}
