//! S5: guessing is slow, tells nothing, and locks nobody out.

use sekisho::domain::Role;
use sekisho::domain::guesses::TRIES_MAX;

use crate::support::clerk::PASSWORD;
use crate::support::{MINUTE, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_errs_is_told_the_same_whatever_is_wrong() {
    let stage = Stage::new().await;
    stage.add_staff("hanako", None, Role::Administer).await;
    let stranger = stage.stranger();
    let mut told = Vec::new();
    for (name, password) in [
        ("hanako", "wrong password!"),
        ("nobody", PASSWORD),
        ("花子", PASSWORD),
        ("", ""),
        ("hanako", &"x".repeat(5_000)),
    ] {
        let page = stranger.sign_in(name, password, "").await;
        assert_eq!((page.status, stranger.cookie("sekisho_console")), (422, None), "{name}");
        let refusal = page.html.split("id=\"notice\">").nth(1).unwrap().split("</p>").next().unwrap().to_owned();
        assert!(!page.html.contains("wrong password!"), "a password is never shown again");
        told.push(refusal);
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_tries_a_minute_are_judged_and_the_known_owner_is_never_locked_out() {
    let stage = Stage::new().await;
    stage.clerk("hanako", None, Role::Administer).await;
    stage.add_staff("taro", None, Role::Look).await;
    let guesser = stage.stranger();
    for name in ["hanako", "taro"] {
        for number in 0..TRIES_MAX {
            assert_eq!(guesser.sign_in(name, &format!("wrong password {number}"), "").await.status, 422);
        }
    }
    assert_eq!(guesser.sign_in("taro", PASSWORD, "").await.status, 422, "right, and yet not judged");
    assert_eq!(stage.stranger().sign_in("hanako", PASSWORD, "").await.status, 303, "this address is known for hanako");
    stage.clock.advance(MINUTE);
    assert_eq!(guesser.sign_in("taro", PASSWORD, "").await.status, 303);
}
