//! Figures of days, which triggers keep (migration 0005), and what needs a person, which partial indexes hold ready.

use sqlx::SqlitePool;

use super::super::readable;
use super::failed;
use super::list::LineRow;
use super::story::{NotificationRow, notifications_query};
use crate::domain::{AccessId, JapanDay, Malformed, Millis, OrderId, Scope, ShopId};
use crate::store::StoreError;
use crate::store::overview::{
    Attention, Few, NotificationLine, OpenOperation, OverviewError, Tally, TallyOf, TransactionLine,
};

/// The most days of one question.
const DAYS_MAX: i64 = 366;
/// How many of each are shown.
const FIRST: i64 = 10;
/// An effect that has had no outcome for so long is for a person to know of; until then it is on its way.
const UNKNOWN_MS: i64 = 60_000;
/// Amazon keeps an authorisation for 30 days (amazon-pay 2.5).
const AUTHORISATION_MS: i64 = 30 * DAY_MS;
/// So long before its end it is shown.
const EXPIRING_MS: i64 = 3 * DAY_MS;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How many open effects are looked through for one shop's: in an outage of Amazon there may be many.
const OPEN_MAX: i64 = 10_000;

pub(super) const TALLIES_OF_ALL: &str = "SELECT day, kind, name, sum(count), sum(sum) FROM tallies
     WHERE day BETWEEN ?1 AND ?2 AND ?3 IS NULL GROUP BY day, kind, name";
/// One step in the index for each day, however many shops there are.
pub(super) const TALLIES_OF_SHOP: &str = "WITH RECURSIVE d (day) AS (
         SELECT ?1 UNION ALL SELECT day + 1 FROM d WHERE day < ?2)
     SELECT t.day, t.kind, t.name, t.count, t.sum FROM d CROSS JOIN tallies t ON t.day = d.day AND t.shop_id = ?3";

pub(super) async fn tallies(
    pool: &SqlitePool,
    scope: &Scope,
    from: JapanDay,
    to: JapanDay,
) -> Result<Vec<Tally>, OverviewError> {
    let to = to.min(from.plus(DAYS_MAX - 1));
    let sql = if scope.shop().is_some() { TALLIES_OF_SHOP } else { TALLIES_OF_ALL };
    let rows: Vec<(i64, String, String, i64, i64)> = sqlx::query_as(sql)
        .bind(from.0)
        .bind(to.0)
        .bind(scope.shop().map(ShopId::as_str))
        .fetch_all(pool)
        .await
        .map_err(|error| failed(&error))?;
    let tally = |(day, kind, name, count, sum): (i64, String, String, i64, i64)| {
        let of = TallyOf::of_words(&kind, &name).ok_or_else(|| StoreError(format!("a tally of {kind} {name}")))?;
        Ok(Tally { day: JapanDay(day), of, count, sum })
    };
    Ok(readable(rows.into_iter().map(tally)))
}

pub(super) async fn attention(pool: &SqlitePool, scope: &Scope, now: Millis) -> Result<Attention, OverviewError> {
    let shop = scope.shop().map(ShopId::as_str);
    let found = async {
        Ok(Attention {
            given_up: given_up(pool, shop).await?,
            unknown: unknown(pool, shop, now).await?,
            expiring: expiring(pool, shop, now).await?,
        })
    };
    found.await.map_err(|error: sqlx::Error| failed(&error))
}

pub(super) const COUNT_GIVEN_UP: [&str; 2] = [
    "SELECT count(*) FROM (SELECT 1 FROM notifications n INDEXED BY notifications_by_state
         WHERE n.state = 'GIVEN_UP' AND ?1 IS NULL LIMIT ?2)",
    "SELECT count(*) FROM (SELECT 1 FROM notifications n INDEXED BY notifications_given_up
         WHERE n.state = 'GIVEN_UP' AND n.shop_id = ?1 LIMIT ?2)",
];

async fn given_up(pool: &SqlitePool, shop: Option<&str>) -> Result<Few<NotificationLine>, sqlx::Error> {
    let mut list = notifications_query(shop, Some("GIVEN_UP"), None, FIRST);
    let rows: Vec<NotificationRow> = list.build_query_as().fetch_all(pool).await?;
    let count = count(pool, COUNT_GIVEN_UP[usize::from(shop.is_some())], shop).await?;
    Ok(Few { first: readable(rows.into_iter().map(NotificationRow::read)), count })
}

async fn count(pool: &SqlitePool, sql: &'static str, shop: Option<&str>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(sql).bind(shop).bind(Few::<()>::COUNT_MAX).fetch_one(pool).await
}

pub(super) const UNKNOWN: &str =
    "SELECT unended.access_id, t.order_id, t.shop_id, unended.effect ->> 'operation' AS name,
         unended.started_at, unended.looks, count(*) OVER () AS count
     FROM (SELECT access_id, effect, started_at, looks FROM operations INDEXED BY operations_to_look_at
           WHERE verdict IS NULL AND look_at > 0 LIMIT ?3) AS unended
     CROSS JOIN transactions t ON t.access_id = unended.access_id
     WHERE unended.started_at <= ?2 AND (?1 IS NULL OR t.shop_id = ?1)
     ORDER BY unended.started_at LIMIT ?4";

#[derive(sqlx::FromRow)]
struct OpenRow {
    access_id: String,
    order_id: String,
    shop_id: String,
    name: String,
    started_at: i64,
    looks: i64,
    count: i64,
}

async fn unknown(pool: &SqlitePool, shop: Option<&str>, now: Millis) -> Result<Few<OpenOperation>, sqlx::Error> {
    let rows: Vec<OpenRow> = sqlx::query_as(UNKNOWN)
        .bind(shop)
        .bind(now.plus(-UNKNOWN_MS).0)
        .bind(OPEN_MAX)
        .bind(FIRST)
        .fetch_all(pool)
        .await?;
    let count = rows.first().map_or(0, |row| row.count.min(Few::<()>::COUNT_MAX));
    let read = |row: OpenRow| -> Result<OpenOperation, Malformed> {
        Ok(OpenOperation {
            access_id: AccessId::new(row.access_id)?,
            order_id: OrderId::new(row.order_id)?,
            shop_id: ShopId::new(row.shop_id)?,
            name: row.name,
            started_at: Millis(row.started_at),
            looks: row.looks,
        })
    };
    let first = readable(rows.into_iter().map(|row| read(row).map_err(|error| StoreError(error.to_string()))));
    Ok(Few { first, count })
}

/// For all shops, and for one.
pub(super) const EXPIRING: [&str; 2] = [
    "FROM transactions t INDEXED BY authorisations_by_age
     WHERE t.status = 'AUTH' AND t.sale_amount IS NULL AND t.authorized_at BETWEEN ?2 AND ?3 AND ?1 IS NULL",
    "FROM transactions t INDEXED BY authorisations_of_shop_by_age
     WHERE t.status = 'AUTH' AND t.sale_amount IS NULL AND t.authorized_at BETWEEN ?2 AND ?3 AND t.shop_id = ?1",
];

async fn expiring(pool: &SqlitePool, shop: Option<&str>, now: Millis) -> Result<Few<TransactionLine>, sqlx::Error> {
    let from = EXPIRING[usize::from(shop.is_some())];
    let columns = super::list::COLUMNS;
    let list = format!(
        "SELECT {columns}, t.authorized_at AS k, t.rowid AS n {from} ORDER BY t.authorized_at, t.rowid LIMIT {FIRST}"
    );
    let max = Few::<()>::COUNT_MAX;
    let (oldest, newest) = (now.plus(-AUTHORISATION_MS).0, now.plus(EXPIRING_MS - AUTHORISATION_MS).0);
    let rows: Vec<LineRow> =
        sqlx::query_as(sqlx::AssertSqlSafe(list)).bind(shop).bind(oldest).bind(newest).fetch_all(pool).await?;
    let count = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM (SELECT 1 {from} LIMIT {max})")))
        .bind(shop)
        .bind(oldest)
        .bind(newest)
        .fetch_one(pool)
        .await?;
    Ok(Few { first: readable(rows.into_iter().map(LineRow::read)), count })
}
