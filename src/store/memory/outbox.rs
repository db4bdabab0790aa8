//! Notifications, in the order in which they were owed.

use std::collections::{BTreeMap, BTreeSet};

use super::at_most;
use crate::domain::notification::{Attempt, Claimed, Next};
use crate::domain::{AccessId, Millis, Notification, ShopId};
use crate::store::{AttemptRecord, Backlog, NotificationRecord, Resend, Resent, Share, ShopOwed, StoreError};

/// What shops are owed, were told, and were not told.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    notification: Notification,
    state: State,
    attempts: i64,
    /// Attempts of schedules that are over.
    schedule_from: i64,
    claimed_until: Option<Millis>,
    made: Vec<AttemptRecord>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// To be sent, or sent again, at that moment.
    Pending(Millis),
    Delivered,
    GivenUp,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Pending(_) => "PENDING",
            Self::Delivered => "DELIVERED",
            Self::GivenUp => "GIVEN_UP",
        }
    }

    const fn next_at(self) -> Option<Millis> {
        match self {
            Self::Pending(at) => Some(at),
            Self::Delivered | Self::GivenUp => None,
        }
    }
}

impl Outbox {
    pub(super) fn has(&self, id: &str) -> bool {
        self.rows.iter().any(|row| row.notification.id == id)
    }

    pub(super) fn owe(&mut self, notification: Notification) {
        self.rows.push(Row {
            state: State::Pending(notification.created_at),
            notification,
            attempts: 0,
            schedule_from: 0,
            claimed_until: None,
            made: Vec::new(),
        });
    }

    /// Where the pending notifications are that no earlier one of the same transaction stands before.
    fn foremost(&self) -> Vec<usize> {
        let mut waiting = BTreeSet::new();
        let pending = self.rows.iter().enumerate().filter(|(_, row)| row.state.next_at().is_some());
        pending.filter(|(_, row)| waiting.insert(&row.notification.access_id)).map(|(place, _)| place).collect()
    }

    pub(super) fn shops_owed(&self) -> Vec<ShopOwed> {
        let mut first: BTreeMap<&ShopId, Millis> = BTreeMap::new();
        for place in self.foremost() {
            let row = &self.rows[place];
            let Some(at) = row.state.next_at() else { continue };
            first.entry(&row.notification.shop_id).and_modify(|next| *next = at.min(*next)).or_insert(at);
        }
        first.into_iter().map(|(shop, next_at)| ShopOwed { shop_id: shop.clone(), next_at }).collect()
    }

    pub(super) fn claim(&mut self, now: Millis, lease_ms: i64, shares: &[Share]) -> Vec<Claimed> {
        let until = now.plus(lease_ms);
        let mut claimed = Vec::new();
        for share in shares {
            let of_shop = |row: &Row| row.notification.shop_id == share.shop_id;
            let held = |row: &&Row| of_shop(row) && row.claimed_until.is_some_and(|until| until > now);
            let free = at_most(share.under_way_max).saturating_sub(self.rows.iter().filter(held).count());
            let mut due: Vec<_> = self.foremost();
            due.retain(|place| of_shop(&self.rows[*place]) && self.rows[*place].state.next_at() <= Some(now));
            due.sort_by_key(|place| self.rows[*place].state.next_at());
            for place in due.into_iter().take(free.min(at_most(share.take_max))) {
                let row = &mut self.rows[place];
                row.claimed_until = Some(until);
                row.state = State::Pending(until);
                claimed.push(Claimed {
                    notification: row.notification.clone(),
                    attempts_before: row.attempts,
                    schedule_from: row.schedule_from,
                });
            }
        }
        claimed
    }

    pub(super) fn release(&mut self, now: Millis) -> u64 {
        let mut released = 0;
        for row in self.rows.iter_mut().filter(|row| row.claimed_until.is_some()) {
            row.claimed_until = None;
            if let State::Pending(at) = row.state {
                row.state = State::Pending(at.min(now));
            }
            released += 1;
        }
        released
    }

    pub(super) fn record(&mut self, attempt: Attempt) -> Result<(), StoreError> {
        let id = &attempt.notification_id;
        let row = self.rows.iter_mut().find(|row| row.notification.id == *id);
        let row = row.ok_or_else(|| StoreError(format!("no notification {id}")))?;
        if row.made.iter().all(|made| made.number != attempt.number) {
            row.made.push(AttemptRecord {
                number: attempt.number,
                at: attempt.at,
                took_ms: attempt.took_ms,
                http_status: attempt.http_status,
                failure: attempt.failure,
                answer: attempt.answer,
            });
        }
        if row.state.next_at().is_some() {
            row.attempts = row.attempts.max(attempt.number);
            row.claimed_until = None;
            row.state = match attempt.next {
                Next::Delivered => State::Delivered,
                Next::RetryAt(at) => State::Pending(at),
                Next::GivenUp => State::GivenUp,
            };
        }
        Ok(())
    }

    pub(super) fn resend(&mut self, what: &Resend, now: Millis, limit: u32) -> Vec<Resent> {
        let is_meant = |row: &&mut Row| match what {
            Resend::Transaction { access_id, delivered_too } => {
                row.notification.access_id == *access_id
                    && match row.state {
                        State::GivenUp => true,
                        State::Delivered => *delivered_too,
                        State::Pending(at) => row.claimed_until.is_none() && at > now,
                    }
            }
            Resend::One { id, attempts } => {
                row.notification.id == *id
                    && row.attempts == *attempts
                    && match row.state {
                        State::GivenUp | State::Delivered => true,
                        State::Pending(at) => row.claimed_until.is_none() && at > now,
                    }
            }
            Resend::GivenUpOf { shop_id } => row.state == State::GivenUp && row.notification.shop_id == *shop_id,
        };
        let again = |row: &mut Row| {
            let was = row.state.word().to_owned();
            row.state = State::Pending(now);
            row.claimed_until = None;
            row.schedule_from = row.attempts;
            let Notification { id, access_id, .. } = &row.notification;
            Resent { id: id.clone(), access_id: access_id.clone(), was, attempts: row.attempts }
        };
        self.rows.iter_mut().filter(is_meant).take(at_most(limit)).map(again).collect()
    }

    pub(super) fn notifications_of(&self, access_id: &AccessId) -> Vec<NotificationRecord> {
        let record = |row: &Row| NotificationRecord {
            id: row.notification.id.clone(),
            body: row.notification.body.clone(),
            state: row.state.word().to_owned(),
            attempts: row.attempts,
            next_at: row.state.next_at(),
        };
        self.rows.iter().filter(|row| row.notification.access_id == *access_id).map(record).collect()
    }

    pub(super) fn attempts_of(&self, id: &str) -> Vec<AttemptRecord> {
        let row = self.rows.iter().find(|row| row.notification.id == id);
        let mut made = row.map_or_else(Vec::new, |row| row.made.clone());
        made.sort_by_key(|attempt| attempt.number);
        made
    }

    pub(super) fn backlog(&self, now: Millis) -> Backlog {
        let count = |is_it: fn(&State) -> bool| {
            i64::try_from(self.rows.iter().filter(|row| is_it(&row.state)).count()).unwrap_or(i64::MAX)
        };
        Backlog {
            notifications_pending: count(|state| state.next_at().is_some()),
            notification_due_since: self.shops_owed().iter().map(|owed| owed.next_at).min().filter(|at| *at <= now),
            notifications_given_up: count(|state| *state == State::GivenUp),
            ..Backlog::default()
        }
    }
}
