//! The gateway's own settings: `sekisho.toml`, the environment and flags laid over the defaults. A flag wins over the
//! environment, the environment over the file, the file over the default. The top-level `sekisho.toml` explains each
//! setting to operators and shows its default; a test holds the two together.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use toml::de::{DeTable, DeValue};

use super::file::{beside, read_text};
use super::mistake::{ConfigErrors, Mistake, Place};
use super::overrides::GatewayOverrides;
use super::secret::{DeploymentKey, FileMode};
use super::section::{Given, Section, Source, Wrong};
use super::shop::{Environment, Shop};
use super::shop_secrets::unreadable;
use super::value::{http_url, list, network, number, text, topic_arn, within, word};
use crate::telemetry::{LogFormat, check_filter};

/// The file that is looked for where no other is named; its absence is no mistake.
pub const GATEWAY_FILE: &str = "sekisho.toml";

/// Settings of `serve` and of every command that works on the gateway's data. The defaults are a working set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewaySettings {
    /// The address and port to listen on.
    pub listen: SocketAddr,
    /// What StartURL and the addresses Amazon sends browsers back to begin with: `http` or `https`, no slash at the end,
    /// nothing that would need escaping in an idPass answer (psp-protocol 2.3).
    pub public_url: String,
    /// The SQLite database file.
    pub database: PathBuf,
    /// `shops.toml`.
    pub shops_file: PathBuf,
    /// The file with the key that each AccessPass is derived from; see [`DeploymentKey`].
    pub deployment_key_file: PathBuf,
    /// The id stored beside what was derived from that key: 1 to 32 of `0-9 A-Z a-z . _ -`.
    pub deployment_key_id: String,
    /// How long a buyer's return waits for the first notification attempt, in milliseconds.
    pub notify_wait_ms: u32,
    /// The longest request body that is read, in bytes.
    pub body_bytes_max: u32,
    /// How long a client may take to send a request's head, in milliseconds, counted from when the connection is ready
    /// for it.
    pub head_timeout_ms: u32,
    /// How long a client may take to send a request's body, in milliseconds. A whole request, and the silence of a
    /// connection, may last three times as long.
    pub request_timeout_ms: u32,
    /// How many requests of one shop are worked on at once.
    pub shop_requests_max: u32,
    /// How many connections are open at once.
    pub connections_max: u32,
    /// Proxies that are believed when they say, by `X-Forwarded-For`, for whom they call.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks inside that notifications may go to all the same; see `egress`.
    pub egress_allow: Vec<IpNet>,
    /// The topics of Amazon SNS whose messages are heeded; where none is named, the first that subscribe this gateway.
    pub ipn_topics: Vec<String>,
    /// How long requests may go on after the signal to stop, in milliseconds.
    pub shutdown_grace_ms: u32,
    /// How long one attempt at Amazon may take, in milliseconds.
    pub amazon_attempt_timeout_ms: u32,
    /// How long all attempts of one call to Amazon and the waits between them may take, in milliseconds.
    pub amazon_total_ms: u32,
    /// How long after an operation's time is over, or its answer was lost, `reconcile` first asks Amazon what became of
    /// it, in milliseconds.
    pub reconcile_first_look_ms: u32,
    /// How often `reconcile` looks for such operations, in milliseconds.
    pub reconcile_every_ms: u32,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// Which log lines are written, in the language of `RUST_LOG`.
    pub log_filter: String,
}

/// One number's default and limits, in the unit its name ends in.
struct Bounds {
    key: &'static str,
    default: u32,
    range: RangeInclusive<u32>,
}

const fn bounds(key: &'static str, default: u32, range: RangeInclusive<u32>) -> Bounds {
    Bounds { key, default, range }
}

const NOTIFY_WAIT_MS: Bounds = bounds("notify_wait_ms", 1_000, 0..=10_000);
const BODY_BYTES_MAX: Bounds = bounds("body_bytes_max", 65_536, 4_096..=1_048_576);
const HEAD_TIMEOUT_MS: Bounds = bounds("head_timeout_ms", 10_000, 1_000..=60_000);
const REQUEST_TIMEOUT_MS: Bounds = bounds("request_timeout_ms", 30_000, 1_000..=120_000);
const SHOP_REQUESTS_MAX: Bounds = bounds("shop_requests_max", 200, 1..=65_535);
const CONNECTIONS_MAX: Bounds = bounds("connections_max", 1_024, 1..=65_535);
const SHUTDOWN_GRACE_MS: Bounds = bounds("shutdown_grace_ms", 30_000, 0..=300_000);
const AMAZON_ATTEMPT_TIMEOUT_MS: Bounds = bounds("amazon_attempt_timeout_ms", 8_000, 100..=60_000);
const AMAZON_TOTAL_MS: Bounds = bounds("amazon_total_ms", 20_000, 100..=110_000);
const RECONCILE_FIRST_LOOK_MS: Bounds = bounds("reconcile_first_look_ms", 5_000, 100..=3_600_000);
const RECONCILE_EVERY_MS: Bounds = bounds("reconcile_every_ms", 5_000, 100..=3_600_000);

const PUBLIC_URL: &str = "http://127.0.0.1:8080";
const LOG_FORMATS: [(&str, LogFormat); 2] = [("text", LogFormat::Text), ("json", LogFormat::Json)];

impl GatewaySettings {
    /// Reads the file that `overrides` names, or `sekisho.toml` in the current directory if it is there, and lays the
    /// rest of `overrides` over it.
    ///
    /// # Errors
    /// Every mistake found.
    pub fn load(overrides: &GatewayOverrides) -> Result<Self, ConfigErrors> {
        let named = overrides.config.as_deref();
        let file = named.unwrap_or_else(|| Path::new(GATEWAY_FILE));
        if named.is_none() && !file.exists() {
            return Self::resolve(overrides, "", file);
        }
        let text = read_text(file, "name the right file by --config or SEKISHO_CONFIG")?;
        Self::resolve(overrides, &text, file)
    }

    /// The settings that `overrides` over `text` over the defaults make. `file` is named in mistakes; relative paths in
    /// `text` and in the defaults start at its directory, those of flags and environment at the current one.
    ///
    /// # Errors
    /// Every mistake found.
    pub fn resolve(overrides: &GatewayOverrides, text: &str, file: &Path) -> Result<Self, ConfigErrors> {
        let source = Source { file, text };
        let top = source.parse()?;
        let mut layers = Layers::new(source, top.get_ref());
        let settings = layers.settings(overrides);
        ConfigErrors::or(settings, layers.finish())
    }

    /// Reads the deployment key.
    ///
    /// # Errors
    /// A file that cannot be used as one.
    pub fn deployment_key(&self, mode: FileMode) -> Result<DeploymentKey, ConfigErrors> {
        let place = Place::setting("deployment_key_file");
        let key = DeploymentKey::read(self.deployment_key_id.clone(), &self.deployment_key_file, mode);
        key.map_err(|why| unreadable(&place, &why).into())
    }

    /// Whether these settings suit these shops: buyers of live shops are never sent over plain http, and notifications go
    /// nowhere that `reach` forbids a shop of this kind, in words that name no more than the host.
    ///
    /// # Errors
    /// What to change.
    pub fn check_shops<S>(&self, shops: &[Shop<S>], reach: UrlCheck<'_>) -> Result<(), ConfigErrors> {
        let mut mistakes = Vec::new();
        let live = shops.iter().find(|shop| shop.enabled && shop.environment == Environment::Live);
        if let Some(shop) = live
            && !self.public_url.starts_with("https://")
        {
            let problem = format!("{:?} is plain http, and shop {} is live", self.public_url, shop.shop_id);
            let remedy = "write the https address under which buyers reach this gateway";
            mistakes.push(Place::setting("public_url").mistake(problem, remedy));
        }
        for shop in shops {
            let judged = shop.notify_url.as_deref().map_or(Ok(()), |url| reach(shop.environment, url));
            if let Err(why) = judged {
                let remedy = "name a server on the open internet, or allow its network by egress_allow in sekisho.toml";
                mistakes.push(Place::setting(format!("notify_url of shop {}", shop.shop_id)).mistake(why, remedy));
            }
        }
        ConfigErrors::or((), mistakes)
    }
}

/// Says whether a shop of this kind may be notified at a URL, or why not.
pub type UrlCheck<'a> = &'a dyn Fn(Environment, &str) -> Result<(), String>;

/// The file under the overrides, while settings are made of the two.
struct Layers<'a> {
    file: &'a Path,
    section: Section<'a>,
}

impl<'a> Layers<'a> {
    fn new(source: Source<'a>, top: &'a DeTable<'a>) -> Self {
        Self { file: source.file, section: Section::new(source, 0, top) }
    }

    fn finish(self) -> Vec<Mistake> {
        self.section.finish()
    }

    fn settings(&mut self, over: &GatewayOverrides) -> GatewaySettings {
        let attempt = self.number(&AMAZON_ATTEMPT_TIMEOUT_MS, over.amazon_attempt_timeout_ms);
        let total = self.number(&AMAZON_TOTAL_MS, over.amazon_total_ms);
        let request = self.number(&REQUEST_TIMEOUT_MS, over.request_timeout_ms);
        let wait = self.number(&NOTIFY_WAIT_MS, over.notify_wait_ms);
        self.in_order(&attempt, &total);
        self.in_order(&total, &request);
        self.in_order(&wait, &request);
        GatewaySettings {
            listen: self
                .text("listen", over.listen.as_deref(), listen)
                .unwrap_or_else(|| ([127, 0, 0, 1], 8080).into()),
            public_url: self
                .text("public_url", over.public_url.as_deref(), public_url)
                .unwrap_or_else(|| PUBLIC_URL.to_owned()),
            database: self.path("database", over.database.as_deref(), "data/sekisho.db", database),
            shops_file: self.path("shops_file", over.shops_file.as_deref(), "shops.toml", path),
            deployment_key_file: self.path(
                "deployment_key_file",
                over.deployment_key_file.as_deref(),
                "keys/deployment.key",
                path,
            ),
            deployment_key_id: self
                .text("deployment_key_id", over.deployment_key_id.as_deref(), key_id)
                .unwrap_or_else(|| "1".to_owned()),
            notify_wait_ms: wait.value,
            body_bytes_max: self.number(&BODY_BYTES_MAX, over.body_bytes_max).value,
            head_timeout_ms: self.number(&HEAD_TIMEOUT_MS, over.head_timeout_ms).value,
            request_timeout_ms: request.value,
            shop_requests_max: self.number(&SHOP_REQUESTS_MAX, over.shop_requests_max).value,
            connections_max: self.number(&CONNECTIONS_MAX, over.connections_max).value,
            trusted_proxies: self.list("trusted_proxies", over.trusted_proxies.as_deref(), network),
            egress_allow: self.list("egress_allow", over.egress_allow.as_deref(), network),
            ipn_topics: self.list("ipn_topics", over.ipn_topics.as_deref(), topic_arn),
            shutdown_grace_ms: self.number(&SHUTDOWN_GRACE_MS, over.shutdown_grace_ms).value,
            amazon_attempt_timeout_ms: attempt.value,
            amazon_total_ms: total.value,
            reconcile_first_look_ms: self.number(&RECONCILE_FIRST_LOOK_MS, over.reconcile_first_look_ms).value,
            reconcile_every_ms: self.number(&RECONCILE_EVERY_MS, over.reconcile_every_ms).value,
            log_format: self
                .text("log_format", over.log_format.as_deref(), |given| word(given, &LOG_FORMATS))
                .unwrap_or_default(),
            log_filter: self
                .text("log_filter", over.log_filter.as_deref(), log_filter)
                .unwrap_or_else(|| "info".to_owned()),
        }
    }

    /// An override, or else the file's value, or else `None`; in each case `None` too where a mistake was noted. The
    /// file's value is checked even where it is overridden.
    fn layered<T, O>(
        &mut self,
        key: &str,
        over: Option<O>,
        read: impl FnOnce(&'a DeValue<'a>) -> Result<T, Wrong>,
        check: impl FnOnce(O) -> Result<T, Wrong>,
    ) -> Option<Given<T>> {
        let in_file = self.section.optional(key, read);
        let Some(over) = over else { return in_file };
        let place = override_place(key);
        match check(over) {
            Ok(value) => Some(Given { value, place }),
            Err(wrong) => {
                self.section.note(&place, wrong);
                None
            }
        }
    }

    fn text<T>(&mut self, key: &str, over: Option<&str>, check: impl Fn(&str) -> Result<T, Wrong>) -> Option<T> {
        self.layered(key, over, |value| check(text(value)?), &check).map(|given| given.value)
    }

    /// A list, or in a flag its members with commas between them; none by default.
    fn list<T>(&mut self, key: &str, over: Option<&str>, check: impl Fn(&str) -> Result<T, Wrong>) -> Vec<T> {
        let members = |given: &str| -> Result<Vec<T>, Wrong> {
            given.split(',').map(str::trim).filter(|member| !member.is_empty()).map(&check).collect()
        };
        let given = self.layered(key, over, |value| list(value, |member| check(text(member)?)), members);
        given.map(|given| given.value).unwrap_or_default()
    }

    fn number(&mut self, bounds: &Bounds, over: Option<u32>) -> Given<u32> {
        let Bounds { key, default, range } = bounds;
        let given = self.layered(key, over, |value| number(value, range), |over| within(over, range));
        given.unwrap_or_else(|| Given { value: *default, place: Place::setting(format!("{key} (by default)")) })
    }

    fn path(
        &mut self,
        key: &str,
        over: Option<&str>,
        default: &str,
        check: impl Fn(&str) -> Result<&str, Wrong>,
    ) -> PathBuf {
        let file = self.file;
        let in_file = |value| check(text(value)?).map(|path| beside(file, path));
        let given = self.layered(key, over, in_file, |over| check(over).map(PathBuf::from));
        given.map_or_else(|| beside(file, default), |given| given.value)
    }

    /// What is waited for inside something else must end before it.
    fn in_order(&mut self, inner: &Given<u32>, outer: &Given<u32>) {
        if inner.value > outer.value {
            let name = &outer.place.key;
            let problem = format!("{} is more than {name}, which is {}", inner.value, outer.value);
            self.section.note(&inner.place, Wrong::new(problem, format!("write less here, or raise {name}")));
        }
    }
}

/// A flag and its environment variable are one thing to their user; both are named.
fn override_place(key: &str) -> Place {
    Place::setting(format!("--{} (SEKISHO_{})", key.replace('_', "-"), key.to_uppercase()))
}

fn listen(given: &str) -> Result<SocketAddr, Wrong> {
    given.parse().map_err(|_| {
        let problem = format!("{given:?} is not an IP address and a port");
        Wrong::new(problem, "write one such as \"127.0.0.1:8080\", or \"0.0.0.0:8080\" for every interface")
    })
}

fn public_url(given: &str) -> Result<String, Wrong> {
    let url = http_url(given)?;
    if given.ends_with('/') {
        let remedy = format!("write {:?}", given.trim_end_matches('/'));
        return Err(Wrong::new(format!("{given:?} ends in a slash"), remedy));
    }
    if url.query().is_some() || given.contains(['%', '+', '=', '&']) {
        let remedy = "write scheme, host and, if need be, port and path";
        return Err(Wrong::new(format!("{given:?} has a query or an escaped character in it"), remedy));
    }
    Ok(given.to_owned())
}

fn path(given: &str) -> Result<&str, Wrong> {
    if given.is_empty() { Err(Wrong::new("is empty", "write a path")) } else { Ok(given) }
}

fn database(given: &str) -> Result<&str, Wrong> {
    if given.contains("://") || given.starts_with("sqlite:") || given == ":memory:" {
        let remedy = "write the path of a file; SQLite makes it";
        return Err(Wrong::new("is not a file", remedy));
    }
    path(given)
}

fn key_id(given: &str) -> Result<String, Wrong> {
    let well_formed = given.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if well_formed && (1..=32).contains(&given.len()) {
        return Ok(given.to_owned());
    }
    Err(Wrong::new(format!("{given:?} is not a key id"), "write 1 to 32 of 0-9 A-Z a-z . _ -, such as \"2026-11\""))
}

fn log_filter(given: &str) -> Result<String, Wrong> {
    let remedy = "write directives such as \"info\" or \"info,sekisho=debug\"";
    check_filter(given).map_err(|why| Wrong::new(why.to_string(), remedy))?;
    Ok(given.to_owned())
}
