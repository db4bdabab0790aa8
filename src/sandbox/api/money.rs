//! The operations on charges, refunds and charge permissions.

use super::perform::{Answer, Call};
use crate::sandbox::error::ApiError;
use crate::sandbox::ledger::{Ledger, Simulation};
use crate::sandbox::wire::{charge_request, permission_request, views};

impl Call<'_> {
    pub(super) fn get_permission(&self, ledger: &Ledger) -> Result<Answer, ApiError> {
        let permission = ledger.charge_permission_of(self.merchant_id, self.object_id)?;
        Ok(Answer::ok(views::charge_permission(ledger, permission)))
    }

    pub(super) fn update_permission(&self, ledger: &mut Ledger) -> Result<Answer, ApiError> {
        let changes = permission_request::update(self.body, self.currency)?;
        let permission = ledger.update_permission(self.merchant_id, self.object_id, changes)?.clone();
        Ok(Answer::ok(views::charge_permission(ledger, &permission)))
    }

    pub(super) fn close_permission(
        &self,
        ledger: &mut Ledger,
        simulation: Option<Simulation>,
    ) -> Result<Answer, ApiError> {
        let cancel_pending = permission_request::close(self.body, self.currency)?;
        let closed = ledger.close_permission(self.merchant_id, self.object_id, cancel_pending, simulation)?.clone();
        Ok(Answer::ok(views::charge_permission(ledger, &closed)))
    }

    pub(super) fn create_charge(
        &self,
        ledger: &mut Ledger,
        simulation: Option<Simulation>,
    ) -> Result<Answer, ApiError> {
        let key = self.required_key()?;
        let request = charge_request::create(self.body, self.currency)?;
        self.once(ledger, Some(key), |ledger| {
            let charge = ledger.create_charge(self.merchant_id, request, simulation)?.clone();
            Ok(Answer::created(views::charge(ledger, &charge)))
        })
    }

    pub(super) fn get_charge(&self, ledger: &Ledger) -> Result<Answer, ApiError> {
        let charge = ledger.charge_of(self.merchant_id, self.object_id)?;
        Ok(Answer::ok(views::charge(ledger, charge)))
    }

    pub(super) fn capture_charge(
        &self,
        ledger: &mut Ledger,
        simulation: Option<Simulation>,
    ) -> Result<Answer, ApiError> {
        let key = self.required_key()?;
        let (amount, soft_descriptor) = charge_request::capture(self.body, self.currency)?;
        self.once(ledger, Some(key), |ledger| {
            let charge = ledger.capture(self.merchant_id, self.object_id, amount, soft_descriptor, simulation)?.clone();
            Ok(Answer::ok(views::charge(ledger, &charge)))
        })
    }

    pub(super) fn cancel_charge(&self, ledger: &mut Ledger) -> Result<Answer, ApiError> {
        charge_request::cancel(self.body, self.currency)?;
        let charge = ledger.cancel_charge(self.merchant_id, self.object_id)?.clone();
        Ok(Answer::ok(views::charge(ledger, &charge)))
    }

    pub(super) fn create_refund(
        &self,
        ledger: &mut Ledger,
        simulation: Option<Simulation>,
    ) -> Result<Answer, ApiError> {
        let key = self.required_key()?;
        let request = charge_request::refund(self.body, self.currency)?;
        self.once(ledger, Some(key), |ledger| {
            let refund = ledger.create_refund(self.merchant_id, request, simulation)?;
            Ok(Answer::created(views::refund(refund)))
        })
    }

    pub(super) fn get_refund(&self, ledger: &Ledger) -> Result<Answer, ApiError> {
        Ok(Answer::ok(views::refund(ledger.refund_of(self.merchant_id, self.object_id)?)))
    }
}
