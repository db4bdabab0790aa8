//! The one integration-test binary: everything runs through the real router, a real database and the real sandbox.

// Always true here; said so that clippy grants the helpers what it grants the tests.
#![cfg(test)]

mod browser;
mod house;
