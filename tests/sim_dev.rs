#![cfg(test)]
#[path = "it/sim/mod.rs"]
mod sim;
