//! Disbursements: what Amazon pays out. Ours: one for each day in Japan on which the merchant's captures were more than
//! the refunds, at the midnight that ends it, without fees. They follow from the movements and are not kept.

use std::collections::BTreeMap;

use crate::domain::Millis;
use crate::sandbox::ledger::{Ledger, MovementKind};

const DAY_MS: i64 = 86_400_000;
/// Japan's midnight, before that of UTC.
const JAPAN_MS: i64 = 9 * 3_600_000;

/// One payment to a merchant's bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disbursement {
    /// Eleven digits: of the day.
    pub settlement_id: String,
    /// What the bank statement says.
    pub reference_id: String,
    /// In the currency's minor units; always more than nothing.
    pub minor: i64,
    /// When it was paid.
    pub at: Millis,
}

impl Ledger {
    /// What was paid out from `since` until before `until`, oldest first.
    pub fn disbursements(&self, merchant_id: &str, since: Millis, until: Millis) -> Vec<Disbursement> {
        let mut days: BTreeMap<i64, i64> = BTreeMap::new();
        for movement in self.movements.iter().filter(|movement| movement.merchant_id == merchant_id) {
            let sign = match movement.kind {
                MovementKind::Captured => 1,
                MovementKind::Refunded => -1,
                _ => continue,
            };
            let day = (movement.at.0 + JAPAN_MS).div_euclid(DAY_MS);
            *days.entry(day).or_default() += sign * movement.amount.yen();
        }
        let of_day = |(day, minor): (i64, i64)| Disbursement {
            settlement_id: format!("{:011}", 10_000_000_000 + day),
            reference_id: format!("{merchant_id}{day:06}"),
            minor,
            at: Millis((day + 1) * DAY_MS - JAPAN_MS),
        };
        let paid = days.into_iter().filter(|(_, minor)| *minor > 0).map(of_day);
        paid.filter(|one| one.at <= self.now && one.at >= since && one.at < until).collect()
    }
}
