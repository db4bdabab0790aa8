//! AmazonpayCancel before capture is cut off: the authorisation is let go once.

use sekisho::flow::Step;

use super::super::judge::{Verdict, told};
use super::super::moves::{die_during_call, pay, until_not_busy};
use super::super::world::{Gateway, World};
use crate::trade::shop::{NOT_IN_THIS_STATUS, Reply};

pub(super) async fn play(world: &World, doomed: Gateway, step: Step) -> (Gateway, Verdict) {
    let order = pay(world, &doomed, "AUTH", &world.choose_at_amazon().await).await;
    let form = order.with([("CancelAmount", "1980"), ("CancelTax", "198")]);
    let gateway = die_during_call(world, doomed, step, "AmazonpayCancel", &form).await;

    let again = until_not_busy(world, &gateway, "AmazonpayCancel", &form).await;
    assert_eq!(again, Reply::Refused(NOT_IN_THIS_STATUS.to_owned()), "cancelled by now");
    let verdict = Verdict {
        order,
        status: "CANCEL",
        amounts: ["0", "0", "1980", "198"],
        charges: &["Canceled"],
        refunds: &[],
        moved: &[("reserved", 2178), ("authorized", 2178), ("canceled", 2178)],
        told: told([("crash-1", "AUTH"), ("crash-1", "CANCEL")]),
    };
    (gateway, verdict)
}
