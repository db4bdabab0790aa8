//! The calls a shop, or for `AmazonpayStart` its buyer's browser, can make, and the two styles they come in.

use super::codes;
use super::condition::{Clash, Condition};
use super::exec_tran::PAY_AND_SHIP;
use super::field::Field;
use crate::domain::{FrequencyUnit, PaymentType, Yen};

/// One of the protocol's calls (psp-protocol 4). The path on the wire is `/payment/<name>.idPass` or `.json`.
///
/// The first generation's names (`SearchBillingAgreementAmazonpay` and the like) are not among them: they are answered
/// as any unknown name is, with [`codes::NO_SUCH_CALL`].
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

    /// What its parameters must not be together (psp-protocol 5, 11.2 and 13.16).
    pub const fn clashes(self) -> &'static [Clash] {
        match self {
            Self::EntryTran => ENTRY_TRAN_CLASHES,
            Self::ExecTran => EXEC_TRAN_CLASHES,
            Self::Sales | Self::Change => SALES_OR_CHANGE_CLASHES,
            Self::Cancel => CANCEL_CLASHES,
            Self::SearchAddress => SEARCH_ADDRESS_CLASHES,
            Self::Start | Self::SearchChargePermission | Self::CloseChargePermission | Self::SearchTradeMulti => &[],
        }
    }

    /// Parameters that mean nothing where this is so, and are not looked at there.
    pub const fn ignores(self) -> &'static [(Field, Condition)] {
        match self {
            // Nobody comes back from a charge without a browser (psp-protocol 5.2).
            Self::ExecTran => &[(F::RetUrl, ON_DEMAND)],
            _ => &[],
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
    /// It is needed where this is so; otherwise it may be left out.
    When(Condition),
}

use Condition::{Above, All, Any, Given, Missing, MoreThanOne, OneOf, Zero};
use Field as F;
use Need::{Optional, Required, When};

/// The most that a payment may be, tax included (psp-protocol 3).
const TOTAL_MAX: i64 = Yen::MAX.get();

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

/// Nothing is charged only where a consent can still come of it. The sum is told before AmazonpayType (psp-protocol 5.1).
const ENTRY_TRAN_CLASHES: &[Clash] = &[
    Clash { at: Some(F::Amount), when: Above(&[F::Amount, F::Tax], TOTAL_MAX), otherwise: codes::AMOUNT_RANGE },
    Clash {
        at: Some(F::Amount),
        when: All(&[
            Zero(&[F::Amount, F::Tax]),
            OneOf(F::PaymentType, &[PaymentType::OneTime.wire(), PaymentType::OnDemand.wire()]),
        ]),
        otherwise: codes::AMOUNT_RANGE,
    },
];

const EXEC_TRAN: &[(Field, Need)] = &[
    (F::ShopId, Required),
    (F::ShopPass, Required),
    (F::AccessId, Required),
    (F::AccessPass, Required),
    (F::OrderId, Required),
    (F::AmazonCheckoutSessionId, When(All(&[Missing(F::AmazonChargePermissionId), Missing(F::ApbType)]))),
    (F::AmazonChargePermissionId, Optional),
    (F::ApbType, Optional),
    (F::RetUrl, When(All(&[Given(F::ApbType), Missing(F::AmazonCheckoutSessionId)]))),
    (F::FrequencyUnit, When(Given(F::FrequencyValue))),
    (F::FrequencyValue, When(Given(F::FrequencyUnit))),
    (F::Description, Optional),
    (F::PaymentTermSec, Optional),
    (F::ClientField1, Optional),
    (F::ClientField2, Optional),
    (F::ClientField3, Optional),
    (F::AddressName, When(SHIPS)),
    (F::AddressLine1, When(SHIPS)),
    (F::AddressLine2, Optional),
    (F::AddressLine3, Optional),
    (F::AddressCity, When(SHIPS)),
    (F::AddressStateOrRegion, When(SHIPS)),
    (F::AddressPostalCode, When(SHIPS)),
    (F::AddressCountryCode, When(SHIPS)),
    (F::AddressPhoneNumber, When(SHIPS)),
    (F::User, Optional),
    (F::Version, Optional),
];
/// A buyer who approved in Amazon's own window has given the address there.
const SHIPS: Condition = All(&[
    OneOf(F::ApbType, &[PAY_AND_SHIP]),
    Missing(F::AmazonChargePermissionId),
    Missing(F::AmazonCheckoutSessionId),
]);
/// A charge on a consent that was given before.
const ON_DEMAND: Condition =
    All(&[Given(F::AmazonChargePermissionId), Missing(F::ApbType), Missing(F::AmazonCheckoutSessionId)]);
const EXEC_TRAN_CLASHES: &[Clash] = &[
    Clash {
        at: None,
        when: All(&[Given(F::AmazonCheckoutSessionId), Any(&[Given(F::AmazonChargePermissionId), Given(F::ApbType)])]),
        otherwise: codes::COMBINATION,
    },
    // A charge on a consent: its cycle was agreed when it was given.
    Clash {
        at: None,
        when: All(&[Any(&[Given(F::FrequencyUnit), Given(F::FrequencyValue)]), ON_DEMAND]),
        otherwise: codes::COMBINATION,
    },
    Clash {
        at: None,
        when: All(&[OneOf(F::FrequencyUnit, &[FrequencyUnit::Variable.wire()]), Above(&[F::FrequencyValue], 0)]),
        otherwise: codes::FREQUENCY_VALUE_RANGE,
    },
    Clash {
        at: None,
        when: All(&[
            OneOf(
                F::FrequencyUnit,
                &[
                    FrequencyUnit::Year.wire(),
                    FrequencyUnit::Month.wire(),
                    FrequencyUnit::Week.wire(),
                    FrequencyUnit::Day.wire(),
                ],
            ),
            Zero(&[F::FrequencyValue]),
        ]),
        otherwise: codes::FREQUENCY_VALUE_RANGE,
    },
];

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

const SALES_OR_CHANGE_CLASHES: &[Clash] = &[
    Clash { at: None, when: Zero(&[F::Amount, F::Tax]), otherwise: codes::AMOUNT_RANGE },
    Clash { at: None, when: Above(&[F::Amount, F::Tax], TOTAL_MAX), otherwise: codes::AMOUNT_RANGE },
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

const CANCEL_CLASHES: &[Clash] = &[
    Clash { at: None, when: Zero(&[F::CancelAmount, F::CancelTax]), otherwise: codes::CANCEL_AMOUNT_DIFFERS },
    Clash {
        at: None,
        when: Above(&[F::CancelAmount, F::CancelTax], TOTAL_MAX),
        otherwise: codes::CANCEL_AMOUNT_EXCEEDS,
    },
];

const SEARCH_ADDRESS: &[(Field, Need)] = &[
    (F::ShopId, Required),
    (F::ShopPass, Required),
    (F::AmazonCheckoutSessionId, When(All(&[Missing(F::OrderId), Missing(F::AmazonBuyerToken)]))),
    (F::OrderId, Optional),
    (F::AmazonBuyerToken, Optional),
    (F::User, Optional),
    (F::Version, Optional),
];
const SEARCH_ADDRESS_CLASHES: &[Clash] = &[Clash {
    at: None,
    when: MoreThanOne(&[F::AmazonCheckoutSessionId, F::OrderId, F::AmazonBuyerToken]),
    otherwise: codes::COMBINATION,
}];

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
                assert!(*need == Optional || field.rule().missing.is_some(), "{field:?} of {call:?} has no code");
            }
            for clash in call.clashes() {
                let at = clash.at.is_none_or(|at| call.fields().iter().any(|(field, _)| *field == at));
                assert!(at, "{call:?}: {clash:?}");
            }
        }
    }
}
