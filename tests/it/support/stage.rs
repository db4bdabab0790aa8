//! Gateway, sandbox and receiver, joined as the demo joins them, on a clock that stands still.

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use secrecy::ExposeSecret as _;
use sekisho::amazonpay::{Consent, GeneratedKey, ReviewPageButton, Scope, generate_pem};
use sekisho::cli::{Assembled, World};
use sekisho::config::{DeploymentKey, FileMode, GatewayOverrides, GatewaySettings, ShopSettings, ShopsFile};
use sekisho::console::Console;
use sekisho::domain::{AccessId, Clock as _, ManualClock, Millis, SeededRng, Transaction};
use sekisho::flow::{Gateway, Shop, Shops};
use sekisho::reconcile::Round;
use sekisho::sandbox::{self, Merchant, MerchantKey, Sandbox};
use sekisho::store::{NotificationRecord, StaffBook};
use sekisho::{egress, http, reconcile};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Browser, Receiver, ShopClient};

/// Where every clock starts: 2026-11-23 03:10:00.123 in Japan.
pub(crate) const START: Millis = Millis(1_795_371_000_123);

const SHOPS_TOML: &str = include_str!("../../../shops.toml");

/// One key pair for each shop of `shops.toml`, made once: making them takes a while.
static KEYS: LazyLock<[GeneratedKey; 2]> =
    LazyLock::new(|| [(); 2].map(|()| generate_pem().expect("RSA keys can be made")));

/// What a test may change before the gateway is built.
pub(crate) struct Plan {
    pub(crate) settings: GatewaySettings,
    pub(crate) shops: Vec<ShopSettings>,
    pub(crate) deployment_key: Vec<u8>,
}

impl Plan {
    /// A gateway that does not try Amazon for long, so that a test of silence need not wait for it; but longer than a busy
    /// machine takes over an answer.
    pub(crate) fn gives_up_soon(&mut self) {
        self.settings.amazon_attempt_timeout_ms = 1_500;
        self.settings.amazon_total_ms = 1_500;
    }
}

/// Everybody, ready.
pub(crate) struct Stage {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) gateway_url: String,
    pub(crate) receiver: Receiver,
    pub(crate) browser: Browser,
    pub(crate) http: reqwest::Client,
    /// The console, and its accounts.
    pub(crate) console: Arc<Console>,
    pub(crate) staff: Arc<dyn StaffBook>,
    shops: Vec<ShopClient>,
    _data: TempDir,
}

impl Stage {
    /// The shipped shops with the shipped settings, except that nothing happens by the clock of this machine:
    /// reconcile runs when the test says so.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same, after `change`.
    pub(crate) async fn with(change: impl FnOnce(&mut Plan)) -> Self {
        let gateway_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sandbox_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway_url = format!("http://{}", gateway_listener.local_addr().unwrap());
        let sandbox_url = format!("http://{}", sandbox_listener.local_addr().unwrap());
        let data = tempfile::tempdir().unwrap();
        let receiver = Receiver::start().await;
        let mut plan = Plan {
            settings: settings(data.path(), &gateway_url),
            shops: shops(data.path(), &sandbox_url, &receiver.url),
            deployment_key: (0..32).collect(),
        };
        change(&mut plan);

        let clock = Arc::new(ManualClock::at(START));
        let world = World::new(clock.clone(), Arc::new(SeededRng::new(1)));
        let key = DeploymentKey::new("test", plan.deployment_key).unwrap();
        let assembled = Assembled::new(plan.settings, plan.shops, key, world).await.unwrap();
        let gateway = assembled.gateway.clone();
        let (console, staff) = (assembled.console().cloned().unwrap(), assembled.staff().unwrap());
        let settings = sandbox::Settings { base_url: sandbox_url.clone(), merchants: merchants(gateway.shops()) };
        // A random source of its own: what Amazon draws must not change what the gateway draws.
        let sandbox = Sandbox::new(settings, clock.clone(), Arc::new(SeededRng::new(2))).unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(sandbox::ipn::run(Arc::clone(&sandbox), stop.clone()));
        tokio::spawn(http::serve(
            sandbox_listener,
            sandbox::router(sandbox),
            stop.clone(),
            http::Connections { grace_ms: 0, ..http::Connections::LOCAL },
        ));
        tokio::spawn(assembled.serve(gateway_listener, stop));

        let client = egress::client(Duration::from_secs(5), Duration::from_mins(1)).unwrap();
        let shops = gateway.shops().iter().map(|shop| shop_client(&shop, &gateway_url, &client)).collect();
        let browser = Browser { http: client.clone(), sandbox_url };
        Self { clock, gateway, gateway_url, receiver, browser, http: client, console, staff, shops, _data: data }
    }

    /// The first demo shop, which reads requests as `auto`.
    pub(crate) fn shop(&self) -> &ShopClient {
        &self.shops[0]
    }

    /// The second.
    pub(crate) fn other_shop(&self) -> &ShopClient {
        &self.shops[1]
    }

    /// Everything the sandbox knows.
    pub(crate) async fn ledger(&self) -> Value {
        serde_json::from_slice(&self.browser.get(&self.control_url("ledger")).await.bytes).unwrap()
    }

    /// The requests of one operation that reached Amazon.
    pub(crate) async fn amazon_saw(&self, operation: &str) -> Vec<Value> {
        let ledger = self.ledger().await;
        let requests = ledger["requests"].as_array().unwrap();
        requests.iter().filter(|one| one["operation"] == operation).cloned().collect()
    }

    /// The movements of money of one kind: `reserved`, `authorized`, `captured` and so on.
    pub(crate) async fn moved(&self, kind: &str) -> Vec<i64> {
        let ledger = self.ledger().await;
        let movements = ledger["movements"].as_array().unwrap();
        movements.iter().filter(|one| one["kind"] == kind).map(|one| one["amount"].as_i64().unwrap()).collect()
    }

    /// Breaks an operation: the sandbox's own words for faults, for the next `times` requests.
    pub(crate) async fn fault(&self, operation: &str, times: u32, what: Value) {
        let mut rule = json!({"operation": operation, "times": times});
        rule.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        self.control("faults", &rule).await;
    }

    /// Mends everything.
    pub(crate) async fn mend(&self) {
        let answer = self.http.delete(self.control_url("faults")).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
    }

    /// One round of reconcile.
    pub(crate) async fn reconcile(&self) -> Round {
        reconcile::round(&self.gateway).await.unwrap()
    }

    /// The transaction as it stands in the book.
    pub(crate) async fn transaction(&self, access_id: &str) -> Transaction {
        let access_id = AccessId::new(access_id).unwrap();
        self.gateway.store().transaction(&access_id).await.unwrap().unwrap()
    }

    /// The notifications about a transaction.
    pub(crate) async fn notifications(&self, access_id: &str) -> Vec<NotificationRecord> {
        self.gateway.store().notifications_of(&AccessId::new(access_id).unwrap()).await.unwrap()
    }

    /// Whether an effect at Amazon is still without an outcome.
    pub(crate) async fn has_open_intent(&self, access_id: &str) -> bool {
        self.gateway.store().open_intent(&AccessId::new(access_id).unwrap()).await.unwrap().is_some()
    }

    /// The time on the clock of gateway and sandbox.
    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Posts to the sandbox's control API; answers what it says.
    pub(crate) async fn control_post(&self, page: &str, body: Value) -> Value {
        let answer = self.http.post(self.control_url(page)).body(body.to_string()).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{page}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// A page of the sandbox's control API.
    pub(crate) async fn control_get(&self, page: &str) -> Value {
        serde_json::from_slice(&self.browser.get(&self.control_url(page)).await.bytes).unwrap()
    }

    pub(super) fn control_url(&self, page: &str) -> String {
        format!("{}/_control/{page}", self.browser.sandbox_url)
    }
}

fn settings(data: &Path, gateway_url: &str) -> GatewaySettings {
    let mut settings = GatewaySettings::resolve(&GatewayOverrides::default(), "", Path::new("sekisho.toml")).unwrap();
    gateway_url.clone_into(&mut settings.public_url);
    settings.database = data.join("sekisho.db");
    settings.reconcile_every_ms = 3_600_000;
    settings
}

fn shops(data: &Path, sandbox_url: &str, receiver_url: &str) -> Vec<ShopSettings> {
    let mut file = ShopsFile::parse(SHOPS_TOML, Path::new("shops.toml")).unwrap();
    for (shop, key) in file.shops.iter_mut().zip(KEYS.iter()) {
        sandbox_url.clone_into(&mut shop.amazon_endpoint);
        shop.notify_url = Some(format!("{receiver_url}/{}", shop.shop_id));
        std::fs::write(data.join(format!("{}.pem", shop.shop_id)), key.private_pem.expose_secret()).unwrap();
        shop.take_key_from(data);
    }
    file.load_secrets(&|_| None, FileMode::Any).unwrap()
}

fn merchants(shops: &Shops) -> Vec<Merchant> {
    let merchant = |shop: Arc<Shop>| Merchant {
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

fn shop_client(shop: &Shop, gateway_url: &str, http: &reqwest::Client) -> ShopClient {
    let payload = ReviewPageButton {
        checkout_review_return_url: "https://shop.example/review".to_owned(),
        checkout_cancel_url: Some("https://shop.example/cart".to_owned()),
        store_id: shop.settings.store_id.clone(),
        scopes: Scope::ALL_PASSED_ON.to_vec(),
        consent: Consent::OneTime,
        delivery_specifications: None,
        allow_overcharge: false,
    };
    ShopClient {
        http: http.clone(),
        gateway_url: gateway_url.to_owned(),
        shop_id: shop.settings.shop_id.clone(),
        shop_pass: shop.settings.shop_pass.expose().to_owned(),
        merchant_id: shop.settings.merchant_id.clone(),
        button: shop.merchant.sign_button(payload.payload().unwrap()).unwrap(),
    }
}
