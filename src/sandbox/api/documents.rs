//! Addresses that an answer leads to, outside the signed API: the text of a report, and the place for a file. Whoever
//! knows the address may use it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::sandbox::Sandbox;

/// `GET /report-files/{document}`
pub(super) async fn report(State(sandbox): State<Arc<Sandbox>>, Path(document_id): Path<String>) -> Response {
    let ledger = sandbox.ledger();
    match ledger.document(&document_id).map(|report| ledger.document_text(report)) {
        Some(text) => ([(CONTENT_TYPE, "text/csv;charset=UTF-8")], text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Upload {
    secret: String,
}

/// `PUT /files/{id}?secret=…`
pub(super) async fn put_file(
    State(sandbox): State<Arc<Sandbox>>,
    Path(id): Path<String>,
    Query(Upload { secret }): Query<Upload>,
    body: Bytes,
) -> StatusCode {
    let size = u64::try_from(body.len()).unwrap_or(u64::MAX);
    match sandbox.ledger().receive_file(&id, &secret, size) {
        Some(()) => StatusCode::OK,
        None => StatusCode::NOT_FOUND,
    }
}
