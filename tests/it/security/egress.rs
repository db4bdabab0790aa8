//! S1: notification and return URLs reach no forbidden address. The judges are a trap, which counts whoever connects to
//! this machine, and the guard's own word for addresses that are not here.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::routing::any;
use reqwest::Method;
use sekisho::config::Environment;
use sekisho::domain::Millis;
use sekisho::egress::{self, Guarded, Names, Reach};
use tokio::net::TcpListener;

use super::hostile_urls::{self, REBINDING, Zone};
use super::show;
use crate::support::{Order, Stage, eventually};

/// The one address that the operator allows: another one of this machine, where the good server is.
const GOOD: &str = "127.0.0.2";

/// Counts connections to any address of this machine.
struct Trap {
    port: u16,
    caught: Arc<AtomicUsize>,
}

impl Trap {
    async fn set() -> Self {
        // Both kinds of addresses where the machine has both.
        let listener = match TcpListener::bind("[::]:0").await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind("0.0.0.0:0").await.unwrap(),
        };
        let port = listener.local_addr().unwrap().port();
        let caught = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&caught);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // The operator's own exception is no catch.
                let here = stream.local_addr().map(|address| address.ip().to_canonical().to_string());
                counter.fetch_add(usize::from(here.ok().as_deref() != Some(GOOD)), Ordering::SeqCst);
            }
        });
        Self { port, caught }
    }

    fn caught(&self) -> usize {
        self.caught.load(Ordering::SeqCst)
    }
}

/// A name server whose answers change from one question to the next.
struct FakeNames(Mutex<HashMap<String, Vec<Vec<String>>>>);

#[async_trait]
impl Names for FakeNames {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let mut zone = self.0.lock().unwrap();
        let answers = zone.get_mut(host).ok_or_else(|| io::Error::other(format!("nobody is called {host}")))?;
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        Ok(answer.iter().map(|address| address.parse().unwrap()).collect())
    }
}

fn guarded(environment: Environment, zone: Zone) -> Guarded {
    let names = Arc::new(FakeNames(Mutex::new(zone.into_iter().collect())));
    let allowed = [format!("{GOOD}/32").parse().unwrap()];
    let second = Duration::from_secs(1);
    Guarded::new(Reach::of(environment, &allowed), names, second, 2 * second).unwrap()
}

/// A server at the allowed address that sends everybody on to the trap.
async fn good_server(trap: u16) -> SocketAddr {
    let listener = TcpListener::bind((GOOD, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let on = async move |Path((status, n)): Path<(u16, u16)>| {
        let to = if n == 0 { format!("http://127.0.0.1:{trap}/") } else { format!("http://[::1]:{trap}/") };
        (StatusCode::from_u16(status).unwrap(), [(LOCATION, to)])
    };
    let router = Router::new().route("/{status}/{n}", any(on)).fallback(async || "0");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// What became of a call: answered, or the guard's words.
async fn call(client: &Guarded, url: &str) -> Result<u16, String> {
    let request = client.request(Method::POST, url).map_err(|why| why.to_string())?;
    match request.body("x").send().await {
        Ok(answer) => Ok(answer.status().as_u16()),
        Err(error) => match egress::refusal(&error) {
            Some(why) => Err(why.to_string()),
            None => panic!("{url}: a connection was tried: {error:?}"),
        },
    }
}

#[tokio::test]
async fn no_hostile_url_reaches_anything() {
    let trap = Trap::set().await;
    let good = good_server(trap.port).await;
    let (list, zone) = hostile_urls::list(trap.port, GOOD);
    let client = guarded(Environment::Live, zone);
    assert_eq!(call(&client, &format!("http://{good}/")).await, Ok(200), "the allowed server answers");

    for hostile in &list {
        let url = hostile.url.as_str();
        // The first answer of a name that changes is the allowed address, where nobody answers on this port.
        if url.contains(REBINDING) {
            let first = client.request(Method::POST, url).unwrap().send().await.unwrap_err();
            assert_eq!(egress::refusal(&first), None, "{url}");
        }
        let refused = call(&client, url).await;
        assert!(refused.is_err(), "{url}: {refused:?}");
    }
    let redirects = hostile_urls::redirects(&good.to_string());
    for url in &redirects {
        let status: u16 = url.split('/').nth(3).unwrap().parse().unwrap();
        assert_eq!(call(&client, url).await, Ok(status), "answered, and not followed");
    }
    assert_eq!(trap.caught(), 0);
    let tried = list.len() + redirects.len();
    assert!(tried >= 500);

    // The trap does catch: a client without a guard walks into it by every spelling of this machine.
    let plain = egress::client(Duration::from_secs(1), Duration::from_millis(300)).unwrap();
    let here: Vec<_> = list.iter().filter(|hostile| hostile.leads_here).collect();
    for hostile in &here {
        drop(plain.get(&hostile.url).send().await);
    }
    eventually("the trap catches those without a guard", async || (trap.caught() >= here.len()).then_some(())).await;
    show(
        "S1",
        format_args!("{tried} URLs, 0 connections ({} of them reach this machine without the guard)", here.len()),
    );
}

/// The same list for a shop that moves no money: only this machine itself is open to it, and only in plain words.
#[tokio::test]
async fn a_sandbox_shop_reaches_this_machine_and_nothing_else() {
    let trap = Trap::set().await;
    let (list, zone) = hostile_urls::list(trap.port, GOOD);
    let client = guarded(Environment::Sandbox, zone);
    let elsewhere: Vec<_> = list.iter().filter(|hostile| hostile.to_all).collect();
    for hostile in &elsewhere {
        let refused = call(&client, &hostile.url).await;
        assert!(refused.is_err(), "{}: {refused:?}", hostile.url);
    }
    assert_eq!(trap.caught(), 0);
    assert!(elsewhere.len() > 300, "{}", elsewhere.len());
}

/// Through the whole gateway: what a shop's settings name is not called, the reason is kept, and the shop's answer to its
/// own buyer does not depend on it.
#[tokio::test]
async fn a_notification_that_leads_inside_is_not_sent_and_says_why() {
    let trap = Trap::set().await;
    for (host, why) in [
        ("0.0.0.0", "0.0.0.0 is an unspecified address"),
        ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1 is an IPv4-mapped address"),
        ("0x0a000001", "10.0.0.1 is a private address"),
    ] {
        let url = format!("http://{host}:{}/notify", trap.port);
        let stage = Stage::with(|plan| plan.shops[0].notify_url = Some(url)).await;
        let (entered, form) = stage.paid(Order::auth("egress-1")).await;
        assert_eq!(form.outcome(), ("AUTH", ""), "the buyer is none the worse");
        let answer = eventually("an attempt is recorded", async || {
            let notified = stage.notifications(&entered.access_id).await;
            notified.first().filter(|one| one.attempts == 1).map(|one| one.next_at)
        })
        .await;
        assert!(answer.is_some_and(|at| at > Millis(0)), "it is tried again on the schedule: {why}");
    }
    assert_eq!(trap.caught(), 0);
}

/// The gateway itself never calls a RetURL.
#[tokio::test]
async fn a_return_url_is_only_ever_opened_by_the_browser() {
    let trap = Trap::set().await;
    let stage = Stage::new().await;
    let entered = stage.entered(Order::auth("egress-2")).await;
    let url = format!("http://127.0.0.1:{}/result", trap.port);
    let mut fields = entered.exec_fields();
    fields.retain(|(name, _)| *name != "RetURL");
    fields.push(("RetURL", &url));
    let exec = stage.shop().call("ExecTranAmazonpay", &fields).await;
    let answer = stage.browser.start(&exec.field("StartURL"), &entered.access_id, &exec.field("Token")).await;
    let back = stage.browser.press(&answer.location.unwrap(), "pay", &[]).await;
    let form = stage.browser.come_back(&back).await;
    assert_eq!((form.ret_url.as_str(), form.outcome()), (url.as_str(), ("AUTH", "")));
    for (order, hostile) in [
        ("egress-3", "http://user@shop.example/"),
        ("egress-4", "ftp://shop.example/"),
        ("egress-5", "javascript:alert(1)"),
    ] {
        let entered = stage.entered(Order::auth(order)).await;
        let mut fields = entered.exec_fields();
        fields.retain(|(name, _)| *name != "RetURL");
        fields.push(("RetURL", hostile));
        assert_eq!(stage.shop().call("ExecTranAmazonpay", &fields).await.errors(), "M01059008", "{hostile}");
    }
    assert_eq!(trap.caught(), 0);
}
