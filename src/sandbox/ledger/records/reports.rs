//! Reports: asked for, or made by a schedule; done 30 seconds later; kept for 90 days (amazon-pay 2.7). What is in one
//! is worked out when somebody reads it.

use serde::{Deserialize, Serialize};

use crate::domain::Millis;
use crate::sandbox::error::ApiError;
use crate::sandbox::ledger::objects::PENDING_MS;
use crate::sandbox::ledger::{Charge, ChargePermission, Ledger, Limit, Movement, MovementKind, Refund, ids, not_found};

/// How long a report can be read.
const READABLE_MS: i64 = 90 * 24 * 60 * 60 * 1000;

/// Every type of report.
pub const REPORT_TYPES: [&str; 7] = [
    "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_",
    "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SANDBOX_SETTLEMENT_DATA_",
    "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_ORDER_REFERENCE_DATA_",
    "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_BILLING_AGREEMENT_DATA_",
    "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_AUTHORIZATION_DATA_",
    "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_CAPTURE_DATA_",
    "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_",
];
/// How far a report can be. Here none fails and none is cancelled.
pub const PROCESSING_STATUSES: [&str; 4] = ["IN_PROGRESS", "COMPLETED", "FAILED", "CANCELLED"];

/// The body of Create Report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRequest {
    /// One of [`REPORT_TYPES`].
    pub report_type: String,
    /// From when.
    pub start: Option<Millis>,
    /// Until when; after the start.
    pub end: Option<Millis>,
}

/// One report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// Eleven digits.
    pub id: String,
    /// Whose.
    pub merchant_id: String,
    /// One of [`REPORT_TYPES`].
    pub report_type: String,
    /// Of what happened since.
    pub start: Millis,
    /// And until then.
    pub end: Millis,
    /// When it was asked for.
    pub created: Millis,
    /// Where its text is, once it is done.
    pub document_id: String,
}

impl Report {
    /// When it was, or will be, done.
    pub const fn done(&self) -> Millis {
        self.created.plus(PENDING_MS)
    }

    /// One of [`PROCESSING_STATUSES`].
    pub fn status(&self, now: Millis) -> &'static str {
        if now < self.done() { "IN_PROGRESS" } else { "COMPLETED" }
    }
}

/// Which reports somebody wants to see; `None` is "any".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportFilter {
    /// Of these types.
    pub types: Option<Vec<String>>,
    /// As far as this.
    pub statuses: Option<Vec<String>>,
    /// Asked for since then.
    pub since: Option<Millis>,
    /// Asked for until then.
    pub until: Option<Millis>,
}

impl ReportFilter {
    fn shows(&self, report: &Report, now: Millis) -> bool {
        let among = |asked: &Option<Vec<String>>, word: &str| {
            asked.as_ref().is_none_or(|words| words.iter().any(|asked| asked == word))
        };
        among(&self.types, &report.report_type)
            && among(&self.statuses, report.status(now))
            && self.since.is_none_or(|since| report.created >= since)
            && self.until.is_none_or(|until| report.created <= until)
    }
}

impl Ledger {
    /// Begins a report. One that is not told otherwise tells of the last 30 days.
    pub fn create_report(&mut self, merchant_id: &str, request: &ReportRequest) -> &str {
        let end = request.end.unwrap_or(self.now);
        let start = request.start.unwrap_or(end.plus(-30 * 24 * 60 * 60 * 1000));
        self.begin_report(merchant_id, &request.report_type, (start, end), self.now)
    }

    pub(super) fn begin_report(
        &mut self,
        merchant_id: &str,
        report_type: &str,
        (start, end): (Millis, Millis),
        created: Millis,
    ) -> &str {
        let id = self.unused(|ledger| ids::eleven_digits(&*ledger.rng), |ledger, id| ledger.reports.contains_key(id));
        let report = Report {
            id: id.clone(),
            merchant_id: merchant_id.to_owned(),
            report_type: report_type.to_owned(),
            start,
            end,
            created,
            document_id: ids::document_id(&*self.rng),
        };
        self.reports.insert(id.clone(), report);
        self.reports.get(&id).map_or("", |report| report.id.as_str())
    }

    /// The merchant's reports, newest first.
    pub fn reports_of(&mut self, merchant_id: &str, filter: &ReportFilter) -> Vec<Report> {
        self.run_schedules();
        let shown = |report: &&Report| {
            report.merchant_id == merchant_id && self.is_kept(report) && filter.shows(report, self.now)
        };
        let mut reports: Vec<Report> = self.reports.iter().filter(shown).cloned().collect();
        reports.sort_by(|one, other| (other.created, &other.id).cmp(&(one.created, &one.id)));
        reports
    }

    /// The merchant's report with this id.
    ///
    /// # Errors
    /// `ResourceNotFound`, also for another merchant's, and after 90 days.
    pub fn report_of(&self, merchant_id: &str, id: &str) -> Result<&Report, ApiError> {
        let found = self.reports.get(id).filter(|report| report.merchant_id == merchant_id && self.is_kept(report));
        found.ok_or_else(|| not_found("Report", id))
    }

    /// The merchant's report whose text has this id, once it is done.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub fn document_of(&self, merchant_id: &str, document_id: &str) -> Result<&Report, ApiError> {
        let found = self.document(document_id).filter(|report| report.merchant_id == merchant_id);
        found.ok_or_else(|| not_found("ReportDocument", document_id))
    }

    /// The report whose text has this id, whoever's it is: for those who were given its address.
    pub fn document(&self, document_id: &str) -> Option<&Report> {
        let done = |report: &&Report| {
            report.document_id == document_id && self.is_kept(report) && report.status(self.now) == "COMPLETED"
        };
        self.reports.iter().find(done)
    }

    fn is_kept(&self, report: &Report) -> bool {
        self.now.since(report.created) <= READABLE_MS
    }

    /// Where a report's text can be read.
    pub fn document_url(&self, report: &Report) -> String {
        format!("{}/report-files/{}", self.base_url, report.document_id)
    }

    /// A report's text: a line of names, and one for each object, separated by commas.
    pub fn document_text(&self, report: &Report) -> String {
        let within = |at: Millis| (report.start..=report.end).contains(&at);
        let own = |merchant_id: &str, at: Millis| merchant_id == report.merchant_id && within(at);
        let kind = report.report_type.trim_start_matches("_GET_FLAT_FILE_OFFAMAZONPAYMENTS_");
        let (head, lines): (&str, Vec<String>) = match kind {
            "ORDER_REFERENCE_DATA_" | "BILLING_AGREEMENT_DATA_" => {
                let orders = kind == "ORDER_REFERENCE_DATA_";
                let permissions = self.permissions.iter().filter(|one| own(&one.merchant_id, one.created));
                let permissions = permissions.filter(|one| matches!(one.limit, Limit::Total(_)) == orders);
                let line = |one: &ChargePermission| {
                    let (limit, state) = (one.limit.amount(), self.standing(one).state.as_str());
                    format!("{},{},{state},{limit},{}", one.id, one.created.utc_basic(), limit.currency().as_str())
                };
                ("ChargePermissionId,CreationDate,Status,Amount,Currency", permissions.map(line).collect())
            }
            "AUTHORIZATION_DATA_" | "CAPTURE_DATA_" => {
                let all = kind == "AUTHORIZATION_DATA_";
                let charges = self.charges.iter().filter(|one| own(&one.merchant_id, one.created));
                let charges = charges.filter(|one| all || one.captured.is_some());
                let line = |one: &Charge| {
                    let amount = if all { one.amount } else { one.captured.unwrap_or(one.amount) };
                    let (at, state) = (one.created.utc_basic(), one.state.as_str());
                    format!("{},{},{at},{state},{amount},{}", one.id, one.permission_id, amount.currency().as_str())
                };
                ("ChargeId,ChargePermissionId,CreationDate,Status,Amount,Currency", charges.map(line).collect())
            }
            "REFUND_DATA_" => {
                let refunds = self.refunds.iter().filter(|one| own(&one.merchant_id, one.created));
                let line = |one: &Refund| {
                    let (at, state, amount) = (one.created.utc_basic(), one.state.as_str(), one.amount);
                    format!("{},{},{at},{state},{amount},{}", one.id, one.charge_id, amount.currency().as_str())
                };
                ("RefundId,ChargeId,CreationDate,Status,Amount,Currency", refunds.map(line).collect())
            }
            _ => ("TransactionPostedDate,TransactionType,ChargeId,RefundId,Amount,Currency", self.settled(report)),
        };
        std::iter::once(head.to_owned()).chain(lines).map(|line| line + "\n").collect()
    }

    fn settled(&self, report: &Report) -> Vec<String> {
        let moved = self.movements.iter().filter(|one| one.merchant_id == report.merchant_id);
        let moved = moved.filter(|one| (report.start..=report.end).contains(&one.at));
        let line = |one: &Movement| {
            let (kind, sign) = match one.kind {
                MovementKind::Captured => ("Capture", ""),
                MovementKind::Refunded => ("Refund", "-"),
                _ => return None,
            };
            let charge = one.charge_id.as_deref().unwrap_or_default();
            let refund = one.refund_id.as_deref().unwrap_or_default();
            let currency = one.amount.currency().as_str();
            Some(format!("{},{kind},{charge},{refund},{sign}{},{currency}", one.at.utc_basic(), one.amount))
        };
        moved.filter_map(line).collect()
    }
}
