//! When to stop: Ctrl-C, or the signal that a service manager sends.

use tokio_util::sync::CancellationToken;

/// A token that is cancelled by the first SIGINT or SIGTERM. A second one ends the process at once: whoever sends it
/// does not want to wait for the orderly end, and nothing that matters is lost without it.
pub(super) fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let token = stop.clone();
    let mut signals = Signals::listen();
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("stopping: what is under way is finished first");
        token.cancel();
        signals.next().await;
        tracing::warn!("a second signal to stop: ending at once");
        std::process::exit(1);
    });
    stop
}

/// The signals to stop. Listened to from one place, so that none is missed between two.
#[cfg(unix)]
struct Signals {
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind, name| {
            signal(kind).inspect_err(|error| tracing::warn!(%error, "{name} cannot be heard and ends at once")).ok()
        };
        let interrupt = listen(SignalKind::interrupt(), "SIGINT");
        let terminate = listen(SignalKind::terminate(), "SIGTERM");
        Self { interrupt, terminate }
    }

    async fn next(&mut self) {
        tokio::select! {
            () = heard(&mut self.interrupt) => {}
            () = heard(&mut self.terminate) => {}
        }
    }
}

#[cfg(unix)]
async fn heard(signal: &mut Option<tokio::signal::unix::Signal>) {
    let heard = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if heard.is_none() {
        std::future::pending::<()>().await;
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Self {
        Self
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// SIGHUPs: an operator who has changed `shops.toml`. Elsewhere than on Unix there are none.
pub(super) struct Hangups {
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
}

impl Hangups {
    /// Listens from now on; before that, one would end the process.
    pub(super) fn listen() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let hangup = signal(SignalKind::hangup());
            let hangup = hangup.inspect_err(|error| tracing::warn!(%error, "SIGHUP cannot be heard and ends at once"));
            Self { hangup: hangup.ok() }
        }
        #[cfg(not(unix))]
        Self {}
    }

    /// The next one; `None` where none can be heard.
    pub(super) async fn next(&mut self) -> Option<()> {
        #[cfg(unix)]
        return self.hangup.as_mut()?.recv().await;
        #[cfg(not(unix))]
        None
    }
}
