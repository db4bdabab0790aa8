//! Shop: what `shops.toml` says of a shop, whether Amazon Pay answers it, and reading `shops.toml` again.
//!
//! Nothing is changed here but by that file, so that there is one place to look for a setting. Secrets are shown to
//! nobody; of a key one sees the fingerprint.

mod pages;
mod reload;
mod settings;

use super::route::{Nav, Needs, Room, get, post};
use crate::domain::Right;

pub use reload::{Reloaded, ShopsSource};

const LOOKS: Needs = Needs::Right(Right::Look);

pub(super) fn room() -> Room {
    Room {
        nav: Some(Nav { path: "/console/shop", ja: "店舗", en: "Shops", needs: LOOKS }),
        entries: vec![
            get("/console/shop", LOOKS, pages::list),
            get("/console/shop/{shop}", LOOKS, pages::one),
            post("/console/shop/{shop}/connection", Needs::Right(Right::Act), pages::check_connection),
            post("/console/shop-settings/reload", Needs::Operator(Right::Administer), pages::reload),
        ],
    }
}
