//! The calls as typed requests, and their readers; `ExecTran` and `AmazonpayStart` have files of their own.
//!
//! A reader decides nothing about a parameter: the table of [`Call`] and [`Field`] does, and tells every fault at once.
//! Here what passed it becomes a type.

use super::call::Call;
use super::decode::RawRequest;
use super::encoding::RequestEncoding;
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
    Checked::new(Call::EntryTran, raw, encoding).read(|checked| {
        Some(EntryTran {
            order_id: checked.id(Field::OrderId)?,
            job: checked.text(Field::JobCd).and_then(JobCd::parse)?,
            amount: checked.yen(Field::Amount)?,
            tax: checked.yen(Field::Tax)?,
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
    Checked::new(call, raw, encoding).read(|checked| {
        Some(AmountRequest {
            order_id: checked.id(Field::OrderId)?,
            amount: checked.yen(Field::Amount)?,
            tax: checked.yen(Field::Tax)?,
        })
    })
}

/// Reads [`Cancel`].
pub fn read_cancel(raw: &RawRequest, encoding: RequestEncoding) -> Reading<Cancel> {
    Checked::new(Call::Cancel, raw, encoding).read(|checked| {
        Some(Cancel {
            order_id: checked.id(Field::OrderId)?,
            cancel_amount: checked.yen(Field::CancelAmount)?,
            cancel_tax: checked.yen(Field::CancelTax)?,
        })
    })
}

/// Reads [`SearchAddress`]: exactly one key is allowed.
pub fn read_search_address(raw: &RawRequest, encoding: RequestEncoding) -> Reading<SearchAddress> {
    Checked::new(Call::SearchAddress, raw, encoding).read(|checked| {
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
