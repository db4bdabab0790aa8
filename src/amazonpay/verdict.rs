//! What one attempt proves, and what several prove together (amazon-pay 2.8 to 2.10).
//!
//! Amazon's word is taken only in Amazon's form. Whatever else comes back, from a proxy or half of it, leaves the effect
//! of a request open. Once one attempt may have had its effect, no later one can turn the whole into "nothing was sent",
//! and a later refusal is marked, for it may only say that the earlier attempt succeeded.

use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::outcome::{Answer, CallError, NotSentCause, UnknownCause};
use crate::egress::Failure;

/// The most that is read of an answer. Amazon's largest objects have a few kilobytes.
pub(super) const BODY_BYTES_MAX: usize = 1024 * 1024;

/// The most that is kept of Amazon's words in an error.
const MESSAGE_CHARS_MAX: usize = 500;

/// The most that is kept of Amazon's codes and names.
const WORD_CHARS_MAX: usize = 128;

/// What stands before an answer's body; all empty where no answer came.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    pub(super) status: Option<u16>,
    pub(super) request_id: Option<String>,
    /// How long Amazon asks to wait.
    pub(super) retry_after_ms: Option<u64>,
}

impl Head {
    pub(super) fn of(status: u16, headers: &HeaderMap) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        // Only the form in seconds is taken; after a date, the pause is our own.
        let seconds = header(RETRY_AFTER.as_str()).and_then(|text| text.trim().parse::<u64>().ok());
        Self {
            status: Some(status),
            request_id: header("x-amz-pay-request-id").map(|text| cut(text, WORD_CHARS_MAX)),
            retry_after_ms: seconds.map(|seconds| seconds.saturating_mul(1000)),
        }
    }
}

/// What one attempt proves.
#[derive(Debug)]
pub(super) enum Verdict<T> {
    /// Amazon did it.
    Done(Answer<T>),
    /// Amazon said no, for good.
    Refused(Refusal),
    /// Amazon did not look at it; later it may.
    Throttled(Refusal),
    /// The effect may or may not be there.
    Open(Doubt),
    /// No connection was made.
    NoConnection,
    /// The request cannot be made, now or later.
    Impossible(NotSentCause),
}

impl<T> Verdict<T> {
    /// One or two words for the log, and Amazon's code.
    pub(super) fn words(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Done(_) => ("done", None),
            Self::Refused(refusal) => ("refused", Some(&refusal.reason_code)),
            Self::Throttled(refusal) => ("throttled", Some(&refusal.reason_code)),
            Self::Open(doubt) => ("unknown", doubt.reason_code.as_deref()),
            Self::NoConnection => ("no connection", None),
            Self::Impossible(_) => ("not sent", None),
        }
    }

    /// Why there was no answer that can be trusted, in one word for records; none where the status says all.
    pub(super) const fn failure(&self) -> Option<&'static str> {
        match self {
            Self::Done(_) | Self::Refused(_) | Self::Throttled(_) => None,
            Self::Open(doubt) => doubt.cause.word(),
            Self::NoConnection => Some(NotSentCause::NoConnection.word()),
            Self::Impossible(cause) => Some(cause.word()),
        }
    }
}

/// Amazon's no.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    reason_code: String,
    message: String,
    request_id: Option<String>,
}

impl Refusal {
    pub(super) fn into_error(self, earlier_unknown: bool) -> CallError {
        let Self { status, reason_code, message, request_id } = self;
        CallError::Refused { status, reason_code, message, request_id, earlier_unknown }
    }
}

/// Why the effect of an attempt is open.
#[derive(Debug)]
pub(super) struct Doubt {
    pub(super) cause: UnknownCause,
    reason_code: Option<String>,
    request_id: Option<String>,
    /// Whether another attempt may bring more.
    pub(super) again: bool,
}

impl Doubt {
    /// The exchange broke off.
    pub(super) fn lost(failure: &Failure, head: &Head) -> Self {
        let cause = if *failure == Failure::TimedOut { UnknownCause::TimedOut } else { UnknownCause::Broken };
        Self { cause, reason_code: None, request_id: head.request_id.clone(), again: true }
    }
}

/// The attempts so far.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) doubt: Option<Doubt>,
    pub(super) throttled: Option<Refusal>,
    pub(super) impossible: Option<NotSentCause>,
    pub(super) last_status: Option<u16>,
}

impl History {
    /// What all attempts together prove, none of which was done or refused.
    pub(super) fn conclude(self) -> CallError {
        match (self.doubt, self.throttled) {
            (Some(doubt), _) => CallError::Unknown {
                cause: doubt.cause,
                last_status: self.last_status,
                reason_code: doubt.reason_code,
                request_id: doubt.request_id,
            },
            (None, Some(refusal)) => refusal.into_error(false),
            (None, None) => CallError::NotSent { cause: self.impossible.unwrap_or(NotSentCause::NoConnection) },
        }
    }
}

impl<T: DeserializeOwned> Answer<T> {
    /// What one answer with this status and body proves, were it the only attempt of a call about any object of its
    /// kind.
    ///
    /// # Errors
    /// [`CallError`]; never [`CallError::NotSent`], for there was an answer.
    pub fn judge(status: u16, body: &[u8]) -> Result<Self, CallError> {
        let head = Head { status: Some(status), ..Head::default() };
        let mut history = History { last_status: head.status, ..History::default() };
        match judge(&head, body, &|_: &T| true) {
            Verdict::Done(answer) => return Ok(answer),
            Verdict::Refused(refusal) => return Err(refusal.into_error(false)),
            Verdict::Throttled(refusal) => history.throttled = Some(refusal),
            Verdict::Open(doubt) => history.doubt = Some(doubt),
            Verdict::NoConnection => {}
            Verdict::Impossible(cause) => history.impossible = Some(cause),
        }
        Err(history.conclude())
    }
}

/// Amazon's error body (amazon-pay 2.1).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ErrorBody {
    reason_code: Option<String>,
    message: Option<String>,
}

/// What a whole answer proves.
pub(super) fn judge<T: DeserializeOwned>(head: &Head, body: &[u8], is_about: &impl Fn(&T) -> bool) -> Verdict<T> {
    let status = head.status.unwrap_or_default();
    if (200..300).contains(&status) {
        return judge_success(head, status, body, is_about);
    }
    let error: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
    let reason_code = error.reason_code.filter(|code| !code.is_empty()).map(|code| cut(&code, WORD_CHARS_MAX));
    let refusal = |reason_code| Refusal {
        status,
        reason_code,
        message: cut(error.message.as_deref().unwrap_or_default(), MESSAGE_CHARS_MAX),
        request_id: head.request_id.clone(),
    };
    let open = |cause, reason_code, again| {
        Verdict::Open(Doubt { cause, reason_code, request_id: head.request_id.clone(), again })
    };
    match (status, reason_code) {
        (429, reason_code) => Verdict::Throttled(refusal(reason_code.unwrap_or_else(|| "TooManyRequests".to_owned()))),
        (408 | 425 | 500 | 502 | 503 | 504, reason_code) => open(UnknownCause::Status, reason_code, true),
        (400..500, Some(reason_code)) => Verdict::Refused(refusal(reason_code)),
        // Something between us and Amazon spoke, and what became of the request is not said.
        (400..500, None) => open(UnknownCause::Unreadable, None, false),
        (_, reason_code) => open(UnknownCause::Status, reason_code, false),
    }
}

fn judge_success<T: DeserializeOwned>(
    head: &Head,
    status: u16,
    body: &[u8],
    is_about: &impl Fn(&T) -> bool,
) -> Verdict<T> {
    let request_id = head.request_id.clone();
    let cause = if body.len() > BODY_BYTES_MAX {
        UnknownCause::TooLarge
    } else {
        match serde_json::from_slice::<T>(body) {
            Ok(value) if is_about(&value) => return Verdict::Done(Answer { value, status, request_id }),
            Ok(_) => UnknownCause::WrongObject,
            Err(_) => UnknownCause::Unreadable,
        }
    };
    Verdict::Open(Doubt { cause, reason_code: None, request_id, again: false })
}

/// At most the first `chars_max` characters, none of them a control character.
fn cut(text: &str, chars_max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(chars_max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, body: &str) -> Verdict<u32> {
        let head = Head { status: Some(status), ..Head::default() };
        judge(&head, body.as_bytes(), &|value| *value == 7)
    }

    #[test]
    fn only_the_right_object_in_amazons_form_is_an_answer() {
        let open = |body: &str| match verdict(200, body) {
            Verdict::Open(doubt) => (doubt.cause, doubt.again),
            other => panic!("{other:?}"),
        };
        assert!(matches!(verdict(200, "7"), Verdict::Done(Answer { value: 7, status: 200, .. })));
        assert!(matches!(verdict(202, "7"), Verdict::Done(answer) if answer.is_pending()));
        assert_eq!(open("8"), (UnknownCause::WrongObject, false));
        assert_eq!(open("<html>"), (UnknownCause::Unreadable, false));
        assert_eq!(open(""), (UnknownCause::Unreadable, false));
        assert_eq!(open(&" ".repeat(BODY_BYTES_MAX + 1)), (UnknownCause::TooLarge, false));
    }

    #[test]
    fn every_other_status_is_a_no_a_later_or_a_doubt() {
        const NO: &str = r#"{"reasonCode":"Some","message":"why"}"#;
        for status in [400, 401, 403, 404, 405, 409, 422, 426] {
            assert!(matches!(verdict(status, NO), Verdict::Refused(refusal) if refusal.reason_code == "Some"));
            assert!(matches!(verdict(status, "<html>"), Verdict::Open(doubt) if !doubt.again), "{status}");
        }
        for status in [408, 425, 500, 502, 503, 504] {
            assert!(matches!(verdict(status, NO), Verdict::Open(doubt) if doubt.again), "{status}");
        }
        for status in [301, 302, 304, 307, 501, 505, 599] {
            assert!(matches!(verdict(status, NO), Verdict::Open(doubt) if !doubt.again), "{status}");
        }
        assert!(matches!(verdict(429, ""), Verdict::Throttled(refusal) if refusal.reason_code == "TooManyRequests"));
    }

    #[test]
    fn words_of_others_are_bounded_and_on_one_line() {
        assert_eq!(cut("a\r\nb\u{7f}c", 10), "abc");
        assert_eq!(cut(&"あ".repeat(600), MESSAGE_CHARS_MAX).chars().count(), 500);
    }
}
