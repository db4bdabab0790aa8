//! The request that a client would send, out of what the tester wants sent; signed, sent, and all of it kept to be shown.

use std::sync::Arc;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::canonical::{Scheme, canonical_request, signed_headers};
use super::exchange::{Answer, NoAnswer, exchange};
use super::key::{KeyPair, SigningError, public_key_id};
use crate::sandbox::{Merchant, Sandbox};

/// What cannot stand in a path, and what would end it. A `/` stays: whoever writes one wants another path.
const NOT_IN_A_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// More than this of a request is not shown.
const SHOWN_BYTES_MAX: usize = 64 * 1024;

/// What the tester wants sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) method: &'static str,
    pub(super) path: String,
    /// Empty for none.
    pub(super) body: String,
    /// Empty for none, too.
    pub(super) idempotency_key: String,
    /// Empty for none, too.
    pub(super) simulation_code: String,
    pub(super) scheme: Scheme,
}

/// Why an order cannot be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unsendable {
    /// Of which header.
    pub(super) header: &'static str,
}

/// A request with all that led to its signature.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) canonical: String,
    pub(super) string_to_sign: String,
    pub(super) authorization: String,
    /// Request line, headers, an empty line, body.
    request: String,
}

/// Request and answer.
pub(super) struct Exchange {
    pub(super) signed: Signed,
    pub(super) answer: Result<Answer, NoAnswer>,
}

/// A path of the API with `id` in its place.
pub(super) fn path(template: &str, id: &str) -> String {
    let id: String = utf8_percent_encode(id, NOT_IN_A_PATH).collect();
    template.replace("{id}", &id)
}

impl Order {
    /// Whether it can be written as a request at all.
    ///
    /// # Errors
    /// [`Unsendable`] for a line break or the like in a header: it would begin another header.
    pub(super) fn check(&self) -> Result<(), Unsendable> {
        let headers = [
            ("x-amz-pay-idempotency-key", &self.idempotency_key),
            ("x-amz-pay-simulation-code", &self.simulation_code),
        ];
        let broken = headers.into_iter().find(|(_, value)| value.chars().any(char::is_control));
        broken.map_or(Ok(()), |(header, _)| Err(Unsendable { header }))
    }

    /// Signs it as the merchant's client would.
    ///
    /// # Errors
    /// [`SigningError`].
    pub(super) async fn sign(&self, sandbox: &Sandbox, merchant: &Merchant) -> Result<Signed, SigningError> {
        let key = KeyPair::of(sandbox, &merchant.merchant_id).await?;
        let host = sandbox.base_url().split_once("://").map_or("", |(_, host)| host);
        let headers = self.headers(&sandbox.clock.unmoved().utc_basic(), host, region(merchant));
        let canonical = canonical_request(self.method, &self.path, &headers, &self.body);
        let string_to_sign = self.scheme.string_to_sign(&canonical);
        let signature = key.sign(self.scheme, &string_to_sign, &*sandbox.rng)?;
        let public_key_id = public_key_id(&merchant.merchant_id);
        let authorization = self.scheme.authorization(&public_key_id, &signed_headers(&headers), &signature);
        let request = self.written(host, &headers, &authorization);
        Ok(Signed { canonical, string_to_sign, authorization, request })
    }

    /// Everything that is signed: lower-case names in alphabetical order. The date is a client's own, not the sandbox's
    /// moved one.
    fn headers(&self, date: &str, host: &str, region: &str) -> Vec<(&'static str, String)> {
        let headers = [
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("x-amz-pay-date", date),
            ("x-amz-pay-host", host),
            ("x-amz-pay-idempotency-key", self.idempotency_key.trim()),
            ("x-amz-pay-region", region),
            ("x-amz-pay-simulation-code", self.simulation_code.trim()),
        ];
        headers
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name, value.to_owned()))
            .collect()
    }

    fn written(&self, host: &str, headers: &[(&str, String)], authorization: &str) -> String {
        let Self { method, path, body, .. } = self;
        let lines: String = headers.iter().flat_map(|(name, value)| [*name, ": ", value, "\r\n"]).collect();
        let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\n{lines}authorization: {authorization}\r\n{length}\
             connection: close\r\n\r\n{body}"
        )
    }
}

impl Signed {
    /// Sends it.
    pub(super) async fn send(self, sandbox: &Arc<Sandbox>) -> Exchange {
        let answer = exchange(sandbox, self.request.as_bytes()).await;
        Exchange { signed: self, answer }
    }

    /// The request as it goes out; of a very long one the beginning.
    pub(super) fn shown(&self) -> String {
        shorten(&self.request.replace("\r\n", "\n"))
    }
}

impl Exchange {
    /// The answer's body, JSON with its lines broken.
    pub(super) fn pretty_body(&self) -> String {
        let Ok(answer) = &self.answer else { return String::new() };
        match serde_json::to_string_pretty(&answer.json) {
            Ok(pretty) if !answer.json.is_null() => shorten(&pretty),
            _ => shorten(&answer.body),
        }
    }
}

/// The first name of the region that the merchant is in.
fn region(merchant: &Merchant) -> &'static str {
    merchant.ledger_currency.regions().first().copied().unwrap_or("jp")
}

fn shorten(text: &str) -> String {
    if text.len() <= SHOWN_BYTES_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(SHOWN_BYTES_MAX);
    format!("{}\n… + {} bytes", &text[..end], text.len() - end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(body: &str, key: &str, code: &str) -> Order {
        let (body, idempotency_key, simulation_code) = (body.to_owned(), key.to_owned(), code.to_owned());
        let path = "/v2/charges".to_owned();
        Order { method: "POST", path, body, idempotency_key, simulation_code, scheme: Scheme::V2 }
    }

    #[test]
    fn what_cannot_stand_in_a_path_is_encoded_and_a_slash_is_not() {
        let path = |id| super::path("/v2/charges/{id}/capture", id);
        assert_eq!(path("S03-1-C1"), "/v2/charges/S03-1-C1/capture");
        assert_eq!(path(""), "/v2/charges//capture");
        assert_eq!(path("a/../b"), "/v2/charges/a/../b/capture");
        assert_eq!(path("a b?c#d\r\ne%2F京"), "/v2/charges/a%20b%3Fc%23d%0D%0Ae%2F%E4%BA%AC/capture");
    }

    #[test]
    fn a_request_has_the_headers_that_have_a_value() {
        let full = order("{}", "key", "Declined");
        let headers = full.headers("20261122T181000Z", "127.0.0.1:8081", "jp");
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        assert!(names.is_sorted() && names.len() == 7, "{names:?}");
        let request = full.written("127.0.0.1:8081", &headers, "auth");
        assert!(request.starts_with("POST /v2/charges HTTP/1.1\r\nhost: 127.0.0.1:8081\r\naccept: "), "{request}");
        assert!(request.ends_with("\r\nauthorization: auth\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"));

        let bare = order("", " ", "");
        let headers = bare.headers("d", "h", "jp");
        assert_eq!(headers.len(), 5);
        assert!(!bare.written("h", &headers, "auth").contains("content-length"));
    }

    #[test]
    fn a_header_cannot_begin_another() {
        assert_eq!(order("", "a\r\nx: y", "").check(), Err(Unsendable { header: "x-amz-pay-idempotency-key" }));
        assert_eq!(order("", "", "a\nb").check(), Err(Unsendable { header: "x-amz-pay-simulation-code" }));
        assert_eq!(order("\n\u{0}", "鍵 x", "Nonsense").check(), Ok(()));
    }

    #[test]
    fn a_long_text_is_shown_in_part() {
        let long = "京".repeat(SHOWN_BYTES_MAX);
        let shown = shorten(&long);
        assert!(shown.len() < SHOWN_BYTES_MAX + 40 && shown.ends_with(" bytes"), "{}", shown.len());
        assert_eq!(shorten("short"), "short");
    }
}
