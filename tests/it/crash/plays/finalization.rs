//! The shop's ExecTran after the on-page script is cut off. The buyer has paid there, so the session is finalized.

use sekisho::flow::Step;

use super::super::judge::{Verdict, told};
use super::super::moves::{die_during_call, enter, until_not_busy};
use super::super::world::{Gateway, World};
use crate::trade::shop::{ALREADY_REQUESTED, Reply};

pub(super) async fn play(world: &World, doomed: Gateway, step: Step) -> (Gateway, Verdict) {
    let session = world.paid_on_the_shops_page().await;
    let order = enter(world, &doomed, "crash-1", "AUTH").await;
    let form = order.with([("AmazonCheckoutSessionID", &*session)]);
    let gateway = die_during_call(world, doomed, step, "ExecTranAmazonpay", &form).await;

    let again = until_not_busy(world, &gateway, "ExecTranAmazonpay", &form).await;
    assert_eq!(again, Reply::Refused(ALREADY_REQUESTED.to_owned()), "charged by now, so not twice");
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
