//! `sekisho demo`: its ports, its data, its end.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use sekisho::egress;

use crate::process::{Process, run};

const ANY_PORTS: [&str; 7] = ["demo", "--gateway-port", "0", "--sandbox-port", "0", "--shop-port", "0"];

/// One purchase at least of every flow, in the order of the table, and how each ends.
const PURCHASES: [(&str, &str); 18] = [
    ("AUTH, then Sales", "SALES"),
    ("AUTH up, then Sales", "SALES"),
    ("AUTH down, then Sales", "SALES"),
    ("AUTH, then Cancel", "CANCEL"),
    ("CAPTURE", "CAPTURE"),
    ("CAPTURE, lower amount", "CAPTURE"),
    ("CAPTURE, then partial refund", "CAPTURE"),
    ("CAPTURE, then refund", "RETURN"),
    ("consent, charged later, closed", "END"),
    ("consent with a first payment", "CAPTURE"),
    ("APB, PayAndShip", "AUTH"),
    ("APB, PayOnly, consent", "CAPTURE"),
    ("cPSP APB", "AUTH"),
    ("cPSP APB, second factor", "AUTH"),
    ("on the page, finalized", "AUTH"),
    ("sign-in", "signed in"),
    ("the buyer cancels at Amazon", "PAYFAIL"),
    ("Amazon declines (card 3434)", "PAYFAIL"),
];

#[tokio::test]
async fn a_taken_port_is_named_with_the_flag_that_helps() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let here = tempfile::tempdir().unwrap();
    for (place, flag, party) in
        [(2, "--gateway-port", "gateway"), (4, "--sandbox-port", "sandbox"), (6, "--shop-port", "demo shop")]
    {
        let mut args = ANY_PORTS;
        args[place] = &port;
        let ended = run(&args, here.path(), &[]).await;
        let sentence =
            format!("sekisho: port {port} for the {party} is taken; choose another with {flag} (0 = any free one)\n");
        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr), (Some(1), "", sentence));
    }
}

#[tokio::test]
async fn with_a_data_directory_keys_and_transactions_outlive_the_process() {
    let here = tempfile::tempdir().unwrap();
    let data = here.path().join("data");
    let args = [&ANY_PORTS[..], &["--data", "data"]].concat();
    let (demo, gateway) = start(&args, here.path(), &[]).await;
    let entry = [("OrderID", "kept-1"), ("JobCd", "AUTH"), ("Amount", "100"), ("AmazonpayType", "3")];
    let entered = call(&gateway, "EntryTranAmazonpay", &entry).await;
    let (access_id, access_pass) = (field(&entered, "AccessID"), field(&entered, "AccessPass"));
    stop(demo, "INT").await;

    let keys = keys_in(&data);
    let names: Vec<_> = keys.keys().map(String::as_str).collect();
    assert_eq!(names, ["deployment.key", "tshop00000001.pem", "tshop00000002.pem"]);
    assert!(data.join("sekisho.db").is_file());

    let (demo, gateway) = start(&args, here.path(), &[]).await;
    let found = call(&gateway, "SearchTradeMulti", &[("OrderID", "kept-1"), ("PayType", "38")]).await;
    assert_eq!(field(&found, "Status"), "UNPROCESSED");
    assert_eq!((field(&found, "AccessID"), field(&found, "AccessPass")), (access_id, access_pass));
    stop(demo, "TERM").await;
    assert_eq!(keys_in(&data), keys, "the keys of the first start");
}

#[tokio::test]
async fn without_a_data_directory_nothing_is_left_after_either_signal() {
    for signal in ["INT", "TERM"] {
        let here = tempfile::tempdir().unwrap();
        let temporary = here.path().to_str().unwrap();
        let (demo, _) = start(&ANY_PORTS, here.path(), &[("TMPDIR", temporary)]).await;
        let made = names_in(here.path());
        assert!(made.len() == 1 && made[0].starts_with("sekisho-demo-"), "{made:?}");
        stop(demo, signal).await;
        assert_eq!(names_in(here.path()), [""; 0], "after SIG{signal}");
    }
}

#[tokio::test]
async fn auto_plays_every_purchase_and_closes_with_a_table() {
    let here = tempfile::tempdir().unwrap();
    let temporary = here.path().to_str().unwrap();
    let demo = Process::start(&[&ANY_PORTS[..], &["--auto"]].concat(), here.path(), &[("TMPDIR", temporary)]);
    // Three dozen purchases in a debug build, beside all other tests.
    let ended = demo.end_within(Duration::from_mins(5)).await;
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    let table = ended.stdout.rsplit_once("\nshop ").expect("a table").1;
    let played: Vec<_> = table.lines().skip(1).take_while(|line| !line.is_empty()).collect();
    let expected = ["tshop00000001", "tshop00000002"].map(|shop| PURCHASES.map(|purchase| (shop, purchase)));
    assert_eq!(played.len(), expected.as_flattened().len(), "{table}");
    for (line, (shop, (purchase, end))) in played.iter().zip(expected.as_flattened()) {
        assert!(line.starts_with(&format!("{shop:<15} {purchase:<34} {end:<26} ")), "{purchase}: {line}");
        assert!(line.ends_with("  ok"), "{line}");
    }
    assert!(table.trim_end().ends_with(&format!("\n{} purchases, 0 wrong", played.len())), "{table}");
    assert_eq!(names_in(here.path()), [""; 0], "the temporary directory");
}

/// A demo, and where its gateway answers.
async fn start(args: &[&str], directory: &Path, environment: &[(&str, &str)]) -> (Process, String) {
    let mut demo = Process::start(args, directory, environment);
    let line = demo.says("  gateway ").await;
    let gateway = line.split_whitespace().nth(1).unwrap().to_owned();
    demo.says("Stop with Ctrl-C.").await;
    (demo, gateway)
}

async fn stop(demo: Process, signal: &str) {
    demo.signal(signal);
    let ended = demo.end().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

async fn call(gateway: &str, name: &str, fields: &[(&str, &str)]) -> String {
    let http = egress::client(Duration::from_secs(5), Duration::from_secs(20)).unwrap();
    let form = [&[("ShopID", "tshop00000001"), ("ShopPass", "demoshop1pass")], fields].concat();
    let answer = http.post(format!("{gateway}/payment/{name}.idPass")).form(&form).send().await.unwrap();
    answer.text().await.unwrap()
}

fn field(line: &str, name: &str) -> String {
    let value = line.trim_end().split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("no {name} in {line}")).to_owned()
}

/// Every key file's bytes; each must be its owner's alone.
fn keys_in(data: &Path) -> BTreeMap<String, Vec<u8>> {
    let keys = data.join("keys");
    let read = |name: String| {
        let file = keys.join(&name);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
        (name, std::fs::read(file).unwrap())
    };
    names_in(&keys).into_iter().map(read).collect()
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
