//! One operation: body to request, request to ledger, ledger to answer. Idempotency and simulation codes are here.

use axum::http::HeaderMap;
use serde_json::Value;

use super::operation::Operation;
use super::simulation;
use crate::sandbox::error::{ApiError, ReasonCode};
use crate::sandbox::ledger::{Currency, Effect, Ledger, ProductType, Remembered, Simulation};
use crate::sandbox::wire::{charge_request, session_request, views};

/// What goes back to the merchant.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// An authenticated call.
pub(super) struct Call<'a> {
    pub(super) merchant_id: &'a str,
    /// What the merchant is paid in.
    pub(super) currency: Currency,
    pub(super) operation: Operation,
    /// What it is about; empty where it makes something new.
    pub(super) object_id: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    /// As if the request had asked for it, and before what it does ask for.
    pub(super) simulation_code: Option<&'a str>,
}

impl Call<'_> {
    /// Does it.
    pub(super) fn perform(&self, ledger: &mut Ledger) -> Result<Answer, ApiError> {
        let simulation = self.simulation()?;
        match self.operation {
            Operation::CreateCheckoutSession => self.create_session(ledger),
            Operation::GetCheckoutSession => {
                let session = ledger.session_of(self.merchant_id, self.object_id)?;
                Ok(Answer::ok(views::session(ledger, session)))
            }
            Operation::UpdateCheckoutSession => {
                let changes = session_request::update(self.body, self.currency)?;
                let session = ledger.update_session(self.merchant_id, self.object_id, changes)?.clone();
                Ok(Answer::ok(views::session(ledger, &session)))
            }
            Operation::CompleteCheckoutSession => self.complete_session(ledger, simulation),
            Operation::FinalizeCheckoutSession => self.finalize_session(ledger, simulation),
            Operation::GetChargePermission => self.get_permission(ledger),
            Operation::UpdateChargePermission => self.update_permission(ledger),
            Operation::CloseChargePermission => self.close_permission(ledger, simulation),
            Operation::CreateCharge => self.create_charge(ledger, simulation),
            Operation::GetCharge => self.get_charge(ledger),
            Operation::CaptureCharge => self.capture_charge(ledger, simulation),
            Operation::CancelCharge => self.cancel_charge(ledger),
            Operation::CreateRefund => self.create_refund(ledger, simulation),
            Operation::GetRefund => self.get_refund(ledger),
            Operation::GetBuyer => {
                let introduction = ledger.introduction_of(self.merchant_id, self.object_id)?;
                Ok(Answer::ok(views::introduction(introduction)))
            }
        }
    }

    fn create_session(&self, ledger: &mut Ledger) -> Result<Answer, ApiError> {
        let key = self.required_key()?;
        let request = session_request::create(self.body, ProductType::PayAndShip, self.currency)?;
        self.once(ledger, Some(key), |ledger| {
            let session = ledger.create_session(self.merchant_id, request)?;
            Ok(Answer::created(views::session(ledger, &session)))
        })
    }

    fn complete_session(&self, ledger: &mut Ledger, simulation: Option<Simulation>) -> Result<Answer, ApiError> {
        let key = self.idempotency_key()?;
        let request = charge_request::complete(self.body, self.currency)?;
        self.once(ledger, key, |ledger| {
            let completed = ledger.complete(self.merchant_id, self.object_id, request, simulation)?;
            let status = if completed.pending { 202 } else { 200 };
            Ok(Answer { status, body: views::session(ledger, &completed.session) })
        })
    }

    fn finalize_session(&self, ledger: &mut Ledger, simulation: Option<Simulation>) -> Result<Answer, ApiError> {
        let key = self.idempotency_key()?;
        let request = charge_request::finalize(self.body, self.currency)?;
        self.once(ledger, key, |ledger| {
            let finalized = ledger.finalize(self.merchant_id, self.object_id, &request, simulation)?;
            let status = if finalized.pending { 202 } else { 200 };
            Ok(Answer { status, body: views::finalized(ledger, &finalized.session) })
        })
    }

    /// Acts the first time a key is seen; answers the first answer again after that (see `ledger::idempotency`).
    pub(super) fn once(
        &self,
        ledger: &mut Ledger,
        key: Option<String>,
        act: impl FnOnce(&mut Ledger) -> Result<Answer, ApiError>,
    ) -> Result<Answer, ApiError> {
        let Some(key) = key else { return act(ledger) };
        let effect = Effect {
            merchant_id: self.merchant_id.to_owned(),
            operation: self.operation.name(),
            object_id: self.object_id.to_owned(),
            key,
        };
        let request: Value = serde_json::from_slice(self.body).unwrap_or_default();
        if let Some(first) = ledger.recall(&effect, &request)? {
            return Ok(Answer { status: first.status, body: first.answer.clone() });
        }
        let answer = act(ledger)?;
        ledger.remember(&effect, Remembered { request, status: answer.status, answer: answer.body.clone() });
        Ok(answer)
    }

    pub(super) fn required_key(&self) -> Result<String, ApiError> {
        let missing = || ApiError::new(ReasonCode::MissingHeader, "x-amz-pay-idempotency-key is missing");
        self.idempotency_key()?.ok_or_else(missing)
    }

    /// At most 32 of `A-Z a-z 0-9 - _` (amazon-pay 2.9).
    fn idempotency_key(&self) -> Result<Option<String>, ApiError> {
        let Some(key) = self.header("x-amz-pay-idempotency-key")? else { return Ok(None) };
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (1..=32).contains(&key.len()) && key.bytes().all(fine) {
            return Ok(Some(key));
        }
        let message = "x-amz-pay-idempotency-key must have 1 to 32 characters of A-Z a-z 0-9 - _";
        Err(ApiError::new(ReasonCode::InvalidHeaderValue, message))
    }

    fn simulation(&self) -> Result<Option<Simulation>, ApiError> {
        let asked = self.header("x-amz-pay-simulation-code")?;
        let Some(code) = self.simulation_code.map(str::to_owned).or(asked) else { return Ok(None) };
        simulation::find(self.operation, &code).map(Some)
    }

    fn header(&self, name: &str) -> Result<Option<String>, ApiError> {
        let Some(value) = self.headers.get(name) else { return Ok(None) };
        let text = value.to_str().map_err(|_| {
            ApiError::new(ReasonCode::InvalidHeaderValue, format!("{name} has characters that a header may not have"))
        })?;
        Ok(Some(text.trim().to_owned()))
    }
}

impl Answer {
    pub(super) fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }

    pub(super) fn created(body: Value) -> Self {
        Self { status: 201, body }
    }
}
