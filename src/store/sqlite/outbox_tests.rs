//! What taking from the outbox costs, counted in the steps of SQLite's own machine: the same on every computer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::MIGRATIONS;
use super::outbox::{claim, shops_owed};
use crate::domain::{Millis, ShopId};
use crate::store::Share;

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

/// However much the shop itself is owed, or another one, due, later or behind: not a step more.
#[tokio::test]
async fn a_claim_costs_the_same_however_much_is_owed() {
    let small = Counted::new().await;
    let large = Counted::new().await;
    for (book, count) in [(&small, 10), (&large, 5_000)] {
        for shop in [1, 2, 3] {
            for columns in [DUE, LATER, BEHIND] {
                book.owe(shop, count, columns).await;
            }
        }
    }
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
