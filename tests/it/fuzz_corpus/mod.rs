//! Every input that the fuzz targets have kept, played again on the stable compiler. The targets' bodies are the fuzz
//! package's own files; a target without a folder of inputs, or a folder without a target, is a failure.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// The library of the package in `fuzz/`, which is a workspace of its own.
#[path = "../../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "these files are a library, too")]
pub(crate) mod bodies;

use sekisho::domain::Status;

use crate::support::figure;
use bodies::{TARGETS, Target};

/// In all; a corpus that nobody can look through is not kept.
const CORPUS_BYTES_MAX: u64 = 500_000;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

/// The names in a directory, in order.
fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Plays every kept input of these targets; answers how many.
fn replay(targets: &[(&str, Target)]) -> usize {
    let mut played = 0;
    for (name, target) in targets {
        let directory = corpus().join(name);
        for file in names(&directory) {
            let input = fs::read(directory.join(&file)).unwrap();
            assert!(catch_unwind(|| target(&input)).is_ok(), "fuzz/corpus/{name}/{file} fails");
            played += 1;
        }
    }
    played
}

#[test]
fn every_target_has_inputs_and_a_binary() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&corpus()), targets);
    let binaries = names(&corpus().with_file_name("fuzz_targets"));
    assert_eq!(binaries, targets.iter().map(|name| format!("{name}.rs")).collect());
    let size = |name: &str| names(&corpus().join(name)).len();
    for (name, _) in TARGETS {
        assert!(size(name) > 0, "{name} has no inputs");
    }
}

#[test]
fn the_corpus_is_small() {
    let size = |file: PathBuf| fs::metadata(file).unwrap().len();
    let files =
        |name: &str| names(&corpus().join(name)).into_iter().map(|file| corpus().join(name).join(file)).collect();
    let bytes: u64 = TARGETS.iter().flat_map(|(name, _)| -> Vec<PathBuf> { files(name) }).map(size).sum();
    assert!(bytes <= CORPUS_BYTES_MAX, "{bytes} bytes");
}

#[test]
fn the_decoders_still_take_every_input() {
    let decoders: Vec<_> = TARGETS.iter().filter(|(name, _)| *name != "surface").copied().collect();
    let played = replay(&decoders);
    assert!(played > decoders.len());
    figure("R9.decoders", format_args!("{played} kept inputs of {} targets: 0 panics", decoders.len()));
}

/// A visit that gets nowhere finds nothing, so this also tells how far the kept ones get.
#[test]
fn the_surface_still_takes_every_input() {
    let mut told = BTreeSet::new();
    let directory = corpus().join("surface");
    let visits = names(&directory);
    for file in &visits {
        let input = fs::read(directory.join(file)).unwrap();
        let statuses = catch_unwind(|| bodies::surface::visit(&input));
        told.extend(statuses.unwrap_or_else(|_| panic!("fuzz/corpus/surface/{file} fails")));
    }
    let all: BTreeSet<String> = Status::ALL.iter().map(ToString::to_string).collect();
    let never: Vec<_> = all.difference(&told).collect();
    assert!(never.is_empty(), "no visit led to {never:?}");
    figure("R9.surface", format_args!("{} kept visits of the whole HTTP surface: 0 panics, 0 5xx", visits.len()));
}
