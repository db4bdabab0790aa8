//! How a client writes down what it signs (amazon-pay 1.2 to 1.4, 1.8). Written for the driver alone: the sandbox's
//! verifier is another reading of the same description.

use sha2::{Digest, Sha256};

/// How a client signs. Both are RSASSA-PSS with SHA-256 and MGF1 with SHA-256 (amazon-pay 1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Scheme {
    /// The one with a salt of 20 bytes.
    Old,
    /// The one with a salt of 32 bytes.
    #[default]
    V2,
}

impl Scheme {
    /// Both, in the order of the pages' lists.
    pub(super) const ALL: [Self; 2] = [Self::V2, Self::Old];

    /// As `Authorization` and buttons name it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Old => "AMZN-PAY-RSASSA-PSS",
            Self::V2 => "AMZN-PAY-RSASSA-PSS-V2",
        }
    }

    /// The scheme of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == name)
    }

    /// In bytes.
    pub(super) const fn salt_bytes(self) -> usize {
        match self {
            Self::Old => 20,
            Self::V2 => 32,
        }
    }

    /// What the key signs: for a request its canonical form, for a button its payload.
    pub(super) fn string_to_sign(self, text: &str) -> String {
        [self.name(), "\n", &hex_digest(text.as_bytes())].concat()
    }

    /// The `Authorization` header's value.
    pub(super) fn authorization(self, public_key_id: &str, signed_headers: &str, signature: &str) -> String {
        format!("{} PublicKeyId={public_key_id}, SignedHeaders={signed_headers}, Signature={signature}", self.name())
    }
}

/// A request's canonical form: seven parts, each on its own lines, the last without a line feed. `headers` have
/// lower-case names in alphabetical order.
pub(super) fn canonical_request(method: &str, path: &str, headers: &[(&str, String)], body: &str) -> String {
    let mut text = String::new();
    for part in [method, path, ""] {
        // The empty one is the query's: none of the driver's operations has one.
        text.push_str(part);
        text.push('\n');
    }
    for (name, value) in headers {
        text.extend([name, ":", value, "\n"]);
    }
    text.push('\n');
    text.push_str(&signed_headers(headers));
    text.push('\n');
    text.push_str(&hex_digest(body.as_bytes()));
    text
}

/// Their names, as `SignedHeaders` lists them.
pub(super) fn signed_headers(headers: &[(&str, String)]) -> String {
    headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";")
}

fn hex_digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4's own: the digests of nothing and of "abc".
    const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_request_is_written_down_line_by_line() {
        let headers = [("accept", "application/json".to_owned()), ("x-amz-pay-region", "jp".to_owned())];
        let expected = [
            "GET",
            "/v2/charges/S03-1-C1",
            "",
            "accept:application/json",
            "x-amz-pay-region:jp",
            "",
            "accept;x-amz-pay-region",
            OF_NOTHING,
        ];
        assert_eq!(canonical_request("GET", "/v2/charges/S03-1-C1", &headers, ""), expected.join("\n"));
        assert!(canonical_request("POST", "/v2/charges", &headers, "abc").ends_with(&format!("\n{OF_ABC}")));
    }

    #[test]
    fn the_schemes_name_stands_before_the_digest_and_in_the_header() {
        assert_eq!(Scheme::Old.string_to_sign("abc"), format!("AMZN-PAY-RSASSA-PSS\n{OF_ABC}"));
        assert_eq!(Scheme::V2.string_to_sign("abc"), format!("AMZN-PAY-RSASSA-PSS-V2\n{OF_ABC}"));
        assert_eq!(
            Scheme::V2.authorization("SANDBOX-K", "a;b", "Zm9v"),
            "AMZN-PAY-RSASSA-PSS-V2 PublicKeyId=SANDBOX-K, SignedHeaders=a;b, Signature=Zm9v"
        );
        for scheme in Scheme::ALL {
            assert_eq!(Scheme::named(scheme.name()), Some(scheme));
        }
        assert_eq!(Scheme::named("AMZN-PAY-RSASSA-PSS-V3"), None);
    }
}
