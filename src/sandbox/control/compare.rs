//! Two canonical requests side by side, and one request with all that is known of it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::object::not_found;
use super::pages::refuse;
use super::raw::masked;
use super::requests::Entry;
use crate::sandbox::Sandbox;
use crate::sandbox::signature::{CANONICAL_BYTES_MAX, Examination};

/// Two texts, line by line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox) struct Comparison {
    pub(in crate::sandbox) lines: Vec<Pair>,
    /// The first line in which they differ, counted from 1.
    pub(in crate::sandbox) first_difference: Option<usize>,
}

/// One line of each text, where it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox) struct Pair {
    pub(in crate::sandbox) expected: Option<String>,
    pub(in crate::sandbox) found: Option<String>,
    pub(in crate::sandbox) differs: bool,
}

impl Comparison {
    /// Of what was expected and what was found.
    pub(in crate::sandbox) fn of(expected: &str, found: &str) -> Self {
        let (mut left, mut right) = (expected.split('\n'), found.split('\n'));
        let mut lines = Vec::new();
        loop {
            let (expected, found) = (left.next(), right.next());
            if expected.is_none() && found.is_none() {
                break;
            }
            let visible = |line: Option<&str>| line.map(|line| line.replace('\r', "␍"));
            lines.push(Pair { expected: visible(expected), found: visible(found), differs: expected != found });
        }
        let first_difference = lines.iter().position(|pair| pair.differs).map(|place| place + 1);
        Self { lines, first_difference }
    }
}

/// Compares the request's canonical request with `own`, a client's. Nothing where the request's is not known.
pub(in crate::sandbox) fn compare(entry: &Entry, own: &str) -> Option<Comparison> {
    let examination = entry.raw.as_ref()?.examination.as_ref()?;
    // Both without the values of secret headers: those of the sandbox's are not kept.
    Some(Comparison::of(examination.canonical.as_deref()?, &masked(&pasted(own))))
}

/// A form sends CR LF where the text had LF.
fn pasted(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// `GET /_control/requests/{requestId}`.
pub(super) async fn request(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>) -> Response {
    let found = sandbox.requests().find(&id).cloned();
    match found {
        Some(entry) => Json(view(&entry)).into_response(),
        None => unknown(&id),
    }
}

fn unknown(id: &str) -> Response {
    not_found(&format!("there is no request with the x-amz-pay-request-id {id}, or it is not kept any more"))
}

fn view(entry: &Entry) -> Value {
    let raw = entry.raw.as_ref();
    json!({
        "summary": entry,
        "objectIds": entry.objects,
        "headers": raw.map(|raw| raw.headers.iter().map(|(name, value)| json!([name, value])).collect::<Vec<_>>()),
        "body": raw.and_then(|raw| raw.body.as_ref()),
        "answer": raw.and_then(|raw| raw.answer.as_ref()),
        "signature": raw.and_then(|raw| raw.examination.as_ref()).map(examination_view),
    })
}

fn examination_view(examination: &Examination) -> Value {
    let canonical = examination.canonical.as_deref();
    let compared = |other: Option<&str>| {
        let comparison = Comparison::of(canonical?, other?);
        comparison.first_difference
    };
    json!({
        "publicKeyId": examination.public_key_id,
        "canonicalRequest": canonical,
        "stringToSign": examination.to_sign,
        "clientCanonicalRequest": examination.own_canonical,
        "clientStringToSign": examination.own_to_sign,
        "firstDifferingLine": compared(examination.own_canonical.as_deref()),
        "finding": examination.finding.as_ref().map(|finding| json!({
            "code": finding.code,
            "message": finding.en,
            "messageJa": finding.ja,
            "canonicalRequest": finding.canonical,
            "stringToSign": finding.to_sign,
            "firstDifferingLine": compared(finding.canonical.as_deref()),
        })),
    })
}

/// The body of `POST /_control/requests/{requestId}/compare`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Own {
    canonical_request: String,
}

/// `POST /_control/requests/{requestId}/compare`.
pub(super) async fn compare_own(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Response {
    let own = match serde_json::from_slice::<Own>(&body) {
        Ok(own) if own.canonical_request.len() <= CANONICAL_BYTES_MAX => own,
        Ok(_) => return refuse(&format!("canonicalRequest has more than {CANONICAL_BYTES_MAX} bytes")),
        Err(error) => return refuse(&format!("the body must be {{\"canonicalRequest\": …}}: {error}")),
    };
    let Some(entry) = sandbox.requests().find(&id).cloned() else { return unknown(&id) };
    match compare(&entry, &own.canonical_request) {
        Some(comparison) => Json(json!({
            "same": comparison.first_difference.is_none(),
            "firstDifferingLine": comparison.first_difference,
            "lines": comparison.lines.iter().map(|pair| json!({
                "sandbox": pair.expected, "client": pair.found, "differs": pair.differs,
            })).collect::<Vec<_>>(),
        }))
        .into_response(),
        None => refuse(
            "what this request had to sign is not known: its Authorization could not be read, or it is not kept whole any more",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_differing_line_is_found_also_where_one_text_is_shorter() {
        assert_eq!(Comparison::of("a\nb", "a\nb").first_difference, None);
        assert_eq!(Comparison::of("a\nb", "a\nB").first_difference, Some(2));
        let shorter = Comparison::of("a\nb\nc", "a\nb");
        assert_eq!((shorter.first_difference, shorter.lines[2].found.clone()), (Some(3), None));
        assert_eq!(Comparison::of("a", "a\r").lines[0].found.as_deref(), Some("a␍"));
    }
}
