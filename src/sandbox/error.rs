//! How the sandbox says no, in Amazon's words: `{"reasonCode", "message"}` under the HTTP status that goes with the
//! code (amazon-pay 2.8). Every part of the sandbox answers with this one type; only `api` turns it into HTTP.

/// Defines the codes with the status each is sent under.
macro_rules! reason_codes {
    ($($(#[$doc:meta])* $code:ident = $status:literal),+ $(,)?) => {
        /// Amazon's `reasonCode`s that this sandbox uses (amazon-pay 2.8).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ReasonCode { $($(#[$doc])* $code),+ }

        impl ReasonCode {
            /// As it stands in an answer.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => stringify!($code)),+ }
            }

            /// The HTTP status it is sent under.
            pub const fn http_status(self) -> u16 {
                match self { $(Self::$code => $status),+ }
            }
        }
    };
}

reason_codes! {
    /// A header is there, but not with a value of the shape it must have.
    InvalidHeaderValue = 400,
    /// The request as a whole makes no sense.
    InvalidRequest = 400,
    /// A field has a value that it may not have.
    InvalidParameterValue = 400,
    /// The body is not a JSON object.
    InvalidRequestFormat = 400,
    /// Two fields contradict each other.
    InvalidParameterCombination = 400,
    /// A header that must be there, or must be signed, is not.
    MissingHeader = 400,
    /// A header that must say something is empty.
    MissingHeaderValue = 400,
    /// A field that must be there is not.
    MissingParameterValue = 400,
    /// A field that this operation does not know.
    UnrecognizedField = 400,
    /// A simulation code that does not exist or does not belong to the operation.
    InvalidSandboxSimulationSpecified = 400,
    /// The idempotency key was used for this operation before, with another body.
    DuplicateIdempotencyKey = 400,
    /// Another currency than the ledger's.
    CurrencyMismatch = 400,
    /// More than was authorized, or than may be charged.
    TransactionAmountExceeded = 400,
    /// The key is unknown, or does not belong to this environment.
    UnauthorizedAccess = 401,
    /// The signature does not fit the request.
    InvalidRequestSignature = 403,
    /// No such object, or not this merchant's.
    ResourceNotFound = 404,
    /// Amazon has the operation; this sandbox does not yet, or not under this method.
    UnsupportedOperation = 405,
    /// Complete named another amount than the session.
    AmountMismatch = 409,
    /// The session was cancelled, by whom its `statusDetails.reasonCode` says.
    CheckoutSessionCanceled = 422,
    /// The session's state does not allow the operation.
    InvalidCheckoutSessionStatus = 422,
    /// The charge's state does not allow the operation.
    InvalidChargeStatus = 422,
}

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct ApiError {
    /// Amazon's word for it.
    pub code: ReasonCode,
    /// What was wrong, for the engineer who reads the answer.
    pub message: String,
}

impl ApiError {
    /// A refusal with `code`, explained by `message`.
    pub fn new(code: ReasonCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
