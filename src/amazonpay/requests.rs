//! What is asked of Amazon: the bodies of requests (amazon-pay 2.3 to 2.6). Amazon refuses a field it does not know, so
//! nothing is sent that is not set.

use serde::Serialize;

use super::parts::{Address, MerchantMetadata, PaymentDetails, RecurringMetadata, WebCheckoutDetails};
use super::price::Price;
use super::states::{ChargePermissionType, PaymentIntent};
use crate::domain::{ChargeId, ChargePermissionId};

/// Sets what a session lacks. May be sent any number of times until the buyer is sent to Amazon.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateCheckoutSession {
    /// Where the browser comes back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_checkout_details: Option<WebCheckoutDetails>,
    /// Intent and amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_details: Option<PaymentDetails>,
    /// What the merchant says about the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_metadata: Option<MerchantMetadata>,
    /// Turns a one-time session into a recurring one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge_permission_type: Option<ChargePermissionType>,
    /// Interval and amount, where recurring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recurring_metadata: Option<RecurringMetadata>,
}

/// Completes a session after the buyer came back. The amounts must equal the session's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CompleteCheckoutSession {
    /// What is charged; none where only a permission is set up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge_amount: Option<Price>,
    /// The whole order, if the session has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_order_amount: Option<Price>,
}

/// Completes a session whose buyer paid in the on-page script. Everything must equal the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FinalizeCheckoutSession {
    /// What completing does.
    pub payment_intent: PaymentIntent,
    /// What is charged.
    pub charge_amount: Price,
    /// The whole order, if the session has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_order_amount: Option<Price>,
    /// As in the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_handle_pending_authorization: Option<bool>,
    /// Needed for PayAndShip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Address>,
    /// Needed for `PayOnly`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
}

/// Charges a permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateCharge {
    /// The permission.
    pub charge_permission_id: ChargePermissionId,
    /// How much.
    pub charge_amount: Price,
    /// Whether to take it at once; Amazon refuses this together with waiting for an authorization.
    pub capture_now: bool,
    /// Whether an authorization may take up to 24 hours.
    pub can_handle_pending_authorization: bool,
    /// What the merchant says about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_metadata: Option<MerchantMetadata>,
    /// Where the buyer, if one is present, comes back to after a second factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_checkout_details: Option<WebCheckoutDetails>,
}

/// Takes an authorized amount, or a part of it; the rest is let go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaptureCharge {
    /// How much.
    pub capture_amount: Price,
}

/// Lets an authorized amount go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CancelCharge {
    /// Why, for the merchant's own records.
    pub cancellation_reason: String,
}

/// Gives captured money back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateRefund {
    /// The charge.
    pub charge_id: ChargeId,
    /// How much.
    pub refund_amount: Price,
}

/// Ends a charge permission for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CloseChargePermission {
    /// Why, at most 255 characters.
    pub closure_reason: String,
    /// Whether charges that are not captured yet are cancelled.
    pub cancel_pending_charges: bool,
}
