//! Promise R6: an unknown outcome is resolved, and only by evidence. Amazon answers nothing for a while; some of what was
//! asked for was done behind the silence and some was not, and of that some is refused when it is asked for again. Once
//! Amazon answers, every transaction ends as Amazon's own ledger says, within a minute of the clock that the test moves.
//!
//! Short here; `./scripts/prove unknown` plays longer (`SEKISHO_PROVE_OUTAGES`).

use serde_json::json;

use super::FIRST_LOOK_MS;
use crate::support::{Entered, Order, Stage, figure};

const SHORT: usize = 3;
/// Of each kind, in one outage.
const ORDERS: usize = 2;
/// How often reconcile looks: the shipped setting.
const EVERY_MS: i64 = 5_000;
/// The promise.
const WITHIN_MS: i64 = 60_000;

/// What is asked for while Amazon is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Complete,
    Capture,
    Refund,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    /// Amazon did it, and nobody heard.
    Done,
    /// Amazon did nothing, and does it when it is asked again.
    NotYet,
    /// Amazon did nothing, and refuses it when it is asked again.
    Refused,
}

const DEEDS: [(Deed, &str, &str); 3] = [
    (Deed::Complete, "completeCheckoutSession", "getCheckoutSession"),
    (Deed::Capture, "captureCharge", "getCharge"),
    (Deed::Refund, "createRefund", "getRefund"),
];

/// One order whose outcome is unknown.
struct Case {
    deed: Deed,
    entered: Entered,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amazon_is_silent_and_comes_back() {
    let outages = crate::notify::number("SEKISHO_PROVE_OUTAGES", SHORT);
    let mut waits = Vec::new();
    for outage in 0..outages {
        let truth = [Truth::Done, Truth::NotYet, Truth::Refused][outage % 3];
        // From half a minute to half an hour; the long ones are rare, for every look in them is really made.
        let minutes_x2 = [1, 4, 2, 12, 5, 60][outage % 6];
        waits.extend(play(truth, minutes_x2 * 30_000).await);
    }
    waits.sort_unstable();
    let p = |percent: usize| waits[(waits.len() * percent).div_ceil(100) - 1];
    assert!(p(100) <= WITHIN_MS, "{waits:?}");
    figure(
        "R6.silences",
        format_args!(
            "{} unknown outcomes in {outages} silences, all as Amazon's ledger says; known after Amazon is back: p50 {} s, \
             p99 {} s, longest {} s",
            waits.len(),
            p(50) / 1000,
            p(99) / 1000,
            p(100) / 1000
        ),
    );
}

/// One outage; answers how long after it each outcome was known, in milliseconds.
async fn play(truth: Truth, silent_ms: i64) -> Vec<i64> {
    let stage = Stage::with(|plan| {
        plan.settings.amazon_attempt_timeout_ms = 3000;
        plan.settings.amazon_total_ms = 3000;
        plan.settings.notify_wait_ms = 0;
    })
    .await;
    let mut cases = Vec::new();
    let mut returns = Vec::new();
    // Nothing of the preparation is meant to be interrupted: what fails by chance on a busy machine fails the test.
    for (deed, ..) in DEEDS {
        for number in 0..ORDERS {
            let id: &'static str = format!("{deed:?}-{number}").leak();
            let entered = match deed {
                Deed::Complete => {
                    let (entered, back) = stage.agreed(Order::auth(id)).await;
                    returns.push(back);
                    entered
                }
                Deed::Capture => stage.paid(Order::auth(id)).await.0,
                Deed::Refund => stage.paid(Order::capture(id)).await.0,
            };
            settled(&stage, &entered, deed).await;
            cases.push(Case { deed, entered });
        }
    }
    silence(&stage, truth).await;
    for back in returns {
        assert_eq!(stage.browser.come_back(&back).await.outcome(), ("AUTHPROCESS", ""));
    }
    for case in &cases {
        let answer = match case.deed {
            Deed::Complete => continue,
            Deed::Capture => case.entered.sell(stage.shop(), "1980", "198").await,
            Deed::Refund => case.entered.cancel(stage.shop(), "1980", "198").await,
        };
        assert_eq!(answer.errors(), "AZ1000999", "{:?}", case.deed);
    }
    let until = stage.now().plus(silent_ms);
    while stage.now() < until {
        stage.clock.advance(EVERY_MS);
        assert_eq!(stage.reconcile().await.closed, 0, "nothing is decided without evidence");
    }
    for case in &cases {
        assert!(stage.has_open_intent(&case.entered.access_id).await);
    }
    stage.mend().await;
    if truth == Truth::Refused {
        for (_, operation, _) in DEEDS {
            stage.fault(operation, 1000, json!({"simulation_code": "AmazonRejected"})).await;
        }
    }
    let waits = known_after(&stage, &cases).await;
    for case in &cases {
        as_the_ledger_says(&stage, case, truth).await;
    }
    waits
}

/// What is only preparation must have gone well.
async fn settled(stage: &Stage, entered: &Entered, deed: Deed) {
    let expected = match deed {
        Deed::Complete => "AUTHPROCESS",
        Deed::Capture => "AUTH",
        Deed::Refund => "CAPTURE",
    };
    if stage.has_open_intent(&entered.access_id).await {
        stage.clock.advance(FIRST_LOOK_MS);
        stage.reconcile().await;
    }
    assert_eq!(stage.shop().status(entered.order).await, expected);
}

/// From here on Amazon answers nothing that helps.
async fn silence(stage: &Stage, truth: Truth) {
    for (_, operation, look) in DEEDS {
        let fault = if truth == Truth::Done { json!({"lose_answer": true}) } else { json!({"status": 500}) };
        stage.fault(operation, 1_000_000, fault).await;
        stage.fault(look, 1_000_000, json!({"status": 503})).await;
    }
}

/// Lets time pass until every outcome is known.
async fn known_after(stage: &Stage, cases: &[Case]) -> Vec<i64> {
    let back = stage.now();
    let mut waits = Vec::new();
    let mut open: Vec<_> = cases.iter().collect();
    while !open.is_empty() {
        stage.reconcile().await;
        let mut still = Vec::new();
        for case in open {
            if stage.has_open_intent(&case.entered.access_id).await {
                still.push(case);
            } else {
                waits.push(stage.now().since(back));
            }
        }
        open = still;
        assert!(stage.now().since(back) < 10 * WITHIN_MS, "{} are never known", open.len());
        stage.clock.advance(EVERY_MS);
    }
    waits
}

async fn as_the_ledger_says(stage: &Stage, case: &Case, truth: Truth) {
    let status = stage.shop().status(case.entered.order).await;
    let happened = truth != Truth::Refused;
    let expected: &[&str] = match (case.deed, happened) {
        (Deed::Complete, true) => &["AUTH"],
        (Deed::Complete, false) => &["PAYFAIL"],
        (Deed::Capture, true) => &["SALES"],
        (Deed::Capture, false) => &["PAYFAIL", "AUTH"],
        // Amazon's last word on a refund that it made comes later.
        (Deed::Refund, true) => &["REQRETURN", "RETURN"],
        (Deed::Refund, false) => &["CAPTURE"],
    };
    assert!(expected.contains(&status.as_str()), "{:?}, {truth:?}: {status}", case.deed);
    let ledger = stage.ledger().await;
    let transaction = stage.transaction(&case.entered.access_id).await;
    let Some(payment) = transaction.state.payment() else { return };
    let of_charge = |kind: &str| {
        let movements = ledger["movements"].as_array().unwrap().iter();
        movements.filter(|one| one["kind"] == kind && one["chargeId"] == payment.charge.as_str()).count()
    };
    assert_eq!(of_charge("authorized"), 1, "{:?}", case.deed);
    let captured = usize::from(case.deed == Deed::Refund || (case.deed == Deed::Capture && happened));
    assert_eq!(of_charge("captured"), captured, "{:?}, {truth:?}", case.deed);
    let refunds = ledger["refunds"].as_array().unwrap().iter();
    let refunds = refunds.filter(|one| one["chargeId"] == payment.charge.as_str()).count();
    assert_eq!(refunds, usize::from(case.deed == Deed::Refund && happened), "{:?}, {truth:?}", case.deed);
}
