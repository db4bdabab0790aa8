//! The console's style and scripts, and those of others that it uses (`assets/vendor`). Their address changes with their
//! content, so browsers keep them for long.

use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::route::{Needs, Room, get};

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// A file that is the same for everybody.
struct Asset {
    path: &'static str,
    content_type: &'static str,
    content: &'static str,
}

const ASSETS: [Asset; 6] = [
    Asset { path: "/console/assets/console.css", content_type: CSS, content: include_str!("assets/console.css") },
    Asset { path: "/console/assets/console.js", content_type: JS, content: include_str!("assets/console.js") },
    Asset { path: "/console/assets/charts.js", content_type: JS, content: include_str!("assets/charts.js") },
    Asset { path: "/console/assets/export.js", content_type: JS, content: include_str!("assets/export.js") },
    Asset {
        path: "/console/assets/vendor/htmx.min.js",
        content_type: JS,
        content: include_str!("assets/vendor/htmx.min.js"),
    },
    Asset {
        path: "/console/assets/vendor/chart.umd.min.js",
        content_type: JS,
        content: include_str!("assets/vendor/chart.umd.min.js"),
    },
];

static MARK: LazyLock<String> = LazyLock::new(|| {
    let all = ASSETS.iter().fold(Sha256::new(), |all, asset| all.chain_update(asset.content).chain_update(b"\0"));
    hex::encode(&all.finalize()[..6])
});

/// By which the present assets are known from older ones.
pub(super) fn mark() -> &'static str {
    &MARK
}

pub(super) fn room() -> Room {
    let entry = |asset: &'static Asset| get(asset.path, Needs::Nothing, || async { served(asset) });
    Room { nav: None, entries: ASSETS.iter().map(entry).collect() }
}

fn served(asset: &Asset) -> Response {
    let headers = [
        (CONTENT_TYPE, asset.content_type),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, asset.content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_of_others_are_those_that_their_list_names() {
        let list = include_str!("assets/vendor/README.md");
        let others: Vec<_> = ASSETS.iter().filter(|asset| asset.path.contains("/vendor/")).collect();
        assert_eq!(others.len(), list.matches("` | [").count(), "the list names each, and no other");
        for asset in others {
            let file = asset.path.rsplit('/').next().unwrap();
            let line = list.lines().find(|line| line.starts_with(&format!("| `{file}` |")));
            let hash = hex::encode(Sha256::digest(asset.content));
            assert!(line.is_some_and(|line| line.contains(&hash)), "{file} is {hash}");
        }
    }
}
