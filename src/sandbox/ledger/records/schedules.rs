//! Schedules: reports that are made by themselves. Their reports come into the books when somebody next looks; each then
//! has the moment at which it was due.

use serde::{Deserialize, Serialize};

use crate::domain::Millis;
use crate::sandbox::error::{ApiError, ReasonCode};
use crate::sandbox::ledger::{Ledger, ids, not_found};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Reports of a longer time ago could not be read any more.
const CATCH_UP_MS: i64 = 90 * DAY_MS;

/// How often a schedule may make a report, and how long that is in milliseconds.
pub const FREQUENCIES: [(&str, i64); 18] = [
    ("PT5M", 5 * MINUTE_MS),
    ("PT15M", 15 * MINUTE_MS),
    ("PT30M", 30 * MINUTE_MS),
    ("PT1H", HOUR_MS),
    ("PT2H", 2 * HOUR_MS),
    ("PT4H", 4 * HOUR_MS),
    ("PT8H", 8 * HOUR_MS),
    ("PT12H", 12 * HOUR_MS),
    ("PT24H", 24 * HOUR_MS),
    ("PT84H", 84 * HOUR_MS),
    ("P1D", DAY_MS),
    ("P2D", 2 * DAY_MS),
    ("P3D", 3 * DAY_MS),
    ("P7D", 7 * DAY_MS),
    ("P14D", 14 * DAY_MS),
    ("P15D", 15 * DAY_MS),
    ("P18D", 18 * DAY_MS),
    ("P30D", 30 * DAY_MS),
];

/// The body of Create Report Schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRequest {
    /// Of which type the reports are.
    pub report_type: String,
    /// One of [`FREQUENCIES`].
    pub frequency: String,
    /// When the first is made; at once where it is not said.
    pub next: Option<Millis>,
    /// Whether it may take the place of another.
    pub replaces: bool,
}

/// One schedule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Schedule {
    /// Eleven digits.
    pub id: String,
    /// Whose.
    pub merchant_id: String,
    /// Of which type its reports are.
    pub report_type: String,
    /// One of [`FREQUENCIES`].
    pub frequency: String,
    /// When the next report is made.
    pub next: Millis,
    /// Whether it makes none any more.
    pub cancelled: bool,
}

impl Schedule {
    fn every_ms(&self) -> i64 {
        FREQUENCIES.iter().find(|(word, _)| *word == self.frequency).map_or(DAY_MS, |(_, ms)| *ms)
    }
}

impl Ledger {
    /// Begins a schedule. A merchant has one of each type of report.
    ///
    /// # Errors
    /// `InvalidRequest` where there is one and the new one may not take its place.
    pub fn create_schedule(&mut self, merchant_id: &str, request: ScheduleRequest) -> Result<&Schedule, ApiError> {
        let old = self.schedules_of(merchant_id, None).into_iter().find(|one| one.report_type == request.report_type);
        if let Some(old) = old {
            if !request.replaces {
                let message = format!("Report schedule {} makes reports of this type already", old.id);
                return Err(ApiError::new(ReasonCode::InvalidRequest, message));
            }
            self.cancel_schedule(merchant_id, &old.id)?;
        }
        let id = self.unused(|ledger| ids::eleven_digits(&*ledger.rng), |ledger, id| ledger.schedules.contains_key(id));
        let schedule = Schedule {
            id: id.clone(),
            merchant_id: merchant_id.to_owned(),
            report_type: request.report_type,
            frequency: request.frequency,
            next: request.next.unwrap_or(self.now),
            cancelled: false,
        };
        self.schedules.insert(id.clone(), schedule);
        self.schedule_of(merchant_id, &id)
    }

    /// The merchant's schedules of these types, oldest first.
    pub fn schedules_of(&mut self, merchant_id: &str, types: Option<&[String]>) -> Vec<Schedule> {
        self.run_schedules();
        let asked = |one: &Schedule| types.is_none_or(|types| types.contains(&one.report_type));
        let own = |one: &&Schedule| one.merchant_id == merchant_id && !one.cancelled && asked(one);
        self.schedules.iter().filter(own).cloned().collect()
    }

    /// The merchant's schedule with this id.
    ///
    /// # Errors
    /// `ResourceNotFound`, also for a cancelled one.
    pub fn schedule_of(&mut self, merchant_id: &str, id: &str) -> Result<&Schedule, ApiError> {
        self.run_schedules();
        let found = self.schedules.get(id).filter(|one| one.merchant_id == merchant_id && !one.cancelled);
        found.ok_or_else(|| not_found("ReportSchedule", id))
    }

    /// Ends a schedule; its reports stay.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub fn cancel_schedule(&mut self, merchant_id: &str, id: &str) -> Result<(), ApiError> {
        self.run_schedules();
        let found = self.schedules.get_mut(id).filter(|one| one.merchant_id == merchant_id && !one.cancelled);
        found.ok_or_else(|| not_found("ReportSchedule", id))?.cancelled = true;
        Ok(())
    }

    /// Makes the reports that were due.
    pub(super) fn run_schedules(&mut self) {
        let now = self.now;
        let due: Vec<String> =
            self.schedules.iter().filter(|one| !one.cancelled && one.next <= now).map(|one| one.id.clone()).collect();
        for id in due {
            let Some(schedule) = self.schedules.get_mut(&id) else { continue };
            let every = schedule.every_ms();
            let missed = now.plus(-CATCH_UP_MS).since(schedule.next).max(0) / every;
            let first = schedule.next.plus(missed * every);
            let count = now.since(first) / every + 1;
            schedule.next = first.plus(count * every);
            let (merchant_id, report_type) = (schedule.merchant_id.clone(), schedule.report_type.clone());
            for number in 0..count {
                let at = first.plus(number * every);
                self.begin_report(&merchant_id, &report_type, (at.plus(-every), at), at);
            }
        }
    }
}
