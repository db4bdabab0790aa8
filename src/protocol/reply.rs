//! What the gateway answers: each call's fields in their order, written in either style.

use serde_json::{Map, Value, json};

use super::PAY_TYPE;
use super::call::Style;
use super::encoding::ResponseEncoding;
use super::error::ErrInfo;
use super::field::json_name;
use crate::domain::{AccessId, ChargePermissionId, JobCd, Millis, OrderId, ShopId, Status, Yen};

/// The `Content-Type` of an `.idPass` answer (psp-protocol 2.3).
pub const CONTENT_TYPE_ID_PASS: &str = "text/plain;charset=Windows-31J";
/// The `Content-Type` of a `.json` answer (psp-protocol 2.4).
pub const CONTENT_TYPE_JSON: &str = "application/json;charset=UTF-8";

impl Style {
    /// The `Content-Type` of its answers.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::IdPass => CONTENT_TYPE_ID_PASS,
            Self::Json => CONTENT_TYPE_JSON,
        }
    }
}

/// One field of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyField {
    /// Its `.idPass` name.
    pub name: &'static str,
    /// Its value; it may be blank.
    pub value: String,
    /// Whether the value is ASCII that goes out as it is: `Token` and `StartURL` (psp-protocol 13.10). Such a value
    /// must not contain `&`.
    pub verbatim: bool,
}

/// A call's answer when all went well.
pub trait Reply {
    /// Its fields, in the order of the wire.
    fn fields(&self) -> Vec<ReplyField>;

    /// Its body. `encoding` is the shop's setting and concerns `.idPass` only.
    fn encode(&self, style: Style, encoding: ResponseEncoding) -> Vec<u8> {
        match style {
            Style::IdPass => id_pass_line(self.fields(), encoding),
            Style::Json => {
                let members = self.fields().into_iter().map(|field| (json_name(field.name), Value::from(field.value)));
                Value::Object(members.collect::<Map<_, _>>()).to_string().into_bytes()
            }
        }
    }
}

/// The body that reports `errors`, of which there is at least one (psp-protocol 2.3 and 2.4): every code and, in the
/// same place of the second list, its detail.
pub fn errors(errors: &[ErrInfo], style: Style) -> Vec<u8> {
    match style {
        Style::IdPass => {
            let codes: Vec<&str> = errors.iter().map(|error| error.err_code()).collect();
            let details: Vec<&str> = errors.iter().map(|error| error.as_str()).collect();
            format!("ErrCode={}&ErrInfo={}", codes.join("|"), details.join("|")).into_bytes()
        }
        Style::Json => {
            let object = |error: &ErrInfo| json!({"errCode": error.err_code(), "errInfo": error.as_str()});
            Value::Array(errors.iter().map(object).collect()).to_string().into_bytes()
        }
    }
}

pub(super) fn id_pass_line(fields: Vec<ReplyField>, encoding: ResponseEncoding) -> Vec<u8> {
    let mut line = Vec::new();
    for field in fields {
        if !line.is_empty() {
            line.push(b'&');
        }
        line.extend(field.name.as_bytes());
        line.push(b'=');
        if field.verbatim {
            line.extend(field.value.as_bytes());
        } else {
            encoding.write(&field.value, &mut line);
        }
    }
    line
}

pub(super) fn field(name: &'static str, value: &(impl ToString + ?Sized)) -> ReplyField {
    ReplyField { name, value: value.to_string(), verbatim: false }
}

fn verbatim(name: &'static str, value: &str) -> ReplyField {
    ReplyField { name, value: value.to_owned(), verbatim: true }
}

/// A value, or a blank in its place.
pub(super) fn or_blank<T: ToString>(value: Option<&T>) -> String {
    value.map(T::to_string).unwrap_or_default()
}

/// Answer of `EntryTranAmazonpay`.
#[derive(Clone)]
pub struct EntryTranReply {
    /// The transaction's id.
    pub access_id: AccessId,
    /// Its password, in clear.
    pub access_pass: String,
}

impl Reply for EntryTranReply {
    fn fields(&self) -> Vec<ReplyField> {
        vec![field("AccessID", &self.access_id), field("AccessPass", &self.access_pass)]
    }
}

/// Answer of `ExecTranAmazonpay` that sends the buyer to Amazon.
#[derive(Clone)]
pub struct RedirectReply {
    /// The transaction's id.
    pub access_id: AccessId,
    /// The proof that the browser has to bring ([`new_token`](super::new_token)).
    pub token: String,
    /// Where the browser posts both. It has no query.
    pub start_url: String,
    /// Until when.
    pub start_limit: Millis,
}

impl Reply for RedirectReply {
    fn fields(&self) -> Vec<ReplyField> {
        vec![
            field("AccessID", &self.access_id),
            verbatim("Token", &self.token),
            verbatim("StartURL", &self.start_url),
            field("StartLimitDate", &self.start_limit.jst()),
        ]
    }
}

/// Answer of `ExecTranAmazonpay` that already knows the result.
#[derive(Debug, Clone)]
pub struct ImmediateReply {
    /// The shop.
    pub shop_id: ShopId,
    /// The order.
    pub order_id: OrderId,
    /// `AUTH`, `CAPTURE`, `REGISTER`; or `AUTHPROCESS` while Amazon has not decided.
    pub status: Status,
    /// When.
    pub tran_date: Millis,
    /// Left out while there is none.
    pub charge_permission_id: Option<ChargePermissionId>,
    /// See [`check_string`](crate::domain::check_string()).
    pub check_string: String,
}

impl Reply for ImmediateReply {
    fn fields(&self) -> Vec<ReplyField> {
        let mut fields = vec![
            field("ShopID", &self.shop_id),
            field("OrderID", &self.order_id),
            field("Status", &self.status),
            field("TranDate", &self.tran_date.jst()),
        ];
        fields.extend(self.charge_permission_id.as_ref().map(|id| field("AmazonChargePermissionID", id)));
        fields.push(field("CheckString", &self.check_string));
        fields
    }
}

/// Answer of `AmazonpaySales` and `AmazonpayChange`.
#[derive(Debug, Clone)]
pub struct AmountReply {
    /// The order.
    pub order_id: OrderId,
    /// The status after the call.
    pub status: Status,
    /// The price after the call.
    pub amount: Yen,
    /// Tax and postage after the call.
    pub tax: Yen,
}

impl Reply for AmountReply {
    fn fields(&self) -> Vec<ReplyField> {
        vec![
            field("OrderID", &self.order_id),
            field("Status", &self.status),
            field("Amount", &self.amount),
            field("Tax", &self.tax),
        ]
    }
}

/// Answer of `AmazonpayCancel`.
#[derive(Debug, Clone)]
pub struct CancelReply {
    /// The order.
    pub order_id: OrderId,
    /// The status after the call.
    pub status: Status,
    /// What is left of the price.
    pub amount: Yen,
    /// What is left of tax and postage.
    pub tax: Yen,
    /// What was cancelled of the price.
    pub cancel_amount: Yen,
    /// What was cancelled of tax and postage.
    pub cancel_tax: Yen,
}

impl Reply for CancelReply {
    fn fields(&self) -> Vec<ReplyField> {
        vec![
            field("OrderID", &self.order_id),
            field("Status", &self.status),
            field("Amount", &self.amount),
            field("Tax", &self.tax),
            field("CancelAmount", &self.cancel_amount),
            field("CancelTax", &self.cancel_tax),
        ]
    }
}

/// Answer of `SearchChargePermissionAmazonpay`. Status and reason are in Amazon's words.
#[derive(Debug, Clone)]
pub struct ChargePermissionReply {
    /// The permission.
    pub charge_permission_id: ChargePermissionId,
    /// `Chargeable`, `NonChargeable` or `Closed`.
    pub status: String,
    /// Why it is not chargeable; blank if it is.
    pub reason_code: String,
    /// The most it allows, a month for a recurring one; blank if Amazon does not say.
    pub amount_limit: Option<Yen>,
    /// What is left of that.
    pub amount_balance: Option<Yen>,
}

impl Reply for ChargePermissionReply {
    fn fields(&self) -> Vec<ReplyField> {
        vec![
            field("AmazonChargePermissionID", &self.charge_permission_id),
            field("Status", &self.status),
            field("ReasonCode", &self.reason_code),
            field("AmountLimit", &or_blank(self.amount_limit.as_ref())),
            field("AmountBalance", &or_blank(self.amount_balance.as_ref())),
        ]
    }
}

/// Answer of `CloseChargePermissionAmazonpay`; its status is always `END` (psp-protocol 13.4).
#[derive(Debug, Clone)]
pub struct ClosedReply {
    /// The permission.
    pub charge_permission_id: ChargePermissionId,
}

impl Reply for ClosedReply {
    fn fields(&self) -> Vec<ReplyField> {
        vec![field("AmazonChargePermissionID", &self.charge_permission_id), field("Status", &Status::End)]
    }
}

/// Answer of `SearchTradeMulti`.
#[derive(Clone)]
pub struct TradeReply {
    /// Where the transaction stands.
    pub status: Status,
    /// When it last changed.
    pub process_date: Millis,
    /// What was ordered at `EntryTran`.
    pub job: JobCd,
    /// The transaction's id.
    pub access_id: AccessId,
    /// Its password, in clear.
    pub access_pass: String,
    /// The price now.
    pub amount: Yen,
    /// Tax and postage now.
    pub tax: Yen,
    /// The shop's own notes.
    pub client_fields: [Option<String>; 3],
    /// What was cancelled or refunded of the price, if anything.
    pub cancel_amount: Option<Yen>,
    /// What was cancelled or refunded of tax and postage, if anything.
    pub cancel_tax: Option<Yen>,
    /// The permission at Amazon, once there is one.
    pub charge_permission_id: Option<ChargePermissionId>,
}

impl Reply for TradeReply {
    fn fields(&self) -> Vec<ReplyField> {
        let [note1, note2, note3] = &self.client_fields;
        vec![
            field("Status", &self.status),
            field("ProcessDate", &self.process_date.jst()),
            field("JobCd", &self.job),
            field("AccessID", &self.access_id),
            field("AccessPass", &self.access_pass),
            field("Amount", &self.amount),
            field("Tax", &self.tax),
            field("ClientField1", &or_blank(note1.as_ref())),
            field("ClientField2", &or_blank(note2.as_ref())),
            field("ClientField3", &or_blank(note3.as_ref())),
            field("PayType", PAY_TYPE),
            // The first generation's; clients of this protocol expect the names.
            field("AmazonOrderReferenceID", ""),
            field("AmazonPayCancelAmount", &or_blank(self.cancel_amount.as_ref())),
            field("AmazonPayCancelTax", &or_blank(self.cancel_tax.as_ref())),
            field("AmazonBillingAgreementID", ""),
            field("AmazonChargePermissionID", &or_blank(self.charge_permission_id.as_ref())),
        ]
    }
}
