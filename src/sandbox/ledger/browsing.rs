//! Finding things without knowing whose they are: for the console and `/_control/`, never for the API.

use super::objects::{Charge, ChargePermission};
use super::refunds::Refund;
use super::session::Session;
use super::words::ChargeState;
use super::{Amount, Currency, Ledger};

/// What kind of object an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A checkout session.
    CheckoutSession,
    /// A charge permission.
    ChargePermission,
    /// A charge.
    Charge,
    /// A refund.
    Refund,
}

impl ObjectKind {
    /// Each.
    pub const ALL: [Self; 4] = [Self::CheckoutSession, Self::ChargePermission, Self::Charge, Self::Refund];

    /// As Amazon calls it, first letter small.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CheckoutSession => "checkoutSession",
            Self::ChargePermission => "chargePermission",
            Self::Charge => "charge",
            Self::Refund => "refund",
        }
    }
}

/// An object of any kind.
#[derive(Debug, Clone, Copy)]
pub enum Object<'a> {
    /// A checkout session.
    CheckoutSession(&'a Session),
    /// A charge permission.
    ChargePermission(&'a ChargePermission),
    /// A charge.
    Charge(&'a Charge),
    /// A refund.
    Refund(&'a Refund),
}

/// What a merchant has of one permission, in the currency's smallest units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// Of what.
    pub currency: Currency,
    /// Taken from the buyer.
    pub captured: i64,
    /// Given back.
    pub refunded: i64,
}

impl Sum {
    /// What is left: below nothing where more was given back than taken.
    pub const fn net(self) -> i64 {
        self.captured - self.refunded
    }
}

impl<'a> Object<'a> {
    /// Of which kind.
    pub const fn kind(self) -> ObjectKind {
        match self {
            Self::CheckoutSession(_) => ObjectKind::CheckoutSession,
            Self::ChargePermission(_) => ObjectKind::ChargePermission,
            Self::Charge(_) => ObjectKind::Charge,
            Self::Refund(_) => ObjectKind::Refund,
        }
    }

    /// Which one.
    pub fn id(self) -> &'a str {
        match self {
            Self::CheckoutSession(session) => &session.id,
            Self::ChargePermission(permission) => &permission.id,
            Self::Charge(charge) => &charge.id,
            Self::Refund(refund) => &refund.id,
        }
    }

    /// Whose.
    pub fn merchant_id(self) -> &'a str {
        match self {
            Self::CheckoutSession(session) => &session.merchant_id,
            Self::ChargePermission(permission) => &permission.merchant_id,
            Self::Charge(charge) => &charge.merchant_id,
            Self::Refund(refund) => &refund.merchant_id,
        }
    }
}

impl Ledger {
    /// The object with this id, whoever's it is.
    pub fn object(&self, id: &str) -> Option<Object<'_>> {
        let session = self.sessions.get(id).map(Object::CheckoutSession);
        let permission = || self.permissions.get(id).map(Object::ChargePermission);
        let charge = || self.charges.get(id).map(Object::Charge);
        let refund = || self.refunds.get(id).map(Object::Refund);
        session.or_else(permission).or_else(charge).or_else(refund)
    }

    /// The objects of one kind, newest first; those made before the object `before`, where it is given. `None` where there
    /// is no such object.
    pub fn newest<'a>(
        &'a self,
        kind: ObjectKind,
        before: Option<&str>,
    ) -> Option<Box<dyn Iterator<Item = Object<'a>> + 'a>> {
        Some(match kind {
            ObjectKind::CheckoutSession => Box::new(self.sessions.newest(before)?.map(Object::CheckoutSession)),
            ObjectKind::ChargePermission => Box::new(self.permissions.newest(before)?.map(Object::ChargePermission)),
            ObjectKind::Charge => Box::new(self.charges.newest(before)?.map(Object::Charge)),
            ObjectKind::Refund => Box::new(self.refunds.newest(before)?.map(Object::Refund)),
        })
    }

    /// What was captured on a permission, and what was given back of it.
    pub fn sum(&self, permission: &ChargePermission) -> Sum {
        let charges = || permission.charge_ids.iter().filter_map(|id| self.charges.get(id));
        let captured = charges().filter(|charge| charge.state == ChargeState::Captured).filter_map(|one| one.captured);
        Sum {
            currency: permission.limit.amount().currency(),
            captured: captured.map(Amount::yen).sum(),
            refunded: charges().map(|charge| self.refunded(charge).yen()).sum(),
        }
    }
}
