//! ExecTranAmazonpay for an additional payment button: the order becomes a payload, with which the buyer's browser begins
//! a checkout at Amazon later (psp-protocol 5.2 and 7 C, amazon-pay 3.3).
//!
//! Nothing happens at Amazon here, so there is no intent: one commit, and the Token is good. The payload is signed when
//! AmazonpayStart takes the Token (`start.rs`).

use super::exec_review::{charge_amount, intent_of, recurring, token_hash};
use super::later::allows_pending;
use super::{Gateway, Refusal, Shop};
use crate::amazonpay::{AddressDetails, Consent, MerchantMetadata, PaymentDetails, ProcessOrder};
use crate::domain::Transaction;
use crate::domain::access::cancel_key;
use crate::domain::transaction::{Departure, Event, Exec, Ticket};
use crate::protocol::{RedirectReply, ShipTo, new_token};
use crate::store::Change;

/// The parameter of the cancel URL that holds the key.
pub(super) const CANCEL_KEY_PARAMETER: &str = "cancel";

/// An execution by an additional payment button that fits its transaction.
pub(super) struct ApbPlan {
    pub(super) exec: Exec,
    pub(super) ship_to: Option<ShipTo>,
    pub(super) term_sec: u32,
}

impl Gateway {
    /// Keeps the payload and gives the browser a Token.
    pub(super) async fn exec_apb(
        &self,
        shop: &Shop,
        transaction: Transaction,
        plan: ApbPlan,
    ) -> Result<RedirectReply, Refusal> {
        let payload = self.process_order(shop, &transaction, &plan).payload();
        let payload = payload.map_err(|_| Refusal::Internal("the payload cannot be written"))?;
        let now = self.parts.clock.now();
        let token = new_token(&*self.parts.rng);
        let limit_at = now.plus(i64::from(plan.term_sec) * 1000);
        let departure = Departure::Payload(payload);
        let ticket = Ticket { token_sha256: token_hash(&token), limit_at, departure, charge: None };
        let change = Change::event(&transaction, Event::Requested(plan.exec, ticket), now)
            .map_err(|refused| Refusal::AlreadyRequested(refused.status))?;
        self.commit(shop, &transaction, change).await?;
        Ok(self.redirect(transaction.access_id, token, limit_at))
    }

    fn process_order(&self, shop: &Shop, transaction: &Transaction, plan: &ApbPlan) -> ProcessOrder {
        let return_url = self.result_return_url(transaction);
        let cancel_key = cancel_key(&self.parts.deployment_key, &transaction.access_id);
        ProcessOrder {
            // A buyer who gives up must come by here too, or the shop hears of it an hour later. There is no session yet
            // that could be asked, so the address itself proves that Amazon was given it.
            checkout_cancel_url: format!("{return_url}?{CANCEL_KEY_PARAMETER}={cancel_key}"),
            checkout_result_return_url: return_url,
            store_id: shop.settings.store_id.clone(),
            payment: PaymentDetails {
                payment_intent: Some(intent_of(transaction)),
                can_handle_pending_authorization: Some(allows_pending(shop, transaction)),
                charge_amount: charge_amount(transaction),
                ..PaymentDetails::default()
            },
            merchant_metadata: MerchantMetadata {
                merchant_reference_id: Some(transaction.order_id.as_str().to_owned()),
                merchant_store_name: Some(shop.settings.store_name.clone()),
                note_to_buyer: plan.exec.description.clone(),
                custom_information: None,
            },
            consent: match plan.exec.frequency {
                Some(cycle) => Consent::Recurring(recurring(cycle, transaction)),
                None => Consent::OneTime,
            },
            address_details: plan.ship_to.clone().map(address_details),
        }
    }
}

fn address_details(to: ShipTo) -> AddressDetails {
    AddressDetails {
        name: to.name,
        address_line1: to.line1,
        address_line2: to.line2,
        address_line3: to.line3,
        city: to.city,
        state_or_region: to.state_or_region,
        postal_code: to.postal_code,
        country_code: to.country_code,
        phone_number: to.phone_number,
    }
}
