//! Hands libFuzzer's inputs to [`sekisho_fuzz::browser::return_query`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sekisho_fuzz::browser::return_query(input));
