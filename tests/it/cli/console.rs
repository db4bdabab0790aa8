//! `sekisho console` beside a gateway that serves, and SIGHUP.

use std::path::Path;

use crate::process::{Process, run};
use crate::support::clerk::Clerk;

const SHOPS: &str = include_str!("../../../shops.toml");

/// A gateway that serves from `directory`, and where.
async fn serve(directory: &Path) -> (Process, String) {
    std::fs::write(directory.join("shops.toml"), SHOPS).unwrap();
    for command in
        ["keys new keys/tshop00000001.pem", "keys new keys/tshop00000002.pem", "keys deployment keys/deployment.key"]
    {
        assert_eq!(run(&command.split(' ').collect::<Vec<_>>(), directory, &[]).await.code, Some(0));
    }
    let mut gateway = Process::start(&["serve", "--listen", "127.0.0.1:0"], directory, &[]);
    let line = gateway.says("sekisho serves 2 shop(s) on ").await;
    let url = line.rsplit(' ').next().unwrap().trim().to_owned();
    (gateway, url)
}

/// The password that a command has printed.
fn password_in(stdout: &str) -> String {
    let line = stdout.lines().find_map(|line| line.strip_prefix("password: "));
    line.unwrap_or_else(|| panic!("no password: {stdout}")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_account_is_made_beside_the_gateway_and_mended_there() {
    let here = tempfile::tempdir().unwrap();
    let sekisho = async |line: &str| run(&line.split(' ').collect::<Vec<_>>(), here.path(), &[]).await;
    let early = sekisho("console add-user hanako --operator --role look").await;
    assert!(early.code == Some(1) && early.stderr.contains("no database is here"), "{}", early.stderr);

    let (gateway, url) = serve(here.path()).await;
    let made = sekisho("console add-user Hanako --operator --role administer").await;
    assert_eq!((made.code, made.stderr.as_str()), (Some(0), ""));
    let password = password_in(&made.stdout);
    let clerk = Clerk::at(&url);
    assert_eq!(clerk.sign_in("hanako", &password, "").await.status, 303);

    for (line, says) in [
        ("console add-user hanako --operator --role look", "an account of this name exists already"),
        ("console add-user a/b --operator --role look", "NAME is 1 to 64 of"),
        ("console add-user taro --shop tshop00000009 --role look", "has no shop tshop00000009"),
        ("console add-user taro --shop nonsense --role look", "--shop"),
        ("console new-password nobody", "there is no such account"),
    ] {
        let refused = sekisho(line).await;
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{line}");
        assert!(refused.stderr.contains(says), "{line}: {}", refused.stderr);
    }
    let taro = sekisho("console add-user taro --shop tshop00000002 --role look").await;
    let shops = Clerk::at(&url);
    assert_eq!(shops.sign_in("taro", &password_in(&taro.stdout), "").await.status, 303);
    assert!(shops.get("/console/me").await.html.contains("tshop00000002"));

    let renewed = sekisho("console new-password hanako").await;
    assert_ne!(password_in(&renewed.stdout), password);
    assert_eq!(clerk.get("/console/me").await.status, 303, "what was open is ended");
    assert_eq!(clerk.sign_in("hanako", &password_in(&renewed.stdout), "").await.status, 303);
    assert!(clerk.get("/console/audit").await.html.contains("command line"));
    gateway.signal("TERM");
    assert_eq!(gateway.end().await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hangup_reads_the_shops_again_and_a_mistake_changes_nothing() {
    let here = tempfile::tempdir().unwrap();
    let (mut gateway, url) = serve(here.path()).await;
    let write = |text: &str| std::fs::write(here.path().join("shops.toml"), text).unwrap();
    let http = sekisho::egress::client(std::time::Duration::from_secs(5), std::time::Duration::from_secs(20)).unwrap();
    let enters = async |order: &str, pass: &str| {
        let form = [
            ("ShopID", "tshop00000001"),
            ("ShopPass", pass),
            ("OrderID", order),
            ("JobCd", "AUTH"),
            ("Amount", "1"),
            ("AmazonpayType", "3"),
        ];
        let answer = http.post(format!("{url}/payment/EntryTranAmazonpay.idPass")).form(&form).send().await.unwrap();
        answer.text().await.unwrap().contains("AccessID=")
    };
    write(&SHOPS.replace("shop_pass = \"demoshop1pass\"", "shop_pass = \"rotated1\""));
    gateway.signal("HUP");
    let line = gateway.logs("a shop's settings are in force").await;
    assert!(line.contains("tshop00000001 shop_pass") && !line.contains("rotated1"), "{line}");
    assert!(enters("hup-1", "rotated1").await && !enters("hup-2", "demoshop1pass").await);

    write("[[shop]]\nshop_id = \"x\"\n");
    gateway.signal("HUP");
    gateway.logs("the old settings stay in force").await;
    assert!(enters("hup-3", "rotated1").await);
    gateway.signal("TERM");
    assert_eq!(gateway.end().await.code, Some(0));
}
