//! Hands libFuzzer's inputs to [`sekisho_fuzz::receiver::answer`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sekisho_fuzz::receiver::answer(input));
