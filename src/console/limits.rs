//! How much of what costs something one account or one network may have: guesses at the door and inside, and questions that
//! look through many rows. The figures are those of `domain::staff` and `domain::guesses`.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;

use super::Failure;
use crate::domain::StaffId;
use crate::domain::guesses::Guesses;
use crate::domain::staff::{
    CODES_MAX, CODES_WITHIN_MS, HEAVY_MAX, INSIDE_MAX, INSIDE_WITHIN_MS, NETWORK_TRIES_MAX, NETWORK_WITHIN_MS,
};
use crate::domain::tries::Tries;

/// Everything that is counted.
pub(super) struct Limits {
    /// Passwords at the door, by name and network.
    pub(super) guesses: Guesses,
    /// Passwords at the door, by network alone.
    pub(super) networks: Tries<IpAddr>,
    /// Codes of the second factor, by account.
    pub(super) codes: Tries<StaffId>,
    /// The present password, asked for inside, by account and network. Apart from the door's, where a network that has named
    /// the right one is known: whoever sits at an open session is not to have as many guesses as they like.
    pub(super) inside: Tries<(StaffId, IpAddr)>,
    heavy: Heavy,
}

impl Limits {
    /// Nothing is counted yet.
    pub(super) fn new() -> Self {
        Self {
            guesses: Guesses::default(),
            networks: Tries::new(NETWORK_TRIES_MAX, NETWORK_WITHIN_MS),
            codes: Tries::new(CODES_MAX, CODES_WITHIN_MS),
            inside: Tries::new(INSIDE_MAX, INSIDE_WITHIN_MS),
            heavy: Heavy::default(),
        }
    }

    /// A turn at looking through many rows, for as long as it is kept.
    ///
    /// # Errors
    /// The account has [`HEAVY_MAX`] under way.
    pub(super) fn heavy_work(&self, who: StaffId) -> Result<Turn, Failure> {
        self.heavy.begin(who).ok_or_else(|| {
            Failure::new(
                StatusCode::TOO_MANY_REQUESTS,
                ("集計・書き出しが進行中です", "Counts or exports are under way"),
                (
                    "このアカウントで同時に行える集計と書き出しの数に達しています。進行中のダウンロードが終わってから、もう一度お試しください。",
                    "This account has as many counts and exports under way as one may have. Please try again when a download has ended.",
                ),
            )
        })
    }
}

/// Who has how much under way.
#[derive(Default)]
struct Heavy(Arc<Mutex<HashMap<StaffId, usize>>>);

impl Heavy {
    fn begin(&self, who: StaffId) -> Option<Turn> {
        let mut under_way = locked(&self.0);
        let count = under_way.entry(who).or_default();
        if *count >= HEAVY_MAX {
            return None;
        }
        *count += 1;
        Some(Turn { who, under_way: self.0.clone() })
    }
}

/// A place among what an account has under way; it is free again when this is dropped.
pub(super) struct Turn {
    who: StaffId,
    under_way: Arc<Mutex<HashMap<StaffId, usize>>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut under_way = locked(&self.under_way);
        match under_way.get_mut(&self.who) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(under_way.remove(&self.who)),
        }
    }
}

fn locked(under_way: &Mutex<HashMap<StaffId, usize>>) -> MutexGuard<'_, HashMap<StaffId, usize>> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_has_two_at_once_and_no_other_waits_for_it() {
        let heavy = Heavy::default();
        let (hanako, taro) = (StaffId(1), StaffId(2));
        let first = heavy.begin(hanako).unwrap();
        let second = heavy.begin(hanako).unwrap();
        assert!(heavy.begin(hanako).is_none());
        let others = heavy.begin(taro);
        assert!(others.is_some());
        drop(first);
        let third = heavy.begin(hanako);
        assert!(third.is_some() && heavy.begin(hanako).is_none());
        drop((second, third, others));
        assert!(locked(&heavy.0).is_empty(), "nothing is kept of whoever has nothing under way");
    }
}
