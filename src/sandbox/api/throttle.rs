//! Amazon's quotas: a token bucket for each merchant and operation (amazon-pay 2.10).

use std::collections::HashMap;

use super::operation::Operation;
use crate::domain::Millis;
use crate::sandbox::Throttling;
use crate::sandbox::error::{ApiError, ReasonCode};

/// A bucket holds `burst` requests and gets `per_second` back each second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Quota {
    burst: i64,
    per_second: i64,
}

/// The buckets. One that nobody uses is full.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Throttle {
    plan: Throttling,
    /// When each bucket will be full again, in microseconds since 1970.
    full_at: HashMap<(String, Operation), i64>,
}

impl Throttle {
    /// From now on by this plan, with full buckets.
    pub(in crate::sandbox) fn follow(&mut self, plan: Throttling) {
        *self = Self { plan, full_at: HashMap::new() };
    }

    /// Takes a token out of the bucket.
    ///
    /// # Errors
    /// `TooManyRequests` where there is none.
    pub(super) fn admit(&mut self, merchant_id: &str, operation: Operation, now: Millis) -> Result<(), ApiError> {
        let Some(quota) = quota(self.plan, operation) else { return Ok(()) };
        let (now, token) = (now.0 * 1000, 1_000_000 / quota.per_second);
        let full_at = self.full_at.entry((merchant_id.to_owned(), operation)).or_insert(now);
        let after = (*full_at).max(now) + token;
        if after - now > quota.burst * token {
            let message = format!(
                "{} may be called {} times at once and {} times a second",
                operation.name(),
                quota.burst,
                quota.per_second
            );
            return Err(ApiError::new(ReasonCode::TooManyRequests, message));
        }
        *full_at = after;
        Ok(())
    }
}

/// Production, then Sandbox; an operation that is not on Amazon's list has no quota.
fn quota(plan: Throttling, operation: Operation) -> Option<Quota> {
    let (production, sandbox) = match operation {
        Operation::CancelCharge | Operation::CloseChargePermission => ((10, 2), (2, 1)),
        Operation::CaptureCharge | Operation::CompleteCheckoutSession => ((20, 4), (2, 1)),
        Operation::CreateCharge | Operation::CreateRefund => ((10, 4), (2, 1)),
        Operation::CreateCheckoutSession => ((40, 16), (5, 1)),
        Operation::CreateMerchantAccount | Operation::CreateDeliveryTracker => ((10, 1), (1, 1)),
        // Amazon's sandbox has none of these; the sandbox's quota is that of production.
        Operation::GetAuthorizationToken => ((5, 1), (5, 1)),
        Operation::GetCharge | Operation::GetRefund => ((20, 4), (5, 1)),
        Operation::GetChargePermission => ((20, 4), (10, 1)),
        Operation::GetCheckoutSession => ((40, 8), (10, 1)),
        Operation::UpdateChargePermission => ((10, 2), (5, 1)),
        Operation::UpdateCheckoutSession => ((20, 8), (5, 1)),
        _ => return None,
    };
    let (burst, per_second) = match plan {
        Throttling::Off => return None,
        Throttling::Production => production,
        Throttling::Sandbox => sandbox,
    };
    Some(Quota { burst, per_second })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_795_371_000_000);

    fn admitted(throttle: &mut Throttle, merchant: &str, operation: Operation, at: Millis) -> usize {
        (0..100).filter(|_| throttle.admit(merchant, operation, at).is_ok()).count()
    }

    #[test]
    fn a_bucket_is_emptied_at_once_and_fills_with_time_for_each_merchant_and_operation() {
        let mut throttle = Throttle::default();
        assert_eq!(admitted(&mut throttle, "A", Operation::CreateCharge, NOW), 100, "off at first");
        throttle.follow(Throttling::Sandbox);
        assert_eq!(admitted(&mut throttle, "A", Operation::CreateCharge, NOW), 2);
        assert_eq!(admitted(&mut throttle, "B", Operation::CreateCharge, NOW), 2);
        assert_eq!(admitted(&mut throttle, "A", Operation::GetCharge, NOW), 5);
        assert_eq!(admitted(&mut throttle, "A", Operation::CreateCharge, NOW.plus(999)), 0);
        assert_eq!(admitted(&mut throttle, "A", Operation::CreateCharge, NOW.plus(1000)), 1);
        assert_eq!(admitted(&mut throttle, "A", Operation::CreateCharge, NOW.plus(60_000)), 2);
        throttle.follow(Throttling::Production);
        assert_eq!(admitted(&mut throttle, "A", Operation::CreateCheckoutSession, NOW), 40);
        assert_eq!(admitted(&mut throttle, "A", Operation::CreateCheckoutSession, NOW.plus(1000)), 16);
        assert_eq!(admitted(&mut throttle, "A", Operation::GetReports, NOW), 100, "not on the list");
    }
}
