//! Transactions and operations.

use std::collections::{BTreeMap, BTreeSet};

use super::at_most;
use super::outbox::Outbox;
use crate::domain::{
    AccessId, ChargePermissionId, CheckoutSessionId, IdempotencyKey, Intent, Millis, Outcome, ShopId, Transaction,
};
use crate::store::present::Present;
use crate::store::row::TransactionRow;
use crate::store::{ApplyError, Backlog, Change, StoreError};

/// Everything. Tables are in the order in which their rows came.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) transactions: Vec<TransactionRow>,
    operations: Vec<Operation>,
    pub(super) outbox: Outbox,
}

#[derive(Debug)]
struct Operation {
    intent: Intent,
    outcome: Option<Outcome>,
}

impl Book {
    /// Makes `change`, whole or not at all.
    pub(super) fn apply(&mut self, change: Change) -> Result<(), ApplyError> {
        self.present(&change).judge(&change)?;
        self.keys_are_free(&change)?;
        if let Some(transaction) = &change.transaction {
            self.write(transaction);
        }
        if let Some(outcome) = change.outcome {
            let closed = self.operations.iter_mut().find(|operation| operation.intent.key == outcome.key);
            if let Some(operation) = closed {
                operation.outcome = Some(outcome);
            }
        }
        if let Some(intent) = change.intent {
            self.operations.push(Operation { intent, outcome: None });
        }
        if let Some(notification) = change.notification {
            self.outbox.owe(notification);
        }
        Ok(())
    }

    /// What the rule for changes has to know.
    fn present(&self, change: &Change) -> Present {
        let id = change.access_id.as_str();
        let mut present = Present::default();
        if let Some(row) = self.transactions.iter().find(|row| row.access_id == id) {
            present.versions.insert(id.to_owned(), row.version);
        }
        if let Some(open) = self.open_intents().find(|intent| intent.access_id == change.access_id) {
            present.open_intents.insert(id.to_owned(), (open.key.as_str().to_owned(), (open.looks, open.look_at)));
        }
        if change.on_top_of.is_none() {
            let orders = self.transactions.iter().map(|row| (row.shop_id.clone(), row.order_id.clone()));
            present.orders_taken = orders.collect();
        }
        if let Some(session) = change.claimed_session() {
            let name = session.as_str();
            let claimed = self.transactions.iter().filter(|row| claims(row, name)).map(|row| row.access_id.clone());
            let being_claimed = self.open_intents().filter(|intent| intent.effect.claimed_session() == Some(session));
            let being_claimed = being_claimed.map(|intent| intent.access_id.as_str().to_owned());
            present.sessions_taken = claimed.chain(being_claimed).map(|by| (name.to_owned(), by)).collect();
        }
        present
    }

    /// What keys and unique indexes refuse in a database: names that were given before, and money that is counted twice.
    fn keys_are_free(&self, change: &Change) -> Result<(), StoreError> {
        let taken = |what: &str| Err(StoreError(format!("{what} is in the book already")));
        if let Some(row) = change.transaction.as_ref().map(TransactionRow::from)
            && row.charge_id.is_some()
            && self.transactions.iter().any(|one| one.charge_id == row.charge_id && one.access_id != row.access_id)
        {
            return taken("the charge");
        }
        if let Some(intent) = &change.intent
            && self.operations.iter().any(|operation| operation.intent.key == intent.key)
        {
            return taken("the idempotency key");
        }
        match &change.notification {
            Some(notification) if self.outbox.has(&notification.id) => taken("the notification"),
            _ => Ok(()),
        }
    }

    /// A new transaction, or a new version of an old one. What EntryTran fixed is never rewritten.
    fn write(&mut self, transaction: &Transaction) {
        let new = TransactionRow::from(transaction);
        match self.transactions.iter_mut().find(|row| row.access_id == new.access_id) {
            None => self.transactions.push(new),
            Some(row) => {
                let old = std::mem::take(row);
                *row = TransactionRow {
                    key_id: old.key_id,
                    shop_id: old.shop_id,
                    order_id: old.order_id,
                    job_cd: old.job_cd,
                    amazonpay_type: old.amazonpay_type,
                    payment_type: old.payment_type,
                    created_at: old.created_at,
                    ..new
                };
            }
        }
    }

    pub(super) fn open_intents(&self) -> impl Iterator<Item = &Intent> {
        self.operations.iter().filter(|operation| operation.outcome.is_none()).map(|operation| &operation.intent)
    }

    fn open_intents_mut(&mut self) -> impl Iterator<Item = &mut Intent> {
        let open = self.operations.iter_mut().filter(|operation| operation.outcome.is_none());
        open.map(|operation| &mut operation.intent)
    }

    pub(super) fn first(&self, is_it: impl Fn(&TransactionRow) -> bool) -> Result<Option<Transaction>, StoreError> {
        self.transactions.iter().find(|row| is_it(row)).cloned().map(TransactionRow::read).transpose()
    }

    pub(super) fn shops_of_permission(&self, permission: &ChargePermissionId) -> Result<Vec<ShopId>, StoreError> {
        let on_it =
            self.transactions.iter().filter(|row| row.charge_permission_id.as_deref() == Some(permission.as_str()));
        let shops: BTreeSet<&str> = on_it.map(|row| row.shop_id.as_str()).collect();
        shops.into_iter().map(|id| ShopId::new(id).map_err(|error| StoreError(error.to_string()))).collect()
    }

    pub(super) fn transaction_of_permission(
        &self,
        shop: &ShopId,
        permission: &ChargePermissionId,
    ) -> Result<Option<Transaction>, StoreError> {
        let of_shop = self.transactions.iter().filter(|row| row.shop_id == shop.as_str());
        let on_it = of_shop.filter(|row| row.charge_permission_id.as_deref() == Some(permission.as_str()));
        let carries = |row: &&TransactionRow| (matches!(&*row.status, "REGISTER" | "END"), row.created_at);
        on_it.max_by_key(carries).cloned().map(TransactionRow::read).transpose()
    }

    pub(super) fn transaction_of_session(
        &self,
        shop: &ShopId,
        session: &CheckoutSessionId,
    ) -> Result<Option<Transaction>, StoreError> {
        let of_shop = self.transactions.iter().filter(|row| row.shop_id == shop.as_str());
        let claiming = of_shop.filter(|row| claims(row, session.as_str()));
        claiming.max_by_key(|row| row.created_at).cloned().map(TransactionRow::read).transpose()
    }

    pub(super) fn intents_to_look_at(&self, now: Millis, limit: u32) -> Result<Vec<(ShopId, Intent)>, StoreError> {
        let mut due: Vec<_> = self.open_intents().filter(|intent| intent.look_at <= now).collect();
        due.sort_by_key(|intent| intent.look_at);
        let mut turns: BTreeMap<&str, u32> = BTreeMap::new();
        let mut with_turn = Vec::new();
        for intent in due {
            let of = self.transactions.iter().find(|row| row.access_id == intent.access_id.as_str());
            let Some(row) = of else { continue };
            let turn = turns.entry(&row.shop_id).or_default();
            *turn += 1;
            with_turn.push((*turn, &row.shop_id, intent));
        }
        with_turn.sort_by_key(|(turn, _, intent)| (*turn, intent.look_at));
        let first = with_turn.into_iter().take(at_most(limit));
        let named = first.map(|(_, shop, intent)| {
            let shop = ShopId::new(shop.as_str()).map_err(|error| StoreError(error.to_string()))?;
            Ok((shop, intent.clone()))
        });
        named.collect()
    }

    pub(super) fn begin_look(&mut self, key: &IdempotencyKey, at: Millis) -> Option<Millis> {
        let intent = self.open_intents_mut().find(|intent| intent.key == *key)?;
        intent.look_at = at.max(intent.look_at.plus(1));
        Some(intent.look_at)
    }

    pub(super) fn look_again(&mut self, key: &IdempotencyKey, at: Millis) {
        if let Some(intent) = self.open_intents_mut().find(|intent| intent.key == *key) {
            intent.look_at = at;
            intent.looks += 1;
        }
    }

    pub(super) fn adopt_open_intents(&mut self, now: Millis) -> u64 {
        let later = self.open_intents_mut().filter(|intent| intent.look_at > now);
        later.map(|intent| intent.look_at = now).map(|()| 1).sum()
    }

    pub(super) fn transactions_to_look_at(&self, now: Millis, limit: u32) -> Result<Vec<Transaction>, StoreError> {
        let busy: BTreeSet<&str> = self.open_intents().map(|intent| intent.access_id.as_str()).collect();
        let mut due: Vec<_> = self.overdue(now).filter(|row| !busy.contains(&*row.access_id)).collect();
        due.sort_by_key(|row| row.look_at);
        due.truncate(at_most(limit));
        due.into_iter().map(|row| row.clone().read()).collect()
    }

    fn overdue(&self, now: Millis) -> impl Iterator<Item = &TransactionRow> {
        self.transactions.iter().filter(move |row| row.look_at.is_some_and(|at| at <= now.0))
    }

    pub(super) fn put_off(&mut self, access_id: &AccessId, version: i64, at: Millis) {
        let mut rows = self.transactions.iter_mut();
        let row = rows.find(|row| row.access_id == access_id.as_str() && row.version == version);
        if let Some(row) = row.filter(|row| row.look_at.is_some_and(|before| before < at.0)) {
            row.look_at = Some(at.0);
        }
    }

    pub(super) fn backlog(&self, now: Millis) -> Backlog {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        Backlog {
            operations_open: count(self.open_intents().count()),
            operation_open_since: self.open_intents().map(|intent| intent.started_at).min(),
            transactions_overdue: count(self.overdue(now).count()),
            transaction_overdue_since: self.overdue(now).filter_map(|row| row.look_at).min().map(Millis),
            ..self.outbox.backlog(now)
        }
    }
}

/// Whether a transaction holds a session: it was executed with it, and has not failed or expired.
fn claims(row: &TransactionRow, session: &str) -> bool {
    row.checkout_session_id.as_deref() == Some(session) && !matches!(&*row.status, "PAYFAIL" | "EXPIRED")
}
