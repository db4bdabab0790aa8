//! The saved wallet: a payment method is stored, charged, changed; and an order becomes a subscription.

use super::charging::{charge_request, consent, standing_of};
use super::*;

fn stored(request: &mut SessionRequest) {
    request.terms.permission_type = Some(PermissionType::PaymentMethodOnFile);
    request.terms.payment.charge_amount = None;
    request.setup_only = Some(true);
}

fn by_buyer(permission_id: &str, amount: i64) -> ChargeRequest {
    ChargeRequest {
        initiator: Some(ChargeInitiator::CITU),
        channel: Some(Channel::Web),
        ..charge_request(permission_id, amount)
    }
}

/// A session in which the buyer comes back to choose another card.
fn update_of(permission_id: &str) -> SessionRequest {
    let mut asked = request(PaymentIntent::Confirm, false);
    stored(&mut asked);
    asked.charge_permission_id = Some(permission_id.to_owned());
    asked
}

#[test]
fn setting_up_charges_nothing_and_what_is_stored_never_expires() {
    let mut ledger = ledger();
    let permission = consent(&mut ledger, "card-1111", stored);
    assert!(ledger.movements().is_empty() && ledger.charges().next().is_none());
    let found = ledger.charge_permission_of(SHOP, &permission).expect("there");
    assert_eq!((found.limit, found.expires), (Limit::Monthly(yen(2_000_000)), None));
    ledger.at(START.plus(3 * 366 * DAY_MS));
    assert_eq!(standing_of(&ledger, &permission).state, PermissionState::Chargeable);
    ledger.create_charge(SHOP, by_buyer(&permission, 100), None).expect("charged");
}

#[test]
fn paying_and_saving_charges_at_once_and_counts_for_the_month() {
    let mut ledger = ledger();
    let mut asked = request(PaymentIntent::Authorize, false);
    asked.terms.permission_type = Some(PermissionType::PaymentMethodOnFile);
    asked.setup_only = Some(false);
    let id = ledger.create_session(SHOP, asked).expect("created").id;
    ledger.sign_in(&id, "amzn1.account.SEKISHOHAKONE001").expect("signed in");
    ledger.choose(&id, Some("address-1"), "card-1111").expect("chosen");
    ledger.enter_processing(&id).expect("entered");
    ledger.pay(&id).expect("paid");
    let session = complete(&mut ledger, &id).expect("completed").session;
    assert!(session.charge_id.is_some());
    let permission = session.charge_permission_id.expect("one");
    assert_eq!(standing_of(&ledger, &permission).balance, yen(1_999_000));
}

#[test]
fn an_update_gives_the_same_permission_another_card_and_makes_it_chargeable() {
    let mut ledger = ledger();
    let permission = consent(&mut ledger, "card-8002", stored);
    assert_eq!(code(ledger.create_charge(SHOP, by_buyer(&permission, 1), None).cloned()), "HardDeclined");
    assert_eq!(standing_of(&ledger, &permission).reason, Some(PermissionReason::PaymentMethodInvalid));

    let id = ledger.create_session(SHOP, update_of(&permission)).expect("created").id;
    let stranger = ledger.sign_in(&id, "amzn1.account.SEKISHOARAI00003").cloned();
    assert!(matches!(stranger, Err(BuyerError::UnknownBuyer(_))), "{stranger:?}");
    ledger.sign_in(&id, "amzn1.account.SEKISHOHAKONE001").expect("signed in");
    ledger.choose(&id, Some("address-1"), "card-4444").expect("chosen");
    ledger.enter_processing(&id).expect("entered");
    ledger.pay(&id).expect("paid");
    let nothing = CompletionRequest { charge_amount: None, total_order_amount: None };
    let session = ledger.complete(SHOP, &id, nothing, None).expect("completed").session;
    assert_eq!((session.charge_permission_id.as_ref(), session.charge_id), (Some(&permission), None));
    assert_eq!(ledger.charge_permissions().count(), 1);
    let card =
        ledger.charge_permission_of(SHOP, &permission).expect("there").party.choice.as_ref().expect("one").instrument;
    assert_eq!(card.last_digits, "4444");
    ledger.create_charge(SHOP, by_buyer(&permission, 1), None).expect("charged");
}

#[test]
fn an_update_is_of_the_merchants_own_open_stored_payment_method() {
    let mut ledger = ledger();
    let order = consent(&mut ledger, "card-1111", |_| ());
    let create = |ledger: &mut Ledger, id: &str| ledger.create_session(SHOP, update_of(id));
    assert_eq!(code(create(&mut ledger, &order)), "InvalidParameterCombination");
    assert_eq!(code(create(&mut ledger, "C03-0000000-0000000")), "ResourceNotFound");
    let permission = consent(&mut ledger, "card-1111", stored);
    let id = create(&mut ledger, &permission).expect("created").id;
    ledger.close_permission(SHOP, &permission, false, None).expect("closed");
    assert_eq!(code(create(&mut ledger, &permission)), "InvalidChargePermissionStatus");
    // Closed while the buyer was choosing: nothing is changed, and the session stays open.
    ledger.sign_in(&id, "amzn1.account.SEKISHOHAKONE001").expect("signed in");
    ledger.choose(&id, Some("address-1"), "card-4444").expect("chosen");
    ledger.enter_processing(&id).expect("entered");
    ledger.pay(&id).expect("paid");
    let nothing = CompletionRequest { charge_amount: None, total_order_amount: None };
    assert_eq!(code(ledger.complete(SHOP, &id, nothing, None)), "ChargePermissionNotModifiable");
}

#[test]
fn setting_up_and_changing_take_no_money() {
    type Change = fn(&mut SessionRequest);
    let changes: [(&str, Change); 5] = [
        ("setup with money", |asked| asked.terms.payment.charge_amount = Some(yen(1))),
        ("setup that takes", |asked| asked.terms.payment.payment_intent = Some(PaymentIntent::Authorize)),
        ("setup of an order", |asked| asked.terms.permission_type = None),
        ("an update that waits", |asked| {
            asked.charge_permission_id = Some("C03-0000000-0000000".to_owned());
            asked.terms.payment.can_handle_pending_authorization = Some(true);
        }),
        ("an update of an order", |asked| {
            asked.setup_only = None;
            asked.charge_permission_id = Some("C03-0000000-0000000".to_owned());
            asked.terms.permission_type = Some(PermissionType::Recurring);
        }),
    ];
    for (what, change) in changes {
        let mut asked = request(PaymentIntent::Confirm, false);
        stored(&mut asked);
        assert_eq!(check_agreement(&asked), Ok(()));
        change(&mut asked);
        assert_eq!(code(check_agreement(&asked)), "InvalidParameterCombination", "{what}");
    }
}

#[test]
fn an_order_becomes_a_subscription_by_update_and_nothing_else_changes_its_kind() {
    let mut ledger = ledger();
    let id = ledger.create_session(SHOP, request(PaymentIntent::Authorize, false)).expect("created").id;
    let kind = |permission_type| Terms { permission_type: Some(permission_type), ..Terms::default() };
    let on_file = ledger.update_session(SHOP, &id, kind(PermissionType::PaymentMethodOnFile)).cloned();
    assert_eq!(code(on_file), "InvalidParameterCombination");
    let upgraded = ledger.update_session(SHOP, &id, kind(PermissionType::Recurring)).expect("upgraded").clone();
    let missing: Vec<_> = upgraded.constraints().into_iter().map(|constraint| constraint.id).collect();
    assert_eq!(missing, ["BuyerNotAssociated", "RecurringFrequencyNotSet"]);
    assert_eq!(
        code(ledger.update_session(SHOP, &id, kind(PermissionType::OneTime)).cloned()),
        "InvalidParameterCombination"
    );
    let recurring = RecurringMetadata { unit: FrequencyUnit::Month, value: "1".to_owned(), amount: None };
    ledger.update_session(SHOP, &id, Terms { recurring: Some(recurring), ..Terms::default() }).expect("updated");
    ledger.sign_in(&id, "amzn1.account.SEKISHOHAKONE001").expect("signed in");
    ledger.choose(&id, Some("address-1"), "card-1111").expect("chosen");
    ledger.enter_processing(&id).expect("entered");
    ledger.pay(&id).expect("paid");
    let permission = complete(&mut ledger, &id).expect("completed").session.charge_permission_id.expect("one");
    assert!(permission.starts_with("C03-"), "{permission}");
    assert_eq!(standing_of(&ledger, &permission).balance, yen(99_000));
}

#[test]
fn who_the_buyer_is_can_be_read_30_days_for_an_order_and_while_a_consent_is_open() {
    let mut ledger = ledger();
    let order = consent(&mut ledger, "card-1111", |_| ());
    let wallet = consent(&mut ledger, "card-1111", stored);
    let tells =
        |ledger: &Ledger, id: &str| ledger.charge_permission_of(SHOP, id).expect("there").tells_buyer(ledger.now());
    ledger.at(START.plus(30 * DAY_MS));
    assert!(tells(&ledger, &order) && tells(&ledger, &wallet));
    ledger.at(START.plus(30 * DAY_MS + 1));
    assert!(!tells(&ledger, &order) && tells(&ledger, &wallet));
    let closed = START.plus(100 * DAY_MS);
    ledger.at(closed).close_permission(SHOP, &wallet, false, None).expect("closed");
    ledger.at(closed.plus(30 * DAY_MS));
    assert!(tells(&ledger, &wallet));
    ledger.at(closed.plus(30 * DAY_MS + 1));
    assert!(!tells(&ledger, &wallet));
}
