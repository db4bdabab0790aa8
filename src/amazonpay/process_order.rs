//! The signed payload of an additional payment button (amazon-pay 3.3): everything about the order is in it, so the
//! buyer pays at Amazon without a review page and comes straight back to the result URL.
//!
//! Unlike a review page's button it carries text that people wrote: a note, an address. The text is compact JSON in
//! UTF-8 without a line end; whoever hands it to the browser must do so unchanged, which a form field can and a string
//! literal of a script cannot.

use serde::{Deserialize, Serialize};

use super::button::{ButtonError, Consent};
use super::parts::{MerchantMetadata, PaymentDetails, RecurringMetadata};
use super::states::ChargePermissionType;

/// An order that is paid at Amazon's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessOrder {
    /// Where Amazon sends the browser after payment, with `amazonCheckoutSessionId` appended.
    pub checkout_result_return_url: String,
    /// Where a buyer who gives up is sent; nothing is appended.
    pub checkout_cancel_url: String,
    /// The store, `amzn1.application-oa2-client.` and 32 hex digits.
    pub store_id: String,
    /// Intent and amount; no amount where only a permission is asked for.
    pub payment: PaymentDetails,
    /// What the merchant says about the order.
    pub merchant_metadata: MerchantMetadata,
    /// What the buyer is asked to permit.
    pub consent: Consent,
    /// Where the goods go; none where nothing is shipped.
    pub address_details: Option<AddressDetails>,
}

/// Where the goods of an additional payment button go: the merchant knows, and Amazon is told. `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is Amazon's field of its name")]
pub struct AddressDetails {
    pub name: String,
    pub address_line1: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_line2: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_line3: Option<String>,
    pub city: String,
    pub state_or_region: String,
    pub postal_code: String,
    pub country_code: String,
    pub phone_number: String,
}

impl std::fmt::Debug for AddressDetails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AddressDetails(masked)")
    }
}

/// What a button is rendered for. It is not part of the payload and not signed (amazon-pay 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductType {
    /// Nothing is shipped.
    PayOnly,
    /// Something is.
    PayAndShip,
}

impl ProductType {
    /// As `checkout.js` has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PayOnly => "PayOnly",
            Self::PayAndShip => "PayAndShip",
        }
    }
}

impl ProcessOrder {
    /// The payload's text.
    ///
    /// # Errors
    /// [`ButtonError::Json`], which no value that is text can bring about.
    pub fn payload(&self) -> Result<String, ButtonError> {
        let (charge_permission_type, recurring_metadata) = match &self.consent {
            Consent::OneTime => (ChargePermissionType::OneTime, None),
            Consent::Recurring(metadata) => (ChargePermissionType::Recurring, Some(metadata)),
        };
        let payload = Payload {
            web_checkout_details: Pages {
                checkout_result_return_url: &self.checkout_result_return_url,
                checkout_cancel_url: &self.checkout_cancel_url,
                checkout_mode: "ProcessOrder",
            },
            store_id: &self.store_id,
            charge_permission_type,
            recurring_metadata,
            payment_details: &self.payment,
            merchant_metadata: &self.merchant_metadata,
            address_details: self.address_details.as_ref(),
        };
        serde_json::to_string(&payload).map_err(|_| ButtonError::Json)
    }

    /// What the button of such a payload is rendered for.
    ///
    /// # Errors
    /// [`ButtonError::Json`] for a text that is no payload.
    pub fn product_type(payload: &str) -> Result<ProductType, ButtonError> {
        let read: Shipping = serde_json::from_str(payload).map_err(|_| ButtonError::Json)?;
        Ok(if read.address_details.is_some() { ProductType::PayAndShip } else { ProductType::PayOnly })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    web_checkout_details: Pages<'a>,
    store_id: &'a str,
    charge_permission_type: ChargePermissionType,
    #[serde(skip_serializing_if = "Option::is_none")]
    recurring_metadata: Option<&'a RecurringMetadata>,
    payment_details: &'a PaymentDetails,
    merchant_metadata: &'a MerchantMetadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    address_details: Option<&'a AddressDetails>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "these are Amazon's names")]
struct Pages<'a> {
    checkout_result_return_url: &'a str,
    checkout_cancel_url: &'a str,
    checkout_mode: &'static str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shipping {
    address_details: Option<serde::de::IgnoredAny>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amazonpay::parts::Frequency;
    use crate::amazonpay::price::Price;
    use crate::amazonpay::signer::string_to_sign;
    use crate::amazonpay::states::{FrequencyUnit, PaymentIntent};
    use crate::amazonpay::testing::key;
    use crate::amazonpay::{Environment, Merchant, Region};
    use crate::domain::Yen;

    fn order() -> ProcessOrder {
        ProcessOrder {
            checkout_result_return_url: "https://pay.example/payment/AmazonpayReturn/0a0a".to_owned(),
            checkout_cancel_url: "https://pay.example/payment/AmazonpayReturn/0a0a?cancel=ff".to_owned(),
            store_id: "amzn1.application-oa2-client.00000000000000000000000000000000".to_owned(),
            payment: PaymentDetails {
                payment_intent: Some(PaymentIntent::Authorize),
                can_handle_pending_authorization: Some(false),
                charge_amount: Some(Price::of(Yen::new(2178).unwrap())),
                ..PaymentDetails::default()
            },
            merchant_metadata: MerchantMetadata {
                merchant_reference_id: Some("ORDER-1".to_owned()),
                merchant_store_name: Some("関所".to_owned()),
                note_to_buyer: Some("\"<b>\\ & 'ありがとう'".to_owned()),
                custom_information: None,
            },
            consent: Consent::OneTime,
            address_details: None,
        }
    }

    const HEAD: &str = concat!(
        r#"{"webCheckoutDetails":{"checkoutResultReturnUrl":"https://pay.example/payment/AmazonpayReturn/0a0a","#,
        r#""checkoutCancelUrl":"https://pay.example/payment/AmazonpayReturn/0a0a?cancel=ff","checkoutMode":"ProcessOrder"},"#,
        r#""storeId":"amzn1.application-oa2-client.00000000000000000000000000000000","#,
    );
    const NOTE: &str = concat!(
        r#""merchantMetadata":{"merchantReferenceId":"ORDER-1","merchantStoreName":"関所","#,
        r#""noteToBuyer":"\"<b>\\ & 'ありがとう'"}"#,
    );

    #[test]
    fn a_one_time_order_without_shipping() {
        let tail = concat!(
            r#""chargePermissionType":"OneTime","paymentDetails":{"paymentIntent":"Authorize","#,
            r#""canHandlePendingAuthorization":false,"chargeAmount":{"amount":"2178","currencyCode":"JPY"}},"#,
        );
        let payload = order().payload().unwrap();
        assert_eq!(payload, format!("{HEAD}{tail}{NOTE}}}"));
        assert_eq!(ProcessOrder::product_type(&payload), Ok(ProductType::PayOnly));
    }

    #[test]
    fn a_consent_without_money_and_with_shipping() {
        let frequency = Frequency { unit: FrequencyUnit::Variable, value: "0".to_owned() };
        let address = AddressDetails {
            name: "箱根 花子".to_owned(),
            address_line1: "元箱根1".to_owned(),
            address_line2: Some("関所前".to_owned()),
            address_line3: None,
            city: "箱根町".to_owned(),
            state_or_region: "神奈川県".to_owned(),
            postal_code: "250-0522".to_owned(),
            country_code: "JP".to_owned(),
            phone_number: "0460-00-0000".to_owned(),
        };
        let order = ProcessOrder {
            payment: PaymentDetails {
                payment_intent: Some(PaymentIntent::Confirm),
                can_handle_pending_authorization: Some(false),
                ..PaymentDetails::default()
            },
            consent: Consent::Recurring(RecurringMetadata { frequency, amount: None }),
            address_details: Some(address),
            ..order()
        };
        let middle = concat!(
            r#""chargePermissionType":"Recurring","recurringMetadata":{"frequency":{"unit":"Variable","value":"0"}},"#,
            r#""paymentDetails":{"paymentIntent":"Confirm","canHandlePendingAuthorization":false},"#,
        );
        let tail = concat!(
            r#","addressDetails":{"name":"箱根 花子","addressLine1":"元箱根1","addressLine2":"関所前","city":"箱根町","#,
            r#""stateOrRegion":"神奈川県","postalCode":"250-0522","countryCode":"JP","phoneNumber":"0460-00-0000"}}"#,
        );
        let payload = order.payload().unwrap();
        assert_eq!(payload, format!("{HEAD}{middle}{NOTE}{tail}"));
        assert_eq!(ProcessOrder::product_type(&payload), Ok(ProductType::PayAndShip));
        assert!(!format!("{order:?}").contains("花子"));
    }

    #[test]
    fn what_is_signed_is_the_text_to_the_last_byte() {
        let merchant =
            Merchant::new("http://127.0.0.1:1", Region::Jp, Environment::Sandbox, "SANDBOX-A", key()).unwrap();
        let signed = merchant.sign_button(order().payload().unwrap()).unwrap();
        assert_eq!(signed.algorithm, "AMZN-PAY-RSASSA-PSS-V2");
        let verifies = |text: &str| key().verifies(string_to_sign(text).as_bytes(), &signed.signature);
        assert!(verifies(&signed.payload));
        for other in [
            signed.payload.replace("2178", "2177"),
            signed.payload.replace("ORDER-1", "ORDER-2"),
            signed.payload.replace("Authorize", "Confirm"),
            format!("{} ", signed.payload),
        ] {
            assert!(!verifies(&other), "{other}");
        }
    }

    #[test]
    fn what_is_no_payload_is_for_nothing() {
        for text in ["", "[]", "{\"addressDetails\":"] {
            assert_eq!(ProcessOrder::product_type(text), Err(ButtonError::Json), "{text}");
        }
    }
}
