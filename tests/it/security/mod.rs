//! What a stranger, a foreign shop or a forger can bring about: nothing. The proofs of the promises S1 to S6 and S8
//! (docs/testing.md); each prints the figure it shows.

mod canaries;
mod comparisons;
mod egress;
mod foreign;
mod forged;
mod guesses;
mod hostile_urls;
mod limits;
mod mixed;
mod pages;
mod rotation;

/// The line of a promise, for `cargo test -- --nocapture` and `./scripts/prove`.
pub(crate) fn show(promise: &str, figure: &str) {
    println!("{promise}: {figure}");
}
