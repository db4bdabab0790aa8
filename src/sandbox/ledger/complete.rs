//! Complete Checkout Session: the moment a paid session becomes a charge permission and, unless the intent is
//! Confirm, a charge (amazon-pay 2.3).

use super::objects::{CHARGE_LIFETIME_MS, Charge, ChargePermission, MovementKind, PENDING_MS, PERMISSION_LIFETIME_MS};
use super::session::{Party, Payment, Progress, Session, SessionState};
use super::timers::Due;
use super::words::{ChargeState, PaymentIntent, PermissionType, SessionCancelReason};
use super::{Amount, Ledger, ids, wrong_status};
use crate::sandbox::error::{ApiError, ReasonCode};

/// The body of Complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CompletionRequest {
    /// Must be the session's.
    pub charge_amount: Option<Amount>,
    /// Must be the session's, if it has one.
    pub total_order_amount: Option<Amount>,
}

/// What `x-amz-pay-simulation-code` can ask of Complete (amazon-pay 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Simulation {
    /// The session is cancelled with this reason, and Complete refused.
    Cancel(SessionCancelReason),
    /// The authorization is pending for 30 seconds, then succeeds.
    AuthorizationInitiated,
}

/// What Complete did.
#[derive(Debug, Clone)]
pub struct Completed {
    /// The session afterwards.
    pub session: Session,
    /// The authorization's outcome is not known yet: answered with 202 instead of 200.
    pub pending: bool,
}

/// JPY 70,000: what an order with `allowOvercharge` may grow to at least (amazon-pay 2.4).
const OVERCHARGE_FLOOR_YEN: i64 = 70_000;
/// 900 %: what it may grow to in proportion.
const OVERCHARGE_FACTOR: i64 = 9;

impl Ledger {
    /// Completes a session that the buyer has paid.
    ///
    /// # Errors
    /// `ResourceNotFound`; `CheckoutSessionCanceled`; `InvalidCheckoutSessionStatus` where it is completed already or
    /// the buyer has not paid; `MissingParameterValue`; `AmountMismatch`; `InvalidChargeStatus` where the intent is
    /// `AuthorizeWithCapture` and the merchant says it handles pending authorizations;
    /// `InvalidSandboxSimulationSpecified`.
    pub fn complete(
        &mut self,
        merchant_id: &str,
        id: &str,
        request: CompletionRequest,
        simulation: Option<Simulation>,
    ) -> Result<Completed, ApiError> {
        let now = self.now;
        if let Some(Simulation::Cancel(reason)) = simulation {
            let session = self.session_of_mut(merchant_id, id)?;
            if session.state == SessionState::Open {
                session.cancel(reason, now);
                self.release(id);
            }
        }
        let session = self.session_of(merchant_id, id)?.clone();
        let mut payment = check_paid(&session)?;
        check_amounts(&session, request)?;
        check_intent(&session)?;
        if simulation == Some(Simulation::AuthorizationInitiated) {
            if !session.may_be_pending() {
                return Err(ApiError::new(
                    ReasonCode::InvalidSandboxSimulationSpecified,
                    "AuthorizationInitiated needs paymentIntent Authorize and canHandlePendingAuthorization true",
                ));
            }
            self.release(id);
            payment = Payment::PendingThenAuthorized;
        }
        let party = session.party.ok_or_else(|| wrong_status(&session, "nobody has signed in"))?;
        let permission_id = self.open_permission(&session, party);
        let reserves = session.request.terms.payment.payment_intent != Some(PaymentIntent::Confirm);
        let amount = session.request.terms.payment.charge_amount.filter(|_| reserves);
        let charge_id = amount.map(|amount| self.open_charge(&session, &permission_id, amount, payment));
        let session = self.session_of_mut(merchant_id, id)?;
        session.charge_permission_id = Some(permission_id);
        session.charge_id = charge_id;
        session.state = SessionState::Completed;
        session.updated = now;
        Ok(Completed { session: session.clone(), pending: payment != Payment::Approved })
    }

    /// Frees what the bank set aside for a session that ends without Complete.
    pub(super) fn release(&mut self, id: &str) {
        let Some(session) = self.sessions.get(id) else { return };
        if let (Progress::Paid(Payment::Approved), Some(amount)) = (session.progress, session.reserved()) {
            self.movements.push(session.movement(MovementKind::Released, amount, self.now));
        }
    }

    fn open_permission(&mut self, session: &Session, party: Party) -> String {
        let terms = &session.request.terms;
        let permission_type = terms.permission_type();
        let one_time = permission_type == PermissionType::OneTime;
        let id = self.unused(
            |ledger| ids::charge_permission_id(&*ledger.rng, one_time),
            |ledger, id| ledger.permissions.contains_key(id),
        );
        let permission = ChargePermission {
            id: id.clone(),
            merchant_id: session.merchant_id.clone(),
            session_id: session.id.clone(),
            party,
            permission_type,
            merchant: terms.merchant.clone(),
            platform_id: terms.platform_id.clone(),
            limit: limit(session),
            payment_method_invalid: false,
            closed: None,
            charge_ids: Vec::new(),
            created: self.now,
            updated: self.now,
            expires: one_time.then(|| self.now.plus(PERMISSION_LIFETIME_MS)),
        };
        if let Some(expires) = permission.expires {
            self.timers.insert((expires, Due::PermissionExpires(id.clone())));
        }
        self.permission_order.push(id.clone());
        self.permissions.insert(id.clone(), permission);
        id
    }

    fn open_charge(&mut self, session: &Session, permission_id: &str, amount: Amount, payment: Payment) -> String {
        let now = self.now;
        let terms = &session.request.terms;
        let id = self
            .unused(|ledger| ids::charge_id(&*ledger.rng, permission_id), |ledger, id| ledger.charges.contains_key(id));
        let charge = Charge {
            id: id.clone(),
            permission_id: permission_id.to_owned(),
            merchant_id: session.merchant_id.clone(),
            amount,
            captured: None,
            soft_descriptor: terms.payment.soft_descriptor.clone(),
            merchant: terms.merchant.clone(),
            provider_reference_id: terms.provider_reference_id.clone(),
            platform_id: terms.platform_id.clone(),
            state: ChargeState::AuthorizationInitiated,
            reason: None,
            pending: (payment != Payment::Approved).then_some(payment),
            authorized: None,
            created: now,
            updated: now,
            expires: now.plus(CHARGE_LIFETIME_MS),
        };
        self.timers.insert((charge.expires, Due::AuthorizationExpires(id.clone())));
        if let Some(permission) = self.permissions.get_mut(permission_id) {
            permission.charge_ids.push(id.clone());
        }
        self.charge_order.push(id.clone());
        self.charges.insert(id.clone(), charge);
        if payment == Payment::Approved {
            self.authorize(&id);
            if terms.payment.payment_intent == Some(PaymentIntent::AuthorizeWithCapture) {
                self.take(&id, amount);
            }
        } else {
            self.timers.insert((now.plus(PENDING_MS), Due::AuthorizationEnds(id.clone())));
        }
        id
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
        (SessionState::Open, _) => {
            Err(wrong_status(session, "the buyer has not finished paying at amazonPayRedirectUrl"))
        }
    }
}

fn check_amounts(session: &Session, request: CompletionRequest) -> Result<(), ApiError> {
    let agreed = &session.request.terms.payment;
    let pairs = [
        ("chargeAmount", agreed.charge_amount, request.charge_amount),
        ("totalOrderAmount", agreed.total_order_amount, request.total_order_amount),
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
    if payment.payment_intent != Some(PaymentIntent::Confirm) && payment.charge_amount.is_none() {
        return Err(ApiError::new(ReasonCode::MissingParameterValue, "the session has no paymentDetails.chargeAmount"));
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

/// The most that may be charged on the permission (amazon-pay 2.4).
fn limit(session: &Session) -> Amount {
    let payment = &session.request.terms.payment;
    let agreed = payment.total_order_amount.or(payment.charge_amount).unwrap_or(Amount::ZERO);
    if payment.allow_overcharge != Some(true) {
        return agreed;
    }
    let grown = agreed.yen().saturating_mul(OVERCHARGE_FACTOR).max(OVERCHARGE_FLOOR_YEN);
    Amount::new(grown).unwrap_or(Amount::MAX)
}
