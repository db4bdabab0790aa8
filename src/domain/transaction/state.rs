//! The thirteen states and the facts that each has to have.

use super::super::ids::{ChargeId, ChargePermissionId, RefundId};
use super::super::terms::Status;
use super::super::world::Millis;
use super::Money;

/// A nine-character ErrInfo, as the error table of the protocol room lists them.
pub type ErrInfo9 = String;

/// What AmazonpayStart needs, from ExecTran until the buyer comes or the time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Lower-case hex SHA-256 of the Token: the Token itself is never stored.
    pub token_sha256: String,
    /// StartLimitDate.
    pub limit_at: Millis,
    /// How the browser sets out.
    pub departure: Departure,
    /// The charge that waits for what the buyer does there; none where the checkout makes one.
    pub charge: Option<PendingCharge>,
}

impl Ticket {
    /// Whether the buyer comes too late: StartLimitDate itself is still in time.
    pub fn is_over(&self, now: Millis) -> bool {
        now >= self.over_at()
    }

    /// The first moment that is too late, for whoever looks: the buyer, or reconcile.
    pub fn over_at(&self) -> Millis {
        self.limit_at.plus(1)
    }
}

/// How the buyer's browser sets out for Amazon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Departure {
    /// To an address that Amazon gave: an `amazonPayRedirectUrl`.
    Url(String),
    /// With the payload of an additional payment button; a checkout session begins with it (amazon-pay 3.3).
    Payload(String),
}

/// A charge that Amazon has not authorised or declined yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingCharge {
    /// The buyer's permission.
    pub permission: ChargePermissionId,
    /// The charge on it.
    pub charge: ChargeId,
}

/// It is in Amazon's hands: the buyer is on its pages, or Amazon takes its time to authorise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// When somebody has to look what became of it (psp-protocol 13.12).
    pub look_at: Millis,
    /// The charge that Amazon has not decided on, where there is one.
    pub charge: Option<PendingCharge>,
}

/// The charge that carries the money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmazonPayment {
    /// The buyer's permission.
    pub permission: ChargePermissionId,
    /// The charge on it.
    pub charge: ChargeId,
    /// When Amazon authorised it.
    pub authorized_at: Millis,
    /// When it was captured; always there in SALES and CAPTURE, and set by the state machine where it becomes one of them.
    pub captured_at: Option<Millis>,
    /// What was cancelled or refunded so far.
    pub cancelled: Money,
    /// The refund that is under way.
    pub refund: Option<Refund>,
}

/// A refund that Amazon has accepted and not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Its id at Amazon.
    pub id: RefundId,
    /// How much.
    pub money: Money,
    /// When to look at it next.
    pub look_at: Millis,
}

/// Why it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The code the shop reads.
    pub err_info: ErrInfo9,
}

/// Where a refund came from, and where it leads back to if it is partial or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// SALES.
    Sales,
    /// CAPTURE.
    Capture,
}

/// Where a transaction stands, with the facts that belong there (psp-protocol 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Entered, not executed.
    Unprocessed,
    /// Executed; the buyer has not come to AmazonpayStart yet.
    ReqSuccess(Ticket),
    /// The buyer is on Amazon's pages.
    AuthProcess(Handover),
    /// Authorised.
    Auth(AmazonPayment),
    /// Authorised, and a capture that Amazon takes its time over is under way (amazon-pay 2.5: more than seven days
    /// after the authorisation). AUTH for the shop, until Amazon has the money.
    Selling {
        /// The charge that is captured.
        payment: AmazonPayment,
        /// The amounts that are captured.
        money: Money,
        /// When to look at it next.
        look_at: Millis,
    },
    /// Captured after an authorisation.
    Sales(AmazonPayment),
    /// Captured at once.
    Capture(AmazonPayment),
    /// The authorisation was cancelled.
    Cancel(AmazonPayment),
    /// A refund is under way.
    ReqReturn {
        /// The charge that is refunded.
        payment: AmazonPayment,
        /// Where it stood before.
        from: Settled,
    },
    /// Wholly refunded.
    Return(AmazonPayment),
    /// Failed, or given up by the buyer.
    PayFail(Failure),
    /// The buyer took too long.
    Expired {
        /// The code that says so.
        failure: Failure,
        /// The hash of a Token that was never used: who brings it is the buyer, who may be told, and is sent back to the
        /// shop (psp-protocol 5.3). None where the buyer had set out, and where no Token was given.
        token_sha256: Option<String>,
    },
    /// The consent is registered.
    Register(ChargePermissionId),
    /// The consent has ended.
    End(ChargePermissionId),
}

impl State {
    /// The status word.
    pub fn status(&self) -> Status {
        match self {
            Self::Unprocessed => Status::Unprocessed,
            Self::ReqSuccess(_) => Status::ReqSuccess,
            Self::AuthProcess(_) => Status::AuthProcess,
            Self::Auth(_) | Self::Selling { .. } => Status::Auth,
            Self::Sales(_) => Status::Sales,
            Self::Capture(_) => Status::Capture,
            Self::Cancel(_) => Status::Cancel,
            Self::ReqReturn { .. } => Status::ReqReturn,
            Self::Return(_) => Status::Return,
            Self::PayFail(_) => Status::PayFail,
            Self::Expired { .. } => Status::Expired,
            Self::Register(_) => Status::Register,
            Self::End(_) => Status::End,
        }
    }

    /// The charge, in the states that have one.
    pub fn payment(&self) -> Option<&AmazonPayment> {
        match self {
            Self::Auth(payment)
            | Self::Sales(payment)
            | Self::Capture(payment)
            | Self::Cancel(payment)
            | Self::Return(payment)
            | Self::Selling { payment, .. }
            | Self::ReqReturn { payment, .. } => Some(payment),
            _ => None,
        }
    }

    /// The charge that Amazon has not decided on.
    pub fn pending_charge(&self) -> Option<&PendingCharge> {
        match self {
            Self::ReqSuccess(ticket) => ticket.charge.as_ref(),
            Self::AuthProcess(handover) => handover.charge.as_ref(),
            _ => None,
        }
    }

    /// When reconcile has to look at a transaction in this state, if ever.
    pub fn look_at(&self) -> Option<Millis> {
        match self {
            Self::ReqSuccess(ticket) => Some(ticket.over_at()),
            Self::AuthProcess(handover) => Some(handover.look_at),
            Self::Selling { look_at, .. } => Some(*look_at),
            other => other.payment()?.refund.as_ref().map(|refund| refund.look_at),
        }
    }
}
