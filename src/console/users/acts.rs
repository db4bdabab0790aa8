//! What is done about an account. Each act and its line in the audit log are one commit (`store::StaffBook`).

use axum::extract::{Path, State};
use axum::response::Response;

use super::pages::{NewUser, account_of, list_with, made, one_with};
use crate::config::Secret;
use crate::console::password::{PasswordError, make_up};
use crate::console::{App, Asked, Console, Failure, Staff};
use crate::domain::staff::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, PasswordFault, check_password};
use crate::domain::{LoginName, Role, Scope, ShopId};
use crate::store::{Account, NewAccount, StaffChange, StaffError};

pub(super) async fn add(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    let form = NewUser {
        name: asked.field("name").to_owned(),
        shop: asked.field("shop").to_owned(),
        role: asked.field("role").to_owned(),
    };
    let fault = match add_as_typed(&console, &staff, &asked, &form).await? {
        Ok(response) => return Ok(response),
        Err(fault) => fault,
    };
    list_with(&console, &staff, &asked, form, Some(fault)).await
}

/// Makes the account, or says what is wrong with what was typed.
async fn add_as_typed(
    console: &Console,
    staff: &Staff,
    asked: &Asked,
    form: &NewUser,
) -> Result<Result<Response, String>, Failure> {
    let fault = |ja: &str, en: &str| Ok(Err(asked.t(ja, en).to_owned()));
    let Ok(name) = LoginName::new(&form.name) else {
        return fault("名前は英小文字・数字・. _ @ + - の1～64文字です。", "A name is 1 to 64 of a-z 0-9 . _ @ + -.");
    };
    let Some(role) = Role::of(&form.role) else {
        return fault("役割を選んでください。", "Please choose a role.");
    };
    let Some(scope) = scope_of_new(console, staff, &form.shop) else {
        return fault("店舗を選んでください。", "Please choose one of the shops.");
    };
    let (password, is_made_up) = match chosen(console, &name, asked) {
        Ok(chosen) => chosen,
        Err(text) => return Ok(Err(text)),
    };
    let password_hash = console.hash(password.clone()).await?;
    let account = NewAccount { name: name.clone(), scope, role, password_hash };
    match console.book().change_staff(StaffChange::Add(account), staff.by(), console.now()).await {
        Ok(()) => {}
        Err(StaffError::NameTaken) => {
            return fault("この名前はすでに使われています。", "This name is taken; please choose another.");
        }
        Err(error) => return Err(error.into()),
    }
    let account = console.book().account_named(&name).await?.ok_or_else(Failure::broken)?;
    if is_made_up {
        return made(staff, asked, &account, password.expose()).map(Ok);
    }
    Ok(Ok(asked.to(&format!("/console/users/{}?done=add", account.id.0))))
}

/// Of which shops a new account is to be: never of more than its maker sees.
fn scope_of_new(console: &Console, staff: &Staff, shop: &str) -> Option<Scope> {
    if let Scope::Shop(own) = staff.scope() {
        return (shop.is_empty() || shop == own.as_str()).then(|| staff.scope().clone());
    }
    if shop == "*" {
        return Some(Scope::EveryShop);
    }
    let shop = ShopId::new(shop).ok()?;
    console.gateway().shops().get(&shop).is_some().then_some(Scope::Shop(shop))
}

/// The password that was typed, or one made up where none was; and which of the two.
fn chosen(console: &Console, name: &LoginName, asked: &Asked) -> Result<(Secret, bool), String> {
    let typed = asked.raw("password");
    if typed.is_empty() {
        return Ok((make_up(&*console.parts.rng), true));
    }
    check_password(name, typed).map_err(|fault| password_fault(asked, fault))?;
    Ok((Secret::new(typed), false))
}

/// Why a password is not taken, for its owner.
pub(super) fn password_fault(asked: &Asked, fault: PasswordFault) -> String {
    match fault {
        PasswordFault::Short => asked
            .language
            .pick(
                format!("パスワードは{PASSWORD_CHARS_MIN}文字以上にしてください。").as_str(),
                format!("A password has at least {PASSWORD_CHARS_MIN} characters.").as_str(),
            )
            .to_owned(),
        PasswordFault::Long => asked
            .language
            .pick(
                format!("パスワードは{PASSWORD_BYTES_MAX}バイト以内にしてください。").as_str(),
                format!("A password has at most {PASSWORD_BYTES_MAX} bytes.").as_str(),
            )
            .to_owned(),
        PasswordFault::Plain => asked
            .t(
                "名前と同じもの、同じ文字の繰り返しはパスワードにできません。",
                "The name, or one character over and over, is no password.",
            )
            .to_owned(),
    }
}

impl Console {
    /// The hash of a password for the database.
    pub(super) async fn hash(&self, password: Secret) -> Result<String, Failure> {
        self.passwords.hash(password, self.parts.rng.clone()).await.map_err(|error| match error {
            PasswordError::Broken => Failure::broken(),
            PasswordError::Busy => Failure::busy(),
        })
    }

    /// Makes a change about an account that is there, and goes back to its page.
    async fn change(&self, staff: &Staff, asked: &Asked, change: StaffChange, done: &str) -> Result<Response, Failure> {
        let id = change.about().ok_or_else(Failure::broken)?;
        self.book().change_staff(change, staff.by(), self.now()).await?;
        Ok(asked.to(&format!("/console/users/{}?done={done}", id.0)))
    }
}

/// One's own password and second factor are changed where the present password is asked for: a session left open for a moment
/// must not become somebody else's account.
fn not_one_s_own(staff: &Staff, account: &Account) -> Result<(), Failure> {
    if account.id != staff.id() {
        return Ok(());
    }
    Err(Failure::refused(
        "自分のパスワードと二段階認証は、右上の自分の名前（/console/me）から、現在のパスワードを入力して変更してください。",
        "Your own password and second factor are changed under your name (/console/me), where the present password is asked for.",
    ))
}

pub(super) async fn role(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(user): Path<String>,
) -> Result<Response, Failure> {
    let account = account_of(&console, &staff, &user).await?;
    let Some(role) = Role::of(asked.field("role")) else {
        let fault = asked.t("役割を選んでください。", "Please choose a role.").to_owned();
        return one_with(&staff, &asked, account, Some(fault));
    };
    console.change(&staff, &asked, StaffChange::Role(account.id, role), "role").await
}

pub(super) async fn disable(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(user): Path<String>,
) -> Result<Response, Failure> {
    let account = account_of(&console, &staff, &user).await?;
    if account.id == staff.id() {
        return Err(Failure::refused(
            "自分のアカウントは無効にできません。別の管理者に依頼してください。",
            "Nobody disables their own account. Please ask another administrator.",
        ));
    }
    console.change(&staff, &asked, StaffChange::Disable(account.id), "disable").await
}

pub(super) async fn enable(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(user): Path<String>,
) -> Result<Response, Failure> {
    let account = account_of(&console, &staff, &user).await?;
    console.change(&staff, &asked, StaffChange::Enable(account.id), "enable").await
}

pub(super) async fn password(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(user): Path<String>,
) -> Result<Response, Failure> {
    let account = account_of(&console, &staff, &user).await?;
    not_one_s_own(&staff, &account)?;
    let (password, is_made_up) = match chosen(&console, &account.name, &asked) {
        Ok(chosen) => chosen,
        Err(fault) => return one_with(&staff, &asked, account, Some(fault)),
    };
    let password_hash = console.hash(password.clone()).await?;
    let change = StaffChange::Password { id: account.id, password_hash, keep: None };
    let response = console.change(&staff, &asked, change, "password").await?;
    if is_made_up { made(&staff, &asked, &account, password.expose()) } else { Ok(response) }
}

pub(super) async fn drop_factor(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(user): Path<String>,
) -> Result<Response, Failure> {
    let account = account_of(&console, &staff, &user).await?;
    not_one_s_own(&staff, &account)?;
    console.change(&staff, &asked, StaffChange::DropFactor(account.id), "second-factor").await
}

pub(super) async fn end_sessions(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(user): Path<String>,
) -> Result<Response, Failure> {
    let account = account_of(&console, &staff, &user).await?;
    console.change(&staff, &asked, StaffChange::EndSessions(account.id), "sessions").await
}
