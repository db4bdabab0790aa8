//! S5: guessing is slow, tells nothing, and locks nobody out.

use sekisho::domain::guesses::TRIES_MAX;
use sekisho::domain::staff::{CODES_MAX, CODES_WITHIN_MS, NETWORK_TRIES_MAX};
use sekisho::domain::totp::TotpSecret;
use sekisho::domain::{LoginName, Role};

use crate::support::clerk::PASSWORD;
use crate::support::{MINUTE, Stage, figure};

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
    figure(
        "S5.console",
        format_args!(
            "{TRIES_MAX} tries judged in a minute for an account and address; its owner's known address comes in"
        ),
    );
}

/// Whoever is asked for a code has the password already; so nobody is known, not even the owner's own address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_are_guessed_slowly_from_wherever_by_whoever_has_the_password() {
    let stage = Stage::new().await;
    let owner = stage.clerk("hanako", None, Role::Administer).await;
    let id = stage.staff.account_named(&LoginName::new("hanako").unwrap()).await.unwrap().unwrap().id;
    let salt = owner.get("/console/me").await.field("salt").unwrap();
    let key = sekisho::config::DeploymentKey::new("test", (0..32).collect()).unwrap();
    let phone = TotpSecret::derive(&key, id, &salt);
    let code = || phone.code_at(stage.now());
    let fields = [("salt", salt.as_str()), ("password", PASSWORD), ("code", &code())];
    assert_eq!(owner.post("/console/me", "/console/me/second-factor", &fields).await.status, 303);
    stage.clock.advance(MINUTE);
    let wrong = if code() == "000000" { "000001" } else { "000000" };

    let thief = stage.stranger();
    for _ in 0..2 {
        assert_eq!(thief.sign_in("hanako", PASSWORD, "").await.status, 422, "none typed is none guessed");
    }
    for _ in 0..CODES_MAX {
        assert_eq!(thief.sign_in("hanako", PASSWORD, wrong).await.status, 422);
        // Slowly enough for every other limit.
        stage.clock.advance(CODES_WITHIN_MS / 20);
    }
    assert_eq!(thief.sign_in("hanako", PASSWORD, &code()).await.status, 422, "right, and yet not judged");
    stage.clock.advance(CODES_WITHIN_MS);
    assert_eq!(thief.sign_in("hanako", PASSWORD, &code()).await.status, 303);
}

/// Each name costs a hash, whether or not it exists; a network has only so many of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_changes_names_is_held_up_and_who_was_inside_is_not() {
    let stage = Stage::new().await;
    stage.add_staff("taro", None, Role::Look).await;
    stage.clerk("hanako", None, Role::Look).await;
    let guesser = stage.stranger();
    let csrf = guesser.get("/console/sign-in").await.csrf();
    let try_name = async |name: &str, password: &str| {
        let fields = [("csrf", csrf.as_str()), ("name", name), ("password", password)];
        guesser.post_bare("/console/sign-in", &fields).await.status
    };
    for number in 1..NETWORK_TRIES_MAX {
        assert_eq!(try_name(&format!("nobody-{number}"), "wrong password").await, 422);
    }
    assert_eq!(try_name("taro", PASSWORD).await, 422, "right, and yet not looked at");
    assert_eq!(stage.stranger().sign_in("hanako", PASSWORD, "").await.status, 303, "has come in from here before");
    stage.clock.advance(MINUTE);
    assert_eq!(stage.stranger().sign_in("taro", PASSWORD, "").await.status, 303);
}
