//! Hundreds of deaths in one long day: shops and buyers go on and on while the gateway is killed again and again, at
//! every step by name, at random moments and while it starts. In the evening the books of gateway, sandbox and shop are
//! laid side by side (`books`). And two other such days, on which nobody dies: on one customers hang up in the middle of
//! calls, on the other an operator starts the gateway anew all the time.
//!
//! `SEKISHO_CRASH_KILLS`, `SEKISHO_CRASH_HANG_UPS` and `SEKISHO_CRASH_RESTARTS` say how often (`./scripts/prove crash`),
//! `SEKISHO_CRASH_SEED` which choices are made. The moments themselves belong to the machine and cannot be repeated.

mod books;
mod customer;
mod lives;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use sekisho::flow::Step;
use tokio::sync::watch;

use super::chance::Chance;
use super::world::{Gateway, World};
use crate::support::figure;
use crate::trade::books::Books;
use crate::trade::lives::Wanted;
use customer::Customer;

/// In the test command, beside the plays of `kill`.
const KILLS: u32 = 180;
/// In the test command: customers who hung up.
const HANG_UPS: u32 = 1_000;
/// In the test command: restarts by an operator.
const RESTARTS: u32 = 20;
/// A new world after so many, so that no book grows long.
const KILLS_PER_WORLD: u32 = 60;
const HANG_UPS_PER_WORLD: u32 = 1_000;
const RESTARTS_PER_WORLD: u32 = 20;
/// Worlds that are played at once.
const WORLDS_AT_ONCE: u32 = 3;
/// Shops' servers that work at once on one gateway.
const CUSTOMERS: u64 = 4;
/// A gateway that is to stop at a step nobody comes by is killed after so long anyway.
const STEP_MS_MAX: u64 = 1_500;
/// A gateway that is killed at random lives at most so long.
const LIFE_MS_MAX: u64 = 400;
/// A gateway that is killed while it starts: within this time, which is about how long starting takes.
const BIRTH_MS_MAX: u64 = 120;
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What goes wrong on a day.
#[derive(Debug, Clone, Copy)]
enum Weather {
    /// The gateway dies so often.
    Kills(u32),
    /// Customers hang up so often.
    HangUps(u32),
    /// An operator starts it anew so often.
    Restarts(u32),
}

/// How the gateways of a day died.
#[derive(Debug, Default, Clone, Copy)]
struct Deaths {
    at_a_step: u32,
    at_random: u32,
    while_starting: u32,
}

/// What one day came to.
struct Day {
    deaths: Deaths,
    hang_ups: u32,
    books: Books,
}

#[test]
fn the_books_agree_after_a_storm_of_kills() {
    let kills = number_in("SEKISHO_CRASH_KILLS").unwrap_or(KILLS);
    let days = days(kills, KILLS_PER_WORLD, Weather::Kills);
    let died = |of: fn(&Deaths) -> u32| days.iter().map(|day| of(&day.deaths)).sum::<u32>();
    let (at_a_step, at_random) = (died(|deaths| deaths.at_a_step), died(|deaths| deaths.at_random));
    let while_starting = died(|deaths| deaths.while_starting);
    assert_eq!(at_a_step + at_random + while_starting, kills);
    let how = format!("{at_a_step} at a named step, {at_random} at random, {while_starting} while starting");
    figure("R1.kills", format_args!("{kills} kills ({how}): {}", sum(&days)));
}

#[test]
fn the_books_agree_however_often_customers_hang_up() {
    let hang_ups = number_in("SEKISHO_CRASH_HANG_UPS").unwrap_or(HANG_UPS);
    let days = days(hang_ups, HANG_UPS_PER_WORLD, Weather::HangUps);
    let counted: u32 = days.iter().map(|day| day.hang_ups).sum();
    assert!(counted >= hang_ups, "{counted} of {hang_ups}");
    figure("R1.hang-ups", format_args!("{counted} calls whose caller hung up: {}", sum(&days)));
}

/// SIGTERM under load (promise R10). A customer gives up at the first answer that says that the gateway itself has
/// failed, so beyond cut connections there is none; and no notification comes twice.
#[test]
fn the_books_agree_however_often_it_is_started_anew() {
    let restarts = number_in("SEKISHO_CRASH_RESTARTS").unwrap_or(RESTARTS);
    let days = days(restarts, RESTARTS_PER_WORLD, Weather::Restarts);
    let how = "each with exit code 0 and no failed request beyond cut connections";
    figure("R10.restarts", format_args!("{restarts} restarts by SIGTERM under load, {how}: {}", sum(&days)));
}

/// The books of all days together.
fn sum(days: &[Day]) -> Books {
    days.iter().map(|day| day.books).sum()
}

/// So many mishaps, over as many worlds as they need.
fn days(mishaps: u32, per_world: u32, weather: fn(u32) -> Weather) -> Vec<Day> {
    let seed = u64::from(number_in("SEKISHO_CRASH_SEED").unwrap_or(0));
    let worlds = mishaps.div_ceil(per_world);
    let next = AtomicU32::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let world = next.fetch_add(1, Ordering::SeqCst);
            if world >= worlds {
                return done;
            }
            let today = weather(per_world.min(mishaps - world * per_world));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            done.push(runtime.block_on(day(today, (seed << 32) + u64::from(world))));
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..WORLDS_AT_ONCE.min(worlds)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a day that ended well")).collect()
    })
}

/// One world: mishaps while customers come and go, then the reckoning.
async fn day(weather: Weather, seed: u64) -> Day {
    let world = World::new().await;
    let (line, _) = watch::channel(String::new());
    let evening = AtomicBool::new(false);
    let hang_ups = AtomicU32::new(0);
    let customers = (0..CUSTOMERS).map(|number| {
        let chance = Chance::of(seed ^ (number + 1).wrapping_mul(0xA076_1D64_78BD_642F));
        let customer = Customer::new(&world, line.subscribe(), chance, number);
        let customer = if let Weather::HangUps(_) = weather { customer.impatient(&hang_ups) } else { customer };
        lives::one_after_the_other(customer, &evening)
    });
    let weather = async {
        let deaths = match weather {
            Weather::Kills(kills) => kill(&world, &line, &Chance::of(seed), kills).await,
            Weather::Restarts(restarts) => restart(&world, &line, &Chance::of(seed), restarts).await,
            Weather::HangUps(_) => Deaths::default(),
        };
        let last = world.serve(None).await;
        line.send_replace(last.url.clone());
        if let Weather::HangUps(wanted) = weather {
            while hang_ups.load(Ordering::SeqCst) < wanted {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        evening.store(true, Ordering::SeqCst);
        (deaths, last)
    };
    let ((deaths, last), wanted) = tokio::join!(weather, futures_util::future::join_all(customers));
    let wanted: Vec<Wanted> = wanted.into_iter().flatten().collect();
    let last = books::settle(&world, last).await;
    let books = books::compare(&world, last, &wanted, deaths.total()).await;
    Day { deaths, hang_ups: hang_ups.into_inner(), books }
}

/// Starts gateways and kills them.
async fn kill(world: &World, line: &watch::Sender<String>, chance: &Chance, kills: u32) -> Deaths {
    let steps = Step::all();
    let mut deaths = Deaths::default();
    for number in 0..kills {
        if chance.below(10) == 0 {
            let newborn = world.start_serve(&[]);
            tokio::time::sleep(Duration::from_millis(chance.below(BIRTH_MS_MAX))).await;
            newborn.kill();
            deaths.while_starting += 1;
            continue;
        }
        let step = (chance.below(3) > 0).then(|| steps[number as usize % steps.len()]);
        let gateway = world.serve(step).await;
        line.send_replace(gateway.url.clone());
        let stopped = async {
            match step {
                Some(step) => until_stopped(&gateway, step).await,
                None => tokio::time::sleep(Duration::from_millis(chance.below(LIFE_MS_MAX))).await,
            }
            step.is_some()
        };
        if tokio::time::timeout(Duration::from_millis(STEP_MS_MAX), stopped).await.unwrap_or(false) {
            deaths.at_a_step += 1;
        } else {
            deaths.at_random += 1;
        }
        gateway.process.kill();
    }
    deaths
}

async fn until_stopped(gateway: &Gateway, step: Step) {
    let said = format!("stopped at {step}");
    while !gateway.process.logged(&said) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Starts gateways and tells them to stop. Nobody dies.
async fn restart(world: &World, line: &watch::Sender<String>, chance: &Chance, restarts: u32) -> Deaths {
    for _ in 0..restarts {
        let gateway = world.serve(None).await;
        line.send_replace(gateway.url.clone());
        tokio::time::sleep(Duration::from_millis(chance.below(LIFE_MS_MAX))).await;
        world.stop(gateway).await;
    }
    Deaths::default()
}

impl Deaths {
    const fn total(self) -> u32 {
        self.at_a_step + self.at_random + self.while_starting
    }
}

fn number_in(variable: &str) -> Option<u32> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is not a number: {text}")))
}
