//! Create Refund.

use super::charging::{charge_request, consent};
use super::*;

/// A charge of which `amount` yen were captured.
fn captured(ledger: &mut Ledger, amount: i64) -> String {
    let permission = consent(ledger, "card-1111", |request| request.terms.payment.charge_amount = Some(yen(amount)));
    let request = ChargeRequest { capture_now: true, ..charge_request(&permission, amount) };
    ledger.create_charge(SHOP, request, None).expect("captured").id.clone()
}

fn refund(ledger: &mut Ledger, charge_id: &str, amount: i64) -> Result<Refund, ApiError> {
    let request = RefundRequest { charge_id: charge_id.to_owned(), amount: yen(amount), soft_descriptor: None };
    ledger.create_refund(SHOP, request, None).cloned()
}

fn refunded(ledger: &Ledger, charge_id: &str) -> i64 {
    ledger.refunded(ledger.charge_of(SHOP, charge_id).expect("there")).yen()
}

#[test]
fn a_refund_takes_30_seconds() {
    let mut ledger = ledger();
    let charge = captured(&mut ledger, 1000);
    let id = refund(&mut ledger, &charge, 300).expect("begun").id;
    ledger.at(START.plus(29_999));
    assert_eq!(ledger.refund_of(SHOP, &id).expect("there").state, RefundState::RefundInitiated);
    assert_eq!((refunded(&ledger, &charge), kinds(&ledger)), (0, vec!["authorized", "captured"]));
    ledger.at(START.plus(30_000));
    assert_eq!(ledger.refund_of(SHOP, &id).expect("there").state, RefundState::Refunded);
    assert_eq!((refunded(&ledger, &charge), kinds(&ledger)), (300, vec!["authorized", "captured", "refunded"]));
    assert_eq!(ledger.movements()[2].refund_id.as_deref(), Some(id.as_str()));
    assert_eq!(code(ledger.refund_of("A1SHOP00000002", &id)), "ResourceNotFound");
}

#[test]
fn all_refunds_together_may_be_15_percent_or_8400_yen_more_than_was_taken() {
    for (taken, most) in [(1000, 1150), (56_000, 64_400), (100_000, 108_400), (9, 10)] {
        let mut ledger = ledger();
        let charge = captured(&mut ledger, taken);
        assert_eq!(code(refund(&mut ledger, &charge, most + 1)), "TransactionAmountExceeded", "{taken}");
        refund(&mut ledger, &charge, taken).expect("begun");
        assert_eq!(code(refund(&mut ledger, &charge, most - taken + 1)), "TransactionAmountExceeded", "{taken}");
        refund(&mut ledger, &charge, most - taken).expect("begun");
        ledger.at(START.plus(DAY_MS));
        assert_eq!(refunded(&ledger, &charge), most);
        assert_eq!(code(refund(&mut ledger, &charge, 1)), "TransactionAmountExceeded", "{taken}");
    }
}

#[test]
fn a_charge_is_refunded_ten_times_and_a_declined_refund_does_not_count() {
    let mut ledger = ledger();
    let charge = captured(&mut ledger, 1000);
    let request = RefundRequest { charge_id: charge.clone(), amount: yen(1000), soft_descriptor: None };
    let fails = Some(Simulation::RefundDeclined(RefundReason::AmazonRejected));
    let declined = ledger.create_refund(SHOP, request, fails).expect("begun").id.clone();
    assert_eq!(code(refund(&mut ledger, &charge, 1000)), "TransactionAmountExceeded", "it may still succeed");
    ledger.at(START.plus(30_000));
    let declined = ledger.refund_of(SHOP, &declined).expect("there");
    assert_eq!((declined.state, declined.reason), (RefundState::Declined, Some(RefundReason::AmazonRejected)));
    assert_eq!(refunded(&ledger, &charge), 0);
    for _ in 0..10 {
        refund(&mut ledger, &charge, 1).expect("begun");
    }
    assert_eq!(code(refund(&mut ledger, &charge, 1)), "TransactionCountExceeded");
    ledger.at(START.plus(60_000));
    assert_eq!(refunded(&ledger, &charge), 10);
}

#[test]
fn only_what_was_captured_is_refunded() {
    let mut ledger = ledger();
    let held = authorized(&mut ledger);
    assert_eq!(code(refund(&mut ledger, &held, 1)), "InvalidChargeStatus");
    ledger.capture(SHOP, &held, yen(400), None, None).expect("captured");
    assert_eq!(code(refund(&mut ledger, &held, 461)), "TransactionAmountExceeded");
    refund(&mut ledger, &held, 460).expect("begun");
    assert_eq!(code(refund(&mut ledger, "S03-0000000-0000000-C000000", 1)), "ResourceNotFound");
}

#[test]
fn a_capture_can_be_made_to_fail_at_once_or_later() {
    let mut ledger = ledger();
    let charge = authorized(&mut ledger);
    let rejected = Some(Simulation::Decline(crate::sandbox::error::Decline::AmazonRejected));
    assert_eq!(code(ledger.capture(SHOP, &charge, yen(1000), None, rejected)), "AmazonRejected");
    let later = Some(Simulation::CaptureDeclined(ChargeReason::ProcessingFailure));
    let initiated = ledger.capture(SHOP, &charge, yen(1000), None, later).expect("accepted");
    assert_eq!(initiated.state, ChargeState::CaptureInitiated);
    ledger.at(START.plus(30_000));
    let charge = ledger.charge_of(SHOP, &charge).expect("there");
    assert_eq!((charge.state, charge.reason), (ChargeState::Declined, Some(ChargeReason::ProcessingFailure)));
    assert_eq!(charge.captured, None);
    assert_eq!(kinds(&ledger), ["reserved", "authorized", "canceled"]);
}
