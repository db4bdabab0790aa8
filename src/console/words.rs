//! What pages call things, and how they show amounts: in one place, so that every page says the same.

use crate::domain::{Status, Yen};
use crate::protocol::{Language, status_meaning};
use crate::store::overview::NotificationState;

/// A status with its colour.
pub(super) struct StatusTag {
    pub(super) wire: &'static str,
    pub(super) meaning: &'static str,
    /// A class of the style sheet: `good`, `bad`, `open`, or none.
    pub(super) class: &'static str,
}

impl StatusTag {
    pub(super) fn of(status: Status, language: Language) -> Self {
        Self { wire: status.wire(), meaning: status_meaning(status, language), class: Group::of(status).tag() }
    }
}

/// Statuses that mean much the same for whoever looks at many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// Money was promised or taken, or a consent given.
    Paid,
    /// It is under way.
    Pending,
    /// It was given back, let go, or ended.
    Back,
    /// It came to nothing.
    Failed,
}

impl Group {
    pub(super) const ALL: [Self; 4] = [Self::Paid, Self::Pending, Self::Back, Self::Failed];

    pub(super) const fn of(status: Status) -> Self {
        match status {
            Status::Auth | Status::Sales | Status::Capture | Status::Register => Self::Paid,
            Status::Unprocessed | Status::ReqSuccess | Status::AuthProcess => Self::Pending,
            Status::Cancel | Status::ReqReturn | Status::Return | Status::End => Self::Back,
            Status::PayFail | Status::Expired => Self::Failed,
        }
    }

    /// Its class on a chart.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Pending => "pending",
            Self::Back => "back",
            Self::Failed => "failed",
        }
    }

    pub(super) const fn label(self, language: Language) -> &'static str {
        match self {
            Self::Paid => language.pick("成立", "Paid"),
            Self::Pending => language.pick("処理中", "Pending"),
            Self::Back => language.pick("取消・返金", "Given back"),
            Self::Failed => language.pick("失敗", "Failed"),
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

/// A typed amount: digits, perhaps grouped by commas; none where it is no amount.
pub(super) fn typed_yen(text: &str) -> Option<Yen> {
    let text: String = text.chars().filter(|c| *c != ',').collect();
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
        for (text, amount) in [("0", Some(0)), ("1,980", Some(1980)), ("9999999", Some(9_999_999))] {
            assert_eq!(typed_yen(text).map(Yen::get), amount, "{text}");
        }
        for text in ["", ",", "-1", "+1", "1.5", "10000000", "１", "1 000", "0x1"] {
            assert_eq!(typed_yen(text), None, "{text}");
        }
    }
}
