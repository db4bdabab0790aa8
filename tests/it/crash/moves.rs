//! The moves that plays are made of: what a shop and its buyer do, how a process dies, and what is waited for.

use std::time::Duration;

use sekisho::flow::Step;

use super::judge::states;
use super::shop::call;
use super::world::{Gateway, World, come_back};
use crate::trade::shop::{BUSY, Entered, Form, Reply, STANDARD, entry_form, form};

const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Amazon ends a refund after half a minute, and the gateway looks a little later.
const REFUND_MS: i64 = 31_000;

/// Enters an order of 1,980 and 198 yen.
pub(super) async fn enter(world: &World, gateway: &Gateway, order: &str, job: &str) -> Entered {
    enter_amounts(world, gateway, order, job, ["1980", "198"]).await
}

async fn enter_amounts(world: &World, gateway: &Gateway, order: &str, job: &str, amounts: [&str; 2]) -> Entered {
    let entered = world.call(gateway, "EntryTranAmazonpay", &entry_form(order, job, amounts, STANDARD)).await.fields();
    Entered::of(order, &entered)
}

/// `crash-1` up to the moment when the buyer has paid; where the browser comes back to is answered as well.
pub(super) async fn pay_at_amazon(world: &World, gateway: &Gateway, job: &str, session: &str) -> (Entered, String) {
    let entered = enter(world, gateway, "crash-1", job).await;
    let ticket = world.call(gateway, "ExecTranAmazonpay", &entered.exec_form(session, "120")).await.fields();
    let back = world.start_and_pay(gateway, &ticket).await;
    (entered, back)
}

/// A whole payment; the shop has heard of it.
pub(super) async fn pay(world: &World, gateway: &Gateway, job: &str, session: &str) -> Entered {
    let (entered, back) = pay_at_amazon(world, gateway, job, session).await;
    let posted = come_back(&world.http, &gateway.url, &back).await.expect("a page");
    assert_eq!(posted["Status"], job);
    wait_for_notifications(world, 1).await;
    entered
}

/// A consent to monthly charges, registered; the shop has heard of it. Answers the permission as well.
pub(super) async fn consent(world: &World, gateway: &Gateway) -> (Entered, String) {
    let session = world.chosen_for_a_consent().await;
    let entered = enter_amounts(world, gateway, "crash-1", "AUTH", ["0", ""]).await;
    let cycle = form([("FrequencyUnit", "Month"), ("FrequencyValue", "1")]);
    let form = [entered.exec_form(&session, "120"), cycle].concat();
    let ticket = world.call(gateway, "ExecTranAmazonpay", &form).await.fields();
    let back = world.start_and_pay(gateway, &ticket).await;
    let posted = come_back(&world.http, &gateway.url, &back).await.expect("a page");
    assert_eq!(posted["Status"], "REGISTER");
    wait_for_notifications(world, 1).await;
    (entered, posted["AmazonChargePermissionID"].clone())
}

/// Makes the call during which the gateway dies; its successor is the answer.
pub(super) async fn die_during_call(
    world: &World,
    doomed: Gateway,
    step: Step,
    name: &'static str,
    form: &Form,
) -> Gateway {
    world.receiver.shut();
    let (http, url, form) = (world.http.clone(), doomed.url.clone(), form.clone());
    let under_way = tokio::spawn(async move { call(&http, &url, name, &form).await });
    let successor = die(world, doomed, step).await;
    assert_eq!(under_way.await.unwrap(), Reply::NoAnswer, "answered although the process was to die first");
    successor
}

/// Waits until the gateway has come to the step, kills it, and starts another on the same database. What the first was
/// just telling the shop did not arrive.
pub(super) async fn die(world: &World, mut doomed: Gateway, step: Step) -> Gateway {
    doomed.process.logs(&format!("stopped at {step}")).await;
    doomed.process.kill();
    world.receiver.reopen().await;
    world.serve(None).await
}

/// As shops do: while the gateway says that the transaction is in work, a little later again.
pub(super) async fn until_not_busy(world: &World, gateway: &Gateway, name: &str, form: &Form) -> Reply {
    let trying = async {
        loop {
            match world.call(gateway, name, form).await {
                Reply::Refused(codes) if codes == BUSY => tokio::time::sleep(LOOK_EVERY).await,
                reply => return reply,
            }
        }
    };
    tokio::time::timeout(PATIENCE, trying).await.unwrap_or_else(|_| panic!("{name} stays {BUSY}"))
}

pub(super) async fn wait_for_status(world: &World, gateway: &Gateway, order: &str, status: &str) {
    wait_for(world, gateway, order, "Status", status).await;
}

/// Waits until SearchTradeMulti says so.
pub(super) async fn wait_for(world: &World, gateway: &Gateway, order: &str, field: &str, value: &str) {
    let waiting = async {
        while world.search(gateway, order).await[field] != value {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, waiting).await;
    in_time.unwrap_or_else(|_| panic!("the {field} of {order} never becomes {value}"));
}

pub(super) async fn wait_for_charges(world: &World, wanted: &[&str]) {
    let waiting = async {
        while states(&world.ledger().await, "charges") != wanted {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("the charges never become {wanted:?}"));
}

pub(super) async fn wait_for_notifications(world: &World, count: usize) {
    let waiting = async {
        while world.receiver.received().len() < count {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(in_time.is_ok(), "{count} notifications are due, and only these came: {:?}", world.receiver.received());
}

/// The time that a refund takes goes by: at Amazon by its clock; in the book by hand, for a process has the clock of
/// this machine. The gateway of the moment ends, and the next one finds the refund due.
pub(super) async fn until_refunded(world: &World, gateway: Gateway, order: &Entered) -> Gateway {
    world.advance(REFUND_MS).await;
    world.end(gateway).await.close().await;
    world.make_refund_due(&order.access_id).await;
    world.serve(None).await
}
