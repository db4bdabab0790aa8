//! Promise R7, the other half: the real `serve` is killed between sending a notification and recording it. Nothing is lost,
//! nothing changes, and nothing comes twice more often than the process died.
//!
//! The notifications are those of one transaction, which go out one after the other: so at most one is under way when the
//! process dies, and their order can be judged as well. `SEKISHO_PROVE_KILLS` says how often it dies.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use secrecy::ExposeSecret as _;
use sekisho::amazonpay::generate_pem;
use sekisho::domain::Millis;
use sekisho::store::{SqliteStore, Store as _};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::Notify;

use super::post::{number, owing, shop_id};
use crate::process::Process;
use crate::support::figure;

const SHORT: usize = 6;
/// For each death, so many notifications more.
const PER_KILL: usize = 3;

/// When the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// The shop has the message and has not answered.
    Unanswered,
    /// The shop has answered; whether that was recorded is anybody's guess.
    Answered,
}

/// A shop's server that says when it has been told so much.
#[derive(Default)]
struct Shop {
    /// Ids and bodies, as they came.
    came: Mutex<Vec<(String, String)>>,
    /// At which visit, counted from one, the next death comes, and when in it.
    doom: Mutex<Option<(usize, Moment)>>,
    doomed: Notify,
}

async fn receive(State(shop): State<Arc<Shop>>, headers: HeaderMap, body: Bytes) -> &'static str {
    let visit = {
        let mut came = shop.came.lock().unwrap();
        came.push((headers["webhook-id"].to_str().unwrap().to_owned(), String::from_utf8(body.to_vec()).unwrap()));
        came.len()
    };
    let doom = *shop.doom.lock().unwrap();
    if let Some((at, moment)) = doom
        && at == visit
    {
        shop.doomed.notify_one();
        if moment == Moment::Unanswered {
            std::future::pending::<()>().await;
        }
    }
    "0"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_between_sending_and_recording_costs_a_repetition_at_most() {
    let kills = number("SEKISHO_PROVE_KILLS", SHORT);
    let count = PER_KILL * (kills + 1);
    let here = tempfile::tempdir().unwrap();
    let shop = Arc::<Shop>::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(axum::routing::post(receive)).with_state(shop.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    write_settings(here.path());
    owe(&here.path().join("data/sekisho.db"), count, &url).await;

    for kill in 0..kills {
        let seen = shop.came.lock().unwrap().len();
        let moment = if kill % 2 == 0 { Moment::Unanswered } else { Moment::Answered };
        *shop.doom.lock().unwrap() = Some((seen + 1 + kill % PER_KILL, moment));
        let mut process = serve(here.path());
        process.says("sekisho serves 2 shop(s)").await;
        tokio::time::timeout(std::time::Duration::from_secs(40), shop.doomed.notified()).await.expect("it is told");
        process.kill();
    }
    *shop.doom.lock().unwrap() = None;
    let mut process = serve(here.path());
    process.says("sekisho serves 2 shop(s)").await;
    crate::support::eventually("everything is told", async || {
        let came = shop.came.lock().unwrap();
        came.iter().any(|(id, _)| *id == message(count - 1)).then_some(())
    })
    .await;
    process.signal("TERM");
    assert_eq!(process.end().await.code, Some(0));

    let came = shop.came.lock().unwrap().clone();
    let mut first_visits = Vec::new();
    for (id, body) in &came {
        assert_eq!(*body, said(id), "the body never changes");
        if !first_visits.contains(id) {
            first_visits.push(id.clone());
        }
    }
    let twice = came.len() - first_visits.len();
    assert_eq!(first_visits, (0..count).map(message).collect::<Vec<_>>(), "all, in their order");
    assert!(twice <= kills, "{twice} came again, and only {kills} deaths");
    assert!(twice >= kills.div_ceil(2), "who died before the answer sent it again");
    let store = SqliteStore::open(&here.path().join("data/sekisho.db")).await.unwrap();
    assert_eq!(store.next_notification_at().await, Ok(None));
    store.close().await;
    figure(
        "R7.deaths",
        format_args!("{count} notifications, {kills} kills between sending and recording: 0 lost, {twice} came again"),
    );
}

fn message(number: usize) -> String {
    format!("msg_{number:032x}")
}

fn said(id: &str) -> String {
    format!("the body of {id}")
}

fn serve(here: &Path) -> Process {
    Process::start(&["serve", "--listen", "127.0.0.1:0"], here, &[])
}

/// One transaction, and so many notifications about it.
async fn owe(database: &Path, count: usize, url: &str) {
    std::fs::create_dir(database.parent().unwrap()).unwrap();
    let store = SqliteStore::open(database).await.unwrap();
    let (change, owed) = owing(&shop_id(1), 0, Millis(1), url);
    store.apply(change).await.unwrap();
    store.close().await;
    drop(store);
    let mut book = SqliteConnectOptions::new().filename(database).connect().await.unwrap();
    sqlx::query("UPDATE notifications SET body = ?").bind(said(&owed.id)).execute(&mut book).await.unwrap();
    for number in 1..count {
        let more = sqlx::query(
            "INSERT INTO notifications (id, access_id, shop_id, url, body, created_at, next_at, behind)
             VALUES (?1, ?2, ?3, ?4, ?5, 1, 1, 1)",
        );
        let more = more.bind(message(number)).bind(owed.access_id.as_str()).bind(owed.shop_id.as_str());
        more.bind(&owed.url).bind(said(&message(number))).execute(&mut book).await.unwrap();
    }
    book.close().await.unwrap();
}

/// The shipped shops with keys, in a directory of their own.
pub(crate) fn write_settings(here: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(here.join("shops.toml"), include_str!("../../../shops.toml")).unwrap();
    std::fs::create_dir(here.join("keys")).unwrap();
    let pem = generate_pem().unwrap().private_pem;
    let key = "0123456789abcdef".repeat(4);
    for (name, secret) in [
        ("tshop00000001.pem", pem.expose_secret()),
        ("tshop00000002.pem", pem.expose_secret()),
        ("deployment.key", &key),
    ] {
        let file = here.join("keys").join(name);
        std::fs::write(&file, secret).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}
