//! Amazon Pay API v2 over HTTP: from the raw request to the answer, and what goes wrong on purpose in between.
//!
//! Each request runs in its own task, as at Amazon: a client that hangs up changes nothing about what its request did.

mod documents;
mod money;
mod operation;
mod perform;
mod records;
mod simulation;
mod throttle;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, put};
use serde_json::json;

pub(super) use operation::Operation;
use perform::{Answer, Call};
pub(super) use simulation::{SimulationCodes, codes as simulation_codes, find as find_simulation};
pub(super) use throttle::Throttle;

use super::control::{Fault, Ticket};
use super::error::{ApiError, ReasonCode};
use super::ledger::{Cause, Ledger};
use super::signature::Received;
use super::{Sandbox, locked};
use crate::domain::Rng;

/// The most that a request's body may have.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// How long a withheld answer keeps its connection open before the sandbox closes it.
const HANG_MAX: Duration = Duration::from_mins(5);

/// `/v2`, `/sandbox/v2`, a clear refusal at `/live/v2` and at other versions, and what answers lead to.
pub(super) fn router() -> Router<Arc<Sandbox>> {
    let serve = || any(receive);
    ["/v2", "/sandbox", "/live", "/v1", "/v3"]
        .into_iter()
        .flat_map(|prefix| ["", "/", "/{*rest}"].map(|rest| format!("{prefix}{rest}")))
        .fold(Router::new(), |router, path| router.route(&path, serve()))
        .route("/report-files/{document}", get(documents::report))
        .route("/files/{id}", put(documents::put_file))
}

async fn receive(State(sandbox): State<Arc<Sandbox>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.ok();
    let task = tokio::spawn(async move { serve(&sandbox, &head, body).await });
    task.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// Answers one request, with whatever fault is due for its operation.
async fn serve(sandbox: &Sandbox, head: &Parts, body: Option<Bytes>) -> Response {
    let request_id = request_id(&*sandbox.rng);
    let found = operation::find(&head.method, head.uri.path());
    let asked = found.as_ref().ok().copied();
    let fault = asked.and_then(|(operation, _)| sandbox.faults().take(operation));
    let now = sandbox.now();
    let ticket = sandbox.requests().receive(now, head, body.as_ref(), asked, &request_id, fault.as_ref());
    let fault = fault.unwrap_or_default();
    if fault.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    }
    let result = match (&fault.refusal, body) {
        (Some(refusal), _) => Ok(refused(refusal.status, &refusal.reason_code, &refusal.message)),
        (None, None) => Err(ApiError::new(ReasonCode::InvalidRequest, "The body is broken off or has more than 1 MiB")),
        (None, Some(body)) => {
            let simulation_code = fault.simulation_code.as_deref();
            found.and_then(|(operation, object_id)| {
                let signer = authenticate(sandbox, head, &body, ticket)?;
                locked(&sandbox.throttle).admit(signer, operation, sandbox.clock.unmoved())?;
                let cause = Cause::Request { operation: operation.name().to_owned(), request_id: request_id.clone() };
                let mut ledger = sandbox.ledger().caused_by(cause);
                let merchant_id = &principal(&ledger, signer, &head.headers)?;
                let currency = ledger.currency_of(merchant_id);
                let (headers, query) = (&head.headers, head.uri.query().unwrap_or_default());
                let call =
                    Call { merchant_id, currency, operation, object_id, query, headers, body: &body, simulation_code };
                call.perform(&mut ledger)
            })
        }
    };
    let answer = result.unwrap_or_else(|error| refused(error.code.http_status(), error.code.as_str(), &error.message));
    sandbox.requests().answered(ticket, answer.status, &answer.body);
    send(answer, &request_id, &fault).await
}

/// Whose request it is.
fn authenticate<'a>(sandbox: &'a Sandbox, head: &Parts, body: &[u8], ticket: Ticket) -> Result<&'a str, ApiError> {
    let received = Received {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        headers: &head.headers,
        body,
    };
    let own_host = sandbox.base_url().split_once("://").map_or("", |(_, host)| host);
    // A merchant's clock is not moved when the sandbox's is, so the request's date is held against the real time.
    let verdict = sandbox.keys.verify_request(&received, sandbox.clock.unmoved(), own_host);
    let examination = sandbox.keys.examine(&received, verdict.is_err());
    sandbox.requests().examined(ticket, examination);
    let merchant_id = verdict?;
    sandbox.requests().authenticated(ticket, merchant_id);
    Ok(merchant_id)
}

/// For whom the signer acts: for itself, unless it sends the token of a merchant who is its client.
fn principal(ledger: &Ledger, signer: &str, headers: &HeaderMap) -> Result<String, ApiError> {
    match headers.get("x-amz-pay-authtoken") {
        None => Ok(signer.to_owned()),
        Some(token) => ledger.principal(signer, token.to_str().unwrap_or_default()).map(str::to_owned),
    }
}

fn refused(status: u16, reason_code: &str, message: &str) -> Answer {
    Answer::new(status, json!({"reasonCode": reason_code, "message": message}))
}

async fn send(answer: Answer, request_id: &str, fault: &Fault) -> Response {
    if fault.hang {
        tokio::time::sleep(HANG_MAX).await;
    }
    if fault.hang || fault.lose_answer {
        return abandoned_connection();
    }
    let body = if answer.body.is_null() { Body::empty() } else { Body::from(answer.body.to_string()) };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if !answer.body.is_null() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
    }
    if let Some(Ok(location)) = answer.location.as_deref().map(HeaderValue::from_str) {
        headers.insert(LOCATION, location);
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert("x-amz-pay-request-id", value);
    }
    response
}

/// A response whose body breaks before its first byte. The server then drops the connection with the head still
/// unsent, so the client sees it close without an answer.
fn abandoned_connection() -> Response {
    let broken = async { Err::<Bytes, _>(std::io::Error::other("the answer is lost on purpose")) };
    let mut response = Response::new(Body::from_stream(futures_util::stream::once(broken)));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("1"));
    response
}

/// Of the shape of Amazon's: a UUID.
fn request_id(rng: &dyn Rng) -> String {
    let mut bytes = [0u8; 16];
    rng.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
