//! `/console/requests`: what merchants' servers asked, with what had to be signed and what seems to have been signed.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::rows::{RequestRow, href};
use crate::sandbox::Sandbox;
use crate::sandbox::control::browse::{self, Filter, MerchantLine, PAGE_MAX};
use crate::sandbox::control::compare::{self, Comparison};
use crate::sandbox::control::{Entry, Shown};
use crate::sandbox::desk::{Frame, Visit};
use crate::sandbox::page::Lang;
use crate::sandbox::signature::{Examination, OWN_CANONICAL};

/// `GET /console/requests`: fields `merchant`, `id`, `objectId`, `refused`, `before`.
pub(super) async fn list(State(sandbox): State<Arc<Sandbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let visit = Visit::get(&uri, &headers);
    let field = |name: &str| visit.field(name).to_owned();
    let filter = Filter {
        merchant_id: field("merchant"),
        id: field("id"),
        before: field("before"),
        object_id: field("objectId"),
        refused: visit.field("refused") == "1",
        limit: PAGE_MAX,
    };
    let page = match browse::requests(&sandbox, &filter) {
        Ok(page) => page,
        Err(why) => {
            let title = visit.lang.pick("一覧の続きが見つかりません", "There is no such page of the list");
            return visit.message(StatusCode::BAD_REQUEST, title, &why);
        }
    };
    let refused = if filter.refused { "1" } else { "" };
    let to = |before: &str| {
        let pairs = [
            ("merchant", filter.merchant_id.as_str()),
            ("id", &filter.id),
            ("objectId", &filter.object_id),
            ("refused", refused),
            ("before", before),
        ];
        href("/console/requests", &pairs)
    };
    let list = ListPage {
        frame: visit.frame(),
        rows: page.items.into_iter().map(RequestRow::of).collect(),
        older: page.older.as_deref().map(to),
        newest: (!filter.before.is_empty()).then(|| to("")),
        merchants: browse::merchants(&sandbox),
        filter,
    };
    visit.page(StatusCode::OK, &list)
}

/// `GET /console/requests/{id}`, by its `x-amz-pay-request-id`.
pub(super) async fn page(
    State(sandbox): State<Arc<Sandbox>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::get(&uri, &headers);
    show(&sandbox, &visit, &id, None)
}

/// `POST /console/requests/{id}/compare`: the same, compared with the field `canonical`.
pub(super) async fn compare(
    State(sandbox): State<Arc<Sandbox>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let visit = Visit::post(&uri, &headers, &body);
    show(&sandbox, &visit, &id, Some(visit.raw_field("canonical")))
}

fn show(sandbox: &Sandbox, visit: &Visit, id: &str, pasted: Option<&str>) -> Response {
    let found = sandbox.requests().find(id).cloned();
    let Some(entry) = found else {
        let title = visit.lang.pick("見つかりません", "Not found");
        let detail = format!("there is no request with the x-amz-pay-request-id {id}, or it is not kept any more");
        return visit.message(StatusCode::NOT_FOUND, title, &detail);
    };
    let page = RequestPage {
        frame: visit.frame(),
        whole: Whole::of(entry, pasted, visit.lang),
        pasted: pasted.unwrap_or_default().to_owned(),
        own_header: OWN_CANONICAL,
    };
    visit.page(StatusCode::OK, &page)
}

/// These requests whole, as far as they are kept.
pub(super) fn wholes(sandbox: &Sandbox, request_ids: &[&str], lang: Lang) -> Vec<Whole> {
    let log = sandbox.requests();
    let entries: Vec<Entry> = request_ids.iter().filter_map(|id| log.find(id).cloned()).collect();
    drop(log);
    entries.into_iter().map(|entry| Whole::of(entry, None, lang)).collect()
}

/// A request with everything about it.
pub(super) struct Whole {
    pub(super) row: RequestRow,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Shown>,
    pub(super) answer: Option<Shown>,
    pub(super) signature: Option<Signature>,
    pub(super) is_kept: bool,
}

/// What had to be signed, and what was.
pub(super) struct Signature {
    pub(super) public_key_id: String,
    /// Whether it was accepted.
    pub(super) accepted: bool,
    /// What is known of the difference.
    pub(super) finding: Option<String>,
    pub(super) canonical: String,
    pub(super) to_sign: String,
    /// The client's side, where it is known.
    pub(super) client: Option<Client>,
}

/// The client's side.
pub(super) struct Client {
    pub(super) comparison: Comparison,
    pub(super) to_sign: String,
}

impl Whole {
    fn of(mut entry: Entry, pasted: Option<&str>, lang: Lang) -> Self {
        let compared = pasted.and_then(|own| Some((compare::compare(&entry, own)?, own.replace("\r\n", "\n"))));
        let raw = entry.raw.take();
        let is_kept = raw.is_some();
        let (headers, body, answer, examination) =
            raw.map(|raw| (raw.headers, raw.body, raw.answer, raw.examination)).unwrap_or_default();
        let accepted = entry.merchant_id.is_some();
        let signature = examination.and_then(|one| Signature::of(one, compared, accepted, lang));
        Self { row: RequestRow::of(entry), headers, body, answer, signature, is_kept }
    }
}

impl Signature {
    fn of(one: Examination, pasted: Option<(Comparison, String)>, accepted: bool, lang: Lang) -> Option<Self> {
        let canonical = one.canonical.clone()?;
        let pasted = pasted.map(|(comparison, own)| {
            let to_sign = one.to_sign_of(&own).unwrap_or_default();
            Client { comparison, to_sign }
        });
        let known = |canonical_of: &Option<String>, to_sign: &Option<String>| {
            let other = canonical_of.as_deref()?;
            Some(Client { comparison: Comparison::of(&canonical, other), to_sign: to_sign.clone().unwrap_or_default() })
        };
        let own = known(&one.own_canonical, &one.own_to_sign);
        let found = one.finding.as_ref().and_then(|finding| known(&finding.canonical, &finding.to_sign));
        let same = accepted.then(|| Client {
            comparison: Comparison::of(&canonical, &canonical),
            to_sign: one.to_sign.clone().unwrap_or_default(),
        });
        Some(Self {
            public_key_id: one.public_key_id.unwrap_or_default(),
            accepted,
            finding: one.finding.map(|finding| if lang == Lang::Ja { finding.ja } else { finding.en }),
            client: pasted.or(own).or(found).or(same),
            to_sign: one.to_sign.unwrap_or_default(),
            canonical,
        })
    }
}

#[derive(Template)]
#[template(path = "sandbox/console/requests.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<RequestRow>,
    older: Option<String>,
    newest: Option<String>,
    merchants: Vec<MerchantLine>,
    filter: Filter,
}

#[derive(Template)]
#[template(path = "sandbox/console/request.html")]
struct RequestPage {
    frame: Frame,
    whole: Whole,
    pasted: String,
    own_header: &'static str,
}
