//! The request parameters and their limits, as data: the validator, the reference page, OpenAPI and the tests read it.
//!
//! Together with the tables of [`Call`](super::Call) this is all that is decided about a parameter: the readers make
//! types of what has passed, and judge nothing. Only what needs more than the request is left to the flow: whether an
//! id exists, and that a live shop's `RetURL` must be https. What each limit rests on is said in psp-protocol 3; where that leaves a number open, section 13 decides.
//! Which call takes which parameter is said in [`Call::fields`](super::Call::fields).

use std::borrow::Cow;

use super::call::Style;
use super::codes;
use super::error::ErrInfo;
use super::exec_tran::{PAY_AND_SHIP, PAY_ONLY};
use super::shape::Shape::{
    self, All, Alphanumeric, AlphanumericOrHyphen, AmazonId, BytesMax, CharactersMax, CountryCode, Digits, Length,
    MadeOf, NoCardNumber, OneLine, OneLineWithoutSymbols, OneOf, Range, VisibleAscii, WebUrl, Windows31jBytesMax,
};
use super::{PAY_TYPE, start};
use crate::domain::{AmazonpayType, FrequencyUnit, JobCd, PaymentType};

/// A limit on one parameter, and the code that answers a breach of it.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// What the text must be.
    pub shape: Shape,
    /// The error where it is not.
    pub otherwise: ErrInfo,
}

/// What is known about one parameter.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The name in `.idPass`. That of `.json` is the same with the first letter lowered.
    pub name: &'static str,
    /// The error where it is missing but needed; `None` for one that no call ever needs.
    pub missing: Option<ErrInfo>,
    /// The error where its bytes are not text in the shop's encoding: the field's code for illegal characters, or the
    /// nearest there is. `None` for one whose text nobody reads.
    pub undecodable: Option<ErrInfo>,
    /// What it is where nothing is sent, if that is a value.
    pub default: Option<&'static str>,
    /// Every limit. The errors of all that are broken are reported, in this order.
    pub checks: &'static [Check],
}

macro_rules! fields {
    (@optional) => { None };
    (@optional $code:ident) => { Some(codes::$code) };
    (@optional $text:literal) => { Some($text) };
    ($($field:ident $name:literal
       $(, missing $missing:ident)? $(, undecodable $undecodable:ident)? $(, default $default:literal)? {
        $($shape:expr => $code:ident;)*
    })*) => {
        /// A request parameter that some call knows. Any other name is ignored.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field {
            $(#[doc = concat!("`", $name, "`")] $field,)*
        }

        impl Field {
            /// Every parameter.
            pub const ALL: &'static [Self] = &[$(Self::$field,)*];

            /// Its limits.
            pub const fn rule(self) -> &'static Rule {
                match self {
                    $(Self::$field => &Rule {
                        name: $name,
                        missing: fields!(@optional $($missing)?),
                        undecodable: fields!(@optional $($undecodable)?),
                        default: fields!(@optional $($default)?),
                        checks: &[$(Check { shape: $shape, otherwise: codes::$code },)*],
                    },)*
                }
            }

            /// The parameter of this exact `.idPass` name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$field),)*
                    _ => None,
                }
            }
        }
    };
}

fields! {
    ShopId "ShopID", missing SHOP_ID_MISSING, undecodable SHOP_ID_FORMAT {
        All(&[Alphanumeric, Length(13)]) => SHOP_ID_FORMAT;
    }
    ShopPass "ShopPass", missing SHOP_PASS_MISSING, undecodable SHOP_PASS_FORMAT {
        All(&[Alphanumeric, CharactersMax(64)]) => SHOP_PASS_FORMAT;
    }
    AccessId "AccessID", missing ACCESS_ID_MISSING, undecodable ACCESS_ID_FORMAT {
        All(&[Alphanumeric, Length(32)]) => ACCESS_ID_FORMAT;
    }
    AccessPass "AccessPass", missing ACCESS_PASS_MISSING, undecodable ACCESS_PASS_FORMAT {
        All(&[Alphanumeric, Length(32)]) => ACCESS_PASS_FORMAT;
    }
    OrderId "OrderID", missing ORDER_ID_MISSING, undecodable ORDER_ID_CHARACTERS {
        CharactersMax(27) => ORDER_ID_LENGTH;
        AlphanumericOrHyphen => ORDER_ID_CHARACTERS;
    }
    JobCd "JobCd", missing JOB_MISSING, undecodable JOB_UNDEFINED {
        OneOf(JobCd::WIRE) => JOB_UNDEFINED;
    }
    Amount "Amount", missing AMOUNT_MISSING, undecodable AMOUNT_DIGITS {
        CharactersMax(7) => AMOUNT_LENGTH;
        Digits => AMOUNT_DIGITS;
    }
    Tax "Tax", undecodable TAX_DIGITS, default "0" {
        CharactersMax(7) => TAX_LENGTH;
        Digits => TAX_DIGITS;
    }
    AmazonpayType "AmazonpayType", missing AMAZONPAY_TYPE_MISSING, undecodable AMAZONPAY_TYPE_UNDEFINED {
        OneOf(AmazonpayType::WIRE) => AMAZONPAY_TYPE_UNDEFINED;
    }
    PaymentType "PaymentType", undecodable PAYMENT_TYPE_UNDEFINED {
        OneOf(PaymentType::WIRE) => PAYMENT_TYPE_UNDEFINED;
    }
    CancelAmount "CancelAmount", missing CANCEL_AMOUNT_MISSING, undecodable CANCEL_AMOUNT_DIGITS {
        CharactersMax(7) => CANCEL_AMOUNT_LENGTH;
        Digits => CANCEL_AMOUNT_DIGITS;
    }
    CancelTax "CancelTax", undecodable CANCEL_TAX_DIGITS, default "0" {
        CharactersMax(7) => CANCEL_TAX_LENGTH;
        Digits => CANCEL_TAX_DIGITS;
    }
    PayType "PayType", missing PAY_TYPE_MISSING, undecodable PAY_TYPE_UNDEFINED {
        CharactersMax(3) => PAY_TYPE_LENGTH;
        OneOf(&[PAY_TYPE]) => PAY_TYPE_UNDEFINED;
    }
    AmazonCheckoutSessionId "AmazonCheckoutSessionID", missing SESSION_MISSING, undecodable SESSION_FORMAT {
        CharactersMax(256) => SESSION_LENGTH;
        AmazonId => SESSION_FORMAT;
    }
    AmazonChargePermissionId "AmazonChargePermissionID", missing PERMISSION_MISSING, undecodable PERMISSION_FORMAT {
        CharactersMax(64) => PERMISSION_LENGTH;
        AmazonId => PERMISSION_FORMAT;
    }
    AmazonBuyerToken "AmazonBuyerToken", undecodable BUYER_TOKEN_LENGTH {
        All(&[CharactersMax(2048), VisibleAscii]) => BUYER_TOKEN_LENGTH;
    }
    ApbType "ApbType", undecodable APB_TYPE_UNDEFINED {
        OneOf(&[PAY_ONLY, PAY_AND_SHIP]) => APB_TYPE_UNDEFINED;
    }
    RetUrl "RetURL", missing RET_URL_MISSING, undecodable RET_URL_FORMAT {
        BytesMax(2048) => RET_URL_LENGTH;
        WebUrl => RET_URL_FORMAT;
    }
    FrequencyUnit "FrequencyUnit", missing FREQUENCY_UNIT_MISSING, undecodable FREQUENCY_UNIT_UNDEFINED {
        OneOf(FrequencyUnit::WIRE) => FREQUENCY_UNIT_UNDEFINED;
    }
    FrequencyValue "FrequencyValue", missing FREQUENCY_VALUE_MISSING, undecodable FREQUENCY_VALUE_DIGITS {
        Digits => FREQUENCY_VALUE_DIGITS;
        Range(0, 999) => FREQUENCY_VALUE_RANGE;
    }
    Description "Description", undecodable DESCRIPTION_CHARACTERS {
        CharactersMax(255) => DESCRIPTION_LENGTH;
        OneLine => DESCRIPTION_CHARACTERS;
        NoCardNumber => DESCRIPTION_CHARACTERS;
    }
    PaymentTermSec "PaymentTermSec", undecodable PAYMENT_TERM_DIGITS, default "120" {
        CharactersMax(5) => PAYMENT_TERM_LENGTH;
        Digits => PAYMENT_TERM_DIGITS;
        Range(1, 86_400) => PAYMENT_TERM_RANGE;
    }
    ClientField1 "ClientField1", undecodable CLIENT_FIELD_1_CHARACTERS {
        Windows31jBytesMax(100) => CLIENT_FIELD_1_LENGTH;
        OneLineWithoutSymbols => CLIENT_FIELD_1_CHARACTERS;
        NoCardNumber => CLIENT_FIELD_1_CHARACTERS;
    }
    ClientField2 "ClientField2", undecodable CLIENT_FIELD_2_CHARACTERS {
        Windows31jBytesMax(100) => CLIENT_FIELD_2_LENGTH;
        OneLineWithoutSymbols => CLIENT_FIELD_2_CHARACTERS;
        NoCardNumber => CLIENT_FIELD_2_CHARACTERS;
    }
    ClientField3 "ClientField3", undecodable CLIENT_FIELD_3_CHARACTERS {
        Windows31jBytesMax(100) => CLIENT_FIELD_3_LENGTH;
        OneLineWithoutSymbols => CLIENT_FIELD_3_CHARACTERS;
        NoCardNumber => CLIENT_FIELD_3_CHARACTERS;
    }
    AddressName "AddressName", missing ADDRESS_MISSING, undecodable ADDRESS_CHARACTERS {
        CharactersMax(50) => ADDRESS_LENGTH;
        OneLine => ADDRESS_CHARACTERS;
        NoCardNumber => ADDRESS_CHARACTERS;
    }
    AddressLine1 "AddressLine1", missing ADDRESS_MISSING, undecodable ADDRESS_CHARACTERS {
        CharactersMax(180) => ADDRESS_LENGTH;
        OneLine => ADDRESS_CHARACTERS;
        NoCardNumber => ADDRESS_CHARACTERS;
    }
    AddressLine2 "AddressLine2", undecodable ADDRESS_CHARACTERS {
        CharactersMax(60) => ADDRESS_LENGTH;
        OneLine => ADDRESS_CHARACTERS;
        NoCardNumber => ADDRESS_CHARACTERS;
    }
    AddressLine3 "AddressLine3", undecodable ADDRESS_CHARACTERS {
        CharactersMax(60) => ADDRESS_LENGTH;
        OneLine => ADDRESS_CHARACTERS;
        NoCardNumber => ADDRESS_CHARACTERS;
    }
    AddressCity "AddressCity", missing ADDRESS_MISSING, undecodable ADDRESS_CHARACTERS {
        CharactersMax(50) => ADDRESS_LENGTH;
        OneLine => ADDRESS_CHARACTERS;
        NoCardNumber => ADDRESS_CHARACTERS;
    }
    AddressStateOrRegion "AddressStateOrRegion", missing ADDRESS_MISSING, undecodable ADDRESS_CHARACTERS {
        CharactersMax(50) => ADDRESS_LENGTH;
        OneLine => ADDRESS_CHARACTERS;
        NoCardNumber => ADDRESS_CHARACTERS;
    }
    AddressPostalCode "AddressPostalCode", missing ADDRESS_MISSING, undecodable ADDRESS_CHARACTERS {
        CharactersMax(20) => ADDRESS_LENGTH;
        MadeOf("0123456789-") => ADDRESS_FORMAT;
    }
    AddressCountryCode "AddressCountryCode", missing ADDRESS_MISSING, undecodable ADDRESS_CHARACTERS {
        CharactersMax(2) => ADDRESS_LENGTH;
        CountryCode => ADDRESS_FORMAT;
    }
    AddressPhoneNumber "AddressPhoneNumber", missing ADDRESS_MISSING, undecodable ADDRESS_CHARACTERS {
        CharactersMax(20) => ADDRESS_LENGTH;
        MadeOf("0123456789-+() ") => ADDRESS_FORMAT;
    }
    Token "Token", missing TOKEN_INVALID, undecodable TOKEN_INVALID {
        All(&[CharactersMax(256), MadeOf(start::TOKEN_CHARACTERS)]) => TOKEN_INVALID;
    }
    User "User" {
    }
    Version "Version", undecodable VERSION_LENGTH {
        CharactersMax(3) => VERSION_LENGTH;
    }
}

impl Field {
    /// The name in `style`.
    pub fn name(self, style: Style) -> Cow<'static, str> {
        match style {
            Style::IdPass => Cow::Borrowed(self.rule().name),
            Style::Json => Cow::Owned(json_name(self.rule().name)),
        }
    }
}

/// A parameter's name in `.json`: the first letter lowered, the rest as it is (psp-protocol 2.2).
pub(super) fn json_name(name: &str) -> String {
    let mut json = name.to_owned();
    if let Some(first) = json.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    json
}
