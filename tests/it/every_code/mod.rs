//! Every error code that the gateway can answer is provoked here, through the real gateway, database and sandbox. A code
//! without a case fails the test, and so does a case whose code no longer comes.
//!
//! The codes of parameters need no list: for each the protocol's tables say which value breaks which limit. All others have
//! a case of their own, in the order of the rooms in which they are decided.

mod amazon;
mod gate;
mod transaction;

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

use sekisho::protocol::{Call, ErrInfo, codes};

use crate::support::Answer;
use crate::wire::walk;

/// One code, and how to bring it about: answers the `ErrInfo` that was seen.
struct Case {
    code: ErrInfo,
    provoke: fn() -> Pin<Box<dyn Future<Output = String>>>,
}

/// A list of cases.
macro_rules! cases {
    ($($code:ident => $provoke:expr;)*) => {
        pub(super) fn cases() -> Vec<$crate::every_code::Case> {
            vec![$($crate::every_code::Case {
                code: ::sekisho::protocol::codes::$code,
                provoke: || Box::pin($provoke),
            },)*]
        }
    };
}
use cases;

/// The cases of all that is not a matter of one request's parameters.
fn all_cases() -> Vec<Case> {
    [gate::cases(), transaction::cases(), amazon::cases()].into_iter().flatten().collect()
}

/// The codes that the tables of parameters can answer.
fn codes_of_parameters() -> BTreeSet<ErrInfo> {
    Call::ALL.into_iter().flat_map(Call::parameter_errors).collect()
}

#[test]
fn every_code_has_a_case() {
    let of_parameters = codes_of_parameters();
    let listed: BTreeSet<ErrInfo> = all_cases().iter().map(|case| case.code).collect();
    let without: Vec<ErrInfo> =
        ErrInfo::all().filter(|code| !of_parameters.contains(code) && !listed.contains(code)).collect();
    assert!(without.is_empty(), "no test provokes {without:?}: add a case, or move the code to unanswered.toml");
    assert_eq!(listed.len(), all_cases().len(), "a code has two cases");
}

/// What each call says of itself is held against what it answers by `support::ShopClient`, in every test. Here: no code
/// belongs nowhere.
#[test]
fn every_code_is_told_of_some_call() {
    let told: BTreeSet<ErrInfo> = Call::ALL.into_iter().flat_map(Call::errors).collect();
    let untold: Vec<ErrInfo> = ErrInfo::all().filter(|code| !told.contains(code)).collect();
    assert_eq!(untold, [codes::NO_SUCH_CALL], "this is no call's answer; every other code is");
}

#[tokio::test]
async fn every_code_is_provoked() {
    let mut silent = Vec::new();
    for Case { code, provoke } in all_cases() {
        let seen = provoke().await;
        if seen != code.as_str() {
            silent.push(format!("{code}: {seen:?} was answered"));
        }
    }
    assert!(silent.is_empty(), "\n{}", silent.join("\n"));
}

#[tokio::test]
async fn every_code_of_a_parameter_is_provoked() {
    let answered = walk::codes_answered().await;
    let silent: Vec<ErrInfo> =
        codes_of_parameters().into_iter().filter(|code| !answered.contains(code.as_str())).collect();
    assert!(silent.is_empty(), "no value of a parameter provokes {silent:?}");
}

/// The code on a page that a buyer sees.
fn code_of_page(page: &Answer) -> String {
    let html = page.windows_31j();
    html.split("<code>").nth(1).and_then(|rest| rest.split("</code>").next()).unwrap_or_default().to_owned()
}
