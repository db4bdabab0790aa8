//! Create Charge: a debit on a permission that exists (amazon-pay 2.4, 2.5, 2.8).
//!
//! In this order: the permission can be charged, the amount and the number of charges are within its limits, and then
//! the simulation code, or else the permission's card, says what the bank does. A decline is a refusal, never an object.

use super::objects::{CHARGES_MAX, Charge, ChargePermission, Limit};
use super::opening::Course;
use super::session::{MerchantMetadata, Payment};
use super::simulation::Simulation;
use super::words::{Channel, ChargeInitiator, PermissionReason, PermissionState, PermissionType};
use super::{Amount, Choice, Ledger};
use crate::sandbox::buyers::CardEffect;
use crate::sandbox::error::{ApiError, Decline, ReasonCode};

/// The body of Create Charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeRequest {
    /// On whose consent.
    pub permission_id: String,
    /// How much: more than nothing.
    pub amount: Amount,
    /// Takes the money at once.
    pub capture_now: bool,
    /// The merchant can wait for the authorization's outcome; never together with `capture_now`.
    pub can_handle_pending_authorization: bool,
    /// What the bank statement shall say, at most 16 characters.
    pub soft_descriptor: Option<String>,
    /// The merchant's own words for the order.
    pub merchant: MerchantMetadata,
    /// The solution provider's reference.
    pub provider_reference_id: Option<String>,
    /// The solution provider.
    pub platform_id: Option<String>,
    /// Who asks; needed on a stored payment method.
    pub initiator: Option<ChargeInitiator>,
    /// How the buyer ordered; needed on a stored payment method.
    pub channel: Option<Channel>,
    /// Where a buyer who is present returns to.
    pub checkout_result_return_url: Option<String>,
}

impl Ledger {
    /// Charges a permission.
    ///
    /// # Errors
    /// `ResourceNotFound`; `InvalidChargePermissionStatus` unless it is Chargeable; `MissingParameterValue`;
    /// `TransactionAmountExceeded`, or `PeriodicAmountExceeded` where the limit is a monthly one;
    /// `TransactionCountExceeded`; the code of the [`Decline`], also where the buyer has yet to give a second factor;
    /// `InvalidSandboxSimulationSpecified`.
    pub fn create_charge(
        &mut self,
        merchant_id: &str,
        request: ChargeRequest,
        simulation: Option<Simulation>,
    ) -> Result<&Charge, ApiError> {
        let permission = self.charge_permission_of(merchant_id, &request.permission_id)?;
        self.check_chargeable(permission, &request)?;
        if simulation.is_none() && self.demands_mfa(&request) {
            return Err(Decline::MFANotCompleted.into());
        }
        let permission = self.charge_permission_of(merchant_id, &request.permission_id)?;
        match course(permission, &request, simulation)? {
            Ok(course) => {
                let id = self.open_charge(merchant_id, request, course);
                self.charge_of(merchant_id, &id)
            }
            Err(decline) => {
                self.suffer(&request.permission_id, decline);
                Err(decline.into())
            }
        }
    }

    fn check_chargeable(&self, permission: &ChargePermission, request: &ChargeRequest) -> Result<(), ApiError> {
        let standing = self.standing(permission);
        if standing.state != PermissionState::Chargeable {
            let why = standing.reason.map_or("", PermissionReason::as_str);
            let message = format!("ChargePermission {} is {} ({why})", permission.id, standing.state.as_str());
            return Err(ApiError::new(ReasonCode::InvalidChargePermissionStatus, message));
        }
        let on_file = permission.permission_type == PermissionType::PaymentMethodOnFile;
        for (name, lacking) in
            [("chargeInitiator", request.initiator.is_none()), ("channel", request.channel.is_none())]
        {
            if on_file && lacking {
                return Err(ApiError::new(ReasonCode::MissingParameterValue, format!("{name} is missing")));
            }
        }
        if request.amount > standing.balance {
            let (code, when) = match permission.limit {
                Limit::Total(_) => (ReasonCode::TransactionAmountExceeded, ""),
                Limit::Monthly(_) => (ReasonCode::PeriodicAmountExceeded, " this month"),
            };
            let message = format!(
                "chargeAmount {} is more than may still be charged on {}{when} ({} of {})",
                request.amount,
                permission.id,
                standing.balance,
                permission.limit.amount()
            );
            return Err(ApiError::new(code, message));
        }
        if permission.permission_type == PermissionType::OneTime && permission.charge_ids.len() >= CHARGES_MAX {
            let message = format!("ChargePermission {} has {CHARGES_MAX} charges already", permission.id);
            return Err(ApiError::new(ReasonCode::TransactionCountExceeded, message));
        }
        Ok(())
    }

    /// What a decline does to the permission.
    pub(super) fn suffer(&mut self, permission_id: &str, decline: Decline) {
        let now = self.now;
        let reason = match decline {
            Decline::HardDeclined => PermissionReason::PaymentMethodInvalid,
            Decline::PaymentMethodNotAllowed => PermissionReason::PaymentMethodNotAllowed,
            Decline::MFANotCompleted => PermissionReason::MFAFailed,
            Decline::AmazonRejected => PermissionReason::AmazonCanceled,
            Decline::SoftDeclined | Decline::TransactionTimedOut | Decline::ProcessingFailure => return,
        };
        if let Some(permission) = self.permissions.get_mut(permission_id) {
            self.news.extend(permission.enter(reason, now));
        }
    }
}

/// What the simulation code says, or else the card.
fn course(
    permission: &ChargePermission,
    request: &ChargeRequest,
    simulation: Option<Simulation>,
) -> Result<Result<Course, Decline>, ApiError> {
    let card = permission.party.choice.as_ref().map_or(CardEffect::Approved, Choice::effect);
    let payment = match simulation {
        Some(Simulation::Decline(decline)) => return Ok(Err(decline)),
        Some(code) => code.pending().unwrap_or(Payment::Approved),
        None => match card {
            CardEffect::Approved | CardEffect::BuyerCanceled | CardEffect::DeclinedHere | CardEffect::AsksMfa => {
                Payment::Approved
            }
            CardEffect::PendingThenAuthorized => Payment::PendingThenAuthorized,
            CardEffect::PendingThenDeclined => Payment::PendingThenDeclined,
            CardEffect::Declined => return Ok(Err(Decline::HardDeclined)),
            CardEffect::LaterDeclined(decline) => return Ok(Err(decline)),
        },
    };
    let slow_capture = simulation == Some(Simulation::CaptureInitiated);
    let unfit = [
        (payment != Payment::Approved && !request.can_handle_pending_authorization, "canHandlePendingAuthorization"),
        (slow_capture && !request.capture_now, "captureNow"),
    ];
    match unfit.into_iter().find(|(unfit, _)| *unfit) {
        Some((_, needed)) => Err(ApiError::new(
            ReasonCode::InvalidSandboxSimulationSpecified,
            format!("What the card or the simulation code asks for needs {needed} true"),
        )),
        None => Ok(Ok(Course { payment, slow_capture, fate: simulation.and_then(Simulation::fate) })),
    }
}
