//! The protocol's form language as the shop's client speaks it: Windows-31J bytes, percent-encoded (psp-protocol 2).
//!
//! Pure. What is decoded comes from outside: malformed bytes become replacement characters, never an error, because
//! every value is compared with something the shop knows before it is used.

use encoding_rs::SHIFT_JIS;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

/// Everything but letters, digits and `* - . _`; the space becomes `+`.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_').remove(b' ');

/// Fields of a form or a reply, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The value of `name`, or the empty text: the protocol makes no difference between blank and absent. Names are
    /// matched without regard to case (psp-protocol 2.3).
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// All fields, in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// A request body: names as they are, values as percent-encoded Windows-31J.
pub(super) fn encode(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode_value(value))).collect();
    pairs.join("&")
}

fn encode_value(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut buffer = [0u8; 4];
    for character in text.chars() {
        // encoding_rs writes `&#NNN;` for what the table lacks, and its `&` would split the form.
        match SHIFT_JIS.encode(character.encode_utf8(&mut buffer)) {
            (encoded, _, false) => bytes.extend_from_slice(&encoded),
            (_, _, true) => bytes.push(b'?'),
        }
    }
    percent_encode(&bytes, ESCAPED).to_string().replace(' ', "+")
}

/// A posted form: the gateway's result notification, or what the browser brings to `RetURL`.
pub(super) fn decode(body: &[u8]) -> Fields {
    Fields(split(body).map(|(name, value)| (decode_value(name), decode_value(value))).collect())
}

/// A reply line. `Token` and `StartURL` are not percent-encoded: their `+` is a plus (psp-protocol 2.3).
pub(super) fn decode_reply(line: &[u8]) -> Fields {
    let field = |(name, value): (&[u8], &[u8])| {
        let name = decode_value(name);
        let raw = ["Token", "StartURL"].iter().any(|n| n.eq_ignore_ascii_case(&name));
        let value = if raw { String::from_utf8_lossy(value).into_owned() } else { decode_value(value) };
        (name, value)
    };
    Fields(split(line.trim_ascii_end()).map(field).collect())
}

fn split(body: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    body.split(|&b| b == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let equals = pair.iter().position(|&b| b == b'=').unwrap_or(pair.len());
        (&pair[..equals], pair.get(equals + 1..).unwrap_or_default())
    })
}

fn decode_value(escaped: &[u8]) -> String {
    let spaced: Vec<u8> = escaped.iter().map(|&b| if b == b'+' { b' ' } else { b }).collect();
    let bytes: Vec<u8> = percent_decode(&spaced).collect();
    SHIFT_JIS.decode_without_bom_handling(&bytes).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn japanese_travels_as_windows_31j() {
        assert_eq!(encode(&[("Description", "関所 ①")]), "Description=%8A%D6%8F%8A+%87@".replace('@', "%40"));
        assert_eq!(decode(b"Description=%8A%D6%8F%8A+%87%40").get("Description"), "関所 ①");
    }

    #[test]
    fn what_the_table_lacks_becomes_a_question_mark_and_splits_nothing() {
        assert_eq!(encode(&[("A", "a🍵&b"), ("B", "1")]), "A=a%3F%26b&B=1");
    }

    #[test]
    fn a_reply_keeps_the_plus_of_its_token() {
        let reply = decode_reply(b"AccessID=0a&Token=ab+/==&StartURL=http://h/payment/AmazonpayStart.idPass\r\n");
        assert_eq!(reply.get("token"), "ab+/==");
        assert_eq!(reply.get("StartURL"), "http://h/payment/AmazonpayStart.idPass");
        assert_eq!(reply.get("Absent"), "");
    }

    #[test]
    fn a_reply_in_raw_bytes_reads_the_same() {
        let raw = [b"ShippingName=".as_slice(), &SHIFT_JIS.encode("能登 花子").0].concat();
        assert_eq!(decode_reply(&raw).get("ShippingName"), "能登 花子");
    }
}
