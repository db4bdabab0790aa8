//! What a stranger, a foreign shop or a forger can bring about: nothing. The proofs of the promises S1 to S6 and S8
//! (docs/testing.md); each tells the figure it shows.

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

use crate::support::figure as show;
