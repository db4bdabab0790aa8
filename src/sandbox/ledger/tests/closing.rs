//! Close and Update Charge Permission, and what happens to a permission from outside.

use super::charging::{charge, charge_request, consent, recurring, standing_of};
use super::*;

#[test]
fn closing_ends_a_permission_and_cancels_what_is_pending_only_if_told() {
    for (cancel, state, moved) in [
        (false, ChargeState::Authorized, vec!["authorized", "captured", "authorized"]),
        (true, ChargeState::Canceled, vec!["authorized", "captured", "authorized", "canceled"]),
    ] {
        let mut ledger = ledger();
        let permission = consent(&mut ledger, "card-1111", |_| ());
        let at_once = ChargeRequest { capture_now: true, ..charge_request(&permission, 100) };
        let captured = ledger.create_charge(SHOP, at_once, None).expect("charged").id.clone();
        let held = charge(&mut ledger, &permission, 200).expect("charged").id;
        ledger.close_permission(SHOP, &permission, cancel, None).expect("closed");
        assert_eq!(standing_of(&ledger, &permission).reason, Some(PermissionReason::MerchantClosed));
        assert_eq!(ledger.charge_of(SHOP, &held).expect("there").state, state);
        assert_eq!(ledger.charge_of(SHOP, &captured).expect("there").state, ChargeState::Captured);
        assert_eq!(kinds(&ledger), moved);
        assert_eq!(code(charge(&mut ledger, &permission, 1)), "InvalidChargePermissionStatus");
        let again = ledger.close_permission(SHOP, &permission, cancel, None).cloned();
        assert_eq!(code(again), "InvalidChargePermissionStatus");
    }
}

#[test]
fn a_pending_authorization_that_was_cancelled_with_its_permission_stays_cancelled() {
    let mut ledger = ledger();
    let permission = consent(&mut ledger, "card-1111", |_| ());
    let patient = ChargeRequest { can_handle_pending_authorization: true, ..charge_request(&permission, 1000) };
    let pending = Some(Simulation::Pending(Payment::PendingThenAuthorized));
    let charge = ledger.create_charge(SHOP, patient, pending).expect("accepted").id.clone();
    ledger.close_permission(SHOP, &permission, true, None).expect("closed");
    ledger.at(START.plus(DAY_MS));
    let charge = ledger.charge_of(SHOP, &charge).expect("there");
    assert_eq!((charge.state, charge.reason), (ChargeState::Canceled, Some(ChargeReason::ChargePermissionCanceled)));
    assert!(ledger.movements().is_empty());
}

#[test]
fn an_update_changes_what_it_says_until_the_permission_is_closed() {
    let mut ledger = ledger();
    let permission = consent(&mut ledger, "card-1111", recurring);
    let mut changes = PermissionChanges::default();
    changes.merchant.note_to_buyer = Some("ありがとう".to_owned());
    let updated = ledger.update_permission(SHOP, &permission, changes.clone()).expect("updated");
    assert_eq!(updated.merchant.note_to_buyer.as_deref(), Some("ありがとう"));
    assert_eq!(updated.recurring.as_ref().map(|period| period.unit), Some(FrequencyUnit::Month), "not said, so kept");
    let yearly = RecurringMetadata { unit: FrequencyUnit::Year, value: "1".to_owned(), amount: None };
    changes.recurring = Some(yearly.clone());
    let updated = ledger.update_permission(SHOP, &permission, changes.clone()).expect("updated");
    assert_eq!(updated.recurring, Some(yearly));
    let once = consent(&mut ledger, "card-1111", |_| ());
    let odd = ledger.update_permission(SHOP, &once, changes.clone()).cloned();
    assert_eq!(code(odd), "InvalidParameterCombination");
    let foreign = ledger.update_permission("A1SHOP00000002", &permission, changes.clone()).cloned();
    assert_eq!(code(foreign), "ResourceNotFound");
    ledger.close_permission(SHOP, &permission, false, None).expect("closed");
    assert_eq!(code(ledger.update_permission(SHOP, &permission, changes).cloned()), "ChargePermissionNotModifiable");
}

#[test]
fn a_blocked_permission_is_chargeable_again_with_another_card_but_a_closed_one_never() {
    let mut ledger = ledger();
    let permission = consent(&mut ledger, "card-8002", recurring);
    assert_eq!(code(charge(&mut ledger, &permission, 1)), "HardDeclined");
    assert_eq!(standing_of(&ledger, &permission).state, PermissionState::NonChargeable);
    let odd = ledger.change_payment_method(&permission, "card-9999").cloned();
    assert_eq!(code(odd), "InvalidParameterValue");
    ledger.change_payment_method(&permission, "card-4444").expect("changed");
    charge(&mut ledger, &permission, 1).expect("charged");
    for reason in PermissionReason::SPELLED {
        let reason = PermissionReason::parse(reason).expect("a reason");
        let standing = standing_of(&ledger, &permission);
        assert_ne!(standing.state, PermissionState::Closed);
        ledger.befall(&permission, reason).expect("befallen");
        assert_eq!(standing_of(&ledger, &permission).reason, Some(reason));
        if reason.state() == PermissionState::Closed {
            break;
        }
    }
    ledger.befall(&permission, PermissionReason::PaymentMethodInvalid).expect("ignored");
    assert_eq!(standing_of(&ledger, &permission).reason, Some(PermissionReason::MerchantClosed));
    let late = ledger.change_payment_method(&permission, "card-4444").cloned();
    assert_eq!(code(late), "ChargePermissionNotModifiable");
}
