//! The client against a server that misbehaves on purpose, one scripted step for each connection. The server checks no
//! signature: that is the sandbox's business, and openssl's in `signer.rs`.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::testing::key;
use super::{
    Answer, CallError, CancelCharge, CaptureCharge, Charge, ChargeState, CheckoutSession, Client,
    CompleteCheckoutSession, Environment, Exchange, Merchant, NotSentCause, OnBehalf, Price, Region, Retry,
    UnknownCause, UpdateCheckoutSession,
};
use crate::domain::{ChargeId, CheckoutSessionId, Clock, IdempotencyKey, ManualClock, Millis, SeededRng, Yen};
use crate::egress;

const CHARGE: &str = r#"{"chargeId":"S03-1-1-C1","chargePermissionId":"S03-1-1",
    "chargeAmount":{"amount":"100","currencyCode":"JPY"},"statusDetails":{"state":"Captured"}}"#;
const SESSION: &str = r#"{"checkoutSessionId":"s-1","statusDetails":{"state":"Completed"},"chargeId":null}"#;

/// Port 1 is tcpmux's: no test is ever given it, and nothing listens there.
const NOBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

/// What the server does with one connection after it has read a request.
enum Step {
    /// Answers whole.
    Say(u16, &'static str, &'static str),
    /// Answers the beginning of a body that it says is longer.
    Half(u16, &'static str),
    /// Closes without a word.
    Drop,
    /// Says nothing until the client gives up.
    Hang,
}

struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    clock: Arc<ManualClock>,
}

/// A server for `steps`; every request moves the clock on by a second.
fn serve(steps: Vec<Step>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let clock = Arc::new(ManualClock::at(Millis(1_795_371_000_000)));
    let (seen, time) = (Arc::clone(&requests), Arc::clone(&clock));
    std::thread::spawn(move || {
        for step in steps {
            let (mut stream, _) = listener.accept().unwrap();
            seen.lock().unwrap().push(read_request(&mut stream));
            time.advance(1000);
            act(&step, &mut stream);
        }
    });
    Server { address, requests, clock }
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).unwrap();
        assert!(read > 0, "the client closed in the middle of a request: {text:?}");
        bytes.extend_from_slice(&chunk[..read]);
    }
}

fn act(step: &Step, stream: &mut TcpStream) {
    // A client may close before it has read all; that is no failure of this side.
    let say = |stream: &mut TcpStream, text: String| drop(stream.write_all(text.as_bytes()));
    let head = |status: u16, headers: &str, length: usize| {
        format!(
            "HTTP/1.1 {status} X\r\nx-amz-pay-request-id: r-{status}\r\n{headers}connection: close\r\n\
             content-length: {length}\r\n\r\n"
        )
    };
    match step {
        Step::Say(status, headers, body) => {
            say(stream, head(*status, headers, body.len()) + body);
        }
        Step::Half(status, body) => {
            say(stream, head(*status, "", body.len() + 10) + body);
        }
        Step::Drop => {}
        Step::Hang => {
            let ended = stream.read(&mut [0; 1]);
            assert!(!matches!(ended, Ok(1)), "the client sent more");
        }
    }
}

const RETRY: Retry =
    Retry { attempts_max: 3, first_delay_ms: 10, delay_ms_max: 40, attempt_timeout_ms: 300, total_ms_max: 10_000 };

impl Server {
    fn client(&self, retry: Retry) -> (Client, Merchant) {
        client(self.address, Arc::clone(&self.clock) as Arc<dyn Clock>, retry)
    }

    async fn complete(&self) -> Result<Answer<CheckoutSession>, CallError> {
        let (client, merchant) = self.client(RETRY);
        let request = CompleteCheckoutSession { charge_amount: Some(yen(100)), total_order_amount: None };
        let id = CheckoutSessionId::new("s-1").unwrap();
        let key = IdempotencyKey::new("key-of-one-effect").unwrap();
        client.complete_checkout_session(&merchant, &id, &request, &key).await
    }

    async fn capture(&self) -> Result<Answer<Charge>, CallError> {
        let (client, merchant) = self.client(RETRY);
        let key = IdempotencyKey::new("key-of-one-effect").unwrap();
        client.capture_charge(&merchant, &charge_id(), &CaptureCharge { capture_amount: yen(100) }, &key).await
    }

    async fn get_charge(&self) -> Result<Answer<Charge>, CallError> {
        let (client, merchant) = self.client(RETRY);
        client.get_charge(&merchant, &charge_id()).await
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn client(address: SocketAddr, clock: Arc<dyn Clock>, retry: Retry) -> (Client, Merchant) {
    let http = egress::client(Duration::from_secs(5), Duration::from_secs(5)).unwrap();
    let endpoint = format!("http://{address}");
    let merchant =
        Merchant::new(&endpoint, Region::Jp, Environment::Sandbox, "SANDBOX-AAAABBBBCCCCDDDDEEEEFFFF", key()).unwrap();
    (Client::new(http, clock, Arc::new(SeededRng::new(1)), retry), merchant)
}

fn yen(amount: i64) -> Price {
    Price::of(Yen::new(amount).unwrap())
}

fn charge_id() -> ChargeId {
    ChargeId::new("S03-1-1-C1").unwrap()
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn unknown<T: std::fmt::Debug>(result: Result<Answer<T>, CallError>) -> (UnknownCause, Option<u16>) {
    match result {
        Err(CallError::Unknown { cause, last_status, .. }) => (cause, last_status),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_goes_out_as_it_was_signed() {
    let server = serve(vec![Step::Say(200, "", CHARGE)]);
    let answer = server.capture().await.unwrap();
    assert_eq!(answer.value.status_details.state, ChargeState::Captured);
    assert_eq!((answer.status, answer.request_id.as_deref()), (200, Some("r-200")));

    let request = &server.requests()[0];
    assert!(request.starts_with("POST /v2/charges/S03-1-1-C1/capture HTTP/1.1\r\n"), "{request}");
    assert!(
        request.ends_with("\r\n\r\n{\"captureAmount\":{\"amount\":\"100\",\"currencyCode\":\"JPY\"}}"),
        "{request}"
    );
    for (name, value) in [
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("x-amz-pay-date", "20261122T181000Z"),
        ("x-amz-pay-host", "127.0.0.1"),
        ("x-amz-pay-region", "jp"),
        ("x-amz-pay-idempotency-key", "key-of-one-effect"),
    ] {
        assert_eq!(header(request, name), Some(value), "{name}");
    }
    let authorization = header(request, "authorization").unwrap();
    assert!(
        authorization.starts_with(
            "AMZN-PAY-RSASSA-PSS-V2 PublicKeyId=SANDBOX-AAAABBBBCCCCDDDDEEEEFFFF, SignedHeaders=accept;content-type;\
             x-amz-pay-date;x-amz-pay-host;x-amz-pay-idempotency-key;x-amz-pay-region, Signature="
        ),
        "{authorization}"
    );
}

#[tokio::test]
async fn a_read_and_a_cancel_carry_no_key_and_a_read_no_body() {
    let server = serve(vec![Step::Say(200, "", CHARGE), Step::Say(200, "", CHARGE), Step::Say(200, "", SESSION)]);
    server.get_charge().await.unwrap();
    let (client, merchant) = server.client(RETRY);
    let request = CancelCharge { cancellation_reason: "ordered twice".to_owned() };
    client.cancel_charge(&merchant, &charge_id(), &request).await.unwrap();
    let id = CheckoutSessionId::new("s-1").unwrap();
    client.update_checkout_session(&merchant, &id, &UpdateCheckoutSession::default()).await.unwrap();

    let requests = server.requests();
    assert!(requests[0].starts_with("GET /v2/charges/S03-1-1-C1 ") && requests[0].ends_with("\r\n\r\n"));
    assert!(requests[1].starts_with("DELETE /v2/charges/S03-1-1-C1/cancel "));
    assert!(requests[1].ends_with(r#"{"cancellationReason":"ordered twice"}"#));
    assert!(requests[2].starts_with("PATCH /v2/checkoutSessions/s-1 ") && requests[2].ends_with("\r\n\r\n{}"));
    assert!(requests.iter().all(|request| header(request, "x-amz-pay-idempotency-key").is_none()));
}

#[tokio::test]
async fn a_retry_keeps_the_key_and_is_dated_and_signed_anew() {
    let server = serve(vec![Step::Say(503, "", "{}"), Step::Drop, Step::Say(202, "", SESSION)]);
    let answer = server.complete().await.unwrap();
    assert!(answer.is_pending());

    let requests = server.requests();
    let all = |name| requests.iter().map(|request| header(request, name).unwrap()).collect::<Vec<_>>();
    assert_eq!(all("x-amz-pay-idempotency-key"), ["key-of-one-effect"; 3]);
    assert_eq!(all("x-amz-pay-date"), ["20261122T181000Z", "20261122T181001Z", "20261122T181002Z"]);
    let signatures = all("authorization");
    assert!(signatures[0] != signatures[1] && signatures[1] != signatures[2]);
}

#[tokio::test]
async fn a_refusal_is_final_and_not_repeated() {
    let body = r#"{"reasonCode":"InvalidChargeStatus","message":"The charge is Captured."}"#;
    let server = serve(vec![Step::Say(422, "", body)]);
    assert_eq!(
        server.capture().await,
        Err(CallError::Refused {
            status: 422,
            reason_code: "InvalidChargeStatus".to_owned(),
            message: "The charge is Captured.".to_owned(),
            request_id: Some("r-422".to_owned()),
            earlier_unknown: false,
        })
    );
}

#[tokio::test]
async fn a_refusal_after_a_lost_answer_says_that_it_may_mean_done() {
    let body = r#"{"reasonCode":"InvalidCheckoutSessionStatus","message":""}"#;
    let server = serve(vec![Step::Drop, Step::Say(422, "", body)]);
    let error = server.complete().await.unwrap_err();
    assert!(matches!(error, CallError::Refused { status: 422, earlier_unknown: true, .. }), "{error:?}");
    assert!(!error.changed_nothing());
}

#[tokio::test]
async fn a_lost_answer_is_unknown_however_it_was_lost() {
    let half = || Step::Half(200, r#"{"chargeId":"S03"#);
    let lost = serve(vec![Step::Drop, Step::Drop, Step::Drop]);
    assert_eq!(unknown(lost.capture().await), (UnknownCause::Broken, None));
    let silent = serve(vec![Step::Hang, Step::Hang, Step::Hang]);
    assert_eq!(unknown(silent.capture().await), (UnknownCause::TimedOut, None));
    let cut = serve(vec![half(), half(), half()]);
    assert_eq!(unknown(cut.capture().await), (UnknownCause::Broken, Some(200)));
    for server in [lost, silent, cut] {
        assert_eq!(server.requests().len(), 3);
    }
}

#[tokio::test]
async fn an_answer_that_is_not_amazons_is_unknown_and_not_repeated() {
    let page = serve(vec![Step::Say(200, "", "<html>maintenance</html>")]);
    assert_eq!(unknown(page.capture().await), (UnknownCause::Unreadable, Some(200)));
    let proxy = serve(vec![Step::Say(403, "", "<html>blocked</html>")]);
    assert_eq!(unknown(proxy.capture().await), (UnknownCause::Unreadable, Some(403)));
    let elsewhere = serve(vec![Step::Say(302, "location: http://127.0.0.1:1/\r\n", "{}")]);
    assert_eq!(unknown(elsewhere.capture().await), (UnknownCause::Status, Some(302)));
    let huge = serve(vec![Step::Say(200, "", Box::leak(" ".repeat(2 * 1024 * 1024).into_boxed_str()))]);
    assert_eq!(unknown(huge.capture().await), (UnknownCause::TooLarge, Some(200)));
}

#[tokio::test]
async fn an_answer_about_another_object_is_unknown() {
    let other: &'static str = Box::leak(CHARGE.replace("C1", "C2").into_boxed_str());
    let server = serve(vec![Step::Say(200, "", other)]);
    assert_eq!(unknown(server.get_charge().await), (UnknownCause::WrongObject, Some(200)));
}

#[tokio::test]
async fn a_processing_failure_to_the_end_is_unknown_with_its_code() {
    let step = || Step::Say(500, "", r#"{"reasonCode":"ProcessingFailure","message":"try again"}"#);
    let server = serve(vec![step(), step(), step()]);
    let error = server.complete().await.unwrap_err();
    assert_eq!(error.reason_code(), Some("ProcessingFailure"));
    assert_eq!(error.request_id(), Some("r-500"));
    assert_eq!(unknown::<()>(Err(error)), (UnknownCause::Status, Some(500)));
}

#[tokio::test]
async fn throttling_is_waited_out_and_in_the_end_a_refusal() {
    let wait = || Step::Say(429, "retry-after: 3600\r\n", r#"{"reasonCode":"TooManyRequests"}"#);
    let patient = serve(vec![wait(), Step::Say(200, "", CHARGE)]);
    patient.capture().await.unwrap();

    let server = serve(vec![wait(), wait(), wait()]);
    let error = server.capture().await.unwrap_err();
    assert!(matches!(error, CallError::Refused { status: 429, earlier_unknown: false, .. }), "{error:?}");
    assert!(error.changed_nothing());

    let doubtful = serve(vec![Step::Drop, wait(), wait()]);
    assert_eq!(unknown(doubtful.capture().await), (UnknownCause::Broken, Some(429)));
}

#[tokio::test]
async fn the_whole_call_ends_in_time() {
    let server = serve(vec![Step::Hang]);
    let retry = Retry { attempts_max: 100, total_ms_max: 200, attempt_timeout_ms: 60_000, ..RETRY };
    let (client, merchant) = server.client(retry);
    let result = tokio::time::timeout(Duration::from_secs(3), client.get_charge(&merchant, &charge_id())).await;
    assert_eq!(unknown(result.unwrap()), (UnknownCause::TimedOut, None));
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let (client, merchant) = client(NOBODY, Arc::new(ManualClock::at(Millis(0))), RETRY);
    let error = client.get_charge(&merchant, &charge_id()).await.unwrap_err();
    assert_eq!(error, CallError::NotSent { cause: NotSentCause::NoConnection });
    assert!(error.changed_nothing());
}

/// Somebody who hears, and what was heard.
fn hearing<'a>(merchant: &'a Merchant, heard: &'a Mutex<Vec<Exchange>>) -> OnBehalf<'a> {
    OnBehalf::new(merchant, |exchange| heard.lock().unwrap().push(exchange))
}

#[tokio::test]
async fn every_attempt_is_told_as_it_ends() {
    let server = serve(vec![
        Step::Say(500, "", r#"{"reasonCode":"ProcessingFailure","message":"S03-1-1-C1 is busy"}"#),
        Step::Half(200, r#"{"chargeId":"S03"#),
        Step::Hang,
        Step::Say(200, "", CHARGE),
    ]);
    let (client, merchant) = server.client(Retry { attempts_max: 4, ..RETRY });
    let heard = Mutex::default();
    client.get_charge(hearing(&merchant, &heard), &charge_id()).await.unwrap();
    let told: Vec<_> = heard.into_inner().unwrap();
    let start = 1_795_371_000_000;
    for (index, (status, failure, reason_code)) in [
        (Some(500), None, Some("ProcessingFailure")),
        (Some(200), Some("broken"), None),
        (None, Some("timed-out"), None),
        (Some(200), None, None),
    ]
    .into_iter()
    .enumerate()
    {
        let expected = Exchange {
            // Every request moves the clock on by a second.
            began_at: Millis(start + 1000 * i64::try_from(index).unwrap()),
            took_ms: 1000,
            operation: "GetCharge",
            method: "GET".to_owned(),
            path: "/v2/charges/S03-1-1-C1".to_owned(),
            attempt: u32::try_from(index).unwrap() + 1,
            status,
            failure,
            reason_code: reason_code.map(str::to_owned),
            request_id: status.map(|status| format!("r-{status}")),
        };
        assert_eq!(told[index], expected);
    }
    assert_eq!(told.len(), 4);
}

#[tokio::test]
async fn a_buyers_token_is_not_told() {
    let (client, merchant) = client(NOBODY, Arc::new(ManualClock::at(Millis(0))), RETRY);
    let heard = Mutex::default();
    client.get_buyer(hearing(&merchant, &heard), "token-of-a-buyer").await.unwrap_err();
    let told = heard.into_inner().unwrap();
    assert_eq!(
        told.iter().map(|one| (one.path.as_str(), one.failure)).collect::<Vec<_>>(),
        [
            ("/v2/buyers/…", Some("no-connection")),
            ("/v2/buyers/…", Some("no-connection")),
            ("/v2/buyers/…", Some("no-connection")),
        ]
    );
}

#[test]
fn a_call_can_run_in_a_task_of_its_own() {
    fn sendable<T: Send>(_: T) {}
    let (client, merchant) = client(NOBODY, Arc::new(ManualClock::at(Millis(0))), RETRY);
    sendable(client.get_charge(&merchant, &charge_id()));
}
