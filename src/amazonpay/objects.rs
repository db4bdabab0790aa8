//! Amazon's objects as its answers hold them (amazon-pay 2.3 to 2.6).
//!
//! Fields that this gateway has no use for are left out and ignored. Whatever Amazon may leave empty is an `Option` or
//! an empty list.

use serde::Deserialize;

use super::lenient::{list, moment, nullable};
use super::parts::{
    Address, Buyer, Constraint, Limits, MerchantMetadata, PaymentDetails, PaymentPreference, PermissionStatus,
    RecurringMetadata, StatusDetails, WebCheckoutDetails,
};
use super::price::Price;
use super::states::{ChargePermissionType, ChargeState, RefundState, SessionState};
use crate::domain::{ChargeId, ChargePermissionId, CheckoutSessionId, Millis, RefundId};

/// A checkout session (amazon-pay 2.3). The answer to Complete is the same object with nearly everything empty.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckoutSession {
    /// Its identifier.
    pub checkout_session_id: CheckoutSessionId,
    /// Where it stands.
    pub status_details: StatusDetails<SessionState>,
    /// Addresses of the pages around the checkout.
    #[serde(default, deserialize_with = "nullable")]
    pub web_checkout_details: WebCheckoutDetails,
    /// What is to be paid, as far as it has been set.
    #[serde(default, deserialize_with = "nullable")]
    pub payment_details: PaymentDetails,
    /// `PayAndShip`, `PayOnly` or another product.
    #[serde(default)]
    pub product_type: Option<String>,
    /// What the buyer is asked to permit.
    #[serde(default)]
    pub charge_permission_type: Option<ChargePermissionType>,
    /// Interval and amount of a recurring permission.
    #[serde(default)]
    pub recurring_metadata: Option<RecurringMetadata>,
    /// What the merchant said about the order.
    #[serde(default)]
    pub merchant_metadata: Option<MerchantMetadata>,
    /// Who buys; none before the sign-in and after Complete.
    #[serde(default)]
    pub buyer: Option<Buyer>,
    /// Where the goods go.
    #[serde(default)]
    pub shipping_address: Option<Address>,
    /// Where the bill goes.
    #[serde(default)]
    pub billing_address: Option<Address>,
    /// How the buyer pays.
    #[serde(default, deserialize_with = "list")]
    pub payment_preferences: Vec<PaymentPreference>,
    /// The permission that Complete made.
    #[serde(default)]
    pub charge_permission_id: Option<ChargePermissionId>,
    /// The charge that Complete made; none with the intent `Confirm`.
    #[serde(default)]
    pub charge_id: Option<ChargeId>,
    /// What must still be set before the buyer can be sent to Amazon.
    #[serde(default, deserialize_with = "list")]
    pub constraints: Vec<Constraint>,
    /// When it was made.
    #[serde(default, deserialize_with = "moment")]
    pub creation_timestamp: Option<Millis>,
    /// When it lapses, 24 hours later.
    #[serde(default, deserialize_with = "moment")]
    pub expiration_timestamp: Option<Millis>,
    /// The store whose button made it.
    #[serde(default)]
    pub store_id: Option<String>,
    /// `Sandbox` or `Live`.
    #[serde(default)]
    pub release_environment: Option<String>,
}

/// A charge permission (amazon-pay 2.4).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChargePermission {
    /// Its identifier.
    pub charge_permission_id: ChargePermissionId,
    /// Where it stands.
    pub status_details: PermissionStatus,
    /// What the buyer permitted.
    #[serde(default)]
    pub charge_permission_type: Option<ChargePermissionType>,
    /// How much it may be charged, where Amazon says so.
    #[serde(default, deserialize_with = "nullable")]
    pub limits: Limits,
    /// Interval and amount of a recurring permission.
    #[serde(default)]
    pub recurring_metadata: Option<RecurringMetadata>,
    /// Who bought; readable for 30 days.
    #[serde(default)]
    pub buyer: Option<Buyer>,
    /// Where the goods go.
    #[serde(default)]
    pub shipping_address: Option<Address>,
    /// Where the bill goes.
    #[serde(default)]
    pub billing_address: Option<Address>,
    /// How the buyer pays.
    #[serde(default, deserialize_with = "list")]
    pub payment_preferences: Vec<PaymentPreference>,
    /// What the merchant said about the order.
    #[serde(default)]
    pub merchant_metadata: Option<MerchantMetadata>,
    /// When it was made.
    #[serde(default, deserialize_with = "moment")]
    pub creation_timestamp: Option<Millis>,
    /// When it lapses; never, if none.
    #[serde(default, deserialize_with = "moment")]
    pub expiration_timestamp: Option<Millis>,
    /// `Sandbox` or `Live`.
    #[serde(default)]
    pub release_environment: Option<String>,
}

/// A charge (amazon-pay 2.5).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Charge {
    /// Its identifier.
    pub charge_id: ChargeId,
    /// The permission it was made under.
    pub charge_permission_id: ChargePermissionId,
    /// Where it stands.
    pub status_details: StatusDetails<ChargeState>,
    /// What was asked for.
    pub charge_amount: Price,
    /// What was taken; none before capture.
    #[serde(default)]
    pub capture_amount: Option<Price>,
    /// What was given back so far.
    #[serde(default)]
    pub refunded_amount: Option<Price>,
    /// What the merchant said about it.
    #[serde(default)]
    pub merchant_metadata: Option<MerchantMetadata>,
    /// Where the buyer has to go, if Amazon wants a second factor first.
    #[serde(default, deserialize_with = "nullable")]
    pub web_checkout_details: WebCheckoutDetails,
    /// When it was made.
    #[serde(default, deserialize_with = "moment")]
    pub creation_timestamp: Option<Millis>,
    /// When an authorization lapses, 30 days later.
    #[serde(default, deserialize_with = "moment")]
    pub expiration_timestamp: Option<Millis>,
    /// `Sandbox` or `Live`.
    #[serde(default)]
    pub release_environment: Option<String>,
}

/// A refund (amazon-pay 2.6).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// Its identifier.
    pub refund_id: RefundId,
    /// The charge it gives back from.
    pub charge_id: ChargeId,
    /// Where it stands.
    pub status_details: StatusDetails<RefundState>,
    /// What is given back.
    pub refund_amount: Price,
    /// When it was made.
    #[serde(default, deserialize_with = "moment")]
    pub creation_timestamp: Option<Millis>,
    /// `Sandbox` or `Live`.
    #[serde(default)]
    pub release_environment: Option<String>,
}

/// A buyer who signed in (amazon-pay 2.7). What is there depends on the scopes that were asked for. `Debug` of its parts
/// shows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BuyerProfile {
    /// Who it is.
    #[serde(flatten)]
    pub buyer: Buyer,
    /// Where the goods would go.
    #[serde(default, rename = "shippingAddress")]
    pub shipping_address: Option<Address>,
    /// Where the bill would go.
    #[serde(default, rename = "billingAddress")]
    pub billing_address: Option<Address>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::Yen;

    const SESSION: &str = "c1f7e3f2-3a5b-4b6e-9c55-6f1f5bd0a001";

    #[test]
    fn a_session_before_sign_in_is_full_of_nulls() {
        let session: CheckoutSession = serde_json::from_value(json!({
            "checkoutSessionId": SESSION,
            "webCheckoutDetails": {"checkoutReviewReturnUrl": "https://shop.test/review", "amazonPayRedirectUrl": null},
            "productType": null,
            "paymentDetails": {"paymentIntent": null, "chargeAmount": null, "presentmentCurrency": null},
            "chargePermissionType": "OneTime",
            "buyer": null, "billingAddress": null, "shippingAddress": null,
            "paymentPreferences": [null],
            "statusDetails": {"state": "Open", "reasonCode": null, "lastUpdatedTimestamp": "20261122T183049Z"},
            "constraints": [{"constraintId": "ChargeAmountNotSet", "description": "chargeAmount is not set."}],
            "creationTimestamp": "20261122T183049Z",
            "somethingNew": {"deep": []}
        }))
        .unwrap();
        assert_eq!(session.status_details.state, SessionState::Open);
        assert_eq!(session.payment_preferences, []);
        assert_eq!(session.constraints[0].constraint_id, "ChargeAmountNotSet");
        assert_eq!(session.creation_timestamp.map(Millis::utc_basic).as_deref(), Some("20261122T183049Z"));
        assert_eq!(session.web_checkout_details.amazon_pay_redirect_url, None);
    }

    #[test]
    fn a_completed_session_is_stripped() {
        let session: CheckoutSession = serde_json::from_value(json!({
            "checkoutSessionId": SESSION, "webCheckoutDetails": null, "paymentDetails": null,
            "paymentPreferences": null, "constraints": null, "chargePermissionType": "Subscription",
            "statusDetails": {"state": "Completed"},
            "chargePermissionId": "S03-1234567-1234567", "chargeId": "S03-1234567-1234567-C123456"
        }))
        .unwrap();
        assert_eq!(session.status_details.state, SessionState::Completed);
        assert_eq!(session.charge_permission_type, Some(ChargePermissionType::Other("Subscription".to_owned())));
        assert_eq!(session.charge_id, ChargeId::new("S03-1234567-1234567-C123456").ok());
    }

    #[test]
    fn a_charge_may_come_with_decimals_and_a_state_from_the_future() {
        let charge: Charge = serde_json::from_value(json!({
            "chargeId": "S03-1234567-1234567-C123456", "chargePermissionId": "S03-1234567-1234567",
            "chargeAmount": {"amount": "100.00", "currencyCode": "JPY"}, "captureAmount": null,
            "refundedAmount": {"amount": 0, "currencyCode": "JPY"},
            "statusDetails": {"state": "PartlyCaptured", "reasonCode": null},
            "creationTimestamp": 1_795_371_000_123_i64, "expirationTimestamp": "some day"
        }))
        .unwrap();
        assert_eq!(charge.charge_amount.yen(), Ok(Yen::new(100).unwrap()));
        assert_eq!(charge.refunded_amount.unwrap().yen(), Ok(Yen::ZERO));
        assert_eq!(charge.status_details.state, ChargeState::Other("PartlyCaptured".to_owned()));
        assert_eq!(charge.creation_timestamp, Some(Millis(1_795_371_000_123)));
        assert_eq!(charge.expiration_timestamp, None);
    }

    #[test]
    fn a_permission_has_a_list_of_reasons() {
        let permission: ChargePermission = serde_json::from_value(json!({
            "chargePermissionId": "C03-1234567-1234567",
            "statusDetails": {"state": "NonChargeable", "reasons": [{"reasonCode": "ChargeInProgress"}]},
            "limits": {"amountLimit": {"amount": "100000", "currencyCode": "JPY"}, "amountBalance": null},
            "recurringMetadata": {"frequency": {"unit": "Month", "value": 1}, "amount": null}
        }))
        .unwrap();
        assert_eq!(permission.status_details.reasons[0].reason_code, "ChargeInProgress");
        assert_eq!(permission.limits.amount_limit.unwrap().whole_yen(), Ok(100_000));
        assert_eq!(permission.recurring_metadata.unwrap().frequency.value, "1");
    }

    #[test]
    fn a_buyer_who_signed_in_tells_what_was_asked_for() {
        let buyer: BuyerProfile = serde_json::from_value(json!({
            "buyerId": "amzn1.account.A", "name": "Hanako", "email": null, "countryCode": "JP",
            "shippingAddress": {"postalCode": "250-0522"}, "billingAddress": null, "primeMembershipTypes": null
        }))
        .unwrap();
        assert_eq!(buyer.buyer.name.as_deref(), Some("Hanako"));
        assert_eq!((buyer.buyer.email.as_ref(), buyer.billing_address.as_ref()), (None, None));
        assert_eq!(buyer.shipping_address.as_ref().unwrap().postal_code.as_deref(), Some("250-0522"));
        assert!(!format!("{buyer:?}").contains("Hanako"));
    }

    #[test]
    fn a_session_without_a_state_is_no_session() {
        let missing = serde_json::from_value::<CheckoutSession>(json!({"checkoutSessionId": SESSION}));
        assert!(missing.is_err());
    }

    #[test]
    fn personal_data_does_not_show() {
        let buyer = Buyer { name: Some("Hanako".to_owned()), ..Buyer::default() };
        let address = Address { address_line1: Some("Meguro".to_owned()), ..Address::default() };
        let shown = format!("{buyer:?} {address:?}");
        assert!(!shown.contains("Hanako") && !shown.contains("Meguro"), "{shown}");
    }
}
