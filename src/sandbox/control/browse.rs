//! Lists of objects, merchants and requests, newest first and a page at a time.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::pages::refuse;
use super::requests::{Entry, Wanted};
use crate::sandbox::ledger::{
    Amount, ChargeReason, Ledger, Object, ObjectKind, PermissionReason, RefundReason, SessionState, Sum,
};
use crate::sandbox::{Merchant, Sandbox};

/// How many there are to a page, at most and where nothing is said.
pub(in crate::sandbox) const PAGE_MAX: usize = 100;

/// Which objects or requests to show; what is blank is not asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::sandbox) struct Filter {
    /// Of this merchant only.
    #[serde(default)]
    pub(in crate::sandbox) merchant_id: String,
    /// Only those with this in their id.
    #[serde(default)]
    pub(in crate::sandbox) id: String,
    /// Only those that are older than this one.
    #[serde(default)]
    pub(in crate::sandbox) before: String,
    /// Of requests, only those about exactly this object.
    #[serde(default)]
    pub(in crate::sandbox) object_id: String,
    /// Of requests, only those that were refused.
    #[serde(default)]
    pub(in crate::sandbox) refused: bool,
    /// How many.
    #[serde(default = "page_max")]
    pub(in crate::sandbox) limit: usize,
}

const fn page_max() -> usize {
    PAGE_MAX
}

/// The text, unless it is blank.
pub(in crate::sandbox) fn said(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// A page of a list.
#[derive(Debug, Clone, Serialize)]
pub(in crate::sandbox) struct Page<T> {
    /// Newest first.
    pub(in crate::sandbox) items: Vec<T>,
    /// What `before` has to be for the next page; nothing where this is the last.
    pub(in crate::sandbox) older: Option<String>,
}

/// An object in a line.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::sandbox) struct Line {
    pub(in crate::sandbox) kind: &'static str,
    pub(in crate::sandbox) id: String,
    pub(in crate::sandbox) merchant_id: String,
    /// As the API spells it.
    pub(in crate::sandbox) state: &'static str,
    pub(in crate::sandbox) reason_code: Option<&'static str>,
    /// How far an open session's buyer has come; a permission's type.
    pub(in crate::sandbox) detail: Option<&'static str>,
    /// What is to be paid, may be charged, was authorized or is given back.
    pub(in crate::sandbox) amount: Option<String>,
    pub(in crate::sandbox) currency_code: &'static str,
    /// What a charge captured.
    pub(in crate::sandbox) captured: Option<String>,
    /// Of a permission.
    pub(in crate::sandbox) sum: Option<SumLine>,
    /// The object that it belongs to, and for a session what it became.
    pub(in crate::sandbox) parent: Option<String>,
    pub(in crate::sandbox) created: String,
    pub(in crate::sandbox) updated: String,
}

/// What a merchant has of a permission, with the currency's decimals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::sandbox) struct SumLine {
    pub(in crate::sandbox) captured: String,
    pub(in crate::sandbox) refunded: String,
    pub(in crate::sandbox) net: String,
}

impl SumLine {
    fn of(sum: Sum) -> Self {
        let shown = |minor: i64| {
            let sign = if minor < 0 { "-" } else { "" };
            format!("{sign}{}", Amount::shown(sum.currency, minor.abs()))
        };
        Self { captured: shown(sum.captured), refunded: shown(sum.refunded), net: shown(sum.net()) }
    }
}

impl Line {
    pub(in crate::sandbox) fn of(ledger: &Ledger, object: Object<'_>) -> Self {
        let base = Self {
            kind: object.kind().as_str(),
            id: object.id().to_owned(),
            merchant_id: object.merchant_id().to_owned(),
            state: ledger.state_of(object),
            reason_code: None,
            detail: None,
            amount: None,
            currency_code: "",
            captured: None,
            sum: None,
            parent: None,
            created: String::new(),
            updated: String::new(),
        };
        match object {
            Object::CheckoutSession(session) => Self {
                reason_code: match session.state {
                    SessionState::Canceled(reason) => Some(reason.as_str()),
                    SessionState::Open | SessionState::Completed => None,
                },
                detail: (session.state == SessionState::Open).then(|| session.progress_word()),
                amount: session.request.terms.due().map(|amount| amount.to_string()),
                currency_code: session.currency.as_str(),
                parent: session.charge_permission_id.clone(),
                created: session.created.utc_basic(),
                updated: session.updated.utc_basic(),
                ..base
            },
            Object::ChargePermission(permission) => Self {
                reason_code: ledger.standing(permission).reason.map(PermissionReason::as_str),
                detail: Some(permission.permission_type.as_str()),
                amount: Some(permission.limit.amount().to_string()),
                currency_code: permission.limit.amount().currency().as_str(),
                sum: Some(SumLine::of(ledger.sum(permission))),
                parent: Some(permission.session_id.clone()),
                created: permission.created.utc_basic(),
                updated: permission.updated.utc_basic(),
                ..base
            },
            Object::Charge(charge) => Self {
                reason_code: charge.reason.map(ChargeReason::as_str),
                amount: Some(charge.amount.to_string()),
                currency_code: charge.amount.currency().as_str(),
                captured: charge.captured.map(|amount| amount.to_string()),
                parent: Some(charge.permission_id.clone()),
                created: charge.created.utc_basic(),
                updated: charge.updated.utc_basic(),
                ..base
            },
            Object::Refund(refund) => Self {
                reason_code: refund.reason.map(RefundReason::as_str),
                amount: Some(refund.amount.to_string()),
                currency_code: refund.amount.currency().as_str(),
                parent: Some(refund.charge_id.clone()),
                created: refund.created.utc_basic(),
                updated: refund.updated.utc_basic(),
                ..base
            },
        }
    }
}

/// A page of the objects of one kind; in words why there is none.
pub(in crate::sandbox) fn objects(ledger: &Ledger, kind: ObjectKind, filter: &Filter) -> Result<Page<Line>, String> {
    let unknown = || format!("before must be the id of a {}, which {:?} is not", kind.as_str(), filter.before);
    let newest = ledger.newest(kind, said(&filter.before)).ok_or_else(unknown)?;
    let part = said(&filter.id).map(str::to_ascii_lowercase);
    let wanted = newest
        .filter(|object| said(&filter.merchant_id).is_none_or(|id| object.merchant_id() == id))
        .filter(|object| part.as_deref().is_none_or(|part| object.id().to_ascii_lowercase().contains(part)));
    let limit = filter.limit.clamp(1, PAGE_MAX);
    let mut items: Vec<Line> = wanted.take(limit + 1).map(|object| Line::of(ledger, object)).collect();
    let is_last = items.len() <= limit;
    items.truncate(limit);
    let older = items.last().filter(|_| !is_last).map(|line| line.id.clone());
    Ok(Page { items, older })
}

/// A page of the requests; in words why there is none.
pub(in crate::sandbox) fn requests(sandbox: &Sandbox, filter: &Filter) -> Result<Page<Entry>, String> {
    let number = |text: &str| text.parse::<u64>().map_err(|_| "before must be the number of a request".to_owned());
    let wanted = Wanted {
        merchant_id: said(&filter.merchant_id),
        part: said(&filter.id),
        object_id: said(&filter.object_id),
        refused: filter.refused,
        before: said(&filter.before).map(number).transpose()?,
    };
    let limit = filter.limit.clamp(1, PAGE_MAX);
    let log = sandbox.requests();
    let in_a_line = |entry: &Entry| Entry { raw: None, ..entry.clone() };
    let mut items: Vec<Entry> = log.newest(&wanted).take(limit + 1).map(in_a_line).collect();
    drop(log);
    let is_last = items.len() <= limit;
    items.truncate(limit);
    let older = items.last().filter(|_| !is_last).map(|entry| entry.number.to_string());
    Ok(Page { items, older })
}

/// A merchant, with what is public of the keys.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::sandbox) struct MerchantLine {
    pub(in crate::sandbox) merchant_id: String,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) store_ids: Vec<String>,
    pub(in crate::sandbox) public_key_ids: Vec<String>,
    pub(in crate::sandbox) keys: Vec<KeyLine>,
    pub(in crate::sandbox) ledger_currency: &'static str,
    /// Where messages go, and whether that was confirmed.
    pub(in crate::sandbox) ipn_url: Option<String>,
    pub(in crate::sandbox) ipn_confirmed: bool,
}

/// A key's id, and the SHA-256 of the key itself (of its SPKI in DER) in hex.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::sandbox) struct KeyLine {
    pub(in crate::sandbox) public_key_id: String,
    pub(in crate::sandbox) fingerprint: String,
}

/// Everybody who may call.
pub(in crate::sandbox) fn merchants(sandbox: &Sandbox) -> Vec<MerchantLine> {
    let endpoints = sandbox.ipn_endpoints();
    let line = |merchant: &Merchant| {
        let endpoint = endpoints.iter().find(|endpoint| endpoint.merchant_id == merchant.merchant_id);
        let key = |id: &String, pem: &String| KeyLine { public_key_id: id.clone(), fingerprint: fingerprint(pem) };
        MerchantLine {
            merchant_id: merchant.merchant_id.clone(),
            name: merchant.name.clone(),
            store_ids: merchant.store_ids.clone(),
            public_key_ids: merchant.keys.iter().map(|key| key.public_key_id.clone()).collect(),
            keys: merchant.keys.iter().map(|one| key(&one.public_key_id, &one.public_key_pem)).collect(),
            ledger_currency: merchant.ledger_currency.as_str(),
            ipn_url: endpoint.map(|endpoint| endpoint.url.clone()),
            ipn_confirmed: endpoint.is_some_and(|endpoint| endpoint.confirmed),
        }
    };
    sandbox.settings.merchants.iter().map(line).collect()
}

/// As `openssl pkey -pubin -in key.pem -outform der | sha256sum` has it.
fn fingerprint(pem: &str) -> String {
    // Every key was read once before it became a merchant's.
    let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes());
    der.map(|der| hex::encode(Sha256::digest(&der))).unwrap_or_default()
}

/// `GET /_control/checkoutSessions` and so on: a page.
pub(super) fn list(kind: ObjectKind, sandbox: &Sandbox, filter: &Filter) -> Response {
    answer(objects(&sandbox.ledger(), kind, filter))
}

/// `GET /_control/requests`.
pub(super) async fn list_requests(State(sandbox): State<Arc<Sandbox>>, filter: Query<Filter>) -> Response {
    answer(requests(&sandbox, &filter))
}

/// `GET /_control/merchants`.
pub(super) async fn list_merchants(State(sandbox): State<Arc<Sandbox>>) -> Response {
    (StatusCode::OK, Json(json!({"merchants": merchants(&sandbox)}))).into_response()
}

fn answer<T: Serialize>(page: Result<Page<T>, String>) -> Response {
    match page {
        Ok(page) => Json(page).into_response(),
        Err(why) => refuse(&why),
    }
}
