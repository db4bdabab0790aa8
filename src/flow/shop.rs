//! The shops of this gateway, ready for business: settings, and the account that signs at Amazon.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::amazonpay::{KeyError, Merchant, MerchantError, Region, SigningKey};
use crate::config::{self, OtherKey, Secret, ShopSettings};
use crate::domain::{Malformed, ShopId};

/// One shop.
#[derive(Debug)]
pub struct Shop {
    /// Its id.
    pub id: ShopId,
    /// What `shops.toml` says of it.
    pub settings: ShopSettings,
    /// Its account at Amazon Pay.
    pub merchant: Merchant,
    /// The same account with the key pair that is to come, or that was, if there is one.
    pub other_merchant: Option<Merchant>,
    /// Whether the shop called with the second of its passwords the last time.
    uses_other_pass: AtomicBool,
}

/// Settings that make no shop.
#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    /// Not a shop id.
    #[error("{0}")]
    Id(#[from] Malformed),
    /// A private key is not usable.
    #[error("shop {shop_id}: {which}: {source}")]
    Key {
        /// Whose.
        shop_id: String,
        /// The setting that names it.
        which: &'static str,
        /// Why.
        source: KeyError,
    },
    /// The account cannot be made.
    #[error("shop {shop_id}: {source}")]
    Merchant {
        /// Whose.
        shop_id: String,
        /// Why.
        source: MerchantError,
    },
}

impl Shop {
    fn open(settings: ShopSettings) -> Result<Self, ShopError> {
        let id = ShopId::new(settings.shop_id.clone())?;
        let merchant = account(&settings, &settings.public_key_id, &settings.private_key, "private_key_file")?;
        let other =
            |key: &OtherKey<Secret>| account(&settings, &key.public_key_id, &key.private_key, "other_private_key_file");
        let other_merchant = settings.other_key.as_ref().map(other).transpose()?;
        Ok(Self { id, settings, merchant, other_merchant, uses_other_pass: AtomicBool::new(false) })
    }

    /// Whether `given` is a password of this shop's; remembers which.
    pub(super) fn admits(&self, given: &str) -> bool {
        let other = self.settings.is_other_pass(given);
        let admitted = self.settings.accepts_pass(given);
        if admitted {
            self.uses_other_pass.store(other, Ordering::Relaxed);
        }
        admitted
    }

    /// The password that the shop knows now: the one that it last called with, or else the first. CheckStrings are made
    /// with it, so that they fit while the shop changes over.
    pub(super) fn pass_in_use(&self) -> &Secret {
        match &self.settings.other_shop_pass {
            Some(other) if self.uses_other_pass.load(Ordering::Relaxed) => other,
            _ => &self.settings.shop_pass,
        }
    }
}

/// The shop's account at Amazon Pay with one of its key pairs.
fn account(
    settings: &ShopSettings,
    public_key_id: &str,
    private_key: &Secret,
    which: &'static str,
) -> Result<Merchant, ShopError> {
    let shop_id = || settings.shop_id.clone();
    let key = SigningKey::from_pem(private_key.expose()).map_err(|source| ShopError::Key {
        shop_id: shop_id(),
        which,
        source,
    })?;
    let region = match settings.region {
        config::Region::Na => Region::Na,
        config::Region::Eu => Region::Eu,
        config::Region::Jp => Region::Jp,
    };
    let environment = match settings.environment {
        config::Environment::Sandbox => crate::amazonpay::Environment::Sandbox,
        config::Environment::Live => crate::amazonpay::Environment::Live,
    };
    Merchant::new(&settings.amazon_endpoint, region, environment, public_key_id, Arc::new(key))
        .map_err(|source| ShopError::Merchant { shop_id: shop_id(), source })
}

/// All shops, by id. They can be exchanged while the gateway serves; whoever has taken one out goes on with it.
#[derive(Debug, Default)]
pub struct Shops(RwLock<Arc<BTreeMap<ShopId, Arc<Shop>>>>);

impl Shops {
    /// Opens each shop.
    ///
    /// # Errors
    /// The first [`ShopError`].
    pub fn open(settings: Vec<ShopSettings>) -> Result<Self, ShopError> {
        let open = |one| Shop::open(one).map(|shop| (shop.id.clone(), Arc::new(shop)));
        let shops = settings.into_iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self(RwLock::new(Arc::new(shops))))
    }

    /// The shop of this id.
    pub fn get(&self, id: &ShopId) -> Option<Arc<Shop>> {
        self.present().get(id).cloned()
    }

    /// Every shop of this moment, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = Arc<Shop>> + use<> {
        let shops: Vec<_> = self.present().values().cloned().collect();
        shops.into_iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.present().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.present().is_empty()
    }

    /// Puts `new` in their place, all at once. A shop that has called with the second of its passwords is still known to.
    pub fn replace_by(&self, new: &Self) {
        let new = new.present();
        for (id, shop) in new.iter() {
            let used_other = self.get(id).is_some_and(|old| old.uses_other_pass.load(Ordering::Relaxed));
            shop.uses_other_pass.store(used_other, Ordering::Relaxed);
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = new;
    }

    fn present(&self) -> Arc<BTreeMap<ShopId, Arc<Shop>>> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amazonpay::testing::shops;

    /// While a shop changes its password its settings are read again, more than once as likely as not.
    #[test]
    fn other_settings_come_all_at_once_and_the_password_in_use_stays() {
        let mut settings = shops();
        settings[0].other_shop_pass = Some(Secret::new("the other one"));
        let id = ShopId::new(&settings[0].shop_id).unwrap();
        let now = Shops::open(settings.clone()).unwrap();
        assert_eq!((now.len(), now.is_empty()), (settings.len(), false));
        let taken_out = now.get(&id).unwrap();
        assert!(taken_out.admits("the other one"));

        settings.truncate(1);
        settings[0].other_shop_pass = Some(Secret::new("still the other one"));
        now.replace_by(&Shops::open(settings.clone()).unwrap());
        assert_eq!((now.len(), now.is_empty()), (1, false));
        let shop = now.get(&id).unwrap();
        assert_eq!(shop.pass_in_use().expose(), "still the other one");
        assert_eq!(taken_out.pass_in_use().expose(), "the other one", "whoever has it goes on with it");
        assert!(shop.admits(settings[0].shop_pass.expose()));
        assert_eq!(shop.pass_in_use().expose(), settings[0].shop_pass.expose());

        now.replace_by(&Shops::default());
        assert_eq!((now.len(), now.is_empty(), now.get(&id).is_some()), (0, true, false));
    }
}
