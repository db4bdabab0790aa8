//! Which simulation codes an operation knows (amazon-pay 4.2).
//!
//! Amazon's, as far as they are public: for Complete `BuyerCanceled`, `AmazonCanceled`, `Declined` and
//! `AuthorizationInitiated`; for Create Charge `SoftDeclined`, `HardDeclined`, `AmazonRejected`, `TransactionTimedOut`,
//! `CaptureInitiated` and some that begin with `Pending`; for Close Charge Permission `AmazonClosed`.
//!
//! The others are the sandbox's own: every `reasonCode` that the operation may answer (amazon-pay 2.8), and before that
//! those that any operation may. Such a code is answered and nothing is done, unless it is a decline, which has the
//! consequences of one. `Pending` before a code means 30 seconds later, on the object.

use super::operation::Operation;
use crate::sandbox::error::{ApiError, Decline, ReasonCode};
use crate::sandbox::ledger::{ChargeReason, Payment, RefundReason, SessionCancelReason, Simulation};

/// What any operation may answer without looking at the request.
const ANYWHERE: [ReasonCode; 9] = [
    ReasonCode::InternalServerError,
    ReasonCode::ServiceUnavailable,
    ReasonCode::RequestTimeout,
    ReasonCode::TooEarly,
    ReasonCode::TooManyRequests,
    ReasonCode::RequestThrottled,
    ReasonCode::TLSVersionNotSupported,
    ReasonCode::RequestNotSupported,
    ReasonCode::InvalidAccountStatus,
];

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
            "AmazonRejected" | "ProcessingFailure" => Decline::parse(code).map(Simulation::Decline),
            _ => delayed(code).map(Simulation::CaptureDeclined),
        },
        Operation::CloseChargePermission => (code == "AmazonClosed").then_some(Simulation::AmazonClosed),
        Operation::CreateRefund => match code {
            "Declined" => Some(Simulation::RefundDeclined(RefundReason::ProcessingFailure)),
            "AmazonRejected" | "ProcessingFailure" => Decline::parse(code).map(Simulation::Decline),
            _ => code.strip_prefix("Pending").and_then(RefundReason::parse).map(Simulation::RefundDeclined),
        },
        _ => None,
    };
    found.or_else(|| refusal(operation, code)).ok_or_else(|| {
        let message = format!("Simulation code {code} does not belong to {}", operation.name());
        ApiError::new(ReasonCode::InvalidSandboxSimulationSpecified, message)
    })
}

/// The codes of an operation, for people to choose from.
pub(in crate::sandbox) struct SimulationCodes {
    /// Those that belong to it.
    pub(in crate::sandbox) own: Vec<String>,
    /// Those that any operation may be asked for.
    pub(in crate::sandbox) anywhere: Vec<String>,
}

/// Every code that [`find`] knows for `operation`.
pub(in crate::sandbox) fn codes(operation: Operation) -> SimulationCodes {
    const WORDS: [&str; 6] =
        ["AuthorizationInitiated", "CaptureInitiated", "BuyerCanceled", "AmazonCanceled", "AmazonClosed", "Declined"];
    let anywhere: Vec<String> = ANYWHERE.iter().map(|code| code.as_str().to_owned()).collect();
    let words = WORDS.iter().map(|word| (*word).to_owned());
    let refusals = ReasonCode::ALL.iter().map(|code| code.as_str().to_owned());
    let delayed = Decline::ALL.iter().map(|decline| format!("Pending{}", decline.code().as_str()));
    let candidates = words.chain(delayed).chain(refusals).filter(|code| !anywhere.contains(code));
    SimulationCodes { own: candidates.filter(|code| find(operation, code).is_ok()).collect(), anywhere }
}

/// A code that is answered, and that is all.
fn refusal(operation: Operation, code: &str) -> Option<Simulation> {
    use ReasonCode as Code;
    let own: &[ReasonCode] = match operation {
        Operation::UpdateCheckoutSession => &[Code::InvalidCheckoutSessionStatus],
        Operation::CompleteCheckoutSession => &[
            Code::AmountMismatch,
            Code::CheckoutSessionCanceled,
            Code::InvalidCheckoutSessionStatus,
            Code::InvalidChargeStatus,
            Code::CurrencyMismatch,
            Code::TransactionAmountExceeded,
        ],
        Operation::FinalizeCheckoutSession => &[
            Code::ChargeAmountMismatch,
            Code::TotalOrderAmountMismatch,
            Code::CanHandlePendingAuthorizationMismatch,
            Code::PaymentIntentMismatch,
            Code::ShippingAddressMismatch,
            Code::BillingAddressMismatch,
            Code::CheckoutSessionCanceled,
            Code::InvalidCheckoutSessionStatus,
            Code::InvalidChargeStatus,
            Code::CurrencyMismatch,
            Code::TransactionAmountExceeded,
        ],
        Operation::CreateCharge => &[
            Code::TransactionAmountExceeded,
            Code::PeriodicAmountExceeded,
            Code::CurrencyMismatch,
            Code::InvalidChargePermissionStatus,
            Code::TransactionCountExceeded,
        ],
        Operation::CaptureCharge => &[
            Code::TransactionAmountExceeded,
            Code::CurrencyMismatch,
            Code::InvalidChargeStatus,
            Code::InvalidChargePermissionStatus,
            Code::TransactionCountExceeded,
        ],
        Operation::CancelCharge | Operation::UpdateCharge => {
            &[Code::InvalidChargeStatus, Code::InvalidChargePermissionStatus]
        }
        Operation::CreateRefund => {
            &[Code::TransactionAmountExceeded, Code::InvalidChargeStatus, Code::TransactionCountExceeded]
        }
        Operation::UpdateChargePermission | Operation::CloseChargePermission => {
            &[Code::ChargePermissionNotModifiable, Code::InvalidChargePermissionStatus]
        }
        _ => &[],
    };
    own.iter().chain(&ANYWHERE).find(|known| known.as_str() == code).copied().map(Simulation::Refuse)
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
        _ => delayed(code).map(Simulation::PendingDeclined),
    }
}

/// For what reason an authorization or a capture fails 30 seconds later.
fn delayed(code: &str) -> Option<ChargeReason> {
    const REASONS: [ChargeReason; 5] = [
        ChargeReason::SoftDeclined,
        ChargeReason::HardDeclined,
        ChargeReason::AmazonRejected,
        ChargeReason::TransactionTimedOut,
        ChargeReason::ProcessingFailure,
    ];
    let reason = code.strip_prefix("Pending")?;
    REASONS.into_iter().find(|known| known.as_str() == reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_knows_its_own_codes_and_no_others() {
        for (operation, code, known) in [
            (Operation::CompleteCheckoutSession, "Declined", true),
            (Operation::CompleteCheckoutSession, "SoftDeclined", false),
            (Operation::CompleteCheckoutSession, "Expired", false),
            (Operation::CreateCharge, "PendingSoftDeclined", true),
            (Operation::CreateCharge, "PendingBuyerCanceled", false),
            (Operation::CaptureCharge, "PendingProcessingFailure", true),
            (Operation::CaptureCharge, "HardDeclined", false),
            (Operation::CreateRefund, "PendingAmazonRejected", true),
            (Operation::CreateRefund, "PendingHardDeclined", false),
            (Operation::GetCharge, "InvalidChargeStatus", false),
            (Operation::GetReports, "Nonsense", false),
            (Operation::GetReports, "", false),
        ] {
            assert_eq!(find(operation, code).is_ok(), known, "{} {code}", operation.name());
        }
        let of_capture = codes(Operation::CaptureCharge);
        assert_eq!(of_capture.own[..2], ["CaptureInitiated", "PendingSoftDeclined"]);
        assert!(of_capture.own.contains(&"TransactionAmountExceeded".to_owned()));
        assert!(!of_capture.own.contains(&"HardDeclined".to_owned()));
        assert_eq!(codes(Operation::GetCharge).own, Vec::<String>::new());
        assert_eq!(codes(Operation::GetCharge).anywhere.len(), ANYWHERE.len());
        for operation in Operation::ALL {
            for code in ANYWHERE {
                assert_eq!(find(*operation, code.as_str()), Ok(Simulation::Refuse(code)));
            }
        }
    }
}
