//! `GET /`: merchants, the live ledger, the clock, faults, messages and the latest requests.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::rows::{MessageRow, RequestRow, Table, moment, paging};
use crate::sandbox::Sandbox;
use crate::sandbox::api::Operation;
use crate::sandbox::control::Rule;
use crate::sandbox::control::browse::{self, Filter, MerchantLine, PAGE_MAX, said};
use crate::sandbox::desk::{Frame, Visit};
use crate::sandbox::ledger::{Ledger, ObjectKind};

/// How many requests are shown here; all of them have a page of their own.
const LATEST_REQUESTS: usize = 10;
/// The fields of the query: the filter, and where each list begins.
const FIELDS: [&str; 7] = ["merchant", "id", "sessions", "permissions", "charges", "refunds", "messages"];

/// The four tables: kind, the query's name for where it begins, and titles.
const TABLES: [(ObjectKind, &str, &str, &str); 4] = [
    (ObjectKind::CheckoutSession, "sessions", "チェックアウトセッション", "Checkout sessions"),
    (ObjectKind::ChargePermission, "permissions", "チャージパーミッション", "Charge permissions"),
    (ObjectKind::Charge, "charges", "チャージ", "Charges"),
    (ObjectKind::Refund, "refunds", "返金", "Refunds"),
];

/// The page.
pub(super) async fn page(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    let here: Vec<(&str, &str)> = FIELDS.iter().map(|name| (*name, visit.field(name))).collect();
    match gather(&sandbox, &visit, &here) {
        Ok(page) => visit.page(StatusCode::OK, &page),
        Err(why) => {
            let title = visit.lang.pick("一覧の続きが見つかりません", "There is no such page of the list");
            visit.message(StatusCode::BAD_REQUEST, title, &why)
        }
    }
}

fn gather(sandbox: &Sandbox, visit: &Visit, here: &[(&'static str, &str)]) -> Result<OverviewPage, String> {
    let ledger = sandbox.ledger();
    let tables = TABLES.iter().map(|table| table_of(&ledger, visit, table, here)).collect::<Result<_, _>>()?;
    drop(ledger);
    let (merchant, id) = (visit.field("merchant"), visit.field("id"));
    let requests =
        Filter { merchant_id: merchant.to_owned(), id: id.to_owned(), limit: LATEST_REQUESTS, ..Filter::default() };
    let before = said(visit.field("messages")).map(str::parse).transpose();
    let before = before.map_err(|_| "messages must be the number of a message".to_owned())?;
    let mut told = sandbox.ipn_messages(said(merchant), said(id), before, PAGE_MAX + 1);
    let is_last = told.len() <= PAGE_MAX;
    told.truncate(PAGE_MAX);
    let last = told.last().filter(|_| !is_last).map(|last| last.number.to_string());
    let (older_messages, newest_messages) = paging("messages", last.as_deref(), here);
    Ok(OverviewPage {
        frame: visit.frame(),
        now: moment(&sandbox.now().utc_basic()),
        ahead: ahead(sandbox.clock.offset_ms(), visit),
        faults: sandbox.faults().rules().iter().map(Rule::words).collect(),
        operations: Operation::ALL.iter().map(|operation| operation.name()).collect(),
        merchants: browse::merchants(sandbox),
        tables,
        messages: told.into_iter().map(MessageRow::of).collect(),
        older_messages,
        newest_messages,
        requests: browse::requests(sandbox, &requests)?.items.into_iter().map(RequestRow::of).collect(),
        merchant: merchant.to_owned(),
        id: id.to_owned(),
    })
}

fn table_of(
    ledger: &Ledger,
    visit: &Visit,
    (kind, key, ja, en): &(ObjectKind, &'static str, &'static str, &'static str),
    here: &[(&'static str, &str)],
) -> Result<Table, String> {
    let filter = Filter {
        merchant_id: visit.field("merchant").to_owned(),
        id: visit.field("id").to_owned(),
        before: visit.field(key).to_owned(),
        limit: PAGE_MAX,
        ..Filter::default()
    };
    let page = browse::objects(ledger, *kind, &filter)?;
    Ok(Table::of(key, visit.lang.pick(ja, en), page, here))
}

/// How far the clock is ahead, in words; nothing where it is not.
fn ahead(offset_ms: i64, visit: &Visit) -> Option<String> {
    if offset_ms <= 0 {
        return None;
    }
    let seconds = offset_ms / 1000;
    let (days, hours, minutes, seconds) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    Some(match visit.lang.code() {
        "ja" => format!("実時刻より {days} 日 {hours:02}:{minutes:02}:{seconds:02} 進んでいます"),
        _ => format!("{days} days {hours:02}:{minutes:02}:{seconds:02} ahead of the machine’s"),
    })
}

#[derive(Template)]
#[template(path = "sandbox/console/overview.html")]
struct OverviewPage {
    frame: Frame,
    now: String,
    ahead: Option<String>,
    faults: Vec<String>,
    operations: Vec<&'static str>,
    merchants: Vec<MerchantLine>,
    tables: Vec<Table>,
    messages: Vec<MessageRow>,
    older_messages: Option<String>,
    newest_messages: Option<String>,
    requests: Vec<RequestRow>,
    merchant: String,
    id: String,
}
