//! What changes a charge permission besides its charges: the merchant closes or updates it, and (for tests) the buyer
//! or Amazon does something to it (amazon-pay 2.4).

use super::news::ChangeType;
use super::objects::ChargePermission;
use super::session::{MerchantMetadata, RecurringMetadata};
use super::simulation::Simulation;
use super::words::{ChargeReason, ChargeState, PermissionReason, PermissionType};
use super::{Ledger, not_found};
use crate::sandbox::error::{ApiError, ReasonCode};

/// The body of Update Charge Permission. `None` is "not said".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionChanges {
    /// The merchant's own words.
    pub merchant: MerchantMetadata,
    /// The subscription's period.
    pub recurring: Option<RecurringMetadata>,
}

impl Ledger {
    /// Closes a permission for good. What is captured stays captured; authorizations stay, too, unless
    /// `cancel_pending_charges`.
    ///
    /// # Errors
    /// `ResourceNotFound`; `InvalidChargePermissionStatus` where it is closed already.
    pub fn close_permission(
        &mut self,
        merchant_id: &str,
        id: &str,
        cancel_pending_charges: bool,
        simulation: Option<Simulation>,
    ) -> Result<&ChargePermission, ApiError> {
        let permission = self.charge_permission_of(merchant_id, id)?;
        if let Some(reason) = permission.closed {
            let message = format!("ChargePermission {id} is Closed already ({})", reason.as_str());
            return Err(ApiError::new(ReasonCode::InvalidChargePermissionStatus, message));
        }
        let pending = |charge: &&String| {
            let state = self.charges.get(charge).map(|charge| charge.state);
            matches!(state, Some(ChargeState::AuthorizationInitiated | ChargeState::Authorized))
        };
        let to_cancel: Vec<String> =
            permission.charge_ids.iter().filter(pending).filter(|_| cancel_pending_charges).cloned().collect();
        for charge_id in to_cancel {
            self.give_back(&charge_id, ChargeReason::ChargePermissionCanceled);
        }
        let reason = match simulation {
            Some(Simulation::AmazonClosed) => PermissionReason::AmazonClosed,
            _ => PermissionReason::MerchantClosed,
        };
        self.befall(id, reason)
    }

    /// Changes the merchant's words, field by field, or the subscription's period.
    ///
    /// # Errors
    /// `ResourceNotFound`; `ChargePermissionNotModifiable` where it is closed; `InvalidParameterCombination` for a
    /// period where there is no subscription.
    pub fn update_permission(
        &mut self,
        merchant_id: &str,
        id: &str,
        changes: PermissionChanges,
    ) -> Result<&ChargePermission, ApiError> {
        let now = self.now;
        let found = self.permissions.get_mut(id).filter(|permission| permission.merchant_id == merchant_id);
        let permission = found.ok_or_else(|| not_found("ChargePermission", id))?;
        if permission.closed.is_some() {
            let message = format!("ChargePermission {id} is Closed and cannot be changed");
            return Err(ApiError::new(ReasonCode::ChargePermissionNotModifiable, message));
        }
        if changes.recurring.is_some() && permission.permission_type != PermissionType::Recurring {
            let message = "recurringMetadata goes only with a Recurring charge permission";
            return Err(ApiError::new(ReasonCode::InvalidParameterCombination, message));
        }
        permission.merchant.amend(changes.merchant);
        permission.recurring = changes.recurring.or(permission.recurring.take());
        permission.updated = now;
        Ok(permission)
    }

    /// Something happens to a permission that the merchant did not ask for: it is blocked or closed for `reason`. What
    /// is closed stays as it is.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub fn befall(&mut self, id: &str, reason: PermissionReason) -> Result<&ChargePermission, ApiError> {
        let now = self.now;
        let permission = self.permissions.get_mut(id).ok_or_else(|| not_found("ChargePermission", id))?;
        self.news.extend(permission.enter(reason, now));
        Ok(permission)
    }

    /// The buyer chooses another card for a permission, on Amazon's own pages. Whatever blocked it is over.
    ///
    /// # Errors
    /// `ResourceNotFound`; `ChargePermissionNotModifiable` where it is closed; `InvalidParameterValue` for a card that
    /// the buyer does not have.
    pub fn change_payment_method(&mut self, id: &str, instrument_id: &str) -> Result<&ChargePermission, ApiError> {
        let now = self.now;
        let permission = self.permissions.get_mut(id).ok_or_else(|| not_found("ChargePermission", id))?;
        if permission.closed.is_some() {
            let message = format!("ChargePermission {id} is Closed and cannot be changed");
            return Err(ApiError::new(ReasonCode::ChargePermissionNotModifiable, message));
        }
        let instrument = permission.party.buyer.instrument(instrument_id).ok_or_else(|| {
            let message = format!("the buyer has no payment method {instrument_id:?}");
            ApiError::new(ReasonCode::InvalidParameterValue, message)
        })?;
        if let Some(choice) = &mut permission.party.choice {
            choice.instrument = instrument;
        }
        if permission.blocked.take().is_some() {
            self.news.push(permission.news(ChangeType::State));
        }
        self.news.push(permission.news(ChangeType::Attribute));
        permission.updated = now;
        Ok(permission)
    }
}
