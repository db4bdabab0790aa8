//! A test notification: whether a shop's server can be reached and answers as it should, without any transaction.

use askama::Template;
use axum::extract::State;
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

pub(super) async fn ask(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    page(&console, &staff, &asked, None)
}

pub(super) async fn send(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    let chosen = match staff.scope() {
        Scope::Shop(own) if asked.field("shop").is_empty() => own.clone(),
        _ => match staff.scope_of(asked.field("shop"))? {
            Scope::Shop(shop) => shop,
            Scope::EveryShop => return page(&console, &staff, &asked, None),
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
    let answered = answered.await?;
    page(&console, &staff, &asked, answered)
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

fn page(console: &App, staff: &Staff, asked: &Asked, answered: Option<ShopAnswer>) -> Result<Response, Failure> {
    let shops = console.gateway().shops().iter().filter(|shop| staff.scope().sees(&shop.id));
    let target = |shop: std::sync::Arc<crate::flow::Shop>| Target {
        shop: shop.id.to_string(),
        url: shop.settings.notify_url.as_deref().map(without_query).unwrap_or_default(),
        is_chosen: shop.id.as_str() == asked.field("shop"),
    };
    let mut frame = Frame::of(Some(staff), asked);
    let answer = answered.map(|answered| Answer {
        received: answered.received,
        status: answered.http_status.map_or_else(|| "–".to_owned(), |status| format!("HTTP {status}")),
        text: answered.text,
    });
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
    asked.page(&TestPage { frame, shops: shops.map(target).collect(), answer })
}
