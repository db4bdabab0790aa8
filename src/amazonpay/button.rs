//! The signed payload of an Amazon Pay button (amazon-pay 1.8, 2.3).
//!
//! The signature is over the payload's exact text, and the browser must hand that text to Amazon unchanged; on its way
//! it may pass through an HTML page and a string literal of a script. So the text is compact JSON, and values that any of
//! those would have to escape are refused: what is signed is what Amazon sees, however the page is made.

use serde::Serialize;

use super::key::CryptoFailed;
use super::merchant::Merchant;
use super::parts::RecurringMetadata;
use super::signer::{ALGORITHM, string_to_sign};
use super::states::ChargePermissionType;

/// What the buyer is asked to share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    /// Name.
    Name,
    /// Mail address.
    Email,
    /// Telephone.
    PhoneNumber,
    /// Where the goods go.
    ShippingAddress,
    /// Where the bill goes.
    BillingAddress,
    /// Postal code only.
    PostalCode,
    /// Whether the buyer is a Prime member.
    PrimeStatus,
}

impl Scope {
    /// Everything that the gateway can pass on to a shop (psp-protocol 5.7).
    pub const ALL_PASSED_ON: [Self; 5] =
        [Self::Name, Self::Email, Self::PhoneNumber, Self::ShippingAddress, Self::BillingAddress];
}

/// What the buyer is asked to permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consent {
    /// One order.
    OneTime,
    /// Charges at intervals.
    Recurring(RecurringMetadata),
}

/// A button that leads to the merchant's own review page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewPageButton {
    /// The review page.
    pub checkout_review_return_url: String,
    /// Where a buyer who gives up is sent; back to the page with the button, if none.
    pub checkout_cancel_url: Option<String>,
    /// The store, `amzn1.application-oa2-client.` and 32 hex digits.
    pub store_id: String,
    /// What the buyer is asked to share. Empty: Amazon's default, everything but the billing address.
    pub scopes: Vec<Scope>,
    /// What the buyer is asked to permit.
    pub consent: Consent,
    /// Where the goods can go: Amazon's `deliverySpecifications`, passed on as it is.
    pub delivery_specifications: Option<serde_json::Value>,
    /// Whether more than the order's amount may be charged later; cannot be asked for afterwards (amazon-pay 2.4).
    pub allow_overcharge: bool,
}

/// All that a page needs to draw a button, made together so that nothing of it can be mixed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ButtonSignature {
    /// The payload, `payloadJSON` of `checkout.js`, character by character.
    #[serde(rename = "payloadJSON")]
    pub payload: String,
    /// Base64.
    pub signature: String,
    /// Must be named to `checkout.js`: its default may be another.
    pub algorithm: &'static str,
    /// The key's id.
    pub public_key_id: String,
}

/// A button that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ButtonError {
    /// A value that would not reach Amazon as it is.
    #[error(
        "{field} holds {character:?}: quotes, backslashes, angle brackets, control characters and, in an address, \
         anything but ASCII must be percent-encoded, or a page might change the signed text"
    )]
    Unsafe {
        /// Which.
        field: &'static str,
        /// The first that is in the way.
        character: char,
    },
    /// A value that JSON cannot hold.
    #[error("the payload cannot be written as JSON")]
    Json,
    /// The signature could not be made.
    #[error(transparent)]
    Crypto(#[from] CryptoFailed),
    /// It was made and does not verify; nothing is handed out.
    #[error("the button's own signature does not verify")]
    SelfCheck,
}

impl ReviewPageButton {
    /// The payload's text.
    ///
    /// # Errors
    /// [`ButtonError::Unsafe`].
    pub fn payload(&self) -> Result<String, ButtonError> {
        check("checkoutReviewReturnUrl", &self.checkout_review_return_url)?;
        check("checkoutCancelUrl", self.checkout_cancel_url.as_deref().unwrap_or_default())?;
        check("storeId", &self.store_id)?;
        let (charge_permission_type, recurring_metadata) = self.consent.parts();
        let payload = Payload {
            web_checkout_details: Pages {
                checkout_review_return_url: &self.checkout_review_return_url,
                checkout_cancel_url: self.checkout_cancel_url.as_deref(),
            },
            store_id: &self.store_id,
            scopes: &self.scopes,
            charge_permission_type,
            recurring_metadata,
            delivery_specifications: self.delivery_specifications.as_ref(),
            payment_details: self.allow_overcharge.then_some(Overcharge { allow_overcharge: true }),
        };
        let text = serde_json::to_string(&payload).map_err(|_| ButtonError::Json)?;
        check_whole(&text)?;
        Ok(text)
    }
}

/// A button that signs in and buys nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInButton {
    /// Where the buyer comes back to, with a `buyerToken`.
    pub sign_in_return_url: String,
    /// The store.
    pub store_id: String,
    /// What the buyer is asked to share.
    pub scopes: Vec<Scope>,
}

impl SignInButton {
    /// The payload's text.
    ///
    /// # Errors
    /// [`ButtonError::Unsafe`].
    pub fn payload(&self) -> Result<String, ButtonError> {
        check("signInReturnUrl", &self.sign_in_return_url)?;
        check("storeId", &self.store_id)?;
        let payload = SignInPayload {
            sign_in_return_url: &self.sign_in_return_url,
            store_id: &self.store_id,
            sign_in_scopes: &self.scopes,
        };
        serde_json::to_string(&payload).map_err(|_| ButtonError::Json)
    }
}

impl Consent {
    fn parts(&self) -> (ChargePermissionType, Option<&RecurringMetadata>) {
        match self {
            Self::OneTime => (ChargePermissionType::OneTime, None),
            Self::Recurring(metadata) => (ChargePermissionType::Recurring, Some(metadata)),
        }
    }
}

impl Merchant {
    /// Signs a button's payload, and verifies what it signed.
    ///
    /// # Errors
    /// [`ButtonError`].
    pub fn sign_button(&self, payload: String) -> Result<ButtonSignature, ButtonError> {
        let text = string_to_sign(&payload);
        let signature = self.key().sign(text.as_bytes())?;
        if !self.key().verifies(text.as_bytes(), &signature) {
            return Err(ButtonError::SelfCheck);
        }
        Ok(ButtonSignature { payload, signature, algorithm: ALGORITHM, public_key_id: self.public_key_id().to_owned() })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    web_checkout_details: Pages<'a>,
    store_id: &'a str,
    #[serde(skip_serializing_if = "<[Scope]>::is_empty")]
    scopes: &'a [Scope],
    charge_permission_type: ChargePermissionType,
    #[serde(skip_serializing_if = "Option::is_none")]
    recurring_metadata: Option<&'a RecurringMetadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_specifications: Option<&'a serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_details: Option<Overcharge>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SignInPayload<'a> {
    sign_in_return_url: &'a str,
    store_id: &'a str,
    sign_in_scopes: &'a [Scope],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pages<'a> {
    checkout_review_return_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkout_cancel_url: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Overcharge {
    allow_overcharge: bool,
}

/// Refuses a value that JSON, a script or a page would have to escape. `&` may stay: an address needs it, and the
/// attribute that holds it is unescaped by the browser.
fn check(field: &'static str, value: &str) -> Result<(), ButtonError> {
    let in_the_way = |c: char| !c.is_ascii_graphic() || matches!(c, '"' | '\'' | '\\' | '<' | '>' | '`');
    value.chars().find(|&c| in_the_way(c)).map_or(Ok(()), |character| Err(ButtonError::Unsafe { field, character }))
}

/// The same for the whole text, in which quotes are JSON's own. Spaces may stand in the names of prefectures.
fn check_whole(text: &str) -> Result<(), ButtonError> {
    let in_the_way = |c: char| c.is_control() || matches!(c, '\'' | '\\' | '<' | '>' | '`');
    let field = "deliverySpecifications";
    text.chars().find(|&c| in_the_way(c)).map_or(Ok(()), |character| Err(ButtonError::Unsafe { field, character }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::amazonpay::parts::Frequency;
    use crate::amazonpay::states::FrequencyUnit;
    use crate::amazonpay::testing::key;
    use crate::amazonpay::{Environment, Region};

    fn button() -> ReviewPageButton {
        ReviewPageButton {
            checkout_review_return_url: "http://127.0.0.1:8082/review?cart=1&step=2".to_owned(),
            checkout_cancel_url: None,
            store_id: "amzn1.application-oa2-client.00000000000000000000000000000000".to_owned(),
            scopes: Scope::ALL_PASSED_ON.to_vec(),
            consent: Consent::OneTime,
            delivery_specifications: None,
            allow_overcharge: false,
        }
    }

    #[test]
    fn a_one_time_payload_is_compact_and_in_order() {
        assert_eq!(
            button().payload().unwrap(),
            r#"{"webCheckoutDetails":{"checkoutReviewReturnUrl":"http://127.0.0.1:8082/review?cart=1&step=2"},"#
                .to_owned()
                + r#""storeId":"amzn1.application-oa2-client.00000000000000000000000000000000","#
                + r#""scopes":["name","email","phoneNumber","shippingAddress","billingAddress"],"#
                + r#""chargePermissionType":"OneTime"}"#
        );
    }

    #[test]
    fn everything_optional_has_its_place() {
        let metadata = RecurringMetadata {
            frequency: Frequency { unit: FrequencyUnit::Month, value: "1".to_owned() },
            amount: None,
        };
        let button = ReviewPageButton {
            checkout_cancel_url: Some("https://shop.test/cart".to_owned()),
            consent: Consent::Recurring(metadata),
            delivery_specifications: Some(json!({"specialRestrictions": ["RestrictPOBoxes"]})),
            allow_overcharge: true,
            scopes: vec![],
            ..button()
        };
        let payload: serde_json::Value = serde_json::from_str(&button.payload().unwrap()).unwrap();
        assert_eq!(
            payload,
            json!({
                "webCheckoutDetails": {
                    "checkoutReviewReturnUrl": "http://127.0.0.1:8082/review?cart=1&step=2",
                    "checkoutCancelUrl": "https://shop.test/cart"
                },
                "storeId": "amzn1.application-oa2-client.00000000000000000000000000000000",
                "chargePermissionType": "Recurring",
                "recurringMetadata": {"frequency": {"unit": "Month", "value": "1"}},
                "deliverySpecifications": {"specialRestrictions": ["RestrictPOBoxes"]},
                "paymentDetails": {"allowOvercharge": true}
            })
        );
    }

    #[test]
    fn what_a_page_would_change_is_not_signed() {
        for (url, character) in [
            ("https://a/\"", '"'),
            ("https://a/'", '\''),
            ("https://a/\\", '\\'),
            ("https://a/<", '<'),
            ("https://a/é", 'é'),
        ] {
            let button = ReviewPageButton { checkout_review_return_url: url.to_owned(), ..button() };
            let expected = ButtonError::Unsafe { field: "checkoutReviewReturnUrl", character };
            assert_eq!(button.payload(), Err(expected));
        }
        let button = ReviewPageButton { delivery_specifications: Some(json!({"a": "b\"c"})), ..button() };
        let expected = ButtonError::Unsafe { field: "deliverySpecifications", character: '\\' };
        assert_eq!(button.payload(), Err(expected));
    }

    #[test]
    fn a_signed_button_verifies_and_names_its_algorithm() {
        let merchant =
            Merchant::new("http://127.0.0.1:1", Region::Jp, Environment::Sandbox, "SANDBOX-A", key()).unwrap();
        let signed = merchant.sign_button(button().payload().unwrap()).unwrap();
        assert!(key().verifies(string_to_sign(&signed.payload).as_bytes(), &signed.signature));
        let other = signed.payload.replace("step=2", "step=3");
        assert!(!key().verifies(string_to_sign(&other).as_bytes(), &signed.signature));
        let shown = serde_json::to_value(&signed).unwrap();
        assert_eq!(shown["algorithm"], "AMZN-PAY-RSASSA-PSS-V2");
        assert_eq!(shown["publicKeyId"], "SANDBOX-A");
        assert_eq!(shown["payloadJSON"], signed.payload);
    }
}
