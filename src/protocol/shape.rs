//! What a parameter's text may look like.

use url::Url;

use super::encoding::encode_windows_31j;

/// A condition on a text.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Every one of these.
    All(&'static [Shape]),
    /// Exactly so many characters.
    Length(usize),
    /// At most so many characters.
    CharactersMax(usize),
    /// At most so many bytes in UTF-8.
    BytesMax(usize),
    /// At most so many bytes once written in Windows-31J.
    Windows31jBytesMax(usize),
    /// ASCII letters and digits.
    Alphanumeric,
    /// ASCII letters, digits and the hyphen.
    AlphanumericOrHyphen,
    /// ASCII digits.
    Digits,
    /// A number from the first to the second. Holds for what is no number: that is [`Shape::Digits`]'s to report.
    Range(u32, u32),
    /// One of these words; letter case matters.
    OneOf(&'static [&'static str]),
    /// One or more of these characters.
    MadeOf(&'static str),
    /// The alphabet of Amazon's identifiers, safe in a path; of any length.
    AmazonId,
    /// Printable ASCII without spaces.
    VisibleAscii,
    /// An absolute `http` or `https` URL with a host, in visible ASCII.
    WebUrl,
    /// Two upper-case ASCII letters.
    CountryCode,
    /// Any characters but control characters.
    OneLine,
    /// Any characters but control characters and ``^ ` { | } ~ & < > " '``.
    OneLineWithoutSymbols,
}

impl Shape {
    /// Whether `text`, which is not empty, has this shape.
    pub fn holds(self, text: &str) -> bool {
        match self {
            Self::All(shapes) => shapes.iter().all(|shape| shape.holds(text)),
            Self::Length(count) => text.chars().count() == count,
            Self::CharactersMax(max) => text.chars().count() <= max,
            Self::BytesMax(max) => text.len() <= max,
            Self::Windows31jBytesMax(max) => text.chars().count() <= max && encode_windows_31j(text).len() <= max,
            Self::Alphanumeric => text.bytes().all(|b| b.is_ascii_alphanumeric()),
            Self::AlphanumericOrHyphen => text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
            Self::Digits => text.bytes().all(|b| b.is_ascii_digit()),
            Self::Range(least, most) => !Self::Digits.holds(text) || in_range(text, least, most),
            Self::OneOf(words) => words.contains(&text),
            Self::MadeOf(alphabet) => text.chars().all(|c| alphabet.contains(c)),
            Self::AmazonId => {
                text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
                    && text.bytes().any(|b| b != b'.')
            }
            Self::VisibleAscii => text.bytes().all(|b| b.is_ascii_graphic()),
            Self::WebUrl => Self::VisibleAscii.holds(text) && is_web_url(text),
            Self::CountryCode => text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()),
            Self::OneLine => !text.contains(char::is_control),
            Self::OneLineWithoutSymbols => {
                Self::OneLine.holds(text) && !text.contains(['^', '`', '{', '|', '}', '~', '&', '<', '>', '"', '\''])
            }
        }
    }
}

fn in_range(digits: &str, least: u32, most: u32) -> bool {
    digits.parse().is_ok_and(|number: u32| (least..=most).contains(&number))
}

fn is_web_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_absolute_and_of_the_web() {
        for url in ["https://shop.example/done?id=1&x=%E3%81%82", "http://127.0.0.1:8082/back"] {
            assert!(Shape::WebUrl.holds(url), "{url}");
        }
        for url in
            ["/back", "javascript:alert(1)", "ftp://a/b", "https://", "https://a b/", "data:text/html,x", "http:"]
        {
            assert!(!Shape::WebUrl.holds(url), "{url}");
        }
    }

    #[test]
    fn bytes_are_counted_in_windows_31j() {
        assert!(Shape::Windows31jBytesMax(100).holds(&"あ".repeat(50)));
        assert!(!Shape::Windows31jBytesMax(100).holds(&"あ".repeat(51)));
        assert!(Shape::Windows31jBytesMax(100).holds(&"ｱ".repeat(100)));
        // A shop's own characters have two bytes each, and what becomes a question mark has one.
        assert!(Shape::Windows31jBytesMax(100).holds(&"\u{E000}".repeat(50)));
        assert!(!Shape::Windows31jBytesMax(100).holds(&"\u{E757}".repeat(51)));
        assert!(Shape::Windows31jBytesMax(100).holds(&"\u{E758}".repeat(100)));
    }

    #[test]
    fn a_url_is_measured_in_bytes() {
        assert!(Shape::BytesMax(6).holds("ああ") && !Shape::BytesMax(5).holds("ああ"));
    }

    #[test]
    fn a_range_says_nothing_of_what_is_no_number() {
        let range = Shape::Range(1, 86_400);
        assert!(range.holds("1") && range.holds("86400") && range.holds("x"));
        assert!(!range.holds("0") && !range.holds("86401") && !range.holds("99999999999999999999"));
    }

    #[test]
    fn an_amazon_id_cannot_leave_its_path_segment() {
        assert!(Shape::AmazonId.holds("S03-1234567-1234567"));
        assert!(!Shape::AmazonId.holds("..") && !Shape::AmazonId.holds("a/b"));
    }

    #[test]
    fn symbols_that_break_pages_are_kept_out_of_client_fields() {
        assert!(Shape::OneLineWithoutSymbols.holds("会員番号 123 / ABC;"));
        for symbol in "^`{|}~&<>\"'\n".chars() {
            assert!(!Shape::OneLineWithoutSymbols.holds(&format!("a{symbol}b")), "{symbol:?}");
        }
    }
}
