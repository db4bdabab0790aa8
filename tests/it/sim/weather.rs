//! What goes wrong, when, and how often. All of it is chosen by the seed, and none of it by anything else.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sekisho::domain::{Rng as _, SeededRng};
use tokio::time::Instant;

use super::script::Script;

/// Choices that a seed repeats.
pub(super) struct Chance(SeededRng);

impl Chance {
    /// The choices of `seed` about one thing: what is chosen about another does not shift them.
    pub(super) fn new(seed: u64, about: u64) -> Self {
        Self(SeededRng::new(seed.wrapping_mul(0xA076_1D64_78BD_642F) ^ about.wrapping_mul(0xE703_7ED1_A0B4_28DB)))
    }

    /// A number from 0 to `end`, without `end`.
    pub(super) fn below(&self, end: u64) -> u64 {
        let mut word = [0; 8];
        self.0.fill(&mut word);
        u64::from_le_bytes(word) % end
    }

    /// One of `list`.
    pub(super) fn of<T: Copy>(&self, list: &[T]) -> T {
        list[usize::try_from(self.below(list.len() as u64)).unwrap()]
    }

    /// A time from `from` to `to` milliseconds, short ones more often than long ones.
    pub(super) fn ms(&self, from: u64, to: u64) -> Duration {
        let span = 1 + self.below(to - from + 1);
        Duration::from_millis(from + self.below(span))
    }
}

/// How often things go wrong on a day, in thousandths.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Odds {
    /// Between gateway and Amazon, or gateway and shop's receiver: each exchange.
    network: u64,
    /// In the database: each question and each change.
    store: u64,
    /// The gateway dies: before and after each exchange and each change.
    death: u64,
    /// Between shop, browser and gateway: each call.
    line: u64,
}

/// What happens to an exchange on the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Harm {
    /// Nobody listens.
    Refused,
    /// The request never arrives, and nobody says so.
    Lost,
    /// The connection breaks before the request arrives.
    Broken,
    /// The work is done, and the answer never arrives.
    AnswerLost,
    /// The work is done, and the connection breaks.
    AnswerBroken,
    /// The request is on its way for so long; its sender may not wait that long.
    Late(Duration),
    /// The request arrives a second time, so much later.
    Twice(Duration),
    /// Somebody on the way answers so, and nothing is done.
    ErrorBefore(u16),
    /// Somebody on the way answers so, after it was done.
    ErrorAfter(u16),
    /// Too many requests; nothing is done.
    Throttled,
    /// It is done, and of the answer's body half arrives and the connection breaks.
    Half,
    /// It is done, and of the answer's body half arrives as if that were all.
    Cut,
}

/// What happens to work of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It takes so long.
    Busy(Duration),
    /// It is not done.
    Fails,
    /// It is done, and nobody is told.
    FailsAfterwards,
}

/// What happens to a call from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    /// It never arrives.
    Lost,
    /// Its answer never arrives.
    AnswerLost,
    /// Whoever calls hangs up after so long.
    HangsUp(Duration),
}

/// A protection that is switched off, to see whether the simulation misses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sabotage {
    /// An intent is not written before the call.
    NoIntent,
    /// An outcome is not written after the call.
    NoOutcome,
    /// What was sent to a shop is taken for received, whatever it answered.
    SentIsReceived,
}

/// One day's weather.
pub(super) struct Weather {
    chance: Chance,
    odds: Odds,
    /// From when to when Amazon cannot be reached.
    outage: Option<(Duration, Duration)>,
    began: Instant,
    clear: AtomicBool,
    /// What goes wrong by plan, where nothing is left to chance.
    pub(super) script: Option<Script>,
    sabotage: Option<Sabotage>,
}

impl Weather {
    /// The weather of `seed`, beginning now.
    pub(super) fn of(seed: u64) -> Self {
        let chance = Chance::new(seed, 1);
        let odds = Odds {
            network: chance.of(&[0, 40, 120, 250, 450]),
            store: chance.of(&[0, 0, 10, 40, 120]),
            death: chance.of(&[0, 0, 4, 15, 50]),
            line: chance.of(&[0, 50, 150, 300]),
        };
        let outage = (chance.below(4) == 0).then(|| {
            let from = chance.ms(0, 30_000);
            (from, from + chance.ms(5_000, 240_000))
        });
        Self {
            chance,
            odds,
            outage,
            began: Instant::now(),
            clear: AtomicBool::new(false),
            script: None,
            sabotage: None,
        }
    }

    /// Nothing goes wrong but what `script` says.
    pub(super) fn by(script: Script) -> Self {
        Self { script: Some(script), ..Self::fair() }
    }

    /// The same weather, with a protection switched off.
    pub(super) fn without(self, protection: Option<Sabotage>) -> Self {
        Self { sabotage: protection, ..self }
    }

    /// Whether this protection is switched off.
    pub(super) fn lacks(&self, protection: Sabotage) -> bool {
        self.sabotage == Some(protection)
    }

    /// Nothing goes wrong.
    pub(super) fn fair() -> Self {
        Self { odds: Odds::default(), outage: None, ..Self::of(0) }
    }

    /// In words.
    pub(super) fn told(&self) -> String {
        format!("{:?} {:?}", self.odds, self.outage)
    }

    /// From here on nothing goes wrong.
    pub(super) fn clears(&self) {
        self.clear.store(true, Ordering::SeqCst);
    }

    fn strikes(&self, thousandths: u64) -> bool {
        thousandths > 0 && !self.clear.load(Ordering::SeqCst) && self.chance.below(1000) < thousandths
    }

    /// How long something is on its way in one direction.
    pub(super) fn latency(&self) -> Duration {
        if self.script.is_some() { Duration::from_millis(5) } else { self.chance.ms(1, 120) }
    }

    /// What happens to an exchange; with Amazon, or else with the shop's receiver.
    pub(super) fn harm(&self, with_amazon: bool) -> Option<Harm> {
        let since = self.began.elapsed();
        let out = with_amazon && self.outage.is_some_and(|(from, to)| (from..to).contains(&since));
        if out && !self.clear.load(Ordering::SeqCst) {
            return Some(self.chance.of(&[Harm::Refused, Harm::Lost, Harm::ErrorBefore(503)]));
        }
        self.strikes(self.odds.network).then(|| match self.chance.below(13) {
            0 => Harm::Refused,
            1 => Harm::Lost,
            2 => Harm::Broken,
            3 => Harm::AnswerLost,
            4 => Harm::AnswerBroken,
            5 | 6 => Harm::Late(self.chance.ms(2_000, 90_000)),
            7 => Harm::Twice(self.chance.ms(1, 120_000)),
            8 => Harm::ErrorBefore(self.chance.of(&[408, 500, 502, 503, 504, 403, 302])),
            9 => Harm::ErrorAfter(self.chance.of(&[408, 500, 502, 503, 504, 403, 302])),
            10 => Harm::Throttled,
            11 => Harm::Half,
            _ => Harm::Cut,
        })
    }

    /// What happens to work of the database.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.strikes(self.odds.store).then(|| match self.chance.below(4) {
            0 | 1 => Trouble::Busy(self.chance.ms(10, 6_000)),
            2 => Trouble::Fails,
            _ => Trouble::FailsAfterwards,
        })
    }

    /// How long the database takes when all is well: now and then a moment, so that others come in between.
    pub(super) fn pause(&self) -> Option<Duration> {
        (self.script.is_none() && self.chance.below(4) == 0).then(|| self.chance.ms(1, 8))
    }

    /// Whether the gateway dies now.
    pub(super) fn kills(&self) -> bool {
        self.strikes(self.odds.death)
    }

    /// What happens to a call from outside.
    pub(super) fn mishap(&self) -> Option<Mishap> {
        self.strikes(self.odds.line).then(|| match self.chance.below(3) {
            0 => Mishap::Lost,
            1 => Mishap::AnswerLost,
            _ => Mishap::HangsUp(self.chance.ms(1, 9_000)),
        })
    }
}
