//! The two things that no test could repeat if they were ambient: the time and chance.
//!
//! Every part that needs one takes an `Arc<dyn Clock>` or `Arc<dyn Rng>`; `clippy.toml` forbids the rest.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

/// A moment: milliseconds since 1970-01-01T00:00:00Z. Tables store this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    /// This moment and `ms` milliseconds more (or fewer, if negative).
    #[must_use]
    pub const fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this moment; negative if `earlier` is in fact later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// `yyyyMMddHHmmss` in Japan's time, as the PSP protocol writes dates (psp-protocol 2.5).
    pub fn jst(self) -> String {
        self.zoned(Offset::constant(9)).strftime("%Y%m%d%H%M%S").to_string()
    }

    /// `yyyyMMddTHHmmssZ`, as Amazon Pay writes moments (amazon-pay 2.2).
    pub fn utc_basic(self) -> String {
        self.zoned(Offset::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
    }

    fn zoned(self, offset: Offset) -> jiff::Zoned {
        let moment = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
        moment.to_zoned(TimeZone::fixed(offset))
    }
}

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Millis;
}

/// Fills bytes with randomness fit for secrets.
pub trait Rng: Send + Sync + 'static {
    /// Overwrites all of `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// Lower-case hex of `N` random bytes.
pub fn random_hex<const N: usize>(rng: &dyn Rng) -> String {
    let mut bytes = [0u8; N];
    rng.fill(&mut bytes);
    hex::encode(bytes)
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now(&self) -> Millis {
        let since_epoch = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        Millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The machine's cryptographic random source, through aws-lc-rs.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    /// # Panics
    /// Where the machine has no randomness: a gateway that cannot draw secrets must stop, not go on with weak ones.
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's randomness is drawn")]
    fn fill(&self, bytes: &mut [u8]) {
        assert!(aws_lc_rs::rand::fill(bytes).is_ok(), "the operating system's random source failed");
    }
}

/// A clock that stands still until it is moved: tests and simulations.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `start`.
    pub const fn at(start: Millis) -> Self {
        Self(AtomicI64::new(start.0))
    }

    /// Moves the clock on by `ms` milliseconds.
    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Millis {
        Millis(self.0.load(Ordering::SeqCst))
    }
}

/// Reproducible bytes from a seed (SplitMix64): tests and simulations, never secrets.
#[derive(Debug)]
pub struct SeededRng(std::sync::atomic::AtomicU64);

impl SeededRng {
    /// The sequence of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(std::sync::atomic::AtomicU64::new(seed))
    }

    fn next(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut word = self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }
}

impl Rng for SeededRng {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let word = self.next().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_each_party_writes_them() {
        let moment = Millis(1_795_371_000_123); // 2026-11-22T18:10:00.123Z
        assert_eq!(moment.jst(), "20261123031000");
        assert_eq!(moment.utc_basic(), "20261122T181000Z");
    }

    #[test]
    fn a_seed_repeats_itself() {
        assert_eq!(random_hex::<16>(&SeededRng::new(7)), random_hex::<16>(&SeededRng::new(7)));
        assert_ne!(random_hex::<16>(&SeededRng::new(7)), random_hex::<16>(&SeededRng::new(8)));
    }

    /// The first numbers of SplitMix64 from seed 0, as its authors give them. Were they others, every day of weather and
    /// every sequence that a failure was reported with would be another one, too.
    #[test]
    fn a_seed_is_followed_by_the_published_numbers() {
        let mut bytes = [0; 20];
        SeededRng::new(0).fill(&mut bytes);
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        assert_eq!((word(0), word(8)), (0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4));
        assert_eq!(bytes[16..], 0x06C4_5D18_8009_454F_u64.to_le_bytes()[..4]);
    }

    #[test]
    fn a_clock_by_hand_stands_where_it_was_moved_to() {
        let clock = ManualClock::at(Millis(1_000));
        clock.advance(250);
        clock.advance(-50);
        assert_eq!((clock.now(), clock.now()), (Millis(1_200), Millis(1_200)));
    }
}
