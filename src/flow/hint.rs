//! Amazon said that something happened (IPN, amazon-pay 5): look at what is waiting for it, and at nothing else.
//!
//! A message carries no state, may be old, doubled or out of order, and proves only who signed it. So it decides nothing: it
//! makes a look that time would have made happen sooner, and whatever follows, follows from Amazon's answer to that look.

use std::sync::Arc;

use super::errand::{Errand, Overheard};
use super::later::ended;
use super::{Gateway, Refusal, Shop, provider};
use crate::amazonpay::ipn::{Hint, ObjectType, Source};
use crate::amazonpay::{ChargeState, OnBehalf, PermissionState};
use crate::domain::transaction::Event;
use crate::domain::{ChargeId, RefundId, State, Transaction};
use crate::store::{Change, Occasion};

/// What a hint came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hinted {
    /// No shop that the message may speak of has a transaction with this object.
    Unknown,
    /// Nothing of the transaction waits for Amazon: there is nothing to find out.
    NothingWaits,
    /// Amazon was asked; whatever it answered is in the book.
    Looked,
}

impl Gateway {
    /// Looks at the transactions that a message of `source` is about.
    ///
    /// # Errors
    /// A database that failed. The look comes later, when its time has come.
    pub async fn hinted(&self, source: &Source, hint: &Hint) -> Result<Hinted, Refusal> {
        let mut result = Hinted::Unknown;
        for shop_id in self.parts.store.shops_of_permission(&hint.charge_permission_id).await? {
            let Some(shop) = self.parts.shops.get(&shop_id).filter(|shop| speaks_of(source, hint, shop)) else {
                continue;
            };
            let Some(transaction) = self.transaction_of_hint(&shop, hint).await? else { continue };
            if self.look_now(&shop, &transaction, hint).await? {
                result = Hinted::Looked;
            } else if result == Hinted::Unknown {
                result = Hinted::NothingWaits;
            }
        }
        Ok(result)
    }

    async fn transaction_of_hint(&self, shop: &Arc<Shop>, hint: &Hint) -> Result<Option<Transaction>, Refusal> {
        let store = &self.parts.store;
        let overheard = Overheard::default();
        let charge = match hint.object_type {
            ObjectType::ChargePermission | ObjectType::Chargeback => None,
            ObjectType::Charge => ChargeId::new(hint.object_id.clone()).ok(),
            ObjectType::Refund => self.charge_of_refund(overheard.by(shop), hint).await,
        };
        let found = match charge {
            Some(charge) => store.transaction_of_charge(&charge).await?,
            None if hint.object_type == ObjectType::ChargePermission => {
                store.transaction_of_permission(&shop.id, &hint.charge_permission_id).await?
            }
            None => None,
        };
        let own = found.filter(|transaction| transaction.shop_id == shop.id);
        if let Some(transaction) = &own {
            for exchange in overheard.into_exchanges() {
                self.note(Errand::about(transaction, Occasion::Message), exchange);
            }
        }
        Ok(own)
    }

    /// The refund's id does not contain the charge's, and a permission may have many charges: Amazon is asked.
    async fn charge_of_refund(&self, by: OnBehalf<'_>, hint: &Hint) -> Option<ChargeId> {
        let id = RefundId::new(hint.object_id.clone()).ok()?;
        match self.parts.amazon.refund(by, &id).await {
            Ok(answer) => Some(answer.value.charge_id),
            Err(error) => {
                tracing::info!(refund_id = id.as_str(), why = provider::evidence_of(&error), "refund unknown");
                None
            }
        }
    }

    /// Whether there was anything to find out.
    async fn look_now(&self, shop: &Arc<Shop>, transaction: &Transaction, hint: &Hint) -> Result<bool, Refusal> {
        if let Some(intent) = self.parts.store.open_intent(&transaction.access_id).await? {
            // Until then whoever began it may still be at it, and will read the answer itself.
            let over = intent.started_at.plus(self.parts.settings.amazon_total_ms) <= self.parts.clock.now();
            if over {
                self.inquire(&intent).await?;
            }
            return Ok(over);
        }
        match &transaction.state {
            State::AuthProcess(handover) => {
                let Some(pending) = &handover.charge else { return Ok(false) };
                let decided = self.is_decided(shop, transaction, &pending.charge).await;
                if decided {
                    self.look_at(transaction, Occasion::Message).await?;
                }
                Ok(true)
            }
            // Nothing but a message about its permission leads to a consent.
            State::Register(_) => self.end_if_closed(shop, transaction, hint).await.map(|()| true),
            // Found by its charge, so it is this charge.
            State::Auth(payment) if hint.object_type == ObjectType::Charge => {
                self.fail_if_dead(shop, transaction, &payment.charge).await.map(|()| true)
            }
            State::Selling { .. } => self.look_at(transaction, Occasion::Message).await.map(|()| true),
            state if state.payment().is_some_and(|payment| payment.refund.is_some()) => {
                self.look_at(transaction, Occasion::Message).await.map(|()| true)
            }
            _ => Ok(false),
        }
    }

    /// An authorisation that Amazon has taken back holds no money any more, and its shop is told so before it ships.
    async fn fail_if_dead(&self, shop: &Shop, transaction: &Transaction, charge: &ChargeId) -> Result<(), Refusal> {
        let by = self.sent(shop, Errand::about(transaction, Occasion::Message));
        let Ok(answer) = self.parts.amazon.charge(by, charge).await else { return Ok(()) };
        if !matches!(answer.value.status_details.state, ChargeState::Canceled | ChargeState::Declined) {
            return Ok(());
        }
        match ended(&answer.value).1 {
            Some(event) => self.came_about(shop, transaction, event).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// What is overdue may be given up; a message must not bring that about sooner, so it is not overdue before Amazon has
    /// decided.
    async fn is_decided(&self, shop: &Shop, transaction: &Transaction, charge: &ChargeId) -> bool {
        let by = self.sent(shop, Errand::about(transaction, Occasion::Message));
        match self.parts.amazon.charge(by, charge).await {
            Ok(answer) => answer.value.status_details.state != ChargeState::AuthorizationInitiated,
            Err(error) => {
                tracing::info!(charge_id = charge.as_str(), why = provider::evidence_of(&error), "charge unknown");
                false
            }
        }
    }

    /// The buyer, or Amazon, ended the consent.
    async fn end_if_closed(&self, shop: &Shop, transaction: &Transaction, hint: &Hint) -> Result<(), Refusal> {
        let permission = &hint.charge_permission_id;
        let by = self.sent(shop, Errand::about(transaction, Occasion::Message));
        let closed = match self.parts.amazon.charge_permission(by, permission).await {
            Ok(answer) => answer.value.status_details.state == PermissionState::Closed,
            Err(error) => {
                let why = provider::evidence_of(&error);
                tracing::info!(permission_id = permission.as_str(), why, "charge permission unknown");
                false
            }
        };
        if !closed {
            return Ok(());
        }
        let change = Change::event(transaction, Event::Ended, self.parts.clock.now());
        let change = change.map_err(|refused| Refusal::Status(refused.status))?;
        match self.commit(shop, transaction, change).await {
            // Somebody else did something with it in the same moment; that stands.
            Ok(_) | Err(Refusal::Busy) => Ok(()),
            Err(other) => Err(other),
        }
    }
}

/// Amazon speaks of its own accounts, and a sandbox of those that are kept there.
fn speaks_of(source: &Source, hint: &Hint, shop: &Shop) -> bool {
    let settings = &shop.settings;
    settings.merchant_id == hint.merchant_id && *source == source_of(shop)
}

/// Who vouches for messages about this shop.
pub(crate) fn source_of(shop: &Shop) -> Source {
    let settings = &shop.settings;
    let at_amazon = settings.amazon_endpoint == format!("https://{}", settings.region.api_host());
    if at_amazon { Source::Amazon } else { Source::Sandbox(settings.amazon_endpoint.clone()) }
}
