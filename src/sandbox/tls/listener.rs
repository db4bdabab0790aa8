//! Takes connections from another listener and speaks TLS on them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

/// How long a client may take to agree on keys.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How many handshakes are under way at once; others wait in the listener below.
const HANDSHAKES_MAX: usize = 64;

/// A listener whose connections have been through a TLS handshake. One that fails costs nobody else anything.
pub struct TlsListener<L: Listener> {
    inner: L,
    acceptor: TlsAcceptor,
    /// Each ends with a connection, or with nothing where the client did not agree.
    handshakes: JoinSet<Option<Accepted<L>>>,
}

type Accepted<L> = (TlsStream<<L as Listener>::Io>, <L as Listener>::Addr);

impl<L: Listener> TlsListener<L> {
    /// Speaks TLS on what `inner` takes.
    pub fn over(inner: L, config: Arc<ServerConfig>) -> Self {
        Self { inner, acceptor: TlsAcceptor::from(config), handshakes: JoinSet::new() }
    }
}

impl<L: Listener> Listener for TlsListener<L>
where
    L::Addr: 'static,
{
    type Io = TlsStream<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let has_room = self.handshakes.len() < HANDSHAKES_MAX;
            tokio::select! {
                Some(done) = self.handshakes.join_next() => if let Ok(Some(connection)) = done {
                    return connection;
                },
                (stream, address) = self.inner.accept(), if has_room => {
                    let handshake = self.acceptor.accept(stream);
                    self.handshakes.spawn(async move {
                        match timeout(HANDSHAKE_TIMEOUT, handshake).await {
                            Ok(Ok(stream)) => Some((stream, address)),
                            // Most often a client that does not trust the authority; it says so itself.
                            Ok(Err(error)) => {
                                tracing::debug!(%error, "TLS handshake");
                                None
                            }
                            Err(_) => None,
                        }
                    });
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.inner.local_addr()
    }
}
