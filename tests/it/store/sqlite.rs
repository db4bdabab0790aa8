//! What only the SQLite engine has: a file, a lock, and a schema that says every invariant again.

use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

use sekisho::store::sqlite::OpenError;
use sekisho::store::{ApplyError, Change, SqliteStore, Store};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};

use super::outbox::share;
use super::sample::{MINUTE, NOW, enter, enter_owing, in_every_state, intent, requested, transaction};

async fn open(path: &Path) -> (Arc<SqliteStore>, Arc<dyn Store>) {
    let store = Arc::new(SqliteStore::open(path).await.unwrap());
    (store.clone(), store)
}

async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).foreign_keys(true).connect().await.unwrap()
}

#[tokio::test]
async fn a_file_is_opened_again_with_everything_in_it() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("deep").join("er").join("sekisho.db");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let (sqlite, store) = open(&path).await;
    let entered = enter_owing(&store, 1, "msg_1", NOW).await;
    let mine = intent(&entered, "key-1", NOW.plus(MINUTE));
    store.apply(Change::intent(&entered, mine.clone())).await.unwrap();
    assert_eq!(store.claim_notifications(NOW, MINUTE, vec![share(10)]).await.unwrap().len(), 1);
    sqlite.close().await;
    assert!(matches!(store.apply(Change::entered(transaction(2))).await, Err(ApplyError::Unavailable(_))));
    drop((sqlite, store));

    let (_, store) = open(&path).await;
    assert_eq!(store.transaction(&entered.access_id).await, Ok(Some(entered.clone())));
    assert_eq!(store.open_intent(&entered.access_id).await, Ok(Some(mine)));
    assert_eq!(store.release_claims(NOW).await, Ok(1));
    assert_eq!(store.claim_notifications(NOW, MINUTE, vec![share(10)]).await.unwrap().len(), 1);
}

/// Stop and copy is a back-up: after an orderly end the file alone is the whole book, and nobody else can read it.
#[tokio::test]
async fn a_closed_file_is_the_whole_book() {
    use std::os::unix::fs::PermissionsExt as _;

    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("sekisho.db");
    let (sqlite, store) = open(&path).await;
    let entered = enter(&store, 1).await;
    assert!(store.transaction(&entered.access_id).await.unwrap().is_some(), "a reading connection was used");
    for name in ["sekisho.db", "sekisho.db-wal", "sekisho.db.lock"] {
        let mode = std::fs::metadata(data.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    sqlite.close().await;
    assert!(!data.path().join("sekisho.db-wal").exists(), "the log is in the file");
    let copy = data.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    let rows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM transactions").fetch_one(&mut raw(&copy).await).await.unwrap();
    assert_eq!(rows, 1);
}

#[tokio::test]
async fn a_file_has_one_owner() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("sekisho.db");
    let first = SqliteStore::open(&path).await.unwrap();
    let error = SqliteStore::open(&path).await.err().unwrap();
    assert!(matches!(error, OpenError::InUse(_)));
    assert!(error.to_string().contains("another sekisho process"), "{error}");
    first.close().await;
    drop(first);
    SqliteStore::open(&path).await.unwrap();
}

/// An operator's command works beside the process that serves; what each writes the other reads.
#[tokio::test]
async fn a_command_joins_the_one_that_serves() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("sekisho.db");
    let error = SqliteStore::join(&path).await.err().unwrap();
    assert!(matches!(error, OpenError::Missing(_)) && !path.exists(), "{error}");

    let (serving, serving_store) = open(&path).await;
    let beside = SqliteStore::join(&path).await.unwrap();
    let entered = enter(&serving_store, 1).await;
    let change = Change::event(&entered, requested(NOW), NOW.plus(1)).unwrap();
    let same = Change::event(&entered, requested(NOW), NOW.plus(2)).unwrap();
    beside.apply(change).await.unwrap();
    assert_eq!(serving.apply(same).await, Err(ApplyError::VersionLost));
    assert_eq!(serving.transaction(&entered.access_id).await.unwrap().unwrap().version, 2);
    beside.close().await;
    enter(&serving_store, 2).await;
    serving.close().await;
}

/// What the first version left in its outbox goes out in order after the upgrade.
#[tokio::test]
async fn an_outbox_of_the_first_schema_is_put_in_order() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("sekisho.db");
    let first_only = tempfile::tempdir().unwrap();
    std::fs::write(
        first_only.path().join("0001_first_storey.sql"),
        include_str!("../../../migrations/sqlite/0001_first_storey.sql"),
    )
    .unwrap();
    let mut old = SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
    sqlx::migrate::Migrator::new(first_only.path()).await.unwrap().run(&mut old).await.unwrap();
    let error = SqliteStore::join(&path).await.err().unwrap();
    assert!(matches!(error, OpenError::OtherSchema { found: 1, .. }), "{error}");
    let id = super::sample::access_id(1);
    let rows = [
        ("msg_1", "'DELIVERED'", "NULL", "NULL"),
        ("msg_2", "'PENDING'", "5", "NULL"),
        ("msg_3", "'PENDING'", "6", "9"),
    ];
    let mut sql = format!(
        "INSERT INTO transactions (access_id, key_id, shop_id, order_id, version, status, job_cd, amount, tax,
             amazonpay_type, created_at, processed_at)
         VALUES ('{id}', 'k', 'tshop00000001', 'o', 1, 'UNPROCESSED', 'AUTH', 1, 0, '3', 1, 1);"
    );
    sql.extend(rows.map(|(msg, state, next_at, claimed)| {
        format!(
            "INSERT INTO notifications (id, access_id, shop_id, url, body, created_at, state, next_at, claimed_until)
             VALUES ('{msg}', '{id}', 'tshop00000001', 'u', 'b', 1, {state}, {next_at}, {claimed});"
        )
    }));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut old).await.unwrap();
    drop(old);

    let (sqlite, store) = open(&path).await;
    store.release_claims(NOW).await.unwrap();
    let claimed = store.claim_notifications(NOW, MINUTE, vec![share(10)]).await.unwrap();
    assert_eq!(claimed.iter().map(|one| one.notification.id.as_str()).collect::<Vec<_>>(), ["msg_2"]);
    sqlite.close().await;
}

/// A second process, started as an operator would start it.
#[tokio::test]
async fn a_second_process_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let file = |name: &str| data.path().join(name);
    let _first = SqliteStore::open(&file("sekisho.db")).await.unwrap();
    let pem = sekisho::amazonpay::generate_pem().unwrap().private_pem;
    let keys = data.path().join("keys");
    std::fs::create_dir(&keys).unwrap();
    let secret = |path: &Path, text: &str| {
        std::fs::write(path, text).unwrap();
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    };
    for shop in ["tshop00000001", "tshop00000002"] {
        secret(&keys.join(format!("{shop}.pem")), secrecy::ExposeSecret::expose_secret(&pem));
    }
    secret(&keys.join("deployment.key"), &"0123456789abcdef".repeat(4));
    std::fs::write(file("shops.toml"), include_str!("../../../shops.toml")).unwrap();
    std::fs::write(file("sekisho.toml"), "listen = \"127.0.0.1:0\"\ndatabase = \"sekisho.db\"\n").unwrap();

    let mut second = Child(
        Command::new(env!("CARGO_BIN_EXE_sekisho"))
            .args(["serve", "--config", "sekisho.toml"])
            .current_dir(data.path())
            .stderr(std::fs::File::create(file("stderr")).unwrap())
            .spawn()
            .unwrap(),
    );
    let status = until_it_ends(&mut second).await;
    let said = std::fs::read_to_string(file("stderr")).unwrap();
    assert!(!status.success() && said.contains("is in use by another sekisho process"), "{said}");
}

/// A process that ends with the test, however that ends.
struct Child(std::process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn until_it_ends(child: &mut Child) -> ExitStatus {
    for _ in 0..2000 {
        if let Some(status) = child.0.try_wait().unwrap() {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the second process goes on");
}

#[tokio::test]
async fn the_file_is_kept_as_a_book_should_be() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("sekisho.db");
    let (sqlite, store) = open(&path).await;
    let first = enter(&store, 1).await;
    store.apply(Change::intent(&first, intent(&first, "key-1", NOW))).await.unwrap();
    let change = Change::event(&first, requested(NOW), NOW.plus(1)).unwrap();
    store.apply(change.closing(super::sample::outcome("key-1"))).await.unwrap();
    sqlite.close().await;
    drop((sqlite, store));

    let mut raw = raw(&path).await;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut raw).await.unwrap();
    assert_eq!(mode, "wal");
    let journal: Vec<String> = sqlx::query_scalar(
        "SELECT concat_ws(' ', version, event, status_from, status_to, operation) FROM journal ORDER BY id",
    )
    .fetch_all(&mut raw)
    .await
    .unwrap();
    assert_eq!(
        journal,
        ["1 entered UNPROCESSED", "1 intent UNPROCESSED UNPROCESSED key-1", "2 requested UNPROCESSED REQSUCCESS key-1",]
    );
}

/// Each row of the sample stands in the file; then somebody writes past the code.
#[tokio::test]
async fn the_schema_refuses_what_the_code_would_never_write() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("sekisho.db");
    let (sqlite, store) = open(&path).await;
    for transaction in in_every_state() {
        store.apply(Change::entered(transaction)).await.unwrap();
    }
    let owing = enter_owing(&store, 90, "msg_1", NOW).await;
    store.apply(Change::intent(&owing, intent(&owing, "key-1", NOW))).await.unwrap();
    sqlite.close().await;
    drop((sqlite, store));

    let mut raw = raw(&path).await;
    for (constraint, status, what) in WRONG_TRANSACTIONS {
        let sql = format!("UPDATE transactions SET {what} WHERE status = '{status}'");
        refused(&mut raw, &sql, constraint).await;
    }
    for (constraint, sql) in WRONG_OTHERS {
        refused(&mut raw, sql, constraint).await;
    }
}

/// The constraint, the status of the row that is written over, and what is written.
const WRONG_TRANSACTIONS: [(&str, &str, &str); 45] = [
    ("access_id_shape", "AUTH", "access_id = 'short'"),
    ("shop_id_shape", "AUTH", "shop_id = 'short'"),
    ("order_id_shape", "AUTH", "order_id = ''"),
    ("version_counts_from_one", "AUTH", "version = 0"),
    ("status_known", "AUTH", "status = 'PAID'"),
    ("job_cd_known", "AUTH", "job_cd = 'CHECK'"),
    ("amount_range", "AUTH", "amount = -1"),
    ("tax_range", "AUTH", "amount = 0, tax = 10000000"),
    ("total_range", "AUTH", "amount = 9999999, tax = 1"),
    ("amazonpay_type_known", "AUTH", "amazonpay_type = '1'"),
    ("payment_type_known", "AUTH", "payment_type = '3'"),
    ("way_known", "AUTH", "way = 'OTHER'"),
    ("executed_iff_past_entry", "UNPROCESSED", "checkout_session_id = 's', way = 'REVIEW'"),
    ("executed_iff_past_entry", "AUTH", "way = NULL"),
    ("session_where_there_is_one", "AUTH", "way = 'REVIEW', checkout_session_id = NULL"),
    ("permission_where_it_was_named", "AUTH", "way = 'ON_DEMAND', exec_permission_id = NULL"),
    ("frequency_unit_known", "AUTH", "frequency_unit = 'Hour', frequency_value = 1"),
    ("frequency_value_range", "AUTH", "frequency_unit = 'Month', frequency_value = 1000"),
    ("frequency_whole", "AUTH", "frequency_unit = 'Month', frequency_value = NULL"),
    ("token_hash_shape", "REQSUCCESS", "start_token_sha256 = 'x'"),
    ("ticket_iff_ready", "REQSUCCESS", "amazon_url = NULL"),
    ("ticket_iff_ready", "REQSUCCESS", "amazon_url = 'u', amazon_payload = '{}'"),
    ("looked_at_iff_waiting", "AUTHPROCESS", "look_at = NULL"),
    ("looked_at_iff_waiting", "SALES", "look_at = 1"),
    ("charge_iff_money", "SALES", "charge_id = NULL"),
    ("charge_iff_money", "PAYFAIL", "charge_id = 'c', authorized_at = 1"),
    ("pending_charge_while_waiting", "PAYFAIL", "charge_id = 'c', charge_permission_id = 'p'"),
    ("sale_amount_range", "AUTH", "sale_amount = -1, sale_tax = 0, look_at = 1"),
    ("sale_tax_range", "AUTH", "sale_amount = 0, sale_tax = -1, look_at = 1"),
    ("sale_under_way_iff_whole", "AUTH", "sale_amount = 1, sale_tax = NULL, look_at = 1"),
    ("sale_under_way_iff_whole", "SALES", "sale_amount = 1, sale_tax = 0, look_at = 1"),
    ("permission_iff_agreed", "REGISTER", "charge_permission_id = NULL"),
    ("permission_iff_agreed", "PAYFAIL", "charge_permission_id = 'p'"),
    ("captured_iff_sold", "CAPTURE", "captured_at = NULL"),
    ("cancel_amount_range", "CANCEL", "cancel_amount = -1"),
    ("cancel_tax_range", "CANCEL", "cancel_tax = -1"),
    ("refund_from_known", "REQRETURN", "refund_from = 'AUTH'"),
    ("refund_amount_range", "REQRETURN", "refund_amount = -1"),
    ("refund_tax_range", "REQRETURN", "refund_tax = 10000000"),
    ("refund_iff_under_way", "REQRETURN", "refund_amount = NULL"),
    ("refund_iff_under_way", "SALES", "refund_amount = 1, refund_tax = 0"),
    ("refund_from_iff_returning", "SALES", "refund_from = 'SALES'"),
    ("err_info_shape", "PAYFAIL", "err_info = 'AZ1'"),
    ("error_iff_failed", "PAYFAIL", "err_info = NULL"),
    ("error_iff_failed", "AUTH", "err_info = 'AZ1000001'"),
];

/// The constraint, or the key, and the statement that breaks it.
const WRONG_OTHERS: [(&str, &str); 15] = [
    ("effect_is_json", "UPDATE operations SET effect = 'x'"),
    ("key_shape", "UPDATE operations SET idempotency_key = ''"),
    ("verdict_known", "UPDATE operations SET verdict = 'MAYBE', evidence = 'x', finished_at = 1"),
    ("finished_iff_verdict", "UPDATE operations SET verdict = 'DONE'"),
    ("finished_iff_verdict", "UPDATE operations SET evidence = 'x'"),
    (
        "operations.access_id",
        "INSERT INTO operations (idempotency_key, access_id, effect, started_at, look_at)
        SELECT 'key-2', access_id, effect, 1, 1 FROM operations",
    ),
    ("notification_state_known", "UPDATE notifications SET state = 'LOST'"),
    ("next_iff_pending", "UPDATE notifications SET state = 'DELIVERED'"),
    ("next_iff_pending", "UPDATE notifications SET next_at = NULL"),
    ("behind_is_yes_or_no", "UPDATE notifications SET behind = 2"),
    ("schedule_from_range", "UPDATE notifications SET schedule_from = -1"),
    (
        "failure_known",
        "INSERT INTO notification_attempts (notification_id, number, at, took_ms, failure, answer)
        VALUES ('msg_1', 1, 1, 1, 'LATE', '')",
    ),
    ("transactions.shop_id, transactions.order_id", "UPDATE transactions SET order_id = 'same'"),
    ("FOREIGN KEY", "UPDATE journal SET access_id = 'nobody'"),
    ("FOREIGN KEY", "DELETE FROM transactions WHERE order_id = 'order-90'"),
];

async fn refused(raw: &mut SqliteConnection, sql: &str, constraint: &str) {
    // Only the texts of this file come here.
    match sqlx::query(AssertSqlSafe(sql)).execute(raw).await {
        Ok(done) => panic!("{sql}: changed {} rows instead of breaking {constraint}", done.rows_affected()),
        Err(error) => assert!(error.to_string().contains(constraint), "{sql}: {error}, not {constraint}"),
    }
}
