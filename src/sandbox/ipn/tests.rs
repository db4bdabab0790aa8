//! The key's signatures are judged by the OpenSSL command line; the outbox is pure and tested without a server.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::envelope::{Kind, Message, Sender};
use super::outbox::{Behaviour, Endpoint, Outbox, Outcome, Post};
use super::signer::{SignatureVersion, Signer};
use super::topic;
use crate::domain::{Millis, SeededRng};
use crate::sandbox::ledger::{ChangeType, News, ObjectType};

const NOW: Millis = Millis(1_795_371_000_123);
const HOUR: i64 = 3_600_000;
const SHOP: &str = "A1SHOP00000001";

fn message(number: u32) -> Message {
    let news = News {
        merchant_id: SHOP.to_owned(),
        object: ObjectType::Charge,
        object_id: "S03-1234567-1234567-C000001".to_owned(),
        permission_id: "S03-1234567-1234567".to_owned(),
        change: ChangeType::State,
    };
    Message {
        id: format!("message-{number}"),
        notification_id: "notification".to_owned(),
        merchant_id: SHOP.to_owned(),
        at: NOW,
        kind: Kind::Notification(news),
        signature_version: SignatureVersion::One,
    }
}

fn sealed(message: &Message, signer: &Signer) -> Value {
    let sender = Sender { base_url: "http://127.0.0.1:8081", signer };
    serde_json::from_str(&message.sealed(&sender, "subscription").expect("signed")).expect("JSON")
}

fn openssl(directory: &std::path::Path, arguments: &[&str]) -> (bool, Vec<u8>) {
    let output = Command::new("openssl").args(arguments).current_dir(directory).output().expect("openssl is installed");
    (output.status.success(), output.stdout)
}

#[test]
fn openssl_finds_both_signatures_good_and_an_altered_text_bad() {
    let signer = Signer::generate(NOW, &SeededRng::new(1)).expect("a key");
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    std::fs::write(path.join("certificate.pem"), signer.certificate_pem()).expect("written");
    let (read, public) = openssl(path, &["x509", "-in", "certificate.pem", "-pubkey", "-noout"]);
    assert!(read);
    std::fs::write(path.join("public.pem"), public).expect("written");
    for (version, hash) in [(SignatureVersion::One, "-sha1"), (SignatureVersion::Two, "-sha256")] {
        let sealed = sealed(&Message { signature_version: version, ..message(1) }, &signer);
        let field = |name: &str| sealed[name].as_str().expect("a string");
        assert_eq!(field("SignatureVersion"), version.as_str());
        // Spelled out here, not taken from the code under test.
        let text = format!(
            "Message\n{}\nMessageId\nmessage-1\nTimestamp\n2026-11-22T18:10:00.123Z\nTopicArn\n\
             arn:aws:sns:ap-northeast-1:000000000000:A1SHOP00000001\nType\nNotification\n",
            field("Message")
        );
        std::fs::write(path.join("signature"), STANDARD.decode(field("Signature")).expect("base64")).expect("written");
        for (text, good) in [(text.clone(), true), (text.replace("message-1", "message-2"), false)] {
            std::fs::write(path.join("text"), text).expect("written");
            let arguments = ["dgst", hash, "-verify", "public.pem", "-signature", "signature", "text"];
            assert_eq!(openssl(path, &arguments).0, good, "{version:?}");
        }
    }
}

#[test]
fn the_message_inside_names_the_object_and_nothing_of_its_state() {
    let signer = Signer::generate(NOW, &SeededRng::new(1)).expect("a key");
    let sealed = sealed(&message(1), &signer);
    let inner: Value = serde_json::from_str(sealed["Message"].as_str().expect("a string")).expect("JSON");
    let expected = serde_json::json!({
        "MerchantID": SHOP,
        "ObjectType": "CHARGE",
        "ObjectId": "S03-1234567-1234567-C000001",
        "ChargePermissionId": "S03-1234567-1234567",
        "NotificationType": "STATE_CHANGE",
        "NotificationId": "notification",
        "NotificationVersion": "V2",
    });
    assert_eq!(inner, expected);
    let url = sealed["SigningCertURL"].as_str().expect("a string");
    assert_eq!(url, format!("http://127.0.0.1:8081/_sns/{}", signer.certificate_name()));
}

fn outbox(until_confirmed: bool) -> Outbox {
    let mut outbox = Outbox::default();
    let endpoint = Endpoint::new(
        "http://127.0.0.1/ipn".to_owned(),
        "subscription".to_owned(),
        "token".to_owned(),
        until_confirmed,
    );
    outbox.register(SHOP, endpoint);
    outbox
}

/// Everything due at `now`, each answered with 200.
fn sent(outbox: &mut Outbox, now: Millis) -> Vec<String> {
    let mut ids = Vec::new();
    while let Some(post) = one(outbox, now) {
        outbox.record(post.number, Outcome::Status(200), now);
        ids.push(post.message_id);
    }
    ids
}

fn one(outbox: &mut Outbox, now: Millis) -> Option<Post> {
    let posts = outbox.take_due(now);
    assert!(posts.len() <= 1, "one at a time to each merchant");
    posts.into_iter().next()
}

#[test]
fn a_failing_receiver_is_tried_again_every_hour_for_three_hours() {
    for outcome in [Outcome::Status(500), Outcome::Status(503), Outcome::TimedOut] {
        let mut outbox = outbox(false);
        outbox.queue(&message(1), "text", NOW);
        for hour in 0..4 {
            let post = one(&mut outbox, NOW.plus(hour * HOUR)).expect("due");
            assert_eq!(one(&mut outbox, NOW.plus(hour * HOUR)).map(|post| post.number), None, "it is under way");
            outbox.record(post.number, outcome.clone(), NOW.plus(hour * HOUR));
            assert!(one(&mut outbox, NOW.plus((hour + 1) * HOUR - 1)).is_none(), "not before the hour is over");
        }
        assert!(one(&mut outbox, NOW.plus(100 * HOUR)).is_none(), "given up");
    }
}

#[test]
fn whoever_says_no_or_is_not_there_is_not_asked_again() {
    for outcome in [Outcome::Status(400), Outcome::Status(404), Outcome::Status(302), Outcome::Unreachable] {
        let mut outbox = outbox(false);
        outbox.queue(&message(1), "text", NOW);
        let post = one(&mut outbox, NOW).expect("due");
        outbox.record(post.number, outcome, NOW);
        assert!(one(&mut outbox, NOW.plus(100 * HOUR)).is_none());
    }
}

#[test]
fn duplicates_and_the_order_are_as_asked_for() {
    let mut outbox = outbox(false);
    outbox.behave(Behaviour { duplicates: 1, reorder: 2, ..Behaviour::default() }, NOW);
    outbox.queue(&message(1), "text", NOW);
    assert_eq!(sent(&mut outbox, NOW), [""; 0], "the first waits for the second");
    outbox.queue(&message(2), "text", NOW);
    assert_eq!(sent(&mut outbox, NOW), ["message-2", "message-2", "message-1", "message-1"]);
    outbox.queue(&message(3), "text", NOW);
    outbox.behave(Behaviour::default(), NOW);
    assert_eq!(sent(&mut outbox, NOW), ["message-3", "message-3"], "what was held is let go");
    assert!(outbox.repeat("message-1", NOW));
    assert!(!outbox.repeat("message-9", NOW));
    assert_eq!(sent(&mut outbox, NOW), ["message-1"]);
}

#[test]
fn notifications_wait_for_the_confirmation_where_asked_to() {
    let mut outbox = outbox(true);
    let confirmation = Message { kind: Kind::SubscriptionConfirmation { token: "token".to_owned() }, ..message(1) };
    outbox.queue(&message(2), "text", NOW);
    outbox.queue(&confirmation, "text", NOW);
    assert_eq!(sent(&mut outbox, NOW), ["message-1"]);
    assert_eq!(outbox.confirm(&topic::arn(SHOP), "guessed"), None);
    assert_eq!(outbox.confirm(&topic::arn("A1SHOP00000002"), "token"), None);
    let arn = outbox.confirm(&topic::arn(SHOP), "token").expect("confirmed");
    assert_eq!(sent(&mut outbox, NOW), ["message-2"]);
    assert_eq!(outbox.unsubscribe(&arn), Some(arn.clone()));
    outbox.queue(&message(3), "text", NOW);
    assert_eq!(sent(&mut outbox, NOW), [""; 0], "nobody is there any more");
}
