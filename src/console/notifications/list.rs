//! The queue and what became of it, by pages; and one notification with its attempts.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::{App, Asked, Failure, Frame, Staff, words};
use crate::console::paging::Paging;
use crate::domain::{Millis, Right};
use crate::protocol::Language;
use crate::store::AttemptRecord;
use crate::store::overview::{Cursor, Few, NotificationLine, NotificationSeen, NotificationState};

/// Notifications on a page.
const LINES: u32 = 50;

#[derive(Template)]
#[template(path = "console/notifications/list.html")]
struct ListPage {
    frame: Frame,
    lines: Vec<Line>,
    states: Vec<(&'static str, &'static str)>,
    state: String,
    shops: Vec<String>,
    shop: String,
    may_act: bool,
    paging: Paging,
}

/// A notification, as a template reads it.
pub(super) struct Line {
    pub(super) id: String,
    pub(super) access_id: String,
    pub(super) order: String,
    pub(super) shop: String,
    pub(super) created_at: Millis,
    pub(super) state: &'static str,
    pub(super) class: &'static str,
    pub(super) attempts: i64,
    pub(super) next_at: Option<Millis>,
    pub(super) behind: bool,
    /// Nothing is under way or due: it can be sent again.
    pub(super) is_at_rest: bool,
}

impl Line {
    pub(super) fn of(line: &NotificationLine, now: Millis, language: Language) -> Self {
        let (state, class) = words::notification_state(line.state, language);
        Self {
            id: line.id.clone(),
            access_id: line.access_id.to_string(),
            order: line.order_id.to_string(),
            shop: line.shop_id.to_string(),
            created_at: line.created_at,
            state,
            class,
            attempts: line.attempts,
            next_at: line.next_at,
            behind: line.behind,
            is_at_rest: line.state != NotificationState::Pending || line.next_at.is_some_and(|at| at > now),
        }
    }
}

#[derive(Template)]
#[template(path = "console/notifications/one.html")]
struct OnePage {
    frame: Frame,
    line: Line,
    url: String,
    fields: Vec<(String, String)>,
    attempts: Vec<Attempt>,
    may_act: bool,
}

/// An attempt, as a template reads it.
struct Attempt {
    number: i64,
    at: Millis,
    took: String,
    status: String,
    answer: String,
}

impl Attempt {
    fn of(record: &AttemptRecord, language: Language) -> Self {
        Self {
            number: record.number,
            at: record.at,
            took: words::grouped(record.took_ms),
            status: record.http_status.map_or_else(|| "–".to_owned(), |status| status.to_string()),
            answer: match record.failure {
                Some(failure) => words::no_answer(failure, language).to_owned(),
                None => record.answer.clone(),
            },
        }
    }
}

pub(super) async fn show(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    let scope = staff.scope_of(asked.field("shop"))?;
    let state = NotificationState::of_word(asked.field("state"));
    let after = asked.field("after").parse::<Cursor>().ok();
    let found = console.overview().notifications(&scope, state, after, LINES).await?;
    let (language, shop) = (asked.language, asked.field("shop").to_owned());
    let state = state.map_or("", NotificationState::word).to_owned();
    let mut conditions = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("state", &state), ("shop", &shop)].into_iter().filter(|(_, value)| !value.is_empty()) {
        conditions.append_pair(name, value);
    }
    let next = found.next.as_ref().map(Cursor::to_string);
    let mut frame = Frame::of(Some(&staff), &asked);
    frame = match asked.field("sent").parse::<u32>() {
        Ok(0) => frame.saying(false, nothing_sent(&asked)),
        Ok(count) => frame.saying(true, sent(count, &asked)),
        Err(_) => frame,
    };
    let page = ListPage {
        frame,
        lines: found.rows.iter().map(|line| Line::of(line, console.now(), language)).collect(),
        states: NotificationState::ALL.map(|one| (one.word(), words::notification_state(one, language).0)).into(),
        state,
        shops: console.shops_in(staff.scope()),
        shop,
        may_act: staff.may(Right::Act),
        paging: Paging::of(&asked, "/console/notifications", &conditions.finish(), "after", next),
    };
    asked.page(&page)
}

pub(super) async fn one(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(notification): Path<String>,
) -> Result<Response, Failure> {
    let seen = found(&console, &staff, &notification).await?;
    let mut frame = Frame::of(Some(&staff), &asked);
    match asked.field("sent") {
        "1" => {
            let text = asked.t("再送待ちにしました。まもなく送信されます。", "It is due again, and sent in a moment.");
            frame = frame.saying(true, text);
        }
        "0" => frame = frame.saying(false, nothing_sent(&asked)),
        _ => {}
    }
    let fields = url::form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect();
    let page = OnePage {
        frame,
        line: Line::of(&seen.line, console.now(), asked.language),
        url: without_query(&seen.url),
        fields,
        attempts: seen.attempts.iter().map(|record| Attempt::of(record, asked.language)).collect(),
        may_act: staff.may(Right::Act),
    };
    asked.page(&page)
}

/// How many a form made due, and how many it left because there were too many.
fn sent(count: u32, asked: &Asked) -> String {
    let said = format!("{}: {count}", asked.t("再送待ちにした結果通知", "Notifications to be sent again"));
    let Ok(left @ 1..) = asked.field("left").parse::<i64>() else { return said };
    let more = if left >= Few::<()>::COUNT_MAX { "+" } else { "" };
    let text = asked.t(
        "一度に再送できる上限です。残りは同じ操作をもう一度行ってください。断念した残り",
        "That is as many as go at a time; please do the same again for the rest. Given up and left",
    );
    format!("{said} – {text}: {left}{more}")
}

/// That a form made nothing due.
fn nothing_sent(asked: &Asked) -> &str {
    asked.t(
        "何も行いませんでした: 送信中か、表示後にすでに送信されています。下の状態を確かめてください。",
        "Nothing was done: it is on its way, or was sent since it was shown. Please see below how it stands.",
    )
}

/// The notification of this id, if it is in scope.
pub(super) async fn found(console: &App, staff: &Staff, id: &str) -> Result<NotificationSeen, Failure> {
    console.overview().notification(staff.scope(), id).await?.ok_or_else(Failure::not_found)
}

/// An address without what may be a shop's own secret.
pub(in crate::console) fn without_query(url: &str) -> String {
    match url.split_once('?') {
        Some((before, _)) => format!("{before}?…"),
        None => url.to_owned(),
    }
}
