//! SearchChargePermissionAmazonpay and CloseChargePermissionAmazonpay: what a consent still allows, and its end
//! (psp-protocol 5.8 and 5.9).

use super::effect::{Finding, Meaning, Proof, looked_at};
use super::errand::Errand;
use super::{Gateway, Refusal, Shop, provider};
use crate::amazonpay::{CallError, CloseChargePermission, PermissionState, Price};
use crate::domain::transaction::Event;
use crate::domain::{ChargePermissionId, Effect, Intent, State, Transaction, Yen};
use crate::protocol::{Call, ChargePermissionReply, ChargePermissionRequest, ClosedReply, Reading, codes};

impl Gateway {
    /// Answers what Amazon says of a permission.
    ///
    /// # Errors
    /// [`Refusal`]; a permission of another shop is unknown to this one.
    pub async fn search_charge_permission(
        &self,
        reading: Reading<ChargePermissionRequest>,
    ) -> Result<ChargePermissionReply, Refusal> {
        let admitted = self.admit(Call::SearchChargePermission, reading)?;
        self.permission_of(&admitted.shop, admitted.request.charge_permission_id).await
    }

    /// The same for whoever was admitted.
    pub(super) async fn permission_of(
        &self,
        shop: &Shop,
        permission: ChargePermissionId,
    ) -> Result<ChargePermissionReply, Refusal> {
        self.require_own_permission(shop, &permission).await?;
        // For the record alone: without it the shop is answered all the same.
        let about = self.parts.store.transaction_of_permission(&shop.id, &permission).await.unwrap_or_default();
        match self.parts.amazon.charge_permission(self.asked(shop, about.as_ref()), &permission).await {
            Ok(answer) => {
                let found = answer.value;
                Ok(ChargePermissionReply {
                    charge_permission_id: permission,
                    status: found.status_details.state.as_str().to_owned(),
                    reason_code: found
                        .status_details
                        .reasons
                        .into_iter()
                        .map(|it| it.reason_code)
                        .next()
                        .unwrap_or_default(),
                    amount_limit: yen(found.limits.amount_limit.as_ref()),
                    amount_balance: yen(found.limits.amount_balance.as_ref()),
                })
            }
            Err(CallError::Refused { status: 404, .. }) => Err(Refusal::PermissionUnknown),
            Err(error) => Err(Refusal::Provider(provider::code_beside_session(&error))),
        }
    }

    /// Closes a consent. Charges on it that are not captured yet stay: the shop may still capture or cancel them.
    ///
    /// # Errors
    /// [`Refusal`]; a permission of another shop is unknown to this one.
    pub async fn close_charge_permission(
        &self,
        reading: Reading<ChargePermissionRequest>,
    ) -> Result<ClosedReply, Refusal> {
        let admitted = self.admit(Call::CloseChargePermission, reading)?;
        self.close_permission(&admitted.shop, admitted.request.charge_permission_id).await
    }

    /// The same for whoever was admitted.
    pub(super) async fn close_permission(
        &self,
        shop: &Shop,
        permission: ChargePermissionId,
    ) -> Result<ClosedReply, Refusal> {
        self.require_own_permission(shop, &permission).await?;
        let Some(transaction) = self.parts.store.transaction_of_permission(&shop.id, &permission).await? else {
            return self.close_unrecorded(shop, permission).await;
        };
        if matches!(transaction.state, State::End(_)) {
            return Err(Refusal::Provider(codes::PERMISSION_CLOSED));
        }
        let effect = Effect::CloseChargePermission { permission: permission.clone() };
        let intent = self.intend(&transaction, effect).await?;
        let finding = self.perform_close(shop, &transaction, &intent).await;
        let concluded = self.conclude(shop, &transaction, &intent, finding).await?;
        concluded.result.map_err(Refusal::Provider)?;
        Ok(ClosedReply { charge_permission_id: permission })
    }

    /// Closes a permission that no transaction here has: it was given elsewhere, and Amazon says whether it is of this
    /// shop's account.
    ///
    /// This is the one effect without an intent, for an intent is a row of a transaction, and there is none. It can be:
    /// closing moves no money, nothing in the book waits for its outcome, and done twice it is done once. Where the
    /// answer is lost the shop asks again, and hears either that it is closed now or that it was.
    async fn close_unrecorded(&self, shop: &Shop, permission: ChargePermissionId) -> Result<ClosedReply, Refusal> {
        let refused = |error: &CallError| match error {
            CallError::Refused { status: 404, .. } => Refusal::PermissionUnknown,
            error => Refusal::Provider(provider::code_beside_session(error)),
        };
        let amazon = &self.parts.amazon;
        let found = amazon.charge_permission((&shop.merchant).into(), &permission).await.map_err(|e| refused(&e))?;
        if found.value.status_details.state == PermissionState::Closed {
            return Err(Refusal::Provider(codes::PERMISSION_CLOSED));
        }
        let closed = amazon.close_charge_permission((&shop.merchant).into(), &permission, &closure()).await;
        match closed.map_err(|error| refused(&error))?.value.status_details.state {
            PermissionState::Closed => Ok(ClosedReply { charge_permission_id: permission }),
            _ => Err(Refusal::Provider(codes::AMAZON_OTHER)),
        }
    }

    async fn perform_close(&self, shop: &Shop, transaction: &Transaction, intent: &Intent) -> Finding<()> {
        let Effect::CloseChargePermission { permission } = &intent.effect else {
            return Finding::Unknown("not a closure".to_owned());
        };
        // Amazon answers the closing of a closed permission with a refusal that looks like any other, so look first.
        match self.is_closed(shop, permission, intent).await {
            // Somebody else closed it, such as the buyer at Amazon; the consent has ended all the same.
            Ok(Some(proof)) if intent.looks == 0 => {
                return Finding::NotDone(codes::PERMISSION_CLOSED, ended(transaction), proof);
            }
            Ok(Some(proof)) => return Finding::Done((), ended(transaction), proof),
            Ok(None) => {}
            Err(finding) => return finding,
        }
        let by = self.sent(shop, Errand::effect(intent));
        match self.parts.amazon.close_charge_permission(by, permission, &closure()).await {
            Ok(answer) if answer.value.status_details.state == PermissionState::Closed => {
                Finding::Done((), ended(transaction), Proof::new("Closed", answer.request_id))
            }
            Ok(answer) => Finding::Unknown(format!("the permission is {}", answer.value.status_details.state)),
            Err(error) => match Meaning::of(&error, intent) {
                Meaning::Refused => Finding::NotDone(provider::code_beside_session(&error), None, Proof::of(&error)),
                Meaning::NotAsked => Finding::NotDone(codes::AMAZON_UNREACHABLE, None, Proof::of(&error)),
                Meaning::Open => Finding::Unknown(provider::evidence_of(&error)),
            },
        }
    }

    /// The proof that a permission is closed, `None` where it is not, or what else came of asking.
    async fn is_closed(
        &self,
        shop: &Shop,
        permission: &ChargePermissionId,
        intent: &Intent,
    ) -> Result<Option<Proof>, Finding<()>> {
        match self.parts.amazon.charge_permission(self.sent(shop, Errand::effect(intent)), permission).await {
            Ok(answer) => {
                let closed = answer.value.status_details.state == PermissionState::Closed;
                Ok(closed.then(|| Proof::new("Closed", answer.request_id)))
            }
            Err(error @ CallError::Refused { status: 404, .. }) if intent.looks == 0 => {
                Err(Finding::NotDone(codes::PERMISSION_UNKNOWN, None, Proof::of(&error)))
            }
            // Nothing was asked for yet.
            Err(error) if intent.looks == 0 => {
                let code = match Meaning::of(&error, intent) {
                    Meaning::Refused => provider::code_beside_session(&error),
                    Meaning::NotAsked | Meaning::Open => codes::AMAZON_UNREACHABLE,
                };
                Err(Finding::NotDone(code, None, Proof::of(&error)))
            }
            Err(error) => Err(Finding::Unknown(provider::evidence_of(&error))),
        }
    }

    /// Finds out whether a permission was closed and, where it is not, closes it.
    pub(super) async fn look_at_close(&self, shop: &Shop, transaction: &Transaction, intent: &Intent) -> Finding<()> {
        // What is closed now was closed by the call whose answer was lost.
        self.perform_close(shop, transaction, &looked_at(intent)).await
    }
}

/// Charges that are not captured yet stay the shop's.
fn closure() -> CloseChargePermission {
    CloseChargePermission { closure_reason: "CloseChargePermissionAmazonpay".to_owned(), cancel_pending_charges: false }
}

/// A registered consent ends with its permission; a payment on the same permission stays what it is.
fn ended(transaction: &Transaction) -> Option<Event> {
    matches!(transaction.state, State::Register(_)).then_some(Event::Ended)
}

/// Limits may exceed what the protocol's amounts can carry; the shop is told the most that it can use.
fn yen(price: Option<&Price>) -> Option<Yen> {
    let amount = price?.whole_yen().ok()?;
    Yen::new(amount.clamp(0, Yen::MAX.get()))
}
