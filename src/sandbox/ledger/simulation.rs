//! What `x-amz-pay-simulation-code` can ask for (amazon-pay 4.2). Which code goes with which operation, and how it is
//! spelled, is the API's business.

use super::session::Payment;
use super::words::{ChargeReason, RefundReason, SessionCancelReason};
use crate::sandbox::error::{Decline, ReasonCode};

/// Something that would not have happened by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Simulation {
    /// The session is cancelled with this reason, and Complete or Finalize refused.
    Cancel(SessionCancelReason),
    /// The authorization is pending for 30 seconds and ends like this.
    Pending(Payment),
    /// The authorization is pending for 30 seconds and is declined for this reason.
    PendingDeclined(ChargeReason),
    /// The payment is declined at once.
    Decline(Decline),
    /// The request is refused with this code, and nothing is done.
    Refuse(ReasonCode),
    /// A capture takes 30 seconds.
    CaptureInitiated,
    /// A capture takes 30 seconds, and fails.
    CaptureDeclined(ChargeReason),
    /// Amazon, not the merchant, is said to have closed the permission.
    AmazonClosed,
    /// The refund is declined after 30 seconds.
    RefundDeclined(RefundReason),
}

impl Simulation {
    /// How a pending authorization that it asks for ends.
    pub(super) const fn pending(self) -> Option<Payment> {
        match self {
            Self::Pending(payment) => Some(payment),
            Self::PendingDeclined(_) => Some(Payment::PendingThenDeclined),
            _ => None,
        }
    }

    /// For what reason that, or a capture, fails.
    pub(super) const fn fate(self) -> Option<ChargeReason> {
        match self {
            Self::PendingDeclined(reason) | Self::CaptureDeclined(reason) => Some(reason),
            _ => None,
        }
    }
}
