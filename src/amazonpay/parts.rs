//! What Amazon's objects are made of: amounts, people, addresses, reasons (amazon-pay 2.2 to 2.4).
//!
//! `Debug` of a person's data is a mask: these objects may end up in a log line by mistake.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::lenient::{list, moment, text_or_number};
use super::price::Price;
use super::states::{FrequencyUnit, PaymentIntent, PermissionState};
use crate::domain::Millis;

/// State and reason of a session, a charge or a refund.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusDetails<S> {
    /// The state.
    pub state: S,
    /// Why, such as `BuyerCanceled`.
    #[serde(default)]
    pub reason_code: Option<String>,
    /// Why, in words for a developer.
    #[serde(default)]
    pub reason_description: Option<String>,
    /// Since when.
    #[serde(default, deserialize_with = "moment")]
    pub last_updated_timestamp: Option<Millis>,
}

/// State and reasons of a charge permission: a list, unlike elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionStatus {
    /// The state.
    pub state: PermissionState,
    /// Why.
    #[serde(default, deserialize_with = "list")]
    pub reasons: Vec<PermissionReason>,
    /// Since when.
    #[serde(default, deserialize_with = "moment")]
    pub last_updated_timestamp: Option<Millis>,
}

/// One reason of a charge permission's state.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionReason {
    /// Such as `PaymentMethodInvalid`.
    pub reason_code: String,
    /// In words for a developer.
    #[serde(default)]
    pub reason_description: Option<String>,
}

/// Something that a session still lacks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Constraint {
    /// Such as `ChargeAmountNotSet`.
    pub constraint_id: String,
    /// In words for a developer.
    #[serde(default)]
    pub description: Option<String>,
}

/// Addresses of the pages around the checkout. In a request, what is `None` stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WebCheckoutDetails {
    /// The merchant's page on which the buyer reviews the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkout_review_return_url: Option<String>,
    /// Where Amazon sends the browser after payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkout_result_return_url: Option<String>,
    /// Where Amazon sends the browser after the buyer gave up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkout_cancel_url: Option<String>,
    /// Where the browser must go to pay; only in answers, and only once no constraint is left.
    #[serde(skip_serializing)]
    pub amazon_pay_redirect_url: Option<String>,
}

/// What is to be paid. In a request, what is `None` stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PaymentDetails {
    /// What completing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_intent: Option<PaymentIntent>,
    /// Whether the merchant can wait for an authorization that takes up to 24 hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_handle_pending_authorization: Option<bool>,
    /// What is charged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge_amount: Option<Price>,
    /// The whole order, where it is charged in several parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_order_amount: Option<Price>,
    /// Whether more than the order may be charged later. Heeded only in a button's payload (amazon-pay 2.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_overcharge: Option<bool>,
}

/// What the merchant says about an order; shown to the buyer and in Seller Central.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MerchantMetadata {
    /// The merchant's number for the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_reference_id: Option<String>,
    /// The shop's name, at most 50 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_store_name: Option<String>,
    /// A line for the buyer, at most 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note_to_buyer: Option<String>,
    /// A line for the merchant, at most 4096 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_information: Option<String>,
}

/// Interval and amount of a recurring permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecurringMetadata {
    /// How often.
    pub frequency: Frequency,
    /// How much each time; not enforced by Amazon, may be unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Price>,
}

/// How often a recurring charge is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frequency {
    /// Of what.
    pub unit: FrequencyUnit,
    /// How many; `0` with [`FrequencyUnit::Variable`]. Amazon writes it as text or as a number.
    #[serde(deserialize_with = "text_or_number")]
    pub value: String,
}

/// How much a charge permission may be charged; each may be unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Limits {
    /// The ceiling (of the month, for recurring).
    pub amount_limit: Option<Price>,
    /// What is left of it.
    pub amount_balance: Option<Price>,
}

/// How the buyer pays.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentPreference {
    /// In words for the buyer, such as `Visa ****1111 (Amazon Pay)`.
    #[serde(default)]
    pub payment_descriptor: Option<String>,
}

/// Who buys. What is there depends on the button's scopes. `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Buyer {
    /// `amzn1.account.…`, the same person at every order of one merchant.
    pub buyer_id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Telephone.
    pub phone_number: Option<String>,
}

impl fmt::Debug for Buyer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buyer(masked)")
    }
}

/// A postal address. In Japan the prefecture is the state, and city, county and district are often empty. `Debug` shows
/// nothing of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Address {
    /// Addressee.
    pub name: Option<String>,
    /// First line.
    pub address_line1: Option<String>,
    /// Second line.
    pub address_line2: Option<String>,
    /// Third line.
    pub address_line3: Option<String>,
    /// City.
    pub city: Option<String>,
    /// County.
    pub county: Option<String>,
    /// District.
    pub district: Option<String>,
    /// State; in Japan the prefecture.
    pub state_or_region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Two letters, such as `JP`.
    pub country_code: Option<String>,
    /// Telephone.
    pub phone_number: Option<String>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(masked)")
    }
}
