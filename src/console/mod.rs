//! The shop console, `/console`: what operators and shops see of their payments in a browser, and what they do there.
//!
//! Who acts: somebody who has signed in, with a role (`domain::staff`) and a [`Scope`] of shops.
//! Theory of operation. Every page is an `Entry` of a `Room` (`route`) and names what it needs.
//! The guard stands before each of them: it finds out who asks, refuses what the role does not grant, and lets no form
//! in that this console did not make for this session. Behind it a handler takes `Staff`, which exists only for
//! somebody who was let in, and hands `staff.scope()` to every question that it asks the book. So a page can forget
//! neither to ask who comes nor whose things it shows; the list of routes is public ([`routes`]), and tests walk it.
//!
//! Pages work without JavaScript, are pleasanter with it (`assets`), speak Japanese and English, and allow no script or
//! style but this console's own.

mod asked;
mod assets;
mod audit;
mod button;
mod consents;
mod door;
mod failure;
mod frame;
mod guard;
mod limits;
mod notifications;
mod paging;
pub mod password;
mod route;
mod session;
mod shop;
mod staff;
mod today;
mod transactions;
mod users;
mod words;

use std::sync::{Arc, OnceLock};

use axum::Router;

use crate::config::DeploymentKey;
use crate::domain::{Clock, Rng, Scope, ShopId};
use crate::flow::{Gateway, Shop};
use crate::notify::Dispatcher;
use crate::store::{AuditEntry, Overview, StaffBook};
use limits::Limits;
use password::Passwords;
use route::Room;
use session::Cookies;

pub use guard::Caller;
pub use route::{Needs, RouteInfo, Verb};
pub use shop::{Reloaded, ShopsSource};

pub(crate) use asked::{Asked, page_headers};
pub(crate) use failure::Failure;
pub(crate) use frame::Frame;
pub(crate) use staff::Staff;

/// What a console is made of.
pub struct Parts {
    /// The use cases, and the shops.
    pub gateway: Arc<Gateway>,
    /// Accounts, sessions, and the audit log.
    pub book: Arc<dyn StaffBook>,
    /// The book of payments, for those who look on.
    pub overview: Arc<dyn Overview>,
    /// Sends test notifications.
    pub notices: Arc<Dispatcher>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// Derives the secrets of second factors.
    pub deployment_key: DeploymentKey,
    /// Where browsers reach this gateway: scheme, host, perhaps port; no slash at the end.
    pub public_url: String,
}

/// The console.
pub struct Console {
    parts: Parts,
    cookies: Cookies,
    passwords: Passwords,
    limits: Limits,
    shops_source: OnceLock<Arc<dyn ShopsSource>>,
    reloading: tokio::sync::Mutex<()>,
}

/// What every handler has at hand.
pub(crate) type App = Arc<Console>;

impl Console {
    /// A console made of these parts.
    pub fn new(parts: Parts) -> App {
        let cookies = Cookies::for_site(&parts.public_url);
        let passwords = Passwords::new(&*parts.rng);
        Arc::new(Self {
            parts,
            cookies,
            passwords,
            limits: Limits::new(),
            shops_source: OnceLock::new(),
            reloading: tokio::sync::Mutex::default(),
        })
    }

    /// The use cases, and the shops.
    pub(crate) fn gateway(&self) -> &Arc<Gateway> {
        &self.parts.gateway
    }

    /// The shop of this id, if it is this one's to see.
    ///
    /// # Errors
    /// [`Failure::not_found`].
    pub(crate) fn shop_of(&self, staff: &Staff, id: &str) -> Result<Arc<Shop>, Failure> {
        let id = ShopId::new(id).ok().filter(|id| staff.scope().sees(id)).ok_or_else(Failure::not_found)?;
        self.gateway().shops().get(&id).ok_or_else(Failure::not_found)
    }

    /// Accounts, sessions, and the audit log.
    pub(crate) fn book(&self) -> &dyn StaffBook {
        &*self.parts.book
    }

    /// Adds a line to the audit log about what is done already. Where that fails, the gateway's own log has it: what is done
    /// must not be told as if it were not.
    pub(crate) async fn note(&self, entry: AuditEntry) {
        let (act, subject, who) = (entry.act, entry.subject.clone(), entry.by.name.clone());
        if let Err(error) = self.book().append(entry).await {
            tracing::error!(%error, act, subject, who, "the audit log cannot be written");
        }
    }

    /// Lets an act and its line in the audit log come to their end, even if whoever asked goes away.
    ///
    /// # Errors
    /// The act's own; [`Failure::broken`] where it panicked.
    pub(crate) async fn to_its_end<T: Send + 'static>(
        &self,
        act: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        self.gateway().detached(act).await.unwrap_or_else(|_| Err(Failure::broken()))
    }

    /// The book of payments.
    pub(crate) fn overview(&self) -> &dyn Overview {
        &*self.parts.overview
    }

    /// Whoever sends test notifications.
    pub(crate) fn notices(&self) -> &Dispatcher {
        &self.parts.notices
    }

    /// The ids of the shops in scope, of those that shops.toml has.
    pub(crate) fn shops_in(&self, scope: &Scope) -> Vec<String> {
        self.gateway().shops().iter().filter(|shop| scope.sees(&shop.id)).map(|shop| shop.id.to_string()).collect()
    }

    /// The time.
    pub(crate) fn now(&self) -> crate::domain::Millis {
        self.parts.clock.now()
    }
}

/// Every room, in the order of the navigation.
fn rooms() -> Vec<Room> {
    vec![
        today::room(),
        transactions::room(),
        consents::room(),
        notifications::room(),
        button::room(),
        shop::room(),
        users::room(),
        audit::room(),
        users::own_room(),
        door::room(),
        assets::room(),
    ]
}

/// Every route of the console, for whoever tests that each is guarded.
pub fn routes() -> Vec<RouteInfo> {
    rooms().into_iter().flat_map(|room| room.entries).map(|entry| entry.info).collect()
}

/// The console's routes, all below `/console`. Whoever mounts them must say who calls, by [`Caller`] in each request.
pub fn router(console: &App) -> Router {
    let mut router = Router::new();
    for entry in rooms().into_iter().flat_map(|room| room.entries) {
        let before = axum::middleware::from_fn_with_state((console.clone(), entry.info.needs), guard::admit);
        router = router.route(entry.info.path, entry.handler.layer(before));
    }
    router.with_state(console.clone())
}
