//! The console at `/`: what the sandbox holds, what has happened, what was asked of it, and buttons to make something happen.
//!
//! Who acts: a developer at a browser, with or without scripts; other sites' pages may not post (`desk::same_origin`).
//! Everything here is also at `/_control/` for programs, by the same functions (`control`). Whatever came in requests may
//! be anything: it is shown, escaped, and never believed.

mod acts;
mod object;
mod overview;
mod requests;
mod rows;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};

use crate::sandbox::Sandbox;
use crate::sandbox::desk::same_origin;

/// A pasted canonical request fits, form-encoded.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// `/` and everything below `/console/`.
pub(super) fn router() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/", get(overview::page))
        .route("/console/objects/{id}", get(object::page))
        .route("/console/objects/{id}/state", post(acts::force))
        .route("/console/objects/{id}/ipn", post(acts::tell))
        .route("/console/requests", get(requests::list))
        .route("/console/requests/{id}", get(requests::page))
        .route("/console/requests/{id}/compare", post(requests::compare))
        .route("/console/clock", post(acts::advance))
        .route("/console/faults", post(acts::add_fault))
        .route("/console/faults/clear", post(acts::clear_faults))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .route_layer(from_fn(same_origin))
}
