//! Keys and passwords that change without a pause, and a key that changed without anybody's wish.

use std::path::Path;

use secrecy::ExposeSecret as _;
use sekisho::amazonpay::generate_pem;
use sekisho::config::{OtherKey, Secret};
use sha2::{Digest as _, Sha256};

use crate::process::{Process, run};
use crate::support::{Order, ShopClient, Stage};

const NEXT: &str = "thenextpassword";

fn check_string(form: &crate::support::ResultForm, access_id: &str, pass: &str) -> String {
    let parts = [form.field("OrderID"), access_id, form.field("ShopID"), pass, form.field("AmazonChargePermissionID")];
    hex::encode(Sha256::digest(parts.concat()))
}

#[tokio::test]
async fn two_passwords_count_at_once_and_check_strings_are_made_with_the_one_in_use() {
    let stage = Stage::with(|plan| plan.shops[0].other_shop_pass = Some(Secret::new(NEXT))).await;
    let changed = ShopClient { shop_pass: NEXT.to_owned(), ..stage.shop().clone() };
    let (entered, form) = stage.paid(Order::auth("rotate-1")).await;
    assert_eq!(form.field("CheckString"), check_string(&form, &entered.access_id, &stage.shop().shop_pass));

    // The shop changes over between ExecTran and the buyer's return.
    let (entered, back) = stage.agreed(Order::auth("rotate-2")).await;
    assert_eq!(changed.status("rotate-2").await, "AUTHPROCESS");
    let form = stage.browser.come_back(&back).await;
    assert_eq!(form.field("CheckString"), check_string(&form, &entered.access_id, NEXT));
    assert_eq!(entered.sell(&changed, "1980", "198").await.field("Status"), "SALES");
    assert_eq!(stage.shop().status("rotate-2").await, "SALES", "the first counts as well");
    let stranger = ShopClient { shop_pass: "neither".to_owned(), ..stage.shop().clone() };
    assert_eq!(stranger.call("SearchTradeMulti", &[("OrderID", "a"), ("PayType", "38")]).await.errors(), "M01002002");
}

#[tokio::test]
async fn a_second_key_is_read_and_nothing_is_signed_with_it() {
    let other = generate_pem().unwrap();
    let id = "SANDBOX-AAAAAAAAAAAAAAAAAAAAAAAA";
    let stage = Stage::with(|plan| {
        let private_key = Secret::new(other.private_pem.expose_secret());
        plan.shops[0].other_key = Some(OtherKey { public_key_id: id.to_owned(), private_key });
    })
    .await;
    let shop = stage.gateway.shops().iter().next().unwrap();
    let second = shop.other_merchant.as_ref().unwrap();
    assert_eq!((second.public_key_id(), second.key().public_pem().unwrap()), (id, other.public_pem.clone()));
    let (_, form) = stage.paid(Order::auth("rotate-3")).await;
    assert_eq!(form.outcome(), ("AUTH", ""), "Amazon, which knows the first alone, took every signature");
}

/// The real binary on a real directory: as shipped, then with another key under the same id, then under an id of its own.
#[tokio::test]
async fn a_deployment_key_that_changed_is_noticed_at_start() {
    let here = tempfile::tempdir().unwrap();
    std::fs::write(here.path().join("shops.toml"), include_str!("../../../shops.toml")).unwrap();
    for args in [["new", "keys/tshop00000001.pem"], ["new", "keys/tshop00000002.pem"], ["deployment", "keys/d.key"]] {
        assert_eq!(run(&["keys", args[0], args[1]], here.path(), &[]).await.code, Some(0));
    }
    serve(here.path(), "keys/d.key", "1").await;
    serve(here.path(), "keys/d.key", "1").await;
    assert_eq!(run(&["keys", "deployment", "keys/e.key"], here.path(), &[]).await.code, Some(0));
    let told = run(&arguments("keys/e.key", "1"), here.path(), &[]).await;
    assert_eq!(told.code, Some(1));
    let told = told.stderr;
    assert!(
        told.contains(
            "deployment_key_file holds another key than the one that data/sekisho.db was filled under as \"1\": no shop \
             could go on with what it began; put the right key back"
        ),
        "{told}"
    );
    serve(here.path(), "keys/e.key", "2").await;
    serve(here.path(), "keys/d.key", "1").await;
}

fn arguments<'a>(key: &'a str, id: &'a str) -> [&'a str; 7] {
    ["serve", "--listen", "127.0.0.1:0", "--deployment-key-file", key, "--deployment-key-id", id]
}

/// Starts and ends a gateway.
async fn serve(here: &Path, key: &str, id: &str) {
    let mut gateway = Process::start(&arguments(key, id), here, &[]);
    gateway.says("sekisho serves 2 shop(s)").await;
    gateway.signal("TERM");
    assert_eq!(gateway.end().await.code, Some(0));
}
