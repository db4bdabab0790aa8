//! One life of the gateway's process. When it dies, whatever it was doing stops where it next meets the world: no question
//! to the database and no request of a dead process is begun, and none that was under way brings it an answer. What it
//! still does in its own memory nobody can know.

use std::sync::Arc;

use axum::Router;
use tokio_util::sync::CancellationToken;

use super::trace::Trace;
use super::weather::Weather;

/// A process.
#[derive(Clone)]
pub(super) struct Life {
    death: CancellationToken,
    weather: Arc<Weather>,
    trace: Arc<Trace>,
}

/// How the gateway of the moment is reached.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) router: Router,
    pub(super) life: Life,
}

impl Life {
    pub(super) fn begin(weather: &Arc<Weather>, trace: &Arc<Trace>) -> Self {
        Self { death: CancellationToken::new(), weather: weather.clone(), trace: trace.clone() }
    }

    /// Goes on if the process lives, else never.
    pub(super) async fn go_on(&self) {
        if self.death.is_cancelled() {
            std::future::pending::<()>().await;
        }
    }

    /// The same, but this may be the moment of its death.
    pub(super) async fn risk(&self, moment: impl Fn() -> String) {
        self.go_on().await;
        if self.weather.kills() {
            self.die(&moment());
        }
        self.go_on().await;
    }

    /// It dies.
    pub(super) fn die(&self, moment: &str) {
        self.trace.say(format_args!("the gateway dies {moment}"));
        self.death.cancel();
    }

    /// Waits for its end.
    pub(super) async fn end(&self) {
        self.death.cancelled().await;
    }

    /// What comes of `work`, or nothing where the process dies before.
    pub(super) async fn unless_it_dies<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.death.run_until_cancelled(work).await
    }
}
