//! The PSP's words with few values: what a shop may ask for and where a transaction may stand.

/// Declares an enum whose every value has one spelling on the wire.
macro_rules! wire_terms {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $wire:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value, in the order of the specification.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value spelled `text`, in exactly this case.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($wire => Some(Self::$variant),)+ _ => None }
            }

            /// The spelling on the wire and in the database.
            pub const fn wire(self) -> &'static str {
                match self { $(Self::$variant => $wire),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.wire())
            }
        }
    };
}

wire_terms! {
    /// What EntryTran asks for: a provisional sale or an immediate one (psp-protocol 3).
    JobCd {
        /// Authorise now, capture with AmazonpaySales.
        Auth = "AUTH",
        /// Authorise and capture at once.
        Capture = "CAPTURE",
    }
}

wire_terms! {
    /// How the shop is connected to Amazon Pay (psp-protocol 1.10).
    AmazonpayType {
        /// Standard version 2.
        Standard = "3",
        /// Through the PSP as Amazon's certified provider (cPSP).
        Cpsp = "4",
    }
}

wire_terms! {
    /// What kind of payment it is, where EntryTran says so (psp-protocol 13.1).
    PaymentType {
        /// One payment.
        OneTime = "0",
        /// A charge on a consent given before.
        OnDemand = "1",
        /// The buyer's consent to later charges.
        Consent = "2",
    }
}

wire_terms! {
    /// Where a transaction stands (psp-protocol 6).
    Status {
        /// Entered, not executed.
        Unprocessed = "UNPROCESSED",
        /// Ready; the buyer has not gone to Amazon yet.
        ReqSuccess = "REQSUCCESS",
        /// The buyer is on Amazon's pages.
        AuthProcess = "AUTHPROCESS",
        /// Provisional sale.
        Auth = "AUTH",
        /// Captured after AUTH.
        Sales = "SALES",
        /// Captured at once.
        Capture = "CAPTURE",
        /// A provisional sale was cancelled.
        Cancel = "CANCEL",
        /// A refund was accepted and is under way.
        ReqReturn = "REQRETURN",
        /// Refunded.
        Return = "RETURN",
        /// Failed, or given up by the buyer.
        PayFail = "PAYFAIL",
        /// The buyer took too long.
        Expired = "EXPIRED",
        /// Consent registered.
        Register = "REGISTER",
        /// Consent ended.
        End = "END",
    }
}
