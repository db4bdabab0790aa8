//! What the pages for buyers (`buyer`) and those for whoever tests (`desk`) have in common: what a browser asked for, the
//! language it reads, the frame and the headers of an answer, and the colours.
//!
//! Nothing is assumed of what was asked: a field may be absent, twice there, or of any length that the router lets in.

mod lang;

use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

pub(super) use lang::{Lang, LangCookie, cookie};

/// A style sheet after the colours, which all sheets share.
macro_rules! sheet {
    ($path:literal) => {
        concat!(include_str!("../page/assets/colours.css"), include_str!($path))
    };
}
pub(super) use sheet;

/// What a browser asked for.
pub(super) struct Asked {
    query: Vec<(String, String)>,
    form: Vec<(String, String)>,
    /// The page's language.
    pub(super) lang: Lang,
    chosen_lang: Option<Lang>,
    switch_href: String,
    lang_cookie: LangCookie,
}

impl Asked {
    /// A page that is fetched; its language is remembered under `lang_cookie`.
    pub(super) fn get(uri: &Uri, headers: &HeaderMap, lang_cookie: LangCookie) -> Self {
        let query = uri.query().unwrap_or_default();
        let asked = Self::post(uri, headers, b"", lang_cookie);
        let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang="));
        let other = format!("lang={}", asked.lang.other().code());
        let switch_href = format!("?{}", kept.chain([other.as_str()]).collect::<Vec<_>>().join("&"));
        Self { switch_href, ..asked }
    }

    /// A form that is posted.
    pub(super) fn post(uri: &Uri, headers: &HeaderMap, body: &[u8], lang_cookie: LangCookie) -> Self {
        let pairs = |text| url::form_urlencoded::parse(text).into_owned().collect();
        let query = pairs(uri.query().unwrap_or_default().as_bytes());
        let mut asked = Self {
            query,
            form: pairs(body),
            lang: Lang::default(),
            chosen_lang: None,
            switch_href: String::new(),
            lang_cookie,
        };
        asked.chosen_lang = Lang::of(asked.field("lang"));
        asked.lang = asked.chosen_lang.or_else(|| lang_cookie.remembered(headers)).unwrap_or_default();
        asked
    }

    /// A field's value; the form's counts before the query's, the last before others of that name. Empty where it is
    /// absent.
    pub(super) fn field(&self, name: &str) -> &str {
        let mut pairs = self.query.iter().chain(&self.form).rev();
        pairs.find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// All values of a field that may be there several times, but for empty ones: the form's.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.form.iter().filter(move |(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// From here on, pages are in this language.
    pub(super) fn speak(&mut self, lang: Lang) {
        self.lang = lang;
        self.chosen_lang = Some(lang);
    }

    /// What surrounds every page.
    pub(super) fn frame(&self) -> Frame {
        Frame { lang: self.lang, switch_href: self.switch_href.clone() }
    }

    /// Answers a page.
    pub(super) fn html(
        &self,
        status: StatusCode,
        headers: [(HeaderName, &'static str); 6],
        page: &impl Template,
    ) -> Response {
        let Ok(html) = page.render() else {
            tracing::error!("a page could not be rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        self.remembering((status, headers, html).into_response())
    }

    /// 303. Nothing where the address cannot stand in a header.
    pub(super) fn redirect(&self, to: &str) -> Option<Response> {
        let location = HeaderValue::from_str(to).ok()?;
        let headers = [(LOCATION, location), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        Some(self.remembering((StatusCode::SEE_OTHER, headers).into_response()))
    }

    fn remembering(&self, mut response: Response) -> Response {
        if let Some(lang) = self.chosen_lang {
            set_cookie(&mut response, &self.lang_cookie.naming(lang));
        }
        response
    }
}

/// Adds a `Set-Cookie`.
pub(super) fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// The headers of every page, under these two policies.
pub(super) const fn headers(content_security: &'static str, referrer: &'static str) -> [(HeaderName, &'static str); 6] {
    [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, content_security),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, referrer),
        (CACHE_CONTROL, "no-store"),
    ]
}

/// What surrounds every page.
pub(super) struct Frame {
    /// The page's language.
    pub(super) lang: Lang,
    /// The same page in the other language; empty where it cannot be fetched again.
    pub(super) switch_href: String,
}

impl Frame {
    /// Whichever of the two texts is in the page's language.
    pub(super) const fn t<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        self.lang.pick(ja, en)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: LangCookie = LangCookie { name: "test_lang", path: "/" };

    fn asked(uri: &'static str, cookies: &'static str, body: &str) -> Asked {
        let headers = HeaderMap::from_iter([(axum::http::header::COOKIE, HeaderValue::from_static(cookies))]);
        Asked::post(&Uri::from_static(uri), &headers, body.as_bytes(), COOKIE)
    }

    #[test]
    fn a_forms_field_counts_before_the_querys_and_the_last_before_the_first() {
        let visit = asked("/p?a=1&b=%E9%96%A2&a=2", "", "a=3&c=x&a=&c=y");
        assert_eq!(["a", "b", "c", "d"].map(|name| visit.field(name)), ["", "関", "y", ""]);
        assert_eq!(visit.all("a").collect::<Vec<_>>(), ["3"]);
        assert_eq!(visit.all("c").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(visit.all("b").count(), 0, "a form that names none has none");
    }

    #[test]
    fn the_language_is_the_one_asked_for_and_else_the_one_remembered() {
        for (uri, cookies, lang) in [
            ("/p", "", Lang::Ja),
            ("/p?lang=en", "", Lang::En),
            ("/p?lang=fr", "", Lang::Ja),
            ("/p", "x=1; test_lang=en", Lang::En),
            ("/p", "other_lang=en", Lang::Ja),
            ("/p?lang=ja", "test_lang=en", Lang::Ja),
        ] {
            let visit = asked(uri, cookies, "");
            assert_eq!(visit.lang, lang, "{uri} {cookies}");
            let response = visit.redirect("/next").expect("a header");
            assert_eq!(response.headers().contains_key(SET_COOKIE), Lang::of(visit.field("lang")).is_some());
        }
        assert!(asked("/p", "", "").redirect("/a\nb").is_none());
    }

    #[test]
    fn the_switch_leads_to_the_same_page_in_the_other_language() {
        let visit = Asked::get(&Uri::from_static("/p?a=%20&lang=en&b"), &HeaderMap::new(), COOKIE);
        assert_eq!(visit.frame().switch_href, "?a=%20&b&lang=ja");
    }
}
