//! Users: who may make, change and end which accounts, and what the log has of it.

use sekisho::domain::totp::TotpSecret;
use sekisho::domain::{LoginName, Role, StaffId};

use crate::support::clerk::{Clerk, PASSWORD};
use crate::support::{MINUTE, Stage};

const SHOP: &str = "tshop00000001";
const OTHER_SHOP: &str = "tshop00000002";
const NEW: &str = "another password";

async fn id_of(stage: &Stage, name: &str) -> i64 {
    stage.staff.account_named(&LoginName::new(name).unwrap()).await.unwrap().unwrap().id.0
}

/// Adds a user by the form; answers the status.
async fn add(clerk: &Clerk, name: &str, shop: &str, role: &str, password: &str) -> u16 {
    let fields = [("name", name), ("shop", shop), ("role", role), ("password", password)];
    clerk.post("/console/users", "/console/users", &fields).await.status
}

/// Presses a button of a user's page; answers the status.
async fn press(clerk: &Clerk, id: i64, act: &str, fields: &[(&str, &str)]) -> u16 {
    clerk.post("/console/me", &format!("/console/users/{id}/{act}"), fields).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_lives_its_whole_life_and_the_log_tells_of_it() {
    let stage = Stage::new().await;
    let boss = stage.clerk("boss", None, Role::Administer).await;
    let fields = [("name", "Hanako"), ("shop", SHOP), ("role", "look"), ("password", "")];
    let made = boss.post("/console/users", "/console/users", &fields).await.ok();
    let password = made.html.split("id=\"made-password\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let hanako = stage.stranger();
    assert_eq!(hanako.sign_in("hanako", &password, "").await.status, 303);
    assert_eq!(hanako.get("/console/users").await.status, 403, "looks, and does not administer");

    let id = id_of(&stage, "hanako").await;
    assert_eq!(press(&boss, id, "role", &[("role", "administer")]).await, 303);
    hanako.get("/console/users").await.ok();
    assert_eq!(press(&boss, id, "password", &[("password", NEW)]).await, 303);
    assert_eq!(hanako.get("/console/users").await.status, 303, "a new password ends what was open");
    assert_eq!(hanako.sign_in("hanako", &password, "").await.status, 422);
    assert_eq!(hanako.sign_in("hanako", NEW, "").await.status, 303);
    assert_eq!(press(&boss, id, "sessions", &[]).await, 303);
    assert_eq!(hanako.get("/console/me").await.status, 303);
    assert_eq!(hanako.sign_in("hanako", NEW, "").await.status, 303);
    assert_eq!(press(&boss, id, "disable", &[]).await, 303);
    assert_eq!(hanako.get("/console/me").await.status, 303);
    assert_eq!(hanako.sign_in("hanako", NEW, "").await.status, 422);
    assert_eq!(press(&boss, id, "enable", &[]).await, 303);
    assert_eq!(hanako.sign_in("hanako", NEW, "").await.status, 303);

    let log = boss.get("/console/audit?lang=en").await.ok().html;
    for told in [
        "<td>Added a user</td>",
        "role</code>: look → administer",
        "<td>Set a new password</td>",
        "<td>Ended every session</td>",
        "enabled</code>: true → false",
        "enabled</code>: false → true",
    ] {
        assert!(log.contains(told), "{told}: {log}");
    }
    for secret in [NEW, PASSWORD, &password, "argon2id"] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_s_administrator_looks_after_that_shop_alone() {
    let stage = Stage::new().await;
    stage.add_staff("operator", None, Role::Administer).await;
    stage.add_staff("theirs", Some(OTHER_SHOP), Role::Look).await;
    let boss = stage.clerk("boss", Some(SHOP), Role::Administer).await;
    let list = boss.get("/console/users").await.ok().html;
    assert!(
        list.contains("boss") && !list.contains("theirs") && !list.contains(">operator<") && !list.contains(OTHER_SHOP)
    );
    for name in ["operator", "theirs"] {
        let id = id_of(&stage, name).await;
        let missing = boss.get("/console/users/999999").await;
        let page = boss.get(&format!("/console/users/{id}")).await;
        assert_eq!((page.status, page.html), (404, missing.html));
        for act in ["role", "disable", "enable", "password", "second-factor", "sessions"] {
            let status = press(&boss, id, act, &[("role", "look"), ("password", NEW)]).await;
            assert_eq!(status, 404, "{act} on {name}");
        }
    }
    assert_eq!(add(&boss, "fine", "", "administer", NEW).await, 303);
    assert_eq!(add(&boss, "own", SHOP, "look", NEW).await, 303);
    for shop in ["*", OTHER_SHOP, "nonsense"] {
        assert_eq!(add(&boss, "more", shop, "look", NEW).await, 422, "{shop}");
    }
    let fine = stage.staff.account_named(&LoginName::new("fine").unwrap()).await.unwrap().unwrap();
    assert_eq!(fine.scope.shop().unwrap().as_str(), SHOP);
    let added = boss.get(&format!("/console/users/{}?done=add&lang=en", fine.id.0)).await.ok();
    assert!(added.html.contains("The user is added."), "{}", added.html);
    for (query, lines) in [("act=user.add", 2), ("act=user.add&subject=own", 1), ("who=nobody", 0), ("who=boss", 3)] {
        let page = boss.get(&format!("/console/audit?{query}")).await.ok();
        assert_eq!(page.html.matches("<td>boss<").count(), lines, "{query}: {}", page.html);
    }
    let link = format!("<a href=\"/console/users/{}\">fine</a>", fine.id.0);
    let log = boss.get("/console/audit").await.ok().html;
    assert!(
        log.contains(&link) && log.contains("fine") && !log.contains("theirs") && !log.contains(">operator<"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_left_outside() {
    let stage = Stage::new().await;
    let boss = stage.clerk("boss", None, Role::Administer).await;
    stage.add_staff("shops", Some(SHOP), Role::Administer).await;
    let own = id_of(&stage, "boss").await;
    assert_eq!(press(&boss, own, "role", &[("role", "look")]).await, 409, "the last who administers");
    assert_eq!(press(&boss, own, "disable", &[]).await, 409, "oneself");
    stage.add_staff("second", None, Role::Administer).await;
    let second = id_of(&stage, "second").await;
    assert_eq!(press(&boss, own, "disable", &[]).await, 409, "still oneself");
    assert_eq!(press(&boss, second, "disable", &[]).await, 303);
    assert_eq!(press(&boss, own, "role", &[("role", "look")]).await, 409, "the second is disabled");
    assert_eq!(press(&boss, second, "enable", &[]).await, 303);
    assert_eq!(press(&boss, own, "role", &[("role", "look")]).await, 303);
    assert_eq!(boss.get("/console/users").await.status, 403, "from the next page on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_wrong_is_said_and_shown_again() {
    let stage = Stage::new().await;
    let boss = stage.clerk("boss", None, Role::Administer).await;
    for (name, shop, role, password, said) in [
        ("", SHOP, "look", NEW, "A name is"),
        ("a b", SHOP, "look", NEW, "A name is"),
        (&"a".repeat(65), SHOP, "look", NEW, "A name is"),
        ("hanako", "", "look", NEW, "one of the shops"),
        ("hanako", "tshop00000009", "look", NEW, "one of the shops"),
        ("hanako", SHOP, "king", NEW, "choose a role"),
        ("hanako", SHOP, "look", "short", "at least 12"),
        ("hanako", SHOP, "look", &"ab".repeat(129), "at most 256"),
        ("hanako-hanako", SHOP, "look", "hanako-hanako", "no password"),
        ("BOSS", SHOP, "look", NEW, "is taken"),
    ] {
        let fields = [("name", name), ("shop", shop), ("role", role), ("password", password)];
        let page = boss.post("/console/users?lang=en", "/console/users", &fields).await;
        assert!(page.status == 422 && page.html.contains(said), "{name} {shop} {role}: {} {}", page.status, page.html);
        assert!(page.html.contains(&format!("name=\"name\" value=\"{name}\"")) && !page.html.contains(NEW));
    }
    let page = boss.post("/console/users", "/console/users", &[("name", "<script>")]).await;
    assert!(page.html.contains("&#60;script&#62;") && !page.html.contains("<script>"));
    stage.add_staff("other", None, Role::Look).await;
    let other = id_of(&stage, "other").await;
    assert_eq!(press(&boss, other, "role", &[("role", "king")]).await, 422);
    assert_eq!(press(&boss, other, "password", &[("password", "short")]).await, 422);
    assert_eq!(stage.staff.accounts(&sekisho::domain::Scope::EveryShop).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_disable_each_other_leave_one() {
    let stage = Stage::new().await;
    let one = stage.clerk("one", None, Role::Administer).await;
    let two = stage.clerk("two", None, Role::Administer).await;
    let (first, second) = (id_of(&stage, "one").await, id_of(&stage, "two").await);
    let (mark_of_one, mark_of_two) = (one.get("/console/me").await.csrf(), two.get("/console/me").await.csrf());
    let disable = async |clerk: &Clerk, id: i64, csrf: &str| {
        clerk.post_bare(&format!("/console/users/{id}/disable"), &[("csrf", csrf)]).await.status
    };
    let (a, b) = tokio::join!(disable(&one, second, &mark_of_one), disable(&two, first, &mark_of_two));
    let enabled = stage.staff.accounts(&sekisho::domain::Scope::EveryShop).await.unwrap();
    assert_eq!(enabled.iter().filter(|(account, _)| account.disabled_at.is_none()).count(), 1, "{a} {b}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_s_own_password_asks_for_the_present_one_and_ends_the_other_sessions() {
    let stage = Stage::new().await;
    let here = stage.clerk("hanako", Some(SHOP), Role::Look).await;
    let there = stage.stranger();
    assert_eq!(there.sign_in("hanako", PASSWORD, "").await.status, 303);
    let change = async |password: &str, new: &str, again: &str| {
        let fields = [("password", password), ("new", new), ("again", again)];
        here.post("/console/me", "/console/me/password", &fields).await.status
    };
    assert_eq!(change("wrong", NEW, NEW).await, 422);
    assert_eq!(change(PASSWORD, NEW, "differs").await, 422);
    assert_eq!(change(PASSWORD, "short", "short").await, 422);
    there.get("/console/me").await.ok();
    assert_eq!(change(PASSWORD, NEW, NEW).await, 303);
    here.get("/console/me").await.ok();
    assert_eq!(there.get("/console/me").await.status, 303, "ended");
    assert_eq!(there.sign_in("hanako", NEW, "").await.status, 303);
    for _ in 0..20 {
        assert_eq!(change("wrong", NEW, NEW).await, 422);
    }
    assert_eq!(change(NEW, PASSWORD, PASSWORD).await, 422, "inside, guesses are counted, too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_factor_is_asked_for_and_no_code_works_twice() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", Some(SHOP), Role::Look).await;
    let id = id_of(&stage, "hanako").await;
    let page = clerk.get("/console/me").await.ok();
    let salt = page.field("salt").unwrap();
    let key = sekisho::config::DeploymentKey::new("test", (0..32).collect()).unwrap();
    let phone = TotpSecret::derive(&key, StaffId(id), &salt);
    assert!(page.html.contains(&format!("id=\"factor-secret\">{}<", phone.base32())), "{}", page.html);
    assert!(page.html.contains("otpauth://totp/"));
    let code = || {
        (0..1_000_000)
            .map(|n| format!("{n:06}"))
            .find(|c| phone.step_of(c, stage.now(), None) == Some(stage.now().0 / 30_000))
            .unwrap()
    };

    let enrol = async |password: &str, code: &str| {
        let fields = [("salt", salt.as_str()), ("password", password), ("code", code)];
        clerk.post("/console/me", "/console/me/second-factor", &fields).await.status
    };
    assert_eq!(enrol("wrong", &code()).await, 422);
    assert_eq!(enrol(PASSWORD, "000000").await, 422);
    let first = code();
    assert_eq!(enrol(PASSWORD, &first).await, 303);

    let elsewhere = stage.stranger();
    assert_eq!(elsewhere.sign_in("hanako", PASSWORD, "").await.status, 422, "no code");
    assert_eq!(elsewhere.sign_in("hanako", PASSWORD, &first).await.status, 422, "used to enrol");
    stage.clock.advance(MINUTE);
    let second = code();
    assert_eq!(elsewhere.sign_in("hanako", "wrong password", &second).await.status, 422);
    let (a, b) = (stage.stranger(), stage.stranger());
    let (a, b) = tokio::join!(a.sign_in("hanako", PASSWORD, &second), b.sign_in("hanako", PASSWORD, &second));
    let mut both = [a.status, b.status];
    both.sort_unstable();
    assert_eq!(both, [303, 422], "at once, and only one of them");
    assert_eq!(elsewhere.sign_in("hanako", PASSWORD, &second).await.status, 422);

    let boss = stage.clerk("boss", None, Role::Administer).await;
    assert_eq!(press(&boss, id, "second-factor", &[]).await, 303);
    assert_eq!(elsewhere.sign_in("hanako", PASSWORD, "").await.status, 303);
}

/// A session that is left open for a moment does not become somebody else's account by way of the page for others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gives_themselves_a_password_without_the_present_one() {
    let stage = Stage::new().await;
    let boss = stage.clerk("boss", None, Role::Administer).await;
    boss.get("/console/me?lang=en").await.ok();
    let own = id_of(&stage, "boss").await;
    let before = stage.staff.account_named(&LoginName::new("boss").unwrap()).await.unwrap();
    for act in ["password", "second-factor"] {
        let page = boss.post("/console/me", &format!("/console/users/{own}/{act}"), &[("password", NEW)]).await;
        assert!(page.status == 409 && page.html.contains("/console/me"), "{act}: {} {}", page.status, page.html);
    }
    assert_eq!(stage.staff.account_named(&LoginName::new("boss").unwrap()).await.unwrap(), before);
    let page = boss.get(&format!("/console/users/{own}")).await.ok();
    assert!(page.html.contains("id=\"own\"") && !page.html.contains("id=\"new-password\""), "{}", page.html);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_s_administrator_does_not_undo_what_an_operator_did() {
    let stage = Stage::new().await;
    let operator = stage.clerk("operator", None, Role::Administer).await;
    let boss = stage.clerk("boss", Some(SHOP), Role::Administer).await;
    stage.add_staff("hanako", Some(SHOP), Role::Look).await;
    let id = id_of(&stage, "hanako").await;
    let page = format!("/console/users/{id}");
    assert_eq!(press(&boss, id, "disable", &[]).await, 303);
    assert!(boss.get(&page).await.ok().html.contains("id=\"enable\""));
    assert_eq!(press(&operator, id, "disable", &[]).await, 303);
    let seen = boss.get(&page).await.ok();
    assert!(seen.html.contains("id=\"not-yours\"") && !seen.html.contains("id=\"enable\""), "{}", seen.html);
    assert_eq!(press(&boss, id, "enable", &[]).await, 409);
    assert_eq!(stage.stranger().sign_in("hanako", PASSWORD, "").await.status, 422);
    assert!(operator.get(&page).await.ok().html.contains("id=\"enable\""));
    assert_eq!(press(&operator, id, "enable", &[]).await, 303);
    assert_eq!(stage.stranger().sign_in("hanako", PASSWORD, "").await.status, 303);
}
