//! What each fuzz target does with an input, and what must hold of every input. One function a target, none of which
//! needs libFuzzer: `fuzz_targets/` hands them its inputs, and the test binary `it` the files of `corpus/`.
//!
//! A function returns nothing and panics where a property does not hold; what it is given may be anything. Where an
//! input is taken apart first, [`bytes`] does it, so that a mutation of one byte is a change of one choice.

pub mod amazon;
pub mod browser;
pub mod bytes;
pub mod indoors;
pub mod messages;
pub mod receiver;
pub mod reply;
pub mod request;
pub mod settings;
pub mod simulator;
pub mod surface;

/// A target: takes any input, panics where the code under test is wrong.
pub type Target = fn(&[u8]);

/// Every target under the name of its binary in `fuzz_targets/` and of its folder in `corpus/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("amazon_amount", amazon::amount),
    ("amazon_answer", amazon::answer),
    ("encoding", reply::encoding),
    ("form", request::form),
    ("gateway_settings", settings::gateway),
    ("ipn", messages::ipn),
    ("json", request::json),
    ("notification_answer", receiver::answer),
    ("payload", browser::payload),
    ("readers", request::readers),
    ("reply", reply::reply),
    ("return_query", browser::return_query),
    ("sandbox_body", simulator::body),
    ("sandbox_signature", simulator::signature),
    ("shops", settings::shops),
    ("surface", surface::surface),
];
