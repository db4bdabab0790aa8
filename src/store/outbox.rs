//! The outbox in the words of those who empty it and of those who look after it.

use crate::domain::notification::NoAnswer;
use crate::domain::{AccessId, Millis, ShopId};

/// A notification and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRecord {
    /// Its id.
    pub id: String,
    /// Its body.
    pub body: String,
    /// `PENDING`, `DELIVERED` or `GIVEN_UP`.
    pub state: String,
    /// Attempts made.
    pub attempts: i64,
    /// The next attempt, if there is to be one; while one is under way, the end of its lease.
    pub next_at: Option<Millis>,
}

/// An attempt that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRecord {
    /// 1 for the first.
    pub number: i64,
    /// When it began.
    pub at: Millis,
    /// How long it took.
    pub took_ms: i64,
    /// The HTTP status, if one came.
    pub http_status: Option<i64>,
    /// Why no whole answer came, if none did.
    pub failure: Option<NoAnswer>,
    /// The first bytes of the answer, or what went wrong.
    pub answer: String,
}

/// A shop that is owed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopOwed {
    /// Which.
    pub shop_id: ShopId,
    /// The first moment at which one of its notifications may be taken on.
    pub next_at: Millis,
}

/// What may be taken on for one shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Which.
    pub shop_id: ShopId,
    /// How many at most, now.
    pub take_max: u32,
    /// How many of this shop may be under way at once, over all processes on this database.
    pub under_way_max: u32,
}

/// What is to be sent again by command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resend {
    /// Everything about a transaction that the shop does not have.
    Transaction {
        /// Which.
        access_id: AccessId,
        /// Also what it has.
        delivered_too: bool,
    },
    /// One, if it is still where somebody saw it: so many attempts made, and none under way or due.
    One {
        /// Which.
        id: String,
        /// The attempts that had been made.
        attempts: i64,
    },
    /// Everything that was given up for a shop.
    GivenUpOf {
        /// Which.
        shop_id: ShopId,
    },
}

/// A notification that is sent again by command, as it stood before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resent {
    /// Its id.
    pub id: String,
    /// The transaction it is about.
    pub access_id: AccessId,
    /// `PENDING` (it waited for its next attempt), `DELIVERED` or `GIVEN_UP`.
    pub was: String,
    /// Attempts made before.
    pub attempts: i64,
}

/// How much waits, and since when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Notifications that shops are still owed.
    pub notifications_pending: i64,
    /// The moment since when the one has been due that waits longest, if one is due.
    pub notification_due_since: Option<Millis>,
    /// Notifications given up.
    pub notifications_given_up: i64,
    /// Effects at Amazon without an outcome.
    pub operations_open: i64,
    /// When the oldest of them began.
    pub operation_open_since: Option<Millis>,
    /// Transactions that are to be looked at because time has passed.
    pub transactions_overdue: i64,
    /// Since when the one that waits longest was to be looked at.
    pub transaction_overdue_since: Option<Millis>,
}
