//! The bodies about charge permissions: Close and Update Charge Permission.

use super::fields::{Fields, missing};
use super::session_request::{merchant_metadata, recurring_metadata};
use crate::sandbox::error::ApiError;
use crate::sandbox::ledger::{Currency, PermissionChanges};

/// Reads the body of Close Charge Permission: whether pending charges are cancelled, too. The reason is for people.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing.
pub fn close(body: &[u8], currency: Currency) -> Result<bool, ApiError> {
    let mut fields = Fields::of_body(body, currency)?;
    fields.text("closureReason", 255)?.ok_or_else(|| missing("closureReason"))?;
    let cancel_pending_charges = fields.flag("cancelPendingCharges")?.unwrap_or(false);
    fields.done()?;
    Ok(cancel_pending_charges)
}

/// Reads the body of Update Charge Permission.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong or unknown.
pub fn update(body: &[u8], currency: Currency) -> Result<PermissionChanges, ApiError> {
    let mut fields = Fields::of_body(body, currency)?;
    let changes =
        PermissionChanges { merchant: merchant_metadata(&mut fields)?, recurring: recurring_metadata(&mut fields)? };
    fields.done()?;
    Ok(changes)
}
