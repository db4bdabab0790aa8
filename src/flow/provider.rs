//! What Amazon's words mean in the shop's codes: one table (psp-protocol 11.3).

use crate::amazonpay::CallError;
use crate::protocol::{ErrInfo, codes};

/// The code for one of Amazon's reason codes, of an error answer or of a session or charge that has ended.
pub(super) fn code_of(reason_code: &str) -> ErrInfo {
    match reason_code {
        "BuyerCanceled" | "BuyerClosed" => codes::BUYER_CANCELLED,
        "AmazonRejected" | "AmazonCanceled" => codes::AMAZON_REJECTED,
        "SoftDeclined" | "Declined" | "InvalidPaymentMethod" | "PaymentMethodNotAllowed" => codes::SOFT_DECLINED,
        "HardDeclined" => codes::HARD_DECLINED,
        "ProcessingFailure" => codes::PROCESSING_FAILURE,
        "TransactionTimedOut" => codes::TRANSACTION_TIMED_OUT,
        "ResourceNotFound" | "InvalidCheckoutSessionStatus" | "CheckoutSessionCanceled" | "Expired" => {
            codes::SESSION_INVALID
        }
        "ExpiredUnused" => codes::AUTHORISATION_EXPIRED,
        "InvalidChargePermissionStatus" => codes::PERMISSION_NOT_CHARGEABLE,
        "TransactionAmountExceeded" | "PeriodicAmountExceeded" => codes::AMOUNT_ABOVE_LIMIT,
        "TransactionCountExceeded" => codes::COUNT_ABOVE_LIMIT,
        // What was agreed on in the session is not what was asked for (psp-protocol 13.15).
        "AmountMismatch"
        | "ChargeAmountMismatch"
        | "TotalOrderAmountMismatch"
        | "CanHandlePendingAuthorizationMismatch"
        | "PaymentIntentMismatch"
        | "ShippingAddressMismatch"
        | "BillingAddressMismatch" => codes::SESSION_DIFFERS,
        "MFANotCompleted" | "MFAFailed" => codes::MFA_NOT_COMPLETED,
        _ => codes::AMAZON_OTHER,
    }
}

/// The code for a call that did not bring an object.
pub(super) fn code_of_error(error: &CallError) -> ErrInfo {
    match error {
        CallError::Refused { reason_code, .. } if !is_temporary(error) => code_of(reason_code),
        // Amazon did not look at it, and the shop may ask again.
        CallError::Refused { .. } | CallError::Unknown { .. } | CallError::NotSent { .. } => codes::AMAZON_UNREACHABLE,
    }
}

/// Whether the same call may well succeed a little later: too many of them, or the connection's fault.
pub(super) fn is_temporary(error: &CallError) -> bool {
    matches!(error, CallError::Refused { status: 408 | 425 | 429, .. })
}

/// The same for a call that is not about a session: what is not there, or over, is none.
pub(super) fn code_beside_session(error: &CallError) -> ErrInfo {
    match code_of_error(error) {
        codes::SESSION_INVALID => codes::AMAZON_OTHER,
        code => code,
    }
}

/// A few words for the book: no personal data, nothing that was sent.
pub(super) fn evidence_of(error: &CallError) -> String {
    match error {
        CallError::Refused { status, reason_code, .. } => format!("{status} {reason_code}"),
        CallError::Unknown { cause, .. } => cause.to_string(),
        CallError::NotSent { cause } => cause.to_string(),
    }
}
