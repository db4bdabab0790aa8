//! The table of psp-protocol 6: which event leads from which state to which.

use super::super::ids::{ChargePermissionId, CheckoutSessionId};
use super::super::terms::{JobCd, Status};
use super::super::world::Millis;
use super::{AmazonPayment, Exec, Failure, Handover, Money, Refund, Settled, State, Ticket, Transaction, Yen};

/// Something that has happened, or (for requests) that is now decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// ExecTran in its redirect shape.
    Requested(Exec, Ticket),
    /// ExecTran in its immediate shape: Amazon charged.
    ChargedAtOnce(Exec, AmazonPayment),
    /// ExecTran in its immediate shape: a consent and no charge.
    RegisteredAtOnce(Exec, ChargePermissionId),
    /// ExecTran in its immediate shape: Amazon refused.
    RefusedAtOnce(Exec, Failure),
    /// ExecTran in its immediate shape: Amazon takes its time.
    PendingAtOnce(Exec, Handover),
    /// The buyer came to AmazonpayStart in time.
    Started(Handover),
    /// The session of a checkout that began with a payload.
    SessionNamed(CheckoutSessionId),
    /// The session was completed; Amazon takes its time over the charge.
    Pending(Handover),
    /// The session was completed with a charge, or a pending charge was authorised.
    Completed(AmazonPayment),
    /// The session was completed with a consent and no charge.
    Registered(ChargePermissionId),
    /// The buyer gave up or Amazon declined.
    Failed(Failure),
    /// Start token or stay at Amazon ran out.
    Expired(Failure),
    /// Captured; the amounts are the final ones.
    Sold(Money, Millis),
    /// Amazon has taken a capture on and takes its time; the amounts it captures, and when to look.
    SaleBegun(Money, Millis),
    /// An authorisation that had run out was renewed by a new charge, and captured; the amounts are the final ones.
    SoldAnew(Money, AmazonPayment),
    /// Amazon declined the capture, and the charge with it.
    SaleRefused(Failure),
    /// The authorisation was cancelled.
    Cancelled,
    /// New amounts; a new charge where the old one was replaced.
    Changed(Money, AmazonPayment),
    /// A refund was accepted.
    ReturnRequested(Refund),
    /// The refund is done.
    Returned,
    /// Amazon declined the refund.
    ReturnRefused,
    /// The consent was closed.
    Ended,
}

impl Event {
    /// One word for the journal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Requested(..) => "requested",
            Self::ChargedAtOnce(..) => "charged-at-once",
            Self::RegisteredAtOnce(..) => "registered-at-once",
            Self::RefusedAtOnce(..) => "refused-at-once",
            Self::PendingAtOnce(..) => "pending-at-once",
            Self::SessionNamed(_) => "session-named",
            Self::Pending(_) => "pending",
            Self::SaleBegun(..) => "sale-begun",
            Self::SoldAnew(..) => "sold-anew",
            Self::SaleRefused(_) => "sale-refused",
            Self::Started(_) => "started",
            Self::Completed(_) => "completed",
            Self::Registered(_) => "registered",
            Self::Failed(_) => "failed",
            Self::Expired(_) => "expired",
            Self::Sold(..) => "sold",
            Self::Cancelled => "cancelled",
            Self::Changed(..) => "changed",
            Self::ReturnRequested(_) => "return-requested",
            Self::Returned => "returned",
            Self::ReturnRefused => "return-refused",
            Self::Ended => "ended",
        }
    }
}

/// The table has no such step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{event} is not possible in {status}")]
pub struct Refused {
    /// Where the transaction stands.
    pub status: Status,
    /// What was to happen.
    pub event: &'static str,
}

impl Transaction {
    /// The transaction after `event`, one version on.
    ///
    /// # Errors
    /// [`Refused`] where the table has no such step, or the amounts do not allow it. `self` is unchanged either way.
    pub fn apply(&self, event: Event, now: Millis) -> Result<Self, Refused> {
        let refused = Refused { status: self.status(), event: event.name() };
        let mut next = Self { version: self.version + 1, processed_at: now, ..self.clone() };
        next.state = match (self.state.clone(), event) {
            (State::Unprocessed, Event::Requested(exec, ticket)) => {
                next.exec = Some(exec);
                State::ReqSuccess(ticket)
            }
            (State::Unprocessed, Event::ChargedAtOnce(exec, payment)) => {
                next.exec = Some(exec);
                paid(self.job, payment, now)
            }
            (State::Unprocessed, Event::RegisteredAtOnce(exec, permission)) => {
                next.exec = Some(exec);
                State::Register(permission)
            }
            (State::Unprocessed, Event::RefusedAtOnce(exec, failure)) => {
                next.exec = Some(exec);
                State::PayFail(failure)
            }
            (State::Unprocessed, Event::PendingAtOnce(exec, handover)) => {
                next.exec = Some(exec);
                State::AuthProcess(handover)
            }
            (State::ReqSuccess(_), Event::Started(handover)) | (State::AuthProcess(_), Event::Pending(handover)) => {
                State::AuthProcess(handover)
            }
            (State::AuthProcess(handover), Event::SessionNamed(session)) => {
                next.name_session(session).ok_or(refused)?;
                State::AuthProcess(handover)
            }
            (State::ReqSuccess(ticket), Event::Expired(failure)) => {
                State::Expired { failure, token_sha256: Some(ticket.token_sha256) }
            }
            (State::AuthProcess(_), Event::Expired(failure)) => State::Expired { failure, token_sha256: None },
            (State::AuthProcess(_), Event::Completed(payment)) => paid(self.job, payment, now),
            (State::AuthProcess(_), Event::Registered(permission)) => State::Register(permission),
            (State::AuthProcess(_), Event::Failed(failure)) => State::PayFail(failure),
            (State::Register(permission), Event::Ended) => State::End(permission),
            (settled, event) => next.settle(settled, event).ok_or(refused)?,
        };
        Ok(next)
    }

    /// A checkout that began with a payload has a session once the buyer is back, and keeps it.
    fn name_session(&mut self, session: CheckoutSessionId) -> Option<()> {
        let exec = self.exec.as_mut().filter(|exec| exec.session.is_none())?;
        exec.session = Some(session);
        Some(())
    }

    /// The steps after money has been promised or taken.
    fn settle(&mut self, state: State, event: Event) -> Option<State> {
        Some(match (state, event) {
            (State::Auth(payment), Event::Sold(money, at)) if money.total() <= self.money.total() => {
                self.money = money;
                State::Sales(AmazonPayment { captured_at: Some(at), ..payment })
            }
            (State::Auth(payment), Event::SaleBegun(money, look_at)) if money.total() <= self.money.total() => {
                State::Selling { payment, money, look_at }
            }
            (State::Selling { payment, money, .. }, Event::Sold(sold, at)) if sold == money => {
                self.money = money;
                State::Sales(AmazonPayment { captured_at: Some(at), ..payment })
            }
            (State::Auth(_), Event::SoldAnew(money, payment)) if money.total() <= self.money.total() => {
                let captured_at = payment.captured_at.or(Some(self.processed_at));
                self.money = money;
                State::Sales(AmazonPayment { captured_at, ..payment })
            }
            (State::Auth(_) | State::Selling { .. }, Event::SaleRefused(failure)) => State::PayFail(failure),
            (State::Auth(payment), Event::Cancelled) => {
                let cancelled = std::mem::take(&mut self.money);
                State::Cancel(AmazonPayment { cancelled, ..payment })
            }
            (State::Auth(_), Event::Changed(money, payment)) => {
                self.money = money;
                State::Auth(payment)
            }
            (State::Sales(_), Event::Changed(money, payment)) if money.total() <= self.money.total() => {
                self.money = money;
                State::Sales(payment)
            }
            (State::Capture(_), Event::Changed(money, payment)) if money.total() <= self.money.total() => {
                self.money = money;
                State::Capture(payment)
            }
            (State::Sales(payment), Event::ReturnRequested(refund)) => {
                self.ask_return(payment, Settled::Sales, refund)?
            }
            (State::Capture(payment), Event::ReturnRequested(refund)) => {
                self.ask_return(payment, Settled::Capture, refund)?
            }
            (State::ReqReturn { payment, from }, Event::Returned) => {
                let payment = returned(payment)?;
                if self.money.total() == Yen::ZERO { State::Return(payment) } else { settled(from, payment) }
            }
            (State::Sales(payment), Event::Returned) => State::Sales(returned(payment)?),
            (State::Capture(payment), Event::Returned) => State::Capture(returned(payment)?),
            (State::ReqReturn { payment, from }, Event::ReturnRefused) => settled(from, self.give_back(payment)?),
            (State::Sales(payment), Event::ReturnRefused) => State::Sales(self.give_back(payment)?),
            (State::Capture(payment), Event::ReturnRefused) => State::Capture(self.give_back(payment)?),
            _ => return None,
        })
    }

    /// One refund at a time; what it takes is no longer the shop's.
    fn ask_return(&mut self, payment: AmazonPayment, from: Settled, refund: Refund) -> Option<State> {
        if payment.refund.is_some() {
            return None;
        }
        self.money = self.money.minus(refund.money)?;
        Some(State::ReqReturn { payment: AmazonPayment { refund: Some(refund), ..payment }, from })
    }

    /// Amazon declined the refund: the money is still the shop's.
    fn give_back(&mut self, payment: AmazonPayment) -> Option<AmazonPayment> {
        let refund = payment.refund.clone()?;
        self.money = self.money.plus(refund.money)?;
        Some(AmazonPayment { refund: None, ..payment })
    }
}

/// The refund is done: it counts as cancelled.
fn returned(payment: AmazonPayment) -> Option<AmazonPayment> {
    let refund = payment.refund.clone()?;
    let cancelled = payment.cancelled.plus(refund.money)?;
    Some(AmazonPayment { cancelled, refund: None, ..payment })
}

fn paid(job: JobCd, payment: AmazonPayment, now: Millis) -> State {
    match job {
        JobCd::Auth => State::Auth(AmazonPayment { captured_at: None, ..payment }),
        JobCd::Capture => State::Capture(AmazonPayment { captured_at: payment.captured_at.or(Some(now)), ..payment }),
    }
}

fn settled(from: Settled, payment: AmazonPayment) -> State {
    match from {
        Settled::Sales => State::Sales(payment),
        Settled::Capture => State::Capture(payment),
    }
}
