//! The list as a file: written while it is read, page by page, so that neither the file's length nor a slow client costs
//! memory or holds up the book. Before each page it is asked again whether whoever began it would still be let in: an account
//! that is disabled gets no more of it. How many an account may have under way is bounded (`limits`), from the first count to
//! the last byte.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse as _, Response};
use encoding_rs::SHIFT_JIS;
use futures_util::stream::unfold;

use super::search::{Typed, Wanted};
use super::{App, Asked, Failure, Frame, Staff, words};
use crate::console::limits::Turn;
use crate::domain::JapanDay;
use crate::protocol::Language;
use crate::store::overview::{Counted, Cursor, ROWS_MAX, TransactionLine};

/// How many rows the file has, where that is known: by it a script shows how far a download is.
const ROWS: HeaderName = HeaderName::from_static("sekisho-rows");

#[derive(Template)]
#[template(path = "console/transactions/export.html")]
struct OfferPage {
    frame: Frame,
    typed: Typed,
    count: String,
    counted_all: bool,
    back: String,
}

/// In which bytes a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// With a byte order mark, by which spreadsheets know it.
    Utf8,
    Windows31J,
}

impl Encoding {
    fn of(word: &str) -> Option<Self> {
        match word {
            "utf-8" => Some(Self::Utf8),
            "windows-31j" => Some(Self::Windows31J),
            _ => None,
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Utf8 => "text/csv; charset=utf-8; header=present",
            Self::Windows31J => "text/csv; charset=windows-31j; header=present",
        }
    }

    const fn mark(self) -> &'static str {
        match self {
            Self::Utf8 => "\u{FEFF}",
            Self::Windows31J => "",
        }
    }

    /// What has no place in Windows-31J becomes a question mark.
    fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Windows31J => {
                let one = |c: char| {
                    let mut buffer = [0; 4];
                    let (bytes, _, unmappable) = SHIFT_JIS.encode(c.encode_utf8(&mut buffer));
                    if unmappable { b"?".to_vec() } else { bytes.into_owned() }
                };
                text.chars().flat_map(one).collect()
            }
        }
    }
}

pub(super) async fn offer(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    let typed = Typed::of(&asked);
    let wanted = read(&typed, &staff, &asked)?;
    let turn = console.limits.heavy_work(staff.id())?;
    let counted = console.overview().count(&wanted.scope, &wanted.search).await?;
    drop(turn);
    let back = format!("/console/transactions?{}", typed.query(&[]));
    let count = words::grouped(i64::try_from(counted.found).unwrap_or(i64::MAX));
    let page = OfferPage { frame: Frame::of(Some(&staff), &asked), typed, count, counted_all: counted.all, back };
    asked.page(&page)
}

pub(super) async fn file(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    let wanted = read(&Typed::of(&asked), &staff, &asked)?;
    let encoding = Encoding::of(asked.field("encoding")).ok_or_else(unreadable)?;
    let turn = console.limits.heavy_work(staff.id())?;
    let counted = console.overview().count(&wanted.scope, &wanted.search).await?;
    let name = format!("attachment; filename=\"transactions-{}.csv\"", JapanDay::of(console.now()));
    let export = Arc::new(Export { console, staff, wanted, encoding, language: asked.language, _turn: turn });
    let body = Body::from_stream(unfold(Progress::Begin, move |progress| {
        let export = export.clone();
        async move { export.step(progress).await }
    }));
    let headers = [
        (CONTENT_TYPE, encoding.content_type()),
        (CONTENT_DISPOSITION, name.as_str()),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let mut response = (headers, body).into_response();
    if let Counted { found, all: true } = counted {
        response.headers_mut().insert(ROWS, found.into());
    }
    Ok(response)
}

fn read(typed: &Typed, staff: &Staff, asked: &Asked) -> Result<Wanted, Failure> {
    typed.read(staff, asked)?.map_err(|_| unreadable())
}

fn unreadable() -> Failure {
    Failure::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        ("検索条件を読み取れませんでした", "This search could not be read"),
        (
            "取引の一覧に戻って条件を直してください。",
            "Please go back to the list of transactions and mend the conditions.",
        ),
    )
}

/// A file that is being written.
struct Export {
    console: App,
    staff: Staff,
    wanted: Wanted,
    encoding: Encoding,
    language: Language,
    /// Kept until the last byte.
    _turn: Turn,
}

/// How far a file is.
enum Progress {
    Begin,
    /// The next page begins here.
    At(Option<Cursor>),
    End,
}

impl Export {
    /// The next piece of the file, and how far it is then. Where there is none to be had, the connection breaks, so that nobody
    /// takes half a file for a whole one.
    async fn step(&self, progress: Progress) -> Option<(Result<Vec<u8>, std::io::Error>, Progress)> {
        let after = match progress {
            Progress::Begin => {
                let head = format!("{}{}", self.encoding.mark(), row(&headings(self.language)));
                return Some((Ok(self.encoding.bytes(&head)), Progress::At(None)));
            }
            Progress::At(after) => after,
            Progress::End => return None,
        };
        let broken = |why: &str| {
            tracing::error!(why, who = %self.staff.name(), "an export ended before its time");
            Some((Err(std::io::Error::other("the rest is not to be had")), Progress::End))
        };
        match self.console.is_still_inside(&self.staff).await {
            Ok(true) => {}
            Ok(false) => return broken("whoever asked for it is not inside any more"),
            Err(error) => return broken(&error.to_string()),
        }
        let Wanted { scope, search, sort } = &self.wanted;
        match self.console.overview().transactions(scope, search, *sort, after, ROWS_MAX).await {
            Ok(page) => {
                let text: String = page.rows.iter().map(|line| row(&cells(line))).collect();
                let rest = page.next.map_or(Progress::End, |next| Progress::At(Some(next)));
                Some((Ok(self.encoding.bytes(&text)), rest))
            }
            Err(error) => broken(&error.to_string()),
        }
    }
}

const COLUMNS: usize = 13;

fn headings(language: Language) -> [String; COLUMNS] {
    let names = language.pick(
        [
            "オーダーID",
            "AccessID",
            "店舗",
            "状態",
            "処理区分",
            "利用金額",
            "税送料",
            "取消金額",
            "取消税送料",
            "登録日時",
            "処理日時",
            "Charge Permission ID",
            "エラー詳細コード",
        ],
        [
            "OrderID",
            "AccessID",
            "ShopID",
            "Status",
            "JobCd",
            "Amount",
            "Tax",
            "CancelAmount",
            "CancelTax",
            "EntryDate",
            "ProcessDate",
            "AmazonChargePermissionID",
            "ErrInfo",
        ],
    );
    names.map(str::to_owned)
}

fn cells(line: &TransactionLine) -> [String; COLUMNS] {
    [
        line.order_id.to_string(),
        line.access_id.to_string(),
        line.shop_id.to_string(),
        line.status.to_string(),
        line.job.to_string(),
        line.money.amount.to_string(),
        line.money.tax.to_string(),
        line.cancelled.amount.to_string(),
        line.cancelled.tax.to_string(),
        words::moment(line.created_at),
        words::moment(line.processed_at),
        line.permission.as_ref().map(ToString::to_string).unwrap_or_default(),
        line.err_info.clone().unwrap_or_default(),
    ]
}

fn row(cells: &[String]) -> String {
    let cells: Vec<_> = cells.iter().map(|text| cell(text)).collect();
    cells.join(",") + "\r\n"
}

/// A cell, quoted. What a spreadsheet would take for a formula gets an apostrophe before it: an order's number is the
/// shop's to choose, and may be chosen by its customer.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    format!("\"{}{}\"", if is_formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_ends_early() {
        for (text, written) in [
            ("ORDER-1", "\"ORDER-1\""),
            ("-1-2", "\"'-1-2\""),
            ("=cmd|'/c calc'!A0", "\"'=cmd|'/c calc'!A0\""),
            ("@SUM(1)", "\"'@SUM(1)\""),
            ("＝1", "\"'＝1\""),
            ("a\"b,c\r\n", "\"a\"\"b,c\r\n\""),
            ("", "\"\""),
        ] {
            assert_eq!(cell(text), written);
        }
    }

    #[test]
    fn each_encoding_writes_what_it_can() {
        assert_eq!(Encoding::Windows31J.bytes("状態é,1"), b"\x8f\xf3\x91\xd4?,1");
        assert_eq!(Encoding::Utf8.bytes("é"), "é".as_bytes());
        assert_eq!(headings(Language::Japanese).len(), headings(Language::English).len());
    }
}
