//! What comes in as Amazon's message (IPN), before anything of it is believed: the envelope, the hint inside it, and the
//! certificate that it names.

use sekisho::amazonpay::ipn::{Certificate, Envelope, Hint};
use serde_json::{Value, json};

use super::bytes::Bytes;

const KINDS: [&str; 4] = ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation", "Something"];
const OBJECTS: [&str; 6] = ["CHARGE", "REFUND", "CHARGE_PERMISSION", "CHARGEBACK", "charge", ""];

/// Any bytes as each of the three; or a message that is right but for what the input puts into its fields.
pub fn ipn(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    match bytes.below(4) {
        0 => envelope(bytes.all()),
        1 => hint(&String::from_utf8_lossy(bytes.all())),
        2 => certificate(bytes.all()),
        _ => built(&mut bytes),
    }
}

fn envelope(body: &[u8]) {
    let Ok(envelope) = Envelope::read(body) else { return };
    assert!(serde_json::from_slice::<Value>(body).is_ok_and(|value| value.is_object()));
    assert!(envelope.message_id().chars().count() <= 100 && envelope.topic_arn().chars().count() <= 300);
    assert_eq!(Envelope::read(body).as_ref(), Ok(&envelope), "the same message twice");
}

fn hint(message: &str) {
    let Ok(hint) = Hint::read(message) else { return };
    let harmless =
        |id: &str| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    assert!(harmless(&hint.object_id) && harmless(hint.charge_permission_id.as_str()), "{hint:?}");
    assert!(!hint.merchant_id.is_empty(), "{hint:?}");
}

fn certificate(pem: &[u8]) {
    if let Ok(read) = Certificate::read(pem) {
        // Only the first counts, whatever stands behind it.
        assert_eq!(Certificate::read(&[pem, b"\n-----BEGIN CERTIFICATE-----"].concat()), Ok(read));
    }
}

fn built(bytes: &mut Bytes<'_>) {
    let (kind, object) = (KINDS[bytes.below(KINDS.len())], OBJECTS[bytes.below(OBJECTS.len())]);
    let message = json!({
        "MerchantID": bytes.text(), "ObjectType": object, "ObjectId": bytes.text(), "ChargePermissionId": bytes.text(),
    })
    .to_string();
    hint(&message);
    let version = bytes.pick(&["1", "2", "3"]);
    let whole = json!({
        "Type": kind, "Message": message, "MessageId": bytes.text(), "Timestamp": bytes.text(),
        "TopicArn": bytes.text(), "Signature": bytes.text(), "SignatureVersion": version,
        "SigningCertURL": bytes.text(), "Token": bytes.text(), "SubscribeURL": bytes.text(),
    });
    let right = kind != "Something" && version != "3";
    assert_eq!(Envelope::read(whole.to_string().as_bytes()).is_ok(), right, "{whole}");
    envelope(whole.to_string().as_bytes());
}
