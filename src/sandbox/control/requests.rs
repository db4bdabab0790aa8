//! Every API request that arrived: in a line, so that a test can count calls, and the newest ones whole, for people.

use std::collections::VecDeque;

use axum::body::Bytes;
use axum::http::request::Parts;
use serde::Serialize;
use serde_json::Value;

use super::faults::Fault;
use super::raw::Raw;
use crate::domain::Millis;
use crate::sandbox::api::Operation;
use crate::sandbox::signature::Examination;

/// How many requests are kept; older ones are forgotten, and counted.
const KEPT_MAX: usize = 10_000;
/// How many of them are kept whole.
const RAW_MAX: usize = 1_000;
/// How much room these have in all, in bytes; the oldest go first.
const RAW_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Which fields of bodies name an object.
const NAMES: [&str; 4] = ["checkoutSessionId", "chargePermissionId", "chargeId", "refundId"];

/// Stands for a request between its arrival and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) struct Ticket(u64);

/// A request, as `/_control/ledger` shows it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::sandbox) struct Entry {
    pub(in crate::sandbox) number: u64,
    pub(in crate::sandbox) at: String,
    pub(in crate::sandbox) at_ms: i64,
    pub(in crate::sandbox) method: String,
    /// With the query.
    pub(in crate::sandbox) path: String,
    pub(in crate::sandbox) operation: Option<&'static str>,
    pub(in crate::sandbox) idempotency_key: Option<String>,
    pub(in crate::sandbox) request_id: String,
    /// Once the signature was found good.
    pub(in crate::sandbox) merchant_id: Option<String>,
    /// Once answered, even if the answer was then lost.
    pub(in crate::sandbox) status: Option<u16>,
    pub(in crate::sandbox) reason_code: Option<String>,
    pub(in crate::sandbox) faults: Vec<&'static str>,
    /// The objects that path, body and answer name.
    #[serde(skip)]
    pub(in crate::sandbox) objects: Vec<String>,
    /// The whole, for as long as there is room.
    #[serde(skip)]
    pub(in crate::sandbox) raw: Option<Raw>,
}

impl Entry {
    fn concerns(&mut self, body: &Value) {
        let named = NAMES.iter().filter_map(|name| body.get(name)?.as_str());
        for id in named {
            if !self.objects.iter().any(|known| known == id) {
                self.objects.push(id.to_owned());
            }
        }
    }

    /// Whether `part` is somewhere in its path, its request id or the ids of its objects, whatever the case.
    fn mentions(&self, part: &str) -> bool {
        let part = part.to_ascii_lowercase();
        let texts = [&self.path, &self.request_id].into_iter().chain(&self.objects);
        texts.into_iter().any(|text| text.to_ascii_lowercase().contains(&part))
    }
}

/// Which requests to show.
#[derive(Debug, Clone, Default)]
pub(in crate::sandbox) struct Wanted<'a> {
    /// Of this merchant only.
    pub(in crate::sandbox) merchant_id: Option<&'a str>,
    /// Only those with this in their path, request id or objects' ids.
    pub(in crate::sandbox) part: Option<&'a str>,
    /// Only those about exactly this object.
    pub(in crate::sandbox) object_id: Option<&'a str>,
    /// Only those that were answered 400 or more.
    pub(in crate::sandbox) refused: bool,
    /// Only those that arrived before the one with this number.
    pub(in crate::sandbox) before: Option<u64>,
}

/// The requests, oldest first.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct RequestLog {
    kept: VecDeque<Entry>,
    arrived: u64,
    /// How many had arrived when the log was cleared.
    cleared: u64,
    /// The number of the oldest request that is kept whole.
    raw_from: u64,
    raw_bytes: usize,
}

impl RequestLog {
    /// Writes down a request on its arrival; `body` is nothing where it was broken off or too long.
    pub(in crate::sandbox) fn receive(
        &mut self,
        at: Millis,
        head: &Parts,
        body: Option<&Bytes>,
        operation: Option<(Operation, &str)>,
        request_id: &str,
        fault: Option<&Fault>,
    ) -> Ticket {
        self.arrived += 1;
        let path = head.uri.path_and_query().map_or_else(|| head.uri.path(), |whole| whole.as_str());
        let key = head.headers.get("x-amz-pay-idempotency-key").and_then(|value| value.to_str().ok());
        let raw = Raw::of(head, body);
        self.raw_bytes += raw.bytes();
        let mut entry = Entry {
            number: self.arrived,
            at: at.utc_basic(),
            at_ms: at.0,
            method: head.method.to_string(),
            path: path.to_owned(),
            operation: operation.map(|(operation, _)| operation.name()),
            idempotency_key: key.map(str::to_owned),
            request_id: request_id.to_owned(),
            merchant_id: None,
            status: None,
            reason_code: None,
            faults: fault.map(Fault::words).unwrap_or_default(),
            objects: operation.map(|(_, id)| id.to_owned()).into_iter().filter(|id| !id.is_empty()).collect(),
            raw: Some(raw),
        };
        entry.concerns(&body.and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default());
        self.kept.push_back(entry);
        if self.kept.len() > KEPT_MAX
            && let Some(oldest) = self.kept.pop_front()
        {
            self.raw_bytes -= oldest.raw.map_or(0, |raw| raw.bytes());
        }
        self.make_room();
        Ticket(self.arrived)
    }

    /// The request is this merchant's.
    pub(in crate::sandbox) fn authenticated(&mut self, ticket: Ticket, merchant_id: &str) {
        if let Some(entry) = self.entry(ticket) {
            entry.merchant_id = Some(merchant_id.to_owned());
        }
    }

    /// What was seen in the request's signature, good or not.
    pub(in crate::sandbox) fn examined(&mut self, ticket: Ticket, examination: Examination) {
        self.change_raw(ticket, |raw| raw.examined(examination));
    }

    /// The request was answered.
    pub(in crate::sandbox) fn answered(&mut self, ticket: Ticket, status: u16, body: &Value) {
        if let Some(entry) = self.entry(ticket) {
            entry.status = Some(status);
            // Only a refusal has the field at the top of its answer.
            entry.reason_code = body["reasonCode"].as_str().map(str::to_owned);
            entry.concerns(body);
        }
        self.change_raw(ticket, |raw| raw.answered(body));
    }

    pub(super) fn to_json(&self) -> Value {
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
        self.raw_bytes = 0;
    }

    /// The request whose answer had this `x-amz-pay-request-id`.
    pub(in crate::sandbox) fn find(&self, request_id: &str) -> Option<&Entry> {
        self.kept.iter().rev().find(|entry| entry.request_id == request_id)
    }

    /// Those wanted, newest first.
    pub(in crate::sandbox) fn newest<'a>(&'a self, wanted: &'a Wanted<'_>) -> impl Iterator<Item = &'a Entry> {
        self.kept.iter().rev().filter(move |entry| {
            wanted.before.is_none_or(|before| entry.number < before)
                && wanted.merchant_id.is_none_or(|id| entry.merchant_id.as_deref() == Some(id))
                && wanted.object_id.is_none_or(|id| entry.objects.iter().any(|one| one == id))
                && (!wanted.refused || entry.status.is_some_and(|status| status >= 400))
                && wanted.part.is_none_or(|part| entry.mentions(part))
        })
    }

    fn entry(&mut self, ticket: Ticket) -> Option<&mut Entry> {
        let index = self.kept.binary_search_by_key(&ticket.0, |entry| entry.number).ok()?;
        self.kept.get_mut(index)
    }

    fn change_raw(&mut self, ticket: Ticket, change: impl FnOnce(&mut Raw)) {
        let Some(raw) = self.entry(ticket).and_then(|entry| entry.raw.as_mut()) else { return };
        let before = raw.bytes();
        change(raw);
        let after = raw.bytes();
        self.raw_bytes = self.raw_bytes - before + after;
        self.make_room();
    }

    fn make_room(&mut self) {
        let newest = self.arrived;
        let many = u64::try_from(RAW_MAX).unwrap_or(u64::MAX);
        while self.raw_from <= newest && (newest - self.raw_from >= many || self.raw_bytes > RAW_BYTES_MAX) {
            let raw = self.entry(Ticket(self.raw_from)).and_then(|entry| entry.raw.take());
            self.raw_bytes -= raw.map_or(0, |raw| raw.bytes());
            self.raw_from += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn arrive(log: &mut RequestLog, body: &[u8]) -> Ticket {
        let (head, ()) = Request::get("/v2/charges/C?x=1").body(()).expect("a request").into_parts();
        log.receive(Millis(0), &head, Some(&Bytes::copy_from_slice(body)), None, "id", None)
    }

    #[test]
    fn many_requests_are_kept_in_a_line_and_fewer_whole() {
        let mut log = RequestLog::default();
        for _ in 0..KEPT_MAX + 5 {
            arrive(&mut log, b"{}");
        }
        assert_eq!((log.kept.len(), log.forgotten()), (KEPT_MAX, 5));
        assert_eq!(log.kept.iter().filter(|entry| entry.raw.is_some()).count(), RAW_MAX);
        let held: usize = log.kept.iter().filter_map(|entry| entry.raw.as_ref()).map(Raw::bytes).sum();
        assert_eq!(log.raw_bytes, held);
        log.clear();
        assert_eq!((log.raw_bytes, log.newest(&Wanted::default()).count()), (0, 0));
    }

    #[test]
    fn long_ones_push_older_ones_out() {
        let mut log = RequestLog::default();
        let first = arrive(&mut log, b"first");
        let whole_body = vec![b'x'; super::super::raw::SHOWN_BYTES_MAX];
        for _ in 0..RAW_BYTES_MAX / whole_body.len() {
            arrive(&mut log, &whole_body);
        }
        assert!(log.raw_bytes <= RAW_BYTES_MAX);
        assert!(log.entry(first).expect("still in a line").raw.is_none());
        // What comes late for one that is no longer kept whole changes nothing.
        log.answered(first, 200, &serde_json::json!({"chargeId": "C-1"}));
        assert_eq!(log.entry(first).expect("kept").objects, ["C-1"]);
    }
}
