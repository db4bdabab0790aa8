//! The envelope of a message as Amazon SNS posts it (amazon-pay 5).

use serde_json::{Map, Value};

/// A text that is no envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not a JSON object.
    #[error("not a JSON object")]
    NotJson,
    /// A field is not there, or is no text.
    #[error("{0} is missing or not a text")]
    Missing(&'static str),
    /// A `Type` that SNS does not have.
    #[error("Type is none of SNS's")]
    UnknownType,
    /// A `SignatureVersion` that nobody here can check.
    #[error("SignatureVersion is neither 1 nor 2")]
    SignatureVersion,
}

/// SNS's `Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something happened.
    Notification,
    /// Somebody subscribed this address to a topic.
    SubscriptionConfirmation,
    /// Somebody ended the subscription.
    UnsubscribeConfirmation,
}

/// How the signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignatureVersion {
    /// RSA PKCS#1 v1.5 with SHA-1.
    One,
    /// RSA PKCS#1 v1.5 with SHA-256.
    Two,
}

/// A message of which nothing is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    fields: Map<String, Value>,
    kind: Kind,
    pub(super) signature_version: SignatureVersion,
}

/// The fields that are signed, in their order. `Subject` and the last two of a confirmation may be absent.
const SIGNED: [&str; 8] = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
/// What stands in every message.
const REQUIRED: [&str; 6] = ["Message", "MessageId", "Timestamp", "TopicArn", "Signature", "SigningCertURL"];
/// Other spellings that are met, and the proper ones.
const SPELLINGS: [(&str, &str); 3] =
    [("SigningCertUrl", "SigningCertURL"), ("SubscribeUrl", "SubscribeURL"), ("UnsubscribeUrl", "UnsubscribeURL")];

impl Envelope {
    /// Reads the body of a post.
    ///
    /// # Errors
    /// [`EnvelopeError`].
    pub fn read(body: &[u8]) -> Result<Self, EnvelopeError> {
        let Ok(Value::Object(mut fields)) = serde_json::from_slice(body) else { return Err(EnvelopeError::NotJson) };
        for (other, proper) in SPELLINGS {
            if let Some(value) = fields.remove(other) {
                fields.entry(proper).or_insert(value);
            }
        }
        // What is signed must be text, or it would be left out of the signed text without anybody's notice.
        let is_text = |name: &&str| fields.get(*name).is_none_or(Value::is_string);
        if let Some(name) = SIGNED.into_iter().find(|name| !is_text(name)) {
            return Err(EnvelopeError::Missing(name));
        }
        let text = |name: &'static str| fields.get(name).and_then(Value::as_str).ok_or(EnvelopeError::Missing(name));
        let kind = match text("Type")? {
            "Notification" => Kind::Notification,
            "SubscriptionConfirmation" => Kind::SubscriptionConfirmation,
            "UnsubscribeConfirmation" => Kind::UnsubscribeConfirmation,
            _ => return Err(EnvelopeError::UnknownType),
        };
        let signature_version = match text("SignatureVersion")? {
            "1" => SignatureVersion::One,
            "2" => SignatureVersion::Two,
            _ => return Err(EnvelopeError::SignatureVersion),
        };
        for name in REQUIRED {
            text(name)?;
        }
        if kind != Kind::Notification {
            text("Token")?;
            text("SubscribeURL")?;
        }
        Ok(Self { fields, kind, signature_version })
    }

    /// What kind of message it says it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// SNS's id of the message, at most 100 characters of it.
    pub fn message_id(&self) -> String {
        self.text("MessageId").chars().take(100).collect()
    }

    /// The topic it says it comes from, at most 300 characters.
    pub fn topic_arn(&self) -> String {
        self.text("TopicArn").chars().take(300).collect()
    }

    /// A field that is there, or the empty text.
    pub(super) fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// What SNS signs: name and value of each field that is there, a line each.
    pub(super) fn string_to_sign(&self) -> String {
        let present = SIGNED.iter().filter_map(|name| Some((*name, self.fields.get(*name)?.as_str()?)));
        present.flat_map(|(name, value)| [name, "\n", value, "\n"]).collect()
    }
}
