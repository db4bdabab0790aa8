//! What every page of the test drivers has: the other pages, and whose requests they are.

use axum::http::StatusCode;
use axum::response::Response;

use super::next;
use super::operation::{PAGES, Page, Words};
use crate::sandbox::desk::Visit;
use crate::sandbox::{Merchant, Sandbox};

/// Around a page's own part.
pub(super) struct Nav<'a> {
    /// The page's name; empty for the list of pages.
    pub(super) here: &'static str,
    /// Whose requests the page sends.
    pub(super) merchant: &'a Merchant,
    /// Whose it could send.
    pub(super) merchants: &'a [Merchant],
    /// Every operation's page, in the order of a purchase.
    pub(super) pages: &'static [Page],
}

impl<'a> Nav<'a> {
    /// For the merchant whom the browser chose; without a choice the first.
    ///
    /// # Errors
    /// The page that says what is wrong.
    pub(super) fn of(visit: &Visit, sandbox: &'a Sandbox, here: &'static str) -> Result<Self, Box<Response>> {
        let chosen = visit.raw_field("merchant");
        let found = if chosen.is_empty() { sandbox.settings.merchants.first() } else { sandbox.merchant(chosen) };
        match found {
            Some(merchant) => Ok(Self::for_merchant(sandbox, merchant, here)),
            None => Err(Box::new(visit.message(StatusCode::NOT_FOUND, pick(visit, NO_MERCHANT), chosen))),
        }
    }

    /// For this merchant, whatever the browser chose.
    pub(super) fn for_merchant(sandbox: &'a Sandbox, merchant: &'a Merchant, here: &'static str) -> Self {
        Self { here, merchant, merchants: &sandbox.settings.merchants, pages: &PAGES }
    }

    /// A page of the same merchant's.
    pub(super) fn href(&self, name: &str) -> String {
        next::href(name, &self.merchant.merchant_id, "")
    }

    /// The address of this page.
    pub(super) fn action(&self) -> String {
        format!("/driver/{}", self.here)
    }

    /// The id of the key that the driver signs this merchant's requests with.
    pub(super) fn public_key_id(&self) -> String {
        super::public_key_id(&self.merchant.merchant_id)
    }
}

const NO_MERCHANT: Words =
    ("そのような店舗はこのサンドボックスにありません", "There is no such merchant in this sandbox");
const BROKEN: Words = ("テストドライバーが署名できません", "The test driver cannot sign");

/// Whichever of the two is in the page's language.
pub(super) fn pick(visit: &Visit, words: Words) -> &'static str {
    visit.lang.pick(words.0, words.1)
}

/// The page for what is broken in here.
pub(super) fn broken(visit: &Visit, error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "the test driver could not sign");
    visit.message(StatusCode::INTERNAL_SERVER_ERROR, pick(visit, BROKEN), &error.to_string())
}

/// A field of several lines: browsers post every line end as CRLF.
pub(super) fn lines(visit: &Visit, name: &str) -> String {
    visit.raw_field(name).replace("\r\n", "\n")
}
