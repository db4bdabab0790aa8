//! [`Overview`] on SQLite. Everything here reads on the pool of those who look on, which sees the last commit and never waits
//! for the writer, nor the writer, nor whoever pays, for it. It is small, and who finds no place in it within
//! [`ONLOOKERS_WAIT`] is sent away. No view of the book is kept open from one page to the next: one that lasts would
//! keep the log from being written back.

mod figures;
mod list;
mod plan;
mod story;
#[cfg(test)]
mod tests;

use async_trait::async_trait;

use super::super::row::TransactionRow;
use super::{ONLOOKERS_WAIT, SqliteStore};
use crate::domain::{AccessId, ChargePermissionId, JapanDay, Millis, Scope, Transaction};
use crate::store::StoreError;
use crate::store::overview::{
    Attention, Counted, Cursor, NotificationLine, NotificationSeen, NotificationState, Overview, OverviewError, Page,
    Search, Sort, Tally, Timeline, TransactionLine,
};

/// Why nothing was read.
fn failed(error: &sqlx::Error) -> OverviewError {
    match error {
        sqlx::Error::PoolTimedOut => OverviewError::Busy,
        other => super::failed(other).into(),
    }
}

#[async_trait]
impl Overview for SqliteStore {
    async fn transactions(
        &self,
        scope: &Scope,
        search: &Search,
        sort: Sort,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<TransactionLine>, OverviewError> {
        list::search(&self.onlookers, (scope, search, sort), after, limit).await
    }

    async fn count(&self, scope: &Scope, search: &Search) -> Result<Counted, OverviewError> {
        let turn = tokio::time::timeout(ONLOOKERS_WAIT, self.counting.clone().acquire_owned());
        let turn = turn.await.ok().and_then(Result::ok).ok_or(OverviewError::Busy)?;
        let (pool, scope, search) = (self.onlookers.clone(), scope.clone(), search.clone());
        // In a task of its own: the database counts on though whoever asked goes away, and so long the turn is taken.
        let counted = tokio::spawn(async move {
            let counted = list::count(&pool, &scope, &search).await;
            drop(turn);
            counted
        });
        counted.await.unwrap_or_else(|error| Err(StoreError(format!("counting: {error}")).into()))
    }

    async fn transaction_in_scope(
        &self,
        scope: &Scope,
        access_id: &AccessId,
    ) -> Result<Option<Transaction>, OverviewError> {
        let row: Option<TransactionRow> = sqlx::query_as("SELECT * FROM transactions WHERE access_id = ?1")
            .bind(access_id.as_str())
            .fetch_optional(&self.onlookers)
            .await
            .map_err(|error| failed(&error))?;
        let found = row.map(TransactionRow::read).transpose()?;
        Ok(found.filter(|transaction| scope.sees(&transaction.shop_id)))
    }

    async fn timeline(&self, scope: &Scope, access_id: &AccessId) -> Result<Option<Timeline>, OverviewError> {
        match self.transaction_in_scope(scope, access_id).await? {
            Some(_) => story::timeline(&self.onlookers, access_id).await.map(Some),
            None => Ok(None),
        }
    }

    async fn tallies(&self, scope: &Scope, from: JapanDay, to: JapanDay) -> Result<Vec<Tally>, OverviewError> {
        figures::tallies(&self.onlookers, scope, from, to).await
    }

    async fn attention(&self, scope: &Scope, now: Millis) -> Result<Attention, OverviewError> {
        figures::attention(&self.onlookers, scope, now).await
    }

    async fn consents(
        &self,
        scope: &Scope,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<TransactionLine>, OverviewError> {
        list::consents(&self.onlookers, scope, after, limit).await
    }

    async fn on_permission(
        &self,
        scope: &Scope,
        permission: &ChargePermissionId,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<TransactionLine>, OverviewError> {
        let search = Search { permission: Some(permission.clone()), ..Search::default() };
        list::search(&self.onlookers, (scope, &search, Sort::Newest), after, limit).await
    }

    async fn notifications(
        &self,
        scope: &Scope,
        state: Option<NotificationState>,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<NotificationLine>, OverviewError> {
        story::notifications(&self.onlookers, scope, state, after, limit).await
    }

    async fn notification(&self, scope: &Scope, id: &str) -> Result<Option<NotificationSeen>, OverviewError> {
        story::notification(&self.onlookers, scope, id).await
    }
}
