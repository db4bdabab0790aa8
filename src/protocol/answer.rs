//! The shapes of the calls' answers, and the codes that each call may answer instead, as data for whoever documents them.
//!
//! The answers themselves are written by [`reply`](super::reply); a test holds the two together.

use std::collections::BTreeSet;

use super::address::{BILLING, SHIPPING};
use super::call::{Call, Need, Style};
use super::codes;
use super::error::ErrInfo;
use super::field::Field;

/// One shape of a call's answer when all went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerShape {
    /// What it is called where a call has several.
    pub name: &'static str,
    /// Its fields, in the order of the wire.
    pub fields: Vec<AnswerField>,
}

/// One field of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerField {
    /// Its `.idPass` name.
    pub name: &'static str,
    /// Whether it is always there, if only blank.
    pub always: bool,
}

const ENTRY_TRAN: &[&str] = &["AccessID", "AccessPass"];
const REDIRECT: &[&str] = &["AccessID", "Token", "StartURL", "StartLimitDate"];
const IMMEDIATE: &[&str] = &["ShopID", "OrderID", "Status", "TranDate", "AmazonChargePermissionID", "CheckString"];
const AMOUNT: &[&str] = &["OrderID", "Status", "Amount", "Tax"];
const CANCEL: &[&str] = &["OrderID", "Status", "Amount", "Tax", "CancelAmount", "CancelTax"];
const CHARGE_PERMISSION: &[&str] =
    &["AmazonChargePermissionID", "Status", "ReasonCode", "AmountLimit", "AmountBalance"];
const CLOSED: &[&str] = &["AmazonChargePermissionID", "Status"];
const TRADE: &[&str] = &[
    "Status",
    "ProcessDate",
    "JobCd",
    "AccessID",
    "AccessPass",
    "Amount",
    "Tax",
    "ClientField1",
    "ClientField2",
    "ClientField3",
    "PayType",
    "AmazonOrderReferenceID",
    "AmazonPayCancelAmount",
    "AmazonPayCancelTax",
    "AmazonBillingAgreementID",
    "AmazonChargePermissionID",
];
const BUYER: [&str; 4] = ["AmazonBuyerID", "AmazonAccountName", "AmazonMailAddress", "AmazonPhoneNumber"];

impl Call {
    /// The shapes of its answer; none for `AmazonpayStart`, which answers a browser.
    pub fn answers(self) -> Vec<AnswerShape> {
        match self {
            Self::EntryTran => vec![shape("Entered", ENTRY_TRAN)],
            Self::ExecTran => vec![shape("Redirect", REDIRECT), immediate()],
            Self::Start => Vec::new(),
            Self::Sales => vec![shape("Sold", AMOUNT)],
            Self::Change => vec![shape("Changed", AMOUNT)],
            Self::Cancel => vec![shape("Cancelled", CANCEL)],
            Self::SearchAddress => vec![address()],
            Self::SearchChargePermission => vec![shape("ChargePermission", CHARGE_PERMISSION)],
            Self::CloseChargePermission => vec![shape("Closed", CLOSED)],
            Self::SearchTradeMulti => vec![shape("Trade", TRADE)],
        }
    }

    /// Every code that it may answer, each once: those of its parameters in their order, then those of who asks and what
    /// exists, then those of the transaction, then Amazon's and the gateway's own. `AmazonpayStart` shows its codes to a
    /// browser, or posts them to `RetURL`. The tests hold every answer of every call against this list.
    pub fn errors(self) -> Vec<ErrInfo> {
        let mut errors = self.parameter_errors();
        let further = self.who_and_what().iter().chain(self.of_the_transaction()).chain(self.of_amazon());
        for code in further.chain(self.always()) {
            if !errors.contains(code) {
                errors.push(*code);
            }
        }
        errors
    }

    /// Those of them that its parameters alone can cause, in the order in which they are reported.
    pub fn parameter_errors(self) -> Vec<ErrInfo> {
        let mut errors = Vec::new();
        let clashes = |at: Option<Field>| self.clashes().iter().filter(move |clash| clash.at == at);
        for (field, need) in self.fields() {
            let rule = field.rule();
            let missing = if *need == Need::Optional { None } else { rule.missing };
            let checks = rule.checks.iter().map(|check| check.otherwise);
            let clashes = clashes(Some(*field)).map(|clash| clash.otherwise);
            errors.extend(missing.into_iter().chain(checks).chain(rule.undecodable).chain(clashes));
        }
        errors.extend(clashes(None).map(|clash| clash.otherwise));
        let mut seen = BTreeSet::new();
        errors.retain(|code| seen.insert(*code));
        errors
    }

    const fn who_and_what(self) -> &'static [ErrInfo] {
        match self {
            Self::Start => &[],
            Self::EntryTran => &[SHOP[0], SHOP[1], SHOP[2], codes::ORDER_ID_USED],
            Self::SearchAddress | Self::SearchTradeMulti => &[SHOP[0], SHOP[1], SHOP[2], codes::ORDER_UNKNOWN],
            Self::SearchChargePermission | Self::CloseChargePermission => {
                &[SHOP[0], SHOP[1], SHOP[2], codes::PERMISSION_UNKNOWN]
            }
            Self::ExecTran | Self::Sales | Self::Cancel | Self::Change => &[
                SHOP[0],
                SHOP[1],
                SHOP[2],
                codes::TRANSACTION_UNKNOWN,
                codes::TRANSACTION_OF_ANOTHER_SHOP,
                codes::ORDER_UNKNOWN,
                codes::STILL_PROCESSING,
            ],
        }
    }

    const fn of_the_transaction(self) -> &'static [ErrInfo] {
        match self {
            Self::ExecTran => &[codes::ALREADY_REQUESTED, codes::AMOUNT_RANGE, codes::PERMISSION_UNKNOWN],
            Self::Start => &[codes::DEADLINE_PASSED],
            Self::Sales => {
                &[codes::STATUS_FORBIDS, codes::TOTAL_EXCEEDS, codes::TOTAL_DIFFERS, codes::AUTHORISATION_EXPIRED]
            }
            Self::Cancel => &[codes::STATUS_FORBIDS, codes::CANCEL_AMOUNT_DIFFERS, codes::CANCEL_AMOUNT_EXCEEDS],
            Self::Change => {
                &[codes::STATUS_FORBIDS, codes::TOTAL_EXCEEDS, codes::AUTHORISATION_EXPIRED, codes::PERMISSION_UNKNOWN]
            }
            Self::SearchAddress => &[codes::STATUS_FORBIDS],
            Self::CloseChargePermission => &[codes::STILL_PROCESSING],
            Self::EntryTran | Self::SearchChargePermission | Self::SearchTradeMulti => &[],
        }
    }

    /// What each of Amazon's operations behind a call can come to (amazon-pay 2.5 and 2.8).
    const fn of_amazon(self) -> &'static [ErrInfo] {
        match self {
            Self::EntryTran | Self::SearchTradeMulti => &[],
            Self::SearchAddress => &[codes::SESSION_INVALID, codes::AMAZON_OTHER, codes::AMAZON_UNREACHABLE],
            Self::SearchChargePermission => &[codes::AMAZON_OTHER, codes::AMAZON_UNREACHABLE],
            Self::CloseChargePermission => &[
                codes::PERMISSION_NOT_CHARGEABLE,
                codes::PERMISSION_CLOSED,
                codes::AMAZON_OTHER,
                codes::AMAZON_UNREACHABLE,
            ],
            Self::ExecTran => EXEC_TRAN,
            Self::Start => LATE_FACTOR,
            Self::Sales => SALES,
            Self::Cancel => CANCEL_OR_REFUND,
            Self::Change => CHANGE,
        }
    }

    /// What any request of the call may be answered, whatever it says.
    const fn always(self) -> &'static [ErrInfo] {
        match self {
            Self::Start => {
                &[codes::GET_NEEDS_POST, codes::CONTENT_TYPE, codes::BODY_MALFORMED, codes::DATABASE, codes::UNEXPECTED]
            }
            _ => &[
                codes::METHOD_NOT_POST,
                codes::CONTENT_TYPE,
                codes::BODY_MALFORMED,
                codes::DATABASE,
                codes::UNEXPECTED,
            ],
        }
    }
}

/// The codes that a payment's end may carry to `RetURL` after the buyer was at Amazon (psp-protocol 7).
pub const RESULT_ERRORS: &[ErrInfo] = &[
    codes::DEADLINE_PASSED,
    codes::BUYER_CANCELLED,
    codes::AMAZON_REJECTED,
    codes::SOFT_DECLINED,
    codes::HARD_DECLINED,
    codes::PROCESSING_FAILURE,
    codes::TRANSACTION_TIMED_OUT,
    codes::SESSION_INVALID,
    codes::AMOUNT_ABOVE_LIMIT,
    codes::MFA_NOT_COMPLETED,
    codes::SESSION_DIFFERS,
    codes::AMAZON_OTHER,
];

const SHOP: [ErrInfo; 3] = [codes::SHOP_UNKNOWN, codes::METHOD_SUSPENDED, codes::METHOD_NOT_CONTRACTED];

/// Finalize, Update Checkout Session and Create Charge.
const EXEC_TRAN: &[ErrInfo] = &[
    codes::BUYER_CANCELLED,
    codes::AMAZON_REJECTED,
    codes::SOFT_DECLINED,
    codes::HARD_DECLINED,
    codes::PROCESSING_FAILURE,
    codes::TRANSACTION_TIMED_OUT,
    codes::SESSION_INVALID,
    codes::PERMISSION_NOT_CHARGEABLE,
    codes::PERMISSION_CLOSED,
    codes::AMOUNT_ABOVE_LIMIT,
    codes::MFA_NOT_COMPLETED,
    codes::SESSION_DIFFERS,
    codes::COUNT_ABOVE_LIMIT,
    codes::AMAZON_OTHER,
    codes::AMAZON_UNREACHABLE,
];

/// A charge that waited for a second factor, and is decided when its buyer sets out too late.
const LATE_FACTOR: &[ErrInfo] = &[
    codes::BUYER_CANCELLED,
    codes::AMAZON_REJECTED,
    codes::SOFT_DECLINED,
    codes::HARD_DECLINED,
    codes::PROCESSING_FAILURE,
    codes::TRANSACTION_TIMED_OUT,
    codes::MFA_NOT_COMPLETED,
];

/// Capture Charge; and Create Charge, where a lapsed authorisation is renewed.
const SALES: &[ErrInfo] = &[
    codes::BUYER_CANCELLED,
    codes::AMAZON_REJECTED,
    codes::SOFT_DECLINED,
    codes::HARD_DECLINED,
    codes::PROCESSING_FAILURE,
    codes::TRANSACTION_TIMED_OUT,
    codes::PERMISSION_NOT_CHARGEABLE,
    codes::AMOUNT_ABOVE_LIMIT,
    codes::MFA_NOT_COMPLETED,
    codes::COUNT_ABOVE_LIMIT,
    codes::AMAZON_OTHER,
    codes::AMAZON_UNREACHABLE,
];

/// Cancel Charge, of a charge that Amazon may have declined meanwhile, and Create Refund.
const CANCEL_OR_REFUND: &[ErrInfo] = &[
    codes::AMAZON_REJECTED,
    codes::SOFT_DECLINED,
    codes::HARD_DECLINED,
    codes::PROCESSING_FAILURE,
    codes::TRANSACTION_TIMED_OUT,
    codes::PERMISSION_NOT_CHARGEABLE,
    codes::AMOUNT_ABOVE_LIMIT,
    codes::REFUND_REJECTED,
    codes::COUNT_ABOVE_LIMIT,
    codes::AMAZON_OTHER,
    codes::AMAZON_UNREACHABLE,
];

/// Create Charge and Create Refund.
const CHANGE: &[ErrInfo] = &[
    codes::BUYER_CANCELLED,
    codes::AMAZON_REJECTED,
    codes::SOFT_DECLINED,
    codes::HARD_DECLINED,
    codes::PROCESSING_FAILURE,
    codes::TRANSACTION_TIMED_OUT,
    codes::PERMISSION_NOT_CHARGEABLE,
    codes::PERMISSION_CLOSED,
    codes::AMOUNT_ABOVE_LIMIT,
    codes::MFA_NOT_COMPLETED,
    codes::REFUND_REJECTED,
    codes::COUNT_ABOVE_LIMIT,
    codes::AMAZON_OTHER,
    codes::AMAZON_UNREACHABLE,
];

fn shape(name: &'static str, names: &[&'static str]) -> AnswerShape {
    AnswerShape { name, fields: names.iter().map(|name| AnswerField { name, always: true }).collect() }
}

/// A charge that Amazon has not decided on yet may be without its permission.
fn immediate() -> AnswerShape {
    let mut shape = shape("Immediate", IMMEDIATE);
    for field in &mut shape.fields {
        field.always = field.name != "AmazonChargePermissionID";
    }
    shape
}

fn address() -> AnswerShape {
    shape("Address", &[&SHIPPING[..], &BUYER, &BILLING, &["PaymentDescriptor"]].concat())
}

impl AnswerField {
    /// The name in `style`.
    pub fn name(self, style: Style) -> String {
        match style {
            Style::IdPass => self.name.to_owned(),
            Style::Json => super::field::json_name(self.name),
        }
    }
}
