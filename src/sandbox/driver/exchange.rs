//! One request and its answer, byte for byte as they went through.
//!
//! The sandbox may be reached under another address than it knows, or by TLS with a certificate that this process does
//! not trust. So the request goes through a pipe instead of a socket: HTTP/1.1 as a client writes it, on a connection that
//! ends in the same router as all others.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex, split};
use tokio::time::timeout;

use crate::sandbox::{Sandbox, router};

/// How long the driver waits. An answer that a fault withholds takes longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of the request and of the answer is under way at once.
const PIPE_BYTES: usize = 64 * 1024;
/// No answer of the API comes near this.
const ANSWER_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// What came back.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The first line.
    pub(super) status_line: String,
    /// As they came, one a line.
    pub(super) headers: String,
    /// As it came.
    pub(super) body: String,
    /// The same read; null where it is no JSON.
    pub(super) json: Value,
}

/// Why there is no answer. A client of Amazon's has to live with each of these.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAnswer {
    /// As a fault may have it (`hang`, `delay_ms`).
    #[error("no answer within {} seconds", PATIENCE.as_secs())]
    Late,
    /// As a fault may have it (`lose_answer`).
    #[error("the connection was closed without an answer")]
    Lost,
    /// What came is no HTTP/1.1.
    #[error("what came back is no HTTP answer")]
    Garbled,
}

/// Sends a request, head and body, on a connection of its own. The request must say `connection: close`.
pub(super) async fn exchange(sandbox: &Arc<Sandbox>, request: &[u8]) -> Result<Answer, NoAnswer> {
    let (ours, theirs) = duplex(PIPE_BYTES);
    let server = axum::serve(OneConnection(Some(theirs)), router(Arc::clone(sandbox)));
    let received = async {
        tokio::select! {
            received = talk(ours, request) => received,
            // Serves until it is dropped; the connection goes on in a task of its own.
            _ = server => Vec::new(),
        }
    };
    let received = timeout(PATIENCE, received).await.map_err(|_| NoAnswer::Late)?;
    read(&received)
}

/// Writes and reads at the same time, for an answer may come before the whole request is read.
async fn talk(stream: DuplexStream, request: &[u8]) -> Vec<u8> {
    let (reader, mut writer) = split(stream);
    let mut received = Vec::new();
    let mut reader = reader.take(ANSWER_BYTES_MAX);
    // A server that has heard enough closes its end; what it said before still counts.
    let (_, _) = tokio::join!(writer.write_all(request), reader.read_to_end(&mut received));
    received
}

/// Takes an answer apart.
fn read(received: &[u8]) -> Result<Answer, NoAnswer> {
    if received.is_empty() {
        return Err(NoAnswer::Lost);
    }
    let text = String::from_utf8_lossy(received);
    let (head, body) = text.split_once("\r\n\r\n").ok_or(NoAnswer::Garbled)?;
    let (status_line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = status_line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).map(str::parse);
    let Some(Ok(status)) = status else { return Err(NoAnswer::Garbled) };
    Ok(Answer {
        status,
        status_line: status_line.to_owned(),
        headers: headers.replace("\r\n", "\n"),
        body: body.to_owned(),
        json: serde_json::from_str(body).unwrap_or_default(),
    })
}

/// A listener to whom one client comes, and nobody after that.
struct OneConnection(Option<DuplexStream>);

impl Listener for OneConnection {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.0.take() {
            Some(stream) => (stream, ()),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_is_kept_as_it_came() {
        let received = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nx-b: 2\r\n\r\n{\"a\":1}";
        let expected = Answer {
            status: 201,
            status_line: "HTTP/1.1 201 Created".to_owned(),
            headers: "content-type: application/json\nx-b: 2".to_owned(),
            body: "{\"a\":1}".to_owned(),
            json: json!({"a": 1}),
        };
        assert_eq!(read(received), Ok(expected));
        assert_eq!(read(b"HTTP/1.1 204 No Content\r\nx: 1\r\n\r\n").map(|answer| answer.json), Ok(Value::Null));
    }

    #[test]
    fn what_is_no_answer_is_told_apart() {
        assert_eq!(read(b""), Err(NoAnswer::Lost));
        for garbled in [&b"HTTP/1.1 200 OK"[..], b"\r\n\r\n", b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 2x0 OK\r\n\r\n"] {
            assert_eq!(read(garbled), Err(NoAnswer::Garbled), "{}", String::from_utf8_lossy(garbled));
        }
    }
}
