//! One operation at Amazon: its attempts, and what they prove together.
//!
//! Every attempt has a fresh date and signature and the same body and idempotency key. The verdicts of the attempts are
//! gathered in a [`History`]: once one attempt may have had its effect, no later one can turn the whole into "nothing was
//! sent", and a later refusal is marked, for it may only say that the earlier attempt succeeded.
//!
//! Waiting and time-outs are tokio's, which follow the machine's monotonic clock (or a simulation's): the date in the
//! request comes from the `Clock` and may jump.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::client::{Client, Retry};
use super::merchant::Merchant;
use super::outcome::{Answer, CallError, NotSentCause, UnknownCause};
use super::signer::CanonicalRequest;
use crate::domain::{IdempotencyKey, Rng};
use crate::egress;

/// The most that is read of an answer. Amazon's largest objects have a few kilobytes.
pub(super) const BODY_BYTES_MAX: usize = 1024 * 1024;

/// The most that is kept of Amazon's words in an error.
const MESSAGE_CHARS_MAX: usize = 500;

/// The most that is kept of Amazon's codes and names.
const WORD_CHARS_MAX: usize = 128;

/// What is sent, apart from date and signature.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// Amazon's name of the operation, for the log.
    pub(super) operation: &'static str,
    /// The object that it is about, for the log.
    pub(super) object: &'a str,
    pub(super) method: Method,
    /// The path after the version; starts with a slash; needs no escaping, for identifiers never do.
    pub(super) resource: String,
    pub(super) body: Vec<u8>,
    pub(super) key: Option<&'a IdempotencyKey>,
}

/// What one attempt proves.
enum Verdict<T> {
    Done(Answer<T>),
    /// Amazon said no, for good.
    Refused(Refusal),
    /// Amazon did not look at it; later it may.
    Throttled(Refusal, Option<u64>),
    /// The effect may or may not be there.
    Open(Doubt),
    /// No connection was made.
    NoConnection,
    /// The request cannot be made, now or later.
    Impossible(NotSentCause),
}

#[derive(Clone)]
struct Refusal {
    status: u16,
    reason_code: String,
    message: String,
    request_id: Option<String>,
}

struct Doubt {
    cause: UnknownCause,
    status: Option<u16>,
    reason_code: Option<String>,
    request_id: Option<String>,
    /// Whether another attempt may bring more.
    again: bool,
    /// How long Amazon asks to wait, in milliseconds.
    retry_after_ms: Option<u64>,
}

impl Doubt {
    const fn lost(cause: UnknownCause, head: &Head) -> Self {
        Self {
            cause,
            status: Some(head.status),
            reason_code: None,
            request_id: None,
            again: true,
            retry_after_ms: None,
        }
    }
}

/// The attempts so far.
#[derive(Default)]
struct History {
    doubt: Option<Doubt>,
    throttled: Option<Refusal>,
    last_status: Option<u16>,
}

impl History {
    /// What all attempts together prove, none of which was done or refused.
    fn conclude(self) -> CallError {
        match (self.doubt, self.throttled) {
            (Some(doubt), _) => CallError::Unknown {
                cause: doubt.cause,
                last_status: self.last_status,
                reason_code: doubt.reason_code,
                request_id: doubt.request_id,
            },
            (None, Some(refusal)) => refused(refusal, false),
            (None, None) => CallError::NotSent { cause: NotSentCause::NoConnection },
        }
    }
}

fn refused(refusal: Refusal, earlier_unknown: bool) -> CallError {
    let Refusal { status, reason_code, message, request_id } = refusal;
    CallError::Refused { status, reason_code, message, request_id, earlier_unknown }
}

impl Client {
    /// Makes `call`, as often as `Retry` allows. `is_about` tells whether an answer is about the right object.
    pub(super) async fn make<T: DeserializeOwned>(
        &self,
        merchant: &Merchant,
        call: Call<'_>,
        is_about: impl Fn(&T) -> bool + Send,
    ) -> Result<Answer<T>, CallError> {
        let deadline = Instant::now() + Duration::from_millis(self.retry.total_ms_max);
        let mut history = History::default();
        for attempt in 1..=self.retry.attempts_max.max(1) {
            let retry_after_ms = match self.attempt(merchant, &call, attempt, deadline, &is_about).await {
                Verdict::Done(answer) => return Ok(answer),
                Verdict::Refused(refusal) => return Err(refused(refusal, history.doubt.is_some())),
                Verdict::Impossible(cause) if history.doubt.is_none() => return Err(CallError::NotSent { cause }),
                Verdict::Impossible(_) => break,
                Verdict::Throttled(refusal, retry_after_ms) => {
                    history.last_status = Some(refusal.status);
                    history.throttled = Some(refusal);
                    retry_after_ms
                }
                Verdict::Open(doubt) => {
                    let (again, retry_after_ms) = (doubt.again, doubt.retry_after_ms);
                    history.last_status = doubt.status.or(history.last_status);
                    history.doubt = Some(doubt);
                    if !again {
                        break;
                    }
                    retry_after_ms
                }
                Verdict::NoConnection => None,
            };
            let pause = Duration::from_millis(self.retry.pause_ms(attempt, retry_after_ms, self.rng.as_ref()));
            if attempt == self.retry.attempts_max || Instant::now() + pause >= deadline {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(history.conclude())
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        merchant: &Merchant,
        call: &Call<'_>,
        attempt: u32,
        deadline: Instant,
        is_about: &(impl Fn(&T) -> bool + Send),
    ) -> Verdict<T> {
        let began = self.clock.now();
        let request = match self.request(merchant, call) {
            Ok(request) => request,
            Err(cause) => return Verdict::Impossible(cause),
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = left.min(Duration::from_millis(self.retry.attempt_timeout_ms));
        let (head, verdict) = match request.timeout(timeout).send().await {
            Ok(response) => {
                let head = Head::of(&response);
                let verdict = read(response, &head, is_about).await;
                (head, verdict)
            }
            Err(error) if error.is_builder() => (Head::default(), Verdict::Impossible(NotSentCause::Request)),
            Err(error) if error.is_connect() => (Head::default(), Verdict::NoConnection),
            Err(error) => {
                let doubt = Doubt { status: None, ..Doubt::lost(transport_cause(&error), &Head::default()) };
                (Head::default(), Verdict::Open(doubt))
            }
        };
        let milliseconds = self.clock.now().since(began);
        report(call, attempt, &head, &verdict, milliseconds);
        verdict
    }

    /// The request, dated now and signed.
    fn request(&self, merchant: &Merchant, call: &Call<'_>) -> Result<reqwest::RequestBuilder, NotSentCause> {
        let path = merchant.path(&call.resource);
        let headers = signed_headers(merchant, &self.clock.now().utc_basic(), call.key);
        let canonical = CanonicalRequest {
            method: call.method.as_str(),
            path: &path,
            query: "",
            headers: &headers,
            body: &call.body,
        };
        let authorization =
            canonical.authorization(merchant.key(), merchant.public_key_id()).map_err(|_| NotSentCause::Signature)?;

        let mut map = HeaderMap::new();
        let value = |text: &str| HeaderValue::from_str(text).map_err(|_| NotSentCause::Request);
        for (name, text) in &headers {
            map.insert(HeaderName::from_static(name), value(text)?);
        }
        let mut authorization = value(&authorization)?;
        authorization.set_sensitive(true);
        map.insert(reqwest::header::AUTHORIZATION, authorization);

        let request = self.http.request(call.method.clone(), merchant.url(&path)).headers(map);
        Ok(if call.body.is_empty() { request } else { request.body(call.body.clone()) })
    }
}

impl Retry {
    /// How long to wait after the failed attempt number `attempt`: twice as long each time, of which a random half, but at
    /// least what Amazon asks for; never above `delay_ms_max`.
    fn pause_ms(&self, attempt: u32, retry_after_ms: Option<u64>, rng: &dyn Rng) -> u64 {
        let doublings = attempt.saturating_sub(1).min(32);
        let whole = self.first_delay_ms.saturating_mul(1 << doublings).min(self.delay_ms_max);
        let mut bytes = [0; 8];
        rng.fill(&mut bytes);
        let half = whole / 2;
        let jittered = half + u64::from_le_bytes(bytes) % (whole - half + 1);
        jittered.max(retry_after_ms.unwrap_or(0)).min(self.delay_ms_max)
    }
}

/// The headers of a request, sorted by name; all are signed.
fn signed_headers(merchant: &Merchant, date: &str, key: Option<&IdempotencyKey>) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("accept", "application/json".to_owned()),
        ("content-type", "application/json".to_owned()),
        ("x-amz-pay-date", date.to_owned()),
        ("x-amz-pay-host", merchant.host().to_owned()),
    ];
    headers.extend(key.map(|key| ("x-amz-pay-idempotency-key", key.to_string())));
    headers.push(("x-amz-pay-region", merchant.region().as_str().to_owned()));
    headers
}

/// What stands before an answer's body.
#[derive(Default)]
struct Head {
    status: u16,
    request_id: Option<String>,
    retry_after_ms: Option<u64>,
}

impl Head {
    fn of(response: &Response) -> Self {
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        // Only the form in seconds is taken; after a date, the pause is our own.
        let seconds = header(RETRY_AFTER.as_str()).and_then(|text| text.trim().parse::<u64>().ok());
        Self {
            status: response.status().as_u16(),
            request_id: header("x-amz-pay-request-id").map(|text| cut(text, WORD_CHARS_MAX)),
            retry_after_ms: seconds.map(|seconds| seconds.saturating_mul(1000)),
        }
    }
}

async fn read<T: DeserializeOwned>(
    response: Response,
    head: &Head,
    is_about: &(impl Fn(&T) -> bool + Send),
) -> Verdict<T> {
    match egress::read_up_to(response, BODY_BYTES_MAX + 1).await {
        Ok(body) => judge(head, &body, is_about),
        Err(error) => {
            let request_id = head.request_id.clone();
            Verdict::Open(Doubt { request_id, ..Doubt::lost(transport_cause(&error), head) })
        }
    }
}

fn transport_cause(error: &reqwest::Error) -> UnknownCause {
    if error.is_timeout() { UnknownCause::TimedOut } else { UnknownCause::Broken }
}

/// Amazon's error body (amazon-pay 2.1).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ErrorBody {
    reason_code: Option<String>,
    message: Option<String>,
}

/// What a whole answer proves (amazon-pay 2.8, 2.10).
fn judge<T: DeserializeOwned>(head: &Head, body: &[u8], is_about: &impl Fn(&T) -> bool) -> Verdict<T> {
    let Head { status, request_id, retry_after_ms } = head;
    let doubt = |cause, reason_code: Option<String>, again| {
        Verdict::Open(Doubt {
            cause,
            status: Some(*status),
            reason_code,
            request_id: request_id.clone(),
            again,
            retry_after_ms: *retry_after_ms,
        })
    };
    if (200..300).contains(status) {
        if body.len() > BODY_BYTES_MAX {
            return doubt(UnknownCause::TooLarge, None, false);
        }
        return match serde_json::from_slice::<T>(body) {
            Ok(value) if is_about(&value) => {
                Verdict::Done(Answer { value, status: *status, request_id: request_id.clone() })
            }
            Ok(_) => doubt(UnknownCause::WrongObject, None, false),
            Err(_) => doubt(UnknownCause::Unreadable, None, false),
        };
    }
    let error: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
    let reason_code = error.reason_code.filter(|code| !code.is_empty()).map(|code| cut(&code, WORD_CHARS_MAX));
    let refusal = |reason_code| Refusal {
        status: *status,
        reason_code,
        message: cut(error.message.as_deref().unwrap_or_default(), MESSAGE_CHARS_MAX),
        request_id: request_id.clone(),
    };
    match (status, reason_code) {
        (429, reason_code) => {
            Verdict::Throttled(refusal(reason_code.unwrap_or_else(|| "TooManyRequests".to_owned())), *retry_after_ms)
        }
        (408 | 425 | 500 | 502 | 503 | 504, reason_code) => doubt(UnknownCause::Status, reason_code, true),
        (400..500, Some(reason_code)) => Verdict::Refused(refusal(reason_code)),
        // Not in Amazon's form: something between us and Amazon spoke, and what became of the request is not said.
        (400..500, None) => doubt(UnknownCause::Unreadable, None, false),
        (_, reason_code) => doubt(UnknownCause::Status, reason_code, false),
    }
}

/// At most the first `chars_max` characters, none of them a control character.
fn cut(text: &str, chars_max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(chars_max).collect()
}

/// One line for each attempt: names and numbers only.
fn report<T>(call: &Call<'_>, attempt: u32, head: &Head, verdict: &Verdict<T>, milliseconds: i64) {
    let (outcome, reason_code) = match verdict {
        Verdict::Done(_) => ("done", None),
        Verdict::Refused(refusal) => ("refused", Some(refusal.reason_code.as_str())),
        Verdict::Throttled(refusal, _) => ("throttled", Some(refusal.reason_code.as_str())),
        Verdict::Open(doubt) => (cause_word(doubt.cause), doubt.reason_code.as_deref()),
        Verdict::NoConnection => ("no connection", None),
        Verdict::Impossible(_) => ("not sent", None),
    };
    let (operation, object, status) = (call.operation, call.object, head.status);
    let request_id = head.request_id.as_deref().unwrap_or_default();
    let reason_code = reason_code.unwrap_or_default();
    if matches!(verdict, Verdict::Done(_)) {
        tracing::info!(operation, object, attempt, outcome, status, request_id, milliseconds, "Amazon Pay call");
    } else {
        tracing::warn!(
            operation,
            object,
            attempt,
            outcome,
            status,
            reason_code,
            request_id,
            milliseconds,
            "Amazon Pay call"
        );
    }
}

const fn cause_word(cause: UnknownCause) -> &'static str {
    match cause {
        UnknownCause::TimedOut => "timed out",
        UnknownCause::Broken => "broken",
        UnknownCause::Status => "open status",
        UnknownCause::Unreadable => "unreadable",
        UnknownCause::TooLarge => "too large",
        UnknownCause::WrongObject => "wrong object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SeededRng;

    const RETRY: Retry = Retry {
        attempts_max: 5,
        first_delay_ms: 100,
        delay_ms_max: 1000,
        attempt_timeout_ms: 1000,
        total_ms_max: 5000,
    };

    #[test]
    fn pauses_double_up_to_the_bound_and_half_of_each_is_chance() {
        for seed in 0..200 {
            let rng = SeededRng::new(seed);
            for (attempt, whole) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (60, 1000)] {
                let pause = RETRY.pause_ms(attempt, None, &rng);
                assert!((whole / 2..=whole).contains(&pause), "attempt {attempt}: {pause}");
            }
        }
    }

    #[test]
    fn amazons_wish_to_wait_is_granted_up_to_the_bound() {
        let rng = SeededRng::new(1);
        assert_eq!(RETRY.pause_ms(1, Some(700), &rng), 700);
        assert_eq!(RETRY.pause_ms(1, Some(3_600_000), &rng), 1000);
        assert!(RETRY.pause_ms(3, Some(0), &rng) >= 200);
    }

    #[test]
    fn words_of_others_are_bounded_and_on_one_line() {
        assert_eq!(cut("a\r\nb\u{7f}c", 10), "abc");
        assert_eq!(cut(&"あ".repeat(600), MESSAGE_CHARS_MAX).chars().count(), 500);
    }
}
