//! `/docs`: how to call this gateway, for a shop's engineer. Written by the server from the tables that the validator
//! reads; Japanese, or English with `?lang=en`. It needs no script and no cookie, and allows none.

use askama::Template;
use axum::extract::RawQuery;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::domain::Status;
use crate::protocol::{self, Call, ErrClass, ErrInfo, Field, Language, Style, meaning, status_meaning};

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "gateway/reference/page.html")]
struct Page {
    language: Language,
    calls: Vec<CallEntry>,
    statuses: Vec<(&'static str, &'static str)>,
    errors: Vec<ErrorEntry>,
    unanswered: &'static [protocol::UnansweredGroup],
}

struct CallEntry {
    name: &'static str,
    speaks_json: bool,
    purpose: &'static str,
    parameters: Vec<ParameterEntry>,
    clashes: Vec<(&'static str, Text)>,
    answers: Vec<Vec<AnswerEntry>>,
    errors: Vec<ErrorEntry>,
}

struct ParameterEntry {
    name: &'static str,
    json: String,
    need: Text,
    limits: Text,
    default: Option<&'static str>,
    meaning: &'static str,
    codes: Vec<&'static str>,
}

struct AnswerEntry {
    name: &'static str,
    json: String,
    always: bool,
    meaning: &'static str,
}

struct ErrorEntry {
    code: &'static str,
    text: &'static str,
    http: u16,
}

/// A text in which some pieces are code.
struct Text(Vec<Piece>);

struct Piece {
    text: String,
    is_code: bool,
}

/// `/docs`.
pub(super) async fn page(RawQuery(query): RawQuery) -> Response {
    let wants_english = query.is_some_and(|query| query.split('&').any(|pair| pair == "lang=en"));
    let language = if wants_english { Language::English } else { Language::Japanese };
    let html = match Page::new(language).render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "the reference page could not be written");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html;charset=UTF-8")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, html).into_response()
}

/// `/docs/style.css`.
pub(super) async fn style() -> Response {
    let css = include_str!("../../templates/gateway/reference/style.css");
    ([(CONTENT_TYPE, "text/css;charset=UTF-8"), (CACHE_CONTROL, "no-cache")], css).into_response()
}

impl Page {
    fn new(language: Language) -> Self {
        Self {
            language,
            calls: Call::ALL.into_iter().map(|call| CallEntry::new(call, language)).collect(),
            statuses: Status::ALL.iter().map(|it| (it.wire(), status_meaning(*it, language))).collect(),
            errors: ErrInfo::all().map(|code| ErrorEntry::new(code, language)).collect(),
            unanswered: protocol::unanswered(),
        }
    }

    /// Whichever of the two texts is in the page's language.
    fn t<'a>(&self, japanese: &'a str, english: &'a str) -> &'a str {
        self.language.pick(japanese, english)
    }
}

impl CallEntry {
    fn new(call: Call, language: Language) -> Self {
        let in_words = |clash: &protocol::Clash| {
            (clash.otherwise.as_str(), Text::parse(&clash.when.describe(language, Style::IdPass)))
        };
        let answer = |field: &protocol::AnswerField| AnswerEntry {
            name: field.name,
            json: field.name(Style::Json),
            always: field.always,
            meaning: meaning(field.name, language),
        };
        Self {
            name: call.name(),
            speaks_json: call.speaks(Style::Json),
            purpose: call.purpose(language),
            parameters: call
                .fields()
                .iter()
                .map(|(field, need)| ParameterEntry::new(*field, *need, language))
                .collect(),
            clashes: call.clashes().iter().map(in_words).collect(),
            answers: call.answers().iter().map(|shape| shape.fields.iter().map(answer).collect()).collect(),
            errors: call.errors().into_iter().map(|code| ErrorEntry::new(code, language)).collect(),
        }
    }
}

impl ParameterEntry {
    fn new(field: Field, need: protocol::Need, language: Language) -> Self {
        let rule = field.rule();
        let missing = rule.missing.filter(|_| need != protocol::Need::Optional);
        let checks = rule.checks.iter().map(|check| check.otherwise);
        let mut codes: Vec<_> =
            missing.into_iter().chain(checks).chain(rule.undecodable).map(ErrInfo::as_str).collect();
        codes.dedup();
        Self {
            name: rule.name,
            json: field.name(Style::Json).into_owned(),
            need: Text::parse(&need.describe(language, Style::IdPass)),
            limits: Text::parse(&field.limits(language)),
            default: rule.default,
            meaning: meaning(rule.name, language),
            codes,
        }
    }
}

impl ErrorEntry {
    fn new(code: ErrInfo, language: Language) -> Self {
        Self { code: code.as_str(), text: code.text(language), http: super::shop_api::json_status_of(code).as_u16() }
    }

    /// Whether Amazon said so, for the page's colours.
    fn is_amazon(&self) -> bool {
        ErrInfo::parse(self.code).is_some_and(|code| code.class() == ErrClass::Provider)
    }
}

impl Text {
    /// Takes the backquotes of Markdown apart: one on each side, or two where the code itself has one.
    fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        for (count, outer) in text.split("``").enumerate() {
            if count % 2 == 1 {
                pieces.push(Piece { text: outer.to_owned(), is_code: true });
                continue;
            }
            let inner = outer.split('`').enumerate();
            pieces.extend(inner.map(|(count, text)| Piece { text: text.to_owned(), is_code: count % 2 == 1 }));
        }
        pieces.retain(|piece| !piece.text.is_empty());
        Self(pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_from_words() {
        let Text(pieces) = Text::parse("one of `A`, `B` and none of ``^ ` {``");
        let seen: Vec<_> = pieces.iter().map(|piece| (piece.text.as_str(), piece.is_code)).collect();
        let expected =
            [("one of ", false), ("A", true), (", ", false), ("B", true), (" and none of ", false), ("^ ` {", true)];
        assert_eq!(seen, expected);
    }

    #[test]
    fn the_page_is_whole_in_both_languages() {
        for language in [Language::Japanese, Language::English] {
            let html = Page::new(language).render().unwrap();
            for name in Call::ALL.map(Call::name) {
                assert!(html.contains(&format!("id=\"{name}\"")), "{name}");
            }
            for code in ErrInfo::all() {
                assert!(html.contains(&format!("id=\"{code}\"")), "{code}");
            }
            assert!(!html.contains('`') || html.contains("<code>^ ` {"), "Markdown is left over");
            assert!(!html.contains("<script") && !html.contains("style=\""));
        }
    }
}
