//! What payments and their notifications ask of the book, counted in the steps of SQLite's own machine: the same on every
//! computer, and the same however much stands in the book already (promise R8). SQLite chooses an index by rules of thumb, so an
//! index that was made for the console can take a payment's place; whatever goes wrong so shows here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::MIGRATIONS;
use super::outbox::{self, claim, shops_owed};
use super::{batch, reader};
use crate::domain::notification::{Attempt, Next, Notification};
use crate::domain::{
    AccessId, AmazonpayType, ChargeId, ChargePermissionId, CheckoutSessionId, Effect, IdempotencyKey, Intent, JobCd,
    Millis, Money, OrderId, Outcome, ShopId, State, Transaction, Verdict, Yen,
};
use crate::store::{Change, Resend, Share};

const NOW: Millis = Millis(1_000_000);

/// A book on one connection, and a count of the steps that it has made.
struct Counted {
    pool: SqlitePool,
    steps: Arc<AtomicUsize>,
}

impl Counted {
    async fn new() -> Self {
        let options = SqliteConnectOptions::new().filename(":memory:");
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        let mut connection = pool.acquire().await.unwrap();
        MIGRATIONS.run(&mut *connection).await.unwrap();
        let steps = Arc::<AtomicUsize>::default();
        let counting = steps.clone();
        connection.lock_handle().await.unwrap().set_progress_handler(1, move || {
            counting.fetch_add(1, Ordering::Relaxed);
            true
        });
        drop(connection);
        Self { pool, steps }
    }

    /// Three shops, each with so many of every kind.
    async fn full_of(count: usize) -> Self {
        let book = Self::new().await;
        for shop in [1, 2, 3] {
            for columns in [DUE, LATER, BEHIND] {
                book.owe(shop, count, columns).await;
            }
        }
        book
    }

    /// `count` transactions of `shop`, each owed one notification that is as `columns` say.
    async fn owe(&self, shop: usize, count: usize, columns: &str) {
        let sql = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO transactions (access_id, key_id, shop_id, order_id, version, status, job_cd, amount, tax,
                 amazonpay_type, created_at, processed_at)
             SELECT printf('%04d%028d', {shop}, (SELECT count(*) FROM transactions) + i), 'k', printf('tshop%08d', {shop}),
                 printf('o-%d', (SELECT count(*) FROM transactions) + i), 1, 'UNPROCESSED', 'AUTH', 1, 0, '3', 1, 1 FROM n;
             INSERT INTO notifications (id, access_id, shop_id, url, body, created_at, next_at, claimed_until, behind)
             SELECT access_id, access_id, shop_id, 'u', 'b', 1, {columns} FROM transactions
             WHERE access_id NOT IN (SELECT access_id FROM notifications);"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&self.pool).await.unwrap();
    }

    /// How many steps `work` takes, and what comes of it.
    async fn steps<T>(&self, work: impl Future<Output = T>) -> (usize, T) {
        let before = self.steps.load(Ordering::Relaxed);
        let done = work.await;
        (self.steps.load(Ordering::Relaxed) - before, done)
    }

    async fn apply(&self, change: Change) -> usize {
        let mut connection = self.pool.acquire().await.unwrap();
        let (steps, applied) = self.steps(batch::apply(&mut connection, &[change])).await;
        assert_eq!(applied.unwrap(), [Ok(())]);
        steps
    }

    /// Takes one of `shop` on, as the sender does; answers the steps that it took.
    async fn steps_of_a_claim(&self, shop: usize) -> usize {
        let before = self.steps.load(Ordering::Relaxed);
        let owed = shops_owed(&self.pool).await.unwrap();
        let shop_id = ShopId::new(format!("tshop{shop:08}")).unwrap();
        assert!(owed.iter().any(|owed| owed.shop_id == shop_id && owed.next_at <= NOW));
        let share = Share { shop_id, take_max: 1, under_way_max: 100_000 };
        let mut connection = self.pool.acquire().await.unwrap();
        let claimed = claim(&mut connection, NOW, 1000, &[share]).await.unwrap();
        assert_eq!(claimed.len(), 1);
        self.steps.load(Ordering::Relaxed) - before
    }
}

const DUE: &str = "5, NULL, 0";
const LATER: &str = "9000000, NULL, 0";
const BEHIND: &str = "5, NULL, 1";
const NOBODYS: &str = "ffffffffffffffffffffffffffffffff";

fn bought() -> Transaction {
    Transaction {
        access_id: AccessId::new(NOBODYS).unwrap(),
        key_id: "k".to_owned(),
        shop_id: ShopId::new("tshop00000002").unwrap(),
        order_id: OrderId::new("new").unwrap(),
        job: JobCd::Auth,
        money: Money::new(Yen::new(1000).unwrap(), Yen::ZERO).unwrap(),
        amazonpay_type: AmazonpayType::Standard,
        payment_type: None,
        created_at: NOW,
        processed_at: NOW,
        version: 1,
        exec: None,
        state: State::Unprocessed,
    }
}

fn owed(transaction: &Transaction) -> Notification {
    Notification {
        id: "msg_new".to_owned(),
        access_id: transaction.access_id.clone(),
        shop_id: transaction.shop_id.clone(),
        url: "u".to_owned(),
        body: "b".to_owned(),
        created_at: NOW,
    }
}

/// A payment's life in the book: what each part of it costs.
async fn a_life(book: &Counted) -> Vec<(&'static str, usize)> {
    let transaction = bought();
    let mut costs = vec![("entered", book.apply(Change::entered(transaction.clone())).await)];
    let intent = Intent {
        key: IdempotencyKey::new("k-1").unwrap(),
        access_id: transaction.access_id.clone(),
        effect: Effect::UpdateCheckoutSession {
            session: CheckoutSessionId::new("s").unwrap(),
            amount: transaction.money.total(),
        },
        started_at: NOW,
        look_at: NOW,
        looks: 0,
    };
    costs.push(("intent", book.apply(Change::intent(&transaction, intent.clone())).await));
    let outcome = Outcome {
        key: intent.key,
        verdict: Verdict::Done,
        evidence: String::new(),
        request_id: None,
        finished_at: NOW,
    };
    let concluded = Change::outcome(&transaction, outcome).telling(Some(owed(&transaction)));
    costs.push(("outcome", book.apply(concluded).await));

    let (shop, id) = (&transaction.shop_id, &transaction.access_id);
    let session = CheckoutSessionId::new("s").unwrap();
    let permission = ChargePermissionId::new("S03-1-1").unwrap();
    let charge = ChargeId::new("S03-1-1-C1").unwrap();
    let pool = &book.pool;
    let read = [
        ("transaction", book.steps(async { reader::transaction(pool, id).await.map(|_| ()) }).await),
        (
            "order",
            book.steps(async { reader::transaction_of_order(pool, shop, &transaction.order_id).await.map(|_| ()) })
                .await,
        ),
        ("session", book.steps(async { reader::transaction_of_session(pool, shop, &session).await.map(|_| ()) }).await),
        (
            "permission",
            book.steps(async { reader::transaction_of_permission(pool, shop, &permission).await.map(|_| ()) }).await,
        ),
        ("its shops", book.steps(async { reader::shops_of_permission(pool, &permission).await.map(|_| ()) }).await),
        ("charge", book.steps(async { reader::transaction_of_charge(pool, &charge).await.map(|_| ()) }).await),
        ("open intent", book.steps(async { reader::open_intent(pool, id).await.map(|_| ()) }).await),
        ("overdue", book.steps(async { reader::transactions_to_look_at(pool, NOW, 9).await.map(|_| ()) }).await),
        ("intents", book.steps(async { reader::intents_to_look_at(pool, NOW, 9).await.map(|_| ()) }).await),
        ("its notifications", book.steps(async { outbox::notifications_of(pool, id).await.map(|_| ()) }).await),
    ];
    costs.extend(read.into_iter().map(|(what, (steps, done))| (what, done.map(|()| steps).unwrap())));

    let attempt = Attempt {
        notification_id: "msg_new".to_owned(),
        number: 1,
        at: NOW,
        took_ms: 1,
        http_status: Some(500),
        failure: None,
        answer: String::new(),
        next: Next::GivenUp,
    };
    let mut connection = book.pool.acquire().await.unwrap();
    let (steps, recorded) = book.steps(outbox::record(&mut connection, &[attempt])).await;
    recorded.unwrap();
    costs.push(("attempt", steps));
    let what = Resend::Transaction { access_id: id.clone(), delivered_too: true };
    let (steps, resent) = book.steps(outbox::resend(&mut connection, &what, NOW, 9)).await;
    assert_eq!(resent.unwrap().len(), 1);
    costs.push(("resend", steps));
    costs
}

/// However many transactions the shop has, and whatever it is owed: not a step more.
#[tokio::test]
async fn a_payment_costs_the_same_however_much_is_in_the_book() {
    let (small, large) = (Counted::full_of(10).await, Counted::full_of(5_000).await);
    for book in [&small, &large] {
        sqlx::raw_sql("UPDATE notifications SET state = 'GIVEN_UP', next_at = NULL WHERE rowid % 3 = 0")
            .execute(&book.pool)
            .await
            .unwrap();
    }
    let (few, many) = (a_life(&small).await, a_life(&large).await);
    for ((what, few), (_, many)) in few.iter().zip(&many) {
        assert!(many <= &(few + 10), "{what}: {few} steps with ten of a kind, {many} with five thousand");
    }
}

/// However much the shop itself is owed, or another one, due, later or behind: not a step more.
#[tokio::test]
async fn a_claim_costs_the_same_however_much_is_owed() {
    let (small, large) = (Counted::full_of(10).await, Counted::full_of(5_000).await);
    let (few, many) = (small.steps_of_a_claim(2).await, large.steps_of_a_claim(2).await);
    assert!(many <= few + 10, "{few} steps with ten of a kind, {many} with five thousand");
}

/// What is under way is counted, and there are never more than the places of a shop.
#[tokio::test]
async fn each_further_shop_costs_a_few_steps() {
    let book = Counted::new().await;
    book.owe(1, 3, DUE).await;
    let one = book.steps_of_a_claim(1).await;
    for shop in 2..=101 {
        book.owe(shop, 3, DUE).await;
    }
    let hundred_and_one = book.steps_of_a_claim(1).await;
    assert!(hundred_and_one < one + 100 * 100, "{one} steps for one shop, {hundred_and_one} for a hundred and one");
}
