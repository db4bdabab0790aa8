//! Hands libFuzzer's inputs to [`sekisho_fuzz::reply::reply`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sekisho_fuzz::reply::reply(input));
