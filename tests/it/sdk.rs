//! Amazon's own Node SDK, unmodified, against the real `sekisho sandbox --tls`: see tests/sdk/node.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Process, run};

const SHOPS: &str = include_str!("../../shops.toml");
/// As in shops.toml.
const MERCHANT: [(&str, &str); 3] = [
    ("MERCHANT_ID", "A1DEMOSHOP0001"),
    ("STORE_ID", "amzn1.application-oa2-client.c0ffee00000000000000000000000001"),
    ("PUBLIC_KEY_ID", "SANDBOX-DEMOSHOP1K7W2Q9XN4VTR6ZJ"),
];

#[tokio::test]
async fn the_official_node_sdk_runs_through_every_operation_over_https() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/node");
    assert!(
        package.join("node_modules").is_dir(),
        "Amazon's SDK is not installed: `npm ci` in tests/sdk/node, or ./scripts/test, which does it"
    );
    let here = tempfile::tempdir().unwrap();
    std::fs::write(here.path().join("shops.toml"), SHOPS).unwrap();
    for key in ["keys/tshop00000001.pem", "keys/tshop00000002.pem"] {
        assert_eq!(run(&["keys", "new", key], here.path(), &[]).await.code, Some(0));
    }
    let arguments = ["sandbox", "--tls", "--tls-dir", "tls", "--port", "0", "--shops-file", "shops.toml"];
    let mut sandbox = Process::start(&arguments, here.path(), &[]);
    let address = sandbox.says("Amazon Pay sandbox on https://127.0.0.1:").await;
    let port = address.split("127.0.0.1:").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let trust = sandbox.says("trust this").await;
    let authority = PathBuf::from(trust.split_whitespace().nth(2).unwrap());
    assert!(authority.is_absolute() && authority.is_file(), "{trust}");

    let key = here.path().join("keys/tshop00000001.pem");
    let mut node = Command::new("node");
    // One after the other: the second moves the sandbox's clock.
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=1", "purchase.test.mjs", "records.test.mjs"])
        .current_dir(&package)
        .envs(MERCHANT)
        .env("SANDBOX_HOST", format!("localhost:{port}"))
        .env("SANDBOX_CA", &authority)
        .env("PRIVATE_KEY_FILE", &key);
    let output = tokio::task::spawn_blocking(move || node.output().expect("node is installed")).await.unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.contains("fail 0") && !said.contains("pass 0"), "no test ran: {said}");

    sandbox.signal("TERM");
    assert_eq!(sandbox.end().await.code, Some(0));
    let kept = std::fs::read_to_string(&authority).unwrap();
    let mut again = Process::start(&arguments, here.path(), &[]);
    again.says("trust this").await;
    assert_eq!(std::fs::read_to_string(&authority).unwrap(), kept, "clients need not trust another one");
}
