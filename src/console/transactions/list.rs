//! The list of transactions, by pages.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::search::{Faults, Typed};
use super::{App, Asked, Failure, Frame, Staff, words};
use crate::console::paging::Paging;
use crate::console::words::StatusTag;
use crate::domain::{Millis, Status};
use crate::protocol::Language;
use crate::store::overview::{Cursor, Sort, TransactionLine};

/// Transactions on a page.
const LINES: u32 = 50;

#[derive(Template)]
#[template(path = "console/transactions/list.html")]
struct ListPage {
    frame: Frame,
    typed: Typed,
    faults: Faults,
    lines: Vec<Line>,
    shops: Vec<String>,
    statuses: Vec<StatusTag>,
    sorts: [(&'static str, &'static str); 3],
    paging: Paging,
    /// The search looked through as much as one page may.
    cut_short: bool,
    export_href: String,
}

/// A transaction, as a template reads it.
pub(in crate::console) struct Line {
    pub(in crate::console) access_id: String,
    pub(in crate::console) order: String,
    pub(in crate::console) shop: String,
    pub(in crate::console) status: StatusTag,
    pub(in crate::console) created_at: Millis,
    pub(in crate::console) total: String,
    /// What was given back of it; empty where nothing was.
    pub(in crate::console) cancelled: String,
    pub(in crate::console) permission: String,
    pub(in crate::console) err_info: String,
}

impl Line {
    pub(in crate::console) fn of(line: TransactionLine, language: Language) -> Self {
        let cancelled = line.cancelled.total().get();
        Self {
            access_id: line.access_id.to_string(),
            order: line.order_id.to_string(),
            shop: line.shop_id.to_string(),
            status: StatusTag::of(line.status, language),
            created_at: line.created_at,
            total: words::yen(line.money.total().get(), language),
            cancelled: if cancelled == 0 { String::new() } else { words::yen(cancelled, language) },
            permission: line.permission.map(String::from).unwrap_or_default(),
            err_info: line.err_info.unwrap_or_default(),
        }
    }
}

pub(super) async fn show(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    let typed = Typed::of(&asked);
    let after = asked.field("after").parse::<Cursor>().ok();
    let (language, read) = (asked.language, typed.read(&staff, &asked)?);
    let mut page = ListPage {
        frame: Frame::of(Some(&staff), &asked),
        faults: Faults::default(),
        lines: Vec::new(),
        shops: console.shops_in(staff.scope()),
        statuses: Status::ALL.iter().map(|status| StatusTag::of(*status, language)).collect(),
        sorts: Sort::ALL.map(|sort| (sort.word(), sort_label(sort, language))),
        paging: Paging::default(),
        cut_short: false,
        export_href: format!("/console/transactions/export?{}", typed.query(&[])),
        typed,
    };
    match read {
        Err(faults) => {
            page.faults = faults;
            asked.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Ok(wanted) => {
            let found =
                console.overview().transactions(&wanted.scope, &wanted.search, wanted.sort, after, LINES).await?;
            let next = found.next.map(|next| next.to_string());
            page.paging = Paging::of(&asked, "/console/transactions", &page.typed.query(&[]), "after", next);
            page.cut_short = found.cut_short;
            page.lines = found.rows.into_iter().map(|line| Line::of(line, language)).collect();
            asked.page(&page)
        }
    }
}

const fn sort_label(sort: Sort, language: Language) -> &'static str {
    match sort {
        Sort::Newest => language.pick("新しい順", "Newest first"),
        Sort::Oldest => language.pick("古い順", "Oldest first"),
        Sort::Largest => language.pick("金額の大きい順", "Largest amount first"),
    }
}
