//! Hands libFuzzer's inputs to [`sekisho_fuzz::browser::payload`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sekisho_fuzz::browser::payload(input));
