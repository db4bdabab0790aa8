//! Reading `shops.toml` again while the gateway serves. All of the new settings come into force, or none.

use std::sync::Arc;

use serde_json::json;

use super::settings::differences;
use crate::config::{ConfigErrors, ShopSettings};
use crate::console::Console;
use crate::flow::Shops;
use crate::store::{AuditEntry, By, StoreError};

/// Where shops come from.
pub trait ShopsSource: Send + Sync + 'static {
    /// Reads them anew, with their secrets, and judges them as a start does. May block.
    ///
    /// # Errors
    /// Every mistake, with file, line and key.
    fn read(&self) -> Result<Vec<ShopSettings>, ConfigErrors>;

    /// What it is, for people: a path.
    fn name(&self) -> String;
}

/// What reading again came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reloaded {
    /// The new settings are in force.
    Done(Vec<ShopChange>),
    /// The old ones are still in force: a sentence for each mistake.
    Refused(Vec<String>),
    /// There is nothing to read: these shops are not from a file.
    NoSource,
}

/// What became of a shop. Values are as a page shows them; secrets are masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShopChange {
    /// It is new.
    Added(String),
    /// It is gone.
    Removed(String),
    /// Settings of it are others: name, before, after.
    Changed(String, Vec<(&'static str, String, String)>),
}

impl Console {
    /// Where [`Console::reload_shops`] reads. To be said once, at start.
    pub fn read_shops_from(&self, source: Arc<dyn ShopsSource>) {
        // Said twice, the first counts.
        let _ = self.shops_source.set(source);
    }

    /// What `shops.toml` is called here, where there is one.
    pub(super) fn shops_source_name(&self) -> Option<String> {
        self.shops_source.get().map(|source| source.name())
    }

    /// Reads the shops again, writes in the audit log what changed, and puts them in force; or says why not.
    ///
    /// # Errors
    /// The audit log could not be written; the old settings are still in force.
    pub async fn reload_shops(&self, by: By) -> Result<Reloaded, StoreError> {
        let Some(source) = self.shops_source.get().cloned() else { return Ok(Reloaded::NoSource) };
        // One after the other, so that what is compared with is what is replaced.
        let _alone = self.reloading.lock().await;
        let name = source.name();
        let opened = tokio::task::spawn_blocking(move || open(&*source)).await;
        let opened = opened.unwrap_or_else(|_| Err(vec!["reading the file did not end well".to_owned()]));
        let (outcome, result) = match &opened {
            Ok(new) => {
                let changes = changes(self.gateway().shops(), new);
                (
                    json!({ "changes": changes.iter().map(ShopChange::told).collect::<Vec<_>>() }),
                    Reloaded::Done(changes),
                )
            }
            Err(mistakes) => (json!({ "refused": mistakes.len() }), Reloaded::Refused(mistakes.clone())),
        };
        let entry = AuditEntry {
            at: self.now(),
            by,
            act: "shops.reload",
            shop: None,
            subject: name,
            before: None,
            after: Some(outcome),
        };
        self.book().append(entry).await?;
        if let Ok(new) = &opened {
            self.gateway().shops().replace_by(new);
        }
        Ok(result)
    }
}

fn open(source: &dyn ShopsSource) -> Result<Shops, Vec<String>> {
    let settings =
        source.read().map_err(|errors| errors.mistakes().iter().map(ToString::to_string).collect::<Vec<_>>())?;
    Shops::open(settings).map_err(|error| vec![error.to_string()])
}

fn changes(old: &Shops, new: &Shops) -> Vec<ShopChange> {
    let mut changes = Vec::new();
    for shop in old.iter() {
        match new.get(&shop.id) {
            None => changes.push(ShopChange::Removed(shop.id.to_string())),
            Some(newer) => {
                let differing = differences(&shop.settings, &newer.settings);
                if !differing.is_empty() {
                    changes.push(ShopChange::Changed(shop.id.to_string(), differing));
                }
            }
        }
    }
    let added = new.iter().filter(|shop| old.get(&shop.id).is_none());
    changes.extend(added.map(|shop| ShopChange::Added(shop.id.to_string())));
    changes
}

impl ShopChange {
    /// In a line, for logs.
    pub fn told(&self) -> String {
        match self {
            Self::Added(shop) => format!("{shop} added"),
            Self::Removed(shop) => format!("{shop} removed"),
            Self::Changed(shop, settings) => {
                let all: Vec<_> = settings.iter().map(|(name, old, new)| format!("{name}: {old} -> {new}")).collect();
                format!("{shop} {}", all.join("; "))
            }
        }
    }
}
