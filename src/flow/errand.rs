//! For which transaction Amazon is called, and why: what the transaction's story tells of every attempt.
//!
//! A call without an errand leaves no note: it is about no transaction, or about one that only its answer names.

use std::sync::{Mutex, PoisonError};

use super::{Gateway, Shop};
use crate::amazonpay::{Exchange, OnBehalf};
use crate::domain::{AccessId, IdempotencyKey, Intent, Transaction};
use crate::store::{ExchangeNote, Note, Occasion};

/// For which transaction Amazon is called, and why.
#[derive(Debug, Clone, Copy)]
pub(super) struct Errand<'a> {
    access_id: &'a AccessId,
    effect: Option<&'a IdempotencyKey>,
    occasion: Occasion,
}

impl<'a> Errand<'a> {
    /// To do what is intended, and to ask what came of it; for one that was looked at, that is a look.
    pub(super) const fn effect(intent: &'a Intent) -> Self {
        let occasion = if intent.looks > 0 { Occasion::Look } else { Occasion::Effect };
        Self { access_id: &intent.access_id, effect: Some(&intent.key), occasion }
    }

    /// To find out what became of what was intended.
    pub(super) const fn look(intent: &'a Intent) -> Self {
        Self { access_id: &intent.access_id, effect: Some(&intent.key), occasion: Occasion::Look }
    }

    /// To ask how things stand with a transaction.
    pub(super) const fn about(transaction: &'a Transaction, occasion: Occasion) -> Self {
        Self { access_id: &transaction.access_id, effect: None, occasion }
    }
}

impl Gateway {
    /// The shop's account at Amazon, on an errand: every attempt is noted.
    pub(super) fn sent<'a>(&'a self, shop: &'a Shop, errand: Errand<'a>) -> OnBehalf<'a> {
        OnBehalf::new(&shop.merchant, move |exchange| self.note(errand, exchange))
    }

    /// The same for a question of a shop's or an operator's, which may be about no transaction.
    pub(super) fn asked<'a>(&'a self, shop: &'a Shop, about: Option<&'a Transaction>) -> OnBehalf<'a> {
        match about {
            Some(transaction) => self.sent(shop, Errand::about(transaction, Occasion::Request)),
            None => OnBehalf::from(&shop.merchant),
        }
    }

    /// Notes an attempt for those who look at the transaction's story.
    pub(super) fn note(&self, errand: Errand<'_>, exchange: Exchange) {
        self.parts.store.note(Note::Exchange(ExchangeNote {
            at: exchange.began_at,
            took_ms: exchange.took_ms,
            access_id: errand.access_id.clone(),
            occasion: errand.occasion,
            effect: errand.effect.cloned(),
            operation: exchange.operation,
            method: exchange.method,
            path: exchange.path,
            attempt: exchange.attempt,
            status: exchange.status,
            failure: exchange.failure,
            reason_code: exchange.reason_code,
            request_id: exchange.request_id,
        }));
    }
}

/// Attempts of a call whose transaction is known only afterwards.
#[derive(Debug, Default)]
pub(super) struct Overheard(Mutex<Vec<Exchange>>);

impl Overheard {
    /// The shop's account; every attempt is kept here.
    pub(super) fn by<'a>(&'a self, shop: &'a Shop) -> OnBehalf<'a> {
        OnBehalf::new(&shop.merchant, move |exchange| {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
        })
    }

    /// What was heard.
    pub(super) fn into_exchanges(self) -> Vec<Exchange> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
