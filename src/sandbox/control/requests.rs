//! Every API request that arrived, so that a test can count calls.

use std::collections::VecDeque;

use axum::http::request::Parts;
use serde::Serialize;

use super::faults::Fault;
use crate::domain::Millis;
use crate::sandbox::api::Operation;

/// How many requests are kept; older ones are forgotten, and counted.
const KEPT_MAX: usize = 10_000;

/// Stands for a request between its arrival and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) struct Ticket(u64);

/// A request, as `/_control/ledger` shows it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    number: u64,
    at: String,
    at_ms: i64,
    method: String,
    /// With the query.
    path: String,
    operation: Option<&'static str>,
    idempotency_key: Option<String>,
    request_id: String,
    /// Once the signature was found good.
    merchant_id: Option<String>,
    /// Once answered, even if the answer was then lost.
    status: Option<u16>,
    reason_code: Option<String>,
    faults: Vec<&'static str>,
}

/// The requests, oldest first.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct RequestLog {
    kept: VecDeque<Entry>,
    arrived: u64,
    /// How many had arrived when the log was cleared.
    cleared: u64,
}

impl RequestLog {
    /// Writes down a request on its arrival.
    pub(in crate::sandbox) fn receive(
        &mut self,
        at: Millis,
        head: &Parts,
        operation: Option<Operation>,
        request_id: &str,
        fault: Option<&Fault>,
    ) -> Ticket {
        self.arrived += 1;
        let path = head.uri.path_and_query().map_or_else(|| head.uri.path(), |whole| whole.as_str());
        let key = head.headers.get("x-amz-pay-idempotency-key").and_then(|value| value.to_str().ok());
        self.kept.push_back(Entry {
            number: self.arrived,
            at: at.utc_basic(),
            at_ms: at.0,
            method: head.method.to_string(),
            path: path.to_owned(),
            operation: operation.map(Operation::name),
            idempotency_key: key.map(str::to_owned),
            request_id: request_id.to_owned(),
            merchant_id: None,
            status: None,
            reason_code: None,
            faults: fault.map(Fault::words).unwrap_or_default(),
        });
        if self.kept.len() > KEPT_MAX {
            self.kept.pop_front();
        }
        Ticket(self.arrived)
    }

    /// The request is this merchant's.
    pub(in crate::sandbox) fn authenticated(&mut self, ticket: Ticket, merchant_id: &str) {
        if let Some(entry) = self.entry(ticket) {
            entry.merchant_id = Some(merchant_id.to_owned());
        }
    }

    /// The request was answered.
    pub(in crate::sandbox) fn answered(&mut self, ticket: Ticket, status: u16, reason_code: Option<&str>) {
        if let Some(entry) = self.entry(ticket) {
            entry.status = Some(status);
            // Only a refusal has the field at the top of its answer.
            entry.reason_code = reason_code.map(str::to_owned);
        }
    }

    pub(super) fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.kept).unwrap_or_default()
    }

    /// How many are not kept any more.
    pub(super) fn forgotten(&self) -> u64 {
        self.kept.front().map_or(0, |oldest| oldest.number - 1 - self.cleared)
    }

    /// Forgets all, but goes on counting, so that a request under way is not taken for a later one.
    pub(super) fn clear(&mut self) {
        self.kept.clear();
        self.cleared = self.arrived;
    }

    fn entry(&mut self, ticket: Ticket) -> Option<&mut Entry> {
        let index = self.kept.binary_search_by_key(&ticket.0, |entry| entry.number).ok()?;
        self.kept.get_mut(index)
    }
}
