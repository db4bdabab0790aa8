//! CloseChargePermissionAmazonpay is cut off: the consent ends once, and no money moves.

use sekisho::flow::Step;

use super::super::judge::{Verdict, told};
use super::super::moves::{consent, die_during_call, until_not_busy};
use super::super::world::{Gateway, World};
use crate::trade::shop::{PERMISSION_CLOSED, Reply, form};

pub(super) async fn play(world: &World, doomed: Gateway, step: Step) -> (Gateway, Verdict) {
    let (order, permission) = consent(world, &doomed).await;
    let form = form([("AmazonChargePermissionID", &*permission)]);
    let gateway = die_during_call(world, doomed, step, "CloseChargePermissionAmazonpay", &form).await;

    let again = until_not_busy(world, &gateway, "CloseChargePermissionAmazonpay", &form).await;
    assert_eq!(again, Reply::Refused(PERMISSION_CLOSED.to_owned()), "closed by now");
    let ledger = world.ledger().await;
    assert_eq!(ledger["chargePermissions"][0]["statusDetails"]["state"], "Closed");
    let verdict = Verdict {
        order,
        status: "END",
        amounts: ["0", "0", "", ""],
        charges: &[],
        refunds: &[],
        moved: &[],
        told: told([("crash-1", "REGISTER"), ("crash-1", "END")]),
    };
    (gateway, verdict)
}
