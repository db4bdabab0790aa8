//! What the merchant has to be told by a message (IPN), because no answer of the API told it (amazon-pay 5).
//!
//! Every change of a charge's or a permission's state goes through `enter`, which decides here whether it is news; the
//! caller puts what comes back into the ledger's queue. The sender (`sandbox::ipn`) takes it from there; until it has, a
//! data file keeps it.

use serde::{Deserialize, Serialize};

use super::objects::{Charge, ChargePermission};
use super::refunds::Refund;
use super::words::{ChargeReason, ChargeState, PermissionReason, PermissionState};
use super::{Dispute, Ledger, Payment};
use crate::domain::Millis;

/// What kind of object a message is about, in Amazon's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObjectType {
    /// A charge permission.
    ChargePermission,
    /// A charge.
    Charge,
    /// A refund.
    Refund,
    /// A dispute.
    Chargeback,
}

impl ObjectType {
    /// Each, as it is spelled in messages.
    pub const SPELLED: [(&'static str, Self); 4] = [
        ("CHARGE_PERMISSION", Self::ChargePermission),
        ("CHARGE", Self::Charge),
        ("REFUND", Self::Refund),
        ("CHARGEBACK", Self::Chargeback),
    ];

    /// As it is spelled in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChargePermission => "CHARGE_PERMISSION",
            Self::Charge => "CHARGE",
            Self::Refund => "REFUND",
            Self::Chargeback => "CHARGEBACK",
        }
    }
}

/// What happened to the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeType {
    /// Its state is another one.
    State,
    /// Something else about it, such as the buyer's card.
    Attribute,
}

impl ChangeType {
    /// As it is spelled in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::State => "STATE_CHANGE",
            Self::Attribute => "ATTRIBUTE_CHANGE",
        }
    }
}

/// One thing to tell a merchant. It names the object and never its state: whoever hears of it has to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// Whom to tell.
    pub merchant_id: String,
    /// What kind of object.
    pub object: ObjectType,
    /// Which one.
    pub object_id: String,
    /// The charge permission it belongs to.
    pub permission_id: String,
    /// What happened to it.
    pub change: ChangeType,
}

impl Ledger {
    /// What has happened and nobody was told yet, oldest first, each with its number.
    pub fn news(&self) -> Vec<(u64, News)> {
        self.news.waiting().cloned().collect()
    }

    /// Whoever has to know was told of everything up to the news with this number, or a message about it is written down.
    pub fn told(&mut self, last: u64) {
        self.news.take_through(last);
    }
}

impl Charge {
    /// Changes the state. It is news where it ends something that was left open, or where the merchant did not ask.
    #[must_use = "put it into the ledger's news"]
    pub(super) fn enter(&mut self, state: ChargeState, reason: Option<ChargeReason>, now: Millis) -> Option<News> {
        let left_open = match self.state {
            ChargeState::AuthorizationInitiated => self.pending.is_some_and(|pending| pending != Payment::Approved),
            ChargeState::CaptureInitiated => true,
            _ => false,
        };
        let unasked = match state {
            ChargeState::Canceled => reason != Some(ChargeReason::MerchantCanceled),
            _ => left_open,
        };
        self.state = state;
        self.reason = reason;
        self.updated = now;
        unasked.then(|| self.news())
    }

    fn news(&self) -> News {
        News {
            merchant_id: self.merchant_id.clone(),
            object: ObjectType::Charge,
            object_id: self.id.clone(),
            permission_id: self.permission_id.clone(),
            change: ChangeType::State,
        }
    }
}

impl ChargePermission {
    /// Closes or blocks it. What is closed stays as it was closed.
    #[must_use = "put it into the ledger's news"]
    pub(super) fn enter(&mut self, reason: PermissionReason, now: Millis) -> Option<News> {
        if self.closed.is_some() {
            return None;
        }
        let before = self.blocked;
        match reason.state() {
            PermissionState::Closed => (self.closed, self.closed_at) = (Some(reason), Some(now)),
            PermissionState::NonChargeable | PermissionState::Chargeable => self.blocked = Some(reason),
        }
        self.updated = now;
        (self.closed.is_some() || self.blocked != before).then(|| self.news(ChangeType::State))
    }

    pub(super) fn news(&self, change: ChangeType) -> News {
        News {
            merchant_id: self.merchant_id.clone(),
            object: ObjectType::ChargePermission,
            object_id: self.id.clone(),
            permission_id: self.id.clone(),
            change,
        }
    }
}

impl Dispute {
    /// Every step of a dispute is news.
    pub(in crate::sandbox::ledger) fn news(&self) -> News {
        // `<permission>-B<six digits>` (amazon-pay 6).
        let permission_id = self.id.rsplit_once('-').map_or("", |(permission, _)| permission);
        News {
            merchant_id: self.merchant_id.clone(),
            object: ObjectType::Chargeback,
            object_id: self.id.clone(),
            permission_id: permission_id.to_owned(),
            change: ChangeType::State,
        }
    }
}

impl Refund {
    /// Every end of a refund is news (amazon-pay 2.6).
    pub(super) fn news(&self) -> News {
        // `<permission>-R<six digits>` (amazon-pay 6).
        let permission_id = self.id.rsplit_once('-').map_or("", |(permission, _)| permission);
        News {
            merchant_id: self.merchant_id.clone(),
            object: ObjectType::Refund,
            object_id: self.id.clone(),
            permission_id: permission_id.to_owned(),
            change: ChangeType::State,
        }
    }
}
