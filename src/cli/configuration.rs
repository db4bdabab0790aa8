//! Everything that `serve` reads before it does anything, so that `check` reads the same.

use crate::config::{
    ConfigErrors, DeploymentKey, Environment, FileMode, GatewaySettings, ShopSettings, ShopsFile, process_environment,
};
use crate::egress::Reach;

/// The gateway's shops with their secrets, and its own key.
pub(super) struct Configuration {
    pub(super) shops: Vec<ShopSettings>,
    pub(super) deployment_key: DeploymentKey,
}

impl Configuration {
    /// Reads what `settings` names.
    ///
    /// # Errors
    /// Every mistake: of the shops, of their secrets, of the deployment key.
    pub(super) fn read(settings: &GatewaySettings) -> Result<Self, ConfigErrors> {
        let shops = shops(settings);
        let deployment_key = settings.deployment_key(FileMode::OwnerOnly);
        let (shops, deployment_key) = ConfigErrors::both(shops, deployment_key)?;
        Ok(Self { shops, deployment_key })
    }
}

/// The shops with their secrets, judged.
///
/// # Errors
/// Every mistake.
pub(super) fn shops(settings: &GatewaySettings) -> Result<Vec<ShopSettings>, ConfigErrors> {
    let file = ShopsFile::read(&settings.shops_file)?;
    let fitting = settings.check_shops(&file.shops, &notify_reach(settings));
    let shops = file.load_secrets(&process_environment, FileMode::OwnerOnly);
    ConfigErrors::both(fitting, shops).map(|((), shops)| shops)
}

/// Whether a shop of an environment may be notified at a URL, as far as that can be told without looking names up.
pub fn notify_reach(settings: &GatewaySettings) -> impl Fn(Environment, &str) -> Result<(), String> {
    |environment, url| {
        let reach = Reach::of(environment, &settings.egress_allow);
        reach.check_url(url).map(drop).map_err(|why| why.to_string())
    }
}
