//! The use cases against a real book and an Amazon whose every answer the test writes.

mod amazon;
mod apart;
mod by_hand;
mod captures;
mod charges;
mod executed;
mod factor;
mod finalize;
mod first_return;
mod hints;
mod looks;
mod noes;
mod refunds;
mod told;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::Request;
use serde_json::{Value, json};

use amazon::{Amazon, charge, complete, get, get_charge, refund, session};

use super::*;
use crate::amazonpay::testing::shops;
use crate::amazonpay::{Client, Retry};
use crate::config::ShopSettings;
use crate::domain::access::access_pass;
use crate::domain::transaction::{Departure, Event, Exec, Handover, PendingCharge, Ticket};
use crate::domain::{
    AccessId, CheckoutSessionId, Effect, Intent, ManualClock, Millis, Status, SystemRng, Transaction, Way,
};
use crate::egress;
use crate::protocol::{
    AmountReply, RawRequest, Reading, RequestEncoding, Style, codes, read_entry_tran, read_exec_tran, read_sales,
};
use crate::store::{Change, SqliteStore};

const MINUTE_MS: i64 = 60_000;
const SHOP: &str = "ShopID=tshop00000001&ShopPass=demoshop1pass";
const BOOK: &str = "book.db";
const NOT_OPEN: (u16, &str) = (422, "InvalidCheckoutSessionStatus");

/// Nobody is told; what is owed is in the book. How often somebody would have been woken, or waited for, is counted.
#[derive(Default)]
struct Silence {
    wakes: AtomicUsize,
    waits: AtomicUsize,
}

#[async_trait]
impl Notifier for Silence {
    fn wake(&self) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
    }
    async fn first_attempt(&self, _: &str, _: Duration) {
        self.waits.fetch_add(1, Ordering::Relaxed);
    }
}

struct House {
    gateway: Arc<Gateway>,
    amazon: Arc<Amazon>,
    clock: Arc<ManualClock>,
    book: Arc<SqliteStore>,
    silence: Arc<Silence>,
    files: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        Self::of(shops()).await
    }

    /// A house in which `shops` sell.
    async fn of(mut shops: Vec<ShopSettings>) -> Self {
        let amazon = Arc::new(Amazon::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let answering = Arc::clone(&amazon);
        let router = axum::Router::new().fallback(async move |request: Request| {
            let what = format!("{} {}", request.method(), request.uri().path());
            answering.hold(&what).await;
            answering.answer(what)
        });
        tokio::spawn(async move { axum::serve(listener, router).await });

        for shop in &mut shops {
            endpoint.clone_into(&mut shop.amazon_endpoint);
        }
        let files = tempfile::tempdir().unwrap();
        let book = Arc::new(SqliteStore::open(&files.path().join(BOOK)).await.unwrap());
        let clock = Arc::new(ManualClock::at(Millis(1_795_371_000_000)));
        let silence = Arc::new(Silence::default());
        let rng = Arc::new(SystemRng);
        let http = egress::client(Duration::from_secs(5), Duration::from_secs(5)).unwrap();
        let retry = Retry { attempts_max: 2, first_delay_ms: 1, ..Retry::default() };
        let gateway = Gateway::new(Parts {
            store: book.clone(),
            amazon: Arc::new(Client::new(http, clock.clone(), rng.clone(), retry)),
            notifier: silence.clone(),
            clock: clock.clone(),
            rng,
            shops: Arc::new(Shops::open(shops).unwrap()),
            deployment_key: DeploymentKey::new("k1", (0..32).collect()).unwrap(),
            settings: Settings {
                public_url: "http://gateway".to_owned(),
                amazon_total_ms: 1000,
                first_look_ms: 1000,
                notify_wait_ms: 0,
                egress_allow: Vec::new(),
            },
        });
        Self { gateway, amazon, clock, book, silence, files }
    }

    async fn now(&self, access_id: &AccessId) -> Transaction {
        self.gateway.store().transaction(access_id).await.unwrap().unwrap()
    }

    /// EntryTran of `yen`; consents have an AmazonpayType of their own.
    async fn entered(&self, order: &str, job: &str, yen: u32) -> AccessId {
        let kind = if yen == 0 { 4 } else { 3 };
        let form = format!("{SHOP}&OrderID={order}&JobCd={job}&Amount={yen}&AmazonpayType={kind}");
        self.gateway.entry_tran(read(&form, read_entry_tran)).await.unwrap().access_id
    }

    /// A transaction in AUTHPROCESS over `session`, as ExecTran and AmazonpayStart leave it.
    async fn away(&self, order: &str, session: &str, job: &str) -> AccessId {
        let access_id = self.entered(order, job, 1000).await;
        let exec = Exec {
            way: Way::Review,
            session: Some(CheckoutSessionId::new(session).unwrap()),
            permission: None,
            frequency: None,
            ret_url: Some("http://shop/thanks".to_owned()),
            description: None,
            client_fields: [None, None, None],
        };
        self.set_out(&access_id, exec, Departure::Url("http://amazon".to_owned()), None).await;
        access_id
    }

    /// A transaction in AUTH over session s1.
    async fn authorised(&self) -> AccessId {
        let order = self.away("O-1", "s1", "AUTH").await;
        self.amazon.answers(&complete("s1"), 200, session("s1", "Completed"));
        assert_eq!(self.returned(&order, "s1").await, "AUTH");
        order
    }

    /// ExecTran and AmazonpayStart of a transaction: its buyer is at Amazon.
    async fn set_out(&self, access_id: &AccessId, exec: Exec, departure: Departure, waiting: Option<PendingCharge>) {
        let now = self.gateway.clock().now();
        let ticket = Ticket { token_sha256: "0".repeat(64), limit_at: now, departure, charge: waiting.clone() };
        let look_at = now.plus(60 * MINUTE_MS);
        for event in [Event::Requested(exec, ticket), Event::Started(Handover { look_at, charge: waiting })] {
            let change = Change::event(&self.now(access_id).await, event, now).unwrap();
            self.gateway.store().apply(change).await.unwrap();
        }
    }

    /// ExecTran of a new order over `session`.
    async fn exec(&self, order: &str, session: &str) -> (AccessId, Result<(), Refusal>) {
        let access_id = self.entered(order, "AUTH", 1000).await;
        let form = format!(
            "{}&AmazonCheckoutSessionID={session}&RetURL=http%3A%2F%2Fshop%2Fthanks",
            self.naming(&access_id, order)
        );
        let executed = self.gateway.exec_tran(read(&form, read_exec_tran)).await;
        (access_id, executed.map(|_| ()))
    }

    fn naming(&self, access_id: &AccessId, order: &str) -> String {
        let pass = access_pass(&self.gateway.parts.deployment_key, access_id);
        format!("{SHOP}&OrderID={order}&AccessID={access_id}&AccessPass={pass}")
    }

    async fn sales(&self, access_id: &AccessId, order: &str) -> Result<Status, Refusal> {
        self.sales_of(access_id, order, 1000).await.map(|reply| reply.status)
    }

    async fn sales_of(&self, access_id: &AccessId, order: &str, yen: u32) -> Result<AmountReply, Refusal> {
        let form = format!("{}&Amount={yen}", self.naming(access_id, order));
        self.gateway.sales(read(&form, read_sales)).await
    }

    async fn returned(&self, access_id: &AccessId, session: &str) -> String {
        let session = CheckoutSessionId::new(session).unwrap();
        let post = self.gateway.returned(access_id.clone(), session).await.unwrap();
        let value = |name| post.fields.iter().find(|(it, _)| *it == name).unwrap().1.clone();
        format!("{} {}", value("Status"), value("ErrInfo")).trim_end().to_owned()
    }

    async fn open_intent(&self, access_id: &AccessId) -> Option<Intent> {
        self.gateway.store().open_intent(access_id).await.unwrap()
    }

    async fn owed(&self, access_id: &AccessId) -> usize {
        self.gateway.store().notifications_of(access_id).await.unwrap().len()
    }
}

fn read<T>(form: &str, reader: impl Fn(&RawRequest, RequestEncoding) -> Reading<T>) -> Reading<T> {
    reader(&RawRequest::decode(Style::IdPass, None, None, form.as_bytes()).unwrap(), RequestEncoding::default())
}

#[tokio::test]
async fn two_returns_at_once_are_one_completion_and_one_result() {
    let house = House::new().await;
    let paid = house.away("O-1", "s1", "AUTH").await;
    house.amazon.answers(&complete("s1"), 200, session("s1", "Completed"));
    let (one, two) = tokio::join!(house.returned(&paid, "s1"), house.returned(&paid, "s1"));
    assert_eq!((one.as_str(), two.as_str()), ("AUTH", "AUTH"));
    assert_eq!(house.returned(&paid, "s1").await, "AUTH");
    assert_eq!(house.amazon.asked(&complete("s1")), 1);
    assert_eq!(house.owed(&paid).await, 1);
}

#[tokio::test]
async fn one_charge_does_not_pay_two_orders() {
    let house = House::new().await;
    let cheap = house.away("O-1", "s1", "CAPTURE").await;
    house.amazon.answers(&complete("s1"), 200, session("s1", "Completed"));
    assert_eq!(house.returned(&cheap, "s1").await, "CAPTURE");

    let dear = house.away("O-2", "s1", "CAPTURE").await;
    house.amazon.refuses(&complete("s1"), NOT_OPEN);
    house.amazon.answers(&get("s1"), 200, session("s1", "Completed"));
    house.amazon.answers(&get_charge("s1"), 200, charge("s1", "Captured", 1000));
    // The session is the first order's; time shows that nothing pays the second.
    let session = CheckoutSessionId::new("s1").unwrap();
    assert!(matches!(house.gateway.returned(dear.clone(), session).await, Err(ReturnError::Unknown)));
    house.clock.advance(61 * MINUTE_MS);
    house.gateway.overdue(&house.now(&dear).await).await.unwrap();
    assert_eq!(house.now(&dear).await.failure().unwrap().err_info, codes::SESSION_INVALID.as_str());
}

#[tokio::test]
async fn a_session_that_was_completed_with_another_amount_pays_nothing() {
    let house = House::new().await;
    let order = house.away("O-1", "s1", "CAPTURE").await;
    house.amazon.answers(&get("s1"), 200, session("s1", "Completed"));
    house.amazon.answers(&get_charge("s1"), 200, charge("s1", "Captured", 10));
    house.clock.advance(61 * MINUTE_MS);
    house.gateway.overdue(&house.now(&order).await).await.unwrap();
    assert_eq!(house.now(&order).await.status(), Status::PayFail);
}

#[tokio::test]
async fn a_completion_whose_answer_was_lost_is_found_once() {
    let house = House::new().await;
    let paid = house.away("O-1", "s1", "AUTH").await;
    house.amazon.refuses(&complete("s1"), (500, "InternalServerError"));
    assert_eq!(house.returned(&paid, "s1").await, "AUTHPROCESS");

    // Nobody else may touch it, and time alone decides nothing.
    house.clock.advance(61 * MINUTE_MS);
    house.gateway.overdue(&house.now(&paid).await).await.unwrap();
    assert_eq!(house.now(&paid).await.status(), Status::AuthProcess);

    let intent = house.open_intent(&paid).await.unwrap();
    house.amazon.answers(&get("s1"), 200, session("s1", "Completed"));
    house.amazon.answers(&get_charge("s1"), 200, charge("s1", "Authorized", 1000));
    assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::Closed);
    assert_eq!(house.now(&paid).await.status(), Status::Auth);
    assert_eq!(house.owed(&paid).await, 1);
    assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::ClosedByAnother);
    assert_eq!(house.owed(&paid).await, 1);
}

#[tokio::test]
async fn an_expiry_and_a_return_leave_one_of_them() {
    let house = House::new().await;
    let late = house.away("O-1", "s1", "AUTH").await;
    let as_it_was = house.now(&late).await;
    house.amazon.answers(&get("s1"), 200, session("s1", "Open"));
    house.amazon.answers(&complete("s1"), 200, session("s1", "Completed"));
    house.clock.advance(61 * MINUTE_MS);
    assert_eq!(house.returned(&late, "s1").await, "AUTH");
    house.gateway.overdue(&as_it_was).await.unwrap();
    assert_eq!(house.now(&late).await.status(), Status::Auth);

    let later = house.away("O-2", "s2", "AUTH").await;
    house.amazon.answers(&get("s2"), 200, session("s2", "Open"));
    house.gateway.overdue(&house.now(&later).await).await.unwrap();
    assert_eq!(house.returned(&later, "s2").await, "EXPIRED M01052011");
    assert_eq!(house.amazon.asked(&complete("s2")), 0);
}

/// Amazon did not look at it: the shop may come again, and its session is as good as before.
#[tokio::test]
async fn too_many_calls_are_no_judgement_of_a_session() {
    let house = House::new().await;
    house.amazon.refuses("PATCH /v2/checkoutSessions/s1", (429, "TooManyRequests"));
    let (order, executed) = house.exec("O-1", "s1").await;
    assert_eq!(executed, Err(Refusal::Provider(codes::AMAZON_UNREACHABLE)));
    assert_eq!((house.now(&order).await.status(), house.open_intent(&order).await), (Status::Unprocessed, None));
    house.amazon.answers("PATCH /v2/checkoutSessions/s1", 200, session("s1", "Open"));
    house.exec("O-2", "s1").await.1.unwrap();
}

#[tokio::test]
async fn a_session_belongs_to_the_last_order_that_was_executed_with_it() {
    let house = House::new().await;
    house.amazon.answers("PATCH /v2/checkoutSessions/s1", 200, session("s1", "Open"));
    let (first, executed) = house.exec("O-1", "s1").await;
    executed.unwrap();
    let (second, executed) = house.exec("O-2", "s1").await;
    executed.unwrap();
    assert_eq!(house.now(&first).await.status(), Status::Expired);
    assert_eq!(house.now(&second).await.status(), Status::ReqSuccess);

    house.away("O-3", "s3", "AUTH").await;
    let (_, refused) = house.exec("O-4", "s3").await;
    assert_eq!(refused, Err(Refusal::SessionTaken));
    assert_eq!(house.amazon.asked("PATCH /v2/checkoutSessions/s3"), 0);
}

#[tokio::test]
async fn two_executions_at_once_are_one_update() {
    let house = House::new().await;
    house.amazon.answers("PATCH /v2/checkoutSessions/s1", 200, session("s1", "Open"));
    let naming = house.naming(&house.entered("O-1", "AUTH", 1000).await, "O-1");
    let form = format!("{naming}&AmazonCheckoutSessionID=s1&RetURL=http%3A%2F%2Fshop");
    let exec = || house.gateway.exec_tran(read(&form, read_exec_tran));
    let (one, two) = tokio::join!(exec(), exec());
    let refusals: Vec<_> = [one.err(), two.err()].into_iter().flatten().collect();
    assert!(matches!(refusals[..], [Refusal::Busy | Refusal::AlreadyRequested(Status::ReqSuccess)]), "{refusals:?}");
    assert_eq!(house.amazon.asked("PATCH /v2/checkoutSessions/s1"), 1);
}
