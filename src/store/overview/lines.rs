//! The lines of lists and of one transaction's story.

use crate::domain::{
    AccessId, ChargePermissionId, Effect, JobCd, Millis, Money, OrderId, ShopId, Status, Verdict, Yen,
};
use crate::store::{AttemptRecord, Occasion};

/// A transaction as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionLine {
    /// Its id.
    pub access_id: AccessId,
    /// Its shop.
    pub shop_id: ShopId,
    /// Its order.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: Status,
    /// What EntryTran asked for.
    pub job: JobCd,
    /// The amounts as they stand now.
    pub money: Money,
    /// What was cancelled or refunded so far.
    pub cancelled: Money,
    /// When it was entered.
    pub created_at: Millis,
    /// When its status or amount last changed.
    pub processed_at: Millis,
    /// When Amazon authorised it, if it has.
    pub authorized_at: Option<Millis>,
    /// The charge permission, once there is one.
    pub permission: Option<ChargePermissionId>,
    /// Why it failed, if it did.
    pub err_info: Option<String>,
}

/// Everything that is recorded about a transaction, each kind oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// The last calls of its shop that named it, those that were refused, too.
    pub calls: Vec<CallLine>,
    /// The first and the last exchanges with Amazon on its behalf.
    pub exchanges: Vec<ExchangeLine>,
    /// Every change.
    pub journal: Vec<JournalLine>,
    /// Every effect at Amazon.
    pub operations: Vec<OperationLine>,
    /// Every notification, with its attempts.
    pub notifications: Vec<NotificationSeen>,
}

/// A call of the shop about a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLine {
    /// Its place among all those about the transaction, from 1; what is missing was dropped.
    pub number: i64,
    /// When it came.
    pub at: Millis,
    /// How long it took.
    pub took_ms: i64,
    /// Its name.
    pub call: String,
    /// What it was answered: ErrInfo codes, `|` between them; empty where it was done.
    pub codes: String,
    /// From where.
    pub caller: String,
}

/// An attempt of a call to Amazon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeLine {
    /// Its place among all those on behalf of the transaction, from 1; what is missing was dropped.
    pub number: i64,
    /// When it began.
    pub at: Millis,
    /// How long it took.
    pub took_ms: i64,
    /// What it was for.
    pub occasion: Occasion,
    /// The key of the effect that it belongs to, if it belongs to one.
    pub key: Option<String>,
    /// Amazon's name of the operation.
    pub operation: String,
    /// Of HTTP.
    pub method: String,
    /// Where it went, without the host.
    pub path: String,
    /// 1 for the first attempt of its call.
    pub attempt: i64,
    /// The status of the answer, if one came.
    pub status: Option<u16>,
    /// Why no answer came, or none that can be trusted, in one word.
    pub failure: Option<String>,
    /// Amazon's code, where it sent one.
    pub reason_code: Option<String>,
    /// Amazon's name for the exchange, where it gave one.
    pub request_id: Option<String>,
}

/// A change of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLine {
    /// When.
    pub at: Millis,
    /// What happened, in one word.
    pub event: String,
    /// The version that it made.
    pub version: i64,
    /// Where the transaction stood before; `None` at its entry.
    pub from: Option<Status>,
    /// Where it stood then.
    pub to: Status,
    /// Its amount then.
    pub amount: Yen,
    /// Its tax then.
    pub tax: Yen,
}

/// An effect at Amazon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationLine {
    /// The key under which Amazon knows it.
    pub key: String,
    /// What was to be done.
    pub effect: Effect,
    /// When it was recorded, before the call.
    pub started_at: Millis,
    /// How often its outcome was looked for.
    pub looks: i64,
    /// Its outcome, if it is known.
    pub verdict: Option<Verdict>,
    /// What Amazon said, in a few words.
    pub evidence: Option<String>,
    /// Amazon's id of the request that brought the outcome.
    pub request_id: Option<String>,
    /// When the outcome was known.
    pub finished_at: Option<Millis>,
}

/// Where a notification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationState {
    /// To be sent, for the first time or again.
    Pending,
    /// The shop has it.
    Delivered,
    /// Nobody tries any more.
    GivenUp,
}

impl NotificationState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::GivenUp];

    /// The spelling in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Delivered => "DELIVERED",
            Self::GivenUp => "GIVEN_UP",
        }
    }

    /// The one of that spelling.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// A notification as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationLine {
    /// Its id.
    pub id: String,
    /// The transaction it is about.
    pub access_id: AccessId,
    /// That one's order.
    pub order_id: OrderId,
    /// Whom it is for.
    pub shop_id: ShopId,
    /// When it was written.
    pub created_at: Millis,
    /// Where it stands.
    pub state: NotificationState,
    /// Attempts made.
    pub attempts: i64,
    /// When it is tried next, if it is.
    pub next_at: Option<Millis>,
    /// Whether an earlier one of its transaction is to arrive first.
    pub behind: bool,
}

/// A notification, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationSeen {
    /// As lists show it.
    pub line: NotificationLine,
    /// Where it goes.
    pub url: String,
    /// What it says. Nothing secret is in it (protocol::Notification).
    pub body: String,
    /// The attempts, oldest first.
    pub attempts: Vec<AttemptRecord>,
}
