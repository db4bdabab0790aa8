//! `/account`: the buyer's own page at Amazon, apart from any shop: the charge permissions they gave, each with its
//! state, another card for it, and a way to withdraw it.
//!
//! As everywhere in the sandbox a buyer is believed who they say they are.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use crate::sandbox::Sandbox;
use crate::sandbox::buyer::answer::{Frame, Message, Visit};
use crate::sandbox::buyer::steps::unknown_action;
use crate::sandbox::buyer::{consent, money};
use crate::sandbox::buyers::{Buyer, Buyers, Instrument};
use crate::sandbox::error::ApiError;
use crate::sandbox::ledger::{ChargePermission, Ledger, PermissionReason, PermissionState, PermissionType};

/// `GET /account`: who are you? With `buyer=…`: that buyer's permissions, newest first.
pub(super) async fn page(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    let ledger = sandbox.ledger();
    let buyers = ledger.buyers().clone();
    match (visit.field("buyer"), buyers.find(visit.field("buyer"))) {
        ("", _) => visit.page(StatusCode::OK, &WhoPage { frame: visit.frame(), buyers }),
        (_, Some(buyer)) => {
            let given = ledger.charge_permissions().filter(|permission| permission.party.buyer.id == buyer.id);
            let mut permissions: Vec<Given> = given.map(|one| Given::of(&visit, &sandbox, &ledger, one)).collect();
            permissions.reverse();
            let page = AccountPage { frame: visit.frame(), buyer: Arc::clone(buyer), permissions };
            visit.page(StatusCode::OK, &page)
        }
        (unknown, None) => not_found(&visit, &format!("there is no buyer {unknown}")),
    }
}

/// `POST /account`: `buyer`, `chargePermissionId`, `action` = `withdraw`, or `payment` with the field `payment`.
pub(super) async fn act(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let visit = Visit::post(&uri, &headers, &body);
    let (buyer, id) = (visit.field("buyer"), visit.field("chargePermissionId"));
    let mut ledger = sandbox.ledger();
    let theirs = ledger.charge_permissions().any(|one| one.id == id && one.party.buyer.id == buyer);
    if !theirs {
        return not_found(&visit, &format!("buyer {buyer} gave no charge permission {id}"));
    }
    let done: Result<(), ApiError> = match visit.field("action") {
        "withdraw" => ledger.befall(id, PermissionReason::BuyerCanceled).map(|_| ()),
        "payment" => ledger.change_payment_method(id, visit.field("payment")).map(|_| ()),
        other => return unknown_action(&visit, other, "withdraw, payment"),
    };
    match done {
        Ok(()) => visit.see_other(&format!("/account?buyer={buyer}")),
        Err(error) => not_found(&visit, &error.to_string()),
    }
}

fn not_found(visit: &Visit, detail: &str) -> Response {
    let title = visit.lang.pick("見つかりません", "Not found");
    let text = visit.lang.pick("一覧からやりなおしてください。", "Please start again from the list.");
    let message = Message::plain(StatusCode::NOT_FOUND, title, text, detail);
    visit.message(&message.leading_to("/account".to_owned(), visit.lang.pick("一覧へ", "To the list")))
}

/// A permission as its giver sees it.
struct Given {
    id: String,
    merchant: String,
    kind: &'static str,
    terms: Option<String>,
    limit: String,
    since: String,
    state: &'static str,
    reason: &'static str,
    payment: Option<&'static Instrument>,
    is_open: bool,
}

impl Given {
    fn of(visit: &Visit, sandbox: &Sandbox, ledger: &Ledger, permission: &ChargePermission) -> Self {
        let standing = ledger.standing(permission);
        let known = || sandbox.merchant(&permission.merchant_id).map(|merchant| merchant.name.clone());
        let named = permission.merchant.merchant_store_name.clone().or_else(known);
        let kind = match permission.permission_type {
            PermissionType::OneTime => visit.lang.pick("一度きりのご注文", "One order"),
            PermissionType::Recurring => visit.lang.pick("定期のお支払い", "Subscription"),
            PermissionType::PaymentMethodOnFile => visit.lang.pick("保存したお支払い方法", "Stored payment method"),
        };
        let state = match standing.state {
            PermissionState::Chargeable => visit.lang.pick("有効", "Active"),
            PermissionState::NonChargeable => visit.lang.pick("請求できません", "Cannot be charged now"),
            PermissionState::Closed => visit.lang.pick("終了", "Closed"),
        };
        Self {
            id: permission.id.clone(),
            merchant: named.unwrap_or_else(|| permission.merchant_id.clone()),
            kind,
            terms: consent::period_words(visit.lang, permission.recurring.as_ref()),
            limit: format!("{} / {}", money::shown(standing.balance), money::shown(permission.limit.amount())),
            since: day(&permission.created.jst()),
            state,
            reason: standing.reason.map_or("", PermissionReason::as_str),
            payment: permission.party.choice.as_ref().map(|choice| choice.instrument),
            is_open: standing.state != PermissionState::Closed,
        }
    }
}

/// `20261123…` as people write it.
fn day(compact: &str) -> String {
    match (compact.get(..4), compact.get(4..6), compact.get(6..8)) {
        (Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => compact.to_owned(),
    }
}

#[derive(Template)]
#[template(path = "sandbox/account_who.html")]
struct WhoPage {
    frame: Frame,
    buyers: Buyers,
}

#[derive(Template)]
#[template(path = "sandbox/account.html")]
struct AccountPage {
    frame: Frame,
    buyer: Arc<Buyer>,
    permissions: Vec<Given>,
}
