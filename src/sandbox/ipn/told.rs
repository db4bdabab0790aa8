//! What is told of messages and endpoints, at `/_control/ipn` and at the console.

use serde::Serialize;

use super::envelope::Kind;
use super::outbox::{self, Delivery, Standing};
use crate::sandbox::Sandbox;

/// A message and how it has fared.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::sandbox) struct Told {
    /// Tells this delivery from its duplicates.
    #[serde(skip)]
    pub(in crate::sandbox) number: u64,
    pub(in crate::sandbox) message_id: String,
    pub(in crate::sandbox) merchant_id: String,
    #[serde(rename = "type")]
    pub(in crate::sandbox) type_name: &'static str,
    /// Nothing for a SubscriptionConfirmation.
    pub(in crate::sandbox) object_type: Option<&'static str>,
    pub(in crate::sandbox) object_id: Option<String>,
    pub(in crate::sandbox) standing: &'static str,
    /// When it is sent next, if it is.
    pub(in crate::sandbox) next_at: Option<String>,
    pub(in crate::sandbox) attempts: Vec<Attempt>,
    pub(in crate::sandbox) body: String,
}

/// One attempt.
#[derive(Debug, Clone, Serialize)]
pub(in crate::sandbox) struct Attempt {
    pub(in crate::sandbox) at: String,
    pub(in crate::sandbox) outcome: String,
}

/// Where a merchant's messages go.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::sandbox) struct Endpoint {
    pub(in crate::sandbox) merchant_id: String,
    pub(in crate::sandbox) url: String,
    pub(in crate::sandbox) confirmed: bool,
    pub(in crate::sandbox) until_confirmed: bool,
}

impl Told {
    pub(super) fn of(delivery: &Delivery) -> Self {
        let (object_type, object_id) = match &delivery.message.kind {
            Kind::Notification(news) => (Some(news.object.as_str()), Some(news.object_id.clone())),
            Kind::SubscriptionConfirmation { .. } => (None, None),
        };
        let next_at = match delivery.standing {
            Standing::Waiting(at) => Some(at.utc_basic()),
            _ => None,
        };
        let attempts = delivery.attempts.iter();
        let attempts = attempts.map(|(at, outcome)| Attempt { at: at.utc_basic(), outcome: outcome.words() });
        Self {
            number: delivery.number,
            message_id: delivery.message.id.clone(),
            merchant_id: delivery.message.merchant_id.clone(),
            type_name: delivery.message.type_name(),
            object_type,
            object_id,
            standing: delivery.standing.as_str(),
            next_at,
            attempts: attempts.collect(),
            body: delivery.text.clone(),
        }
    }
}

impl Endpoint {
    pub(super) fn of(merchant_id: &str, endpoint: &outbox::Endpoint) -> Self {
        Self {
            merchant_id: merchant_id.to_owned(),
            url: endpoint.url.clone(),
            confirmed: endpoint.confirmed,
            until_confirmed: endpoint.until_confirmed,
        }
    }
}

impl Sandbox {
    /// The newest `many` messages of this merchant (or of all) about objects with `part` in their id, newest first; of
    /// those older than delivery `before`.
    pub(in crate::sandbox) fn ipn_messages(
        &self,
        merchant_id: Option<&str>,
        part: Option<&str>,
        before: Option<u64>,
        many: usize,
    ) -> Vec<Told> {
        let part = part.map(str::to_ascii_lowercase);
        let about = |kind: &Kind, part: &str| match kind {
            Kind::Notification(news) => news.object_id.to_ascii_lowercase().contains(part),
            Kind::SubscriptionConfirmation { .. } => false,
        };
        let outbox = self.outbox();
        // Not always in the order of their numbers: what was held back is sent last first.
        let mut wanted: Vec<&Delivery> = outbox
            .deliveries()
            .filter(|one| merchant_id.is_none_or(|id| one.message.merchant_id == id))
            .filter(|one| before.is_none_or(|before| one.number < before))
            .filter(|one| part.as_deref().is_none_or(|part| about(&one.message.kind, part)))
            .collect();
        wanted.sort_by_key(|one| std::cmp::Reverse(one.number));
        wanted.into_iter().take(many).map(Told::of).collect()
    }

    /// Where each merchant's messages go.
    pub(in crate::sandbox) fn ipn_endpoints(&self) -> Vec<Endpoint> {
        self.outbox().endpoints().map(|(merchant_id, endpoint)| Endpoint::of(merchant_id, endpoint)).collect()
    }
}
