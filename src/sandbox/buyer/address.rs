//! `/checkout/address`: the buyer writes a new address into their book, or changes one, and goes back to choosing.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use crate::sandbox::Sandbox;
use crate::sandbox::buyer::answer::{Frame, Visit, refused};
use crate::sandbox::buyer::steps::{cancel, unknown_action, unpaid};
use crate::sandbox::buyers::{Address, PREFECTURES};
use crate::sandbox::ledger::{BuyerError, Ledger};

/// `GET /checkout/address?amazonCheckoutSessionId=…`: a new one; with `address=…`, that one of the buyer's.
pub(super) async fn page(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    let session = match unpaid(&sandbox, visit.session_id()) {
        Ok(session) => session,
        Err(error) => return refused(&visit, &sandbox, &error),
    };
    let Some(party) = &session.party else { return visit.to_page("sign-in", &session.id) };
    let address = match visit.field("address") {
        "" => blank(&party.buyer.name, &party.buyer.phone_number),
        id => match party.buyer.address(id) {
            Some(address) => address.as_ref().clone(),
            None => return refused(&visit, &sandbox, &BuyerError::UnknownAddress(id.to_owned())),
        },
    };
    show(&visit, StatusCode::OK, address, None)
}

/// `POST /checkout/address`: the fields of the form, `action` = `save`, `back` or `cancel`.
pub(super) async fn save(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let visit = Visit::post(&uri, &headers, &body);
    let id = visit.session_id();
    match visit.field("action") {
        "save" => {
            let address = read(&visit);
            if let Err(why) = address.check() {
                return show(&visit, StatusCode::BAD_REQUEST, address, Some(why));
            }
            let written = write(&mut sandbox.ledger(), id, address);
            match written {
                Ok(back) => visit.to_page(back, id),
                Err(error) => refused(&visit, &sandbox, &error),
            }
        }
        "back" => visit.to_page(back(&sandbox.ledger(), id), id),
        "cancel" => cancel(&visit, &sandbox),
        other => unknown_action(&visit, other, "save, back, cancel"),
    }
}

fn write(ledger: &mut Ledger, id: &str, address: Address) -> Result<&'static str, BuyerError> {
    ledger.write_address(id, address)?;
    Ok(back(ledger, id))
}

/// The page on which addresses are chosen.
fn back(ledger: &Ledger, id: &str) -> &'static str {
    if ledger.on_page(id).is_some() { "on-page" } else { "choose" }
}

fn blank(name: &str, phone_number: &str) -> Address {
    Address {
        id: String::new(),
        name: name.to_owned(),
        line1: String::new(),
        line2: None,
        line3: None,
        state_or_region: String::new(),
        postal_code: String::new(),
        phone_number: phone_number.to_owned(),
    }
}

fn read(visit: &Visit) -> Address {
    let text = |name: &str| visit.field(name).trim().to_owned();
    let maybe = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
    let code = text("postalCode");
    let code = if code.len() == 7 && code.is_ascii() { format!("{}-{}", &code[..3], &code[3..]) } else { code };
    Address {
        id: text("address"),
        name: text("name"),
        line1: text("addressLine1"),
        line2: maybe("addressLine2"),
        line3: maybe("addressLine3"),
        state_or_region: text("stateOrRegion"),
        postal_code: code,
        phone_number: text("phoneNumber").replace('-', ""),
    }
}

fn show(visit: &Visit, status: StatusCode, address: Address, trouble: Option<String>) -> Response {
    let page = AddressPage {
        frame: visit.frame(),
        session_id: visit.session_id().to_owned(),
        address,
        trouble,
        prefectures: &PREFECTURES,
    };
    visit.page(status, &page)
}

#[derive(Template)]
#[template(path = "sandbox/address.html")]
struct AddressPage {
    frame: Frame,
    session_id: String,
    address: Address,
    trouble: Option<String>,
    prefectures: &'static [&'static str],
}
