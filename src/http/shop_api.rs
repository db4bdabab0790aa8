//! What shops' servers call: `POST /payment/<call>.idPass` and `.json` (psp-protocol 2).
//!
//! This file turns bytes into a reading and an outcome into bytes; the use cases are in `flow`. An `.idPass` answer is
//! always HTTP 200; a `.json` answer's status follows from the class of its first error.

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{Extensions, HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use secrecy::ExposeSecret as _;

use super::App;
use super::caller::caller;
use super::places::Place;
use crate::domain::guesses::Judgement;
use crate::domain::{AccessId, Millis, ShopId};
use crate::flow::Refusal;
use crate::protocol::{
    self, Access, Call, Credentials, ErrClass, ErrInfo, RawRequest, Reading, Reply, RequestEncoding, ResponseEncoding,
    Style, codes,
};
use crate::store::{CallNote, Note};

/// One call: who makes it, and how it is to be read and answered.
struct Exchange<'a> {
    app: &'a App,
    caller: IpAddr,
    call: Call,
    style: Style,
    request_encoding: RequestEncoding,
    response_encoding: ResponseEncoding,
}

/// Any call of a shop's.
pub(super) async fn call(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
    extensions: Extensions,
    body: Body,
) -> Response {
    // A name that is not text names no call.
    let (call, style) = name.map_or((None, Style::IdPass), |Path(name)| parse_name(&name));
    let Some(call) = call.filter(|call| call.speaks(style)) else { return refuse(&[codes::NO_SUCH_CALL], style) };
    if method != Method::POST {
        return refuse(&[codes::METHOD_NOT_POST], style);
    }
    let Some(bytes) = read_body(&app, body).await else { return refuse(&[codes::BODY_MALFORMED], style) };
    let content_type = headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    match RawRequest::decode(style, content_type.as_deref(), query.as_deref(), &bytes) {
        Ok(raw) => {
            let caller = caller(&extensions, &headers, &app.limits.trusted_proxies);
            dispatch(Exchange::of(&app, caller, call, style, &raw), &raw).await
        }
        Err(code) => refuse(&[code], style),
    }
}

/// How many of a refusal's codes are noted.
const NOTED_CODES_MAX: usize = 5;
/// How much of a body that is too long is read and thrown away, so that a client that writes before it reads gets the
/// answer and not a broken connection.
const DISCARDED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The body, or `None` where it is too long or too slow: either way there is no whole request.
pub(super) async fn read_body(app: &App, body: Body) -> Option<Vec<u8>> {
    let limit = Duration::from_millis(app.limits.body_timeout_ms);
    tokio::time::timeout(limit, collect(body, app.limits.body_bytes_max)).await.ok()?
}

async fn collect(body: Body, bytes_max: usize) -> Option<Vec<u8>> {
    let mut parts = body.into_data_stream();
    let mut kept = Vec::new();
    let mut seen = 0;
    while let Some(part) = parts.next().await {
        let part = part.ok()?;
        seen += part.len();
        if seen > bytes_max.max(DISCARDED_BYTES_MAX) {
            return None;
        }
        if seen <= bytes_max {
            kept.extend_from_slice(&part);
        }
    }
    (seen <= bytes_max).then_some(kept)
}

async fn dispatch(exchange: Exchange<'_>, raw: &RawRequest) -> Response {
    let encoding = exchange.request_encoding;
    let this = Arc::clone(&exchange.app.gateway);
    match exchange.call {
        Call::EntryTran => {
            let reading = protocol::read_entry_tran(raw, encoding);
            exchange.run(reading, move |it| async move { this.entry_tran(it).await }).await
        }
        Call::ExecTran => {
            let reading = protocol::read_exec_tran(raw, encoding);
            exchange.run(reading, move |it| async move { this.exec_tran(it).await }).await
        }
        Call::Sales => {
            let reading = protocol::read_sales(raw, encoding);
            exchange.run(reading, move |it| async move { this.sales(it).await }).await
        }
        Call::SearchAddress => {
            let reading = protocol::read_search_address(raw, encoding);
            exchange.run(reading, move |it| async move { this.search_address(it).await }).await
        }
        Call::SearchTradeMulti => {
            let reading = protocol::read_search_trade_multi(raw, encoding);
            exchange.run(reading, move |it| async move { this.search_trade_multi(it).await }).await
        }
        Call::Cancel => {
            let reading = protocol::read_cancel(raw, encoding);
            exchange.run(reading, move |it| async move { this.cancel(it).await }).await
        }
        Call::Change => {
            let reading = protocol::read_change(raw, encoding);
            exchange.run(reading, move |it| async move { this.change(it).await }).await
        }
        Call::SearchChargePermission => {
            let reading = protocol::read_search_charge_permission(raw, encoding);
            exchange.run(reading, move |it| async move { this.search_charge_permission(it).await }).await
        }
        Call::CloseChargePermission => {
            let reading = protocol::read_close_charge_permission(raw, encoding);
            exchange.run(reading, move |it| async move { this.close_charge_permission(it).await }).await
        }
        // A browser's call, with a route of its own.
        Call::Start => refuse(&[codes::NO_SUCH_CALL], exchange.style),
    }
}

impl<'a> Exchange<'a> {
    /// The shop named in the request decides how it is read; where no shop is named, nothing that needs it follows.
    fn of(app: &'a App, caller: IpAddr, call: Call, style: Style, raw: &RawRequest) -> Self {
        let shops = app.gateway.shops();
        let shop = raw.shop_id_text().and_then(|id| ShopId::new(id).ok()).and_then(|id| shops.get(&id));
        Self {
            app,
            caller,
            call,
            style,
            request_encoding: shop.as_ref().map_or_else(Default::default, |it| it.settings.request_encoding.into()),
            response_encoding: shop.as_ref().map_or_else(Default::default, |it| it.settings.response_encoding.into()),
        }
    }

    /// Runs a use case to its end, whether or not the client waits for it.
    async fn run<T, R, F>(&self, reading: Reading<T>, use_case: impl FnOnce(Reading<T>) -> F) -> Response
    where
        R: Reply + Send + 'static,
        F: Future<Output = Result<R, Refusal>> + Send + 'static,
    {
        let gateway = &self.app.gateway;
        let shop_id = reading.credentials.as_ref().map(|who| who.shop_id.as_str().to_owned());
        let asked_at = gateway.clock().now();
        let named = named(&reading);
        let order_id = reading.order_id.as_ref().map(|order| order.as_str().to_owned());
        let outcome = match self.place_for(reading.credentials.as_ref()).await {
            Ok(place) => {
                // On the heap: use cases are large.
                let work = Box::pin(use_case(reading));
                // The place is free again when the work is done, not when the client has gone.
                let work = async move { (work.await, drop(place)).0 };
                gateway.detached(work).await.and_then(|outcome| outcome)
            }
            Err(refusal) => Err(refusal),
        };
        let call = self.call.name();
        if let Some((shop_id, access_id)) = named {
            self.note(asked_at, shop_id, access_id, outcome.as_ref().err());
        }
        match outcome {
            Ok(reply) => {
                tracing::info!(call, shop_id, order_id, "answered");
                answer(StatusCode::OK, self.style, reply.encode(self.style, self.response_encoding))
            }
            Err(refusal) => {
                let list = refusal.codes();
                let joined: Vec<_> = list.iter().map(|code| code.as_str()).collect();
                let codes = joined.join("|");
                if list.iter().any(|code| code.class() == ErrClass::System) {
                    tracing::error!(call, shop_id, order_id, codes, %refusal, "failed");
                } else {
                    tracing::info!(call, shop_id, order_id, codes, %refusal, "refused");
                }
                refuse(&list, self.style)
            }
        }
    }

    /// Notes the call for people who look at the transaction's story. Of whoever could not name the shop's password nothing
    /// is noted.
    fn note(&self, at: Millis, shop_id: ShopId, access_id: AccessId, refusal: Option<&Refusal>) {
        if matches!(refusal, Some(Refusal::ShopUnknown)) {
            return;
        }
        let gateway = &self.app.gateway;
        let codes: Vec<_> = refusal.iter().flat_map(|refusal| refusal.codes()).take(NOTED_CODES_MAX).collect();
        gateway.store().note(Note::Call(CallNote {
            at,
            took_ms: gateway.clock().now().since(at),
            access_id,
            shop_id,
            call: self.call.name(),
            codes: codes.iter().map(|code| code.as_str()).collect::<Vec<_>>().join("|"),
            caller: self.caller,
        }));
    }

    /// A place to work in, for whoever is a shop; none is needed to be told that one's parameters are at fault. A wrong
    /// password and one too many get the same answer on the same way, so nobody learns which it was.
    async fn place_for(&self, credentials: Option<&Credentials>) -> Result<Option<Place>, Refusal> {
        let gateway = &self.app.gateway;
        let Some(Credentials { shop_id, shop_pass }) = credentials else { return Ok(None) };
        let Some(shop) = gateway.shops().get(shop_id) else { return Err(Refusal::ShopUnknown) };
        let right = shop.settings.accepts_pass(shop_pass.expose_secret());
        match self.app.guesses.judge(shop_id.as_str(), self.caller, right, gateway.clock().now()) {
            Judgement::Right => self.app.places.take(shop_id).await.map(Some).ok_or(Refusal::Crowded),
            Judgement::Wrong => Err(Refusal::ShopUnknown),
            Judgement::TooMany => {
                tracing::warn!(%shop_id, "too many wrong passwords from one address within a minute");
                Err(Refusal::ShopUnknown)
            }
        }
    }
}

/// The transaction that a request names, and the shop that it says it is.
fn named<T>(reading: &Reading<T>) -> Option<(ShopId, AccessId)> {
    match (&reading.credentials, &reading.access) {
        (Some(credentials), Access::Pair(pair)) => Some((credentials.shop_id.clone(), pair.access_id.clone())),
        _ => None,
    }
}

/// The call and style that a path's last part names; where the style is unknown, the answer is a form line.
fn parse_name(name: &str) -> (Option<Call>, Style) {
    let Some((stem, suffix)) = name.rsplit_once('.') else { return (None, Style::IdPass) };
    match Style::from_suffix(suffix) {
        Some(style) => (Call::from_name(stem), style),
        None => (None, Style::IdPass),
    }
}

pub(super) fn refuse(codes: &[ErrInfo], style: Style) -> Response {
    let status = match style {
        Style::IdPass => StatusCode::OK,
        Style::Json => json_status(codes),
    };
    answer(status, style, protocol::errors(codes, style))
}

fn json_status(codes: &[ErrInfo]) -> StatusCode {
    codes.first().map_or(StatusCode::INTERNAL_SERVER_ERROR, |code| json_status_of(*code))
}

/// The status of a `.json` answer whose first error is `code` (psp-protocol 2.4).
pub(super) fn json_status_of(code: ErrInfo) -> StatusCode {
    match code.class() {
        ErrClass::Input => StatusCode::BAD_REQUEST,
        ErrClass::Provider => StatusCode::BAD_GATEWAY,
        ErrClass::Busy | ErrClass::NotServed => StatusCode::OK,
        ErrClass::System => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn answer(status: StatusCode, style: Style, body: Vec<u8>) -> Response {
    (status, [(CONTENT_TYPE, style.content_type()), (CACHE_CONTROL, "no-store")], body).into_response()
}
