//! HTTPS with a certificate authority of the sandbox's own, because the official SDKs speak nothing else (amazon-pay 1.6).
//!
//! Who acts: `cli` makes an [`Authority`] or takes up the one of the last start, hands its certificate to the user, and
//! serves the sandbox on a [`TlsListener`]. The certificate is good for this machine and for the hosts at which the SDKs
//! and the button's script look for Amazon Pay, and the authority can vouch for no other: whoever trusts it opens no door
//! to the rest of the network.

mod authority;
mod listener;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use rcgen::{CertificateParams, date_time_ymd};

use crate::domain::Millis;

pub use authority::{Authority, AuthorityError, HOSTS};
pub use listener::TlsListener;

/// From the day before `now`, so that a clock that is a little behind does no harm, to the same day so many years later.
pub(super) fn set_validity(params: &mut CertificateParams, now: Millis, years: i16) {
    let today = Timestamp::from_millisecond(now.0).unwrap_or_default().to_zoned(TimeZone::UTC).date();
    let from = today.saturating_sub(1.day());
    let until = from.saturating_add(years.years());
    let midnight = |date: jiff::civil::Date| {
        // A month and a day are positive.
        let part = |number: i8| u8::try_from(number).unwrap_or(1);
        date_time_ymd(date.year().into(), part(date.month()), part(date.day()))
    };
    params.not_before = midnight(from);
    params.not_after = midnight(until);
}

#[cfg(test)]
mod tests;
