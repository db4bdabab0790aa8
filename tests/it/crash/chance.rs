//! Choices that a seed repeats.

use sekisho::domain::{Rng as _, SeededRng};

pub(super) struct Chance(SeededRng);

impl Chance {
    pub(super) const fn of(seed: u64) -> Self {
        Self(SeededRng::new(seed))
    }

    /// A number from 0 to `end`, without `end`.
    pub(super) fn below(&self, end: u64) -> u64 {
        let mut eight = [0; 8];
        self.0.fill(&mut eight);
        u64::from_le_bytes(eight) % end
    }
}
