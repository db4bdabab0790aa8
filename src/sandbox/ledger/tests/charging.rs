//! Create Charge.

use super::*;
use crate::sandbox::error::Decline;

pub(super) fn charge_request(permission_id: &str, amount: i64) -> ChargeRequest {
    ChargeRequest {
        permission_id: permission_id.to_owned(),
        amount: yen(amount),
        capture_now: false,
        can_handle_pending_authorization: false,
        soft_descriptor: None,
        merchant: MerchantMetadata::default(),
        provider_reference_id: None,
        platform_id: None,
        initiator: None,
        channel: None,
        checkout_result_return_url: None,
    }
}

/// What the buyer consents to with `card` and no charge: the permission's id.
pub(super) fn consent(ledger: &mut Ledger, card: &str, change: impl FnOnce(&mut SessionRequest)) -> String {
    let mut asked = request(PaymentIntent::Confirm, false);
    change(&mut asked);
    let amount = asked.terms.payment.charge_amount;
    let id = ledger.create_session(SHOP, asked).expect("created").id;
    ledger.sign_in(&id, "amzn1.account.SEKISHOHAKONE001").expect("signed in");
    ledger.choose(&id, Some("address-1"), card).expect("chosen");
    ledger.enter_processing(&id).expect("entered");
    ledger.pay(&id).expect("paid");
    let body = CompletionRequest { charge_amount: amount, total_order_amount: None };
    let session = ledger.complete(SHOP, &id, body, None).expect("completed").session;
    session.charge_permission_id.expect("one")
}

pub(super) fn recurring(request: &mut SessionRequest) {
    request.terms.permission_type = Some(PermissionType::Recurring);
    request.terms.payment.charge_amount = None;
    request.terms.recurring =
        Some(RecurringMetadata { unit: FrequencyUnit::Month, value: "1".to_owned(), amount: Some(yen(500)) });
}

pub(super) fn charge(ledger: &mut Ledger, permission_id: &str, amount: i64) -> Result<Charge, ApiError> {
    ledger.create_charge(SHOP, charge_request(permission_id, amount), None).cloned()
}

pub(super) fn standing_of(ledger: &Ledger, permission_id: &str) -> Standing {
    ledger.standing(ledger.charge_permission_of(SHOP, permission_id).expect("there"))
}

#[test]
fn an_order_is_charged_in_parts_up_to_what_was_agreed() {
    let mut ledger = ledger();
    let permission = consent(&mut ledger, "card-1111", |_| ());
    let first = charge(&mut ledger, &permission, 400).expect("charged");
    assert_eq!((first.state, first.captured), (ChargeState::Authorized, None));
    assert_eq!(code(charge(&mut ledger, &permission, 601)), "TransactionAmountExceeded");
    let mut at_once = charge_request(&permission, 600);
    at_once.capture_now = true;
    let second = ledger.create_charge(SHOP, at_once, None).expect("charged").clone();
    assert_eq!((second.state, second.captured), (ChargeState::Captured, Some(yen(600))));
    assert_eq!(standing_of(&ledger, &permission).reason, Some(PermissionReason::ChargeInProgress));
    assert_eq!(code(charge(&mut ledger, &permission, 1)), "InvalidChargePermissionStatus");
    ledger.cancel_charge(SHOP, &first.id).expect("cancelled");
    assert_eq!(standing_of(&ledger, &permission).balance, yen(400));
    assert_eq!(kinds(&ledger), ["authorized", "authorized", "captured", "canceled"]);
    assert_eq!(code(ledger.create_charge("A1SHOP00000002", charge_request(&permission, 1), None)), "ResourceNotFound");
}

#[test]
fn an_overcharge_allowance_lets_a_new_charge_replace_a_smaller_one() {
    let mut ledger = ledger();
    let permission = consent(&mut ledger, "card-1111", |request| request.terms.payment.allow_overcharge = Some(true));
    let old = charge(&mut ledger, &permission, 1000).expect("charged");
    charge(&mut ledger, &permission, 69_000).expect("charged");
    assert_eq!(code(charge(&mut ledger, &permission, 1)), "InvalidChargePermissionStatus");
    ledger.cancel_charge(SHOP, &old.id).expect("cancelled");
    assert_eq!(standing_of(&ledger, &permission).balance, yen(1000));
}

#[test]
fn an_order_takes_25_charges() {
    let mut ledger = ledger();
    let permission = consent(&mut ledger, "card-1111", |_| ());
    for _ in 0..25 {
        charge(&mut ledger, &permission, 1).expect("charged");
    }
    assert_eq!(code(charge(&mut ledger, &permission, 1)), "TransactionCountExceeded");
    let subscription = consent(&mut ledger, "card-1111", recurring);
    for _ in 0..26 {
        charge(&mut ledger, &subscription, 1).expect("charged");
    }
}

#[test]
fn an_order_is_charged_within_180_days() {
    let mut ledger = ledger();
    let permission = consent(&mut ledger, "card-1111", |_| ());
    ledger.at(START.plus(180 * DAY_MS - 1));
    let last = charge(&mut ledger, &permission, 1).expect("charged");
    ledger.at(START.plus(180 * DAY_MS));
    assert_eq!(standing_of(&ledger, &permission).reason, Some(PermissionReason::Expired));
    assert_eq!(code(charge(&mut ledger, &permission, 1)), "InvalidChargePermissionStatus");
    assert!(ledger.capture(SHOP, &last.id, yen(1), None, None).is_ok(), "what is authorized can still be captured");
}

#[test]
fn a_subscription_costs_at_most_100000_yen_in_a_month_of_japans() {
    let mut ledger = ledger(); // 2026-11-23T03:10 in Japan
    let permission = consent(&mut ledger, "card-1111", recurring);
    charge(&mut ledger, &permission, 99_000).expect("charged");
    assert_eq!(standing_of(&ledger, &permission).balance, yen(1000));
    assert_eq!(code(charge(&mut ledger, &permission, 1001)), "PeriodicAmountExceeded");
    charge(&mut ledger, &permission, 1000).expect("charged");
    assert_eq!(code(charge(&mut ledger, &permission, 1)), "PeriodicAmountExceeded");
    let standing = standing_of(&ledger, &permission);
    assert_eq!((standing.state, standing.balance), (PermissionState::Chargeable, Amount::ZERO));

    let to_midnight_in_japan = 7 * DAY_MS + 20 * 3_600_000 + 50 * 60_000;
    ledger.at(START.plus(to_midnight_in_japan - 1));
    assert_eq!(code(charge(&mut ledger, &permission, 1)), "PeriodicAmountExceeded");
    ledger.at(START.plus(to_midnight_in_japan));
    assert_eq!(ledger.now().jst(), "20261201000000");
    assert_eq!(standing_of(&ledger, &permission).balance, yen(100_000));
    charge(&mut ledger, &permission, 100_000).expect("charged");
}

#[test]
fn a_cancelled_charge_gives_the_months_limit_back() {
    let mut ledger = ledger();
    let permission = consent(&mut ledger, "card-1111", recurring);
    let held = charge(&mut ledger, &permission, 100_000).expect("charged");
    ledger.cancel_charge(SHOP, &held.id).expect("cancelled");
    assert_eq!(standing_of(&ledger, &permission).balance, yen(100_000));
}

#[test]
fn a_subscription_lasts_13_months_after_its_last_charge() {
    let mut ledger = ledger();
    let permission = consent(&mut ledger, "card-1111", recurring);
    let expiry = |ledger: &Ledger| ledger.charge_permission_of(SHOP, &permission).expect("there").expires.expect("one");
    assert_eq!(expiry(&ledger).jst(), "20271223031000");
    ledger.at(START.plus(30 * DAY_MS));
    charge(&mut ledger, &permission, 1).expect("charged");
    let prolonged = expiry(&ledger);
    assert_eq!(prolonged.jst(), "20280123031000");
    ledger.at(prolonged.plus(-1));
    assert_eq!(standing_of(&ledger, &permission).state, PermissionState::Chargeable);
    ledger.at(prolonged);
    assert_eq!(standing_of(&ledger, &permission).reason, Some(PermissionReason::Expired));
}

#[test]
fn a_stored_payment_method_needs_to_know_who_asks_and_how() {
    let mut ledger = ledger();
    let permission = consent(&mut ledger, "card-1111", |request| {
        request.terms.permission_type = Some(PermissionType::PaymentMethodOnFile);
    });
    assert!(permission.starts_with("C03-"));
    assert_eq!(code(charge(&mut ledger, &permission, 1)), "MissingParameterValue");
    let full = ChargeRequest {
        initiator: Some(ChargeInitiator::MITU),
        channel: Some(Channel::Web),
        ..charge_request(&permission, 2_000_000)
    };
    ledger.create_charge(SHOP, full.clone(), None).expect("charged");
    let more = ChargeRequest { amount: yen(1), ..full };
    assert_eq!(code(ledger.create_charge(SHOP, more, None)), "PeriodicAmountExceeded");
    assert_eq!(ledger.charge_permission_of(SHOP, &permission).expect("there").expires, None);
}

#[test]
fn a_decline_is_a_refusal_and_some_change_the_permission() {
    for (decline, code_of, reason) in [
        (Decline::SoftDeclined, "SoftDeclined", None),
        (Decline::HardDeclined, "HardDeclined", Some(PermissionReason::PaymentMethodInvalid)),
        (Decline::AmazonRejected, "AmazonRejected", Some(PermissionReason::AmazonCanceled)),
        (Decline::TransactionTimedOut, "TransactionTimedOut", None),
        (Decline::PaymentMethodNotAllowed, "PaymentMethodNotAllowed", Some(PermissionReason::PaymentMethodNotAllowed)),
        (Decline::MFANotCompleted, "MFANotCompleted", Some(PermissionReason::MFAFailed)),
        (Decline::ProcessingFailure, "ProcessingFailure", None),
    ] {
        let mut ledger = ledger();
        let permission = consent(&mut ledger, "card-1111", |_| ());
        let request = charge_request(&permission, 1);
        let refused = ledger.create_charge(SHOP, request, Some(Simulation::Decline(decline))).cloned();
        assert_eq!(code(refused), code_of);
        let standing = standing_of(&ledger, &permission);
        assert_eq!(standing.reason, reason, "{code_of}");
        assert_eq!(standing.state, reason.map_or(PermissionState::Chargeable, PermissionReason::state), "{code_of}");
        assert!(ledger.movements().is_empty() && ledger.charges().next().is_none(), "{code_of}");
        assert_eq!(charge(&mut ledger, &permission, 1).is_ok(), reason.is_none(), "{code_of}");
    }
}

#[test]
fn some_cards_decline_every_charge_after_the_checkout() {
    for (card, code_of) in [
        ("card-8001", "SoftDeclined"),
        ("card-8002", "HardDeclined"),
        ("card-8003", "AmazonRejected"),
        ("card-8004", "TransactionTimedOut"),
    ] {
        let mut ledger = ledger();
        let id = processing(&mut ledger, PaymentIntent::Authorize, false, card);
        ledger.pay(&id).expect("paid");
        let session = complete(&mut ledger, &id).expect("the checkout itself succeeds").session;
        ledger.cancel_charge(SHOP, &session.charge_id.expect("one")).expect("cancelled");
        let permission = session.charge_permission_id.expect("one");
        assert_eq!(code(charge(&mut ledger, &permission, 1)), code_of);
    }
}

#[test]
fn a_new_charge_may_be_pending_where_the_merchant_can_wait() {
    for (card, state) in [("card-0701", ChargeState::Authorized), ("card-4354", ChargeState::Declined)] {
        let mut ledger = ledger();
        let id = processing(&mut ledger, PaymentIntent::Authorize, true, card);
        ledger.pay(&id).expect("paid");
        let session = complete(&mut ledger, &id).expect("accepted").session;
        ledger.cancel_charge(SHOP, &session.charge_id.expect("one")).expect("cancelled");
        let permission = session.charge_permission_id.expect("one");
        assert_eq!(code(charge(&mut ledger, &permission, 1)), "InvalidSandboxSimulationSpecified");
        let patient = ChargeRequest { can_handle_pending_authorization: true, ..charge_request(&permission, 1000) };
        let pending = ledger.create_charge(SHOP, patient, None).expect("accepted").clone();
        assert_eq!(pending.state, ChargeState::AuthorizationInitiated);
        assert_eq!(standing_of(&ledger, &permission).reason, Some(PermissionReason::ChargeInProgress));
        ledger.at(START.plus(30_000));
        assert_eq!(ledger.charge_of(SHOP, &pending.id).expect("there").state, state);
    }
}

#[test]
fn a_capture_that_comes_with_the_charge_may_take_30_seconds() {
    let mut ledger = ledger();
    let permission = consent(&mut ledger, "card-1111", |_| ());
    let request = ChargeRequest { capture_now: true, ..charge_request(&permission, 1000) };
    let slow = Some(Simulation::CaptureInitiated);
    let charge = ledger.create_charge(SHOP, request, slow).expect("accepted").clone();
    assert_eq!((charge.state, charge.captured), (ChargeState::CaptureInitiated, Some(yen(1000))));
    ledger.at(START.plus(30_000));
    assert_eq!(ledger.charge_of(SHOP, &charge.id).expect("there").state, ChargeState::Captured);
    let other = consent(&mut ledger, "card-1111", |_| ());
    let without = ledger.create_charge(SHOP, charge_request(&other, 1), slow).cloned();
    assert_eq!(code(without), "InvalidSandboxSimulationSpecified");
}
