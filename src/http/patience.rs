//! How long a whole request may take. When it is over the client is told that the work goes on; and it does, for every
//! use case runs in a task of its own.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::{page, shop_api};
use crate::protocol::{Style, codes};

/// Answers for the handler if that takes longer than `limit`.
pub(super) async fn bounded(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if let Ok(answer) = tokio::time::timeout(limit, next.run(request)).await {
        return answer;
    }
    tracing::error!(path, "a request takes too long; its work goes on");
    still_working(&path)
}

fn still_working(path: &str) -> Response {
    let call = path.strip_prefix("/payment/").unwrap_or_default();
    if call.starts_with("AmazonpayReturn/") {
        return page::try_again();
    }
    if call == "AmazonpayStart.idPass" {
        return page::error(StatusCode::GATEWAY_TIMEOUT, codes::UNEXPECTED);
    }
    match call.rsplit_once('.') {
        Some((_, suffix)) => {
            shop_api::refuse(&[codes::STILL_PROCESSING], Style::from_suffix(suffix).unwrap_or(Style::IdPass))
        }
        None => StatusCode::GATEWAY_TIMEOUT.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::REFRESH;

    use super::*;

    #[test]
    fn everybody_is_told_in_their_own_words() {
        for (path, status, reloads) in [
            ("/payment/AmazonpaySales.idPass", 200, false),
            ("/payment/AmazonpaySales.json", 200, false),
            ("/payment/AmazonpayStart.idPass", 504, false),
            ("/payment/AmazonpayReturn/0123", 503, true),
            ("/amazonpay/ipn", 504, false),
        ] {
            let answer = still_working(path);
            assert_eq!((answer.status().as_u16(), answer.headers().contains_key(REFRESH)), (status, reloads), "{path}");
        }
    }
}
