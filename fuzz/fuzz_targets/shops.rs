//! Hands libFuzzer's inputs to [`sekisho_fuzz::settings::shops`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sekisho_fuzz::settings::shops(input));
