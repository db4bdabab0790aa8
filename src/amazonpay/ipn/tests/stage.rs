//! Keys and certificates that OpenSSL made, a server that hands the certificates out, and whoever signs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path as UrlPath, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::*;
use crate::domain::{ManualClock, Millis};
use crate::egress;

const SIGNED: [&str; 8] = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// Keys and certificates: `sns` is fine, `strange` too but never serves; `small` has 1024 bits, `curve` is no RSA key.
static KEYS: LazyLock<TempDir> = LazyLock::new(|| {
    let directory = tempfile::tempdir().expect("a directory");
    let rsa = |bits: &str| vec!["-algorithm".to_owned(), "RSA".to_owned(), "-pkeyopt".to_owned(), bits.to_owned()];
    let curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"].map(str::to_owned).to_vec();
    let (good, small) = (rsa("rsa_keygen_bits:2048"), rsa("rsa_keygen_bits:1024"));
    for (name, key) in [("sns", &good), ("strange", &good), ("small", &small), ("curve", &curve)] {
        let (key_file, certificate) = (format!("{name}.key"), format!("{name}.pem"));
        let mut arguments = vec!["genpkey", "-out", &key_file];
        arguments.extend(key.iter().map(String::as_str));
        openssl(directory.path(), &arguments);
        // Valid from the day of the test run; see `clock`.
        let subject = ["-subj", "/CN=sns.amazonaws.com", "-days", "30", "-out", &certificate];
        openssl(directory.path(), &[&["req", "-x509", "-new", "-key", &key_file][..], &subject].concat());
    }
    directory
});

fn openssl(directory: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(directory).output().expect("openssl is installed");
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

pub(super) fn file(name: &str) -> Vec<u8> {
    std::fs::read(KEYS.path().join(name)).expect("a file")
}

/// A server of certificates, and how often it was asked for each.
#[derive(Clone, Default)]
pub(super) struct Host {
    files: Arc<Mutex<BTreeMap<String, File>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

/// A status and a body.
type File = (u16, Vec<u8>);

pub(super) struct Stage {
    pub(super) verifier: Verifier,
    pub(super) clock: Arc<ManualClock>,
    pub(super) host: Host,
    pub(super) origin: String,
}

impl Stage {
    pub(super) async fn new() -> Self {
        Self::with_topics(Vec::new()).await
    }

    pub(super) async fn with_topics(topics: Vec<String>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let host = Host::default();
        for name in ["sns", "small", "curve"] {
            host.serve(&format!("{name}.pem"), 200, file(&format!("{name}.pem")));
        }
        let router = Router::new().route("/{name}", axum::routing::get(answer)).with_state(host.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let names: Arc<dyn egress::Names> = Arc::new(egress::SystemNames);
        let guards = egress::Guards::new(&[], &names, Duration::from_secs(5), Duration::from_secs(10));
        // OpenSSL dates certificates by the machine's clock.
        let clock = Arc::new(ManualClock::at(machine_time()));
        let topics = Topics::new(topics, BTreeMap::from([(Source::Sandbox(origin.clone()), 1)]));
        let verifier = Verifier::new(guards.expect("clients"), clock.clone(), vec![origin.clone()], topics);
        Self { verifier, clock, host, origin }
    }

    /// A message as SNS would send it now, not signed yet.
    pub(super) fn draft(&self, id: &str) -> Value {
        let inner = json!({"MerchantID": "A1SHOP00000001", "ObjectType": "CHARGE", "ObjectId": "S03-1-1-C1",
            "ChargePermissionId": "S03-1-1", "NotificationType": "STATE_CHANGE", "NotificationId": "n",
            "NotificationVersion": "V2"});
        json!({
            "Type": "Notification",
            "MessageId": id,
            "TopicArn": "arn:aws:sns:ap-northeast-1:000000000000:topic",
            "Message": inner.to_string(),
            "Timestamp": self.timestamp(0),
            "SigningCertURL": format!("{}/sns.pem", self.origin),
            "UnsubscribeURL": format!("{}/?Action=Unsubscribe", self.origin),
        })
    }

    /// A moment so long before the present one.
    pub(super) fn timestamp(&self, ago_ms: i64) -> String {
        use crate::domain::Clock as _;
        let at = jiff::Timestamp::from_millisecond(self.clock.now().plus(-ago_ms).0).expect("a moment");
        at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }

    pub(super) async fn judge(&self, message: &Value) -> Result<Verified, Rejection> {
        let envelope = Envelope::read(message.to_string().as_bytes()).expect("an envelope");
        let admitted = self.verifier.admit(envelope)?;
        self.verifier.verify(admitted).await
    }
}

impl Host {
    pub(super) fn serve(&self, name: &str, status: u16, body: Vec<u8>) {
        self.files.lock().expect("whole").insert(name.to_owned(), (status, body));
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("whole").clone()
    }
}

async fn answer(State(host): State<Host>, UrlPath(name): UrlPath<String>) -> (StatusCode, Vec<u8>) {
    host.asked.lock().expect("whole").push(name.clone());
    let found = host.files.lock().expect("whole").get(&name).cloned();
    let (status, body) = found.unwrap_or((404, Vec::new()));
    (StatusCode::from_u16(status).expect("a status"), body)
}

#[expect(clippy::disallowed_methods, reason = "the certificates are dated by the machine's clock")]
fn machine_time() -> Millis {
    let since = std::time::UNIX_EPOCH.elapsed().expect("after 1970");
    Millis(i64::try_from(since.as_millis()).expect("in range"))
}

/// Signs a message with `key`, as SNS does: spelled out here, not taken from the code under test.
pub(super) fn signed(mut message: Value, version: &str, key: &str) -> Value {
    let text: String =
        SIGNED.iter().filter_map(|name| Some(format!("{name}\n{}\n", message[*name].as_str()?))).collect();
    let place = tempfile::tempdir().expect("a directory");
    std::fs::write(place.path().join("text"), text).expect("written");
    let key_file = KEYS.path().join(format!("{key}.key"));
    let hash = if version == "1" { "-sha1" } else { "-sha256" };
    let arguments = ["dgst", hash, "-sign", key_file.to_str().expect("text"), "-out", "signature", "text"];
    openssl(place.path(), &arguments);
    message["SignatureVersion"] = json!(version);
    message["Signature"] = json!(STANDARD.encode(std::fs::read(place.path().join("signature")).expect("a signature")));
    message
}
