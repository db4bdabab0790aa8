//! The smaller bodies: Complete Checkout Session, Capture Charge, Cancel Charge.

use super::fields::{Fields, missing};
use crate::sandbox::error::ApiError;
use crate::sandbox::ledger::{Amount, CompletionRequest};

/// Reads the body of Complete Checkout Session.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong or unknown.
pub fn complete(body: &[u8]) -> Result<CompletionRequest, ApiError> {
    let mut fields = Fields::of_body(body)?;
    let request = CompletionRequest {
        charge_amount: fields.price("chargeAmount")?,
        total_order_amount: fields.price("totalOrderAmount")?,
    };
    fields.done()?;
    Ok(request)
}

/// Reads the body of Capture Charge: the amount, and what the bank statement shall say.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing.
pub fn capture(body: &[u8]) -> Result<(Amount, Option<String>), ApiError> {
    let mut fields = Fields::of_body(body)?;
    let amount = fields.price("captureAmount")?.ok_or_else(|| missing("captureAmount"))?;
    let soft_descriptor = fields.text("softDescriptor", 16)?;
    fields.done()?;
    Ok((amount, soft_descriptor))
}

/// Checks the body of Cancel Charge: a reason, which only people read.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing.
pub fn cancel(body: &[u8]) -> Result<(), ApiError> {
    let mut fields = Fields::of_body(body)?;
    fields.text("cancellationReason", 255)?.ok_or_else(|| missing("cancellationReason"))?;
    fields.done()
}
