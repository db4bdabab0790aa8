//! Bodies and queries about reports, their schedules, and disbursements (amazon-pay 2.1, 2.7).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::fields::{Fields, missing};
use super::query::{Query, invalid};
use crate::domain::Millis;
use crate::sandbox::error::ApiError;
use crate::sandbox::ledger::{
    Currency, FREQUENCIES, PROCESSING_STATUSES, REPORT_TYPES, ReportFilter, ReportRequest, ScheduleRequest,
};

/// Which part of a list of reports is asked for. As a token it stands for the next part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportPage {
    /// Which reports.
    pub filter: ReportFilter,
    /// How many come before.
    pub skip: usize,
    /// How many at most.
    pub size: usize,
}

impl ReportPage {
    /// `nextToken` of the page after this one.
    pub fn next_token(&self) -> String {
        let next = Self { skip: self.skip + self.size, ..self.clone() };
        URL_SAFE_NO_PAD.encode(serde_json::to_string(&next).unwrap_or_default())
    }

    fn of_token(token: &str) -> Option<Self> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()
    }
}

/// Reads the query of Get Reports. With a `nextToken` the rest is what it was before.
///
/// # Errors
/// [`ApiError`] of the first parameter that is wrong or unknown.
pub fn list(query: &str) -> Result<ReportPage, ApiError> {
    let mut query = Query::parse(query);
    let token = query.text("nextToken");
    let filter = ReportFilter {
        types: query.words("reportTypes", &REPORT_TYPES)?,
        statuses: query.words("processingStatuses", &PROCESSING_STATUSES)?,
        since: query.moment("createdSince")?,
        until: query.moment("createdUntil")?,
    };
    let size = query.page_size()?;
    query.done()?;
    match token {
        None => Ok(ReportPage { filter, skip: 0, size }),
        Some(token) => ReportPage::of_token(&token).ok_or_else(|| invalid("nextToken", "is none that was given")),
    }
}

/// Reads the body of Create Report.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing.
pub fn create(body: &[u8]) -> Result<ReportRequest, ApiError> {
    let mut fields = Fields::of_body(body, Currency::default())?;
    let request = ReportRequest {
        report_type: report_type(&mut fields)?,
        start: fields.moment("startTime")?,
        end: fields.moment("endTime")?,
    };
    if request.start.zip(request.end).is_some_and(|(start, end)| end < start) {
        return Err(fields.invalid("endTime", "must not be before startTime"));
    }
    fields.done()?;
    Ok(request)
}

/// Reads the query of Get Report Schedules: the types.
///
/// # Errors
/// [`ApiError`] of the first parameter that is wrong or unknown.
pub fn list_schedules(query: &str) -> Result<Option<Vec<String>>, ApiError> {
    let mut query = Query::parse(query);
    let types = query.words("reportTypes", &REPORT_TYPES)?;
    query.done()?;
    Ok(types)
}

/// Reads the body of Create Report Schedule.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing.
pub fn create_schedule(body: &[u8]) -> Result<ScheduleRequest, ApiError> {
    let mut fields = Fields::of_body(body, Currency::default())?;
    let words = FREQUENCIES.map(|(word, _)| word);
    let known = |text: &str| words.contains(&text).then(|| text.to_owned());
    let request = ScheduleRequest {
        report_type: report_type(&mut fields)?,
        frequency: fields.word("scheduleFrequency", known, &words)?.ok_or_else(|| missing("scheduleFrequency"))?,
        next: fields.moment("nextReportCreationTime")?,
        replaces: fields.flag("deleteExistingSchedule")?.unwrap_or(false),
    };
    fields.done()?;
    Ok(request)
}

fn report_type(fields: &mut Fields) -> Result<String, ApiError> {
    let known = |text: &str| REPORT_TYPES.contains(&text).then(|| text.to_owned());
    fields.word("reportType", known, &REPORT_TYPES)?.ok_or_else(|| missing("reportType"))
}

/// Which disbursements are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisbursementPage {
    /// From when.
    pub since: Millis,
    /// Until before when.
    pub until: Millis,
    /// How many come before.
    pub skip: usize,
    /// How many at most.
    pub size: usize,
}

/// Reads the query of Get Disbursements. Its `nextToken` is the number of those before.
///
/// # Errors
/// [`ApiError`] of the first parameter that is wrong, unknown or missing.
pub fn disbursements(query: &str) -> Result<DisbursementPage, ApiError> {
    let mut query = Query::parse(query);
    let (since, until) = (query.moment("startTime")?, query.moment("endTime")?);
    let page = DisbursementPage {
        since: since.ok_or_else(|| missing("startTime"))?,
        until: until.ok_or_else(|| missing("endTime"))?,
        skip: match query.text("nextToken") {
            None => 0,
            Some(token) => token.parse().map_err(|_| invalid("nextToken", "is none that was given"))?,
        },
        size: query.page_size()?,
    };
    query.done()?;
    if page.until < page.since {
        return Err(invalid("endTime", "must not be before startTime"));
    }
    Ok(page)
}

/// Reads the query of Get Authorization Token: the merchant's id.
///
/// # Errors
/// [`ApiError`] of the first parameter that is unknown or missing.
pub fn authorization_token(query: &str) -> Result<String, ApiError> {
    let mut query = Query::parse(query);
    let merchant_id = query.required("merchantId")?;
    query.done()?;
    Ok(merchant_id)
}
