//! What is asked about accounts, sessions and the audit log.

use sqlx::SqlitePool;

use super::failed;
use crate::domain::{LoginName, Millis, Role, Scope, ShopId, StaffId};
use crate::store::StoreError;
use crate::store::staff::{Account, AuditRecord, Presence, StaffSession};

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: i64,
    name: String,
    shop_id: Option<String>,
    role: String,
    password_hash: String,
    factor_salt: Option<String>,
    factor_step: Option<i64>,
    disabled_at: Option<i64>,
    disabled_by_operator: bool,
    created_at: i64,
}

impl Row {
    pub(super) fn read(self) -> Result<Account, StoreError> {
        let wrong = |what: &str| StoreError(format!("account {}: its {what} cannot be read", self.id));
        let shop = self.shop_id.map(ShopId::new).transpose().map_err(|_| wrong("shop"))?;
        Ok(Account {
            id: StaffId(self.id),
            name: LoginName::new(&self.name).map_err(|_| wrong("name"))?,
            scope: shop.map_or(Scope::EveryShop, Scope::Shop),
            role: Role::of(&self.role).ok_or_else(|| wrong("role"))?,
            password_hash: self.password_hash,
            factor_salt: self.factor_salt,
            factor_step: self.factor_step,
            disabled_at: self.disabled_at.map(Millis),
            disabled_by_operator: self.disabled_by_operator,
            created_at: Millis(self.created_at),
        })
    }
}

pub(super) async fn account_named(pool: &SqlitePool, name: &LoginName) -> Result<Option<Account>, StoreError> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM staff WHERE name = ?1")
        .bind(name.as_str())
        .fetch_optional(pool)
        .await
        .map_err(|error| failed(&error))?;
    row.map(Row::read).transpose()
}

pub(super) async fn account(pool: &SqlitePool, scope: &Scope, id: StaffId) -> Result<Option<Account>, StoreError> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM staff WHERE id = ?1 AND (?2 IS NULL OR shop_id = ?2)")
        .bind(id.0)
        .bind(scope.shop().map(ShopId::as_str))
        .fetch_optional(pool)
        .await
        .map_err(|error| failed(&error))?;
    row.map(Row::read).transpose()
}

#[derive(sqlx::FromRow)]
struct PresentRow {
    #[sqlx(flatten)]
    account: Row,
    sessions: i64,
    seen_at: Option<i64>,
}

pub(super) async fn accounts(pool: &SqlitePool, scope: &Scope) -> Result<Vec<(Account, Option<Presence>)>, StoreError> {
    let rows: Vec<PresentRow> = sqlx::query_as(
        "SELECT staff.*, count(session.seen_at) AS sessions, max(session.seen_at) AS seen_at
         FROM staff LEFT JOIN staff_sessions session ON session.staff_id = staff.id
         WHERE ?1 IS NULL OR shop_id = ?1
         GROUP BY staff.id ORDER BY shop_id IS NOT NULL, shop_id, name",
    )
    .bind(scope.shop().map(ShopId::as_str))
    .fetch_all(pool)
    .await
    .map_err(|error| failed(&error))?;
    let read = |row: PresentRow| {
        let presence = row.seen_at.map(|at| Presence { sessions: row.sessions, seen_at: Millis(at) });
        Ok((row.account.read()?, presence))
    };
    rows.into_iter().map(read).collect()
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    #[sqlx(flatten)]
    account: Row,
    began_at: i64,
    seen_at: i64,
}

pub(super) async fn session(
    pool: &SqlitePool,
    token_sha256: &str,
    began_after: Millis,
    seen_after: Millis,
) -> Result<Option<StaffSession>, StoreError> {
    let row: Option<SessionRow> = sqlx::query_as(
        "SELECT staff.*, session.began_at, session.seen_at
         FROM staff_sessions session JOIN staff ON staff.id = session.staff_id
         WHERE token_sha256 = ?1 AND began_at > ?2 AND seen_at > ?3 AND disabled_at IS NULL",
    )
    .bind(token_sha256)
    .bind(began_after.0)
    .bind(seen_after.0)
    .fetch_optional(pool)
    .await
    .map_err(|error| failed(&error))?;
    let Some(row) = row else { return Ok(None) };
    let (began_at, seen_at) = (Millis(row.began_at), Millis(row.seen_at));
    Ok(Some(StaffSession { account: row.account.read()?, began_at, seen_at }))
}

#[derive(sqlx::FromRow)]
struct AuditRow {
    id: i64,
    at: i64,
    who: String,
    address: Option<String>,
    act: String,
    shop_id: Option<String>,
    subject: String,
    before: Option<String>,
    after: Option<String>,
}

pub(super) async fn audit(
    pool: &SqlitePool,
    scope: &Scope,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<AuditRecord>, StoreError> {
    // Two statements, so that each has its index: a shop's lines may be few among very many.
    let (before, shop) = (before.unwrap_or(i64::MAX), scope.shop().map(ShopId::as_str));
    let every = "SELECT * FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
    let of_shop = "SELECT * FROM audit WHERE id < ?1 AND shop_id = ?3 ORDER BY id DESC LIMIT ?2";
    let rows = match shop {
        None => sqlx::query_as::<_, AuditRow>(every).bind(before).bind(limit),
        Some(shop) => sqlx::query_as(of_shop).bind(before).bind(limit).bind(shop),
    };
    let rows = rows.fetch_all(pool).await.map_err(|error| failed(&error))?;
    let record = |row: AuditRow| AuditRecord {
        id: row.id,
        at: Millis(row.at),
        who: row.who,
        address: row.address,
        act: row.act,
        shop: row.shop_id,
        subject: row.subject,
        before: row.before,
        after: row.after,
    };
    Ok(rows.into_iter().map(record).collect())
}
