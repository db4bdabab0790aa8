//! `sekisho.toml`: the shipped example, the order of precedence, and what is said of broken files.

use std::path::{Path, PathBuf};

use clap::{Args, Command, FromArgMatches};

use super::gateway::GatewaySettings;
use super::overrides::GatewayOverrides;
use super::shops::ShopsFile;
use crate::telemetry::LogFormat;

const SHIPPED: &str = include_str!("../../sekisho.toml");

fn resolve(over: &GatewayOverrides, text: &str) -> Result<GatewaySettings, String> {
    GatewaySettings::resolve(over, text, Path::new("g.toml")).map_err(|errors| errors.to_string())
}

fn defaults() -> GatewaySettings {
    resolve(&GatewayOverrides::default(), "").unwrap()
}

fn errors(text: &str) -> String {
    resolve(&GatewayOverrides::default(), text).expect_err(text)
}

/// The keys of the shipped file, in its order.
fn shipped_keys() -> Vec<&'static str> {
    let lines = SHIPPED.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split(" = ").next().unwrap()).collect()
}

#[test]
fn the_shipped_file_shows_every_key_with_its_default() {
    assert_eq!(resolve(&GatewayOverrides::default(), SHIPPED).unwrap(), defaults());
    let shown = format!("{:?}", defaults());
    for key in shipped_keys() {
        assert!(shown.contains(&format!("{key}: ")), "{key} is no field of GatewaySettings");
    }
    assert_eq!(shipped_keys().len(), shown.matches(": ").count(), "a setting is not in the shipped file");
}

#[test]
fn every_key_has_a_flag_and_a_variable_of_its_name() {
    let command = GatewayOverrides::augment_args(Command::new("serve"));
    for key in shipped_keys() {
        let argument = command.get_arguments().find(|argument| argument.get_id() == key);
        let argument = argument.unwrap_or_else(|| panic!("{key} has no flag"));
        assert_eq!(argument.get_long(), Some(&*key.replace('_', "-")));
        let variable = format!("SEKISHO_{}", key.to_uppercase());
        assert_eq!(argument.get_env().and_then(|name| name.to_str()), Some(&*variable));
    }
}

#[test]
fn every_flag_reaches_its_setting() {
    let given = [
        ("listen", "127.0.0.2:1"),
        ("public-url", "https://pay.example.jp/x"),
        ("database", "d.db"),
        ("shops-file", "s.toml"),
        ("deployment-key-file", "k"),
        ("deployment-key-id", "2"),
        ("notify-wait-ms", "1"),
        ("body-bytes-max", "5000"),
        ("head-timeout-ms", "2000"),
        ("request-timeout-ms", "31000"),
        ("shop-requests-max", "5"),
        ("connections-max", "3"),
        ("trusted-proxies", "127.0.0.1, ::1"),
        ("egress-allow", "10.1.2.3/8"),
        ("ipn-topics", "arn:aws:sns:eu-west-1:000000000000:a,arn:aws:sns:eu-west-1:000000000000:b"),
        ("shutdown-grace-ms", "4"),
        ("amazon-attempt-timeout-ms", "500"),
        ("amazon-total-ms", "600"),
        ("reconcile-first-look-ms", "700"),
        ("reconcile-every-ms", "800"),
        ("log-format", "json"),
        ("log-filter", "warn"),
    ];
    assert_eq!(given.len(), shipped_keys().len());
    let arguments = given.iter().map(|(flag, value)| format!("--{flag}={value}"));
    let command = GatewayOverrides::augment_args(Command::new("serve"));
    let matches = command.try_get_matches_from(["serve".to_owned()].into_iter().chain(arguments)).unwrap();
    let over = GatewayOverrides::from_arg_matches(&matches).unwrap();
    let expected = GatewaySettings {
        listen: "127.0.0.2:1".parse().unwrap(),
        public_url: "https://pay.example.jp/x".to_owned(),
        database: PathBuf::from("d.db"),
        shops_file: PathBuf::from("s.toml"),
        deployment_key_file: PathBuf::from("k"),
        deployment_key_id: "2".to_owned(),
        notify_wait_ms: 1,
        body_bytes_max: 5_000,
        head_timeout_ms: 2_000,
        request_timeout_ms: 31_000,
        shop_requests_max: 5,
        connections_max: 3,
        trusted_proxies: vec!["127.0.0.1/32".parse().unwrap(), "::1/128".parse().unwrap()],
        egress_allow: vec!["10.0.0.0/8".parse().unwrap()],
        ipn_topics: ["a", "b"].map(|name| format!("arn:aws:sns:eu-west-1:000000000000:{name}")).to_vec(),
        shutdown_grace_ms: 4,
        amazon_attempt_timeout_ms: 500,
        amazon_total_ms: 600,
        reconcile_first_look_ms: 700,
        reconcile_every_ms: 800,
        log_format: LogFormat::Json,
        log_filter: "warn".to_owned(),
    };
    assert_eq!(resolve(&over, SHIPPED).unwrap(), expected, "a flag wins over the file");
}

#[test]
fn paths_start_where_they_were_written() {
    let over = GatewayOverrides { shops_file: Some("mine/shops.toml".to_owned()), ..GatewayOverrides::default() };
    let settings =
        GatewaySettings::resolve(&over, "database = \"s.db\"", Path::new("/etc/sekisho/sekisho.toml")).unwrap();
    assert_eq!(settings.database, Path::new("/etc/sekisho/s.db"));
    assert_eq!(settings.deployment_key_file, Path::new("/etc/sekisho/keys/deployment.key"));
    assert_eq!(settings.shops_file, Path::new("mine/shops.toml"));
}

#[test]
fn the_usual_variable_for_logs_is_the_last_word_only_where_nobody_spoke() {
    let usual = |name: &str| (name == "RUST_LOG").then(|| "debug".to_owned());
    let silent = GatewayOverrides::default().or_rust_log(&usual);
    assert_eq!(resolve(&silent, SHIPPED).unwrap().log_filter, "debug");
    let spoken = GatewayOverrides { log_filter: Some("error".to_owned()), ..GatewayOverrides::default() };
    assert_eq!(resolve(&spoken.or_rust_log(&usual), "").unwrap().log_filter, "error");
}

#[test]
fn a_broken_file_is_told_what_to_write() {
    for (text, expected) in [
        (
            "listen = \"8080\"",
            r#"1: listen: "8080" is not an IP address and a port; write one such as "127.0.0.1:8080", or "0.0.0.0:8080" for every interface"#,
        ),
        (
            "public_url = \"http://127.0.0.1:8080/\"",
            r#"1: public_url: "http://127.0.0.1:8080/" ends in a slash; write "http://127.0.0.1:8080""#,
        ),
        (
            "public_url = \"https://a.jp/?a=b\"",
            r#"1: public_url: "https://a.jp/?a=b" has a query or an escaped character in it; write scheme, host and, if need be, port and path"#,
        ),
        (
            "public_url = \"127.0.0.1\"",
            r#"1: public_url: is not a URL: relative URL without a base; write one such as "https://www.example.jp""#,
        ),
        ("database = \"postgres://db\"", "1: database: is not a file; write the path of a file; SQLite makes it"),
        ("shops_file = \"\"", "1: shops_file: is empty; write a path"),
        (
            "deployment_key_id = \"鍵\"",
            r#"1: deployment_key_id: "鍵" is not a key id; write 1 to 32 of 0-9 A-Z a-z . _ -, such as "2026-11""#,
        ),
        ("\n\nnotify_wait_ms = 10001", "3: notify_wait_ms: 10001 is out of range; write a number from 0 to 10000"),
        ("body_bytes_max = 0", "1: body_bytes_max: 0 is out of range; write a number from 4096 to 1048576"),
        ("connections_max = -1", "1: connections_max: -1 is out of range; write a number from 1 to 65535"),
        ("log_format = \"xml\"", r#"1: log_format: "xml" is not one of its values; write "text" or "json""#),
        (
            "log_filter = \"sekisho=loud\"",
            r#"1: log_filter: "sekisho=loud" is not a log filter; write directives such as "info" or "info,sekisho=debug""#,
        ),
        (
            "amazon_total_ms = 30001",
            "1: amazon_total_ms: 30001 is more than request_timeout_ms (by default), which is 30000; write less here, or raise request_timeout_ms (by default)",
        ),
        ("notify_wait_time = 1", "1: notify_wait_time: no setting has this name; remove the line"),
    ] {
        assert_eq!(errors(text), format!("g.toml:{expected}"));
    }
}

#[test]
fn a_broken_flag_is_told_by_its_names() {
    let over =
        GatewayOverrides { notify_wait_ms: Some(10_001), amazon_total_ms: Some(200), ..GatewayOverrides::default() };
    assert_eq!(
        resolve(&over, "").unwrap_err(),
        "--notify-wait-ms (SEKISHO_NOTIFY_WAIT_MS): 10001 is out of range; write a number from 0 to 10000\n\
         amazon_attempt_timeout_ms (by default): 8000 is more than --amazon-total-ms (SEKISHO_AMAZON_TOTAL_MS), which is 200; write less here, or raise --amazon-total-ms (SEKISHO_AMAZON_TOTAL_MS)"
    );
}

#[test]
fn a_named_file_must_be_there() {
    let directory = tempfile::tempdir().unwrap();
    let config = Some(directory.path().join("none.toml"));
    let told =
        GatewaySettings::load(&GatewayOverrides { config, ..GatewayOverrides::default() }).unwrap_err().to_string();
    assert!(told.contains("none.toml: cannot be read: "), "{told}");
    assert!(told.ends_with("; name the right file by --config or SEKISHO_CONFIG"), "{told}");
}

#[test]
fn a_live_shop_needs_an_https_address_for_buyers() {
    let shops = include_str!("../../shops.toml");
    let mut shops = ShopsFile::parse(shops, Path::new("shops.toml")).unwrap().shops;
    let anywhere = |_: super::Environment, _: &str| Ok(());
    assert!(defaults().check_shops(&shops, &anywhere).is_ok());
    shops[1].environment = super::Environment::Live;
    assert_eq!(
        defaults().check_shops(&shops, &anywhere).unwrap_err().to_string(),
        "public_url: \"http://127.0.0.1:8080\" is plain http, and shop tshop00000002 is live; \
         write the https address under which buyers reach this gateway"
    );
    let secure = GatewaySettings { public_url: "https://pay.example.jp".to_owned(), ..defaults() };
    assert!(secure.check_shops(&shops, &anywhere).is_ok());
    shops[1].enabled = false;
    assert!(defaults().check_shops(&shops, &anywhere).is_ok());
}

#[test]
fn a_notify_url_that_leads_inside_is_named_with_its_shop() {
    let shops = include_str!("../../shops.toml");
    let shops = ShopsFile::parse(shops, Path::new("shops.toml")).unwrap().shops;
    let inside = |_: super::Environment, url: &str| {
        if url.contains("tshop00000002") { Err("it leads inside".to_owned()) } else { Ok(()) }
    };
    assert_eq!(
        defaults().check_shops(&shops, &inside).unwrap_err().to_string(),
        "notify_url of shop tshop00000002: it leads inside; name a server on the open internet, or allow its network by \
         egress_allow in sekisho.toml"
    );
}

#[test]
fn a_network_and_a_topic_are_told_from_everything_else() {
    let line = |key: &str, members: &str| format!("{key} = [{members}]");
    let good = line("egress_allow", "\"10.0.0.0/8\", \"fd00::1/8\", \"192.168.0.1\"");
    let allowed = resolve(&GatewayOverrides::default(), &good).unwrap().egress_allow;
    assert_eq!(
        allowed.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["10.0.0.0/8", "fd00::/8", "192.168.0.1/32"]
    );
    for member in ["10.0.0.0/33", "10.0.0", "inside.example", "", "0x7f.1/8"] {
        let said = errors(&line("trusted_proxies", &format!("\"{member}\"")));
        assert!(said.starts_with(&format!("g.toml:1: trusted_proxies: {member:?} is not a network; ")), "{said}");
    }
    for member in ["arn:aws:sqs:eu-west-1:0:a", "arn:aws:sns:eu-west-1:0:", "a topic", "arn:aws:sns:eu-west-1:0:a:b"] {
        let said = errors(&line("ipn_topics", &format!("\"{member}\"")));
        assert!(said.contains("is not the ARN of an SNS topic"), "{said}");
    }
    assert!(errors("egress_allow = \"10.0.0.0/8\"").contains("is a text, not a list"));
}
