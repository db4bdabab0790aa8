//! Guessing is slow: how often somebody at one address may name a wrong password for one account.
//!
//! Who acts: anybody who can reach the gateway. In any minute at most [`TRIES_MAX`] tries of an address are judged, the
//! right one included, or the limit would be no limit; what comes beyond is answered as a wrong password is. An address
//! that has named the right password before is not held up any more, so whoever guesses cannot lock the owner out, not
//! even from behind the same address (docs/adr/0012). The memory is bounded, and ends with the process.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use super::Millis;
pub use super::tries::Judgement;
use super::tries::Lately;

/// How many wrong passwords of an address for an account are judged within [`WITHIN_MS`].
pub const TRIES_MAX: usize = 10;
/// One minute.
pub const WITHIN_MS: i64 = 60_000;
/// How many addresses of an account are remembered for the right one; then the oldest is forgotten.
const KNOWN_MAX: usize = 64;

/// The wrong passwords of the last minute, and who named the right one.
#[derive(Default)]
pub struct Guesses {
    memory: Mutex<Memory>,
}

struct Memory {
    wrong: Lately<(String, IpAddr)>,
    known: HashMap<String, VecDeque<IpAddr>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { wrong: Lately::new(WITHIN_MS), known: HashMap::new() }
    }
}

impl Guesses {
    /// Whether a try would be answered [`Judgement::TooMany`] before anybody has looked at the password: for passwords that
    /// take long to judge. Who named the right one before is never barred.
    pub fn bars(&self, account: &str, address: IpAddr, now: Millis) -> bool {
        let pair = (account.to_owned(), network_of(address));
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        !memory.knows(&pair) && memory.wrong.count(&pair, now) >= TRIES_MAX
    }

    /// Whether somebody at this address has named the right password for `account` before.
    pub fn knows(&self, account: &str, address: IpAddr) -> bool {
        let pair = (account.to_owned(), network_of(address));
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).knows(&pair)
    }

    /// Counts a try for `account`, which must be one that exists: what is remembered of owners has no other bound.
    /// `right` says whether the password is, found out in constant time by the caller.
    pub fn judge(&self, account: &str, address: IpAddr, right: bool, now: Millis) -> Judgement {
        let pair = (account.to_owned(), network_of(address));
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if right && memory.knows(&pair) {
            return Judgement::Right;
        }
        if memory.wrong.count(&pair, now) >= TRIES_MAX {
            return Judgement::TooMany;
        }
        if right {
            memory.recognise(pair);
            return Judgement::Right;
        }
        memory.wrong.add(pair, now);
        Judgement::Wrong
    }
}

impl Memory {
    fn knows(&self, (account, network): &(String, IpAddr)) -> bool {
        self.known.get(account).is_some_and(|known| known.contains(network))
    }

    fn recognise(&mut self, (account, address): (String, IpAddr)) {
        let known = self.known.entry(account).or_default();
        if known.len() >= KNOWN_MAX {
            known.pop_front();
        }
        known.push_back(address);
    }
}

/// Whose tries count together: whoever has one address of IPv6 has the 2^64 of its network.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use Judgement::{Right, TooMany, Wrong};

    use super::super::tries::KEYS_MAX;
    use super::*;

    const NOW: Millis = Millis(1_795_371_000_000);

    fn at(last: u8) -> IpAddr {
        [203, 0, 113, last].into()
    }

    #[test]
    fn ten_tries_a_minute_are_judged_and_the_right_one_is_no_exception() {
        let guesses = Guesses::default();
        for second in 0..10 {
            assert_eq!(guesses.judge("shop", at(1), false, NOW.plus(second * 1000)), Wrong);
        }
        for right in [false, true] {
            assert_eq!(guesses.judge("shop", at(1), right, NOW.plus(59_999)), TooMany);
        }
        assert_eq!(guesses.judge("shop", at(1), false, NOW.plus(60_000)), Wrong, "the first is a minute ago");
        assert_eq!(guesses.judge("shop", at(1), true, NOW.plus(60_500)), TooMany);
        assert_eq!(guesses.judge("shop", at(1), true, NOW.plus(61_000)), Right);
    }

    #[test]
    fn nobody_locks_another_out() {
        let guesses = Guesses::default();
        assert_eq!(guesses.judge("shop", at(1), true, NOW), Right);
        for _ in 0..1000 {
            guesses.judge("shop", at(1), false, NOW);
            guesses.judge("shop", at(2), false, NOW);
        }
        assert_eq!(guesses.judge("shop", at(1), true, NOW), Right, "who was known before");
        assert_eq!(guesses.judge("shop", at(1), false, NOW), TooMany);
        assert_eq!(guesses.judge("shop", at(3), true, NOW), Right, "from another address");
        assert_eq!(guesses.judge("other", at(2), true, NOW), Right, "another shop");
        assert_eq!(guesses.judge("shop", at(2), true, NOW), TooMany, "who only guessed");
        assert!(guesses.bars("shop", at(2), NOW) && !guesses.bars("shop", at(2), NOW.plus(WITHIN_MS)));
        assert!(!guesses.bars("shop", at(1), NOW) && !guesses.bars("other", at(2), NOW));
        assert!(guesses.knows("shop", at(1)) && !guesses.knows("shop", at(2)) && !guesses.knows("nobody", at(1)));
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let guesses = Guesses::default();
        let address = |host: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]);
        for host in 0..10 {
            guesses.judge("shop", address(host), false, NOW);
        }
        assert_eq!(guesses.judge("shop", address(99), true, NOW), TooMany);
        assert_eq!(guesses.judge("shop", IpAddr::from([0x2001, 0xdb8, 0, 2, 0, 0, 0, 0]), true, NOW), Right);
        assert_eq!(network_of("::ffff:203.0.113.1".parse().unwrap()), at(1));
    }

    #[test]
    fn the_memory_is_bounded_and_owners_stay_in_it() {
        let guesses = Guesses::default();
        guesses.judge("shop", at(1), true, NOW);
        for number in 0..20_000_u32 {
            guesses.judge("shop", IpAddr::from(number.to_be_bytes()), false, NOW);
        }
        let memory = guesses.memory.lock().unwrap();
        assert_eq!(memory.wrong.keys(), KEYS_MAX);
        assert_eq!(memory.known["shop"], [at(1)]);
        drop(memory);
        for number in 0..1000_u32 {
            guesses.judge("shop", IpAddr::from((1 << 24 | number).to_be_bytes()), true, NOW.plus(WITHIN_MS));
        }
        assert_eq!(guesses.memory.lock().unwrap().known["shop"].len(), KNOWN_MAX);
    }
}
