//! Sending again: one, those that were picked, or what was given up for a shop, a bounded number at a time. What is on its
//! way, or was sent since it was shown, is left alone, so a form that is sent twice sends nothing twice. What is begun comes to
//! its end with its line in the audit log, even if whoever asked goes away.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use super::list::{Line, found, without_query};
use super::{App, Asked, Failure, Frame, Staff};
use crate::domain::{Scope, ShopId};
use crate::store::overview::{NotificationSeen, NotificationState};
use crate::store::{AuditEntry, By, Resend, Resent};

/// How many are made due in one commit, so that payments need not wait for a large re-send.
const BATCH: u32 = 200;
/// How many of these one form makes due; whoever has more sends it again.
const BATCHES_MAX: u32 = 10;
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
    let one = picked(seen, asked.field("pick"))?;
    let sent = console.to_its_end(send_picked(console.clone(), staff.by(), vec![one])).await?;
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
    if given_up_of.is_empty() {
        let mut all = Vec::new();
        for pick in asked.all("pick").take(PICKED_MAX) {
            let id = pick.split(':').next().unwrap_or_default();
            all.push(picked(found(&console, &staff, id).await?, pick)?);
        }
        let sent = console.to_its_end(send_picked(console.clone(), staff.by(), all)).await?;
        return Ok(asked.to(&format!("/console/notifications?sent={sent}")));
    }
    let Scope::Shop(shop) = staff.scope_of(given_up_of)? else { return Err(Failure::not_found()) };
    let sent = console.to_its_end(send_given_up(console.clone(), staff.by(), shop.clone())).await?;
    if sent < BATCH * BATCHES_MAX {
        return Ok(asked.to(&format!("/console/notifications?sent={sent}")));
    }
    let left = console.overview().attention(&Scope::Shop(shop), console.now()).await?.given_up.count;
    Ok(asked.to(&format!("/console/notifications?state=GIVEN_UP&sent={sent}&left={left}")))
}

/// One that was picked, as the page showed it.
struct Picked {
    shop: ShopId,
    what: Resend,
}

/// What the form says of `seen`: its id, and the attempts that the page showed beside it.
fn picked(seen: NotificationSeen, pick: &str) -> Result<Picked, Failure> {
    let line = seen.line;
    let attempts = pick.strip_prefix(line.id.as_str()).and_then(|rest| rest.strip_prefix(':')?.parse().ok());
    let attempts = attempts.ok_or_else(Failure::not_found)?;
    Ok(Picked { shop: line.shop_id, what: Resend::One { id: line.id, attempts } })
}

/// Makes due what was picked, and writes who wanted it, a line for each shop; answers how many it was.
async fn send_picked(console: App, by: By, all: Vec<Picked>) -> Result<u32, Failure> {
    let mut sent: BTreeMap<ShopId, Vec<Resent>> = BTreeMap::new();
    let mut failed = None;
    for Picked { shop, what } in all {
        match console.gateway().resend_by_hand(what, BATCH).await {
            Ok(resent) => sent.entry(shop).or_default().extend(resent),
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    let mut count = 0;
    for (shop, resent) in sent.iter().filter(|(_, resent)| !resent.is_empty()) {
        count += resent.len();
        console.note(line(&console, &by, shop, resent)).await;
    }
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(u32::try_from(count).unwrap_or(u32::MAX)),
    }
}

/// Makes due what was given up for a shop, [`BATCHES_MAX`] batches of it at most, with a line for each batch; answers how
/// many it was.
async fn send_given_up(console: App, by: By, shop: ShopId) -> Result<u32, Failure> {
    let mut sent = 0;
    for _ in 0..BATCHES_MAX {
        let resent = console.gateway().resend_by_hand(Resend::GivenUpOf { shop_id: shop.clone() }, BATCH).await?;
        if !resent.is_empty() {
            console.note(line(&console, &by, &shop, &resent)).await;
        }
        let count = u32::try_from(resent.len()).unwrap_or(BATCH);
        sent += count;
        if count < BATCH {
            break;
        }
    }
    Ok(sent)
}

/// What was sent again: one as it stood, or the ids of many.
fn line(console: &App, by: &By, shop: &ShopId, resent: &[Resent]) -> AuditEntry {
    let (subject, before, after) = match resent {
        [one] => (
            one.id.clone(),
            Some(json!({ "state": one.was, "attempts": one.attempts })),
            json!({ "state": "PENDING", "attempts": one.attempts }),
        ),
        many => {
            let ids: Vec<_> = many.iter().map(|one| one.id.as_str()).collect();
            (shop.to_string(), None, json!({ "count": ids.len(), "notifications": ids.join(" ") }))
        }
    };
    AuditEntry {
        at: console.now(),
        by: by.clone(),
        act: "notification.resend",
        shop: Some(shop.clone()),
        subject,
        before,
        after: Some(after),
    }
}
