//! The shop page: settings without secrets, the connection check, and reading the settings again.

use std::path::Path;
use std::sync::{Arc, Mutex};

use sekisho::config::{ConfigErrors, Secret, ShopSettings, ShopsFile};
use sekisho::console::ShopsSource;
use sekisho::domain::Role;
use serde_json::json;

use crate::support::{Order, Stage};

const SHOP: &str = "tshop00000001";
const PASS: &str = "demoshop1pass";

/// A file of shops that a test writes: its shops, or a text in which there is a mistake.
struct File(Mutex<Result<Vec<ShopSettings>, String>>);

impl ShopsSource for File {
    fn read(&self) -> Result<Vec<ShopSettings>, ConfigErrors> {
        let read = |text: String| ShopsFile::parse(&text, Path::new("shops.toml")).unwrap_err();
        self.0.lock().unwrap().clone().map_err(read)
    }

    fn name(&self) -> String {
        "/etc/sekisho/shops.toml".to_owned()
    }
}

/// A stage with a file of shops, which says at first what the gateway knows.
async fn stage() -> (Stage, Arc<File>) {
    let mut shops = Vec::new();
    let stage = Stage::with(|plan| shops.clone_from(&plan.shops)).await;
    let file = Arc::new(File(Mutex::new(Ok(shops))));
    stage.console.read_shops_from(file.clone());
    (stage, file)
}

impl File {
    fn change(&self, change: impl FnOnce(&mut Vec<ShopSettings>)) {
        change(self.0.lock().unwrap().as_mut().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_are_shown_and_secrets_are_not() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", Some(SHOP), Role::Look).await;
    assert_eq!(clerk.get("/console/shop").await.location.as_deref(), Some("/console/shop/tshop00000001"));
    let page = clerk.get("/console/shop/tshop00000001").await.ok();
    for shown in ["A1DEMOSHOP0001", "authprocess_limit_minutes", "private_key", "/amazonpay/ipn", "BEGIN PUBLIC KEY"] {
        assert!(page.html.contains(shown), "{shown}");
    }
    let shop = stage.gateway.shops().iter().next().unwrap();
    let pem = shop.settings.private_key.expose().lines().nth(1).unwrap().to_owned();
    for secret in [PASS, "PRIVATE KEY", &pem] {
        assert!(!page.html.contains(secret), "{secret}");
    }
    let fingerprint = page.html.split("<code>").find(|part| part.matches(':').count() == 31);
    assert!(fingerprint.is_some(), "32 bytes in pairs: {}", page.html);
    assert!(!page.html.contains("id=\"check-connection\""), "looks only");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_checked_by_a_question_that_changes_nothing() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", Some(SHOP), Role::Act).await;
    let check =
        async || clerk.post("/console/me?lang=en", "/console/shop/tshop00000001/connection", &[]).await.ok().html;
    let before = stage.ledger().await["movements"].clone();
    assert!(check().await.contains("has taken the signature"));
    assert_eq!(stage.amazon_saw("getCheckoutSession").await.len(), 1);
    stage.fault("getCheckoutSession", 1, json!({"status": 403, "reason_code": "InvalidRequestSignature"})).await;
    let refused = check().await;
    assert!(refused.contains("Amazon Pay refused: 403 InvalidRequestSignature"), "{refused}");
    assert_eq!(stage.ledger().await["movements"], before);
    let boss = stage.clerk("boss", None, Role::Administer).await;
    assert!(boss.get("/console/audit?lang=en").await.html.contains("<td>Checked the connection</td>"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_settings_come_into_force_at_once_and_the_log_tells_which() {
    let (stage, file) = stage().await;
    let boss = stage.clerk("boss", None, Role::Administer).await;
    let reload = async || boss.post("/console/shop?lang=en", "/console/shop-settings/reload", &[]).await;
    assert!(reload().await.ok().html.contains("Nothing has changed"));

    file.change(|shops| {
        shops[0].shop_pass = Secret::new("rotated1");
        shops[0].name = "Renamed".to_owned();
        let mut third = shops[1].clone();
        third.shop_id = "tshop00000003".to_owned();
        shops.push(third);
    });
    let page = reload().await.ok();
    for told in [
        "new settings are in force",
        "shop_pass</code>: •••••••• → ••••••••",
        "Demo shop 1 → Renamed",
        "tshop00000003</code> was added",
    ] {
        assert!(page.html.contains(told), "{told}: {}", page.html);
    }
    assert!(!page.html.contains("rotated1") && !page.html.contains(PASS));
    let entry = |shop: &str, pass: &str, order: &str| {
        let fields = [
            ("ShopID", shop),
            ("ShopPass", pass),
            ("OrderID", order),
            ("JobCd", "AUTH"),
            ("Amount", "100"),
            ("AmazonpayType", "3"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        stage.http.post(format!("{}/payment/EntryTranAmazonpay.idPass", stage.gateway_url)).form(&fields).send()
    };
    let answer =
        async |shop: &str, pass: &str, order: &str| entry(shop, pass, order).await.unwrap().text().await.unwrap();
    assert!(answer(SHOP, "rotated1", "reload-1").await.contains("AccessID="));
    assert!(answer(SHOP, PASS, "reload-2").await.contains("ErrInfo="), "the old password counts no more");
    assert!(answer("tshop00000003", "demoshop2pass", "reload-3").await.contains("AccessID="), "the new shop may call");
    assert!(boss.get("/console/shop").await.ok().html.contains("Renamed"));

    file.change(|shops| {
        shops.remove(2);
    });
    assert!(reload().await.ok().html.contains("tshop00000003</code> is gone"));
    assert!(answer("tshop00000003", "demoshop2pass", "reload-4").await.contains("ErrInfo="));
    let log = boss.get("/console/audit?lang=en").await.ok().html;
    assert!(
        log.contains("<td>Read shops.toml again</td>")
            && log.contains("name: Demo shop 1")
            && !log.contains("rotated1"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_changes_nothing() {
    let (stage, file) = stage().await;
    let boss = stage.clerk("boss", None, Role::Administer).await;
    let reload = async || boss.post("/console/shop?lang=en", "/console/shop-settings/reload", &[]).await;
    file.change(|shops| {
        shops[0].name = "Renamed".to_owned();
        shops[1].private_key = Secret::new("no key");
    });
    let page = reload().await;
    assert!(
        page.status == 409 && page.html.contains("tshop00000002: private_key_file"),
        "{} {}",
        page.status,
        page.html
    );
    *file.0.lock().unwrap() = Err("[[shop]]\nnotify_url = 1\n".to_owned());
    let page = reload().await;
    assert!(
        page.status == 409 && page.html.contains("notify_url") && page.html.contains("stay in force"),
        "{}",
        page.html
    );
    assert!(!boss.get("/console/shop").await.ok().html.contains("Renamed"));
    let ready = stage.ready(Order::auth("still-1")).await;
    assert!(!ready.token.is_empty(), "payments go on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_operator_who_administers_reads_again() {
    let (stage, _) = stage().await;
    for (name, shop, role) in [("act", None, Role::Act), ("shops", Some(SHOP), Role::Administer)] {
        let clerk = stage.clerk(name, shop, role).await;
        assert_eq!(clerk.post("/console/me", "/console/shop-settings/reload", &[]).await.status, 403, "{name}");
        assert!(!clerk.get("/console/shop").await.html.contains("shop-settings/reload"));
    }
}
