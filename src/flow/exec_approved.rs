//! ExecTranAmazonpay where the buyer has approved in Amazon's own window, and the shop's page was handed a charge
//! permission (psp-protocol 5.2 and 7 E): the charge is made at once. Only if Amazon wants a second factor first is there
//! a browser step, and the redirect shape (`mfa.rs`).

use super::effect::Finding;
use super::errand::Errand;
use super::exec_finalize::asks_for_consent;
use super::exec_on_demand::immediate;
use super::exec_review::token_hash;
use super::exec_tran::ExecReply;
use super::{Gateway, Refusal, Shop, provider};
use crate::amazonpay::{CallError, ChargePermission, ChargePermissionType, PermissionState};
use crate::domain::operation::ChargeFor;
use crate::domain::transaction::{Event, Exec, Ticket};
use crate::domain::{ChargePermissionId, Effect, JobCd, State, Transaction, Yen};
use crate::protocol::{codes, new_token};
use crate::store::{Change, Occasion};

/// An execution on an approved permission that fits its transaction.
pub(super) struct ApprovedPlan {
    pub(super) permission: ChargePermissionId,
    pub(super) exec: Exec,
    pub(super) term_sec: u32,
}

impl Gateway {
    /// Charges the permission; a consent without money is only noted. Amazon's no ends the transaction (PAYFAIL); a
    /// lost answer leaves it UNPROCESSED under an open intent, and the outcome follows by notification.
    pub(super) async fn exec_approved(
        &self,
        shop: &Shop,
        transaction: Transaction,
        plan: ApprovedPlan,
    ) -> Result<ExecReply, Refusal> {
        self.require_own_permission(shop, &plan.permission).await?;
        if transaction.money.total() == Yen::ZERO {
            return self.register_approved(shop, &transaction, plan).await;
        }
        if asks_for_consent(&transaction, &plan.exec) {
            self.permission_to_consent(shop, &transaction, &plan.permission).await?;
        }
        let effect = Effect::CreateCharge {
            permission: plan.permission,
            amount: transaction.money.total(),
            capture: transaction.job == JobCd::Capture,
            purpose: ChargeFor::Exec(Box::new(plan.exec)),
        };
        let intent = self.intend(&transaction, effect).await?;
        let token = new_token(&*self.parts.rng);
        let limit_at = self.parts.clock.now().plus(i64::from(plan.term_sec) * 1000);
        let told = |event: Event| match event {
            Event::Requested(exec, ticket) => {
                Event::Requested(exec, Ticket { token_sha256: token_hash(&token), limit_at, ..ticket })
            }
            other => other,
        };
        let finding = match self.perform_create_charge(shop, &transaction, &intent).await {
            Finding::Done((), event, proof) => Finding::Done((), event.map(told), proof),
            Finding::NotDone(code, event, proof) => Finding::NotDone(code, event.map(told), proof),
            unknown @ Finding::Unknown(_) => unknown,
        };
        let concluded = self.conclude(shop, &transaction, &intent, finding).await?;
        self.wait_for_first_attempt(concluded.notification_id.as_deref()).await;
        if matches!(concluded.transaction.state, State::ReqSuccess(_)) {
            return Ok(ExecReply::Redirect(self.redirect(transaction.access_id, token, limit_at)));
        }
        concluded.result.map_err(Refusal::Provider)?;
        Ok(ExecReply::Immediate(immediate(shop, &concluded.transaction)))
    }

    /// What Amazon says of a permission that the shop calls a consent. One for a single payment is none, and is asked for
    /// nothing.
    async fn permission_to_consent(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        permission: &ChargePermissionId,
    ) -> Result<ChargePermission, Refusal> {
        let by = self.sent(shop, Errand::about(transaction, Occasion::Request));
        match self.parts.amazon.charge_permission(by, permission).await {
            Ok(answer) if answer.value.charge_permission_type == Some(ChargePermissionType::OneTime) => {
                Err(Refusal::Parameters(vec![codes::COMBINATION]))
            }
            Ok(answer) => Ok(answer.value),
            Err(CallError::Refused { status: 404, .. }) => Err(Refusal::PermissionUnknown),
            Err(error) => Err(Refusal::Provider(provider::code_beside_session(&error))),
        }
    }

    /// A consent that was given in Amazon's window and charges nothing yet. Amazon says whether there is one.
    async fn register_approved(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        plan: ApprovedPlan,
    ) -> Result<ExecReply, Refusal> {
        let found = self.permission_to_consent(shop, transaction, &plan.permission).await?;
        match found.status_details.state {
            PermissionState::Chargeable => {}
            PermissionState::Closed => return Err(Refusal::Provider(codes::PERMISSION_CLOSED)),
            _ => return Err(Refusal::Provider(codes::PERMISSION_NOT_CHARGEABLE)),
        }
        // One consent is registered once, or its end would be told of one order only.
        let earlier = self.parts.store.transaction_of_permission(&shop.id, &plan.permission).await?;
        if earlier.is_some_and(|earlier| matches!(earlier.state, State::Register(_))) {
            return Err(Refusal::Provider(codes::PERMISSION_NOT_CHARGEABLE));
        }
        let event = Event::RegisteredAtOnce(plan.exec, plan.permission);
        let change = Change::event(transaction, event, self.parts.clock.now())
            .map_err(|refused| Refusal::AlreadyRequested(refused.status))?;
        let (registered, notification_id) = self.commit(shop, transaction, change).await?;
        self.wait_for_first_attempt(notification_id.as_deref()).await;
        Ok(ExecReply::Immediate(immediate(shop, &registered)))
    }
}
