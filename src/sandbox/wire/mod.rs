//! Amazon's JSON: request bodies read strictly, objects written as Amazon writes them. No server, no ledger changes.

pub mod charge_request;
mod fields;
pub mod on_page;
pub mod permission_request;
pub mod session_request;
pub mod views;
