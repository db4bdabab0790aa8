//! Everything that `serve` reads before it does anything, so that `check` reads the same.

use crate::config::{
    ConfigErrors, DeploymentKey, FileMode, GatewaySettings, ShopSettings, ShopsFile, process_environment,
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

fn shops(settings: &GatewaySettings) -> Result<Vec<ShopSettings>, ConfigErrors> {
    let file = ShopsFile::read(&settings.shops_file)?;
    let reach = |environment| Reach::of(environment, &settings.egress_allow);
    let fitting = settings.check_shops(&file.shops, &|environment, url| {
        reach(environment).check_url(url).map(drop).map_err(|why| why.to_string())
    });
    let shops = file.load_secrets(&process_environment, FileMode::OwnerOnly);
    ConfigErrors::both(fitting, shops).map(|((), shops)| shops)
}
