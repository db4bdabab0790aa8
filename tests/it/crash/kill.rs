//! SIGKILL at every step of every operation at Amazon. Afterwards, on the same database, nothing is lost and nothing is
//! doubled: the sandbox's ledger, SearchTradeMulti, the browser's page and the shop's receiver are asked, and agree.
//!
//! Here is the frame. What is being done when the process dies is in `plays`, one file each; the verdict is in `judge`.

use std::thread::JoinHandle;

use sekisho::flow::{Phase, Step};

use super::judge::judge;
use super::plays::Scene;
use super::world::World;
use crate::support::figure;

/// So many plays at once keep a small machine busy without making any of them slow.
const AT_ONCE: usize = 16;

/// Whether the process comes by `step` in `scene`. The cancellation that follows a change is promised in the commit that
/// concludes the new charge, so the moment of its intent is the one of that conclusion.
fn comes_by(scene: Scene, step: Step) -> bool {
    let operations = scene.operations();
    operations.contains(&step.operation)
        && !(operations.len() > 1 && step.operation == "cancelCharge" && step.phase == Phase::Intended)
}

fn plays() -> Vec<(Scene, Step)> {
    let steps = Step::all();
    let of = |scene: Scene| steps.iter().filter(move |step| comes_by(scene, **step)).map(move |step| (scene, *step));
    Scene::ALL.into_iter().flat_map(of).collect()
}

#[test]
fn every_step_of_every_operation_is_played() {
    for step in Step::all() {
        assert!(plays().iter().any(|(_, played)| *played == step), "no play for {step}");
    }
}

#[test]
fn nothing_is_lost_or_doubled_whenever_the_process_dies() {
    let plays = plays();
    let failed: usize = plays.chunks(AT_ONCE).map(failures).sum();
    assert_eq!(failed, 0, "of {} plays", plays.len());
    figure(
        "R1.steps",
        format_args!("{} deaths, in each scene at each step that it comes by: all survived", plays.len()),
    );
}

/// Plays these at once; answers how many fail.
fn failures(plays: &[(Scene, Step)]) -> usize {
    let begin = |&(scene, step): &(Scene, Step)| {
        let survive = move || {
            let begun = std::time::Instant::now();
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(play(scene, step));
            println!("{scene:?}, {step}: survived, {} ms", begun.elapsed().as_millis());
        };
        // A thread that fails says why, under its name.
        std::thread::Builder::new().name(format!("{scene:?}, {step}")).spawn(survive).unwrap()
    };
    let running: Vec<_> = plays.iter().map(begin).collect();
    running.into_iter().map(JoinHandle::join).filter(Result::is_err).count()
}

async fn play(scene: Scene, step: Step) {
    let world = World::new().await;
    let doomed = world.serve(Some(step)).await;
    let (gateway, verdict) = scene.play(&world, doomed, step).await;
    judge(&world, gateway, verdict).await;
}
