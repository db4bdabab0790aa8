//! Which simulation codes an operation knows (amazon-pay 4.2).
//!
//! Amazon's, as far as they are public: for Complete `BuyerCanceled`, `AmazonCanceled`, `Declined` and
//! `AuthorizationInitiated`; for Create Charge `SoftDeclined`, `HardDeclined`, `AmazonRejected`, `TransactionTimedOut`
//! and `CaptureInitiated`; for Close Charge Permission `AmazonClosed`. The others are the sandbox's own, each named after what it brings about.

use super::operation::Operation;
use crate::sandbox::error::{ApiError, Decline, ReasonCode};
use crate::sandbox::ledger::{ChargeReason, Payment, RefundReason, SessionCancelReason, Simulation};

/// What `code` asks of `operation`.
///
/// # Errors
/// `InvalidSandboxSimulationSpecified` where the two do not belong together.
pub(in crate::sandbox) fn find(operation: Operation, code: &str) -> Result<Simulation, ApiError> {
    let found = match operation {
        Operation::CompleteCheckoutSession | Operation::FinalizeCheckoutSession => at_checkout(code),
        Operation::CreateCharge => match code {
            "CaptureInitiated" => Some(Simulation::CaptureInitiated),
            _ => pending(code).or_else(|| Decline::parse(code).map(Simulation::Decline)),
        },
        Operation::CaptureCharge => match code {
            "CaptureInitiated" => Some(Simulation::CaptureInitiated),
            "PendingProcessingFailure" => Some(Simulation::CaptureDeclined(ChargeReason::ProcessingFailure)),
            "AmazonRejected" | "ProcessingFailure" => Decline::parse(code).map(Simulation::Decline),
            _ => None,
        },
        Operation::CloseChargePermission => (code == "AmazonClosed").then_some(Simulation::AmazonClosed),
        Operation::CreateRefund => match code {
            "Declined" => Some(Simulation::RefundDeclined(RefundReason::ProcessingFailure)),
            _ => RefundReason::parse(code).map(Simulation::RefundDeclined),
        },
        _ => None,
    };
    found.ok_or_else(|| {
        let message = format!("Simulation code {code} does not belong to {}", operation.name());
        ApiError::new(ReasonCode::InvalidSandboxSimulationSpecified, message)
    })
}

fn at_checkout(code: &str) -> Option<Simulation> {
    let cancels = |reason: &SessionCancelReason| *reason != SessionCancelReason::Expired;
    let cancel = || SessionCancelReason::parse(code).filter(cancels).map(Simulation::Cancel);
    // A soft decline is not among the answers of these two (amazon-pay 2.8).
    let decline = || Decline::parse(code).filter(|decline| *decline != Decline::SoftDeclined).map(Simulation::Decline);
    pending(code).or_else(cancel).or_else(decline)
}

fn pending(code: &str) -> Option<Simulation> {
    match code {
        "AuthorizationInitiated" => Some(Simulation::Pending(Payment::PendingThenAuthorized)),
        "PendingHardDeclined" => Some(Simulation::Pending(Payment::PendingThenDeclined)),
        _ => None,
    }
}
