//! What people read of the book: lists, figures, one transaction's story.
//!
//! Who asks is a page of the console, on behalf of a person. Every question takes the [`Scope`] of that person, so that no
//! page can forget whose transactions may be shown; what is out of scope is answered as if it did not exist. Every answer
//! is bounded, in rows and in work, however large the book is; a list goes on from where the last page ended (keyset
//! paging), so that page one thousand costs what page one costs. An answer is as of the last commit and holds up nobody
//! who writes, nor anybody who pays: there are few places for those who look on, apart from everybody else's, and who finds
//! none is told so ([`OverviewError::Busy`]).
//!
//! Only an engine in operation has this: the book in memory serves simulations, where nobody looks on.

mod figures;
mod lines;
mod search;

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{AccessId, ChargePermissionId, JapanDay, Millis, Scope, Transaction};

pub use figures::{Attention, Few, Flow, LATENCY_BOUNDS_MS, OpenOperation, Tally, TallyOf};
pub use lines::{
    CallLine, ExchangeLine, JournalLine, NotificationLine, NotificationSeen, NotificationState, OperationLine,
    Timeline, TransactionLine,
};
pub use search::{Counted, Cursor, OrderWanted, Page, Search, Sort};

/// Why a question was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverviewError {
    /// Others look on just now, and there is no place; it may be asked again in a moment.
    #[error("too much is being looked at just now")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// The book for those who look on. `limit` is at most [`ROWS_MAX`]; more is taken as that.
#[async_trait]
pub trait Overview: Send + Sync + 'static {
    /// Transactions that fit `search`, in the order of `sort`, from `after` on.
    async fn transactions(
        &self,
        scope: &Scope,
        search: &Search,
        sort: Sort,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<TransactionLine>, OverviewError>;

    /// How many transactions fit, as far as that can be counted in bounded time.
    async fn count(&self, scope: &Scope, search: &Search) -> Result<Counted, OverviewError>;

    /// One transaction, whole.
    async fn transaction_in_scope(
        &self,
        scope: &Scope,
        access_id: &AccessId,
    ) -> Result<Option<Transaction>, OverviewError>;

    /// Everything that is recorded about a transaction, oldest first, at most [`STORY_MAX`] of each kind.
    async fn timeline(&self, scope: &Scope, access_id: &AccessId) -> Result<Option<Timeline>, OverviewError>;

    /// The figures of the days `from` to `to`, both included; what is zero may be missing. At most 366 days.
    async fn tallies(&self, scope: &Scope, from: JapanDay, to: JapanDay) -> Result<Vec<Tally>, OverviewError>;

    /// What needs a person at the moment `now`.
    async fn attention(&self, scope: &Scope, now: Millis) -> Result<Attention, OverviewError>;

    /// Transactions with which a buyer gave a consent that can be charged again, newest first.
    async fn consents(
        &self,
        scope: &Scope,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<TransactionLine>, OverviewError>;

    /// Transactions on a charge permission, newest first.
    async fn on_permission(
        &self,
        scope: &Scope,
        permission: &ChargePermissionId,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<TransactionLine>, OverviewError>;

    /// Notifications, newest first; of one state if that is given.
    async fn notifications(
        &self,
        scope: &Scope,
        state: Option<NotificationState>,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<NotificationLine>, OverviewError>;

    /// One notification with its attempts.
    async fn notification(&self, scope: &Scope, id: &str) -> Result<Option<NotificationSeen>, OverviewError>;
}

/// The most rows of a page.
pub const ROWS_MAX: u32 = 500;
/// The most entries of each kind that a transaction's story tells; its beginning, where there are more.
pub const STORY_MAX: u32 = 1000;
