//! The shops of `shops.toml`, to be read again while the gateway serves: by an operator in the console, or by SIGHUP.

use std::sync::Arc;

use super::configuration;
use crate::config::{ConfigErrors, GatewaySettings, ShopSettings};
use crate::console::{Console, Reloaded, ShopsSource};
use crate::store::By;

/// Reads what a start with these settings would read.
pub(super) struct ShopsOfFile(pub(super) GatewaySettings);

impl ShopsSource for ShopsOfFile {
    fn read(&self) -> Result<Vec<ShopSettings>, ConfigErrors> {
        configuration::shops(&self.0)
    }

    fn name(&self) -> String {
        self.0.shops_file.display().to_string()
    }
}

/// Reads again at each SIGHUP, and says in the log what came of it.
pub(super) async fn reload_on_hangup(console: Arc<Console>, mut hangups: super::signals::Hangups) {
    while hangups.next().await.is_some() {
        let by = By { id: None, name: "SIGHUP".to_owned(), address: None };
        match console.reload_shops(by).await {
            Ok(Reloaded::Done(changes)) if changes.is_empty() => tracing::info!("SIGHUP: the shops are as they were"),
            Ok(Reloaded::Done(changes)) => {
                for change in changes {
                    tracing::info!(change = change.told(), "SIGHUP: a shop's settings are in force");
                }
            }
            Ok(Reloaded::Refused(mistakes)) => {
                for mistake in mistakes {
                    tracing::error!(mistake, "SIGHUP: the shops are not read again; the old settings stay in force");
                }
            }
            Ok(Reloaded::NoSource) => tracing::warn!("SIGHUP: these shops are not from a file"),
            Err(error) => {
                tracing::error!(%error, "SIGHUP: the shops are not read again; the old settings stay in force");
            }
        }
    }
}
