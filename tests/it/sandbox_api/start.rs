//! `sekisho sandbox` as it is started: with merchants of a file, with a data file, with mistakes.

use std::fs;
use std::time::Duration;

use sekisho::amazonpay::generate_pem;

use crate::process::{Process, run};

const STORE: &str = "amzn1.application-oa2-client.0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn merchants_come_from_a_file() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("shop.pub"), generate_pem().unwrap().public_pem).unwrap();
    let text = format!(
        "[[merchant]]\nmerchant_id = \"A1SHOP00000001\"\nstore_ids = [\"{STORE}\"]\n\
         [[merchant.key]]\npublic_key_id = \"SANDBOX-K1\"\npublic_key_file = \"shop.pub\"\n"
    );
    fs::write(here.path().join("merchants.toml"), text).unwrap();
    let arguments = ["sandbox", "--port", "0", "--merchants", "merchants.toml", "--data", "sandbox.db"];
    let mut process = Process::start(&arguments, here.path(), &[]);
    let line = process.says("merchantId A1SHOP00000001").await;
    assert!(line.contains("JPY") && line.contains("SANDBOX-K1"), "{line}");
    assert!(here.path().join("sandbox.db").exists());
}

#[tokio::test]
async fn more_buyers_come_from_a_file() {
    let here = tempfile::tempdir().unwrap();
    let text = "[[buyer]]\nid = \"amzn1.account.ODAWARA0000001\"\nname = \"小田原 次郎\"\nemail = \"jiro@buyer.example\"\n\
                phone_number = \"09000000009\"\n[[buyer.address]]\nname = \"小田原 次郎\"\nline1 = \"城内0-1\"\n\
                state_or_region = \"神奈川県\"\npostal_code = \"250-0014\"\nphone_number = \"09000000009\"\n";
    fs::write(here.path().join("buyers.toml"), text).unwrap();
    let arguments = ["sandbox", "--port", "0", "--buyers", "buyers.toml", "--throttle", "production"];
    let mut process = Process::start(&arguments, here.path(), &[]);
    let line = process.says("Amazon Pay sandbox on http://127.0.0.1:").await;
    let url = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
    let http = sekisho::egress::client(Duration::from_secs(3), Duration::from_secs(20)).unwrap();
    let page = http.get(format!("{url}/account")).send().await.unwrap().text().await.unwrap();
    for name in ["箱根 花子", "新居 みなと", "小田原 次郎"] {
        assert!(page.contains(name), "{name}: {page}");
    }
    fs::write(here.path().join("buyers.toml"), text.replace("250-0014", "250")).unwrap();
    let ended = run(&["sandbox", "--port", "0", "--buyers", "buyers.toml"], here.path(), &[]).await;
    assert!(ended.code != Some(0) && ended.stderr.contains("postal_code must be nnn-nnnn"), "{}", ended.stderr);
    let ended = run(&["sandbox", "--port", "0", "--throttle", "a-bit"], here.path(), &[]).await;
    assert!(
        ended.code != Some(0) && ended.stderr.contains("possible values: off, sandbox, production"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn a_mistake_is_told_with_file_and_line_and_nothing_starts() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("shop.pub"), "not a key").unwrap();
    let text = format!(
        "[[merchant]]\nmerchant_id = \"A1SHOP00000001\"\nstore_ids = [\"{STORE}\"]\n\n\
         [[merchant.key]]\npublic_key_id = \"SANDBOX-K1\"\npublic_key_file = \"shop.pub\"\n"
    );
    fs::write(here.path().join("merchants.toml"), text).unwrap();
    let ended = run(&["sandbox", "--port", "0", "--merchants", "merchants.toml"], here.path(), &[]).await;
    assert_ne!(ended.code, Some(0));
    let expected = "merchants.toml:7: public_key_file: \"shop.pub\" is not an RSA public key in SPKI PEM";
    assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    let ended = run(&["sandbox", "--port", "0", "--merchants", "none.toml"], here.path(), &[]).await;
    assert!(ended.stderr.contains("none.toml: cannot be read"), "{}", ended.stderr);
}
