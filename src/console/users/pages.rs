//! The list of accounts, and one account with all that can be done about it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::console::{App, Asked, Console, Failure, Frame, Staff};
use crate::domain::staff::PASSWORD_CHARS_MIN;
use crate::domain::{Role, ShopId, StaffId};
use crate::store::{Account, Presence};

#[derive(Template)]
#[template(path = "console/users/list.html")]
struct ListPage {
    frame: Frame,
    users: Vec<User>,
    /// The shops that a new account may be of; empty for a shop's administrator, whose shop is meant.
    shops: Vec<ShopChoice>,
    chars_min: usize,
    form: NewUser,
}

#[derive(Template)]
#[template(path = "console/users/one.html")]
struct OnePage {
    frame: Frame,
    user: User,
    /// Whether the reader looks at their own account.
    is_own: bool,
    /// Whether the reader may enable it: what an operator disabled, only an operator enables.
    may_enable: bool,
    chars_min: usize,
}

/// An account with a new password, shown this once.
#[derive(Template)]
#[template(path = "console/users/made.html")]
struct MadePage {
    frame: Frame,
    name: String,
    password: String,
    href: String,
}

/// An account, as a template reads it.
pub(super) struct User {
    pub(super) account: Account,
    pub(super) shop: String,
    presence: Option<Presence>,
}

/// A shop of the gateway.
struct ShopChoice {
    id: String,
    name: String,
}

/// What was typed into the form for a new account.
#[derive(Default)]
pub(super) struct NewUser {
    pub(super) name: String,
    pub(super) shop: String,
    pub(super) role: String,
}

impl User {
    fn new(account: Account, presence: Option<Presence>) -> Self {
        let shop = account.scope.shop().map(ShopId::to_string).unwrap_or_default();
        Self { account, shop, presence }
    }
}

pub(super) async fn list(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    list_with(&console, &staff, &asked, NewUser::default(), None).await
}

/// The list with what was typed into its form, and what is wrong with that.
pub(super) async fn list_with(
    console: &Console,
    staff: &Staff,
    asked: &Asked,
    form: NewUser,
    fault: Option<String>,
) -> Result<Response, Failure> {
    let accounts = console.book().accounts(staff.scope()).await?;
    let users = accounts.into_iter().map(|(account, presence)| User::new(account, presence)).collect();
    let mut frame = Frame::of(Some(staff), asked);
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    if let Some(fault) = fault {
        frame = frame.saying(false, fault);
    }
    let shops = if staff.scope().shop().is_some() { Vec::new() } else { shops(console) };
    asked.page_with(status, &ListPage { frame, users, shops, chars_min: PASSWORD_CHARS_MIN, form })
}

fn shops(console: &Console) -> Vec<ShopChoice> {
    let choice = |shop: std::sync::Arc<crate::flow::Shop>| ShopChoice {
        id: shop.id.to_string(),
        name: shop.settings.name.clone(),
    };
    console.gateway().shops().iter().map(choice).collect()
}

pub(super) async fn one(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(user): Path<String>,
) -> Result<Response, Failure> {
    let account = account_of(&console, &staff, &user).await?;
    one_with(&staff, &asked, account, None)
}

/// One account's page, with what is wrong about what was asked.
pub(super) fn one_with(
    staff: &Staff,
    asked: &Asked,
    account: Account,
    fault: Option<String>,
) -> Result<Response, Failure> {
    let mut frame = Frame::of(Some(staff), asked);
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    frame = match (fault, done(asked)) {
        (Some(fault), _) => frame.saying(false, fault),
        (None, Some(text)) => frame.saying(true, text),
        (None, None) => frame,
    };
    let is_own = account.id == staff.id();
    let may_enable = account.disabled_at.is_some() && (!account.disabled_by_operator || staff.scope().shop().is_none());
    let page = OnePage { frame, user: User::new(account, None), is_own, may_enable, chars_min: PASSWORD_CHARS_MIN };
    asked.page_with(status, &page)
}

/// A page that shows a password this once.
pub(super) fn made(staff: &Staff, asked: &Asked, account: &Account, password: &str) -> Result<Response, Failure> {
    let mut frame = Frame::of(Some(staff), asked);
    // It is the answer to a form, and cannot be fetched again.
    frame.switch_href.clear();
    let page = MadePage {
        frame,
        name: account.name.to_string(),
        password: password.to_owned(),
        href: format!("/console/users/{}", account.id.0),
    };
    asked.page(&page)
}

/// The account of this number, if the reader looks after it.
pub(super) async fn account_of(console: &Console, staff: &Staff, user: &str) -> Result<Account, Failure> {
    let id = user.parse().map(StaffId).map_err(|_| Failure::not_found())?;
    console.book().account(staff.scope(), id).await?.ok_or_else(Failure::not_found)
}

/// What has just been done, by the word in the address.
fn done(asked: &Asked) -> Option<&str> {
    let (ja, en) = match asked.field("done") {
        "add" => (
            "ユーザーを追加しました。名前と、指定したパスワードを本人に伝えてください。",
            "The user is added. Please tell them the name and the password that you chose.",
        ),
        "role" => ("役割を変更しました。次のページから有効です。", "The role is changed, from the next page on."),
        "disable" => {
            ("無効にし、すべてのセッションを終了しました。", "The account is disabled and its sessions are ended.")
        }
        "enable" => ("有効にしました。", "The account is enabled."),
        "password" => (
            "新しいパスワードを設定し、セッションを終了しました。",
            "The new password is set and the sessions are ended.",
        ),
        "second-factor" => ("二段階認証を解除しました。", "The second factor is removed."),
        "sessions" => ("すべてのセッションを終了しました。", "Every session is ended."),
        _ => return None,
    };
    Some(asked.t(ja, en))
}
