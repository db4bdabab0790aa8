//! What is told of a refused signature, for mistakes that clients make. Signed by the OpenSSL command line.

use std::sync::OnceLock;

use axum::http::HeaderMap;
use sha2::{Digest, Sha256};

use super::*;
use crate::sandbox::openssl_key::OpensslKey;

const V1: &str = "AMZN-PAY-RSASSA-PSS";
const V2: &str = "AMZN-PAY-RSASSA-PSS-V2";
const NAMES: &str = "x-amz-pay-date;x-amz-pay-host;x-amz-pay-region";
const BLOCK: &str = "x-amz-pay-date:20261122T181000Z\nx-amz-pay-host:pay-api.amazon.jp\nx-amz-pay-region:jp\n";
const BODY: &str = r#"{"chargeAmount": {"amount": "1"}}"#;

struct Keys {
    ring: Keyring,
    own: OpensslKey,
    other: OpensslKey,
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let (own, other) = (OpensslKey::generate(), OpensslKey::generate());
        let mut ring = Keyring::default();
        ring.add("A1", &["jp"], "OWN", &own.public_pem()).expect("a key");
        ring.add("A2", &["jp"], "OTHER", &other.public_pem()).expect("a key");
        Keys { ring, own, other }
    })
}

fn canonical(method: &str, path: &str, query: &str, names: &str, body: &str) -> String {
    format!("{method}\n{path}\n{query}\n{BLOCK}\n{names}\n{}", hex::encode(Sha256::digest(body)))
}

/// What was to be signed of the request that [`examined`] sends.
fn right() -> String {
    canonical("POST", "/v2/charges", "b=2&a=1", NAMES, BODY)
}

fn to_sign(algorithm: &str, canonical: &str) -> String {
    format!("{algorithm}\n{}", hex::encode(Sha256::digest(canonical)))
}

fn sign(key: &OpensslKey, text: &str, salt: usize) -> String {
    // The command line works in the key's directory, on one text at a time.
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    key.sign(text, salt)
}

/// The request with this signature, as it is examined once it was refused.
fn examined(signature: &str, extra: &[(&'static str, String)]) -> Examination {
    let mut headers = HeaderMap::new();
    for line in BLOCK.lines() {
        let (name, value) = line.split_once(':').expect("a header");
        headers.insert(name, value.parse().expect("a value"));
    }
    headers.insert("content-type", "application/json".parse().expect("a value"));
    let authorization = format!("{V2} PublicKeyId=OWN, SignedHeaders={NAMES}, Signature={signature}");
    headers.insert("authorization", authorization.parse().expect("a value"));
    for (name, value) in extra {
        headers.insert(*name, value.parse().expect("a value"));
    }
    let (path, query) = ("/v2/charges", "b=2&a=1");
    let request = Received { method: "POST", path, query, headers: &headers, body: BODY.as_bytes() };
    keys().ring.examine(&request, true)
}

fn found(canonical: &str) -> Option<&'static str> {
    let examination = examined(&sign(&keys().own, &to_sign(V2, canonical), 32), &[]);
    assert_eq!(examination.canonical.as_deref(), Some(right().as_str()));
    let finding = examination.finding?;
    if finding.code != "signatureFits" {
        assert_eq!(finding.canonical.as_deref(), Some(canonical), "{}", finding.en);
    }
    Some(finding.code)
}

#[test]
fn a_text_that_was_signed_in_its_place_is_found() {
    let empty_line = right().replacen("\n\nx-amz-pay-date;", "\nx-amz-pay-date;", 1);
    let extended = right().replace("20261122T181000Z", "2026-11-22T18:10:00Z");
    let less = right().replace("x-amz-pay-region:jp\n", "").replace(";x-amz-pay-region", "");
    let more = right().replacen("\nx-amz-pay-date:", "\ncontent-type:application/json\nx-amz-pay-date:", 1).replacen(
        "\nx-amz-pay-date;",
        "\ncontent-type;x-amz-pay-date;",
        1,
    );
    for (signed, code) in [
        (canonical("POST", "/v2/charges", "a=1&b=2", NAMES, BODY), "queryOrder"),
        (canonical("POST", "/v2/charges", "", NAMES, BODY), "noQuery"),
        (canonical("POST", "/v2/charges", "b=2&a=1", NAMES, ""), "body"),
        (canonical("POST", "/v2/charges", "b=2&a=1", NAMES, r#"{"chargeAmount":{"amount":"1"}}"#), "body"),
        (canonical("PATCH", "/v2/charges", "b=2&a=1", NAMES, BODY), "method"),
        (canonical("POST", "/sandbox/v2/charges", "b=2&a=1", NAMES, BODY), "path"),
        (canonical("POST", "/v2/charges/", "b=2&a=1", NAMES, BODY), "path"),
        (less, "headerNotSigned"),
        (more, "headerNotNamed"),
        (right().replace(":jp", ":JP"), "headerValue"),
        (extended, "headerValue"),
        (empty_line, "noEmptyLine"),
        (format!("{}\n", right()), "lineFeedAtEnd"),
        (right().replace('\n', "\r\n"), "carriageReturns"),
    ] {
        assert_eq!(found(&signed), Some(code), "{signed}");
    }
    assert_eq!(found(&right()), Some("signatureFits"));
    assert_eq!(found(&right().replace("chargeAmount", "x").replace("/v2/charges", "/v9/other")), None);
}

#[test]
fn another_way_of_signing_is_found() {
    let code = |key: &OpensslKey, text: &str, salt: usize| {
        examined(&sign(key, text, salt), &[]).finding.map(|finding| finding.code)
    };
    let own = &keys().own;
    assert_eq!(code(own, &to_sign(V2, &right()), 20), Some("saltLength"));
    assert_eq!(code(own, &to_sign(V1, &right()), 20), Some("algorithmName"));
    assert_eq!(code(own, &to_sign(V1, &right()), 32), Some("algorithmName"));
    assert_eq!(code(own, &right(), 32), Some("noStringToSign"));
    assert_eq!(code(&keys().other, &to_sign(V2, &right()), 32), Some("otherKey"));
    assert_eq!(examined("%%%", &[]).finding.map(|finding| finding.code), Some("notBase64"));
    assert_eq!(examined("Zm9v", &[]).finding.map(|finding| finding.code), Some("signatureLength"));
}

#[test]
fn a_clients_own_canonical_request_is_taken_in() {
    // A body that nobody would guess.
    let own = canonical("POST", "/v2/charges", "b=2&a=1", NAMES, "something else");
    let header = (OWN_CANONICAL, STANDARD.encode(&own));
    let examination = examined(&sign(&keys().own, &to_sign(V2, &own), 32), &[header]);
    assert_eq!(examination.own_canonical.as_deref(), Some(own.as_str()));
    assert_eq!(examination.own_to_sign, Some(to_sign(V2, &own)));
    assert_eq!(examination.finding.map(|finding| finding.code), Some("ownCanonical"));
    let broken = examined("Zm9v", &[(OWN_CANONICAL, "%".to_owned())]);
    assert_eq!(broken.own_canonical, None);
}

#[test]
fn without_a_readable_authorization_nothing_is_said() {
    let headers = HeaderMap::new();
    let request = Received { method: "GET", path: "/v2/charges/C", query: "", headers: &headers, body: b"" };
    assert_eq!(keys().ring.examine(&request, true), Examination::default());
}
