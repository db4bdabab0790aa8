//! What happens by itself when time passes. A timer that fires after its object went another way does nothing.

use super::session::{Payment, SessionState};
use super::words::{ChargeReason, ChargeState, SessionCancelReason};
use super::{Cause, Ledger};
use crate::domain::Millis;

/// What is due, and for which object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// 24 hours after a session was made.
    SessionExpires(String),
    /// 30 seconds after a pending authorization began.
    AuthorizationEnds(String),
    /// 30 days after a charge was made.
    AuthorizationExpires(String),
    /// 30 seconds after a late capture began.
    CaptureEnds(String),
    /// 30 seconds after a refund began.
    RefundEnds(String),
    /// 180 days after a one-time permission was made; 13 months after a recurring one was made or last charged.
    PermissionExpires(String),
}

impl Ledger {
    /// Lets everything happen that is due by `now`, in order, each at its own moment.
    pub(super) fn run_timers(&mut self, now: Millis) {
        while let Some((at, _)) = self.timers.first()
            && *at <= now
        {
            let Some((at, due)) = self.timers.pop_first() else { return };
            self.now = self.now.max(at);
            self.fire(due);
            self.note_steps_of(&Cause::Timer);
        }
    }

    fn fire(&mut self, due: Due) {
        match due {
            Due::SessionExpires(id) => self.expire_session(&id),
            Due::AuthorizationEnds(id) => self.end_authorization(&id),
            Due::AuthorizationExpires(id) => {
                if self.charges.get(&id).is_some_and(|charge| charge.state == ChargeState::Authorized) {
                    self.give_back(&id, ChargeReason::ExpiredUnused);
                }
            }
            Due::CaptureEnds(id) => self.end_capture(&id),
            Due::RefundEnds(id) => self.end_refund(&id),
            Due::PermissionExpires(id) => self.expire_permission(&id),
        }
    }

    fn expire_session(&mut self, id: &str) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.state == SessionState::Open {
            session.cancel(SessionCancelReason::Expired, now);
            self.release(id);
        }
    }

    fn end_authorization(&mut self, id: &str) {
        let Some(charge) = self.charges.get(id) else { return };
        match (charge.state, charge.pending) {
            (ChargeState::AuthorizationInitiated, Some(Payment::PendingThenDeclined)) => {
                let reason = charge.fate.unwrap_or(ChargeReason::HardDeclined);
                self.decline_for(id, reason);
            }
            (ChargeState::AuthorizationInitiated, _) => self.authorize(id),
            _ => {}
        }
    }
}
