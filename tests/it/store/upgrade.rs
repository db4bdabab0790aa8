//! A newer `sekisho` opens the book of every older one (promise R10): nothing in it is lost, and what it owes is still
//! owed. The books of older versions are in `tests/fixtures/books`, each named by the storey of the schema that it was left at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sekisho::domain::notification::{Attempt, Next};
use sekisho::domain::{AccessId, Millis};
use sekisho::store::{Share, ShopOwed, SqliteStore, Store as _};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use crate::support::figure;

const LATER: Millis = Millis(i64::MAX / 2);

/// Every older book: the file and the number of the storey that it was left at.
fn books() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/books");
    let mut books: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    books.sort();
    books
}

async fn open_rows(file: &Path) -> SqliteConnection {
    // A dump names tables before it makes them.
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true).foreign_keys(false);
    options.connect().await.unwrap()
}

/// AccessID and Status of every transaction.
async fn statuses(book: &mut SqliteConnection) -> BTreeMap<String, String> {
    let rows = "SELECT access_id, status FROM transactions";
    sqlx::query_as::<_, (String, String)>(rows).fetch_all(book).await.unwrap().into_iter().collect()
}

async fn count(book: &mut SqliteConnection, table: &str) -> i64 {
    let count = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(count)).fetch_one(book).await.unwrap()
}

/// Takes on everything that is owed, of each transaction one after the other.
async fn claim_in_order(store: &SqliteStore) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    loop {
        let share = |owed: ShopOwed| Share { shop_id: owed.shop_id, take_max: 100, under_way_max: 100 };
        let shares = store.shops_owed().await.unwrap().into_iter().map(share).collect();
        let claimed = store.claim_notifications(LATER, 1_000, shares).await.unwrap();
        if claimed.is_empty() {
            return all;
        }
        for one in claimed {
            let id = one.notification.id;
            let delivered = Attempt {
                notification_id: id.clone(),
                number: one.attempts_before + 1,
                at: LATER,
                took_ms: 1,
                http_status: Some(200),
                failure: None,
                answer: "0".to_owned(),
                next: Next::Delivered,
            };
            store.record_attempt(delivered).await.unwrap();
            all.insert(id);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_older_book_is_opened_and_nothing_is_lost() {
    const TABLES: [&str; 5] = ["transactions", "journal", "operations", "notifications", "notification_attempts"];
    let books = books();
    assert!(!books.is_empty());
    let (mut opened, mut kept) = (0, 0);
    for dump in books {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("sekisho.db");
        let mut book = open_rows(&file).await;
        book.execute(sqlx::AssertSqlSafe(std::fs::read_to_string(&dump).unwrap())).await.unwrap();
        let before = statuses(&mut book).await;
        let mut counts = Vec::new();
        for table in TABLES {
            counts.push(count(&mut book, table).await);
        }
        let owed: Vec<String> = sqlx::query_scalar("SELECT id FROM notifications WHERE state = 'PENDING'")
            .fetch_all(&mut book)
            .await
            .unwrap();
        assert!(before.len() > 30 && !owed.is_empty(), "{} shows little", dump.display());
        book.close().await.unwrap();

        let store = SqliteStore::open(&file).await.unwrap_or_else(|error| panic!("{}: {error}", dump.display()));
        for (access_id, status) in &before {
            let access_id = AccessId::new(access_id.clone()).unwrap();
            let transaction = store.transaction(&access_id).await.unwrap().expect("it is still there");
            assert_eq!(transaction.state.status().to_string(), *status);
        }
        assert_eq!(store.backlog(LATER).await.unwrap().notifications_pending, i64::try_from(owed.len()).unwrap());
        let claimed = claim_in_order(&store).await;
        assert_eq!(claimed, owed.into_iter().collect(), "what is owed");
        store.close().await;

        let mut book = open_rows(&file).await;
        // Those that were made just now.
        book.execute("DELETE FROM notification_attempts WHERE at = 4611686018427387903").await.unwrap();
        for (table, before) in TABLES.into_iter().zip(counts) {
            assert_eq!(count(&mut book, table).await, before, "{table}");
            kept += before;
        }
        book.close().await.unwrap();
        opened += 1;
    }
    figure(
        "R10.books",
        format_args!("{opened} books of older versions opened, {kept} rows: 0 lost, all that is owed is owed"),
    );
}
