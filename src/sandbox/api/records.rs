//! The operations around purchases: delivery trackers, disputes, files, reports, disbursements, merchant accounts,
//! authorization tokens.

use serde_json::{Value, json};

use super::operation::Operation;
use super::perform::{Answer, Call};
use crate::sandbox::error::ApiError;
use crate::sandbox::ledger::Ledger;
use crate::sandbox::wire::{record_request, record_views, report_request};

impl Call<'_> {
    /// Does what [`Call::perform`] leaves to it.
    pub(super) fn keep_records(&self, ledger: &mut Ledger) -> Result<Answer, ApiError> {
        match self.operation {
            Operation::CreateDeliveryTracker => self.track(ledger),
            Operation::GetAuthorizationToken => self.delegate(ledger),
            Operation::GetDisbursements => self.get_disbursements(ledger),
            Operation::CreateDispute
            | Operation::GetDispute
            | Operation::UpdateDispute
            | Operation::ContestDispute
            | Operation::CreateFile => self.dispute(ledger),
            Operation::CreateMerchantAccount
            | Operation::UpdateMerchantAccount
            | Operation::DeleteMerchantAccount
            | Operation::ClaimMerchantAccount
            | Operation::CreateStore
            | Operation::UpdateStore => self.manage_account(ledger),
            _ => self.report(ledger),
        }
    }

    fn track(&self, ledger: &mut Ledger) -> Result<Answer, ApiError> {
        let key = self.idempotency_key()?;
        let request = record_request::track(self.body)?;
        self.once(ledger, key, |ledger| {
            ledger.track(self.merchant_id, &request)?;
            Ok(Answer::ok(record_views::shipment(&request)))
        })
    }

    fn delegate(&self, ledger: &mut Ledger) -> Result<Answer, ApiError> {
        let merchant_id = report_request::authorization_token(self.query)?;
        let token = ledger.delegate(self.merchant_id, self.object_id, &merchant_id)?;
        Ok(Answer::ok(json!({"authorizationToken": token})))
    }

    fn get_disbursements(&self, ledger: &Ledger) -> Result<Answer, ApiError> {
        let page = report_request::disbursements(self.query)?;
        let paid = ledger.disbursements(self.merchant_id, page.since, page.until);
        Ok(Answer::ok(record_views::disbursements(&paid, page.skip, page.size, self.merchant_id, self.currency)))
    }

    fn dispute(&self, ledger: &mut Ledger) -> Result<Answer, ApiError> {
        match self.operation {
            Operation::GetDispute => {
                Ok(Answer::ok(record_views::dispute(ledger.dispute_of(self.merchant_id, self.object_id)?)))
            }
            Operation::UpdateDispute => {
                let changes = record_request::update_dispute(self.body)?;
                let dispute = ledger.update_dispute(self.merchant_id, self.object_id, changes)?;
                Ok(Answer::ok(record_views::dispute(dispute)))
            }
            Operation::ContestDispute => {
                let key = self.idempotency_key()?;
                let evidence = record_request::contest_dispute(self.body)?;
                self.once(ledger, key, |ledger| {
                    let dispute = ledger.contest_dispute(self.merchant_id, self.object_id, evidence)?;
                    Ok(Answer::ok(record_views::dispute(dispute)))
                })
            }
            Operation::CreateFile => {
                let key = self.required_key()?;
                let request = record_request::create_file(self.body)?;
                self.once(ledger, Some(key), |ledger| {
                    let file = ledger.create_file(self.merchant_id, request);
                    Ok(Answer::ok(record_views::file(ledger, &file)))
                })
            }
            _ => {
                let key = self.required_key()?;
                let request = record_request::create_dispute(self.body, self.currency)?;
                self.once(ledger, Some(key), |ledger| {
                    let dispute = ledger.create_dispute(self.merchant_id, request)?;
                    Ok(Answer::ok(record_views::dispute(dispute)))
                })
            }
        }
    }

    fn report(&self, ledger: &mut Ledger) -> Result<Answer, ApiError> {
        let now = ledger.now();
        match self.operation {
            Operation::GetReports => {
                let page = report_request::list(self.query)?;
                let reports = ledger.reports_of(self.merchant_id, &page.filter);
                Ok(Answer::ok(record_views::reports(&reports, &page, now)))
            }
            Operation::GetReport => {
                let report = ledger.report_of(self.merchant_id, self.object_id)?;
                Ok(Answer::ok(record_views::report(report, now)))
            }
            Operation::GetReportDocument => {
                let report = ledger.document_of(self.merchant_id, self.object_id)?;
                Ok(Answer::ok(record_views::report_document(ledger, report)))
            }
            Operation::CreateReport => {
                let key = self.idempotency_key()?;
                let request = report_request::create(self.body)?;
                self.once(ledger, key, |ledger| {
                    let id = ledger.create_report(self.merchant_id, &request);
                    Ok(Answer::created(json!({"reportId": id})))
                })
            }
            _ => self.schedule(ledger),
        }
    }

    fn schedule(&self, ledger: &mut Ledger) -> Result<Answer, ApiError> {
        match self.operation {
            Operation::GetReportSchedules => {
                let types = report_request::list_schedules(self.query)?;
                let schedules = ledger.schedules_of(self.merchant_id, types.as_deref());
                let shown: Vec<Value> = schedules.iter().map(record_views::schedule).collect();
                Ok(Answer::ok(json!({"reportSchedules": shown})))
            }
            Operation::GetReportSchedule => {
                let schedule = ledger.schedule_of(self.merchant_id, self.object_id)?;
                Ok(Answer::ok(record_views::schedule(schedule)))
            }
            Operation::CancelReportSchedule => {
                ledger.cancel_schedule(self.merchant_id, self.object_id)?;
                Ok(Answer::ok(json!({})))
            }
            _ => {
                let key = self.idempotency_key()?;
                let request = report_request::create_schedule(self.body)?;
                self.once(ledger, key, |ledger| {
                    let schedule = ledger.create_schedule(self.merchant_id, request)?;
                    Ok(Answer::created(json!({"reportScheduleId": schedule.id})))
                })
            }
        }
    }

    fn manage_account(&self, ledger: &mut Ledger) -> Result<Answer, ApiError> {
        let (provider, id) = (self.merchant_id, self.object_id);
        match self.operation {
            Operation::UpdateMerchantAccount => {
                ledger.update_account(provider, id, record_request::details(self.body)?)?;
                Ok(Answer::empty(204))
            }
            Operation::DeleteMerchantAccount => {
                ledger.delete_account(provider, id)?;
                Ok(Answer::empty(202))
            }
            Operation::ClaimMerchantAccount => {
                let name = record_request::claim(self.body)?;
                let location = ledger.claim_account(provider, id, name.as_deref())?;
                Ok(Answer { status: 303, body: json!({}), location: Some(location) })
            }
            Operation::CreateStore => {
                let key = self.idempotency_key()?;
                let details = record_request::details(self.body)?;
                self.once(ledger, key, |ledger| {
                    let store_id = ledger.create_store(provider, id, details)?;
                    Ok(Answer::created(json!({"merchantAccountId": id, "storeId": store_id})))
                })
            }
            Operation::UpdateStore => {
                let (account_id, store_id) = id.split_once("/stores/").unwrap_or((id, ""));
                ledger.update_store(provider, account_id, store_id, record_request::details(self.body)?)?;
                Ok(Answer::empty(204))
            }
            _ => {
                let key = self.idempotency_key()?;
                let (name, details) = record_request::create_account(self.body)?;
                self.once(ledger, key, |ledger| {
                    let account = ledger.create_account(provider, name, details)?;
                    let name = &account.unique_reference_id;
                    Ok(Answer::created(json!({"uniqueReferenceId": name, "merchantAccountId": account.id})))
                })
            }
        }
    }
}
