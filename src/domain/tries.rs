//! How often something was tried lately, by whatever it is counted by: a pair of account and address, an account, a network.
//!
//! Who acts: anybody who can reach the gateway, so the memory is bounded: of `KEYS_MAX` keys, then the oldest is
//! forgotten. It ends with the process.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use super::Millis;

/// How many keys are remembered; then the oldest is forgotten.
pub(super) const KEYS_MAX: usize = 10_000;

/// What becomes of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// The password, or the code, is right.
    Right,
    /// It is wrong.
    Wrong,
    /// There were too many tries; whether it is right is told nobody.
    TooMany,
}

/// The moments of late at which something was tried, by key.
pub(super) struct Lately<K> {
    within_ms: i64,
    moments: HashMap<K, VecDeque<Millis>>,
    /// The keys of `moments`, oldest first.
    order: VecDeque<K>,
}

impl<K: Eq + Hash + Clone> Lately<K> {
    /// Nothing yet; what is `within_ms` milliseconds old is forgotten.
    pub(super) fn new(within_ms: i64) -> Self {
        Self { within_ms, moments: HashMap::new(), order: VecDeque::new() }
    }

    /// How many tries there were under `key`.
    pub(super) fn count(&mut self, key: &K, now: Millis) -> usize {
        let Some(moments) = self.moments.get_mut(key) else { return 0 };
        // One of the future is of a clock that was set back since.
        moments.retain(|at| (0..self.within_ms).contains(&now.since(*at)));
        moments.len()
    }

    /// Counts one more.
    pub(super) fn add(&mut self, key: K, now: Millis) {
        if let Some(moments) = self.moments.get_mut(&key) {
            moments.push_back(now);
            return;
        }
        if self.order.len() >= KEYS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.moments.remove(&oldest);
        }
        self.order.push_back(key.clone());
        self.moments.insert(key, VecDeque::from([now]));
    }

    /// How many keys are remembered.
    #[cfg(test)]
    pub(super) fn keys(&self) -> usize {
        assert_eq!(self.moments.len(), self.order.len());
        self.order.len()
    }
}

/// At most so many tries under a key within so long.
pub struct Tries<K> {
    max: usize,
    lately: Mutex<Lately<K>>,
}

impl<K: Eq + Hash + Clone> Tries<K> {
    /// At most `max` within `within_ms` milliseconds.
    pub fn new(max: usize, within_ms: i64) -> Self {
        Self { max, lately: Mutex::new(Lately::new(within_ms)) }
    }

    /// Whether a try would be answered [`Judgement::TooMany`] now, whatever it is.
    pub fn are_spent(&self, key: &K, now: Millis) -> bool {
        self.lately.lock().unwrap_or_else(PoisonError::into_inner).count(key, now) >= self.max
    }

    /// Judges a try of which the caller has found out whether it is right. A wrong one is counted. Many at the same instant
    /// are judged one after the other, so none of them gets past the limit.
    pub fn judge(&self, key: &K, right: bool, now: Millis) -> Judgement {
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        if lately.count(key, now) >= self.max {
            return Judgement::TooMany;
        }
        if right {
            return Judgement::Right;
        }
        lately.add(key.clone(), now);
        Judgement::Wrong
    }

    /// Counts one more of what costs something, right or wrong; false where there were too many.
    pub fn take(&self, key: &K, now: Millis) -> bool {
        self.judge(key, false, now) != Judgement::TooMany
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_795_371_000_000);

    #[test]
    fn the_right_one_after_too_many_is_not_told_from_a_wrong_one() {
        let tries = Tries::new(3, 1000);
        assert_eq!(tries.judge(&"a", true, NOW), Judgement::Right);
        for at in 0..3 {
            assert_eq!(tries.judge(&"a", false, NOW.plus(at)), Judgement::Wrong);
        }
        for right in [false, true] {
            assert_eq!(tries.judge(&"a", right, NOW.plus(999)), Judgement::TooMany);
        }
        assert!(tries.are_spent(&"a", NOW.plus(999)) && !tries.are_spent(&"b", NOW.plus(999)));
        assert_eq!(tries.judge(&"b", true, NOW.plus(999)), Judgement::Right);
        assert_eq!(tries.judge(&"a", true, NOW.plus(1000)), Judgement::Right, "the first is over");
        assert!(tries.take(&"a", NOW.plus(1000)) && !tries.take(&"a", NOW.plus(1000)));
    }

    /// All of them were let begin before any was judged, as requests at the same instant are.
    #[test]
    fn at_the_same_instant_no_more_are_judged() {
        let tries = Tries::new(10, 1000);
        let judged: Vec<_> = std::thread::scope(|scope| {
            let one = || scope.spawn(|| tries.judge(&(), false, NOW));
            let all: Vec<_> = (0..40).map(|_| one()).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(judged.iter().filter(|one| **one == Judgement::Wrong).count(), 10);
        assert_eq!(tries.judge(&(), true, NOW), Judgement::TooMany);
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut lately = Lately::new(1000);
        for number in 0..2 * KEYS_MAX {
            lately.add(number, NOW);
        }
        assert_eq!(lately.keys(), KEYS_MAX);
        assert_eq!((lately.count(&0, NOW), lately.count(&(2 * KEYS_MAX - 1), NOW)), (0, 1));
    }
}
