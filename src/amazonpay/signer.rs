//! How a request or a button's payload is signed (amazon-pay 1.2 to 1.4, 1.8). Texts in, texts out: no network here.

use sha2::{Digest, Sha256};

use super::key::{CryptoFailed, SigningKey};

/// The algorithm of every signature made here. Amazon's older one differs in the salt's length only, and mixing them up is
/// the classic cause of a refused signature; so it is named in every header and beside every button.
pub const ALGORITHM: &str = "AMZN-PAY-RSASSA-PSS-V2";

/// A request as it is signed.
#[derive(Debug, Clone, Copy)]
pub(super) struct CanonicalRequest<'a> {
    /// Upper case.
    pub(super) method: &'a str,
    /// With the version, without query.
    pub(super) path: &'a str,
    /// Without `?`; empty if there is none.
    pub(super) query: &'a str,
    /// Names in lower case and sorted, values without line breaks.
    pub(super) headers: &'a [(&'static str, String)],
    /// Exactly the bytes that are sent.
    pub(super) body: &'a [u8],
}

impl CanonicalRequest<'_> {
    /// The text that is hashed.
    pub(super) fn text(&self) -> String {
        let block = self.headers.iter().map(|(name, value)| [name, ":", value, "\n"].concat()).collect::<String>();
        let Self { method, path, query, .. } = self;
        let names = self.names();
        format!("{method}\n{path}\n{query}\n{block}\n{names}\n{}", sha256_hex(self.body))
    }

    /// The signed headers' names, joined by `;`.
    fn names(&self) -> String {
        self.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";")
    }

    /// The value of the request's Authorization header.
    ///
    /// # Errors
    /// [`CryptoFailed`].
    pub(super) fn authorization(&self, key: &SigningKey, public_key_id: &str) -> Result<String, CryptoFailed> {
        let signature = key.sign(string_to_sign(&self.text()).as_bytes())?;
        let names = self.names();
        Ok(format!("{ALGORITHM} PublicKeyId={public_key_id}, SignedHeaders={names}, Signature={signature}"))
    }
}

/// The text that is signed, for a canonical request or a button's payload.
pub(super) fn string_to_sign(text: &str) -> String {
    format!("{ALGORITHM}\n{}", sha256_hex(text.as_bytes()))
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD as BASE64;

    use super::*;
    use crate::amazonpay::testing::{key, openssl, scratch};

    fn headers() -> Vec<(&'static str, String)> {
        vec![
            ("accept", "application/json".to_owned()),
            ("content-type", "application/json".to_owned()),
            ("x-amz-pay-date", "20261122T183049Z".to_owned()),
            ("x-amz-pay-host", "pay-api.amazon.jp".to_owned()),
            ("x-amz-pay-region", "jp".to_owned()),
        ]
    }

    #[test]
    fn a_request_without_body_is_written_line_by_line_as_specified() {
        let headers = headers();
        let path = "/v2/checkoutSessions/c1f7e3f2-3a5b-4b6e-9c55-6f1f5bd0a001";
        let request = CanonicalRequest { method: "GET", path, query: "", headers: &headers, body: b"" };
        let expected = "GET\n\
            /v2/checkoutSessions/c1f7e3f2-3a5b-4b6e-9c55-6f1f5bd0a001\n\
            \n\
            accept:application/json\n\
            content-type:application/json\n\
            x-amz-pay-date:20261122T183049Z\n\
            x-amz-pay-host:pay-api.amazon.jp\n\
            x-amz-pay-region:jp\n\
            \n\
            accept;content-type;x-amz-pay-date;x-amz-pay-host;x-amz-pay-region\n\
            e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(request.text(), expected);
    }

    #[test]
    fn body_and_query_have_their_lines() {
        let request =
            CanonicalRequest { method: "POST", path: "/v2/charges", query: "a=1&b=2", headers: &[], body: b"abc" };
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-4, example of "abc"
        assert_eq!(request.text(), format!("POST\n/v2/charges\na=1&b=2\n\n\n{abc}"));
        assert_eq!(string_to_sign("abc"), format!("AMZN-PAY-RSASSA-PSS-V2\n{abc}"));
    }

    #[test]
    fn openssl_verifies_the_header_with_a_salt_of_32_and_no_other() {
        let headers = headers();
        let request =
            CanonicalRequest { method: "GET", path: "/v2/charges/x", query: "", headers: &headers, body: b"" };
        let header = request.authorization(&key(), "SANDBOX-AAAABBBBCCCCDDDDEEEEFFFF").unwrap();

        let (start, signature) = header.split_once(", Signature=").unwrap();
        assert_eq!(
            start,
            "AMZN-PAY-RSASSA-PSS-V2 PublicKeyId=SANDBOX-AAAABBBBCCCCDDDDEEEEFFFF, \
             SignedHeaders=accept;content-type;x-amz-pay-date;x-amz-pay-host;x-amz-pay-region"
        );

        let dir = scratch();
        let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
        write("public", key().public_pem().unwrap().as_bytes());
        write("signature", &BASE64.decode(signature).unwrap());
        write("text", string_to_sign(&request.text()).as_bytes());
        let verify = |salt: &str| {
            let salt = format!("rsa_pss_saltlen:{salt}");
            let mut arguments = vec!["dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", &salt];
            arguments.extend(["-verify", "public", "-signature", "signature", "text"]);
            std::process::Command::new("openssl").args(arguments).current_dir(dir.path()).output().unwrap()
        };
        assert!(verify("32").status.success());
        assert!(!verify("20").status.success());
        write("text", b"another text");
        assert!(!verify("32").status.success());
        assert!(openssl(dir.path(), &["version"]).starts_with("OpenSSL"));
    }
}
