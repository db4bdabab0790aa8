//! The canonical request and the string to sign (amazon-pay 1.2).

use sha2::{Digest, Sha256};

/// How a text is signed. Both are RSASSA-PSS with SHA-256; they differ in the salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// `AMZN-PAY-RSASSA-PSS`: a salt of 20 bytes.
    V1,
    /// `AMZN-PAY-RSASSA-PSS-V2`: a salt of 32 bytes.
    V2,
}

impl Algorithm {
    /// The algorithm of this name; there is no other.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "AMZN-PAY-RSASSA-PSS" => Some(Self::V1),
            "AMZN-PAY-RSASSA-PSS-V2" => Some(Self::V2),
            _ => None,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1 => "AMZN-PAY-RSASSA-PSS",
            Self::V2 => "AMZN-PAY-RSASSA-PSS-V2",
        }
    }
}

impl Algorithm {
    /// How long its salt is, in bytes.
    pub(super) const fn salt_bytes(self) -> usize {
        match self {
            Self::V1 => 20,
            Self::V2 => 32,
        }
    }
}

/// The algorithm's name, a line feed, and the hex digest of `text`.
pub(super) fn string_to_sign(algorithm: Algorithm, text: &[u8]) -> String {
    format!("{}\n{}", algorithm.name(), hex::encode(Sha256::digest(text)))
}

/// The parts of a canonical request, each as it was received.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    /// Lower-case name and value, in the order of `signed_headers`.
    pub(super) headers: &'a [(String, String)],
    /// The header names as the sender wrote them, joined by `;`.
    pub(super) signed_headers: &'a str,
    pub(super) body: &'a [u8],
}

impl Parts<'_> {
    /// The text that the digest is of.
    pub(super) fn text(&self) -> String {
        let mut lines = vec![self.method.to_owned(), self.path.to_owned(), self.query.to_owned()];
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}:{value}")));
        // The header block ends with its own line feed; the separator after it makes an empty line.
        lines.push(String::new());
        lines.push(self.signed_headers.to_owned());
        lines.push(hex::encode(Sha256::digest(self.body)));
        lines.join("\n")
    }
}

/// A header's value without space around it, and with each run of space inside it as one blank.
pub(super) fn squeezed(value: &str) -> String {
    value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// The query with its parameters sorted, for senders that sign it so while a library on the way sends it otherwise.
pub(super) fn sorted_query(query: &str) -> String {
    let mut parameters: Vec<&str> = query.split('&').filter(|parameter| !parameter.is_empty()).collect();
    parameters.sort_unstable();
    parameters.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_block_ends_its_own_lines_and_an_empty_line_follows() {
        let parts = Parts {
            method: "GET",
            path: "/v2/charges/S03-1-C1",
            query: "",
            headers: &[("accept".to_owned(), "application/json".to_owned()), ("x-a".to_owned(), "1 2".to_owned())],
            signed_headers: "accept;X-A",
            body: b"",
        };
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let expected = format!("GET\n/v2/charges/S03-1-C1\n\naccept:application/json\nx-a:1 2\n\naccept;X-A\n{empty}");
        assert_eq!(parts.text(), expected);
    }

    #[test]
    fn space_in_header_values_is_squeezed() {
        assert_eq!(squeezed("  a   b\t c "), "a b c");
    }
}
