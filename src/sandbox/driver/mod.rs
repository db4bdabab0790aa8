//! The test drivers: one page for each operation of the sample code of 2019, pre-filled, that shows request, signature
//! and answer.
//!
//! Who acts: a tester with a browser, with or without JavaScript. A page proposes a request of the chosen merchant's that
//! works right now; the tester changes whatever they like, sends it, and sees every byte of what went out and came back.
//! What they send may be as wrong as they want: it is sent, and the API says no.
//!
//! The driver is a client like any other. It looks into the ledger only to propose values; to act, it writes an HTTP
//! request, signs it with a key of its own ([`key`]) and sends it through the whole router ([`exchange`]), where nobody
//! knows that it is not from outside. How a client signs is written here once more ([`canonical`]), from the description
//! of the scheme and without a look at [`signature`](super::signature), so that either would show a mistake of the other.
//!
//! Pages of other origins cannot make the driver send anything ([`same_origin`]).

mod canonical;
mod exchange;
mod key;
mod nav;
mod next;
mod operation;
mod outgoing;
mod pages;
mod prefill;
mod result_page;
mod sign_in;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::get;

use super::Sandbox;
use super::buyer::asset;
use super::desk::same_origin;

pub(super) use key::{DriverKeys, public_key_id};

/// The most that a form may have. A request body of the API's most (1 MiB) fits even if every byte of it is escaped, so
/// that a tester can send one that is too long.
const FORM_BYTES_MAX: usize = 4 * 1024 * 1024;

/// `/driver` and what is below it.
pub(super) fn router() -> Router<Arc<Sandbox>> {
    let script = include_str!("assets/driver.js");
    Router::new()
        .route("/driver", get(pages::index))
        .route("/driver/", get(pages::index))
        .route("/driver/driver.js", get(move || async move { asset("text/javascript; charset=utf-8", script) }))
        .route("/driver/signin", get(sign_in::show).post(sign_in::sign))
        .route("/driver/resultPage", get(result_page::show))
        .route("/driver/{operation}", get(pages::show).post(pages::send))
        .layer(middleware::from_fn(same_origin))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}
