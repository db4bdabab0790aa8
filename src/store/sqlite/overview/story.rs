//! What one transaction went through, and notifications.

use sqlx::{QueryBuilder, Sqlite, SqlitePool};

use super::super::{notes, outbox, readable};
use super::failed;
use crate::domain::{AccessId, Malformed, Millis, OrderId, Scope, ShopId, Status, Verdict, Yen};
use crate::store::StoreError;
use crate::store::overview::{
    Cursor, JournalLine, NotificationLine, NotificationSeen, NotificationState, OperationLine, OverviewError, Page,
    ROWS_MAX, STORY_MAX, Timeline,
};

#[derive(sqlx::FromRow)]
struct JournalRow {
    at: i64,
    event: String,
    version: i64,
    status_from: Option<String>,
    status_to: String,
    amount: i64,
    tax: i64,
}

impl JournalRow {
    fn read(self) -> Result<JournalLine, StoreError> {
        let status = |word: &str| Status::parse(word).ok_or_else(|| StoreError(format!("a journal's status {word}")));
        let yen = |amount| Yen::new(amount).ok_or_else(|| StoreError(format!("a journal's amount {amount}")));
        Ok(JournalLine {
            at: Millis(self.at),
            event: self.event,
            version: self.version,
            from: self.status_from.as_deref().map(status).transpose()?,
            to: status(&self.status_to)?,
            amount: yen(self.amount)?,
            tax: yen(self.tax)?,
        })
    }
}

#[derive(sqlx::FromRow)]
struct OperationRow {
    idempotency_key: String,
    effect: String,
    started_at: i64,
    looks: i64,
    verdict: Option<String>,
    evidence: Option<String>,
    request_id: Option<String>,
    finished_at: Option<i64>,
}

impl OperationRow {
    fn read(self) -> Result<OperationLine, StoreError> {
        let effect = serde_json::from_str(&self.effect)
            .map_err(|error| StoreError(format!("operation {}: {error}", self.idempotency_key)))?;
        let verdict =
            self.verdict.map(|word| if word == Verdict::Done.word() { Verdict::Done } else { Verdict::NotDone });
        Ok(OperationLine {
            key: self.idempotency_key,
            effect,
            started_at: Millis(self.started_at),
            looks: self.looks,
            verdict,
            evidence: self.evidence,
            request_id: self.request_id,
            finished_at: self.finished_at.map(Millis),
        })
    }
}

/// The story of a transaction that is known to be in scope.
pub(super) async fn timeline(pool: &SqlitePool, access_id: &AccessId) -> Result<Timeline, OverviewError> {
    let journal: Vec<JournalRow> = sqlx::query_as(
        "SELECT at, event, version, status_from, status_to, amount, tax FROM journal
         WHERE access_id = ?1 ORDER BY id LIMIT ?2",
    )
    .bind(access_id.as_str())
    .bind(STORY_MAX)
    .fetch_all(pool)
    .await
    .map_err(|error| failed(&error))?;
    let operations: Vec<OperationRow> = sqlx::query_as(
        "SELECT idempotency_key, effect, started_at, looks, verdict, evidence, request_id, finished_at FROM operations
         WHERE access_id = ?1 ORDER BY started_at, rowid LIMIT ?2",
    )
    .bind(access_id.as_str())
    .bind(STORY_MAX)
    .fetch_all(pool)
    .await
    .map_err(|error| failed(&error))?;
    Ok(Timeline {
        calls: notes::calls_of(pool, access_id).await?,
        exchanges: notes::exchanges_of(pool, access_id).await?,
        journal: readable(journal.into_iter().map(JournalRow::read)),
        operations: readable(operations.into_iter().map(OperationRow::read)),
        notifications: notifications_of(pool, access_id).await?,
    })
}

async fn notifications_of(pool: &SqlitePool, access_id: &AccessId) -> Result<Vec<NotificationSeen>, OverviewError> {
    let sql = format!(
        "SELECT {NOTIFICATION_COLUMNS}, n.url, n.body FROM notifications n
         JOIN transactions t ON t.access_id = n.access_id
         WHERE n.access_id = ?1 ORDER BY n.rowid LIMIT ?2"
    );
    let rows: Vec<WholeRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(access_id.as_str())
        .bind(STORY_MAX)
        .fetch_all(pool)
        .await
        .map_err(|error| failed(&error))?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        all.push(row.with_attempts(pool).await?);
    }
    Ok(all)
}

pub(super) const NOTIFICATION_COLUMNS: &str =
    "n.id, n.access_id, t.order_id, n.shop_id, n.created_at, n.state, n.attempts, n.next_at, n.behind, n.rowid AS row";

#[derive(sqlx::FromRow)]
pub(super) struct NotificationRow {
    id: String,
    access_id: String,
    order_id: String,
    shop_id: String,
    created_at: i64,
    state: String,
    attempts: i64,
    next_at: Option<i64>,
    behind: bool,
    row: i64,
}

impl NotificationRow {
    pub(super) fn read(self) -> Result<NotificationLine, StoreError> {
        let id = self.id.clone();
        self.try_read().map_err(|error| StoreError(format!("notification {id}: {error}")))
    }

    fn try_read(self) -> Result<NotificationLine, Malformed> {
        Ok(NotificationLine {
            id: self.id,
            access_id: AccessId::new(self.access_id)?,
            order_id: OrderId::new(self.order_id)?,
            shop_id: ShopId::new(self.shop_id)?,
            created_at: Millis(self.created_at),
            state: NotificationState::of_word(&self.state).ok_or(Malformed("state"))?,
            attempts: self.attempts,
            next_at: self.next_at.map(Millis),
            behind: self.behind,
        })
    }
}

#[derive(sqlx::FromRow)]
struct WholeRow {
    #[sqlx(flatten)]
    line: NotificationRow,
    url: String,
    body: String,
}

impl WholeRow {
    async fn with_attempts(self, pool: &SqlitePool) -> Result<NotificationSeen, OverviewError> {
        let attempts = outbox::attempts_of(pool, &self.line.id).await?;
        Ok(NotificationSeen { line: self.line.read()?, url: self.url, body: self.body, attempts })
    }
}

/// Notifications along the index that fits, the newest first. Every index ends with the rowid, which is their order.
pub(super) fn notifications_query(
    shop: Option<&str>,
    state: Option<&str>,
    after: Option<Cursor>,
    rows: i64,
) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(NOTIFICATION_COLUMNS).push(" FROM notifications n");
    query.push(match (shop, state) {
        (None, None) => " NOT INDEXED",
        (None, Some(_)) => " INDEXED BY notifications_by_state",
        (Some(_), None) => " INDEXED BY notifications_of_shop",
        (Some(_), Some(_)) => " INDEXED BY notifications_of_shop_by_state",
    });
    query.push(" CROSS JOIN transactions t ON t.access_id = n.access_id WHERE true");
    if let Some(shop) = shop {
        query.push(" AND n.shop_id = ").push_bind(shop.to_owned());
    }
    if let Some(state) = state {
        query.push(" AND n.state = ").push_bind(state.to_owned());
    }
    if let Some(after) = after {
        query.push(" AND n.rowid < ").push_bind(after.row);
    }
    query.push(" ORDER BY n.rowid DESC LIMIT ").push_bind(rows);
    query
}

pub(super) async fn notifications(
    pool: &SqlitePool,
    scope: &Scope,
    state: Option<NotificationState>,
    after: Option<Cursor>,
    limit: u32,
) -> Result<Page<NotificationLine>, OverviewError> {
    let limit = limit.clamp(1, ROWS_MAX);
    let shop = scope.shop().map(ShopId::as_str);
    let mut query = notifications_query(shop, state.map(NotificationState::word), after, i64::from(limit) + 1);
    let mut rows: Vec<NotificationRow> =
        query.build_query_as().fetch_all(pool).await.map_err(|error| failed(&error))?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    rows.truncate(most);
    let next = rows.last().filter(|_| more).map(|row| Cursor { key: 0, row: row.row });
    Ok(Page { rows: readable(rows.into_iter().map(NotificationRow::read)), next, cut_short: false })
}

pub(super) async fn notification(
    pool: &SqlitePool,
    scope: &Scope,
    id: &str,
) -> Result<Option<NotificationSeen>, OverviewError> {
    let sql = format!(
        "SELECT {NOTIFICATION_COLUMNS}, n.url, n.body FROM notifications n
         JOIN transactions t ON t.access_id = n.access_id WHERE n.id = ?1"
    );
    let row: Option<WholeRow> =
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(pool).await.map_err(|error| failed(&error))?;
    let Some(row) = row else { return Ok(None) };
    let seen = row.with_attempts(pool).await?;
    Ok(scope.sees(&seen.line.shop_id).then_some(seen))
}
