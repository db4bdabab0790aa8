//! Which operation a method and a path stand for (amazon-pay 2.1).

use axum::http::Method;

use crate::sandbox::error::{ApiError, ReasonCode};

/// An operation that this sandbox performs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Operation {
    CreateCheckoutSession,
    GetCheckoutSession,
    UpdateCheckoutSession,
    CompleteCheckoutSession,
    FinalizeCheckoutSession,
    GetChargePermission,
    UpdateChargePermission,
    CloseChargePermission,
    CreateCharge,
    GetCharge,
    CaptureCharge,
    CancelCharge,
    CreateRefund,
    GetRefund,
    GetBuyer,
}

impl Operation {
    pub(in crate::sandbox) const ALL: [Self; 15] = [
        Self::CreateCheckoutSession,
        Self::GetCheckoutSession,
        Self::UpdateCheckoutSession,
        Self::CompleteCheckoutSession,
        Self::FinalizeCheckoutSession,
        Self::GetChargePermission,
        Self::UpdateChargePermission,
        Self::CloseChargePermission,
        Self::CreateCharge,
        Self::GetCharge,
        Self::CaptureCharge,
        Self::CancelCharge,
        Self::CreateRefund,
        Self::GetRefund,
        Self::GetBuyer,
    ];

    /// Its name, as rules about faults and the list of requests have it.
    pub(in crate::sandbox) const fn name(self) -> &'static str {
        match self {
            Self::CreateCheckoutSession => "createCheckoutSession",
            Self::GetCheckoutSession => "getCheckoutSession",
            Self::UpdateCheckoutSession => "updateCheckoutSession",
            Self::CompleteCheckoutSession => "completeCheckoutSession",
            Self::FinalizeCheckoutSession => "finalizeCheckoutSession",
            Self::GetChargePermission => "getChargePermission",
            Self::UpdateChargePermission => "updateChargePermission",
            Self::CloseChargePermission => "closeChargePermission",
            Self::CreateCharge => "createCharge",
            Self::GetCharge => "getCharge",
            Self::CaptureCharge => "captureCharge",
            Self::CancelCharge => "cancelCharge",
            Self::CreateRefund => "createRefund",
            Self::GetRefund => "getRefund",
            Self::GetBuyer => "getBuyer",
        }
    }
}

/// What Amazon has under `/v2`, as the first part of a path.
const COLLECTIONS: [&str; 15] = [
    "checkoutSessions",
    "chargePermissions",
    "charges",
    "refunds",
    "buyers",
    "deliveryTrackers",
    "authorizationTokens",
    "reports",
    "report-documents",
    "report-schedules",
    "disbursements",
    "disputes",
    "files",
    "merchantAccounts",
    "in-store",
];

/// The operation, and the id of the object that it is about (empty for one that makes a new object).
///
/// # Errors
/// `UnauthorizedAccess` under `/live`; `UnsupportedOperation` for what Amazon may have and this sandbox has not;
/// `ResourceNotFound` for anything else.
pub(super) fn find<'a>(method: &Method, path: &'a str) -> Result<(Operation, &'a str), ApiError> {
    let mut segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if segments.last() == Some(&"") {
        segments.pop();
    }
    let rest = match segments.as_slice() {
        ["v2", rest @ ..] | ["sandbox", "v2", rest @ ..] => rest,
        ["live", ..] => {
            let message = "This is a sandbox with sandbox keys only: call /v2 or /sandbox/v2, not /live/v2";
            return Err(ApiError::new(ReasonCode::UnauthorizedAccess, message));
        }
        _ => &[],
    };
    let operation = match (method.as_str(), rest) {
        ("POST", ["checkoutSessions"]) => (Operation::CreateCheckoutSession, ""),
        ("GET", ["checkoutSessions", id]) => (Operation::GetCheckoutSession, *id),
        ("PATCH", ["checkoutSessions", id]) => (Operation::UpdateCheckoutSession, *id),
        ("POST", ["checkoutSessions", id, "complete"]) => (Operation::CompleteCheckoutSession, *id),
        ("POST", ["checkoutSessions", id, "finalize"]) => (Operation::FinalizeCheckoutSession, *id),
        ("GET", ["chargePermissions", id]) => (Operation::GetChargePermission, *id),
        ("PATCH", ["chargePermissions", id]) => (Operation::UpdateChargePermission, *id),
        ("DELETE", ["chargePermissions", id, "close"]) => (Operation::CloseChargePermission, *id),
        ("POST", ["charges"]) => (Operation::CreateCharge, ""),
        ("GET", ["charges", id]) => (Operation::GetCharge, *id),
        ("POST", ["charges", id, "capture"]) => (Operation::CaptureCharge, *id),
        ("DELETE", ["charges", id, "cancel"]) => (Operation::CancelCharge, *id),
        ("POST", ["refunds"]) => (Operation::CreateRefund, ""),
        ("GET", ["refunds", id]) => (Operation::GetRefund, *id),
        ("GET", ["buyers", token]) => (Operation::GetBuyer, *token),
        (_, [first, ..]) if COLLECTIONS.contains(first) => {
            let message = format!("{method} {path} is not an operation that this sandbox has");
            return Err(ApiError::new(ReasonCode::UnsupportedOperation, message));
        }
        _ => return Err(ApiError::new(ReasonCode::ResourceNotFound, format!("There is nothing at {path}"))),
    };
    Ok(operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(method: &Method, path: &str) -> &'static str {
        find(method, path).expect_err("refused").code.as_str()
    }

    #[test]
    fn both_prefixes_and_a_trailing_slash_lead_to_the_same_operation() {
        for path in ["/v2/charges/C1/capture", "/sandbox/v2/charges/C1/capture", "/v2/charges/C1/capture/"] {
            assert_eq!(find(&Method::POST, path), Ok((Operation::CaptureCharge, "C1")), "{path}");
        }
        assert_eq!(find(&Method::POST, "/v2/checkoutSessions/"), Ok((Operation::CreateCheckoutSession, "")));
    }

    #[test]
    fn what_is_not_here_is_said_not_to_be_here() {
        assert_eq!(code(&Method::POST, "/live/v2/checkoutSessions"), "UnauthorizedAccess");
        assert_eq!(code(&Method::POST, "/v2/disputes"), "UnsupportedOperation");
        assert_eq!(code(&Method::PUT, "/v2/charges/C1"), "UnsupportedOperation");
        assert_eq!(code(&Method::GET, "/v2/nonsense"), "ResourceNotFound");
        assert_eq!(code(&Method::GET, "/v2/"), "ResourceNotFound");
    }
}
