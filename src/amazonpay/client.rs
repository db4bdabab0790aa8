//! Amazon Pay's operations (amazon-pay 2.1), one method each. How a call is sent and judged is in `call.rs`.

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;

use super::call::Call;
use super::exchange::OnBehalf;
use super::objects::{BuyerProfile, Charge, ChargePermission, CheckoutSession, Refund};
use super::outcome::{Answer, CallError};
use super::requests::{
    CancelCharge, CaptureCharge, CloseChargePermission, CompleteCheckoutSession, CreateCharge, CreateRefund,
    FinalizeCheckoutSession, UpdateCheckoutSession,
};
use crate::domain::{ChargeId, ChargePermissionId, CheckoutSessionId, Clock, IdempotencyKey, RefundId, Rng};
use crate::egress::Network;

/// Everything but RFC 3986's unreserved characters is escaped.
const IN_A_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How often and how long a call is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The most attempts of one call; at least one is made.
    pub attempts_max: u32,
    /// The pause after the first attempt, of which a random half; doubles with each further one.
    pub first_delay_ms: u64,
    /// The longest pause, also where Amazon asks for a longer one.
    pub delay_ms_max: u64,
    /// The longest that one attempt may take, connection and body included.
    pub attempt_timeout_ms: u64,
    /// The longest that a call may take with all its attempts and pauses.
    pub total_ms_max: u64,
}

impl Default for Retry {
    /// A buyer waits: four attempts in at most 20 seconds.
    fn default() -> Self {
        Self {
            attempts_max: 4,
            first_delay_ms: 300,
            delay_ms_max: 4_000,
            attempt_timeout_ms: 8_000,
            total_ms_max: 20_000,
        }
    }
}

/// Calls Amazon Pay for any merchant: each method first takes the account that it is called from, or that together with
/// whoever hears of the attempts. Cheap to clone; the connections are shared.
///
/// An identifier can be nothing but one segment of a path, so none is escaped; a buyer's token, which is any text, is.
/// Methods that take an [`IdempotencyKey`]
/// have their effect at most once for it. Update, Cancel and Close take none, for Amazon heeds none there
/// (amazon-pay 2.9); sent twice they do no more than once, but the second may be refused.
#[derive(Clone)]
pub struct Client {
    pub(super) network: Arc<dyn Network>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rng: Arc<dyn Rng>,
    pub(super) retry: Retry,
}

impl Client {
    /// A client. The network's connection time-out should be shorter than
    /// `attempt_timeout_ms`, or a host that swallows packets looks like an unknown outcome instead of "not sent".
    pub fn new(network: impl Network, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>, retry: Retry) -> Self {
        Self { network: Arc::new(network), clock, rng, retry }
    }

    /// Reads a checkout session.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_checkout_session(
        &self,
        by: impl Into<OnBehalf<'_>>,
        id: &CheckoutSessionId,
    ) -> Result<Answer<CheckoutSession>, CallError> {
        let call = Call::new("GetCheckoutSession", id.as_str(), Method::GET, format!("/checkoutSessions/{id}"));
        self.make(by.into(), call, |it: &CheckoutSession| it.checkout_session_id == *id).await
    }

    /// Sets what a session lacks, until the buyer is sent to Amazon.
    ///
    /// # Errors
    /// [`CallError`]; a session that is over: 422 `InvalidCheckoutSessionStatus`.
    pub async fn update_checkout_session(
        &self,
        by: impl Into<OnBehalf<'_>>,
        id: &CheckoutSessionId,
        request: &UpdateCheckoutSession,
    ) -> Result<Answer<CheckoutSession>, CallError> {
        let call = Call::new("UpdateCheckoutSession", id.as_str(), Method::PATCH, format!("/checkoutSessions/{id}"))
            .json(request)?;
        self.make(by.into(), call, |it: &CheckoutSession| it.checkout_session_id == *id).await
    }

    /// Completes a session after the buyer came back. Only this makes a payment.
    ///
    /// # Errors
    /// [`CallError`]. A refusal with `InvalidCheckoutSessionStatus` is no failure yet: the session may be completed
    /// already, so ask for it (amazon-pay 2.3).
    pub async fn complete_checkout_session(
        &self,
        by: impl Into<OnBehalf<'_>>,
        id: &CheckoutSessionId,
        request: &CompleteCheckoutSession,
        key: &IdempotencyKey,
    ) -> Result<Answer<CheckoutSession>, CallError> {
        let call =
            Call::new("CompleteCheckoutSession", id.as_str(), Method::POST, format!("/checkoutSessions/{id}/complete"))
                .json(request)?
                .once(key);
        self.make(by.into(), call, |it: &CheckoutSession| it.checkout_session_id == *id).await
    }

    /// Completes a session whose buyer paid in the on-page script.
    ///
    /// # Errors
    /// [`CallError`]; what differs from the session is a 409 with a code of its own.
    pub async fn finalize_checkout_session(
        &self,
        by: impl Into<OnBehalf<'_>>,
        id: &CheckoutSessionId,
        request: &FinalizeCheckoutSession,
        key: &IdempotencyKey,
    ) -> Result<Answer<CheckoutSession>, CallError> {
        let call =
            Call::new("FinalizeCheckoutSession", id.as_str(), Method::POST, format!("/checkoutSessions/{id}/finalize"))
                .json(request)?
                .once(key);
        self.make(by.into(), call, |it: &CheckoutSession| it.checkout_session_id == *id).await
    }

    /// Reads a charge permission.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_charge_permission(
        &self,
        by: impl Into<OnBehalf<'_>>,
        id: &ChargePermissionId,
    ) -> Result<Answer<ChargePermission>, CallError> {
        let call = Call::new("GetChargePermission", id.as_str(), Method::GET, format!("/chargePermissions/{id}"));
        self.make(by.into(), call, |it: &ChargePermission| it.charge_permission_id == *id).await
    }

    /// Ends a charge permission for good.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn close_charge_permission(
        &self,
        by: impl Into<OnBehalf<'_>>,
        id: &ChargePermissionId,
        request: &CloseChargePermission,
    ) -> Result<Answer<ChargePermission>, CallError> {
        let call =
            Call::new("CloseChargePermission", id.as_str(), Method::DELETE, format!("/chargePermissions/{id}/close"))
                .json(request)?;
        self.make(by.into(), call, |it: &ChargePermission| it.charge_permission_id == *id).await
    }

    /// Charges a permission.
    ///
    /// # Errors
    /// [`CallError`]; a synchronous decline is a refusal, not a charge in state Declined (amazon-pay 2.8).
    pub async fn create_charge(
        &self,
        by: impl Into<OnBehalf<'_>>,
        request: &CreateCharge,
        key: &IdempotencyKey,
    ) -> Result<Answer<Charge>, CallError> {
        let permission = &request.charge_permission_id;
        let call = Call::new("CreateCharge", permission.as_str(), Method::POST, "/charges".to_owned())
            .json(request)?
            .once(key);
        self.make(by.into(), call, |it: &Charge| it.charge_permission_id == *permission).await
    }

    /// Reads a charge.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_charge(&self, by: impl Into<OnBehalf<'_>>, id: &ChargeId) -> Result<Answer<Charge>, CallError> {
        let call = Call::new("GetCharge", id.as_str(), Method::GET, format!("/charges/{id}"));
        self.make(by.into(), call, |it: &Charge| it.charge_id == *id).await
    }

    /// Takes an authorized amount, or a part of it, once.
    ///
    /// # Errors
    /// [`CallError`]; a charge that is not authorized: 422 `InvalidChargeStatus`.
    pub async fn capture_charge(
        &self,
        by: impl Into<OnBehalf<'_>>,
        id: &ChargeId,
        request: &CaptureCharge,
        key: &IdempotencyKey,
    ) -> Result<Answer<Charge>, CallError> {
        let call = Call::new("CaptureCharge", id.as_str(), Method::POST, format!("/charges/{id}/capture"))
            .json(request)?
            .once(key);
        self.make(by.into(), call, |it: &Charge| it.charge_id == *id).await
    }

    /// Lets an authorized amount go.
    ///
    /// # Errors
    /// [`CallError`]; a charge that is captured or over: 422 `InvalidChargeStatus`.
    pub async fn cancel_charge(
        &self,
        by: impl Into<OnBehalf<'_>>,
        id: &ChargeId,
        request: &CancelCharge,
    ) -> Result<Answer<Charge>, CallError> {
        let call =
            Call::new("CancelCharge", id.as_str(), Method::DELETE, format!("/charges/{id}/cancel")).json(request)?;
        self.make(by.into(), call, |it: &Charge| it.charge_id == *id).await
    }

    /// Gives captured money back. Amazon decides later (amazon-pay 2.6).
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn create_refund(
        &self,
        by: impl Into<OnBehalf<'_>>,
        request: &CreateRefund,
        key: &IdempotencyKey,
    ) -> Result<Answer<Refund>, CallError> {
        let charge = &request.charge_id;
        let call =
            Call::new("CreateRefund", charge.as_str(), Method::POST, "/refunds".to_owned()).json(request)?.once(key);
        self.make(by.into(), call, |it: &Refund| it.charge_id == *charge).await
    }

    /// Reads who signed in. The token is as good as a password, so neither the log nor a record of the exchange has it.
    ///
    /// # Errors
    /// [`CallError`]; a token that Amazon does not know, or not any longer: 404 `ResourceNotFound`.
    pub async fn get_buyer(&self, by: impl Into<OnBehalf<'_>>, token: &str) -> Result<Answer<BuyerProfile>, CallError> {
        let token = utf8_percent_encode(token, IN_A_SEGMENT);
        let call = Call::new("GetBuyer", "", Method::GET, format!("/buyers/{token}")).shown_as("/buyers/…");
        self.make(by.into(), call, |it: &BuyerProfile| it.buyer.buyer_id.is_some()).await
    }

    /// Reads a refund.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_refund(&self, by: impl Into<OnBehalf<'_>>, id: &RefundId) -> Result<Answer<Refund>, CallError> {
        let call = Call::new("GetRefund", id.as_str(), Method::GET, format!("/refunds/{}", id.as_str()));
        self.make(by.into(), call, |it: &Refund| it.refund_id == *id).await
    }
}
