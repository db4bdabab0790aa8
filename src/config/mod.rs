//! What the operator wrote: `sekisho.toml` (the gateway), `shops.toml` (who may call, and with which Amazon account)
//! and the secrets these refer to. Read once, at start, before a socket is opened.
//!
//! Whoever holds a value of this room may take it as checked: an address has a scheme that its environment allows, a
//! number is inside its limits, a secret is not empty. Every mistake of a file is reported, with file, line and key,
//! and nothing starts while there is one.

mod file;
mod gateway;
#[cfg(test)]
mod gateway_tests;
mod merchants;
mod mistake;
mod overrides;
mod secret;
mod section;
mod shop;
mod shop_rules;
mod shop_secrets;
mod shops;
#[cfg(test)]
mod shops_tests;
mod value;

pub use gateway::{GATEWAY_FILE, GatewaySettings, UrlCheck};
pub use merchants::{KeyCheck, MerchantEntry, MerchantsFile, PublicKeyEntry};
pub use mistake::{ConfigErrors, Mistake, Place};
pub use overrides::GatewayOverrides;
pub use secret::{DeploymentKey, FileMode, Secret, SecretBytes, SecretError, WeakKey, constant_time_eq};
pub use shop::{
    Environment, NotifyEvent, OtherKey, Region, RequestEncoding, ResponseEncoding, SHOP_CALLS, SecretSource, Shop,
    ShopEntry, ShopSettings, Whence,
};
pub use shops::ShopsFile;

/// How this room asks for an environment variable; [`process_environment`] in production, a table in tests.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The value of an environment variable of this process; `None` where it is unset or not UTF-8.
pub fn process_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
