//! Lists of transactions: a page is a few rows along an index, or the few rows that another index leaves.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqlitePool};

use super::super::readable;
use super::failed;
use super::plan::{Condition, Driver, Order, along, conditions, narrowing, push_after, push_seen};
use crate::domain::{
    AccessId, ChargePermissionId, JobCd, Malformed, Millis, Money, OrderId, Scope, ShopId, Status, Yen,
};
use crate::store::StoreError;
use crate::store::overview::{Counted, Cursor, OverviewError, Page, ROWS_MAX, Search, Sort, TransactionLine};

/// As many rows are sorted at once, rather than walked along.
pub(super) const FEW: i64 = 2000;
/// How many rows a page looks at, stretch by stretch: where many fit, the first one is enough.
const STRETCHES: [i64; 4] = [500, 2000, 7500, 10_000];
/// How many are counted along an index that knows every condition, and where each row has to be looked at.
const COUNT_MAX: i64 = 1_000_000;
const COUNT_LOOKED_AT_MAX: i64 = 200_000;

pub(super) const COLUMNS: &str = "t.access_id, t.shop_id, t.order_id, t.status, t.job_cd, t.amount, t.tax, \
    t.cancel_amount, t.cancel_tax, t.created_at, t.processed_at, t.authorized_at, t.charge_permission_id, t.err_info";

#[derive(Debug, sqlx::FromRow)]
pub(super) struct LineRow {
    access_id: String,
    shop_id: String,
    order_id: String,
    status: String,
    job_cd: String,
    amount: i64,
    tax: i64,
    cancel_amount: i64,
    cancel_tax: i64,
    created_at: i64,
    processed_at: i64,
    authorized_at: Option<i64>,
    charge_permission_id: Option<String>,
    err_info: Option<String>,
    k: i64,
    n: i64,
}

impl LineRow {
    const fn place(&self) -> Cursor {
        Cursor { key: self.k, row: self.n }
    }

    pub(super) fn read(self) -> Result<TransactionLine, StoreError> {
        let access_id = self.access_id.clone();
        self.try_read().map_err(|error| StoreError(format!("the row of transaction {access_id}: {error}")))
    }

    fn try_read(self) -> Result<TransactionLine, Malformed> {
        Ok(TransactionLine {
            access_id: AccessId::new(self.access_id)?,
            shop_id: ShopId::new(self.shop_id)?,
            order_id: OrderId::new(self.order_id)?,
            status: Status::parse(&self.status).ok_or(Malformed("status"))?,
            job: JobCd::parse(&self.job_cd).ok_or(Malformed("job"))?,
            money: money(self.amount, self.tax)?,
            cancelled: money(self.cancel_amount, self.cancel_tax)?,
            created_at: Millis(self.created_at),
            processed_at: Millis(self.processed_at),
            authorized_at: self.authorized_at.map(Millis),
            permission: self.charge_permission_id.map(ChargePermissionId::new).transpose()?,
            err_info: self.err_info,
        })
    }
}

fn money(amount: i64, tax: i64) -> Result<Money, Malformed> {
    Yen::new(amount).zip(Yen::new(tax)).and_then(|(amount, tax)| Money::new(amount, tax)).ok_or(Malformed("amount"))
}

/// A page of at most `limit` rows, out of rows of which one more was asked for.
pub(super) fn page(mut rows: Vec<LineRow>, limit: u32) -> Page<TransactionLine> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(LineRow::place) } else { None };
    Page { rows: readable(rows.into_iter().map(LineRow::read)), next, cut_short: false }
}

pub(super) async fn search(
    pool: &SqlitePool,
    (scope, search, sort): (&Scope, &Search, Sort),
    after: Option<Cursor>,
    limit: u32,
) -> Result<Page<TransactionLine>, OverviewError> {
    let limit = limit.clamp(1, ROWS_MAX);
    let (conditions, order) = (conditions(scope, search), Order::of(sort));
    let found = async {
        // One view of the book for all steps of a page. It is short, so it keeps no log from being written back.
        let mut view = pool.begin().await?;
        let found = match choose(&mut view, (scope, search, sort), &conditions).await? {
            Choice::Few(driver) => {
                let mut query = few((driver, order), &conditions, after, limit);
                page(query.build_query_as().fetch_all(&mut *view).await?, limit)
            }
            Choice::Along(driver) => walk(&mut view, (driver, order), &conditions, after, limit).await?,
        };
        view.rollback().await?;
        Ok(found)
    };
    found.await.map_err(|error: sqlx::Error| failed(&error))
}

pub(super) async fn consents(
    pool: &SqlitePool,
    scope: &Scope,
    after: Option<Cursor>,
    limit: u32,
) -> Result<Page<TransactionLine>, OverviewError> {
    let limit = limit.clamp(1, ROWS_MAX);
    let (driver, conditions) = super::plan::consents(scope);
    let mut query = stretch((driver, Order::NEWEST), &conditions, after, i64::from(limit) + 1, limit);
    let rows = query.build_query_as().fetch_all(pool).await.map_err(|error| failed(&error))?;
    Ok(page(rows, limit))
}

pub(super) enum Choice {
    /// Few rows are left by this index.
    Few(Driver),
    /// None leaves few; this one has the order.
    Along(Driver),
}

pub(super) async fn choose(
    view: &mut SqliteConnection,
    (scope, search, sort): (&Scope, &Search, Sort),
    conditions: &[Condition<'_>],
) -> Result<Choice, sqlx::Error> {
    let along = along(scope, search, sort);
    if conditions.iter().all(|it| along.knows(it)) {
        return Ok(Choice::Along(along));
    }
    for driver in narrowing(scope, search, sort) {
        let left: i64 = probe(driver, conditions).build_query_scalar().fetch_one(&mut *view).await?;
        if left <= FEW {
            return Ok(Choice::Few(driver));
        }
    }
    Ok(Choice::Along(along))
}

/// How many rows an index leaves, counted to one more than few.
pub(super) fn probe(driver: Driver, conditions: &[Condition<'_>]) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT 1 FROM ");
    driver.push_table(&mut query);
    query.push(" WHERE true");
    for it in conditions.iter().filter(|it| driver.knows(it)) {
        it.push(&mut query);
    }
    query.push(" LIMIT ").push_bind(FEW + 1).push(")");
    query
}

/// The page out of few rows.
pub(super) fn few(
    (driver, order): (Driver, Order),
    conditions: &[Condition<'_>],
    after: Option<Cursor>,
    limit: u32,
) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(", ").push(order.key).push(" AS k, t.rowid AS n FROM ");
    driver.push_table(&mut query);
    query.push(" WHERE true");
    for it in conditions {
        it.push(&mut query);
    }
    push_after(&mut query, order, after);
    push_end(&mut query, order, limit);
    query
}

fn push_end(query: &mut QueryBuilder<Sqlite>, order: Order, limit: u32) {
    let direction = order.direction();
    query.push(" ORDER BY k ").push(direction).push(", n ").push(direction);
    query.push(" LIMIT ").push_bind(i64::from(limit) + 1);
}

/// Goes along an index until the page is full or enough was looked at.
async fn walk(
    view: &mut SqliteConnection,
    by: (Driver, Order),
    conditions: &[Condition<'_>],
    mut after: Option<Cursor>,
    limit: u32,
) -> Result<Page<TransactionLine>, sqlx::Error> {
    if conditions.iter().all(|it| by.0.knows(it)) {
        let rows = stretch(by, conditions, after, i64::from(limit) + 1, limit).build_query_as().fetch_all(view).await?;
        return Ok(page(rows, limit));
    }
    let mut rows: Vec<LineRow> = Vec::new();
    for length in STRETCHES {
        let want = limit - u32::try_from(rows.len()).unwrap_or(limit);
        rows.extend(stretch(by, conditions, after, length, want).build_query_as().fetch_all(&mut *view).await?);
        if rows.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
            return Ok(page(rows, limit));
        }
        let mut last = last(by, conditions, after, length);
        match last.build_query_as::<(i64, i64, i64)>().fetch_optional(&mut *view).await? {
            Some((key, row, seen)) if seen == length => after = Some(Cursor { key, row }),
            // The end of the list.
            _ => return Ok(page(rows, limit)),
        }
    }
    Ok(Page { next: after, cut_short: true, ..page(rows, limit) })
}

/// What fits among the next `length` rows along an index, one more than `want` at most.
pub(super) fn stretch(
    (driver, order): (Driver, Order),
    conditions: &[Condition<'_>],
    after: Option<Cursor>,
    length: i64,
    want: u32,
) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("");
    push_seen(&mut query, (driver, order), conditions, after, length);
    query.push("SELECT ").push(COLUMNS).push(", k, n FROM seen CROSS JOIN transactions AS t ON t.rowid = n WHERE true");
    for it in conditions.iter().filter(|it| !driver.knows(it)) {
        it.push(&mut query);
    }
    push_end(&mut query, order, want);
    query
}

/// Where that stretch ends, and how long it is.
pub(super) fn last(
    by: (Driver, Order),
    conditions: &[Condition<'_>],
    after: Option<Cursor>,
    length: i64,
) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("");
    push_seen(&mut query, by, conditions, after, length);
    let reverse = by.1.reverse();
    query.push("SELECT k, n, (SELECT count(*) FROM seen) FROM seen ORDER BY k ").push(reverse);
    query.push(", n ").push(reverse).push(" LIMIT 1");
    query
}

pub(super) async fn count(pool: &SqlitePool, scope: &Scope, search: &Search) -> Result<Counted, OverviewError> {
    let conditions = conditions(scope, search);
    let counted = async {
        let mut view = pool.begin().await?;
        let choice = choose(&mut view, (scope, search, Sort::Newest), &conditions).await?;
        let (driver, looked_at_max) = match choice {
            Choice::Few(driver) => (driver, FEW),
            Choice::Along(driver) if conditions.iter().all(|it| driver.knows(it)) => (driver, COUNT_MAX),
            Choice::Along(driver) => (driver, COUNT_LOOKED_AT_MAX),
        };
        let sum: (i64, i64) = tally(driver, &conditions, looked_at_max).build_query_as().fetch_one(&mut *view).await?;
        view.rollback().await?;
        Ok((sum, looked_at_max))
    };
    let ((found, looked_at), max) = counted.await.map_err(|error: sqlx::Error| failed(&error))?;
    Ok(Counted { found: u64::try_from(found).unwrap_or_default(), all: looked_at <= max })
}

/// How many rows fit, and how many were looked at: one more than `looked_at_max` where there are more.
pub(super) fn tally(driver: Driver, conditions: &[Condition<'_>], looked_at_max: i64) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT coalesce(sum(fits), 0), count(*) FROM (SELECT true");
    for it in conditions.iter().filter(|it| !driver.knows(it)) {
        it.push(&mut query);
    }
    query.push(" AS fits FROM ");
    driver.push_table(&mut query);
    query.push(" WHERE true");
    for it in conditions.iter().filter(|it| driver.knows(it)) {
        it.push(&mut query);
    }
    query.push(" LIMIT ").push_bind(looked_at_max + 1).push(")");
    query
}
