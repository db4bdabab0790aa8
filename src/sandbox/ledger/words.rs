//! Amazon's words: the closed sets of values that fields of the API may have (amazon-pay 2.3 to 2.5).

use serde::{Deserialize, Serialize};

/// Defines an enumeration whose members are spelled on the wire exactly as here.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$member_doc])* $member),+ }

        impl $name {
            /// Every member as it is spelled, for messages that say what would have been right.
            pub const SPELLED: &'static [&'static str] = &[$(stringify!($member)),+];

            /// As it is spelled on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$member => stringify!($member)),+ }
            }

            /// The member that is spelled `text`.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $(stringify!($member) => Some(Self::$member),)+ _ => None }
            }
        }
    };
}

words! {
    /// What the button was rendered for.
    ProductType {
        /// Goods: the buyer chooses an address and a payment method.
        PayAndShip,
        /// No goods: the buyer chooses a payment method only.
        PayOnly,
        /// Only the buyer's identity.
        SignIn,
    }
}

words! {
    /// What Complete shall do with the money.
    PaymentIntent {
        /// Nothing yet: only the permission to charge.
        Confirm,
        /// Reserve it.
        Authorize,
        /// Reserve and take it.
        AuthorizeWithCapture,
    }
}

words! {
    /// How often the charge permission may be used.
    PermissionType {
        /// For one order.
        OneTime,
        /// For a subscription.
        Recurring,
        /// Whenever buyer and merchant agree.
        PaymentMethodOnFile,
    }
}

words! {
    /// How long one period of a subscription is.
    FrequencyUnit {
        /// A year.
        Year,
        /// A month.
        Month,
        /// A week.
        Week,
        /// A day.
        Day,
        /// No fixed period; the value is then "0".
        Variable,
    }
}

words! {
    /// How the buyer pays: on Amazon's page at once, or (absent) after the shop's review page.
    CheckoutMode {
        /// The buyer confirms the payment on Amazon's page and goes straight to the result URL.
        ProcessOrder,
    }
}

words! {
    /// Why a checkout session was cancelled.
    SessionCancelReason {
        /// The buyer cancelled, or paid with the test card 3064.
        BuyerCanceled,
        /// Amazon cancelled (by simulation code).
        AmazonCanceled,
        /// The payment was declined.
        Declined,
        /// 24 hours passed without Complete.
        Expired,
    }
}

words! {
    /// Where a charge stands.
    ChargeState {
        /// Whether it is authorized is not known yet.
        AuthorizationInitiated,
        /// The money is reserved.
        Authorized,
        /// The money is being taken.
        CaptureInitiated,
        /// The money is taken.
        Captured,
        /// The reservation was given back.
        Canceled,
        /// There never was one.
        Declined,
    }
}

words! {
    /// Why a charge was cancelled or declined.
    ChargeReason {
        /// 30 days authorized without a capture.
        ExpiredUnused,
        /// The merchant cancelled it.
        MerchantCanceled,
        /// Its charge permission was closed, and it with it.
        ChargePermissionCanceled,
        /// The capture went wrong (by simulation code).
        ProcessingFailure,
        /// The issuer said no, for good.
        HardDeclined,
    }
}

words! {
    /// Who asked for a charge on a stored payment method: customer or merchant, unscheduled or recurring.
    ChargeInitiator {
        /// The buyer, once.
        CITU,
        /// The merchant, once.
        MITU,
        /// The buyer, as one of a series.
        CITR,
        /// The merchant, as one of a series.
        MITR,
    }
}

words! {
    /// How the buyer ordered what a charge is for.
    Channel {
        /// In a browser.
        Web,
        /// By telephone.
        Phone,
        /// In the merchant's application.
        App,
        /// By voice.
        Alexa,
        /// In a shop.
        PointOfSale,
        /// On a television.
        FireTv,
        /// On paper.
        Offline,
        /// At Amazon.
        Amazon,
    }
}

words! {
    /// Where a refund stands.
    RefundState {
        /// Asked for.
        RefundInitiated,
        /// The buyer has the money.
        Refunded,
        /// The buyer will not get it this way.
        Declined,
    }
}

words! {
    /// Why a refund was declined.
    RefundReason {
        /// Amazon says no.
        AmazonRejected,
        /// Something broke on the way.
        ProcessingFailure,
    }
}

words! {
    /// Where a charge permission stands.
    PermissionState {
        /// A charge may be created.
        Chargeable,
        /// Not now.
        NonChargeable,
        /// Never again.
        Closed,
    }
}

words! {
    /// Why a charge permission cannot be charged.
    PermissionReason {
        /// An open charge uses the whole balance.
        ChargeInProgress,
        /// The payment method was refused for good; the buyer must name another.
        PaymentMethodInvalid,
        /// The buyer deleted the payment method.
        PaymentMethodDeleted,
        /// The payment method's time is over.
        PaymentMethodExpired,
        /// The payment method is not one for this merchant.
        PaymentMethodNotAllowed,
        /// There is no payment method.
        PaymentMethodNotSet,
        /// The buyer deleted the billing address.
        BillingAddressDeleted,
        /// The buyer did not give the second factor.
        MFAFailed,
        /// The merchant closed it.
        MerchantClosed,
        /// The buyer withdrew their consent.
        BuyerCanceled,
        /// Amazon ended it.
        AmazonCanceled,
        /// All of it was captured.
        AmazonClosed,
        /// Its time is over.
        Expired,
    }
}

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
            Self::ProcessingFailure => "The payment could not be processed",
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
            | Self::BillingAddressDeleted
            | Self::MFAFailed => PermissionState::NonChargeable,
            Self::MerchantClosed | Self::BuyerCanceled | Self::AmazonCanceled | Self::AmazonClosed | Self::Expired => {
                PermissionState::Closed
            }
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
            Self::BillingAddressDeleted => "The buyer deleted the billing address",
            Self::MFAFailed => "The buyer did not complete multi-factor authentication",
            Self::MerchantClosed => "The merchant closed the charge permission",
            Self::BuyerCanceled => "The buyer cancelled the charge permission",
            Self::AmazonCanceled => "Amazon cancelled the charge permission",
            Self::AmazonClosed => "The whole amount has been captured",
            Self::Expired => "The charge permission has expired",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_exactly_as_they_are_written() {
        for spelled in PaymentIntent::SPELLED {
            assert_eq!(PaymentIntent::parse(spelled).map(PaymentIntent::as_str), Some(*spelled));
        }
        assert_eq!(PaymentIntent::parse("authorize"), None);
    }
}
