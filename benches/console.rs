//! How long the console's pages take on a large book: `cargo bench --bench console`.
//!
//! Fills one book with ten thousand transactions and one with a million, and asks the real router for pages of each, one
//! after the other, on two threads. Prints the median and the 99th percentile of the server's time, and what the large
//! book costs in comparison with the small one. The goal: the first page of the list and a search by order, each under
//! 50 ms at the 99th percentile with a million transactions. `SEKISHO_BENCH_ROWS` takes another number than a million.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{Request, Response};
use secrecy::ExposeSecret as _;
use sekisho::amazonpay::generate_pem;
use sekisho::cli::{Assembled, World};
use sekisho::config::{DeploymentKey, FileMode, GatewayOverrides, GatewaySettings, Secret, ShopSettings, ShopsFile};
use sekisho::console::password;
use sekisho::domain::{LoginName, ManualClock, Millis, Role, Scope, SeededRng};
use sekisho::store::{By, NewAccount, StaffChange};
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use tower::ServiceExt as _;

const NOW: Millis = Millis(1_795_371_000_000);
const SMALL: i64 = 10_000;
const LARGE: i64 = 1_000_000;
/// Transactions of one commit while the book is filled.
const BATCH: i64 = 50_000;
/// How often each page is asked for.
const TIMES: i64 = 300;
const GOAL: Duration = Duration::from_millis(50);

/// Thirty days of two shops, in every status that needs no more than a few columns; amounts and orders as they come.
const FILL: &str = "WITH RECURSIVE n (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < ?2)
    INSERT INTO transactions (access_id, key_id, shop_id, order_id, version, status, job_cd, amount, tax, amazonpay_type,
        created_at, processed_at, way, checkout_session_id, charge_permission_id, charge_id, authorized_at, captured_at,
        err_info)
    SELECT lower(hex(randomblob(16))), 'bench', iif(n % 10 = 0, 'tshop00000002', 'tshop00000001'), 'ORDER-' || n, 3, status,
        'AUTH', 100 + abs(random()) % 30000, 10 + n % 90, '3', ?4 + n * ?5 / ?3, ?4 + n * ?5 / ?3,
        iif(status = 'UNPROCESSED', NULL, 'REVIEW'), iif(status = 'UNPROCESSED', NULL, 'session-' || n),
        iif(status IN ('AUTH', 'SALES', 'CAPTURE'), 'S03-1234567-' || n, NULL),
        iif(status IN ('AUTH', 'SALES', 'CAPTURE'), 'S03-1234567-' || n || '-C1', NULL),
        iif(status IN ('AUTH', 'SALES', 'CAPTURE'), ?4 + n * ?5 / ?3, NULL),
        iif(status IN ('SALES', 'CAPTURE'), ?4 + n * ?5 / ?3, NULL),
        iif(status = 'PAYFAIL', 'AZ1000001', NULL)
    FROM (SELECT n, CASE n % 20 WHEN 0 THEN 'UNPROCESSED' WHEN 1 THEN 'PAYFAIL' WHEN 2 THEN 'AUTH' WHEN 3 THEN 'CAPTURE'
          ELSE 'SALES' END AS status FROM n)";

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure())
}

async fn measure() -> anyhow::Result<()> {
    let large = std::env::var("SEKISHO_BENCH_ROWS").map_or(Ok(LARGE), |rows| rows.parse())?;
    let small = Desk::open(SMALL).await?;
    let big = Desk::open(large).await?;
    println!(
        "{:<44} {:>20} {:>28}  ratio of p50",
        "server time, p50 / p99",
        format!("{SMALL} rows"),
        format!("{large} rows")
    );
    let mut slowest = Duration::ZERO;
    for (name, counts_for_goal, path) in pages() {
        let (few, many) = (small.time(&*path).await?, big.time(&*path).await?);
        println!(
            "{name:<44} {:>20} {:>28}  {:.2}",
            few.to_string(),
            many.to_string(),
            many.median.as_secs_f64() / few.median.as_secs_f64()
        );
        if counts_for_goal {
            slowest = slowest.max(many.p99);
        }
    }
    println!(
        "goal: first page and search by order under {} ms at p99: {}",
        GOAL.as_millis(),
        if slowest < GOAL { "met" } else { "MISSED" }
    );
    Ok(())
}

type PathOf = Box<dyn Fn(i64, i64) -> String>;

/// What is asked for: its name, whether the goal speaks of it, and its address by the number of the request and of rows.
fn pages() -> Vec<(&'static str, bool, PathOf)> {
    let list = |query: &'static str| -> PathOf { Box::new(move |_, _| format!("/console/transactions{query}")) };
    let by_order = |time: i64, rows: i64| format!("/console/transactions?order=ORDER-{}", time * 7919 % rows);
    let by_beginning = |time: i64, rows: i64| format!("/console/transactions?order=ORDER-{}*", time * 7919 % rows / 10);
    vec![
        ("first page of the list", true, list("")),
        ("search by order", true, Box::new(by_order)),
        ("search by the beginning of an order", false, Box::new(by_beginning)),
        ("one shop, one status, largest first", false, list("?shop=tshop00000002&status=AUTH&sort=largest")),
        ("amounts from 20,000 to 20,100 yen", false, list("?total_from=20000&total_to=20100")),
        ("failed, of at least 30,000 yen", false, list("?status=PAYFAIL&total_from=30000")),
        ("today", false, Box::new(|_, _| "/console/today".to_owned())),
    ]
}

/// A gateway on a filled book, and somebody who has signed in.
struct Desk {
    router: Router,
    cookie: String,
    rows: i64,
    _assembled: Assembled,
    _data: tempfile::TempDir,
}

struct Times {
    median: Duration,
    p99: Duration,
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} / {:.2} ms", self.median.as_secs_f64() * 1e3, self.p99.as_secs_f64() * 1e3)
    }
}

impl Desk {
    async fn open(rows: i64) -> anyhow::Result<Self> {
        let data = tempfile::tempdir()?;
        let database = data.path().join("sekisho.db");
        let began = Instant::now();
        fill(&database, rows).await?;
        println!("filled with {rows} transactions in {:.1} s", began.elapsed().as_secs_f64());
        let mut settings = GatewaySettings::resolve(&GatewayOverrides::default(), "", Path::new("sekisho.toml"))?;
        settings.database = database;
        let world = World::new(Arc::new(ManualClock::at(NOW)), Arc::new(SeededRng::new(1)));
        let key = DeploymentKey::new("bench", (0..32).collect()).map_err(|why| anyhow::anyhow!("{why:?}"))?;
        let assembled = Assembled::new(settings, shops(data.path())?, key, world).await?;
        let staff = assembled.staff().context("a database keeps the accounts")?;
        let rng = SeededRng::new(2);
        let account = NewAccount {
            name: LoginName::new("operator")?,
            scope: Scope::EveryShop,
            role: Role::Look,
            password_hash: password::hash(&Secret::new(PASSWORD), &rng).map_err(|why| anyhow::anyhow!("{why:?}"))?,
        };
        staff.change_staff(StaffChange::Add(account), By::command_line(), NOW).await?;
        let router = assembled.router();
        let cookie = sign_in(&router).await?;
        Ok(Self { router, cookie, rows, _assembled: assembled, _data: data })
    }

    async fn time(&self, path: &dyn Fn(i64, i64) -> String) -> anyhow::Result<Times> {
        let mut times = Vec::new();
        for time in 0..TIMES {
            let request = Request::get(path(time, self.rows)).header(COOKIE, &self.cookie).body(Body::empty())?;
            let began = Instant::now();
            let response = self.router.clone().oneshot(request).await?;
            let status = response.status();
            to_bytes(response.into_body(), usize::MAX).await?;
            times.push(began.elapsed());
            if status != 200 {
                bail!("{} is answered {status}", path(time, self.rows));
            }
        }
        times.sort_unstable();
        Ok(Times { median: times[times.len() / 2], p99: times[times.len() * 99 / 100] })
    }
}

const PASSWORD: &str = "correct horse battery";

async fn fill(database: &Path, rows: i64) -> anyhow::Result<()> {
    sekisho::store::sqlite::migrate(database).await?;
    let options = SqliteConnectOptions::new().filename(database).synchronous(SqliteSynchronous::Off);
    let mut connection = options.connect().await?;
    let thirty_days = 30 * 24 * 60 * 60 * 1000_i64;
    for from in (0..rows).step_by(usize::try_from(BATCH)?) {
        let query = sqlx::query(FILL).bind(from).bind((from + BATCH).min(rows)).bind(rows);
        query.bind(NOW.0 - thirty_days).bind(thirty_days).execute(&mut connection).await?;
    }
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await?;
    connection.close().await?;
    Ok(())
}

fn shops(data: &Path) -> anyhow::Result<Vec<ShopSettings>> {
    let parsed = ShopsFile::parse(include_str!("../shops.toml"), Path::new("shops.toml"));
    let mut file = parsed?;
    let pem = generate_pem()?.private_pem;
    for shop in &mut file.shops {
        std::fs::write(data.join(format!("{}.pem", shop.shop_id)), pem.expose_secret())?;
        shop.take_key_from(data);
    }
    Ok(file.load_secrets(&|_| None, FileMode::Any)?)
}

/// Through the door, as a browser does; answers its cookies.
async fn sign_in(router: &Router) -> anyhow::Result<String> {
    let door = router.clone().oneshot(Request::get("/console/sign-in").body(Body::empty())?).await?;
    let visitor = cookies(&door);
    let page = String::from_utf8(to_bytes(door.into_body(), usize::MAX).await?.to_vec())?;
    let mark =
        page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).context("no form")?;
    let form = format!("csrf={mark}&name=operator&password={}", PASSWORD.replace(' ', "+"));
    let request = Request::post("/console/sign-in")
        .header(COOKIE, &visitor)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form))?;
    let inside = router.clone().oneshot(request).await?;
    if inside.status() != 303 {
        bail!("the door stays closed: {}", inside.status());
    }
    Ok(format!("{visitor}; {}", cookies(&inside)))
}

fn cookies(response: &Response<Body>) -> String {
    let all = response.headers().get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.filter_map(|cookie| cookie.split(';').next()).collect::<Vec<_>>().join("; ")
}
