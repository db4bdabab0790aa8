//! What the sandbox reads of a merchant: bodies, the `Authorization` header, and what it is said to sign.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use sekisho::domain::Millis;
use sekisho::sandbox::error::ApiError;
use sekisho::sandbox::ledger::{Currency, ProductType};
use sekisho::sandbox::signature::{Keyring, Received};
use sekisho::sandbox::wire::{charge_request, permission_request, record_request, report_request, session_request};

use super::bytes::Bytes;

/// The body of each operation, and the payload of a button.
pub fn body(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let choice = usize::from(bytes.byte());
    // A currency has its own decimals and limits.
    let currency = [Currency::JPY, Currency::USD, Currency::EUR, Currency::GBP][choice / 12 % 4];
    let body = bytes.all();
    match choice % 12 {
        0 => refused(session_request::create(body, ProductType::PayAndShip, currency)),
        1 => refused(session_request::create(body, ProductType::PayOnly, currency)),
        2 => refused(session_request::of_button(body, ProductType::PayAndShip, currency)),
        3 => refused(session_request::sign_in(body)),
        4 => refused(session_request::update(body, currency)),
        5 => refused(charge_request::complete(body, currency)),
        6 => refused(charge_request::finalize(body, currency)),
        7 => refused(charge_request::create(body, currency)),
        8 => refused(charge_request::capture(body, currency)),
        9 => refused(charge_request::refund(body, currency)),
        10 => refused(charge_request::cancel(body, currency)),
        _ => {
            refused(permission_request::close(body, currency));
            refused(permission_request::update(body, currency));
            refused(record_request::create_dispute(body, currency));
            refused(record_request::update_dispute(body));
            refused(record_request::contest_dispute(body));
            refused(record_request::create_file(body));
            refused(record_request::track(body));
            refused(record_request::update_charge(body));
            refused(record_request::create_account(body));
            refused(record_request::claim(body));
            refused(report_request::create(body));
            refused(report_request::create_schedule(body));
            if let Ok(query) = std::str::from_utf8(body) {
                refused(report_request::list(query));
                refused(report_request::disbursements(query));
            }
        }
    }
}

/// A refusal says why, and is the client's fault.
fn refused<T>(read: Result<T, ApiError>) {
    if let Err(error) = read {
        assert!(!error.to_string().is_empty());
    }
}

const NOW: Millis = Millis(1_795_371_000_123);
const KEY_ID: &str = "SANDBOX-DEMOSHOP1K7W2Q9XN4VTR6ZJ";

/// A key of which nobody has the private half.
const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1coCon6Rc/njnTjZSoFG
AghqslHK7q5GsPpLd37totuDMeKwRqfqA59YZlYtmMS2qR73gdnyGsevjlKk8ytK
irYSyAo2iazu+sN4Zm2r2qkeeOgmNhnOSqsc2oTTwyEu9WdiSwCQMCQXJzBcIJG5
JaLnFFm7XNzoj53kEwd6MGyrtEojc5LanmZ/MSy9ysdMYYRTlMoE1mIHLRNyhJRP
nmBsTQdgjhA1ohsYGGCHyR0/uVycywten/fNY0nEDJil45OwsyNx9JbNmxpa1v2w
lEA6PTxW6ZKcNkF/FS3nE7ayYvXGAFsFrxy1NxJANT9dnjIEAKy/D2glMuyU/N1g
SwIDAQAB
-----END PUBLIC KEY-----
";

static KEYRING: LazyLock<Keyring> = LazyLock::new(|| {
    let mut keys = Keyring::default();
    keys.add("A1DEMOSHOP0001", Currency::JPY.regions(), KEY_ID, PUBLIC_KEY).expect("a public key");
    keys
});

/// A request whose headers are the input's lines up to an empty one; then a button that says the same. Nothing that
/// was not signed with the private key is let in.
pub fn signature(input: &[u8]) {
    let mut lines = input.split(|b| *b == b'\n');
    let target = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut headers = HeaderMap::new();
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii_start());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let body: Vec<u8> = lines.collect::<Vec<_>>().join(&b'\n');
    let request = Received { method: "POST", path, query, headers: &headers, body: &body };
    let verified = KEYRING.verify_request(&request, NOW, "127.0.0.1:8081");
    assert!(verified.is_err(), "let in: {verified:?}");

    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let payload = String::from_utf8_lossy(&body);
    let verified = KEYRING.verify_button(&payload, said("signature"), Some(said("algorithm")), KEY_ID);
    assert!(verified.is_err(), "let in: {verified:?}");
}
