//! How many connections there are at once, and how long one may be silent.
//!
//! Anybody can open connections, so they are counted: a connection is taken from the operating system only while a
//! permit is free, and holds its permit until it is closed. What a stranger keeps open without using it would hold its
//! permit for ever, so a connection on which nothing moves for a while is closed. Whoever sends a byte now and then is
//! caught by the bounds on a request's head and body (`server`, `shop_api`).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

/// Takes connections while there are fewer than so many.
pub(super) struct BoundedListener {
    listener: TcpListener,
    free: Arc<Semaphore>,
    silence_max: Duration,
}

impl BoundedListener {
    pub(super) fn new(listener: TcpListener, connections_max: usize, silence_max: Duration) -> Self {
        let free = Arc::new(Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS)));
        Self { listener, free, silence_max }
    }
}

impl Listener for BoundedListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        if self.free.available_permits() == 0 {
            tracing::warn!("connections_max is reached; further connections wait");
        }
        // Only a semaphore that was closed refuses, and nobody closes this one.
        let permit = Arc::clone(&self.free).acquire_owned().await.ok();
        // axum's own: an error is logged, waited for, and tried again.
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // A payment's answer is one small write; waiting to fill a packet would only delay it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
        (Connection::new(stream, permit, self.silence_max), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection with its permit and a clock that starts anew whenever a byte moves.
pub(super) struct Connection {
    stream: TcpStream,
    _permit: Option<OwnedSemaphorePermit>,
    silence_max: Duration,
    silent_until: Pin<Box<Sleep>>,
}

impl Connection {
    fn new(stream: TcpStream, permit: Option<OwnedSemaphorePermit>, silence_max: Duration) -> Self {
        let silent_until = Box::pin(tokio::time::sleep(silence_max));
        Self { stream, _permit: permit, silence_max, silent_until }
    }

    fn moved(&mut self) {
        self.silent_until.as_mut().reset(Instant::now() + self.silence_max);
    }

    /// The result of a read or write; a connection that waits too long for one breaks.
    fn bounded<T>(&mut self, moving: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if moving.is_ready() {
            self.moved();
            return moving;
        }
        ready!(self.silent_until.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let reading = Pin::new(&mut self.stream).poll_read(context, into);
        self.bounded(reading, context)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let writing = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.bounded(writing, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let writing = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.bounded(writing, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
