//! The demo merchant: a small shop with a cart, a review page, thanks and an order book.
//!
//! Who acts: shoppers with browsers, the shop's own staff (order book), and the gateway (result notifications). The
//! shop knows the gateway only by its protocol over HTTP and brings its own small client for it, as any shop engineer
//! would write one; nothing here may import the gateway's protocol or flow. What may be assumed: nothing that a
//! browser sends is true until checked. Amounts come from the shop's own catalogue, and a payment counts only once
//! `SearchTradeMulti` says so, because neither the browser's post nor a notification proves its Status.
//!
//! Everything is kept in memory and bounded; a restart forgets it.

mod back_office;
mod catalogue;
mod checkout;
mod express;
mod form;
mod member;
mod on_page;
mod pages;
mod paying;
mod psp;
mod state;
mod storefront;
mod subscribe;
mod visit;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{get, post};

use crate::demo_shop::psp::Psp;
use crate::demo_shop::state::State;
use crate::domain::{Clock, Rng};
use crate::egress;

/// No form of this shop and no notification comes near this many bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// `ExecTran` waits for Amazon behind the gateway, so a whole exchange may take a while.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// Where the shop stands and whom it talks to.
pub struct Settings {
    /// The shop's own address as browsers see it, without a trailing slash, such as `http://127.0.0.1:8082`.
    pub base_url: String,
    /// The gateway's address, without a trailing slash; calls go to `<gateway_url>/payment/<Name>.idPass`.
    pub gateway_url: String,
    /// The script that draws the Amazon Pay button (`https://static-fe.payments-amazon.com/checkout.js`, or the
    /// sandbox's).
    pub checkout_js_url: String,
    /// One storefront each, under `/<shop_id>/`.
    pub merchants: Vec<ShopAccount>,
}

/// What a shop is handed when it signs up: its account at the gateway and its Amazon Pay button.
#[derive(Clone)]
pub struct ShopAccount {
    /// `ShopID` at the gateway.
    pub shop_id: String,
    /// `ShopPass` at the gateway, in clear: calls carry it and the `CheckString` is made with it.
    pub shop_pass: String,
    /// The name over the door.
    pub name: String,
    /// Amazon's merchant id.
    pub merchant_id: String,
    /// Amazon's store id (`amzn1.application-oa2-client.…`); inside the payload too, shown to engineers only.
    pub store_id: String,
    /// The id of the key that signed the button payload.
    pub public_key_id: String,
    /// Its Amazon Pay buttons.
    pub buttons: Buttons,
}

/// The signed payloads of a shop's buttons.
#[derive(Clone)]
pub struct Buttons {
    /// One order; its review URL is `<base_url>/<shop_id>/review`.
    pub review: Button,
    /// A monthly consent; its review URL is `<base_url>/<shop_id>/subscribe/review`.
    pub consent: Button,
    /// Sign-in alone; it returns to `<base_url>/<shop_id>/welcome`.
    pub sign_in: Button,
}

/// A payload and its signature.
#[derive(Clone)]
pub struct Button {
    /// The signed text, byte for byte.
    pub payload: String,
    /// Base64 signature of the payload.
    pub signature: String,
    /// The signature's algorithm, such as `AMZN-PAY-RSASSA-PSS-V2`.
    pub algorithm: String,
}

/// Why the shop cannot open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Settings without a single merchant.
    #[error("the demo shop needs at least one merchant")]
    NoMerchant,
    /// A base URL that browsers cannot be sent to.
    #[error("the demo shop's {name} must be an http or https URL, not {value:?}")]
    BadUrl {
        /// The setting.
        name: &'static str,
        /// What it was.
        value: String,
    },
    /// The HTTP client could not be made.
    #[error("no HTTP client for the demo shop: {0}")]
    HttpClient(#[from] reqwest::Error),
}

/// One merchant's shop: its account and what it remembers.
struct Storefront {
    account: ShopAccount,
    state: Mutex<State>,
}

impl Storefront {
    /// The shop's memory. Held for a moment only, never across an await.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The demo shop; see the module.
pub struct DemoShop {
    base_url: String,
    checkout_js_url: String,
    checkout_js_origin: String,
    storefronts: Vec<Arc<Storefront>>,
    psp: Psp,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

impl DemoShop {
    /// Opens the shop; nothing is called yet.
    ///
    /// # Errors
    /// [`OpenError`]: no merchant, a URL that is none, no HTTP client.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Arc<Self>, OpenError> {
        if settings.merchants.is_empty() {
            return Err(OpenError::NoMerchant);
        }
        origin("base_url", &settings.base_url)?;
        origin("gateway_url", &settings.gateway_url)?;
        let checkout_js_origin = origin("checkout_js_url", &settings.checkout_js_url)?;
        let open = |account| Arc::new(Storefront { account, state: Mutex::new(State::default()) });
        let psp = Psp::new(egress::client(CONNECT_TIMEOUT, CALL_TIMEOUT)?, &settings.gateway_url);
        Ok(Arc::new(Self {
            base_url: settings.base_url.trim_end_matches('/').to_owned(),
            checkout_js_url: settings.checkout_js_url,
            checkout_js_origin,
            storefronts: settings.merchants.into_iter().map(open).collect(),
            psp,
            clock,
            rng,
        }))
    }
}

/// Scheme, host and port of a setting.
fn origin(name: &'static str, value: &str) -> Result<String, OpenError> {
    let bad = || OpenError::BadUrl { name, value: value.to_owned() };
    let parsed = url::Url::parse(value).map_err(|_| bad())?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(bad());
    }
    Ok(parsed.origin().ascii_serialization())
}

/// The shop's web server.
pub fn router(shop: Arc<DemoShop>) -> axum::Router {
    let from_own_pages = axum::Router::new()
        .route("/{shop}/cart/add", post(storefront::add))
        .route("/{shop}/cart/remove", post(storefront::remove))
        .route("/{shop}/order", post(checkout::order))
        .route("/{shop}/express/order", post(express::order))
        .route("/{shop}/on-page/finish", post(on_page::finish))
        .route("/{shop}/one-click/finish", post(on_page::finish_approved))
        .route("/{shop}/subscriptions/{order}/charge", post(subscribe::charge))
        .route("/{shop}/subscriptions/{order}/end", post(subscribe::end))
        .route("/{shop}/orders/{order}/ship", post(back_office::ship))
        .route("/{shop}/orders/{order}/change", post(back_office::change))
        .route("/{shop}/orders/{order}/cancel", post(back_office::cancel))
        .layer(middleware::from_fn(visit::from_own_pages_only));
    axum::Router::new()
        .route("/", get(storefront::home))
        .route("/assets/shop.css", get(|| async { asset("text/css; charset=utf-8", include_str!("assets/shop.css")) }))
        .route(
            "/assets/shop.js",
            get(|| async { asset("text/javascript; charset=utf-8", include_str!("assets/shop.js")) }),
        )
        .route("/{shop}", get(storefront::to_catalogue))
        .route("/{shop}/", get(storefront::catalogue))
        .route("/{shop}/cart", get(storefront::cart))
        .route("/{shop}/review", get(checkout::review))
        .route("/{shop}/subscribe", get(subscribe::page))
        .route("/{shop}/subscribe/review", get(checkout::review_consent))
        .route("/{shop}/subscriptions", get(subscribe::list))
        .route("/{shop}/express", get(express::page))
        .route("/{shop}/on-page", get(on_page::page))
        .route("/{shop}/one-click", get(on_page::page_approved))
        .route("/{shop}/go/{order}", get(on_page::go))
        .route("/{shop}/sign-in", get(member::sign_in))
        .route("/{shop}/welcome", get(member::welcome))
        .route("/{shop}/result", post(checkout::result))
        .route("/{shop}/thanks/{order}", get(checkout::thanks))
        .route("/{shop}/failed/{order}", get(checkout::failed))
        .route("/{shop}/notify", post(back_office::notify))
        .route("/{shop}/orders", get(back_office::orders))
        .route("/{shop}/orders.json", get(back_office::orders_json))
        .merge(from_own_pages)
        .fallback(storefront::not_found)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(shop)
}

fn asset(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, "max-age=300"), (X_CONTENT_TYPE_OPTIONS, "nosniff")], text)
}

#[cfg(test)]
mod tests;
