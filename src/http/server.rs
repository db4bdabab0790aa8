//! Listening, serving, and coming to an end without cutting anybody off.

use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::protocol::{Style, codes, errors};

/// Takes the address, so that whoever starts several servers knows all their ports before the first request.
///
/// # Errors
/// That of the operating system, such as an address in use.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves until `stop`, then lets open requests end, at most `grace_ms` long.
///
/// # Errors
/// That of the operating system.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    grace_ms: u64,
) -> std::io::Result<()> {
    let listener = listener.tap_io(|stream| {
        // A payment's answer is one small write; waiting to fill a packet would only delay it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
    });
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
