//! Sending again: one, those that were picked, or everything that was given up for a shop. What is on its way, or was sent
//! since it was shown, is left alone, so a form that is sent twice sends nothing twice.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use super::list::{Line, found, without_query};
use super::{App, Asked, Failure, Frame, Staff};
use crate::domain::{Scope, ShopId};
use crate::store::overview::NotificationState;
use crate::store::{AuditEntry, Resend, Resent};

/// How many are made due in one commit, so that payments need not wait for a large re-send.
const BATCH: u32 = 200;
/// The most that one page offers to pick.
const PICKED_MAX: usize = 100;

#[derive(Template)]
#[template(path = "console/notifications/resend.html")]
struct ResendPage {
    frame: Frame,
    lines: Vec<Line>,
    /// Where each goes; for one.
    url: String,
    /// Everything that was given up for this shop; empty where some were picked.
    given_up_of: String,
    action: String,
    back: String,
}

pub(super) async fn ask(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(notification): Path<String>,
) -> Result<Response, Failure> {
    let seen = found(&console, &staff, &notification).await?;
    let page = ResendPage {
        frame: Frame::of(Some(&staff), &asked),
        lines: vec![Line::of(&seen.line, console.now(), asked.language)],
        url: without_query(&seen.url),
        given_up_of: String::new(),
        action: format!("/console/notifications/{notification}/resend"),
        back: format!("/console/notifications/{notification}"),
    };
    asked.page(&page)
}

pub(super) async fn send(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(notification): Path<String>,
) -> Result<Response, Failure> {
    let seen = found(&console, &staff, &notification).await?;
    let picked = asked.field("pick").to_owned();
    let attempts = attempts_in(&picked, &seen.line.id).ok_or_else(Failure::not_found)?;
    let what = Resend::One { id: seen.line.id, attempts };
    let sent = send_again(&console, &staff, what, &seen.line.shop_id).await?;
    Ok(asked.to(&format!("/console/notifications/{notification}?sent={sent}")))
}

pub(super) async fn ask_many(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    let given_up_of = asked.field("given_up_of").to_owned();
    let mut lines = Vec::new();
    if !given_up_of.is_empty() {
        let scope = staff.scope_of(&given_up_of)?;
        let state = Some(NotificationState::GivenUp);
        let page = console.overview().notifications(&scope, state, None, BATCH).await?;
        lines.extend(page.rows.iter().map(|line| Line::of(line, console.now(), asked.language)));
    }
    for picked in asked.all("pick").take(PICKED_MAX) {
        let id = picked.split(':').next().unwrap_or_default();
        let seen = found(&console, &staff, id).await?;
        lines.push(Line::of(&seen.line, console.now(), asked.language));
    }
    let page = ResendPage {
        frame: Frame::of(Some(&staff), &asked),
        lines,
        url: String::new(),
        given_up_of,
        action: "/console/notifications/resend".to_owned(),
        back: "/console/notifications".to_owned(),
    };
    asked.page(&page)
}

pub(super) async fn send_many(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    let given_up_of = asked.field("given_up_of");
    let mut sent = 0;
    if given_up_of.is_empty() {
        for picked in asked.all("pick").take(PICKED_MAX) {
            let id = picked.split(':').next().unwrap_or_default();
            let seen = found(&console, &staff, id).await?;
            let attempts = attempts_in(picked, &seen.line.id).ok_or_else(Failure::not_found)?;
            let what = Resend::One { id: seen.line.id, attempts };
            sent += send_again(&console, &staff, what, &seen.line.shop_id).await?;
        }
    } else {
        let Scope::Shop(shop) = staff.scope_of(given_up_of)? else { return Err(Failure::not_found()) };
        loop {
            let what = Resend::GivenUpOf { shop_id: shop.clone() };
            let count = send_again(&console, &staff, what, &shop).await?;
            sent += count;
            if count < BATCH {
                break;
            }
        }
    }
    Ok(asked.to(&format!("/console/notifications?sent={sent}")))
}

/// The attempts that the page showed beside this id.
fn attempts_in(picked: &str, id: &str) -> Option<i64> {
    picked.strip_prefix(id)?.strip_prefix(':')?.parse().ok()
}

/// Makes them due, wakes the notifier, and writes who wanted it; answers how many it was.
async fn send_again(console: &App, staff: &Staff, what: Resend, shop: &ShopId) -> Result<u32, Failure> {
    let resent = console.gateway().resend_by_hand(what, BATCH).await?;
    for one in &resent {
        console.book().append(entry(console, staff, shop, one)).await?;
    }
    Ok(u32::try_from(resent.len()).unwrap_or(u32::MAX))
}

fn entry(console: &App, staff: &Staff, shop: &ShopId, resent: &Resent) -> AuditEntry {
    AuditEntry {
        at: console.now(),
        by: staff.by(),
        act: "notification.resend",
        shop: Some(shop.clone()),
        subject: resent.id.clone(),
        before: Some(json!({ "state": resent.was, "attempts": resent.attempts })),
        after: Some(json!({ "state": "PENDING", "attempts": resent.attempts })),
    }
}
