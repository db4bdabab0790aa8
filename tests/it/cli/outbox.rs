//! `migrate`, `resend` and `reconcile --once`: what an operator does to a database, whether or not a gateway serves it.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use sekisho::domain::notification::{Attempt, Next};
use sekisho::domain::{CheckoutSessionId, Effect, IdempotencyKey, Intent, Millis};
use sekisho::store::{Change, SqliteStore, Store};
use tokio::sync::Mutex;

use crate::notify::{owing, shop_id, write_settings};
use crate::process::{Ended, Process, run};
use crate::support::eventually;

const DATABASE: &str = "data/sekisho.db";

async fn sekisho(here: &Path, args: &[&str]) -> Ended {
    run(args, here, &[]).await
}

/// A directory with settings and a database in which a shop is owed so many notifications, all given up.
async fn given_up(count: usize, url: &str) -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    write_settings(here.path());
    assert_eq!(sekisho(here.path(), &["migrate"]).await.code, Some(0));
    let store = SqliteStore::open(&here.path().join(DATABASE)).await.unwrap();
    for number in 0..count {
        let (change, owed) = owing(&shop_id(1), number, Millis(1), url);
        store.apply(change).await.unwrap();
        let attempt = Attempt {
            notification_id: owed.id,
            number: 1,
            at: Millis(1),
            took_ms: 1,
            http_status: Some(500),
            failure: None,
            answer: String::new(),
            next: Next::GivenUp,
        };
        store.record_attempt(attempt).await.unwrap();
    }
    store.close().await;
    here
}

fn said(ended: &Ended) -> (Option<i32>, String) {
    (ended.code, format!("{}{}", ended.stdout, ended.stderr))
}

#[tokio::test]
async fn migrate_makes_a_database_once() {
    let here = tempfile::tempdir().unwrap();
    write_settings(here.path());
    for line in ["data/sekisho.db: made, schema 4\n", "data/sekisho.db: schema 4, nothing to do\n"] {
        assert_eq!(said(&sekisho(here.path(), &["migrate"]).await), (Some(0), line.to_owned()));
    }
    let mut gateway = Process::start(&["serve", "--listen", "127.0.0.1:0"], here.path(), &[]);
    gateway.says("sekisho serves 2 shop(s)").await;
    let (code, text) = said(&sekisho(here.path(), &["migrate"]).await);
    assert!(code == Some(1) && text.contains("is in use by another sekisho process"), "{text}");
    gateway.signal("TERM");
    assert_eq!(gateway.end().await.code, Some(0));
}

#[tokio::test]
async fn resend_says_what_it_did_and_is_safe_twice() {
    let here = given_up(3, "http://127.0.0.1:9/").await;
    let resend = async |args: &[&str]| {
        let args = [&["resend"], args].concat();
        said(&sekisho(here.path(), &args).await)
    };
    let by_order = ["--shop", "tshop00000001", "--order", "order-1"];
    let id = format!("{:032x}", 1);
    let done = format!(
        "msg_{id}  AccessID {id}: was given up after 1 attempt(s), due now\n1 notification(s) are due now; the gateway that \
         serves sends them\n"
    );
    assert_eq!(resend(&by_order).await, (Some(0), done));
    let nothing = format!("msg_{id}  left: it is under way or due already\nnothing to send again\n");
    assert_eq!(resend(&by_order).await, (Some(0), nothing.clone()));
    assert_eq!(resend(&["--access-id", &id]).await, (Some(0), nothing));

    let all = ["--shop", "tshop00000001", "--given-up"];
    let (code, text) = resend(&all).await;
    assert_eq!((code, text.lines().count()), (Some(0), 3), "{text}");
    assert!(text.ends_with("2 notification(s) are due now; the gateway that serves sends them\n"), "{text}");
    assert_eq!(resend(&all).await, (Some(0), "nothing to send again\n".to_owned()));

    let store: Arc<dyn Store> = Arc::new(SqliteStore::join(&here.path().join(DATABASE)).await.unwrap());
    assert_eq!(store.backlog(Millis(i64::MAX)).await.unwrap().notifications_pending, 3);
}

#[tokio::test]
async fn resend_refuses_what_makes_no_sense() {
    let here = given_up(1, "http://127.0.0.1:9/").await;
    for (args, code, says) in [
        (vec!["--shop", "tshop00000001", "--order", "no-such"], 1, "shop tshop00000001 has no order no-such"),
        (vec!["--shop", "tshop00000002", "--order", "order-0"], 1, "shop tshop00000002 has no order order-0"),
        (vec!["--access-id", "0123456789abcdef0123456789abcdef"], 1, "there is no such transaction"),
        (vec!["--access-id", "short"], 1, "not a well-formed AccessId"),
        (vec!["--shop", "x", "--given-up"], 1, "not a well-formed ShopId"),
        (vec!["--shop", "tshop00000002", "--access-id", "00000000000000000000000000000000"], 1, "no such transaction"),
        (vec!["--order", "order-0"], 2, "--shop"),
        (vec!["--shop", "tshop00000001"], 2, "--given-up"),
        (vec!["--shop", "tshop00000001", "--order", "order-0", "--given-up"], 2, "cannot be used with"),
        (vec!["--shop", "tshop00000001", "--given-up", "--delivered-too"], 2, "cannot be used with"),
        (vec!["--shop", "tshop00000001", "--given-up", "--database", "other.db"], 1, "no database is here"),
    ] {
        let (ended, text) = said(&sekisho(here.path(), &[&["resend"], &args[..]].concat()).await);
        assert!(ended == Some(code) && text.contains(says), "{args:?}: {ended:?} {text}");
    }
}

/// The command works beside the gateway that serves, and that one sends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_again_arrives() {
    let came = Arc::new(Mutex::new(0));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let counting = came.clone();
    let receive = async move || {
        *counting.lock().await += 1;
        "0"
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(receive)).await });
    let here = given_up(3, &url).await;
    let mut gateway = Process::start(&["serve", "--listen", "127.0.0.1:0"], here.path(), &[]);
    gateway.says("sekisho serves 2 shop(s)").await;
    let resent = sekisho(here.path(), &["resend", "--shop", "tshop00000001", "--given-up"]).await;
    assert_eq!(resent.code, Some(0), "{}", resent.stderr);
    eventually("all three arrive", async || (*came.lock().await == 3).then_some(())).await;
    let store = SqliteStore::join(&here.path().join(DATABASE)).await.unwrap();
    eventually("all three are recorded", async || {
        let backlog = store.backlog(Millis(i64::MAX)).await.unwrap();
        (backlog.notifications_pending + backlog.notifications_given_up == 0).then_some(())
    })
    .await;
    store.close().await;
    gateway.signal("TERM");
    assert_eq!(gateway.end().await.code, Some(0));
}

#[tokio::test]
async fn reconcile_once_tells_what_it_found_and_did() {
    let here = given_up(1, "http://127.0.0.1:9/").await;
    let nothing =
        "0 operation(s) without an outcome, 0 transaction(s) to look at, 0 notification(s) owed, 1 given up\n";
    let quiet = format!(
        "found  {nothing}done   0 outcome(s) found out, 0 still unknown, 0 transaction(s) looked at, 0 failure(s)\nleft   \
         {nothing}"
    );
    let once = async || sekisho(here.path(), &["reconcile", "--once", "--log-filter", "off"]).await;
    assert_eq!(said(&once().await), (Some(0), quiet));

    // Amazon is at an address where nobody answers, so what is open stays open.
    let store = SqliteStore::open(&here.path().join(DATABASE)).await.unwrap();
    let (change, _) = owing(&shop_id(1), 0, Millis(1), "");
    let transaction = change.transaction().unwrap();
    let intent = Intent {
        key: IdempotencyKey::new("key-1").unwrap(),
        access_id: transaction.access_id.clone(),
        effect: Effect::UpdateCheckoutSession {
            session: CheckoutSessionId::new("session-1").unwrap(),
            amount: transaction.money.total(),
        },
        started_at: Millis(1),
        look_at: Millis(1),
        looks: 0,
    };
    store.apply(Change::intent(transaction, intent)).await.unwrap();
    store.close().await;
    drop(store);
    let ended = once().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let lines: Vec<_> = ended.stdout.lines().collect();
    assert!(lines[0].starts_with("found  1 operation(s) without an outcome (the oldest for "), "{}", ended.stdout);
    assert_eq!(lines[1], "done   0 outcome(s) found out, 1 still unknown, 0 transaction(s) looked at, 0 failure(s)");
    assert!(lines[2].starts_with("left   1 operation(s) without an outcome (the oldest for "), "{}", ended.stdout);

    let without = sekisho(here.path(), &["reconcile"]).await;
    assert!(without.code == Some(2) && without.stderr.contains("--once"), "{}", without.stderr);
}
