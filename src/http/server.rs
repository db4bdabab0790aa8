//! Listening, serving, and coming to an end without cutting anybody off.
//!
//! Connections are served one by one and not by `axum::serve`, which bounds neither the time in which a request's head may
//! arrive nor its size, and does not say who calls.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::caller::Peer;
use super::connections::BoundedListener;
use crate::protocol::{Style, codes, errors};

/// The most headers of a request; with more it is answered 431.
pub const HEADERS_MAX: usize = 64;
/// The longest head of a request, first line and headers together, in bytes; a longer one is answered 431.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Bounds of a server's connections.
#[derive(Debug, Clone)]
pub struct Connections {
    /// How many are open at once. Further ones wait in the operating system's queue.
    pub max: usize,
    /// How long a request's head may take, in milliseconds, from when the connection is ready for it. So long may a
    /// connection rest between two requests, too.
    pub head_ms_max: u64,
    /// How long nothing may move on a connection, in milliseconds, before it is closed. Longer than the longest work on
    /// a request, during which nothing moves either.
    pub silence_ms_max: u64,
    /// How long requests may go on after the signal to stop, in milliseconds.
    pub grace_ms: u64,
}

impl Connections {
    /// For a server on a developer's own machine: ends within a second.
    pub const LOCAL: Self = Self { max: 1024, head_ms_max: 60_000, silence_ms_max: 120_000, grace_ms: 1000 };
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
    serve_on(bounded(listener, &connections), router, stop, connections).await
}

/// Takes connections within their bounds.
pub fn bounded(listener: TcpListener, connections: &Connections) -> impl Listener<Addr = SocketAddr> + use<> {
    BoundedListener::new(listener, connections.max, Duration::from_millis(connections.silence_ms_max))
}

/// Serves on what `listener` takes, as [`serve`] does: for connections that are more than TCP.
///
/// # Errors
/// None today; a listener tries again by itself.
pub async fn serve_on<L: Listener<Addr = SocketAddr>>(
    mut listener: L,
    router: Router,
    stop: CancellationToken,
    connections: Connections,
) -> std::io::Result<()> {
    let open = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(connections.head_ms_max))
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX);
    loop {
        let (stream, address) = tokio::select! {
            taken = listener.accept() => taken,
            () = stop.cancelled() => break,
        };
        let router = router.clone();
        let answer = move |request| answer(router.clone(), address, request);
        let connection = open.watch(http.serve_connection(TokioIo::new(stream), service_fn(answer)));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection did not end well");
            }
        });
    }
    // Nobody else is let in.
    drop(listener);
    let grace_ms = connections.grace_ms;
    tokio::select! {
        () = open.shutdown() => {}
        () = tokio::time::sleep(Duration::from_millis(grace_ms)) => {
            tracing::warn!(grace_ms, "some requests did not end in time");
        }
    }
    Ok(())
}

async fn answer(router: Router, address: SocketAddr, request: Request<Incoming>) -> Result<Response, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Peer(address.ip()));
    router.oneshot(request).await
}

/// The answer when a handler panicked. It is a defect, so the log has it; the client learns nothing of it.
pub(super) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response<Body> {
    tracing::error!("a handler panicked");
    ([(CONTENT_TYPE, Style::IdPass.content_type())], errors(&[codes::UNEXPECTED], Style::IdPass)).into_response()
}
