//! A day on which one thing goes wrong, by plan: at one step of one effect, the first time that anybody comes by.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sekisho::egress::Outgoing;
use sekisho::flow::{Phase, Step};

use super::network::AMAZON;
use super::weather::Harm;

/// What happens at the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// It fails: the process dies there.
    Fail,
    /// It runs twice. The intent: somebody looks at it while whoever wrote it is calling. The call: Amazon gets it twice.
    /// The outcome: it is committed, the database says that it is not, and whoever asked asks again.
    Repeat,
    /// It fails and is done again, twice where that can be: after a death at the intent or the call, Amazon gets the next
    /// one twice; an outcome is not committed at first.
    FailThenRepeat,
}

impl Mode {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Fail, Self::Repeat, Self::FailThenRepeat];
}

/// What follows a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The process dies.
    Die,
    /// The database says that nothing was committed.
    SayNo,
    /// Open intents are due at once.
    Look,
}

/// One step and what happens there.
pub(super) struct Script {
    step: Step,
    mode: Mode,
    failed: AtomicU32,
    repeated: AtomicU32,
}

impl Script {
    pub(super) const fn new(step: Step, mode: Mode) -> Self {
        Self { step, mode, failed: AtomicU32::new(0), repeated: AtomicU32::new(0) }
    }

    /// Whether it has come to that.
    pub(super) fn was_played(&self) -> bool {
        self.failed.load(Ordering::SeqCst) + self.repeated.load(Ordering::SeqCst) > 0
    }

    /// What follows a commit that begins and closes these operations.
    pub(super) fn committed(&self, begins: Option<&str>, closes: Option<&str>) -> Option<Then> {
        let here = |operation: Option<&str>| operation == Some(self.step.operation);
        match (self.step.phase, self.mode) {
            (Phase::Intended, Mode::Fail | Mode::FailThenRepeat) if here(begins) && first(&self.failed) => {
                Some(Then::Die)
            }
            (Phase::Intended, Mode::Repeat) if here(begins) && first(&self.repeated) => Some(Then::Look),
            (Phase::Concluded, Mode::Fail) if here(closes) && first(&self.failed) => Some(Then::Die),
            (Phase::Concluded, Mode::Repeat) if here(closes) && first(&self.repeated) => Some(Then::SayNo),
            _ => None,
        }
    }

    /// Whether a commit that closes this operation fails and leaves nothing.
    pub(super) fn refuses_commit(&self, closes: Option<&str>) -> bool {
        (self.step.phase, self.mode) == (Phase::Concluded, Mode::FailThenRepeat)
            && closes == Some(self.step.operation)
            && first(&self.failed)
    }

    /// What happens to a request.
    pub(super) fn harm(&self, request: &Outgoing) -> Option<Harm> {
        if operation_of(request) != Some(self.step.operation) {
            return None;
        }
        match (self.step.phase, self.mode) {
            // Long enough for somebody to look in the meantime.
            (Phase::Intended, Mode::Repeat) if self.repeated.fetch_add(1, Ordering::SeqCst) == 1 => {
                Some(Harm::Late(Duration::from_secs(5)))
            }
            (Phase::Answered, Mode::Repeat) if first(&self.repeated) => Some(Harm::Twice(Duration::from_millis(20))),
            (Phase::Intended | Phase::Answered, Mode::FailThenRepeat)
                if self.failed.load(Ordering::SeqCst) > 0 && first(&self.repeated) =>
            {
                Some(Harm::Twice(Duration::from_millis(20)))
            }
            _ => None,
        }
    }

    /// Whether the process dies now that this request is answered.
    pub(super) fn dies_answered(&self, request: &Outgoing) -> bool {
        self.step.phase == Phase::Answered
            && matches!(self.mode, Mode::Fail | Mode::FailThenRepeat)
            && operation_of(request) == Some(self.step.operation)
            && first(&self.failed)
    }
}

fn first(times: &AtomicU32) -> bool {
    times.fetch_add(1, Ordering::SeqCst) == 0
}

/// The operation of a request, as the book names it.
fn operation_of(request: &Outgoing) -> Option<&'static str> {
    let path = request.url.strip_prefix(AMAZON)?;
    let is_about = |object: &str| path.contains(&format!("/{object}"));
    Some(match (request.method.as_str(), path.rsplit('/').next()?) {
        ("PATCH", _) if is_about("checkoutSessions/") => "updateCheckoutSession",
        ("POST", "complete") => "completeCheckoutSession",
        ("POST", "finalize") => "finalizeCheckoutSession",
        ("POST", "capture") => "captureCharge",
        ("POST", "charges") => "createCharge",
        ("DELETE", "cancel") => "cancelCharge",
        ("POST", "refunds") => "createRefund",
        ("DELETE", "close") => "closeChargePermission",
        _ => return None,
    })
}
