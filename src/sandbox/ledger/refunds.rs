//! Money goes back to the buyer (amazon-pay 2.6): asked for at once, done or refused 30 seconds later.

use serde::{Deserialize, Serialize};

use super::objects::{Charge, Movement, MovementKind, PENDING_MS};
use super::simulation::Simulation;
use super::timers::Due;
use super::words::{ChargeState, RefundReason, RefundState};
use super::{Amount, Ledger, ids, not_found};
use crate::domain::Millis;
use crate::sandbox::error::{ApiError, ReasonCode};

/// What may be given back beyond what was taken, in per cent of it.
const ALLOWANCE_PERCENT: i64 = 15;
/// How often a charge may be refunded; declined refunds do not count.
const REFUNDS_MAX: usize = 10;

/// The body of Create Refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    /// Of which charge.
    pub charge_id: String,
    /// How much: more than nothing.
    pub amount: Amount,
    /// What the bank statement shall say, at most 16 characters.
    pub soft_descriptor: Option<String>,
}

/// One refund.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refund {
    /// The charge permission's id, `-R` and six digits.
    pub id: String,
    /// Of which charge.
    pub charge_id: String,
    /// Whose it is.
    pub merchant_id: String,
    /// How much.
    pub amount: Amount,
    /// What the bank statement says.
    pub soft_descriptor: Option<String>,
    /// Where it stands.
    pub state: RefundState,
    /// Why, where it was declined.
    pub reason: Option<RefundReason>,
    /// How it will be declined, if it will.
    pub fate: Option<RefundReason>,
    /// When it was made.
    pub created: Millis,
    /// When its state last changed.
    pub updated: Millis,
}

impl Ledger {
    /// Begins to give money back. In all, up to what was captured and 15 % of it, at most 8,400 yen, more.
    ///
    /// # Errors
    /// `ResourceNotFound`; `InvalidChargeStatus` unless the charge is Captured; `TransactionCountExceeded`;
    /// `TransactionAmountExceeded`; the code of a simulated [`Decline`](crate::sandbox::error::Decline).
    pub fn create_refund(
        &mut self,
        merchant_id: &str,
        request: RefundRequest,
        simulation: Option<Simulation>,
    ) -> Result<&Refund, ApiError> {
        let charge = self.charge_of(merchant_id, &request.charge_id)?;
        self.check_refundable(charge, request.amount)?;
        if let Some(Simulation::Decline(decline)) = simulation {
            return Err(decline.into());
        }
        let permission_id = charge.permission_id.clone();
        let id = self.unused(
            |ledger| ids::refund_id(&*ledger.rng, &permission_id),
            |ledger, id| ledger.refunds.contains_key(id),
        );
        let refund = Refund {
            id: id.clone(),
            charge_id: request.charge_id,
            merchant_id: merchant_id.to_owned(),
            amount: request.amount,
            soft_descriptor: request.soft_descriptor,
            state: RefundState::RefundInitiated,
            reason: None,
            fate: match simulation {
                Some(Simulation::RefundDeclined(reason)) => Some(reason),
                _ => None,
            },
            created: self.now,
            updated: self.now,
        };
        self.timers.insert((self.now.plus(PENDING_MS), Due::RefundEnds(id.clone())));
        if let Some(charge) = self.charges.get_mut(&refund.charge_id) {
            charge.refund_ids.push(id.clone());
        }
        self.refunds.insert(id.clone(), refund);
        self.refund_of(merchant_id, &id)
    }

    /// The merchant's refund with this id.
    ///
    /// # Errors
    /// `ResourceNotFound`, also for another merchant's.
    pub fn refund_of(&self, merchant_id: &str, id: &str) -> Result<&Refund, ApiError> {
        let found = self.refunds.get(id).filter(|refund| refund.merchant_id == merchant_id);
        found.ok_or_else(|| not_found("Refund", id))
    }

    /// All refunds, oldest first.
    pub fn refunds(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.iter()
    }

    /// What has been given back of a charge; what is still under way does not count.
    pub fn refunded(&self, charge: &Charge) -> Amount {
        let done = self.refunds_of(charge).filter(|refund| refund.state == RefundState::Refunded);
        Amount::saturating(charge.amount.currency(), done.map(|refund| refund.amount.yen()).sum())
    }

    fn check_refundable(&self, charge: &Charge, amount: Amount) -> Result<(), ApiError> {
        let captured = match (charge.state, charge.captured) {
            (ChargeState::Captured, Some(captured)) => captured.yen(),
            (state, _) => {
                let message =
                    format!("Charge {} is {}: only a Captured charge can be refunded", charge.id, state.as_str());
                return Err(ApiError::new(ReasonCode::InvalidChargeStatus, message));
            }
        };
        let counting = || self.refunds_of(charge).filter(|refund| refund.state != RefundState::Declined);
        if counting().count() >= REFUNDS_MAX {
            let message = format!("Charge {} has {REFUNDS_MAX} refunds already", charge.id);
            return Err(ApiError::new(ReasonCode::TransactionCountExceeded, message));
        }
        let most = captured + (captured * ALLOWANCE_PERCENT / 100).min(amount.currency().refund_extra_max());
        let before: i64 = counting().map(|refund| refund.amount.yen()).sum();
        if before + amount.yen() > most {
            let message = format!(
                "refundAmount {amount} is more than may still be refunded of charge {} ({} of {most})",
                charge.id,
                most - before
            );
            return Err(ApiError::new(ReasonCode::TransactionAmountExceeded, message));
        }
        Ok(())
    }

    fn refunds_of<'a>(&'a self, charge: &'a Charge) -> impl Iterator<Item = &'a Refund> {
        charge.refund_ids.iter().filter_map(|id| self.refunds.get(id))
    }

    /// The 30 seconds are over, unless somebody ended it before.
    pub(super) fn end_refund(&mut self, id: &str) {
        let now = self.now;
        let Some(refund) = self.refunds.get_mut(id) else { return };
        if refund.state != RefundState::RefundInitiated {
            return;
        }
        refund.updated = now;
        if let Some(reason) = refund.fate {
            refund.state = RefundState::Declined;
            refund.reason = Some(reason);
            self.news.push(refund.news());
            return;
        }
        refund.state = RefundState::Refunded;
        self.news.push(refund.news());
        let Some(charge) = self.charges.get(&refund.charge_id) else { return };
        let Some(permission) = self.permissions.get(&charge.permission_id) else { return };
        self.movements.push(Movement {
            at: now,
            kind: MovementKind::Refunded,
            amount: refund.amount,
            merchant_id: refund.merchant_id.clone(),
            session_id: permission.session_id.clone(),
            charge_id: Some(charge.id.clone()),
            refund_id: Some(refund.id.clone()),
        });
    }
}
