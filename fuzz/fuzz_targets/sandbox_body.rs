//! Hands libFuzzer's inputs to [`sekisho_fuzz::simulator::body`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sekisho_fuzz::simulator::body(input));
