//! The shop's ExecTran on a consent is cut off: charged once, whatever happened.

use sekisho::flow::Step;

use super::super::judge::{Verdict, told};
use super::super::moves::{consent, die_during_call, enter, until_not_busy};
use super::super::world::{Gateway, World};
use crate::trade::shop::{ALREADY_REQUESTED, Reply};

pub(super) async fn play(world: &World, doomed: Gateway, step: Step) -> (Gateway, Verdict) {
    let (_, permission) = consent(world, &doomed).await;
    let order = enter(world, &doomed, "crash-2", "CAPTURE").await;
    let form = order.with([("AmazonChargePermissionID", &*permission)]);
    let gateway = die_during_call(world, doomed, step, "ExecTranAmazonpay", &form).await;

    let again = until_not_busy(world, &gateway, "ExecTranAmazonpay", &form).await;
    assert_eq!(again, Reply::Refused(ALREADY_REQUESTED.to_owned()), "charged by now, so not twice");
    let verdict = Verdict {
        order,
        status: "CAPTURE",
        amounts: ["1980", "198", "0", "0"],
        charges: &["Captured"],
        refunds: &[],
        moved: &[("authorized", 2178), ("captured", 2178)],
        told: told([("crash-1", "REGISTER"), ("crash-2", "CAPTURE")]),
    };
    (gateway, verdict)
}
