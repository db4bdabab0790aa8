//! The audit log: what was done in the console, by whom, when, and what it changed. The latest first, by pages.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value};

use super::paging::Paging;
use super::route::{Nav, Needs, Room, get};
use super::{App, Asked, Failure, Frame, Staff};
use crate::domain::{Right, Scope};
use crate::protocol::Language;
use crate::store::AuditRecord;

/// Lines on a page.
const LINES: usize = 50;

const NEEDS: Needs = Needs::Right(Right::Administer);

/// Records that one page looks through at most for those that fit.
const LOOKED_THROUGH_MAX: u32 = 5_000;
/// How many of them at a time.
const READ_AT_ONCE: u32 = 500;

#[derive(Template)]
#[template(path = "console/audit.html")]
struct AuditPage {
    frame: Frame,
    lines: Vec<Line>,
    filter: Filter,
    shops: Vec<String>,
    /// What can be chosen: an act's word, and what it is called.
    acts: Vec<(&'static str, &'static str)>,
    paging: Paging,
    /// Only some of the log was looked through; the next page goes on.
    cut_short: bool,
}

/// What is looked for; empty for everything.
struct Filter {
    shop: String,
    who: String,
    act: String,
    subject: String,
}

struct Line {
    at: crate::domain::Millis,
    who: String,
    address: String,
    act: String,
    shop: String,
    subject: String,
    /// Its page; empty where it has none.
    href: String,
    differences: Vec<Difference>,
}

/// One field of what was changed.
#[derive(Debug, PartialEq, Eq)]
struct Difference {
    field: String,
    before: String,
    after: String,
}

pub(super) fn room() -> Room {
    Room {
        nav: Some(Nav { path: "/console/audit", ja: "操作記録", en: "Audit log", needs: NEEDS }),
        entries: vec![get("/console/audit", NEEDS, list)],
    }
}

async fn list(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    let scope = staff.scope_of(asked.field("shop"))?;
    let filter = Filter::of(&asked);
    let found = find(&console, &scope, &filter, asked.field("before").parse().ok()).await?;
    let numbers = numbers_of_users(&console, &staff, &found.records).await?;
    let next = found.next.map(|id| id.to_string());
    let language = asked.language;
    let page = AuditPage {
        frame: Frame::of(Some(&staff), &asked),
        lines: found.records.into_iter().map(|record| Line::of(record, &numbers, language)).collect(),
        shops: console.shops_in(staff.scope()),
        acts: ACTS.iter().map(|(act, ja, en)| (*act, language.pick(*ja, *en))).collect(),
        paging: Paging::of(&asked, "/console/audit", &filter.query(), "before", next),
        cut_short: found.cut_short,
        filter,
    };
    asked.page(&page)
}

impl Filter {
    fn of(asked: &Asked) -> Self {
        let field = |name: &str| asked.field(name).to_owned();
        Self { shop: field("shop"), who: field("who"), act: field("act"), subject: field("subject") }
    }

    fn pairs(&self) -> [(&'static str, &str); 4] {
        [("shop", &self.shop), ("who", &self.who), ("act", &self.act), ("subject", &self.subject)]
    }

    fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.pairs().iter().filter(|(_, value)| !value.is_empty()));
        query.finish()
    }

    fn is_set(&self) -> bool {
        self.pairs().iter().any(|(_, value)| !value.is_empty())
    }

    /// Whether a record is one of those; of its shop the question to the book says.
    fn fits(&self, record: &AuditRecord) -> bool {
        let is = |wanted: &str, has: &str| wanted.is_empty() || wanted == has;
        is(&self.who, &record.who) && is(&self.act, &record.act) && is(&self.subject, &record.subject)
    }
}

/// A page of the log.
struct Found {
    records: Vec<AuditRecord>,
    /// The number from below which the next page begins.
    next: Option<i64>,
    cut_short: bool,
}

/// Looks back through the log until a page is full, or enough was looked through.
async fn find(console: &App, scope: &Scope, filter: &Filter, mut before: Option<i64>) -> Result<Found, Failure> {
    let mut records: Vec<AuditRecord> = Vec::new();
    for _ in 0..LOOKED_THROUGH_MAX / READ_AT_ONCE {
        let some = console.book().audit(scope, before, READ_AT_ONCE).await?;
        let is_end = some.len() < READ_AT_ONCE as usize;
        before = some.last().map(|record| record.id).or(before);
        records.extend(some.into_iter().filter(|record| filter.fits(record)));
        if records.len() > LINES {
            records.truncate(LINES);
            let next = records.last().map(|record| record.id);
            return Ok(Found { records, next, cut_short: false });
        }
        if is_end {
            return Ok(Found { records, next: None, cut_short: false });
        }
    }
    Ok(Found { records, next: before, cut_short: true })
}

/// The numbers of the accounts that these records name, by name; of those that the reader looks after.
async fn numbers_of_users(
    console: &App,
    staff: &Staff,
    records: &[AuditRecord],
) -> Result<BTreeMap<String, i64>, Failure> {
    if !records.iter().any(|record| is_about_a_user(&record.act)) {
        return Ok(BTreeMap::new());
    }
    let accounts = console.book().accounts(staff.scope()).await?;
    Ok(accounts.into_iter().map(|(account, _)| (account.name.to_string(), account.id.0)).collect())
}

fn is_about_a_user(act: &str) -> bool {
    act.starts_with("user.") || act.starts_with("session.")
}

impl Line {
    fn of(record: AuditRecord, users: &BTreeMap<String, i64>, language: Language) -> Self {
        Self {
            at: record.at,
            act: act_label(&record.act, language).map_or(record.act.clone(), str::to_owned),
            href: page_of(&record.act, &record.subject, users).unwrap_or_default(),
            who: record.who,
            address: record.address.unwrap_or_default(),
            shop: record.shop.unwrap_or_default(),
            subject: record.subject,
            differences: differences(record.before.as_deref(), record.after.as_deref()),
        }
    }
}

/// The page of what an act was done to. A page judges by itself whether its reader may see it.
fn page_of(act: &str, subject: &str, users: &BTreeMap<String, i64>) -> Option<String> {
    let (room, _) = act.split_once('.')?;
    let path = match (room, act) {
        ("user" | "session", _) => return users.get(subject).map(|id| format!("/console/users/{id}")),
        ("transaction", _) => "transactions",
        ("consent", _) => "consents",
        ("shop" | "button", _) | (_, "notification.test") => "shop",
        (_, "notification.resend") => "notifications",
        _ => return None,
    };
    let part = percent_encoding::utf8_percent_encode(subject, percent_encoding::NON_ALPHANUMERIC);
    Some(format!("/console/{path}/{part}"))
}

/// What acts are called: the word in the log, Japanese, English.
const ACTS: [(&str, &str, &str); 23] = [
    ("user.add", "ユーザーを追加", "Added a user"),
    ("user.role", "役割を変更", "Changed a role"),
    ("user.disable", "ユーザーを無効化", "Disabled a user"),
    ("user.enable", "ユーザーを有効化", "Enabled a user"),
    ("user.password", "パスワードを変更", "Set a new password"),
    ("user.second-factor.add", "二段階認証を登録", "Added a second factor"),
    ("user.second-factor.drop", "二段階認証を解除", "Removed a second factor"),
    ("session.begin", "サインイン", "Signed in"),
    ("session.end", "サインアウト", "Signed out"),
    ("session.end-all", "全セッションを終了", "Ended every session"),
    ("shops.reload", "店舗設定を再読み込み", "Read shops.toml again"),
    ("shop.check-connection", "接続を確認", "Checked the connection"),
    ("button.sign", "ボタンに署名", "Signed a button"),
    ("transaction.sales.asked", "実売上を指示", "Asked to capture (Sales)"),
    ("transaction.cancel.asked", "取消・返金を指示", "Asked to cancel or refund (Cancel)"),
    ("transaction.change.asked", "金額変更を指示", "Asked to change the amount (Change)"),
    ("consent.close.asked", "継続課金の終了を指示", "Asked to close a consent"),
    ("transaction.sales", "実売上の結果", "Outcome of a capture (Sales)"),
    ("transaction.cancel", "取消・返金の結果", "Outcome of a cancellation or refund (Cancel)"),
    ("transaction.change", "金額変更の結果", "Outcome of a change of the amount (Change)"),
    ("consent.close", "継続課金終了の結果", "Outcome of closing a consent"),
    ("notification.resend", "通知を再送", "Sent notifications again"),
    ("notification.test", "テスト通知を送信", "Sent a test notification"),
];

/// What an act is called; `None` for one that has no name here.
fn act_label(act: &str, language: Language) -> Option<&'static str> {
    ACTS.iter().find(|(word, _, _)| *word == act).map(|(_, ja, en)| language.pick(*ja, *en))
}

/// The fields in which what was differs from what is.
fn differences(before: Option<&str>, after: Option<&str>) -> Vec<Difference> {
    let read = |text: Option<&str>| -> Map<String, Value> {
        match text.and_then(|text| serde_json::from_str(text).ok()) {
            Some(Value::Object(fields)) => fields,
            Some(other) => Map::from_iter([(String::new(), other)]),
            None => Map::new(),
        }
    };
    let (before, after) = (read(before), read(after));
    let shown = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let mut fields: Vec<&String> = before.keys().collect();
    fields.extend(after.keys().filter(|field| !before.contains_key(*field)));
    let difference = |field: &String| {
        let (before, after) = (shown(before.get(field)), shown(after.get(field)));
        (before != after).then(|| Difference { field: field.clone(), before, after })
    };
    fields.into_iter().filter_map(difference).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Role, StaffId};
    use crate::store::StaffChange;

    #[test]
    fn only_what_changed_is_shown() {
        let shown = |before, after| {
            let all = differences(before, after);
            all.into_iter().map(|one| format!("{}: {} > {}", one.field, one.before, one.after)).collect::<Vec<_>>()
        };
        assert_eq!(
            shown(Some(r#"{"role":"look","shop":null}"#), Some(r#"{"role":"act","shop":null}"#)),
            ["role: look > act"]
        );
        assert_eq!(shown(None, Some(r#"{"amount":100}"#)), ["amount: – > 100"]);
        assert_eq!(shown(Some("broken"), None), [""; 0]);
        assert_eq!(shown(None, Some("7")), [": – > 7"]);
    }

    #[test]
    fn each_act_of_the_console_has_a_name() {
        let id = StaffId(1);
        let text = String::new;
        for change in [
            StaffChange::Role(id, Role::Look),
            StaffChange::Disable(id),
            StaffChange::Enable(id),
            StaffChange::Password { id, password_hash: text(), keep: None },
            StaffChange::AddFactor(id, text(), 0),
            StaffChange::DropFactor(id),
            StaffChange::SignIn { id, token_sha256: text(), step: None, password_hash: text(), factor_salt: None },
            StaffChange::SignOut(id, text()),
            StaffChange::EndSessions(id),
        ] {
            assert!(act_label(change.act(), Language::English).is_some(), "{}", change.act());
        }
    }

    #[test]
    fn a_line_leads_to_what_it_is_about() {
        let users = BTreeMap::from([("hanako".to_owned(), 7)]);
        for (act, subject, page) in [
            ("user.role", "hanako", Some("/console/users/7")),
            ("session.begin", "somebody else's", None),
            ("transaction.sales", "abc123", Some("/console/transactions/abc123")),
            ("shop.check-connection", "tshop00000001", Some("/console/shop/tshop00000001")),
            ("notification.test", "tshop00000001", Some("/console/shop/tshop00000001")),
            ("shops.reload", "shops.toml", None),
            ("consent.close", "../x", Some("/console/consents/%2E%2E%2Fx")),
        ] {
            assert_eq!(page_of(act, subject, &users).as_deref(), page, "{act}");
        }
    }
}
