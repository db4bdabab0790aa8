//! What `x-amz-pay-simulation-code` can ask for (amazon-pay 4.2). Which code goes with which operation, and how it is
//! spelled, is the API's business.

use super::session::Payment;
use super::words::{ChargeReason, RefundReason, SessionCancelReason};
use crate::sandbox::error::Decline;

/// Something that would not have happened by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Simulation {
    /// The session is cancelled with this reason, and Complete or Finalize refused.
    Cancel(SessionCancelReason),
    /// The authorization is pending for 30 seconds and ends like this.
    Pending(Payment),
    /// The payment is declined at once.
    Decline(Decline),
    /// A capture takes 30 seconds.
    CaptureInitiated,
    /// A capture takes 30 seconds, and fails.
    CaptureDeclined(ChargeReason),
    /// Amazon, not the merchant, is said to have closed the permission.
    AmazonClosed,
    /// The refund is declined after 30 seconds.
    RefundDeclined(RefundReason),
}
