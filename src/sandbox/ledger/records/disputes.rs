//! Disputes: a buyer does not agree with a charge, and the provider of the payment method tells Amazon.
//!
//! Ours, for nothing public says: a dispute is of the type `Chargeback`, its provider decides it, and a merchant who is
//! not told of a deadline has 11 days (amazon-pay 2.7).

use serde::{Deserialize, Serialize};

use crate::domain::Millis;
use crate::sandbox::error::{ApiError, ReasonCode};
use crate::sandbox::ledger::words::{DisputeReason, DisputeResolution, DisputeState, FilingReason};
use crate::sandbox::ledger::{Amount, ChargeState, Ledger, ids, not_found};

/// How long a merchant may contest a chargeback.
const CONTEST_MS: i64 = 11 * 24 * 60 * 60 * 1000;

/// The body of Create Dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeRequest {
    /// Which charge.
    pub charge_id: String,
    /// The provider's own number for it.
    pub provider_dispute_id: Option<String>,
    /// How much of it.
    pub amount: Amount,
    /// Why.
    pub filing_reason: FilingReason,
    /// When the buyer began.
    pub filed: Millis,
    /// `ActionRequired` or `UnderReview`.
    pub state: DisputeState,
    /// Until when the merchant may answer.
    pub deadline: Option<Millis>,
}

/// Where a dispute stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeStanding {
    /// The state.
    pub state: DisputeState,
    /// For whom it ended.
    pub resolution: Option<DisputeResolution>,
    /// Why it stands there.
    pub reason: Option<DisputeReason>,
    /// The same, for people.
    pub description: Option<String>,
}

/// The body of Update Dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeChanges {
    /// Where it stands from now on.
    pub standing: DisputeStanding,
    /// When it was over.
    pub closed: Option<Millis>,
}

/// What the merchant says for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Such as `TrackingNumber`.
    pub evidence_type: String,
    /// A file that was brought.
    pub file_id: Option<String>,
    /// In words.
    pub text: Option<String>,
}

/// One dispute.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Dispute {
    /// The charge permission's id, `-B` and six digits.
    pub id: String,
    /// Which charge.
    pub charge_id: String,
    /// Whose charge.
    pub merchant_id: String,
    /// The provider's own number for it.
    pub provider_dispute_id: Option<String>,
    /// How much of it.
    pub amount: Amount,
    /// Why.
    pub filing_reason: FilingReason,
    /// When the buyer began.
    pub filed: Millis,
    /// Where it stands.
    pub standing: DisputeStanding,
    /// Until when the merchant may answer.
    pub deadline: Millis,
    /// What the merchant said for itself.
    pub evidence: Vec<Evidence>,
    /// When it was over.
    pub closed: Option<Millis>,
    /// When it was last changed.
    pub updated: Millis,
}

impl Ledger {
    /// Opens a dispute about a captured charge.
    ///
    /// # Errors
    /// `ResourceNotFound`; `InvalidChargeStatus` unless the charge is Captured; `TransactionAmountExceeded` for more
    /// than was captured; `InvalidParameterValue` for a state that no dispute begins with.
    pub fn create_dispute(&mut self, merchant_id: &str, request: DisputeRequest) -> Result<&Dispute, ApiError> {
        let charge = self.charge_of(merchant_id, &request.charge_id)?;
        let captured = match (charge.state, charge.captured) {
            (ChargeState::Captured, Some(captured)) => captured,
            (state, _) => {
                let message = format!("Charge {} is {}: only a Captured one", charge.id, state.as_str());
                return Err(ApiError::new(ReasonCode::InvalidChargeStatus, format!("{message} can be disputed")));
            }
        };
        if request.amount > captured {
            let message = format!("disputeAmount {} is more than was captured ({captured})", request.amount);
            return Err(ApiError::new(ReasonCode::TransactionAmountExceeded, message));
        }
        if !matches!(request.state, DisputeState::ActionRequired | DisputeState::UnderReview) {
            let message = "statusDetails.state must be ActionRequired or UnderReview at first";
            return Err(ApiError::new(ReasonCode::InvalidParameterValue, message));
        }
        let permission_id = charge.permission_id.clone();
        let id = self.unused(
            |ledger| ids::dispute_id(&*ledger.rng, &permission_id),
            |ledger, id| ledger.disputes.contains_key(id),
        );
        let reason = (request.state == DisputeState::ActionRequired).then_some(DisputeReason::MerchantResponseRequired);
        let dispute = Dispute {
            id: id.clone(),
            charge_id: request.charge_id,
            merchant_id: merchant_id.to_owned(),
            provider_dispute_id: request.provider_dispute_id,
            amount: request.amount,
            filing_reason: request.filing_reason,
            filed: request.filed,
            standing: DisputeStanding { state: request.state, resolution: None, reason, description: None },
            deadline: request.deadline.unwrap_or(self.now.plus(CONTEST_MS)),
            evidence: Vec::new(),
            closed: None,
            updated: self.now,
        };
        self.news.push(dispute.news());
        self.disputes.insert(id.clone(), dispute);
        self.dispute_of(merchant_id, &id)
    }

    /// The merchant's dispute with this id.
    ///
    /// # Errors
    /// `ResourceNotFound`, also for another merchant's.
    pub fn dispute_of(&self, merchant_id: &str, id: &str) -> Result<&Dispute, ApiError> {
        let found = self.disputes.get(id).filter(|dispute| dispute.merchant_id == merchant_id);
        found.ok_or_else(|| not_found("Dispute", id))
    }

    /// The provider tells how it went on; the merchant is told by a message.
    ///
    /// # Errors
    /// `ResourceNotFound`; `InvalidRequest` where it is Closed; `InvalidParameterCombination` for an end without a
    /// resolution, or a resolution without an end.
    pub fn update_dispute(
        &mut self,
        merchant_id: &str,
        id: &str,
        changes: DisputeChanges,
    ) -> Result<&Dispute, ApiError> {
        let now = self.now;
        let dispute = self.open_dispute(merchant_id, id)?;
        let ends = matches!(changes.standing.state, DisputeState::Resolved | DisputeState::Closed);
        if ends != changes.standing.resolution.is_some() {
            let message = "statusDetails.resolution goes with the states Resolved and Closed, and only with them";
            return Err(ApiError::new(ReasonCode::InvalidParameterCombination, message));
        }
        dispute.standing = changes.standing;
        dispute.closed = changes.closed.or(ends.then_some(now));
        dispute.updated = now;
        let news = dispute.news();
        self.news.push(news);
        self.dispute_of(merchant_id, id)
    }

    /// The merchant says something for itself. An answer that was waited for is under review from now on.
    ///
    /// # Errors
    /// `ResourceNotFound`; `InvalidRequest` where it is Closed or the merchant's time is over.
    pub fn contest_dispute(
        &mut self,
        merchant_id: &str,
        id: &str,
        evidence: Vec<Evidence>,
    ) -> Result<&Dispute, ApiError> {
        let now = self.now;
        let dispute = self.open_dispute(merchant_id, id)?;
        if now > dispute.deadline {
            let message = format!("Dispute {id} could be contested until {}", dispute.deadline.utc_basic());
            return Err(ApiError::new(ReasonCode::InvalidRequest, message));
        }
        dispute.evidence.extend(evidence);
        if dispute.standing.state == DisputeState::ActionRequired {
            dispute.standing.state = DisputeState::UnderReview;
            dispute.standing.reason = None;
        }
        dispute.updated = now;
        Ok(dispute)
    }

    fn open_dispute(&mut self, merchant_id: &str, id: &str) -> Result<&mut Dispute, ApiError> {
        let found = self.disputes.get_mut(id).filter(|dispute| dispute.merchant_id == merchant_id);
        let dispute = found.ok_or_else(|| not_found("Dispute", id))?;
        if dispute.standing.state == DisputeState::Closed {
            return Err(ApiError::new(ReasonCode::InvalidRequest, format!("Dispute {id} is Closed")));
        }
        Ok(dispute)
    }
}
