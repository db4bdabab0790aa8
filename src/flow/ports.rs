//! What the use cases need from outside. The book's contract is `store::Store`; time and chance are in `domain`.

use std::time::Duration;

use async_trait::async_trait;

use crate::amazonpay::{
    Answer, BuyerProfile, CallError, CancelCharge, CaptureCharge, Charge, ChargePermission, CheckoutSession, Client,
    CloseChargePermission, CompleteCheckoutSession, CreateCharge, CreateRefund, FinalizeCheckoutSession, OnBehalf,
    Refund, UpdateCheckoutSession,
};
use crate::domain::{ChargeId, ChargePermissionId, CheckoutSessionId, IdempotencyKey, RefundId};

pub use crate::domain::{Clock, Rng};
pub use crate::store::Store;

/// Amazon Pay, as far as the use cases drive it.
#[async_trait]
pub trait AmazonPay: Send + Sync + 'static {
    /// Get Checkout Session.
    async fn checkout_session(
        &self,
        by: OnBehalf<'_>,
        id: &CheckoutSessionId,
    ) -> Result<Answer<CheckoutSession>, CallError>;

    /// Update Checkout Session.
    async fn update_checkout_session(
        &self,
        by: OnBehalf<'_>,
        id: &CheckoutSessionId,
        request: &UpdateCheckoutSession,
    ) -> Result<Answer<CheckoutSession>, CallError>;

    /// Complete Checkout Session.
    async fn complete_checkout_session(
        &self,
        by: OnBehalf<'_>,
        id: &CheckoutSessionId,
        request: &CompleteCheckoutSession,
        key: &IdempotencyKey,
    ) -> Result<Answer<CheckoutSession>, CallError>;

    /// Finalize Checkout Session.
    async fn finalize_checkout_session(
        &self,
        by: OnBehalf<'_>,
        id: &CheckoutSessionId,
        request: &FinalizeCheckoutSession,
        key: &IdempotencyKey,
    ) -> Result<Answer<CheckoutSession>, CallError>;

    /// Get Charge.
    async fn charge(&self, by: OnBehalf<'_>, id: &ChargeId) -> Result<Answer<Charge>, CallError>;

    /// Capture Charge.
    async fn capture_charge(
        &self,
        by: OnBehalf<'_>,
        id: &ChargeId,
        request: &CaptureCharge,
        key: &IdempotencyKey,
    ) -> Result<Answer<Charge>, CallError>;

    /// Create Charge.
    async fn create_charge(
        &self,
        by: OnBehalf<'_>,
        request: &CreateCharge,
        key: &IdempotencyKey,
    ) -> Result<Answer<Charge>, CallError>;

    /// Cancel Charge.
    async fn cancel_charge(
        &self,
        by: OnBehalf<'_>,
        id: &ChargeId,
        request: &CancelCharge,
    ) -> Result<Answer<Charge>, CallError>;

    /// Create Refund.
    async fn create_refund(
        &self,
        by: OnBehalf<'_>,
        request: &CreateRefund,
        key: &IdempotencyKey,
    ) -> Result<Answer<Refund>, CallError>;

    /// Get Refund.
    async fn refund(&self, by: OnBehalf<'_>, id: &RefundId) -> Result<Answer<Refund>, CallError>;

    /// Get Charge Permission.
    async fn charge_permission(
        &self,
        by: OnBehalf<'_>,
        id: &ChargePermissionId,
    ) -> Result<Answer<ChargePermission>, CallError>;

    /// Close Charge Permission.
    async fn close_charge_permission(
        &self,
        by: OnBehalf<'_>,
        id: &ChargePermissionId,
        request: &CloseChargePermission,
    ) -> Result<Answer<ChargePermission>, CallError>;

    /// Get Buyer.
    async fn buyer(&self, by: OnBehalf<'_>, token: &str) -> Result<Answer<BuyerProfile>, CallError>;
}

#[async_trait]
impl AmazonPay for Client {
    async fn checkout_session(
        &self,
        by: OnBehalf<'_>,
        id: &CheckoutSessionId,
    ) -> Result<Answer<CheckoutSession>, CallError> {
        self.get_checkout_session(by, id).await
    }

    async fn update_checkout_session(
        &self,
        by: OnBehalf<'_>,
        id: &CheckoutSessionId,
        request: &UpdateCheckoutSession,
    ) -> Result<Answer<CheckoutSession>, CallError> {
        Self::update_checkout_session(self, by, id, request).await
    }

    async fn complete_checkout_session(
        &self,
        by: OnBehalf<'_>,
        id: &CheckoutSessionId,
        request: &CompleteCheckoutSession,
        key: &IdempotencyKey,
    ) -> Result<Answer<CheckoutSession>, CallError> {
        Self::complete_checkout_session(self, by, id, request, key).await
    }

    async fn finalize_checkout_session(
        &self,
        by: OnBehalf<'_>,
        id: &CheckoutSessionId,
        request: &FinalizeCheckoutSession,
        key: &IdempotencyKey,
    ) -> Result<Answer<CheckoutSession>, CallError> {
        Self::finalize_checkout_session(self, by, id, request, key).await
    }

    async fn charge(&self, by: OnBehalf<'_>, id: &ChargeId) -> Result<Answer<Charge>, CallError> {
        self.get_charge(by, id).await
    }

    async fn capture_charge(
        &self,
        by: OnBehalf<'_>,
        id: &ChargeId,
        request: &CaptureCharge,
        key: &IdempotencyKey,
    ) -> Result<Answer<Charge>, CallError> {
        Self::capture_charge(self, by, id, request, key).await
    }

    async fn create_charge(
        &self,
        by: OnBehalf<'_>,
        request: &CreateCharge,
        key: &IdempotencyKey,
    ) -> Result<Answer<Charge>, CallError> {
        Self::create_charge(self, by, request, key).await
    }

    async fn cancel_charge(
        &self,
        by: OnBehalf<'_>,
        id: &ChargeId,
        request: &CancelCharge,
    ) -> Result<Answer<Charge>, CallError> {
        Self::cancel_charge(self, by, id, request).await
    }

    async fn create_refund(
        &self,
        by: OnBehalf<'_>,
        request: &CreateRefund,
        key: &IdempotencyKey,
    ) -> Result<Answer<Refund>, CallError> {
        Self::create_refund(self, by, request, key).await
    }

    async fn refund(&self, by: OnBehalf<'_>, id: &RefundId) -> Result<Answer<Refund>, CallError> {
        self.get_refund(by, id).await
    }

    async fn charge_permission(
        &self,
        by: OnBehalf<'_>,
        id: &ChargePermissionId,
    ) -> Result<Answer<ChargePermission>, CallError> {
        self.get_charge_permission(by, id).await
    }

    async fn close_charge_permission(
        &self,
        by: OnBehalf<'_>,
        id: &ChargePermissionId,
        request: &CloseChargePermission,
    ) -> Result<Answer<ChargePermission>, CallError> {
        Self::close_charge_permission(self, by, id, request).await
    }

    async fn buyer(&self, by: OnBehalf<'_>, token: &str) -> Result<Answer<BuyerProfile>, CallError> {
        self.get_buyer(by, token).await
    }
}

/// Whoever carries notifications to shops.
#[async_trait]
pub trait Notifier: Send + Sync + 'static {
    /// Says that the outbox has something new.
    fn wake(&self);

    /// Waits until the first attempt to deliver `notification_id` is over, at most `limit`.
    async fn first_attempt(&self, notification_id: &str, limit: Duration);
}
