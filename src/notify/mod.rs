//! Tells shops what became of their transactions (psp-protocol 9).
//!
//! Theory of operation. A notification is a row, written with the change it tells of. The [`Dispatcher`] takes due rows
//! on for a time (a lease), posts them, and records each attempt with what happens next. A shop that answers `0` has
//! it; anything else is tried again on the shop's schedule, with the same id and body, until the schedule ends. A crash
//! between sending and recording sends it once more: at least once, never lost. Nothing waits on a shop's server
//! without a bound: each attempt has the shop's time-out, and the buyer's page waits for the first one only so long.
//!
//! Shops take turns ([`Turns`](crate::domain::Turns)), so that one that is owed much, or whose server hangs, holds up no other; and what one
//! transaction is owed goes out in its order, each when the one before it has arrived or was given up.

mod deliver;
mod dispatch;
mod outbox;
mod signature;

pub use deliver::ShopAnswer;
pub use dispatch::{Dispatcher, Settings};
pub use outbox::Outbox;
