//! What is looked for, and where a list goes on.

use std::fmt;
use std::str::FromStr;

use crate::domain::{AccessId, ChargePermissionId, Malformed, Millis, OrderId, Status, Yen};

/// What a transaction has to be. Everything that is given has to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Its order.
    pub order: Option<OrderWanted>,
    /// Its AccessID.
    pub access_id: Option<AccessId>,
    /// The charge permission that it is on.
    pub permission: Option<ChargePermissionId>,
    /// Where it stands.
    pub status: Option<Status>,
    /// Entered at this moment or later.
    pub from: Option<Millis>,
    /// Entered before this moment.
    pub before: Option<Millis>,
    /// Amount and tax come to this or more.
    pub total_from: Option<Yen>,
    /// Amount and tax come to this or less.
    pub total_to: Option<Yen>,
}

/// Which order, or which orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderWanted {
    /// This one.
    Is(OrderId),
    /// Those that begin so. As well-formed as the beginning of an [`OrderId`] can be, and not empty.
    BeginsWith(OrderId),
}

impl FromStr for OrderWanted {
    type Err = Malformed;

    /// An OrderID, or the beginning of some with `*` after it.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text.strip_suffix('*') {
            Some(beginning) => OrderId::new(beginning).map(Self::BeginsWith),
            None => OrderId::new(text).map(Self::Is),
        }
    }
}

/// In which order transactions are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// Entered last comes first.
    #[default]
    Newest,
    /// Entered first comes first.
    Oldest,
    /// The largest total comes first.
    Largest,
}

impl Sort {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Newest, Self::Oldest, Self::Largest];

    /// Its name in an address.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Largest => "largest",
        }
    }

    /// The one of that name.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// A place in a list: what comes after it is the next page. It tells nothing that the row itself does not, and leads to
/// nothing that is out of scope; one that was made up leads to another place of the same list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// What the list is sorted by.
    pub(in crate::store) key: i64,
    /// The row, among those of the same key.
    pub(in crate::store) row: i64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.key, self.row)
    }
}

impl FromStr for Cursor {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let read =
            text.split_once('.').and_then(|(key, row)| Some(Self { key: key.parse().ok()?, row: row.parse().ok()? }));
        read.ok_or(Malformed("place in a list"))
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in their order.
    pub rows: Vec<T>,
    /// Where the next page begins, if this is not the last.
    pub next: Option<Cursor>,
    /// Whether the search stopped before the page was full, because it had looked through as much as one page may: there
    /// may be more from [`Page::next`] on.
    pub cut_short: bool,
}

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// So many.
    pub found: u64,
    /// Whether these are all; otherwise they are at least so many.
    pub all: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back() {
        let cursor = Cursor { key: 1_795_371_000_123, row: 17 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", ".", "1", "1.", ".1", "1.2.3", "a.b", "99999999999999999999.1"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_star_asks_for_a_beginning() {
        let id = |text: &str| OrderId::new(text).unwrap();
        assert_eq!("A-1".parse(), Ok(OrderWanted::Is(id("A-1"))));
        assert_eq!("A-*".parse(), Ok(OrderWanted::BeginsWith(id("A-"))));
        for text in ["", "*", "A**", "*A", "A_", "A%*"] {
            assert!(text.parse::<OrderWanted>().is_err(), "{text}");
        }
    }
}
