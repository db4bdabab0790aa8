//! The calls a shop, or for `AmazonpayStart` its buyer's browser, can make, and the two styles they come in.

use super::field::Field;

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

    /// The parameters it reads, in the order in which their errors are reported (psp-protocol 5 and 11.4).
    pub const fn fields(self) -> &'static [(Field, Need)] {
        match self {
            Self::EntryTran => ENTRY_TRAN,
            Self::ExecTran => EXEC_TRAN,
            Self::Start => START,
            Self::Sales | Self::Change => SALES_OR_CHANGE,
            Self::Cancel => CANCEL,
            Self::SearchAddress => SEARCH_ADDRESS,
            Self::SearchChargePermission | Self::CloseChargePermission => CHARGE_PERMISSION,
            Self::SearchTradeMulti => SEARCH_TRADE_MULTI,
        }
    }

    /// Whether the call exists in `style` (psp-protocol 2.4: `AmazonpayStart` has no `.json`).
    pub const fn speaks(self, style: Style) -> bool {
        !matches!((self, style), (Self::Start, Style::Json))
    }
}

/// Whether a call needs a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It must be there.
    Required,
    /// It may be left out.
    Optional,
    /// It is needed in the case described; the call's reader judges, the table only tells.
    When(&'static str),
}

use Field as F;
use Need::{Optional, Required, When};

const ENTRY_TRAN: &[(Field, Need)] = &[
    (F::ShopId, Required),
    (F::ShopPass, Required),
    (F::OrderId, Required),
    (F::JobCd, Required),
    (F::Amount, Required),
    (F::Tax, Optional),
    (F::AmazonpayType, Required),
    (F::PaymentType, Optional),
    (F::User, Optional),
    (F::Version, Optional),
];

const EXEC_TRAN: &[(Field, Need)] = &[
    (F::ShopId, Required),
    (F::ShopPass, Required),
    (F::AccessId, Required),
    (F::AccessPass, Required),
    (F::OrderId, Required),
    (F::AmazonCheckoutSessionId, When("neither AmazonChargePermissionID nor ApbType is given")),
    (F::AmazonChargePermissionId, When("a permission that exists is to be charged")),
    (F::ApbType, When("there is no review page")),
    (F::RetUrl, When("ApbType is given, or the buyer is to be sent to Amazon")),
    (F::FrequencyUnit, When("the buyer registers a consent")),
    (F::FrequencyValue, When("the buyer registers a consent")),
    (F::Description, Optional),
    (F::PaymentTermSec, Optional),
    (F::ClientField1, Optional),
    (F::ClientField2, Optional),
    (F::ClientField3, Optional),
    (F::AddressName, When(PAY_AND_SHIP)),
    (F::AddressLine1, When(PAY_AND_SHIP)),
    (F::AddressLine2, Optional),
    (F::AddressLine3, Optional),
    (F::AddressCity, When(PAY_AND_SHIP)),
    (F::AddressStateOrRegion, When(PAY_AND_SHIP)),
    (F::AddressPostalCode, When(PAY_AND_SHIP)),
    (F::AddressCountryCode, When(PAY_AND_SHIP)),
    (F::AddressPhoneNumber, When(PAY_AND_SHIP)),
    (F::User, Optional),
    (F::Version, Optional),
];
const PAY_AND_SHIP: &str = "ApbType is PayAndShip and no AmazonChargePermissionID is given";

const START: &[(Field, Need)] = &[(F::AccessId, Required), (F::Token, Required)];

const SALES_OR_CHANGE: &[(Field, Need)] = &[
    (F::ShopId, Required),
    (F::ShopPass, Required),
    (F::AccessId, Required),
    (F::AccessPass, Required),
    (F::OrderId, Required),
    (F::Amount, Required),
    (F::Tax, Optional),
    (F::User, Optional),
    (F::Version, Optional),
];

const CANCEL: &[(Field, Need)] = &[
    (F::ShopId, Required),
    (F::ShopPass, Required),
    (F::AccessId, Required),
    (F::AccessPass, Required),
    (F::OrderId, Required),
    (F::CancelAmount, Required),
    (F::CancelTax, Optional),
    (F::User, Optional),
    (F::Version, Optional),
];

const SEARCH_ADDRESS: &[(Field, Need)] = &[
    (F::ShopId, Required),
    (F::ShopPass, Required),
    (F::AmazonCheckoutSessionId, When("neither OrderID nor AmazonBuyerToken is given")),
    (F::OrderId, When("neither of the other two is given")),
    (F::AmazonBuyerToken, When("neither of the other two is given")),
    (F::User, Optional),
    (F::Version, Optional),
];

const CHARGE_PERMISSION: &[(Field, Need)] = &[
    (F::ShopId, Required),
    (F::ShopPass, Required),
    (F::AmazonChargePermissionId, Required),
    (F::User, Optional),
    (F::Version, Optional),
];

const SEARCH_TRADE_MULTI: &[(Field, Need)] = &[
    (F::ShopId, Required),
    (F::ShopPass, Required),
    (F::OrderId, Required),
    (F::PayType, Required),
    (F::User, Optional),
    (F::Version, Optional),
];

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

    #[test]
    fn the_table_of_parameters_has_no_hole() {
        let used: Vec<Field> = Call::ALL.iter().flat_map(|call| call.fields()).map(|(field, _)| *field).collect();
        for field in Field::ALL {
            assert!(used.contains(field), "no call takes {field:?}");
            assert_eq!(Field::from_name(&field.name(Style::IdPass)), Some(*field));
            assert_eq!(field.rule().undecodable.is_none(), field.rule().checks.is_empty(), "{field:?}");
        }
        for call in Call::ALL {
            for (place, (field, need)) in call.fields().iter().enumerate() {
                assert!(call.fields().iter().skip(place + 1).all(|(later, _)| later != field), "{field:?} twice");
                assert!(
                    *need != Required || field.rule().missing.is_some(),
                    "{field:?} of {} has no code",
                    call.name()
                );
            }
        }
    }
}
