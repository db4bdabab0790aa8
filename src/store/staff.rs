//! Accounts of the console, their sessions, and the audit log.
//!
//! A [`StaffChange`] and its line in the audit log become visible together or not at all; what the account was before is
//! read in the same database transaction, so the log never tells of a state that somebody else had changed meanwhile.
//! What is done elsewhere, at Amazon say, is added by [`Audit::append`].

use std::net::IpAddr;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::StoreError;
use crate::domain::{LoginName, Millis, Role, Scope, ShopId, StaffId};

/// The most accounts of a shop, and of operators: a list of them must stay one page's work, and no shop takes another's room.
pub const STAFF_MAX: usize = 500;
/// The most sessions of an account; a further one ends the oldest.
pub const SESSIONS_MAX: usize = 20;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: StaffId,
    /// What it is called.
    pub name: LoginName,
    /// Of which shops: an operator's is [`Scope::EveryShop`].
    pub scope: Scope,
    /// What it may do.
    pub role: Role,
    /// Its password: argon2id, in the PHC format.
    pub password_hash: String,
    /// The salt of its second factor, if it has one.
    pub factor_salt: Option<String>,
    /// The step of the last code that was used.
    pub factor_step: Option<i64>,
    /// Since when nobody can sign in with it.
    pub disabled_at: Option<Millis>,
    /// Whether it was an operator who disabled it; then only an operator enables it.
    pub disabled_by_operator: bool,
    /// When it was made.
    pub created_at: Millis,
}

impl Account {
    /// As the audit log has it: nothing of it is secret.
    pub fn told(&self) -> Value {
        json!({
            "name": self.name.as_str(),
            "shop": self.scope.shop().map(ShopId::as_str),
            "role": self.role.as_str(),
            "enabled": self.disabled_at.is_none(),
            "disabled_by_operator": self.disabled_by_operator,
            "second_factor": self.factor_salt.is_some(),
        })
    }
}

/// An account that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// What it is to be called.
    pub name: LoginName,
    /// Of which shops.
    pub scope: Scope,
    /// What it may do.
    pub role: Role,
    /// Its password: argon2id, in the PHC format.
    pub password_hash: String,
}

/// Somebody who is inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffSession {
    /// Whose it is, as the account stands now.
    pub account: Account,
    /// When it began.
    pub began_at: Millis,
    /// When it was last seen, give or take a minute.
    pub seen_at: Millis,
}

/// How many sessions an account has, and when it was last seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// How many; those that have run out may be counted.
    pub sessions: i64,
    /// When the latest was seen.
    pub seen_at: Millis,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// The account; `None` for the command line.
    pub id: Option<StaffId>,
    /// What it was called then.
    pub name: String,
    /// From where.
    pub address: Option<IpAddr>,
}

impl By {
    /// An operator at the machine itself.
    pub fn command_line() -> Self {
        Self { id: None, name: "command line".to_owned(), address: None }
    }
}

/// A change of the console's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StaffChange {
    /// Makes an account.
    Add(NewAccount),
    /// Gives it another role.
    Role(StaffId, Role),
    /// Lets nobody sign in with it any more, and ends its sessions.
    Disable(StaffId),
    /// Lets its owner sign in again. What an operator disabled, only an operator enables.
    Enable(StaffId),
    /// A new password. Ends every session of the account but the one named.
    Password {
        /// Whose.
        id: StaffId,
        /// argon2id, in the PHC format.
        password_hash: String,
        /// The session that goes on: of whoever changes their own. It has to be there still.
        keep: Option<String>,
    },
    /// A second factor under this salt, its first code used.
    AddFactor(StaffId, String, i64),
    /// No second factor any more.
    DropFactor(StaffId),
    /// Somebody comes in: a session under the hash of its token, and the step of the code that was used, if one was asked for.
    SignIn {
        /// Who.
        id: StaffId,
        /// SHA-256 of the token, in lower-case hex.
        token_sha256: String,
        /// The step of the code.
        step: Option<i64>,
        /// The hash that the password was judged by: if the account has another one by now, nobody comes in.
        password_hash: String,
        /// The salt that the code was judged by, or that there was none; the same holds.
        factor_salt: Option<String>,
    },
    /// One session ends.
    SignOut(StaffId, String),
    /// All sessions of an account end.
    EndSessions(StaffId),
}

impl StaffChange {
    /// What the audit log calls it.
    pub const fn act(&self) -> &'static str {
        match self {
            Self::Add(_) => "user.add",
            Self::Role(..) => "user.role",
            Self::Disable(_) => "user.disable",
            Self::Enable(_) => "user.enable",
            Self::Password { .. } => "user.password",
            Self::AddFactor(..) => "user.second-factor.add",
            Self::DropFactor(_) => "user.second-factor.drop",
            Self::SignIn { .. } => "session.begin",
            Self::SignOut(..) => "session.end",
            Self::EndSessions(_) => "session.end-all",
        }
    }

    /// Whom it is about; `None` for one who is not there yet.
    pub const fn about(&self) -> Option<StaffId> {
        match self {
            Self::Add(_) => None,
            Self::Role(id, _)
            | Self::Disable(id)
            | Self::Enable(id)
            | Self::Password { id, .. }
            | Self::AddFactor(id, ..)
            | Self::DropFactor(id)
            | Self::SignIn { id, .. }
            | Self::SignOut(id, _)
            | Self::EndSessions(id) => Some(*id),
        }
    }
}

/// Why a change of the console's was not made. Nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StaffError {
    /// Somebody is called that already.
    #[error("an account of this name exists already")]
    NameTaken,
    /// The shop has [`STAFF_MAX`] accounts, or there are so many operators.
    #[error("there are {STAFF_MAX} accounts of this shop, or of operators, already")]
    TooMany,
    /// There is no such account, or its shop is not within what the acting one sees now.
    #[error("there is no such account")]
    Unknown,
    /// The account is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// What was judged is no longer so: the password, the second factor or the session was changed meanwhile.
    #[error("the password, the second factor or the session was changed meanwhile")]
    Outdated,
    /// An operator disabled it, and the acting one is none.
    #[error("an operator has disabled this account, and only an operator enables it")]
    DisabledByOperator,
    /// The code was used before.
    #[error("the code was used before")]
    CodeUsed,
    /// Nobody would be left who can let others in.
    #[error("nobody would be left who looks after the accounts of every shop")]
    LastAdministrator,
    /// The database failed.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// A line for the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Millis,
    /// Who.
    pub by: By,
    /// What: 1 to 64 characters such as `transaction.sales`.
    pub act: &'static str,
    /// Whose business it was; `None`: the gateway's.
    pub shop: Option<ShopId>,
    /// What it was done to: an AccessID, an account's name.
    pub subject: String,
    /// How it stood before.
    pub before: Option<Value>,
    /// How it stood after.
    pub after: Option<Value>,
}

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number; later lines have greater ones.
    pub id: i64,
    /// When.
    pub at: Millis,
    /// Who, as it was called then.
    pub who: String,
    /// From where.
    pub address: Option<String>,
    /// What.
    pub act: String,
    /// Whose business it was.
    pub shop: Option<String>,
    /// What it was done to.
    pub subject: String,
    /// How it stood before: JSON.
    pub before: Option<String>,
    /// How it stood after: JSON.
    pub after: Option<String>,
}

/// The audit log, for whoever acts elsewhere.
#[async_trait]
pub trait Audit: Send + Sync + 'static {
    /// Adds a line.
    async fn append(&self, entry: AuditEntry) -> Result<(), StoreError>;

    /// Lines about what is in `scope`, the latest first, from below the number `before` on.
    async fn audit(&self, scope: &Scope, before: Option<i64>, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;
}

/// Accounts and sessions.
#[async_trait]
pub trait StaffBook: Audit {
    /// Makes a change and writes its line in the audit log, both or neither.
    async fn change_staff(&self, change: StaffChange, by: By, at: Millis) -> Result<(), StaffError>;

    /// The account of this name.
    async fn account_named(&self, name: &LoginName) -> Result<Option<Account>, StoreError>;

    /// The account of this number, if it is of a shop in `scope`.
    async fn account(&self, scope: &Scope, id: StaffId) -> Result<Option<Account>, StoreError>;

    /// The accounts of shops in `scope`, operators first, by shop and name; with each how present it is.
    async fn accounts(&self, scope: &Scope) -> Result<Vec<(Account, Option<Presence>)>, StoreError>;

    /// The session under this hash that began and was seen after these moments, unless its account is disabled.
    async fn session(
        &self,
        token_sha256: &str,
        began_after: Millis,
        seen_after: Millis,
    ) -> Result<Option<StaffSession>, StoreError>;

    /// Notes that a session was seen.
    async fn saw_session(&self, token_sha256: &str, at: Millis) -> Result<(), StoreError>;
}
