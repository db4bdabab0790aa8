//! Text between bytes and characters: Windows-31J on the old wire, UTF-8 elsewhere.
//!
//! `encoding_rs` calls Windows-31J `SHIFT_JIS` (the WHATWG table, which is CP932). Its encoder writes an unmappable
//! character as `&#NNN;`, whose `&` would split a form reply; nothing outside this file may call it.

use encoding_rs::{EncoderResult, SHIFT_JIS};

use crate::config;

/// How a shop's request text is to be read where the request does not say `charset=utf-8` (psp-protocol 13.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RequestEncoding {
    /// As Windows-31J; text in UTF-8 becomes an error or nonsense, as at the original.
    #[default]
    Windows31J,
    /// As UTF-8.
    Utf8,
    /// As UTF-8 where the bytes are valid UTF-8 with at least one character of several bytes, else as Windows-31J.
    Auto,
}

impl From<config::RequestEncoding> for RequestEncoding {
    fn from(setting: config::RequestEncoding) -> Self {
        match setting {
            config::RequestEncoding::Windows31J => Self::Windows31J,
            config::RequestEncoding::Utf8 => Self::Utf8,
            config::RequestEncoding::Auto => Self::Auto,
        }
    }
}

impl RequestEncoding {
    /// The text of `bytes`, or `None` where they are not valid in this encoding.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        let utf8 = || std::str::from_utf8(bytes).ok().map(str::to_owned);
        match self {
            Self::Utf8 => utf8(),
            Self::Windows31J => decode_windows_31j(bytes),
            Self::Auto if bytes.is_ascii() => utf8(),
            Self::Auto => utf8().or_else(|| decode_windows_31j(bytes)),
        }
    }
}

/// How values of an `.idPass` answer are written (psp-protocol 2.3 and 13.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResponseEncoding {
    /// Form-encoded bytes of Windows-31J.
    #[default]
    Percent,
    /// Bytes of Windows-31J as they are. What would end the value (`&`, CR, LF) is replaced by a look-alike.
    Raw,
}

impl From<config::ResponseEncoding> for ResponseEncoding {
    fn from(setting: config::ResponseEncoding) -> Self {
        match setting {
            config::ResponseEncoding::Percent => Self::Percent,
            config::ResponseEncoding::Raw => Self::Raw,
        }
    }
}

impl ResponseEncoding {
    /// Writes `value` behind an `=` of the answer.
    pub(super) fn write(self, value: &str, out: &mut Vec<u8>) {
        match self {
            Self::Percent => form_encode(&encode_windows_31j(value), out),
            Self::Raw => {
                let safe = value.replace('&', "＆").replace(['\r', '\n'], " ");
                out.extend(encode_windows_31j(&safe));
            }
        }
    }
}

/// The text of Windows-31J bytes, or `None` where a byte sequence means nothing.
pub fn decode_windows_31j(bytes: &[u8]) -> Option<String> {
    SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
}

/// The Windows-31J bytes of `text`. A character with a common look-alike there becomes that (wave dash and the like);
/// any other that Windows-31J lacks becomes `?` (psp-protocol 2.3).
pub fn encode_windows_31j(text: &str) -> Vec<u8> {
    let text: String = text.chars().map(look_alike).collect();
    let mut encoder = SHIFT_JIS.new_encoder();
    let mut bytes = Vec::with_capacity(text.len() + 2);
    let mut rest = text.as_str();
    loop {
        // Two bytes a character suffice: no character of Windows-31J is longer, and none is shorter in UTF-8.
        bytes.reserve(rest.len() + 2);
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut bytes, true);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            EncoderResult::InputEmpty => return bytes,
            EncoderResult::Unmappable(c) => match user_defined(c) {
                Some(pair) => bytes.extend(pair),
                None => bytes.push(b'?'),
            },
            EncoderResult::OutputFull => {}
        }
    }
}

/// The bytes of a user-defined character. CP932 lays U+E000 to U+E757 over F040 to F9FC in order, 188 to a lead byte, and
/// a trail byte is never 7F. `encoding_rs` reads them and, as the WHATWG has it, does not write them.
fn user_defined(c: char) -> Option<[u8; 2]> {
    let place = u32::from(c).checked_sub(0xE000).filter(|place| *place < 10 * 188)?;
    let (lead, trail) = (u8::try_from(place / 188).ok()?, u8::try_from(place % 188).ok()?);
    Some([0xF0 + lead, 0x40 + trail + u8::from(trail >= 0x3F)])
}

/// Unicode has two characters for some places of JIS X 0208, and vendors chose differently; Windows-31J knows one of
/// each. The yen sign and overline would become the ASCII backslash and tilde, which read back as something else.
fn look_alike(c: char) -> char {
    match c {
        '\u{301C}' => '\u{FF5E}', // wave dash
        '\u{2014}' => '\u{2015}', // em dash
        '\u{2016}' => '\u{2225}', // double vertical line
        '\u{2212}' => '\u{FF0D}', // minus
        '\u{00A2}' => '\u{FFE0}', // cent
        '\u{00A3}' => '\u{FFE1}', // pound
        '\u{00AC}' => '\u{FFE2}', // not
        '\u{203E}' => '\u{FFE3}', // overline
        '\u{00A5}' => '\u{FFE5}', // yen
        other => other,
    }
}

/// Form encoding of bytes: letters, digits and `* - . _` stay, a space becomes `+`, the rest `%XX`.
pub(super) fn form_encode(bytes: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in bytes {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'*' | b'-' | b'.' | b'_' => out.push(byte),
            b' ' => out.push(b'+'),
            _ => out.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn japanese_is_written_in_windows_31j() {
        assert_eq!(encode_windows_31j("日本"), b"\x93\xFA\x96\x7B");
        assert_eq!(encode_windows_31j("①髙ｱ"), b"\x87\x40\xFB\xFC\xB1");
        assert_eq!(decode_windows_31j(b"\x93\xFA\x96\x7B").as_deref(), Some("日本"));
        assert_eq!(decode_windows_31j(b"\x93"), None);
    }

    #[test]
    fn what_windows_31j_lacks_becomes_a_question_mark() {
        assert_eq!(encode_windows_31j("a😀é𠮷b"), b"a???b");
    }

    #[test]
    fn look_alikes_are_used_before_question_marks() {
        let bytes = b"\x81\x60\x81\x5C\x81\x61\x81\x7C\x81\x91\x81\x92\x81\xCA\x81\x50\x81\x8F";
        assert_eq!(encode_windows_31j("\u{301C}\u{2014}\u{2016}\u{2212}\u{A2}\u{A3}\u{AC}\u{203E}\u{A5}"), bytes);
    }

    #[test]
    fn auto_takes_utf8_only_where_it_is() {
        let auto = RequestEncoding::Auto;
        assert_eq!(auto.decode("日本".as_bytes()).as_deref(), Some("日本"));
        assert_eq!(auto.decode(b"\x93\xFA\x96\x7B").as_deref(), Some("日本"));
        assert_eq!(auto.decode(b"abc").as_deref(), Some("abc"));
        assert_eq!(RequestEncoding::Windows31J.decode("日本".as_bytes()).as_deref(), Some("譌･譛ｬ"));
        assert_eq!(RequestEncoding::Utf8.decode(b"\x93\xFA"), None);
    }

    #[test]
    fn the_form_alphabet() {
        let mut out = Vec::new();
        form_encode(b"aZ0*-._ ~+/&=\x93", &mut out);
        assert_eq!(out, b"aZ0*-._+%7E%2B%2F%26%3D%93");
    }

    #[test]
    fn every_two_byte_character_survives_a_round_trip() {
        let (mut seen, mut gaiji) = (0, 0);
        for lead in 0x81..=0xFC_u8 {
            for trail in 0x40..=0xFC_u8 {
                let Some(text) = decode_windows_31j(&[lead, trail]).filter(|text| text.chars().count() == 1) else {
                    continue;
                };
                let bytes = encode_windows_31j(&text);
                assert_eq!(decode_windows_31j(&bytes).as_deref(), Some(text.as_str()), "{lead:02X}{trail:02X}");
                if text.starts_with(|c| ('\u{E000}'..='\u{F8FF}').contains(&c)) {
                    // A shop's own characters have one place each.
                    assert_eq!(bytes, [lead, trail]);
                    gaiji += 1;
                } else {
                    seen += 1;
                }
            }
        }
        assert_eq!((seen, gaiji), (7724, 1880));
    }

    #[test]
    fn user_defined_characters_by_arithmetic() {
        for (text, bytes) in [
            ("\u{E000}", b"\xF0\x40"),
            ("\u{E03E}", b"\xF0\x7E"),
            ("\u{E03F}", b"\xF0\x80"),
            ("\u{E0BB}", b"\xF0\xFC"),
            ("\u{E0BC}", b"\xF1\x40"),
            ("\u{E757}", b"\xF9\xFC"),
        ] {
            assert_eq!(encode_windows_31j(text), bytes);
            assert_eq!(decode_windows_31j(bytes).as_deref(), Some(text));
        }
        assert_eq!(encode_windows_31j("a\u{E758}\u{F8FF}b"), b"a??b");
    }

    proptest! {
        #[test]
        fn a_form_value_holds_no_separator(text in any::<String>()) {
            let mut out = Vec::new();
            ResponseEncoding::Percent.write(&text, &mut out);
            prop_assert!(!out.iter().any(|b| b"&=\r\n ".contains(b) || !b.is_ascii()));
            let mut out = Vec::new();
            ResponseEncoding::Raw.write(&text, &mut out);
            prop_assert!(!out.iter().any(|b| b"&\r\n".contains(b)));
        }

        #[test]
        fn decoding_never_panics(bytes in any::<Vec<u8>>()) {
            for encoding in [RequestEncoding::Windows31J, RequestEncoding::Utf8, RequestEncoding::Auto] {
                let _ = encoding.decode(&bytes);
            }
        }

        #[test]
        fn encoding_is_at_most_two_bytes_a_character(text in any::<String>()) {
            prop_assert!(encode_windows_31j(&text).len() <= 2 * text.chars().count());
        }
    }
}
