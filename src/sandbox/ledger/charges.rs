//! Capture and cancel, and the steps a charge takes by itself (amazon-pay 2.5).

use super::objects::{Charge, Movement, MovementKind, PENDING_MS, SYNCHRONOUS_CAPTURE_MS};
use super::simulation::Simulation;
use super::timers::Due;
use super::words::{ChargeReason, ChargeState, PermissionReason};
use super::{Amount, Ledger, not_found};
use crate::sandbox::error::{ApiError, ReasonCode};

impl Ledger {
    /// The merchant's charge with this id.
    ///
    /// # Errors
    /// `ResourceNotFound`, also for another merchant's.
    pub fn charge_of(&self, merchant_id: &str, id: &str) -> Result<&Charge, ApiError> {
        let found = self.charges.get(id).filter(|charge| charge.merchant_id == merchant_id);
        found.ok_or_else(|| not_found("Charge", id))
    }

    /// Captures all or a part of an authorized charge, once. Up to seven days after the authorization the money is
    /// taken at once; later it takes 30 seconds (`CaptureInitiated`).
    ///
    /// # Errors
    /// `ResourceNotFound`; `InvalidChargeStatus` unless Authorized; `InvalidParameterValue` for nothing;
    /// `TransactionAmountExceeded` for more than was authorized; the code of a simulated
    /// [`Decline`](crate::sandbox::error::Decline).
    pub fn capture(
        &mut self,
        merchant_id: &str,
        id: &str,
        amount: Amount,
        soft_descriptor: Option<String>,
        simulation: Option<Simulation>,
    ) -> Result<&Charge, ApiError> {
        let now = self.now;
        let charge = self.charge_of_mut(merchant_id, id)?;
        if charge.state != ChargeState::Authorized {
            return Err(wrong_status(charge, "only an Authorized charge can be captured"));
        }
        if amount.is_zero() {
            return Err(ApiError::new(ReasonCode::InvalidParameterValue, "captureAmount must be more than 0"));
        }
        if amount > charge.amount {
            let message = format!("captureAmount {amount} is more than was authorized ({})", charge.amount);
            return Err(ApiError::new(ReasonCode::TransactionAmountExceeded, message));
        }
        if let Some(Simulation::Decline(decline)) = simulation {
            return Err(decline.into());
        }
        if let Some(Simulation::CaptureDeclined(reason)) = simulation {
            charge.capture_fate = Some(reason);
        }
        if soft_descriptor.is_some() {
            charge.soft_descriptor = soft_descriptor;
        }
        let age_ms = now.since(charge.authorized.unwrap_or(charge.created));
        let slow = matches!(simulation, Some(Simulation::CaptureInitiated | Simulation::CaptureDeclined(_)));
        if age_ms <= SYNCHRONOUS_CAPTURE_MS && !slow {
            self.take(id, amount);
        } else {
            self.begin_capture(id, amount);
        }
        self.charge_of(merchant_id, id)
    }

    /// Gives an authorization back. The permission can then be charged again.
    ///
    /// # Errors
    /// `ResourceNotFound`; `InvalidChargeStatus` unless the charge is Authorized or its authorization is pending.
    pub fn cancel_charge(&mut self, merchant_id: &str, id: &str) -> Result<&Charge, ApiError> {
        let charge = self.charge_of_mut(merchant_id, id)?;
        if !matches!(charge.state, ChargeState::Authorized | ChargeState::AuthorizationInitiated) {
            return Err(wrong_status(charge, "it can be cancelled only before its capture starts"));
        }
        self.give_back(id, ChargeReason::MerchantCanceled);
        self.charge_of(merchant_id, id)
    }

    /// The bank approves.
    pub(super) fn authorize(&mut self, id: &str) {
        let now = self.now;
        let Some(charge) = self.charges.get_mut(id) else { return };
        charge.authorized = Some(now);
        self.news.extend(charge.enter(ChargeState::Authorized, None, now));
        let amount = charge.amount;
        self.record(id, MovementKind::Authorized, amount);
    }

    /// The merchant will get the money in 30 seconds.
    pub(super) fn begin_capture(&mut self, id: &str, amount: Amount) {
        let now = self.now;
        let Some(charge) = self.charges.get_mut(id) else { return };
        charge.captured = Some(amount);
        self.news.extend(charge.enter(ChargeState::CaptureInitiated, None, now));
        self.timers.insert((now.plus(PENDING_MS), Due::CaptureEnds(id.to_owned())));
    }

    /// The 30 seconds of a capture are over.
    pub(super) fn end_capture(&mut self, id: &str) {
        let now = self.now;
        let Some(charge) = self.charges.get_mut(id) else { return };
        match (charge.state, charge.captured, charge.capture_fate) {
            (ChargeState::CaptureInitiated, Some(held), Some(reason)) => {
                charge.captured = None;
                self.news.extend(charge.enter(ChargeState::Declined, Some(reason), now));
                self.record(id, MovementKind::Canceled, held);
            }
            (ChargeState::CaptureInitiated, Some(amount), None) => self.take(id, amount),
            _ => {}
        }
    }

    /// The bank refuses for good: the buyer needs another payment method.
    pub(super) fn decline(&mut self, id: &str) {
        let now = self.now;
        let Some(charge) = self.charges.get_mut(id) else { return };
        self.news.extend(charge.enter(ChargeState::Declined, Some(ChargeReason::HardDeclined), now));
        if let Some(permission) = self.permissions.get_mut(&charge.permission_id) {
            self.news.extend(permission.enter(PermissionReason::PaymentMethodInvalid, now));
        }
    }

    /// The merchant gets the money.
    pub(super) fn take(&mut self, id: &str, amount: Amount) {
        let now = self.now;
        let Some(charge) = self.charges.get_mut(id) else { return };
        charge.captured = Some(amount);
        self.news.extend(charge.enter(ChargeState::Captured, None, now));
        let permission_id = charge.permission_id.clone();
        self.record(id, MovementKind::Captured, amount);
        self.close_if_used_up(&permission_id);
    }

    /// The buyer gets the reserved money back, if any was reserved.
    pub(super) fn give_back(&mut self, id: &str, reason: ChargeReason) {
        let now = self.now;
        let Some(charge) = self.charges.get_mut(id) else { return };
        let held = (charge.state == ChargeState::Authorized).then_some(charge.amount);
        self.news.extend(charge.enter(ChargeState::Canceled, Some(reason), now));
        if let Some(amount) = held {
            self.record(id, MovementKind::Canceled, amount);
        }
    }

    fn record(&mut self, charge_id: &str, kind: MovementKind, amount: Amount) {
        let Some(charge) = self.charges.get(charge_id) else { return };
        let Some(permission) = self.permissions.get_mut(&charge.permission_id) else { return };
        permission.updated = self.now;
        self.movements.push(Movement {
            at: self.now,
            kind,
            amount,
            merchant_id: charge.merchant_id.clone(),
            session_id: permission.session_id.clone(),
            charge_id: Some(charge.id.clone()),
            refund_id: None,
        });
    }

    fn charge_of_mut(&mut self, merchant_id: &str, id: &str) -> Result<&mut Charge, ApiError> {
        let found = self.charges.get_mut(id).filter(|charge| charge.merchant_id == merchant_id);
        found.ok_or_else(|| not_found("Charge", id))
    }
}

fn wrong_status(charge: &Charge, why: &str) -> ApiError {
    let message = format!("Charge {} is {}: {why}", charge.id, charge.state.as_str());
    ApiError::new(ReasonCode::InvalidChargeStatus, message)
}
