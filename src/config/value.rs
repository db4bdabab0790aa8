//! What single values must look like, whichever file or flag they came from. Each function answers the value in its
//! type, or what is wrong with it.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use ipnet::IpNet;
use toml::de::DeValue;
use url::{Host, Url};

use super::section::Wrong;

/// Shops and gateways are told where to call by URLs; ours stay below what every server and log takes.
const URL_BYTES_MAX: usize = 2048;

/// A text in quotes.
pub(super) fn text<'a>(value: &'a DeValue<'a>) -> Result<&'a str, Wrong> {
    value
        .as_str()
        .ok_or_else(|| Wrong::new(format!("is {}, not a text", kind(value)), "write the value in double quotes"))
}

/// `true` or `false`.
pub(super) fn flag(value: &DeValue<'_>) -> Result<bool, Wrong> {
    value.as_bool().ok_or_else(|| {
        Wrong::new(format!("is {}, not true or false", kind(value)), "write true or false, without quotes")
    })
}

/// A whole number within `range`.
pub(super) fn number(value: &DeValue<'_>, range: &RangeInclusive<u32>) -> Result<u32, Wrong> {
    let Some(digits) = value.as_integer() else {
        let remedy = format!("write one from {} to {}, without quotes", range.start(), range.end());
        return Err(Wrong::new(format!("is {}, not a whole number", kind(value)), remedy));
    };
    let parsed = i128::from_str_radix(digits.as_str(), digits.radix()).ok();
    let in_range = parsed.and_then(|n| u32::try_from(n).ok()).filter(|n| range.contains(n));
    in_range.ok_or_else(|| out_of_range(&digits.to_string(), range))
}

/// The same limits for a number that came by flag or environment.
pub(super) fn within(value: u32, range: &RangeInclusive<u32>) -> Result<u32, Wrong> {
    if range.contains(&value) { Ok(value) } else { Err(out_of_range(&value.to_string(), range)) }
}

fn out_of_range(shown: &str, range: &RangeInclusive<u32>) -> Wrong {
    Wrong::new(format!("{shown} is out of range"), format!("write a number from {} to {}", range.start(), range.end()))
}

/// One of a few words.
pub(super) fn choice<T: Copy>(value: &DeValue<'_>, words: &[(&str, T)]) -> Result<T, Wrong> {
    word(text(value)?, words)
}

/// The thing that `given` is the word for.
pub(super) fn word<T: Copy>(given: &str, words: &[(&str, T)]) -> Result<T, Wrong> {
    let found = words.iter().find(|(word, _)| *word == given);
    found.map(|(_, thing)| *thing).ok_or_else(|| {
        let all: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        Wrong::new(format!("{given:?} is not one of its values"), format!("write {}", one_of(&all)))
    })
}

fn one_of(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// A list; each member is read by `read`.
pub(super) fn list<'a, T>(
    value: &'a DeValue<'a>,
    read: impl Fn(&'a DeValue<'a>) -> Result<T, Wrong>,
) -> Result<Vec<T>, Wrong> {
    let Some(members) = value.as_array() else {
        return Err(Wrong::new(format!("is {}, not a list", kind(value)), "write the values in square brackets"));
    };
    members.iter().map(|member| read(member.get_ref())).collect()
}

/// A text that people read: 1 to `chars_max` characters, none of them a control character.
pub(super) fn label(value: &DeValue<'_>, chars_max: usize) -> Result<String, Wrong> {
    let label = text(value)?;
    let chars = label.chars().count();
    let remedy = format!("write 1 to {chars_max} characters on one line");
    if label.trim().is_empty() {
        return Err(Wrong::new("is empty", remedy));
    }
    if chars > chars_max {
        return Err(Wrong::new(format!("is {chars} characters long"), remedy));
    }
    if label.chars().any(char::is_control) {
        return Err(Wrong::new("has a control character in it", remedy));
    }
    Ok(label.to_owned())
}

/// An absolute `http` or `https` URL with a host and without user, password or fragment. Mistakes do not quote
/// it: a URL may have a secret in its query.
pub(super) fn http_url(given: &str) -> Result<Url, Wrong> {
    const EXAMPLE: &str = "write one such as \"https://www.example.jp\"";
    if given.len() > URL_BYTES_MAX {
        return Err(Wrong::new(format!("is {} bytes long", given.len()), format!("write at most {URL_BYTES_MAX}")));
    }
    let url = Url::parse(given).map_err(|why| Wrong::new(format!("is not a URL: {why}"), EXAMPLE))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Wrong::new(format!("is {}, neither http nor https", url.scheme()), EXAMPLE));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::new("has a user or a password in it", "write the URL without them"));
    }
    if url.fragment().is_some() {
        return Err(Wrong::new("has a `#` in it, and what follows is never sent", "write the URL without it"));
    }
    Ok(url)
}

/// A network in CIDR notation, or a single address.
pub(super) fn network(given: &str) -> Result<IpNet, Wrong> {
    let network = given.parse::<IpNet>().or_else(|_| given.parse::<IpAddr>().map(IpNet::from));
    network.map(|network| network.trunc()).map_err(|_| {
        Wrong::new(format!("{given:?} is not a network"), "write one such as \"10.0.0.0/8\", or an IP address")
    })
}

/// The name of a topic of Amazon SNS.
pub(super) fn topic_arn(given: &str) -> Result<String, Wrong> {
    let parts: Vec<&str> = given.split(':').collect();
    let printable = given.bytes().all(|b| b.is_ascii_graphic()) && given.len() <= 300;
    match parts[..] {
        ["arn", partition, "sns", region, account, name]
            if printable && [partition, region, account, name].iter().all(|part| !part.is_empty()) =>
        {
            Ok(given.to_owned())
        }
        _ => {
            let remedy = "write one such as \"arn:aws:sns:ap-northeast-1:123456789012:name\"; the log has it where a topic \
                          was confirmed or refused";
            Err(Wrong::new(format!("{given:?} is not the ARN of an SNS topic"), remedy))
        }
    }
}

/// Whether a URL's host is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
