//! Result notifications: what is to be told to a shop, and when to try again (psp-protocol 9).

use super::ids::{AccessId, ShopId};
use super::world::Millis;

/// A message that a shop is owed. Its id and body are fixed when it is written and never change between attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// `msg_` and 32 hex digits; also the `webhook-id` header.
    pub id: String,
    /// The transaction it is about.
    pub access_id: AccessId,
    /// Whom it is for.
    pub shop_id: ShopId,
    /// Where it goes.
    pub url: String,
    /// The form body. Percent-encoded, so it is ASCII whatever it says.
    pub body: String,
    /// When it was written.
    pub created_at: Millis,
}

/// One that a sender has taken on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The message.
    pub notification: Notification,
    /// How many attempts came before this one.
    pub attempts_before: i64,
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Which message.
    pub notification_id: String,
    /// 1 for the first.
    pub number: i64,
    /// When it began.
    pub at: Millis,
    /// How long it took.
    pub took_ms: i64,
    /// The HTTP status, if one came.
    pub http_status: Option<i64>,
    /// The first bytes of the answer, or what went wrong.
    pub answer: String,
    /// What happens next.
    pub next: Next,
}

/// What happens to a message after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The shop has it.
    Delivered,
    /// Another attempt, at this moment.
    RetryAt(Millis),
    /// No more attempts.
    GivenUp,
}

impl std::fmt::Display for Next {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Delivered => f.write_str("delivered"),
            Self::RetryAt(at) => write!(f, "again at {}", at.utc_basic()),
            Self::GivenUp => f.write_str("given up"),
        }
    }
}

/// When to try again after `attempts` failed ones: `retry_ms` lists the waits in order (by default 60 minutes, five
/// times), each spread by up to a tenth according to `spread` (0 to 255) so that shops that fell together do not get
/// up together.
pub fn next_attempt(retry_ms: &[i64], attempts: i64, now: Millis, spread: u8) -> Next {
    let wait = usize::try_from(attempts - 1).ok().and_then(|index| retry_ms.get(index));
    match wait {
        Some(ms) => Next::RetryAt(now.plus(ms + ms / 10 * i64::from(spread) / 255)),
        None => Next::GivenUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_waits_then_no_more() {
        let hour = 3_600_000;
        let waits = [hour; 5];
        for attempts in 1..=5 {
            assert_eq!(next_attempt(&waits, attempts, Millis(7), 0), Next::RetryAt(Millis(7 + hour)));
        }
        assert_eq!(next_attempt(&waits, 6, Millis(7), 0), Next::GivenUp);
        assert_eq!(next_attempt(&waits, 1, Millis(0), 255), Next::RetryAt(Millis(hour + hour / 10)));
    }
}
