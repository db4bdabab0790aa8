//! Intent, call, outcome: the rule that keeps money right.
//!
//! Before a call that changes something at Amazon, an [`Intent`] says what is about to be done, under its own
//! idempotency key. While it is open nothing else may change the transaction. Only evidence closes it: Amazon's
//! answer, or what `reconcile` finds out later. An unknown outcome is an open intent, never a failure.

use serde::{Deserialize, Serialize};

use super::ids::{AccessId, ChargeId, ChargePermissionId, CheckoutSessionId, IdempotencyKey};
use super::transaction::{Exec, Money};
use super::world::Millis;
use super::yen::Yen;

/// What is to be done at Amazon, with everything needed to do it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "camelCase")]
pub enum Effect {
    /// Tell the session its amount, intent and result URL.
    UpdateCheckoutSession {
        /// The session.
        session: CheckoutSessionId,
        /// The amount to be charged.
        amount: Yen,
    },
    /// Complete the session: the buyer has agreed, now the money moves.
    CompleteCheckoutSession {
        /// The session.
        session: CheckoutSessionId,
        /// The amount to be charged, the same as in the update.
        amount: Yen,
    },
    /// Finalize a session whose buyer has agreed inside the on-page script.
    FinalizeCheckoutSession {
        /// The session.
        session: CheckoutSessionId,
        /// The amount to be charged.
        amount: Yen,
        /// What ExecTran asked for: the book has it only once there is an outcome.
        exec: Box<Exec>,
    },
    /// Capture an authorised charge.
    CaptureCharge {
        /// The charge.
        charge: ChargeId,
        /// The amounts whose sum is captured.
        money: Money,
    },
    /// Charge a permission.
    CreateCharge {
        /// The permission.
        permission: ChargePermissionId,
        /// The amount.
        amount: Yen,
        /// Whether to capture at once.
        capture: bool,
        /// What it is for.
        purpose: ChargeFor,
    },
    /// Let an authorised charge go.
    CancelCharge {
        /// The charge.
        charge: ChargeId,
        /// Whether another charge has taken its place, so that the transaction does not end with it.
        replaced: bool,
    },
    /// Give captured money back.
    CreateRefund {
        /// The charge.
        charge: ChargeId,
        /// The amounts whose sum is given back.
        money: Money,
        /// Whether the shop asked for a lower amount (the Status stays) or for a return (REQRETURN).
        lowers_amount: bool,
        /// The amounts that are left where it lowers them. Books of earlier versions have none here: there each part is
        /// lower by `money`.
        #[serde(default)]
        left: Option<Money>,
    },
    /// End a charge permission.
    CloseChargePermission {
        /// The permission.
        permission: ChargePermissionId,
    },
}

/// What a new charge is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "camelCase")]
pub enum ChargeFor {
    /// ExecTran without a browser. What it asked for is kept here: the book has it only once there is an outcome.
    Exec(Box<Exec>),
    /// A sale whose authorisation has run out: it is renewed and captured at once.
    Renewal {
        /// The amounts that are sold.
        money: Money,
    },
    /// Other amounts for an authorised transaction.
    Change {
        /// The new amounts.
        money: Money,
        /// The charge that is let go once the new one stands.
        old: ChargeId,
    },
}

impl Effect {
    /// Amazon's names of all of them.
    pub const NAMES: [&'static str; 8] = [
        "updateCheckoutSession",
        "completeCheckoutSession",
        "finalizeCheckoutSession",
        "captureCharge",
        "createCharge",
        "cancelCharge",
        "createRefund",
        "closeChargePermission",
    ];

    /// The session that this effect claims for its transaction: one session pays one transaction.
    pub const fn claimed_session(&self) -> Option<&CheckoutSessionId> {
        match self {
            Self::UpdateCheckoutSession { session, .. }
            | Self::CompleteCheckoutSession { session, .. }
            | Self::FinalizeCheckoutSession { session, .. } => Some(session),
            _ => None,
        }
    }

    /// Amazon's name of the operation.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::UpdateCheckoutSession { .. } => "updateCheckoutSession",
            Self::CompleteCheckoutSession { .. } => "completeCheckoutSession",
            Self::FinalizeCheckoutSession { .. } => "finalizeCheckoutSession",
            Self::CaptureCharge { .. } => "captureCharge",
            Self::CreateCharge { .. } => "createCharge",
            Self::CancelCharge { .. } => "cancelCharge",
            Self::CreateRefund { .. } => "createRefund",
            Self::CloseChargePermission { .. } => "closeChargePermission",
        }
    }
}

/// A promise to do something at Amazon, recorded before it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The key under which Amazon knows this effect.
    pub key: IdempotencyKey,
    /// The transaction it is done for.
    pub access_id: AccessId,
    /// What is to be done.
    pub effect: Effect,
    /// When it was recorded.
    pub started_at: Millis,
    /// When `reconcile` may look, if there is no outcome by then.
    pub look_at: Millis,
    /// How often `reconcile` has looked in vain.
    pub looks: i64,
}

/// How an intent ended, and by what evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The intent it closes.
    pub key: IdempotencyKey,
    /// Done or not.
    pub verdict: Verdict,
    /// What Amazon said, in a few words: a state, or a reason code. No personal data.
    pub evidence: String,
    /// `x-amz-pay-request-id` of the answer.
    pub request_id: Option<String>,
    /// When it was known.
    pub finished_at: Millis,
}

/// Whether the effect took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Amazon did it.
    Done,
    /// Amazon refused it, or it never reached Amazon; it has not happened and will not.
    NotDone,
}

impl Verdict {
    /// The spelling in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "DONE",
            Self::NotDone => "NOT_DONE",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An open intent outlives the version that wrote it.
    #[test]
    fn the_refunds_of_earlier_versions_are_read() {
        for lowers in [true, false] {
            let written = format!(
                r#"{{"operation":"createRefund","charge":"S03-1-1-C1","money":{{"amount":480,"tax":48}},"lowers_amount":{lowers}}}"#
            );
            let effect: Effect = serde_json::from_str(&written).unwrap();
            let Effect::CreateRefund { money, lowers_amount, left, .. } = effect else { panic!("{written}") };
            assert_eq!((money.total().get(), lowers_amount, left), (528, lowers, None));
        }
    }

    fn effect(operation: &str) -> Effect {
        let exec = json!({"way": "REVIEW", "client_fields": [null, null, null]});
        let written = json!({
            "operation": operation, "session": "c1f7e3f2-3a5b-4b6e-9c55-6f1f5bd0a001", "amount": 100, "exec": exec,
            "charge": "S03-1-1-C1", "permission": "S03-1-1", "money": {"amount": 90, "tax": 10}, "capture": true,
            "purpose": {"for": "exec", "way": "REVIEW", "client_fields": [null, null, null]}, "replaced": false,
            "lowers_amount": false,
        });
        serde_json::from_value(written).unwrap()
    }

    /// Logs, fault points and the book all call an effect what Amazon calls it.
    #[test]
    fn an_effect_has_one_name() {
        for name in Effect::NAMES {
            let effect = effect(name);
            assert_eq!(
                (effect.name(), serde_json::to_value(&effect).unwrap()["operation"].as_str()),
                (name, Some(name))
            );
        }
    }

    #[test]
    fn what_a_session_pays_with_claims_it() {
        for name in Effect::NAMES {
            let claims = name.ends_with("CheckoutSession");
            assert_eq!(effect(name).claimed_session().is_some(), claims, "{name}");
        }
    }

    #[test]
    fn a_verdict_has_the_word_of_the_books() {
        assert_eq!((Verdict::Done.word(), Verdict::NotDone.word()), ("DONE", "NOT_DONE"));
    }
}
