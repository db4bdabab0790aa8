//! One request of a browser: which shop, which language, which cart; and how pages are answered.
//!
//! Cookies and parameters come from outside: a session that the shop does not know counts as none, a language that it
//! does not speak as Japanese.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::demo_shop::pages::{Frame, MessagePage};
use crate::demo_shop::state::{Cart, Problem};
use crate::demo_shop::{DemoShop, Storefront};
use crate::domain::random_hex;

const SESSION_COOKIE: &str = "sekisho_shop";
const LANGUAGE_COOKIE: &str = "sekisho_shop_lang";

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Lang {
    #[default]
    Ja,
    En,
}

impl Lang {
    /// The value of `lang` attributes, parameters and cookies.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }

    /// The other one.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Ja => Self::En,
            Self::En => Self::Ja,
        }
    }

    fn of(code: &str) -> Option<Self> {
        [Self::Ja, Self::En].into_iter().find(|lang| lang.code() == code)
    }

    /// Whichever of the two texts is in this language.
    pub(super) const fn pick<'a>(self, ja: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Ja => ja,
            Self::En => en,
        }
    }
}

/// Where a page's forms may lead. Chromium applies `form-action` to redirects after a form, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forms {
    /// To this shop only.
    Own,
    /// Away: to Amazon or to the gateway, which redirect further.
    Away,
}

/// A browser at a storefront.
pub(super) struct Visit {
    pub(super) shop: Arc<DemoShop>,
    pub(super) storefront: Arc<Storefront>,
    pub(super) lang: Lang,
    /// A session with a cart, if the browser has one.
    pub(super) session: Option<String>,
    chosen_lang: Option<Lang>,
    /// The same page in the other language; empty where it cannot be fetched again.
    switch_href: String,
    nonce: String,
}

impl FromRequestParts<Arc<DemoShop>> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shop: &Arc<DemoShop>) -> Result<Self, Response> {
        let path = RawPathParams::from_request_parts(parts, shop).await.map_err(IntoResponse::into_response)?;
        let shop_id = path.iter().find(|(name, _)| *name == "shop").map_or("", |(_, value)| value);
        let (lang, chosen_lang) = language(parts);
        let Some(storefront) = shop.storefronts.iter().find(|s| s.account.shop_id == shop_id) else {
            return Err(no_such_page(shop, lang));
        };
        let session = cookie(&parts.headers, SESSION_COOKIE).map(str::to_owned);
        let session = session.filter(|id| storefront.state().carts.get(id).is_some());
        let nonce = random_hex::<16>(&*shop.rng);
        Ok(Self {
            shop: Arc::clone(shop),
            storefront: Arc::clone(storefront),
            lang,
            session,
            chosen_lang,
            switch_href: switch_href(parts, lang),
            nonce,
        })
    }
}

/// The page's language, and the choice to remember if the shopper just made one (`?lang=en`).
pub(super) fn language(parts: &Parts) -> (Lang, Option<Lang>) {
    let query = parts.uri.query().unwrap_or_default();
    let chosen = query.split('&').find_map(|pair| pair.strip_prefix("lang=")).and_then(Lang::of);
    let remembered = || cookie(&parts.headers, LANGUAGE_COOKIE).and_then(Lang::of);
    (chosen.or_else(remembered).unwrap_or_default(), chosen)
}

/// The page's own address with the other language asked for.
pub(super) fn switch_href(parts: &Parts, lang: Lang) -> String {
    if parts.method != Method::GET {
        return String::new();
    }
    let pairs = parts.uri.query().unwrap_or_default().split('&');
    let kept: Vec<&str> = pairs.filter(|pair| !pair.is_empty() && !pair.starts_with("lang=")).collect();
    let other = format!("lang={}", lang.other().code());
    format!("?{}", [kept, vec![&other]].concat().join("&"))
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// A polite 404 for a shop or page that is not here.
pub(super) fn no_such_page(shop: &DemoShop, lang: Lang) -> Response {
    let frame = Frame::outside(lang);
    let page = MessagePage {
        title: lang.pick("ページが見つかりません", "There is no such page").to_owned(),
        text: lang.pick("お探しのページはここにはありません。", "What you are looking for is not here.").to_owned(),
        problem: None,
        frame,
    };
    answer(shop, StatusCode::NOT_FOUND, Forms::Own, "", &page)
}

impl Visit {
    /// What every page's frame shows.
    pub(super) fn frame(&self) -> Frame {
        let state = self.storefront.state();
        let cart = self.session.as_deref().and_then(|id| state.carts.get(id));
        Frame {
            lang: self.lang,
            home: format!("/{}", self.storefront.account.shop_id),
            shop_name: self.storefront.account.name.clone(),
            cart_count: cart.map_or(0, Cart::count),
            switch_href: self.switch_href.clone(),
            nonce: self.nonce.clone(),
        }
    }

    /// An address inside this storefront, such as `/cart`.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/{}{rest}", self.storefront.account.shop_id)
    }

    /// Answers a page.
    pub(super) fn page(&self, status: StatusCode, forms: Forms, page: &impl Template) -> Response {
        let mut response = answer(&self.shop, status, forms, &self.nonce, page);
        remember_language(&self.shop, &mut response, self.chosen_lang);
        response
    }

    /// Answers a page with a title, a sentence and, for engineers, what went wrong.
    pub(super) fn message(&self, status: StatusCode, title: &str, text: &str, problem: Option<Problem>) -> Response {
        let page = MessagePage { frame: self.frame(), title: title.to_owned(), text: text.to_owned(), problem };
        self.page(status, Forms::Own, &page)
    }

    /// 303: a page of this storefront is to be fetched instead.
    pub(super) fn see_other(&self, rest: &str) -> Response {
        (StatusCode::SEE_OTHER, [(LOCATION, self.path(rest)), (CACHE_CONTROL, "no-store".to_owned())]).into_response()
    }

    /// Gives the browser a session.
    pub(super) fn keep_session(&self, response: &mut Response, id: &str) {
        let path = self.path("");
        let cookie = format!("{SESSION_COOKIE}={id}; Path={path}; HttpOnly; SameSite=Lax");
        set_cookie(&self.shop, response, &cookie);
    }
}

/// Keeps a choice of language for the pages that follow.
pub(super) fn remember_language(shop: &DemoShop, response: &mut Response, chosen: Option<Lang>) {
    if let Some(lang) = chosen {
        set_cookie(shop, response, &format!("{LANGUAGE_COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", lang.code()));
    }
}

fn set_cookie(shop: &DemoShop, response: &mut Response, cookie: &str) {
    let secure = if shop.base_url.starts_with("https://") { "; Secure" } else { "" };
    if let Ok(value) = HeaderValue::from_str(&format!("{cookie}{secure}")) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

/// A page with the headers that every page has.
pub(super) fn answer(shop: &DemoShop, status: StatusCode, forms: Forms, nonce: &str, page: &impl Template) -> Response {
    let Ok(html) = page.render() else {
        tracing::error!("a page of the demo shop could not be rendered");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let script = if nonce.is_empty() { String::new() } else { format!(" 'nonce-{nonce}'") };
    let form_action = if forms == Forms::Own { "; form-action 'self'" } else { "" };
    let policy = format!(
        "default-src 'none'; script-src 'self' {}{script}; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
         frame-ancestors 'none'{form_action}",
        shop.checkout_js_origin
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy.as_str()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (CACHE_CONTROL, "no-store"),
    ];
    (status, headers, html).into_response()
}

/// Refuses a form that another site's page sent: its browser would add this shop's cookies. Programs that are no
/// browsers send neither header and pass.
pub(super) async fn from_own_pages_only(request: Request, next: Next) -> Response {
    if is_own(request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "This form was not sent from a page of this shop.\n").into_response()
}

fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return true };
    origin.split_once("://").is_some_and(|(_, host)| text(HOST.as_str()) == Some(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn forms_of_other_sites_are_told_from_own_ones() {
        assert!(is_own(&headers(&[])));
        assert!(is_own(&headers(&[("origin", "http://localhost:8082"), ("host", "localhost:8082")])));
        assert!(is_own(&headers(&[("sec-fetch-site", "same-origin")])));
        assert!(!is_own(&headers(&[("sec-fetch-site", "same-site")])));
        assert!(!is_own(&headers(&[("origin", "http://localhost:8081"), ("host", "localhost:8082")])));
        assert!(!is_own(&headers(&[("origin", "null"), ("host", "localhost:8082")])));
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let headers = headers(&[("cookie", "sekisho_shop_lang=en; sekisho_shop=abc")]);
        assert_eq!(cookie(&headers, SESSION_COOKIE), Some("abc"));
        assert_eq!(cookie(&headers, LANGUAGE_COOKIE), Some("en"));
        assert_eq!(cookie(&headers, "sekisho"), None);
    }
}
