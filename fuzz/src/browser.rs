//! What a buyer's browser carries: the payload of an additional payment button on its way out, and the query of the
//! address at which it comes back.

use secrecy::ExposeSecret as _;
use sekisho::amazonpay::{AddressDetails, Consent, MerchantMetadata, PaymentDetails, ProcessOrder, ProductType};
use sekisho::flow::Return;
use sekisho::http::return_of;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::bytes::Bytes;

/// A payload as the book may hold it; and one that is made of any text that people wrote.
pub fn payload(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    if bytes.byte().is_multiple_of(2) {
        let text = String::from_utf8_lossy(bytes.all()).into_owned();
        if ProcessOrder::product_type(&text).is_ok() {
            // A number may be larger than any that `Value` can hold; it is JSON all the same.
            assert!(serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{text}");
        }
        return;
    }
    let ships = bytes.byte().is_multiple_of(2);
    let (note, order, name, line) = (bytes.text(), bytes.text(), bytes.text(), bytes.text());
    let address = AddressDetails {
        name: name.clone(),
        address_line1: line.clone(),
        address_line2: Some(bytes.text()).filter(|text| !text.is_empty()),
        address_line3: None,
        city: bytes.text(),
        state_or_region: bytes.text(),
        postal_code: bytes.text(),
        country_code: bytes.text(),
        phone_number: bytes.text(),
    };
    let process_order = ProcessOrder {
        checkout_result_return_url: "https://gateway.example/payment/AmazonpayReturn/0a".to_owned(),
        checkout_cancel_url: "https://gateway.example/payment/AmazonpayReturn/0a?cancel=0b".to_owned(),
        store_id: "amzn1.application-oa2-client.0".to_owned(),
        payment: PaymentDetails::default(),
        merchant_metadata: MerchantMetadata {
            merchant_reference_id: Some(order.clone()),
            note_to_buyer: Some(note.clone()),
            ..MerchantMetadata::default()
        },
        consent: Consent::OneTime,
        address_details: ships.then_some(address),
    };
    let payload = process_order.payload().expect("text is JSON");
    assert!(!payload.contains(['\n', '\r']), "a form field would change it: {payload}");
    let product = if ships { ProductType::PayAndShip } else { ProductType::PayOnly };
    assert_eq!(ProcessOrder::product_type(&payload), Ok(product));
    let read: Value = serde_json::from_str(&payload).expect("JSON");
    assert_eq!(read["merchantMetadata"]["merchantReferenceId"], order);
    assert_eq!(read["merchantMetadata"]["noteToBuyer"], note);
    if ships {
        assert_eq!(
            (&read["addressDetails"]["name"], &read["addressDetails"]["addressLine1"]),
            (&name.into(), &line.into())
        );
    }
}

/// The query behind the return address: a session's id that is one, or none; a key of whatever.
pub fn return_query(input: &[u8]) {
    let query = String::from_utf8_lossy(input);
    let with = return_of(&query);
    if let Some(session) = &with.session {
        let id = session.as_str();
        assert!(!id.is_empty() && id.len() <= 256 && id.bytes().any(|b| b != b'.'), "{id}");
        assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)), "{id}");
        assert!(query.contains('='), "{query}");
    }
    // What comes twice is what came first.
    let twice = return_of(&format!("{query}&{query}"));
    let key = |with: &Return| with.cancel_key.as_ref().map(|key| key.expose_secret().to_owned());
    assert_eq!((&twice.session, key(&twice)), (&with.session, key(&with)), "{query}");
}
