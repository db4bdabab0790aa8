//! The audit log: what was done in the console, by whom, when, and what it changed. The latest first, by pages.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value};

use super::route::{Nav, Needs, Room, get};
use super::{App, Asked, Failure, Frame, Staff};
use crate::domain::Right;
use crate::protocol::Language;
use crate::store::AuditRecord;

/// Lines on a page.
const LINES: u32 = 50;

const NEEDS: Needs = Needs::Right(Right::Administer);

#[derive(Template)]
#[template(path = "console/audit.html")]
struct AuditPage {
    frame: Frame,
    lines: Vec<Line>,
    shop: String,
    is_first: bool,
    /// The number from below which the next page begins.
    older: Option<i64>,
}

struct Line {
    at: crate::domain::Millis,
    who: String,
    address: String,
    act: String,
    shop: String,
    subject: String,
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
    let before = asked.field("before").parse().ok();
    let mut records = console.book().audit(&scope, before, LINES + 1).await?;
    let has_more = records.len() > LINES as usize;
    records.truncate(LINES as usize);
    let older = records.last().filter(|_| has_more).map(|record| record.id);
    let lines = records.into_iter().map(|record| Line::of(record, asked.language)).collect();
    let shop = scope.shop().map(ToString::to_string).unwrap_or_default();
    let is_first = before.is_none();
    asked.page(&AuditPage { frame: Frame::of(Some(&staff), &asked), lines, shop, is_first, older })
}

impl Line {
    fn of(record: AuditRecord, language: Language) -> Self {
        Self {
            at: record.at,
            who: record.who,
            address: record.address.unwrap_or_default(),
            act: act_label(&record.act, language).map_or(record.act.clone(), str::to_owned),
            shop: record.shop.unwrap_or_default(),
            subject: record.subject,
            differences: differences(record.before.as_deref(), record.after.as_deref()),
        }
    }
}

/// What an act is called; `None` for one that has no name here.
fn act_label(act: &str, language: Language) -> Option<&'static str> {
    let (ja, en) = match act {
        "user.add" => ("ユーザーを追加", "Added a user"),
        "user.role" => ("役割を変更", "Changed a role"),
        "user.disable" => ("ユーザーを無効化", "Disabled a user"),
        "user.enable" => ("ユーザーを有効化", "Enabled a user"),
        "user.password" => ("パスワードを変更", "Set a new password"),
        "user.second-factor.add" => ("二段階認証を登録", "Added a second factor"),
        "user.second-factor.drop" => ("二段階認証を解除", "Removed a second factor"),
        "session.begin" => ("サインイン", "Signed in"),
        "session.end" => ("サインアウト", "Signed out"),
        "session.end-all" => ("全セッションを終了", "Ended every session"),
        "shops.reload" => ("店舗設定を再読み込み", "Read shops.toml again"),
        "shop.check-connection" => ("接続を確認", "Checked the connection"),
        "transaction.sales.asked" => ("実売上を指示", "Asked to capture (Sales)"),
        "transaction.cancel.asked" => ("取消・返金を指示", "Asked to cancel or refund (Cancel)"),
        "transaction.change.asked" => ("金額変更を指示", "Asked to change the amount (Change)"),
        "consent.close.asked" => ("継続課金の終了を指示", "Asked to close a consent"),
        "button.sign" => ("ボタンに署名", "Signed a button"),
        "transaction.sales" => ("実売上の結果", "Outcome of a capture (Sales)"),
        "transaction.cancel" => ("取消・返金の結果", "Outcome of a cancellation or refund (Cancel)"),
        "transaction.change" => ("金額変更の結果", "Outcome of a change of the amount (Change)"),
        "consent.close" => ("継続課金終了の結果", "Outcome of closing a consent"),
        "notification.resend" => ("通知を再送", "Sent notifications again"),
        "notification.test" => ("テスト通知を送信", "Sent a test notification"),
        _ => return None,
    };
    Some(language.pick(ja, en))
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
}
