//! Where a charge permission stands (amazon-pay 2.4).

use super::objects::{BUYER_READABLE_MS, Charge, ChargePermission, Limit, Standing};
use super::words::{ChargeState, PermissionReason, PermissionState, PermissionType};
use super::{Amount, Ledger, not_found};
use crate::domain::Millis;
use crate::sandbox::error::ApiError;

impl Ledger {
    /// The merchant's charge permission with this id.
    ///
    /// # Errors
    /// `ResourceNotFound`, also for another merchant's.
    pub fn charge_permission_of(&self, merchant_id: &str, id: &str) -> Result<&ChargePermission, ApiError> {
        let found = self.permissions.get(id).filter(|permission| permission.merchant_id == merchant_id);
        found.ok_or_else(|| not_found("ChargePermission", id))
    }

    /// Whether the permission can be charged, and with how much. A part captured leaves the rest chargeable (ours:
    /// amazon-pay 8 leaves it open). A month's limit that is used up leaves it Chargeable: next month is near.
    pub fn standing(&self, permission: &ChargePermission) -> Standing {
        let month = self.now.jst();
        let counts = |charge: &&Charge| match permission.limit {
            Limit::Total(_) => true,
            Limit::Monthly(_) => charge.created.jst().get(..6) == month.get(..6),
        };
        let limit = permission.limit.amount();
        let used: i64 = self.charges_on(permission).filter(counts).map(|charge| charge.uses().yen()).sum();
        let balance = Amount::saturating(limit.currency(), limit.yen() - used);
        let in_progress = || {
            let all_held = matches!(permission.limit, Limit::Total(_)) && balance.is_zero();
            let held = all_held && self.charges_on(permission).any(Charge::is_open);
            held.then_some(PermissionReason::ChargeInProgress)
        };
        let reason = permission.closed.or(permission.blocked).or_else(in_progress);
        Standing { state: reason.map_or(PermissionState::Chargeable, PermissionReason::state), reason, balance }
    }

    /// Closes the permission once its whole limit is captured.
    pub(super) fn close_if_used_up(&mut self, id: &str) {
        let now = self.now;
        let Some(permission) = self.permissions.get(id) else { return };
        let Limit::Total(limit) = permission.limit else { return };
        let captured = self.charges_on(permission).filter(|charge| charge.state == ChargeState::Captured);
        let captured: i64 = captured.map(|charge| charge.uses().yen()).sum();
        if captured >= limit.yen()
            && let Some(permission) = self.permissions.get_mut(id)
        {
            self.news.extend(permission.enter(PermissionReason::AmazonClosed, now));
        }
    }

    fn charges_on<'a>(&'a self, permission: &'a ChargePermission) -> impl Iterator<Item = &'a Charge> {
        permission.charge_ids.iter().filter_map(|id| self.charges.get(id))
    }

    /// The permission's time is over, unless a charge has prolonged it.
    pub(super) fn expire_permission(&mut self, id: &str) {
        let now = self.now;
        if let Some(permission) = self.permissions.get_mut(id)
            && permission.expires.is_some_and(|expires| expires <= now)
        {
            self.news.extend(permission.enter(PermissionReason::Expired, now));
        }
    }
}

impl ChargePermission {
    /// Whether the merchant may still read who the buyer is: for an order 30 days from the start, for a consent to
    /// later charges while it is open and 30 days more (amazon-pay 2.4).
    pub fn tells_buyer(&self, now: Millis) -> bool {
        let until = match self.permission_type {
            PermissionType::OneTime => Some(self.created),
            PermissionType::Recurring | PermissionType::PaymentMethodOnFile => self.closed_at,
        };
        until.is_none_or(|start| now.since(start) <= BUYER_READABLE_MS)
    }
}
