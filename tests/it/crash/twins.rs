//! The same call many times at once, from a shop whose server lost count, with callers who hang up among them: what it
//! asks for happens once.
//!
//! `SEKISHO_TWIN_CALLS` says how many calls (`./scripts/prove twins`). Each order has its share of ExecTran, Sales and
//! Cancel, so there are `CALLS_PER_ORDER` times fewer charges, as many captures and as many refunds as orders.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;

use super::chance::Chance;
use super::moves::{enter, wait_for_status};
use super::shop::call;
use super::world::{Gateway, World};
use crate::support::figure;
use crate::trade::shop::{ALREADY_REQUESTED, BUSY, Entered, Form, NOT_IN_THIS_STATUS, Reply};

/// In the test command.
const CALLS: usize = 3_000;
/// In the test command, and in the long run as the promise has it.
const CALLS_PER_ORDER: [usize; 2] = [150, 1_000];
/// Calls of one kind on one order that are under way at once.
const AT_ONCE: usize = 25;
/// Orders that are worked on at once.
const ORDERS_AT_ONCE: usize = 4;
/// One of so many callers hangs up.
const HANGS_UP_ONE_OF: u64 = 5;
const HANGS_UP_AFTER_MS_MAX: u64 = 40;

/// What became of the calls of one kind on one order.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Answers {
    done: usize,
    busy: usize,
    too_late: usize,
    hung_up: usize,
}

#[tokio::test]
async fn identical_calls_have_one_result() {
    let wished = std::env::var("SEKISHO_TWIN_CALLS").ok();
    let calls = wished.as_ref().map_or(CALLS, |text| text.parse().expect("SEKISHO_TWIN_CALLS is a number"));
    let orders = calls / CALLS_PER_ORDER[usize::from(wished.is_some())];
    let per_kind = (calls / orders).div_ceil(3);
    let world = Arc::new(World::new().await);
    let gateway = Arc::new(world.serve(None).await);
    let lives = stream::iter(0..orders).map(|number| {
        let (world, gateway) = (Arc::clone(&world), Arc::clone(&gateway));
        async move { life(&world, &gateway, number, per_kind).await }
    });
    let all: Vec<Answers> = lives.buffer_unordered(ORDERS_AT_ONCE).flat_map(stream::iter).collect().await;

    let ledger = world.ledger().await;
    let happened = |kind: &str| {
        let movements = ledger["movements"].as_array().unwrap().iter();
        movements.filter(|movement| movement["kind"] == kind).count()
    };
    for kind in ["authorized", "captured"] {
        assert_eq!(happened(kind), orders, "{kind}");
    }
    for objects in ["charges", "refunds"] {
        assert_eq!(ledger[objects].as_array().unwrap().len(), orders, "{objects}");
    }
    let sum = |of: fn(&Answers) -> usize| all.iter().map(of).sum::<usize>();
    figure(
        "R2.twins",
        format_args!(
            "{} calls: {} done, {} in work, {} too late, {} hung up; {orders} charges, {orders} captures, {orders} refunds",
            orders * per_kind * 3,
            sum(|answers| answers.done),
            sum(|answers| answers.busy),
            sum(|answers| answers.too_late),
            sum(|answers| answers.hung_up),
        ),
    );
}

/// One order from ExecTran to refund, each call `times` times.
async fn life(world: &World, gateway: &Gateway, number: usize, times: usize) -> [Answers; 3] {
    let session = world.paid_on_the_shops_page().await;
    let order = enter(world, gateway, &format!("twin-{number}"), "AUTH").await;
    let exec = order.with([("AmazonCheckoutSessionID", &*session)]);
    let sale = order.with([("Amount", "1980"), ("Tax", "198")]);
    let refund = order.with([("CancelAmount", "1980"), ("CancelTax", "198")]);
    [
        twins(world, gateway, &order, ("ExecTranAmazonpay", &exec), times, (ALREADY_REQUESTED, "AUTH")).await,
        twins(world, gateway, &order, ("AmazonpaySales", &sale), times, (NOT_IN_THIS_STATUS, "SALES")).await,
        twins(world, gateway, &order, ("AmazonpayCancel", &refund), times, (NOT_IN_THIS_STATUS, "REQRETURN")).await,
    ]
}

/// The call, `times` times; then the order has the status. One answer at most says that it was done: where there is
/// none, that one's caller had hung up.
async fn twins(
    world: &World,
    gateway: &Gateway,
    order: &Entered,
    (name, form): (&str, &Form),
    times: usize,
    (too_late, becomes): (&str, &str),
) -> Answers {
    let chance = Chance::of(order.order.bytes().map(u64::from).sum::<u64>() ^ name.len() as u64);
    let calls = stream::iter(0..times).map(|_| {
        let patience =
            (chance.below(HANGS_UP_ONE_OF) == 0).then(|| Duration::from_millis(chance.below(HANGS_UP_AFTER_MS_MAX)));
        async move {
            let answer = call(&world.http, &gateway.url, name, form);
            match patience {
                Some(patience) => tokio::time::timeout(patience, answer).await.ok(),
                None => Some(answer.await),
            }
        }
    });
    let mut answers = Answers::default();
    let mut under_way = std::pin::pin!(calls.buffer_unordered(AT_ONCE));
    while let Some(answer) = under_way.next().await {
        match answer {
            None => answers.hung_up += 1,
            Some(Reply::Fields(_)) => answers.done += 1,
            Some(Reply::Refused(codes)) if codes == BUSY => answers.busy += 1,
            Some(Reply::Refused(codes)) if codes == too_late => answers.too_late += 1,
            Some(other) => panic!("{name} of {}: {other:?}", order.order),
        }
    }
    wait_for_status(world, gateway, &order.order, becomes).await;
    assert!(answers.done == 1 || (answers.done == 0 && answers.hung_up > 0), "{name} of {}: {answers:?}", order.order);
    answers
}
