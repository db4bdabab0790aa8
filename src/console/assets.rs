//! The console's own style and script. Their address changes with their content, so browsers keep them for long.

use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::route::{Needs, Room, get};

const STYLE: &str = include_str!("assets/console.css");
const SCRIPT: &str = include_str!("assets/console.js");

static MARK: LazyLock<String> = LazyLock::new(|| hex::encode(&Sha256::digest(format!("{STYLE}\0{SCRIPT}"))[..6]));

/// By which the present assets are known from older ones.
pub(super) fn mark() -> &'static str {
    &MARK
}

pub(super) fn room() -> Room {
    let style = || async { asset("text/css; charset=utf-8", STYLE) };
    let script = || async { asset("text/javascript; charset=utf-8", SCRIPT) };
    Room {
        nav: None,
        entries: vec![
            get("/console/assets/console.css", Needs::Nothing, style),
            get("/console/assets/console.js", Needs::Nothing, script),
        ],
    }
}

/// A file that is the same for everybody.
pub(super) fn asset(content_type: &'static str, content: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, content).into_response()
}
