//! What a shop does besides a one-time payment: it cancels, refunds and changes, registers consents, charges and closes
//! them, and ends a checkout that ran inside its own page.

mod at_once;
mod cancel;
mod change;
mod consent;
mod doubt;
mod finalize;
mod on_demand;
mod permission;
mod refund;
