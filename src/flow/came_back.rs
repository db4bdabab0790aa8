//! Whichever way it went: the browser comes back from Amazon. What it brings is a claim, and proves nothing by itself.
//!
//! A checkout that began on the shop's review page has its session since ExecTran, so `complete.rs` only compares. One
//! that began with a payload has none: the session that a browser names is taken for this transaction's only if Amazon
//! says that it was made with this transaction's payload. That, and the intent to complete it, are one commit, which also
//! claims the session, so it pays one order (docs/adr/0007).

use secrecy::{ExposeSecret as _, SecretString};

use super::complete::failed;
use super::errand::Errand;
use super::exec_review::{charge_amount, intent_of};
use super::result_post::post_for;
use super::{Gateway, Refusal, ResultPost, ReturnError, Shop, provider};
use crate::amazonpay::{CallError, ChargePermissionType, CheckoutSession};
use crate::config::constant_time_eq;
use crate::domain::access::cancel_key;
use crate::domain::transaction::Event;
use crate::domain::{AccessId, CheckoutSessionId, Effect, State, Transaction, Way, Yen};
use crate::protocol::codes;
use crate::store::{Change, Occasion};

/// What a browser brings to the return address, beside the transaction's name.
#[derive(Debug, Clone, Default)]
pub struct Return {
    /// `amazonCheckoutSessionId`.
    pub session: Option<CheckoutSessionId>,
    /// `cancel`: the key of the cancel URL of an additional payment button.
    pub cancel_key: Option<SecretString>,
}

impl Gateway {
    /// Finishes what the browser came back from, as far as it can be, and says what to post to the shop.
    ///
    /// # Errors
    /// [`ReturnError`]; nothing was changed then.
    pub async fn came_back(&self, access_id: AccessId, with: Return) -> Result<ResultPost, ReturnError> {
        let transaction = self.parts.store.transaction(&access_id).await?.ok_or(ReturnError::Unknown)?;
        match transaction.exec.as_ref().map(|exec| exec.way) {
            Some(Way::Apb) => self.back_from_apb(transaction, with).await,
            Some(Way::Approved) => {
                let shop = self.shop_waiting_for(&transaction)?;
                let ended = self.back_from_mfa(&shop, transaction).await?;
                post_for(&shop, &ended).ok_or(ReturnError::Unknown)
            }
            _ => self.returned(access_id, with.session.ok_or(ReturnError::Unknown)?).await,
        }
    }

    async fn back_from_apb(&self, transaction: Transaction, with: Return) -> Result<ResultPost, ReturnError> {
        let shop = self.shop_waiting_for(&transaction)?;
        let named = transaction.exec.as_ref().is_some_and(|exec| exec.session.is_some());
        match (with.session, with.cancel_key) {
            (Some(session), _) if named => self.returned(transaction.access_id, session).await,
            (Some(session), _) => self.first_return(&shop, transaction, session).await,
            (None, Some(key)) if self.may_give_up(&transaction, &key) => {
                let ended = self.gave_up(&shop, transaction).await?;
                post_for(&shop, &ended).ok_or(ReturnError::Unknown)
            }
            _ => Err(ReturnError::Unknown),
        }
    }

    /// The transaction's shop, if the transaction's buyer has set out.
    fn shop_waiting_for(&self, transaction: &Transaction) -> Result<std::sync::Arc<Shop>, ReturnError> {
        if matches!(transaction.state, State::Unprocessed | State::ReqSuccess(_)) {
            return Err(ReturnError::Unknown);
        }
        let shop = self.parts.shops.get(&transaction.shop_id);
        shop.ok_or(ReturnError::Internal("the transaction's shop is not in shops.toml"))
    }

    /// A session that nobody has named yet. One that is this transaction's but comes too late is not completed: the
    /// browser brings the shop the end that stands.
    async fn first_return(
        &self,
        shop: &Shop,
        transaction: Transaction,
        session: CheckoutSessionId,
    ) -> Result<ResultPost, ReturnError> {
        let by = self.sent(shop, Errand::about(&transaction, Occasion::Return));
        let found = match self.parts.amazon.checkout_session(by, &session).await {
            Ok(answer) => answer.value,
            Err(error @ CallError::Refused { .. }) if !provider::is_temporary(&error) => {
                return Err(ReturnError::Unknown);
            }
            Err(_) => return Err(ReturnError::Unreachable),
        };
        if let Some(wrong) = self.not_of(&found, &transaction) {
            // A session tells nothing any more once it is completed: the same browser may have been quicker.
            let now = self.parts.store.transaction(&transaction.access_id).await?;
            if now.and_then(|now| now.exec).is_some_and(|exec| exec.session.as_ref() == Some(&session)) {
                return self.returned(transaction.access_id, session).await;
            }
            tracing::warn!(
                access_id = %transaction.access_id, checkout_session_id = %session, wrong,
                "a browser brought a session that is not this transaction's"
            );
            return Err(ReturnError::Unknown);
        }
        if !matches!(transaction.state, State::AuthProcess(_)) {
            return post_for(shop, &transaction).ok_or(ReturnError::Unknown);
        }
        let amount = transaction.money.total();
        let effect = Effect::CompleteCheckoutSession { session: session.clone(), amount };
        match self.intend_after(shop, &transaction, Event::SessionNamed(session.clone()), effect).await {
            Ok((named, intent)) => {
                let ended = self.complete_as_intended(shop, &named, &intent).await?;
                post_for(shop, &ended).ok_or(ReturnError::Unknown)
            }
            // The same browser twice, or time is up in the same moment: what is in the book now decides.
            Err(Refusal::Busy) => {
                let now = self.wait_for_other_return(&transaction.access_id).await?;
                if matches!(now.state, State::AuthProcess(_)) {
                    return self.returned(transaction.access_id, session).await;
                }
                post_for(shop, &now).ok_or(ReturnError::Unknown)
            }
            Err(other) => Err(other.into()),
        }
    }

    /// In what a session differs from what this transaction's payload asked for. The result URL names the transaction
    /// and nothing else has it; the rest says that nobody changed the terms since.
    fn not_of(&self, session: &CheckoutSession, transaction: &Transaction) -> Option<&'static str> {
        let reference = session.merchant_metadata.as_ref().and_then(|it| it.merchant_reference_id.as_deref());
        let charged = session.payment_details.charge_amount.as_ref().map(|price| price.yen().ok());
        let due = charge_amount(transaction).map(|_| Some(transaction.money.total()));
        let asked_for_consent = transaction.exec.as_ref().is_some_and(|exec| exec.frequency.is_some());
        let recurring = session.charge_permission_type == Some(ChargePermissionType::Recurring);
        let url = session.web_checkout_details.checkout_result_return_url.as_deref();
        let amount_right = charged == due || (due.is_none() && charged == Some(Some(Yen::ZERO)));
        [
            (url == Some(&self.result_return_url(transaction)), "the result URL"),
            (reference == Some(transaction.order_id.as_str()), "the order"),
            (amount_right, "the amount"),
            (session.payment_details.payment_intent == Some(intent_of(transaction)), "the intent"),
            (recurring == asked_for_consent, "the permission"),
        ]
        .into_iter()
        .find_map(|(right, what)| (!right).then_some(what))
    }

    fn may_give_up(&self, transaction: &Transaction, key: &SecretString) -> bool {
        let expected = cancel_key(&self.parts.deployment_key, &transaction.access_id);
        constant_time_eq(expected.as_bytes(), key.expose_secret().as_bytes())
    }

    /// The buyer gave up before there was a session. None can be named any more, so none will be completed.
    async fn gave_up(&self, shop: &Shop, transaction: Transaction) -> Result<Transaction, Refusal> {
        let named = transaction.exec.as_ref().is_some_and(|exec| exec.session.is_some());
        if named || !matches!(transaction.state, State::AuthProcess(_)) {
            return Ok(transaction);
        }
        let event = failed(codes::BUYER_CANCELLED);
        let change = Change::event(&transaction, event, self.parts.clock.now())
            .map_err(|refused| Refusal::Status(refused.status))?;
        match self.commit(shop, &transaction, change).await {
            Ok((ended, notification_id)) => {
                self.wait_for_first_attempt(notification_id.as_deref()).await;
                Ok(ended)
            }
            Err(Refusal::Busy) => self.wait_for_other_return(&transaction.access_id).await,
            Err(other) => Err(other),
        }
    }
}
