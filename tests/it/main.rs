//! The one integration-test binary: everything runs through the real router, a real database and the real sandbox.

// Always true here; said so that clippy grants the helpers what it grants the tests.
#![cfg(test)]

mod apb;
mod browser;
mod cli;
mod concurrency;
mod connections;
mod crash;
mod every_code;
mod flows;
mod fuzz_corpus;
mod house;
mod ipn;
mod later;
mod model;
mod notify;
mod pairs;
mod payment;
mod process;
mod reference;
mod sandbox_api;
mod sandbox_console;
mod sandbox_driver;
mod sdk;
mod security;
mod sim;
mod states;
mod store;
mod support;
mod trade;
mod unknown;
mod wire;
