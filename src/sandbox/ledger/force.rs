//! Putting an object into a state by hand, as the bank, the buyer, Amazon or time would have done it: money moves, timers
//! and messages follow as ever. Nothing goes where no such way leads.

use super::browsing::Object;
use super::news::ChangeType;
use super::session::SessionState;
use super::words::{ChargeReason, ChargeState, PermissionReason, RefundReason, RefundState, SessionCancelReason};
use super::{Ledger, ObjectKind, PermissionState};

/// A state that an object may be put into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// As the API spells it.
    pub state: &'static str,
    /// The reason codes one of which goes with it; the first where none is named. None at all for some states.
    pub reasons: Vec<&'static str>,
}

/// Why an object was not put into a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForceError {
    /// No object has this id.
    #[error("there is no checkout session, charge permission, charge or refund {0}")]
    UnknownObject(String),
    /// No way leads there.
    #[error("{id} is {state} and cannot become {asked:?}; it can become {may}")]
    NoWay {
        /// Which object.
        id: String,
        /// Where it stands.
        state: &'static str,
        /// What was asked for.
        asked: String,
        /// What would do.
        may: String,
    },
    /// That state is not entered for that reason.
    #[error("{asked:?} is no reason to become {state}; {may}")]
    NoReason {
        /// The state.
        state: &'static str,
        /// What was asked for.
        asked: String,
        /// What would do.
        may: String,
    },
}

/// How a pending authorization ends badly.
const DECLINES: [ChargeReason; 5] = [
    ChargeReason::SoftDeclined,
    ChargeReason::HardDeclined,
    ChargeReason::AmazonRejected,
    ChargeReason::TransactionTimedOut,
    ChargeReason::ProcessingFailure,
];
/// Why a hold is given back although the merchant did not ask.
const CANCELS: [ChargeReason; 3] =
    [ChargeReason::AmazonCanceled, ChargeReason::BuyerCanceled, ChargeReason::ExpiredUnused];
/// How a capture that takes its time ends badly.
const CAPTURE_DECLINES: [ChargeReason; 2] = [ChargeReason::ProcessingFailure, ChargeReason::AmazonRejected];

impl Ledger {
    /// The states that the object may be put into from where it stands; none for what is over.
    pub fn ways(&self, id: &str) -> Vec<Way> {
        let way = |state, reasons: &[&'static str]| Way { state, reasons: reasons.to_vec() };
        match self.object(id) {
            Some(Object::CheckoutSession(session)) if session.state == SessionState::Open => {
                vec![way("Canceled", &["Expired", "BuyerCanceled", "AmazonCanceled", "Declined"])]
            }
            Some(Object::ChargePermission(permission)) if permission.closed.is_none() => {
                let reasons = |state| reasons_for(state);
                let mut ways = vec![Way { state: "Closed", reasons: reasons(PermissionState::Closed) }];
                ways.push(Way { state: "NonChargeable", reasons: reasons(PermissionState::NonChargeable) });
                ways.extend(permission.blocked.is_some().then(|| way("Chargeable", &[])));
                ways
            }
            Some(Object::Charge(charge)) => {
                let declined = |reasons: &[ChargeReason]| Way { state: "Declined", reasons: spelled(reasons) };
                let canceled = || Way { state: "Canceled", reasons: spelled(&CANCELS) };
                match charge.state {
                    ChargeState::AuthorizationInitiated => {
                        vec![way("Authorized", &[]), declined(&DECLINES), canceled()]
                    }
                    ChargeState::Authorized => vec![canceled()],
                    ChargeState::CaptureInitiated => vec![way("Captured", &[]), declined(&CAPTURE_DECLINES)],
                    ChargeState::Captured | ChargeState::Canceled | ChargeState::Declined => Vec::new(),
                }
            }
            Some(Object::Refund(refund)) if refund.state == RefundState::RefundInitiated => {
                vec![way("Refunded", &[]), way("Declined", &["ProcessingFailure", "AmazonRejected"])]
            }
            _ => Vec::new(),
        }
    }

    /// Puts the object into a state, for a reason.
    ///
    /// # Errors
    /// [`ForceError`], whichever applies; nothing has then changed.
    pub fn force(&mut self, id: &str, state: &str, reason: Option<&str>) -> Result<(), ForceError> {
        let object = self.object(id).ok_or_else(|| ForceError::UnknownObject(id.to_owned()))?;
        let kind = object.kind();
        let ways = self.ways(id);
        let Some(way) = ways.iter().find(|way| way.state == state) else {
            let names: Vec<_> = ways.iter().map(|way| way.state).collect();
            let may = if names.is_empty() { "nothing else any more".to_owned() } else { names.join(", ") };
            return Err(ForceError::NoWay {
                id: id.to_owned(),
                state: self.state_of(object),
                asked: state.to_owned(),
                may,
            });
        };
        let reason = match reason {
            None => way.reasons.first().copied(),
            Some(asked) => Some(way.reasons.iter().copied().find(|one| *one == asked).ok_or_else(|| {
                let may = match way.reasons.as_slice() {
                    [] => "no reason goes with it".to_owned(),
                    some => format!("it must be one of {}", some.join(", ")),
                };
                ForceError::NoReason { state: way.state, asked: asked.to_owned(), may }
            })?),
        };
        match kind {
            ObjectKind::CheckoutSession => self.force_session(id, reason.unwrap_or_default()),
            ObjectKind::ChargePermission => self.force_permission(id, reason),
            ObjectKind::Charge => self.force_charge(id, way.state, reason.unwrap_or_default()),
            ObjectKind::Refund => self.force_refund(id, reason),
        }
        Ok(())
    }

    /// The object's state, as the API spells it.
    pub fn state_of(&self, object: Object<'_>) -> &'static str {
        match object {
            Object::CheckoutSession(session) => session.state.as_str(),
            Object::ChargePermission(permission) => self.standing(permission).state.as_str(),
            Object::Charge(charge) => charge.state.as_str(),
            Object::Refund(refund) => refund.state.as_str(),
        }
    }

    fn force_session(&mut self, id: &str, reason: &str) {
        let now = self.now;
        let (Some(reason), Some(session)) = (SessionCancelReason::parse(reason), self.sessions.get_mut(id)) else {
            return;
        };
        session.cancel(reason, now);
        self.release(id);
    }

    /// Blocks or closes it for the reason; frees it where there is none.
    fn force_permission(&mut self, id: &str, reason: Option<&str>) {
        let now = self.now;
        let Some(permission) = self.permissions.get_mut(id) else { return };
        if let Some(reason) = reason {
            let news = PermissionReason::parse(reason).and_then(|reason| permission.enter(reason, now));
            self.news.extend(news);
        } else if permission.blocked.take().is_some() {
            permission.updated = now;
            self.news.push(permission.news(ChangeType::State));
        }
    }

    fn force_charge(&mut self, id: &str, state: &str, reason: &str) {
        let Some(charge) = self.charges.get(id) else { return };
        let captures = charge.state == ChargeState::CaptureInitiated;
        let amount = charge.captured.unwrap_or(charge.amount);
        match (state, ChargeReason::parse(reason)) {
            ("Authorized", _) => self.authorize(id),
            ("Captured", _) => self.take(id, amount),
            ("Declined", Some(reason)) if captures => self.fail_capture(id, reason),
            ("Declined", Some(reason)) => self.decline_for(id, reason),
            ("Canceled", Some(reason)) => self.give_back(id, reason),
            _ => {}
        }
    }

    fn force_refund(&mut self, id: &str, reason: Option<&str>) {
        if let Some(refund) = self.refunds.get_mut(id) {
            refund.fate = reason.and_then(RefundReason::parse);
        }
        self.end_refund(id);
    }
}

fn spelled(reasons: &[ChargeReason]) -> Vec<&'static str> {
    reasons.iter().map(|reason| reason.as_str()).collect()
}

/// All reasons for which a permission is in this state, but for the one that follows from its charges.
fn reasons_for(state: PermissionState) -> Vec<&'static str> {
    let all = PermissionReason::SPELLED.iter().copied();
    let fits = |spelled: &&str| {
        let reason = PermissionReason::parse(spelled).filter(|one| *one != PermissionReason::ChargeInProgress);
        reason.is_some_and(|reason| reason.state() == state)
    };
    let mut reasons: Vec<_> = all.filter(fits).collect();
    // What a buyer does comes first: that is asked for most.
    reasons.sort_by_key(|reason| *reason != "BuyerCanceled");
    reasons
}
