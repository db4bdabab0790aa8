//! The desk: what the pages for whoever tests have in common, the console at `/` and the test drivers at `/driver/`. Their
//! frame, style and language, their headers, and who may post to them.
//!
//! Who acts: a developer's browser, or a program. Nobody is asked for a password, for the sandbox belongs on a
//! developer's own machine; but other sites are kept from acting through that developer's browser ([`same_origin`]).

mod guard;

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::sandbox::Sandbox;
use crate::sandbox::buyer::asset;
use crate::sandbox::buyer::lang::{Lang, cookie};

pub(super) use guard::same_origin;

/// Nothing inline, nothing from elsewhere; forms and polling stay here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The buyer's pages remember a language of their own: a developer may read English and look at what buyers read.
const LANG_COOKIE: &str = "sekisho_desk_lang";

/// `/desk/desk.css` and `/desk/desk.js`.
pub(super) fn router() -> Router<Arc<Sandbox>> {
    let sheet = include_str!("assets/desk.css");
    let script = include_str!("assets/desk.js");
    Router::new()
        .route("/desk/desk.css", get(move || async move { asset("text/css; charset=utf-8", sheet) }))
        .route("/desk/desk.js", get(move || async move { asset("text/javascript; charset=utf-8", script) }))
}

/// What a browser asked for.
pub(super) struct Visit {
    /// Query and form together; where both name a field, the form's counts.
    fields: HashMap<String, String>,
    /// The page's language.
    pub(super) lang: Lang,
    chosen_lang: Option<Lang>,
    switch_href: String,
    is_driver: bool,
}

impl Visit {
    /// A page that is fetched.
    pub(super) fn get(uri: &Uri, headers: &HeaderMap) -> Self {
        let query = uri.query().unwrap_or_default();
        let mut visit = Self::post(uri, headers, b"");
        let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang="));
        let other = format!("lang={}", visit.lang.other().code());
        visit.switch_href = format!("?{}", kept.chain([other.as_str()]).collect::<Vec<_>>().join("&"));
        visit
    }

    /// A form that is posted. Whether it may be is [`same_origin`]'s to say.
    pub(super) fn post(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Self {
        let pairs = |text| url::form_urlencoded::parse(text).into_owned();
        let query = uri.query().unwrap_or_default().as_bytes();
        let fields: HashMap<String, String> = pairs(query).chain(pairs(body)).collect();
        let chosen_lang = fields.get("lang").and_then(|code| Lang::of(code));
        let remembered = || cookie(headers, LANG_COOKIE).and_then(Lang::of);
        let lang = chosen_lang.or_else(remembered).unwrap_or_default();
        let is_driver = uri.path().starts_with("/driver");
        Self { fields, lang, chosen_lang, switch_href: String::new(), is_driver }
    }

    /// A field's value without space around it; empty where it is absent.
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |value| value.trim())
    }

    /// A field's value to the letter; empty where it is absent.
    pub(super) fn raw_field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// What surrounds every page.
    pub(super) fn frame(&self) -> Frame {
        Frame { lang: self.lang, is_driver: self.is_driver, switch_href: self.switch_href.clone() }
    }

    /// Answers a page.
    pub(super) fn page(&self, status: StatusCode, page: &impl Template) -> Response {
        let Ok(html) = page.render() else {
            tracing::error!("a page of the desk could not be rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        self.remembering((status, page_headers(), html).into_response())
    }

    /// 303 to a path of this sandbox.
    pub(super) fn see_other(&self, path: &str) -> Response {
        let Ok(location) = HeaderValue::from_str(path) else { return StatusCode::BAD_REQUEST.into_response() };
        let headers = [(LOCATION, location), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        self.remembering((StatusCode::SEE_OTHER, headers).into_response())
    }

    /// A page that only says something, with a way back to the console.
    pub(super) fn message(&self, status: StatusCode, title: &str, detail: &str) -> Response {
        self.page(status, &MessagePage { frame: self.frame(), title: title.to_owned(), detail: detail.to_owned() })
    }

    fn remembering(&self, mut response: Response) -> Response {
        let cookie = |lang: Lang| format!("{LANG_COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", lang.code());
        if let Some(cookie) = self.chosen_lang.and_then(|lang| HeaderValue::from_str(&cookie(lang)).ok()) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

/// The headers of every page of the desk.
pub(super) fn page_headers() -> [(axum::http::HeaderName, &'static str); 6] {
    [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // `no-referrer` would make browsers send `Origin: null` with the desk's own forms.
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ]
}

/// What surrounds every page: `templates/sandbox/desk.html` reads it.
pub(super) struct Frame {
    /// The page's language.
    pub(super) lang: Lang,
    /// Whether it is one of the test drivers'.
    pub(super) is_driver: bool,
    /// The same page in the other language; empty where it cannot be fetched again.
    pub(super) switch_href: String,
}

impl Frame {
    /// Whichever of the two texts is in the page's language.
    pub(super) fn t<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        self.lang.pick(ja, en)
    }
}

#[derive(Template)]
#[template(path = "sandbox/desk_message.html")]
struct MessagePage {
    frame: Frame,
    title: String,
    detail: String,
}
