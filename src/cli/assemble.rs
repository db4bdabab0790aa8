//! A gateway out of its parts, for `serve`, for the demo and for the tests alike.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use std::collections::{BTreeMap, BTreeSet};

use crate::amazonpay::ipn::{Source, Topics, Verifier};
use crate::amazonpay::{Client, Retry};
use crate::config::{DeploymentKey, Environment, GatewaySettings, ShopSettings};
use crate::console::Console;
use crate::domain::{Clock, Rng};
use crate::egress::{Names, SystemNames};
use crate::flow::{self, Gateway, Parts, ShopError, Shops};
use crate::store::sqlite::OpenError;
use crate::store::{SqliteStore, StaffBook, Store, StoreError};
use crate::{console, egress, http, notify, reconcile};

/// How long a TCP connection to Amazon or to a shop may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// Above every time-out that a shop or an operator can set; those are the ones that count.
const EXCHANGE_TIMEOUT: Duration = Duration::from_mins(2);

/// Time, chance, and who is called what.
#[derive(Clone)]
pub struct World {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// The addresses of shops' servers and of Amazon SNS.
    pub names: Arc<dyn Names>,
}

impl World {
    /// This machine's.
    pub fn real() -> Self {
        Self::new(Arc::new(crate::domain::SystemClock), Arc::new(crate::domain::SystemRng))
    }

    /// With the names that this machine knows.
    pub fn new(clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self { clock, rng, names: Arc::new(SystemNames) }
    }
}

/// Why no gateway came of it.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// The database file.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// A shop's key or account.
    #[error(transparent)]
    Shop(#[from] ShopError),
    /// The HTTP client.
    #[error("the HTTP client cannot be made: {0}")]
    Client(#[from] reqwest::Error),
    /// The database's content.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a gateway stands on.
pub struct Ground {
    /// The book.
    pub store: Arc<dyn Store>,
    /// The ways out.
    pub outside: egress::Outside,
    /// The way to what Amazon's messages name.
    pub guards: egress::Guards,
}

/// A gateway and everything that works behind it.
pub struct Assembled {
    /// The use cases.
    pub gateway: Arc<Gateway>,
    /// What has to be closed in the end; a book that somebody else brought has not.
    database: Option<Arc<SqliteStore>>,
    dispatcher: Arc<notify::Dispatcher>,
    hints: reconcile::Hints,
    /// Taken when the background starts.
    hint_work: Mutex<Option<reconcile::HintWork>>,
    settings: GatewaySettings,
    /// Where there is a database that keeps its accounts.
    console: Option<Arc<Console>>,
}

impl Assembled {
    /// Opens the database and the shops' accounts, and takes over what a dead process left open.
    ///
    /// # Errors
    /// [`AssembleError`].
    pub async fn new(
        settings: GatewaySettings,
        shops: Vec<ShopSettings>,
        deployment_key: DeploymentKey,
        world: World,
    ) -> Result<Self, AssembleError> {
        let shops = Arc::new(Shops::open(shops)?);
        let store = Arc::new(SqliteStore::open_with_key(&settings.database, &deployment_key, world.clock.now()).await?);
        let assembled = Self::on_database(store, settings, shops, deployment_key, world)?;
        reconcile::adopt(&assembled.gateway).await?;
        Ok(assembled)
    }

    /// The same for a command that works on a database which another process may be serving: takes nothing over.
    ///
    /// # Errors
    /// [`AssembleError`].
    pub async fn beside(
        settings: GatewaySettings,
        shops: Vec<ShopSettings>,
        deployment_key: DeploymentKey,
        world: World,
    ) -> Result<Self, AssembleError> {
        let shops = Arc::new(Shops::open(shops)?);
        let store = Arc::new(SqliteStore::join(&settings.database).await?);
        Self::on_database(store, settings, shops, deployment_key, world)
    }

    fn on_database(
        store: Arc<SqliteStore>,
        settings: GatewaySettings,
        shops: Arc<Shops>,
        deployment_key: DeploymentKey,
        world: World,
    ) -> Result<Self, AssembleError> {
        let http = egress::client(CONNECT_TIMEOUT, EXCHANGE_TIMEOUT)?;
        let guards = egress::Guards::new(&settings.egress_allow, &world.names, CONNECT_TIMEOUT, EXCHANGE_TIMEOUT)?;
        let ground = Ground { store: store.clone(), outside: egress::Outside::new(http, &guards), guards };
        let (clock, rng, key) = (world.clock.clone(), world.rng.clone(), deployment_key.clone());
        let assembled = Self::on(ground, settings, shops, deployment_key, world);
        let console = Console::new(console::Parts {
            gateway: assembled.gateway.clone(),
            book: store.clone(),
            overview: store.clone(),
            notices: assembled.dispatcher.clone(),
            clock,
            rng,
            deployment_key: key,
            public_url: assembled.settings.public_url.clone(),
        });
        Ok(Self { database: Some(store), console: Some(console), ..assembled })
    }

    /// A gateway on a book and a network that somebody else brings and looks after, as simulations do. Takes nothing over.
    pub fn on(
        ground: Ground,
        settings: GatewaySettings,
        shops: Arc<Shops>,
        deployment_key: DeploymentKey,
        world: World,
    ) -> Self {
        let Ground { store, outside, guards } = ground;
        let outbox = Arc::new(notify::Outbox::default());
        let amazon = Client::new(outside.amazon(), world.clock.clone(), world.rng.clone(), retry(&settings));
        let verifier = verifier(guards, world.clock.clone(), &shops, &settings);
        let (hints, hint_work) = reconcile::hints(verifier);
        let dispatcher = notify::Dispatcher::new(
            store.clone(),
            shops.clone(),
            outbox.clone(),
            outside,
            (world.clock.clone(), world.rng.clone()),
            notify::Settings::default(),
        );
        let gateway = Gateway::new(Parts {
            store,
            amazon: Arc::new(amazon),
            notifier: outbox,
            clock: world.clock,
            rng: world.rng,
            shops,
            deployment_key,
            settings: flow::Settings {
                public_url: settings.public_url.clone(),
                amazon_total_ms: settings.amazon_total_ms.into(),
                first_look_ms: settings.reconcile_first_look_ms.into(),
                notify_wait_ms: settings.notify_wait_ms.into(),
                egress_allow: settings.egress_allow.clone(),
            },
        });
        Self {
            gateway,
            database: None,
            dispatcher,
            hints,
            hint_work: Mutex::new(Some(hint_work)),
            settings,
            console: None,
        }
    }

    /// The console, where there is a database that keeps its accounts.
    pub fn console(&self) -> Option<&Arc<Console>> {
        self.console.as_ref()
    }

    /// The accounts of the console, where there is a database.
    pub fn staff(&self) -> Option<Arc<dyn StaffBook>> {
        self.database.clone().map(|database| database as Arc<dyn StaffBook>)
    }

    /// The web server's routes.
    pub fn router(&self) -> Router {
        let limits = http::Limits {
            body_bytes_max: usize::try_from(self.settings.body_bytes_max).unwrap_or(usize::MAX),
            body_timeout_ms: self.settings.request_timeout_ms.into(),
            request_timeout_ms: self.whole_request_ms(),
            shop_requests_max: usize::try_from(self.settings.shop_requests_max).unwrap_or(usize::MAX),
            trusted_proxies: self.settings.trusted_proxies.clone(),
        };
        http::router(self.gateway.clone(), self.hints.clone(), limits, self.console.as_ref())
    }

    /// A request's work is a few waits (Amazon, its check, the shop's head start), none longer than the time-out.
    fn whole_request_ms(&self) -> u64 {
        3 * u64::from(self.settings.request_timeout_ms)
    }

    fn connections(&self) -> http::Connections {
        http::Connections {
            max: usize::try_from(self.settings.connections_max).unwrap_or(usize::MAX),
            head_ms_max: self.settings.head_timeout_ms.into(),
            // The answer that a request takes too long must still get out.
            silence_ms_max: self.whole_request_ms() + 5_000,
            grace_ms: self.settings.shutdown_grace_ms.into(),
        }
    }

    /// Starts what works without being asked: notifications, reconcile, Amazon's messages. All end after `stop`.
    pub fn start_background(&self, stop: &CancellationToken) -> Vec<JoinHandle<()>> {
        let every_ms = self.settings.reconcile_every_ms.into();
        let hint_work = self.hint_work.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut tasks = vec![
            tokio::spawn(self.dispatcher.clone().run(stop.clone())),
            tokio::spawn(reconcile::run(self.gateway.clone(), every_ms, stop.clone())),
        ];
        tasks.extend(hint_work.map(|work| tokio::spawn(work.run(self.gateway.clone(), stop.clone()))));
        tasks
    }

    /// Ends without having served.
    pub async fn close(self) {
        self.gateway.finish().await;
        if let Some(database) = self.database {
            database.close().await;
        }
    }

    /// Serves on `listener` until `stop`, then ends in order: requests, use cases, notifications, database.
    ///
    /// # Errors
    /// That of the operating system.
    pub async fn serve(self, listener: tokio::net::TcpListener, stop: CancellationToken) -> std::io::Result<()> {
        let background_stop = CancellationToken::new();
        let background = self.start_background(&background_stop);
        let served = http::serve(listener, self.router(), stop, self.connections()).await;
        self.gateway.finish().await;
        background_stop.cancel();
        for task in background {
            if let Err(error) = task.await {
                tracing::error!(%error, "a background task did not end well");
            }
        }
        // Looks that reconcile left under way.
        self.gateway.finish().await;
        if let Some(database) = self.database {
            database.close().await;
        }
        served
    }
}

/// Who speaks of the shops' accounts, and of which. Only a shop that moves no money may be at a simulated Amazon.
fn sources(shops: &Shops) -> BTreeMap<Source, BTreeSet<String>> {
    let mut sources = BTreeMap::<_, BTreeSet<_>>::new();
    for shop in shops.iter() {
        let source = match flow::source_of(&shop) {
            Source::Sandbox(_) if shop.settings.environment == Environment::Live => continue,
            source => source,
        };
        sources.entry(source).or_default().insert(shop.settings.merchant_id.clone());
    }
    sources
}

/// Judges messages of these sources alone.
fn verifier(guards: egress::Guards, clock: Arc<dyn Clock>, shops: &Shops, settings: &GatewaySettings) -> Verifier {
    let sources = sources(shops);
    let origins = sources.keys().filter_map(|source| match source {
        Source::Sandbox(origin) => Some(origin.clone()),
        Source::Amazon => None,
    });
    let accounts = sources.iter().map(|(source, accounts)| (source.clone(), accounts.len())).collect();
    Verifier::new(guards, clock, origins.collect(), Topics::new(settings.ipn_topics.clone(), accounts))
}

fn retry(settings: &GatewaySettings) -> Retry {
    Retry {
        attempt_timeout_ms: settings.amazon_attempt_timeout_ms.into(),
        total_ms_max: settings.amazon_total_ms.into(),
        ..Retry::default()
    }
}
