//! What the demo needs before it starts: a place for data, keys, and the shops of the shipped `shops.toml`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::TempDir;

use super::super::keys;
use crate::amazonpay::{
    ButtonSignature, Consent, Frequency, FrequencyUnit, RecurringMetadata, ReviewPageButton, Scope, SignInButton,
};
use crate::config::{GatewayOverrides, GatewaySettings, ShopsFile};
use crate::demo_shop::{Button, Buttons, ShopAccount};
use crate::domain::SystemRng;
use crate::flow::{Shop, Shops};

/// The example that ships at the top of the repository is the demo's own set-up.
const SHOPS_TOML: &str = include_str!("../../../shops.toml");

/// Where the demo keeps keys and the database.
pub(super) struct DataDir {
    path: PathBuf,
    /// Removes the directory when it goes.
    temporary: Option<TempDir>,
}

impl DataDir {
    /// `dir`, made if it is missing, or a temporary directory.
    pub(super) fn open(dir: Option<&Path>) -> anyhow::Result<Self> {
        let opened = if let Some(dir) = dir {
            Self { path: dir.to_owned(), temporary: None }
        } else {
            let temporary =
                tempfile::Builder::new().prefix("sekisho-demo-").tempdir().context("no temporary directory")?;
            Self { path: temporary.path().to_owned(), temporary: Some(temporary) }
        };
        let keys_directory = opened.keys();
        keys::private_directory(&keys_directory).with_context(|| {
            format!("cannot make {}; choose another directory with --data", keys_directory.display())
        })?;
        Ok(opened)
    }

    /// The directory of the keys.
    pub(super) fn keys(&self) -> PathBuf {
        self.path.join("keys")
    }

    /// The database file.
    pub(super) fn database(&self) -> PathBuf {
        self.path.join("sekisho.db")
    }

    /// For a person.
    pub(super) fn describe(&self) -> String {
        let note = if self.temporary.is_some() { " (removed at exit; keep it with --data DIR)" } else { "" };
        format!("{}{note}", self.path.display())
    }
}

/// The shops of the example, with the demo's addresses and with keys that are made at the first start.
pub(super) fn shops(data: &DataDir, sandbox_url: &str, shop_url: &str) -> anyhow::Result<ShopsFile> {
    let mut file = ShopsFile::parse(SHOPS_TOML, Path::new("shops.toml"))?;
    for shop in &mut file.shops {
        sandbox_url.clone_into(&mut shop.amazon_endpoint);
        shop.notify_url = Some(format!("{shop_url}/{}/notify", shop.shop_id));
        shop.take_key_from(&data.keys());
        let key_file = data.keys().join(format!("{}.pem", shop.shop_id));
        if !key_file.exists() {
            keys::new_pair(&key_file)?;
        }
    }
    Ok(file)
}

/// The gateway's defaults, at the demo's addresses.
pub(super) fn gateway_settings(
    data: &DataDir,
    gateway_url: &str,
    listen: SocketAddr,
) -> anyhow::Result<GatewaySettings> {
    let key_file = data.keys().join("deployment.key");
    if !key_file.exists() {
        keys::new_deployment_key(&key_file, &SystemRng)?;
    }
    let mut settings = GatewaySettings::resolve(&GatewayOverrides::default(), "", Path::new("sekisho.toml"))?;
    settings.listen = listen;
    gateway_url.clone_into(&mut settings.public_url);
    settings.database = data.database();
    settings.deployment_key_file = key_file;
    Ok(settings)
}

/// What the demo shop is told, as a provider's administration screen tells it: ids, password, signed button payloads.
pub(super) fn accounts(shops: &Shops, shop_url: &str) -> anyhow::Result<Vec<ShopAccount>> {
    shops
        .iter()
        .map(|shop| {
            let settings = &shop.settings;
            Ok(ShopAccount {
                shop_id: settings.shop_id.clone(),
                shop_pass: settings.shop_pass.expose().to_owned(),
                name: settings.store_name.clone(),
                merchant_id: settings.merchant_id.clone(),
                store_id: settings.store_id.clone(),
                public_key_id: settings.public_key_id.clone(),
                buttons: buttons(&shop, &format!("{shop_url}/{}", shop.id))?,
            })
        })
        .collect()
}

fn buttons(shop: &Shop, home: &str) -> anyhow::Result<Buttons> {
    let store_id = &shop.settings.store_id;
    let sign = |payload: String| {
        let ButtonSignature { payload, signature, algorithm, .. } = shop.merchant.sign_button(payload)?;
        anyhow::Ok(Button { payload, signature, algorithm: algorithm.to_owned() })
    };
    let review = |path: &str, consent| ReviewPageButton {
        checkout_review_return_url: format!("{home}/{path}"),
        checkout_cancel_url: Some(format!("{home}/cart")),
        store_id: store_id.clone(),
        scopes: Scope::ALL_PASSED_ON.to_vec(),
        consent,
        delivery_specifications: None,
        // So that the order book can ask for more than was agreed, within Amazon's bounds.
        allow_overcharge: true,
    };
    let monthly = Frequency { unit: FrequencyUnit::Month, value: "1".to_owned() };
    let monthly = Consent::Recurring(RecurringMetadata { frequency: monthly, amount: None });
    let sign_in = SignInButton {
        sign_in_return_url: format!("{home}/welcome"),
        store_id: store_id.clone(),
        scopes: Scope::ALL_PASSED_ON.to_vec(),
    };
    Ok(Buttons {
        review: sign(review("review", Consent::OneTime).payload()?)?,
        consent: sign(review("subscribe/review", monthly).payload()?)?,
        sign_in: sign(sign_in.payload()?)?,
    })
}
