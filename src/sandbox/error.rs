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
    /// More than may be charged in one month.
    PeriodicAmountExceeded = 400,
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
    /// Finalize named another amount than the session.
    ChargeAmountMismatch = 409,
    /// Finalize named another total than the session.
    TotalOrderAmountMismatch = 409,
    /// Finalize said otherwise than the session.
    CanHandlePendingAuthorizationMismatch = 409,
    /// Finalize named another intent than the session.
    PaymentIntentMismatch = 409,
    /// Finalize named another address than the buyer chose.
    ShippingAddressMismatch = 409,
    /// Finalize named another billing address than the buyer's.
    BillingAddressMismatch = 409,
    /// The session was cancelled, by whom its `statusDetails.reasonCode` says.
    CheckoutSessionCanceled = 422,
    /// The session's state does not allow the operation.
    InvalidCheckoutSessionStatus = 422,
    /// The charge's state does not allow the operation.
    InvalidChargeStatus = 422,
    /// The charge permission's state does not allow the operation.
    InvalidChargePermissionStatus = 422,
    /// A closed charge permission cannot be changed.
    ChargePermissionNotModifiable = 422,
    /// As many as there may be have been made.
    TransactionCountExceeded = 422,
    /// The issuer says no today.
    SoftDeclined = 422,
    /// The issuer says no for good.
    HardDeclined = 422,
    /// Amazon says no.
    AmazonRejected = 422,
    /// The issuer did not answer in time.
    TransactionTimedOut = 422,
    /// The payment method is not one for this payment.
    PaymentMethodNotAllowed = 422,
    /// The buyer was asked for a second factor and did not give it.
    MFANotCompleted = 422,
    /// Something broke while the payment was processed.
    ProcessingFailure = 500,
}

/// A verdict on a payment that is an error answer instead of an object (amazon-pay 2.5, 2.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decline {
    /// Another attempt may succeed.
    SoftDeclined,
    /// The buyer must choose another payment method.
    HardDeclined,
    /// Amazon ends the charge permission, too.
    AmazonRejected,
    /// Nobody knows why; another attempt may succeed.
    TransactionTimedOut,
    /// The buyer must choose another payment method.
    PaymentMethodNotAllowed,
    /// The buyer must prove who they are.
    MFANotCompleted,
    /// Another attempt may succeed.
    ProcessingFailure,
}

impl Decline {
    /// Every verdict.
    pub const ALL: [Self; 7] = [
        Self::SoftDeclined,
        Self::HardDeclined,
        Self::AmazonRejected,
        Self::TransactionTimedOut,
        Self::PaymentMethodNotAllowed,
        Self::MFANotCompleted,
        Self::ProcessingFailure,
    ];

    /// The verdict with this `reasonCode`.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decline| decline.code().as_str() == code)
    }

    /// The code that it is answered with.
    pub const fn code(self) -> ReasonCode {
        match self {
            Self::SoftDeclined => ReasonCode::SoftDeclined,
            Self::HardDeclined => ReasonCode::HardDeclined,
            Self::AmazonRejected => ReasonCode::AmazonRejected,
            Self::TransactionTimedOut => ReasonCode::TransactionTimedOut,
            Self::PaymentMethodNotAllowed => ReasonCode::PaymentMethodNotAllowed,
            Self::MFANotCompleted => ReasonCode::MFANotCompleted,
            Self::ProcessingFailure => ReasonCode::ProcessingFailure,
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::SoftDeclined => "The issuer declined the payment; a later attempt may succeed",
            Self::HardDeclined => "The issuer declined the payment method; a new attempt will not succeed",
            Self::AmazonRejected => "Amazon rejected the payment and closed the charge permission",
            Self::TransactionTimedOut => "The issuer did not answer in time; a later attempt may succeed",
            Self::PaymentMethodNotAllowed => "The payment method is not allowed for this payment",
            Self::MFANotCompleted => "The buyer did not complete multi-factor authentication",
            Self::ProcessingFailure => "The payment could not be processed; a later attempt may succeed",
        }
    }
}

impl From<Decline> for ApiError {
    fn from(decline: Decline) -> Self {
        Self::new(decline.code(), decline.description())
    }
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
