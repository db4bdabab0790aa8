//! Everybody on one thread: gateway, Amazon, shop and buyers, and nothing real between them.

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use secrecy::ExposeSecret as _;
use sekisho::amazonpay::generate_pem;
use sekisho::cli::{self, Assembled, Ground};
use sekisho::config::{DeploymentKey, FileMode, GatewayOverrides, GatewaySettings, ShopsFile};
use sekisho::domain::{Rng, SeededRng};
use sekisho::egress::{Guards, Outside, SystemNames};
use sekisho::flow::Shops;
use sekisho::reconcile;
use sekisho::sandbox::{self, Merchant, MerchantKey, Sandbox};
use sekisho::store::MemoryStore;
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::clock::SimClock;
use super::life::{Door, Life};
use super::network::{AMAZON, NOTIFY_URL, Net, Receiver, Roads};
use super::shelf::Shelf;
use super::trace::Trace;
use super::weather::{Chance, Mishap, Weather};
use crate::support::deeds::play_of;
use crate::trade::shop::SHOP_ID;

/// Where browsers are told that the gateway is.
pub(super) const PUBLIC_URL: &str = "https://gateway.example";
const BYTES_MAX: usize = 1024 * 1024;
/// A shop's server is asked again so often, a minute apart: longer than any day.
const NOTIFY_ATTEMPTS: usize = 120;

/// What no two days need to make anew: keys above all, which take long. One kind of shop lets authorisations take their
/// time, the other does not.
struct Made {
    shops: [Arc<Shops>; 2],
    settings: GatewaySettings,
    guards: Guards,
}

static MADE: LazyLock<Made> = LazyLock::new(|| {
    let guards =
        Guards::new(&[], &(Arc::new(SystemNames) as _), Duration::from_secs(1), Duration::from_secs(1)).unwrap();
    let defaults = GatewaySettings::resolve(&GatewayOverrides::default(), "", Path::new("sekisho.toml"));
    let mut settings = defaults.unwrap();
    PUBLIC_URL.clone_into(&mut settings.public_url);
    let data = tempfile::tempdir().unwrap();
    let pem = generate_pem().unwrap();
    let shops =
        [false, true].map(|pending| Arc::new(Shops::open(shops(data.path(), &pem.private_pem, pending)).unwrap()));
    Made { shops, settings, guards }
});

fn shops(data: &Path, pem: &secrecy::SecretString, pending: bool) -> Vec<sekisho::config::ShopSettings> {
    let mut file = ShopsFile::parse(include_str!("../../../shops.toml"), Path::new("shops.toml")).unwrap();
    file.shops.retain(|shop| shop.shop_id == SHOP_ID);
    for shop in &mut file.shops {
        AMAZON.clone_into(&mut shop.amazon_endpoint);
        shop.notify_url = Some(NOTIFY_URL.to_owned());
        shop.notify_retry_minutes = vec![1; NOTIFY_ATTEMPTS];
        shop.pending_authorization = pending;
        std::fs::write(data.join(format!("{}.pem", shop.shop_id)), pem.expose_secret()).unwrap();
        shop.take_key_from(data);
    }
    file.load_secrets(&|_| None, FileMode::Any).unwrap()
}

/// One day.
pub(super) struct World {
    pub(super) weather: Arc<Weather>,
    pub(super) trace: Arc<Trace>,
    pub(super) book: Arc<MemoryStore>,
    pub(super) roads: Arc<Roads>,
    pub(super) sandbox: Arc<Sandbox>,
    /// The gateway's clock.
    pub(super) clock: Arc<SimClock>,
    /// Whether the shop lets authorisations take their time.
    pub(super) pending: bool,
    seed: u64,
    rng: Arc<dyn Rng>,
    shops: Arc<Shops>,
    door: watch::Sender<Option<Door>>,
}

impl World {
    pub(super) fn new(seed: u64, weather: Weather) -> Arc<Self> {
        let pending = Chance::new(seed, 2).below(3) == 0;
        let shops = MADE.shops[usize::from(pending)].clone();
        let (weather, trace) = (Arc::new(weather), Arc::new(Trace::new()));
        let settings = sandbox::Settings { base_url: AMAZON.to_owned(), merchants: merchants(&shops) };
        let sandbox = Sandbox::new(settings, SimClock::new(), Arc::new(SeededRng::new(!seed))).unwrap();
        let roads = Roads {
            amazon: sandbox::router(sandbox.clone()),
            shop: Arc::new(Receiver::default()),
            weather: weather.clone(),
            trace: trace.clone(),
        };
        Arc::new(Self {
            weather,
            trace,
            book: Arc::default(),
            roads: Arc::new(roads),
            sandbox,
            clock: SimClock::new(),
            pending,
            seed,
            rng: Arc::new(SeededRng::new(seed)),
            shops,
            door: watch::Sender::new(None),
        })
    }

    /// Keeps a gateway running, as whoever looks after a server does: whenever it dies, another is started.
    pub(super) async fn keep_a_gateway_running(self: Arc<Self>) {
        let chance = Chance::new(self.seed, 3);
        loop {
            let life = Life::begin(&self.weather, &self.trace);
            let assembled = self.assemble(&life);
            match life.unless_it_dies(reconcile::adopt(&assembled.gateway)).await {
                Some(Ok(())) => {
                    self.trace.say("a gateway serves");
                    let stop = CancellationToken::new();
                    drop(assembled.start_background(&stop));
                    self.door.send_replace(Some(Door { router: assembled.router(), life: life.clone() }));
                    life.end().await;
                    self.door.send_replace(None);
                    stop.cancel();
                }
                Some(Err(error)) => self.trace.say(format_args!("the gateway does not start: {error}")),
                None => {}
            }
            tokio::time::sleep(chance.ms(50, 4_000)).await;
        }
    }

    fn assemble(&self, life: &Life) -> Assembled {
        let (book, weather, trace) = (self.book.clone(), self.weather.clone(), self.trace.clone());
        let net = Net { roads: self.roads.clone(), life: life.clone() };
        let ground = Ground {
            store: Arc::new(Shelf { book, life: life.clone(), weather, trace }),
            outside: Outside::by(Arc::new(net)),
            guards: MADE.guards.clone(),
        };
        let key = DeploymentKey::new("test", (0..32).collect()).unwrap();
        let world = cli::World::new(self.clock.clone(), self.rng.clone());
        Assembled::on(ground, MADE.settings.clone(), self.shops.clone(), key, world)
    }

    /// A call from outside to the gateway of the moment; nothing where no answer came.
    pub(super) async fn call(&self, request: Request<Body>) -> Option<(Response<()>, String)> {
        let mishap = self.weather.mishap();
        if let Some(mishap) = mishap {
            self.trace.say(format_args!("{} {}: {mishap:?}", request.method(), request.uri()));
        }
        tokio::time::sleep(self.weather.latency()).await;
        if mishap == Some(Mishap::Lost) {
            return None;
        }
        let door = self.door.borrow().clone()?;
        let answering = door.life.unless_it_dies(answer(&door.router, request));
        let answered = match mishap {
            Some(Mishap::HangsUp(after)) => tokio::time::timeout(after, answering).await.ok()??,
            _ => answering.await?,
        };
        (mishap != Some(Mishap::AnswerLost)).then_some(answered)
    }

    /// A buyer who went so far with a session whose button said `terms`. Buyers reach Amazon in any weather.
    pub(super) async fn buyer(&self, terms: &Value, up_to: &str, card: &str) -> String {
        let play = play_of(&self.shops.iter().next().unwrap(), terms, up_to, card);
        let request = Request::post(format!("{AMAZON}/_control/checkoutSessions")).body(Body::from(play.to_string()));
        let (head, text) = answer(&self.roads.amazon, request.unwrap()).await;
        assert!(head.status().is_success(), "{text}");
        let session: Value = serde_json::from_str(&text).unwrap();
        session["checkoutSessionId"].as_str().unwrap().to_owned()
    }

    /// What Amazon knows.
    pub(super) async fn ledger(&self) -> Value {
        let request = Request::get(format!("{AMAZON}/_control/ledger")).body(Body::empty()).unwrap();
        serde_json::from_str(&answer(&self.roads.amazon, request).await.1).unwrap()
    }
}

async fn answer(router: &Router, request: Request<Body>) -> (Response<()>, String) {
    let answer = router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
    let (head, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, BYTES_MAX).await.unwrap();
    // Pages are in Shift_JIS; what is read of them is ASCII.
    (Response::from_parts(head, ()), String::from_utf8_lossy(&body).into_owned())
}

fn merchants(shops: &Shops) -> Vec<Merchant> {
    let merchant = |shop: Arc<sekisho::flow::Shop>| Merchant {
        merchant_id: shop.settings.merchant_id.clone(),
        name: shop.settings.store_name.clone(),
        store_ids: vec![shop.settings.store_id.clone()],
        keys: vec![MerchantKey {
            public_key_id: shop.settings.public_key_id.clone(),
            public_key_pem: shop.merchant.key().public_pem().unwrap(),
        }],
        ..Merchant::default()
    };
    shops.iter().map(merchant).collect()
}
