//! Which topics are ours. Amazon SNS signs for each of its customers, so that a message is signed says nothing; that its
//! topic is the one at which Amazon Pay tells of our accounts does.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::source::Source;

/// How much of a topic's name is worth a log line.
const SHOWN_CHARS_MAX: usize = 300;

/// A topic that is not ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{topic:?} is none of our topics; if it is, write it into ipn_topics")]
pub struct ForeignTopic {
    topic: String,
}

impl ForeignTopic {
    fn of(topic: &str) -> Self {
        Self { topic: topic.chars().take(SHOWN_CHARS_MAX).collect() }
    }
}

/// Ours: those that the operator names; where none is named, the first of each source that were confirmed, one for each
/// account there.
pub struct Topics {
    named: Vec<String>,
    accounts: BTreeMap<Source, usize>,
    confirmed: Mutex<Vec<(Source, String)>>,
}

impl Topics {
    /// `named` are those of `ipn_topics`; `accounts` says how many Amazon Pay accounts the shops have at each source.
    pub const fn new(named: Vec<String>, accounts: BTreeMap<Source, usize>) -> Self {
        Self { named, accounts, confirmed: Mutex::new(Vec::new()) }
    }

    /// Whether a message of this topic may be heeded. Where none is named every one may: a message is a hint, and which
    /// topics were confirmed is forgotten when the process ends.
    ///
    /// # Errors
    /// [`ForeignTopic`].
    pub(super) fn check(&self, topic: &str) -> Result<(), ForeignTopic> {
        let ours = self.named.is_empty() || self.named.iter().any(|named| named == topic);
        if ours { Ok(()) } else { Err(ForeignTopic::of(topic)) }
    }

    /// Whether this topic is known to be ours.
    pub(super) fn is_ours(&self, source: &Source, topic: &str) -> bool {
        let confirmed = self.confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        self.named.iter().any(|named| named == topic) || confirmed.iter().any(|(of, it)| of == source && it == topic)
    }

    /// Makes a topic ours, if it is named, or none is and the source has an account without one.
    ///
    /// # Errors
    /// [`ForeignTopic`].
    pub(super) fn admit(&self, source: &Source, topic: &str) -> Result<(), ForeignTopic> {
        if self.is_ours(source, topic) {
            return Ok(());
        }
        self.check(topic)?;
        let accounts = self.accounts.get(source).copied().unwrap_or_default();
        let mut confirmed = self.confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        if confirmed.iter().filter(|(of, _)| of == source).count() >= accounts {
            return Err(ForeignTopic::of(topic));
        }
        confirmed.push((source.clone(), topic.to_owned()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_topics_of_a_source_are_its_own_and_no_others() {
        let sandbox = Source::Sandbox("http://127.0.0.1:8081".to_owned());
        let topics = Topics::new(Vec::new(), BTreeMap::from([(Source::Amazon, 2)]));
        assert!(topics.check("any").is_ok() && !topics.is_ours(&Source::Amazon, "a"));
        for topic in ["a", "b", "a"] {
            topics.admit(&Source::Amazon, topic).unwrap();
        }
        assert!(topics.is_ours(&Source::Amazon, "a") && !topics.is_ours(&sandbox, "a"));
        assert!(topics.admit(&Source::Amazon, "c").is_err());
        assert!(topics.admit(&sandbox, "a").is_err(), "nobody has an account there");
    }

    #[test]
    fn where_topics_are_named_no_other_counts() {
        let topics = Topics::new(vec!["a".to_owned()], BTreeMap::from([(Source::Amazon, 9)]));
        assert!(topics.is_ours(&Source::Amazon, "a"));
        topics.admit(&Source::Amazon, "a").unwrap();
        let why = topics.admit(&Source::Amazon, "b").unwrap_err();
        assert_eq!(why.to_string(), "\"b\" is none of our topics; if it is, write it into ipn_topics");
        assert_eq!(topics.check("b"), Err(why));
    }
}
