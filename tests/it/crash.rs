//! What a gateway leaves behind when it is killed, or told to stop, at any moment: the real binary as a child process,
//! between a sandbox and a shop that live on in the test.

mod chance;
mod judge;
mod kill;
mod moves;
mod plays;
mod shop;
mod stop;
mod storm;
mod twins;
mod world;
