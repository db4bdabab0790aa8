//! One transaction: how it stands, what can be done, what it went through, and everything that is recorded.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::act::Act;
use super::story::{Event, tell};
use super::{App, Asked, Failure, Frame, Staff, words};
use crate::console::words::StatusTag;
use crate::domain::{AccessId, Millis, Right, State as Standing, Transaction};
use crate::flow::Possible;
use crate::protocol::{ErrInfo, Language};
use crate::store::overview::Timeline;

#[derive(Template)]
#[template(path = "console/transactions/one.html")]
struct OnePage {
    frame: Frame,
    access_id: String,
    order: String,
    shop: String,
    status: StatusTag,
    error: String,
    created_at: Millis,
    processed_at: Millis,
    permission: String,
    amounts: Vec<(&'static str, String)>,
    acts: Vec<ActLink>,
    /// An effect at Amazon has no outcome yet.
    is_busy: bool,
    notifications: Vec<NotificationRow>,
    may_act: bool,
    /// Whether the audit log is this reader's to see.
    may_read_log: bool,
    story: Vec<Event>,
    raw: Vec<(&'static str, String)>,
}

struct ActLink {
    href: String,
    id: &'static str,
    label: &'static str,
}

struct NotificationRow {
    id: String,
    created_at: Millis,
    state: &'static str,
    class: &'static str,
    attempts: i64,
}

pub(super) async fn show(
    State(console): State<App>,
    staff: Staff,
    asked: Asked,
    Path(access_id): Path<String>,
) -> Result<Response, Failure> {
    let done = match asked.field("done") {
        "sales" => asked.t("実売上にしました。", "Captured."),
        "cancel" => asked.t("取り消しました。", "Cancelled."),
        "refund" => asked.t(
            "返金を受け付けました。完了すると状態が変わります。",
            "The refund is accepted; the status changes when it is done.",
        ),
        "change" => asked.t("金額を変更しました。", "The amounts are changed."),
        _ => "",
    };
    let notice = Some((true, done.to_owned())).filter(|_| !done.is_empty());
    page(&console, &staff, &asked, &access_id, notice, StatusCode::OK).await
}

/// The transaction of this id with its story, if it is in scope.
pub(super) async fn found(console: &App, staff: &Staff, access_id: &str) -> Result<(Transaction, Timeline), Failure> {
    let access_id = AccessId::new(access_id).map_err(|_| Failure::not_found())?;
    let overview = console.overview();
    let transaction = overview.transaction_in_scope(staff.scope(), &access_id).await?.ok_or_else(Failure::not_found)?;
    let timeline = overview.timeline(staff.scope(), &access_id).await?.ok_or_else(Failure::not_found)?;
    Ok((transaction, timeline))
}

/// Whether an effect at Amazon is under way for it.
pub(super) fn is_busy(timeline: &Timeline) -> bool {
    timeline.operations.iter().any(|operation| operation.verdict.is_none())
}

/// The page, with a sentence above it.
pub(super) async fn page(
    console: &App,
    staff: &Staff,
    asked: &Asked,
    access_id: &str,
    notice: Option<(bool, String)>,
    status: StatusCode,
) -> Result<Response, Failure> {
    let (transaction, timeline) = found(console, staff, access_id).await?;
    let language = asked.language;
    let mut frame = Frame::of(Some(staff), asked);
    if let Some((is_good, text)) = notice {
        frame = frame.saying(is_good, text);
    }
    let is_busy = is_busy(&timeline);
    let error = transaction.failure().map_or_else(String::new, |failure| {
        let text = ErrInfo::parse(&failure.err_info).map_or("", |info| info.text(language));
        format!("{} {text}", failure.err_info)
    });
    let row = |seen: &crate::store::overview::NotificationSeen| {
        let (state, class) = words::notification_state(seen.line.state, language);
        let line = &seen.line;
        NotificationRow { id: line.id.clone(), created_at: line.created_at, state, class, attempts: line.attempts }
    };
    let page = OnePage {
        frame,
        order: transaction.order_id.to_string(),
        shop: transaction.shop_id.to_string(),
        status: StatusTag::of(transaction.status(), language),
        error,
        created_at: transaction.created_at,
        processed_at: transaction.processed_at,
        permission: transaction.charge_permission().map(ToString::to_string).unwrap_or_default(),
        amounts: amounts(&transaction, language),
        acts: if is_busy || !staff.may(Right::Act) { Vec::new() } else { acts(&transaction, language) },
        is_busy,
        notifications: timeline.notifications.iter().map(row).collect(),
        may_act: staff.may(Right::Act),
        may_read_log: staff.may(Right::Administer),
        story: tell(&timeline, language),
        raw: raw(&transaction),
        access_id: transaction.access_id.to_string(),
    };
    asked.page_with(status, &page)
}

fn acts(transaction: &Transaction, language: Language) -> Vec<ActLink> {
    let possible = Possible::of(transaction);
    let link = |act: &Act| ActLink {
        href: format!("/console/transactions/{}/{}", transaction.access_id, act.word()),
        id: act.word(),
        label: act.label(transaction, language),
    };
    Act::ALL.iter().filter(|act| act.limit(&possible).is_some()).map(link).collect()
}

fn amounts(transaction: &Transaction, language: Language) -> Vec<(&'static str, String)> {
    let t = |ja, en| language.pick(ja, en);
    let parts = |money: crate::domain::Money| {
        let (total, amount, tax) = (money.total(), money.amount, money.tax);
        let yen = |amount: crate::domain::Yen| words::yen(amount.get(), language);
        format!("{} ({} + {})", yen(total), yen(amount), yen(tax))
    };
    let possible = Possible::of(transaction);
    let mut all = vec![(t("現在の金額（利用金額 + 税送料）", "Total now (amount + tax)"), parts(transaction.money))];
    all.extend(possible.sales.map(|money| (t("実売上にできる残り", "Left to capture"), parts(money))));
    all.extend(possible.refund.map(|money| (t("返金できる残り", "Left to refund"), parts(money))));
    if let Standing::Selling { money, .. } = &transaction.state {
        all.push((t("実売上の処理中", "Being captured"), parts(*money)));
    }
    let refund = transaction.state.payment().and_then(|payment| payment.refund.as_ref());
    all.extend(refund.map(|refund| (t("返金の処理中", "Being refunded"), parts(refund.money))));
    let cancelled = transaction.cancelled();
    if cancelled.total().get() > 0 {
        all.push((t("取消・返金済み", "Given back so far"), parts(cancelled)));
    }
    all
}

/// What is recorded, under its own names. Never the start token, the address with which a buyer sets out, or a payload;
/// of a RetURL what stands before its query, for that is the shop's own affair.
fn raw(transaction: &Transaction) -> Vec<(&'static str, String)> {
    let payment = transaction.state.payment();
    let exec = transaction.exec.as_ref();
    let moment = |at: Millis| at.jst();
    let text = |value: Option<&dyn std::fmt::Display>| value.map(ToString::to_string);
    let display = |value: &dyn std::fmt::Display| Some(value.to_string());
    let mut all = vec![
        ("AccessID", display(&transaction.access_id)),
        ("ShopID", display(&transaction.shop_id)),
        ("OrderID", display(&transaction.order_id)),
        ("Status", display(&transaction.status())),
        ("Version", display(&transaction.version)),
        ("JobCd", display(&transaction.job)),
        ("Amount", display(&transaction.money.amount)),
        ("Tax", display(&transaction.money.tax)),
        ("AmazonpayType", display(&transaction.amazonpay_type)),
        ("AmazonpayPaymentType", transaction.payment_type.map(|kind| kind.to_string())),
        ("Way", exec.map(|exec| exec.way.to_string())),
        ("AmazonCheckoutSessionID", exec.and_then(|exec| exec.session.as_ref()).map(ToString::to_string)),
        ("AmazonChargePermissionID", transaction.charge_permission().map(ToString::to_string)),
        ("AmazonChargeID", text(payment.map(|payment| &payment.charge as &dyn std::fmt::Display))),
        ("AuthorizedAt", payment.map(|payment| moment(payment.authorized_at))),
        ("CapturedAt", payment.and_then(|payment| payment.captured_at).map(moment)),
        ("AmazonRefundID", payment.and_then(|payment| payment.refund.as_ref()).map(|refund| refund.id.to_string())),
        ("Frequency", exec.and_then(|exec| exec.frequency).map(|it| format!("{} {}", it.value, it.unit))),
        (
            "RetURL",
            exec.and_then(|exec| exec.ret_url.as_deref()).map(|url| url.split('?').next().unwrap_or(url).to_owned()),
        ),
        ("Description", exec.and_then(|exec| exec.description.clone())),
    ];
    let notes = exec.map(|exec| exec.client_fields.clone()).unwrap_or_default();
    all.extend(["ClientField1", "ClientField2", "ClientField3"].into_iter().zip(notes));
    all.push(("LookAt", transaction.state.look_at().map(moment)));
    all.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
}
