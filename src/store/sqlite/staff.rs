//! Accounts, sessions and the audit log in SQLite. A change is judged and written inside one database transaction, so what
//! it was judged by still holds when it is written, also beside an operator's command in another process.

use sqlx::SqliteConnection;

use super::batch::{begin, end};
use super::failed;
use super::staff_read::Row;
use crate::config::constant_time_eq;
use crate::domain::{Millis, Role, Scope, ShopId, StaffId};
use crate::store::staff::{Account, AuditEntry, By, NewAccount, SESSIONS_MAX, STAFF_MAX, StaffChange, StaffError};

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
    let acting = scope_of(tx, by).await?;
    let before = match change.about() {
        Some(id) => account_of(tx, id).await?,
        None => None,
    };
    // The console asks so before; here it still holds when it is written.
    let about = match (change, &before) {
        (StaffChange::Add(account), _) => &account.scope,
        (_, Some(account)) => &account.scope,
        (_, None) => return Err(Stop::Refused(StaffError::Unknown)),
    };
    if !acting.includes(about) {
        return Err(Stop::Refused(StaffError::Unknown));
    }
    let id = write(tx, change, before.as_ref(), (&acting, at)).await?;
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

/// What whoever acts sees now: the command line everything.
async fn scope_of(tx: &mut SqliteConnection, by: &By) -> Judged<Scope> {
    let Some(id) = by.id else { return Ok(Scope::EveryShop) };
    let acting = account_of(tx, id).await?.ok_or(Stop::Refused(StaffError::Unknown))?;
    Ok(acting.scope)
}

/// Writes the change itself; answers the number of the account that it is about.
async fn write(
    tx: &mut SqliteConnection,
    change: &StaffChange,
    before: Option<&Account>,
    (acting, at): (&Scope, Millis),
) -> Judged<StaffId> {
    match (change, before) {
        (StaffChange::Add(account), _) => return add(tx, account, at).await,
        (_, None) => return Err(Stop::Refused(StaffError::Unknown)),
        (StaffChange::Role(id, role), _) => {
            let sql = "UPDATE staff SET role = ?2 WHERE id = ?1";
            sqlx::query(sql).bind(id.0).bind(role.as_str()).execute(&mut *tx).await?;
        }
        (StaffChange::Disable(id), _) => disable(tx, *id, *acting == Scope::EveryShop, at).await?,
        (StaffChange::Enable(id), Some(account)) => {
            if account.disabled_by_operator && *acting != Scope::EveryShop {
                return Err(Stop::Refused(StaffError::DisabledByOperator));
            }
            let sql = "UPDATE staff SET disabled_at = NULL, disabled_by_operator = 0 WHERE id = ?1";
            sqlx::query(sql).bind(id.0).execute(&mut *tx).await?;
        }
        (StaffChange::Password { id, password_hash, keep }, _) => {
            if let Some(kept) = keep {
                has_session(tx, *id, kept).await?;
            }
            let sql = "UPDATE staff SET password_hash = ?2 WHERE id = ?1";
            sqlx::query(sql).bind(id.0).bind(password_hash).execute(&mut *tx).await?;
            end_sessions(tx, *id, keep.as_deref()).await?;
        }
        (StaffChange::AddFactor(id, salt, step), _) => {
            let sql = "UPDATE staff SET factor_salt = ?2, factor_step = ?3 WHERE id = ?1";
            sqlx::query(sql).bind(id.0).bind(salt).bind(step).execute(&mut *tx).await?;
        }
        (StaffChange::DropFactor(id), _) => {
            let sql = "UPDATE staff SET factor_salt = NULL, factor_step = NULL WHERE id = ?1";
            sqlx::query(sql).bind(id.0).execute(&mut *tx).await?;
        }
        (StaffChange::SignIn { token_sha256, step, password_hash, factor_salt, .. }, Some(account)) => {
            let judged_by = (password_hash.as_str(), factor_salt.as_deref());
            sign_in(tx, account, judged_by, (token_sha256, *step), at).await?;
        }
        (StaffChange::SignOut(id, token_sha256), _) => {
            let sql = "DELETE FROM staff_sessions WHERE token_sha256 = ?1 AND staff_id = ?2";
            sqlx::query(sql).bind(token_sha256).bind(id.0).execute(&mut *tx).await?;
        }
        (StaffChange::EndSessions(id), _) => end_sessions(tx, *id, None).await?,
    }
    if before.is_some_and(administers_everything) {
        somebody_is_left(tx).await?;
    }
    change.about().ok_or(Stop::Refused(StaffError::Unknown))
}

async fn disable(tx: &mut SqliteConnection, id: StaffId, by_operator: bool, at: Millis) -> Judged<()> {
    // An operator's word stays one, though a shop's administrator says the same after it.
    let sql = "UPDATE staff SET disabled_at = coalesce(disabled_at, ?2),
             disabled_by_operator = max(disabled_by_operator, ?3) WHERE id = ?1";
    sqlx::query(sql).bind(id.0).bind(at.0).bind(by_operator).execute(&mut *tx).await?;
    end_sessions(tx, id, None).await?;
    Ok(())
}

async fn add(tx: &mut SqliteConnection, account: &NewAccount, at: Millis) -> Judged<StaffId> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM staff WHERE shop_id IS ?1")
        .bind(account.scope.shop().map(ShopId::as_str))
        .fetch_one(&mut *tx)
        .await?;
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

/// Lets `account` in, unless it is disabled, is not what it was judged by any more, or its code was used meanwhile.
async fn sign_in(
    tx: &mut SqliteConnection,
    account: &Account,
    (password_hash, factor_salt): (&str, Option<&str>),
    (token_sha256, step): (&str, Option<i64>),
    at: Millis,
) -> Judged<()> {
    if account.disabled_at.is_some() {
        return Err(Stop::Refused(StaffError::Disabled));
    }
    let is_same_password = constant_time_eq(account.password_hash.as_bytes(), password_hash.as_bytes());
    if !is_same_password || account.factor_salt.as_deref() != factor_salt {
        return Err(Stop::Refused(StaffError::Outdated));
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

/// Refuses where the session is not there any more.
async fn has_session(tx: &mut SqliteConnection, id: StaffId, token_sha256: &str) -> Judged<()> {
    let sql = "SELECT EXISTS (SELECT 1 FROM staff_sessions WHERE token_sha256 = ?1 AND staff_id = ?2)";
    let is_there: bool = sqlx::query_scalar(sql).bind(token_sha256).bind(id.0).fetch_one(tx).await?;
    if is_there { Ok(()) } else { Err(Stop::Refused(StaffError::Outdated)) }
}

async fn end_sessions(tx: &mut SqliteConnection, id: StaffId, keep: Option<&str>) -> Result<(), sqlx::Error> {
    let sql = "DELETE FROM staff_sessions WHERE staff_id = ?1 AND token_sha256 IS NOT ?2";
    sqlx::query(sql).bind(id.0).bind(keep).execute(tx).await.map(|_| ())
}

fn administers_everything(account: &Account) -> bool {
    account.scope == Scope::EveryShop && account.role == Role::Administer && account.disabled_at.is_none()
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

async fn account_of(tx: &mut SqliteConnection, id: StaffId) -> Judged<Option<Account>> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM staff WHERE id = ?1").bind(id.0).fetch_optional(tx).await?;
    row.map(Row::read).transpose().map_err(|error| Stop::Refused(error.into()))
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
