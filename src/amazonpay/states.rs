//! Words of Amazon's that stand for a state or a kind. A word that is not in the books is kept as the text it is, for
//! Amazon may add some at any time.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A text that was not known when this was written.
            Other(String),
        }

        impl $name {
            /// Amazon's spelling.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $(stringify!($variant) => Self::$variant,)+
                    _ => Self::Other(text),
                }
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

open_enum! {
    /// Where a checkout session stands (amazon-pay 2.3).
    SessionState {
        /// The buyer may still act on it.
        Open,
        /// Completed: the buyer has paid or consented.
        Completed,
        /// Ended without payment; the reason code says by whom.
        Canceled,
    }
}
open_enum! {
    /// Where a charge stands (amazon-pay 2.5).
    ChargeState {
        /// Authorization is pending, for at most 24 hours.
        AuthorizationInitiated,
        /// The amount is reserved, for 30 days.
        Authorized,
        /// Capture is pending.
        CaptureInitiated,
        /// The money has moved.
        Captured,
        /// Let go without capture.
        Canceled,
        /// Refused; the reason code says why.
        Declined,
    }
}
open_enum! {
    /// Where a charge permission stands (amazon-pay 2.4).
    PermissionState {
        /// May be charged.
        Chargeable,
        /// May not be charged at present; the reasons say why.
        NonChargeable,
        /// Over for good.
        Closed,
    }
}
open_enum! {
    /// Where a refund stands (amazon-pay 2.6). Always asynchronous.
    RefundState {
        /// Under way.
        RefundInitiated,
        /// The money is back with the buyer.
        Refunded,
        /// Refused; the merchant must repay by other means.
        Declined,
    }
}
open_enum! {
    /// What completing a session does (amazon-pay 2.3).
    PaymentIntent {
        /// Obtain a charge permission only.
        Confirm,
        /// Reserve the amount.
        Authorize,
        /// Reserve and take it at once.
        AuthorizeWithCapture,
    }
}
open_enum! {
    /// What the buyer permits (amazon-pay 2.3).
    ChargePermissionType {
        /// One order.
        OneTime,
        /// Charges at intervals.
        Recurring,
        /// Charges at the merchant's and buyer's pleasure.
        PaymentMethodOnFile,
    }
}
open_enum! {
    /// Unit of a recurring charge's interval (amazon-pay 2.3).
    FrequencyUnit {
        /// Years.
        Year,
        /// Months.
        Month,
        /// Weeks.
        Week,
        /// Days.
        Day,
        /// No fixed interval; the value is then 0.
        Variable,
    }
}
