//! Where buyers' browsers come by: on their way to Amazon, and on their way back (psp-protocol 5.3 and 7).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION, REFERRER_POLICY};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::{App, page, shop_api, start_page};
use crate::domain::{AccessId, CheckoutSessionId};
use crate::flow::{Return, ReturnError, Started};
use crate::protocol::{RawRequest, RequestEncoding, Style, codes, read_start};

/// `/payment/AmazonpayStart.idPass`: a form post of the buyer's browser.
pub(super) async fn start(State(app): State<App>, method: Method, headers: HeaderMap, body: Body) -> Response {
    if method != Method::POST {
        return page::error(StatusCode::METHOD_NOT_ALLOWED, codes::GET_NEEDS_POST);
    }
    let Some(bytes) = shop_api::read_body(&app, body).await else {
        return page::error(StatusCode::BAD_REQUEST, codes::BODY_MALFORMED);
    };
    let content_type = headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let raw = match RawRequest::decode(Style::IdPass, content_type.as_deref(), None, &bytes) {
        Ok(raw) => raw,
        Err(code) => return page::error(StatusCode::BAD_REQUEST, code),
    };
    let reading = read_start(&raw, RequestEncoding::default());
    let Some(request) = reading.request else {
        let code = reading.faults.first().copied().unwrap_or(codes::TOKEN_INVALID);
        return page::error(StatusCode::BAD_REQUEST, code);
    };
    let gateway = Arc::clone(&app.gateway);
    match app.gateway.detached(async move { gateway.start(request).await }).await {
        Ok(Ok(Started::ToAmazon(url))) => to_amazon(&url),
        Ok(Ok(Started::Checkout(start))) => start_page::start(&start),
        Ok(Ok(Started::BackToShop(post))) => page::result(&post),
        Ok(Err(error)) => {
            tracing::info!(%error, "AmazonpayStart refused");
            page::error(page::status_of(error.code()), error.code())
        }
        Err(error) => {
            tracing::error!(%error, "AmazonpayStart");
            page::error(StatusCode::INTERNAL_SERVER_ERROR, codes::UNEXPECTED)
        }
    }
}

fn to_amazon(url: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(url) else {
        tracing::error!("Amazon's redirect URL is not one");
        return page::error(StatusCode::INTERNAL_SERVER_ERROR, codes::UNEXPECTED);
    };
    let mut response = StatusCode::FOUND.into_response();
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// What the address says that Amazon sends the browser back to. The cancel URL of a review page's checkout has the session
/// from the start; if it comes twice there, both are the same.
pub fn return_of(query: &str) -> Return {
    let find = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    Return {
        session: find("amazonCheckoutSessionId").and_then(|id| CheckoutSessionId::new(id).ok()),
        cancel_key: find("cancel"),
    }
}

/// Whoever only asks what would be here, as link checkers do, is not the buyer and completes nothing.
pub(super) async fn not_by_head() -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}

/// `/payment/AmazonpayReturn/{AccessID}`: the browser comes from Amazon.
pub(super) async fn returned(
    State(app): State<App>,
    access_id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Response {
    let with = return_of(query.as_deref().unwrap_or_default());
    let access_id = access_id.ok().and_then(|Path(id)| AccessId::new(id).ok());
    let Some(access_id) = access_id else {
        return page::error(StatusCode::NOT_FOUND, codes::TRANSACTION_UNKNOWN);
    };
    let gateway = Arc::clone(&app.gateway);
    match app.gateway.detached(async move { gateway.came_back(access_id, with).await }).await {
        Ok(Ok(post)) => page::result(&post),
        Ok(Err(ReturnError::Unreachable)) => page::try_again(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "return from Amazon refused");
            page::error(page::status_of(error.code()), error.code())
        }
        Err(error) => {
            tracing::error!(%error, "return from Amazon");
            page::error(StatusCode::INTERNAL_SERVER_ERROR, codes::UNEXPECTED)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_read_however_often_it_comes() {
        let session = |query| return_of(query).session.map(|id| id.to_string());
        let twice = "a=1&amazonCheckoutSessionId=s-1&amazonCheckoutSessionId=s-1";
        assert_eq!(session(twice).as_deref(), Some("s-1"));
        for query in ["", "amazonCheckoutSessionId", "amazonCheckoutSessionId=", "amazonCheckoutSessionId=a%2Fb", "%=&"]
        {
            assert_eq!(session(query), None, "{query}");
        }
    }
}
