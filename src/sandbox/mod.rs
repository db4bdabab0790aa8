//! An Amazon Pay simulator: API, buyer pages, `checkout.js`, ledger, faults. Never imports `amazonpay`.
//!
//! Merchants call the API and sign every request; buyers bring their browsers; whoever tests uses `/_control/`, which
//! nobody guards: the sandbox belongs on a developer's own machine. No money moves. It is all in memory, and in a data
//! file where one is named.
//!
//! - [`signature`]: whose request, and is it as it was signed?
//! - [`wire`]: Amazon's JSON, read and written.
//! - [`ledger`]: the books, and every rule about money.
//! - `api`: the HTTP side of Amazon Pay API v2: keys, idempotency, error bodies.
//! - `archive`: the data file, where there is one; `held`: who holds what, and when it goes there.
//! - `control`: faults, the clock, and what tests may look at; `console`: the same for people; `desk`: what frames it.
//! - `page`: what their pages and the buyer's have in common.
//! - `driver`: pages that send each operation, for testers.
//! - [`buyer`]: what the buyer's browser is shown, and `checkout.js`.
//! - [`buyers`]: who can sign in.
//! - [`ipn`]: messages about what happened, to merchants' servers.
//! - [`tls`]: HTTPS, for the official SDKs.

mod api;
mod archive;
pub mod buyer;
pub mod buyers;
mod clock;
mod console;
mod control;
mod desk;
mod driver;
pub mod error;
mod held;
pub mod ipn;
pub mod ledger;
mod moment;
#[cfg(test)]
mod openssl_key;
mod page;
pub mod signature;
pub mod tls;
pub mod wire;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::domain::{Clock, Millis, Rng};
use api::Throttle;
use archive::Archive;
pub use archive::ArchiveError;
use buyers::Buyers;
use clock::MovableClock;
use control::{Faults, RequestLog};
use driver::DriverKeys;
use held::Held;
pub use held::LedgerGuard;
use ipn::Ipn;
use ledger::{Account, Currency, Ledger};
use signature::{KeyError, Keyring};

/// A merchant with an account at this Amazon.
#[derive(Debug, Clone, Default)]
pub struct Merchant {
    /// `A` and 12 or 13 upper-case letters and digits.
    pub merchant_id: String,
    /// What the buyer's pages call the shop.
    pub name: String,
    /// `amzn1.application-oa2-client.` and 32 hex digits each.
    pub store_ids: Vec<String>,
    /// Any number: keys rotate.
    pub keys: Vec<MerchantKey>,
    /// What the merchant is paid in; it goes with a region of Amazon's.
    pub ledger_currency: Currency,
    /// Where notices (IPN) go, if anywhere.
    pub ipn_url: Option<String>,
}

/// A public key that a merchant registered.
#[derive(Debug, Clone)]
pub struct MerchantKey {
    /// As it stands in `PublicKeyId=`; may start with `SANDBOX-`, not with `LIVE`.
    pub public_key_id: String,
    /// SPKI PEM (`BEGIN PUBLIC KEY`), RSA, 2048 bits or more.
    pub public_key_pem: String,
}

/// What a sandbox is made from.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where browsers and merchants reach it, such as `http://127.0.0.1:8081`, without a slash at the end.
    pub base_url: String,
    /// Everybody who may call.
    pub merchants: Vec<Merchant>,
}

/// Whether merchants have quotas, as at Amazon (amazon-pay 2.10).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Throttling {
    /// They may call as often as they like.
    #[default]
    Off,
    /// Those of Amazon's own sandbox, which are low.
    Sandbox,
    /// Those of production.
    Production,
}

/// Why a sandbox cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// A merchant's key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Not an address that a browser can be sent to.
    #[error("base_url {0:?} must be an http or https URL without a path, a query or a slash at its end")]
    BaseUrl(String),
    /// The data file cannot be used.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Two merchants with the same id.
    #[error("merchant {0} is given twice")]
    DuplicateMerchant(String),
}

/// A running simulator. Everything it knows is in here and, unless it has a data file, gone with it.
pub struct Sandbox {
    settings: Settings,
    keys: Keyring,
    driver_keys: DriverKeys,
    clock: MovableClock,
    rng: Arc<dyn Rng>,
    ledger: Mutex<Ledger>,
    faults: Mutex<Faults>,
    requests: Mutex<RequestLog>,
    throttle: Mutex<Throttle>,
    archive: Option<Archive>,
    ipn: Ipn,
}

impl Sandbox {
    /// A sandbox with an empty ledger.
    ///
    /// # Errors
    /// [`SetUpError`], whichever applies.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Arc<Self>, SetUpError> {
        Ok(Arc::new(Self::set_up(settings, clock, rng)?))
    }

    fn set_up(settings: Settings, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self, SetUpError> {
        let base = Url::parse(&settings.base_url).ok();
        let is_origin = |url: &Url| url.origin().ascii_serialization() == settings.base_url;
        if !base.is_some_and(|url| matches!(url.scheme(), "http" | "https") && is_origin(&url)) {
            return Err(SetUpError::BaseUrl(settings.base_url));
        }
        let mut keys = Keyring::default();
        let mut accounts = HashMap::new();
        for merchant in &settings.merchants {
            let account = Account { store_ids: merchant.store_ids.clone(), currency: merchant.ledger_currency };
            if accounts.insert(merchant.merchant_id.clone(), account).is_some() {
                return Err(SetUpError::DuplicateMerchant(merchant.merchant_id.clone()));
            }
            for key in &merchant.keys {
                let regions = merchant.ledger_currency.regions();
                keys.add(&merchant.merchant_id, regions, &key.public_key_id, &key.public_key_pem)?;
            }
        }
        for Merchant { merchant_id, ledger_currency, .. } in &settings.merchants {
            keys.promise(merchant_id, ledger_currency.regions(), &driver::public_key_id(merchant_id))?;
        }
        let merchant_ids = settings.merchants.iter().map(|merchant| merchant.merchant_id.as_str());
        let driver_keys = DriverKeys::for_merchants(merchant_ids);
        let clock = MovableClock::over(clock);
        let ledger = Ledger::new(settings.base_url.clone(), accounts, clock.now(), Arc::clone(&rng));
        Ok(Self {
            settings,
            keys,
            driver_keys,
            clock,
            rng,
            ledger: Mutex::new(ledger),
            faults: Mutex::default(),
            requests: Mutex::default(),
            ipn: Ipn::default(),
            throttle: Mutex::default(),
            archive: None,
        })
    }

    /// The same with what the data file at `path` holds, and with all that changes written there.
    ///
    /// # Errors
    /// [`SetUpError`], whichever applies.
    pub async fn kept_in(
        path: &Path,
        settings: Settings,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Arc<Self>, SetUpError> {
        let mut sandbox = Self::set_up(settings, clock, rng)?;
        let (archive, kept) = Archive::open(path).await?;
        sandbox.clock.advance(kept.offset_ms);
        let unreadable = |source| ArchiveError::Kept { path: path.to_owned(), source };
        for row in &kept.rows {
            if !sandbox.put_back_ipn(row).map_err(unreadable)? {
                locked(&sandbox.ledger).put_back(row).map_err(unreadable)?;
            }
        }
        locked(&sandbox.ledger).resume();
        sandbox.resume_ipn();
        sandbox.archive = Some(archive);
        Ok(Arc::new(sandbox))
    }

    /// The ledger, moved to the present: what was due has happened. Keep the guard for one step and never across an
    /// `await`; everybody else waits. What changes is written down as the buyer's doing, unless the guard is told
    /// otherwise.
    pub fn ledger(&self) -> LedgerGuard<'_> {
        let mut ledger = Held::of(self, &self.ledger);
        ledger.at(self.clock.now());
        ledger
    }

    /// Gives merchants quotas from now on, or takes them away.
    pub fn throttle(&self, plan: Throttling) {
        locked(&self.throttle).follow(plan);
    }

    /// Other buyers than the ready ones live here from now on.
    pub fn inhabit(&self, buyers: Buyers) {
        self.ledger().inhabit(buyers);
    }

    /// Whose signatures are known: for requests and for buttons.
    pub fn keys(&self) -> &Keyring {
        &self.keys
    }

    /// The merchant with this id.
    pub fn merchant(&self, merchant_id: &str) -> Option<&Merchant> {
        self.settings.merchants.iter().find(|merchant| merchant.merchant_id == merchant_id)
    }

    /// The present moment on the sandbox's clock, which `/_control/clock` moves.
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Where browsers reach this sandbox, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.settings.base_url
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        locked(&self.faults)
    }

    fn requests(&self) -> MutexGuard<'_, RequestLog> {
        locked(&self.requests)
    }
}

/// Sends no answer before what it tells is in the data file.
async fn keep(State(sandbox): State<Arc<Sandbox>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match &sandbox.archive {
        Some(archive) if !archive.written().await => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => response,
    }
}

/// Everything the sandbox serves.
pub fn router(sandbox: Arc<Sandbox>) -> Router {
    Router::new()
        .merge(api::router())
        .merge(buyer::router())
        .merge(console::router())
        .merge(control::router())
        .merge(desk::router())
        .merge(driver::router())
        .merge(ipn::router())
        .layer(middleware::from_fn_with_state(Arc::clone(&sandbox), keep))
        .with_state(sandbox)
}

/// Each holder leaves what it guards whole after every step, so a holder that panicked did no harm to the rest.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
