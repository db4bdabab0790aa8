//! An outbox, its sender and the servers of many shops, without anything else: no Amazon, no browser, a clock that only the
//! test moves. What a shop's server does with a notification is decided by its number and nothing else, so that a run can
//! be repeated.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use secrecy::ExposeSecret as _;
use sekisho::amazonpay::generate_pem;
use sekisho::config::{FileMode, ShopSettings, ShopsFile};
use sekisho::domain::{
    AccessId, AmazonpayType, Clock as _, JobCd, ManualClock, Millis, Money, Notification, OrderId, SeededRng, ShopId,
    State as Tx, Transaction, Yen,
};
use sekisho::flow::Shops;
use sekisho::notify::{Dispatcher, Outbox, Settings};
use sekisho::store::{Change, SqliteStore, Store as _};
use sekisho::{egress, flow};
use tokio_util::sync::CancellationToken;

/// Where the clock starts.
const START: Millis = Millis(1_795_371_000_123);
/// The longest a claim is held without the sender's word (`notify::dispatch`).
const LEASE_MS_MAX: i64 = 75_000;

/// How a shop's server treats notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Takes them.
    Takes,
    /// Refuses so many of a hundred visits.
    Refuses(u32),
    /// Never answers.
    Hangs,
    /// Begins to answer, and goes on for ever.
    Trickles,
}

/// What one notification came to at the shop.
#[derive(Debug, Clone, Default)]
pub(super) struct Visits {
    pub(super) body: String,
    /// How often it came.
    pub(super) came: u32,
    /// How often it was taken.
    pub(super) taken: u32,
    /// Whether it ever came with another body.
    pub(super) changed: bool,
    /// When it was first taken.
    pub(super) first_taken: Option<Instant>,
}

#[derive(Default)]
struct Servers {
    manners: HashMap<String, Manner>,
    visits: BTreeMap<String, Visits>,
    count: u32,
}

/// The whole of it.
pub(super) struct Post {
    pub(super) clock: Arc<ManualClock>,
    pub(super) store: Arc<SqliteStore>,
    pub(super) shops: Vec<ShopId>,
    outbox: Arc<Outbox>,
    servers: Arc<Mutex<Servers>>,
    url: String,
    stop: CancellationToken,
    _data: tempfile::TempDir,
}

pub(crate) fn shop_id(number: usize) -> ShopId {
    ShopId::new(format!("tshop{number:08}")).unwrap()
}

/// The first shipped shop, so many times, each with an id and an address of its own.
fn shops(data: &Path, url: &str, count: usize, change: impl Fn(&mut ShopSettings)) -> Vec<ShopSettings> {
    let mut file = ShopsFile::parse(include_str!("../../../shops.toml"), Path::new("shops.toml")).unwrap();
    file.shops.truncate(1);
    let pem = generate_pem().unwrap().private_pem;
    std::fs::write(data.join(format!("{}.pem", file.shops[0].shop_id)), pem.expose_secret()).unwrap();
    file.shops[0].take_key_from(data);
    let first = file.load_secrets(&|_| None, FileMode::Any).unwrap().remove(0);
    let shop = |number| {
        let mut shop = first.clone();
        shop.shop_id = shop_id(number).to_string();
        shop.notify_url = Some(format!("{url}/{}", shop.shop_id));
        change(&mut shop);
        shop
    };
    (0..count).map(shop).collect()
}

impl Post {
    /// `count` shops whose servers take everything.
    pub(super) async fn new(count: usize, settings: Settings, change: impl Fn(&mut ShopSettings)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let servers = Arc::<Mutex<Servers>>::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(receive).with_state(servers.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });

        let served = shops(data.path(), &url, count, change);
        let store = Arc::new(SqliteStore::open(&data.path().join("sekisho.db")).await.unwrap());
        let (clock, outbox) = (Arc::new(ManualClock::at(START)), Arc::<Outbox>::default());
        let names: Arc<dyn egress::Names> = Arc::new(egress::SystemNames);
        let (connect, total) = (Duration::from_secs(4), Duration::from_mins(1));
        let guards = egress::Guards::new(&[], &names, connect, total).unwrap();
        let outside = egress::Outside::new(egress::client(connect, total).unwrap(), &guards);
        let dispatcher = Dispatcher::new(
            store.clone(),
            Arc::new(Shops::open(served).unwrap()),
            outbox.clone(),
            outside,
            (clock.clone(), Arc::new(SeededRng::new(5))),
            settings,
        );
        let stop = CancellationToken::new();
        tokio::spawn(dispatcher.run(stop.clone()));
        let shops = (0..count).map(shop_id).collect();
        Self { clock, store, shops, outbox, servers, url, stop, _data: data }
    }

    pub(super) fn set(&self, shop: &ShopId, manner: Manner) {
        self.servers.lock().unwrap().manners.insert(shop.to_string(), manner);
    }

    /// Writes a transaction whose shop is owed a notification, as a payment does.
    pub(super) async fn owe(&self, shop: &ShopId, number: usize) -> Notification {
        let (change, owed) = owing(shop, number, self.clock.now(), &self.url);
        self.store.apply(change).await.unwrap();
        flow::Notifier::wake(&*self.outbox);
        owed
    }

    /// What has come to the shops, by notification.
    pub(super) fn visits(&self) -> BTreeMap<String, Visits> {
        self.servers.lock().unwrap().visits.clone()
    }

    /// When this one was first taken, if it was.
    pub(super) fn first_taken(&self, id: &str) -> Option<Instant> {
        self.servers.lock().unwrap().visits.get(id)?.first_taken
    }

    /// Lets time pass until nobody is owed anything any more: whatever is due is sent, then the clock moves to what is due
    /// next.
    pub(super) async fn until_quiet(&self) {
        while let Some(next) = self.store.next_notification_at().await.unwrap() {
            let wait = next.since(self.clock.now());
            // Up to the length of a lease, somebody may be at it.
            if wait > LEASE_MS_MAX {
                // A little further than needed: what was spread by chance comes due together.
                self.clock.advance(wait + 60_000);
            } else {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A new transaction whose shop is owed a notification.
pub(crate) fn owing(shop: &ShopId, number: usize, now: Millis, url: &str) -> (Change, Notification) {
    let access_id = AccessId::new(format!("{number:032x}")).unwrap();
    let transaction = Transaction {
        access_id: access_id.clone(),
        key_id: "1".to_owned(),
        shop_id: shop.clone(),
        order_id: OrderId::new(format!("order-{number}")).unwrap(),
        job: JobCd::Auth,
        money: Money::new(Yen::new(1980).unwrap(), Yen::ZERO).unwrap(),
        amazonpay_type: AmazonpayType::Standard,
        payment_type: None,
        created_at: now,
        processed_at: now,
        version: 1,
        exec: None,
        state: Tx::Unprocessed,
    };
    let owed = Notification {
        id: format!("msg_{number:032x}"),
        access_id,
        shop_id: shop.clone(),
        url: format!("{url}/{shop}"),
        body: format!("ShopID={shop}&OrderID=order-{number}&Status=AUTH"),
        created_at: now,
    };
    (Change::entered(transaction).telling(Some(owed.clone())), owed)
}

async fn receive(State(servers): State<Arc<Mutex<Servers>>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let id = headers["webhook-id"].to_str().unwrap().to_owned();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let manner = {
        let mut servers = servers.lock().unwrap();
        let manner = servers.manners.get(uri.path().trim_start_matches('/')).copied().unwrap_or(Manner::Takes);
        servers.count += 1;
        let manner = match manner {
            // Which ones: spread over the visits, and the same in every run.
            Manner::Refuses(percent) if servers.count.wrapping_mul(37) % 100 >= percent => Manner::Takes,
            other => other,
        };
        let visits = servers.visits.entry(id).or_default();
        visits.changed |= visits.came > 0 && visits.body != body;
        visits.body = body;
        visits.came += 1;
        if manner == Manner::Takes {
            visits.taken += 1;
            visits.first_taken.get_or_insert_with(Instant::now);
        }
        manner
    };
    match manner {
        Manner::Takes => "0".into_response(),
        Manner::Refuses(_) => (StatusCode::SERVICE_UNAVAILABLE, "1").into_response(),
        Manner::Hangs => std::future::pending().await,
        Manner::Trickles => {
            let byte = async |()| {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
            };
            Response::new(Body::from_stream(futures_util::stream::unfold((), byte)))
        }
    }
}

/// A number from the environment, for the long version of a proof; else the short one's.
pub(crate) fn number(variable: &str, short: usize) -> usize {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable}: {text:?} is not a number")),
        Err(_) => short,
    }
}
