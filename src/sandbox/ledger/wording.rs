//! The sentences that go with the codes of `words`.

use super::words::{ChargeReason, PermissionReason, PermissionState, RefundReason, SessionCancelReason};

impl SessionCancelReason {
    /// The sentence that goes with the code.
    pub const fn description(self) -> &'static str {
        match self {
            Self::BuyerCanceled => "The buyer cancelled the checkout",
            Self::AmazonCanceled => "Amazon cancelled the checkout",
            Self::Declined => "The payment method was declined",
            Self::Expired => "The checkout session was not completed within 24 hours",
        }
    }
}

impl ChargeReason {
    /// The sentence that goes with the code.
    pub const fn description(self) -> &'static str {
        match self {
            Self::ExpiredUnused => "The authorization was not captured within 30 days",
            Self::MerchantCanceled => "The merchant cancelled the charge",
            Self::ChargePermissionCanceled => "The charge permission was closed",
            Self::AmazonCanceled => "Amazon cancelled the charge",
            Self::BuyerCanceled => "The buyer cancelled the charge",
            Self::ProcessingFailure => "The payment could not be processed",
            Self::SoftDeclined => "The issuer declined the payment; a later attempt may succeed",
            Self::AmazonRejected => "Amazon rejected the payment and closed the charge permission",
            Self::TransactionTimedOut => "The issuer did not answer in time; a later attempt may succeed",
            Self::HardDeclined => "The issuer declined the payment method; a new attempt will not succeed",
        }
    }
}

impl RefundReason {
    /// The sentence that goes with the code.
    pub const fn description(self) -> &'static str {
        match self {
            Self::AmazonRejected => "Amazon rejected the refund; the buyer must be repaid another way",
            Self::ProcessingFailure => "The refund could not be processed; the buyer must be repaid another way",
        }
    }
}

impl PermissionReason {
    /// The state that a permission is in for this reason.
    pub const fn state(self) -> PermissionState {
        match self {
            Self::ChargeInProgress
            | Self::PaymentMethodInvalid
            | Self::PaymentMethodDeleted
            | Self::PaymentMethodExpired
            | Self::PaymentMethodNotAllowed
            | Self::PaymentMethodNotSet
            | Self::AmountNotSet
            | Self::BillingAddressDeleted
            | Self::MFAFailed => PermissionState::NonChargeable,
            Self::MerchantClosed
            | Self::BuyerCanceled
            | Self::BuyerClosed
            | Self::AmazonCanceled
            | Self::AmazonClosed
            | Self::Expired => PermissionState::Closed,
        }
    }

    /// The sentence that goes with the code.
    pub const fn description(self) -> &'static str {
        match self {
            Self::ChargeInProgress => "An open charge uses the whole balance",
            Self::PaymentMethodInvalid => "The payment method was declined; the buyer must choose another",
            Self::PaymentMethodDeleted => "The buyer deleted the payment method",
            Self::PaymentMethodExpired => "The payment method has expired",
            Self::PaymentMethodNotAllowed => "The payment method is not allowed for this merchant",
            Self::PaymentMethodNotSet => "The buyer has chosen no payment method",
            Self::AmountNotSet => "No amount is set",
            Self::BillingAddressDeleted => "The buyer deleted the billing address",
            Self::MFAFailed => "The buyer did not complete multi-factor authentication",
            Self::MerchantClosed => "The merchant closed the charge permission",
            Self::BuyerCanceled => "The buyer cancelled the charge permission",
            Self::BuyerClosed => "The buyer closed the charge permission",
            Self::AmazonCanceled => "Amazon cancelled the charge permission",
            Self::AmazonClosed => "The whole amount has been captured",
            Self::Expired => "The charge permission has expired",
        }
    }
}
