//! Who gets in, for how long, and what a form must carry.

use reqwest::header::ORIGIN;
use sekisho::domain::Role;
use sekisho::domain::staff::{SESSION_IDLE_MS, SESSION_WHOLE_MS};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _};

use crate::support::{MINUTE, Stage};

const SESSION: &str = "sekisho_console";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_signs_in_is_known_and_signs_out() {
    let stage = Stage::new().await;
    let stranger = stage.stranger();
    let door = stranger.get("/console/audit?before=7").await;
    let then = "/console/sign-in?then=%2Fconsole%2Faudit%3Fbefore%3D7";
    assert_eq!((door.status, door.location.as_deref()), (303, Some(then)));

    let clerk = stage.clerk("hanako", None, Role::Administer).await;
    let page = clerk.get("/console/audit").await.ok();
    assert!(page.html.contains("hanako") && page.html.contains("サインイン"), "{}", page.html);
    assert_eq!(clerk.get("/console/sign-in").await.location.as_deref(), Some("/console"), "is inside already");
    let first = clerk.get("/console").await.location.unwrap();
    assert!(first.starts_with("/console/"), "{first}");
    assert_eq!(clerk.get("/console/nonsense").await.status, 404);

    let token = clerk.cookie(SESSION).unwrap();
    let out = clerk.post("/console/audit", "/console/sign-out", &[]).await;
    assert_eq!(out.location.as_deref(), Some("/console/sign-in"));
    assert_eq!(clerk.cookie(SESSION).as_deref(), Some(""), "forgotten");
    clerk.set_cookie(SESSION, &token);
    assert_eq!(clerk.get("/console/audit").await.status, 303, "the session is gone, not only the cookie");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_nobody_else_s_and_does_nothing_but_its_own() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", None, Role::Administer).await;
    for page in [clerk.get("/console/audit").await, stage.stranger().get("/console/sign-in").await] {
        let header = |name: &str| page.headers[name].to_str().unwrap();
        let policy = header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{part}: {policy}");
        }
        assert!(!policy.contains("unsafe"));
        assert_eq!((header("cache-control"), header("x-content-type-options")), ("no-store", "nosniff"));
        assert_eq!((header("x-frame-options"), header("referrer-policy")), ("DENY", "same-origin"));
        for inline in [" style=", " onclick=", " onsubmit=", "<style", "javascript:"] {
            assert!(!page.html.contains(inline), "{inline}");
        }
        assert_eq!(page.html.matches("<script").count(), page.html.matches("<script src=\"/console/assets/").count());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_languages_are_a_switch_away_and_remembered() {
    let stage = Stage::new().await;
    let browser = stage.stranger();
    let japanese = browser.get("/console/sign-in").await.ok();
    assert!(japanese.html.contains("<html lang=\"ja\">") && japanese.html.contains("href=\"?lang=en\""));
    let english = browser.get("/console/sign-in?lang=en").await.ok();
    assert!(english.html.contains("<html lang=\"en\">") && english.html.contains("Password"));
    assert!(browser.get("/console/sign-in").await.html.contains("<html lang=\"en\">"), "remembered");

    // The answer to a form leads to the same page in the other language only where its address is a page.
    let clerk = stage.clerk("hanako", None, Role::Administer).await;
    let refused = clerk.post("/console/users", "/console/users", &[("name", "?")]).await;
    assert!(refused.status == 422 && refused.html.contains("href=\"?lang="), "{}", refused.html);
    let refused = clerk.post_bare("/console/sign-out", &[("csrf", "nonsense")]).await;
    assert!(refused.status == 403 && !refused.html.contains("class=\"switch\""), "{}", refused.html);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_by_resting_and_by_its_age() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", None, Role::Administer).await;
    stage.clock.advance(SESSION_IDLE_MS - 1);
    clerk.get("/console/audit").await.ok();
    stage.clock.advance(SESSION_IDLE_MS - 1);
    clerk.get("/console/audit").await.ok();
    stage.clock.advance(SESSION_IDLE_MS + 1);
    assert_eq!(clerk.get("/console/audit").await.status, 303, "it rested for too long");

    let inside = clerk.sign_in("hanako", crate::support::clerk::PASSWORD, "").await;
    assert_eq!(inside.status, 303);
    for _ in 0..SESSION_WHOLE_MS / (20 * MINUTE) - 1 {
        stage.clock.advance(20 * MINUTE);
        clerk.get("/console/audit").await.ok();
    }
    let page = clerk.get("/console/audit").await.ok();
    stage.clock.advance(20 * MINUTE);
    assert_eq!(clerk.get("/console/audit").await.status, 303, "twelve hours are over");
    let late = clerk.post_bare("/console/sign-out", &[("csrf", &page.csrf())]).await;
    assert_eq!(late.status, 401);
    assert!(late.html.contains("セッションが終了"), "{}", late.html);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_taken_only_from_this_session_s_own_pages() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", None, Role::Administer).await;
    let other = stage.clerk("taro", None, Role::Administer).await;
    let own = clerk.get("/console/audit").await.csrf();
    let others = other.get("/console/audit").await.csrf();
    assert_ne!(own, others);
    for csrf in ["", "nonsense", &others] {
        let page = clerk.post_bare("/console/sign-out", &[("csrf", csrf)]).await;
        assert_eq!(page.status, 403, "{csrf}");
        assert!(page.html.contains("何も変更されていません"));
    }
    let url = format!("{}/console/sign-out", stage.gateway_url);
    let form = [("csrf", own.as_str())];
    for foreign in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(
            clerk.send(stage.http.post(&url).form(&form).header(ORIGIN, foreign)).await.status,
            403,
            "{foreign}"
        );
    }
    let cross = stage.http.post(&url).form(&form).header("sec-fetch-site", "cross-site");
    assert_eq!(clerk.send(cross).await.status, 403);
    let json = stage.http.post(&url).header("content-type", "application/json").body("{}");
    assert_eq!(clerk.send(json).await.status, 415);
    let long = [("csrf", own.as_str()), ("more", &"x".repeat(70_000))];
    assert_eq!(clerk.post_bare("/console/sign-out", &long).await.status, 413);
    clerk.get("/console/audit").await.ok();
    let ours = stage.http.post(&url).form(&form).header(ORIGIN, &stage.gateway_url);
    assert_eq!(clerk.send(ours).await.status, 303);
}

/// A stolen mark is worth nothing without the session that it was derived from, and a made-up session nothing at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_made_up_session_is_none() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", None, Role::Administer).await;
    let hash = {
        use sha2::{Digest as _, Sha256};
        hex::encode(Sha256::digest(clerk.cookie(SESSION).unwrap()))
    };
    let thief = stage.stranger();
    for value in ["", "x", &"0".repeat(64), &hash] {
        thief.set_cookie(SESSION, value);
        assert_eq!(thief.get("/console/audit").await.status, 303, "{value}");
    }
}

/// Pages are read while the database takes no writes, as where its disk is full or another process writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_read_while_nothing_can_be_written() {
    let mut database = std::path::PathBuf::new();
    let stage = Stage::with(|plan| database.clone_from(&plan.settings.database)).await;
    let clerk = stage.clerk("hanako", None, Role::Administer).await;
    let mut other = SqliteConnectOptions::new().filename(&database).connect().await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    stage.clock.advance(2 * MINUTE);
    let page = clerk.get("/console/audit").await;
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(page.status, 200, "{}", page.html);
}
