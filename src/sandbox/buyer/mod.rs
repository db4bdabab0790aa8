//! What the buyer sees of Amazon Pay: `checkout.js` in the shop's page, then sign-in, choosing and paying here.
//!
//! Who acts: the buyer's browser, or a program that posts the same forms; every page works without JavaScript. What
//! may be assumed: nothing about what is posted; a session id is a secret that only the buyer and the shop hold.
//! Browsers are only ever sent to a URL that the session itself carries, which the shop signed or sent over the API.
//!
//! Beside these pages there are `/checkout/on-page` (the window of `renderJSButton`), `/checkout/address`,
//! `/checkout/mfa`, `/checkout/upgrade` and `/account`; each module's first lines say who posts what there. The window may
//! also be sent to the address that the shop's page answered (`redirectRequired`), and a second factor leads to the one
//! that Create Charge named.
//!
//! A program needs three posts to buy: `/checkout/initiate` (`GET` it for the list of its fields),
//! `/checkout/sign-in` (`buyer`, `action=sign-in`) and `/checkout/choose` (`address`, `payment`, `action=continue`);
//! then, when the shop sends it to `amazonPayRedirectUrl`, `/checkout/processing` (`action=pay` or `cancel`). Each of
//! these carries `amazonCheckoutSessionId` as well, and answers 303 with the next address. Each page's main form has
//! `id="buyer-form"`. A sign-in button leads to `/checkout/identify` instead (`signInId`, `buyer`, `action=sign-in`), and
//! from there back to the shop.

mod account;
mod address;
mod answer;
mod choosing;
mod consent;
mod identify;
mod initiate;
mod mfa;
mod money;
mod on_page;
mod steps;
mod upgrade;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::IntoResponse;
use axum::routing::{get, post};

use crate::sandbox::Sandbox;
use crate::sandbox::page::sheet;

/// A signed payload of Amazon's size fits many times over.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// `GET /checkout.js` and everything under `/checkout/`.
pub(super) fn router() -> Router<Arc<Sandbox>> {
    let script = include_str!("assets/checkout.js");
    let on_page = include_str!("assets/on-page.js");
    let sheet = sheet!("assets/pages.css");
    Router::new()
        .route("/checkout.js", get(move || async move { asset("text/javascript; charset=utf-8", script) }))
        .route("/checkout/pages.css", get(move || async move { asset("text/css; charset=utf-8", sheet) }))
        .route("/checkout/on-page.js", get(move || async move { asset("text/javascript; charset=utf-8", on_page) }))
        .route("/checkout/on-page/initiate", get(on_page::help).post(on_page::initiate))
        .route("/checkout/on-page", get(on_page::page).post(on_page::act))
        .route("/checkout/on-page/answer", post(on_page::answer))
        .route("/checkout/address", get(address::page).post(address::save))
        .route("/checkout/upgrade", post(upgrade::upgrade))
        .route("/checkout/sign-out", post(answer::sign_out))
        .route("/account", get(account::page).post(account::act))
        .route("/checkout/mfa", get(mfa::page).post(mfa::verify))
        .route("/checkout/initiate", get(initiate::help).post(initiate::initiate))
        .route("/checkout/sign-in", get(steps::sign_in_page).post(steps::sign_in))
        .route("/checkout/identify", get(identify::page).post(identify::identify))
        .route("/checkout/choose", get(choosing::choose_page).post(choosing::choose))
        .route("/checkout/change", get(choosing::change_page))
        .route("/checkout/processing", get(steps::processing_page).post(steps::processing))
        .route("/checkout/paid", get(steps::paid_page))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// One of our own texts, as a file.
pub(super) fn asset(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "max-age=300"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Any shop's page may load the script, also with a `crossorigin` attribute.
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, text)
}

#[cfg(test)]
mod tests;
