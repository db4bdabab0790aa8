//! The shops of this gateway, ready for business: settings, and the account that signs at Amazon.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::amazonpay::{KeyError, Merchant, MerchantError, Region, SigningKey};
use crate::config::{self, ShopSettings};
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
}

/// Settings that make no shop.
#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    /// Not a shop id.
    #[error("{0}")]
    Id(#[from] Malformed),
    /// The private key is not usable.
    #[error("shop {shop_id}: private_key_file: {source}")]
    Key {
        /// Whose.
        shop_id: String,
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
        let key = SigningKey::from_pem(settings.private_key.expose())
            .map_err(|source| ShopError::Key { shop_id: settings.shop_id.clone(), source })?;
        let region = match settings.region {
            config::Region::Na => Region::Na,
            config::Region::Eu => Region::Eu,
            config::Region::Jp => Region::Jp,
        };
        let environment = match settings.environment {
            config::Environment::Sandbox => crate::amazonpay::Environment::Sandbox,
            config::Environment::Live => crate::amazonpay::Environment::Live,
        };
        let merchant =
            Merchant::new(&settings.amazon_endpoint, region, environment, &settings.public_key_id, Arc::new(key))
                .map_err(|source| ShopError::Merchant { shop_id: settings.shop_id.clone(), source })?;
        Ok(Self { id, settings, merchant })
    }
}

/// All shops, by id.
#[derive(Debug, Default)]
pub struct Shops(BTreeMap<ShopId, Arc<Shop>>);

impl Shops {
    /// Opens each shop.
    ///
    /// # Errors
    /// The first [`ShopError`].
    pub fn open(settings: Vec<ShopSettings>) -> Result<Self, ShopError> {
        settings
            .into_iter()
            .map(|one| Shop::open(one).map(|shop| (shop.id.clone(), Arc::new(shop))))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The shop of this id.
    pub fn get(&self, id: &ShopId) -> Option<&Arc<Shop>> {
        self.0.get(id)
    }

    /// Every shop, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Shop>> {
        self.0.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
