//! What the use cases need from outside. The book's contract is `store::Store`; time and chance are in `domain`.

use std::time::Duration;

use async_trait::async_trait;

use crate::amazonpay::{
    Answer, CallError, CaptureCharge, Charge, CheckoutSession, Client, CompleteCheckoutSession, Merchant,
    UpdateCheckoutSession,
};
use crate::domain::{ChargeId, CheckoutSessionId, IdempotencyKey};

pub use crate::domain::{Clock, Rng};
pub use crate::store::Store;

/// Amazon Pay, as far as the use cases drive it.
#[async_trait]
pub trait AmazonPay: Send + Sync + 'static {
    /// Get Checkout Session.
    async fn checkout_session(
        &self,
        merchant: &Merchant,
        id: &CheckoutSessionId,
    ) -> Result<Answer<CheckoutSession>, CallError>;

    /// Update Checkout Session.
    async fn update_checkout_session(
        &self,
        merchant: &Merchant,
        id: &CheckoutSessionId,
        request: &UpdateCheckoutSession,
    ) -> Result<Answer<CheckoutSession>, CallError>;

    /// Complete Checkout Session.
    async fn complete_checkout_session(
        &self,
        merchant: &Merchant,
        id: &CheckoutSessionId,
        request: &CompleteCheckoutSession,
        key: &IdempotencyKey,
    ) -> Result<Answer<CheckoutSession>, CallError>;

    /// Get Charge.
    async fn charge(&self, merchant: &Merchant, id: &ChargeId) -> Result<Answer<Charge>, CallError>;

    /// Capture Charge.
    async fn capture_charge(
        &self,
        merchant: &Merchant,
        id: &ChargeId,
        request: &CaptureCharge,
        key: &IdempotencyKey,
    ) -> Result<Answer<Charge>, CallError>;
}

#[async_trait]
impl AmazonPay for Client {
    async fn checkout_session(
        &self,
        merchant: &Merchant,
        id: &CheckoutSessionId,
    ) -> Result<Answer<CheckoutSession>, CallError> {
        self.get_checkout_session(merchant, id).await
    }

    async fn update_checkout_session(
        &self,
        merchant: &Merchant,
        id: &CheckoutSessionId,
        request: &UpdateCheckoutSession,
    ) -> Result<Answer<CheckoutSession>, CallError> {
        Self::update_checkout_session(self, merchant, id, request).await
    }

    async fn complete_checkout_session(
        &self,
        merchant: &Merchant,
        id: &CheckoutSessionId,
        request: &CompleteCheckoutSession,
        key: &IdempotencyKey,
    ) -> Result<Answer<CheckoutSession>, CallError> {
        Self::complete_checkout_session(self, merchant, id, request, key).await
    }

    async fn charge(&self, merchant: &Merchant, id: &ChargeId) -> Result<Answer<Charge>, CallError> {
        self.get_charge(merchant, id).await
    }

    async fn capture_charge(
        &self,
        merchant: &Merchant,
        id: &ChargeId,
        request: &CaptureCharge,
        key: &IdempotencyKey,
    ) -> Result<Answer<Charge>, CallError> {
        Self::capture_charge(self, merchant, id, request, key).await
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
