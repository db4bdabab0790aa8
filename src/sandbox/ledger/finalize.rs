//! Finalize Checkout Session: a checkout that ran inside the shop's page ends here instead of with Complete
//! (amazon-pay 2.3, 2.8). The script names no web addresses, so nobody is sent anywhere; in their place the merchant
//! repeats what the buyer agreed to, and all of it must be so.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::complete::Completed;
use super::session::Session;
use super::simulation::Simulation;
use super::words::PaymentIntent;
use super::{Amount, Choice, Ledger};
use crate::sandbox::buyers::Address;
use crate::sandbox::error::{ApiError, ReasonCode};

/// An address by Amazon's field names; what is null is not in it.
pub type SpokenAddress = BTreeMap<String, String>;

/// The body of Finalize.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinalizeRequest {
    /// Must be the session's.
    pub payment_intent: PaymentIntent,
    /// Must be the session's.
    pub charge_amount: Option<Amount>,
    /// Must be the session's, if it has one.
    pub total_order_amount: Option<Amount>,
    /// Must be the session's.
    pub can_handle_pending_authorization: bool,
    /// Must be the one chosen; needed where goods are sent.
    pub shipping_address: Option<SpokenAddress>,
    /// Must be the buyer's; needed where none are.
    pub billing_address: Option<SpokenAddress>,
}

impl Ledger {
    /// Finalizes a session of the on-page script whose buyer has paid.
    ///
    /// # Errors
    /// As [`Ledger::complete`], and for what is not as the session has it `PaymentIntentMismatch`,
    /// `ChargeAmountMismatch`, `TotalOrderAmountMismatch`, `CanHandlePendingAuthorizationMismatch`,
    /// `ShippingAddressMismatch` or `BillingAddressMismatch`, the first of them.
    pub fn finalize(
        &mut self,
        merchant_id: &str,
        id: &str,
        request: &FinalizeRequest,
        simulation: Option<Simulation>,
    ) -> Result<Completed, ApiError> {
        let (session, payment) = self.paid_session(merchant_id, id, true, simulation)?;
        check_terms(&session, request)?;
        check_addresses(&session, request)?;
        self.conclude(&session, payment, simulation)
    }
}

fn check_terms(session: &Session, request: &FinalizeRequest) -> Result<(), ApiError> {
    let payment = &session.request.terms.payment;
    let said = |amount: Option<Amount>| amount.filter(|amount| !amount.is_zero());
    let to_charge = session.to_charge();
    if to_charge.is_some() && request.charge_amount.is_none() {
        return Err(ApiError::new(ReasonCode::MissingParameterValue, "chargeAmount is missing"));
    }
    let agreements = [
        (
            payment.payment_intent == Some(request.payment_intent),
            ReasonCode::PaymentIntentMismatch,
            "paymentIntent is not the checkout session's",
        ),
        (
            to_charge == said(request.charge_amount),
            ReasonCode::ChargeAmountMismatch,
            "chargeAmount is not the checkout session's",
        ),
        (
            payment.total_order_amount == request.total_order_amount,
            ReasonCode::TotalOrderAmountMismatch,
            "totalOrderAmount is not the checkout session's",
        ),
        (
            payment.can_handle_pending_authorization.unwrap_or(false) == request.can_handle_pending_authorization,
            ReasonCode::CanHandlePendingAuthorizationMismatch,
            "canHandlePendingAuthorization is not the checkout session's",
        ),
    ];
    match agreements.into_iter().find(|(agree, ..)| !agree) {
        Some((_, code, why)) => Err(ApiError::new(code, why)),
        None => Ok(()),
    }
}

fn check_addresses(session: &Session, request: &FinalizeRequest) -> Result<(), ApiError> {
    let ships = session.request.product_type.ships();
    let chosen = session.choice().and_then(Choice::address).map(Arc::as_ref);
    let billing = session.party.as_ref().and_then(|party| party.buyer.addresses.first()).map(Arc::as_ref);
    let pairs = [
        ("shippingAddress", ships, chosen, &request.shipping_address, ReasonCode::ShippingAddressMismatch),
        ("billingAddress", !ships, billing, &request.billing_address, ReasonCode::BillingAddressMismatch),
    ];
    for (name, needed, held, asked, code) in pairs {
        match asked {
            None if needed => {
                return Err(ApiError::new(ReasonCode::MissingParameterValue, format!("{name} is missing")));
            }
            Some(asked) if held.map(spoken).as_ref() != Some(asked) => {
                return Err(ApiError::new(code, format!("{name} is not the checkout session's")));
            }
            _ => {}
        }
    }
    Ok(())
}

fn spoken(address: &Address) -> SpokenAddress {
    let said = address.fields().into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    said.collect()
}
