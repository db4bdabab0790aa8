//! Which operation a method and a path stand for (amazon-pay 2.1).

use axum::http::Method;

use crate::sandbox::error::{ApiError, ReasonCode};

/// Defines the operations with the name each has in rules about faults and in the list of requests.
macro_rules! operations {
    ($($operation:ident = $name:literal),+ $(,)?) => {
        /// An operation that this sandbox performs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(in crate::sandbox) enum Operation { $($operation),+ }

        impl Operation {
            /// Every one.
            pub(in crate::sandbox) const ALL: &'static [Self] = &[$(Self::$operation),+];

            /// Its name.
            pub(in crate::sandbox) const fn name(self) -> &'static str {
                match self { $(Self::$operation => $name),+ }
            }
        }
    };
}

operations! {
    CreateCheckoutSession = "createCheckoutSession",
    GetCheckoutSession = "getCheckoutSession",
    UpdateCheckoutSession = "updateCheckoutSession",
    CompleteCheckoutSession = "completeCheckoutSession",
    FinalizeCheckoutSession = "finalizeCheckoutSession",
    GetChargePermission = "getChargePermission",
    UpdateChargePermission = "updateChargePermission",
    CloseChargePermission = "closeChargePermission",
    CreateCharge = "createCharge",
    GetCharge = "getCharge",
    UpdateCharge = "updateCharge",
    CaptureCharge = "captureCharge",
    CancelCharge = "cancelCharge",
    CreateRefund = "createRefund",
    GetRefund = "getRefund",
    GetBuyer = "getBuyer",
    CreateDeliveryTracker = "createDeliveryTracker",
    GetAuthorizationToken = "getAuthorizationToken",
    GetReports = "getReports",
    GetReport = "getReport",
    CreateReport = "createReport",
    GetReportDocument = "getReportDocument",
    GetReportSchedules = "getReportSchedules",
    GetReportSchedule = "getReportSchedule",
    CreateReportSchedule = "createReportSchedule",
    CancelReportSchedule = "cancelReportSchedule",
    GetDisbursements = "getDisbursements",
    CreateDispute = "createDispute",
    GetDispute = "getDispute",
    UpdateDispute = "updateDispute",
    ContestDispute = "contestDispute",
    CreateFile = "createFile",
    CreateMerchantAccount = "createMerchantAccount",
    UpdateMerchantAccount = "updateMerchantAccount",
    DeleteMerchantAccount = "deleteMerchantAccount",
    ClaimMerchantAccount = "claimMerchantAccount",
    CreateStore = "createStore",
    UpdateStore = "updateStore",
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
/// `RequestNotSupported` for a method that Amazon never uses; `UnauthorizedAccess` under `/live`; `InvalidAPIVersion`;
/// `UnsupportedOperation` for what Amazon may have and this sandbox has not; `ResourceNotFound` for anything else.
pub(super) fn find<'a>(method: &Method, path: &'a str) -> Result<(Operation, &'a str), ApiError> {
    if ![Method::GET, Method::POST, Method::PATCH, Method::DELETE].contains(method) {
        let message = format!("No operation has the method {method}");
        return Err(ApiError::new(ReasonCode::RequestNotSupported, message));
    }
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
        ["sandbox", version, ..] | [version, ..] => {
            let message = format!("There is no version {version} of the API; call /v2");
            return Err(ApiError::new(ReasonCode::InvalidAPIVersion, message));
        }
        [] => &[],
    };
    let found = checkout(method.as_str(), rest).or_else(|| bookkeeping(method.as_str(), rest, path));
    found.ok_or_else(|| match rest {
        [first, ..] if COLLECTIONS.contains(first) => {
            let message = format!("{method} {path} is not an operation that this sandbox has");
            ApiError::new(ReasonCode::UnsupportedOperation, message)
        }
        _ => ApiError::new(ReasonCode::ResourceNotFound, format!("There is nothing at {path}")),
    })
}

/// What a purchase needs.
fn checkout<'a>(method: &str, rest: &[&'a str]) -> Option<(Operation, &'a str)> {
    Some(match (method, rest) {
        ("POST", ["checkoutSessions"]) => (Operation::CreateCheckoutSession, ""),
        ("GET", ["checkoutSessions", id]) => (Operation::GetCheckoutSession, *id),
        ("PATCH", ["charges", id]) => (Operation::UpdateCharge, *id),
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
        _ => return None,
    })
}

/// What comes around purchases.
fn bookkeeping<'a>(method: &str, rest: &[&'a str], path: &'a str) -> Option<(Operation, &'a str)> {
    Some(match (method, rest) {
        ("POST", ["deliveryTrackers"]) => (Operation::CreateDeliveryTracker, ""),
        ("GET", ["authorizationTokens", token]) => (Operation::GetAuthorizationToken, *token),
        ("GET", ["reports"]) => (Operation::GetReports, ""),
        ("GET", ["reports", id]) => (Operation::GetReport, *id),
        ("POST", ["reports"]) => (Operation::CreateReport, ""),
        ("GET", ["report-documents", id]) => (Operation::GetReportDocument, *id),
        ("GET", ["report-schedules"]) => (Operation::GetReportSchedules, ""),
        ("GET", ["report-schedules", id]) => (Operation::GetReportSchedule, *id),
        ("POST", ["report-schedules"]) => (Operation::CreateReportSchedule, ""),
        ("DELETE", ["report-schedules", id]) => (Operation::CancelReportSchedule, *id),
        ("GET", ["disbursements"]) => (Operation::GetDisbursements, ""),
        ("POST", ["disputes"]) => (Operation::CreateDispute, ""),
        ("GET", ["disputes", id]) => (Operation::GetDispute, *id),
        ("PATCH", ["disputes", id]) => (Operation::UpdateDispute, *id),
        ("POST", ["disputes", id, "contest"]) => (Operation::ContestDispute, *id),
        ("POST", ["files"]) => (Operation::CreateFile, ""),
        ("POST", ["merchantAccounts"]) => (Operation::CreateMerchantAccount, ""),
        ("PATCH", ["merchantAccounts", id]) => (Operation::UpdateMerchantAccount, *id),
        ("DELETE", ["merchantAccounts", id]) => (Operation::DeleteMerchantAccount, *id),
        ("POST", ["merchantAccounts", id, "claim"]) => (Operation::ClaimMerchantAccount, *id),
        ("POST", ["merchantAccounts", id, "stores"]) => (Operation::CreateStore, *id),
        // About a store of an account: `account/stores/store`.
        ("PATCH", ["merchantAccounts", _, "stores", _]) => {
            (Operation::UpdateStore, path.trim_end_matches('/').split_once("merchantAccounts/")?.1)
        }
        _ => return None,
    })
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
        let store = find(&Method::PATCH, "/v2/merchantAccounts/A1/stores/S1/");
        assert_eq!(store, Ok((Operation::UpdateStore, "A1/stores/S1")));
    }

    #[test]
    fn what_is_not_here_is_said_not_to_be_here() {
        assert_eq!(code(&Method::POST, "/live/v2/checkoutSessions"), "UnauthorizedAccess");
        assert_eq!(code(&Method::POST, "/v2/in-store/charge"), "UnsupportedOperation");
        assert_eq!(code(&Method::POST, "/v2/charges/C1"), "UnsupportedOperation");
        assert_eq!(code(&Method::PUT, "/v2/charges/C1"), "RequestNotSupported");
        assert_eq!(code(&Method::GET, "/v1/charges/C1"), "InvalidAPIVersion");
        assert_eq!(code(&Method::GET, "/sandbox/v3/charges/C1"), "InvalidAPIVersion");
        assert_eq!(code(&Method::GET, "/v2/nonsense"), "ResourceNotFound");
        assert_eq!(code(&Method::GET, "/v2/"), "ResourceNotFound");
    }
}
