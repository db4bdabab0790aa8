//! Hands libFuzzer's inputs to [`sekisho_fuzz::messages::ipn`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sekisho_fuzz::messages::ipn(input));
