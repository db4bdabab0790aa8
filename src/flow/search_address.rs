//! SearchAddressAmazonpay: who the buyer is and where the goods go (psp-protocol 5.7).

use super::{Gateway, Refusal, provider};
use crate::amazonpay::{Address, Buyer, CallError, OnBehalf, PaymentPreference};
use crate::domain::{ChargePermissionId, CheckoutSessionId, Transaction};
use crate::protocol::{AddressReply, Call, PostalAddress, Reading, SearchAddress, codes};

impl Gateway {
    /// Answers what Amazon tells of the buyer of a checkout session, of an order, or of a sign-in. The gateway keeps
    /// nothing of it.
    ///
    /// # Errors
    /// [`Refusal`]; a session or a token that Amazon does not know, or not for this shop's account, is Amazon's
    /// refusal.
    pub async fn search_address(&self, reading: Reading<SearchAddress>) -> Result<AddressReply, Refusal> {
        let admitted = self.admit(Call::SearchAddress, reading)?;
        let shop = admitted.shop;
        let (asked, about) = match admitted.request {
            SearchAddress::Session(session) => {
                // For the record alone: without it the shop is answered all the same.
                let about = self.parts.store.transaction_of_session(&shop.id, &session).await.unwrap_or_default();
                (Asked::Session(session), about)
            }
            SearchAddress::Order(order) => {
                let transaction = self.parts.store.transaction_of_order(&shop.id, &order).await?;
                let transaction = transaction.ok_or(Refusal::OrderUnknown)?;
                (Asked::of(&transaction)?, Some(transaction))
            }
            // Nothing but a dot or two would be another path, however it is escaped.
            SearchAddress::BuyerToken(token) if matches!(token.as_str(), "." | "..") => {
                return Err(Refusal::Parameters(vec![codes::BUYER_TOKEN_LENGTH]));
            }
            SearchAddress::BuyerToken(token) => (Asked::SignIn(token), None),
        };
        let by = self.asked(&shop, about.as_ref());
        self.ask(by, asked).await.map_err(|error| Refusal::Provider(provider::code_of_error(&error)))
    }

    async fn ask(&self, by: OnBehalf<'_>, asked: Asked) -> Result<AddressReply, CallError> {
        let amazon = &self.parts.amazon;
        Ok(match asked {
            Asked::Session(id) => {
                let found = amazon.checkout_session(by, &id).await?.value;
                reply(found.buyer, found.shipping_address, found.billing_address, found.payment_preferences)
            }
            Asked::Permission(id) => {
                let found = amazon.charge_permission(by, &id).await?.value;
                reply(found.buyer, found.shipping_address, found.billing_address, found.payment_preferences)
            }
            Asked::SignIn(token) => {
                let found = amazon.buyer(by, &token).await?.value;
                reply(Some(found.buyer), found.shipping_address, found.billing_address, Vec::new())
            }
        })
    }
}

/// What Amazon is asked about.
enum Asked {
    Session(CheckoutSessionId),
    Permission(ChargePermissionId),
    SignIn(String),
}

impl Asked {
    /// Once there is a permission it knows the buyer, and the session no longer does (amazon-pay 2.3). Before ExecTran,
    /// and while a buyer has not come back who set out without a session, there is nobody to ask about.
    fn of(transaction: &Transaction) -> Result<Self, Refusal> {
        let named = transaction.exec.as_ref().and_then(|exec| exec.permission.as_ref());
        if let Some(permission) = transaction.charge_permission().or(named) {
            return Ok(Self::Permission(permission.clone()));
        }
        let session = transaction.exec.as_ref().and_then(|exec| exec.session.clone());
        session.map(Self::Session).ok_or_else(|| Refusal::Status(transaction.status()))
    }
}

fn reply(
    buyer: Option<Buyer>,
    shipping: Option<Address>,
    billing: Option<Address>,
    preferences: Vec<PaymentPreference>,
) -> AddressReply {
    let buyer = buyer.unwrap_or_default();
    let descriptor = preferences.into_iter().find_map(|one| one.payment_descriptor);
    AddressReply {
        shipping: postal(shipping),
        buyer_id: buyer.buyer_id.unwrap_or_default(),
        account_name: buyer.name.unwrap_or_default(),
        mail_address: buyer.email.unwrap_or_default(),
        phone_number: buyer.phone_number.unwrap_or_default(),
        billing: postal(billing),
        payment_descriptor: descriptor.unwrap_or_default(),
    }
}

fn postal(address: Option<Address>) -> PostalAddress {
    let address = address.unwrap_or_default();
    PostalAddress {
        country_code: address.country_code.unwrap_or_default(),
        city: address.city.unwrap_or_default(),
        county: address.county.unwrap_or_default(),
        district: address.district.unwrap_or_default(),
        postal_code: address.postal_code.unwrap_or_default(),
        state_or_region: address.state_or_region.unwrap_or_default(),
        line1: address.address_line1.unwrap_or_default(),
        line2: address.address_line2.unwrap_or_default(),
        line3: address.address_line3.unwrap_or_default(),
        name: address.name.unwrap_or_default(),
        phone_number: address.phone_number.unwrap_or_default(),
    }
}
