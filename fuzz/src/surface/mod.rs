//! The whole HTTP surface: a few visits to the real router, with a real database and the real sandbox behind it.
//!
//! An input is a sequence of acts: shops call, buyers come and go, time passes, a server answers nonsense, and anybody
//! sends anything. Calls are mostly right, so that they get far. Whatever happens, nothing panics and no answer is 5xx,
//! but for the 502 by which a `.json` call is told that Amazon refused (psp-protocol 2.4).

mod act;
mod calls;
mod memory;

use std::cell::RefCell;
use std::collections::BTreeSet;

use tokio::runtime::Runtime;

use super::bytes::Bytes;
use super::indoors::{Indoors, Plan};
use memory::Memory;

/// The most acts of one input.
const ACTS_MAX: usize = 12;
/// A house that has seen so many inputs is torn down, so that its books stay short.
const VISITS_MAX: u32 = 500;

struct House {
    runtime: Runtime,
    indoors: Indoors,
    /// How many inputs it has seen; no two inputs share an OrderID, a session or a transaction.
    visits: u32,
}

thread_local! {
    static HOUSE: RefCell<Option<House>> = const { RefCell::new(None) };
}

/// Plays the input's acts.
pub fn surface(input: &[u8]) {
    visit(input);
}

/// Plays the input's acts; answers every status that a shop was told on the way.
pub fn visit(input: &[u8]) -> BTreeSet<String> {
    HOUSE.with_borrow_mut(|slot| {
        if slot.as_ref().is_some_and(|house| house.visits >= VISITS_MAX) {
            *slot = None;
        }
        let house = slot.get_or_insert_with(House::new);
        house.visits += 1;
        house.runtime.block_on(play(&house.indoors, house.visits, input))
    })
}

impl House {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let indoors = runtime.block_on(Indoors::new(patient));
        Self { runtime, indoors, visits: 0 }
    }
}

/// A shop that answers nonsense is not waited for.
fn patient(plan: &mut Plan) {
    plan.settings.notify_wait_ms = 0;
}

async fn play(indoors: &Indoors, visit: u32, input: &[u8]) -> BTreeSet<String> {
    let mut bytes = Bytes::new(input);
    let mut memory = Memory::new(visit);
    act::clear_up(indoors).await;
    for _ in 0..ACTS_MAX {
        if bytes.is_empty() {
            break;
        }
        act::one(indoors, &mut memory, &mut bytes).await;
    }
    memory.statuses
}
