//! The button's form, what comes of it, and the preview.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::X_FRAME_OPTIONS;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::form::{AREAS, COLORS, CONSENTS, Form, LANGUAGES, PLACEMENTS, PRODUCT_TYPES, SCOPES, UNITS};
use super::snippet::{preview_origin, preview_policy, snippet};
use crate::amazonpay::ButtonSignature;
use crate::console::{App, Asked, Failure, Frame, Staff, page_headers};
use crate::domain::{Scope, random_hex};
use crate::flow::Shop;

#[derive(Template)]
#[template(path = "console/button/choose.html")]
struct ChoosePage {
    frame: Frame,
    shops: Vec<Arc<Shop>>,
}

#[derive(Template)]
#[template(path = "console/button/button.html")]
struct ButtonPage {
    frame: Frame,
    shop: Arc<Shop>,
    form: Form,
    faults: Vec<String>,
    made: Option<Made>,
}

/// A button that is ready.
struct Made {
    signed: ButtonSignature,
    snippet: String,
    /// The preview's address; `None` where there can be none.
    preview: Option<String>,
}

#[derive(Template)]
#[template(path = "console/button/preview.html")]
struct PreviewPage {
    frame: Frame,
    nonce: String,
    snippet: String,
}

pub(super) async fn start(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    if let Scope::Shop(shop) = staff.scope() {
        return Ok(asked.to(&format!("/console/button/{shop}")));
    }
    let shops = console.gateway().shops().iter().filter(|shop| staff.scope().sees(&shop.id)).collect();
    asked.page(&ChoosePage { frame: Frame::of(Some(&staff), &asked), shops })
}

pub(super) async fn generate(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(shop): Path<String>,
) -> Result<Response, Failure> {
    let shop = console.shop_of(&staff, &shop)?;
    let form = Form::read(&asked);
    let mut page = ButtonPage { frame: Frame::of(Some(&staff), &asked), shop, form, faults: Vec::new(), made: None };
    if !Form::is_filled(&asked) {
        return asked.page(&page);
    }
    match page.form.payload(&page.shop.settings) {
        Ok(payload) => {
            let signed = sign(&page.shop, payload)?;
            let snippet = snippet(&page.shop, &page.form, &signed, None);
            let preview = preview_origin(&page.shop).map(|_| preview_address(&asked, &page.shop));
            page.made = Some(Made { signed, snippet, preview });
            asked.page(&page)
        }
        Err(faults) => {
            page.faults = faults.into_iter().map(|fault| asked.t(&fault.ja, &fault.en).to_owned()).collect();
            asked.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// Signs, and verifies what was signed by the public key (`Merchant::sign_button`).
fn sign(shop: &Shop, payload: String) -> Result<ButtonSignature, Failure> {
    shop.merchant.sign_button(payload).map_err(|error| {
        tracing::error!(%error, shop_id = %shop.id, "a button could not be signed");
        Failure::broken()
    })
}

fn preview_address(asked: &Asked, shop: &Shop) -> String {
    let address = asked.address();
    let query = address.split_once('?').map_or("", |(_, query)| query);
    format!("/console/button/{}/preview?{query}", shop.id)
}

pub(super) async fn preview(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(shop): Path<String>,
) -> Result<Response, Failure> {
    let shop = console.shop_of(&staff, &shop)?;
    let origin = preview_origin(&shop).ok_or_else(Failure::not_found)?;
    let form = Form::read(&asked);
    let payload = form.payload(&shop.settings).map_err(|_| Failure::not_found())?;
    let signed = sign(&shop, payload)?;
    let nonce = random_hex::<16>(&*console.parts.rng);
    let snippet = snippet(&shop, &form, &signed, Some(&nonce));
    let page = PreviewPage { frame: Frame::of(None, &asked), nonce: nonce.clone(), snippet };
    let html = page.render().map_err(|_| Failure::broken())?;
    let mut response = (page_headers(&preview_policy(&origin, &nonce)), html).into_response();
    // The form shows it in a frame.
    response.headers_mut().insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    Ok(response)
}
