//! Histories, and states by hand.

use super::*;

fn states(ledger: &Ledger, id: &str) -> Vec<(String, Option<String>, &'static str)> {
    let steps = ledger.history(id).map(|history| history.steps.clone()).unwrap_or_default();
    steps.into_iter().map(|step| (step.state, step.reason, step.cause.as_str())).collect()
}

fn step(state: &str, reason: Option<&str>, cause: &'static str) -> (String, Option<String>, &'static str) {
    (state.to_owned(), reason.map(str::to_owned), cause)
}

#[test]
fn every_state_that_could_be_seen_is_in_the_history_with_its_cause() {
    let mut ledger = ledger();
    let charge = authorized(&mut ledger);
    ledger.caused_by(Cause::Request { operation: "completeCheckoutSession".to_owned(), request_id: "r".to_owned() });
    ledger.note_steps();
    let permission = ledger.charge_of(SHOP, &charge).expect("there").permission_id.clone();
    assert_eq!(states(&ledger, &charge), [step("Authorized", None, "request")]);
    assert_eq!(states(&ledger, &permission), [step("NonChargeable", Some("ChargeInProgress"), "request")]);
    ledger.note_steps();
    assert_eq!(states(&ledger, &charge).len(), 1, "nothing has changed");
    ledger.at(START.plus(31 * DAY_MS));
    assert_eq!(states(&ledger, &charge)[1], step("Canceled", Some("ExpiredUnused"), "timer"));
    assert_eq!(states(&ledger, &permission)[1], step("Chargeable", None, "timer"));
    let at = ledger.history(&charge).expect("there").steps[1].at;
    assert_eq!(at, START.plus(30 * DAY_MS), "at its own moment");
}

#[test]
fn histories_are_kept_with_their_objects() {
    let mut first = ledger();
    let charge = authorized(&mut first);
    first.note_steps();
    let rows = first.take_changes().rows;
    let mut second = ledger();
    for row in &rows {
        second.put_back(row).expect("readable");
    }
    second.resume();
    assert_eq!(second.history(&charge), first.history(&charge));
    second.note_steps();
    assert_eq!(states(&second, &charge).len(), 1, "a restart is no step");
}

#[test]
fn a_way_that_is_offered_can_be_gone_and_no_other() {
    let mut ledger = ledger();
    let id = processing(&mut ledger, PaymentIntent::Authorize, true, "card-0701");
    ledger.pay(&id).expect("paid");
    let charge = complete(&mut ledger, &id).expect("pending").session.charge_id.expect("a charge");
    let names: Vec<_> = ledger.ways(&charge).iter().map(|way| way.state).collect();
    assert_eq!(names, ["Authorized", "Declined", "Canceled"]);
    for (state, reason, told) in [
        ("Captured", None, "is AuthorizationInitiated and cannot become \"Captured\"; it can become Authorized"),
        ("Authorized", Some("Expired"), "\"Expired\" is no reason to become Authorized; no reason goes with it"),
        ("Declined", Some("Expired"), "is no reason to become Declined; it must be one of SoftDeclined"),
    ] {
        let why = ledger.force(&charge, state, reason).expect_err("refused").to_string();
        assert!(why.contains(told), "{why}");
    }
    ledger.force(&charge, "Authorized", None).expect("a way");
    ledger.at(START.plus(60_000));
    assert_eq!(kinds(&ledger), ["authorized"], "the timer finds nothing left to do");
    ledger.force(&charge, "Canceled", Some("AmazonCanceled")).expect("a way");
    assert_eq!(kinds(&ledger), ["authorized", "canceled"]);
    let why = ledger.force(&charge, "Authorized", None).expect_err("over").to_string();
    assert!(why.ends_with("it can become nothing else any more"), "{why}");
    assert!(matches!(ledger.force("C-0", "Authorized", None), Err(ForceError::UnknownObject(_))));
}

#[test]
fn a_refund_ends_once_by_hand_or_by_time() {
    let mut ledger = ledger();
    let charge = authorized(&mut ledger);
    ledger.capture(SHOP, &charge, yen(1000), None, None).expect("captured");
    let ask = |ledger: &mut Ledger| {
        let request = RefundRequest { charge_id: charge.clone(), amount: yen(100), soft_descriptor: None };
        ledger.create_refund(SHOP, request, None).expect("begun").id.clone()
    };
    let (done, refused) = (ask(&mut ledger), ask(&mut ledger));
    ledger.force(&done, "Refunded", None).expect("a way");
    ledger.force(&refused, "Declined", Some("AmazonRejected")).expect("a way");
    ledger.at(START.plus(60_000));
    let permission = ledger.charge_permissions().next().expect("one");
    let sum = ledger.sum(permission);
    assert_eq!((sum.captured, sum.refunded, sum.net()), (1000, 100, 900));
}

#[test]
fn a_permission_is_blocked_freed_and_closed_by_hand() {
    let mut ledger = ledger();
    let charge = authorized(&mut ledger);
    let id = ledger.charge_of(SHOP, &charge).expect("there").permission_id.clone();
    assert!(ledger.ways(&id).iter().all(|way| way.state != "Chargeable"), "nothing blocks it");
    ledger.force(&id, "NonChargeable", Some("PaymentMethodExpired")).expect("a way");
    ledger.force(&charge, "Canceled", None).expect("a way");
    let standing = |ledger: &Ledger| ledger.standing(ledger.charge_permission_of(SHOP, &id).expect("there"));
    assert_eq!(standing(&ledger).reason, Some(PermissionReason::PaymentMethodExpired));
    ledger.force(&id, "Chargeable", None).expect("a way");
    assert_eq!(standing(&ledger).state, PermissionState::Chargeable);
    ledger.force(&id, "Closed", None).expect("a way");
    assert_eq!(standing(&ledger).reason, Some(PermissionReason::BuyerCanceled), "the first reason");
    assert!(ledger.ways(&id).is_empty());
}

#[test]
fn an_open_session_is_cancelled_by_hand_and_frees_the_money() {
    let mut ledger = ledger();
    let id = processing(&mut ledger, PaymentIntent::Authorize, false, "card-1111");
    ledger.pay(&id).expect("paid");
    ledger.force(&id, "Canceled", Some("Expired")).expect("a way");
    assert_eq!(kinds(&ledger), ["reserved", "released"]);
    assert!(ledger.force(&id, "Canceled", None).is_err(), "once");
}
