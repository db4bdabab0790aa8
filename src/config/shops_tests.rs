//! `shops.toml`: the shipped example, and what is said of broken files. How its secrets are read: `secrets`.

mod secrets;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::secret::{FileMode, Secret};
use super::shop::{
    Environment, NotifyEvent, Region, RequestEncoding, ResponseEncoding, SHOP_CALLS, ShopEntry, ShopSettings, Whence,
};
use super::shops::ShopsFile;

const SHIPPED: &str = include_str!("../../shops.toml");

/// Ten lines; a key that a test adds stands on the tenth, or on the ninth where it replaces one.
const SHOP: &str = r#"[[shop]]
shop_id = "tshop00000009"
name = "Test"
environment = "sandbox"
shop_pass = "pass9"
merchant_id = "A1EXAMPLE00001"
store_id = "amzn1.application-oa2-client.0123456789abcdef0123456789abcdef"
public_key_id = "SANDBOX-ABCDEFGHIJKLMNOPQRSTUVWX"
private_key_file = "k.pem"
"#;

fn key_of(line: &str) -> &str {
    line.split(' ').next().unwrap()
}

/// The sandbox shop with this line instead of the one of the same key, if there is one.
fn sandbox_shop(line: &str) -> String {
    let kept = SHOP.lines().filter(|old| key_of(old) != key_of(line));
    kept.chain([line]).flat_map(|line| [line, "\n"]).collect()
}

/// The same shop, live, and as a live shop must be.
fn live_shop(line: &str) -> String {
    sandbox_shop(line)
        .replace("\"sandbox\"", "\"live\"")
        .replace("shop_pass = \"pass9\"", "shop_pass_env = \"PASS9\"")
        .replace("SANDBOX-ABC", "LIVE-ABC")
}

fn parse_one(text: &str) -> ShopEntry {
    let mut file = ShopsFile::parse(text, Path::new("s.toml")).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    assert_eq!(file.shops.len(), 1);
    file.shops.remove(0)
}

fn errors(text: &str) -> String {
    ShopsFile::parse(text, Path::new("s.toml")).expect_err(text).to_string()
}

#[test]
fn the_shipped_file_holds_the_two_demo_shops() {
    let shops = ShopsFile::parse(SHIPPED, Path::new("/etc/sekisho/shops.toml")).unwrap().shops;
    let expected = [
        ("tshop00000001", "demoshop1pass", "SANDBOX-DEMOSHOP1"),
        ("tshop00000002", "demoshop2pass", "SANDBOX-DEMOSHOP2"),
    ];
    assert_eq!(shops.len(), expected.len());
    for (shop, (id, pass, key_id)) in shops.iter().zip(expected) {
        assert_eq!(shop.shop_id, id);
        assert!(matches!(&shop.shop_pass.whence, Whence::Literal(secret) if secret.matches(pass)));
        assert!(shop.public_key_id.starts_with(key_id), "{}", shop.public_key_id);
        let key_file = PathBuf::from(format!("/etc/sekisho/keys/{id}.pem"));
        assert!(matches!(&shop.private_key.whence, Whence::File(file) if *file == key_file));
        assert_eq!(shop.amazon_endpoint, "http://127.0.0.1:8081");
        assert_eq!(shop.notify_url, Some(format!("http://127.0.0.1:8082/{id}/notify")));
        assert_eq!(shop.request_encoding, RequestEncoding::Auto);
        assert_eq!(shop.environment, Environment::Sandbox);
    }
}

/// The commented lines of the shipped file claim to be defaults: switched on, they must change nothing.
#[test]
fn the_defaults_shown_in_the_shipped_file_are_the_defaults() {
    let secret = ["shop_pass", "notify_secret", "other_"];
    let uncommented: String = SHIPPED
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(code) if !secret.iter().any(|key| code.starts_with(key)) && looks_like_toml(code) => code,
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let [shown, _] = &ShopsFile::parse(&uncommented, Path::new("s.toml")).unwrap_or_else(|e| panic!("{e}")).shops[..]
    else {
        panic!("two shops")
    };
    let default = parse_one(SHOP);
    for key in [
        "enabled =",
        "calls =",
        "region =",
        "notify_events =",
        "authprocess_limit_minutes =",
        "pending_authorization =",
        "renew_expired_authorization =",
    ] {
        assert!(uncommented.lines().any(|line| line.starts_with(key)), "{key} is not in the shipped file");
    }
    assert_eq!((shown.enabled, default.enabled), (true, true));
    assert_eq!(shown.calls, BTreeSet::from(SHOP_CALLS));
    assert_eq!(default.calls, shown.calls);
    assert_eq!((shown.region, default.region), (Region::Jp, Region::Jp));
    assert_eq!(default.amazon_endpoint, "https://pay-api.amazon.jp");
    assert_eq!((shown.notify_timeout_ms, default.notify_timeout_ms), (15_000, 15_000));
    assert_eq!(shown.notify_retry_minutes, [60, 60, 60, 60, 60]);
    assert_eq!(default.notify_retry_minutes, shown.notify_retry_minutes);
    assert_eq!(shown.notify_events, NotifyEvent::ALL.iter().map(|(_, event)| *event).collect());
    assert_eq!(default.notify_events, shown.notify_events);
    assert_eq!(
        (shown.response_encoding, default.response_encoding),
        (ResponseEncoding::Percent, ResponseEncoding::Percent)
    );
    assert_eq!((shown.authprocess_limit_minutes, default.authprocess_limit_minutes), (60, 60));
    assert_eq!((shown.sales_amount_must_match, default.sales_amount_must_match), (false, false));
    assert_eq!((shown.pending_authorization, default.pending_authorization), (false, false));
    assert_eq!((shown.renew_expired_authorization, default.renew_expired_authorization), (false, false));
    assert_eq!(default.request_encoding, RequestEncoding::Windows31J);
    assert_eq!(default.store_name, "Test");
}

/// A commented key, or a line of a commented list; not prose.
fn looks_like_toml(line: &str) -> bool {
    line == "]" || line.starts_with("    \"") || line.ends_with(" = [") || DeTable::parse(line).is_ok()
}

/// A line, and what is said of it.
const BROKEN_SANDBOX_SHOPS: &[(&str, &str)] = &[
    (
        r#"shop_id = "tshop-0000001""#,
        r#"9: shop_id: "tshop-0000001" is not a ShopID; write 13 ASCII letters and digits"#,
    ),
    ("shop_id = 3", "9: shop_id: is a whole number, not a text; write the value in double quotes"),
    (r#"name = " ""#, "9: name: is empty; write 1 to 50 characters on one line"),
    (r#"environment = "test""#, r#"9: environment: "test" is not one of its values; write "sandbox" or "live""#),
    (r#"shop_pass = "pass-9""#, "9: shop_pass: is not a ShopPass; use 1 to 64 ASCII letters and digits"),
    (r#"shop_pass_env = "PASS9""#, "10: shop_pass_env: says a second time where the secret is; keep one of the lines"),
    (
        r#"merchant_id = "a1""#,
        r#"9: merchant_id: "a1" is not a merchant id; write `A` and 12 or 13 capital letters and digits, as Seller Central shows it"#,
    ),
    (
        r#"store_id = "amzn1.x""#,
        r#"9: store_id: "amzn1.x" is not a store id; write `amzn1.application-oa2-client.` and 32 hexadecimal digits, as Seller Central shows it"#,
    ),
    (
        r#"public_key_id = "LIVE-ABCDEFGHIJKLMNOPQRSTUVWX""#,
        "9: public_key_id: is a live key in a sandbox shop; write the shop's SANDBOX-… key, or `environment = \"live\"`",
    ),
    (
        r#"public_key_id = "SANDBOX-abc""#,
        r#"9: public_key_id: "SANDBOX-abc" is not a public key id; write `SANDBOX-` or `LIVE-` and 24 capital letters and digits, as Seller Central shows it"#,
    ),
    (
        r#"amazon_endpoint = "http://10.0.0.1:8081""#,
        r#"10: amazon_endpoint: "http://10.0.0.1:8081" sends payments over plain http; write https, or an address of this machine such as "http://127.0.0.1:8081""#,
    ),
    (
        r#"amazon_endpoint = "http://pay-api.amazon.jp""#,
        r#"10: amazon_endpoint: "http://pay-api.amazon.jp" is not where Amazon serves region "jp"; remove the line, and https://pay-api.amazon.jp is used"#,
    ),
    (
        r#"amazon_endpoint = "https://example.jp/v2""#,
        r#"10: amazon_endpoint: "https://example.jp/v2" has a path in it; write only scheme, host and port"#,
    ),
    (
        r#"amazon_endpoint = "ftp://127.0.0.1""#,
        r#"10: amazon_endpoint: is ftp, neither http nor https; write one such as "https://www.example.jp""#,
    ),
    (
        r#"notify_url = "https://u:p@shop.example/""#,
        "10: notify_url: has a user or a password in it; write the URL without them",
    ),
    (
        r#"notify_url = "/notify""#,
        r#"10: notify_url: is not a URL: relative URL without a base; write one such as "https://www.example.jp""#,
    ),
    (
        r#"notify_secret_env = "whsec_c2hvcnQ=""#,
        r#"10: notify_secret_env: is not the name of an environment variable; write one such as "SHOP1_PASS""#,
    ),
    (
        r#"notify_secret_file = "n.key""#,
        "10: notify_secret_file: signs notifications, but there is no notify_url; add notify_url, or remove this line",
    ),
    (
        r#"notify_timeout_ms = "15 s""#,
        "10: notify_timeout_ms: is a text, not a whole number; write one from 100 to 60000, without quotes",
    ),
    (
        "notify_timeout_ms = 99999999999999999999",
        "10: notify_timeout_ms: 99999999999999999999 is out of range; write a number from 100 to 60000",
    ),
    ("notify_retry_minutes = [60, 0]", "10: notify_retry_minutes: 0 is out of range; write a number from 1 to 10080"),
    (
        "notify_retry_minutes = 60",
        "10: notify_retry_minutes: is a whole number, not a list; write the values in square brackets",
    ),
    (
        r#"request_encoding = "sjis""#,
        r#"10: request_encoding: "sjis" is not one of its values; write "windows-31j", "utf-8" or "auto""#,
    ),
    (
        "response_encoding = true",
        "10: response_encoding: is true or false, not a text; write the value in double quotes",
    ),
    (
        "authprocess_limit_minutes = 1441",
        "10: authprocess_limit_minutes: 1441 is out of range; write a number from 1 to 1440",
    ),
    (
        "sales_amount_must_match = 1",
        "10: sales_amount_must_match: is a whole number, not true or false; write true or false, without quotes",
    ),
    (r#"region = "us""#, r#"10: region: "us" is not one of its values; write "jp", "na" or "eu""#),
    (
        "notfy_url = 1",
        "10: notfy_url: no setting has this name; write `notify_url`, if that is what it means, or remove the line",
    ),
    ("colour = 1", "10: colour: no setting has this name; remove the line"),
];

#[test]
fn a_broken_sandbox_shop_is_told_what_to_write() {
    for (line, expected) in BROKEN_SANDBOX_SHOPS {
        assert_eq!(errors(&sandbox_shop(line)), format!("s.toml:{expected}"), "{line}");
    }
    let long_name = sandbox_shop(&format!("store_name = \"{}\"", "あ".repeat(51)));
    assert_eq!(
        errors(&long_name),
        "s.toml:10: store_name: is 51 characters long; write 1 to 50 characters on one line"
    );
    let unknown_call = errors(&sandbox_shop(r#"calls = ["EntryTran"]"#));
    assert!(
        unknown_call
            .starts_with(r#"s.toml:10: calls: "EntryTran" is not one of its values; write "EntryTranAmazonpay","#)
    );
}

#[test]
fn a_live_shop_takes_nothing_of_the_sandbox() {
    for (line, expected) in [
        (
            r#"public_key_id = "SANDBOX-XBCDEFGHIJKLMNOPQRSTUVWX""#,
            "9: public_key_id: is a sandbox key in a live shop; write the shop's LIVE-… key, or `environment = \"sandbox\"`",
        ),
        (
            r#"shop_pass = "hunter2""#,
            "9: shop_pass: is a secret in plain sight, and the shop is live; move it into a file, write `shop_pass_file = \"…\"`, and replace it: it is known now",
        ),
        (
            r#"amazon_endpoint = "http://127.0.0.1:8081""#,
            r#"10: amazon_endpoint: "http://127.0.0.1:8081" is not Amazon's, and the shop is live; remove the line, and https://pay-api.amazon.jp is used"#,
        ),
        (
            r#"amazon_endpoint = "https://pay-api.amazon.com""#,
            r#"10: amazon_endpoint: "https://pay-api.amazon.com" is not where Amazon serves region "jp"; remove the line, and https://pay-api.amazon.jp is used"#,
        ),
        (
            r#"notify_url = "http://shop.example/?token=hunter2""#,
            "10: notify_url: is plain http, and the shop is live; write an https address",
        ),
    ] {
        assert_eq!(errors(&live_shop(line)), format!("s.toml:{expected}"), "{line}");
    }
    let fine = parse_one(&live_shop(r#"amazon_endpoint = "https://pay-api.amazon.jp:443/""#));
    assert_eq!((fine.environment, fine.amazon_endpoint.as_str()), (Environment::Live, "https://pay-api.amazon.jp"));
    assert_eq!(parse_one(&live_shop("region = \"na\"")).amazon_endpoint, "https://pay-api.amazon.com");
}

#[test]
fn every_mistake_of_a_file_is_told() {
    assert_eq!(
        errors("version = 1\n[[shop]]\n"),
        "s.toml:1: version: no setting has this name; remove the line\n\
         s.toml:2: environment: is missing; write `environment = \"sandbox\"`\n\
         s.toml:2: merchant_id: is missing; write `merchant_id = \"A1EXAMPLE00001\"`\n\
         s.toml:2: name: is missing; write `name = \"the shop's name\"`\n\
         s.toml:2: private_key_file: is missing; write `private_key_file = \"keys/….pem\"`\n\
         s.toml:2: public_key_id: is missing; write `public_key_id = \"SANDBOX-…\"`\n\
         s.toml:2: shop_id: is missing; write `shop_id = \"tshop00000001\"`\n\
         s.toml:2: shop_pass_file: is missing; write `shop_pass_file = \"…\"` or `shop_pass_env = \"…\"`\n\
         s.toml:2: store_id: is missing; write `store_id = \"amzn1.application-oa2-client.…\"`"
    );
    assert_eq!(
        errors(&format!("{SHOP}\n{SHOP}")),
        "s.toml:12: shop_id: \"tshop00000009\" is also the shop of line 2; give each shop an id of its own"
    );
    for nothing in ["", "shop = []", "# [[shop]]"] {
        assert_eq!(errors(nothing), "s.toml: has no shop in it; begin one with a line `[[shop]]`");
    }
    for not_a_list in ["shop = 3", "[shop]\nname = \"x\"", "shop = [1]"] {
        let expected =
            "s.toml:1: shop: is not a list of tables; begin each shop with a line `[[shop]]`, in double brackets";
        assert_eq!(errors(not_a_list), expected);
    }
}

#[test]
fn errors_of_syntax_are_told_with_their_lines_and_without_their_text() {
    let told = errors("[[shop]]\nshop_pass = hunter2\nname = \"x\"\nname = \"y\"\n[[shop]\n");
    let lines: Vec<&str> = told.lines().map(|line| line.split(": not TOML: ").next().unwrap()).collect();
    assert_eq!(lines, ["s.toml:2", "s.toml:4", "s.toml:5"], "{told}");
    assert!(!told.contains("hunter2"));
}

#[test]
fn the_demo_points_a_shop_at_its_own_key() {
    let mut shop = parse_one(SHOP);
    shop.take_key_from(Path::new("/data/keys"));
    assert!(matches!(shop.private_key.whence, Whence::File(file) if file == Path::new("/data/keys/tshop00000009.pem")));
}

#[test]
fn a_shop_calls_and_hears_what_it_may() {
    let mut shop = parse_one(&sandbox_shop("calls = [\"SearchTradeMulti\"]"));
    assert!(shop.may_call("SearchTradeMulti") && !shop.may_call("EntryTranAmazonpay") && !shop.may_call(""));
    shop.enabled = false;
    assert!(!shop.may_call("SearchTradeMulti"));

    let text = sandbox_shop("notify_url = \"http://127.0.0.1/\"");
    let silent = parse_one(&(text.clone() + "notify_events = []"));
    assert!(parse_one(&text).is_notified_of(NotifyEvent::Auth) && !silent.is_notified_of(NotifyEvent::Auth));
    assert!(!shop.is_notified_of(NotifyEvent::Auth), "it has no notify_url");
    assert_eq!(Secret::new("x").to_string(), "…");
}

#[test]
fn a_second_key_comes_whole_and_a_second_password_differs() {
    let both = "other_public_key_id = \"SANDBOX-ZBCDEFGHIJKLMNOPQRSTUVWX\"\nother_private_key_file = \"o.pem\"";
    let key = parse_one(&sandbox_shop(both)).other_key.unwrap();
    assert_eq!(key.public_key_id, "SANDBOX-ZBCDEFGHIJKLMNOPQRSTUVWX");
    assert!(matches!(&key.private_key.whence, Whence::File(file) if file == Path::new("o.pem")));
    for (line, expected) in [
        (
            r#"other_public_key_id = "SANDBOX-ZBCDEFGHIJKLMNOPQRSTUVWX""#,
            "1: other_private_key_file: is missing, and other_public_key_id is there; write both, or neither",
        ),
        (
            r#"other_private_key_file = "o.pem""#,
            "1: other_public_key_id: is missing, and other_private_key_file is there; write both, or neither",
        ),
        (
            "other_public_key_id = \"SANDBOX-ABCDEFGHIJKLMNOPQRSTUVWX\"\nother_private_key_file = \"o.pem\"",
            "10: other_public_key_id: is the id of the first key; write the id of another pair, or remove the line",
        ),
        (
            r#"other_shop_pass = "no-hyphens""#,
            "10: other_shop_pass: is not a ShopPass; use 1 to 64 ASCII letters and digits",
        ),
    ] {
        assert_eq!(errors(&sandbox_shop(line)), format!("s.toml:{expected}"), "{line}");
    }
    let told = errors(&live_shop(r#"other_shop_pass = "hunter2""#));
    assert!(
        told.starts_with("s.toml:10: other_shop_pass: is a secret in plain sight, and the shop is live; "),
        "{told}"
    );

    let same = ShopsFile::parse(&sandbox_shop(r#"other_shop_pass = "pass9""#), Path::new("s.toml")).unwrap();
    let told = same.load_secrets(&|_| None, FileMode::Any).unwrap_err().to_string();
    let sentence = "s.toml:10: other_shop_pass: is the same password; write another one, or remove the line";
    assert!(told.lines().any(|line| line == sentence), "{told}");
}
