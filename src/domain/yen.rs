//! Money. Japanese yen only, whole numbers only: the yen has no minor unit.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount of yen, from 0 to [`Yen::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Yen(i64);

impl Yen {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Seven digits, the most an Amount, a Tax or their sum may be (psp-protocol 3).
    pub const MAX: Self = Self(9_999_999);

    /// `amount` yen, or `None` outside 0 to [`Yen::MAX`].
    pub const fn new(amount: i64) -> Option<Self> {
        if amount >= 0 && amount <= Self::MAX.0 { Some(Self(amount)) } else { None }
    }

    /// The number of yen.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum, or `None` above [`Yen::MAX`].
    pub const fn plus(self, other: Self) -> Option<Self> {
        Self::new(self.0 + other.0)
    }

    /// What is left after `other` is taken away, or `None` if there is not so much.
    pub const fn minus(self, other: Self) -> Option<Self> {
        Self::new(self.0 - other.0)
    }
}

impl fmt::Display for Yen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<i64> for Yen {
    type Error = YenOutOfRange;

    fn try_from(amount: i64) -> Result<Self, YenOutOfRange> {
        Self::new(amount).ok_or(YenOutOfRange(amount))
    }
}

impl From<Yen> for i64 {
    fn from(amount: Yen) -> Self {
        amount.0
    }
}

/// Not an amount that the protocol can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} yen is outside 0 to 9999999")]
pub struct YenOutOfRange(pub i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_written_as_it_was_read() {
        for amount in [0, 1, 1980, 9_999_999] {
            assert_eq!(Yen::try_from(amount).map(i64::from), Ok(amount));
        }
        for beyond in [-1, 10_000_000, i64::MIN, i64::MAX] {
            assert_eq!(Yen::try_from(beyond), Err(YenOutOfRange(beyond)));
        }
    }
}
