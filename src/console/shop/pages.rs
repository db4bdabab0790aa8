//! The pages of a shop.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::reload::{Reloaded, ShopChange};
use super::settings::{Setting, settings};
use crate::amazonpay::SigningKey;
use crate::console::{App, Asked, Console, Failure, Frame, Staff};
use crate::domain::{Right, Scope};
use crate::flow::{Connection, Shop};
use crate::store::{AuditEntry, By};

#[derive(Template)]
#[template(path = "console/shop/list.html")]
struct ListPage {
    frame: Frame,
    shops: Vec<Arc<Shop>>,
    /// Where they come from; `None` where they cannot be read again, or not by this reader.
    source: Option<String>,
}

#[derive(Template)]
#[template(path = "console/shop/one.html")]
struct OnePage {
    frame: Frame,
    shop: Arc<Shop>,
    settings: Vec<Setting>,
    keys: Vec<Key>,
    ipn_url: String,
    may_act: bool,
    /// What a connection check has just found, for each key.
    checked: Vec<Checked>,
}

#[derive(Template)]
#[template(path = "console/shop/reloaded.html")]
struct ReloadedPage {
    frame: Frame,
    source: String,
    changes: Vec<ShopChange>,
    refused: Vec<String>,
}

/// A key pair of a shop, by what may be seen of it.
struct Key {
    id: String,
    fingerprint: String,
    public_pem: String,
}

/// What came of a connection check with one of the keys.
struct Checked {
    key_id: String,
    is_good: bool,
    text: String,
}

pub(super) async fn list(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    if let Scope::Shop(shop) = staff.scope() {
        return Ok(asked.to(&format!("/console/shop/{shop}")));
    }
    let shops = console.gateway().shops().iter().filter(|shop| staff.scope().sees(&shop.id)).collect();
    let source = console.shops_source_name().filter(|_| staff.may(Right::Administer));
    asked.page(&ListPage { frame: Frame::of(Some(&staff), &asked), shops, source })
}

pub(super) async fn one(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(shop): Path<String>,
) -> Result<Response, Failure> {
    let shop = console.shop_of(&staff, &shop)?;
    page(&console, &staff, &asked, shop, Vec::new())
}

fn page(
    console: &Console,
    staff: &Staff,
    asked: &Asked,
    shop: Arc<Shop>,
    checked: Vec<Checked>,
) -> Result<Response, Failure> {
    let accounts = [Some(&shop.merchant), shop.other_merchant.as_ref()];
    let keys = accounts.into_iter().flatten().map(|account| Key::of(account.public_key_id(), account.key()));
    let keys = keys.collect::<Option<Vec<_>>>().ok_or_else(Failure::broken)?;
    let mut frame = Frame::of(Some(staff), asked);
    if !checked.is_empty() {
        // The answer to a form; its address has no page to be fetched.
        frame.switch_href.clear();
    }
    asked.page(&OnePage {
        frame,
        settings: settings(&shop.settings),
        keys,
        ipn_url: format!("{}/amazonpay/ipn", console.parts.public_url),
        may_act: staff.may(Right::Act),
        checked,
        shop,
    })
}

impl Key {
    fn of(id: &str, key: &SigningKey) -> Option<Self> {
        let public_pem = key.public_pem().ok()?;
        let base64: String = public_pem.lines().filter(|line| !line.starts_with('-')).collect();
        let digest = hex::encode(Sha256::digest(BASE64.decode(base64).ok()?));
        let pairs: Vec<&str> = (0..digest.len()).step_by(2).filter_map(|at| digest.get(at..at + 2)).collect();
        Some(Self { id: id.to_owned(), fingerprint: pairs.join(":"), public_pem })
    }
}

pub(super) async fn check_connection(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(shop): Path<String>,
) -> Result<Response, Failure> {
    let shop = console.shop_of(&staff, &shop)?;
    let check = check_and_note(console.clone(), staff.by(), asked.clone(), shop.clone());
    let checked = console.to_its_end(check).await?;
    page(&console, &staff, &asked, shop, checked)
}

/// Asks Amazon with each key, and writes in the audit log what came of it.
async fn check_and_note(console: App, by: By, asked: Asked, shop: Arc<Shop>) -> Result<Vec<Checked>, Failure> {
    let mut checked = Vec::new();
    for account in [Some(&shop.merchant), shop.other_merchant.as_ref()].into_iter().flatten() {
        let found = console.gateway().check_connection(account).await;
        let is_good = matches!(found, Connection::Works { .. });
        checked.push(Checked { key_id: account.public_key_id().to_owned(), is_good, text: said(&asked, &found) });
    }
    let result: serde_json::Map<_, _> = checked.iter().map(|one| (one.key_id.clone(), json!(one.is_good))).collect();
    let entry = AuditEntry {
        at: console.now(),
        by,
        act: "shop.check-connection",
        shop: Some(shop.id.clone()),
        subject: shop.id.to_string(),
        before: None,
        after: Some(result.into()),
    };
    console.note(entry).await;
    Ok(checked)
}

fn said(asked: &Asked, found: &Connection) -> String {
    let id = |request_id: &Option<String>| request_id.clone().unwrap_or_else(|| "–".to_owned());
    let pick = |ja: String, en: String| asked.t(&ja, &en).to_owned();
    match found {
        Connection::Works { request_id } => pick(
            format!("Amazon Payに接続し、署名が受け入れられました（リクエストID {}）。", id(request_id)),
            format!("Amazon Pay was reached and has taken the signature (request id {}).", id(request_id)),
        ),
        Connection::Refused { status, reason_code, request_id } => pick(
            format!(
                "Amazon Payに拒否されました：{status} {reason_code}（リクエストID {}）。public_key_idと秘密鍵の組、リージョン、環境がセラーセントラルの登録と一致しているか確認してください。",
                id(request_id)
            ),
            format!(
                "Amazon Pay refused: {status} {reason_code} (request id {}). Please see that public_key_id, private key, region and environment are those that Seller Central shows.",
                id(request_id)
            ),
        ),
        Connection::NoAnswer(why) => pick(
            format!(
                "Amazon Payから信頼できる回答がありません：{why}。ネットワークとamazon_endpointを確認してください。"
            ),
            format!(
                "No answer from Amazon Pay that can be trusted: {why}. Please look at the network and at amazon_endpoint."
            ),
        ),
    }
}

pub(super) async fn reload(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    let source = console.shops_source_name().unwrap_or_default();
    let mut frame = Frame::of(Some(&staff), &asked);
    frame.switch_href.clear();
    let (reader, by) = (console.clone(), staff.by());
    let reloaded = console.to_its_end(async move { Ok(reader.reload_shops(by).await?) }).await?;
    let (status, changes, refused) = match reloaded {
        Reloaded::Done(changes) => (StatusCode::OK, changes, Vec::new()),
        Reloaded::Refused(mistakes) => (StatusCode::CONFLICT, Vec::new(), mistakes),
        Reloaded::NoSource => {
            return Err(Failure::refused(
                "このゲートウェイの店舗はファイルから読み込まれていないため、再読み込みできません。",
                "The shops of this gateway are not from a file, so there is nothing to read again.",
            ));
        }
    };
    asked.page_with(status, &ReloadedPage { frame, source, changes, refused })
}
