//! Calls to addresses that somebody else has named: shops' servers, certificates of messages. None of them may lead
//! inside.
//!
//! Theory of operation. The addresses of a host are looked up by [`Names`] once for a connection, the forbidden ones are
//! thrown away, and the connection is made to one of those that are left: what was judged is what is connected to, so a
//! name that changes its address between the look and the call gains nothing. A host that is an address in any of the
//! spellings that URLs know (`2130706433`, `0x7f.1`, `0177.0.0.1`) is one after parsing, and is judged before a request
//! is made. Redirects are not followed. May be assumed: no byte is sent to a forbidden address.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Method, RequestBuilder};
use url::{Host, Url};

use super::{address, builder};
use crate::config::Environment;

/// Why an address is not called. Names the host at most: what else is in a URL may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// Not an absolute URL with a host.
    #[error("not an absolute URL")]
    NotAUrl,
    /// Another scheme.
    #[error("neither http nor https")]
    Scheme,
    /// A user or a password before the host.
    #[error("a user or a password stands before the host")]
    UserInfo,
    /// An address that is not to be reached.
    #[error("{address} is {kind}")]
    Address {
        /// Which.
        address: IpAddr,
        /// What it is.
        kind: &'static str,
    },
    /// A name with no other addresses than such.
    #[error("{host} has no address that may be reached: {address} is {kind}")]
    Host {
        /// The name.
        host: String,
        /// Its first address.
        address: IpAddr,
        /// What that is.
        kind: &'static str,
    },
}

/// What may be reached: the open internet, and what the operator allows besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    loopback: bool,
    allowed: Vec<IpNet>,
}

impl Reach {
    /// What the operator of a gateway allows for shops of this kind: `allowed` (`egress_allow` of `sekisho.toml`), and for
    /// a shop that moves no money this machine too.
    pub fn of(environment: Environment, allowed: &[IpNet]) -> Self {
        Self { loopback: environment == Environment::Sandbox, allowed: allowed.to_vec() }
    }

    /// Whether `address` may be connected to.
    ///
    /// # Errors
    /// [`Forbidden::Address`].
    pub fn check(&self, address: IpAddr) -> Result<(), Forbidden> {
        let Some(kind) = address::forbidden(address) else { return Ok(()) };
        let here = self.loopback && address.is_loopback();
        if here || self.allowed.iter().any(|net| net.contains(&address)) {
            return Ok(());
        }
        Err(Forbidden::Address { address, kind })
    }

    /// What can be judged of a URL without looking its host up.
    ///
    /// # Errors
    /// [`Forbidden`].
    pub fn check_url(&self, text: &str) -> Result<Url, Forbidden> {
        let url = Url::parse(text).map_err(|_| Forbidden::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Forbidden::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Forbidden::UserInfo);
        }
        match url.host().ok_or(Forbidden::NotAUrl)? {
            Host::Ipv4(address) => self.check(address.into())?,
            Host::Ipv6(address) => self.check(address.into())?,
            Host::Domain(_) => {}
        }
        Ok(url)
    }

    /// Those of a host's addresses that may be connected to.
    ///
    /// # Errors
    /// [`Forbidden::Host`] where none is left of some.
    fn of_host(&self, host: &str, mut addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, Forbidden> {
        let mut first = None;
        addresses.retain(|address| match self.check(*address) {
            Ok(()) => true,
            Err(why) => {
                first.get_or_insert(why);
                false
            }
        });
        match first {
            Some(Forbidden::Address { address, kind }) if addresses.is_empty() => {
                Err(Forbidden::Host { host: host.to_owned(), address, kind })
            }
            _ => Ok(addresses),
        }
    }
}

/// Looks up the addresses of hosts.
#[async_trait]
pub trait Names: Send + Sync + 'static {
    /// Every address of `host`.
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemNames;

#[async_trait]
impl Names for SystemNames {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|found| found.ip()).collect())
    }
}

/// What reqwest asks for the addresses of a connection.
struct GuardedNames {
    names: Arc<dyn Names>,
    reach: Reach,
}

impl Resolve for GuardedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, reach) = (Arc::clone(&self.names), self.reach.clone());
        Box::pin(async move {
            let host = name.as_str();
            let permitted = reach.of_host(host, names.addresses(host).await?)?;
            // Port 0 stands for that of the URL.
            let addresses: Addrs = Box::new(permitted.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}

/// An HTTP client that stays within its [`Reach`]. Two with a different reach share no connection.
#[derive(Clone)]
pub struct Guarded {
    http: reqwest::Client,
    reach: Reach,
}

impl Guarded {
    /// A client with the time-outs of [`super::client`].
    ///
    /// # Errors
    /// Where the platform's certificate store cannot be read.
    pub fn new(
        reach: Reach,
        names: Arc<dyn Names>,
        connect_timeout: Duration,
        total_timeout: Duration,
    ) -> Result<Self, reqwest::Error> {
        let guarded = GuardedNames { names, reach: reach.clone() };
        let http = builder(connect_timeout, total_timeout).dns_resolver(guarded).build()?;
        Ok(Self { http, reach })
    }

    /// A request to `url`, if it may be called.
    ///
    /// # Errors
    /// [`Forbidden`]. A name that leads inside is found out only when the request is sent; see [`refusal`].
    pub fn request(&self, method: Method, url: &str) -> Result<RequestBuilder, Forbidden> {
        Ok(self.http.request(method, self.reach.check_url(url)?))
    }
}

/// What the guard said, if it is what `error` comes from.
pub fn refusal(error: &reqwest::Error) -> Option<&Forbidden> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(forbidden) = error.downcast_ref::<Forbidden>() {
            return Some(forbidden);
        }
        cause = error.source();
    }
    None
}

/// The guarded clients of a gateway: one for each kind of shop.
#[derive(Clone)]
pub struct Guards {
    live: Guarded,
    sandbox: Guarded,
}

impl Guards {
    /// Both, see [`Reach::of`].
    ///
    /// # Errors
    /// As [`Guarded::new`].
    pub fn new(
        allowed: &[IpNet],
        names: &Arc<dyn Names>,
        connect_timeout: Duration,
        total_timeout: Duration,
    ) -> Result<Self, reqwest::Error> {
        let guarded = |environment| {
            Guarded::new(Reach::of(environment, allowed), Arc::clone(names), connect_timeout, total_timeout)
        };
        Ok(Self { live: guarded(Environment::Live)?, sandbox: guarded(Environment::Sandbox)? })
    }

    /// The client for what a shop of this kind has named.
    pub const fn of(&self, environment: Environment) -> &Guarded {
        match environment {
            Environment::Live => &self.live,
            Environment::Sandbox => &self.sandbox,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(reach: &Reach, url: &str) -> Result<(), String> {
        reach.check_url(url).map(drop).map_err(|why| why.to_string())
    }

    #[test]
    fn a_url_is_judged_by_what_it_means_and_not_by_how_it_is_spelled() {
        let live = Reach::of(Environment::Live, &[]);
        for url in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://127.0.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://017700000001/",
            "http://127.0.0.1./",
            "http://１２７。０.０.１/",
            "http://%31%32%37.0.0.1/",
            "HTTP:\\\\127.0.0.1\\",
            "http:127.0.0.1",
        ] {
            assert_eq!(judged(&live, url), Err("127.0.0.1 is a loopback address".to_owned()), "{url}");
        }
        for (url, why) in [
            ("ftp://example.com/", "neither http nor https"),
            ("file:///etc/passwd", "neither http nor https"),
            ("http://user@example.com/", "a user or a password stands before the host"),
            ("http://:secret@example.com/", "a user or a password stands before the host"),
            ("http://127.0.0.1:80@example.com/", "a user or a password stands before the host"),
            ("/x", "not an absolute URL"),
            ("", "not an absolute URL"),
            ("http://", "not an absolute URL"),
            ("http://256.0.0.1/", "not an absolute URL"),
            ("http://[::1", "not an absolute URL"),
            ("http://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1 is an IPv4-mapped address"),
        ] {
            assert_eq!(judged(&live, url), Err(why.to_owned()), "{url}");
        }
        for url in ["https://example.com/x?y=z", "http://93.184.215.14:8080/", "https://[2606:4700::1111]/"] {
            assert_eq!(judged(&live, url), Ok(()), "{url}");
        }
    }

    #[test]
    fn a_sandbox_shop_reaches_this_machine_and_the_operator_allows_the_rest() {
        let sandbox = Reach::of(Environment::Sandbox, &[]);
        for url in ["http://127.0.0.1:8082/", "http://127.9.9.9/", "http://[::1]/", "http://localhost/"] {
            assert_eq!(judged(&sandbox, url), Ok(()), "{url}");
        }
        for url in ["http://0.0.0.0/", "http://[::ffff:127.0.0.1]/", "http://10.0.0.1/", "http://[::]/"] {
            assert!(judged(&sandbox, url).is_err(), "{url}");
        }
        let allowed = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().unwrap());
        let live = Reach::of(Environment::Live, &allowed);
        assert_eq!(judged(&live, "http://10.1.2.3/"), Ok(()));
        assert_eq!(judged(&live, "http://[fd12::1]/"), Ok(()));
        for url in ["http://[::ffff:10.1.2.3]/", "http://127.0.0.1/", "http://192.168.0.1/"] {
            assert!(judged(&live, url).is_err(), "{url}");
        }
    }

    #[test]
    fn of_a_hosts_addresses_only_the_permitted_are_tried() {
        let live = Reach::of(Environment::Live, &[]);
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
        let mixed = addresses(&["127.0.0.1", "93.184.215.14", "64:ff9b::1"]);
        assert_eq!(live.of_host("h", mixed), Ok(addresses(&["93.184.215.14"])));
        assert_eq!(live.of_host("h", Vec::new()), Ok(Vec::new()));
        let why = live.of_host("inside.example", addresses(&["10.0.0.1", "::1"])).unwrap_err();
        assert_eq!(why.to_string(), "inside.example has no address that may be reached: 10.0.0.1 is a private address");
    }
}
