//! What Amazon takes its time over: an authorisation (at most 24 hours), and a capture more than seven days after the
//! authorisation (amazon-pay 2.5). The transaction waits in a state of its own, and only Amazon's word ends the wait,
//! never our clock. `reconcile` says when to look.

use super::effect::Finding;
use super::errand::Errand;
use super::paid::judge;
use super::{Gateway, Refusal, Shop, provider};
use crate::amazonpay::{Charge, ChargeState, Price};
use crate::domain::transaction::{AmazonPayment, Event, Failure, Handover, PendingCharge};
use crate::domain::{ChargeId, JobCd, Millis, Money, State, Transaction, Yen};
use crate::protocol::ErrInfo;
use crate::store::Change;

/// The first look at whatever ends later; Amazon's sandbox takes half a minute.
const FIRST_LOOK_MS: i64 = 31_000;

/// Whether Amazon is told that an authorisation may take its time: the shop's wish, but never together with a capture,
/// and only where there is something to authorise (amazon-pay 2.3).
pub(super) fn allows_pending(shop: &Shop, transaction: &Transaction) -> bool {
    shop.settings.pending_authorization && transaction.job == JobCd::Auth && transaction.money.total() > Yen::ZERO
}

/// The transaction waits for the charge of `payment`.
pub(super) fn pending(payment: AmazonPayment, look_at: Millis) -> Event {
    let charge = PendingCharge { permission: payment.permission, charge: payment.charge };
    Event::Pending(Handover { look_at, charge: Some(charge) })
}

/// What the end of a charge means for an authorised transaction whose money was to be moved: nothing where the
/// authorisation merely ran out, for the shop may ask for a new one (psp-protocol 6); otherwise there is no money, now or
/// later.
pub(super) fn ended(charge: &Charge) -> (ErrInfo, Option<Event>) {
    let reason = charge.status_details.reason_code.as_deref().unwrap_or_default();
    let code = provider::code_of(reason);
    let dead = reason != "ExpiredUnused";
    (code, dead.then(|| Event::SaleRefused(Failure { err_info: code.to_string() })))
}

/// Whether `money` is what was taken.
pub(super) fn took(charge: &Charge, money: Money) -> bool {
    let right = charge.capture_amount.as_ref().map(Price::yen) == Some(Ok(money.total()));
    if !right {
        tracing::error!(charge_id = %charge.charge_id, "captured, but not the amount that was asked for");
    }
    right
}

impl Gateway {
    /// When to look first at something that has just begun.
    pub(super) fn first_look(&self) -> Millis {
        self.parts.clock.now().plus(FIRST_LOOK_MS)
    }

    /// Looks what Amazon has decided on a pending charge; answers the transaction as it then stands, and the
    /// notification that tells of it.
    pub(super) async fn look_at_pending(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        pending: &PendingCharge,
        errand: Errand<'_>,
    ) -> Result<(Transaction, Option<String>), Refusal> {
        let unchanged = || (transaction.clone(), None);
        let Some(charge) = self.charge_now(shop, transaction, &pending.charge, errand).await else {
            return Ok(unchanged());
        };
        let payment = AmazonPayment {
            permission: pending.permission.clone(),
            charge: pending.charge.clone(),
            authorized_at: self.parts.clock.now(),
            captured_at: None,
            cancelled: Money::default(),
            refund: None,
        };
        match judge(transaction, payment, &charge, None, self.first_look()) {
            Finding::Done((), Some(event @ Event::Completed(_)), _) | Finding::NotDone(_, Some(event), _) => {
                self.came_about(shop, transaction, event).await
            }
            _ => Ok(unchanged()),
        }
    }

    /// Looks what became of a capture that takes its time.
    pub(super) async fn look_at_sale(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        errand: Errand<'_>,
    ) -> Result<(), Refusal> {
        let State::Selling { payment, money, .. } = &transaction.state else { return Ok(()) };
        let Some(charge) = self.charge_now(shop, transaction, &payment.charge, errand).await else { return Ok(()) };
        let event = match &charge.status_details.state {
            ChargeState::Captured if took(&charge, *money) => Event::Sold(*money, self.parts.clock.now()),
            ChargeState::Declined | ChargeState::Canceled => {
                let (code, event) = ended(&charge);
                event.unwrap_or_else(|| Event::SaleRefused(Failure { err_info: code.to_string() }))
            }
            _ => return Ok(()),
        };
        self.came_about(shop, transaction, event).await.map(|_| ())
    }

    /// The charge as it stands; nothing where Amazon does not say, and then it is looked at again.
    async fn charge_now(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        charge: &ChargeId,
        errand: Errand<'_>,
    ) -> Option<Charge> {
        match self.parts.amazon.charge(self.sent(shop, errand), charge).await {
            Ok(answer) => Some(answer.value),
            Err(error) => {
                let why = provider::evidence_of(&error);
                tracing::warn!(access_id = %transaction.access_id, charge_id = %charge, why, "the charge is unknown");
                None
            }
        }
    }

    /// Commits what was found out by looking.
    pub(super) async fn came_about(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        event: Event,
    ) -> Result<(Transaction, Option<String>), Refusal> {
        let change = Change::event(transaction, event, self.parts.clock.now())
            .map_err(|refused| Refusal::Status(refused.status))?;
        self.commit(shop, transaction, change).await
    }
}
