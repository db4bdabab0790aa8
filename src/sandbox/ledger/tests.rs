//! The money rules, played through the ledger's own methods.

use super::*;
use crate::domain::SeededRng;

const SHOP: &str = "A1SHOP00000001";
const STORE: &str = "amzn1.application-oa2-client.0123456789abcdef0123456789abcdef";
const START: Millis = Millis(1_795_371_000_000);
const DAY_MS: i64 = 86_400_000;

fn ledger() -> Ledger {
    let account = Account { store_ids: vec![STORE.to_owned()], currency: Currency::JPY };
    let accounts = HashMap::from([(SHOP.to_owned(), account)]);
    Ledger::new("http://sandbox.example".to_owned(), accounts, START, Arc::new(SeededRng::new(1)))
}

fn request(intent: PaymentIntent, pending: bool) -> SessionRequest {
    let mut terms = Terms::default();
    terms.web.checkout_review_return_url = Some("https://shop.example/review?cart=1".to_owned());
    terms.web.checkout_result_return_url = Some("https://shop.example/result".to_owned());
    terms.payment.payment_intent = Some(intent);
    terms.payment.can_handle_pending_authorization = Some(pending);
    terms.payment.charge_amount = Some(yen(1000));
    SessionRequest {
        store_id: STORE.to_owned(),
        product_type: ProductType::PayAndShip,
        on_page: false,
        scopes: None,
        delivery_specifications: None,
        address_details: None,
        setup_only: None,
        charge_permission_id: None,
        terms,
    }
}

fn yen(amount: i64) -> Amount {
    Amount::new(amount).expect("in range")
}

/// A session whose buyer stands on the paying page with `card`.
fn processing(ledger: &mut Ledger, intent: PaymentIntent, pending: bool, card: &str) -> String {
    let id = ledger.create_session(SHOP, request(intent, pending)).expect("created").id;
    ledger.sign_in(&id, "amzn1.account.SEKISHOHAKONE001").expect("signed in");
    ledger.choose(&id, Some("address-1"), card).expect("chosen");
    ledger.enter_processing(&id).expect("entered");
    id
}

fn complete(ledger: &mut Ledger, id: &str) -> Result<Completed, ApiError> {
    ledger.complete(SHOP, id, CompletionRequest { charge_amount: Some(yen(1000)), total_order_amount: None }, None)
}

/// A completed Authorize session's charge id.
fn authorized(ledger: &mut Ledger) -> String {
    let id = processing(ledger, PaymentIntent::Authorize, false, "card-1111");
    ledger.pay(&id).expect("paid");
    complete(ledger, &id).expect("completed").session.charge_id.expect("a charge")
}

fn kinds(ledger: &Ledger) -> Vec<&'static str> {
    ledger.movements().iter().map(|movement| movement.kind.as_str()).collect()
}

fn code<T: std::fmt::Debug>(result: Result<T, ApiError>) -> &'static str {
    result.expect_err("refused").code.as_str()
}

#[test]
fn a_session_lacks_the_buyer_until_the_buyer_has_chosen_and_only_then_has_a_redirect() {
    let mut ledger = ledger();
    let session = ledger.create_session(SHOP, request(PaymentIntent::Authorize, false)).expect("created");
    let ids = |session: &Session| session.constraints().iter().map(|c| c.id).collect::<Vec<_>>();
    assert_eq!(ids(&session), ["BuyerNotAssociated"]);
    let signed_in = ledger.sign_in(&session.id, "amzn1.account.SEKISHOHAKONE001").expect("signed in").clone();
    assert_eq!(ids(&signed_in), ["BuyerNotAssociated"]);
    assert_eq!(ledger.pay_redirect_url(&signed_in), None);
    let after = ledger.choose(&session.id, Some("address-2"), "card-1111").expect("chosen");
    let review = format!("https://shop.example/review?cart=1&amazonCheckoutSessionId={}", session.id);
    assert_eq!(after, AfterChoice::ReviewAtShop(review));
    let chosen = ledger.session(&session.id).expect("there");
    let url = format!("http://sandbox.example/checkout/processing?amazonCheckoutSessionId={}", session.id);
    assert_eq!(ledger.pay_redirect_url(chosen), Some(url));
}

#[test]
fn an_empty_session_lists_everything_it_lacks() {
    let mut ledger = ledger();
    let mut bare = request(PaymentIntent::Authorize, false);
    bare.terms = Terms { permission_type: Some(PermissionType::Recurring), ..Terms::default() };
    let session = ledger.create_session(SHOP, bare).expect("created");
    let ids: Vec<_> = session.constraints().iter().map(|constraint| constraint.id).collect();
    let all = [
        "BuyerNotAssociated",
        "ChargeAmountNotSet",
        "CheckoutResultReturnUrlNotSet",
        "PaymentIntentNotSet",
        "RecurringFrequencyNotSet",
    ];
    assert_eq!(ids, all);
    assert_eq!(ledger.enter_processing(&session.id).expect_err("not ready"), BuyerError::ConstraintsLeft(all.to_vec()));
}

#[test]
fn nothing_can_be_updated_once_the_buyer_is_on_the_paying_page() {
    let mut ledger = ledger();
    let id = ledger.create_session(SHOP, request(PaymentIntent::Authorize, false)).expect("created").id;
    let mut changes = Terms::default();
    changes.payment.charge_amount = Some(yen(2000));
    let updated = ledger.update_session(SHOP, &id, changes.clone()).expect("open");
    assert_eq!(updated.request.terms.payment.charge_amount, Some(yen(2000)));
    let id = processing(&mut ledger, PaymentIntent::Authorize, false, "card-1111");
    assert_eq!(code(ledger.update_session(SHOP, &id, changes)), "InvalidCheckoutSessionStatus");
}

#[test]
fn an_approved_payment_is_reserved_then_authorized_then_captured() {
    let mut ledger = ledger();
    let charge = authorized(&mut ledger);
    assert_eq!(kinds(&ledger), ["reserved", "authorized"]);
    let charge_now = ledger.charge_of(SHOP, &charge).expect("there");
    let permission = ledger.charge_permission_of(SHOP, &charge_now.permission_id).expect("there").clone();
    assert_eq!(ledger.standing(&permission).reason, Some(PermissionReason::ChargeInProgress));
    assert_eq!(ledger.capture(SHOP, &charge, yen(1000), None, None).expect("captured").state, ChargeState::Captured);
    assert_eq!(kinds(&ledger), ["reserved", "authorized", "captured"]);
    let permission = ledger.charge_permission_of(SHOP, &permission.id).expect("there");
    assert_eq!(ledger.standing(permission).reason, Some(PermissionReason::AmazonClosed));
    assert_eq!(code(ledger.capture(SHOP, &charge, yen(1000), None, None)), "InvalidChargeStatus");
    assert_eq!(code(ledger.cancel_charge(SHOP, &charge)), "InvalidChargeStatus");
}

#[test]
fn authorize_with_capture_takes_the_money_and_confirm_takes_none() {
    let mut ledger = ledger();
    let id = processing(&mut ledger, PaymentIntent::AuthorizeWithCapture, false, "card-4444");
    ledger.pay(&id).expect("paid");
    let charge = complete(&mut ledger, &id).expect("completed").session.charge_id.expect("a charge");
    assert_eq!(ledger.charge_of(SHOP, &charge).expect("there").captured, Some(yen(1000)));
    assert_eq!(kinds(&ledger), ["reserved", "authorized", "captured"]);

    let id = processing(&mut ledger, PaymentIntent::Confirm, false, "card-4444");
    ledger.pay(&id).expect("paid");
    let session = complete(&mut ledger, &id).expect("completed").session;
    assert_eq!(session.charge_id, None);
    let permission = ledger.charge_permission_of(SHOP, &session.charge_permission_id.expect("one")).expect("there");
    let standing = ledger.standing(permission);
    assert_eq!((standing.state, standing.balance), (PermissionState::Chargeable, yen(1000)));
    assert_eq!(ledger.movements().len(), 3);
}

#[test]
fn a_part_may_be_captured_but_not_more_than_all_and_not_nothing() {
    let mut ledger = ledger();
    let charge = authorized(&mut ledger);
    assert_eq!(code(ledger.capture(SHOP, &charge, yen(1001), None, None)), "TransactionAmountExceeded");
    assert_eq!(code(ledger.capture(SHOP, &charge, yen(0), None, None)), "InvalidParameterValue");
    let captured = ledger.capture(SHOP, &charge, yen(400), None, None).expect("captured").clone();
    assert_eq!(captured.captured, Some(yen(400)));
    let permission = ledger.charge_permission_of(SHOP, &captured.permission_id).expect("there");
    let standing = ledger.standing(permission);
    assert_eq!((standing.state, standing.balance), (PermissionState::Chargeable, yen(600)));
}

#[test]
fn complete_needs_a_paid_session_the_same_amount_and_happens_once() {
    let mut ledger = ledger();
    let id = processing(&mut ledger, PaymentIntent::Authorize, false, "card-1111");
    assert_eq!(code(complete(&mut ledger, &id)), "InvalidCheckoutSessionStatus");
    let result = ledger.pay(&id).expect("paid");
    assert_eq!(result, format!("https://shop.example/result?amazonCheckoutSessionId={id}"));
    assert_eq!(ledger.pay(&id), Ok(result), "a page posted twice pays once");
    let other = CompletionRequest { charge_amount: Some(yen(999)), total_order_amount: None };
    assert_eq!(code(ledger.complete(SHOP, &id, other, None)), "AmountMismatch");
    assert_eq!(code(ledger.complete(SHOP, &id, CompletionRequest::default(), None)), "MissingParameterValue");
    let total = CompletionRequest { charge_amount: Some(yen(1000)), total_order_amount: Some(yen(1000)) };
    assert_eq!(code(ledger.complete(SHOP, &id, total, None)), "AmountMismatch");
    complete(&mut ledger, &id).expect("completed");
    assert_eq!(code(complete(&mut ledger, &id)), "InvalidCheckoutSessionStatus");
    assert_eq!(kinds(&ledger), ["reserved", "authorized"]);
}

#[test]
fn cards_3064_and_3434_cancel_the_session_and_move_nothing() {
    for (card, reason) in
        [("card-3064", SessionCancelReason::BuyerCanceled), ("card-3434", SessionCancelReason::Declined)]
    {
        let mut ledger = ledger();
        let id = processing(&mut ledger, PaymentIntent::Authorize, false, card);
        let next = ledger.pay(&id).expect("returned");
        assert!(next.starts_with("https://shop.example/result?"));
        assert_eq!(ledger.session(&id).expect("there").state, SessionState::Canceled(reason));
        assert_eq!(code(complete(&mut ledger, &id)), "CheckoutSessionCanceled");
        assert!(ledger.movements().is_empty());
    }
}

#[test]
fn a_pending_authorization_ends_after_30_seconds_as_its_card_says() {
    for (card, state) in [("card-0701", ChargeState::Authorized), ("card-4354", ChargeState::Declined)] {
        let mut ledger = ledger();
        let id = processing(&mut ledger, PaymentIntent::Authorize, true, card);
        ledger.pay(&id).expect("paid");
        let completed = complete(&mut ledger, &id).expect("accepted");
        assert!(completed.pending);
        let charge = completed.session.charge_id.expect("a charge");
        ledger.at(START.plus(29_999));
        assert_eq!(ledger.charge_of(SHOP, &charge).expect("there").state, ChargeState::AuthorizationInitiated);
        ledger.at(START.plus(DAY_MS));
        let charge = ledger.charge_of(SHOP, &charge).expect("there");
        assert_eq!((charge.state, charge.updated), (state, START.plus(30_000)));
    }
}

#[test]
fn a_pending_card_is_refused_where_the_merchant_cannot_wait_and_another_may_be_chosen() {
    let mut ledger = ledger();
    let id = processing(&mut ledger, PaymentIntent::Authorize, false, "card-0701");
    assert_eq!(ledger.pay(&id), Err(BuyerError::CardNeedsPending("0701")));
    assert_eq!(ledger.choose(&id, Some("address-1"), "card-1111"), Ok(AfterChoice::PayHere));
    assert!(ledger.pay(&id).is_ok());
}

#[test]
fn pending_does_not_go_with_capture_at_once() {
    let mut ledger = ledger();
    let id = processing(&mut ledger, PaymentIntent::AuthorizeWithCapture, true, "card-1111");
    ledger.pay(&id).expect("paid");
    assert_eq!(code(complete(&mut ledger, &id)), "InvalidChargeStatus");
}

#[test]
fn cancelling_leads_to_the_cancel_url_or_the_result_url_or_back() {
    let mut ledger = ledger();
    let id = ledger.create_session(SHOP, request(PaymentIntent::Authorize, false)).expect("created").id;
    assert_eq!(ledger.cancel_by_buyer(&id), Ok(None), "nowhere to go before anything was chosen");
    assert_eq!(ledger.session(&id).expect("there").state, SessionState::Open);

    let id = processing(&mut ledger, PaymentIntent::Authorize, false, "card-1111");
    let next = ledger.cancel_by_buyer(&id).expect("cancelled");
    assert_eq!(next, Some(format!("https://shop.example/result?amazonCheckoutSessionId={id}")));
    let canceled = SessionState::Canceled(SessionCancelReason::BuyerCanceled);
    assert_eq!(ledger.session(&id).expect("there").state, canceled);
    assert_eq!(ledger.pay(&id), Err(BuyerError::NotOpen("Canceled")));

    let mut with_cancel_url = request(PaymentIntent::Authorize, false);
    with_cancel_url.terms.web.checkout_cancel_url = Some("https://shop.example/cart?x=1".to_owned());
    let id = ledger.create_session(SHOP, with_cancel_url).expect("created").id;
    assert_eq!(ledger.cancel_by_buyer(&id), Ok(Some("https://shop.example/cart?x=1".to_owned())));
}

#[test]
fn after_24_hours_an_open_session_is_cancelled_and_what_was_reserved_is_released() {
    let mut ledger = ledger();
    let id = processing(&mut ledger, PaymentIntent::Authorize, false, "card-1111");
    ledger.pay(&id).expect("paid");
    ledger.at(START.plus(DAY_MS - 1));
    assert_eq!(ledger.session(&id).expect("there").state, SessionState::Open);
    ledger.at(START.plus(DAY_MS));
    let expired = SessionState::Canceled(SessionCancelReason::Expired);
    assert_eq!(ledger.session(&id).expect("there").state, expired);
    assert_eq!(kinds(&ledger), ["reserved", "released"]);
    assert_eq!(code(complete(&mut ledger, &id)), "CheckoutSessionCanceled");
}

#[test]
fn after_30_days_a_session_is_found_no_more() {
    let mut ledger = ledger();
    let id = ledger.create_session(SHOP, request(PaymentIntent::Authorize, false)).expect("created").id;
    ledger.at(START.plus(30 * DAY_MS));
    assert!(ledger.session_of(SHOP, &id).is_ok());
    ledger.at(START.plus(30 * DAY_MS + 1));
    assert_eq!(code(ledger.session_of(SHOP, &id)), "ResourceNotFound");
}

#[test]
fn a_capture_after_seven_days_takes_30_seconds() {
    let mut ledger = ledger();
    let prompt = authorized(&mut ledger);
    let late = authorized(&mut ledger);
    ledger.at(START.plus(7 * DAY_MS));
    assert_eq!(ledger.capture(SHOP, &prompt, yen(1000), None, None).expect("captured").state, ChargeState::Captured);
    ledger.at(START.plus(7 * DAY_MS + 1));
    let initiated = ledger.capture(SHOP, &late, yen(1000), None, None).expect("accepted");
    assert_eq!(initiated.state, ChargeState::CaptureInitiated);
    ledger.at(START.plus(7 * DAY_MS + 30_001));
    assert_eq!(ledger.charge_of(SHOP, &late).expect("there").state, ChargeState::Captured);
}

#[test]
fn an_authorization_lapses_after_30_days_and_a_cancelled_one_frees_the_permission() {
    let mut ledger = ledger();
    let lapsing = authorized(&mut ledger);
    let cancelled = authorized(&mut ledger);
    let charge = ledger.cancel_charge(SHOP, &cancelled).expect("cancelled").clone();
    assert_eq!(charge.reason, Some(ChargeReason::MerchantCanceled));
    let permission = ledger.charge_permission_of(SHOP, &charge.permission_id).expect("there");
    assert_eq!(ledger.standing(permission).state, PermissionState::Chargeable);
    ledger.at(START.plus(30 * DAY_MS));
    let lapsed = ledger.charge_of(SHOP, &lapsing).expect("there");
    assert_eq!((lapsed.state, lapsed.reason), (ChargeState::Canceled, Some(ChargeReason::ExpiredUnused)));
    assert_eq!(code(ledger.capture(SHOP, &lapsing, yen(1), None, None)), "InvalidChargeStatus");
    let held: i64 =
        ledger.movements().iter().filter(|m| m.kind == MovementKind::Authorized).map(|m| m.amount.yen()).sum();
    let back: i64 =
        ledger.movements().iter().filter(|m| m.kind == MovementKind::Canceled).map(|m| m.amount.yen()).sum();
    assert_eq!(held, back);
    ledger.at(START.plus(180 * DAY_MS));
    let permission = ledger.charge_permission_of(SHOP, &charge.permission_id).expect("there");
    assert_eq!(ledger.standing(permission).reason, Some(PermissionReason::Expired));
}

#[test]
fn one_merchant_sees_nothing_of_anothers() {
    let mut ledger = ledger();
    let charge = authorized(&mut ledger);
    let session = ledger.sessions().next().expect("one").id.clone();
    let other = "A1SHOP00000002";
    assert_eq!(code(ledger.session_of(other, &session)), "ResourceNotFound");
    assert_eq!(code(ledger.charge_of(other, &charge)), "ResourceNotFound");
    assert_eq!(code(ledger.capture(other, &charge, yen(1), None, None)), "ResourceNotFound");
    assert_eq!(code(ledger.create_session(other, request(PaymentIntent::Authorize, false))), "InvalidParameterValue");
}

#[test]
fn simulation_codes_override_the_card() {
    let mut ledger = ledger();
    let id = processing(&mut ledger, PaymentIntent::Authorize, true, "card-1111");
    ledger.pay(&id).expect("paid");
    let amount = CompletionRequest { charge_amount: Some(yen(1000)), total_order_amount: None };
    let pending = Some(Simulation::Pending(Payment::PendingThenAuthorized));
    assert!(ledger.complete(SHOP, &id, amount, pending).expect("accepted").pending);

    let id = processing(&mut ledger, PaymentIntent::Authorize, false, "card-1111");
    ledger.pay(&id).expect("paid");
    assert_eq!(code(ledger.complete(SHOP, &id, amount, pending)), "InvalidSandboxSimulationSpecified");
    let cancel = Some(Simulation::Cancel(SessionCancelReason::AmazonCanceled));
    assert_eq!(code(ledger.complete(SHOP, &id, amount, cancel)), "CheckoutSessionCanceled");
    assert_eq!(kinds(&ledger), ["reserved", "released", "reserved", "released"]);
}

#[test]
fn an_overcharge_allowance_is_70000_yen_or_nine_times_the_amount() {
    for (amount, limit) in [(1000, 70_000), (100_000, 900_000)] {
        let mut ledger = ledger();
        let mut generous = request(PaymentIntent::Confirm, false);
        generous.terms.payment.allow_overcharge = Some(true);
        generous.terms.payment.charge_amount = Some(yen(amount));
        let id = ledger.create_session(SHOP, generous).expect("created").id;
        ledger.sign_in(&id, "amzn1.account.SEKISHOARAI00003").expect("signed in");
        ledger.choose(&id, Some("address-1"), "card-0000").expect("chosen");
        ledger.enter_processing(&id).expect("entered");
        ledger.pay(&id).expect("paid");
        let body = CompletionRequest { charge_amount: Some(yen(amount)), total_order_amount: None };
        let session = ledger.complete(SHOP, &id, body, None).expect("completed").session;
        let permission = ledger.charge_permission_of(SHOP, &session.charge_permission_id.expect("one")).expect("there");
        assert_eq!(permission.limit, Limit::Total(yen(limit)));
    }
}

mod charging;
mod closing;
mod news;
mod refunding;
mod storing;
mod subscribing;
mod telling;
