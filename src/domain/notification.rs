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
    /// How many of them belong to a schedule that is over: a re-send by command begins a new one.
    pub schedule_from: i64,
}

/// Why no whole answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// Nobody listens there.
    Refused,
    /// No connection came about, in time or at all.
    Unreachable,
    /// The host has no address.
    Name,
    /// It has none that may be called.
    Forbidden,
    /// There was a connection, and no trust: certificate, name, or version of TLS.
    Tls,
    /// The server took the message and was not done answering in time.
    Hang,
    /// The connection broke in the middle.
    Broken,
    /// The shop is not in shops.toml, so nobody was asked.
    ShopMissing,
}

impl NoAnswer {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Refused,
        Self::Unreachable,
        Self::Name,
        Self::Forbidden,
        Self::Tls,
        Self::Hang,
        Self::Broken,
        Self::ShopMissing,
    ];

    /// The spelling in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refused => "REFUSED",
            Self::Unreachable => "UNREACHABLE",
            Self::Name => "NAME",
            Self::Forbidden => "FORBIDDEN",
            Self::Tls => "TLS",
            Self::Hang => "HANG",
            Self::Broken => "BROKEN",
            Self::ShopMissing => "SHOP_MISSING",
        }
    }

    /// The kind of that spelling.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
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
    /// Why no whole answer came, if none did.
    pub failure: Option<NoAnswer>,
    /// The first bytes of the answer, or what went wrong in a few words.
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

/// The longest wait that a shop's Retry-After is granted, in milliseconds.
pub const RETRY_AFTER_MS_MAX: i64 = 24 * 60 * 60 * 1000;

/// When to try again after `attempts` failed ones: `retry_ms` lists the waits in order (by default 60 minutes, five
/// times), each spread by up to a tenth according to `spread` (0 to 255) so that shops that fell together do not get
/// up together. A shop that asked for a later moment (`retry_after_ms`, Retry-After) is given it, up to
/// [`RETRY_AFTER_MS_MAX`]; one that asked for an earlier one is not, for the schedule is the protocol's (psp-protocol 9).
pub fn next_attempt(retry_ms: &[i64], attempts: i64, now: Millis, spread: u8, retry_after_ms: Option<i64>) -> Next {
    let wait = usize::try_from(attempts - 1).ok().and_then(|index| retry_ms.get(index));
    let Some(wait) = wait else { return Next::GivenUp };
    let asked = retry_after_ms.unwrap_or_default().clamp(0, RETRY_AFTER_MS_MAX);
    let wait = (*wait).max(asked);
    Next::RetryAt(now.plus(wait + wait / 10 * i64::from(spread) / 255))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn five_waits_then_no_more() {
        let waits = [HOUR; 5];
        for attempts in 1..=5 {
            assert_eq!(next_attempt(&waits, attempts, Millis(7), 0, None), Next::RetryAt(Millis(7 + HOUR)));
        }
        assert_eq!(next_attempt(&waits, 6, Millis(7), 0, None), Next::GivenUp);
        assert_eq!(next_attempt(&waits, 1, Millis(0), 255, None), Next::RetryAt(Millis(HOUR + HOUR / 10)));
    }

    /// What a shop asks for, and how long it is then left alone.
    #[test]
    fn a_shop_may_ask_for_more_time_but_not_for_all_of_it() {
        for (asked, wait) in [
            (-1, HOUR),
            (0, HOUR),
            (HOUR - 1, HOUR),
            (2 * HOUR, 2 * HOUR),
            (RETRY_AFTER_MS_MAX, RETRY_AFTER_MS_MAX),
            (i64::MAX, RETRY_AFTER_MS_MAX),
        ] {
            assert_eq!(next_attempt(&[HOUR], 1, Millis(0), 0, Some(asked)), Next::RetryAt(Millis(wait)), "{asked}");
        }
        assert_eq!(
            next_attempt(&[HOUR], 2, Millis(0), 0, Some(HOUR)),
            Next::GivenUp,
            "it makes no attempts of its own"
        );
    }

    #[test]
    fn every_kind_of_silence_is_read_back() {
        for kind in NoAnswer::ALL {
            assert_eq!(NoAnswer::of_word(kind.word()), Some(kind));
        }
        assert_eq!(NoAnswer::of_word("LOUD"), None);
    }
}
