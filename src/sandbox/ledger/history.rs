//! What has become of each object, step by step: which state it came into, when, and at whose doing. Nothing of this
//! exists at Amazon; it is for whoever looks at the console.
//!
//! A step is a state that somebody could have seen: the ledger compares each object that was touched with the last step
//! of its history when a caller is done with it, and after each timer. What comes and goes within one call (a charge that
//! is authorized and captured by one Complete) is told by the movements of money. The histories are kept in a data file
//! with the objects.

use serde::{Deserialize, Serialize};

use super::objects::{Charge, ChargePermission};
use super::refunds::Refund;
use super::session::{Progress, Session, SessionState};
use super::words::{ChargeReason, PermissionReason, RefundReason};
use super::{Ledger, ObjectKind};
use crate::domain::Millis;

/// The most steps that are kept of one object; the oldest go first, and are counted.
const STEPS_MAX: usize = 100;

/// Whose doing a step was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// A merchant's request, under the `x-amz-pay-request-id` of its answer.
    Request {
        /// Such as `captureCharge`.
        operation: String,
        /// Finds the request at the console, for as long as it is kept.
        request_id: String,
    },
    /// The buyer, on the pages or in the shop's.
    #[default]
    Buyer,
    /// Time.
    Timer,
    /// Whoever tests, at `/_control/` or the console.
    Control,
}

impl Cause {
    /// In one word, for programs.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Request { .. } => "request",
            Self::Buyer => "buyer",
            Self::Timer => "timer",
            Self::Control => "control",
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When, on the sandbox's clock.
    pub at: Millis,
    /// The state, as the API spells it.
    pub state: String,
    /// The reason code that goes with it.
    pub reason: Option<String>,
    /// What else is new: how far an open session's buyer has come, a permission's card, what a charge captured.
    pub detail: Option<String>,
    /// Whose doing.
    pub cause: Cause,
}

/// All steps of one object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Oldest first.
    pub steps: Vec<Step>,
    /// How many older ones are not kept any more.
    pub forgotten: usize,
}

/// What a step is of: state, reason, detail.
type Sight = (&'static str, Option<&'static str>, Option<String>);

impl History {
    fn note(&mut self, (state, reason, detail): Sight, at: Millis, cause: Cause) {
        self.steps.push(Step { at, state: state.to_owned(), reason: reason.map(str::to_owned), detail, cause });
        if self.steps.len() > STEPS_MAX {
            self.steps.remove(0);
            self.forgotten += 1;
        }
    }

    fn ends_with(&self, (state, reason, detail): &Sight) -> bool {
        let same = |last: &Step| last.state == *state && last.reason.as_deref() == *reason && last.detail == *detail;
        self.steps.last().is_some_and(same)
    }
}

impl Ledger {
    /// Whatever changes until the next [`Ledger::note_steps`] is this one's doing. Where nobody says so it is the buyer's.
    pub fn caused_by(&mut self, cause: Cause) {
        self.cause = cause;
    }

    /// Writes down the steps of all that changed since the last time.
    pub fn note_steps(&mut self) {
        let cause = std::mem::take(&mut self.cause);
        self.note_steps_of(&cause);
    }

    /// What has become of the object so far; nothing where it is not known.
    pub fn history(&self, id: &str) -> Option<&History> {
        self.histories.get(id)
    }

    pub(super) fn note_steps_of(&mut self, cause: &Cause) {
        let charges = self.charges.take_touched();
        let mut permissions = self.permissions.take_touched();
        // Where a permission stands follows from its charges.
        permissions.extend(charges.iter().filter_map(|id| Some(self.charges.get(id)?.permission_id.clone())));
        let touched = [
            (ObjectKind::CheckoutSession, self.sessions.take_touched()),
            (ObjectKind::ChargePermission, permissions),
            (ObjectKind::Charge, charges),
            (ObjectKind::Refund, self.refunds.take_touched()),
        ];
        for (kind, ids) in touched {
            for id in ids {
                self.note_step_of(kind, id, cause);
            }
        }
    }

    fn note_step_of(&mut self, kind: ObjectKind, id: String, cause: &Cause) {
        let Some(sight) = self.sight(kind, &id) else { return };
        if self.histories.get(&id).is_some_and(|history| history.ends_with(&sight)) {
            return;
        }
        let now = self.now;
        if let Some(history) = self.histories.get_mut(&id) {
            history.note(sight, now, cause.clone());
        } else {
            let mut history = History::default();
            history.note(sight, now, cause.clone());
            self.histories.insert(id, history);
        }
    }

    fn sight(&self, kind: ObjectKind, id: &str) -> Option<Sight> {
        Some(match kind {
            ObjectKind::CheckoutSession => sight_of_session(self.sessions.get(id)?),
            ObjectKind::ChargePermission => self.sight_of_permission(self.permissions.get(id)?),
            ObjectKind::Charge => sight_of_charge(self.charges.get(id)?),
            ObjectKind::Refund => sight_of_refund(self.refunds.get(id)?),
        })
    }

    fn sight_of_permission(&self, permission: &ChargePermission) -> Sight {
        let standing = self.standing(permission);
        let card = permission.party.choice.as_ref().map(|choice| choice.instrument.id.to_owned());
        (standing.state.as_str(), standing.reason.map(PermissionReason::as_str), card)
    }
}

fn sight_of_session(session: &Session) -> Sight {
    let reason = match session.state {
        SessionState::Canceled(reason) => Some(reason.as_str()),
        SessionState::Open | SessionState::Completed => None,
    };
    let progress = (session.state == SessionState::Open).then(|| session.progress_word().to_owned());
    (session.state.as_str(), reason, progress)
}

fn sight_of_charge(charge: &Charge) -> Sight {
    let captured = charge.captured.map(|amount| amount.to_string());
    (charge.state.as_str(), charge.reason.map(ChargeReason::as_str), captured)
}

fn sight_of_refund(refund: &Refund) -> Sight {
    (refund.state.as_str(), refund.reason.map(RefundReason::as_str), None)
}

impl Session {
    /// How far the buyer has come, in one word.
    pub fn progress_word(&self) -> &'static str {
        match (self.progress, &self.party) {
            (Progress::Choosing, None) => "new",
            (Progress::Choosing, Some(party)) if party.choice.is_none() => "signed-in",
            (Progress::Choosing, Some(_)) => "chosen",
            (Progress::Processing, _) => "processing",
            (Progress::Paid(_), _) => "paid",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_history_forgets_its_beginning_and_says_so() {
        let mut history = History::default();
        for number in 0..STEPS_MAX + 3 {
            history.note(("Open", None, Some(number.to_string())), Millis(0), Cause::Buyer);
        }
        assert_eq!((history.steps.len(), history.forgotten), (STEPS_MAX, 3));
        assert_eq!(history.steps[0].detail.as_deref(), Some("3"));
        assert!(history.ends_with(&("Open", None, Some((STEPS_MAX + 2).to_string()))));
    }
}
