//! amazon-pay 2.8 as a table: which code under which status, from which operation.

pub(super) const COMPLETE: &str = "POST checkoutSessions/{}/complete";
pub(super) const FINALIZE: &str = "POST checkoutSessions/{}/finalize";
pub(super) const CHARGE: &str = "POST charges";
pub(super) const CAPTURE: &str = "POST charges/{}/capture";
pub(super) const CANCEL: &str = "DELETE charges/{}/cancel";
pub(super) const REFUND: &str = "POST refunds";
pub(super) const UPDATE_SESSION: &str = "PATCH checkoutSessions/{}";
pub(super) const UPDATE_PERMISSION: &str = "PATCH chargePermissions/{}";
pub(super) const CLOSE_PERMISSION: &str = "DELETE chargePermissions/{}/close";

/// What any operation may answer.
pub(super) const GENERIC: [(u16, &str); 29] = [
    (400, "InvalidHeaderValue"),
    (400, "InvalidRequest"),
    (400, "InvalidParameterValue"),
    (400, "InvalidRequestFormat"),
    (400, "MissingHeader"),
    (400, "MissingHeaderValue"),
    (400, "MissingParameterValue"),
    (400, "UnrecognizedField"),
    (400, "InvalidSandboxSimulationSpecified"),
    (400, "DuplicateIdempotencyKey"),
    (400, "InvalidParameterCombination"),
    (400, "CurrencyMismatch"),
    (400, "InvalidAPIVersion"),
    (401, "UnauthorizedAccess"),
    (401, "InvalidAuthentication"),
    (403, "InvalidAccountStatus"),
    (403, "InvalidRequestSignature"),
    (403, "InvalidAuthorizationToken"),
    (404, "ResourceNotFound"),
    (405, "UnsupportedOperation"),
    (405, "RequestNotSupported"),
    (408, "RequestTimeout"),
    (425, "TooEarly"),
    (426, "TLSVersionNotSupported"),
    (429, "TooManyRequests"),
    (429, "RequestThrottled"),
    (500, "InternalServerError"),
    (503, "ServiceUnavailable"),
    (500, "ProcessingFailure"),
];

/// What single operations may answer.
pub(super) const OF_OPERATIONS: [(&str, &[(u16, &str)]); 9] = [
    (UPDATE_SESSION, &[(422, "InvalidCheckoutSessionStatus")]),
    (
        COMPLETE,
        &[
            (409, "AmountMismatch"),
            (422, "CheckoutSessionCanceled"),
            (422, "InvalidCheckoutSessionStatus"),
            (422, "InvalidChargeStatus"),
            (422, "HardDeclined"),
            (422, "PaymentMethodNotAllowed"),
            (422, "AmazonRejected"),
            (422, "MFANotCompleted"),
            (422, "TransactionTimedOut"),
            (400, "CurrencyMismatch"),
            (400, "TransactionAmountExceeded"),
            (404, "ResourceNotFound"),
            (500, "ProcessingFailure"),
        ],
    ),
    (
        FINALIZE,
        &[
            (409, "ChargeAmountMismatch"),
            (409, "TotalOrderAmountMismatch"),
            (409, "CanHandlePendingAuthorizationMismatch"),
            (409, "PaymentIntentMismatch"),
            (409, "ShippingAddressMismatch"),
            (409, "BillingAddressMismatch"),
            (422, "CheckoutSessionCanceled"),
            (422, "InvalidCheckoutSessionStatus"),
            (422, "InvalidChargeStatus"),
            (422, "HardDeclined"),
            (422, "PaymentMethodNotAllowed"),
            (422, "AmazonRejected"),
            (422, "MFANotCompleted"),
            (422, "TransactionTimedOut"),
            (400, "CurrencyMismatch"),
            (400, "TransactionAmountExceeded"),
            (404, "ResourceNotFound"),
            (500, "ProcessingFailure"),
        ],
    ),
    (
        CHARGE,
        &[
            (400, "TransactionAmountExceeded"),
            (400, "PeriodicAmountExceeded"),
            (400, "CurrencyMismatch"),
            (422, "InvalidChargePermissionStatus"),
            (422, "SoftDeclined"),
            (422, "HardDeclined"),
            (422, "TransactionCountExceeded"),
            (422, "PaymentMethodNotAllowed"),
            (422, "AmazonRejected"),
            (422, "MFANotCompleted"),
            (422, "TransactionTimedOut"),
            (500, "ProcessingFailure"),
        ],
    ),
    (
        CAPTURE,
        &[
            (400, "TransactionAmountExceeded"),
            (400, "CurrencyMismatch"),
            (422, "InvalidChargeStatus"),
            (422, "InvalidChargePermissionStatus"),
            (422, "AmazonRejected"),
            (422, "TransactionCountExceeded"),
            (500, "ProcessingFailure"),
        ],
    ),
    (CANCEL, &[(422, "InvalidChargeStatus"), (422, "InvalidChargePermissionStatus")]),
    (
        REFUND,
        &[
            (400, "TransactionAmountExceeded"),
            (422, "InvalidChargeStatus"),
            (422, "AmazonRejected"),
            (422, "TransactionCountExceeded"),
            (500, "ProcessingFailure"),
        ],
    ),
    (UPDATE_PERMISSION, &[(422, "ChargePermissionNotModifiable"), (422, "InvalidChargePermissionStatus")]),
    (CLOSE_PERMISSION, &[(422, "ChargePermissionNotModifiable"), (422, "InvalidChargePermissionStatus")]),
];
