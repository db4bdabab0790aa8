//! The shop's AmazonpaySales is cut off, and is made a second time.

use sekisho::flow::Step;

use super::super::judge::{Verdict, told};
use super::super::moves::{die_during_call, pay, until_not_busy};
use super::super::world::{Gateway, World};
use crate::trade::shop::{NOT_IN_THIS_STATUS, Reply};

pub(super) async fn play(world: &World, doomed: Gateway, step: Step) -> (Gateway, Verdict) {
    let order = pay(world, &doomed, "AUTH", &world.choose_at_amazon().await).await;
    let form = order.with([("Amount", "1980"), ("Tax", "198")]);
    let gateway = die_during_call(world, doomed, step, "AmazonpaySales", &form).await;

    let again = until_not_busy(world, &gateway, "AmazonpaySales", &form).await;
    assert_eq!(again, Reply::Refused(NOT_IN_THIS_STATUS.to_owned()), "captured by now, so not twice");
    let verdict = Verdict {
        order,
        status: "SALES",
        amounts: ["1980", "198", "0", "0"],
        charges: &["Captured"],
        refunds: &[],
        moved: &[("reserved", 2178), ("authorized", 2178), ("captured", 2178)],
        told: told([("crash-1", "AUTH"), ("crash-1", "SALES")]),
    };
    (gateway, verdict)
}
