//! Hundreds of deaths in one long day: shops and buyers go on and on while the gateway is killed again and again, at
//! every step by name, at random moments and while it starts. In the evening the books of gateway, sandbox and shop are
//! laid side by side (`books`).
//!
//! `SEKISHO_CRASH_KILLS` says how many deaths (`./scripts/prove crash`), `SEKISHO_CRASH_SEED` which choices are made. The
//! moments themselves belong to the machine and cannot be repeated.

mod books;
mod customer;
mod lives;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sekisho::domain::SeededRng;
use sekisho::flow::Step;
use tokio::sync::watch;

use super::world::World;
use books::Books;
use customer::{Chance, Customer};
use lives::Wanted;

/// In the test command, beside the plays of `kill`.
const KILLS: u32 = 180;
/// A new world after so many, so that no book grows long.
const KILLS_PER_WORLD: u32 = 60;
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

/// What the deaths of one world came to.
#[derive(Debug, Default, Clone, Copy)]
struct Deaths {
    at_a_step: u32,
    at_random: u32,
    while_starting: u32,
}

#[test]
fn the_books_agree_after_a_storm_of_kills() {
    let kills = number_in("SEKISHO_CRASH_KILLS").unwrap_or(KILLS);
    let seed = number_in("SEKISHO_CRASH_SEED").unwrap_or(0);
    let began = Instant::now();
    let worlds = kills.div_ceil(KILLS_PER_WORLD);
    let next = Arc::new(AtomicU32::new(0));
    let work = move || {
        let mut done = Vec::new();
        loop {
            let world = next.fetch_add(1, Ordering::SeqCst);
            if world >= worlds {
                return done;
            }
            let kills = KILLS_PER_WORLD.min(kills - world * KILLS_PER_WORLD);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            done.push(runtime.block_on(day(kills, (u64::from(seed) << 32) + u64::from(world))));
        }
    };
    let threads: Vec<_> = (0..WORLDS_AT_ONCE.min(worlds)).map(|_| std::thread::spawn(work.clone())).collect();
    let days: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().expect("a day that ended well")).collect();
    let sum = |of: fn(&(Deaths, Books)) -> u32| days.iter().map(of).sum::<u32>();
    println!(
        "{kills} kills of seed {seed}: {} at a named step, {} at random, {} while starting; {} transactions, {} charges, \
         {} refunds, {} notifications ({} came twice): 0 lost, 0 doubled, 0 stuck, {:.0?}",
        sum(|(deaths, _)| deaths.at_a_step),
        sum(|(deaths, _)| deaths.at_random),
        sum(|(deaths, _)| deaths.while_starting),
        sum(|(_, books)| books.transactions),
        sum(|(_, books)| books.charges),
        sum(|(_, books)| books.refunds),
        sum(|(_, books)| books.notifications),
        sum(|(_, books)| books.came_twice),
        began.elapsed(),
    );
}

/// One world: so many kills while customers come and go, then the reckoning.
async fn day(kills: u32, seed: u64) -> (Deaths, Books) {
    let world = World::new().await;
    let (line, _) = watch::channel(String::new());
    let evening = AtomicBool::new(false);
    let chance = Chance(SeededRng::new(seed));
    let customers = (0..CUSTOMERS).map(|number| {
        let chance = Chance(SeededRng::new(seed ^ (number + 1).wrapping_mul(0xA076_1D64_78BD_642F)));
        lives::one_after_the_other(Customer::new(&world, line.subscribe(), chance, number), &evening)
    });
    let killing = async {
        let deaths = kill(&world, &line, &chance, kills).await;
        let last = world.serve(None).await;
        line.send_replace(last.url.clone());
        evening.store(true, Ordering::SeqCst);
        (deaths, last)
    };
    let ((deaths, last), wanted) = tokio::join!(killing, futures_util::future::join_all(customers));
    let wanted: Vec<Wanted> = wanted.into_iter().flatten().collect();
    let last = books::settle(&world, last).await;
    let books = books::compare(&world, last, &wanted, deaths.total()).await;
    (deaths, books)
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
        match step {
            Some(step) => {
                let stopped = format!("stopped at {step}");
                let reached = async {
                    while !gateway.process.logged(&stopped) {
                        tokio::time::sleep(LOOK_EVERY).await;
                    }
                };
                match tokio::time::timeout(Duration::from_millis(STEP_MS_MAX), reached).await {
                    Ok(()) => deaths.at_a_step += 1,
                    Err(_) => deaths.at_random += 1,
                }
            }
            None => {
                tokio::time::sleep(Duration::from_millis(chance.below(LIFE_MS_MAX))).await;
                deaths.at_random += 1;
            }
        }
        gateway.process.kill();
    }
    deaths
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
