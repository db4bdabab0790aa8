//! Promise R8: one bad shop cannot hurt the others. A hundred shops; first all behave, then the first one's server hangs in
//! front of a large backlog, then it is owed fifty times as much as each other. What the others feel is measured and printed
//! as a ratio to the first part of the same run, because a machine's speed is no promise of ours.
//!
//! What is asserted holds on any machine: everything of the others arrives although the bad shop's backlog stays, and
//! whatever hangs holds its own shop's places only. That no other shop waits for more than one round is a test of
//! `domain::turns`; that a claim costs the same however large the backlog, one of `store::sqlite`.
//!
//! Short here; `./scripts/prove noisy` runs longer (`SEKISHO_PROVE_NOISY_SECONDS`, `SEKISHO_PROVE_NOISY_BACKLOG`).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sekisho::domain::Clock as _;
use sekisho::store::{Share, Store as _};

use super::post::{Manner, Post, number};
use crate::support::{MINUTE, eventually};

const SHOPS: usize = 100;
/// How many notifications a second the well-behaved shops are owed, all together.
const OTHERS_PER_S: u32 = 50;
/// The bad shop's part, as against each other.
const TIMES: u32 = 50;

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

    let base = part(&post, seconds, 0).await;
    println!("R8: {SHOPS} shops, {OTHERS_PER_S} notifications a second, {seconds} s each part");
    tell("all behave", &base, &base);
    let empty = claim_ms(&post).await;

    let flooded = part(&post, seconds, TIMES * OTHERS_PER_S / u32::try_from(SHOPS - 1).unwrap()).await;
    tell(&format!("one is owed {TIMES} times as much"), &flooded, &base);

    owed(&post, 0).await;
    post.set(&bad, Manner::Hangs);
    for _ in 0..backlog {
        post.owe(&bad, next()).await;
    }
    let hanging = part(&post, seconds, 0).await;
    tell(&format!("one hangs before a backlog of {backlog}"), &hanging, &base);
    let full = claim_ms(&post).await;
    println!("    a look at the outbox and a claim: {empty:.2} ms without a backlog, {full:.2} ms with it");
    // Nothing of the one that hangs was delivered, or lost.
    owed(&post, backlog).await;
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

fn tell(what: &str, felt: &Felt, base: &Felt) {
    let p99 = |sorted: &[f64]| sorted[(sorted.len() * 99).div_ceil(100) - 1];
    let (arrival, commit) = (p99(&felt.arrival), p99(&felt.commit));
    println!(
        "    {what}: the others' p99 of arrival {arrival:.1} ms (ratio {:.2}), of commit {commit:.1} ms (ratio {:.2}); {} sent",
        arrival / p99(&base.arrival),
        commit / p99(&base.commit),
        felt.arrival.len(),
    );
}
