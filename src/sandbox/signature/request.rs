//! The check of a signed API request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use axum::http::HeaderMap;

use super::canonical::{Parts, sorted_query, squeezed, string_to_sign};
use super::header::{self, Authorization};
use super::key::Keyring;
use crate::domain::Millis;
use crate::sandbox::error::{ApiError, ReasonCode};
use crate::sandbox::moment::parse_utc;

/// How far a request's date may be from now, either way: 15 minutes. Ours; clients send a retry with the first
/// attempt's date (amazon-pay 1.5).
const SKEW_MS: i64 = 15 * 60 * 1000;
/// How Amazon Pay's schemes begin.
const SCHEME: &str = "AMZN-PAY-";
/// Signed in every request.
const DATE: &str = "x-amz-pay-date";
const HOST: &str = "x-amz-pay-host";
/// Where the real API is; clients that were led here by the name service still sign its host (amazon-pay 1.1, 1.6).
const AMAZONS_HOSTS: [&str; 3] = ["pay-api.amazon.jp", "pay-api.amazon.com", "pay-api.amazon.eu"];
const REGION: &str = "x-amz-pay-region";

/// A request as it came over the wire.
#[derive(Debug, Clone, Copy)]
pub struct Received<'a> {
    /// Upper case.
    pub method: &'a str,
    /// The path, not decoded.
    pub path: &'a str,
    /// The query without its `?`, not decoded; empty where there is none.
    pub query: &'a str,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The body's bytes.
    pub body: &'a [u8],
}

impl Keyring {
    /// Whose request this is: the merchant id.
    ///
    /// `now` is the machine's time, not the sandbox's moved one, for the sender's clock is not moved either.
    /// `own_host` is this sandbox's `host:port`.
    ///
    /// # Errors
    /// `MissingHeader`, `MissingHeaderValue`, `InvalidHeaderValue` for headers; `UnauthorizedAccess` for a key that
    /// nobody here has; `InvalidAuthentication` for another scheme; `InvalidRequestSignature`, with the string that was expected to be signed.
    pub fn verify_request(&self, request: &Received<'_>, now: Millis, own_host: &str) -> Result<&str, ApiError> {
        let text = header_value(request.headers, "authorization")?;
        if !text.starts_with(SCHEME) {
            let message = format!("Authorization must be of a scheme that starts with {SCHEME}");
            return Err(ApiError::new(ReasonCode::InvalidAuthentication, message));
        }
        let authorization = header::parse(&text).map_err(|why| invalid("Authorization", &why))?;
        let key = self.find(authorization.public_key_id).ok_or_else(|| {
            let message = format!("Public key {} is not known in this sandbox", authorization.public_key_id);
            ApiError::new(ReasonCode::UnauthorizedAccess, message)
        })?;
        let headers = signed_headers(request.headers, &authorization)?;
        check_date(&header_value(request.headers, DATE)?, now)?;
        check_host(&header_value(request.headers, HOST)?, own_host)?;
        check_region(&header_value(request.headers, REGION)?, key.regions)?;

        let to_sign = |query: &str| {
            let parts = Parts {
                method: request.method,
                path: request.path,
                query,
                headers: &headers,
                signed_headers: authorization.signed_headers,
                body: request.body,
            };
            string_to_sign(authorization.algorithm, parts.text().as_bytes())
        };
        let signature = STANDARD.decode(authorization.signature).unwrap_or_default();
        let fits = |text: &str| key.verifies(authorization.algorithm, text.as_bytes(), &signature);
        let expected = to_sign(request.query);
        let sorted = sorted_query(request.query);
        if fits(&expected) || (sorted != request.query && fits(&to_sign(&sorted))) {
            return Ok(&key.merchant_id);
        }
        Err(mismatch(&expected, authorization.signature))
    }
}

/// The refusal in Amazon's form: it shows the string that the server expected to be signed (amazon-pay 1.5).
pub(super) fn mismatch(expected: &str, received: &str) -> ApiError {
    let message = format!("Unable to verify signature, signing String [{expected}] , signature [{received}]");
    ApiError::new(ReasonCode::InvalidRequestSignature, message)
}

/// The signed headers in the order in which the sender lists them: their names in lower case, their values.
fn signed_headers(headers: &HeaderMap, authorization: &Authorization<'_>) -> Result<Vec<(String, String)>, ApiError> {
    let written: Vec<&str> = authorization.signed_headers.split(';').collect();
    let names: Vec<String> = written.iter().map(|name| name.to_ascii_lowercase()).collect();
    // Some senders sort before they lower the case (node keeps the caller's spelling), some after.
    if !written.is_sorted() && !names.is_sorted() {
        return Err(invalid("Authorization", "SignedHeaders must be sorted"));
    }
    for required in [DATE, HOST, REGION] {
        if !names.iter().any(|name| name == required) {
            let message = format!("{required} must be among the signed headers");
            return Err(ApiError::new(ReasonCode::MissingHeader, message));
        }
    }
    names.into_iter().map(|name| header_value(headers, &name).map(|value| (name, value))).collect()
}

fn header_value(headers: &HeaderMap, name: &str) -> Result<String, ApiError> {
    let mut values = Vec::new();
    for value in headers.get_all(name) {
        values.push(squeezed(std::str::from_utf8(value.as_bytes()).map_err(|_| invalid(name, "is not UTF-8"))?));
    }
    match values.join(",") {
        _ if values.is_empty() => Err(ApiError::new(ReasonCode::MissingHeader, format!("{name} is missing"))),
        empty if empty.is_empty() => Err(ApiError::new(ReasonCode::MissingHeaderValue, format!("{name} has no value"))),
        value => Ok(value),
    }
}

/// Basic (`20261122T183049Z`) or extended (`2026-11-22T18:30:49Z`) form, near enough to now.
fn check_date(text: &str, now: Millis) -> Result<(), ApiError> {
    let sent = parse_utc(text).ok_or_else(|| invalid(DATE, "must be of the form yyyyMMddTHHmmssZ"))?;
    if now.since(sent).abs() > SKEW_MS {
        return Err(invalid(DATE, &format!("is {text}, more than 15 minutes from {}", now.utc_basic())));
    }
    Ok(())
}

/// Clients write the host with its port or without, and behind a proxy the real API's (amazon-pay 1.5).
fn check_host(text: &str, own_host: &str) -> Result<(), ApiError> {
    let own_name = own_host.rsplit_once(':').map_or(own_host, |(name, _)| name);
    let name = text.rsplit_once(':').map_or(text, |(name, _)| name);
    if text == own_host || [own_name, "localhost", "127.0.0.1"].contains(&name) || AMAZONS_HOSTS.contains(&name) {
        return Ok(());
    }
    Err(invalid(HOST, &format!("is {text}, neither {own_host} nor one of {}", AMAZONS_HOSTS.join(", "))))
}

/// Java's SDK writes the region in upper case (amazon-pay 1.5).
fn check_region(text: &str, regions: &[&str]) -> Result<(), ApiError> {
    if regions.iter().any(|region| text.eq_ignore_ascii_case(region)) {
        return Ok(());
    }
    Err(invalid(REGION, &format!("is {text}, but the merchant is in {}", regions.join(" or "))))
}

fn invalid(name: &str, why: &str) -> ApiError {
    ApiError::new(ReasonCode::InvalidHeaderValue, format!("{name}: {why}"))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

#[cfg(test)]
#[path = "variant_tests.rs"]
mod variant_tests;
