//! ExecTranAmazonpay through the shop's review page: prepares the session at Amazon and the buyer's way there
//! (psp-protocol 5.2, the redirect shape).

use sha2::{Digest as _, Sha256};

use super::effect::{Finding, Proof};
use super::errand::Errand;
use super::later::allows_pending;
use super::{Gateway, Refusal, Shop, provider};
use crate::amazonpay::{
    self, CallError, ChargePermissionType, CheckoutSession, MerchantMetadata, PaymentDetails, PaymentIntent, Price,
    RecurringMetadata, UpdateCheckoutSession, WebCheckoutDetails,
};
use crate::domain::transaction::{Departure, Event, Exec, Ticket};
use crate::domain::{AccessId, CheckoutSessionId, Effect, Frequency, Intent, JobCd, Millis, Status, Transaction, Yen};
use crate::protocol::{RedirectReply, codes, new_token};

impl Gateway {
    /// Tells the session at Amazon what it is to do, and gives the browser a Token. Where Amazon refuses the session
    /// the transaction stays UNPROCESSED: no money was asked for, and the shop may come again with another session.
    pub(super) async fn exec_review(
        &self,
        shop: &Shop,
        transaction: Transaction,
        plan: ReviewPlan,
    ) -> Result<RedirectReply, Refusal> {
        self.take_over_session(shop, &transaction, &plan.session).await?;
        let effect = Effect::UpdateCheckoutSession { session: plan.session.clone(), amount: transaction.money.total() };
        let intent = self.intend(&transaction, effect).await?;
        let token = new_token(&*self.parts.rng);
        let limit_at = self.parts.clock.now().plus(i64::from(plan.term_sec) * 1000);
        let finding = self.update_session(shop, &transaction, &plan, &intent, token_hash(&token), limit_at).await;
        let concluded = self.conclude(shop, &transaction, &intent, finding).await?;
        concluded.result.map_err(Refusal::Provider)?;
        Ok(self.redirect(transaction.access_id, token, limit_at))
    }

    /// The redirect shape.
    pub(super) fn redirect(&self, access_id: AccessId, token: String, limit_at: Millis) -> RedirectReply {
        let start_url = format!("{}/payment/AmazonpayStart.idPass", self.parts.settings.public_url);
        RedirectReply { access_id, token, start_url, start_limit: limit_at }
    }

    /// A session pays one transaction: the last one that was executed with it. An earlier one whose buyer has not set
    /// out gives way; one whose buyer has, or that is paid, keeps it.
    pub(super) async fn take_over_session(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        session: &CheckoutSessionId,
    ) -> Result<(), Refusal> {
        match self.parts.store.transaction_of_session(&shop.id, session).await? {
            None => Ok(()),
            // A twin of this very call was faster; its answer has the Token, and it stands.
            Some(twin) if twin.access_id == transaction.access_id => Err(Refusal::AlreadyRequested(twin.status())),
            Some(earlier) if earlier.status() == Status::ReqSuccess => self.expire(shop, &earlier).await.map(|_| ()),
            Some(_) => Err(Refusal::SessionTaken),
        }
    }

    async fn update_session(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        plan: &ReviewPlan,
        intent: &Intent,
        token_sha256: String,
        limit_at: Millis,
    ) -> Finding<()> {
        let request = self.session_update(shop, transaction, plan);
        let by = self.sent(shop, Errand::effect(intent));
        let answer = match self.parts.amazon.update_checkout_session(by, &plan.session, &request).await {
            Ok(answer) => answer,
            Err(CallError::Unknown { cause, .. }) => return Finding::Unknown(cause.to_string()),
            Err(error) => return Finding::NotDone(provider::code_of_error(&error), None, Proof::of(&error)),
        };
        let session = answer.value;
        let Some(amazon_url) = session.web_checkout_details.amazon_pay_redirect_url else {
            let missing: Vec<_> = session.constraints.iter().map(|one| one.constraint_id.as_str()).collect();
            let proof = Proof::new(format!("constraints: {}", missing.join(", ")), answer.request_id);
            return Finding::NotDone(codes::SESSION_INVALID, None, proof);
        };
        let ticket = Ticket { token_sha256, limit_at, departure: Departure::Url(amazon_url), charge: None };
        let event = Event::Requested(plan.exec.clone(), ticket);
        Finding::Done((), Some(event), Proof::new("updated", answer.request_id))
    }

    fn session_update(&self, shop: &Shop, transaction: &Transaction, plan: &ReviewPlan) -> UpdateCheckoutSession {
        let return_url = self.result_return_url(transaction);
        let ReviewPlan { session, exec, .. } = plan;
        UpdateCheckoutSession {
            web_checkout_details: Some(WebCheckoutDetails {
                // A buyer who gives up on Amazon's page must come by here too, or the shop hears of it an hour later.
                // Amazon appends the session to the result URL but not to this one.
                checkout_cancel_url: Some(format!("{return_url}?amazonCheckoutSessionId={session}")),
                checkout_result_return_url: Some(return_url),
                ..WebCheckoutDetails::default()
            }),
            payment_details: Some(PaymentDetails {
                payment_intent: Some(intent_of(transaction)),
                can_handle_pending_authorization: Some(allows_pending(shop, transaction)),
                charge_amount: charge_amount(transaction),
                ..PaymentDetails::default()
            }),
            merchant_metadata: Some(MerchantMetadata {
                merchant_reference_id: Some(transaction.order_id.as_str().to_owned()),
                merchant_store_name: Some(shop.settings.store_name.clone()),
                note_to_buyer: exec.description.clone(),
                custom_information: None,
            }),
            charge_permission_type: exec.frequency.map(|_| ChargePermissionType::Recurring),
            recurring_metadata: exec.frequency.map(|cycle| recurring(cycle, transaction)),
        }
    }

    /// Where Amazon sends the browser back to. The AccessID in it is a name, not a secret.
    pub(super) fn result_return_url(&self, transaction: &Transaction) -> String {
        format!("{}/payment/AmazonpayReturn/{}", self.parts.settings.public_url, transaction.access_id)
    }

    /// Finds out whether an update arrived. Whatever the answer, the transaction stays as it is: the shop was told
    /// that Amazon could not be reached, holds no Token, and may execute again.
    pub(super) async fn look_at_update(&self, shop: &Shop, transaction: &Transaction, intent: &Intent) -> Finding<()> {
        let Effect::UpdateCheckoutSession { session, amount } = &intent.effect else {
            return Finding::Unknown("not an update".to_owned());
        };
        match self.parts.amazon.checkout_session(self.sent(shop, Errand::look(intent)), session).await {
            Ok(answer) => {
                let proof = Proof::new("seen by a later look", answer.request_id);
                if self.carries(&answer.value, transaction, *amount) {
                    Finding::Done((), None, proof)
                } else {
                    Finding::NotDone(codes::AMAZON_UNREACHABLE, None, proof)
                }
            }
            Err(error @ CallError::Refused { status: 404, .. }) => {
                Finding::NotDone(codes::SESSION_INVALID, None, Proof::of(&error))
            }
            Err(error) => Finding::Unknown(provider::evidence_of(&error)),
        }
    }

    fn carries(&self, session: &CheckoutSession, transaction: &Transaction, amount: Yen) -> bool {
        let url = session.web_checkout_details.checkout_result_return_url.as_deref();
        let charged = session.payment_details.charge_amount.as_ref().and_then(|price| price.yen().ok());
        url == Some(&self.result_return_url(transaction)) && charged.unwrap_or(Yen::ZERO) == amount
    }
}

/// What the book keeps of a Token.
pub(super) fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// What completing a session does: nothing but consent where there is nothing to charge, else as JobCd says.
pub(super) fn intent_of(transaction: &Transaction) -> PaymentIntent {
    match transaction.job {
        _ if transaction.money.total() == Yen::ZERO => PaymentIntent::Confirm,
        JobCd::Auth => PaymentIntent::Authorize,
        JobCd::Capture => PaymentIntent::AuthorizeWithCapture,
    }
}

/// What is charged; a consent alone charges nothing, and says so by saying nothing.
pub(super) fn charge_amount(transaction: &Transaction) -> Option<Price> {
    let total = transaction.money.total();
    (total > Yen::ZERO).then(|| Price::of(total))
}

/// Cycle and amount of a consent.
pub(super) fn recurring(cycle: Frequency, transaction: &Transaction) -> RecurringMetadata {
    let frequency = amazonpay::Frequency {
        unit: amazonpay::FrequencyUnit::from(cycle.unit.wire().to_owned()),
        value: cycle.value.to_string(),
    };
    RecurringMetadata { frequency, amount: charge_amount(transaction) }
}

/// An execution through the review page that fits its transaction.
pub(super) struct ReviewPlan {
    pub(super) session: CheckoutSessionId,
    pub(super) exec: Exec,
    pub(super) term_sec: u32,
}
