//! Today: what needs a person first, then the day's figures, the last thirty days, and how long Amazon takes.

mod chart;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::route::{Nav, Needs, Room, get};
use super::words::{self, Group, StatusTag};
use super::{App, Asked, Failure, Frame, Staff};
use crate::domain::{JapanDay, Millis, Right, Scope, ShopId, Status};
use crate::protocol::Language;
use crate::store::overview::{Attention, Flow, LATENCY_BOUNDS_MS, Tally, TallyOf};
use chart::{Chart, Series};

const NEEDS: Needs = Needs::Right(Right::Look);
/// How many days the charts show, today included.
const DAYS: i64 = 30;

pub(super) fn room() -> Room {
    Room {
        nav: Some(Nav { path: "/console/today", ja: "今日", en: "Today", needs: NEEDS }),
        entries: vec![get("/console/today", NEEDS, show)],
    }
}

#[derive(Template)]
#[template(path = "console/today/page.html")]
struct TodayPage {
    frame: Frame,
    /// The shop that figures are narrowed to; empty for all.
    shop: String,
    shops: Vec<String>,
    today: JapanDay,
    /// When this was read.
    read_at: Millis,
    attention: Attention,
    cards: Vec<Card>,
    days: Chart,
    day_rows: Vec<DayRow>,
    statuses: Vec<StatusTag>,
    latency: Chart,
    latency_rows: Vec<LatencyRow>,
    /// Milliseconds on average; empty where there was nothing.
    latency_mean: String,
}

/// One of the day's figures.
struct Card {
    id: &'static str,
    label: &'static str,
    count: String,
    sum: String,
    note: &'static str,
    /// Lists of the transactions behind it: a name, and where it is.
    lists: Vec<(&'static str, String)>,
}

struct DayRow {
    day: JapanDay,
    /// How many of each status, and the list of them; no list of none.
    counts: Vec<(String, Option<String>)>,
    count: String,
    sum: String,
}

struct LatencyRow {
    bound: String,
    count: String,
    share: String,
}

async fn show(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    let (scope, now) = (staff.scope_of(asked.field("shop"))?, console.now());
    let today = JapanDay::of(now);
    let tallies = console.overview().tallies(&scope, today.plus(1 - DAYS), today).await?;
    let attention = console.overview().attention(&scope, now).await?;
    let (language, statuses) = (asked.language, present_statuses(&tallies));
    let (latency, latency_rows, latency_mean) = latency(&tallies, language);
    let shop = narrowed(&staff, &scope);
    let page = TodayPage {
        frame: Frame::of(Some(&staff), &asked),
        shops: console.shops_in(staff.scope()),
        today,
        read_at: now,
        attention,
        cards: cards(&tallies, today, &shop, language),
        days: days_chart(&tallies, today, &statuses, language),
        day_rows: day_rows(&tallies, today, &statuses, &shop, language),
        statuses: statuses.into_iter().map(|status| StatusTag::of(status, language)).collect(),
        latency,
        latency_rows,
        latency_mean,
        shop,
    };
    asked.page(&page)
}

/// The list of transactions with these conditions, narrowed as this page is.
fn list(conditions: &[(&str, &str)], shop: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in conditions.iter().chain(&[("shop", shop)]).filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    format!("/console/transactions?{}", query.finish())
}

/// The shop that an operator asked about; empty where the page shows whatever its reader sees.
fn narrowed(staff: &Staff, scope: &Scope) -> String {
    let shop = if staff.scope().shop().is_none() { scope.shop() } else { None };
    shop.map(ShopId::to_string).unwrap_or_default()
}

fn cards(tallies: &[Tally], today: JapanDay, shop: &str, language: Language) -> Vec<Card> {
    let sum = |wanted: &dyn Fn(&Tally) -> bool| {
        let fitting = tallies.iter().filter(|tally| wanted(tally));
        fitting.fold((0, 0), |(count, sum), tally| (count + tally.count, sum + tally.sum))
    };
    let of_today = |flow: Flow| sum(&|tally| tally.day == today && tally.of == TallyOf::Flow(flow));
    let pending = sum(&|tally| matches!(tally.of, TallyOf::Status(status) if Group::of(status) == Group::Pending));
    let t = |ja, en| language.pick(ja, en);
    // A list shows how transactions stand, not what became of them on a day; but for those that were entered.
    let by_status = |statuses: &[Status]| -> Vec<_> {
        statuses.iter().map(|status| (status.wire(), list(&[("status", status.wire())], shop))).collect()
    };
    let under_way: Vec<_> =
        present_statuses(tallies).into_iter().filter(|status| Group::of(*status) == Group::Pending).collect();
    let day = today.to_string();
    let entered = vec![(t("一覧", "List"), list(&[("from", &day), ("to", &day)], shop))];
    let card = |id, label, (count, sum), note, lists| Card {
        id,
        label,
        count: words::grouped(count),
        sum: words::yen(sum, language),
        note,
        lists,
    };
    vec![
        card("taken", t("受付", "Taken"), of_today(Flow::Taken), t("今日登録された取引", "entered today"), entered),
        card(
            "captured",
            t("売上", "Captured"),
            of_today(Flow::Captured),
            t("今日売上になった金額", "captured today"),
            by_status(&[Status::Sales, Status::Capture]),
        ),
        card(
            "refunded",
            t("返金", "Refunded"),
            of_today(Flow::Refunded),
            t("今日完了した返金", "refunds done today"),
            by_status(&[Status::Return]),
        ),
        card(
            "failed",
            t("失敗", "Failed"),
            of_today(Flow::Failed),
            t("今日失敗または期限切れ", "failed or expired today"),
            by_status(&[Status::PayFail, Status::Expired]),
        ),
        card(
            "pending",
            t("未完了", "Pending"),
            pending,
            t("現在（30日以内の登録分）", "now, of the last 30 days"),
            by_status(&under_way),
        ),
    ]
}

/// The statuses that any transaction of these days has: what is paid first, then what is under way, and so on.
fn present_statuses(tallies: &[Tally]) -> Vec<Status> {
    let has = |status: &Status| tallies.iter().any(|it| it.of == TallyOf::Status(*status) && it.count != 0);
    Group::ALL.into_iter().flat_map(Group::statuses).filter(has).collect()
}

fn days_chart(tallies: &[Tally], today: JapanDay, statuses: &[Status], language: Language) -> Chart {
    let series = |status: &Status| {
        let count_of = |day: JapanDay| {
            let fitting = tallies.iter().filter(|it| it.day == day && it.of == TallyOf::Status(*status));
            fitting.map(|it| it.count).sum()
        };
        Series {
            class: words::status_class(*status),
            strokes: Group::of(*status).strokes(),
            label: format!("{} {}", status.wire(), StatusTag::of(*status, language).name),
            counts: (0..DAYS).map(|index| count_of(today.plus(1 - DAYS + index))).collect(),
        }
    };
    let labels: Vec<_> = (0..DAYS).map(|index| today.plus(1 - DAYS + index).month_and_day()).collect();
    Chart::stacked(&labels, &statuses.iter().map(series).collect::<Vec<_>>())
}

fn day_rows(tallies: &[Tally], today: JapanDay, statuses: &[Status], shop: &str, language: Language) -> Vec<DayRow> {
    let row = |day: JapanDay| {
        let of = |status: Status| {
            let fitting = tallies.iter().filter(|it| it.day == day && it.of == TallyOf::Status(status));
            fitting.fold((0, 0), |(count, sum), it| (count + it.count, sum + it.sum))
        };
        let (count, sum) = statuses.iter().map(|status| of(*status)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        let cell = |status: &Status| {
            let (count, on) = (of(*status).0, day.to_string());
            let list = list(&[("status", status.wire()), ("from", &on), ("to", &on)], shop);
            (words::grouped(count), (count != 0).then_some(list))
        };
        DayRow {
            day,
            counts: statuses.iter().map(cell).collect(),
            count: words::grouped(count),
            sum: words::yen(sum, language),
        }
    };
    (0..DAYS).map(|ago| row(today.plus(-ago))).collect()
}

fn latency(tallies: &[Tally], language: Language) -> (Chart, Vec<LatencyRow>, String) {
    let mut by_bound: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for tally in tallies {
        let TallyOf::Latency(bound) = tally.of else { continue };
        let entry = by_bound.entry(bound.unwrap_or(i64::MAX)).or_default();
        *entry = (entry.0 + tally.count, entry.1 + tally.sum);
    }
    let bounds: Vec<i64> = LATENCY_BOUNDS_MS.into_iter().chain([i64::MAX]).collect();
    let count_of = |bound: &i64| by_bound.get(bound).map_or(0, |it| it.0);
    let (count, sum) = by_bound.values().fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    let label = |bound: &i64| match bound {
        &i64::MAX => language.pick("30秒超", "> 30 s").to_owned(),
        ms if *ms < 1000 => format!("≤ {ms} ms"),
        ms => format!("≤ {} s", ms / 1000),
    };
    let row = |bound: &i64| LatencyRow {
        bound: label(bound),
        count: words::grouped(count_of(bound)),
        share: if count == 0 { "–".to_owned() } else { format!("{}%", (count_of(bound) * 100 + count / 2) / count) },
    };
    let series = Series {
        class: "s-took",
        strokes: "",
        label: language.pick("件数", "Calls").to_owned(),
        counts: bounds.iter().map(count_of).collect(),
    };
    let labels: Vec<_> = bounds.iter().map(label).collect();
    let chart = Chart::stacked(&labels, &[series]);
    let mean = if count == 0 { String::new() } else { words::grouped(sum / count) };
    (chart, bounds.iter().map(row).collect(), mean)
}
