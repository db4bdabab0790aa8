//! What a transaction went through, told in the order of time: its shop's calls, its changes, what was done at Amazon and
//! every attempt of the calls that it took, and what its shop was told.

use super::exchanges;
use crate::console::words;
use crate::domain::operation::ChargeFor;
use crate::domain::{Effect, Millis, Money, Verdict};
use crate::protocol::{ErrInfo, Language};
use crate::store::CALLS_KEPT;
use crate::store::overview::{CallLine, JournalLine, NotificationSeen, NotificationState, OperationLine, Timeline};

/// One thing that happened.
pub(super) struct Event {
    pub(super) at: Millis,
    /// `good`, `bad`, `open` or none.
    pub(super) class: &'static str,
    pub(super) title: String,
    pub(super) details: Vec<String>,
    /// The notification's page, where it is one.
    pub(super) href: String,
}

/// Everything, oldest first; what happened in the same moment stays in the order of its making.
pub(super) fn tell(timeline: &Timeline, language: Language) -> Vec<Event> {
    // Intents and outcomes without a change of their own are told with the effect that they belong to.
    let changes = timeline.journal.iter().filter(|line| !matches!(line.event.as_str(), "intent" | "outcome"));
    let mut all: Vec<Event> =
        timeline.calls.first().and_then(|first| calls_dropped(first, language)).into_iter().collect();
    all.extend(timeline.calls.iter().map(|line| call(line, language)));
    all.extend(changes.map(|line| change(line, language)));
    all.extend(timeline.operations.iter().map(|line| operation(line, language)));
    all.extend(exchanges::tell(&timeline.exchanges, language));
    for seen in &timeline.notifications {
        all.push(notification(seen, language));
        all.extend(attempts(seen, language));
    }
    all.sort_by_key(|event| event.at);
    all
}

/// That `first` is not the first that there was.
fn calls_dropped(first: &CallLine, language: Language) -> Option<Event> {
    let missing = first.number - 1;
    let title = match language {
        Language::Japanese => {
            format!(
                "これより前の店舗の呼び出し{}件は保存していません（最新{CALLS_KEPT}件を保存）",
                words::grouped(missing)
            )
        }
        Language::English => {
            format!("{} earlier calls of the shop are not kept (the last {CALLS_KEPT} are)", words::grouped(missing))
        }
    };
    (missing > 0).then(|| Event { at: first.at, class: "", title, details: Vec::new(), href: String::new() })
}

fn call(line: &CallLine, language: Language) -> Event {
    let answers = line.codes.split('|').filter(|code| !code.is_empty());
    let told: Vec<_> =
        answers.map(|code| format!("{code} {}", ErrInfo::parse(code).map_or("", |info| info.text(language)))).collect();
    let (class, answer) = if told.is_empty() {
        ("", language.pick("受付", "done"))
    } else {
        ("bad", language.pick("拒否", "refused"))
    };
    let title = format!("{} {}: {answer}", language.pick("店舗の呼び出し", "Call of the shop:"), line.call);
    let mut details = told;
    details.push(format!("{} ms · {}", words::grouped(line.took_ms), line.caller));
    Event { at: line.at, class, title, details, href: String::new() }
}

fn change(line: &JournalLine, language: Language) -> Event {
    let moved = match line.from {
        Some(from) if from != line.to => format!("{from} → {}", line.to),
        _ => line.to.to_string(),
    };
    let total = words::yen(line.amount.get() + line.tax.get(), language);
    let class = words::StatusTag::of(line.to, language).class;
    let title = format!("{}: {moved}", event_label(&line.event, language));
    Event {
        at: line.at,
        class,
        title,
        details: vec![format!("{total} · version {}", line.version)],
        href: String::new(),
    }
}

/// What an event of the journal is called; those that a newer version wrote are called by their word.
fn event_label(event: &str, language: Language) -> &str {
    let (ja, en) = match event {
        "entered" => ("取引登録（店舗: EntryTranAmazonpay）", "Entered (shop: EntryTranAmazonpay)"),
        "requested" => ("決済実行（店舗: ExecTranAmazonpay）", "Executed (shop: ExecTranAmazonpay)"),
        "charged-at-once" => {
            ("決済実行、即時決済（ExecTranAmazonpay）", "Executed and charged at once (ExecTranAmazonpay)")
        }
        "registered-at-once" => {
            ("決済実行、同意を登録（ExecTranAmazonpay）", "Executed, consent registered (ExecTranAmazonpay)")
        }
        "refused-at-once" => {
            ("決済実行、Amazonが拒否（ExecTranAmazonpay）", "Executed, refused by Amazon (ExecTranAmazonpay)")
        }
        "pending-at-once" => {
            ("決済実行、Amazonの判断待ち（ExecTranAmazonpay）", "Executed, Amazon takes its time (ExecTranAmazonpay)")
        }
        "started" => ("購入者がAmazonへ（AmazonpayStart）", "The buyer set out for Amazon (AmazonpayStart)"),
        "session-named" => ("購入者が戻りました", "The buyer is back, with a session"),
        "pending" => ("Amazonの判断待ち", "Amazon takes its time"),
        "completed" => ("決済成立", "Completed"),
        "registered" => ("同意を登録", "Consent registered"),
        "failed" => ("失敗", "Failed"),
        "expired" => ("期限切れ", "Expired"),
        "sold" => ("実売上（AmazonpaySales）", "Captured (AmazonpaySales)"),
        "sale-begun" => ("実売上を受付、Amazonの処理待ち（AmazonpaySales）", "Capture under way (AmazonpaySales)"),
        "sold-anew" => ("仮売上を更新して実売上（AmazonpaySales）", "Renewed and captured (AmazonpaySales)"),
        "sale-refused" => ("実売上をAmazonが拒否（AmazonpaySales）", "Capture refused by Amazon (AmazonpaySales)"),
        "cancelled" => ("仮売上を取消（AmazonpayCancel）", "Authorisation cancelled (AmazonpayCancel)"),
        "changed" => ("金額変更（AmazonpayChange）", "Amounts changed (AmazonpayChange)"),
        "return-requested" => ("返金を受付（AmazonpayCancel）", "Refund accepted (AmazonpayCancel)"),
        "returned" => ("返金完了", "Refunded"),
        "return-refused" => ("返金をAmazonが拒否", "Refund refused by Amazon"),
        "ended" => ("同意を終了（CloseChargePermissionAmazonpay）", "Consent ended (CloseChargePermissionAmazonpay)"),
        _ => return event,
    };
    language.pick(ja, en)
}

fn operation(line: &OperationLine, language: Language) -> Event {
    let (class, outcome) = match (line.verdict, line.finished_at) {
        (Some(Verdict::Done), _) => ("good", language.pick("完了", "done")),
        (Some(Verdict::NotDone), _) => ("bad", language.pick("行われませんでした", "not done")),
        (None, _) => ("open", language.pick("結果待ち", "no outcome yet")),
    };
    let mut details = vec![effect_detail(&line.effect, language)];
    details.extend(line.evidence.as_ref().map(|evidence| format!("Amazon: {evidence}")));
    details.extend(line.finished_at.map(|end| format!("{} ms", words::grouped(end.since(line.started_at)))));
    details.extend(line.request_id.as_ref().map(|id| format!("x-amz-pay-request-id: {id}")));
    details.push(format!("idempotency key: {}", line.key));
    if line.looks > 0 {
        details.push(format!("{}: {}", language.pick("後からの確認", "looks"), line.looks));
    }
    let title = format!("Amazon Pay {}: {outcome}", line.effect.name());
    Event { at: line.started_at, class, title, details, href: String::new() }
}

fn effect_detail(effect: &Effect, language: Language) -> String {
    let of = |money: &Money| words::yen(money.total().get(), language);
    match effect {
        Effect::UpdateCheckoutSession { amount, .. }
        | Effect::CompleteCheckoutSession { amount, .. }
        | Effect::FinalizeCheckoutSession { amount, .. } => words::yen(amount.get(), language),
        Effect::CreateCharge { amount, capture, purpose, .. } => {
            let why = match purpose {
                ChargeFor::Exec(_) => language.pick("決済", "payment"),
                ChargeFor::Renewal { .. } => language.pick("仮売上の更新", "renewal"),
                ChargeFor::Change { .. } => language.pick("金額変更", "other amounts"),
            };
            let captured = if *capture { language.pick("、即時売上", ", captured at once") } else { "" };
            format!("{} ({why}{captured})", words::yen(amount.get(), language))
        }
        Effect::CaptureCharge { charge, money } | Effect::CreateRefund { charge, money, .. } => {
            format!("{} · {charge}", of(money))
        }
        Effect::CancelCharge { charge, .. } => charge.to_string(),
        Effect::CloseChargePermission { permission } => permission.to_string(),
    }
}

fn notification(seen: &NotificationSeen, language: Language) -> Event {
    let (state, class) = words::notification_state(seen.line.state, language);
    Event {
        at: seen.line.created_at,
        class,
        title: format!("{}: {state}", language.pick("結果通知", "Result notification")),
        details: vec![seen.line.id.clone()],
        href: format!("/console/notifications/{}", seen.line.id),
    }
}

fn attempts(seen: &NotificationSeen, language: Language) -> Vec<Event> {
    let last = seen.attempts.iter().map(|attempt| attempt.number).max();
    let attempt = |attempt: &crate::store::AttemptRecord| {
        let received = seen.line.state == NotificationState::Delivered && Some(attempt.number) == last;
        let answer = match (attempt.failure, attempt.http_status) {
            (Some(failure), _) => words::no_answer(failure, language).to_owned(),
            (None, Some(status)) => format!("HTTP {status}"),
            (None, None) => "–".to_owned(),
        };
        Event {
            at: attempt.at,
            class: if received { "good" } else { "bad" },
            title: format!("{} {}: {answer}", language.pick("結果通知の送信", "Notification, attempt"), attempt.number),
            details: attempt_details(attempt),
            href: String::new(),
        }
    };
    seen.attempts.iter().map(attempt).collect()
}

/// How long it took, and the beginning of the answer, if one came.
fn attempt_details(attempt: &crate::store::AttemptRecord) -> Vec<String> {
    let answer = Some(&attempt.answer).filter(|answer| attempt.failure.is_none() && !answer.is_empty());
    std::iter::once(format!("{} ms", words::grouped(attempt.took_ms))).chain(answer.cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Status, Yen};

    fn nothing() -> Timeline {
        Timeline {
            calls: Vec::new(),
            exchanges: Vec::new(),
            journal: Vec::new(),
            operations: Vec::new(),
            notifications: Vec::new(),
        }
    }

    #[test]
    fn calls_that_are_not_kept_are_counted() {
        let call = |number: i64| CallLine {
            number,
            at: Millis(number),
            took_ms: 1,
            call: "AmazonpaySales".to_owned(),
            codes: String::new(),
            caller: "127.0.0.1".to_owned(),
        };
        let titles = |calls: Vec<CallLine>, language| {
            let told = tell(&Timeline { calls, ..nothing() }, language);
            told.into_iter().map(|event| event.title).collect::<Vec<_>>()
        };
        assert_eq!(titles(vec![call(1), call(2)], Language::English), ["Call of the shop: AmazonpaySales: done"; 2]);
        assert_eq!(
            titles(vec![call(1201)], Language::English),
            [
                "1,200 earlier calls of the shop are not kept (the last 50 are)",
                "Call of the shop: AmazonpaySales: done"
            ]
        );
        assert_eq!(
            titles(vec![call(1201)], Language::Japanese)[0],
            "これより前の店舗の呼び出し1,200件は保存していません（最新50件を保存）"
        );
    }

    #[test]
    fn a_change_tells_from_where_to_where() {
        let line = JournalLine {
            at: Millis(5),
            event: "sold".to_owned(),
            version: 4,
            from: Some(Status::Auth),
            to: Status::Sales,
            amount: Yen::new(1980).unwrap(),
            tax: Yen::new(198).unwrap(),
        };
        let told = tell(&Timeline { journal: vec![line], ..nothing() }, Language::English);
        assert_eq!(told[0].title, "Captured (AmazonpaySales): AUTH → SALES");
        assert_eq!((told[0].class, told[0].details[0].as_str()), ("good", "¥2,178 · version 4"));
        assert_eq!(event_label("of-a-newer-version", Language::English), "of-a-newer-version");
    }
}
