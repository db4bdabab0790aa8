//! The shop's ExecTran is cut off. Its next attempt, or a new order on the same session, is paid.

use sekisho::flow::{Phase, Step};

use super::super::judge::{Verdict, told};
use super::super::moves::{die_during_call, enter, until_not_busy, wait_for_status};
use super::super::world::{Gateway, World, come_back};
use crate::trade::shop::{ALREADY_REQUESTED, Reply};

pub(super) async fn play(world: &World, doomed: Gateway, step: Step) -> (Gateway, Verdict) {
    let session = world.choose_at_amazon().await;
    let first = enter(world, &doomed, "crash-1", "AUTH").await;
    // Where the order has to end by itself it shall do so soon.
    let form = first.exec_form(&session, if step.phase == Phase::Concluded { "1" } else { "120" });
    let gateway = die_during_call(world, doomed, step, "ExecTranAmazonpay", &form).await;

    let again = until_not_busy(world, &gateway, "ExecTranAmazonpay", &form).await;
    let (order, ticket, told) = if step.phase == Phase::Concluded {
        // The Token is lost with the answer: this order ends by itself, and the shop takes another number.
        assert_eq!(again, Reply::Refused(ALREADY_REQUESTED.to_owned()));
        wait_for_status(world, &gateway, "crash-1", "EXPIRED").await;
        let second = enter(world, &gateway, "crash-2", "AUTH").await;
        let form = second.exec_form(&session, "120");
        let ticket = world.call(&gateway, "ExecTranAmazonpay", &form).await.fields();
        (second, ticket, told([("crash-1", "EXPIRED"), ("crash-2", "AUTH")]))
    } else {
        (first, again.fields(), told([("crash-1", "AUTH")]))
    };
    let back = world.start_and_pay(&gateway, &ticket).await;
    let posted = come_back(&world.http, &gateway.url, &back).await.expect("a page");
    assert_eq!(posted["Status"], "AUTH");
    let verdict = Verdict {
        order,
        status: "AUTH",
        amounts: ["1980", "198", "0", "0"],
        charges: &["Authorized"],
        refunds: &[],
        moved: &[("reserved", 2178), ("authorized", 2178)],
        told,
    };
    (gateway, verdict)
}
