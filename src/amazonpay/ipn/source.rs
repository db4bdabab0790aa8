//! Who vouches for a message: the host that its certificate is fetched from.

use url::{Host, Url};

/// Who vouches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Amazon SNS.
    Amazon,
    /// A sandbox that shops are configured for, by its origin such as `http://127.0.0.1:8081`. It may speak of nothing
    /// but those shops.
    Sandbox(String),
}

/// An address that leads somewhere else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} leads to {url:?}, neither Amazon SNS nor a sandbox of one of the shops")]
pub struct ForeignUrl {
    field: &'static str,
    url: String,
}

/// How much of a foreign address is worth a log line.
const SHOWN_CHARS_MAX: usize = 200;

impl Source {
    /// Judges the address that the message gives in `field`.
    pub(super) fn of(field: &'static str, text: &str, sandboxes: &[String]) -> Result<(Self, Url), ForeignUrl> {
        let foreign = || ForeignUrl { field, url: text.chars().take(SHOWN_CHARS_MAX).collect() };
        let url = Url::parse(text).map_err(|_| foreign())?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(foreign());
        }
        if is_amazon(&url) {
            return Ok((Self::Amazon, url));
        }
        let origin = url.origin().ascii_serialization();
        if sandboxes.contains(&origin) { Ok((Self::Sandbox(origin), url)) } else { Err(foreign()) }
    }

    /// A further address in a message of this source: it must lead to the same, not from a sandbox to Amazon or back.
    pub(super) fn also(&self, field: &'static str, text: &str) -> Result<Url, ForeignUrl> {
        let own = match self {
            Self::Amazon => Vec::new(),
            Self::Sandbox(origin) => vec![origin.clone()],
        };
        match Self::of(field, text, &own)? {
            (source, url) if source == *self => Ok(url),
            _ => Err(ForeignUrl { field, url: text.chars().take(SHOWN_CHARS_MAX).collect() }),
        }
    }
}

/// `https://sns.<region>.amazonaws.com`, on the usual port (amazon-pay 5).
fn is_amazon(url: &Url) -> bool {
    let Some(Host::Domain(host)) = url.host() else { return false };
    let region = host.strip_prefix("sns.").and_then(|rest| rest.strip_suffix(".amazonaws.com"));
    url.scheme() == "https" && url.port().is_none() && region.is_some_and(is_region)
}

/// `ap-northeast-1`: words of letters, then a number. Looser, `sns.s3-us-west-2.amazonaws.com` would pass, where anybody may
/// keep files under the name `sns`.
fn is_region(text: &str) -> bool {
    let Some((words, number)) = text.rsplit_once('-') else { return false };
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
        && words.contains('-')
        && words.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SANDBOX: &str = "http://127.0.0.1:8081";

    fn judged(url: &str) -> Option<Source> {
        Source::of("SigningCertURL", url, &[SANDBOX.to_owned()]).ok().map(|(source, _)| source)
    }

    #[test]
    fn amazons_hosts_and_the_sandboxes_are_allowed() {
        for region in ["ap-northeast-1", "eu-west-1", "us-gov-west-1", "us-east-2"] {
            assert_eq!(judged(&format!("https://sns.{region}.amazonaws.com/x.pem")), Some(Source::Amazon), "{region}");
        }
        assert_eq!(judged("https://sns.eu-west-1.amazonaws.com:443/x.pem"), Some(Source::Amazon));
        assert_eq!(judged("http://127.0.0.1:8081/x.pem"), Some(Source::Sandbox(SANDBOX.to_owned())));
    }

    #[test]
    fn everybody_else_is_not() {
        for url in [
            "http://sns.eu-west-1.amazonaws.com/x.pem",
            "https://sns.eu-west-1.amazonaws.com:8443/x.pem",
            "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem",
            "https://sns.eu-west-1.amazonaws.com@evil.example/x.pem",
            "https://user@sns.eu-west-1.amazonaws.com/x.pem",
            "https://sns.eu-west-1.amazonaws.com./x.pem",
            "https://evilsns.eu-west-1.amazonaws.com/x.pem",
            "https://sns.amazonaws.com/x.pem",
            "https://sns.s3-us-west-2.amazonaws.com/x.pem",
            "https://sns.s3.amazonaws.com/x.pem",
            "https://sns.a.b-c-1.amazonaws.com/x.pem",
            "https://s3.eu-west-1.amazonaws.com/sns/x.pem",
            "http://127.0.0.1:8082/x.pem",
            "https://127.0.0.1:8081/x.pem",
            "http://user@127.0.0.1:8081/x.pem",
            "http://127.0.0.1:8081@evil.example/x.pem",
            "file:///etc/passwd",
            "/x.pem",
            "",
        ] {
            assert_eq!(judged(url), None, "{url}");
        }
    }
}
