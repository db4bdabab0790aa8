//! SearchAddressAmazonpay: who the buyer is and where the goods go (psp-protocol 5.7).

use super::{Gateway, Refusal, provider};
use crate::amazonpay::{Address, CheckoutSession};
use crate::domain::CheckoutSessionId;
use crate::protocol::{AddressReply, Call, PostalAddress, Reading, SearchAddress};

impl Gateway {
    /// Answers what Amazon tells of the buyer of a checkout session. The gateway keeps nothing of it.
    ///
    /// # Errors
    /// [`Refusal`]; a session that Amazon does not know, or not for this shop's account, is Amazon's refusal.
    pub async fn search_address(&self, reading: Reading<SearchAddress>) -> Result<AddressReply, Refusal> {
        let admitted = self.admit(Call::SearchAddress, reading)?;
        let session = match admitted.request {
            SearchAddress::Session(session) => session,
            SearchAddress::Order(order) => {
                let transaction = self.parts.store.transaction_of_order(&admitted.shop.id, &order).await?;
                executed_session(transaction.ok_or(Refusal::OrderUnknown)?)?
            }
            SearchAddress::BuyerToken(_) => return Err(Refusal::CallNotContracted),
        };
        match self.parts.amazon.checkout_session(&admitted.shop.merchant, &session).await {
            Ok(answer) => Ok(reply(answer.value)),
            Err(error) => Err(Refusal::Provider(provider::code_of_error(&error))),
        }
    }
}

/// The session that ExecTran named; before that there is nobody to ask about.
fn executed_session(transaction: crate::domain::Transaction) -> Result<CheckoutSessionId, Refusal> {
    let status = transaction.status();
    transaction.exec.and_then(|exec| exec.session).ok_or(Refusal::Status(status))
}

fn reply(session: CheckoutSession) -> AddressReply {
    let buyer = session.buyer.unwrap_or_default();
    let descriptor = session.payment_preferences.into_iter().find_map(|one| one.payment_descriptor);
    AddressReply {
        shipping: postal(session.shipping_address),
        buyer_id: buyer.buyer_id.unwrap_or_default(),
        account_name: buyer.name.unwrap_or_default(),
        mail_address: buyer.email.unwrap_or_default(),
        phone_number: buyer.phone_number.unwrap_or_default(),
        billing: postal(session.billing_address),
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
