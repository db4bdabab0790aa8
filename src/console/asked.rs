//! What a browser asked for: address, query and form, and in which language it wants to read.

use axum::extract::{FromRequestParts, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Failure;
use crate::protocol::Language;

/// Nothing inline, nothing from elsewhere; a frame only of this console's own, for the preview of a button.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                                 connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
                                 frame-ancestors 'none'";
const LANGUAGE_COOKIE: &str = "sekisho_console_lang";

/// A request, as far as pages look at it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The page's language.
    pub(crate) language: Language,
    chosen_language: Option<Language>,
    path: String,
    query: String,
    /// It is a form that was sent: its address, fetched, is another page or none.
    is_form: bool,
    /// Query and form; the form's come first.
    fields: Vec<(String, String)>,
}

impl Asked {
    /// Reads a request whose form, if it has one, is `body`.
    pub(super) fn read(path: &str, query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Self {
        let query = query.unwrap_or_default();
        let pairs = |bytes| url::form_urlencoded::parse(bytes).into_owned();
        let fields: Vec<(String, String)> = pairs(body).chain(pairs(query.as_bytes())).collect();
        let named = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
        let chosen_language = named("lang").and_then(language_of);
        let language = chosen_language
            .or_else(|| cookie(headers, LANGUAGE_COOKIE).and_then(language_of))
            .unwrap_or(Language::Japanese);
        Self { language, chosen_language, path: path.to_owned(), query: query.to_owned(), is_form: false, fields }
    }

    /// The same, of a form that was sent.
    pub(super) fn posted(mut self) -> Self {
        self.is_form = true;
        self
    }

    /// Whether it is a form that was sent.
    pub(super) fn is_form(&self) -> bool {
        self.is_form
    }

    /// A field's value without space around it; empty where it is absent.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// A field's value to the letter; empty where it is absent.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// Every value of a field, as of boxes that are ticked.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.trim())
    }

    /// The path.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Path and query, to come back to.
    pub(crate) fn address(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }

    /// The form as a query, without its mark: for an address that shows the same by itself.
    pub(crate) fn form_as_query(&self) -> String {
        let kept = self.fields.iter().filter(|(name, _)| name != "csrf" && name != "lang");
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish()
    }

    /// The same page in the other language.
    pub(super) fn switch_href(&self) -> String {
        let kept = self.query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang="));
        let other = format!("lang={}", other(self.language).code());
        format!("?{}", kept.chain([other.as_str()]).collect::<Vec<_>>().join("&"))
    }

    /// The one of two texts that is in the page's language.
    pub(crate) fn t<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        self.language.pick(ja, en)
    }

    /// A page.
    ///
    /// # Errors
    /// A [`Failure`] where the template cannot be rendered.
    pub(crate) fn page(&self, page: &impl askama::Template) -> Result<Response, Failure> {
        self.page_with(StatusCode::OK, page)
    }

    /// The same with a status of its own: 422 for a form that is shown again with what is wrong with it.
    ///
    /// # Errors
    /// As [`Asked::page`].
    pub(crate) fn page_with(&self, status: StatusCode, page: &impl askama::Template) -> Result<Response, Failure> {
        let html = page.render().map_err(|error| {
            tracing::error!(%error, "a page of the console could not be written");
            Failure::broken()
        })?;
        Ok(self.remembering((status, page_headers(POLICY), html).into_response()))
    }

    /// 303 to an address of this console, in the console's own words: nothing in it may be a stranger's unescaped.
    pub(crate) fn to(&self, address: &str) -> Response {
        let Ok(location) = HeaderValue::from_str(address) else { return StatusCode::BAD_REQUEST.into_response() };
        let headers = [(LOCATION, location), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        self.remembering((StatusCode::SEE_OTHER, headers).into_response())
    }

    fn remembering(&self, mut response: Response) -> Response {
        let cookie = |it: Language| {
            format!("{LANGUAGE_COOKIE}={}; Path=/console; Max-Age=31536000; HttpOnly; SameSite=Lax", it.code())
        };
        if let Some(cookie) = self.chosen_language.and_then(|it| HeaderValue::from_str(&cookie(it)).ok()) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut request::Parts, _: &S) -> Result<Self, Response> {
        // The guard puts it there; without a guard there is no page.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }
}

/// Headers of every page: it is nobody else's, is not kept, and does nothing that `policy` does not say.
pub(crate) fn page_headers(policy: &str) -> [(HeaderName, HeaderValue); 6] {
    let fixed = HeaderValue::from_static;
    [
        (CONTENT_TYPE, fixed("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_str(policy).unwrap_or_else(|_| fixed("default-src 'none'"))),
        (X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        (X_FRAME_OPTIONS, fixed("DENY")),
        // `no-referrer` would make browsers send `Origin: null` with the console's own forms.
        (REFERRER_POLICY, fixed("same-origin")),
        (CACHE_CONTROL, fixed("no-store")),
    ]
}

/// What the browser keeps under this name.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The other of the two languages.
pub(super) const fn other(language: Language) -> Language {
    language.pick(Language::English, Language::Japanese)
}

fn language_of(code: &str) -> Option<Language> {
    [Language::Japanese, Language::English].into_iter().find(|language| language.code() == code)
}

/// The path of a request, as Axum's own routes see it.
pub(super) fn address_of(request: &Request) -> (String, Option<String>) {
    (request.uri().path().to_owned(), request.uri().query().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str, cookie: &str, body: &str) -> Asked {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, cookie.parse().unwrap());
        Asked::read("/console/users", Some(query), &headers, body.as_bytes())
    }

    #[test]
    fn the_language_is_the_query_s_then_the_cookie_s_then_japanese() {
        for (query, cookie, code) in [
            ("", "", "ja"),
            ("lang=en", "", "en"),
            ("lang=ja", "sekisho_console_lang=en", "ja"),
            ("", "a=b; sekisho_console_lang=en", "en"),
            ("lang=xx", "sekisho_console_lang=zz", "ja"),
        ] {
            assert_eq!(asked(query, cookie, "").language.code(), code, "{query} {cookie}");
        }
        assert_eq!(asked("a=1&lang=en&b=2", "", "").switch_href(), "?a=1&b=2&lang=ja");
    }

    #[test]
    fn a_form_comes_before_the_query() {
        let asked = asked("name=query&only=there", "", "name=+form+&box=1&box=2");
        assert_eq!((asked.field("name"), asked.raw("name"), asked.field("only")), ("form", " form ", "there"));
        assert_eq!((asked.field("missing"), asked.all("box").collect::<Vec<_>>()), ("", vec!["1", "2"]));
        assert_eq!(asked.address(), "/console/users?name=query&only=there");
    }
}
