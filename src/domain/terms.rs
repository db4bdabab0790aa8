//! The protocol's closed vocabularies: what a shop may order, and what may become of a transaction.
//!
//! Each word is a variant here and a text on the wire, in one table; nothing else in the house spells them out.

use std::fmt;

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $wire:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every value, in the order of the specification.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Every value's text on the wire, in the order of [`Self::ALL`].
            pub const WIRE: &'static [&'static str] = &[$($wire,)*];

            /// The value that `text` stands for; letter case matters.
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($wire => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The text on the wire.
            pub const fn wire(self) -> &'static str {
                match self {
                    $(Self::$variant => $wire,)*
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.wire())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| serde::de::Error::unknown_variant(&text, Self::WIRE))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.wire())
            }
        }
    };
}

vocabulary! {
    /// What becomes of the money once the buyer agrees (psp-protocol 3). The card protocol's `CHECK` does not exist here.
    JobCd {
        /// Authorise only; `AmazonpaySales` captures later.
        Auth = "AUTH",
        /// Authorise and capture at once.
        Capture = "CAPTURE",
    }
}

vocabulary! {
    /// Which kind of Amazon Pay contract the transaction runs under (psp-protocol 1.10).
    AmazonpayType {
        /// Standard Amazon Pay V2.
        Standard = "3",
        /// Certified payment service provider (cPSP).
        Cpsp = "4",
    }
}

vocabulary! {
    /// What the payment is, where the shop says so at `EntryTran` (psp-protocol 13.1).
    PaymentType {
        /// One purchase.
        OneTime = "0",
        /// A charge on a consent that the buyer gave before.
        OnDemand = "1",
        /// The registration of a consent, with or without a first charge.
        Consent = "2",
    }
}

vocabulary! {
    /// Where a transaction stands (psp-protocol 6: exactly these thirteen).
    Status {
        /// Entered; no settlement asked for yet.
        Unprocessed = "UNPROCESSED",
        /// Ready for the buyer, who has not yet set out.
        ReqSuccess = "REQSUCCESS",
        /// The buyer is on Amazon's pages, or Amazon has not decided yet.
        AuthProcess = "AUTHPROCESS",
        /// Authorised, a provisional sale.
        Auth = "AUTH",
        /// Captured after an authorisation.
        Sales = "SALES",
        /// Captured at once.
        Capture = "CAPTURE",
        /// A provisional sale was cancelled.
        Cancel = "CANCEL",
        /// A refund was accepted and is under way.
        ReqReturn = "REQRETURN",
        /// Refunded.
        Return = "RETURN",
        /// Declined, or given up by the buyer.
        PayFail = "PAYFAIL",
        /// The buyer did not come, or did not come back, in time.
        Expired = "EXPIRED",
        /// A consent is registered.
        Register = "REGISTER",
        /// A consent has ended.
        End = "END",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_read_back_from_its_text() {
        assert_eq!(Status::ALL.len(), 13);
        for (status, wire) in Status::ALL.iter().zip(Status::WIRE) {
            assert_eq!(Status::parse(wire), Some(*status));
            assert_eq!(status.wire(), *wire);
        }
        assert_eq!(Status::parse("Auth"), None);
    }

    #[test]
    fn words_of_the_card_protocol_are_unknown() {
        assert_eq!(JobCd::parse("CHECK"), None);
        assert_eq!(AmazonpayType::parse("1"), None);
    }
}

vocabulary! {
    /// How a transaction was executed: which party does what (psp-protocol 5.2 and 13.15). Recorded at ExecTran.
    Way {
        /// The buyer was on the shop's review page; the session is completed after the browser comes back.
        Review = "REVIEW",
        /// The buyer agreed inside the on-page script; the session is finalized at once.
        Finalize = "FINALIZE",
        /// Additional payment button: the checkout starts with a payload that the gateway signed.
        Apb = "APB",
        /// The buyer approved in Amazon's own window before ExecTran.
        Approved = "APPROVED",
        /// A charge on a consent that was given before.
        OnDemand = "ON_DEMAND",
    }
}

vocabulary! {
    /// The unit of a consent's cycle, the same word for the shop and for Amazon (psp-protocol 3).
    FrequencyUnit {
        /// Years.
        Year = "Year",
        /// Months.
        Month = "Month",
        /// Weeks.
        Week = "Week",
        /// Days.
        Day = "Day",
        /// No fixed cycle.
        Variable = "Variable",
    }
}

/// How often a consent is to be charged. Amazon computes an expiry from it and tells the buyer; it enforces nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Frequency {
    /// The unit.
    pub unit: FrequencyUnit,
    /// So many units: 0 with [`FrequencyUnit::Variable`], else 1 to 999.
    pub value: u16,
}
