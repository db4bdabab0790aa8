//! ExecTranAmazonpay on a consent given before: a charge without a browser (psp-protocol 5.2, the immediate shape).

use super::complete::is_temporary;
use super::effect::{Finding, Proof};
use super::{Gateway, Refusal, Shop, provider};
use crate::amazonpay::{CallError, Charge, ChargeState, CreateCharge, MerchantMetadata, PermissionState, Price};
use crate::domain::operation::ChargeFor;
use crate::domain::transaction::{AmazonPayment, Event, Exec, Failure};
use crate::domain::{ChargePermissionId, Effect, Intent, JobCd, Money, Transaction, check_string};
use crate::protocol::{ErrInfo, ImmediateReply, codes};

impl Gateway {
    /// Charges a permission. Amazon's no ends the transaction (PAYFAIL); a lost answer leaves it UNPROCESSED under an
    /// open intent, and the outcome follows by notification.
    pub(super) async fn exec_on_demand(
        &self,
        shop: &Shop,
        transaction: Transaction,
        permission: &ChargePermissionId,
        exec: Exec,
    ) -> Result<ImmediateReply, Refusal> {
        self.require_own_permission(shop, permission).await?;
        let effect = Effect::CreateCharge {
            permission: permission.clone(),
            amount: transaction.money.total(),
            capture: transaction.job == JobCd::Capture,
            purpose: ChargeFor::Exec(Box::new(exec)),
        };
        let intent = self.intend(&transaction, effect).await?;
        let finding = self.perform_create_charge(shop, &transaction, &intent).await;
        let concluded = self.conclude(shop, &transaction, &intent, finding).await?;
        self.wait_for_first_attempt(concluded.notification_id.as_deref()).await;
        concluded.result.map_err(Refusal::Provider)?;
        Ok(immediate(shop, &concluded.transaction))
    }

    /// A permission that the book knows, but not of this shop, is unknown to this shop (promise S4). One that the book
    /// does not know may have been given elsewhere: Amazon tells whether it is of this shop's account.
    pub(super) async fn require_own_permission(
        &self,
        shop: &Shop,
        permission: &ChargePermissionId,
    ) -> Result<(), Refusal> {
        let shops = self.parts.store.shops_of_permission(permission).await?;
        if shops.is_empty() || shops.contains(&shop.id) { Ok(()) } else { Err(Refusal::PermissionUnknown) }
    }

    pub(super) async fn perform_create_charge(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        intent: &Intent,
    ) -> Finding<()> {
        let Effect::CreateCharge { permission, amount, capture, purpose } = &intent.effect else {
            return Finding::Unknown("not a charge".to_owned());
        };
        let request = CreateCharge {
            charge_permission_id: permission.clone(),
            charge_amount: Price::of(*amount),
            capture_now: *capture,
            can_handle_pending_authorization: false,
            merchant_metadata: Some(MerchantMetadata {
                merchant_reference_id: Some(transaction.order_id.as_str().to_owned()),
                merchant_store_name: Some(shop.settings.store_name.clone()),
                note_to_buyer: note_of(transaction, purpose),
                custom_information: None,
            }),
            web_checkout_details: self.mfa_return(transaction, purpose),
        };
        match self.parts.amazon.create_charge(&shop.merchant, &request, &intent.key).await {
            Ok(answer) => self.new_charge_says(&answer.value, *amount, purpose, answer.request_id),
            Err(error @ CallError::Refused { status: 404, .. }) => {
                Finding::NotDone(codes::PERMISSION_UNKNOWN, None, Proof::of(&error))
            }
            Err(error @ CallError::Refused { .. }) if !is_temporary(&error) && error.changed_nothing() => {
                let code = self.why_not_chargeable(shop, permission, &error).await;
                Finding::NotDone(code, refused(purpose, code), Proof::of(&error))
            }
            // Nothing was asked for, so the shop may simply try again.
            Err(error) if error.changed_nothing() => {
                Finding::NotDone(codes::AMAZON_UNREACHABLE, None, Proof::of(&error))
            }
            Err(error) => Finding::Unknown(provider::evidence_of(&error)),
        }
    }

    fn new_charge_says(
        &self,
        charge: &Charge,
        amount: crate::domain::Yen,
        purpose: &ChargeFor,
        request_id: Option<String>,
    ) -> Finding<()> {
        let state = &charge.status_details.state;
        let now = self.parts.clock.now();
        let payment = AmazonPayment {
            permission: charge.charge_permission_id.clone(),
            charge: charge.charge_id.clone(),
            authorized_at: now,
            captured_at: (*state == ChargeState::Captured).then_some(now),
            cancelled: Money::default(),
            refund: None,
        };
        if charge.charge_amount.yen() != Ok(amount) {
            tracing::error!(charge_id = %charge.charge_id, "charged, but not the amount that was asked for");
            return Finding::Unknown("charged another amount".to_owned());
        }
        if let Some(finding) = self.mfa_demanded(charge, purpose, request_id.as_deref()) {
            return finding;
        }
        match state {
            ChargeState::Authorized | ChargeState::Captured => {
                let event = match purpose {
                    ChargeFor::Exec(exec) => Event::ChargedAtOnce((**exec).clone(), payment),
                    ChargeFor::Renewal { money } => Event::SoldAnew(*money, payment),
                    ChargeFor::Change { money, .. } => Event::Changed(*money, payment),
                };
                Finding::Done((), Some(event), Proof::new(state.as_str(), request_id))
            }
            ChargeState::Declined | ChargeState::Canceled => {
                let reason = charge.status_details.reason_code.as_deref().unwrap_or_default();
                let code = provider::code_of(reason);
                let proof = Proof::new(format!("{state} {reason}"), request_id);
                Finding::NotDone(code, refused(purpose, code), proof)
            }
            other => Finding::Unknown(format!("the charge is {other}")),
        }
    }

    /// "Not in this status" has two meanings that a shop must tell apart: ask again later, or ask the buyer anew.
    async fn why_not_chargeable(&self, shop: &Shop, permission: &ChargePermissionId, error: &CallError) -> ErrInfo {
        let code = provider::code_of_error(error);
        if code != codes::PERMISSION_NOT_CHARGEABLE {
            return code;
        }
        match self.parts.amazon.charge_permission(&shop.merchant, permission).await {
            Ok(answer) if answer.value.status_details.state == PermissionState::Closed => codes::PERMISSION_CLOSED,
            _ => code,
        }
    }

    /// Finds out what became of a charge by asking for it again under the same key: Amazon answers the same charge.
    pub(super) async fn look_at_create_charge(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        intent: &Intent,
    ) -> Finding<()> {
        match self.perform_create_charge(shop, transaction, intent).await {
            Finding::NotDone(code, None, _) if code == codes::AMAZON_UNREACHABLE => {
                Finding::Unknown("not sent".to_owned())
            }
            finding => finding,
        }
    }
}

/// An execution ends with Amazon's no; an authorised transaction keeps the charge it has.
fn refused(purpose: &ChargeFor, code: ErrInfo) -> Option<Event> {
    match purpose {
        ChargeFor::Exec(exec) => Some(Event::RefusedAtOnce((**exec).clone(), Failure { err_info: code.to_string() })),
        ChargeFor::Renewal { .. } | ChargeFor::Change { .. } => None,
    }
}

fn note_of(transaction: &Transaction, purpose: &ChargeFor) -> Option<String> {
    match purpose {
        ChargeFor::Exec(exec) => exec.description.clone(),
        ChargeFor::Renewal { .. } | ChargeFor::Change { .. } => {
            transaction.exec.as_ref().and_then(|exec| exec.description.clone())
        }
    }
}

/// The immediate shape for a transaction as it stands.
pub(super) fn immediate(shop: &Shop, transaction: &Transaction) -> ImmediateReply {
    let permission = transaction.charge_permission();
    let check_string = check_string(
        &transaction.order_id,
        &transaction.access_id,
        &transaction.shop_id,
        shop.settings.shop_pass.expose(),
        permission,
    );
    ImmediateReply {
        shop_id: transaction.shop_id.clone(),
        order_id: transaction.order_id.clone(),
        status: transaction.status(),
        tran_date: transaction.processed_at,
        charge_permission_id: permission.cloned(),
        check_string,
    }
}
