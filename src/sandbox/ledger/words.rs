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
        /// Goods for several places: the buyer chooses as many addresses as they like, and a payment method.
        PayAndShipMultiAddress,
        /// No goods: the buyer chooses a payment method only.
        PayOnly,
        /// A gift to the merchant: as `PayOnly`, in other words.
        Donation,
        /// Only the buyer's identity.
        SignIn,
    }
}

impl ProductType {
    /// Whether goods are sent, so that somebody has to say where to.
    pub const fn ships(self) -> bool {
        matches!(self, Self::PayAndShip | Self::PayAndShipMultiAddress)
    }

    /// Whether the goods may go to several addresses.
    pub const fn is_multi_address(self) -> bool {
        matches!(self, Self::PayAndShipMultiAddress)
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
        /// Amazon cancelled it.
        AmazonCanceled,
        /// The buyer cancelled it.
        BuyerCanceled,
        /// Something broke; another attempt may succeed.
        ProcessingFailure,
        /// The issuer said no, for today.
        SoftDeclined,
        /// The issuer said no, for good.
        HardDeclined,
        /// Amazon said no, and closed the charge permission.
        AmazonRejected,
        /// The issuer did not answer in time.
        TransactionTimedOut,
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
        /// Nobody said how much may be charged.
        AmountNotSet,
        /// The buyer deleted the billing address.
        BillingAddressDeleted,
        /// The buyer did not give the second factor.
        MFAFailed,
        /// The merchant closed it.
        MerchantClosed,
        /// The buyer withdrew their consent.
        BuyerCanceled,
        /// The same in the word of newer notices.
        BuyerClosed,
        /// Amazon ended it.
        AmazonCanceled,
        /// All of it was captured.
        AmazonClosed,
        /// Its time is over.
        Expired,
    }
}

words! {
    /// Where a dispute stands.
    DisputeState {
        /// Somebody looks at it.
        UnderReview,
        /// The merchant must answer.
        ActionRequired,
        /// Decided.
        Resolved,
        /// Over.
        Closed,
    }
}

words! {
    /// For whom a dispute ended.
    DisputeResolution {
        /// The buyer has the money back.
        BuyerWon,
        /// The merchant keeps it.
        MerchantWon,
        /// Nobody was wrong.
        NoFault,
    }
}

words! {
    /// Why a buyer disputes a charge.
    FilingReason {
        /// Nothing came.
        ProductNotReceived,
        /// Something else, or broken.
        ProductUnacceptable,
        /// It is not wanted any more.
        ProductNoLongerNeeded,
        /// A promised refund did not come.
        CreditNotProcessed,
        /// It was too much.
        Overcharged,
        /// It was charged twice.
        DuplicateCharge,
        /// The subscription was over.
        SubscriptionCancelled,
        /// The buyer knows nothing of it.
        Unrecognized,
        /// Somebody else bought.
        Fraudulent,
        /// Something else.
        Other,
    }
}

words! {
    /// Why a dispute stands where it does.
    DisputeReason {
        /// The merchant must answer.
        MerchantResponseRequired,
        /// The merchant must bring more.
        MerchantAdditionalEvidencesRequired,
        /// The buyer must bring more.
        BuyerAdditionalEvidencesRequired,
        /// The merchant gave in.
        MerchantAcceptedDispute,
        /// The merchant did not answer in time.
        MerchantResponseDeadlineExpired,
        /// The buyer gave in.
        BuyerCancelled,
        /// Somebody decided.
        InvestigatorResolved,
        /// A rule decided.
        AutoResolved,
        /// The bank took it on.
        ChargebackFiled,
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
