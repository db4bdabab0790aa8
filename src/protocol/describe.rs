//! The tables in words, for people: what a name means, what a limit asks, when a parameter is needed. English and
//! Japanese. Parameters and values are set in backquotes, as Markdown writes code.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::call::{Call, Need, Style};
use super::condition::Condition;
use super::error::{ErrInfo, Texts};
use super::field::Field;
use super::shape::Shape;
use crate::domain::Status;

/// A language that a page is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// 日本語
    Japanese,
    /// English
    English,
}

#[derive(Deserialize, Default)]
struct Names {
    call: BTreeMap<String, Texts>,
    field: BTreeMap<String, Texts>,
    status: BTreeMap<String, Texts>,
}

static NAMES: LazyLock<Names> =
    // The file is part of the program and a test looks every name up, so the default is never taken.
    LazyLock::new(|| toml::from_str(include_str!("names.toml")).unwrap_or_default());

impl Texts {
    /// The text in `language`.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Japanese => &self.ja,
            Language::English => &self.en,
        }
    }
}

impl Language {
    /// The code in HTML's `lang`.
    pub const fn code(self) -> &'static str {
        self.pick("ja", "en")
    }

    /// The one of two texts that is in this language.
    pub const fn pick<T: Copy>(self, japanese: T, english: T) -> T {
        match self {
            Self::Japanese => japanese,
            Self::English => english,
        }
    }
}

/// What a name on the wire means, be it of a parameter or of an answer's field; blank for a name that is neither.
pub fn meaning(name: &str, language: Language) -> &'static str {
    NAMES.field.get(name).map_or("", |texts| texts.get(language))
}

impl ErrInfo {
    /// What went wrong.
    pub fn text(self, language: Language) -> &'static str {
        language.pick(self.japanese(), self.english())
    }
}

impl Call {
    /// What it does.
    pub fn purpose(self, language: Language) -> &'static str {
        NAMES.call.get(self.name()).map_or("", |texts| texts.get(language))
    }
}

/// What a status means.
pub fn status_meaning(status: Status, language: Language) -> &'static str {
    NAMES.status.get(status.wire()).map_or("", |texts| texts.get(language))
}

impl Field {
    /// Its limits in words, in the order in which they are checked.
    pub fn limits(self, language: Language) -> String {
        let checks: Vec<_> = self.rule().checks.iter().map(|check| check.shape.describe(language)).collect();
        checks.join(language.pick("、", "; "))
    }
}

impl Need {
    /// Whether the parameter is needed, in words; parameters bear their names of `style`.
    pub fn describe(self, language: Language, style: Style) -> String {
        match self {
            Self::Required => language.pick("必須", "required").to_owned(),
            Self::Optional => language.pick("任意", "optional").to_owned(),
            Self::When(condition) => {
                let condition = condition.describe(language, style);
                language.pick(format!("{condition}は必須").as_str(), format!("required if {condition}").as_str()).into()
            }
        }
    }
}

impl Condition {
    /// The condition in words; parameters bear their names of `style`.
    pub fn describe(self, language: Language, style: Style) -> String {
        let name = |field: Field| format!("`{}`", field.name(style));
        let names = |fields: &[Field], between| fields.iter().map(|it| name(*it)).collect::<Vec<_>>().join(between);
        let parts = |conditions: &[Self], between| {
            conditions.iter().map(|it| it.describe(language, style)).collect::<Vec<_>>().join(between)
        };
        match (self, language) {
            (Self::Given(field), Language::English) => format!("{} is given", name(field)),
            (Self::Given(field), Language::Japanese) => format!("{}を指定した場合", name(field)),
            (Self::Missing(field), Language::English) => format!("{} is not given", name(field)),
            (Self::Missing(field), Language::Japanese) => format!("{}を指定しない場合", name(field)),
            (Self::OneOf(field, words), Language::English) => format!("{} is {}", name(field), listed(words, " or ")),
            (Self::OneOf(field, words), Language::Japanese) => {
                format!("{}が{}の場合", name(field), listed(words, "または"))
            }
            (Self::Zero(fields), Language::English) => format!("{} is 0", names(fields, " + ")),
            (Self::Zero(fields), Language::Japanese) => format!("{}が0の場合", names(fields, "と") + sum_of(fields)),
            (Self::Above(fields, most), Language::English) => format!("{} exceeds {most}", names(fields, " + ")),
            (Self::Above(fields, most), Language::Japanese) => {
                format!("{}が{most}を超える場合", names(fields, "と") + sum_of(fields))
            }
            (Self::MoreThanOne(fields), Language::English) => {
                format!("more than one of {} is given", names(fields, ", "))
            }
            (Self::MoreThanOne(fields), Language::Japanese) => {
                format!("{}のうち二つ以上を指定した場合", names(fields, "、"))
            }
            (Self::All(all), Language::English) => parts(all, " and "),
            (Self::All(all), Language::Japanese) => parts(all, "で、かつ"),
            (Self::Any(any), Language::English) => format!("({})", parts(any, " or ")),
            (Self::Any(any), Language::Japanese) => format!("（{}）", parts(any, "、または")),
        }
    }
}

fn sum_of(fields: &[Field]) -> &'static str {
    if fields.len() > 1 { "の合計" } else { "" }
}

fn listed(words: &[&str], between: &str) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(between)
}

impl Shape {
    /// The condition in words.
    pub fn describe(self, language: Language) -> String {
        let pick = |japanese: &str, english: &str| language.pick(japanese, english).to_owned();
        match self {
            Self::All(shapes) => {
                let parts: Vec<_> = shapes.iter().map(|shape| shape.describe(language)).collect();
                parts.join(language.pick("、", ", "))
            }
            Self::Length(count) => pick(&format!("{count}文字"), &format!("exactly {count} characters")),
            Self::CharactersMax(max) => pick(&format!("{max}文字以内"), &format!("at most {max} characters")),
            Self::BytesMax(max) => pick(&format!("{max}バイト以内"), &format!("at most {max} bytes")),
            Self::Windows31jBytesMax(max) => {
                pick(&format!("Windows-31Jで{max}バイト以内"), &format!("at most {max} bytes in Windows-31J"))
            }
            Self::Alphanumeric => pick("半角英数字", "letters and digits"),
            Self::AlphanumericOrHyphen => pick("半角英数字とハイフン", "letters, digits and hyphen"),
            Self::Digits => pick("半角数字", "digits"),
            Self::Range(least, most) => pick(&format!("{least}から{most}"), &format!("from {least} to {most}")),
            Self::OneOf([word]) => pick(&format!("`{word}`のみ"), &format!("`{word}`")),
            Self::OneOf(words) => {
                pick(&format!("{}のいずれか", listed(words, "、")), &format!("one of {}", listed(words, ", ")))
            }
            Self::MadeOf(alphabet) => made_of(alphabet, language),
            Self::AmazonId => pick("半角英数字と`.`、`_`、`-`", "letters, digits, `.`, `_` and `-`"),
            Self::VisibleAscii => pick("空白以外のASCII文字", "visible ASCII"),
            Self::WebUrl => pick("httpまたはhttpsの絶対URL", "an absolute http or https URL"),
            Self::CountryCode => pick("半角英大文字2文字", "two capital letters"),
            Self::OneLine => pick("制御文字以外", "no control characters"),
            Self::OneLineWithoutSymbols => pick(
                "制御文字と``^ ` { | } ~ & < > \" '``以外",
                "no control characters and none of ``^ ` { | } ~ & < > \" '``",
            ),
        }
    }
}

/// An alphabet without the hundred letters and digits of ASCII that are in it.
fn made_of(alphabet: &str, language: Language) -> String {
    let holds = |range: std::ops::RangeInclusive<char>| range.into_iter().all(|c| alphabet.contains(c));
    let mut parts = Vec::new();
    if holds('A'..='Z') && holds('a'..='z') {
        parts.push(language.pick("半角英字", "letters").to_owned());
    }
    if holds('0'..='9') {
        parts.push(language.pick("半角数字", "digits").to_owned());
    }
    parts.extend(alphabet.chars().filter(|c| !c.is_ascii_alphanumeric() && *c != ' ').map(|c| format!("`{c}`")));
    if alphabet.contains(' ') {
        parts.push(language.pick("空白", "space").to_owned());
    }
    parts.join(language.pick("、", ", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::codes;

    const BOTH: [Language; 2] = [Language::Japanese, Language::English];

    #[test]
    fn everything_has_a_text_in_both_languages() {
        for language in BOTH {
            for call in Call::ALL {
                assert_ne!(call.purpose(language), "", "{call:?}");
                for field in call.answers().iter().flat_map(|answer| &answer.fields) {
                    assert_ne!(meaning(field.name, language), "", "{}", field.name);
                }
            }
            for field in Field::ALL {
                assert_ne!(meaning(field.rule().name, language), "", "{field:?}");
                assert_eq!(field.limits(language).is_empty(), field.rule().checks.is_empty(), "{field:?}");
            }
            for status in Status::ALL {
                assert_ne!(status_meaning(*status, language), "", "{status}");
            }
        }
        assert_eq!(NAMES.status.len(), Status::ALL.len());
        assert_eq!(NAMES.call.len(), Call::ALL.len());
    }

    #[test]
    fn a_condition_in_words() {
        let (_, need) = Call::ExecTran.fields().iter().find(|(field, _)| *field == Field::RetUrl).unwrap();
        assert_eq!(
            need.describe(Language::English, Style::Json),
            "required if `apbType` is given and `amazonCheckoutSessionID` is not given"
        );
        let clash = Call::Sales.clashes().iter().find(|clash| clash.otherwise == codes::AMOUNT_RANGE).unwrap();
        assert_eq!(clash.when.describe(Language::Japanese, Style::IdPass), "`Amount`と`Tax`の合計が0の場合");
    }

    #[test]
    fn a_limit_in_words() {
        assert_eq!(Field::PaymentTermSec.limits(Language::English), "at most 5 characters; digits; from 1 to 86400");
        assert_eq!(
            Field::Token.limits(Language::English),
            "at most 256 characters, letters, digits, `+`, `/`, `=`, space"
        );
        assert_eq!(
            Field::ClientField1.limits(Language::Japanese).split('、').next(),
            Some("Windows-31Jで100バイト以内")
        );
    }
}
