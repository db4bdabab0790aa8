//! The language of a page: Japanese, or English where the reader or the shop's button asks for it.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;

/// What the browser keeps under this name.
pub(in crate::sandbox) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::sandbox) enum Lang {
    #[default]
    Ja,
    En,
}

impl Lang {
    /// As `lang` attributes, parameters and the cookie have it.
    pub(in crate::sandbox) const fn code(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }

    /// The other one.
    pub(in crate::sandbox) const fn other(self) -> Self {
        match self {
            Self::Ja => Self::En,
            Self::En => Self::Ja,
        }
    }

    /// Whichever of the two texts is in this language.
    pub(in crate::sandbox) const fn pick<'a>(self, ja: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Ja => ja,
            Self::En => en,
        }
    }

    /// The language called `code`.
    pub(in crate::sandbox) fn of(code: &str) -> Option<Self> {
        [Self::Ja, Self::En].into_iter().find(|lang| lang.code() == code)
    }

    /// What a button's `checkoutLanguage` (`ja_JP`, `en_US`) asks for; other languages are answered in English.
    pub(in crate::sandbox) fn of_button(checkout_language: &str) -> Self {
        if checkout_language.is_empty() || checkout_language.starts_with("ja") { Self::Ja } else { Self::En }
    }
}

/// Where browsers keep the language that they chose: buyers' pages and testers' pages each have their own, for a developer
/// may read English and look at what buyers read.
#[derive(Debug, Clone, Copy)]
pub(in crate::sandbox) struct LangCookie {
    /// The cookie's name.
    pub(in crate::sandbox) name: &'static str,
    /// The pages it is for.
    pub(in crate::sandbox) path: &'static str,
}

impl LangCookie {
    /// What this browser chose on an earlier page.
    pub(in crate::sandbox) fn remembered(self, headers: &HeaderMap) -> Option<Lang> {
        cookie(headers, self.name).and_then(Lang::of)
    }

    /// The `Set-Cookie` value that makes the browser remember.
    pub(in crate::sandbox) fn naming(self, lang: Lang) -> String {
        format!("{}={}; Path={}; HttpOnly; SameSite=Lax", self.name, lang.code(), self.path)
    }
}
