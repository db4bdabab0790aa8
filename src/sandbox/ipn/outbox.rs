//! Who gets messages, which are waiting, and how each has fared. Plain structs; whoever calls says what time it is.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::envelope::{Kind, Message};
use super::signer::SignatureVersion;
use super::topic;
use crate::domain::Millis;

/// How many messages are remembered; the oldest that are over go first.
const KEPT_MAX: usize = 1_000;
/// How many may wait; whatever comes beyond that is lost, as a message may be.
const WAITING_MAX: usize = 20_000;
/// How often a message is sent again after the receiver failed, an hour apart (amazon-pay 5).
const RETRIES_MAX: usize = 3;
const RETRY_AFTER_MS: i64 = 60 * 60 * 1000;

/// Where a merchant's messages go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Endpoint {
    /// The address.
    pub(super) url: String,
    /// The last part of the subscription's ARN.
    pub(super) subscription: String,
    pub(super) token: String,
    /// Whether the subscription was confirmed.
    pub(super) confirmed: bool,
    /// Whether notifications wait until it is.
    pub(super) until_confirmed: bool,
}

impl Endpoint {
    pub(super) const fn new(url: String, subscription: String, token: String, until_confirmed: bool) -> Self {
        Self { url, subscription, token, confirmed: false, until_confirmed }
    }
}

/// What tests asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Behaviour {
    /// How messages are signed from now on.
    pub(super) signature_version: SignatureVersion,
    /// How often each notification is sent beyond the first time.
    pub(super) duplicates: u32,
    /// How many notifications are collected and then sent last first; 0 and 1 for none.
    pub(super) reorder: usize,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Standing {
    /// Not to be sent before the others of its batch are there.
    Held,
    /// To be sent at this moment of the sandbox's clock.
    Waiting(Millis),
    /// On its way.
    Sending,
    /// The receiver answered 2xx.
    Delivered,
    /// It will not be sent again.
    GivenUp,
}

impl Standing {
    /// Whether it will not be sent any more.
    pub(super) const fn is_over(self) -> bool {
        matches!(self, Self::Delivered | Self::GivenUp)
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "HELD",
            Self::Waiting(_) => "WAITING",
            Self::Sending => "SENDING",
            Self::Delivered => "DELIVERED",
            Self::GivenUp => "GIVEN_UP",
        }
    }
}

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Outcome {
    /// The receiver answered with this status.
    Status(u16),
    /// It took too long.
    TimedOut,
    /// There was nobody.
    Unreachable,
}

impl Outcome {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Status(status) => status.to_string(),
            Self::TimedOut => "timeout".to_owned(),
            Self::Unreachable => "unreachable".to_owned(),
        }
    }

    /// 5xx and time-outs are tried again; 4xx and dead addresses are not (amazon-pay 5).
    const fn calls_for_another(&self) -> bool {
        matches!(self, Self::Status(500..=599) | Self::TimedOut)
    }
}

/// A message and how it has fared.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    /// Tells this delivery from its duplicates.
    pub(super) number: u64,
    pub(super) message: Message,
    /// The message as it is posted.
    pub(super) text: String,
    pub(super) standing: Standing,
    pub(super) attempts: Vec<(Millis, Outcome)>,
}

/// One post that is to be made now.
#[derive(Debug, Clone)]
pub(super) struct Post {
    pub(super) number: u64,
    pub(super) url: String,
    pub(super) message_id: String,
    pub(super) type_name: &'static str,
    pub(super) topic_arn: String,
    pub(super) subscription_arn: String,
    pub(super) text: String,
}

/// Endpoints and messages.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) endpoints: BTreeMap<String, Endpoint>,
    behaviour: Behaviour,
    pub(super) deliveries: VecDeque<Delivery>,
    /// Merchants to whom a post is under way: one at a time, so that the order is the one asked for.
    busy: BTreeMap<String, u64>,
    pub(super) numbered: u64,
    pub(super) changed: Changed,
}

/// What changed since the data file heard of it.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// Whose endpoints.
    pub(super) endpoints: BTreeSet<String>,
    /// Which deliveries, by number.
    pub(super) deliveries: BTreeSet<u64>,
}

impl Outbox {
    pub(super) fn register(&mut self, merchant_id: &str, endpoint: Endpoint) {
        self.changed.endpoints.insert(merchant_id.to_owned());
        self.endpoints.insert(merchant_id.to_owned(), endpoint);
    }

    /// Takes a merchant's endpoint away; false where there was none.
    pub(super) fn forget(&mut self, merchant_id: &str) -> bool {
        self.changed.endpoints.insert(merchant_id.to_owned());
        self.endpoints.remove(merchant_id).is_some()
    }

    pub(super) fn endpoint(&self, merchant_id: &str) -> Option<&Endpoint> {
        self.endpoints.get(merchant_id)
    }

    pub(super) fn endpoints(&self) -> impl Iterator<Item = (&String, &Endpoint)> {
        self.endpoints.iter()
    }

    pub(super) const fn behaviour(&self) -> Behaviour {
        self.behaviour
    }

    pub(super) fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.iter()
    }

    /// From now on messages are sent so. What was held back until now is let go.
    pub(super) fn behave(&mut self, behaviour: Behaviour, now: Millis) {
        self.behaviour = behaviour;
        self.release_held(now);
    }

    /// Forgets messages and behaviour; endpoints stay, also where the data file was emptied just before.
    pub(super) fn reset(&mut self) {
        self.deliveries.clear();
        self.behaviour = Behaviour::default();
        self.changed = Changed { endpoints: self.endpoints.keys().cloned().collect(), ..Changed::default() };
    }

    /// Takes a message on.
    pub(super) fn queue(&mut self, message: &Message, text: &str, now: Millis) {
        let notifies = matches!(message.kind, Kind::Notification(_));
        let copies = if notifies { 1 + self.behaviour.duplicates } else { 1 };
        let held = notifies && self.behaviour.reorder > 1;
        for _ in 0..copies {
            self.add(Delivery {
                number: 0,
                message: message.clone(),
                text: text.to_owned(),
                standing: if held { Standing::Held } else { Standing::Waiting(now) },
                attempts: Vec::new(),
            });
        }
        if held && self.held() >= self.behaviour.reorder * usize::try_from(copies).unwrap_or(1) {
            self.release_held(now);
        }
        self.tidy();
    }

    /// Sends a message once more, just as it was; false where it is not remembered.
    pub(super) fn repeat(&mut self, message_id: &str, now: Millis) -> bool {
        let Some(found) = self.deliveries.iter().find(|one| one.message.id == message_id) else { return false };
        let again = Delivery { attempts: Vec::new(), standing: Standing::Waiting(now), ..found.clone() };
        self.add(again);
        true
    }

    /// Puts a delivery last, under a number of its own.
    fn add(&mut self, delivery: Delivery) {
        self.numbered += 1;
        self.changed.deliveries.insert(self.numbered);
        self.deliveries.push_back(Delivery { number: self.numbered, ..delivery });
    }

    /// What is to be posted now: of each merchant the first that is due, unless one is under way.
    pub(super) fn take_due(&mut self, now: Millis) -> Vec<Post> {
        let mut posts = Vec::new();
        for delivery in &mut self.deliveries {
            let is_due = matches!(delivery.standing, Standing::Waiting(at) if at <= now);
            let merchant_id = &delivery.message.merchant_id;
            let Some(endpoint) = self.endpoints.get(merchant_id) else { continue };
            let is_notice = matches!(delivery.message.kind, Kind::Notification(_));
            let kept_back = is_notice && endpoint.until_confirmed && !endpoint.confirmed;
            if !is_due || kept_back || self.busy.contains_key(merchant_id) {
                continue;
            }
            delivery.standing = Standing::Sending;
            self.busy.insert(merchant_id.clone(), delivery.number);
            posts.push(Post {
                number: delivery.number,
                url: endpoint.url.clone(),
                message_id: delivery.message.id.clone(),
                type_name: delivery.message.type_name(),
                topic_arn: topic::arn(merchant_id),
                subscription_arn: topic::subscription_arn(merchant_id, &endpoint.subscription),
                text: delivery.text.clone(),
            });
        }
        posts
    }

    /// Writes down what became of a post.
    pub(super) fn record(&mut self, number: u64, outcome: Outcome, now: Millis) {
        self.busy.retain(|_, under_way| *under_way != number);
        let Some(delivery) = self.deliveries.iter_mut().find(|one| one.number == number) else { return };
        let again = outcome.calls_for_another() && delivery.attempts.len() < RETRIES_MAX;
        delivery.standing = match outcome {
            Outcome::Status(200..=299) => Standing::Delivered,
            _ if again => Standing::Waiting(now.plus(RETRY_AFTER_MS)),
            _ => Standing::GivenUp,
        };
        delivery.attempts.push((now, outcome));
        self.changed.deliveries.insert(number);
    }

    /// The subscription's ARN, if the token is the one that was sent.
    pub(super) fn confirm(&mut self, topic_arn: &str, token: &str) -> Option<String> {
        let mut endpoints = self.endpoints.iter_mut();
        let (merchant_id, endpoint) =
            endpoints.find(|(id, endpoint)| topic::arn(id) == topic_arn && endpoint.token == token)?;
        endpoint.confirmed = true;
        self.changed.endpoints.insert(merchant_id.clone());
        Some(topic::subscription_arn(merchant_id, &endpoint.subscription))
    }

    /// Takes the endpoint with this subscription away.
    pub(super) fn unsubscribe(&mut self, subscription_arn: &str) -> Option<String> {
        let mut endpoints = self.endpoints.iter();
        let (merchant_id, _) =
            endpoints.find(|(id, endpoint)| topic::subscription_arn(id, &endpoint.subscription) == subscription_arn)?;
        let merchant_id = merchant_id.clone();
        self.forget(&merchant_id).then(|| subscription_arn.to_owned())
    }

    fn held(&self) -> usize {
        self.deliveries.iter().filter(|one| one.standing == Standing::Held).count()
    }

    /// Lets those go that were collected, last first.
    fn release_held(&mut self, now: Millis) {
        let (held, rest): (Vec<_>, Vec<_>) = self.deliveries.drain(..).partition(|one| one.standing == Standing::Held);
        self.changed.deliveries.extend(held.iter().map(|one| one.number));
        let released = held.into_iter().rev().map(|one| Delivery { standing: Standing::Waiting(now), ..one });
        self.deliveries = rest.into_iter().chain(released).collect();
    }

    fn tidy(&mut self) {
        while self.deliveries.len() > KEPT_MAX {
            let Some(index) = self.deliveries.iter().position(|one| one.standing.is_over()) else { break };
            self.deliveries.remove(index);
        }
        while self.deliveries.len() > WAITING_MAX {
            let lost = self.deliveries.pop_front();
            self.changed.deliveries.extend(lost.map(|one| one.number));
        }
    }
}
