//! Messages made and signed by the OpenSSL command line, with certificates from a server that the test keeps.

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

use super::*;
use crate::domain::{ManualClock, Millis};
use crate::egress;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
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

fn file(name: &str) -> Vec<u8> {
    std::fs::read(KEYS.path().join(name)).expect("a file")
}

/// A server of certificates, and how often it was asked for each.
#[derive(Clone, Default)]
struct Host {
    files: Arc<Mutex<BTreeMap<String, File>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

/// A status and a body.
type File = (u16, Vec<u8>);

struct Stage {
    verifier: Verifier,
    clock: Arc<ManualClock>,
    host: Host,
    origin: String,
}

impl Stage {
    async fn new() -> Self {
        Self::with_topics(Vec::new()).await
    }

    async fn with_topics(topics: Vec<String>) -> Self {
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
    fn draft(&self, id: &str) -> Value {
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
    fn timestamp(&self, ago_ms: i64) -> String {
        use crate::domain::Clock as _;
        let at = jiff::Timestamp::from_millisecond(self.clock.now().plus(-ago_ms).0).expect("a moment");
        at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }

    async fn judge(&self, message: &Value) -> Result<Verified, Rejection> {
        let envelope = Envelope::read(message.to_string().as_bytes()).expect("an envelope");
        let admitted = self.verifier.admit(envelope)?;
        self.verifier.verify(admitted).await
    }
}

impl Host {
    fn serve(&self, name: &str, status: u16, body: Vec<u8>) {
        self.files.lock().expect("whole").insert(name.to_owned(), (status, body));
    }

    fn asked(&self) -> Vec<String> {
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
fn signed(mut message: Value, version: &str, key: &str) -> Value {
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

#[tokio::test]
async fn both_versions_are_found_good_and_the_certificate_is_fetched_once() {
    let stage = Stage::new().await;
    for version in ["1", "2"] {
        let verified = stage.judge(&signed(stage.draft(version), version, "sns")).await.expect("good");
        assert_eq!(verified.source, Source::Sandbox(stage.origin.clone()));
        let Content::Hint(hint) = verified.content else { panic!("{:?}", verified.content) };
        assert_eq!((hint.merchant_id.as_str(), hint.object_id.as_str()), ("A1SHOP00000001", "S03-1-1-C1"));
        assert_eq!((hint.object_type, hint.charge_permission_id.as_str()), (ObjectType::Charge, "S03-1-1"));
    }
    assert_eq!(stage.host.asked(), ["sns.pem"]);
}

#[tokio::test]
async fn every_altered_field_is_noticed() {
    let stage = Stage::new().await;
    for version in ["1", "2"] {
        let good = signed(stage.draft("original"), version, "sns");
        let inner = good["Message"].as_str().expect("text").replace("C1", "C2");
        let other_version = if version == "1" { "2" } else { "1" };
        for (field, value) in [
            ("Message", json!(inner)),
            ("MessageId", json!("another")),
            ("Subject", json!("added")),
            ("Timestamp", json!(stage.timestamp(MINUTE))),
            ("TopicArn", json!("arn:aws:sns:ap-northeast-1:000000000000:another")),
            ("SignatureVersion", json!(other_version)),
            ("Signature", json!("not base64!")),
            ("Signature", json!("")),
            ("Signature", signed(stage.draft("original"), version, "strange")["Signature"].clone()),
        ] {
            let mut altered = good.clone();
            altered[field] = value;
            assert_eq!(stage.judge(&altered).await, Err(Rejection::Signature), "{version} {field}");
        }
        // What is not signed may change.
        let mut unsigned = good;
        unsigned["UnsubscribeURL"] = json!("https://elsewhere.example/");
        unsigned["MessageId"] = json!(format!("fresh-{version}"));
        stage.judge(&signed(unsigned, version, "sns")).await.expect("good");
    }
}

#[tokio::test]
async fn a_message_counts_once_and_a_forgery_does_not_use_up_its_id() {
    let stage = Stage::new().await;
    let good = signed(stage.draft("once"), "1", "sns");
    let forged = signed(stage.draft("once"), "1", "strange");
    assert_eq!(stage.judge(&forged).await, Err(Rejection::Signature));
    stage.judge(&good).await.expect("good");
    assert_eq!(stage.judge(&good).await, Err(Rejection::Replayed));
    // The same id on another message, signed as well: SNS never does that.
    assert_eq!(stage.judge(&signed(stage.draft("once"), "2", "sns")).await, Err(Rejection::Replayed));
}

#[tokio::test]
async fn a_message_is_of_these_days() {
    let stage = Stage::new().await;
    for (ago_ms, fine) in [(14 * DAY, true), (16 * DAY, false), (-14 * MINUTE, true), (-16 * MINUTE, false)] {
        let mut message = stage.draft(&format!("{ago_ms}"));
        message["Timestamp"] = json!(stage.timestamp(ago_ms));
        let judged = stage.judge(&signed(message, "1", "sns")).await;
        assert_eq!(judged.is_ok(), fine, "{ago_ms}: {judged:?}");
    }
    let mut message = stage.draft("never");
    for text in ["", "yesterday", "20261122T181000Z junk"] {
        message["Timestamp"] = json!(text);
        let judged = stage.judge(&signed(message.clone(), "1", "sns")).await;
        assert_eq!(judged, Err(Rejection::Timestamp(text.to_owned())));
    }
}

#[tokio::test]
async fn a_foreign_host_is_never_asked() {
    let stage = Stage::new().await;
    let stranger = Stage::new().await;
    let mut message = stage.draft("foreign");
    message["SigningCertURL"] = json!(format!("{}/sns.pem", stranger.origin));
    let judged = stage.judge(&signed(message.clone(), "1", "sns")).await;
    assert!(matches!(judged, Err(Rejection::Foreign(_))), "{judged:?}");
    assert_eq!(stranger.host.asked(), [""; 0]);
    for path in ["/sns", "/sns.pem?x=1", "/", "/sns.pem/x"] {
        message["SigningCertURL"] = json!(format!("{}{path}", stage.origin));
        assert_eq!(stage.judge(&signed(message.clone(), "1", "sns")).await, Err(Rejection::NoCertificate), "{path}");
    }
    assert_eq!(stage.host.asked(), [""; 0]);
}

#[tokio::test]
async fn a_certificate_that_cannot_vouch_is_refused() {
    let stage = Stage::new().await;
    stage.host.serve("text.pem", 200, b"hello".to_vec());
    stage.host.serve("huge.pem", 200, vec![b'-'; 1_000_000]);
    stage.host.serve("moved.pem", 302, file("sns.pem"));
    let not_fetched = |why: &str| Rejection::Certificate(CertificateError::NotFetched(why.to_owned()));
    for (name, key, rejection) in [
        ("text", "sns", CertificateError::Unreadable.into()),
        ("huge", "sns", CertificateError::Unreadable.into()),
        ("curve", "sns", CertificateError::NotRsa.into()),
        ("small", "small", Rejection::Signature),
        ("missing", "sns", not_fetched("404 Not Found")),
        ("moved", "sns", not_fetched("302 Found")),
    ] {
        let mut message = stage.draft(name);
        message["SigningCertURL"] = json!(format!("{}/{name}.pem", stage.origin));
        assert_eq!(stage.judge(&signed(message, "2", key)).await, Err(rejection), "{name}");
    }
}

#[tokio::test]
async fn a_certificate_counts_only_in_its_time() {
    let stage = Stage::new().await;
    stage.judge(&signed(stage.draft("today"), "1", "sns")).await.expect("good");
    stage.clock.advance(31 * DAY);
    let judged = stage.judge(&signed(stage.draft("later"), "1", "sns")).await;
    assert_eq!(judged, Err(CertificateError::OutOfDate.into()));
}

#[tokio::test]
async fn made_up_certificates_do_not_make_the_gateway_a_crawler() {
    let stage = Stage::new().await;
    stage.judge(&signed(stage.draft("first"), "1", "sns")).await.expect("good");
    for number in 0..20 {
        let mut message = stage.draft(&format!("{number}"));
        message["SigningCertURL"] = json!(format!("{}/{number}.pem", stage.origin));
        stage.judge(&signed(message, "1", "sns")).await.expect_err("there is none");
    }
    assert_eq!(stage.host.asked().len(), 10, "in one minute");
    // What is known is not fetched, so it goes on.
    stage.judge(&signed(stage.draft("second"), "1", "sns")).await.expect("good");
    stage.clock.advance(MINUTE);
    let mut message = stage.draft("third");
    message["SigningCertURL"] = json!(format!("{}/next.pem", stage.origin));
    stage.judge(&signed(message, "1", "sns")).await.expect_err("there is none");
    assert_eq!(stage.host.asked().len(), 11);
}

#[tokio::test]
async fn a_subscription_is_confirmed_only_where_the_message_comes_from() {
    let stage = Stage::new().await;
    stage.host.serve("confirm", 200, Vec::new());
    let confirmation = |id: &str, url: &str| {
        let mut message = stage.draft(id);
        message["Type"] = json!("SubscriptionConfirmation");
        message["Token"] = json!("token");
        message["SubscribeURL"] = json!(url);
        signed(message, "1", "sns")
    };
    let url = format!("{}/confirm?Action=ConfirmSubscription", stage.origin);
    let verified = stage.judge(&confirmation("1", &url)).await.expect("good");
    let Content::SubscriptionConfirmation { subscribe_url } = &verified.content else { panic!("{verified:?}") };
    stage.verifier.confirm(&verified.source, subscribe_url).await.expect("confirmed");
    assert_eq!(stage.host.asked(), ["sns.pem", "confirm"]);
    for elsewhere in ["https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription", "http://127.0.0.1:1/", "x"] {
        let judged = stage.judge(&confirmation("2", elsewhere)).await;
        assert!(matches!(judged, Err(Rejection::Foreign(_))), "{elsewhere}: {judged:?}");
    }
    let mut altered = confirmation("3", &url);
    altered["SubscribeURL"] = json!(format!("{url}&x=1"));
    assert_eq!(stage.judge(&altered).await, Err(Rejection::Signature));
    // Genuine, and of somebody's topic, but the one account there has its own.
    let mut other = stage.draft("4");
    for (field, value) in [
        ("Type", json!("SubscriptionConfirmation")),
        ("Token", json!("token")),
        ("SubscribeURL", json!(url)),
        ("TopicArn", json!("arn:aws:sns:ap-northeast-1:999999999999:theirs")),
    ] {
        other[field] = value;
    }
    let judged = stage.judge(&signed(other, "1", "sns")).await;
    assert!(matches!(judged, Err(Rejection::Topic(_))), "{judged:?}");
}

#[tokio::test]
async fn strangers_use_up_no_fetch_of_a_topic_that_is_ours() {
    let stage = Stage::with_topics(vec!["arn:aws:sns:ap-northeast-1:000000000000:topic".to_owned()]).await;
    let mut foreign = stage.draft("foreign");
    foreign["TopicArn"] = json!("arn:aws:sns:ap-northeast-1:999999999999:theirs");
    let judged = stage.judge(&signed(foreign, "1", "sns")).await;
    assert!(matches!(judged, Err(Rejection::Topic(_))), "{judged:?}");
    assert_eq!(stage.host.asked(), [""; 0], "refused before anything is fetched");

    let stage = Stage::new().await;
    stage.host.serve("confirm", 200, Vec::new());
    let mut confirmation = stage.draft("ours");
    confirmation["Type"] = json!("SubscriptionConfirmation");
    confirmation["Token"] = json!("token");
    confirmation["SubscribeURL"] = json!(format!("{}/confirm", stage.origin));
    stage.judge(&signed(confirmation, "1", "sns")).await.expect("good");
    for number in 0..20 {
        let mut message = stage.draft(&format!("{number}"));
        message["TopicArn"] = json!("arn:aws:sns:ap-northeast-1:999999999999:theirs");
        message["SigningCertURL"] = json!(format!("{}/{number}.pem", stage.origin));
        stage.judge(&signed(message, "1", "sns")).await.expect_err("there is none");
    }
    stage.host.serve("next.pem", 200, file("sns.pem"));
    let mut message = stage.draft("next");
    message["SigningCertURL"] = json!(format!("{}/next.pem", stage.origin));
    stage.judge(&signed(message, "1", "sns")).await.expect("its certificate is fetched");
}

#[tokio::test]
async fn an_address_without_a_certificate_is_not_asked_again_at_once() {
    let stage = Stage::new().await;
    let ask = async |id: &str| {
        let mut message = stage.draft(id);
        message["SigningCertURL"] = json!(format!("{}/missing.pem", stage.origin));
        stage.judge(&signed(message, "1", "sns")).await.expect_err("there is none");
        stage.host.asked().len()
    };
    assert_eq!((ask("1").await, ask("2").await), (1, 1));
    stage.clock.advance(MINUTE);
    assert_eq!(ask("3").await, 2);
}

#[test]
fn what_is_no_envelope_is_refused() {
    let message = json!({"Type": "Notification", "MessageId": "1", "TopicArn": "t", "Message": "m", "Timestamp": "t",
        "SignatureVersion": "1", "Signature": "s", "SigningCertURL": "u"});
    let with = |name: &str, value: Value| {
        let mut message = message.clone();
        message[name] = value;
        Envelope::read(message.to_string().as_bytes()).map(|_| ())
    };
    assert_eq!(with("UnsubscribeURL", json!("u")), Ok(()));
    assert_eq!(with("Type", json!("Other")), Err(EnvelopeError::UnknownType));
    assert_eq!(with("SignatureVersion", json!("3")), Err(EnvelopeError::SignatureVersion));
    assert_eq!(with("SignatureVersion", json!(1)), Err(EnvelopeError::Missing("SignatureVersion")));
    assert_eq!(with("Subject", json!(1)), Err(EnvelopeError::Missing("Subject")));
    assert_eq!(with("Type", json!("SubscriptionConfirmation")), Err(EnvelopeError::Missing("Token")));
    for name in ["Message", "MessageId", "Timestamp", "TopicArn", "Signature", "SigningCertURL"] {
        assert_eq!(with(name, Value::Null), Err(EnvelopeError::Missing(name)));
    }
    for body in ["", "[]", "null", "{", "x=1", "\u{feff}{}"] {
        assert_eq!(Envelope::read(body.as_bytes()), Err(EnvelopeError::NotJson), "{body:?}");
    }
    // AWS Lambda spells them so.
    let mut lambda = message;
    lambda["SigningCertUrl"] = lambda["SigningCertURL"].take();
    lambda.as_object_mut().expect("an object").remove("SigningCertURL");
    assert!(Envelope::read(lambda.to_string().as_bytes()).is_ok());
}
