//! What every reading shares: errors in the contract's words, and rows that can be read beside some that cannot.

use crate::store::StoreError;

/// The database's error in the contract's words.
pub(super) fn failed(error: &sqlx::Error) -> StoreError {
    StoreError(error.to_string())
}

/// The rows that can be read. One that cannot is a defect, or was written by a newer version; it is logged, and must not
/// keep the others from being worked on.
pub(super) fn readable<T>(rows: impl Iterator<Item = Result<T, StoreError>>) -> Vec<T> {
    rows.filter_map(|row| row.inspect_err(|error| tracing::error!(%error, "a row is passed over")).ok()).collect()
}
