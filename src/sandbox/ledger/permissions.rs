//! Where a charge permission stands (amazon-pay 2.4).

use super::objects::{Charge, ChargePermission, Standing};
use super::words::{ChargeState, PermissionReason, PermissionState};
use super::{Amount, Ledger, not_found};
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
    /// amazon-pay 8 leaves it open).
    pub fn standing(&self, permission: &ChargePermission) -> Standing {
        let charges = || permission.charge_ids.iter().filter_map(|id| self.charges.get(id));
        let used: i64 = charges().map(|charge| charge.uses().yen()).sum();
        let balance = Amount::new(permission.limit.yen() - used).unwrap_or(Amount::ZERO);
        let (state, reason) = if let Some(reason) = permission.closed {
            (PermissionState::Closed, Some(reason))
        } else if permission.payment_method_invalid {
            (PermissionState::NonChargeable, Some(PermissionReason::PaymentMethodInvalid))
        } else if balance == Amount::ZERO && charges().any(Charge::is_open) {
            (PermissionState::NonChargeable, Some(PermissionReason::ChargeInProgress))
        } else {
            (PermissionState::Chargeable, None)
        };
        Standing { state, reason, balance }
    }

    /// Closes the permission once its whole limit is captured.
    pub(super) fn close_if_used_up(&mut self, id: &str) {
        let now = self.now;
        let Some(permission) = self.permissions.get(id) else { return };
        let captured: i64 = permission
            .charge_ids
            .iter()
            .filter_map(|id| self.charges.get(id))
            .filter(|charge| charge.state == ChargeState::Captured)
            .map(|charge| charge.uses().yen())
            .sum();
        if captured >= permission.limit.yen()
            && let Some(permission) = self.permissions.get_mut(id)
        {
            permission.closed = Some(PermissionReason::AmazonClosed);
            permission.updated = now;
        }
    }

    /// The permission's time is over.
    pub(super) fn expire_permission(&mut self, id: &str) {
        let now = self.now;
        if let Some(permission) = self.permissions.get_mut(id)
            && permission.closed.is_none()
        {
            permission.closed = Some(PermissionReason::Expired);
            permission.updated = now;
        }
    }
}
