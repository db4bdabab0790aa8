//! Accounts, sessions and the audit log in SQLite. A change is judged and written inside one database transaction, so what
//! it was judged by still holds when it is written, also beside an operator's command in another process.

use sqlx::{SqliteConnection, SqlitePool};

use super::batch::{begin, end};
use super::failed;
use crate::domain::{LoginName, Millis, Role, Scope, ShopId, StaffId};
use crate::store::StoreError;
use crate::store::staff::{
    Account, AuditEntry, AuditRecord, By, NewAccount, Presence, SESSIONS_MAX, STAFF_MAX, StaffChange, StaffError,
    StaffSession,
};

/// What a change came to inside its database transaction.
type Judged<T> = Result<T, Stop>;

/// Why a change is not made.
enum Stop {
    /// By its own rules.
    Refused(StaffError),
    /// By the database.
    Broken(sqlx::Error),
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Broken(error)
    }
}

/// Makes `change` and writes its line in the audit log.
pub(super) async fn change(
    connection: &mut SqliteConnection,
    change: &StaffChange,
    by: &By,
    at: Millis,
) -> Result<(), StaffError> {
    let broken = |error: sqlx::Error| StaffError::Unavailable(failed(&error));
    begin(connection).await.map_err(broken)?;
    match change_and_tell(connection, change, by, at).await {
        Ok(()) => end(connection, Ok(())).await.map_err(broken),
        Err(Stop::Broken(error)) => end(connection, Err(error)).await.map_err(broken),
        Err(Stop::Refused(why)) => {
            // Rolled back by way of an error that nobody is shown.
            let _ = end::<()>(connection, Err(sqlx::Error::RowNotFound)).await;
            Err(why)
        }
    }
}

async fn change_and_tell(tx: &mut SqliteConnection, change: &StaffChange, by: &By, at: Millis) -> Judged<()> {
    let before = match change.about() {
        Some(id) => Some(account_of(tx, id).await?.ok_or(Stop::Refused(StaffError::Unknown))?),
        None => None,
    };
    let id = write(tx, change, before.as_ref(), at).await?;
    let after = account_of(tx, id).await?.ok_or(Stop::Refused(StaffError::Unknown))?;
    let is_session =
        matches!(change, StaffChange::SignIn { .. } | StaffChange::SignOut(..) | StaffChange::EndSessions(_));
    let entry = AuditEntry {
        at,
        by: by.clone(),
        act: change.act(),
        shop: after.scope.shop().cloned(),
        subject: after.name.to_string(),
        before: before.filter(|_| !is_session).map(|account| account.told()),
        after: (!is_session).then(|| after.told()),
    };
    append(tx, &entry).await?;
    Ok(())
}

/// Writes the change itself; answers the number of the account that it is about.
async fn write(
    tx: &mut SqliteConnection,
    change: &StaffChange,
    before: Option<&Account>,
    at: Millis,
) -> Judged<StaffId> {
    let Some(before) = before else {
        let StaffChange::Add(account) = change else { return Err(Stop::Refused(StaffError::Unknown)) };
        return add(tx, account, at).await;
    };
    let id = before.id;
    match change {
        StaffChange::Add(account) => return add(tx, account, at).await,
        StaffChange::Role(_, role) => {
            sqlx::query("UPDATE staff SET role = ?2 WHERE id = ?1")
                .bind(id.0)
                .bind(role.as_str())
                .execute(&mut *tx)
                .await?;
            somebody_is_left(tx).await?;
        }
        StaffChange::Disable(_) => {
            let sql = "UPDATE staff SET disabled_at = coalesce(disabled_at, ?2) WHERE id = ?1";
            sqlx::query(sql).bind(id.0).bind(at.0).execute(&mut *tx).await?;
            end_sessions(tx, id, None).await?;
            somebody_is_left(tx).await?;
        }
        StaffChange::Enable(_) => {
            sqlx::query("UPDATE staff SET disabled_at = NULL WHERE id = ?1").bind(id.0).execute(tx).await?;
        }
        StaffChange::Password { password_hash, keep, .. } => {
            let sql = "UPDATE staff SET password_hash = ?2 WHERE id = ?1";
            sqlx::query(sql).bind(id.0).bind(password_hash).execute(&mut *tx).await?;
            end_sessions(tx, id, keep.as_deref()).await?;
        }
        StaffChange::AddFactor(_, salt, step) => {
            let sql = "UPDATE staff SET factor_salt = ?2, factor_step = ?3 WHERE id = ?1";
            sqlx::query(sql).bind(id.0).bind(salt).bind(step).execute(tx).await?;
        }
        StaffChange::DropFactor(_) => {
            let sql = "UPDATE staff SET factor_salt = NULL, factor_step = NULL WHERE id = ?1";
            sqlx::query(sql).bind(id.0).execute(tx).await?;
        }
        StaffChange::SignIn { token_sha256, step, .. } => sign_in(tx, before, token_sha256, *step, at).await?,
        StaffChange::SignOut(_, token_sha256) => {
            let sql = "DELETE FROM staff_sessions WHERE token_sha256 = ?1 AND staff_id = ?2";
            sqlx::query(sql).bind(token_sha256).bind(id.0).execute(tx).await?;
        }
        StaffChange::EndSessions(_) => end_sessions(tx, id, None).await?,
    }
    Ok(id)
}

async fn add(tx: &mut SqliteConnection, account: &NewAccount, at: Millis) -> Judged<StaffId> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM staff").fetch_one(&mut *tx).await?;
    if usize::try_from(count).is_ok_and(|count| count >= STAFF_MAX) {
        return Err(Stop::Refused(StaffError::TooMany));
    }
    let id: Option<i64> = sqlx::query_scalar(
        "INSERT INTO staff (name, shop_id, role, password_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (name) DO NOTHING RETURNING id",
    )
    .bind(account.name.as_str())
    .bind(account.scope.shop().map(ShopId::as_str))
    .bind(account.role.as_str())
    .bind(&account.password_hash)
    .bind(at.0)
    .fetch_optional(tx)
    .await?;
    id.map(StaffId).ok_or(Stop::Refused(StaffError::NameTaken))
}

/// Lets `account` in, unless it is disabled or its code was used meanwhile.
async fn sign_in(
    tx: &mut SqliteConnection,
    account: &Account,
    token_sha256: &str,
    step: Option<i64>,
    at: Millis,
) -> Judged<()> {
    if account.disabled_at.is_some() {
        return Err(Stop::Refused(StaffError::Disabled));
    }
    if let Some(step) = step {
        if account.factor_step.is_some_and(|used| used >= step) {
            return Err(Stop::Refused(StaffError::CodeUsed));
        }
        let sql = "UPDATE staff SET factor_step = ?2 WHERE id = ?1 AND factor_salt IS NOT NULL";
        sqlx::query(sql).bind(account.id.0).bind(step).execute(&mut *tx).await?;
    }
    sqlx::query("INSERT INTO staff_sessions (token_sha256, staff_id, began_at, seen_at) VALUES (?1, ?2, ?3, ?3)")
        .bind(token_sha256)
        .bind(account.id.0)
        .bind(at.0)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "DELETE FROM staff_sessions WHERE staff_id = ?1 AND token_sha256 NOT IN (
             SELECT token_sha256 FROM staff_sessions WHERE staff_id = ?1 ORDER BY began_at DESC, token_sha256 = ?3 DESC LIMIT ?2)",
    )
    .bind(account.id.0)
    .bind(i64::try_from(SESSIONS_MAX).unwrap_or(i64::MAX))
    .bind(token_sha256)
    .execute(tx)
    .await?;
    Ok(())
}

async fn end_sessions(tx: &mut SqliteConnection, id: StaffId, keep: Option<&str>) -> Result<(), sqlx::Error> {
    let sql = "DELETE FROM staff_sessions WHERE staff_id = ?1 AND token_sha256 IS NOT ?2";
    sqlx::query(sql).bind(id.0).bind(keep).execute(tx).await.map(|_| ())
}

/// Refuses to leave the gateway without an operator who administers.
async fn somebody_is_left(tx: &mut SqliteConnection) -> Judged<()> {
    let left: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM staff WHERE shop_id IS NULL AND role = 'administer' AND disabled_at IS NULL)",
    )
    .fetch_one(tx)
    .await?;
    if left { Ok(()) } else { Err(Stop::Refused(StaffError::LastAdministrator)) }
}

/// Adds a line to the audit log.
pub(super) async fn append(connection: &mut SqliteConnection, entry: &AuditEntry) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO audit (at, staff_id, who, address, act, shop_id, subject, before, after)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )
    .bind(entry.at.0)
    .bind(entry.by.id.map(|id| id.0))
    .bind(&entry.by.name)
    .bind(entry.by.address.map(|address| address.to_string()))
    .bind(entry.act)
    .bind(entry.shop.as_ref().map(ShopId::as_str))
    .bind(&entry.subject)
    .bind(entry.before.as_ref().map(ToString::to_string))
    .bind(entry.after.as_ref().map(ToString::to_string))
    .execute(connection)
    .await
    .map(|_| ())
}

/// Notes that a session was seen.
pub(super) async fn saw(connection: &mut SqliteConnection, token_sha256: &str, at: Millis) -> Result<(), sqlx::Error> {
    let sql = "UPDATE staff_sessions SET seen_at = ?2 WHERE token_sha256 = ?1 AND seen_at < ?2";
    sqlx::query(sql).bind(token_sha256).bind(at.0).execute(connection).await.map(|_| ())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    name: String,
    shop_id: Option<String>,
    role: String,
    password_hash: String,
    factor_salt: Option<String>,
    factor_step: Option<i64>,
    disabled_at: Option<i64>,
    created_at: i64,
}

impl Row {
    fn read(self) -> Result<Account, StoreError> {
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
            created_at: Millis(self.created_at),
        })
    }
}

async fn account_of(tx: &mut SqliteConnection, id: StaffId) -> Judged<Option<Account>> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM staff WHERE id = ?1").bind(id.0).fetch_optional(tx).await?;
    row.map(Row::read).transpose().map_err(|error| Stop::Refused(error.into()))
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
