//! The gateway's web server: what shops call, where buyers' browsers come by, and whether all is well.
//!
//! Who acts: shops' servers (`shop_api`), browsers of buyers (`checkout`), Amazon (`ipn`), an operator's monitor
//! (`health`, `metrics`), and whoever reads how to call it (`reference`, `openapi`). Only this room knows HTTP status codes. Every
//! use case runs in a task of its own (`Gateway::detached`), because a web server drops a handler when its client hangs
//! up, and money must not depend on that.

mod access_log;
mod caller;
mod checkout;
mod connections;
mod health;
mod ipn;
mod metrics;
pub mod openapi;
mod page;
mod patience;
mod places;
mod reference;
mod server;
mod shop_api;
mod start_page;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post};
use ipnet::IpNet;
use tower_http::catch_panic::CatchPanicLayer;

use crate::console::{self, Console};
use crate::domain::guesses::Guesses;
use crate::flow::Gateway;
use crate::reconcile::Hints;
use places::Places;

pub use checkout::return_of;
pub use server::{Connections, HEAD_BYTES_MAX, HEADERS_MAX, bind, bounded, serve, serve_on};

/// Bounds of the server, and whom it believes.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The longest request body, in bytes.
    pub body_bytes_max: usize,
    /// How long a client may take to send its body, in milliseconds.
    pub body_timeout_ms: u64,
    /// How long a whole request may take, in milliseconds, before its client is told that the work goes on.
    pub request_timeout_ms: u64,
    /// How many requests of one shop are worked on at once.
    pub shop_requests_max: usize,
    /// Proxies that are believed for whom they call.
    pub trusted_proxies: Vec<IpNet>,
}

/// What every handler has at hand.
#[derive(Clone)]
pub(crate) struct App {
    gateway: Arc<Gateway>,
    hints: Hints,
    limits: Arc<Limits>,
    guesses: Arc<Guesses>,
    places: Arc<Places>,
}

/// The gateway's routes, and those of its console where it has one.
pub fn router(gateway: Arc<Gateway>, hints: Hints, limits: Limits, console: Option<&Arc<Console>>) -> Router {
    let whole = Duration::from_millis(limits.request_timeout_ms);
    let places = Places::new(limits.shop_requests_max);
    let (guesses, places) = (Arc::default(), Arc::new(places));
    let console = console.map_or_else(Router::new, |console| {
        let proxies = limits.trusted_proxies.clone().into();
        console::router(console).layer(axum::middleware::from_fn_with_state(proxies, caller::told_to_console))
    });
    let app = App { gateway, hints, limits: Arc::new(limits), guesses, places };
    Router::new()
        .route("/payment/AmazonpayStart.idPass", any(checkout::start))
        .route("/payment/AmazonpayReturn/{access_id}", get(checkout::returned).head(checkout::not_by_head))
        .route("/payment/{call}", any(shop_api::call))
        .route("/amazonpay/ipn", post(ipn::receive))
        .route("/", get(health::root))
        .route("/openapi.json", get(openapi::serve))
        .route("/docs", get(reference::page))
        .route("/docs/style.css", get(reference::style))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::serve))
        .with_state(app)
        .merge(console)
        .layer(DefaultBodyLimit::disable())
        .layer(axum::middleware::from_fn_with_state(whole, patience::bounded))
        .layer(CatchPanicLayer::custom(server::panicked))
        .layer(axum::middleware::from_fn(access_log::log))
}
