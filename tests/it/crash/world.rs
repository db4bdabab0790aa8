//! A sandbox and a shop that outlive the gateway, the gateway's settings and data, and a buyer with a browser.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use sekisho::amazonpay::{Consent, ReviewPageButton, Scope, generate_pem};
use sekisho::config::{FileMode, ShopsFile};
use sekisho::domain::{Millis, SystemClock, SystemRng};
use sekisho::egress;
use sekisho::flow::{Shops, Step};
use sekisho::sandbox::{self, Merchant, MerchantKey, Sandbox};
use sekisho::store::SqliteStore;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::shop::{Receiver, call};
use crate::process::Process;
use crate::support::deeds::{monthly, on_page, play_of, with_room};
use crate::trade::lives::CARD;
use crate::trade::shop::{Fields, Form, Reply, SHOP_ID, form, posted, session_in};

/// What browsers are told; the test goes to wherever the gateway of the moment listens instead.
const PUBLIC_URL: &str = "https://gateway.example";
const DATABASE: &str = "data/sekisho.db";
const REVIEW_URL: &str = "https://shop.example/review";
const BUYER: &str = "amzn1.account.SEKISHOHAKONE001";

/// Everything but the gateway.
pub(super) struct World {
    directory: TempDir,
    pub(super) sandbox: Arc<Sandbox>,
    sandbox_url: String,
    pub(super) receiver: Arc<Receiver>,
    shops: Shops,
    pub(super) http: reqwest::Client,
}

/// A gateway: one life of it.
pub(super) struct Gateway {
    pub(super) process: Process,
    pub(super) url: String,
}

impl World {
    /// Writes the shipped `shops.toml`, with the world's addresses, and keys; starts sandbox and receiver.
    pub(super) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let sandbox_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shop_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sandbox_url = format!("http://{}", sandbox_listener.local_addr().unwrap());
        let shop_url = format!("http://{}", shop_listener.local_addr().unwrap());
        write_settings(directory.path(), &sandbox_url, &shop_url);
        let shops = ShopsFile::read(&directory.path().join("shops.toml")).unwrap();
        let shops = Shops::open(shops.load_secrets(&|_| None, FileMode::OwnerOnly).unwrap()).unwrap();

        let settings = sandbox::Settings { base_url: sandbox_url.clone(), merchants: merchants(&shops) };
        let sandbox = Sandbox::new(settings, Arc::new(SystemClock), Arc::new(SystemRng)).unwrap();
        let router = sandbox::router(Arc::clone(&sandbox));
        tokio::spawn(async { axum::serve(sandbox_listener, router).await });

        let receiver = Arc::new(Receiver::new());
        let at_shop = Arc::clone(&receiver);
        let receive = async move |headers: HeaderMap, body: Bytes| {
            at_shop.receive(headers["webhook-id"].to_str().unwrap(), &body).await
        };
        let router = Router::new().route("/notify", post(receive));
        tokio::spawn(async { axum::serve(shop_listener, router).await });

        let http = egress::client(Duration::from_secs(5), Duration::from_mins(1)).unwrap();
        Self { directory, sandbox, sandbox_url, receiver, shops, http }
    }

    /// Starts a gateway on the world's database, which stops for ever at `stop_at`, and waits until it serves.
    pub(super) async fn serve(&self, stop_at: Option<Step>) -> Gateway {
        let stop_at = stop_at.map(|step| step.to_string()).unwrap_or_default();
        let mut process = self.start_serve(&[("SEKISHO_STOP_AT", stop_at.as_str())]);
        let line = process.says("sekisho serves 2 shop(s) on ").await;
        let url = line.rsplit(' ').next().unwrap().to_owned();
        Gateway { process, url }
    }

    /// Starts a gateway on the world's database, whatever becomes of it.
    pub(super) fn start_serve(&self, environment: &[(&str, &str)]) -> Process {
        // The browser waits as long as it takes for the shop to hear first, so that the order of things is certain; an
        // open operation is looked at again at once.
        let args = ["serve", "--listen", "127.0.0.1:0", "--notify-wait-ms", "10000"];
        let more = ["--reconcile-first-look-ms", "100", "--reconcile-every-ms", "100", "--public-url", PUBLIC_URL];
        Process::start(&[&args[..], &more[..]].concat(), self.directory.path(), environment)
    }

    /// What the sandbox knows.
    pub(super) async fn ledger(&self) -> Value {
        let answer = self.http.get(format!("{}/_control/ledger", self.sandbox_url)).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    /// Makes the sandbox do something wrong (`/_control/faults`).
    pub(super) async fn fault(&self, rule: &Value) {
        self.control("faults", rule).await;
    }

    /// The book. No gateway may run.
    pub(super) async fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.directory.path().join(DATABASE)).await.unwrap()
    }

    /// The buyer presses the button and chooses; answers the session's id.
    pub(super) async fn choose_at_amazon(&self) -> String {
        let shop = self.shops.iter().find(|shop| shop.settings.shop_id == SHOP_ID).unwrap();
        let payload = ReviewPageButton {
            checkout_review_return_url: REVIEW_URL.to_owned(),
            checkout_cancel_url: None,
            store_id: shop.settings.store_id.clone(),
            scopes: Scope::ALL_PASSED_ON.to_vec(),
            consent: Consent::OneTime,
            delivery_specifications: None,
            allow_overcharge: false,
        };
        let button = shop.merchant.sign_button(payload.payload().unwrap()).unwrap();
        let form = [
            ("merchantId", shop.settings.merchant_id.as_str()),
            ("publicKeyId", &button.public_key_id),
            ("ledgerCurrency", "JPY"),
            ("placement", "Cart"),
            ("payloadJSON", &button.payload),
            ("signature", &button.signature),
            ("algorithm", button.algorithm),
        ];
        let answer =
            self.http.post(format!("{}/checkout/initiate", self.sandbox_url)).form(&form).send().await.unwrap();
        let session = session_of(&answer);
        let mut ledger = self.sandbox.ledger();
        ledger.sign_in(&session, BUYER).unwrap();
        ledger.choose(&session, Some("address-1"), "card-1111").unwrap();
        session
    }

    /// A buyer who chose for an order whose amount may grow.
    pub(super) async fn chosen_with_room(&self) -> String {
        self.session(&with_room(), "chosen", CARD).await
    }

    /// A buyer who chose for a consent to monthly charges.
    pub(super) async fn chosen_for_a_consent(&self) -> String {
        self.session(&monthly(), "chosen", CARD).await
    }

    /// A buyer who paid 2,178 yen inside the shop's page.
    pub(super) async fn paid_on_the_shops_page(&self) -> String {
        self.session(&on_page("Authorize", 2178), "paid", CARD).await
    }

    /// A session whose button said `terms`, and whose buyer went so far, made without a browser.
    pub(super) async fn session(&self, terms: &Value, up_to: &str, card: &str) -> String {
        let shop = self.shops.iter().find(|shop| shop.settings.shop_id == SHOP_ID).unwrap();
        let play = play_of(&shop, terms, up_to, card);
        self.control("checkoutSessions", &play).await["checkoutSessionId"].as_str().unwrap().to_owned()
    }

    /// Moves the sandbox's clock on.
    pub(super) async fn advance(&self, ms: i64) {
        self.control("clock", &json!({"advance_ms": ms})).await;
    }

    async fn control(&self, page: &str, body: &Value) -> Value {
        let url = format!("{}/_control/{page}", self.sandbox_url);
        let answer = self.http.post(url).body(body.to_string()).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The browser goes to StartURL and from there to Amazon, where the buyer pays; answers where Amazon sends the
    /// browser back to, without the host.
    pub(super) async fn start_and_pay(&self, gateway: &Gateway, ticket: &Fields) -> String {
        assert_eq!(ticket["StartURL"], format!("{PUBLIC_URL}/payment/AmazonpayStart.idPass"));
        let form = [("AccessID", &ticket["AccessID"]), ("Token", &ticket["Token"])];
        let url = format!("{}/payment/AmazonpayStart.idPass", gateway.url);
        let answer = self.http.post(url).form(&form).send().await.unwrap();
        let session = session_of(&answer);
        let mut ledger = self.sandbox.ledger();
        ledger.enter_processing(&session).unwrap();
        let back = ledger.pay(&session).unwrap();
        back.strip_prefix(PUBLIC_URL).expect("Amazon sends the browser back to the gateway").to_owned()
    }

    /// A shop's call.
    pub(super) async fn call(&self, gateway: &Gateway, name: &str, fields: &Form) -> Reply {
        call(&self.http, &gateway.url, name, fields).await
    }

    /// What SearchTradeMulti says of an order.
    pub(super) async fn search(&self, gateway: &Gateway, order: &str) -> Fields {
        self.call(gateway, "SearchTradeMulti", &form([("OrderID", order), ("PayType", "38")])).await.fields()
    }

    /// The book as rows, for who reads along or changes what only time changes.
    pub(super) async fn rows(&self) -> SqliteConnection {
        let file = self.directory.path().join(DATABASE);
        SqliteConnectOptions::new().filename(file).busy_timeout(Duration::from_secs(20)).connect().await.unwrap()
    }

    /// Lets a refund under way be looked at now: a process has the clock of this machine, which nobody moves. No gateway
    /// may run.
    pub(super) async fn make_refund_due(&self, access_id: &str) {
        let mut book = self.rows().await;
        let due = sqlx::query("UPDATE transactions SET look_at = 0 WHERE access_id = ? AND refund_id IS NOT NULL");
        assert_eq!(due.bind(access_id).execute(&mut book).await.unwrap().rows_affected(), 1, "no refund is under way");
        book.close().await.unwrap();
    }

    /// Ends a gateway as an operator does.
    pub(super) async fn stop(&self, gateway: Gateway) {
        gateway.process.signal("TERM");
        let ended = gateway.process.end().await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }

    /// The same; checks that nothing is left open and nobody is owed anything.
    pub(super) async fn end(&self, gateway: Gateway) -> SqliteStore {
        use sekisho::store::Store as _;
        self.stop(gateway).await;
        let store = self.store().await;
        let open = store.intents_to_look_at(Millis(i64::MAX), 10).await.unwrap();
        assert!(open.is_empty(), "left open: {open:?}");
        assert_eq!(store.next_notification_at().await.unwrap(), None, "a notification is still owed");
        store
    }
}

/// The page that the gateway shows a browser which comes back: what it will post to the shop.
pub(super) async fn come_back(http: &reqwest::Client, gateway_url: &str, path: &str) -> Option<Fields> {
    let answer = http.get(format!("{gateway_url}{path}")).send().await.ok()?;
    assert_eq!(answer.status(), 200, "the browser came back");
    Some(posted(&answer.text().await.ok()?).expect("a form for the shop"))
}

fn session_of(answer: &reqwest::Response) -> String {
    let location = answer.headers()["location"].to_str().unwrap();
    session_in(location).unwrap_or_else(|| panic!("no session in {location}"))
}

fn write_settings(directory: &Path, sandbox_url: &str, shop_url: &str) {
    // Made once: what differs between two worlds is not their keys.
    static PEM: OnceLock<String> = OnceLock::new();
    let shops = include_str!("../../../shops.toml")
        .replace("http://127.0.0.1:8081", sandbox_url)
        .replace("http://127.0.0.1:8082/tshop00000001/notify", &format!("{shop_url}/notify"));
    std::fs::write(directory.join("shops.toml"), shops).unwrap();
    std::fs::create_dir(directory.join("keys")).unwrap();
    let pem = PEM.get_or_init(|| {
        use secrecy::ExposeSecret as _;
        generate_pem().unwrap().private_pem.expose_secret().to_owned()
    });
    for (name, secret) in
        [("tshop00000001.pem", pem), ("tshop00000002.pem", pem), ("deployment.key", &"0123456789abcdef".repeat(4))]
    {
        write_secret(&directory.join("keys").join(name), secret);
    }
}

fn write_secret(file: &Path, secret: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(file, secret).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
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
