//! Requests as each of the six SDKs makes them (amazon-pay 1.5), signed by the OpenSSL command line; and what is left
//! of such a signature when one byte of the request is another.

use axum::http::{HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

use super::*;
use crate::sandbox::openssl_key::OpensslKey;

const NOW: Millis = Millis(1_795_371_000_000); // 2026-11-22T18:10:00Z
const HOST_HERE: &str = "127.0.0.1:8081";
const ALGORITHMS: [(&str, usize); 2] = [("AMZN-PAY-RSASSA-PSS", 20), ("AMZN-PAY-RSASSA-PSS-V2", 32)];

/// A request before it is signed.
#[derive(Clone)]
struct Variant {
    method: &'static str,
    path: &'static str,
    query: &'static str,
    /// As they are sent: spelled as the SDK spells them in SignedHeaders, in the order of signing.
    signed: Vec<(&'static str, &'static str)>,
    /// Sent, and not signed.
    unsigned: Vec<(&'static str, &'static str)>,
    body: &'static str,
}

/// The request as it goes over the wire.
struct Wire {
    method: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Variant {
    /// The canonical request written out once more, by hand, and signed by the command line.
    fn sign(&self, key: &OpensslKey, algorithm: &str, salt_bytes: usize) -> Wire {
        let names: Vec<&str> = self.signed.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let lines = self.signed.iter().map(|(name, value)| [name.to_lowercase().as_str(), ":", value, "\n"].concat());
        let block: String = lines.collect();
        let digest = hex::encode(Sha256::digest(self.body));
        let Self { method, path, query, .. } = self;
        let canonical = format!("{method}\n{path}\n{query}\n{block}\n{names}\n{digest}");
        let to_sign = format!("{algorithm}\n{}", hex::encode(Sha256::digest(canonical)));
        let signature = key.sign(&to_sign, salt_bytes);
        let authorization = format!("{algorithm} PublicKeyId=SANDBOX-K1, SignedHeaders={names}, Signature={signature}");
        let sent = self.signed.iter().chain(&self.unsigned);
        let mut headers: Vec<(String, Vec<u8>)> =
            sent.map(|(name, value)| (name.to_lowercase(), value.as_bytes().to_vec())).collect();
        headers.push(("authorization".to_owned(), authorization.into_bytes()));
        Wire {
            method: method.as_bytes().to_vec(),
            path: path.as_bytes().to_vec(),
            query: query.as_bytes().to_vec(),
            headers,
            body: self.body.as_bytes().to_vec(),
        }
    }
}

impl Wire {
    /// `None` for bytes that no request can have there.
    fn verify(&self, keys: &Keyring) -> Option<Result<String, ApiError>> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(HeaderName::try_from(name).ok()?, HeaderValue::from_bytes(value).ok()?);
        }
        let request = Received {
            method: std::str::from_utf8(&self.method).ok()?,
            path: std::str::from_utf8(&self.path).ok()?,
            query: std::str::from_utf8(&self.query).ok()?,
            headers: &headers,
            body: &self.body,
        };
        Some(keys.verify_request(&request, NOW, HOST_HERE).map(str::to_owned))
    }
}

fn ring(key: &OpensslKey) -> Keyring {
    let mut ring = Keyring::default();
    ring.add("A1SHOP00000001", &["jp"], "SANDBOX-K1", &key.public_pem()).expect("a good key");
    ring
}

const BODY: &str = r#"{"captureAmount":{"amount":"100","currencyCode":"JPY"},"softDescriptor":"お店"}"#;

/// What php, java, .NET, ruby and python have in common: five headers, in lower case.
fn plain(host: &'static str, region: &'static str) -> Variant {
    Variant {
        method: "GET",
        path: "/v2/chargePermissions/S03-1234567-1234567",
        query: "",
        signed: vec![
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("x-amz-pay-date", "20261122T181000Z"),
            ("x-amz-pay-host", host),
            ("x-amz-pay-region", region),
        ],
        unsigned: Vec::new(),
        body: "",
    }
}

/// All of the caller's headers signed and spelled as the caller does; the extended date; the host with its port.
fn node() -> Variant {
    Variant {
        method: "POST",
        path: "/v2/charges/S03-1234567-1234567-C123456/capture",
        query: "",
        signed: vec![
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("user-agent", "amazon-pay-api-sdk-nodejs/2.3.0 (JS/20.1.0; linux)"),
            ("x-amz-pay-Idempotency-Key", "5f0c8a3e2b"),
            ("x-amz-pay-date", "2026-11-22T18:10:00Z"),
            ("x-amz-pay-host", HOST_HERE),
            ("x-amz-pay-region", "jp"),
        ],
        unsigned: vec![("x-amz-pay-simulation-code", "CaptureInitiated")],
        body: BODY,
    }
}

/// Only the idempotency key of the caller's headers is signed; several of its own are not; `~` and `%20` in the query.
fn php() -> Variant {
    let mut variant = plain("127.0.0.1", "jp");
    variant.method = "POST";
    variant.path = "/sandbox/v2/refunds";
    variant.query = "a=%20~&b=2";
    variant.signed.insert(4, ("x-amz-pay-idempotency-key", "uniqid-5f0c8"));
    variant.unsigned = vec![
        ("x-amz-pay-sdk-type", "amazon-pay-api-sdk-php"),
        ("x-amz-pay-sdk-version", "2.6.5"),
        ("user-agent", "amazon-pay-api-sdk-php/2.6.5 (PHP/8.3)"),
    ];
    variant.body = BODY;
    variant
}

/// The region in upper case; `*` in the query encoded.
fn java() -> Variant {
    let mut variant = plain("pay-api.amazon.jp", "JP");
    variant.path = "/v2/reports";
    variant.query = "createdSince=20261101T000000Z&reportTypes=%2A";
    variant.unsigned = vec![("user-agent", "amazon-pay-api-sdk-java/2.6.7 (Java/17)")];
    variant
}

/// A slash at the end of every path.
fn net() -> Variant {
    let mut variant = plain("pay-api.amazon.jp", "jp");
    variant.path = "/v2/charges/S03-1234567-1234567-C123456/cancel/";
    variant.method = "DELETE";
    variant.body = r#"{"cancellationReason":"sold out"}"#;
    variant
}

/// The prefix of the environment even with a key that names it.
fn ruby() -> Variant {
    let mut variant = plain("localhost", "jp");
    variant.path = "/sandbox/v2/merchantAccounts";
    variant.method = "POST";
    variant.body = r#"{"uniqueReferenceId":"R1"}"#;
    variant
}

/// The host with its port, in lower-case headers.
fn python() -> Variant {
    let mut variant = plain(HOST_HERE, "jp");
    variant.signed.insert(4, ("x-amz-pay-idempotency-key", "0123456789abcdef0123456789abcdef"));
    variant.method = "POST";
    variant.path = "/v2/checkoutSessions";
    variant.body = r#"{"storeId":"s"}"#;
    variant
}

#[test]
fn all_six_sdks_are_understood_with_both_algorithms() {
    let key = OpensslKey::generate();
    let keys = ring(&key);
    let variants =
        [("node", node()), ("php", php()), ("java", java()), (".net", net()), ("ruby", ruby()), ("python", python())];
    for (sdk, variant) in variants {
        for (algorithm, salt_bytes) in ALGORITHMS {
            let verified = variant.sign(&key, algorithm, salt_bytes).verify(&keys).expect("a request");
            assert_eq!(verified.as_deref(), Ok("A1SHOP00000001"), "{sdk} {algorithm}");
        }
    }
}

/// Where in a request a byte stands.
type Part = fn(&mut Wire) -> Vec<&mut Vec<u8>>;

#[test]
fn no_byte_can_be_another() {
    const PARTS: [(&str, Part); 5] = [
        ("method", |wire| vec![&mut wire.method]),
        ("path", |wire| vec![&mut wire.path]),
        ("query", |wire| vec![&mut wire.query]),
        ("header", |wire| {
            let signed = |name: &str| !matches!(name, "user-agent" | "x-amz-pay-sdk-type" | "x-amz-pay-sdk-version");
            wire.headers.iter_mut().filter(|(name, _)| signed(name)).map(|(_, value)| value).collect()
        }),
        ("body", |wire| vec![&mut wire.body]),
    ];
    let key = OpensslKey::generate();
    let keys = ring(&key);
    for (algorithm, salt_bytes) in ALGORITHMS {
        let mut wire = php().sign(&key, algorithm, salt_bytes);
        for (what, part) in PARTS {
            let lengths: Vec<usize> = part(&mut wire).iter().map(|bytes| bytes.len()).collect();
            let mut tried = 0;
            for (number, length) in lengths.into_iter().enumerate() {
                for at in 0..length {
                    part(&mut wire)[number][at] ^= 1;
                    if let Some(verified) = wire.verify(&keys) {
                        assert!(verified.is_err(), "{algorithm}: byte {at} of {what} {number}");
                        tried += 1;
                    }
                    part(&mut wire)[number][at] ^= 1;
                }
            }
            assert!(tried > 2, "{what}");
        }
        assert!(wire.verify(&keys).expect("a request").is_ok(), "put back as it was");
    }
}

#[test]
fn no_other_salt_length_is_taken() {
    let key = OpensslKey::generate();
    let keys = ring(&key);
    for (algorithm, right) in ALGORITHMS {
        for salt_bytes in [0, 1, 8, 16, 19, 20, 21, 24, 28, 31, 32, 33, 48, 64, 222] {
            let verified = python().sign(&key, algorithm, salt_bytes).verify(&keys).expect("a request");
            assert_eq!(verified.is_ok(), salt_bytes == right, "{algorithm} with {salt_bytes}");
        }
    }
}
