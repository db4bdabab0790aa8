//! Consents: the charge permissions of buyers, what each still allows, what was charged on it, and its end.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::paging::Paging;
use super::route::{Nav, Needs, Room, get, post};
use super::transactions::{Line, Undone, why};
use super::words;
use super::{App, Asked, Failure, Frame, Staff};
use crate::domain::{ChargePermissionId, Right, ShopId};
use crate::flow::ByHandError;
use crate::protocol::{ChargePermissionReply, Language};
use crate::store::AuditEntry;
use crate::store::overview::{Cursor, Page, TransactionLine};

const LOOK: Needs = Needs::Right(Right::Look);
const ACT: Needs = Needs::Right(Right::Act);
/// Lines on a page.
const LINES: u32 = 50;

pub(super) fn room() -> Room {
    Room {
        nav: Some(Nav { path: "/console/consents", ja: "同意", en: "Consents", needs: LOOK }),
        entries: vec![
            get("/console/consents", LOOK, list),
            get("/console/consents/{permission}", LOOK, one),
            get("/console/consents/{permission}/close", ACT, ask),
            post("/console/consents/{permission}/close", ACT, close),
        ],
    }
}

#[derive(Template)]
#[template(path = "console/consents/list.html")]
struct ListPage {
    frame: Frame,
    lines: Vec<Line>,
    shops: Vec<String>,
    shop: String,
    wanted: String,
    paging: Paging,
}

#[derive(Template)]
#[template(path = "console/consents/one.html")]
struct OnePage {
    frame: Frame,
    permission: String,
    shop: String,
    /// What Amazon says of it now; what it said instead where it could not be asked.
    at_amazon: Result<AtAmazon, String>,
    may_close: bool,
    lines: Vec<Line>,
    paging: Paging,
}

struct AtAmazon {
    status: String,
    class: &'static str,
    reason: String,
    limit: String,
    balance: String,
}

#[derive(Template)]
#[template(path = "console/consents/close.html")]
struct ClosePage {
    frame: Frame,
    permission: String,
    shop: String,
}

async fn list(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    let wanted = asked.field("permission");
    if let Ok(permission) = ChargePermissionId::new(wanted) {
        return Ok(asked.to(&format!("/console/consents/{permission}")));
    }
    let scope = staff.scope_of(asked.field("shop"))?;
    let after = asked.field("after").parse::<Cursor>().ok();
    let page = console.overview().consents(&scope, after, LINES).await?;
    let shop = asked.field("shop").to_owned();
    let conditions = if shop.is_empty() { String::new() } else { format!("shop={shop}") };
    let next = page.next.as_ref().map(Cursor::to_string);
    let (paging, lines) =
        (Paging::of(&asked, "/console/consents", &conditions, "after", next), lines(page, asked.language));
    let mut frame = Frame::of(Some(&staff), &asked);
    if !wanted.is_empty() {
        frame = frame.saying(
            false,
            asked.t(
                "Charge Permission IDは S03-1234567-1234567 の形です。",
                "A charge permission is written S03-1234567-1234567.",
            ),
        );
    }
    let shops = console.shops_in(staff.scope());
    asked.page(&ListPage { frame, lines, shops, shop, wanted: wanted.to_owned(), paging })
}

fn lines(page: Page<TransactionLine>, language: Language) -> Vec<Line> {
    page.rows.into_iter().map(|line| Line::of(line, language)).collect()
}

/// A permission in scope: its shop, and the transactions on it.
struct Found {
    permission: ChargePermissionId,
    shop: ShopId,
    page: Page<TransactionLine>,
}

async fn found(console: &App, staff: &Staff, permission: &str, after: Option<Cursor>) -> Result<Found, Failure> {
    let permission = ChargePermissionId::new(permission).map_err(|_| Failure::not_found())?;
    let overview = console.overview();
    let first = overview.on_permission(staff.scope(), &permission, None, 1).await?;
    let shop = first.rows.into_iter().next().ok_or_else(Failure::not_found)?.shop_id;
    let page = overview.on_permission(staff.scope(), &permission, after, LINES).await?;
    Ok(Found { permission, shop, page })
}

async fn one(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(permission): Path<String>,
) -> Result<Response, Failure> {
    let notice = match asked.field("done") {
        "close" => Some((true, asked.t("同意を終了しました。", "The consent is closed.").to_owned())),
        _ => None,
    };
    one_with(&console, &staff, &asked, &permission, notice, StatusCode::OK).await
}

async fn one_with(
    console: &App,
    staff: &Staff,
    asked: &Asked,
    permission: &str,
    notice: Option<(bool, String)>,
    status: StatusCode,
) -> Result<Response, Failure> {
    let after = asked.field("after").parse::<Cursor>().ok();
    let Found { permission, shop, page } = found(console, staff, permission, after).await?;
    let language = asked.language;
    let told = console.gateway().permission_by_hand(&shop, permission.clone()).await;
    let may_close = staff.may(Right::Act) && told.as_ref().is_ok_and(|told| told.status != "Closed");
    let mut frame = Frame::of(Some(staff), asked);
    if let Some((is_good, text)) = notice {
        frame = frame.saying(is_good, text);
    }
    let next = page.next.as_ref().map(Cursor::to_string);
    let paging = Paging::of(asked, &format!("/console/consents/{permission}"), "", "after", next);
    let page = OnePage {
        frame,
        permission: permission.to_string(),
        shop: shop.to_string(),
        at_amazon: told
            .map(|told| AtAmazon::of(&told, language))
            .map_err(|error| why(&Undone::before_anything(error), asked)),
        may_close,
        lines: lines(page, language),
        paging,
    };
    asked.page_with(status, &page)
}

impl AtAmazon {
    fn of(told: &ChargePermissionReply, language: Language) -> Self {
        let yen = |amount: Option<crate::domain::Yen>| {
            amount.map_or_else(|| "–".to_owned(), |amount| words::yen(amount.get(), language))
        };
        let class = match told.status.as_str() {
            "Chargeable" => "good",
            "Closed" => "",
            _ => "open",
        };
        Self {
            status: told.status.clone(),
            class,
            reason: told.reason_code.clone(),
            limit: yen(told.amount_limit),
            balance: yen(told.amount_balance),
        }
    }
}

async fn ask(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(permission): Path<String>,
) -> Result<Response, Failure> {
    let found = found(&console, &staff, &permission, None).await?;
    let frame = Frame::of(Some(&staff), &asked);
    asked.page(&ClosePage { frame, permission: found.permission.to_string(), shop: found.shop.to_string() })
}

async fn close(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(permission): Path<String>,
) -> Result<Response, Failure> {
    let found = found(&console, &staff, &permission, None).await?;
    let closing = Closing { console: console.clone(), staff, shop: found.shop, permission: found.permission };
    let staff = closing.staff.clone();
    let done = match console.gateway().detached(closing.clone().perform()).await {
        Ok(done) => done,
        Err(refusal) => Err(closing.undone(refusal.into()).await),
    };
    match done {
        Ok(()) => Ok(asked.to(&format!("/console/consents/{permission}?done=close"))),
        Err(undone) => {
            let notice = Some((false, why(&undone, &asked)));
            one_with(&console, &staff, &asked, &permission, notice, StatusCode::CONFLICT).await
        }
    }
}

/// Closing a consent, between two lines of the audit log as any act is (`transactions::deed`).
#[derive(Clone)]
struct Closing {
    console: App,
    staff: Staff,
    shop: ShopId,
    permission: ChargePermissionId,
}

impl Closing {
    async fn perform(self) -> Result<(), Undone> {
        let gateway = self.console.gateway();
        let before = gateway.permission_by_hand(&self.shop, self.permission.clone()).await.map(|told| told.status).ok();
        let before = json!({ "status": before });
        let line = self.line("consent.close.asked", None, before.clone());
        self.console.book().append(line).await.map_err(Undone::before_anything)?;

        let done = match gateway.close_by_hand(&self.shop, self.permission.clone()).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.undone(error).await),
        };
        let after = match &done {
            Ok(()) => json!({ "status": "Closed", "outcome": "done" }),
            Err(undone) => {
                let mut after = undone.told();
                after["status"] = before["status"].clone();
                after
            }
        };
        self.console.note(self.line("consent.close", Some(before), after)).await;
        done
    }

    /// What is known of it now: the intent, if there is one, is with the transaction that the permission is told by.
    async fn undone(&self, error: ByHandError) -> Undone {
        let store = self.console.gateway().store();
        let is_open = match store.transaction_of_permission(&self.shop, &self.permission).await {
            Ok(Some(transaction)) => self.console.has_open_intent(&transaction.access_id).await,
            Ok(None) => false,
            Err(error) => {
                tracing::error!(%error, permission = %self.permission, "whether an outcome is known cannot be read");
                true
            }
        };
        Undone { error, is_open }
    }

    fn line(&self, act: &'static str, before: Option<Value>, after: Value) -> AuditEntry {
        AuditEntry {
            at: self.console.now(),
            by: self.staff.by(),
            act,
            shop: Some(self.shop.clone()),
            subject: self.permission.to_string(),
            before,
            after: Some(after),
        }
    }
}
