//! Messages made and signed by the OpenSSL command line, with certificates from a server that the test keeps.

mod stage;

use serde_json::{Value, json};

use super::*;
use stage::{Stage, file, signed};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

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
