//! Figures of days, and what needs a person.

use crate::domain::{AccessId, JapanDay, Millis, OrderId, ShopId, Status};

use super::lines::{NotificationLine, TransactionLine};

/// The upper bounds, in milliseconds, by which the times of effects at Amazon are told apart; longer ones are "more".
pub const LATENCY_BOUNDS_MS: [i64; 8] = [100, 200, 500, 1000, 2000, 5000, 10_000, 30_000];

/// One figure of one day; over all shops in scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// The day.
    pub day: JapanDay,
    /// Of what.
    pub of: TallyOf,
    /// How many.
    pub count: i64,
    /// Their sum: yen, or milliseconds.
    pub sum: i64,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TallyOf {
    /// Transactions entered that day that stand so now; yen.
    Status(Status),
    /// What happened that day; yen.
    Flow(Flow),
    /// Effects at Amazon that ended that day and took so long at most, and longer than the bound before; milliseconds
    /// from the intent to its outcome, so a lost answer counts until it was known. `None` above the last of
    /// [`LATENCY_BOUNDS_MS`].
    Latency(Option<i64>),
}

/// Something that happens to transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flow {
    /// Entered.
    Taken,
    /// Captured, after an authorisation or at once.
    Captured,
    /// An authorisation was cancelled.
    Cancelled,
    /// Captured money was given back; counted when Amazon has done it.
    Refunded,
    /// Ended in PAYFAIL or EXPIRED.
    Failed,
}

impl Flow {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Taken, Self::Captured, Self::Cancelled, Self::Refunded, Self::Failed];

    /// The spelling in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Taken => "TAKEN",
            Self::Captured => "CAPTURED",
            Self::Cancelled => "CANCELLED",
            Self::Refunded => "REFUNDED",
            Self::Failed => "FAILED",
        }
    }
}

impl TallyOf {
    /// What the database calls so; `None` where a newer version wrote it.
    pub(in crate::store) fn of_words(kind: &str, name: &str) -> Option<Self> {
        match kind {
            "STATUS" => Status::parse(name).map(Self::Status),
            "FLOW" => Flow::ALL.into_iter().find(|flow| flow.word() == name).map(Self::Flow),
            "LATENCY" if name == "more" => Some(Self::Latency(None)),
            "LATENCY" => {
                name.parse().ok().filter(|it| LATENCY_BOUNDS_MS.contains(it)).map(|it| Self::Latency(Some(it)))
            }
            _ => None,
        }
    }
}

/// The first few of something, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Few<T> {
    /// The first.
    pub first: Vec<T>,
    /// How many there are in all, counted to [`Few::COUNT_MAX`].
    pub count: i64,
}

impl<T> Few<T> {
    /// Nobody needs to know whether it is a thousand or more.
    pub const COUNT_MAX: i64 = 1000;
}

/// What needs a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attention {
    /// Notifications that were given up; the newest first.
    pub given_up: Few<NotificationLine>,
    /// Effects at Amazon of which nobody has known the outcome for a minute; the oldest first.
    pub unknown: Few<OpenOperation>,
    /// Authorisations that Amazon lets lapse within three days, if nobody captures them; the oldest first.
    pub expiring: Few<TransactionLine>,
}

/// An effect at Amazon without an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOperation {
    /// The transaction that it is for.
    pub access_id: AccessId,
    /// Its order.
    pub order_id: OrderId,
    /// Its shop.
    pub shop_id: ShopId,
    /// Amazon's name of the operation.
    pub name: String,
    /// When it began.
    pub started_at: Millis,
    /// How often it was looked for in vain.
    pub looks: i64,
}
