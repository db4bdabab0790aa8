//! From the bytes of a request to its parameters, before anybody knows which shop sent it.
//!
//! The rules, beside psp-protocol 2.2: a blank value is no value; a name nobody knows is ignored, whatever its value;
//! of several values of one name the first that is not blank counts; parameters in the URL's query are taken too, after
//! those of the body. A `%` without two hex digits stands for itself, as in every browser's form decoder: it fails the
//! parameter's own limits where it matters.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::percent_decode;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::Value;

use super::call::Style;
use super::codes;
use super::encoding::RequestEncoding;
use super::error::ErrInfo;
use super::field::Field;

/// The most names a request may carry, known or not. The longest call has 27.
const NAMES_MAX: usize = 256;

/// The parameters of a request that some call knows, not blank, as bytes.
///
/// It holds passwords, so it has no `Debug`.
pub struct RawRequest {
    values: BTreeMap<Field, Vec<u8>>,
    /// JSON, or a form that says so: the shop's setting does not matter.
    is_utf8: bool,
}

impl RawRequest {
    /// Reads a request of `style`: its `Content-Type`, the query of its URL (without the `?`) and its body.
    ///
    /// A form may come without a `Content-Type`; JSON must say what it is. A form's body may be empty if the query is
    /// not: some clients post that way.
    ///
    /// # Errors
    /// [`codes::CONTENT_TYPE`] for another type than the style's; [`codes::BODY_MALFORMED`] where nothing was sent or
    /// it cannot be read, such as JSON that is no object, has a trailing comma, or nests a value under a known name.
    pub fn decode(style: Style, content_type: Option<&str>, query: Option<&str>, body: &[u8]) -> Result<Self, ErrInfo> {
        check_content_type(style, content_type)?;
        let mut values = BTreeMap::new();
        let query = query.unwrap_or_default();
        match style {
            _ if body.trim_ascii().is_empty() && !query.contains('=') => return Err(codes::BODY_MALFORMED),
            _ if body.trim_ascii().is_empty() => {}
            Style::IdPass => read_form(body, style, &mut values)?,
            Style::Json => read_json(body, &mut values)?,
        }
        if query.contains('=') {
            read_form(query.as_bytes(), style, &mut values)?;
        }
        let is_utf8 = style == Style::Json || content_type.is_some_and(says_utf8);
        Ok(Self { values, is_utf8 })
    }

    /// The shop's id as it was sent, to find the shop's settings before any text is decoded. It may be anything.
    pub fn shop_id_text(&self) -> Option<&str> {
        self.values.get(&Field::ShopId).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// The text of a parameter, or `None` where it is absent.
    ///
    /// `encoding` is the shop's setting; JSON, and a form whose `Content-Type` says `charset=utf-8`, are UTF-8 anyway.
    pub(super) fn text(&self, field: Field, encoding: RequestEncoding) -> Option<Result<String, NotText>> {
        let encoding = if self.is_utf8 { RequestEncoding::Utf8 } else { encoding };
        self.values.get(&field).map(|bytes| encoding.decode(bytes).ok_or(NotText))
    }
}

/// The bytes of a parameter mean nothing in the encoding they should be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotText;

fn check_content_type(style: Style, content_type: Option<&str>) -> Result<(), ErrInfo> {
    let essence = content_type.map(|value| value.split(';').next().unwrap_or_default().trim());
    let fits = match (style, essence) {
        (Style::IdPass, None | Some("")) => true,
        (Style::IdPass, Some(essence)) => essence.eq_ignore_ascii_case("application/x-www-form-urlencoded"),
        (Style::Json, essence) => essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")),
    };
    if fits { Ok(()) } else { Err(codes::CONTENT_TYPE) }
}

/// Only UTF-8 is worth hearing: Windows-31J is the rule anyway, and some HTTP libraries name ISO-8859-1 unasked.
fn says_utf8(content_type: &str) -> bool {
    content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("charset")
            && (value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8"))
    })
}

fn read_form(form: &[u8], style: Style, values: &mut BTreeMap<Field, Vec<u8>>) -> Result<(), ErrInfo> {
    if !form.contains(&b'=') {
        return Err(codes::BODY_MALFORMED);
    }
    for (count, pair) in form.trim_ascii_end().split(|b| *b == b'&').enumerate() {
        if count >= NAMES_MAX {
            return Err(codes::BODY_MALFORMED);
        }
        let mut halves = pair.splitn(2, |b| *b == b'=');
        let name = unescape(halves.next().unwrap_or_default());
        let value = unescape(halves.next().unwrap_or_default());
        if let Some(field) = std::str::from_utf8(&name).ok().and_then(|name| known(name, style)) {
            keep_first(values, field, value);
        }
    }
    Ok(())
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    Cow::from(percent_decode(&spaced)).into_owned()
}

fn read_json(body: &[u8], values: &mut BTreeMap<Field, Vec<u8>>) -> Result<(), ErrInfo> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let pairs = json.deserialize_map(Pairs).map_err(|_| codes::BODY_MALFORMED)?;
    json.end().map_err(|_| codes::BODY_MALFORMED)?;
    for (name, value) in pairs {
        let Some(field) = known(&name, Style::Json) else { continue };
        match value {
            Value::Null => {}
            Value::String(text) => keep_first(values, field, text.into_bytes()),
            Value::Number(number) => keep_first(values, field, number.to_string().into_bytes()),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => return Err(codes::BODY_MALFORMED),
        }
    }
    Ok(())
}

/// A JSON object's members in the order in which they were sent, repeated names included.
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object of at most {NAMES_MAX} members")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = members.next_entry()? {
            if pairs.len() >= NAMES_MAX {
                return Err(serde::de::Error::invalid_length(pairs.len() + 1, &self));
            }
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

fn known(name: &str, style: Style) -> Option<Field> {
    match style {
        Style::IdPass => Field::from_name(name),
        Style::Json => {
            let mut letters = name.chars();
            let first = letters.next().filter(char::is_ascii_lowercase)?;
            Field::from_name(&format!("{}{}", first.to_ascii_uppercase(), letters.as_str()))
        }
    }
}

fn keep_first(values: &mut BTreeMap<Field, Vec<u8>>, field: Field, value: Vec<u8>) {
    if !value.is_empty() {
        values.entry(field).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(body: &str) -> RawRequest {
        RawRequest::decode(Style::IdPass, None, None, body.as_bytes()).unwrap()
    }

    fn json(body: &str) -> Result<RawRequest, ErrInfo> {
        RawRequest::decode(Style::Json, Some("application/json;charset=UTF-8"), None, body.as_bytes())
    }

    fn text(raw: &RawRequest, field: Field) -> Option<String> {
        raw.text(field, RequestEncoding::Windows31J).and_then(Result::ok)
    }

    #[test]
    fn a_form_is_read_by_the_ordinary_rules() {
        let raw = form("ShopID=tshop00000001&Description=%93%FA%96%7B+a%2Bb&OrderID=a%zz&orderID=x&Unknown=%&&Tax\r\n");
        assert_eq!(raw.shop_id_text(), Some("tshop00000001"));
        assert_eq!(text(&raw, Field::Description).as_deref(), Some("日本 a+b"));
        assert_eq!(text(&raw, Field::OrderId).as_deref(), Some("a%zz"));
        assert_eq!(raw.values.len(), 3);
    }

    #[test]
    fn the_first_value_that_is_not_blank_counts() {
        assert_eq!(text(&form("OrderID=&OrderID=a&OrderID=b"), Field::OrderId).as_deref(), Some("a"));
        let doubled = json(r#"{"orderID":null,"orderID":"a","orderID":"b"}"#).unwrap();
        assert_eq!(text(&doubled, Field::OrderId).as_deref(), Some("a"));
    }

    #[test]
    fn the_query_comes_after_the_body() {
        let raw = RawRequest::decode(Style::IdPass, None, Some("OrderID=q&Tax=1"), b"OrderID=b").unwrap();
        assert_eq!(text(&raw, Field::OrderId).as_deref(), Some("b"));
        assert_eq!(text(&raw, Field::Tax).as_deref(), Some("1"));
        assert!(RawRequest::decode(Style::IdPass, None, Some("OrderID=q"), b"").is_ok());
    }

    #[test]
    fn json_takes_numbers_and_strings_under_lowered_names() {
        let raw = json(r#"{"amount":1000,"tax":"20","jobCd":"","ShopID":"no","x":{"deep":[1]},"orderID":"あ"}"#);
        let raw = raw.unwrap();
        assert_eq!(text(&raw, Field::Amount).as_deref(), Some("1000"));
        assert_eq!(text(&raw, Field::Tax).as_deref(), Some("20"));
        assert_eq!(text(&raw, Field::OrderId).as_deref(), Some("あ"));
        assert_eq!(raw.values.len(), 3);
    }

    #[test]
    fn what_cannot_be_read_is_one_error() {
        let malformed = [
            "",
            " ",
            "[]",
            "1",
            r#"{"amount":1,}"#,
            r#"{"amount":{}}"#,
            r#"{"amount":true}"#,
            "{} {}",
            "{",
            "\u{FEFF}{}",
        ];
        for body in malformed {
            assert_eq!(json(body).err(), Some(codes::BODY_MALFORMED), "{body:?}");
        }
        let bytes: [&[u8]; 4] = [b"", b"\r\n", b"{\"shopID\":\"x\"}", b"hello"];
        for body in bytes {
            assert_eq!(RawRequest::decode(Style::IdPass, None, None, body).err(), Some(codes::BODY_MALFORMED));
        }
        let many = "a=b&".repeat(NAMES_MAX + 1);
        assert_eq!(RawRequest::decode(Style::IdPass, None, None, many.as_bytes()).err(), Some(codes::BODY_MALFORMED));
    }

    #[test]
    fn the_content_type_must_fit_the_style() {
        let decode = |style, content_type| RawRequest::decode(style, content_type, None, b"{\"a\":\"=\"}").err();
        assert_eq!(decode(Style::Json, None), Some(codes::CONTENT_TYPE));
        assert_eq!(decode(Style::Json, Some("text/plain")), Some(codes::CONTENT_TYPE));
        assert_eq!(decode(Style::Json, Some("Application/JSON")), None);
        assert_eq!(decode(Style::IdPass, Some("application/json")), Some(codes::CONTENT_TYPE));
        assert_eq!(decode(Style::IdPass, Some("application/x-www-form-urlencoded;charset=windows-31j")), None);
    }

    #[test]
    fn a_form_that_says_utf8_is_utf8() {
        let body = "Description=日本".as_bytes();
        let said = "application/x-www-form-urlencoded; charset=\"UTF-8\"";
        let raw = RawRequest::decode(Style::IdPass, Some(said), None, body).unwrap();
        assert_eq!(text(&raw, Field::Description).as_deref(), Some("日本"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(body in any::<Vec<u8>>(), query in any::<Option<String>>()) {
            let _ = RawRequest::decode(Style::IdPass, None, query.as_deref(), &body);
            let _ = RawRequest::decode(Style::Json, Some("application/json"), query.as_deref(), &body);
        }

        #[test]
        fn what_was_form_encoded_is_read_back(value in "[ -~あ-んァ-ヶ亜-腕]{1,40}") {
            let mut body = b"Description=".to_vec();
            let bytes = super::super::encoding::encode_windows_31j(&value);
            let expected = super::super::encoding::decode_windows_31j(&bytes);
            super::super::encoding::form_encode(&bytes, &mut body);
            let raw = RawRequest::decode(Style::IdPass, None, None, &body).unwrap();
            prop_assert_eq!(text(&raw, Field::Description), expected);
        }
    }
}
