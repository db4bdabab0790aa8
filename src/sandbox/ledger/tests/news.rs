//! What a merchant is told by a message: what no answer told.

use super::charging::{charge_request, consent};
use super::*;

/// What happened since the last time: the kind of object, and what about it.
fn told(ledger: &mut Ledger) -> Vec<(&'static str, &'static str)> {
    let (numbers, news): (Vec<_>, Vec<_>) = ledger.news().into_iter().unzip();
    numbers.last().into_iter().for_each(|last| ledger.told(*last));
    assert!(news.iter().all(|one| one.merchant_id == SHOP && one.object_id.starts_with(&one.permission_id)));
    news.iter().map(|one| (one.object.as_str(), one.change.as_str())).collect()
}

const CHARGE: (&str, &str) = ("CHARGE", "STATE_CHANGE");
const PERMISSION: (&str, &str) = ("CHARGE_PERMISSION", "STATE_CHANGE");
const REFUND: (&str, &str) = ("REFUND", "STATE_CHANGE");

#[test]
fn an_answer_is_no_news() {
    let mut ledger = ledger();
    let charge = authorized(&mut ledger);
    assert_eq!(told(&mut ledger), []);
    ledger.cancel_charge(SHOP, &charge).expect("cancelled");
    assert_eq!(told(&mut ledger), []);
}

#[test]
fn a_pending_authorization_is_told_when_it_ends() {
    for (card, expected) in [("card-0701", vec![CHARGE]), ("card-4354", vec![CHARGE, PERMISSION])] {
        let mut ledger = ledger();
        let id = processing(&mut ledger, PaymentIntent::Authorize, true, card);
        ledger.pay(&id).expect("paid");
        complete(&mut ledger, &id).expect("completed");
        assert_eq!(told(&mut ledger), [], "{card}");
        ledger.at(START.plus(30_000));
        assert_eq!(told(&mut ledger), expected, "{card}");
        assert_eq!(told(&mut ledger), [], "once");
    }
}

#[test]
fn a_capture_that_takes_its_time_is_told_with_the_permission_that_it_uses_up() {
    let mut ledger = ledger();
    let charge = authorized(&mut ledger);
    ledger.at(START.plus(8 * DAY_MS));
    ledger.capture(SHOP, &charge, yen(1000), None, None).expect("begun");
    assert_eq!(told(&mut ledger), []);
    ledger.at(START.plus(8 * DAY_MS + 30_000));
    assert_eq!(told(&mut ledger), [CHARGE, PERMISSION]);
}

#[test]
fn what_lapses_is_told() {
    let mut ledger = ledger();
    authorized(&mut ledger);
    ledger.at(START.plus(31 * DAY_MS));
    assert_eq!(told(&mut ledger), [CHARGE]);
    ledger.at(START.plus(181 * DAY_MS));
    assert_eq!(told(&mut ledger), [PERMISSION]);
}

#[test]
fn every_refund_is_told_when_it_ends() {
    for simulation in [None, Some(Simulation::RefundDeclined(RefundReason::AmazonRejected))] {
        let mut ledger = ledger();
        let permission = consent(&mut ledger, "card-1111", |_| {});
        let request = ChargeRequest { capture_now: true, ..charge_request(&permission, 500) };
        let charge = ledger.create_charge(SHOP, request, None).expect("captured").id.clone();
        assert_eq!(told(&mut ledger), []);
        let request = RefundRequest { charge_id: charge, amount: yen(100), soft_descriptor: None };
        ledger.create_refund(SHOP, request, simulation).expect("begun");
        assert_eq!(told(&mut ledger), []);
        ledger.at(START.plus(30_000));
        assert_eq!(told(&mut ledger), [REFUND]);
    }
}

#[test]
fn what_befalls_a_permission_is_told_once() {
    let mut ledger = ledger();
    let permission = consent(&mut ledger, "card-1111", |_| {});
    for (reason, expected) in [
        (PermissionReason::PaymentMethodExpired, vec![PERMISSION]),
        (PermissionReason::PaymentMethodExpired, vec![]),
        (PermissionReason::BuyerCanceled, vec![PERMISSION]),
        (PermissionReason::AmazonClosed, vec![]),
    ] {
        ledger.befall(&permission, reason).expect("there");
        assert_eq!(told(&mut ledger), expected, "{}", reason.as_str());
    }
}

#[test]
fn another_card_is_an_attribute_and_unblocks() {
    let mut ledger = ledger();
    let permission = consent(&mut ledger, "card-1111", |_| {});
    ledger.change_payment_method(&permission, "card-4444").expect("changed");
    assert_eq!(told(&mut ledger), [("CHARGE_PERMISSION", "ATTRIBUTE_CHANGE")]);
    ledger.befall(&permission, PermissionReason::PaymentMethodExpired).expect("there");
    told(&mut ledger);
    ledger.change_payment_method(&permission, "card-1111").expect("changed");
    assert_eq!(told(&mut ledger), [PERMISSION, ("CHARGE_PERMISSION", "ATTRIBUTE_CHANGE")]);
}

#[test]
fn charges_that_go_with_their_permission_are_told() {
    let mut ledger = ledger();
    authorized(&mut ledger);
    let permission = ledger.charge_permissions().next().expect("one").id.clone();
    ledger.close_permission(SHOP, &permission, true, None).expect("closed");
    assert_eq!(told(&mut ledger), [CHARGE, PERMISSION]);
}
