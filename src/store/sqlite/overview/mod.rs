//! [`Overview`] on SQLite. Everything here reads on the pool of readers, which sees the last commit and never waits for
//! the writer, nor the writer for it. No view of the book is kept open from one page to the next: one that lasts would
//! keep the log from being written back.

mod figures;
mod list;
mod plan;
mod story;
#[cfg(test)]
mod tests;

use async_trait::async_trait;

use super::{SqliteStore, reader};
use crate::domain::{AccessId, ChargePermissionId, JapanDay, Millis, Scope, Transaction};
use crate::store::StoreError;
use crate::store::overview::{
    Attention, Counted, Cursor, NotificationLine, NotificationSeen, NotificationState, Overview, Page, Search, Sort,
    Tally, Timeline, TransactionLine,
};

#[async_trait]
impl Overview for SqliteStore {
    async fn transactions(
        &self,
        scope: &Scope,
        search: &Search,
        sort: Sort,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<TransactionLine>, StoreError> {
        list::search(&self.readers, (scope, search, sort), after, limit).await
    }

    async fn count(&self, scope: &Scope, search: &Search) -> Result<Counted, StoreError> {
        list::count(&self.readers, scope, search).await
    }

    async fn transaction_in_scope(
        &self,
        scope: &Scope,
        access_id: &AccessId,
    ) -> Result<Option<Transaction>, StoreError> {
        let found = reader::transaction(&self.readers, access_id).await?;
        Ok(found.filter(|transaction| scope.sees(&transaction.shop_id)))
    }

    async fn timeline(&self, scope: &Scope, access_id: &AccessId) -> Result<Option<Timeline>, StoreError> {
        match self.transaction_in_scope(scope, access_id).await? {
            Some(_) => story::timeline(&self.readers, access_id).await.map(Some),
            None => Ok(None),
        }
    }

    async fn tallies(&self, scope: &Scope, from: JapanDay, to: JapanDay) -> Result<Vec<Tally>, StoreError> {
        figures::tallies(&self.readers, scope, from, to).await
    }

    async fn attention(&self, scope: &Scope, now: Millis) -> Result<Attention, StoreError> {
        figures::attention(&self.readers, scope, now).await
    }

    async fn consents(
        &self,
        scope: &Scope,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<TransactionLine>, StoreError> {
        list::consents(&self.readers, scope, after, limit).await
    }

    async fn on_permission(
        &self,
        scope: &Scope,
        permission: &ChargePermissionId,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<TransactionLine>, StoreError> {
        let search = Search { permission: Some(permission.clone()), ..Search::default() };
        list::search(&self.readers, (scope, &search, Sort::Newest), after, limit).await
    }

    async fn notifications(
        &self,
        scope: &Scope,
        state: Option<NotificationState>,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<NotificationLine>, StoreError> {
        story::notifications(&self.readers, scope, state, after, limit).await
    }

    async fn notification(&self, scope: &Scope, id: &str) -> Result<Option<NotificationSeen>, StoreError> {
        story::notification(&self.readers, scope, id).await
    }
}
