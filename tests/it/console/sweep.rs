//! Every route of the console, by the list that the router is made of: strangers, too small roles and forms that the
//! console did not make get nowhere, whatever route is added.

use sekisho::console::{self, Needs, RouteInfo, Verb};
use sekisho::domain::{Right, Role};

use crate::support::Stage;
use crate::support::clerk::{Clerk, Page};

/// The route with something that is not there in each of its braces.
fn path_of(route: &RouteInfo) -> String {
    let part = |part: &str| match part {
        "{shop}" => "tshop00000009".to_owned(),
        "{user}" => "999999".to_owned(),
        part if part.starts_with('{') => "0".repeat(32),
        part => part.to_owned(),
    };
    route.path.split('/').map(part).collect::<Vec<_>>().join("/")
}

async fn ask(clerk: &Clerk, route: &RouteInfo, csrf: &str) -> Page {
    match route.verb {
        Verb::Get => clerk.get(&path_of(route)).await,
        Verb::Post => clerk.post_bare(&path_of(route), &[("csrf", csrf)]).await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_sees_the_door_and_nothing_else() {
    let stage = Stage::new().await;
    let is_open = |path: &str| path == "/console/sign-in" || path.starts_with("/console/assets/");
    for route in console::routes() {
        let stranger = stage.stranger();
        let mark = stranger.get("/console/sign-in").await.csrf();
        let page = ask(&stranger, &route, &mark).await;
        if route.needs == Needs::Nothing {
            assert!(is_open(route.path), "{} is open to everybody", route.path);
            continue;
        }
        match route.verb {
            Verb::Get => {
                assert!(page.location.is_some_and(|to| to.starts_with("/console/sign-in?then=")), "{}", route.path);
            }
            Verb::Post => assert_eq!(page.status, 401, "{}", route.path),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_passes_whose_role_is_too_small() {
    let stage = Stage::new().await;
    let mut refused = 0;
    for (role, shop) in Role::ALL.into_iter().flat_map(|role| [(role, None), (role, Some("tshop00000001"))]) {
        let name = format!("{}-{}", role.as_str(), shop.unwrap_or("operator"));
        let clerk = stage.clerk(&name, shop, role).await;
        let csrf = clerk.get("/console/me").await.csrf();
        for route in console::routes() {
            let grants = match route.needs {
                Needs::Nothing => true,
                Needs::Right(right) => role.grants(right),
                Needs::Operator(right) => role.grants(right) && shop.is_none(),
            };
            if grants {
                continue;
            }
            refused += 1;
            let page = ask(&clerk, &route, &csrf).await;
            assert_eq!(page.status, 403, "{name} at {}", route.path);
        }
    }
    assert!(refused > 10, "only {refused} refusals: what needs a role?");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_form_is_taken_without_its_mark() {
    let stage = Stage::new().await;
    let clerk = stage.clerk("hanako", None, Role::Administer).await;
    for route in console::routes().into_iter().filter(|route| route.verb == Verb::Post) {
        let page = ask(&clerk, &route, "").await;
        assert_eq!(page.status, 403, "{} without a mark", route.path);
        let url = format!("{}{}", stage.gateway_url, path_of(&route));
        let csrf = clerk.get("/console/audit").await.csrf();
        let foreign = stage.http.post(url).form(&[("csrf", csrf)]).header("origin", "https://evil.example");
        assert_eq!(clerk.send(foreign).await.status, 403, "{} from elsewhere", route.path);
    }
}

/// What looks is given to the smallest role; what changes something is not.
#[test]
fn whatever_changes_something_asks_for_more_than_to_look() {
    let own = ["/console/sign-in", "/console/sign-out"];
    for route in console::routes().into_iter().filter(|route| route.verb == Verb::Post) {
        if own.contains(&route.path) || route.path.starts_with("/console/me/") {
            continue;
        }
        let looks = matches!(route.needs, Needs::Nothing | Needs::Right(Right::Look) | Needs::Operator(Right::Look));
        assert!(!looks, "{} is for everybody", route.path);
    }
}
