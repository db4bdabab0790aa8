//! `/checkout/identify`: sign-in without a purchase. The buyer picks who they are and goes back to the shop with a
//! `buyerToken`.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use crate::sandbox::Sandbox;
use crate::sandbox::buyer::answer::{Frame, Message, Visit, refused};
use crate::sandbox::buyers::Buyers;
use crate::sandbox::ledger::BuyerError;

/// `GET /checkout/identify?signInId=…`
pub(super) async fn page(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    let waiting = sandbox.ledger().waiting_sign_in(visit.field("signInId")).cloned();
    match waiting {
        Ok(sign_in) => {
            let merchant = sandbox.merchant(&sign_in.merchant_id).map(|merchant| merchant.name.clone());
            let page = IdentifyPage {
                frame: visit.frame(),
                sign_in_id: sign_in.id,
                merchant: merchant.unwrap_or(sign_in.merchant_id),
                buyers: sandbox.ledger().buyers().clone(),
            };
            visit.page(StatusCode::OK, &page)
        }
        Err(error) => refused(&visit, &sandbox, &error),
    }
}

/// `POST /checkout/identify`: `buyer`, `action` = `sign-in` or `cancel`.
pub(super) async fn identify(
    State(sandbox): State<Arc<Sandbox>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let visit = Visit::post(&uri, &headers, &body);
    match visit.field("action") {
        "sign-in" => {
            let done = sandbox.ledger().introduce(visit.field("signInId"), visit.field("buyer"));
            match done {
                Ok(url) => visit.see_other(&url),
                Err(BuyerError::UnknownBuyer(_)) => unknown_buyer(&visit, visit.field("signInId")),
                Err(error) => refused(&visit, &sandbox, &error),
            }
        }
        "cancel" => {
            let title = visit.lang.pick("取り消しました", "Cancelled");
            let text = visit.lang.pick(
                "お店には何も知らされていません。このページを閉じてください。",
                "The shop was told nothing. Please close this page.",
            );
            visit.message(&Message::plain(StatusCode::OK, title, text, ""))
        }
        other => {
            let title = visit.lang.pick("操作を理解できませんでした", "That was not understood");
            let text = visit.lang.pick("前のページに戻ってやりなおしてください。", "Please go back and try again.");
            let detail = format!("action must be one of sign-in, cancel, not {other:?}");
            visit.message(&Message::plain(StatusCode::BAD_REQUEST, title, text, &detail))
        }
    }
}

fn unknown_buyer(visit: &Visit, id: &str) -> Response {
    let title = visit.lang.pick("選択が正しくありません", "That is not on the list");
    let text = visit.lang.pick("一覧から選んでください。", "Please choose from the list.");
    let message = Message::plain(StatusCode::BAD_REQUEST, title, text, "");
    let again = visit.lang.pick("選びなおす", "Choose again");
    visit.message(&message.leading_to(format!("/checkout/identify?signInId={id}"), again))
}

#[derive(Template)]
#[template(path = "sandbox/identify.html")]
struct IdentifyPage {
    frame: Frame,
    sign_in_id: String,
    merchant: String,
    buyers: Buyers,
}
