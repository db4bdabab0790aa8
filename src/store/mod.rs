//! The gateway's book in a database.
//!
//! One contract ([`Store`]) and one suite of tests for every engine. A [`Change`] is the unit: a transaction's new
//! version, its journal entry, an intent or its outcome and a notification become visible together or not at all.
//! The store refuses a change that is not made on top of the present version, and one that would touch a transaction
//! while an effect at Amazon is under way for it. Accounts of the console and its audit log have a contract of their own
//! ([`StaffBook`]).

mod change;
mod contract;
#[cfg(feature = "memory-store")]
pub mod memory;
mod note;
mod outbox;
pub mod overview;
mod present;
mod row;
pub mod sqlite;
mod staff;

pub use change::{Change, JournalEntry};
pub use contract::{ApplyError, Store, StoreError};
#[cfg(feature = "memory-store")]
pub use memory::MemoryStore;
pub use note::{CALLS_KEPT, CallNote, EXCHANGES_KEPT, ExchangeNote, Note, Occasion};
pub use outbox::{AttemptRecord, Backlog, NotificationRecord, Resend, Resent, Share, ShopOwed};
pub use overview::Overview;
pub use sqlite::SqliteStore;
pub use staff::{
    Account, Audit, AuditEntry, AuditRecord, By, NewAccount, Presence, SESSIONS_MAX, STAFF_MAX, StaffBook, StaffChange,
    StaffError, StaffSession,
};
