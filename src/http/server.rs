//! Listening, serving, and coming to an end without cutting anybody off.

use std::fmt::Debug;
use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::serve::Listener;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::connections::BoundedListener;
use crate::protocol::{Style, codes, errors};

/// Bounds of a server's connections.
#[derive(Debug, Clone)]
pub struct Connections {
    /// How many are open at once. Further ones wait in the operating system's queue.
    pub max: usize,
    /// How long nothing may move on a connection, in milliseconds, before it is closed. Longer than the longest work on
    /// a request, during which nothing moves either.
    pub silence_ms_max: u64,
    /// How long requests may go on after the signal to stop, in milliseconds.
    pub grace_ms: u64,
}

impl Connections {
    /// For a server on a developer's own machine: ends within a second.
    pub const LOCAL: Self = Self { max: 1024, silence_ms_max: 120_000, grace_ms: 1000 };
}

/// Takes the address, so that whoever starts several servers knows all their ports before the first request.
///
/// # Errors
/// That of the operating system, such as an address in use.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves until `stop`, then lets open requests end, as long as `connections` grants.
///
/// # Errors
/// That of the operating system.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    connections: Connections,
) -> std::io::Result<()> {
    let grace_ms = connections.grace_ms;
    serve_on(bounded(listener, &connections), router, stop, grace_ms).await
}

/// Takes connections within their bounds.
pub fn bounded(listener: TcpListener, connections: &Connections) -> impl Listener<Addr = SocketAddr> + use<> {
    BoundedListener::new(listener, connections.max, Duration::from_millis(connections.silence_ms_max))
}

/// Serves on what `listener` takes, as [`serve`] does: for connections that are more than TCP.
///
/// # Errors
/// That of the operating system.
pub async fn serve_on<L: Listener<Addr: Debug>>(
    listener: L,
    router: Router,
    stop: CancellationToken,
    grace_ms: u64,
) -> std::io::Result<()> {
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
    tokio::select! {
        served = serving.into_future() => served,
        () = async {
            stop.cancelled().await;
            tokio::time::sleep(Duration::from_millis(grace_ms)).await;
        } => {
            tracing::warn!(grace_ms, "some requests did not end in time");
            Ok(())
        }
    }
}

/// The answer when a handler panicked. It is a defect, so the log has it; the client learns nothing of it.
pub(super) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response<Body> {
    tracing::error!("a handler panicked");
    ([(CONTENT_TYPE, Style::IdPass.content_type())], errors(&[codes::UNEXPECTED], Style::IdPass)).into_response()
}
