//! The bodies about charges: Complete and Finalize Checkout Session, Create Charge, Capture Charge, Cancel Charge,
//! Create Refund.

use super::fields::{Fields, missing};
use super::session_request::{TEXT_CHARS_MAX, merchant_metadata, provider_reference_id};
use crate::sandbox::error::{ApiError, ReasonCode};
use crate::sandbox::ledger::{
    Amount, Channel, ChargeInitiator, ChargeRequest, CompletionRequest, Currency, FinalizeRequest, PaymentIntent,
    RefundRequest, SpokenAddress,
};

const ADDRESS_FIELDS: [&str; 11] = [
    "name",
    "addressLine1",
    "addressLine2",
    "addressLine3",
    "city",
    "county",
    "district",
    "stateOrRegion",
    "postalCode",
    "countryCode",
    "phoneNumber",
];

/// Reads the body of Complete Checkout Session.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong or unknown.
pub fn complete(body: &[u8], currency: Currency) -> Result<CompletionRequest, ApiError> {
    let mut fields = Fields::of_body(body, currency)?;
    let request = CompletionRequest {
        charge_amount: fields.final_price("chargeAmount")?,
        total_order_amount: fields.final_price("totalOrderAmount")?,
    };
    fields.done()?;
    Ok(request)
}

/// Reads the body of Finalize Checkout Session.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing.
pub fn finalize(body: &[u8], currency: Currency) -> Result<FinalizeRequest, ApiError> {
    let mut fields = Fields::of_body(body, currency)?;
    let intent = fields.word("paymentIntent", PaymentIntent::parse, PaymentIntent::SPELLED)?;
    let request = FinalizeRequest {
        payment_intent: intent.ok_or_else(|| missing("paymentIntent"))?,
        charge_amount: fields.final_price("chargeAmount")?,
        total_order_amount: fields.final_price("totalOrderAmount")?,
        can_handle_pending_authorization: fields.flag("canHandlePendingAuthorization")?.unwrap_or(false),
        shipping_address: address(&mut fields, "shippingAddress")?,
        billing_address: address(&mut fields, "billingAddress")?,
    };
    fields.text("supplementaryData", 4096)?;
    fields.done()?;
    Ok(request)
}

/// An address as the API itself writes it; what is null is as if absent.
fn address(fields: &mut Fields, name: &str) -> Result<Option<SpokenAddress>, ApiError> {
    let Some(mut object) = fields.object(name)? else { return Ok(None) };
    let mut spoken = SpokenAddress::new();
    for field in ADDRESS_FIELDS {
        if let Some(text) = object.text(field, TEXT_CHARS_MAX)? {
            spoken.insert(field.to_owned(), text);
        }
    }
    object.done()?;
    Ok(Some(spoken))
}

/// Reads the body of Create Charge.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing; `InvalidParameterCombination` where `captureNow`
/// meets what it excludes, or a `softDescriptor` comes without it.
pub fn create(body: &[u8], currency: Currency) -> Result<ChargeRequest, ApiError> {
    let mut fields = Fields::of_body(body, currency)?;
    let permission_id = fields.text("chargePermissionId", TEXT_CHARS_MAX)?;
    let request = ChargeRequest {
        permission_id: permission_id.ok_or_else(|| missing("chargePermissionId"))?,
        amount: fields.transaction_price("chargeAmount")?,
        capture_now: fields.flag("captureNow")?.unwrap_or(false),
        can_handle_pending_authorization: fields.flag("canHandlePendingAuthorization")?.unwrap_or(false),
        soft_descriptor: fields.text("softDescriptor", 16)?,
        merchant: merchant_metadata(&mut fields)?,
        provider_reference_id: provider_reference_id(&mut fields)?,
        platform_id: fields.text("platformId", TEXT_CHARS_MAX)?,
        initiator: fields.word("chargeInitiator", ChargeInitiator::parse, ChargeInitiator::SPELLED)?,
        channel: fields.word("channel", Channel::parse, Channel::SPELLED)?,
        checkout_result_return_url: match fields.object("webCheckoutDetails")? {
            None => None,
            Some(mut web) => {
                let url = web.url("checkoutResultReturnUrl")?;
                web.done()?;
                url
            }
        },
    };
    fields.done()?;
    let contradictions = [
        (
            request.capture_now && request.can_handle_pending_authorization,
            "captureNow true does not go with canHandlePendingAuthorization true",
        ),
        (request.soft_descriptor.is_some() && !request.capture_now, "softDescriptor goes only with captureNow true"),
    ];
    match contradictions.into_iter().find(|(made, _)| *made) {
        Some((_, why)) => Err(ApiError::new(ReasonCode::InvalidParameterCombination, why)),
        None => Ok(request),
    }
}

/// Reads the body of Capture Charge: the amount, and what the bank statement shall say.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing.
pub fn capture(body: &[u8], currency: Currency) -> Result<(Amount, Option<String>), ApiError> {
    let mut fields = Fields::of_body(body, currency)?;
    let amount = fields.transaction_price("captureAmount")?;
    let soft_descriptor = fields.text("softDescriptor", 16)?;
    fields.done()?;
    Ok((amount, soft_descriptor))
}

/// Reads the body of Create Refund.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing.
pub fn refund(body: &[u8], currency: Currency) -> Result<RefundRequest, ApiError> {
    let mut fields = Fields::of_body(body, currency)?;
    let request = RefundRequest {
        charge_id: fields.text("chargeId", TEXT_CHARS_MAX)?.ok_or_else(|| missing("chargeId"))?,
        amount: fields.transaction_price("refundAmount")?,
        soft_descriptor: fields.text("softDescriptor", 16)?,
    };
    fields.done()?;
    Ok(request)
}

/// Checks the body of Cancel Charge: a reason, which only people read.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing.
pub fn cancel(body: &[u8], currency: Currency) -> Result<(), ApiError> {
    let mut fields = Fields::of_body(body, currency)?;
    fields.text("cancellationReason", 255)?.ok_or_else(|| missing("cancellationReason"))?;
    fields.done()
}
