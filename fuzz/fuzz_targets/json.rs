//! Hands libFuzzer's inputs to [`sekisho_fuzz::request::json`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sekisho_fuzz::request::json(input));
