//! Promise R8: one bad shop cannot hurt the others. A hundred shops; first all behave, then the first one's server hangs in
//! front of a large backlog, then it is owed fifty times as much as each other. What the others feel is measured and told
//! as a ratio to what they feel without it, in two parts of the same run, because a machine's speed is no promise of ours.
//! Where the parts are long enough for a p99, it may be a tenth more than the worse of the two, and the two must agree as
//! well: on a machine that has much else to do nothing can be measured.
//!
//! What is asserted of short parts, too, holds on any machine: everything of the others arrives although the bad shop's
//! backlog stays, and whatever hangs holds its own shop's places only. That no other shop waits for more than one round is a test of
//! `domain::turns`; that a claim costs the same however large the backlog, one of `store::sqlite`.
//!
//! Short here; `./scripts/prove noisy` runs longer (`SEKISHO_PROVE_NOISY_SECONDS`, `SEKISHO_PROVE_NOISY_BACKLOG`).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sekisho::domain::Clock as _;
use sekisho::store::{Share, Store as _};

use super::post::{Manner, Post, number};
use crate::support::{MINUTE, eventually, figure};

const SHOPS: usize = 100;
/// How many notifications a second the well-behaved shops are owed, all together.
const OTHERS_PER_S: u32 = 50;
/// The bad shop's part, as against each other.
const TIMES: u32 = 50;

/// Shorter parts have too few notifications for a p99 that means anything.
const JUDGED_FROM_S: u64 = 10;
/// The promise: so much more may the others' p99 be.
const RATIO_MAX: f64 = 1.1;

/// Numbers of transactions, used once each.
static NEXT: AtomicUsize = AtomicUsize::new(0);

fn next() -> usize {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// What the others felt.
struct Felt {
    /// From the commit of a notification to its arrival, in milliseconds, sorted.
    arrival: Vec<f64>,
    /// The commit itself, in milliseconds, sorted: every payment waits for one.
    commit: Vec<f64>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_shop_of_a_hundred() {
    let seconds = u64::try_from(number("SEKISHO_PROVE_NOISY_SECONDS", 1)).unwrap();
    let backlog = number("SEKISHO_PROVE_NOISY_BACKLOG", 400);
    let post = Post::new(SHOPS, |shop| shop.notify_timeout_ms = 15_000).await;
    let bad = post.shops[0].clone();

    // Connections come about, and nothing of it is counted.
    part(&post, 1, 0).await;
    let base = part(&post, seconds, 0).await;
    let again = part(&post, seconds, 0).await;
    let empty = claim_ms(&post).await;

    let flooded = part(&post, seconds, TIMES * OTHERS_PER_S / u32::try_from(SHOPS - 1).unwrap()).await;

    owed(&post, 0).await;
    post.set(&bad, Manner::Hangs);
    for _ in 0..backlog {
        post.owe(&bad, next()).await;
    }
    let hanging = part(&post, seconds, 0).await;
    let full = claim_ms(&post).await;
    // Nothing of the one that hangs was delivered, or lost.
    owed(&post, backlog).await;

    let judged = seconds >= JUDGED_FROM_S;
    if judged {
        let agree = ratios(&again, &base).into_iter().chain(ratios(&base, &again)).all(|ratio| ratio <= RATIO_MAX);
        assert!(agree, "this machine has too much else to do for a measurement: {}", told(&again, &base));
    }
    let how = format!("the others' p99 of {seconds} s each, {SHOPS} shops, {OTHERS_PER_S} notifications a second");
    let judgement = if judged { "at most a tenth more" } else { "too short to be judged" };
    for (part, what, felt) in [
        ("flooded", format!("one is owed {TIMES} times as much"), &flooded),
        (
            "hanging",
            format!("one hangs before a backlog of {backlog} (a claim {empty:.1} ms, with it {full:.1} ms)"),
            &hanging,
        ),
    ] {
        let within =
            ratios(felt, &base).into_iter().zip(ratios(felt, &again)).all(|(one, other)| one.min(other) <= RATIO_MAX);
        assert!(!judged || within, "{what}: {}", told(felt, &base));
        figure(&format!("R8.{part}"), format_args!("{what}: {}; {how}, {judgement}", told(felt, &base)));
    }
}

/// Waits until so much is owed: what has arrived is recorded a moment later.
async fn owed(post: &Post, count: usize) {
    eventually(&format!("{count} notifications are owed"), async || {
        let owed = post.store.backlog(post.clock.now()).await.unwrap().notifications_pending;
        (usize::try_from(owed).unwrap() == count).then_some(())
    })
    .await;
}

/// `seconds` of the others' notifications, with `more` a second of the bad shop's in between; waits until the others' have
/// arrived.
async fn part(post: &Post, seconds: u64, more: u32) -> Felt {
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut tick = tokio::time::interval(Duration::from_secs(1) / OTHERS_PER_S);
    let mut extra = 0;
    let mut sent = BTreeMap::new();
    let mut commit = Vec::new();
    let mut turn = 0;
    while Instant::now() < until {
        tick.tick().await;
        turn += 1;
        extra += more;
        while extra >= OTHERS_PER_S {
            extra -= OTHERS_PER_S;
            post.owe(&post.shops[0], next()).await;
        }
        let begun = Instant::now();
        let owed = post.owe(&post.shops[1 + turn % (SHOPS - 1)], next()).await;
        commit.push(begun.elapsed().as_secs_f64() * 1000.0);
        sent.insert(owed.id, Instant::now());
    }
    let visits = eventually("the others' notifications arrive", async || {
        let visits = post.visits();
        sent.keys().all(|id| visits.get(id).is_some_and(|one| one.taken == 1)).then_some(visits)
    })
    .await;
    let mut arrival: Vec<_> = sent
        .iter()
        .map(|(id, at)| visits[id].first_taken.unwrap().saturating_duration_since(*at).as_secs_f64() * 1000.0)
        .collect();
    arrival.sort_by(f64::total_cmp);
    commit.sort_by(f64::total_cmp);
    Felt { arrival, commit }
}

/// How long the two steps of the sender take, at their median.
async fn claim_ms(post: &Post) -> f64 {
    let mut took = Vec::new();
    for _ in 0..51 {
        let begun = Instant::now();
        post.store.shops_owed().await.unwrap();
        // Of the shop with the backlog, past the places that are taken.
        let share = Share { shop_id: post.shops[0].clone(), take_max: 1, under_way_max: 1000 };
        post.store.claim_notifications(post.clock.now(), MINUTE, vec![share]).await.unwrap();
        took.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    took.sort_by(f64::total_cmp);
    took[took.len() / 2]
}

fn p99(sorted: &[f64]) -> f64 {
    sorted[(sorted.len() * 99).div_ceil(100) - 1]
}

/// The p99 of arrival and of commit, as times those of `base`.
fn ratios(felt: &Felt, base: &Felt) -> [f64; 2] {
    [p99(&felt.arrival) / p99(&base.arrival), p99(&felt.commit) / p99(&base.commit)]
}

fn told(felt: &Felt, base: &Felt) -> String {
    let [arrival, commit] = ratios(felt, base);
    let (arrival_ms, commit_ms) = (p99(&felt.arrival), p99(&felt.commit));
    format!(
        "arrival x {arrival:.2} ({arrival_ms:.1} ms), commit x {commit:.2} ({commit_ms:.1} ms), {} sent",
        felt.arrival.len()
    )
}
