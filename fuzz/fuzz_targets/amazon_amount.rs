//! Hands libFuzzer's inputs to [`sekisho_fuzz::amazon::amount`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sekisho_fuzz::amazon::amount(input));
