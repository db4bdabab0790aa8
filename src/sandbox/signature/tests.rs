//! The verifier against keys and signatures that the OpenSSL command line makes: nothing of ours signs here.

use axum::http::HeaderName;
use sha2::{Digest, Sha256};

use super::*;
use crate::sandbox::openssl_key::OpensslKey;
use crate::sandbox::signature::KeyError;

const NOW: Millis = Millis(1_795_371_000_000); // 2026-11-22T18:10:00Z
const HOST_HERE: &str = "127.0.0.1:8081";
const BODY: &[u8] = br#"{"captureAmount":{"amount":"100","currencyCode":"JPY"}}"#;

struct Signed {
    method: String,
    path: String,
    query: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Signed {
    fn verify(&self, keys: &Keyring) -> Result<String, ApiError> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(HeaderName::from_static(name), value.parse().expect("a header value"));
        }
        let request = Received {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body: &self.body,
        };
        keys.verify_request(&request, NOW, HOST_HERE).map(str::to_owned)
    }

    fn set(&mut self, name: &str, value: &str) {
        let header = self.headers.iter_mut().find(|(found, _)| *found == name).expect("that header");
        value.clone_into(&mut header.1);
    }
}

/// A request signed by the command line: the canonical request is written out here once more, by hand.
fn signed(key: &OpensslKey, algorithm: &str, salt_bytes: usize) -> Signed {
    let method = "POST";
    let path = "/v2/charges/S03-1234567-1234567-C123456/capture";
    let query = "b=2&a=1";
    let body_digest = hex::encode(Sha256::digest(BODY));
    let canonical = format!(
        "{method}\n{path}\n{query}\naccept:application/json\nx-amz-pay-idempotency-key:k1\n\
         x-amz-pay-date:20261122T181000Z\nx-amz-pay-host:127.0.0.1:8081\nx-amz-pay-region:jp\n\n\
         accept;x-amz-pay-Idempotency-Key;x-amz-pay-date;x-amz-pay-host;x-amz-pay-region\n{body_digest}"
    );
    let to_sign = format!("{algorithm}\n{}", hex::encode(Sha256::digest(canonical)));
    let signature = key.sign(&to_sign, salt_bytes);
    let signed_headers = "accept;x-amz-pay-Idempotency-Key;x-amz-pay-date;x-amz-pay-host;x-amz-pay-region";
    Signed {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: vec![
            ("accept", "application/json".to_owned()),
            ("x-amz-pay-idempotency-key", "k1".to_owned()),
            ("x-amz-pay-date", "20261122T181000Z".to_owned()),
            ("x-amz-pay-host", HOST_HERE.to_owned()),
            ("x-amz-pay-region", "jp".to_owned()),
            (
                "authorization",
                format!("{algorithm} PublicKeyId=SANDBOX-K1, SignedHeaders={signed_headers}, Signature={signature}"),
            ),
        ],
        body: BODY.to_vec(),
    }
}

fn ring(key: &OpensslKey) -> Keyring {
    let mut ring = Keyring::default();
    ring.add("A1SHOP00000001", &["jp"], "SANDBOX-K1", &key.public_pem()).expect("a good key");
    ring
}

fn code<T: std::fmt::Debug>(result: Result<T, ApiError>) -> &'static str {
    result.expect_err("refused").code.as_str()
}

const V1: &str = "AMZN-PAY-RSASSA-PSS";
const V2: &str = "AMZN-PAY-RSASSA-PSS-V2";

#[test]
fn both_algorithms_verify_with_their_own_salt_and_only_with_it() {
    let key = OpensslKey::generate();
    let keys = ring(&key);
    assert_eq!(signed(&key, V1, 20).verify(&keys).as_deref(), Ok("A1SHOP00000001"));
    assert_eq!(signed(&key, V2, 32).verify(&keys).as_deref(), Ok("A1SHOP00000001"));
    assert_eq!(code(signed(&key, V1, 32).verify(&keys)), "InvalidRequestSignature");
    assert_eq!(code(signed(&key, V2, 20).verify(&keys)), "InvalidRequestSignature");
    let stranger = OpensslKey::generate();
    assert_eq!(code(signed(&stranger, V2, 32).verify(&keys)), "InvalidRequestSignature");
}

type Change = fn(&mut Signed);

#[test]
fn one_changed_byte_anywhere_is_refused_and_the_answer_shows_what_should_have_been_signed() {
    let key = OpensslKey::generate();
    let keys = ring(&key);
    let changes: [(&str, Change); 7] = [
        ("method", |r| r.method = "PUT".to_owned()),
        ("path", |r| r.path = r.path.replace("C123456", "C123457")),
        ("trailing slash", |r| r.path.push('/')),
        ("query", |r| r.query = "b=2&a=2".to_owned()),
        ("header", |r| r.set("x-amz-pay-idempotency-key", "k2")),
        ("body", |r| r.body[31] ^= 1),
        ("body grown", |r| r.body.push(b'\n')),
    ];
    for (algorithm, salt) in [(V1, 20), (V2, 32)] {
        for (what, change) in &changes {
            let mut request = signed(&key, algorithm, salt);
            change(&mut request);
            let error = request.verify(&keys).expect_err(what);
            assert_eq!(error.code, ReasonCode::InvalidRequestSignature, "{what}");
            let start = format!("Unable to verify signature, signing String [{algorithm}\n");
            assert!(error.message.starts_with(&start), "{}", error.message);
            assert!(error.message.contains("] , signature ["), "{}", error.message);
        }
    }
}

#[test]
fn the_query_may_arrive_in_another_order_than_it_was_signed_in() {
    let key = OpensslKey::generate();
    let mut request = signed(&key, V2, 32);
    let sorted = format!("POST\n{}\na=1&b=2\n", request.path);
    let rest = format!(
        "x-amz-pay-date:20261122T181000Z\nx-amz-pay-host:127.0.0.1:8081\nx-amz-pay-region:jp\n\n\
         x-amz-pay-date;x-amz-pay-host;x-amz-pay-region\n{}",
        hex::encode(Sha256::digest(BODY))
    );
    let to_sign = format!("{V2}\n{}", hex::encode(Sha256::digest(sorted + &rest)));
    let signature = key.sign(&to_sign, 32);
    let names = "x-amz-pay-date;x-amz-pay-host;x-amz-pay-region";
    request.set("authorization", &format!("{V2} PublicKeyId=SANDBOX-K1, SignedHeaders={names}, Signature={signature}"));
    assert!(request.verify(&ring(&key)).is_ok());
}

#[test]
fn each_header_mistake_has_its_own_code() {
    let key = OpensslKey::generate();
    let keys = ring(&key);
    let authorization = signed(&key, V2, 32).headers[5].1.clone();
    let without = |name: &str| {
        let mut request = signed(&key, V2, 32);
        request.headers.retain(|(found, _)| *found != name);
        request
    };
    let with = |name: &str, value: &str| {
        let mut request = signed(&key, V2, 32);
        request.set(name, value);
        request
    };
    assert_eq!(code(without("authorization").verify(&keys)), "MissingHeader");
    assert_eq!(code(without("x-amz-pay-date").verify(&keys)), "MissingHeader");
    assert_eq!(code(without("x-amz-pay-idempotency-key").verify(&keys)), "MissingHeader");
    assert_eq!(code(with("x-amz-pay-region", "").verify(&keys)), "MissingHeaderValue");
    assert_eq!(code(with("x-amz-pay-region", "na").verify(&keys)), "InvalidHeaderValue");
    assert_eq!(code(with("x-amz-pay-host", "evil.example").verify(&keys)), "InvalidHeaderValue");
    assert_eq!(code(with("x-amz-pay-date", "yesterday").verify(&keys)), "InvalidHeaderValue");
    assert_eq!(code(with("x-amz-pay-date", "20261122T175459Z").verify(&keys)), "InvalidHeaderValue");
    assert_eq!(code(with("authorization", "Basic Zm9v").verify(&keys)), "InvalidHeaderValue");
    let unknown = authorization.replace("SANDBOX-K1", "SANDBOX-K2");
    assert_eq!(code(with("authorization", &unknown).verify(&keys)), "UnauthorizedAccess");
    let unsigned_region = authorization.replace(";x-amz-pay-region", "");
    assert_eq!(code(with("authorization", &unsigned_region).verify(&keys)), "MissingHeader");
    let garbled = authorization.replace("Signature=", "Signature=*");
    assert_eq!(code(with("authorization", &garbled).verify(&keys)), "InvalidRequestSignature");
}

#[test]
fn dates_are_read_in_both_forms() {
    for text in ["20261122T181000Z", "2026-11-22T18:10:00Z", "20261122T175500Z", "20261122T182500Z"] {
        assert_eq!(check_date(text, NOW), Ok(()), "{text}");
    }
    for text in ["20261122T175459Z", "20261122T182501Z", "2026-11-22", "20261322T181000Z", "20261122T181000"] {
        assert!(check_date(text, NOW).is_err(), "{text}");
    }
}

#[test]
fn a_buttons_signature_covers_its_payload() {
    let key = OpensslKey::generate();
    let keys = ring(&key);
    let payload = r#"{"storeId":"s","webCheckoutDetails":{"checkoutReviewReturnUrl":"https://shop.example/確認"}}"#;
    for (named, algorithm, salt) in [(None, V1, 20), (Some(V1), V1, 20), (Some(V2), V2, 32)] {
        let to_sign = format!("{algorithm}\n{}", hex::encode(Sha256::digest(payload)));
        let signature = key.sign(&to_sign, salt);
        assert_eq!(keys.verify_button(payload, &signature, named, "SANDBOX-K1"), Ok("A1SHOP00000001"));
        let other = payload.replace("確認", "確定");
        let error = keys.verify_button(&other, &signature, named, "SANDBOX-K1").expect_err("changed");
        assert_eq!(error.code, ReasonCode::InvalidRequestSignature);
        assert_eq!(code(keys.verify_button(payload, &signature, named, "SANDBOX-K2")), "UnauthorizedAccess");
    }
    assert_eq!(code(keys.verify_button(payload, "", Some("none"), "SANDBOX-K1")), "InvalidHeaderValue");
}

#[test]
fn live_keys_short_keys_and_other_texts_are_not_taken() {
    let key = OpensslKey::generate();
    let mut keys = ring(&key);
    assert!(matches!(keys.add("M", &["jp"], "live-1", &key.public_pem()), Err(KeyError::Live(_))));
    assert!(matches!(keys.add("M", &["jp"], "SANDBOX-K1", &key.public_pem()), Err(KeyError::Duplicate(_))));
    assert!(matches!(keys.add("M", &["jp"], "K", "-----BEGIN NONSENSE-----"), Err(KeyError::Unreadable { .. })));
    let short = OpensslKey::generate_bits(1024);
    assert!(matches!(keys.add("M", &["jp"], "K", &short.public_pem()), Err(KeyError::TooShort { bits: 1024, .. })));
}
