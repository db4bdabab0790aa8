//! Time passes: start tickets that nobody used, buyers who never came back (psp-protocol 6 and 13.12), and whatever
//! Amazon takes its time over.

use super::effect::Finding;
use super::errand::Errand;
use super::mfa::waits_for_mfa;
use super::{Gateway, Refusal, Shop, provider};
use crate::amazonpay::SessionState;
use crate::domain::transaction::Handover;
use crate::domain::{State, Transaction};
use crate::store::{Change, Occasion};

impl Gateway {
    /// Ends a transaction whose time is over, if Amazon does not say otherwise; looks at one that waits for Amazon, which
    /// no time ends.
    ///
    /// # Errors
    /// A database that failed. The transaction stays as it is and is looked at again.
    pub async fn overdue(&self, transaction: &Transaction) -> Result<(), Refusal> {
        self.look_at(transaction, Occasion::Due).await
    }

    /// The same, on an occasion that may be another.
    pub(super) async fn look_at(&self, transaction: &Transaction, occasion: Occasion) -> Result<(), Refusal> {
        let Some(shop) = self.parts.shops.get(&transaction.shop_id) else {
            return Err(Refusal::Internal("the transaction's shop is not in shops.toml"));
        };
        let errand = Errand::about(transaction, occasion);
        let ended = match &transaction.state {
            _ if waits_for_mfa(transaction).is_some() => self.overdue_mfa(&shop, transaction, errand).await,
            State::ReqSuccess(_) => self.expire(&shop, transaction).await.map(|_| ()),
            State::AuthProcess(Handover { charge: Some(charge), .. }) => {
                self.look_at_pending(&shop, transaction, charge, errand).await.map(|_| ())
            }
            State::AuthProcess(_) => self.never_came_back(&shop, transaction, errand).await,
            State::Selling { .. } => self.look_at_sale(&shop, transaction, errand).await,
            _ => self.look_at_refund(&shop, transaction, errand).await,
        };
        match ended {
            // Somebody else did something with it in the same moment; that stands.
            Err(Refusal::Busy | Refusal::Status(_)) => Ok(()),
            other => other,
        }
    }

    /// No verdict before Amazon was asked: a session that is completed there is finished here.
    async fn never_came_back(&self, shop: &Shop, transaction: &Transaction, errand: Errand<'_>) -> Result<(), Refusal> {
        let Some(session) = transaction.exec.as_ref().and_then(|exec| exec.session.as_ref()) else {
            // A checkout that began with a payload has no session before the browser comes back.
            return self.expire(shop, transaction).await.map(|_| ());
        };
        let answer = match self.parts.amazon.checkout_session(self.sent(shop, errand), session).await {
            Ok(answer) => answer,
            Err(crate::amazonpay::CallError::Refused { status: 404, .. }) => {
                return self.expire(shop, transaction).await.map(|_| ());
            }
            Err(error) => {
                let why = provider::evidence_of(&error);
                tracing::warn!(access_id = %transaction.access_id, why, "the session of an overdue buyer is unknown");
                return Ok(());
            }
        };
        if answer.value.status_details.state == SessionState::Open {
            return self.expire(shop, transaction).await.map(|_| ());
        }
        let (Finding::Done((), Some(event), _) | Finding::NotDone(_, Some(event), _)) =
            self.ended_session(shop, transaction, &answer.value, answer.request_id, errand).await
        else {
            return Ok(());
        };
        let now = self.parts.clock.now();
        let change = Change::event(transaction, event, now).map_err(|refused| Refusal::Status(refused.status))?;
        self.commit(shop, transaction, change).await.map(|_| ())
    }
}
