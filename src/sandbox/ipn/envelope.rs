//! One message as Amazon SNS posts it: the envelope, its signature, and Amazon Pay's own message inside (amazon-pay 5).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::signer::{SignatureVersion, Signer};
use super::topic;
use crate::domain::Millis;
use crate::sandbox::ledger::News;

/// What SNS has to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    /// Somebody registered this endpoint: is that right?
    SubscriptionConfirmation {
        /// Proves that whoever confirms has read the message.
        token: String,
    },
    /// Something happened at Amazon Pay.
    Notification(News),
}

/// A message, as it is kept until it has arrived: all of it but what [`Sender`] adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Message {
    /// SNS's id; the same each time the message is sent.
    pub(super) id: String,
    /// Amazon Pay's id.
    pub(super) notification_id: String,
    /// Whose.
    pub(super) merchant_id: String,
    /// When it was written, by the machine's clock.
    pub(super) at: Millis,
    /// What it says.
    pub(super) kind: Kind,
    /// How it is signed.
    pub(super) signature_version: SignatureVersion,
}

/// This sandbox, from start to stop.
pub(super) struct Sender<'a> {
    /// Where it is.
    pub(super) base_url: &'a str,
    /// Its key.
    pub(super) signer: &'a Signer,
}

/// The fields that are signed, in the order in which they are; those that a message lacks are left out.
const SIGNED: [&str; 8] = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

impl Message {
    /// `Type`, also the header `x-amz-sns-message-type`.
    pub(super) const fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::SubscriptionConfirmation { .. } => "SubscriptionConfirmation",
            Kind::Notification(_) => "Notification",
        }
    }

    /// The body to post to the endpoint with this subscription, signed.
    pub(super) fn sealed(&self, sender: &Sender<'_>, subscription: &str) -> Option<String> {
        let mut fields = self.fields(sender.base_url);
        let signature = sender.signer.sign(self.signature_version, &string_to_sign(&fields))?;
        let mut put = |name: &str, value: String| fields.insert(name.to_owned(), Value::String(value));
        put("SignatureVersion", self.signature_version.as_str().to_owned());
        put("Signature", signature);
        put("SigningCertURL", topic::certificate_url(sender.base_url, sender.signer.certificate_name()));
        if let Kind::Notification(_) = self.kind {
            let subscription_arn = topic::subscription_arn(&self.merchant_id, subscription);
            put("UnsubscribeURL", topic::unsubscribe_url(sender.base_url, &subscription_arn));
        }
        Some(Value::Object(fields).to_string())
    }

    fn fields(&self, base_url: &str) -> Map<String, Value> {
        let topic_arn = topic::arn(&self.merchant_id);
        let mut fields = Map::new();
        let mut put = |name: &str, value: String| fields.insert(name.to_owned(), Value::String(value));
        put("Type", self.type_name().to_owned());
        put("MessageId", self.id.clone());
        put("TopicArn", topic_arn.clone());
        match &self.kind {
            Kind::SubscriptionConfirmation { token } => {
                put("Token", token.clone());
                put(
                    "Message",
                    format!(
                        "You have chosen to subscribe to the topic {topic_arn}.\nTo confirm the subscription, visit the SubscribeURL included in this message."
                    ),
                );
                put("SubscribeURL", topic::subscribe_url(base_url, &topic_arn, token));
            }
            Kind::Notification(news) => {
                put("Message", self.inner(news).to_string());
            }
        }
        put("Timestamp", timestamp(self.at));
        fields
    }

    fn inner(&self, news: &News) -> Value {
        json!({
            "MerchantID": self.merchant_id,
            "ObjectType": news.object.as_str(),
            "ObjectId": news.object_id,
            "ChargePermissionId": news.permission_id,
            "NotificationType": news.change.as_str(),
            "NotificationId": self.notification_id,
            "NotificationVersion": "V2",
        })
    }
}

/// What SNS signs: name and value of each field, a line each.
fn string_to_sign(fields: &Map<String, Value>) -> String {
    let present = SIGNED.iter().filter_map(|name| Some((name, fields.get(*name)?.as_str()?)));
    present.flat_map(|(name, value)| [*name, "\n", value, "\n"]).collect()
}

/// `2026-11-22T18:10:00.123Z`.
fn timestamp(at: Millis) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    moment.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
