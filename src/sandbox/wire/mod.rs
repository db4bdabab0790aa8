//! Amazon's JSON: request bodies read strictly, objects written as Amazon writes them. No server, no ledger changes.

pub mod charge_request;
mod delivery;
mod fields;
pub mod on_page;
pub mod permission_request;
mod query;
pub mod record_request;
pub mod record_views;
pub mod report_request;
pub mod session_request;
pub mod views;
