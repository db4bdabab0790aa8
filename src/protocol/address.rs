//! Answer of `SearchAddressAmazonpay`: 27 fields, all of them always there, blank where Amazon gives nothing.

use super::reply::{Reply, ReplyField, field};

/// What Amazon told about a buyer (psp-protocol 5.7). Which parts are filled depends on the button's scopes.
///
/// Personal data: it has no `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AddressReply {
    /// Where to ship.
    pub shipping: PostalAddress,
    /// The buyer's number at Amazon, `amzn1.account.…`.
    pub buyer_id: String,
    /// The buyer's name.
    pub account_name: String,
    /// The buyer's e-mail address.
    pub mail_address: String,
    /// The buyer's telephone number.
    pub phone_number: String,
    /// Where to bill.
    pub billing: PostalAddress,
    /// The means of payment, such as `JCB ****1111 (Amazon Pay)`.
    pub payment_descriptor: String,
}

/// A postal address in Amazon's parts.
#[derive(Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is Amazon's field of its name")]
pub struct PostalAddress {
    pub country_code: String,
    pub city: String,
    pub county: String,
    pub district: String,
    pub postal_code: String,
    pub state_or_region: String,
    pub line1: String,
    pub line2: String,
    pub line3: String,
    pub name: String,
    pub phone_number: String,
}

pub(super) const SHIPPING: [&str; 11] = [
    "ShippingCountryCode",
    "ShippingCity",
    "ShippingCounty",
    "ShippingDistrict",
    "ShippingPostalCode",
    "ShippingStateOrRegion",
    "ShippingAddressLine1",
    "ShippingAddressLine2",
    "ShippingAddressLine3",
    "ShippingName",
    "ShippingPhoneNumber",
];

pub(super) const BILLING: [&str; 11] = [
    "BillingCountryCode",
    "BillingCity",
    "BillingCounty",
    "BillingDistrict",
    "BillingPostalCode",
    "BillingStateOrRegion",
    "BillingAddressLine1",
    "BillingAddressLine2",
    "BillingAddressLine3",
    "BillingName",
    "BillingPhoneNumber",
];

impl PostalAddress {
    /// Its parts in the order of [`SHIPPING`] and [`BILLING`].
    fn parts(&self) -> [&str; 11] {
        [
            &self.country_code,
            &self.city,
            &self.county,
            &self.district,
            &self.postal_code,
            &self.state_or_region,
            &self.line1,
            &self.line2,
            &self.line3,
            &self.name,
            &self.phone_number,
        ]
    }

    fn fields<'a>(&'a self, names: [&'static str; 11]) -> impl Iterator<Item = ReplyField> + 'a {
        names.into_iter().zip(self.parts()).map(|(name, part)| field(name, part))
    }
}

impl Reply for AddressReply {
    fn fields(&self) -> Vec<ReplyField> {
        let mut fields: Vec<_> = self.shipping.fields(SHIPPING).collect();
        fields.extend([
            field("AmazonBuyerID", &self.buyer_id),
            field("AmazonAccountName", &self.account_name),
            field("AmazonMailAddress", &self.mail_address),
            field("AmazonPhoneNumber", &self.phone_number),
        ]);
        fields.extend(self.billing.fields(BILLING));
        fields.push(field("PaymentDescriptor", &self.payment_descriptor));
        fields
    }
}
