//! AmazonpayChange after capture is cut off: the difference is given back once, and the Status stays.

use sekisho::flow::Step;

use super::super::judge::{Verdict, told};
use super::super::moves::{die_during_call, pay, until_not_busy, until_refunded, wait_for, wait_for_notifications};
use super::super::world::{Gateway, World};

pub(super) async fn play(world: &World, doomed: Gateway, step: Step) -> (Gateway, Verdict) {
    let order = pay(world, &doomed, "CAPTURE", &world.choose_at_amazon().await).await;
    let form = order.with([("Amount", "1500"), ("Tax", "150")]);
    let gateway = die_during_call(world, doomed, step, "AmazonpayChange", &form).await;

    let again = until_not_busy(world, &gateway, "AmazonpayChange", &form).await.fields();
    assert_eq!((&*again["Status"], &*again["Amount"], &*again["Tax"]), ("CAPTURE", "1500", "150"));
    wait_for_notifications(world, 2).await;
    let gateway = until_refunded(world, gateway, &order).await;
    wait_for(world, &gateway, &order.order, "AmazonPayCancelAmount", "480").await;
    let verdict = Verdict {
        order,
        status: "CAPTURE",
        amounts: ["1500", "150", "480", "48"],
        charges: &["Captured"],
        refunds: &["Refunded"],
        moved: &[("reserved", 2178), ("authorized", 2178), ("captured", 2178), ("refunded", 528)],
        told: told([("crash-1", "CAPTURE"), ("crash-1", "CAPTURE")]),
    };
    (gateway, verdict)
}
