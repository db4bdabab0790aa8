//! Is the process alive, and can it work?

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;

use super::App;

/// `/`: nothing is here, and whoever came is told where things are.
pub(super) async fn root() -> &'static str {
    "Sekisho gateway. Shops post to /payment/<Call>.idPass or .json; monitors ask /healthz, /readyz and /metrics.\n"
}

/// `/healthz`: the process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// How long whoever asks waits for the database: a monitor wants an answer, and "not in time" is one.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// `/readyz`: the database answers too, both whoever reads and whoever writes.
pub(super) async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    match tokio::time::timeout(READY_WITHIN, app.gateway.store().ping()).await {
        Ok(Ok(())) => (StatusCode::OK, "ready\n"),
        Ok(Err(error)) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
        Err(_) => {
            tracing::error!("not ready: the database is too slow");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer in time\n")
        }
    }
}
