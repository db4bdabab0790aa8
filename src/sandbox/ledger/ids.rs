//! Identifiers in Amazon's shapes (amazon-pay 6), drawn at random.

use super::Currency;
use crate::domain::Rng;

/// A UUID version 4, lower case, with dashes.
pub(super) fn session_id(rng: &dyn Rng) -> String {
    let mut bytes = [0u8; 16];
    rng.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// `S03-ddddddd-ddddddd`: sandbox, Japan (`01` North America, `02` Europe). Subscriptions and saved wallets have `C` for
/// `S`.
pub(super) fn charge_permission_id(rng: &dyn Rng, currency: Currency, one_time: bool) -> String {
    let letter = if one_time { 'S' } else { 'C' };
    format!("{letter}{}-{:07}-{:07}", currency.region_digits(), below(rng, 10_000_000), below(rng, 10_000_000))
}

/// The permission's id, `-C` and six digits.
pub(super) fn charge_id(rng: &dyn Rng, permission_id: &str) -> String {
    format!("{permission_id}-C{:06}", below(rng, 1_000_000))
}

/// The permission's id, `-R` and six digits.
pub(super) fn refund_id(rng: &dyn Rng, permission_id: &str) -> String {
    format!("{permission_id}-R{:06}", below(rng, 1_000_000))
}

fn below(rng: &dyn Rng, bound: u64) -> u64 {
    let mut bytes = [0u8; 8];
    rng.fill(&mut bytes);
    // 2^64 is so much larger than any bound here that the remainder's bias cannot be seen.
    u64::from_le_bytes(bytes) % bound
}
