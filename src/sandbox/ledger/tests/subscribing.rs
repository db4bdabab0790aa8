//! Recurring sessions: a consent with or without a first payment.

use super::charging::{consent, recurring, standing_of};
use super::*;

fn subscription(intent: PaymentIntent, first: Option<i64>) -> SessionRequest {
    let mut asked = request(intent, false);
    recurring(&mut asked);
    asked.terms.payment.charge_amount = first.map(yen);
    asked
}

/// The buyer pays, and the merchant completes with `named`.
fn completed(ledger: &mut Ledger, asked: SessionRequest, named: Option<i64>) -> Result<Completed, ApiError> {
    let id = ledger.create_session(SHOP, asked).expect("created").id;
    ledger.sign_in(&id, "amzn1.account.SEKISHOHAKONE001").expect("signed in");
    ledger.choose(&id, Some("address-1"), "card-1111").expect("chosen");
    ledger.enter_processing(&id).expect("entered");
    ledger.pay(&id).expect("paid");
    let body = CompletionRequest { charge_amount: named.map(yen), total_order_amount: None };
    ledger.complete(SHOP, &id, body, None)
}

#[test]
fn a_consent_alone_costs_nothing_said_or_unsaid() {
    for said in [None, Some(0)] {
        for named in [None, Some(0)] {
            let mut ledger = ledger();
            let session =
                completed(&mut ledger, subscription(PaymentIntent::Confirm, said), named).expect("completed").session;
            assert_eq!(session.charge_id, None);
            let permission = session.charge_permission_id.expect("one");
            assert!(permission.starts_with("C03-"), "{permission}");
            assert_eq!(standing_of(&ledger, &permission).balance, yen(100_000));
            assert!(ledger.movements().is_empty());
        }
    }
}

#[test]
fn a_first_payment_is_authorized_or_captured_and_counts_for_the_month() {
    for (intent, moved) in [
        (PaymentIntent::Authorize, vec!["reserved", "authorized"]),
        (PaymentIntent::AuthorizeWithCapture, vec!["reserved", "authorized", "captured"]),
    ] {
        let mut ledger = ledger();
        let session = completed(&mut ledger, subscription(intent, Some(3000)), Some(3000)).expect("completed").session;
        assert!(session.charge_id.is_some());
        assert_eq!(kinds(&ledger), moved);
        let standing = standing_of(&ledger, &session.charge_permission_id.expect("one"));
        assert_eq!((standing.state, standing.balance), (PermissionState::Chargeable, yen(97_000)));
    }
}

#[test]
fn a_first_payment_that_is_not_named_is_that_of_a_period() {
    let mut ledger = ledger();
    let asked = subscription(PaymentIntent::Authorize, None);
    assert_eq!(code(completed(&mut ledger, asked.clone(), None)), "MissingParameterValue");
    let session = completed(&mut ledger, asked, Some(500)).expect("completed").session;
    assert_eq!(ledger.charge_of(SHOP, &session.charge_id.expect("one")).expect("there").amount, yen(500));
}

#[test]
fn a_first_payment_is_within_the_months_limit() {
    let mut ledger = ledger();
    let asked = subscription(PaymentIntent::Authorize, Some(100_001));
    assert_eq!(code(completed(&mut ledger, asked, Some(100_001))), "TransactionAmountExceeded");
}

#[test]
fn a_session_becomes_a_subscription_by_an_update_that_names_a_period() {
    let mut ledger = ledger();
    let id = ledger.create_session(SHOP, request(PaymentIntent::Confirm, false)).expect("created").id;
    let zero = |permission_type| {
        let mut changes = Terms { permission_type, ..Terms::default() };
        changes.payment.charge_amount = Some(Amount::ZERO);
        changes
    };
    assert_eq!(code(ledger.update_session(SHOP, &id, zero(None)).cloned()), "InvalidParameterValue");
    let upgraded = ledger.update_session(SHOP, &id, zero(Some(PermissionType::Recurring))).expect("updated");
    let missing: Vec<_> = upgraded.constraints().iter().map(|constraint| constraint.id).collect();
    assert_eq!(missing, ["BuyerNotAssociated", "RecurringFrequencyNotSet"]);
    let recurring = RecurringMetadata { unit: FrequencyUnit::Variable, value: "0".to_owned(), amount: None };
    let changes = Terms { recurring: Some(recurring), ..Terms::default() };
    let updated = ledger.update_session(SHOP, &id, changes).expect("updated");
    assert_eq!(updated.constraints().len(), 1);
    let mut charging = Terms::default();
    charging.payment.payment_intent = Some(PaymentIntent::Authorize);
    assert_eq!(code(ledger.update_session(SHOP, &id, charging).cloned()), "InvalidParameterValue");
}

#[test]
fn the_period_is_for_the_buyer_to_read_and_binds_nobody() {
    let mut ledger = ledger();
    let permission = consent(&mut ledger, "card-1111", recurring);
    super::charging::charge(&mut ledger, &permission, 501).expect("more than the period's 500 yen");
    super::charging::charge(&mut ledger, &permission, 1).expect("twice in a month");
}
