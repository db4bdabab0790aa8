//! What the terms of a checkout session may say together (amazon-pay 2.3), whoever wrote them: a button's payload, Create
//! or Update Checkout Session.

use super::Ledger;
use super::session::{SessionRequest, Terms};
use super::words::{PaymentIntent, PermissionType, ProductType};
use crate::sandbox::error::{ApiError, ReasonCode};

/// Whether the terms fit together: the prices, what belongs to a stored payment method only, and what does not go with
/// several addresses.
///
/// # Errors
/// `InvalidParameterCombination`; `InvalidParameterValue`.
pub fn check_agreement(request: &SessionRequest) -> Result<(), ApiError> {
    check_price(&request.terms)?;
    check_descriptor(&request.terms)?;
    check_addresses(request)?;
    check_on_file(request)
}

/// The bank statement's words go with money that is taken at once (amazon-pay 2.2).
fn check_descriptor(terms: &Terms) -> Result<(), ApiError> {
    let payment = &terms.payment;
    let waits = payment.payment_intent.is_some_and(|intent| intent != PaymentIntent::AuthorizeWithCapture);
    if payment.soft_descriptor.is_none() || !waits {
        return Ok(());
    }
    Err(ApiError::new(
        ReasonCode::InvalidParameterCombination,
        "paymentDetails.softDescriptor goes only with paymentIntent AuthorizeWithCapture; name it when you capture",
    ))
}

/// An order to several addresses has a review page, for there the shop says what goes where; an address of the shop's own
/// is one address.
fn check_addresses(request: &SessionRequest) -> Result<(), ApiError> {
    let kind = request.product_type;
    let rules = [
        (
            kind.is_multi_address() && (request.terms.is_process_order() || request.on_page),
            "productType PayAndShipMultiAddress goes only with webCheckoutDetails.checkoutReviewReturnUrl and without \
             checkoutMode",
        ),
        (
            request.address_details.is_some() && kind != ProductType::PayAndShip,
            "addressDetails goes only with productType PayAndShip",
        ),
    ];
    match rules.into_iter().find(|(broken, _)| *broken) {
        Some((_, why)) => Err(ApiError::new(ReasonCode::InvalidParameterCombination, why)),
        None => Ok(()),
    }
}

/// totalOrderAmount is for orders charged in parts: it is never less than the part. Only a consent to later charges may
/// cost nothing now.
fn check_price(terms: &Terms) -> Result<(), ApiError> {
    let payment = &terms.payment;
    let only_consent = terms.permission_type() != PermissionType::OneTime
        && payment.payment_intent.is_none_or(|intent| intent == PaymentIntent::Confirm);
    match (payment.total_order_amount, payment.charge_amount) {
        (_, Some(amount)) if amount.is_zero() && !only_consent => Err(ApiError::new(
            ReasonCode::InvalidParameterValue,
            "paymentDetails.chargeAmount must be more than 0, unless paymentIntent is Confirm and the charge permission \
             is not a OneTime one",
        )),
        (Some(total), Some(charge)) if total < charge => Err(ApiError::new(
            ReasonCode::InvalidParameterCombination,
            "paymentDetails.totalOrderAmount must not be less than paymentDetails.chargeAmount",
        )),
        _ => Ok(()),
    }
}

/// Setting up a payment method, or changing a stored one, takes no money.
fn check_on_file(request: &SessionRequest) -> Result<(), ApiError> {
    let Terms { payment, .. } = &request.terms;
    let on_file = request.terms.permission_type() == PermissionType::PaymentMethodOnFile;
    let setup = request.setup_only == Some(true);
    let update = request.charge_permission_id.is_some();
    let takes_money = payment.payment_intent.is_some_and(|intent| intent != PaymentIntent::Confirm);
    let names_money = payment.charge_amount.is_some_and(|amount| !amount.is_zero());
    let rules = [
        (
            request.setup_only.is_some() && !on_file,
            "paymentMethodOnFileMetadata goes only with chargePermissionType PaymentMethodOnFile",
        ),
        (update && !on_file, "chargePermissionId goes only with chargePermissionType PaymentMethodOnFile"),
        (
            (setup || update) && takes_money,
            "setupOnly true, and chargePermissionId, go only with paymentDetails.paymentIntent Confirm",
        ),
        (
            (setup || update) && names_money,
            "setupOnly true, and chargePermissionId, exclude paymentDetails.chargeAmount",
        ),
        (
            update && payment.can_handle_pending_authorization == Some(true),
            "chargePermissionId goes only with paymentDetails.canHandlePendingAuthorization false",
        ),
    ];
    match rules.into_iter().find(|(broken, _)| *broken) {
        Some((_, why)) => Err(ApiError::new(ReasonCode::InvalidParameterCombination, why)),
        None => Ok(()),
    }
}

/// The one change of kind that an update may make: an order becomes a subscription.
///
/// # Errors
/// `InvalidParameterCombination`.
pub(super) fn check_upgrade(from: PermissionType, to: PermissionType) -> Result<(), ApiError> {
    if from == to || (from, to) == (PermissionType::OneTime, PermissionType::Recurring) {
        return Ok(());
    }
    let message = format!(
        "chargePermissionType cannot be changed from {} to {}; only a OneTime one can become Recurring",
        from.as_str(),
        to.as_str()
    );
    Err(ApiError::new(ReasonCode::InvalidParameterCombination, message))
}

impl Ledger {
    /// The permission whose payment method is to be changed must be the merchant's, for a stored method, and open.
    pub(super) fn check_stored(&self, merchant_id: &str, permission_id: Option<&str>) -> Result<(), ApiError> {
        let Some(id) = permission_id else { return Ok(()) };
        let permission = self.charge_permission_of(merchant_id, id)?;
        if permission.permission_type != PermissionType::PaymentMethodOnFile {
            let message = format!("ChargePermission {id} is not for a stored payment method");
            return Err(ApiError::new(ReasonCode::InvalidParameterCombination, message));
        }
        match permission.closed {
            None => Ok(()),
            Some(reason) => {
                let message = format!("ChargePermission {id} is Closed ({})", reason.as_str());
                Err(ApiError::new(ReasonCode::InvalidChargePermissionStatus, message))
            }
        }
    }
}
