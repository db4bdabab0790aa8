//! What a shop's own values must look like. Shapes of Amazon's identifiers: amazon-pay 6; of the shop's: psp-protocol 2.5.
//! Rules on addresses keep the two environments apart: money must not depend on a test address, nor a test on money.

use super::section::Wrong;
use super::shop::{Environment, Region};
use super::value::{http_url, is_loopback};

fn is_upper_alphanumeric(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

pub(super) fn shop_id(given: &str) -> Result<String, Wrong> {
    if given.len() == 13 && given.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(given.to_owned());
    }
    Err(Wrong::new(format!("{given:?} is not a ShopID"), "write 13 ASCII letters and digits"))
}

/// Says nothing of the password itself.
pub(super) fn shop_pass(given: &str) -> Result<(), Wrong> {
    if (1..=64).contains(&given.len()) && given.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(Wrong::new("is not a ShopPass", "use 1 to 64 ASCII letters and digits"))
}

pub(super) fn merchant_id(given: &str) -> Result<String, Wrong> {
    if matches!(given.len(), 13 | 14) && given.starts_with('A') && is_upper_alphanumeric(given) {
        return Ok(given.to_owned());
    }
    let remedy = "write `A` and 12 or 13 capital letters and digits, as Seller Central shows it";
    Err(Wrong::new(format!("{given:?} is not a merchant id"), remedy))
}

pub(super) fn store_id(given: &str) -> Result<String, Wrong> {
    let digits = given.strip_prefix("amzn1.application-oa2-client.").unwrap_or_default();
    if digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(given.to_owned());
    }
    let remedy = "write `amzn1.application-oa2-client.` and 32 hexadecimal digits, as Seller Central shows it";
    Err(Wrong::new(format!("{given:?} is not a store id"), remedy))
}

/// The prefix says which environment the key opens, and Amazon believes it, whatever else we write.
pub(super) fn public_key_id(given: &str, environment: Option<Environment>) -> Result<String, Wrong> {
    let found = [Environment::Sandbox, Environment::Live].into_iter().find(|e| given.starts_with(e.key_prefix()));
    let rest = found.and_then(|e| given.strip_prefix(e.key_prefix())).unwrap_or_default();
    let Some(found) = found.filter(|_| rest.len() == 24 && is_upper_alphanumeric(rest)) else {
        let remedy = "write `SANDBOX-` or `LIVE-` and 24 capital letters and digits, as Seller Central shows it";
        return Err(Wrong::new(format!("{given:?} is not a public key id"), remedy));
    };
    match environment {
        Some(environment) if environment != found => {
            let (key, shop) = (found.as_str(), environment.as_str());
            let remedy = format!("write the shop's {}… key, or `environment = \"{key}\"`", environment.key_prefix());
            Err(Wrong::new(format!("is a {key} key in a {shop} shop"), remedy))
        }
        _ => Ok(given.to_owned()),
    }
}

/// Answers scheme, host and port, without a slash at the end.
pub(super) fn amazon_endpoint(given: &str, environment: Option<Environment>, region: Region) -> Result<String, Wrong> {
    let url = http_url(given)?;
    if url.path() != "/" || url.query().is_some() {
        return Err(Wrong::new(format!("{given:?} has a path in it"), "write only scheme, host and port"));
    }
    let origin = url.origin().ascii_serialization();
    let amazon = format!("https://{}", region.api_host());
    if origin == amazon {
        return Ok(origin);
    }
    let removal = format!("remove the line, and {amazon} is used");
    if [Region::Jp, Region::Na, Region::Eu].iter().any(|r| url.host_str() == Some(r.api_host())) {
        let problem = format!("{given:?} is not where Amazon serves region {:?}", region.as_str());
        return Err(Wrong::new(problem, removal));
    }
    if environment == Some(Environment::Live) {
        return Err(Wrong::new(format!("{given:?} is not Amazon's, and the shop is live"), removal));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        let remedy = "write https, or an address of this machine such as \"http://127.0.0.1:8081\"";
        return Err(Wrong::new(format!("{given:?} sends payments over plain http"), remedy));
    }
    Ok(origin)
}

/// Answers the text as it was given.
pub(super) fn notify_url(given: &str, environment: Option<Environment>) -> Result<String, Wrong> {
    let url = http_url(given)?;
    if url.scheme() == "http" && environment == Some(Environment::Live) {
        return Err(Wrong::new("is plain http, and the shop is live", "write an https address"));
    }
    Ok(given.to_owned())
}
