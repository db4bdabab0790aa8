//! What pages call things, and how they show amounts: in one place, so that every page says the same.

use crate::domain::notification::NoAnswer;
use crate::domain::{Millis, Status, Yen};
use crate::protocol::{Language, status_meaning};
use crate::store::overview::NotificationState;

/// A status with its colour.
pub(super) struct StatusTag {
    pub(super) wire: &'static str,
    /// In a word or two.
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    /// A class of the style sheet: `good`, `bad`, `open`, or none.
    pub(super) class: &'static str,
}

impl StatusTag {
    pub(super) fn of(status: Status, language: Language) -> Self {
        Self {
            wire: status.wire(),
            name: status_name(status, language),
            meaning: status_meaning(status, language),
            class: Group::of(status).tag(),
        }
    }
}

/// A status in a word or two, beside its word on the wire.
const fn status_name(status: Status, language: Language) -> &'static str {
    match status {
        Status::Unprocessed => language.pick("未決済", "entered"),
        Status::ReqSuccess => language.pick("要求成功", "executed"),
        Status::AuthProcess => language.pick("処理中", "at Amazon"),
        Status::Auth => language.pick("仮売上", "authorised"),
        Status::Sales => language.pick("実売上", "captured"),
        Status::Capture => language.pick("即時売上", "captured at once"),
        Status::Cancel => language.pick("取消", "cancelled"),
        Status::ReqReturn => language.pick("返金受付", "being refunded"),
        Status::Return => language.pick("返金完了", "refunded"),
        Status::PayFail => language.pick("決済失敗", "failed"),
        Status::Expired => language.pick("期限切れ", "expired"),
        Status::Register => language.pick("利用承諾登録", "consent given"),
        Status::End => language.pick("利用承諾終了", "consent ended"),
    }
}

/// A status' class on a chart: each has a colour of its own.
pub(super) const fn status_class(status: Status) -> &'static str {
    match status {
        Status::Unprocessed => "s-unprocessed",
        Status::ReqSuccess => "s-reqsuccess",
        Status::AuthProcess => "s-authprocess",
        Status::Auth => "s-auth",
        Status::Sales => "s-sales",
        Status::Capture => "s-capture",
        Status::Cancel => "s-cancel",
        Status::ReqReturn => "s-reqreturn",
        Status::Return => "s-return",
        Status::PayFail => "s-payfail",
        Status::Expired => "s-expired",
        Status::Register => "s-register",
        Status::End => "s-end",
    }
}

/// Statuses that mean much the same for whoever looks at many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// Money was promised or taken, or a consent given.
    Paid,
    /// It is under way: not paid yet, or not given back yet.
    Pending,
    /// It was given back, let go, or ended.
    Back,
    /// It came to nothing.
    Failed,
}

impl Group {
    /// In the order in which a chart stacks them.
    pub(super) const ALL: [Self; 4] = [Self::Paid, Self::Pending, Self::Back, Self::Failed];

    pub(super) const fn of(status: Status) -> Self {
        match status {
            Status::Auth | Status::Sales | Status::Capture | Status::Register => Self::Paid,
            Status::Unprocessed | Status::ReqSuccess | Status::AuthProcess | Status::ReqReturn => Self::Pending,
            Status::Cancel | Status::Return | Status::End => Self::Back,
            Status::PayFail | Status::Expired => Self::Failed,
        }
    }

    /// The statuses that mean this, in the order of the protocol.
    pub(super) fn statuses(self) -> impl Iterator<Item = Status> {
        Status::ALL.iter().copied().filter(move |status| Self::of(*status) == self)
    }

    /// The strokes over its colours on a chart, so that nobody has to tell groups by their hue.
    pub(super) const fn strokes(self) -> &'static str {
        match self {
            Self::Paid => "",
            Self::Pending => "dots",
            Self::Back => "lines",
            Self::Failed => "hatch",
        }
    }

    const fn tag(self) -> &'static str {
        match self {
            Self::Paid => "good",
            Self::Pending => "open",
            Self::Back => "",
            Self::Failed => "bad",
        }
    }
}

/// Where a notification stands, with its colour.
pub(super) const fn notification_state(state: NotificationState, language: Language) -> (&'static str, &'static str) {
    match state {
        NotificationState::Pending => (language.pick("送信待ち", "To be sent"), "open"),
        NotificationState::Delivered => (language.pick("受領済み", "Received"), "good"),
        NotificationState::GivenUp => (language.pick("断念", "Given up"), "bad"),
    }
}

/// Why a shop's server gave no whole answer, and what that points to.
pub(super) const fn no_answer(why: NoAnswer, language: Language) -> &'static str {
    match why {
        NoAnswer::Refused => language.pick("接続を拒否されました", "The connection was refused"),
        NoAnswer::Unreachable => language.pick("接続できませんでした", "No connection came about"),
        NoAnswer::Name => language.pick("ホスト名のアドレスが見つかりません", "The host has no address"),
        NoAnswer::Forbidden => language.pick("呼び出しが許可されていないアドレスです", "The address may not be called"),
        NoAnswer::Tls => language.pick(
            "TLS: サーバーの証明書またはバージョンを受け入れられません",
            "TLS: the server’s certificate or version is not accepted",
        ),
        NoAnswer::Hang => language.pick("時間内に応答がありません", "No answer in time"),
        NoAnswer::Broken => language.pick("接続が途中で切れました", "The connection broke"),
        NoAnswer::ShopMissing => language.pick("店舗が shops.toml にありません", "The shop is not in shops.toml"),
    }
}

/// A moment as people in Japan read it, and spreadsheets, too: `2026-11-23 03:10:00`.
pub(super) fn moment(at: Millis) -> String {
    let jst = at.jst();
    match (jst.get(..4), jst.get(4..6), jst.get(6..8), jst.get(8..10), jst.get(10..12), jst.get(12..14)) {
        (Some(y), Some(mo), Some(d), Some(h), Some(mi), Some(s)) => format!("{y}-{mo}-{d} {h}:{mi}:{s}"),
        _ => jst,
    }
}

/// `2,178`: thousands apart.
pub(super) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An amount as people in Japan write it: `2,178円`, or `¥2,178` in English.
pub(super) fn yen(amount: i64, language: Language) -> String {
    match language {
        Language::Japanese => format!("{}円", grouped(amount)),
        Language::English => format!("¥{}", grouped(amount)),
    }
}

/// A typed amount: digits, also those of a Japanese keyboard, perhaps grouped by commas; none where it is no amount.
pub(super) fn typed_yen(text: &str) -> Option<Yen> {
    let narrow = |c: char| match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')),
        ',' | '，' => None,
        other => Some(other),
    };
    let text: String = text.chars().filter_map(narrow).collect();
    let digits = !text.is_empty() && text.len() <= 7 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok().and_then(Yen::new) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_by_thousands() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (9_999_999, "9,999,999"), (-1234, "-1,234")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!((yen(2178, Language::Japanese), yen(2178, Language::English)), ("2,178円".into(), "¥2,178".into()));
    }

    #[test]
    fn what_is_typed_is_an_amount_or_nothing() {
        for (text, amount) in
            [("0", Some(0)), ("1,980", Some(1980)), ("9999999", Some(9_999_999)), ("１，９８０", Some(1980))]
        {
            assert_eq!(typed_yen(text).map(Yen::get), amount, "{text}");
        }
        for text in ["", ",", "-1", "+1", "1.5", "10000000", "１００００００００", "1 000", "0x1", "一"] {
            assert_eq!(typed_yen(text), None, "{text}");
        }
    }

    #[test]
    fn every_status_is_in_one_group_and_has_a_colour_and_a_name() {
        let all: Vec<Status> = Group::ALL.into_iter().flat_map(Group::statuses).collect();
        assert_eq!(all.len(), Status::ALL.len());
        let style = include_str!("assets/console.css");
        for status in all {
            let class = format!(".{} {{", status_class(status));
            assert_eq!(style.matches(&class).count(), 2, "{class} by day and by night");
            assert_ne!(status_name(status, Language::Japanese), status_name(status, Language::English));
        }
    }
}
