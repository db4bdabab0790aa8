//! The calls as typed requests, and their readers; `ExecTran` and `AmazonpayStart` have files of their own.
//!
//! A reader never fails: it tells every fault at once. Combinations are judged only between parameters that are sound
//! themselves.

use super::call::Call;
use super::codes;
use super::decode::RawRequest;
use super::encoding::RequestEncoding;
use super::error::ErrInfo;
use super::field::Field;
use super::reading::{Checked, Reading};
use crate::domain::{AmazonpayType, ChargePermissionId, CheckoutSessionId, JobCd, OrderId, PaymentType, Yen};

/// `EntryTranAmazonpay` (psp-protocol 5.1). `amount` and `tax` together are at most [`Yen::MAX`]; they are 0 only where
/// a consent can still come of it (13.16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryTran {
    /// The shop's number for the order, to be unique for ever.
    pub order_id: OrderId,
    /// Authorise, or capture at once.
    pub job: JobCd,
    /// The price.
    pub amount: Yen,
    /// Tax and postage, on top of `amount`.
    pub tax: Yen,
    /// The kind of contract.
    pub amazonpay_type: AmazonpayType,
    /// What the payment is, if the shop says so.
    pub payment_type: Option<PaymentType>,
}

/// `AmazonpaySales` and `AmazonpayChange` (psp-protocol 5.4 and 5.6): the total to capture, or the new one. Never 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmountRequest {
    /// The order that the transaction must have.
    pub order_id: OrderId,
    /// The price.
    pub amount: Yen,
    /// Tax and postage, on top of `amount`.
    pub tax: Yen,
}

/// `AmazonpayCancel` (psp-protocol 5.5): the total to cancel or to refund. Never 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancel {
    /// The order that the transaction must have.
    pub order_id: OrderId,
    /// The part of the price to give back.
    pub cancel_amount: Yen,
    /// The part of tax and postage to give back.
    pub cancel_tax: Yen,
}

/// `SearchAddressAmazonpay` (psp-protocol 5.7): whose address is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchAddress {
    /// That of a checkout session; no transaction need exist.
    Session(CheckoutSessionId),
    /// That of a transaction.
    Order(OrderId),
    /// That of a buyer who signed in. The token is visible ASCII, up to 2048 characters: escape it in a path.
    BuyerToken(String),
}

/// `SearchChargePermissionAmazonpay` and `CloseChargePermissionAmazonpay` (psp-protocol 5.8 and 5.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargePermissionRequest {
    /// The permission.
    pub charge_permission_id: ChargePermissionId,
}

/// `SearchTradeMulti` (psp-protocol 5.10). Its `PayType` is that of Amazon Pay, or it would not have been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchTradeMulti {
    /// The order.
    pub order_id: OrderId,
}

/// Reads [`EntryTran`].
pub fn read_entry_tran(raw: &RawRequest, encoding: RequestEncoding) -> Reading<EntryTran> {
    let mut checked = Checked::new(Call::EntryTran, raw, encoding);
    let payment_type = checked.text(Field::PaymentType).and_then(PaymentType::parse);
    let may_be_zero = matches!(payment_type, None | Some(PaymentType::Consent));
    match Total::of(&checked, Field::Amount, Field::Tax) {
        Total::Excess => checked.fault(Field::Amount, codes::AMOUNT_RANGE),
        Total::Zero if !may_be_zero => checked.fault(Field::Amount, codes::AMOUNT_RANGE),
        Total::Zero | Total::Fair => {}
    }
    checked.read(|checked| {
        Some(EntryTran {
            order_id: checked.id(Field::OrderId)?,
            job: checked.text(Field::JobCd).and_then(JobCd::parse)?,
            amount: checked.yen(Field::Amount)?,
            tax: checked.yen_or_zero(Field::Tax)?,
            amazonpay_type: checked.text(Field::AmazonpayType).and_then(AmazonpayType::parse)?,
            payment_type: checked.text(Field::PaymentType).and_then(PaymentType::parse),
        })
    })
}

/// Reads `AmazonpaySales`.
pub fn read_sales(raw: &RawRequest, encoding: RequestEncoding) -> Reading<AmountRequest> {
    read_amount(Call::Sales, raw, encoding)
}

/// Reads `AmazonpayChange`.
pub fn read_change(raw: &RawRequest, encoding: RequestEncoding) -> Reading<AmountRequest> {
    read_amount(Call::Change, raw, encoding)
}

fn read_amount(call: Call, raw: &RawRequest, encoding: RequestEncoding) -> Reading<AmountRequest> {
    let mut checked = Checked::new(call, raw, encoding);
    refuse_zero_and_excess(&mut checked, (Field::Amount, Field::Tax), codes::AMOUNT_RANGE, codes::AMOUNT_RANGE);
    checked.read(|checked| {
        Some(AmountRequest {
            order_id: checked.id(Field::OrderId)?,
            amount: checked.yen(Field::Amount)?,
            tax: checked.yen_or_zero(Field::Tax)?,
        })
    })
}

/// Reads [`Cancel`].
pub fn read_cancel(raw: &RawRequest, encoding: RequestEncoding) -> Reading<Cancel> {
    let mut checked = Checked::new(Call::Cancel, raw, encoding);
    let fields = (Field::CancelAmount, Field::CancelTax);
    refuse_zero_and_excess(&mut checked, fields, codes::CANCEL_AMOUNT_DIFFERS, codes::CANCEL_AMOUNT_EXCEEDS);
    checked.read(|checked| {
        Some(Cancel {
            order_id: checked.id(Field::OrderId)?,
            cancel_amount: checked.yen(Field::CancelAmount)?,
            cancel_tax: checked.yen_or_zero(Field::CancelTax)?,
        })
    })
}

/// Reads [`SearchAddress`]: exactly one key is allowed.
pub fn read_search_address(raw: &RawRequest, encoding: RequestEncoding) -> Reading<SearchAddress> {
    const KEYS: [Field; 3] = [Field::AmazonCheckoutSessionId, Field::OrderId, Field::AmazonBuyerToken];
    let mut checked = Checked::new(Call::SearchAddress, raw, encoding);
    match KEYS.into_iter().filter(|key| checked.given(*key)).count() {
        0 => checked.miss(Field::AmazonCheckoutSessionId),
        1 => {}
        _ => checked.fault(Field::AmazonBuyerToken, codes::COMBINATION),
    }
    checked.read(|checked| {
        let session = checked.id(Field::AmazonCheckoutSessionId).map(SearchAddress::Session);
        let order = || checked.id(Field::OrderId).map(SearchAddress::Order);
        let buyer = || checked.owned(Field::AmazonBuyerToken).map(SearchAddress::BuyerToken);
        session.or_else(order).or_else(buyer)
    })
}

/// Reads `SearchChargePermissionAmazonpay`.
pub fn read_search_charge_permission(raw: &RawRequest, encoding: RequestEncoding) -> Reading<ChargePermissionRequest> {
    read_charge_permission(Call::SearchChargePermission, raw, encoding)
}

/// Reads `CloseChargePermissionAmazonpay`.
pub fn read_close_charge_permission(raw: &RawRequest, encoding: RequestEncoding) -> Reading<ChargePermissionRequest> {
    read_charge_permission(Call::CloseChargePermission, raw, encoding)
}

fn read_charge_permission(call: Call, raw: &RawRequest, encoding: RequestEncoding) -> Reading<ChargePermissionRequest> {
    Checked::new(call, raw, encoding).read(|checked| {
        let charge_permission_id = checked.id(Field::AmazonChargePermissionId)?;
        Some(ChargePermissionRequest { charge_permission_id })
    })
}

/// Reads [`SearchTradeMulti`].
pub fn read_search_trade_multi(raw: &RawRequest, encoding: RequestEncoding) -> Reading<SearchTradeMulti> {
    Checked::new(Call::SearchTradeMulti, raw, encoding)
        .read(|checked| Some(SearchTradeMulti { order_id: checked.id(Field::OrderId)? }))
}

/// What can be said of the sum of two amounts.
enum Total {
    Zero,
    /// 1 to [`Yen::MAX`]; or one of the two has a fault of its own, so that nothing can be said.
    Fair,
    Excess,
}

impl Total {
    fn of(checked: &Checked, amount: Field, tax: Field) -> Self {
        match (checked.yen(amount), checked.yen_or_zero(tax)) {
            (Some(Yen::ZERO), Some(Yen::ZERO)) => Self::Zero,
            (Some(amount), Some(tax)) if amount.plus(tax).is_none() => Self::Excess,
            _ => Self::Fair,
        }
    }
}

fn refuse_zero_and_excess(checked: &mut Checked, (amount, tax): (Field, Field), zero: ErrInfo, excess: ErrInfo) {
    match Total::of(checked, amount, tax) {
        Total::Zero => checked.fault(amount, zero),
        Total::Excess => checked.fault(amount, excess),
        Total::Fair => {}
    }
}
