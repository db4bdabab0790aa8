//! Every step of every effect fails, runs twice, and fails and then runs twice, in every flow that comes by it (R3). The
//! list of steps is the code's own.

use std::collections::BTreeSet;
use std::sync::Arc;

use sekisho::flow::Step;

use super::books;
use super::customer::Customer;
use super::script::{Mode, Script};
use super::weather::Weather;
use super::world::World;
use super::{in_virtual_time, until_quiet};
use crate::support::figure;
use crate::trade::lives::{Flow, live};

const PLAYED: &str = "the plan was played";

#[test]
fn every_step_of_every_flow_may_fail_and_may_run_twice() {
    let mut played = BTreeSet::new();
    let mut cases = 0;
    for flow in Flow::all() {
        let effects = effects_of(flow);
        for operation in &effects {
            let steps = Step::all().into_iter().filter(|step| step.operation == operation);
            let names: BTreeSet<_> = steps.map(|step| step.to_string()).collect();
            assert_eq!(names.len(), 3, "{operation} is intended, answered and concluded: {names:?}");
        }
        for step in Step::all().into_iter().filter(|step| effects.contains(step.operation)) {
            for mode in Mode::ALL {
                play(flow, step, mode);
                played.insert((step.to_string(), format!("{mode:?}")));
                cases += 1;
            }
        }
    }
    for step in Step::all() {
        for mode in Mode::ALL {
            let case = (step.to_string(), format!("{mode:?}"));
            assert!(played.contains(&case), "no flow comes by {case:?}");
        }
    }
    let (steps, modes, flows) = (Step::all().len(), Mode::ALL.len(), Flow::all().len());
    figure(
        "R3.steps",
        format_args!("{cases} cases of {steps} steps, {modes} modes and {flows} flows: 0 lost, 0 doubled"),
    );
}

/// The names of the effects that a flow has when all goes well.
fn effects_of(flow: Flow) -> BTreeSet<String> {
    let played = in_virtual_time(async move {
        let world = World::new(0, Weather::fair());
        (world.clone(), day(world, flow))
    });
    let trace = played.unwrap_or_else(|(why, trace)| panic!("{trace}\n{flow:?}: {why}"));
    let begun = trace.lines().filter_map(|line| line.split_once("begins Some(\"")?.1.split('"').next());
    begun.map(str::to_owned).collect()
}

fn play(flow: Flow, step: Step, mode: Mode) {
    let played = in_virtual_time(async move {
        let world = World::new(0, Weather::by(Script::new(step, mode)));
        (world.clone(), day(world, flow))
    });
    let trace = played.unwrap_or_else(|(why, trace)| panic!("{trace}\n{flow:?}, {step}, {mode:?}: {why}"));
    assert!(trace.contains(PLAYED), "{flow:?} does not come by {step}");
}

/// The trace of a day on which one customer lives through `flow`.
async fn day(world: Arc<World>, flow: Flow) -> String {
    let gateway = tokio::spawn(Arc::clone(&world).keep_a_gateway_running());
    let wanted = live(&Customer::new(&world, 0, 0), flow).await;
    until_quiet(&world).await;
    books::compare(&world, &wanted).await;
    gateway.abort();
    if world.weather.script.as_ref().is_some_and(Script::was_played) {
        world.trace.say(PLAYED);
    }
    world.trace.told()
}
