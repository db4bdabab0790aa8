//! Whether the charge of a completed session pays a transaction.
//!
//! An answer to our own Complete needs no such question: Amazon held the amount in it against the session's. A session
//! that is merely seen to be completed says less. Its terms may be those of another order that was executed with it, its
//! charge may be another order's money already, or may have been declined since.

use super::complete::failed;
use super::effect::{Finding, Proof};
use super::errand::Errand;
use super::later::pending;
use super::{Gateway, Shop, provider};
use crate::amazonpay::{Charge, ChargeState};
use crate::domain::transaction::{AmazonPayment, Event};
use crate::domain::{ChargeId, JobCd, Millis, Transaction};
use crate::protocol::codes;
use crate::store::StoreError;

impl Gateway {
    /// Asks the charge.
    pub(super) async fn charge_pays(
        &self,
        shop: &Shop,
        transaction: &Transaction,
        payment: AmazonPayment,
        errand: Errand<'_>,
    ) -> Finding<()> {
        match self.pays_another(transaction, &payment.charge).await {
            Ok(true) => return not_paid(Proof::new("the charge pays another transaction", None)),
            Ok(false) => {}
            Err(error) => return Finding::Unknown(error.to_string()),
        }
        match self.parts.amazon.charge(self.sent(shop, errand), &payment.charge).await {
            Ok(answer) => judge(transaction, payment, &answer.value, answer.request_id, self.first_look()),
            Err(error) => Finding::Unknown(provider::evidence_of(&error)),
        }
    }

    /// Whether `charge` is another transaction's money already.
    pub(super) async fn pays_another(&self, transaction: &Transaction, charge: &ChargeId) -> Result<bool, StoreError> {
        let other = self.parts.store.transaction_of_charge(charge).await?;
        let other = other.filter(|other| other.access_id != transaction.access_id);
        if let Some(other) = &other {
            tracing::error!(
                access_id = %transaction.access_id, other = %other.access_id, charge_id = %charge,
                "the charge pays another transaction"
            );
        }
        Ok(other.is_some())
    }
}

/// What `charge` means for a transaction that it is to pay. One that Amazon has not decided on is waited for; `look_at`
/// is when to look then.
pub(super) fn judge(
    transaction: &Transaction,
    payment: AmazonPayment,
    charge: &Charge,
    request_id: Option<String>,
    look_at: Millis,
) -> Finding<()> {
    let state = &charge.status_details.state;
    if charge.charge_amount.yen() != Ok(transaction.money.total()) {
        tracing::error!(
            access_id = %transaction.access_id, charge_id = %charge.charge_id,
            "the session was completed with another amount"
        );
        return not_paid(Proof::new("Completed with another amount", request_id));
    }
    match (state, transaction.job) {
        (ChargeState::Captured, _) | (ChargeState::Authorized | ChargeState::CaptureInitiated, JobCd::Auth) => {
            Finding::Done((), Some(Event::Completed(payment)), Proof::new(format!("Completed, {state}"), request_id))
        }
        // With JobCd CAPTURE the money has to be there, not only promised.
        (ChargeState::AuthorizationInitiated | ChargeState::Authorized | ChargeState::CaptureInitiated, _) => {
            let proof = Proof::new(format!("Completed, {state}"), request_id);
            Finding::Done((), Some(pending(payment, look_at)), proof)
        }
        (ChargeState::Canceled | ChargeState::Declined, _) => {
            let reason = charge.status_details.reason_code.as_deref().unwrap_or_default();
            let code = provider::code_of(reason);
            Finding::NotDone(code, Some(failed(code)), Proof::new(format!("{state} {reason}"), request_id))
        }
        _ => Finding::Unknown(format!("completed, but the charge is {state}")),
    }
}

fn not_paid(proof: Proof) -> Finding<()> {
    Finding::NotDone(codes::SESSION_INVALID, Some(failed(codes::SESSION_INVALID)), proof)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::transaction::{Exec, Handover};
    use crate::domain::{
        AccessId, AmazonpayType, ChargePermissionId, CheckoutSessionId, Money, OrderId, ShopId, State, Way, Yen,
    };

    fn transaction(job: JobCd) -> Transaction {
        Transaction {
            access_id: AccessId::new("0a".repeat(16)).unwrap(),
            key_id: "k1".to_owned(),
            shop_id: ShopId::new("tshop00000001").unwrap(),
            order_id: OrderId::new("O-1").unwrap(),
            job,
            money: Money::new(Yen::new(900).unwrap(), Yen::new(100).unwrap()).unwrap(),
            amazonpay_type: AmazonpayType::Standard,
            payment_type: None,
            created_at: Millis(1),
            processed_at: Millis(1),
            version: 3,
            exec: Some(Exec {
                way: Way::Review,
                session: Some(CheckoutSessionId::new("s-1").unwrap()),
                permission: None,
                frequency: None,
                ret_url: None,
                description: None,
                client_fields: [None, None, None],
            }),
            state: State::AuthProcess(Handover { look_at: Millis(2), charge: None }),
        }
    }

    fn finding(job: JobCd, state: &str, amount: &str) -> Finding<()> {
        let charge: Charge = serde_json::from_value(serde_json::json!({
            "chargeId": "S03-1-1-C1",
            "chargePermissionId": "S03-1-1",
            "chargeAmount": {"amount": amount, "currencyCode": "JPY"},
            "statusDetails": {"state": state, "reasonCode": "HardDeclined"},
        }))
        .unwrap();
        let payment = AmazonPayment {
            permission: ChargePermissionId::new("S03-1-1").unwrap(),
            charge: ChargeId::new("S03-1-1-C1").unwrap(),
            authorized_at: Millis(2),
            captured_at: None,
            cancelled: Money::default(),
            refund: None,
        };
        judge(&transaction(job), payment, &charge, None, Millis(9))
    }

    #[test]
    fn the_charge_decides_not_the_session() {
        let paid = |job, state| match finding(job, state, "1000.00") {
            Finding::Done((), Some(Event::Completed(_)), _) => "paid",
            Finding::Done((), Some(Event::Pending(Handover { look_at: Millis(9), charge: Some(_) })), _) => "waits",
            Finding::NotDone(codes::HARD_DECLINED, Some(Event::Failed(_)), _) => "failed",
            Finding::Unknown(_) => "unknown",
            other => panic!("{other:?}"),
        };
        for (state, auth, capture) in [
            ("AuthorizationInitiated", "waits", "waits"),
            ("Authorized", "paid", "waits"),
            ("CaptureInitiated", "paid", "waits"),
            ("Captured", "paid", "paid"),
            ("Canceled", "failed", "failed"),
            ("Declined", "failed", "failed"),
            ("SomethingNew", "unknown", "unknown"),
        ] {
            assert_eq!(paid(JobCd::Auth, state), auth, "{state}");
            assert_eq!(paid(JobCd::Capture, state), capture, "{state}");
        }
    }

    #[test]
    fn another_amount_is_another_orders() {
        for amount in ["999", "1001", "1000.5", "0"] {
            let finding = finding(JobCd::Capture, "Captured", amount);
            assert!(
                matches!(finding, Finding::NotDone(codes::SESSION_INVALID, Some(Event::Failed(_)), _)),
                "{amount}: {finding:?}"
            );
        }
    }
}
