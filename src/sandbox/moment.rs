//! Moments as clients write them.

use crate::domain::Millis;

/// Reads the basic (`20261122T183049Z`) or the extended form (`2026-11-22T18:30:49Z`), both of which SDKs send
/// (amazon-pay 1.5).
pub(super) fn parse_utc(text: &str) -> Option<Millis> {
    ["%Y%m%dT%H%M%SZ", "%Y-%m-%dT%H:%M:%SZ"].iter().find_map(|form| {
        let civil = jiff::civil::DateTime::strptime(form, text).ok()?;
        Some(Millis(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond()))
    })
}
