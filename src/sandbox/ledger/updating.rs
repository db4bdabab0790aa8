//! Update Charge: whoever processes the payment method tells how a charge went on (amazon-pay 2.1).

use super::charges::wrong_status;
use super::words::{ChargeReason, ChargeState};
use super::{Charge, Ledger};
use crate::sandbox::error::{ApiError, ReasonCode};

impl Ledger {
    /// Takes a charge on as told: a pending authorization becomes Authorized, Declined or Canceled, an authorization
    /// Canceled, and a pending capture Captured or Declined.
    ///
    /// # Errors
    /// `ResourceNotFound`; `InvalidChargeStatus` for any other step; `InvalidParameterCombination` for a reason that
    /// does not go with the state, or for none where there must be one.
    pub fn update_charge(
        &mut self,
        merchant_id: &str,
        id: &str,
        state: ChargeState,
        reason: Option<ChargeReason>,
    ) -> Result<&Charge, ApiError> {
        let charge = self.charge_of(merchant_id, id)?;
        let ends_without_money = matches!(state, ChargeState::Canceled | ChargeState::Declined);
        let reason_fits = match reason {
            None => !ends_without_money,
            Some(reason) => reason.state() == state,
        };
        if !reason_fits {
            let message = format!("statusDetails.reasonCode does not go with the state {}", state.as_str());
            return Err(ApiError::new(ReasonCode::InvalidParameterCombination, message));
        }
        match (charge.state, state, reason, charge.captured) {
            (ChargeState::AuthorizationInitiated, ChargeState::Authorized, ..) => self.authorize(id),
            (ChargeState::AuthorizationInitiated, ChargeState::Declined, Some(reason), _) => {
                self.decline_for(id, reason);
            }
            (ChargeState::AuthorizationInitiated | ChargeState::Authorized, ChargeState::Canceled, Some(reason), _) => {
                self.give_back(id, reason);
            }
            (ChargeState::CaptureInitiated, ChargeState::Captured, _, Some(amount)) => self.take(id, amount),
            (ChargeState::CaptureInitiated, ChargeState::Declined, Some(reason), _) => self.fail_capture(id, reason),
            _ => return Err(wrong_status(charge, &format!("it cannot become {}", state.as_str()))),
        }
        self.charge_of(merchant_id, id)
    }
}

impl ChargeReason {
    /// The state that a charge is in for this reason.
    const fn state(self) -> ChargeState {
        match self {
            Self::ExpiredUnused
            | Self::MerchantCanceled
            | Self::ChargePermissionCanceled
            | Self::AmazonCanceled
            | Self::BuyerCanceled => ChargeState::Canceled,
            Self::ProcessingFailure
            | Self::SoftDeclined
            | Self::HardDeclined
            | Self::AmazonRejected
            | Self::TransactionTimedOut => ChargeState::Declined,
        }
    }
}
