//! Random sequences of calls, buyers' acts and time, against a second model of the protocol: a table and a few pages of
//! plain arithmetic, written from the specification alone (psp-protocol 5, 6, 9, 13; amazon-pay 2.3 to 2.6). After every
//! step the answer is compared field by field, and what SearchTradeMulti says of every order; at the end the sandbox's
//! ledger and the notifications.
//!
//! `SEKISHO_MODEL_SEQUENCES` says how many sequences (`./scripts/prove model`), `SEKISHO_MODEL_SEED` which ones. A
//! difference is shrunk to the shortest sequence that still shows it.

mod amazon;
mod book;
mod driver;
mod exec;
mod says;
mod settle;
mod step;
mod table;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use sekisho::sandbox::ledger::MovementKind;
use tokio::runtime::Runtime;

use crate::fuzz_corpus::bodies::indoors::Indoors;
use crate::support::figure;
use book::Book;
use driver::Driver;
use says::{Action, Says, Value};
use step::Step;

/// In the test command.
const SEQUENCES: u32 = 500;
/// After so many a new house is built, so that no book grows long.
const SEQUENCES_PER_HOUSE: u32 = 50;
/// How long the notifications of a sequence may take to arrive.
const NOTIFICATION_PATIENCE: Duration = Duration::from_secs(20);

struct House {
    runtime: Runtime,
    indoors: Indoors,
    sequences: u32,
}

impl House {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let indoors = runtime.block_on(Indoors::new(|_| {}));
        Self { runtime, indoors, sequences: 0 }
    }
}

/// Calls that were answered well in a status, and statuses that were reached: what a run has really looked at.
type Seen = BTreeSet<(&'static str, &'static str)>;

/// Plays a sequence in the model and for real.
async fn play(indoors: &Indoors, prefix: String, steps: &[Step]) -> Result<Seen, String> {
    let mut seen = Seen::new();
    let mut book = Book::new(indoors.now().0);
    let mut driver = Driver::new(indoors, prefix);
    // Whatever is left open at the end comes to an end.
    let settle = [Step::Wait { ms: 31_000 }, Step::Wait { ms: 3_601_000 }, Step::Wait { ms: 31_000 }];
    for (place, step) in steps.iter().chain(&settle).enumerate() {
        let before: Vec<&'static str> = book.orders.iter().map(|order| order.status).collect();
        let Some(done) = book.apply(step) else { continue };
        seen.extend(book.orders.iter().map(|order| ("", order.status)));
        if let (Action::Call(call, fields), Says::Fields(_)) = (&done.action, &done.says)
            && let Some((_, Value::AccessId(order))) = fields.first()
        {
            seen.insert((call, before[*order]));
        }
        let differs = |why: String| format!("step {place}, {step:?}: {why}");
        driver.act(&done.action, &done.says).await.map_err(differs)?;
        driver.all_stand(&book).await.map_err(differs)?;
    }
    money_moved(indoors, &driver, &book)?;
    was_told(indoors, &driver, &book).await?;
    Ok(seen)
}

/// The sandbox's ledger has the model's movements of money, and no others.
fn money_moved(indoors: &Indoors, driver: &Driver<'_>, book: &Book) -> Result<(), String> {
    let ledger = indoors.sandbox.ledger();
    for session in 0..book.amazon.sessions.len() {
        let real = ledger.movements().iter().filter(|it| it.session_id == driver.session(session));
        let mut real: Vec<(&str, i64)> = real.map(|it| (MovementKind::as_str(it.kind), it.amount.yen())).collect();
        let expected = book.amazon.movements.iter().filter(|(of, ..)| *of == session);
        let mut expected: Vec<(&str, i64)> = expected.map(|(_, kind, amount)| (*kind, *amount)).collect();
        real.sort_unstable();
        expected.sort_unstable();
        if real != expected {
            return Err(format!("session {session} moved {real:?}; the model says {expected:?}"));
        }
    }
    Ok(())
}

/// The shop was told of every change, in the outbox and over the wire, and of nothing else; and nothing is left open.
async fn was_told(indoors: &Indoors, driver: &Driver<'_>, book: &Book) -> Result<(), String> {
    let mut owed = 0;
    for (number, order) in book.orders.iter().enumerate() {
        let transaction = driver.transaction(number).await;
        let store = indoors.gateway.store();
        if store.open_intent(&transaction.access_id).await.unwrap().is_some() {
            return Err(format!("order {number} has an open intent"));
        }
        let written = store.notifications_of(&driver.access_id(number)).await.unwrap();
        let bodies: Vec<_> = written.iter().map(|record| driver::notified(&record.body)).collect();
        let expected: Vec<_> = order.told.iter().map(|told| &told.0).collect();
        let same = bodies.len() == expected.len()
            && bodies.iter().zip(&expected).all(|(body, expected)| driver.is_as(expected, body));
        if !same {
            return Err(format!("order {number} was told {bodies:?}; the model says {expected:?}"));
        }
        owed += expected.len();
    }
    let give_up = tokio::time::Instant::now() + NOTIFICATION_PATIENCE;
    let ours = || indoors.receiver.received().iter().filter(|body| driver.is_about_us(body)).count();
    while ours() < owed && tokio::time::Instant::now() < give_up {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let received = ours();
    if received == owed { Ok(()) } else { Err(format!("{received} notifications arrived, {owed} were owed")) }
}

/// Agreement about nothing would be none: every status was reached, and every call succeeded in every status in which it
/// may.
fn everything_was_seen(seen: &Seen) {
    let statuses = sekisho::domain::Status::ALL.iter().map(|status| ("", status.wire()));
    let calls = table::ALLOWED.iter().filter(|(call, ..)| *call != "AmazonpayStart");
    let calls = calls.flat_map(|(call, statuses, _)| statuses.iter().map(|status| (*call, *status)));
    let never: Vec<_> = statuses.chain(calls).filter(|one| !seen.contains(one)).collect();
    assert!(never.is_empty(), "never seen: {never:?}");
}

fn number_in(variable: &str) -> Option<u32> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is not a number: {text}")))
}

#[test]
fn random_sequences_agree_with_the_model() {
    let sequences = number_in("SEKISHO_MODEL_SEQUENCES").unwrap_or(SEQUENCES);
    let seed = number_in("SEKISHO_MODEL_SEED").unwrap_or(0);
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases: sequences, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let house = RefCell::new(House::new());
    let all_seen = RefCell::new(Seen::new());
    let began = tokio::time::Instant::now();
    let outcome = runner.run(&step::sequence(), |steps| {
        let mut house = house.borrow_mut();
        if house.sequences >= SEQUENCES_PER_HOUSE {
            *house = House::new();
        }
        house.sequences += 1;
        let prefix = format!("M{}", house.sequences);
        let House { runtime, indoors, .. } = &*house;
        let played = runtime.block_on(play(indoors, prefix, &steps)).map_err(TestCaseError::fail)?;
        all_seen.borrow_mut().extend(played);
        Ok(())
    });
    match outcome {
        Ok(()) => {
            if sequences >= SEQUENCES {
                everything_was_seen(&all_seen.borrow());
            }
            let took = began.elapsed();
            figure("R5.sequences", format_args!("{sequences} sequences of seed {seed} in {took:.0?}: 0 differences"));
        }
        Err(TestError::Fail(why, steps)) => panic!("{why}\nafter {steps:#?}\n(seed {seed})"),
        Err(error) => panic!("{error}"),
    }
}
