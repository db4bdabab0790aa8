//! What customers do all day.

use std::sync::atomic::{AtomicBool, Ordering};

use super::customer::Customer;
use crate::trade::lives::{Flow, Wanted, live};

/// Lives until evening. Orders whose ticket was lost on the way are not in the answer: their buyers never paid.
pub(super) async fn one_after_the_other(customer: Customer<'_>, evening: &AtomicBool) -> Vec<Wanted> {
    let flows = Flow::all();
    let mut wanted = Vec::new();
    while !evening.load(Ordering::SeqCst) {
        let one = customer.chance.below(flows.len() as u64);
        wanted.extend(live(&customer, flows[usize::try_from(one).unwrap()]).await);
    }
    wanted
}
