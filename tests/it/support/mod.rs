//! A stage for whole payments: the gateway, the sandbox and a shop's notification receiver on real ports of this
//! machine, a clock that only the test moves, and everybody who acts: a shop's server, a buyer's browser.
//!
//! Nothing here sleeps for luck: whoever waits, waits for a condition, at most [`PATIENCE`].

pub(crate) mod acts;
mod answer;
mod browser;
pub(crate) mod deeds;
pub(crate) mod line;
mod purchase;
mod receiver;
mod shop;
mod stage;

use std::fmt::Display;
use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use tokio::time::Instant;

pub(crate) use answer::Answer;
pub(crate) use browser::{Browser, HANAKO, ResultForm, form_of, result_form};
pub(crate) use deeds::{close, moved};
pub(crate) use purchase::{Entered, Order, Ready};
pub(crate) use receiver::{Received, Receiver, Reply};
pub(crate) use shop::{ShopClient, form};
pub(crate) use stage::{Plan, Stage};

/// How long anything may take before a test gives up on it; long, because the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// One minute, in milliseconds.
pub(crate) const MINUTE: i64 = 60_000;
/// One day, in milliseconds.
pub(crate) const DAY: i64 = 24 * 60 * MINUTE;

/// Waits until `look` sees something; fails the test, saying `what`, when [`PATIENCE`] is over.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < give_up, "did not come about: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What a proof has shown, as a line that `./scripts/prove all` collects: which promise and, where several proofs carry it,
/// which part of it (such as `R1.kills`), the module that showed it, and the figure in words. It belongs at the end of a
/// test, for what is told here holds.
#[track_caller]
pub(crate) fn figure(of: &str, what: impl Display) {
    let file = Location::caller().file().trim_start_matches("tests/it/").trim_end_matches(".rs");
    println!("FIGURE {of} {}: {what}", file.trim_end_matches("/mod").replace('/', "::"));
}

/// The same call, `count` times at the same instant.
pub(crate) async fn at_once<F: Future<Output = Answer> + Send + 'static>(
    count: usize,
    call: impl Fn() -> F,
) -> Vec<Answer> {
    let tasks: Vec<_> = (0..count).map(|_| tokio::spawn(call())).collect();
    let mut answers = Vec::with_capacity(count);
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}
