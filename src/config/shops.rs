//! Reads `shops.toml`: syntax and rules here, secrets in `shop_secrets`. The two are apart because the demo points its
//! shops at its own addresses and keys in between.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::file::read_text;
use super::mistake::{ConfigErrors, Place};
use super::section::{Given, Section, Source, Wrong};
use super::shop::{
    Environment, NotifyEvent, OtherKey, Region, RequestEncoding, ResponseEncoding, SHOP_CALLS, SecretSource, Shop,
    ShopEntry,
};
use super::shop_rules::{amazon_endpoint, merchant_id, notify_url, public_key_id, shop_id, shop_pass, store_id};
use super::shop_secrets::{file_source, secret_source, webhook_key};
use super::value::{choice, flag, label, list, number, text, word};

/// Amazon's `merchantStoreName` takes no more.
const STORE_NAME_CHARS_MAX: usize = 50;
const NOTIFY_TIMEOUT_MS_RANGE: RangeInclusive<u32> = 100..=60_000;
const NOTIFY_TIMEOUT_MS: u32 = 15_000;
const NOTIFY_RETRY_MINUTES_RANGE: RangeInclusive<u32> = 1..=10_080;
const NOTIFY_RETRY_MINUTES: [u32; 5] = [60; 5];
const NOTIFY_RETRIES_MAX: usize = 20;
/// Amazon keeps a checkout session open for 24 hours; later there is nothing to ask for.
const AUTHPROCESS_LIMIT_MINUTES_RANGE: RangeInclusive<u32> = 1..=1_440;
const AUTHPROCESS_LIMIT_MINUTES: u32 = 60;

/// A `shops.toml` that follows every rule; its secrets are not yet read.
#[derive(Debug, Clone)]
pub struct ShopsFile {
    /// The shops in the file's order: at least one, no two with the same id. The demo alters their addresses and key
    /// files before it loads the secrets.
    pub shops: Vec<ShopEntry>,
}

impl ShopsFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// Every mistake in it; or that it cannot be read.
    pub fn read(path: &Path) -> Result<Self, ConfigErrors> {
        let text = read_text(path, "name the right file by --shops-file, or as shops_file in sekisho.toml")?;
        Self::parse(&text, path)
    }

    /// Reads `text`. `file` is named in mistakes, and relative paths start at its directory.
    ///
    /// # Errors
    /// Every mistake in it: of syntax or, where there is none, of the rules.
    pub fn parse(text: &str, file: &Path) -> Result<Self, ConfigErrors> {
        let source = Source { file, text };
        let top = source.parse()?;
        let mut section = Section::new(source, 0, top.get_ref());
        let tables = section.optional("shop", shop_tables);
        if !section.has("shop") || tables.as_ref().is_some_and(|tables| tables.value.is_empty()) {
            section.note(&Place::file(file), Wrong::new("has no shop in it", "begin one with a line `[[shop]]`"));
        }
        let mut mistakes = section.finish();

        let mut shops = Vec::new();
        let mut lines = BTreeMap::new();
        for (header, table) in tables.map(|tables| tables.value).unwrap_or_default() {
            let mut section = Section::new(source, header, table);
            let id = read_shop_id(&mut section, &mut lines);
            shops.extend(read_shop(&mut section, id));
            mistakes.extend(section.finish());
        }
        ConfigErrors::or(Self { shops }, mistakes)
    }
}

fn shop_tables<'a>(value: &'a DeValue<'a>) -> Result<Vec<(usize, &'a DeTable<'a>)>, Wrong> {
    let wrong = || Wrong::new("is not a list of tables", "begin each shop with a line `[[shop]]`, in double brackets");
    let members = value.as_array().ok_or_else(wrong)?;
    members.iter().map(|member| Ok((member.span().start, member.get_ref().as_table().ok_or_else(wrong)?))).collect()
}

/// `lines` has the line of each id seen so far in the file.
fn read_shop_id(section: &mut Section<'_>, lines: &mut BTreeMap<String, usize>) -> Option<String> {
    let id = section.required("shop_id", "\"tshop00000001\"", |value| shop_id(text(value)?))?;
    if let Some(line) = lines.get(&id.value) {
        let problem = format!("{:?} is also the shop of line {line}", id.value);
        section.note(&id.place, Wrong::new(problem, "give each shop an id of its own"));
        return None;
    }
    lines.insert(id.value.clone(), id.place.line);
    Some(id.value)
}

/// Reads every key before it gives up over one, so that all mistakes are noted. `None` only where one was.
fn read_shop(section: &mut Section<'_>, shop_id: Option<String>) -> Option<ShopEntry> {
    let name = section.required("name", "\"the shop's name\"", |value| label(value, STORE_NAME_CHARS_MAX));
    let name = name.map(|name| name.value);
    let store_name = or(section.optional("store_name", |value| label(value, STORE_NAME_CHARS_MAX)), name.clone());
    let environment = section
        .required("environment", "\"sandbox\"", |value| {
            choice(value, &[("sandbox", Environment::Sandbox), ("live", Environment::Live)])
        })
        .map(|environment| environment.value);
    let pass = secret_source(section, "shop_pass", environment, shop_pass);
    if pass.is_none() && !["shop_pass", "shop_pass_file", "shop_pass_env"].iter().any(|key| section.has(key)) {
        let remedy = "write `shop_pass_file = \"…\"` or `shop_pass_env = \"…\"`";
        section.note(&section.header_place("shop_pass_file"), Wrong::new("is missing", remedy));
    }
    let other_shop_pass = secret_source(section, "other_shop_pass", environment, shop_pass);
    let amazon = read_amazon(section, environment);
    let notify = read_notify(section, environment);
    let enabled = or(section.optional("enabled", flag), Some(true));
    let calls = or(section.optional("calls", read_calls), Some(SHOP_CALLS.into()));
    let request_encoding =
        or(section.optional("request_encoding", read_request_encoding), Some(RequestEncoding::Windows31J));
    let response_encoding =
        or(section.optional("response_encoding", read_response_encoding), Some(ResponseEncoding::Percent));
    let limit = section.optional("authprocess_limit_minutes", |value| number(value, &AUTHPROCESS_LIMIT_MINUTES_RANGE));
    let mut choice_of = |key| or(section.optional(key, flag), Some(false));
    let sales_amount_must_match = choice_of("sales_amount_must_match");
    let pending_authorization = choice_of("pending_authorization");
    let renew_expired_authorization = choice_of("renew_expired_authorization");
    let (amazon, notify) = (amazon?, notify?);
    Some(Shop {
        shop_id: shop_id?,
        name: name?,
        store_name: store_name?,
        environment: environment?,
        enabled: enabled?,
        calls: calls?,
        shop_pass: pass?,
        other_shop_pass,
        merchant_id: amazon.merchant_id,
        store_id: amazon.store_id,
        public_key_id: amazon.public_key_id,
        private_key: amazon.private_key,
        other_key: amazon.other_key,
        region: amazon.region,
        amazon_endpoint: amazon.endpoint,
        notify_url: notify.url,
        notify_secret: notify.secret,
        notify_timeout_ms: notify.timeout_ms,
        notify_retry_minutes: notify.retry_minutes,
        notify_events: notify.events,
        request_encoding: request_encoding?,
        response_encoding: response_encoding?,
        authprocess_limit_minutes: or(limit, Some(AUTHPROCESS_LIMIT_MINUTES))?,
        sales_amount_must_match: sales_amount_must_match?,
        pending_authorization: pending_authorization?,
        renew_expired_authorization: renew_expired_authorization?,
    })
}

/// What was given, or the default. A wrong value counts as absent here: it was noted, and the result is thrown away.
fn or<T>(given: Option<Given<T>>, default: Option<T>) -> Option<T> {
    given.map(|given| given.value).or(default)
}

/// The keys that name the shop's Amazon Pay account.
struct AmazonAccount {
    merchant_id: String,
    store_id: String,
    public_key_id: String,
    private_key: SecretSource,
    other_key: Option<OtherKey<SecretSource>>,
    region: Region,
    endpoint: String,
}

fn read_amazon(section: &mut Section<'_>, environment: Option<Environment>) -> Option<AmazonAccount> {
    let merchant = section.required("merchant_id", "\"A1EXAMPLE00001\"", |value| merchant_id(text(value)?));
    let store = section.required("store_id", "\"amzn1.application-oa2-client.…\"", |value| store_id(text(value)?));
    let example = format!("\"{}…\"", environment.unwrap_or(Environment::Sandbox).key_prefix());
    let key = section.required("public_key_id", &example, |value| public_key_id(text(value)?, environment));
    let private_key = section.required("private_key_file", "\"keys/….pem\"", text);
    let other_key = read_other_key(section, environment, key.as_ref().map(|key| key.value.as_str()));
    let region = section.optional("region", |value| {
        choice(value, &[Region::Jp, Region::Na, Region::Eu].map(|region| (region.as_str(), region)))
    });
    let region = region.map_or(Region::Jp, |region| region.value);
    let endpoint = section.optional("amazon_endpoint", |value| amazon_endpoint(text(value)?, environment, region));
    Some(AmazonAccount {
        merchant_id: merchant?.value,
        store_id: store?.value,
        public_key_id: key?.value,
        private_key: private_key.map(|path| file_source(&path.place, path.value))?,
        other_key,
        region,
        endpoint: endpoint.map_or_else(|| format!("https://{}", region.api_host()), |endpoint| endpoint.value),
    })
}

/// Both halves of the other pair, or neither.
fn read_other_key(
    section: &mut Section<'_>,
    environment: Option<Environment>,
    first: Option<&str>,
) -> Option<OtherKey<SecretSource>> {
    let id = section.optional("other_public_key_id", |value| {
        let id = public_key_id(text(value)?, environment)?;
        if Some(id.as_str()) == first {
            return Err(Wrong::new("is the id of the first key", "write the id of another pair, or remove the line"));
        }
        Ok(id)
    });
    let file = section.optional("other_private_key_file", text);
    for (key, other) in
        [("other_public_key_id", "other_private_key_file"), ("other_private_key_file", "other_public_key_id")]
    {
        if section.has(key) && !section.has(other) {
            let wrong = Wrong::new(format!("is missing, and {key} is there"), "write both, or neither");
            section.note(&section.header_place(other), wrong);
        }
    }
    let (id, file) = (id?, file?);
    Some(OtherKey { public_key_id: id.value, private_key: file_source(&file.place, file.value) })
}

/// The keys on result notifications.
struct Notify {
    url: Option<String>,
    secret: Option<SecretSource>,
    timeout_ms: u32,
    retry_minutes: Vec<u32>,
    events: BTreeSet<NotifyEvent>,
}

fn read_notify(section: &mut Section<'_>, environment: Option<Environment>) -> Option<Notify> {
    let url = section.optional("notify_url", |value| notify_url(text(value)?, environment));
    let secret = secret_source(section, "notify_secret", environment, |text| webhook_key(text).map(drop));
    if let Some(secret) = &secret
        && !section.has("notify_url")
    {
        let wrong =
            Wrong::new("signs notifications, but there is no notify_url", "add notify_url, or remove this line");
        section.note(&secret.place, wrong);
    }
    let timeout_ms = section.optional("notify_timeout_ms", |value| number(value, &NOTIFY_TIMEOUT_MS_RANGE));
    let retry_minutes = section.optional("notify_retry_minutes", read_retry_minutes);
    let events = section
        .optional("notify_events", |value| Ok(list(value, |v| choice(v, &NotifyEvent::ALL))?.into_iter().collect()));
    Some(Notify {
        url: url.map(|url| url.value),
        secret,
        timeout_ms: or(timeout_ms, Some(NOTIFY_TIMEOUT_MS))?,
        retry_minutes: or(retry_minutes, Some(NOTIFY_RETRY_MINUTES.to_vec()))?,
        events: or(events, Some(NotifyEvent::ALL.iter().map(|(_, event)| *event).collect()))?,
    })
}

fn read_retry_minutes(value: &DeValue<'_>) -> Result<Vec<u32>, Wrong> {
    let minutes = list(value, |member| number(member, &NOTIFY_RETRY_MINUTES_RANGE))?;
    if minutes.len() > NOTIFY_RETRIES_MAX {
        let problem = format!("has {} waits in it", minutes.len());
        return Err(Wrong::new(problem, format!("write at most {NOTIFY_RETRIES_MAX}")));
    }
    Ok(minutes)
}

fn read_calls(value: &DeValue<'_>) -> Result<BTreeSet<&'static str>, Wrong> {
    let calls = SHOP_CALLS.map(|call| (call, call));
    Ok(list(value, |member| word(text(member)?, &calls))?.into_iter().collect())
}

fn read_request_encoding(value: &DeValue<'_>) -> Result<RequestEncoding, Wrong> {
    choice(
        value,
        &[
            ("windows-31j", RequestEncoding::Windows31J),
            ("utf-8", RequestEncoding::Utf8),
            ("auto", RequestEncoding::Auto),
        ],
    )
}

fn read_response_encoding(value: &DeValue<'_>) -> Result<ResponseEncoding, Wrong> {
    choice(value, &[("percent", ResponseEncoding::Percent), ("raw", ResponseEncoding::Raw)])
}
