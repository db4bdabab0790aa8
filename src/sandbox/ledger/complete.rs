//! Complete Checkout Session: the moment a paid session becomes a charge permission and, unless the intent is
//! Confirm, a charge (amazon-pay 2.3).

use super::charging::ChargeRequest;
use super::objects::MovementKind;
use super::opening::Course;
use super::session::{Payment, Progress, Session, SessionState};
use super::simulation::Simulation;
use super::words::{PaymentIntent, SessionCancelReason};
use super::{Amount, Choice, Ledger, opening, wrong_status};
use crate::sandbox::buyers::CardEffect;
use crate::sandbox::error::{ApiError, Decline, ReasonCode};

/// The body of Complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CompletionRequest {
    /// Must be the session's.
    pub charge_amount: Option<Amount>,
    /// Must be the session's, if it has one.
    pub total_order_amount: Option<Amount>,
}

/// What Complete did.
#[derive(Debug, Clone)]
pub struct Completed {
    /// The session afterwards.
    pub session: Session,
    /// The authorization's outcome is not known yet: answered with 202 instead of 200.
    pub pending: bool,
}

impl Ledger {
    /// Completes a session that the buyer has paid.
    ///
    /// # Errors
    /// `ResourceNotFound`; `CheckoutSessionCanceled`; `InvalidCheckoutSessionStatus` where it is completed already, the
    /// buyer has not paid, or it is one to finalize; `MFANotCompleted`; `MissingParameterValue`; `AmountMismatch`; `InvalidChargeStatus` where the intent is
    /// `AuthorizeWithCapture` and the merchant says it handles pending authorizations;
    /// `InvalidSandboxSimulationSpecified`; the code of a simulated [`Decline`], which cancels the session.
    pub fn complete(
        &mut self,
        merchant_id: &str,
        id: &str,
        request: CompletionRequest,
        simulation: Option<Simulation>,
    ) -> Result<Completed, ApiError> {
        let (session, payment) = self.paid_session(merchant_id, id, false, simulation)?;
        check_amounts(&session, request)?;
        self.conclude(&session, payment, simulation)
    }

    /// The session that Complete or (`on_page`) Finalize is about, and how its buyer's payment went.
    pub(super) fn paid_session(
        &mut self,
        merchant_id: &str,
        id: &str,
        on_page: bool,
        simulation: Option<Simulation>,
    ) -> Result<(Session, Payment), ApiError> {
        let now = self.now;
        let session = self.session_of_mut(merchant_id, id)?;
        if session.request.on_page != on_page {
            let other = if on_page {
                "is not the on-page script's: complete it"
            } else {
                "is the on-page script's: finalize it"
            };
            return Err(wrong_status(session, &format!("it {other}")));
        }
        if let (SessionState::Open, Some(Simulation::Cancel(reason))) = (session.state, simulation) {
            session.cancel(reason, now);
            self.release(id);
        }
        let session = self.session_of(merchant_id, id)?.clone();
        let payment = check_paid(&session)?;
        Ok((session, payment))
    }

    /// Ends a paid session as agreed, or as the simulation code says.
    pub(super) fn conclude(
        &mut self,
        session: &Session,
        payment: Payment,
        simulation: Option<Simulation>,
    ) -> Result<Completed, ApiError> {
        check_intent(session)?;
        match simulation {
            Some(code) if code.pending().is_some() && !session.may_be_pending() => Err(ApiError::new(
                ReasonCode::InvalidSandboxSimulationSpecified,
                "A pending authorization needs paymentIntent Authorize and canHandlePendingAuthorization true",
            )),
            Some(code @ (Simulation::Pending(_) | Simulation::PendingDeclined(_))) => {
                self.release(&session.id);
                let payment = code.pending().unwrap_or(payment);
                self.settle(session, Course { payment, slow_capture: false, fate: code.fate() })
            }
            Some(Simulation::Decline(decline)) => {
                if decline != Decline::ProcessingFailure {
                    self.release(&session.id);
                    let now = self.now;
                    self.session_of_mut(&session.merchant_id, &session.id)?.cancel(SessionCancelReason::Declined, now);
                }
                Err(decline.into())
            }
            _ => self.settle(session, Course { payment, slow_capture: false, fate: None }),
        }
    }

    /// The paid session becomes a permission and, unless the intent is Confirm, a charge; or it changes the card of
    /// a stored payment method.
    fn settle(&mut self, session: &Session, course: Course) -> Result<Completed, ApiError> {
        let now = self.now;
        let party = session.party.clone().ok_or_else(|| wrong_status(session, "nobody has signed in"))?;
        let permission_id = match &session.request.charge_permission_id {
            Some(stored) => {
                let instrument = session.choice().map_or("", |choice| choice.instrument.id);
                self.change_payment_method(stored, instrument)?;
                stored.clone()
            }
            None => self.open_permission(session, party),
        };
        let charge_id = session.reserved().map(|amount| {
            let request = ChargeRequest::at_checkout(session, &permission_id, amount);
            self.open_charge(&session.merchant_id, request, course)
        });
        let session = self.session_of_mut(&session.merchant_id, &session.id)?;
        session.charge_permission_id = Some(permission_id);
        session.charge_id = charge_id;
        session.state = SessionState::Completed;
        session.updated = now;
        Ok(Completed { session: session.clone(), pending: course.payment != Payment::Approved })
    }

    /// Frees what the bank set aside for a session that ends without Complete.
    pub(super) fn release(&mut self, id: &str) {
        let Some(session) = self.sessions.get(id) else { return };
        if let (Progress::Paid(Payment::Approved), Some(amount)) = (session.progress, session.reserved()) {
            self.movements.push(session.movement(MovementKind::Released, amount, self.now));
        }
    }
}

impl ChargeRequest {
    /// The charge that a session's own terms ask for.
    fn at_checkout(session: &Session, permission_id: &str, amount: Amount) -> Self {
        let terms = &session.request.terms;
        Self {
            permission_id: permission_id.to_owned(),
            amount,
            capture_now: terms.payment.payment_intent == Some(PaymentIntent::AuthorizeWithCapture),
            can_handle_pending_authorization: session.may_be_pending(),
            soft_descriptor: terms.payment.soft_descriptor.clone(),
            merchant: terms.merchant.clone(),
            provider_reference_id: terms.provider_reference_id.clone(),
            platform_id: terms.platform_id.clone(),
            initiator: None,
            channel: None,
            checkout_result_return_url: None,
        }
    }
}

fn check_paid(session: &Session) -> Result<Payment, ApiError> {
    match (session.state, session.progress) {
        (SessionState::Canceled(reason), _) => Err(ApiError::new(
            ReasonCode::CheckoutSessionCanceled,
            format!("CheckoutSession {} is Canceled: {} ({})", session.id, reason.as_str(), reason.description()),
        )),
        (SessionState::Completed, _) => Err(wrong_status(session, "it was completed before")),
        (SessionState::Open, Progress::Paid(payment)) => Ok(payment),
        (SessionState::Open, Progress::Processing)
            if session.choice().map(Choice::effect) == Some(CardEffect::AsksMfa) =>
        {
            Err(Decline::MFANotCompleted.into())
        }
        (SessionState::Open, _) => {
            Err(wrong_status(session, "the buyer has not finished paying at amazonPayRedirectUrl"))
        }
    }
}

/// Nothing and nothing said are the same here: a consent alone costs 0 yen.
fn check_amounts(session: &Session, request: CompletionRequest) -> Result<(), ApiError> {
    let terms = &session.request.terms;
    let said = |amount: Option<Amount>| amount.filter(|amount| !amount.is_zero());
    let pairs = [
        ("chargeAmount", session.to_charge(), said(request.charge_amount)),
        ("totalOrderAmount", terms.payment.total_order_amount, request.total_order_amount),
    ];
    for (name, agreed, asked) in pairs {
        match (agreed, asked) {
            (Some(_), None) => {
                return Err(ApiError::new(ReasonCode::MissingParameterValue, format!("{name} is missing")));
            }
            (agreed, Some(asked)) if agreed != Some(asked) => {
                let agreed = agreed.map_or_else(|| "none".to_owned(), |amount| amount.to_string());
                let message = format!("{name} {asked} is not the checkout session's ({agreed})");
                return Err(ApiError::new(ReasonCode::AmountMismatch, message));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whatever is charged has an amount, and money that is taken at once cannot be waited for (amazon-pay 2.3, 2.8).
fn check_intent(session: &Session) -> Result<(), ApiError> {
    let payment = &session.request.terms.payment;
    if payment.payment_intent != Some(PaymentIntent::Confirm) && session.reserved().is_none() {
        return Err(ApiError::new(ReasonCode::MissingParameterValue, "the session has no paymentDetails.chargeAmount"));
    }
    let limit = opening::limit(session).amount();
    if let Some(amount) = session.reserved().filter(|amount| *amount > limit) {
        let message = format!("chargeAmount {amount} is more than may be charged in a month ({limit})");
        return Err(ApiError::new(ReasonCode::TransactionAmountExceeded, message));
    }
    let at_once = payment.payment_intent == Some(PaymentIntent::AuthorizeWithCapture);
    if at_once && payment.can_handle_pending_authorization == Some(true) {
        return Err(ApiError::new(
            ReasonCode::InvalidChargeStatus,
            "paymentIntent AuthorizeWithCapture does not go with canHandlePendingAuthorization true",
        ));
    }
    Ok(())
}
