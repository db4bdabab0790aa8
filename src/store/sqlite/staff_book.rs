//! The console's contract, by the writer and the readers. What opens a page is a point query on the pool that payments use;
//! lists are read on that of those who look on.

use async_trait::async_trait;

use super::writer::Command;
use super::{SqliteStore, staff_read};
use crate::domain::{LoginName, Millis, Scope, StaffId};
use crate::store::{
    Account, Audit, AuditEntry, AuditRecord, By, Presence, StaffBook, StaffChange, StaffError, StaffSession, StoreError,
};

#[async_trait]
impl Audit for SqliteStore {
    async fn append(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.writer.ask(|reply| Command::Audit(Box::new(entry), reply)).await?
    }

    async fn audit(&self, scope: &Scope, before: Option<i64>, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        staff_read::audit(&self.onlookers, scope, before, limit).await
    }
}

#[async_trait]
impl StaffBook for SqliteStore {
    async fn change_staff(&self, change: StaffChange, by: By, at: Millis) -> Result<(), StaffError> {
        self.writer.ask(|reply| Command::Staff { change: Box::new(change), by, at, reply }).await?
    }

    async fn account_named(&self, name: &LoginName) -> Result<Option<Account>, StoreError> {
        staff_read::account_named(&self.readers, name).await
    }

    async fn account(&self, scope: &Scope, id: StaffId) -> Result<Option<Account>, StoreError> {
        staff_read::account(&self.readers, scope, id).await
    }

    async fn accounts(&self, scope: &Scope) -> Result<Vec<(Account, Option<Presence>)>, StoreError> {
        staff_read::accounts(&self.onlookers, scope).await
    }

    async fn session(
        &self,
        token_sha256: &str,
        began_after: Millis,
        seen_after: Millis,
    ) -> Result<Option<StaffSession>, StoreError> {
        staff_read::session(&self.readers, token_sha256, began_after, seen_after).await
    }

    async fn saw_session(&self, token_sha256: &str, at: Millis) -> Result<(), StoreError> {
        self.writer.ask(|reply| Command::SawSession { token_sha256: token_sha256.to_owned(), at, reply }).await?
    }
}
