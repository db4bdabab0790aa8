//! Is the process alive, and can it work?

use axum::extract::State;
use axum::http::StatusCode;

use super::App;

/// `/`: nothing is here, and whoever came is told where things are.
pub(super) async fn root() -> &'static str {
    "Sekisho gateway. Shops post to /payment/<Call>.idPass or .json; monitors ask /healthz and /readyz.\n"
}

/// `/healthz`: the process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// `/readyz`: the database answers too.
pub(super) async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    match app.gateway.store().ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}
