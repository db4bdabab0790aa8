//! Every class of notification: what it says, and that a shop can leave it out without losing another.

use std::collections::BTreeMap;

use sekisho::config::NotifyEvent;
use serde_json::json;

use super::{HALF_A_MINUTE_MS, call, cancel, change, consent};
use crate::support::{Entered, MINUTE, Order, Stage};

/// A class, how it comes about, and what the last notification then says: Status, Amount, Tax, AmazonPayCancelAmount,
/// AmazonPayCancelTax, ErrCode, ErrInfo, and whether it names a permission.
const TABLE: [(NotifyEvent, &str, &str); 17] = [
    (NotifyEvent::Auth, "authorise", "AUTH|1980|198|0|0|||permission"),
    (NotifyEvent::AuthProcess, "wait", "AUTHPROCESS|1980|198|||||permission"),
    (NotifyEvent::Capture, "capture", "CAPTURE|1980|198|0|0|||permission"),
    (NotifyEvent::Register, "register", "REGISTER|0|0|||||permission"),
    (NotifyEvent::End, "register, close", "END|0|0|||||permission"),
    (NotifyEvent::PayFail, "decline", "PAYFAIL|1980|198|||AZ1|AZ1000003|"),
    (NotifyEvent::Expired, "be late", "EXPIRED|1980|198|||M01|M01052011|"),
    (NotifyEvent::Sales, "authorise, sell", "SALES|1980|198|0|0|||permission"),
    (NotifyEvent::Cancel, "authorise, give back", "CANCEL|0|0|1980|198|||permission"),
    (NotifyEvent::Change, "authorise, lower", "AUTH|1000|100|0|0|||permission"),
    (NotifyEvent::Change, "capture, lower", "CAPTURE|1000|100|0|0|||permission"),
    (NotifyEvent::ReqReturn, "capture, give back", "REQRETURN|0|0|0|0|||permission"),
    (NotifyEvent::Return, "capture, give back, pass", "RETURN|0|0|1980|198|||permission"),
    (NotifyEvent::Return, "authorise, sell, give a part back, pass", "SALES|1000|198|980|0|||permission"),
    (NotifyEvent::RefundRefused, "capture, break, give back, pass", "CAPTURE|1980|198|0|0|AZ1|AZ1000012|permission"),
    (NotifyEvent::RefundRefused, "capture, break, lower, pass", "CAPTURE|1980|198|0|0|AZ1|AZ1000012|permission"),
    (NotifyEvent::PayFail, "wait for nothing, pass", "PAYFAIL|1980|198|||AZ1|AZ1000004|"),
];

async fn begin(stage: &Stage, word: &str) -> Entered {
    let order = |job, card| Order { id: "order-1", job, card };
    match word {
        "authorise" => stage.paid(Order::auth("order-1")).await.0,
        "capture" => stage.paid(Order::capture("order-1")).await.0,
        "wait" => stage.paid(order("AUTH", "card-0701")).await.0,
        "wait for nothing" => stage.paid(order("AUTH", "card-4354")).await.0,
        "decline" => stage.paid(order("AUTH", "card-3434")).await.0,
        "register" => consent(stage, "order-1").await.0,
        "be late" => {
            let ready = stage.ready(Order::auth("order-1")).await;
            stage.clock.advance(3 * MINUTE);
            stage.reconcile().await;
            ready.entered
        }
        other => panic!("{other}"),
    }
}

async fn go_on(stage: &Stage, entered: &Entered, word: &str) {
    let answer = match word {
        "sell" => entered.sell(stage.shop(), "1980", "198").await,
        "lower" => change(stage, entered, "1000", "100").await,
        "give back" => cancel(stage, entered, "1980", "198").await,
        "give a part back" => cancel(stage, entered, "980", "0").await,
        "close" => {
            let permission = stage.transaction(&entered.access_id).await.charge_permission().unwrap().to_string();
            let fields = [("AmazonChargePermissionID", permission.as_str())];
            stage.shop().call("CloseChargePermissionAmazonpay", &fields).await
        }
        "break" => return stage.fault("createRefund", 1, json!({"simulation_code": "PendingAmazonRejected"})).await,
        "pass" => {
            stage.clock.advance(HALF_A_MINUTE_MS);
            stage.reconcile().await;
            return;
        }
        other => panic!("{other}"),
    };
    assert_eq!(answer.errors(), "", "{word}");
}

/// Plays it for a shop that has left `without` out; answers the bodies it is owed, in order.
async fn played(play: &str, without: Option<NotifyEvent>) -> Vec<String> {
    let stage = Stage::with(|plan| {
        plan.shops[0].pending_authorization = true;
        if let Some(class) = without {
            assert!(plan.shops[0].notify_events.remove(&class));
        }
    })
    .await;
    let mut words = play.split(", ");
    let entered = begin(&stage, words.next().unwrap()).await;
    for word in words {
        go_on(&stage, &entered, word).await;
    }
    let fields = call(&stage, &entered, "SearchTradeMulti", &[("PayType", "38")]).await;
    assert_eq!(fields.errors(), "");
    stage.notifications(&entered.access_id).await.into_iter().map(|one| one.body).collect()
}

fn said(body: &str) -> String {
    let fields: BTreeMap<_, _> = body.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let names = ["Status", "Amount", "Tax", "AmazonPayCancelAmount", "AmazonPayCancelTax", "ErrCode", "ErrInfo"];
    let permission = if fields["AmazonChargePermissionID"].is_empty() { "" } else { "permission" };
    names.iter().map(|name| fields[name]).chain([permission]).collect::<Vec<_>>().join("|")
}

#[test]
fn no_class_is_forgotten() {
    for (name, event) in NotifyEvent::ALL {
        assert!(TABLE.iter().any(|(class, ..)| *class == event), "{name} is not in the table");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_each_class_says_and_that_it_can_be_left_out() {
    for (class, play, expected) in TABLE {
        let all = played(play, None).await;
        let last = all.last().map(|body| said(body));
        assert_eq!(last.as_deref(), Some(expected), "{play}: {all:#?}");
        let statuses = |bodies: &[String]| bodies.iter().map(|body| said(body)).collect::<Vec<_>>();
        let fewer = played(play, Some(class)).await;
        assert_eq!(statuses(&fewer), statuses(&all[..all.len() - 1]), "{play} without {class:?}");
    }
}
