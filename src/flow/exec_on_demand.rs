//! ExecTranAmazonpay on a consent given before: a charge without a browser (psp-protocol 5.2, the immediate shape).

use super::effect::{Finding, Meaning, Proof, looked_at};
use super::errand::Errand;
use super::later::allows_pending;
use super::{Gateway, Refusal, Shop, provider};
use crate::amazonpay::{
    Answer, CallError, Charge, ChargeState, CreateCharge, MerchantMetadata, PermissionState, Price,
};
use crate::domain::operation::ChargeFor;
use crate::domain::transaction::{AmazonPayment, Event, Exec, Failure, Handover, PendingCharge};
use crate::domain::{ChargePermissionId, Effect, Intent, JobCd, Money, Transaction, Yen, check_string};
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
        let terms = (*amount, *capture);
        let request = CreateCharge {
            charge_permission_id: permission.clone(),
            charge_amount: Price::of(*amount),
            capture_now: *capture,
            can_handle_pending_authorization: matches!(purpose, ChargeFor::Exec(_))
                && allows_pending(shop, transaction),
            merchant_metadata: Some(MerchantMetadata {
                merchant_reference_id: Some(transaction.order_id.as_str().to_owned()),
                merchant_store_name: Some(shop.settings.store_name.clone()),
                note_to_buyer: note_of(transaction, purpose),
                custom_information: None,
            }),
            web_checkout_details: self.mfa_return(transaction, purpose),
        };
        let by = self.sent(shop, Errand::effect(intent));
        match self.parts.amazon.create_charge(by, &request, &intent.key).await {
            Ok(answer) => match self.as_it_stands(shop, transaction, intent, answer).await {
                Ok(answer) => self.new_charge_says(&answer.value, terms, purpose, answer.request_id),
                Err(why) => Finding::Unknown(why),
            },
            Err(error) => match Meaning::of(&error, intent) {
                Meaning::Refused => self.no_new_charge(shop, transaction, intent, &error).await,
                // Nothing was asked for, so the shop may simply try again.
                Meaning::NotAsked => Finding::NotDone(codes::AMAZON_UNREACHABLE, None, Proof::of(&error)),
                Meaning::Open => Finding::Unknown(provider::evidence_of(&error)),
            },
        }
    }

    /// An answer under a key that was used before is the first one, however long ago that was: how the charge stands now
    /// it tells itself. A charge that is another transaction's money is no answer at all.
    async fn as_it_stands(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        intent: &Intent,
        answer: Answer<Charge>,
    ) -> Result<Answer<Charge>, String> {
        match self.pays_another(transaction, &answer.value.charge_id).await {
            Ok(false) if intent.looks == 0 => Ok(answer),
            Ok(false) => {
                let by = self.sent(shop, Errand::effect(intent));
                let now = self.parts.amazon.charge(by, &answer.value.charge_id).await;
                now.map_err(|error| provider::evidence_of(&error))
            }
            Ok(true) => Err("the charge pays another transaction".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// What Amazon's no to a new charge means.
    async fn no_new_charge(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        intent: &Intent,
        error: &CallError,
    ) -> Finding<()> {
        let Effect::CreateCharge { permission, purpose, .. } = &intent.effect else {
            return Finding::Unknown("not a charge".to_owned());
        };
        if let Some(finding) = self.mfa_asked_for(transaction, purpose, error) {
            return finding;
        }
        let errand = Errand::effect(intent);
        let why = self.why_not_chargeable(shop, permission, error, errand).await;
        let (code, event) = match (purpose, why) {
            // A permission that is not there is a mistake of the shop's, which may name another.
            (ChargeFor::Exec(_), why) if why != WhyNot::Unknown => (why.code(), refused(purpose, why.code())),
            // Amazon refused, and could not be asked why. The charge that stands is as good as before, so the shop comes again.
            (ChargeFor::Renewal { .. } | ChargeFor::Change { .. }, WhyNot::Unread) => (codes::AMAZON_UNREACHABLE, None),
            (ChargeFor::Renewal { .. }, WhyNot::Unknown | WhyNot::Closed | WhyNot::UsedUp | WhyNot::NotChargeable) => {
                (codes::AUTHORISATION_EXPIRED, None)
            }
            (ChargeFor::Change { money, old }, WhyNot::TooMuch | WhyNot::UsedUp | WhyNot::TooMany) => {
                let code = if why == WhyNot::TooMany { why.code() } else { codes::AMOUNT_ABOVE_LIMIT };
                match self.covered_by(shop, transaction, *money, old, errand).await {
                    Ok(change) => (code, change),
                    Err(_) => (codes::AMAZON_UNREACHABLE, None),
                }
            }
            _ => (why.code(), None),
        };
        Finding::NotDone(code, event, Proof::of(error))
    }

    fn new_charge_says(
        &self,
        charge: &Charge,
        (amount, capture): (Yen, bool),
        purpose: &ChargeFor,
        request_id: Option<String>,
    ) -> Finding<()> {
        let state = &charge.status_details.state;
        let now = self.parts.clock.now();
        let payment = AmazonPayment {
            permission: charge.charge_permission_id.clone(),
            charge: charge.charge_id.clone(),
            authorized_at: now,
            captured_at: None,
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
        let done = match (state, purpose) {
            (ChargeState::Captured, ChargeFor::Exec(exec)) => Event::ChargedAtOnce((**exec).clone(), payment),
            (ChargeState::Authorized, ChargeFor::Exec(exec)) if !capture => {
                Event::ChargedAtOnce((**exec).clone(), payment)
            }
            (undecided, ChargeFor::Exec(exec)) if is_undecided(undecided) => {
                let charge = PendingCharge { permission: payment.permission, charge: payment.charge };
                let handover = Handover { look_at: self.first_look(), charge: Some(charge) };
                Event::PendingAtOnce((**exec).clone(), handover)
            }
            (ChargeState::Captured, ChargeFor::Renewal { money }) => Event::SoldAnew(*money, payment),
            (ChargeState::Authorized, ChargeFor::Change { money, .. }) => Event::Changed(*money, payment),
            (ChargeState::Declined | ChargeState::Canceled, _) => {
                let reason = charge.status_details.reason_code.as_deref().unwrap_or_default();
                let code = provider::code_of(reason);
                let proof = Proof::new(format!("{state} {reason}"), request_id);
                return Finding::NotDone(code, refused(purpose, code), proof);
            }
            // A charge that is to take another's place is waited for under the open intent: what stands, stands until then.
            (state, _) => return Finding::Unknown(format!("the new charge is {state}")),
        };
        Finding::Done((), Some(done), Proof::new(state.as_str(), request_id))
    }

    /// "Not in this status" has meanings that a shop must tell apart: ask again later, ask the buyer anew, or ask for
    /// less, because a charge that stands takes up all that the buyer has permitted.
    async fn why_not_chargeable(
        &self,
        shop: &Shop,
        permission: &ChargePermissionId,
        error: &CallError,
        errand: Errand<'_>,
    ) -> WhyNot {
        if matches!(error, CallError::Refused { status: 404, .. }) {
            return WhyNot::Unknown;
        }
        let code = provider::code_beside_session(error);
        if code != codes::PERMISSION_NOT_CHARGEABLE {
            return match code {
                codes::AMOUNT_ABOVE_LIMIT => WhyNot::TooMuch,
                codes::COUNT_ABOVE_LIMIT => WhyNot::TooMany,
                code => WhyNot::Other(code),
            };
        }
        let Ok(answer) = self.parts.amazon.charge_permission(self.sent(shop, errand), permission).await else {
            return WhyNot::Unread;
        };
        let status = answer.value.status_details;
        match status.state {
            PermissionState::Closed => WhyNot::Closed,
            _ if status.reasons.iter().any(|it| it.reason_code == "ChargeInProgress") => WhyNot::UsedUp,
            _ if status.reasons.iter().any(|it| it.reason_code == "MFAFailed") => {
                WhyNot::Other(codes::MFA_NOT_COMPLETED)
            }
            _ => WhyNot::NotChargeable,
        }
    }

    /// Finds out what became of a charge by asking for it again under the same key: Amazon names the same charge.
    pub(super) async fn look_at_create_charge(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        intent: &Intent,
    ) -> Finding<()> {
        let finding = self.perform_create_charge(shop, transaction, &looked_at(intent)).await;
        self.after_start(transaction, finding)
    }
}

/// Why a permission was not charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WhyNot {
    /// Amazon does not know it.
    Unknown,
    /// It is over.
    Closed,
    /// A charge that stands holds all that it permits.
    UsedUp,
    /// Something else stands against it.
    NotChargeable,
    /// Something stands against it, and Amazon could not be asked what.
    Unread,
    /// More than it permits.
    TooMuch,
    /// It was charged as often as it may be.
    TooMany,
    /// It has nothing to do with the permission's state.
    Other(ErrInfo),
}

impl WhyNot {
    const fn code(self) -> ErrInfo {
        match self {
            Self::Unknown => codes::PERMISSION_UNKNOWN,
            Self::Closed => codes::PERMISSION_CLOSED,
            Self::UsedUp | Self::NotChargeable | Self::Unread => codes::PERMISSION_NOT_CHARGEABLE,
            Self::TooMuch => codes::AMOUNT_ABOVE_LIMIT,
            Self::TooMany => codes::COUNT_ABOVE_LIMIT,
            Self::Other(code) => code,
        }
    }
}

/// Whether Amazon may still go either way, or has promised the money and not moved it.
fn is_undecided(state: &ChargeState) -> bool {
    matches!(state, ChargeState::AuthorizationInitiated | ChargeState::Authorized | ChargeState::CaptureInitiated)
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
        shop.pass_in_use().expose(),
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
