//! The settings of a shop by the names that they have in `shops.toml`, to be shown and to be compared.

use crate::config::{OtherKey, Secret, Shop, ShopSettings};
use crate::console::notifications::without_query;

/// A setting's value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// To be read by anybody who may see the shop.
    Text(String),
    /// An address: shown without its query, in which there may be a secret (`config::value`), and compared whole.
    Url { whole: Secret, shown: String },
    /// To be shown to nobody.
    Secret(Secret),
    /// Not set.
    None,
}

impl Value {
    fn of(text: &(impl ToString + ?Sized)) -> Self {
        Self::Text(text.to_string())
    }

    fn url(url: &str) -> Self {
        Self::Url { whole: Secret::new(url), shown: without_query(url) }
    }

    fn secret(secret: Option<&Secret>) -> Self {
        secret.map_or(Self::None, |secret| Self::Secret(secret.clone()))
    }

    /// As a page shows it.
    pub(super) fn shown(&self) -> &str {
        match self {
            Self::Text(text) | Self::Url { shown: text, .. } => text,
            Self::Secret(_) => "••••••••",
            Self::None => "–",
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(two)) => one == two,
            (Self::Secret(one), Self::Secret(two)) | (Self::Url { whole: one, .. }, Self::Url { whole: two, .. }) => {
                one.matches(two.expose())
            }
            (Self::None, Self::None) => true,
            _ => false,
        }
    }
}

/// A setting by its name in `shops.toml`.
pub(super) type Setting = (&'static str, Value);

/// Every setting of a shop. A field that is added to a shop has to be added here, or this does not compile.
pub(super) fn settings(shop: &ShopSettings) -> Vec<Setting> {
    let Shop {
        shop_id,
        name,
        store_name,
        environment,
        enabled,
        calls,
        shop_pass,
        other_shop_pass,
        merchant_id,
        store_id,
        public_key_id,
        private_key,
        other_key,
        region,
        amazon_endpoint,
        notify_url,
        notify_secret,
        notify_timeout_ms,
        notify_retry_minutes,
        notify_events,
        request_encoding,
        response_encoding,
        authprocess_limit_minutes,
        sales_amount_must_match,
        pending_authorization,
        renew_expired_authorization,
    } = shop;
    let other_id = |key: &OtherKey<Secret>| Value::of(&key.public_key_id);
    vec![
        ("shop_id", Value::of(shop_id)),
        ("name", Value::of(name)),
        ("store_name", Value::of(store_name)),
        ("environment", Value::of(environment.as_str())),
        ("enabled", Value::of(enabled)),
        ("calls", Value::Text(listed(calls.iter()))),
        ("shop_pass", Value::secret(Some(shop_pass))),
        ("other_shop_pass", Value::secret(other_shop_pass.as_ref())),
        ("merchant_id", Value::of(merchant_id)),
        ("store_id", Value::of(store_id)),
        ("public_key_id", Value::of(public_key_id)),
        ("private_key", Value::secret(Some(private_key))),
        ("other_public_key_id", other_key.as_ref().map_or(Value::None, other_id)),
        ("other_private_key", Value::secret(other_key.as_ref().map(|key| &key.private_key))),
        ("region", Value::of(region.as_str())),
        ("amazon_endpoint", Value::url(amazon_endpoint)),
        ("notify_url", notify_url.as_deref().map_or(Value::None, Value::url)),
        ("notify_secret", Value::secret(notify_secret.as_ref())),
        ("notify_timeout_ms", Value::of(notify_timeout_ms)),
        ("notify_retry_minutes", Value::Text(listed(notify_retry_minutes.iter()))),
        (
            "notify_events",
            Value::Text(listed(notify_events.iter().filter_map(|event| {
                crate::config::NotifyEvent::ALL.iter().find(|(_, it)| it == event).map(|(word, _)| word)
            }))),
        ),
        ("request_encoding", Value::Text(format!("{request_encoding:?}").to_lowercase())),
        ("response_encoding", Value::Text(format!("{response_encoding:?}").to_lowercase())),
        ("authprocess_limit_minutes", Value::of(authprocess_limit_minutes)),
        ("sales_amount_must_match", Value::of(sales_amount_must_match)),
        ("pending_authorization", Value::of(pending_authorization)),
        ("renew_expired_authorization", Value::of(renew_expired_authorization)),
    ]
}

fn listed<T: ToString>(all: impl Iterator<Item = T>) -> String {
    all.map(|one| one.to_string()).collect::<Vec<_>>().join(", ")
}

/// What differs between two versions of a shop: the name, and both values as a page shows them.
pub(super) fn differences(old: &ShopSettings, new: &ShopSettings) -> Vec<(&'static str, String, String)> {
    let pairs = settings(old).into_iter().zip(settings(new));
    let differing = pairs.filter(|((_, old), (_, new))| !old.is_same(new));
    differing.map(|((name, old), (_, new))| (name, old.shown().to_owned(), new.shown().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amazonpay::testing::shops;

    fn shop() -> ShopSettings {
        shops().remove(0)
    }

    #[test]
    fn an_address_is_compared_whole_and_shown_without_its_query() {
        let mut old = shop();
        old.notify_url = Some("https://shop.example/hear?token=first".to_owned());
        let mut new = old.clone();
        new.notify_url = Some("https://shop.example/hear?token=second".to_owned());
        let address = "https://shop.example/hear?…".to_owned();
        assert_eq!(differences(&old, &new), [("notify_url", address.clone(), address)]);
        assert!(differences(&old, &old.clone()).is_empty());
        let all = format!("{:?}", settings(&new));
        assert!(!all.contains("second"), "{all}");
    }

    #[test]
    fn a_difference_is_told_and_a_secret_is_not() {
        let old = shop();
        assert!(differences(&old, &old.clone()).is_empty());
        let mut new = old.clone();
        new.name = "Another".to_owned();
        new.shop_pass = Secret::new("rotated");
        new.notify_retry_minutes = vec![1, 2];
        let told = differences(&old, &new);
        assert_eq!(
            told.iter().map(|(name, ..)| *name).collect::<Vec<_>>(),
            ["name", "shop_pass", "notify_retry_minutes"]
        );
        assert_eq!((told[0].1.as_str(), told[0].2.as_str()), ("Demo shop 1", "Another"));
        assert_eq!((told[2].2.as_str(), told[1].2.as_str()), ("1, 2", "••••••••"));
        let all = format!("{told:?} {:?}", settings(&new));
        assert!(!all.contains("rotated") && !all.contains("demoshop1pass") && !all.contains("PRIVATE KEY"), "{all}");
    }
}
