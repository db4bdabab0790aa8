//! Every step of every effect fails, runs twice, and fails and then runs twice, in every flow that comes by it (R3). The
//! list of steps is the code's own.

use std::collections::BTreeSet;
use std::sync::Arc;

use sekisho::flow::Step;

use super::books;
use super::customer::Customer;
use super::lives::{Flow, live};
use super::script::{Mode, Script};
use super::weather::Weather;
use super::world::World;
use super::{in_virtual_time, until_quiet};

#[test]
fn every_step_of_every_flow_may_fail_and_may_run_twice() {
    let mut played = BTreeSet::new();
    let mut cases = 0;
    for step in Step::all() {
        for mode in Mode::ALL {
            for flow in Flow::all() {
                if play(flow, step, mode) {
                    played.insert((step.to_string(), format!("{mode:?}")));
                    cases += 1;
                }
            }
        }
    }
    for step in Step::all() {
        for mode in Mode::ALL {
            let case = (step.to_string(), format!("{mode:?}"));
            assert!(played.contains(&case), "no flow comes by {case:?}");
        }
    }
    println!("{cases} cases: {} steps by {} modes, in {} flows", Step::all().len(), Mode::ALL.len(), Flow::all().len());
}

/// Whether the flow came by the step.
fn play(flow: Flow, step: Step, mode: Mode) -> bool {
    let played = in_virtual_time(async move {
        let world = World::new(0, Weather::by(Script::new(step, mode)));
        (world.clone(), day(world, flow))
    });
    played.unwrap_or_else(|(why, trace)| panic!("{trace}\n{flow:?}, {step}, {mode:?}: {why}"))
}

async fn day(world: Arc<World>, flow: Flow) -> bool {
    let gateway = tokio::spawn(Arc::clone(&world).keep_a_gateway_running());
    let wanted = live(&Customer::new(&world, 0, 0), flow).await;
    until_quiet(&world).await;
    books::compare(&world, &wanted).await;
    gateway.abort();
    world.weather.script.as_ref().is_some_and(Script::was_played)
}
