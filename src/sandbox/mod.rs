//! An Amazon Pay simulator: API, buyer pages, `checkout.js`, ledger, faults.

pub mod buyer;
pub mod buyers;
pub mod error;
pub mod ledger;
