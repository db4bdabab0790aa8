//! A whole gateway and a whole sandbox in one process, both called without a socket: only the gateway's own calls, to
//! Amazon and to the shop, go over this machine's loopback. The database is a real file, in memory where that can be.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Request, Response, StatusCode};
use secrecy::ExposeSecret as _;
use sekisho::amazonpay::{GeneratedKey, generate_pem};
use sekisho::cli::{Assembled, World};
use sekisho::config::{DeploymentKey, FileMode, GatewayOverrides, GatewaySettings, ShopSettings, ShopsFile};
use sekisho::domain::{Clock as _, ManualClock, Millis, SeededRng};
use sekisho::flow::{Gateway, Shops};
use sekisho::sandbox::ledger::{Currency, ProductType};
use sekisho::sandbox::wire::session_request;
use sekisho::sandbox::{self, Merchant, MerchantKey, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// Where the clock starts: 2026-11-23 03:10:00.123 in Japan.
pub const START: Millis = Millis(1_795_371_000_123);
/// Where browsers would reach the gateway.
pub const GATEWAY_URL: &str = "https://gateway.example";

const SHOPS_TOML: &str = include_str!("../../shops.toml");
/// No answer of either server is longer.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One key pair for each shop of `shops.toml`, made once: making them takes a while.
static KEYS: LazyLock<[GeneratedKey; 2]> =
    LazyLock::new(|| [(); 2].map(|()| generate_pem().expect("RSA keys can be made")));

/// What may be changed before the gateway is built.
pub struct Plan {
    /// The gateway's settings.
    pub settings: GatewaySettings,
    /// The shops of `shops.toml`.
    pub shops: Vec<ShopSettings>,
}

/// Everybody under one roof. Whoever made it must keep its runtime running while it is used; when it goes, everything
/// that works in the background is told to stop.
pub struct Indoors {
    /// Moves gateway and sandbox alike.
    pub clock: Arc<ManualClock>,
    /// The use cases.
    pub gateway: Arc<Gateway>,
    /// Amazon, whose books can be read and whose buyers can be played.
    pub sandbox: Arc<Sandbox>,
    /// What shops' notification servers have received, and what they answer.
    pub receiver: Receiver,
    gateway_router: Router,
    sandbox_router: Router,
    stop: CancellationToken,
    _data: TempDir,
}

/// Everybody's notification server.
#[derive(Clone, Default)]
pub struct Receiver(Arc<Mutex<Post>>);

struct Post {
    received: Vec<String>,
    answer: (u16, Vec<u8>),
}

impl Default for Post {
    fn default() -> Self {
        Self { received: Vec::new(), answer: (200, b"0".to_vec()) }
    }
}

impl Receiver {
    /// From now on it answers this.
    pub fn answers(&self, status: u16, body: &[u8]) {
        self.lock().answer = (status, body.to_vec());
    }

    /// The bodies that have arrived and were not taken before, in order.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().received)
    }

    /// The bodies that have arrived and were not taken.
    pub fn received(&self) -> Vec<String> {
        self.lock().received.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Post> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn receive(State(receiver): State<Receiver>, body: Bytes) -> Response<Body> {
    let mut post = receiver.lock();
    post.received.push(String::from_utf8_lossy(&body).into_owned());
    let (status, text) = post.answer.clone();
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}

impl Indoors {
    /// The shipped shops with the shipped settings, after `change`. Reconcile runs only when somebody says so.
    pub async fn new(change: impl FnOnce(&mut Plan)) -> Self {
        let data = tempfile::tempdir_in(in_memory()).expect("a directory");
        let stop = CancellationToken::new();
        let receiver = Receiver::default();
        let receiver_url = serve(Router::new().fallback(receive).with_state(receiver.clone()), &stop).await;
        // The sandbox has to know its address before it is there.
        let listener = listen().await;
        let sandbox_url = format!("http://{}", listener.local_addr().expect("an address"));
        let mut plan = Plan { settings: settings(data.path()), shops: shops(data.path(), &sandbox_url, &receiver_url) };
        change(&mut plan);

        let clock = Arc::new(ManualClock::at(START));
        let world = World::new(clock.clone(), Arc::new(SeededRng::new(1)));
        let key = DeploymentKey::new("test", (0..32).collect()).expect("a key");
        let assembled = Assembled::new(plan.settings, plan.shops, key, world).await.expect("a gateway");
        let gateway = assembled.gateway.clone();
        let settings = sandbox::Settings { base_url: sandbox_url, merchants: merchants(gateway.shops()) };
        let sandbox = Sandbox::new(settings, clock.clone(), Arc::new(SeededRng::new(2))).expect("a sandbox");
        let sandbox_router = sandbox::router(sandbox.clone());
        serve_on(listener, sandbox_router.clone(), &stop);
        let gateway_router = assembled.router();
        drop(assembled.start_background(&stop));
        Self { clock, gateway, sandbox, receiver, gateway_router, sandbox_router, stop, _data: data }
    }

    /// The gateway's answer, read to the end.
    pub async fn gateway(&self, request: Request<Body>) -> Response<Bytes> {
        answered(&self.gateway_router, request).await
    }

    /// The sandbox's answer, read to the end.
    pub async fn sandbox(&self, request: Request<Body>) -> Response<Bytes> {
        answered(&self.sandbox_router, request).await
    }

    /// A checkout session of the first or second shop whose buyer has chosen that card; `payload` is what the shop's
    /// button says, but for the store.
    ///
    /// # Errors
    /// The sandbox's words.
    pub fn session(&self, shop: usize, mut payload: Value, card: &str) -> Result<String, String> {
        let shop = self.gateway.shops().iter().nth(shop).expect("there are two");
        payload["storeId"] = json!(shop.settings.store_id);
        payload["scopes"] = json!(["name", "email", "phoneNumber", "billingAddress", "shippingAddress"]);
        let request =
            session_request::of_button(payload.to_string().as_bytes(), ProductType::PayAndShip, Currency::JPY);
        let request = request.map_err(|error| error.to_string())?;
        let mut ledger = self.sandbox.ledger();
        let session = ledger.create_session(&shop.settings.merchant_id, request).map_err(|error| error.to_string())?;
        drop(ledger);
        self.buyer_chooses(&session.id, card)?;
        Ok(session.id)
    }

    /// The first of the sandbox's buyers signs in to a session and chooses that card.
    ///
    /// # Errors
    /// The sandbox's words.
    pub fn buyer_chooses(&self, session: &str, card: &str) -> Result<(), String> {
        let mut ledger = self.sandbox.ledger();
        let buyer = ledger.buyers().all()[0].id.clone();
        ledger.sign_in(session, &buyer).map_err(|error| error.to_string())?;
        ledger.choose(session, Some("address-1"), card).map_err(|error| error.to_string())?;
        Ok(())
    }

    /// The time on everybody's clock.
    pub fn now(&self) -> Millis {
        self.clock.now()
    }
}

impl Drop for Indoors {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn answered(router: &Router, request: Request<Body>) -> Response<Bytes> {
    let response = router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
    let (head, body) = response.into_parts();
    let body = axum::body::to_bytes(body, ANSWER_BYTES_MAX).await.expect("a whole body");
    Response::from_parts(head, body)
}

/// A place for files that need not outlive this process.
fn in_memory() -> PathBuf {
    let shared_memory = PathBuf::from("/dev/shm");
    if shared_memory.is_dir() { shared_memory } else { std::env::temp_dir() }
}

async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port")
}

async fn serve(router: Router, stop: &CancellationToken) -> String {
    let listener = listen().await;
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    serve_on(listener, router, stop);
    url
}

fn serve_on(listener: TcpListener, router: Router, stop: &CancellationToken) {
    let stop = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            served = async { axum::serve(listener, router).await } => served.expect("serving goes on"),
        }
    });
}

fn settings(data: &Path) -> GatewaySettings {
    let defaults = GatewaySettings::resolve(&GatewayOverrides::default(), "", Path::new("sekisho.toml"));
    let mut settings = defaults.expect("defaults are right");
    GATEWAY_URL.clone_into(&mut settings.public_url);
    settings.database = data.join("sekisho.db");
    settings.reconcile_every_ms = 3_600_000;
    settings
}

fn shops(data: &Path, sandbox_url: &str, receiver_url: &str) -> Vec<ShopSettings> {
    let mut file = ShopsFile::parse(SHOPS_TOML, Path::new("shops.toml")).expect("the example is right");
    for (shop, key) in file.shops.iter_mut().zip(KEYS.iter()) {
        sandbox_url.clone_into(&mut shop.amazon_endpoint);
        shop.notify_url = Some(format!("{receiver_url}/{}", shop.shop_id));
        let pem = data.join(format!("{}.pem", shop.shop_id));
        std::fs::write(pem, key.private_pem.expose_secret()).expect("a file can be written");
        shop.take_key_from(data);
    }
    file.load_secrets(&|_| None, FileMode::Any).expect("the example's secrets are right")
}

fn merchants(shops: &Shops) -> Vec<Merchant> {
    shops
        .iter()
        .map(|shop| Merchant {
            merchant_id: shop.settings.merchant_id.clone(),
            name: shop.settings.store_name.clone(),
            store_ids: vec![shop.settings.store_id.clone()],
            ledger_currency: Currency::JPY,
            ipn_url: None,
            keys: vec![MerchantKey {
                public_key_id: shop.settings.public_key_id.clone(),
                public_key_pem: shop.merchant.key().public_pem().expect("a key has a public half"),
            }],
        })
        .collect()
}
