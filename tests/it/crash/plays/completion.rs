//! The buyer's browser is cut off on its way back from Amazon, and comes a second time.

use sekisho::flow::Step;

use super::super::judge::{Verdict, told};
use super::super::moves::{die, pay_at_amazon};
use super::super::world::{Gateway, World, come_back};

pub(super) async fn play(world: &World, doomed: Gateway, step: Step) -> (Gateway, Verdict) {
    let session = world.choose_at_amazon().await;
    let (order, back) = pay_at_amazon(world, &doomed, "AUTH", &session).await;
    world.receiver.shut();
    let (http, url, path) = (world.http.clone(), doomed.url.clone(), back.clone());
    let visit = tokio::spawn(async move { come_back(&http, &url, &path).await });
    let gateway = die(world, doomed, step).await;
    assert_eq!(visit.await.unwrap(), None, "the page came although the process was to die first");

    let posted = come_back(&world.http, &gateway.url, &back).await.expect("a page");
    assert_eq!((&*posted["Status"], &*posted["ErrInfo"], &*posted["OrderID"]), ("AUTH", "", "crash-1"));
    let verdict = Verdict {
        order,
        status: "AUTH",
        amounts: ["1980", "198", "0", "0"],
        charges: &["Authorized"],
        refunds: &[],
        moved: &[("reserved", 2178), ("authorized", 2178)],
        told: told([("crash-1", "AUTH")]),
    };
    (gateway, verdict)
}
