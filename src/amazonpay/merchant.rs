//! One merchant's account at Amazon Pay: where its calls go and with which key they are signed.

use std::sync::Arc;

use url::{Host, Url};

use super::key::SigningKey;

/// The API's version, the first part of every path.
const VERSION: &str = "v2";

/// The most characters of a public key id; Amazon's have 24, and at most 8 before them.
const PUBLIC_KEY_ID_CHARS_MAX: usize = 64;

/// Where the merchant is registered (amazon-pay 1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// North America.
    Na,
    /// Europe.
    Eu,
    /// Japan.
    Jp,
}

impl Region {
    /// As the `x-amz-pay-region` header has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Na => "na",
            Self::Eu => "eu",
            Self::Jp => "jp",
        }
    }

    /// The address of Amazon's own API.
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::Na => "https://pay-api.amazon.com",
            Self::Eu => "https://pay-api.amazon.eu",
            Self::Jp => "https://pay-api.amazon.jp",
        }
    }

    /// The address of Amazon's script for buttons.
    const fn checkout_script(self) -> &'static str {
        match self {
            Self::Na => "https://static-na.payments-amazon.com/checkout.js",
            Self::Eu => "https://static-eu.payments-amazon.com/checkout.js",
            Self::Jp => "https://static-fe.payments-amazon.com/checkout.js",
        }
    }

    /// Where that script sends the browser. Amazon documents no such address: the hosts are those of its buyer pages
    /// (amazon-pay 3.2), the path is the sandbox's. Only a browser without scripts is sent here by us.
    const fn buyer_pages(self) -> &'static str {
        match self {
            Self::Na => "https://payments.amazon.com",
            Self::Eu => "https://payments.amazon.de",
            Self::Jp => "https://payments.amazon.co.jp",
        }
    }
}

/// Whether money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// No money moves.
    Sandbox,
    /// Money moves.
    Live,
}

impl Environment {
    const fn path(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Live => "live",
        }
    }

    /// What a public key id of this environment may start with.
    const fn key_prefix(self) -> &'static str {
        match self {
            Self::Sandbox => "SANDBOX",
            Self::Live => "LIVE",
        }
    }
}

/// A merchant's account. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Merchant {
    endpoint: Url,
    host: String,
    path_prefix: String,
    region: Region,
    public_key_id: String,
    key: Arc<SigningKey>,
}

/// Settings that do not make an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MerchantError {
    /// Not the address of a server.
    #[error("{0:?} is not an endpoint: expected scheme, host and nothing else, such as https://pay-api.amazon.jp")]
    Endpoint(String),
    /// Real money over a line that anybody can read.
    #[error("{0:?} is not an endpoint for live payments: only https is")]
    LiveWithoutTls(String),
    /// Not a public key id.
    #[error("{0:?} is not a public key id: expected up to 64 letters, digits and dashes")]
    PublicKeyId(String),
    /// A key of one environment in the other.
    #[error("public key id {public_key_id:?} is not of the environment {environment:?}")]
    OtherEnvironment {
        /// The id.
        public_key_id: String,
        /// The environment that was asked for.
        environment: Environment,
    },
}

impl Merchant {
    /// An account. `endpoint` is scheme and authority, such as `https://pay-api.amazon.jp` or `http://127.0.0.1:8081`.
    /// A `public_key_id` that starts with `SANDBOX` or `LIVE`, in any case, carries the environment itself and must
    /// agree with `environment`; for any other the environment becomes part of each path (amazon-pay 1.1).
    ///
    /// # Errors
    /// [`MerchantError`].
    pub fn new(
        endpoint: &str,
        region: Region,
        environment: Environment,
        public_key_id: &str,
        key: Arc<SigningKey>,
    ) -> Result<Self, MerchantError> {
        let (url, host) = server(endpoint).ok_or_else(|| MerchantError::Endpoint(endpoint.to_owned()))?;
        if environment == Environment::Live && url.scheme() != "https" {
            return Err(MerchantError::LiveWithoutTls(endpoint.to_owned()));
        }
        let id_chars = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if !(1..=PUBLIC_KEY_ID_CHARS_MAX).contains(&public_key_id.len()) || !public_key_id.bytes().all(id_chars) {
            return Err(MerchantError::PublicKeyId(public_key_id.to_owned()));
        }
        let path_prefix = match environment_of(public_key_id) {
            Some(other) if other != environment => {
                return Err(MerchantError::OtherEnvironment { public_key_id: public_key_id.to_owned(), environment });
            }
            Some(_) => format!("/{VERSION}"),
            None => format!("/{}/{VERSION}", environment.path()),
        };
        Ok(Self { endpoint: url, host, path_prefix, region, public_key_id: public_key_id.to_owned(), key })
    }

    /// The id under which Amazon knows the public key.
    pub fn public_key_id(&self) -> &str {
        &self.public_key_id
    }

    /// The key.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The region.
    pub const fn region(&self) -> Region {
        self.region
    }

    /// The script that leads a browser to Amazon: Amazon's own, or that of the simulator at the endpoint.
    pub fn checkout_script_url(&self) -> String {
        self.simulator().map_or_else(|| self.region.checkout_script().to_owned(), |home| format!("{home}/checkout.js"))
    }

    /// Where a browser without scripts posts what the script would have been given.
    pub fn checkout_form_url(&self) -> String {
        let home = self.simulator().unwrap_or_else(|| self.region.buyer_pages().to_owned());
        format!("{home}/checkout/initiate")
    }

    /// The endpoint, unless it is Amazon's.
    fn simulator(&self) -> Option<String> {
        let endpoint = self.endpoint.origin().ascii_serialization();
        (endpoint != self.region.endpoint()).then_some(endpoint)
    }

    /// The host without port, as the `x-amz-pay-host` header has it.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// The path as it is signed and sent; `resource` starts with a slash.
    pub(super) fn path(&self, resource: &str) -> String {
        format!("{}{resource}", self.path_prefix)
    }

    /// The whole address of `path`.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.endpoint.clone();
        url.set_path(path);
        url
    }
}

/// The environment that a public key id carries in itself.
fn environment_of(public_key_id: &str) -> Option<Environment> {
    let upper = public_key_id.to_ascii_uppercase();
    [Environment::Sandbox, Environment::Live].into_iter().find(|one| upper.starts_with(one.key_prefix()))
}

/// `endpoint` as scheme and authority, and its host; `None` if it is anything else or anything more.
fn server(endpoint: &str) -> Option<(Url, String)> {
    let url = Url::parse(endpoint).ok()?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    if !bare || !anonymous || !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let host = match url.host()? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => format!("[{address}]"),
    };
    Some((url, host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amazonpay::testing::key;

    fn merchant(endpoint: &str, environment: Environment, public_key_id: &str) -> Result<Merchant, MerchantError> {
        Merchant::new(endpoint, Region::Jp, environment, public_key_id, key())
    }

    #[test]
    fn a_prefixed_key_carries_the_environment_and_a_bare_one_leaves_it_to_the_path() {
        let path = |environment, id| {
            let merchant = merchant("https://pay-api.amazon.jp", environment, id).unwrap();
            merchant.url(&merchant.path("/charges/x")).to_string()
        };
        assert_eq!(path(Environment::Sandbox, "SANDBOX-ABC"), "https://pay-api.amazon.jp/v2/charges/x");
        assert_eq!(path(Environment::Sandbox, "sandboxABC"), "https://pay-api.amazon.jp/v2/charges/x");
        assert_eq!(path(Environment::Live, "LIVE-ABC"), "https://pay-api.amazon.jp/v2/charges/x");
        assert_eq!(path(Environment::Sandbox, "ABC"), "https://pay-api.amazon.jp/sandbox/v2/charges/x");
        assert_eq!(path(Environment::Live, "ABC"), "https://pay-api.amazon.jp/live/v2/charges/x");
    }

    #[test]
    fn the_host_is_named_without_its_port() {
        let host = |endpoint| merchant(endpoint, Environment::Sandbox, "ABC").unwrap().host().to_owned();
        assert_eq!(host("http://127.0.0.1:8081"), "127.0.0.1");
        assert_eq!(host("http://[::1]:8081/"), "[::1]");
        assert_eq!(host(Region::Jp.endpoint()), "pay-api.amazon.jp");
    }

    #[test]
    fn browsers_are_led_by_whoever_answers_the_calls() {
        let led = |endpoint: &str, region| {
            let merchant = Merchant::new(endpoint, region, Environment::Sandbox, "ABC", key()).unwrap();
            (merchant.checkout_script_url(), merchant.checkout_form_url())
        };
        let own = |script: &str, form: &str| (script.to_owned(), form.to_owned());
        assert_eq!(
            led("http://127.0.0.1:8081", Region::Jp),
            own("http://127.0.0.1:8081/checkout.js", "http://127.0.0.1:8081/checkout/initiate")
        );
        for (region, script, form) in [
            (Region::Jp, "static-fe.payments-amazon.com", "payments.amazon.co.jp"),
            (Region::Eu, "static-eu.payments-amazon.com", "payments.amazon.de"),
            (Region::Na, "static-na.payments-amazon.com", "payments.amazon.com"),
        ] {
            let expected = own(&format!("https://{script}/checkout.js"), &format!("https://{form}/checkout/initiate"));
            assert_eq!(led(region.endpoint(), region), expected);
        }
    }

    #[test]
    fn environments_do_not_mix() {
        let https = "https://pay-api.amazon.jp";
        let other =
            |id: &str, environment| MerchantError::OtherEnvironment { public_key_id: id.to_owned(), environment };
        let live = merchant(https, Environment::Live, "SANDBOX-ABC").unwrap_err();
        assert_eq!(live, other("SANDBOX-ABC", Environment::Live));
        let sandbox = merchant(https, Environment::Sandbox, "live-ABC").unwrap_err();
        assert_eq!(sandbox, other("live-ABC", Environment::Sandbox));
        let plain = "http://127.0.0.1:8081";
        assert_eq!(
            merchant(plain, Environment::Live, "ABC").unwrap_err(),
            MerchantError::LiveWithoutTls(plain.to_owned())
        );
    }

    #[test]
    fn what_is_no_endpoint_and_no_key_id_is_refused() {
        for endpoint in
            ["", "pay-api.amazon.jp", "ftp://a", "https://a/v2", "https://a?b", "https://u:p@a", "https://a#b"]
        {
            let error = merchant(endpoint, Environment::Sandbox, "ABC").unwrap_err();
            assert_eq!(error, MerchantError::Endpoint(endpoint.to_owned()));
        }
        for id in ["", "A B", "A\r\nB", "A,B", &"A".repeat(65)] {
            let error = merchant("https://a", Environment::Sandbox, id).unwrap_err();
            assert_eq!(error, MerchantError::PublicKeyId(id.to_owned()));
        }
    }
}
