//! The calls a shop, or for `AmazonpayStart` its buyer's browser, can make, and the two styles they come in.

/// One of the protocol's calls (psp-protocol 4). The path on the wire is `/payment/<name>.idPass` or `.json`.
///
/// The first generation's names (`SearchBillingAgreementAmazonpay` and the like) are not among them: they are answered
/// as any unknown name is, with [`codes::NO_SUCH_CALL`](super::codes::NO_SUCH_CALL).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// Enters a transaction.
    EntryTran,
    /// Settles it, or prepares the buyer's way to Amazon.
    ExecTran,
    /// The buyer's browser sets out; a form post, never `.json`.
    Start,
    /// Captures an authorisation.
    Sales,
    /// Cancels an authorisation or refunds a capture.
    Cancel,
    /// Changes the amount.
    Change,
    /// Reads the buyer's addresses.
    SearchAddress,
    /// Reads a charge permission.
    SearchChargePermission,
    /// Ends a consent.
    CloseChargePermission,
    /// Reads a transaction.
    SearchTradeMulti,
}

impl Call {
    /// Every call.
    pub const ALL: [Self; 10] = [
        Self::EntryTran,
        Self::ExecTran,
        Self::Start,
        Self::Sales,
        Self::Cancel,
        Self::Change,
        Self::SearchAddress,
        Self::SearchChargePermission,
        Self::CloseChargePermission,
        Self::SearchTradeMulti,
    ];

    /// The call of this exact name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|call| call.name() == name)
    }

    /// The name in the path.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EntryTran => "EntryTranAmazonpay",
            Self::ExecTran => "ExecTranAmazonpay",
            Self::Start => "AmazonpayStart",
            Self::Sales => "AmazonpaySales",
            Self::Cancel => "AmazonpayCancel",
            Self::Change => "AmazonpayChange",
            Self::SearchAddress => "SearchAddressAmazonpay",
            Self::SearchChargePermission => "SearchChargePermissionAmazonpay",
            Self::CloseChargePermission => "CloseChargePermissionAmazonpay",
            Self::SearchTradeMulti => "SearchTradeMulti",
        }
    }

    /// Whether the call exists in `style` (psp-protocol 2.4: `AmazonpayStart` has no `.json`).
    pub const fn speaks(self, style: Style) -> bool {
        !matches!((self, style), (Self::Start, Style::Json))
    }
}

/// How a request and its answer are written (psp-protocol 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Style {
    /// A form in Windows-31J; the answer is one line of `name=value` pairs. Names as in the specification.
    IdPass,
    /// A JSON object in UTF-8. Names with the first letter lowered.
    Json,
}

impl Style {
    /// The style of a path's ending, without the dot.
    pub fn from_suffix(suffix: &str) -> Option<Self> {
        match suffix {
            "idPass" => Some(Self::IdPass),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact() {
        for call in Call::ALL {
            assert_eq!(Call::from_name(call.name()), Some(call));
        }
        assert_eq!(Call::from_name("entrytranamazonpay"), None);
        assert_eq!(Call::from_name("CloseBillingAgreementAmazonpay"), None);
    }
}
