//! Promise R7: a notification is never lost, and its id and body never change, whatever the shops' servers do.
//!
//! Short here; `./scripts/prove notify` sends as many as one likes (`SEKISHO_PROVE_NOTIFICATIONS`).

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Instant;

use futures_util::{StreamExt as _, stream};
use sekisho::domain::{AccessId, Clock as _};
use sekisho::notify::Settings;
use sekisho::store::{Resend, Store as _};

use super::post::{Manner, Post, number};
use crate::support::figure;

const SHORT: usize = 240;
/// Shops, so that many servers are at work at once.
const SHOPS: usize = 16;
/// What those are sent that hang or trickle, for each attempt costs their whole time-out; the rest goes to a quick one.
const SLOW_ROWS: std::ops::Range<usize> = 0..2;
const QUICK: usize = 6;
/// Questions to the book under way at a time.
const AT_ONCE: usize = 64;

/// What the servers of the shops do, in turn.
const MANNERS: [Manner; 8] = [
    Manner::Refuses(30),
    Manner::Refuses(90),
    Manner::Refuses(100),
    Manner::Hangs,
    Manner::Refuses(30),
    Manner::Refuses(90),
    Manner::Takes,
    Manner::Trickles,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_changed_by_servers_that_fail() {
    let count = number("SEKISHO_PROVE_NOTIFICATIONS", SHORT);
    // The clock moves by the test's hand, and the sender has to see that it did.
    let post = Post::new(SHOPS, Settings { poll_ms: 20 }, |shop| {
        shop.notify_retry_minutes = vec![10; 5];
        shop.notify_timeout_ms = if is_slow(&shop.shop_id) { 250 } else { 15_000 };
    })
    .await;
    for (number, shop) in post.shops.iter().enumerate() {
        post.set(shop, MANNERS[number % MANNERS.len()]);
    }
    let begun = Instant::now();
    let (mut owed, mut slow) = (BTreeMap::new(), BTreeSet::new());
    let owing = stream::iter(0..count).map(async |number| {
        let (row, shop) = (number / SHOPS, number % SHOPS);
        let shop = &post.shops[shop];
        let shop = if is_slow(shop.as_str()) && !SLOW_ROWS.contains(&row) { &post.shops[QUICK] } else { shop };
        post.owe(shop, number).await
    });
    let mut owing = pin!(owing.buffer_unordered(AT_ONCE));
    while let Some(notification) = owing.next().await {
        if is_slow(notification.shop_id.as_str()) {
            slow.insert(notification.id.clone());
        }
        owed.insert(notification.id, notification.body);
    }
    post.until_quiet().await;
    let first = states(&post, count).await;
    let attempts: i64 = first.iter().map(|(_, attempts)| attempts).sum();
    let given_up = first.iter().filter(|(state, _)| state == "GIVEN_UP").count();
    assert!(given_up > 0, "the test shows nothing about giving up");

    // The servers are mended, and the operator sends again what was given up.
    for shop in &post.shops {
        post.set(shop, Manner::Takes);
        let resent = post.store.resend(Resend::GivenUpOf { shop_id: shop.clone() }, post.clock.now(), u32::MAX).await;
        assert!(resent.unwrap().len() <= count);
    }
    post.until_quiet().await;

    let visits = post.visits();
    let lost = owed.keys().filter(|id| visits.get(*id).is_none_or(|one| one.taken == 0)).count();
    let changed = owed.iter().filter(|(id, body)| visits[*id].changed || visits[*id].body != **body).count();
    // The time-outs of the slow ones' shops are short, so on a busy machine the sender may miss what they said in the end.
    let doubled = visits.iter().filter(|(id, one)| one.taken > 1 && !slow.contains(*id)).count();
    assert_eq!((lost, changed, doubled, visits.len()), (0, 0, 0, count));
    assert!(states(&post, count).await.iter().all(|(state, _)| state == "DELIVERED"));
    figure(
        "R7.servers",
        format_args!(
            "{count} notifications to servers that refuse 30, 90 and 100 %, hang and trickle, in {:.1} s: {attempts} \
             attempts, {given_up} given up and sent again by command; {lost} lost, {changed} changed, {doubled} taken twice",
            begun.elapsed().as_secs_f64()
        ),
    );
}

/// Whether the shop's server hangs or trickles.
fn is_slow(shop_id: &str) -> bool {
    let number: usize = shop_id.trim_start_matches("tshop").parse().unwrap();
    matches!(MANNERS[number % MANNERS.len()], Manner::Hangs | Manner::Trickles)
}

/// State and attempts of every notification.
async fn states(post: &Post, count: usize) -> Vec<(String, i64)> {
    let state = async |number| {
        let access_id = AccessId::new(format!("{number:032x}")).unwrap();
        let record = post.store.notifications_of(&access_id).await.unwrap().remove(0);
        (record.state, record.attempts)
    };
    stream::iter(0..count).map(state).buffer_unordered(AT_ONCE).collect().await
}
