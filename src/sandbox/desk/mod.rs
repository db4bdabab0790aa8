//! The desk: what the pages for whoever tests have in common, the console at `/` and the test drivers at `/driver/`. Their
//! frame, style and language, their headers, and who may post to them.
//!
//! Who acts: a developer's browser, or a program. Nobody is asked for a password, for the sandbox belongs on a
//! developer's own machine; but other sites are kept from acting through that developer's browser ([`same_origin`]).

mod guard;

use std::ops::Deref;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::sandbox::Sandbox;
use crate::sandbox::buyer::asset;
use crate::sandbox::page::{self, Asked, LangCookie, sheet};

pub(super) use guard::same_origin;

/// Nothing inline, nothing from elsewhere; forms and polling stay here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const LANG_COOKIE: LangCookie = LangCookie { name: "sekisho_desk_lang", path: "/" };

/// `/desk/desk.css` and `/desk/desk.js`.
pub(super) fn router() -> Router<Arc<Sandbox>> {
    let sheet = sheet!("assets/desk.css");
    let script = include_str!("assets/desk.js");
    Router::new()
        .route("/desk/desk.css", get(move || async move { asset("text/css; charset=utf-8", sheet) }))
        .route("/desk/desk.js", get(move || async move { asset("text/javascript; charset=utf-8", script) }))
}

/// What a tester's browser asked for.
pub(super) struct Visit {
    asked: Asked,
    is_driver: bool,
}

impl Deref for Visit {
    type Target = Asked;

    fn deref(&self) -> &Asked {
        &self.asked
    }
}

impl Visit {
    /// A page that is fetched.
    pub(super) fn get(uri: &Uri, headers: &HeaderMap) -> Self {
        Self::of(Asked::get(uri, headers, LANG_COOKIE), uri)
    }

    /// A form that is posted. Whether it may be is [`same_origin`]'s to say.
    pub(super) fn post(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Self {
        Self::of(Asked::post(uri, headers, body, LANG_COOKIE), uri)
    }

    fn of(asked: Asked, uri: &Uri) -> Self {
        Self { asked, is_driver: uri.path().starts_with("/driver") }
    }

    /// A field's value without space around it; empty where it is absent.
    pub(super) fn field(&self, name: &str) -> &str {
        self.asked.field(name).trim()
    }

    /// A field's value to the letter; empty where it is absent.
    pub(super) fn raw_field(&self, name: &str) -> &str {
        self.asked.field(name)
    }

    /// What surrounds every page.
    pub(super) fn frame(&self) -> Frame {
        Frame { page: self.asked.frame(), is_driver: self.is_driver }
    }

    /// Answers a page.
    pub(super) fn page(&self, status: StatusCode, page: &impl Template) -> Response {
        self.html(status, page_headers(), page)
    }

    /// 303 to a path of this sandbox.
    pub(super) fn see_other(&self, path: &str) -> Response {
        self.redirect(path).unwrap_or_else(|| StatusCode::BAD_REQUEST.into_response())
    }

    /// A page that only says something, with a way back to the console.
    pub(super) fn message(&self, status: StatusCode, title: &str, detail: &str) -> Response {
        self.page(status, &MessagePage { frame: self.frame(), title: title.to_owned(), detail: detail.to_owned() })
    }
}

/// The headers of every page of the desk. `no-referrer` would make browsers send `Origin: null` with the desk's own forms.
pub(super) const fn page_headers() -> [(axum::http::HeaderName, &'static str); 6] {
    page::headers(POLICY, "same-origin")
}

/// What surrounds every page: `templates/sandbox/desk.html` reads it.
pub(super) struct Frame {
    page: page::Frame,
    /// Whether it is one of the test drivers'.
    pub(super) is_driver: bool,
}

impl Deref for Frame {
    type Target = page::Frame;

    fn deref(&self) -> &page::Frame {
        &self.page
    }
}

#[derive(Template)]
#[template(path = "sandbox/desk_message.html")]
struct MessagePage {
    frame: Frame,
    title: String,
    detail: String,
}
