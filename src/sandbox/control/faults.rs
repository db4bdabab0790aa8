//! What shall go wrong, and how often.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::sandbox::api::{Operation, find_simulation};

/// The longest delay: ten minutes.
const DELAY_MS_MAX: u64 = 600_000;

/// A rule, as it is posted and listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Rule {
    /// Name of the operation, such as `completeCheckoutSession`.
    operation: String,
    /// For how many requests more.
    #[serde(default = "once")]
    times: u32,
    /// Waits so long before anything happens.
    #[serde(default)]
    delay_ms: u64,
    /// Answers with this status instead of doing anything.
    #[serde(default)]
    status: Option<u16>,
    /// The `reasonCode` that goes with `status`.
    #[serde(default)]
    reason_code: Option<String>,
    /// The `message` that goes with `status`.
    #[serde(default)]
    message: Option<String>,
    /// Acts as if the request carried this `x-amz-pay-simulation-code`.
    #[serde(default)]
    simulation_code: Option<String>,
    /// Does what was asked, then closes the connection without an answer.
    #[serde(default)]
    lose_answer: bool,
    /// Does what was asked, then never answers.
    #[serde(default)]
    hang: bool,
}

const fn once() -> u32 {
    1
}

/// What goes wrong with one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::sandbox) struct Fault {
    pub(in crate::sandbox) delay_ms: u64,
    pub(in crate::sandbox) refusal: Option<Refusal>,
    pub(in crate::sandbox) simulation_code: Option<String>,
    pub(in crate::sandbox) lose_answer: bool,
    pub(in crate::sandbox) hang: bool,
}

/// An error that is answered although nothing was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox) struct Refusal {
    pub(in crate::sandbox) status: u16,
    pub(in crate::sandbox) reason_code: String,
    pub(in crate::sandbox) message: String,
}

impl Fault {
    /// In a few words, for the list of requests.
    pub(super) fn words(&self) -> Vec<&'static str> {
        let parts = [
            (self.delay_ms > 0, "delay"),
            (self.refusal.is_some(), "status"),
            (self.simulation_code.is_some(), "simulation_code"),
            (self.lose_answer, "lose_answer"),
            (self.hang, "hang"),
        ];
        parts.into_iter().filter_map(|(is, word)| is.then_some(word)).collect()
    }
}

/// A rule that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::sandbox) enum RuleError {
    #[error("operation {0:?} is none of {names}", names = operation_names())]
    UnknownOperation(String),
    #[error("times must be 1 or more")]
    NoTimes,
    #[error("delay_ms must be at most {DELAY_MS_MAX}")]
    LongDelay,
    #[error("status must be from 400 to 599")]
    NoErrorStatus,
    #[error(
        "status means that nothing is done, so it goes with neither simulation_code, lose_answer nor hang; the last two \
         exclude each other"
    )]
    Contradiction,
    #[error("reason_code and message go only with status")]
    ReasonWithoutStatus,
    #[error("the rule asks for nothing: give delay_ms, status, simulation_code, lose_answer or hang")]
    Nothing,
    #[error("{0}")]
    Simulation(String),
}

fn operation_names() -> String {
    Operation::ALL.iter().map(|operation| operation.name()).collect::<Vec<_>>().join(", ")
}

/// The rules in force, oldest first.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Faults {
    rules: VecDeque<Rule>,
}

impl Faults {
    /// Adds a rule.
    pub(in crate::sandbox) fn add(&mut self, rule: Rule) -> Result<(), RuleError> {
        rule.check()?;
        self.rules.push_back(rule);
        Ok(())
    }

    pub(in crate::sandbox) fn rules(&self) -> &VecDeque<Rule> {
        &self.rules
    }

    pub(in crate::sandbox) fn clear(&mut self) {
        self.rules.clear();
    }

    /// The fault for the next request of `operation`: by the oldest rule for it, which is used up by one.
    pub(in crate::sandbox) fn take(&mut self, operation: Operation) -> Option<Fault> {
        let index = self.rules.iter().position(|rule| rule.operation == operation.name())?;
        let rule = self.rules.get_mut(index)?;
        rule.times -= 1;
        let fault = rule.fault();
        if rule.times == 0 {
            self.rules.remove(index);
        }
        Some(fault)
    }
}

impl Rule {
    /// In a line, for people: what was said, as it was said.
    pub(in crate::sandbox) fn words(&self) -> String {
        let all = serde_json::to_value(self).unwrap_or_default();
        let said = all.as_object().into_iter().flatten();
        let said = said.filter(|(_, value)| !value.is_null() && **value != false && **value != 0);
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        said.map(|(name, value)| format!("{name} {}", text(value))).collect::<Vec<_>>().join(", ")
    }

    fn check(&self) -> Result<(), RuleError> {
        let operation = Operation::ALL.iter().copied().find(|operation| operation.name() == self.operation);
        let operation = operation.ok_or_else(|| RuleError::UnknownOperation(self.operation.clone()))?;
        if let Some(code) = &self.simulation_code {
            find_simulation(operation, code).map_err(|error| RuleError::Simulation(error.message))?;
        }
        let effects = [self.status.is_some(), self.lose_answer, self.hang].into_iter().filter(|on| *on).count();
        let mistakes = [
            (self.times == 0, RuleError::NoTimes),
            (self.delay_ms > DELAY_MS_MAX, RuleError::LongDelay),
            (self.status.is_some_and(|status| !(400..600).contains(&status)), RuleError::NoErrorStatus),
            (effects > 1 || (self.status.is_some() && self.simulation_code.is_some()), RuleError::Contradiction),
            (
                self.status.is_none() && (self.reason_code.is_some() || self.message.is_some()),
                RuleError::ReasonWithoutStatus,
            ),
            (effects == 0 && self.delay_ms == 0 && self.simulation_code.is_none(), RuleError::Nothing),
        ];
        mistakes.into_iter().find(|(made, _)| *made).map_or(Ok(()), |(_, mistake)| Err(mistake))
    }

    fn fault(&self) -> Fault {
        let refusal = self.status.map(|status| Refusal {
            status,
            reason_code: self.reason_code.clone().unwrap_or_else(|| usual_reason(status).to_owned()),
            message: self.message.clone().unwrap_or_else(|| "A fault set at /_control/faults".to_owned()),
        });
        Fault {
            delay_ms: self.delay_ms,
            refusal,
            simulation_code: self.simulation_code.clone(),
            lose_answer: self.lose_answer,
            hang: self.hang,
        }
    }
}

/// Amazon's general `reasonCode` for a status (amazon-pay 2.8).
const fn usual_reason(status: u16) -> &'static str {
    match status {
        401 => "UnauthorizedAccess",
        403 => "InvalidRequestSignature",
        404 => "ResourceNotFound",
        408 => "RequestTimeout",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        500..=599 => "InternalServerError",
        _ => "InvalidRequest",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(value: serde_json::Value) -> Rule {
        serde_json::from_value(value).expect("a rule")
    }

    #[test]
    fn a_rule_holds_for_its_operation_and_as_often_as_it_says() {
        let mut faults = Faults::default();
        faults.add(rule(json!({"operation": "captureCharge", "times": 2, "status": 503}))).expect("fine");
        faults.add(rule(json!({"operation": "captureCharge", "delay_ms": 5}))).expect("fine");
        assert_eq!(faults.take(Operation::GetCharge), None);
        let first = faults.take(Operation::CaptureCharge).expect("one");
        assert_eq!(first.refusal.expect("refused").reason_code, "ServiceUnavailable");
        assert!(faults.take(Operation::CaptureCharge).expect("two").refusal.is_some());
        assert_eq!(faults.take(Operation::CaptureCharge).expect("three").delay_ms, 5);
        assert_eq!(faults.take(Operation::CaptureCharge), None);
    }

    #[test]
    fn a_rule_that_cannot_be_followed_is_refused() {
        for (value, error) in [
            (json!({"operation": "x", "hang": true}), RuleError::UnknownOperation("x".to_owned())),
            (json!({"operation": "getCharge"}), RuleError::Nothing),
            (json!({"operation": "getCharge", "times": 0, "hang": true}), RuleError::NoTimes),
            (json!({"operation": "getCharge", "status": 200}), RuleError::NoErrorStatus),
            (json!({"operation": "getCharge", "status": 500, "hang": true}), RuleError::Contradiction),
            (json!({"operation": "getCharge", "hang": true, "message": "m"}), RuleError::ReasonWithoutStatus),
            (json!({"operation": "getCharge", "delay_ms": 600_001}), RuleError::LongDelay),
            (
                json!({"operation": "createRefund", "status": 500, "simulation_code": "Declined"}),
                RuleError::Contradiction,
            ),
            (
                json!({"operation": "getCharge", "simulation_code": "Declined"}),
                RuleError::Simulation("Simulation code Declined does not belong to getCharge".to_owned()),
            ),
        ] {
            assert_eq!(Faults::default().add(rule(value)), Err(error));
        }
    }
}
