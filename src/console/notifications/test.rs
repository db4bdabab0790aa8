//! A test notification: whether a shop's server can be reached and answers as it should, without any transaction.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::list::without_query;
use super::{App, Asked, Failure, Frame, Staff};
use crate::domain::{Scope, ShopId};
use crate::notify::ShopAnswer;
use crate::store::{AuditEntry, By};

#[derive(Template)]
#[template(path = "console/notifications/test.html")]
struct TestPage {
    frame: Frame,
    shops: Vec<Target>,
    answer: Option<Answer>,
}

/// A shop and where its notifications go.
struct Target {
    shop: String,
    /// Empty where it wants none.
    url: String,
    is_chosen: bool,
}

struct Answer {
    received: bool,
    status: String,
    text: String,
}

/// What came of a test.
enum Came {
    /// None was asked for.
    Nothing,
    /// It could not be sent, for this reason.
    NotSent(&'static str, &'static str),
    Answer(ShopAnswer),
}

pub(super) async fn ask(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    page(&console, &staff, &asked, Came::Nothing)
}

pub(super) async fn send(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    let chosen = match staff.scope() {
        Scope::Shop(own) if asked.field("shop").is_empty() => own.clone(),
        _ => match staff.scope_of(asked.field("shop"))? {
            Scope::Shop(shop) => shop,
            Scope::EveryShop => {
                let none = Came::NotSent(
                    "店舗を選んでください。何も送っていません。",
                    "Please choose a shop. Nothing was sent.",
                );
                return page(&console, &staff, &asked, none);
            }
        },
    };
    let shop = console.gateway().shops().get(&chosen).ok_or_else(Failure::not_found)?;
    let (sender, by) = (console.clone(), staff.by());
    let answered = console.to_its_end(async move {
        let answered = sender.notices().test(&shop).await;
        if let Some(answered) = &answered {
            sender.note(entry(&sender, by, chosen, answered)).await;
        }
        Ok(answered)
    });
    let came = answered.await?.map_or(
        Came::NotSent(
            "この店舗には通知先がないため、何も送っていません。shops.toml の notify_url を設定し、再読み込みしてからお試しください。",
            "This shop has no address for notifications, so nothing was sent. Please give it a notify_url in shops.toml, have that read again, and try anew.",
        ),
        Came::Answer,
    );
    page(&console, &staff, &asked, came)
}

fn entry(console: &App, by: By, shop: ShopId, answered: &ShopAnswer) -> AuditEntry {
    AuditEntry {
        at: console.now(),
        by,
        act: "notification.test",
        subject: shop.to_string(),
        shop: Some(shop),
        before: None,
        after: Some(json!({ "http_status": answered.http_status, "received": answered.received })),
    }
}

fn page(console: &App, staff: &Staff, asked: &Asked, came: Came) -> Result<Response, Failure> {
    let shops = console.gateway().shops().iter().filter(|shop| staff.scope().sees(&shop.id));
    let target = |shop: std::sync::Arc<crate::flow::Shop>| Target {
        shop: shop.id.to_string(),
        url: shop.settings.notify_url.as_deref().map(without_query).unwrap_or_default(),
        is_chosen: shop.id.as_str() == asked.field("shop"),
    };
    let mut frame = Frame::of(Some(staff), asked);
    let mut status = StatusCode::OK;
    let answer = match came {
        Came::Nothing => None,
        Came::NotSent(ja, en) => {
            (frame, status) = (frame.saying(false, asked.t(ja, en)), StatusCode::UNPROCESSABLE_ENTITY);
            None
        }
        Came::Answer(answered) => Some(Answer {
            received: answered.received,
            status: answered.http_status.map_or_else(|| "–".to_owned(), |status| format!("HTTP {status}")),
            text: answered.text,
        }),
    };
    if let Some(answer) = &answer {
        frame = if answer.received {
            frame.saying(
                true,
                asked.t(
                    "店舗のサーバーは受領しました（HTTP 200、本文 0）。",
                    "The shop’s server has it: HTTP 200 and the body 0.",
                ),
            )
        } else {
            frame.saying(
                false,
                asked.t(
                    "店舗のサーバーは受領しませんでした。HTTP 200で本文 0 を返す必要があります。",
                    "The shop’s server did not take it. It has to answer HTTP 200 with the body 0.",
                ),
            )
        };
    }
    asked.page_with(status, &TestPage { frame, shops: shops.map(target).collect(), answer })
}
