//! One operation at Amazon and its attempts. Each has a fresh date and signature, all have the same body and idempotency
//! key. What they prove is in `verdict.rs`.
//!
//! Waiting and time-outs are tokio's, which follow the machine's monotonic clock (or a simulation's): the date in the
//! request comes from the `Clock` and may jump.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::client::{Client, Retry};
use super::exchange::{Exchange, OnBehalf};
use super::merchant::Merchant;
use super::outcome::{Answer, CallError, NotSentCause};
use super::signer::CanonicalRequest;
use super::verdict::{BODY_BYTES_MAX, Doubt, Head, History, Verdict, judge};
use crate::domain::{IdempotencyKey, Millis, Rng};
use crate::egress::{Failure, Outgoing};

/// What is sent, apart from date and signature.
#[derive(Debug)]
pub(super) struct Call<'a> {
    operation: &'static str,
    object: &'a str,
    method: Method,
    resource: String,
    /// What stands in records for a resource that must not be there.
    shown: Option<&'static str>,
    body: Vec<u8>,
    key: Option<&'a IdempotencyKey>,
}

impl<'a> Call<'a> {
    /// Amazon's name of the operation and the object it is about, for the log; the path after the version, which needs no
    /// escaping, for identifiers never do.
    pub(super) const fn new(operation: &'static str, object: &'a str, method: Method, resource: String) -> Self {
        Self { operation, object, method, resource, shown: None, body: Vec::new(), key: None }
    }

    /// With a body.
    pub(super) fn json(mut self, request: &impl Serialize) -> Result<Self, CallError> {
        self.body = serde_json::to_vec(request).map_err(|_| CallError::NotSent { cause: NotSentCause::Request })?;
        Ok(self)
    }

    /// Whose resource is a secret: records have `shown` in its place.
    pub(super) const fn shown_as(mut self, shown: &'static str) -> Self {
        self.shown = Some(shown);
        self
    }

    /// With an effect that must happen once for `key`.
    pub(super) const fn once(mut self, key: &'a IdempotencyKey) -> Self {
        self.key = Some(key);
        self
    }

    /// What an attempt came to, for the record.
    fn exchange<T>(
        &self,
        merchant: &Merchant,
        (attempt, began_at, took_ms): (u32, Millis, i64),
        head: &Head,
        verdict: &Verdict<T>,
    ) -> Exchange {
        Exchange {
            began_at,
            took_ms,
            operation: self.operation,
            method: self.method.as_str().to_owned(),
            path: merchant.path(self.shown.unwrap_or(&self.resource)),
            attempt,
            status: head.status,
            failure: verdict.failure(),
            reason_code: verdict.words().1.map(str::to_owned),
            request_id: head.request_id.clone(),
        }
    }
}

impl Client {
    /// Makes `call` in the name of `by`, as often as `Retry` allows. `is_about` tells whether an answer is about the right
    /// object.
    pub(super) async fn make<T: DeserializeOwned>(
        &self,
        by: OnBehalf<'_>,
        call: Call<'_>,
        is_about: impl Fn(&T) -> bool,
    ) -> Result<Answer<T>, CallError> {
        let merchant = by.merchant();
        let deadline = Instant::now() + Duration::from_millis(self.retry.total_ms_max);
        let mut history = History::default();
        let mut attempt = 1;
        loop {
            let began_at = self.clock.now();
            let (head, verdict) = self.attempt(merchant, &call, deadline, &is_about).await;
            let took_ms = self.clock.now().since(began_at);
            report(&call, attempt, &head, &verdict, took_ms);
            by.tell(|| call.exchange(merchant, (attempt, began_at, took_ms), &head, &verdict));

            history.last_status = head.status.or(history.last_status);
            let again = match verdict {
                Verdict::Done(answer) => return Ok(answer),
                Verdict::Refused(refusal) => return Err(refusal.into_error(history.doubt.is_some())),
                Verdict::Throttled(refusal) => {
                    history.throttled = Some(refusal);
                    true
                }
                Verdict::Open(doubt) => history.doubt.insert(doubt).again,
                Verdict::NoConnection => true,
                Verdict::Impossible(cause) => {
                    history.impossible = Some(cause);
                    false
                }
            };
            let pause_ms = self.retry.pause_ms(attempt, head.retry_after_ms, self.rng.as_ref());
            let next = Instant::now() + Duration::from_millis(pause_ms);
            if !again || attempt >= self.retry.attempts_max || next >= deadline {
                return Err(history.conclude());
            }
            tokio::time::sleep_until(next).await;
            attempt += 1;
        }
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        merchant: &Merchant,
        call: &Call<'_>,
        deadline: Instant,
        is_about: &impl Fn(&T) -> bool,
    ) -> (Head, Verdict<T>) {
        let nothing = Head::default();
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = left.min(Duration::from_millis(self.retry.attempt_timeout_ms));
        let request = match self.request(merchant, call, timeout) {
            Ok(request) => request,
            Err(cause) => return (nothing, Verdict::Impossible(cause)),
        };
        match self.network.exchange(request).await {
            Ok(answer) => {
                let head = Head::of(answer.status, &answer.headers);
                let verdict = match answer.body {
                    Ok(body) => judge(&head, &body, is_about),
                    Err(failure) => Verdict::Open(Doubt::lost(&failure, &head)),
                };
                (head, verdict)
            }
            Err(Failure::Malformed) => (nothing, Verdict::Impossible(NotSentCause::Request)),
            Err(failure) if failure.sent_nothing() => (nothing, Verdict::NoConnection),
            Err(failure) => (Head::default(), Verdict::Open(Doubt::lost(&failure, &nothing))),
        }
    }

    /// The request, dated now and signed.
    fn request(&self, merchant: &Merchant, call: &Call<'_>, timeout: Duration) -> Result<Outgoing, NotSentCause> {
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
        map.insert(AUTHORIZATION, authorization);

        Ok(Outgoing {
            method: call.method.clone(),
            url: merchant.url(&path).into(),
            headers: map,
            body: call.body.clone(),
            timeout,
            answer_bytes_max: BODY_BYTES_MAX + 1,
        })
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

/// One line for each attempt: names and numbers only.
fn report<T>(call: &Call<'_>, attempt: u32, head: &Head, verdict: &Verdict<T>, milliseconds: i64) {
    let (operation, object, status, request_id) =
        (call.operation, call.object, head.status, head.request_id.as_deref());
    let (outcome, reason_code) = verdict.words();
    let cause = if let Verdict::Open(doubt) = verdict { Some(doubt.cause.to_string()) } else { None };
    // A decline is business as usual. A doubt, a key that Amazon does not take, or too many calls, an operator should see.
    let unusual = cause.is_some() || matches!(status, Some(401 | 403 | 429));
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                operation,
                object,
                attempt,
                outcome,
                status,
                request_id,
                milliseconds,
                reason_code,
                cause,
                "Amazon Pay call"
            )
        };
    }
    if unusual {
        line!(warn);
    } else {
        line!(info);
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
}
