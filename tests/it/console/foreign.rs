//! A shop's user, whatever their role, sees and does nothing about another shop's anything: every route of the console with
//! the real ids of somebody else answers as it does for ids that are nobody's.

use std::collections::BTreeMap;

use sekisho::console::{self, RouteInfo, Verb};
use sekisho::domain::{LoginName, Role, Status};

use crate::support::acts::{Named, pay};
use crate::support::clerk::{Clerk, Page};
use crate::support::{Stage, eventually, figure};

const FOREIGN: &str = "tshop00000001";
const OWN: &str = "tshop00000002";

/// What the first shop has: each kind of thing that an address can name, by the part in braces.
struct Theirs {
    named: Named,
    ids: BTreeMap<&'static str, String>,
}

async fn theirs(stage: &Stage) -> Theirs {
    let (named, _) = pay(stage, "ORDER-1", "AUTH").await;
    let notification = eventually("a notification", async || {
        let all = stage.notifications(&named.access_id).await;
        all.into_iter().find(|one| one.state == "DELIVERED").map(|one| one.id)
    })
    .await;
    stage.add_staff("their-clerk", Some(FOREIGN), Role::Look).await;
    let operator = stage.clerk("operator", None, Role::Administer).await;
    let users = operator.get("/console/users").await.ok();
    let before = &users.html[..users.html.find("their-clerk").unwrap()];
    let user = before.rsplit("/console/users/").next().unwrap().split('"').next().unwrap().to_owned();
    let permission = stage.transaction(&named.access_id).await.charge_permission().unwrap().to_string();
    let ids = [
        ("{access_id}", named.access_id.clone()),
        ("{permission}", permission),
        ("{notification}", notification),
        ("{shop}", FOREIGN.to_owned()),
        ("{user}", user),
    ];
    Theirs { named, ids: ids.into() }
}

/// Ids of the same shape that nobody has.
fn nobodys(ids: &BTreeMap<&'static str, String>) -> BTreeMap<&'static str, String> {
    let nobodys = |(kind, id): (&&'static str, &String)| {
        let id = match *kind {
            "{user}" => "999999".to_owned(),
            "{shop}" => "tshop00000009".to_owned(),
            _ => id
                .chars()
                .map(|c| if c.is_ascii_digit() { '0' } else { c })
                .collect::<String>()
                .replace(['a', 'b', 'c', 'd', 'e', 'f'], "0"),
        };
        (*kind, id)
    };
    ids.iter().map(nobodys).collect()
}

/// The addresses of a route with these ids; of one that takes an act, with each act.
fn addresses(route: &RouteInfo, ids: &BTreeMap<&'static str, String>) -> Vec<String> {
    let acts: &[&str] = if route.path.contains("{act}") { &["sales", "cancel", "change"] } else { &[""] };
    let address = |act: &&str| {
        let part = |part: &str| match part {
            "{act}" => (*act).to_owned(),
            "{*elsewhere}" => "nonsense".to_owned(),
            part => ids.get(part).cloned().unwrap_or_else(|| {
                assert!(!part.starts_with('{'), "{}: say here what {part} is", route.path);
                part.to_owned()
            }),
        };
        route.path.split('/').map(part).collect::<Vec<_>>().join("/")
    };
    acts.iter().map(address).collect()
}

async fn ask(clerk: &Clerk, verb: Verb, address: &str, csrf: &str) -> Page {
    let fields =
        [("csrf", csrf), ("amount", "1980"), ("tax", "198"), ("version", "3"), ("pick", "x:1"), ("role", "look")];
    match verb {
        Verb::Get => clerk.get(address).await,
        Verb::Post => clerk.post_bare(address, &fields).await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_for_a_foreign_id_as_for_none() {
    let stage = Stage::new().await;
    let theirs = theirs(&stage).await;
    let nobodys = nobodys(&theirs.ids);
    let clerk = stage.clerk("stranger", Some(OWN), Role::Administer).await;
    let csrf = clerk.get("/console/me").await.csrf();
    let account = async || stage.staff.account_named(&LoginName::new("their-clerk").unwrap()).await.unwrap().unwrap();
    let before = account().await;
    let mut asked = 0;
    for route in console::routes().into_iter().filter(|route| route.path.contains('{')) {
        for (foreign, nobody) in addresses(&route, &theirs.ids).iter().zip(addresses(&route, &nobodys)) {
            let foreign_page = ask(&clerk, route.verb, foreign, &csrf).await;
            let nobody_page = ask(&clerk, route.verb, &nobody, &csrf).await;
            asked += 1;
            // What needs an operator is refused whatever it names.
            assert!([403, 404].contains(&foreign_page.status), "{foreign}: {}", foreign_page.status);
            assert_eq!(foreign_page.status, nobody_page.status, "{foreign} and {nobody}");
            assert_eq!(foreign_page.html, nobody_page.html, "{foreign} and {nobody}");
        }
    }
    assert!(asked > 15, "only {asked} addresses name anything");
    assert_eq!(account().await, before);
    assert_eq!(stage.transaction(&theirs.named.access_id).await.status(), Status::Auth);
    assert_eq!(stage.receiver.received().len(), 1, "nothing was sent again");
    figure("S4.console", format_args!("{asked} addresses of its routes, each answered as if the ids were nobody's"));
}

/// Pages that name nothing show nothing of it, and cannot be narrowed to another shop.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_list_shows_anything_of_another_shop() {
    let stage = Stage::new().await;
    let theirs = theirs(&stage).await;
    let clerk = stage.clerk("stranger", Some(OWN), Role::Administer).await;
    let notification = &theirs.ids["{notification}"];
    let permission = &theirs.ids["{permission}"];
    for route in console::routes().into_iter().filter(|route| route.verb == Verb::Get && !route.path.contains('{')) {
        for query in [
            String::new(),
            format!("?order=ORDER-1&access_id={}&encoding=utf-8", theirs.named.access_id),
            format!("?permission={permission}&status=AUTH"),
            "?order=ORDER-*&encoding=utf-8&state=DELIVERED".to_owned(),
        ] {
            let page = clerk.get(&format!("{}{query}", route.path)).await;
            let names = ["Demo shop 1", "デモショップ1", "A1DEMOSHOP0001", "SANDBOX-DEMOSHOP1"];
            for secret in [FOREIGN, notification, ">ORDER-1<", "\"ORDER-1\",", "their-clerk"].into_iter().chain(names) {
                // What was typed into a search form stands in it; what was found does not.
                assert!(!page.html.contains(secret), "{}{query} shows {secret}: {}", route.path, page.html);
            }
        }
    }
    for list in ["today", "transactions", "consents", "notifications", "audit", "transactions/export"] {
        assert_eq!(clerk.get(&format!("/console/{list}?shop={FOREIGN}")).await.status, 404, "{list}");
    }
    let given_up = format!("/console/notifications/resend?given_up_of={FOREIGN}");
    assert_eq!(clerk.get(&given_up).await.status, 404);
    let picked = format!("/console/notifications/resend?pick={notification}:1");
    assert_eq!(clerk.get(&picked).await.status, 404);
    for (path, field) in [
        ("/console/notifications/resend", ("given_up_of", FOREIGN)),
        ("/console/notifications/resend", ("pick", notification.as_str())),
        ("/console/notifications/test", ("shop", FOREIGN)),
    ] {
        assert_eq!(clerk.post("/console/me", path, &[field]).await.status, 404, "{path} {field:?}");
    }
    assert_eq!(stage.receiver.received().len(), 1, "nobody was called");
}
