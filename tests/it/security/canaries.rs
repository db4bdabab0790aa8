//! S2: secrets never leave. Every secret of a gateway is a canary that stands nowhere else; a shop and a buyer go every
//! way there is, strangers make every mistake, and then everything that came out is searched: the log at its finest, pages,
//! error answers, notifications, `Debug` of whatever holds a secret, and the bytes of the database.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use sekisho::config::{ConfigErrors, DeploymentKey, Secret, ShopSettings};
use sekisho::console::{self, ShopsSource, Verb};
use sekisho::domain::totp::TotpSecret;
use sekisho::domain::{LoginName, Role};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use super::show;
use crate::support::clerk::PASSWORD;
use crate::support::{Answer, Order, ShopClient, Stage, eventually, form};

const SHOP_PASS: &str = "Canary4ShopPass7f3a91";
const OTHER_PASS: &str = "Canary4OtherPass8c2b60";
const OTHER_SHOPS_PASS: &str = "Canary4SecondShop5d1e";
const NOTIFY_KEY: &[u8] = b"canary-notify-key-0123456789abcdef";
/// In the query of an address that notifications go to, before and after the shop's settings are read again.
const NOTIFY_TOKENS: [&str; 2] = ["Canary4NotifyUrl9e07c4", "Canary4NotifyUrlAnew31bf"];
const DEPLOYMENT_KEY: &[u8] = b"canary-deployment-key-fedcba9876543210";

/// The log of this thread, where everything of a test runs that writes one.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn subscriber(log: Log) -> tracing::Dispatch {
    let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(log);
    tracing::Dispatch::new(lines.finish())
}

/// Something that came out, and under what name it is told.
struct Out {
    what: String,
    bytes: Vec<u8>,
}

#[derive(Default)]
struct Outs(Vec<Out>);

impl Outs {
    fn add(&mut self, what: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.push(Out { what: what.into(), bytes: bytes.into() });
    }

    fn answer(&mut self, what: &str, answer: &Answer) {
        self.add(format!("answer: {what}"), answer.bytes.clone());
        self.add(format!("location: {what}"), answer.location.clone().unwrap_or_default());
    }
}

/// A secret in every notation in which it might get out.
struct Canary {
    what: String,
    notations: Vec<Vec<u8>>,
    /// What it has to be in: the beginnings of such outputs' names.
    belongs_in: &'static [&'static str],
}

fn canary(what: &str, secret: &[u8]) -> Canary {
    let list = format!("{secret:?}");
    let notations = vec![
        secret.to_vec(),
        hex::encode(secret).into_bytes(),
        hex::encode_upper(secret).into_bytes(),
        STANDARD.encode(secret).trim_end_matches('=').as_bytes().to_vec(),
        URL_SAFE.encode(secret).trim_end_matches('=').as_bytes().to_vec(),
        list.trim_matches(['[', ']']).as_bytes().to_vec(),
        percent_encoding::percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string().into_bytes(),
    ];
    Canary { what: what.to_owned(), notations, belongs_in: &[] }
}

/// An address is no secret of itself: the book has it, whole, with each notification, and so have the settings.
fn canary_in_a_url(what: &str, secret: &str) -> Canary {
    Canary { belongs_in: &["database", "Debug"], ..canary(what, secret.as_bytes()) }
}

/// The shops as a file would have them.
struct ShopsRead(Vec<ShopSettings>);

impl ShopsSource for ShopsRead {
    fn read(&self) -> Result<Vec<ShopSettings>, ConfigErrors> {
        Ok(self.0.clone())
    }

    fn name(&self) -> String {
        "shops.toml".to_owned()
    }
}

/// Every canary is ASCII, so whatever is not text may be read as anything.
fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty() && String::from_utf8_lossy(haystack).contains(&*String::from_utf8_lossy(needle))
}

/// A stage whose secrets are canaries, and where its database is.
async fn stage() -> (Stage, PathBuf, Vec<Canary>) {
    let (mut database, mut canaries, mut shops) = (PathBuf::new(), Vec::new(), Vec::new());
    let stage = Stage::with(|plan| {
        database.clone_from(&plan.settings.database);
        plan.deployment_key = DEPLOYMENT_KEY.to_vec();
        plan.shops[0].shop_pass = Secret::new(SHOP_PASS);
        plan.shops[0].other_shop_pass = Some(Secret::new(OTHER_PASS));
        plan.shops[0].notify_secret = Some(Secret::new(format!("whsec_{}", STANDARD.encode(NOTIFY_KEY))));
        plan.shops[1].shop_pass = Secret::new(OTHER_SHOPS_PASS);
        let url = plan.shops[0].notify_url.clone().unwrap();
        let [before, after] = NOTIFY_TOKENS.map(|token| Some(format!("{url}?token={token}")));
        plan.shops[0].notify_url = after;
        shops.clone_from(&plan.shops);
        plan.shops[0].notify_url = before;
        for shop in &plan.shops {
            // A line out of the middle of the key.
            let line = shop.private_key.expose().lines().nth(8).unwrap().as_bytes().to_vec();
            let what = format!("the private key of {}", shop.shop_id);
            canaries.push(Canary { what, notations: vec![line], belongs_in: &[] });
        }
    })
    .await;
    stage.console.read_shops_from(Arc::new(ShopsRead(shops)));
    canaries.extend(NOTIFY_TOKENS.map(|token| canary_in_a_url("the query of a notify_url", token)));
    canaries.extend([
        canary("ShopPass", SHOP_PASS.as_bytes()),
        canary("the other ShopPass", OTHER_PASS.as_bytes()),
        canary("the other shop's ShopPass", OTHER_SHOPS_PASS.as_bytes()),
        canary("the notify key", NOTIFY_KEY),
        canary("the deployment key", DEPLOYMENT_KEY),
    ]);
    (stage, database, canaries)
}

/// Everything that shops and buyers do. The answers that carry AccessPass or Token to their owner are not kept; both are
/// canaries from then on.
async fn live_through(stage: &Stage, outs: &mut Outs, canaries: &mut Vec<Canary>) {
    let shop = stage.shop();
    for (order, card) in [("canary-1", "card-1111"), ("canary-2", "card-declined")] {
        let ready = stage.ready(Order { id: order, job: "AUTH", card: "card-1111" }).await;
        canaries.push(canary("AccessPass", ready.entered.access_pass.as_bytes()));
        canaries.push(canary("Token", ready.token.as_bytes()));
        let start = stage.browser.start(&ready.start_url, &ready.entered.access_id, &ready.token).await;
        outs.answer("AmazonpayStart", &start);
        let again = stage.browser.start(&ready.start_url, &ready.entered.access_id, &ready.token).await;
        outs.answer("AmazonpayStart once more", &again);
        let back = stage
            .browser
            .press(&start.location.unwrap(), if card == "card-1111" { "pay" } else { "cancel" }, &[])
            .await;
        outs.answer("the result page", &stage.browser.get(&back).await);
        outs.answer("Sales", &ready.entered.sell(shop, "1980", "198").await);
        outs.answer("Sales once more", &ready.entered.sell(shop, "1980", "198").await);
        outs.answer("Cancel", &ready.entered.cancel(shop, "1980", "198").await);
        outs.answer("Change", &ready.entered.change(shop, "1000", "0").await);
    }
    let consent = stage.consented("canary-3").await;
    canaries.push(canary("AccessPass", consent.entered.access_pass.as_bytes()));
    let charged = stage.entered_alone(Order::auth("canary-4")).await;
    outs.answer("a charge on a consent", &charged.charge(shop, &consent.permission).await);
    outs.answer("the end of a consent", &crate::support::close(shop, &consent.permission).await);
    // Amazon in trouble, which is logged.
    stage.fault("captureCharge", 1, json!({"lose_answer": true})).await;
    let lost = stage.paid(Order::auth("canary-5")).await.0;
    outs.answer("Sales without an answer of Amazon's", &lost.sell(shop, "1980", "198").await);
    stage.half_a_minute_later().await;
    stage.reconcile().await;
}

/// Everything that strangers and careless shops do.
async fn blunder(stage: &Stage, outs: &mut Outs) {
    let shop = stage.shop();
    let wrong = ShopClient { shop_pass: format!("{SHOP_PASS}x"), ..shop.clone() };
    let other = ShopClient { shop_pass: OTHER_SHOPS_PASS.to_owned(), ..shop.clone() };
    for who in [&wrong, &other] {
        outs.answer(
            "a wrong password",
            &who.call("SearchTradeMulti", &[("OrderID", "canary-1"), ("PayType", "38")]).await,
        );
    }
    let malformed =
        [("ShopID", &b"tshop00000001"[..]), ("ShopPass", b"Canary4ShopPass7f3a91 \x81"), ("OrderID", b"\x81")];
    for path in ["EntryTranAmazonpay.idPass", "ExecTranAmazonpay.json", "NoSuchCall.idPass", "AmazonpayStart.idPass"] {
        for content_type in ["application/x-www-form-urlencoded", "application/json", "text/plain"] {
            outs.answer(path, &shop.post(path, Some(content_type), form(&malformed)).await);
            let json = format!("{{\"shopID\": \"tshop00000001\", \"shopPass\": \"{SHOP_PASS}\", \"orderID\": [1]}}");
            outs.answer(path, &shop.post(path, Some(content_type), json.into_bytes()).await);
        }
    }
    for path in [
        "payment/AmazonpayReturn/x?cancel=y",
        "payment/AmazonpaySales.idPass?ShopPass=Canary4ShopPass7f3a91",
        "docs",
        "openapi.json",
        "healthz",
    ] {
        outs.answer(path, &stage.browser.get(&format!("{}/{path}", stage.gateway_url)).await);
    }
    let refused = stage.http.post(format!("{}/amazonpay/ipn", stage.gateway_url)).body(SHOP_PASS).send().await.unwrap();
    outs.answer("ipn", &Answer::read(refused).await);
}

/// Everything that somebody does in the console, who at last has been on every page. The answers that show a secret to its
/// owner (a password just made up, a second factor to be added) are not kept; each is a canary from then on.
async fn at_the_console(stage: &Stage, outs: &mut Outs, canaries: &mut Vec<Canary>) {
    let boss = stage.clerk("canary-boss", None, Role::Administer).await;
    canaries.push(canary("a password of the console", PASSWORD.as_bytes()));
    canaries.push(canary("a session of the console", boss.cookie("sekisho_console").unwrap().as_bytes()));
    let id = stage.staff.account_named(&LoginName::new("canary-boss").unwrap()).await.unwrap().unwrap().id;
    let salt = boss.get("/console/me").await.field("salt").unwrap();
    let key = DeploymentKey::new("test", DEPLOYMENT_KEY.to_vec()).unwrap();
    let factor = TotpSecret::derive(&key, id, &salt);
    canaries.push(canary("a second factor", factor.base32().as_bytes()));
    let code = factor.code_at(stage.now());
    let fields = [("salt", salt.as_str()), ("password", PASSWORD), ("code", &code)];
    let added = boss.post("/console/me", "/console/me/second-factor", &fields).await;
    assert_eq!(added.status, 303, "{}", added.html);
    let fields = [("name", "canary-user"), ("shop", "tshop00000001"), ("role", "look"), ("password", "")];
    let made = boss.post("/console/users", "/console/users", &fields).await;
    let password = made.html.split("id=\"made-password\">").nth(1).unwrap().split('<').next().unwrap();
    canaries.push(canary("a password that the console made up", password.as_bytes()));
    // In the wrong field, which is the worst place for it.
    outs.add(
        "console: a wrong name",
        stage.stranger().sign_in(password, "wrong password", "").await.html.replace(password, ""),
    );
    outs.add("console: a wrong code", stage.stranger().sign_in("canary-boss", PASSWORD, "000000").await.html);
    let tested = boss.post("/console/me", "/console/notifications/test", &[("shop", "tshop00000001")]).await;
    outs.add("console: a test notification", tested.ok().html);
    let reloaded = boss.post("/console/shop", "/console/shop-settings/reload", &[]).await.ok();
    assert!(reloaded.html.contains("notify_url</code>"), "{}", reloaded.html);
    outs.add("console: shops.toml read again", reloaded.html);
    let made = [("make", "1"), ("review_url", "https://shop.example/")];
    let button = boss.post("/console/button/tshop00000001", "/console/button/tshop00000001", &made).await;
    outs.add("console: a button", button.ok().html);
    let path = format!("/console/transactions/{}?lang=en", stage.transaction_id("canary-5").await);
    let page = eventually("its timeline tells of Amazon", async || {
        let page = boss.get(&path).await;
        page.html.contains("Call to Amazon: CaptureCharge").then_some(page)
    })
    .await;
    outs.add("console: a timeline", page.html);
    for route in console::routes().into_iter().filter(|route| route.verb == Verb::Get) {
        let path = route.path.replace("{shop}", "tshop00000001").replace("{user}", &id.0.to_string());
        let page = boss.get(&format!("{path}?make=1&review_url=https%3A%2F%2Fshop.example%2F")).await;
        outs.add(format!("console: {path}"), page.html);
    }
}

/// `Debug` of whatever holds a secret.
async fn debug(stage: &Stage) -> String {
    let mut shown = String::new();
    for shop in stage.gateway.shops().iter() {
        write!(shown, "{shop:#?}{:?}{:?}", shop.settings.notify_key(), shop.settings.shop_pass).unwrap();
    }
    for order in ["canary-1", "canary-3"] {
        let trade = stage.trade(order).await;
        write!(shown, "{:#?}", stage.transaction(&trade["AccessID"]).await).unwrap();
    }
    shown
}

#[tokio::test]
async fn no_secret_gets_out() {
    let log = Log::default();
    // This test has one thread, so whatever the gateway and the sandbox log comes here.
    let guard = tracing::dispatcher::set_default(&subscriber(log.clone()));
    // While there is just one subscriber, tracing asks the thread that comes by a line first whether anybody cares for it;
    // the threads of other tests would say no for this one, too.
    let another = subscriber(Log::default());
    let (stage, database, mut canaries) = stage().await;
    let mut outs = Outs::default();
    live_through(&stage, &mut outs, &mut canaries).await;
    blunder(&stage, &mut outs).await;
    at_the_console(&stage, &mut outs, &mut canaries).await;
    for received in stage.receiver.wait_for(4).await {
        outs.add("notification", format!("{:?} {}", received.headers, received.body));
    }
    outs.add("Debug", debug(&stage).await);
    drop((guard, another));
    let log = log.0.lock().unwrap().clone();
    let lines = log.split(|byte| *byte == b'\n').count();
    assert!(lines > 200 && contains(&log, b"canary-1") && contains(&log, b"TRACE"), "{lines} lines are no log");
    outs.add("log", log);
    let mut book = 0;
    for suffix in ["", "-wal"] {
        let mut name = database.clone().into_os_string();
        name.push(suffix);
        let bytes = std::fs::read(PathBuf::from(name)).unwrap_or_default();
        book += usize::from(contains(&bytes, b"canary-1"));
        outs.add(format!("database{suffix}"), bytes);
    }
    assert!(book > 0, "what was searched is not the book");

    let mut hits = Vec::new();
    for Canary { what, notations, belongs_in } in &canaries {
        for out in &outs.0 {
            if belongs_in.iter().any(|place| out.what.starts_with(place)) {
                continue;
            }
            if notations.iter().any(|notation| contains(&out.bytes, notation)) {
                hits.push(format!("{what} in {}", out.what));
            }
        }
    }
    let bytes: usize = outs.0.iter().map(|out| out.bytes.len()).sum();
    assert!(hits.is_empty(), "\n{}", hits.join("\n"));
    show(
        "S2",
        format_args!(
            "{} canaries, {} outputs of {bytes} bytes, {lines} log lines, 0 hits",
            canaries.len(),
            outs.0.len()
        ),
    );
}

/// A search that finds nothing must be able to find something.
#[test]
fn a_canary_is_found_in_every_notation() {
    let canary = canary("key", NOTIFY_KEY);
    for text in [
        format!("pass={}", String::from_utf8_lossy(NOTIFY_KEY)),
        format!("key: {}", hex::encode(NOTIFY_KEY)),
        format!("whsec_{}", STANDARD.encode(NOTIFY_KEY)),
        format!("{NOTIFY_KEY:?}"),
    ] {
        assert!(canary.notations.iter().any(|notation| contains(text.as_bytes(), notation)), "{text}");
    }
    assert!(!canary.notations.iter().any(|notation| contains(b"canary", notation)));
}
