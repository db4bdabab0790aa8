//! Hands libFuzzer's inputs to [`sekisho_fuzz::surface::surface`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sekisho_fuzz::surface::surface(input));
