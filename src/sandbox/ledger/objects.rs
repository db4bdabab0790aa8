//! What a completed session leaves behind: the charge permission, its charges, and every movement of money.

use serde::{Deserialize, Serialize};

use super::session::{MerchantMetadata, RecurringMetadata};
use super::words::{
    Channel, ChargeInitiator, ChargeReason, ChargeState, PermissionReason, PermissionState, PermissionType,
};
use super::{Amount, Party, Payment};
use crate::domain::Millis;

/// How long a pending authorization, capture or refund takes: 30 seconds (amazon-pay 4.1).
pub(super) const PENDING_MS: i64 = 30 * 1000;
/// Up to this age of the authorization, a capture ends at once: 7 days (amazon-pay 2.5).
pub(super) const SYNCHRONOUS_CAPTURE_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// How long an authorization lasts: 30 days (amazon-pay 2.5).
pub(super) const CHARGE_LIFETIME_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// How long a one-time charge permission lasts: 180 days (amazon-pay 2.4).
pub(super) const PERMISSION_LIFETIME_MS: i64 = 180 * 24 * 60 * 60 * 1000;
/// How many charges a one-time permission takes (amazon-pay 2.4).
pub(super) const CHARGES_MAX: usize = 25;
/// How long the merchant may read who the buyer is: 30 days (amazon-pay 2.4).
pub(super) const BUYER_READABLE_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// The buyer's consent to be charged (amazon-pay 2.4).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChargePermission {
    /// `S03-ddddddd-ddddddd`.
    pub id: String,
    /// Whose it is.
    pub merchant_id: String,
    /// From which session.
    pub session_id: String,
    /// Who consented, and with what.
    pub party: Party,
    /// How often it may be used.
    pub permission_type: PermissionType,
    /// Carried over from the session.
    pub merchant: MerchantMetadata,
    /// Carried over from the session.
    pub platform_id: Option<String>,
    /// The subscription's period, as agreed or as the merchant changed it.
    pub recurring: Option<RecurringMetadata>,
    /// The most that may be charged.
    pub limit: Limit,
    /// Why it cannot be charged at present, apart from its charges.
    pub blocked: Option<PermissionReason>,
    /// Why it is closed, if it is.
    pub closed: Option<PermissionReason>,
    /// Since when it is closed.
    pub closed_at: Option<Millis>,
    /// Its charges, oldest first.
    pub charge_ids: Vec<String>,
    /// When it was made.
    pub created: Millis,
    /// When its state last changed.
    pub updated: Millis,
    /// When it closes by itself; `None` for never.
    pub expires: Option<Millis>,
}

/// The most that may be charged on a permission (amazon-pay 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Limit {
    /// In all: one order.
    Total(Amount),
    /// In each calendar month of Japan's time, by the moment a charge was made.
    Monthly(Amount),
}

impl Limit {
    /// How much.
    pub const fn amount(self) -> Amount {
        match self {
            Self::Total(amount) | Self::Monthly(amount) => amount,
        }
    }
}

/// One debit (amazon-pay 2.5).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Charge {
    /// The charge permission's id, `-C` and six digits.
    pub id: String,
    /// On whose consent.
    pub permission_id: String,
    /// Whose it is.
    pub merchant_id: String,
    /// What was authorized.
    pub amount: Amount,
    /// What was, or is being, captured.
    pub captured: Option<Amount>,
    /// What the bank statement says.
    pub soft_descriptor: Option<String>,
    /// Carried over from the session.
    pub merchant: MerchantMetadata,
    /// Carried over from the session.
    pub provider_reference_id: Option<String>,
    /// Carried over from the session.
    pub platform_id: Option<String>,
    /// Who asked for it.
    pub initiator: Option<ChargeInitiator>,
    /// How the buyer ordered.
    pub channel: Option<Channel>,
    /// Where a buyer who is present returns to.
    pub checkout_result_return_url: Option<String>,
    /// Where it stands.
    pub state: ChargeState,
    /// Why, where it was cancelled or declined.
    pub reason: Option<ChargeReason>,
    /// How a pending authorization will end.
    pub pending: Option<Payment>,
    /// How a capture that takes its time will fail, if it will.
    pub capture_fate: Option<ChargeReason>,
    /// Its refunds, oldest first.
    pub refund_ids: Vec<String>,
    /// When the money was reserved.
    pub authorized: Option<Millis>,
    /// When it was made.
    pub created: Millis,
    /// When its state last changed.
    pub updated: Millis,
    /// When the authorization lapses.
    pub expires: Millis,
}

impl Charge {
    /// How much of the permission's limit this charge uses.
    pub fn uses(&self) -> Amount {
        match self.state {
            ChargeState::AuthorizationInitiated | ChargeState::Authorized => self.amount,
            ChargeState::CaptureInitiated | ChargeState::Captured => self.captured.unwrap_or(self.amount),
            ChargeState::Canceled | ChargeState::Declined => Amount::zero(self.amount.currency()),
        }
    }

    /// Whether its end is still open.
    pub fn is_open(&self) -> bool {
        matches!(
            self.state,
            ChargeState::AuthorizationInitiated | ChargeState::Authorized | ChargeState::CaptureInitiated
        )
    }
}

/// Where a charge permission stands, worked out from its charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: PermissionState,
    /// Why, unless chargeable.
    pub reason: Option<PermissionReason>,
    /// What may still be charged.
    pub balance: Amount,
}

/// Money that moved, or was set aside, or was given back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Movement {
    /// When, on the sandbox's clock.
    pub at: Millis,
    /// What happened.
    pub kind: MovementKind,
    /// How much.
    pub amount: Amount,
    /// Of whose sale.
    pub merchant_id: String,
    /// In which session.
    pub session_id: String,
    /// On which charge; `None` before Complete.
    pub charge_id: Option<String>,
    /// By which refund, if by one.
    pub refund_id: Option<String>,
}

/// What happened to money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MovementKind {
    /// The buyer paid; the bank set the money aside. No charge exists yet.
    Reserved,
    /// The session ended without Complete; the bank freed what was reserved.
    Released,
    /// A charge holds the money (what was reserved, if it was).
    Authorized,
    /// The merchant was given the money.
    Captured,
    /// The charge's hold was given back to the buyer: cancelled or lapsed.
    Canceled,
    /// The buyer was given money back that the merchant had.
    Refunded,
}

impl MovementKind {
    /// The word in `/_control/ledger`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Released => "released",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Canceled => "canceled",
            Self::Refunded => "refunded",
        }
    }
}
