//! A shop's secrets: first where they are, as `shops.toml` says, then what they are.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

use super::Lookup;
use super::file::beside;
use super::mistake::{ConfigErrors, Mistake, Place};
use super::secret::{FileMode, Secret, SecretBytes, SecretError};
use super::section::{Given, Section, Wrong};
use super::shop::{Environment, OtherKey, SecretSource, Shop, ShopEntry, ShopSettings, Whence};
use super::shop_rules::shop_pass;
use super::shops::ShopsFile;
use super::value::text;

/// Reads `<key>_file`, `<key>_env` or, for a sandbox shop, `<key>` itself, checked by `check`; more than one is a
/// mistake. `None` where none is there, or where a mistake was noted.
pub(super) fn secret_source(
    section: &mut Section<'_>,
    key: &str,
    environment: Option<Environment>,
    check: impl FnOnce(&str) -> Result<(), Wrong>,
) -> Option<SecretSource> {
    let file = section.optional(&format!("{key}_file"), text);
    let env = section.optional(&format!("{key}_env"), |value| environment_name(text(value)?));
    let literal = section.optional(key, |value| {
        let literal = text(value)?;
        check(literal).map(|()| Secret::new(literal))
    });
    if let Some(literal) = &literal
        && environment == Some(Environment::Live)
    {
        let remedy = format!("move it into a file, write `{key}_file = \"…\"`, and replace it: it is known now");
        section.note(&literal.place, Wrong::new("is a secret in plain sight, and the shop is live", remedy));
    }
    let file = file.map(|path| file_source(&path.place, path.value));
    let env = env.map(|Given { value, place }| SecretSource { place, whence: Whence::Env(value) });
    let literal = literal.map(|Given { value, place }| SecretSource { place, whence: Whence::Literal(value) });

    let mut sources: Vec<SecretSource> = [file, env, literal].into_iter().flatten().collect();
    sources.sort_by_key(|source| source.place.line);
    let mut sources = sources.into_iter();
    let first = sources.next();
    for extra in sources {
        section.note(&extra.place, Wrong::new("says a second time where the secret is", "keep one of the lines"));
    }
    first
}

/// A secret in the file `path`, seen from the directory of the settings file that `place` is in.
pub(super) fn file_source(place: &Place, path: &str) -> SecretSource {
    SecretSource { place: place.clone(), whence: Whence::File(beside(&place.file, path)) }
}

fn environment_name(given: &str) -> Result<String, Wrong> {
    let well_formed = given.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if well_formed && given.starts_with(|c: char| !c.is_ascii_digit()) {
        return Ok(given.to_owned());
    }
    // Not shown: it may well be the secret itself, written at the wrong key.
    Err(Wrong::new("is not the name of an environment variable", "write one such as \"SHOP1_PASS\""))
}

impl ShopsFile {
    /// Reads every shop's secrets.
    ///
    /// # Errors
    /// Every secret that is not there, or is not what it should be.
    pub fn load_secrets(self, environment: Lookup<'_>, mode: FileMode) -> Result<Vec<ShopSettings>, ConfigErrors> {
        let mut mistakes = Vec::new();
        let shops =
            self.shops.into_iter().filter_map(|shop| load_shop(shop, environment, mode, &mut mistakes)).collect();
        ConfigErrors::or(shops, mistakes)
    }
}

fn load_shop(
    shop: ShopEntry,
    environment: Lookup<'_>,
    mode: FileMode,
    mistakes: &mut Vec<Mistake>,
) -> Option<ShopSettings> {
    let mut load = |source: &SecretSource, check: &dyn Fn(&str) -> Result<(), Wrong>| {
        load_secret(source, environment, mode, check).map_err(|mistake| mistakes.push(mistake)).ok()
    };
    let shop_pass = load(&shop.shop_pass, &shop_pass);
    let private_key = load(&shop.private_key, &private_key);
    let other_shop_pass = shop.other_shop_pass.as_ref().map(|source| load(source, &self::shop_pass));
    let other_key = shop.other_key.map(|key| {
        let private_key = load(&key.private_key, &self::private_key)?;
        Some(OtherKey { public_key_id: key.public_key_id, private_key })
    });
    let notify_secret = shop.notify_secret.as_ref().map(|source| load(source, &|text| webhook_key(text).map(drop)));
    let (shop_pass, other_shop_pass) = (shop_pass?, all_or_none(other_shop_pass)?);
    if let (Some(other), Some(source)) = (&other_shop_pass, &shop.other_shop_pass)
        && shop_pass.matches(other.expose())
    {
        mistakes.push(source.place.mistake("is the same password", "write another one, or remove the line"));
    }
    Some(Shop {
        shop_pass,
        other_shop_pass,
        private_key: private_key?,
        other_key: all_or_none(other_key)?,
        notify_secret: all_or_none(notify_secret)?,
        shop_id: shop.shop_id,
        name: shop.name,
        store_name: shop.store_name,
        environment: shop.environment,
        enabled: shop.enabled,
        calls: shop.calls,
        merchant_id: shop.merchant_id,
        store_id: shop.store_id,
        public_key_id: shop.public_key_id,
        region: shop.region,
        amazon_endpoint: shop.amazon_endpoint,
        notify_url: shop.notify_url,
        notify_timeout_ms: shop.notify_timeout_ms,
        notify_retry_minutes: shop.notify_retry_minutes,
        notify_events: shop.notify_events,
        request_encoding: shop.request_encoding,
        response_encoding: shop.response_encoding,
        authprocess_limit_minutes: shop.authprocess_limit_minutes,
        sales_amount_must_match: shop.sales_amount_must_match,
        pending_authorization: shop.pending_authorization,
        renew_expired_authorization: shop.renew_expired_authorization,
    })
}

/// Nothing was to be loaded, or it was; `None` where it was to be and a mistake was noted.
#[expect(clippy::option_option, reason = "the outer one says whether there was a mistake")]
fn all_or_none<T>(loaded: Option<Option<T>>) -> Option<Option<T>> {
    match loaded {
        Some(None) => None,
        Some(loaded) => Some(loaded),
        None => Some(None),
    }
}

fn load_secret(
    source: &SecretSource,
    environment: Lookup<'_>,
    mode: FileMode,
    check: &dyn Fn(&str) -> Result<(), Wrong>,
) -> Result<Secret, Mistake> {
    let place = &source.place;
    let (secret, whence) = match &source.whence {
        Whence::Literal(secret) => (secret.clone(), "the value".to_owned()),
        Whence::Env(name) => {
            let value = environment(name).filter(|value| !value.is_empty());
            let missing = || place.mistake(format!("${name} is not set"), "set it where sekisho is started");
            (Secret::new(value.ok_or_else(missing)?), format!("${name}"))
        }
        Whence::File(file) => {
            (Secret::read(file, mode).map_err(|why| unreadable(place, &why))?, file.display().to_string())
        }
    };
    check(secret.expose()).map_err(|wrong| place.mistake(format!("{whence} {}", wrong.problem), wrong.remedy))?;
    Ok(secret)
}

/// A secret's file that cannot be used, as a mistake of the line that names it.
pub(super) fn unreadable(place: &Place, why: &SecretError) -> Mistake {
    let makes = match &*place.key {
        "private_key_file" => Some("new"),
        "deployment_key_file" => Some("deployment"),
        _ => None,
    };
    let remedy = match (makes, why.missing()) {
        (Some(command), Some(file)) => {
            format!("make it with `sekisho keys {command} {}`, or write where it is", file.display())
        }
        _ => why.remedy(),
    };
    place.mistake(why.to_string(), remedy)
}

/// Whether `pem` is an RSA private key by its looks; `amazonpay` finds out whether it signs.
fn private_key(pem: &str) -> Result<(), Wrong> {
    let remedy = "put in the file that begins `-----BEGIN PRIVATE KEY-----` or `-----BEGIN RSA PRIVATE KEY-----`";
    if pem.contains("-----BEGIN PUBLIC KEY-----") {
        return Err(Wrong::new("is a public key", remedy));
    }
    match PrivateKeyDer::from_pem_slice(pem.as_bytes()) {
        Ok(PrivateKeyDer::Pkcs1(_) | PrivateKeyDer::Pkcs8(_)) => Ok(()),
        _ => Err(Wrong::new("is not an RSA private key", remedy)),
    }
}

/// The key in a Standard Webhooks secret: `whsec_` and 24 to 64 bytes in base64.
///
/// # Errors
/// What is wrong with the text, which is not quoted.
pub(super) fn webhook_key(secret: &str) -> Result<SecretBytes, Wrong> {
    let remedy = "use `whsec_` and 24 to 64 random bytes in base64; `openssl rand -base64 32` makes such";
    let encoded = secret.strip_prefix("whsec_").ok_or_else(|| Wrong::new("does not begin with whsec_", remedy))?;
    let key = STANDARD.decode(encoded).map_err(|_| Wrong::new("is not base64 after whsec_", remedy))?;
    if (24..=64).contains(&key.len()) {
        return Ok(SecretBytes::new(key));
    }
    Err(Wrong::new(format!("holds {} bytes", key.len()), remedy))
}

impl ShopSettings {
    /// The key that signs the shop's notifications (Standard Webhooks, HMAC-SHA256), decoded from `notify_secret`.
    pub fn notify_key(&self) -> Option<SecretBytes> {
        webhook_key(self.notify_secret.as_ref()?.expose()).ok()
    }

    /// Whether `given` is a password the shop may use now; in a time that does not depend on how much of it is right.
    pub fn accepts_pass(&self, given: &str) -> bool {
        let other = self.is_other_pass(given);
        self.shop_pass.matches(given) | other
    }

    /// Whether `given` is the second of two passwords.
    pub fn is_other_pass(&self, given: &str) -> bool {
        self.other_shop_pass.as_ref().is_some_and(|other| other.matches(given))
    }
}

impl ShopEntry {
    /// Takes the private key from `<directory>/<ShopID>.pem` instead of where `shops.toml` says.
    pub fn take_key_from(&mut self, directory: &Path) {
        self.private_key.whence = Whence::File(directory.join(format!("{}.pem", self.shop_id)));
    }
}
