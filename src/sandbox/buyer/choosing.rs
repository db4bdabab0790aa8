//! `/checkout/choose` and `/checkout/change`: the buyer chooses where to send and what to pay with, at first both, later
//! what the shop's change button names.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use crate::sandbox::Sandbox;
use crate::sandbox::buyer::answer::{Frame, Visit, refused};
use crate::sandbox::buyer::money;
use crate::sandbox::buyer::steps::{cancel, unknown, unknown_action, unpaid};
use crate::sandbox::buyers::{Buyer, CardEffect, Instrument};
use crate::sandbox::error::Decline;
use crate::sandbox::ledger::{AfterChoice, BuyerError, Progress, Session};

/// `GET /checkout/choose?amazonCheckoutSessionId=…`
pub(super) async fn choose_page(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    choice_page(&visit, &sandbox, Change::Both)
}

/// `GET /checkout/change?amazonCheckoutSessionId=…&changeAction=changeAddress|changePayment`: the same page, for what
/// the shop's change button names.
pub(super) async fn change_page(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    match visit.field("changeAction") {
        "changeAddress" => choice_page(&visit, &sandbox, Change::Address),
        "changePayment" => choice_page(&visit, &sandbox, Change::Payment),
        other => unknown(&visit, "changeAction", other, "changeAddress, changePayment"),
    }
}

/// `POST /checkout/choose`: `address` (unless there is none to choose; several times where there may be several), `payment`,
/// `action` = `continue` or `cancel`.
pub(super) async fn choose(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let visit = Visit::post(&uri, &headers, &body);
    let id = visit.session_id();
    match visit.field("action") {
        "continue" => {
            let done = sandbox.ledger().choose(id, visit.all("address"), visit.field("payment"));
            match done {
                Ok(AfterChoice::ReviewAtShop(url)) => visit.see_other(&url),
                Ok(AfterChoice::PayHere) => visit.to_page("processing", id),
                Err(BuyerError::NotSignedIn) => visit.to_page("sign-in", id),
                Err(error) => refused(&visit, &sandbox, &error),
            }
        }
        "cancel" => cancel(&visit, &sandbox),
        other => unknown_action(&visit, other, "continue, cancel"),
    }
}

/// What the buyer came to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Both,
    Address,
    Payment,
}

/// One of the two lists on the choosing page.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Selection {
    /// There is nothing to choose.
    Hidden,
    /// As chosen before.
    Kept(Vec<String>),
    /// A list, with these entries picked.
    Open(Vec<String>),
}

impl Selection {
    /// What was chosen before, which stays so where `keeps`; else the first that there is to choose.
    fn of<'a>(chosen: impl Iterator<Item = &'a str>, first: Option<&str>, keeps: bool) -> Self {
        let chosen: Vec<String> = chosen.map(str::to_owned).collect();
        if chosen.is_empty() {
            return Self::Open(first.into_iter().map(str::to_owned).collect());
        }
        if keeps { Self::Kept(chosen) } else { Self::Open(chosen) }
    }

    /// Whether this entry is picked.
    fn holds(&self, id: &str) -> bool {
        matches!(self, Self::Kept(picked) | Self::Open(picked) if picked.iter().any(|one| one == id))
    }
}

fn choice_page(visit: &Visit, sandbox: &Sandbox, change: Change) -> Response {
    let session = match unpaid(sandbox, visit.session_id()) {
        Ok(session) => session,
        Err(error) => return refused(visit, sandbox, &error),
    };
    let Some(party) = &session.party else { return visit.to_page("sign-in", &session.id) };
    let (buyer, choice) = (Arc::clone(&party.buyer), party.choice.as_ref());
    // The shop has fixed price and shipping when it sends the buyer to pay: from there only the card can change.
    let change = if session.progress == Progress::Processing { Change::Payment } else { change };
    let page = ChoosePage {
        frame: visit.frame(),
        address: if session.needs_address() {
            Selection::of(
                choice.iter().flat_map(|choice| &choice.addresses).map(|place| place.id.as_str()),
                buyer.addresses.iter().find(|place| session.delivers_to(place)).map(|place| place.id.as_str()),
                change == Change::Payment,
            )
        } else {
            Selection::Hidden
        },
        payment: Selection::of(
            choice.iter().map(|choice| choice.instrument.id),
            buyer.instruments.first().map(|card| card.id),
            change == Change::Address,
        ),
        several: session.request.product_type.is_multi_address(),
        estimate: session.request.terms.payment.estimate_order_total.map(money::shown),
        session_id: session.id.clone(),
        session: session.clone(),
        buyer,
        change,
    };
    visit.page(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "sandbox/choose.html")]
struct ChoosePage {
    frame: Frame,
    session_id: String,
    session: Session,
    buyer: Arc<Buyer>,
    address: Selection,
    payment: Selection,
    /// Whether several addresses may be picked.
    several: bool,
    /// What the order may come to, where the shop has said it.
    estimate: Option<String>,
    change: Change,
}

impl ChoosePage {
    fn title(&self) -> &'static str {
        match self.change {
            Change::Both if self.address == Selection::Hidden => self.frame.t("お支払い方法", "Payment method"),
            Change::Both => self.frame.t("お届け先とお支払い方法", "Address and payment method"),
            Change::Address => self.frame.t("お届け先の変更", "Change the address"),
            Change::Payment => self.frame.t("お支払い方法の変更", "Change the payment method"),
        }
    }
}

/// What the test card does, for the person who tests.
pub(super) fn effect(frame: &Frame, instrument: &Instrument) -> &'static str {
    match instrument.effect {
        CardEffect::Approved => frame.t("承認されます", "is approved"),
        CardEffect::BuyerCanceled => frame.t("購入者のキャンセルになります", "ends as cancelled by the buyer"),
        CardEffect::Declined => frame.t("拒否されます", "is declined"),
        CardEffect::PendingThenAuthorized => {
            frame.t("保留、30 秒後に承認されます", "pending, approved after 30 seconds")
        }
        CardEffect::PendingThenDeclined => frame.t("保留、30 秒後に拒否されます", "pending, declined after 30 seconds"),
        CardEffect::DeclinedHere => frame.t("この画面で拒否、別のカードを選べます", "is declined here; choose another"),
        CardEffect::AsksMfa => frame.t("本人認証を求めます", "asks for a second factor"),
        CardEffect::LaterDeclined(Decline::SoftDeclined) => {
            frame.t("承認、後日の請求は一時的に拒否", "approved; later charges soft-declined")
        }
        CardEffect::LaterDeclined(Decline::HardDeclined) => {
            frame.t("承認、後日の請求でカードが無効に", "approved; later found invalid")
        }
        CardEffect::LaterDeclined(Decline::AmazonRejected) => {
            frame.t("承認、後日の請求で承諾が終了", "approved; a later charge ends the permission")
        }
        CardEffect::LaterDeclined(_) => frame.t("承認、後日の請求は時間切れ", "approved; later charges time out"),
    }
}
