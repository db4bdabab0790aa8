//! Everything that leaves this process over HTTP starts here: one place sets time-outs, forbids redirects and proxies
//! taken from the environment, and bounds what is read of an answer.
//!
//! Amazon Pay is called by a plain [`client`]: its address stands in the settings and was checked there. Whatever else is
//! called was named by somebody else, and goes through a [`Guarded`] client, which reaches nothing inside.

mod address;
mod exchange;
mod guard;

use std::time::Duration;

pub use exchange::{Failure, Incoming, Network, Outgoing, Outside};
pub use guard::{Forbidden, Guarded, Guards, Names, Reach, SystemNames, refusal};

/// Makes an HTTP client: `connect_timeout` for the connection, `total_timeout` for a whole exchange. Redirects are
/// never followed (an answer that points elsewhere is an answer), and no proxy is taken from the environment.
///
/// # Errors
/// Where the platform's certificate store cannot be read.
pub fn client(connect_timeout: Duration, total_timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    builder(connect_timeout, total_timeout).build()
}

/// What every client has in common.
fn builder(connect_timeout: Duration, total_timeout: Duration) -> reqwest::ClientBuilder {
    #[expect(clippy::disallowed_methods, reason = "the one place where HTTP clients are made")]
    let builder = reqwest::Client::builder();
    builder
        .connect_timeout(connect_timeout)
        .timeout(total_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("sekisho/", env!("CARGO_PKG_VERSION")))
}

/// Reads an answer's body, at most `bytes_max` bytes of it.
///
/// # Errors
/// Where the connection breaks in the middle.
pub async fn read_up_to(mut answer: reqwest::Response, bytes_max: usize) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        let room = bytes_max - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == bytes_max {
            break;
        }
    }
    Ok(body)
}
