//! `sekisho sandbox` as it is started: with merchants of a file, with a data file, with mistakes.

use std::fs;

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
