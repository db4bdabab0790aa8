//! The button's form, what comes of it, and the preview.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::X_FRAME_OPTIONS;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::form::{AREAS, COLORS, CONSENTS, Form, LANGUAGES, PLACEMENTS, PRODUCT_TYPES, SCOPES, UNITS};
use super::snippet::{preview_origin, preview_policy, snippet};
use crate::amazonpay::ButtonSignature;
use crate::console::notifications::without_query;
use crate::console::{App, Asked, Failure, Frame, Staff, page_headers};
use crate::domain::{Scope, random_hex};
use crate::flow::Shop;
use crate::store::AuditEntry;

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

pub(super) async fn ask(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(shop): Path<String>,
) -> Result<Response, Failure> {
    let shop = console.shop_of(&staff, &shop)?;
    let (frame, form) = (Frame::of(Some(&staff), &asked), Form::read(&asked));
    asked.page(&ButtonPage { frame, shop, form, faults: Vec::new(), made: None })
}

pub(super) async fn generate(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(shop): Path<String>,
) -> Result<Response, Failure> {
    let shop = console.shop_of(&staff, &shop)?;
    let mut frame = Frame::of(Some(&staff), &asked);
    // The answer to a form: in the other language there would be the empty form.
    frame.switch_href.clear();
    let mut page = ButtonPage { frame, shop, form: Form::read(&asked), faults: Vec::new(), made: None };
    match page.form.payload(&page.shop.settings) {
        Ok(payload) => {
            // Nothing is signed of which the audit log does not know.
            console.book().append(entry(&console, &staff, &page.shop, &page.form)).await?;
            let signed = sign(&page.shop, payload)?;
            let snippet = snippet(&page.shop, &page.form, &signed, None);
            let preview = preview_origin(&page.shop)
                .map(|_| format!("/console/button/{}/preview?{}", page.shop.id, asked.form_as_query()));
            page.made = Some(Made { signed, snippet, preview });
            asked.page(&page)
        }
        Err(faults) => {
            page.faults = faults.into_iter().map(|fault| asked.t(&fault.ja, &fault.en).to_owned()).collect();
            asked.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// What is signed, as the audit log has it: of addresses what stands before the query, for that is the shop's own affair.
fn entry(console: &App, staff: &Staff, shop: &Shop, form: &Form) -> AuditEntry {
    AuditEntry {
        at: console.now(),
        by: staff.by(),
        act: "button.sign",
        shop: Some(shop.id.clone()),
        subject: shop.id.to_string(),
        before: None,
        after: Some(json!({
            "productType": form.product_type, "chargePermissionType": form.consent,
            "returnUrl": without_query(&form.review_url), "publicKeyId": shop.merchant.public_key_id(),
        })),
    }
}

/// Signs, and verifies what was signed by the public key (`Merchant::sign_button`).
fn sign(shop: &Shop, payload: String) -> Result<ButtonSignature, Failure> {
    shop.merchant.sign_button(payload).map_err(|error| {
        tracing::error!(%error, shop_id = %shop.id, "a button could not be signed");
        Failure::broken()
    })
}

/// The same button once more, for the simulator alone: what this signs, no shop at Amazon can be paid by.
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
