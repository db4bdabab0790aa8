//! Error codes: nine characters on the wire, a text in two languages for the shop's engineer.
//!
//! `errors.toml` is the list of what this gateway answers. What no published table names is the gateway's own choice and
//! is marked there, so that a real number can replace it (psp-protocol 11 and 13.3). The provider's other codes are in
//! `unanswered.toml`, each group with the reason why; they are documentation, and no [`ErrInfo`] can be one of them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;

/// One error as the protocol's `ErrInfo` writes it. Only codes of `errors.toml` can be one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrInfo(&'static str);

/// What kind of failure a code reports. The web server chooses a JSON answer's HTTP status by it (psp-protocol 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrClass {
    /// The shop's parameters, settings or contract do not allow it, or the transaction does not.
    Input,
    /// The gateway or its database failed.
    System,
    /// Nothing was started: something else is at work on the transaction. Trying again may succeed.
    Busy,
    /// The gateway did not take the call at all: there is none of this name.
    NotServed,
    /// Amazon refused, or could not be reached.
    Provider,
}

/// A text for people, in both languages.
#[derive(Debug, Deserialize)]
pub struct Texts {
    /// In English.
    pub en: String,
    /// In Japanese.
    pub ja: String,
}

/// Codes of the provider that this gateway never answers, for one reason.
#[derive(Debug, Deserialize)]
pub struct UnansweredGroup {
    /// Why they are not answered.
    #[serde(flatten)]
    pub reason: Texts,
    /// By code.
    pub codes: BTreeMap<String, Unanswered>,
}

/// One such code.
#[derive(Debug, Deserialize)]
pub struct Unanswered {
    /// What it means at the provider.
    #[serde(flatten)]
    pub texts: Texts,
    /// The code that is answered here for the same fault, if that can happen here.
    pub instead: Option<String>,
}

static TABLE: LazyLock<BTreeMap<String, Texts>> =
    // The file is part of the program and a test reads every code from it, so the default is never taken.
    LazyLock::new(|| toml::from_str(include_str!("errors.toml")).unwrap_or_default());

#[derive(Deserialize, Default)]
struct UnansweredTable {
    group: Vec<UnansweredGroup>,
}

static UNANSWERED: LazyLock<UnansweredTable> =
    LazyLock::new(|| toml::from_str(include_str!("unanswered.toml")).unwrap_or_default());

/// The provider's codes that this gateway never answers, by the reason why.
pub fn unanswered() -> &'static [UnansweredGroup] {
    &UNANSWERED.group
}

impl ErrInfo {
    /// For the constants in [`codes`](super::codes), each of which a test finds in the table.
    pub(super) const fn known(code: &'static str) -> Self {
        Self(code)
    }

    /// The error of this code, for a code that was stored; `None` if the table has no such code.
    pub fn parse(code: &str) -> Option<Self> {
        TABLE.get_key_value(code).map(|(code, _)| Self(code))
    }

    /// Every code of the table, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.keys().map(|code| Self(code))
    }

    /// The nine characters, the protocol's `ErrInfo`.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The first three, the protocol's `ErrCode` (psp-protocol 2.3).
    pub fn err_code(self) -> &'static str {
        self.0.get(..3).unwrap_or(self.0)
    }

    /// What went wrong, in English, for the shop's engineer.
    pub fn english(self) -> &'static str {
        TABLE.get(self.0).map_or("", |texts| &texts.en)
    }

    /// The same in Japanese.
    pub fn japanese(self) -> &'static str {
        TABLE.get(self.0).map_or("", |texts| &texts.ja)
    }

    /// The kind of failure (psp-protocol 2.4).
    pub fn class(self) -> ErrClass {
        match (self.err_code(), self.0) {
            (_, "E91099997") => ErrClass::NotServed,
            ("E90", _) => ErrClass::Busy,
            ("E91", _) => ErrClass::System,
            ("AZ1", _) => ErrClass::Provider,
            _ => ErrClass::Input,
        }
    }
}

impl fmt::Display for ErrInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for ErrInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::codes;

    #[test]
    fn every_code_has_nine_characters_and_two_texts() {
        assert_eq!(TABLE.len(), codes::ALL.len(), "errors.toml was not read, or has a code without a constant");
        for error in ErrInfo::all() {
            assert_eq!(error.as_str().len(), 9, "{error}");
            assert!(error.as_str().bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()), "{error}");
            assert!(error.english().ends_with('.') && error.english().is_ascii(), "{error}: {}", error.english());
            assert!(error.japanese().ends_with('。'), "{error}: {}", error.japanese());
        }
    }

    #[test]
    fn every_constant_is_in_the_table_once() {
        let mut seen = BTreeMap::new();
        for (name, error) in codes::ALL {
            assert_eq!(ErrInfo::parse(error.as_str()), Some(*error), "{name} is not in errors.toml");
            assert_eq!(seen.insert(*error, name), None, "{name} names a code that another constant names");
        }
    }

    #[test]
    fn what_is_never_answered_is_in_no_other_table() {
        let codes: Vec<_> = unanswered().iter().flat_map(|group| &group.codes).collect();
        assert_eq!(codes.len(), 75, "unanswered.toml was not read");
        for (code, unanswered) in codes {
            assert_eq!(ErrInfo::parse(code), None, "{code} is in both tables");
            assert!(unanswered.texts.en.ends_with('.') && unanswered.texts.ja.ends_with('。'), "{code}");
            if let Some(instead) = &unanswered.instead {
                assert!(ErrInfo::parse(instead).is_some(), "{code}: {instead} is not answered either");
            }
        }
    }

    #[test]
    fn classes_follow_the_families() {
        assert_eq!(codes::SHOP_UNKNOWN.class(), ErrClass::Input);
        assert_eq!(codes::UNEXPECTED.class(), ErrClass::System);
        assert_eq!(codes::NO_SUCH_CALL.class(), ErrClass::NotServed);
        assert_eq!(codes::STILL_PROCESSING.class(), ErrClass::Busy);
        assert_eq!(codes::AMAZON_REJECTED.class(), ErrClass::Provider);
        assert_eq!(codes::SHOP_UNKNOWN.err_code(), "M01");
    }
}
