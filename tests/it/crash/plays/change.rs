//! AmazonpayChange before capture is cut off: at the new charge, between the two, or at the old charge's end. There is
//! never none that pays the order, and in the end there is one.

use sekisho::flow::Step;

use super::super::judge::{Verdict, told};
use super::super::moves::{die_during_call, pay, until_not_busy, wait_for_charges};
use super::super::world::{Gateway, World};

pub(super) async fn play(world: &World, doomed: Gateway, step: Step) -> (Gateway, Verdict) {
    let order = pay(world, &doomed, "AUTH", &world.chosen_with_room().await).await;
    let form = order.with([("Amount", "3000"), ("Tax", "300")]);
    let gateway = die_during_call(world, doomed, step, "AmazonpayChange", &form).await;

    let again = until_not_busy(world, &gateway, "AmazonpayChange", &form).await.fields();
    assert_eq!((&*again["Status"], &*again["Amount"], &*again["Tax"]), ("AUTH", "3000", "300"));
    wait_for_charges(world, &["Canceled", "Authorized"]).await;
    let verdict = Verdict {
        order,
        status: "AUTH",
        amounts: ["3000", "300", "0", "0"],
        charges: &["Canceled", "Authorized"],
        refunds: &[],
        moved: &[("reserved", 2178), ("authorized", 2178), ("authorized", 3300), ("canceled", 2178)],
        told: told([("crash-1", "AUTH"), ("crash-1", "AUTH")]),
    };
    (gateway, verdict)
}
