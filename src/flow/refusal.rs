//! Why a call is refused, and the one table that says in which code the shop reads it.

use crate::domain::Status;
use crate::protocol::{ErrInfo, codes};
use crate::store::{ApplyError, StoreError};

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Parameters are at fault; also where existence errors were added to them.
    #[error("parameters are at fault")]
    Parameters(Vec<ErrInfo>),
    /// No shop with this ShopID and ShopPass.
    #[error("no such shop and password")]
    ShopUnknown,
    /// `enabled = false` in `shops.toml`.
    #[error("the shop is switched off")]
    ShopSuspended,
    /// The call is not in the shop's `calls`.
    #[error("the shop may not make this call")]
    CallNotContracted,
    /// The shop has no transaction with this OrderID.
    #[error("no transaction with this OrderID")]
    OrderUnknown,
    /// The OrderID was used before.
    #[error("this OrderID was used before")]
    OrderTaken,
    /// No transaction with this AccessID and AccessPass.
    #[error("no such AccessID and AccessPass")]
    TransactionUnknown,
    /// The pair is right, the shop is another one.
    #[error("the transaction belongs to another shop")]
    TransactionOfAnotherShop,
    /// ExecTran on a transaction that was executed before.
    #[error("the transaction was executed before (it is {0})")]
    AlreadyRequested(Status),
    /// The status does not allow the call.
    #[error("not possible in {0}")]
    Status(Status),
    /// Another transaction's buyer is at Amazon with this checkout session, or it has paid that transaction.
    #[error("the checkout session belongs to another transaction")]
    SessionTaken,
    /// ExecTran without any money to take.
    #[error("there is nothing to charge")]
    NothingToCharge,
    /// More than was authorised.
    #[error("the amount exceeds the authorised one")]
    AmountExceeds,
    /// Not exactly what was authorised, where the shop wants that.
    #[error("the amount differs from the authorised one")]
    AmountDiffers,
    /// The authorisation is older than Amazon keeps it.
    #[error("the authorisation is too old")]
    AuthorisationExpired,
    /// No such charge permission, or another shop's.
    #[error("no such charge permission")]
    PermissionUnknown,
    /// More is to be cancelled than is left.
    #[error("the amount to cancel exceeds what is left")]
    CancelExceeds,
    /// A part of an authorisation cannot be cancelled.
    #[error("an authorisation can only be cancelled as a whole")]
    CancelDiffers,
    /// The shop has too many requests under way.
    #[error("too many requests of this shop at once")]
    Crowded,
    /// Something else is being done to this transaction.
    #[error("another call is at work on this transaction")]
    Busy,
    /// Amazon refused, or could not be reached.
    #[error("Amazon: {0}")]
    Provider(ErrInfo),
    /// Our database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The gateway's own fault.
    #[error("internal: {0}")]
    Internal(&'static str),
}

impl Refusal {
    /// What the shop reads, in order. The one place where these codes are chosen.
    pub fn codes(&self) -> Vec<ErrInfo> {
        match self {
            Self::Parameters(faults) => faults.clone(),
            other => vec![other.code()],
        }
    }

    fn code(&self) -> ErrInfo {
        match self {
            Self::ShopUnknown => codes::SHOP_UNKNOWN,
            Self::ShopSuspended => codes::METHOD_SUSPENDED,
            Self::CallNotContracted => codes::METHOD_NOT_CONTRACTED,
            Self::OrderUnknown => codes::ORDER_UNKNOWN,
            Self::OrderTaken => codes::ORDER_ID_USED,
            Self::TransactionUnknown => codes::TRANSACTION_UNKNOWN,
            Self::TransactionOfAnotherShop => codes::TRANSACTION_OF_ANOTHER_SHOP,
            Self::AlreadyRequested(_) => codes::ALREADY_REQUESTED,
            Self::Status(_) => codes::STATUS_FORBIDS,
            Self::NothingToCharge => codes::AMOUNT_RANGE,
            Self::AmountExceeds => codes::TOTAL_EXCEEDS,
            Self::AmountDiffers => codes::TOTAL_DIFFERS,
            Self::AuthorisationExpired => codes::AUTHORISATION_EXPIRED,
            Self::PermissionUnknown => codes::PERMISSION_UNKNOWN,
            Self::CancelExceeds => codes::CANCEL_AMOUNT_EXCEEDS,
            Self::CancelDiffers => codes::CANCEL_AMOUNT_DIFFERS,
            Self::Crowded => codes::THROTTLED,
            Self::Busy => codes::STILL_PROCESSING,
            // What Amazon itself says of a session that its buyer has been sent to, or that is over.
            Self::SessionTaken => codes::SESSION_INVALID,
            Self::Provider(code) => *code,
            Self::Store(_) => codes::DATABASE,
            Self::Parameters(_) | Self::Internal(_) => codes::UNEXPECTED,
        }
    }
}

impl From<ApplyError> for Refusal {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::OrderTaken => Self::OrderTaken,
            ApplyError::SessionTaken => Self::SessionTaken,
            ApplyError::VersionLost
            | ApplyError::OperationOpen
            | ApplyError::OperationClosed
            | ApplyError::LookedAt => Self::Busy,
            ApplyError::Unavailable(error) => Self::Store(error),
        }
    }
}
