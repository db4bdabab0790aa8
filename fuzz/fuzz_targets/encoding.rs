//! Hands libFuzzer's inputs to [`sekisho_fuzz::reply::encoding`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sekisho_fuzz::reply::encoding(input));
