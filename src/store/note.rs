//! What is noted for people who look at a transaction's story. Nothing in the gateway depends on a note: none is waited
//! for, what was noted in the last second before a crash may be lost, and of each transaction only some are kept.

use std::net::IpAddr;

use crate::domain::{AccessId, IdempotencyKey, Millis, ShopId};

/// How many calls of its shop are kept of a transaction: the last ones. The bound is kept in migration 0005.
pub const CALLS_KEPT: i64 = 50;
/// How many exchanges with Amazon are kept of a transaction: the first half of these, which tell how it came about, and
/// the last half, which tell how it stands. The bound is kept in migration 0005.
pub const EXCHANGES_KEPT: i64 = 200;

/// Something worth a line in a transaction's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A shop called.
    Call(CallNote),
    /// Amazon was called.
    Exchange(ExchangeNote),
}

/// A call that named a transaction, and what it was answered. No parameter of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallNote {
    /// When it came.
    pub at: Millis,
    /// How long it took.
    pub took_ms: i64,
    /// The transaction that it named; kept only where that is the shop's own.
    pub access_id: AccessId,
    /// Who called, by its password.
    pub shop_id: ShopId,
    /// The call's name.
    pub call: &'static str,
    /// What it was answered: ErrInfo codes, `|` between them; empty where it was done.
    pub codes: String,
    /// From where.
    pub caller: IpAddr,
}

/// An attempt of a call to Amazon on behalf of a transaction. No key, signature, body or personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeNote {
    /// When it began.
    pub at: Millis,
    /// How long it took.
    pub took_ms: i64,
    /// The transaction.
    pub access_id: AccessId,
    /// What it was for.
    pub occasion: Occasion,
    /// The effect that it belongs to, if it belongs to one.
    pub effect: Option<IdempotencyKey>,
    /// Amazon's name of the operation.
    pub operation: &'static str,
    /// Of HTTP.
    pub method: String,
    /// Where it went, without the host.
    pub path: String,
    /// 1 for the first attempt of its call.
    pub attempt: u32,
    /// The status of the answer, if one came.
    pub status: Option<u16>,
    /// Why no answer came, or none that can be trusted, in one word.
    pub failure: Option<&'static str>,
    /// Amazon's code, where it sent one.
    pub reason_code: Option<String>,
    /// Amazon's name for the exchange, where it gave one.
    pub request_id: Option<String>,
}

/// What Amazon is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// An effect that somebody waits for: a shop, an operator or a buyer.
    Effect,
    /// What became of an effect, or its completion once nobody waits for it any more.
    Look,
    /// How things stand, because a shop or an operator asked for something.
    Request,
    /// How things stand, because the buyer's browser came back.
    Return,
    /// How things stand, because Amazon sent a message.
    Message,
    /// How things stand, because a time was over.
    Due,
}

impl Occasion {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Effect, Self::Look, Self::Request, Self::Return, Self::Message, Self::Due];

    /// The spelling in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Effect => "EFFECT",
            Self::Look => "LOOK",
            Self::Request => "REQUEST",
            Self::Return => "RETURN",
            Self::Message => "MESSAGE",
            Self::Due => "DUE",
        }
    }

    /// The one of that spelling.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}
