//! AmazonpayCancel after capture is cut off: the money is given back once, and the order comes to RETURN.

use sekisho::flow::Step;

use super::super::judge::{Verdict, told};
use super::super::moves::{die_during_call, pay, until_not_busy, until_refunded};
use super::super::moves::{wait_for_notifications, wait_for_status};
use super::super::world::{Gateway, World};
use crate::trade::shop::{NOT_IN_THIS_STATUS, Reply};

pub(super) async fn play(world: &World, doomed: Gateway, step: Step) -> (Gateway, Verdict) {
    let order = pay(world, &doomed, "CAPTURE", &world.choose_at_amazon().await).await;
    let form = order.with([("CancelAmount", "1980"), ("CancelTax", "198")]);
    let gateway = die_during_call(world, doomed, step, "AmazonpayCancel", &form).await;

    let again = until_not_busy(world, &gateway, "AmazonpayCancel", &form).await;
    assert_eq!(again, Reply::Refused(NOT_IN_THIS_STATUS.to_owned()), "asked for by now, so not twice");
    wait_for_status(world, &gateway, "crash-1", "REQRETURN").await;
    wait_for_notifications(world, 2).await;
    let gateway = until_refunded(world, gateway, &order).await;
    wait_for_status(world, &gateway, "crash-1", "RETURN").await;
    let verdict = Verdict {
        order,
        status: "RETURN",
        amounts: ["0", "0", "1980", "198"],
        charges: &["Captured"],
        refunds: &["Refunded"],
        moved: &[("reserved", 2178), ("authorized", 2178), ("captured", 2178), ("refunded", 2178)],
        told: told([("crash-1", "CAPTURE"), ("crash-1", "REQRETURN"), ("crash-1", "RETURN")]),
    };
    (gateway, verdict)
}
