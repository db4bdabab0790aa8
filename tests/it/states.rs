//! The state machine against a second model: the table of psp-protocol 6, written down here by hand. Every state meets
//! every event; what is not in the table must be refused and leave the transaction as it was.

use proptest::prelude::*;
use sekisho::domain::transaction::{
    AmazonPayment, Departure, Event, Exec, Failure, Handover, PendingCharge, Refund, Settled, Ticket,
};
use sekisho::domain::{
    AccessId, AmazonpayType, ChargeId, ChargePermissionId, CheckoutSessionId, JobCd, Millis, Money, OrderId, RefundId,
    ShopId, State, Status, Transaction, Way, Yen,
};

use crate::support::figure;

const NOW: Millis = Millis(1_795_371_000_123);
const LATER: Millis = Millis(1_795_371_060_123);

/// From, event, to where the order was AUTH, to where it was CAPTURE. Nothing else leads anywhere: PAYFAIL, EXPIRED,
/// CANCEL, RETURN and END are final.
const TABLE: [(&str, &str, &str, &str); 32] = [
    ("UNPROCESSED", "requested", "REQSUCCESS", "REQSUCCESS"),
    ("UNPROCESSED", "charged-at-once", "AUTH", "CAPTURE"),
    ("UNPROCESSED", "registered-at-once", "REGISTER", "REGISTER"),
    ("UNPROCESSED", "refused-at-once", "PAYFAIL", "PAYFAIL"),
    ("UNPROCESSED", "pending-at-once", "AUTHPROCESS", "AUTHPROCESS"),
    ("REQSUCCESS", "started", "AUTHPROCESS", "AUTHPROCESS"),
    ("REQSUCCESS", "expired", "EXPIRED", "EXPIRED"),
    ("AUTHPROCESS", "pending", "AUTHPROCESS", "AUTHPROCESS"),
    ("AUTHPROCESS", "completed", "AUTH", "CAPTURE"),
    ("AUTHPROCESS", "registered", "REGISTER", "REGISTER"),
    ("AUTHPROCESS", "failed", "PAYFAIL", "PAYFAIL"),
    ("AUTHPROCESS", "expired", "EXPIRED", "EXPIRED"),
    ("AUTH", "sold", "SALES", "SALES"),
    ("AUTH", "sale-begun", "AUTH", "AUTH"),
    ("AUTH", "sold-anew", "SALES", "SALES"),
    ("AUTH", "sale-refused", "PAYFAIL", "PAYFAIL"),
    ("AUTH", "cancelled", "CANCEL", "CANCEL"),
    ("AUTH", "changed", "AUTH", "AUTH"),
    ("AUTH", "changed-up", "AUTH", "AUTH"),
    ("AUTH", "changed-down", "AUTH", "AUTH"),
    ("AUTH", "sold-for-less", "SALES", "SALES"),
    ("SALES", "return-requested", "REQRETURN", "REQRETURN"),
    ("SALES", "part-return-requested", "REQRETURN", "REQRETURN"),
    ("SALES", "changed", "SALES", "SALES"),
    ("SALES", "changed-down", "SALES", "SALES"),
    ("CAPTURE", "return-requested", "REQRETURN", "REQRETURN"),
    ("CAPTURE", "part-return-requested", "REQRETURN", "REQRETURN"),
    ("CAPTURE", "changed", "CAPTURE", "CAPTURE"),
    ("CAPTURE", "changed-down", "CAPTURE", "CAPTURE"),
    ("REQRETURN", "returned", "RETURN", "RETURN"),
    ("REQRETURN", "return-refused", "SALES", "CAPTURE"),
    ("REGISTER", "ended", "END", "END"),
];

fn yen(amount: i64) -> Yen {
    Yen::new(amount).unwrap()
}

fn money(amount: i64, tax: i64) -> Money {
    Money::new(yen(amount), yen(tax)).unwrap()
}

fn permission() -> ChargePermissionId {
    ChargePermissionId::new("S03-1234567-1234567").unwrap()
}

fn payment() -> AmazonPayment {
    AmazonPayment {
        permission: permission(),
        charge: ChargeId::new("S03-1234567-1234567-C123456").unwrap(),
        authorized_at: NOW,
        captured_at: Some(NOW),
        cancelled: Money::default(),
        refund: None,
    }
}

fn refund(money: Money) -> Refund {
    Refund { id: RefundId::new("S03-1234567-1234567-R123456").unwrap(), money, look_at: LATER }
}

fn refunding(money: Money) -> AmazonPayment {
    AmazonPayment { refund: Some(refund(money)), ..payment() }
}

fn exec() -> Exec {
    Exec {
        way: Way::Review,
        session: Some(CheckoutSessionId::new("session-1").unwrap()),
        permission: None,
        frequency: None,
        ret_url: Some("https://shop.example/".to_owned()),
        description: None,
        client_fields: [None, None, None],
    }
}

fn ticket() -> Ticket {
    Ticket {
        token_sha256: "0".repeat(64),
        limit_at: LATER,
        departure: Departure::Url("https://amazon.example/".to_owned()),
        charge: None,
    }
}

fn pending() -> Handover {
    let charge = PendingCharge { permission: permission(), charge: payment().charge };
    Handover { look_at: LATER, charge: Some(charge) }
}

fn failure() -> Failure {
    Failure { err_info: "AZ1000001".to_owned() }
}

/// A transaction of 1000 + 100 yen that stands in `status`. In REQRETURN all of it is under way back.
fn standing(status: Status, job: JobCd) -> Transaction {
    let from = if job == JobCd::Auth { Settled::Sales } else { Settled::Capture };
    let whole = money(1000, 100);
    let state = match status {
        Status::Unprocessed => State::Unprocessed,
        Status::ReqSuccess => State::ReqSuccess(ticket()),
        Status::AuthProcess => State::AuthProcess(Handover { look_at: LATER, charge: None }),
        Status::Auth => State::Auth(payment()),
        Status::Sales => State::Sales(payment()),
        Status::Capture => State::Capture(payment()),
        Status::Cancel => State::Cancel(payment()),
        Status::ReqReturn => State::ReqReturn { payment: refunding(whole), from },
        Status::Return => State::Return(payment()),
        Status::PayFail => State::PayFail(failure()),
        Status::Expired => State::Expired { failure: failure(), token_sha256: None },
        Status::Register => State::Register(permission()),
        Status::End => State::End(permission()),
    };
    Transaction {
        access_id: AccessId::new("a".repeat(32)).unwrap(),
        key_id: "1".to_owned(),
        shop_id: ShopId::new("tshop00000001").unwrap(),
        order_id: OrderId::new("order-1").unwrap(),
        job,
        money: if status == Status::ReqReturn { Money::default() } else { whole },
        amazonpay_type: AmazonpayType::Standard,
        payment_type: None,
        created_at: NOW,
        processed_at: NOW,
        version: 7,
        exec: (status != Status::Unprocessed).then(exec),
        state,
    }
}

/// Every kind of event, and those whose amounts matter more than once.
fn events() -> Vec<(&'static str, Event)> {
    vec![
        ("requested", Event::Requested(exec(), ticket())),
        ("charged-at-once", Event::ChargedAtOnce(exec(), payment())),
        ("registered-at-once", Event::RegisteredAtOnce(exec(), permission())),
        ("refused-at-once", Event::RefusedAtOnce(exec(), failure())),
        ("pending-at-once", Event::PendingAtOnce(exec(), pending())),
        ("session-named", Event::SessionNamed(CheckoutSessionId::new("session-2").unwrap())),
        ("pending", Event::Pending(pending())),
        ("sale-begun", Event::SaleBegun(money(1000, 100), LATER)),
        ("sale-of-more-begun", Event::SaleBegun(money(1000, 101), LATER)),
        ("sold-anew", Event::SoldAnew(money(1000, 100), payment())),
        ("more-sold-anew", Event::SoldAnew(money(1000, 101), payment())),
        ("sale-refused", Event::SaleRefused(failure())),
        ("started", Event::Started(Handover { look_at: LATER, charge: None })),
        ("completed", Event::Completed(payment())),
        ("registered", Event::Registered(permission())),
        ("failed", Event::Failed(failure())),
        ("expired", Event::Expired(failure())),
        ("sold", Event::Sold(money(1000, 100), LATER)),
        ("sold-for-less", Event::Sold(money(1, 0), LATER)),
        ("sold-for-more", Event::Sold(money(1000, 101), LATER)),
        ("cancelled", Event::Cancelled),
        ("changed", Event::Changed(money(1000, 100), payment())),
        ("changed-down", Event::Changed(money(1, 0), payment())),
        ("changed-up", Event::Changed(money(1000, 101), payment())),
        ("return-requested", Event::ReturnRequested(refund(money(1000, 100)))),
        ("part-return-requested", Event::ReturnRequested(refund(money(1, 0)))),
        ("too-much-return-requested", Event::ReturnRequested(refund(money(1001, 100)))),
        ("returned", Event::Returned),
        ("return-refused", Event::ReturnRefused),
        ("ended", Event::Ended),
    ]
}

/// A new kind of event must be added above; the compiler says so here.
fn kind(event: &Event) -> u32 {
    match event {
        Event::Requested(..) => 0,
        Event::ChargedAtOnce(..) => 1,
        Event::RefusedAtOnce(..) => 2,
        Event::Started(_) => 3,
        Event::Completed(_) => 4,
        Event::Registered(_) => 5,
        Event::Failed(_) => 6,
        Event::Expired(_) => 7,
        Event::Sold(..) => 8,
        Event::Cancelled => 9,
        Event::Changed(..) => 10,
        Event::ReturnRequested(_) => 11,
        Event::Returned => 12,
        Event::ReturnRefused => 13,
        Event::Ended => 14,
        Event::RegisteredAtOnce(..) => 15,
        Event::PendingAtOnce(..) => 16,
        Event::SessionNamed(_) => 17,
        Event::Pending(_) => 18,
        Event::SaleBegun(..) => 19,
        Event::SoldAnew(..) => 20,
        Event::SaleRefused(_) => 21,
    }
}

#[test]
fn every_state_meets_every_event() {
    let mut kinds: Vec<u32> = events().iter().map(|(_, event)| kind(event)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, (0..22).collect::<Vec<_>>(), "an event is missing in the list");
    let plain = events().into_iter().filter(|(name, event)| *name == event.name()).count();
    assert_eq!(plain, kinds.len(), "the journal has another word for an event");

    let mut steps = 0;
    for job in [JobCd::Auth, JobCd::Capture] {
        for status in Status::ALL {
            for (name, event) in events() {
                let before = standing(*status, job);
                let row = TABLE.iter().find(|(from, event, ..)| (*from, *event) == (status.wire(), name));
                let expected = row.map(|(_, _, auth, capture)| if job == JobCd::Auth { *auth } else { *capture });
                let after = before.apply(event, LATER);
                let went = after.as_ref().ok().map(|after| after.status().wire());
                assert_eq!(went, expected, "{status} --{name}--> for {job}");
                assert_eq!(before, standing(*status, job), "what was before is not touched");
                if let Ok(after) = after {
                    steps += 1;
                    assert_eq!((after.version, after.processed_at), (8, LATER));
                    assert_eq!((&after.access_id, after.job, after.created_at), (&before.access_id, job, NOW));
                }
            }
        }
    }
    assert_eq!(steps, 2 * TABLE.len(), "a row of the table was never reached");
    let met = 2 * Status::ALL.len() * events().len();
    figure(
        "R5.events",
        format_args!("{met} meetings of a state and an event, {steps} of which lead on: all as the table says"),
    );
}

#[test]
fn amounts_after_each_step() {
    let of = |status, event: Event| {
        let after = standing(status, JobCd::Auth).apply(event, LATER).unwrap();
        let (now, cancelled) = (after.money, after.cancelled());
        (now.amount.get(), now.tax.get(), cancelled.amount.get(), cancelled.tax.get())
    };
    assert_eq!(of(Status::Auth, Event::Sold(money(600, 0), LATER)), (600, 0, 0, 0));
    assert_eq!(of(Status::Auth, Event::Cancelled), (0, 0, 1000, 100));
    assert_eq!(of(Status::Sales, Event::ReturnRequested(refund(money(300, 100)))), (700, 0, 0, 0));
    assert_eq!(of(Status::ReqReturn, Event::Returned), (0, 0, 1000, 100));
    assert_eq!(of(Status::ReqReturn, Event::ReturnRefused), (1000, 100, 0, 0));
    assert_eq!(of(Status::Sales, Event::Changed(money(5, 5), payment())), (5, 5, 0, 0));
}

#[test]
fn a_part_that_was_returned_leads_back() {
    for (status, job) in [(Status::Sales, JobCd::Auth), (Status::Capture, JobCd::Capture)] {
        let asked = standing(status, job).apply(Event::ReturnRequested(refund(money(300, 0))), LATER).unwrap();
        assert_eq!(asked.status(), Status::ReqReturn);
        let back = asked.apply(Event::Returned, LATER).unwrap();
        assert_eq!((back.status(), back.money, back.cancelled()), (status, money(700, 100), money(300, 0)));
        let refused = asked.apply(Event::ReturnRefused, LATER).unwrap();
        assert_eq!(
            (refused.status(), refused.money, refused.cancelled()),
            (status, money(1000, 100), Money::default())
        );
    }
}

/// A lower amount after capture is a refund behind an unchanged Status: at most one at a time, and undone if declined.
#[test]
fn a_lower_amount_is_a_refund_in_the_background() {
    for (status, job) in [(Status::Sales, JobCd::Auth), (Status::Capture, JobCd::Capture)] {
        let lowered =
            standing(status, job).apply(Event::Changed(money(700, 100), refunding(money(300, 0))), LATER).unwrap();
        assert_eq!((lowered.status(), lowered.money, lowered.state.look_at()), (status, money(700, 100), Some(LATER)));
        assert!(lowered.apply(Event::ReturnRequested(refund(money(1, 0))), LATER).is_err(), "one refund at a time");
        let done = lowered.apply(Event::Returned, LATER).unwrap();
        assert_eq!((done.status(), done.money, done.cancelled()), (status, money(700, 100), money(300, 0)));
        assert_eq!(done.state.look_at(), None);
        let declined = lowered.apply(Event::ReturnRefused, LATER).unwrap();
        assert_eq!((declined.status(), declined.money), (status, money(1000, 100)));
        assert_eq!((declined.cancelled(), declined.state.look_at()), (Money::default(), None));
    }
}

/// AUTH for the shop, but nothing else can be asked of it until Amazon has said whether it has the money.
#[test]
fn a_capture_under_way_ends_as_amazon_says() {
    let begun = standing(Status::Auth, JobCd::Auth).apply(Event::SaleBegun(money(600, 0), LATER), NOW).unwrap();
    assert_eq!((begun.status(), begun.money, begun.state.look_at()), (Status::Auth, money(1000, 100), Some(LATER)));
    for (name, event) in events() {
        let went = begun.apply(event, LATER).ok().map(|after| after.status().wire());
        assert_eq!(went, (name == "sale-refused").then_some("PAYFAIL"), "{name}");
    }
    let sold = begun.apply(Event::Sold(money(600, 0), LATER), LATER).unwrap();
    assert_eq!((sold.status(), sold.money, sold.state.look_at()), (Status::Sales, money(600, 0), None));
}

/// The buyer who never set out can still show the Token, to be sent back; a Token that was used is worth nothing.
#[test]
fn an_unused_token_outlives_its_time() {
    let after = |status| standing(status, JobCd::Auth).apply(Event::Expired(failure()), LATER).unwrap().state;
    let expired = |token_sha256| State::Expired { failure: failure(), token_sha256 };
    assert_eq!(after(Status::ReqSuccess), expired(Some(ticket().token_sha256)));
    assert_eq!(after(Status::AuthProcess), expired(None));
    assert!(!ticket().is_over(LATER) && ticket().is_over(LATER.plus(1)));
    assert_eq!(State::ReqSuccess(ticket()).look_at(), Some(LATER.plus(1)), "reconcile looks when the buyer is late");
}

/// The permission is that of the charge, decided or not, or of the consent; the failure is that of what has ended badly.
#[test]
fn each_state_says_its_permission_and_its_failure() {
    use Status::{Auth, Cancel, Capture, End, Expired, PayFail, Register, ReqReturn, Return, Sales};
    for status in Status::ALL {
        let it = standing(*status, JobCd::Auth);
        let permitted = [Auth, Sales, Capture, Cancel, ReqReturn, Return, Register, End].contains(status);
        assert_eq!(it.charge_permission(), permitted.then(permission).as_ref(), "{status}");
        assert_eq!(it.failure(), [PayFail, Expired].contains(status).then(failure).as_ref(), "{status}");
    }
    let invited = State::ReqSuccess(Ticket { charge: pending().charge, ..ticket() });
    for undecided in [invited, State::AuthProcess(pending())] {
        let it = Transaction { state: undecided, ..standing(Status::AuthProcess, JobCd::Auth) };
        assert_eq!(it.charge_permission(), Some(&permission()));
    }
}

/// When the money was taken is known from then on, and not before: by what Amazon says or, where it says nothing, by when
/// it was heard of.
#[test]
fn the_moment_of_capture_is_that_of_the_capture() {
    let at = NOW.plus(7);
    let uncaptured = AmazonPayment { captured_at: None, ..payment() };
    let after = |state, job, event| {
        let before = Transaction { state, ..standing(Status::Auth, job) };
        before.apply(event, LATER).unwrap().state.payment().unwrap().captured_at
    };
    let away = || State::AuthProcess(Handover { look_at: LATER, charge: None });
    let authorised = || State::Auth(uncaptured.clone());
    let whole = money(1000, 100);
    let selling = State::Selling { payment: uncaptured.clone(), money: whole, look_at: LATER };
    assert_eq!(after(away(), JobCd::Auth, Event::Completed(payment())), None);
    assert_eq!(after(away(), JobCd::Capture, Event::Completed(payment())), Some(NOW));
    assert_eq!(after(away(), JobCd::Capture, Event::Completed(uncaptured.clone())), Some(LATER));
    assert_eq!(after(authorised(), JobCd::Auth, Event::Sold(whole, at)), Some(at));
    assert_eq!(after(selling, JobCd::Auth, Event::Sold(whole, at)), Some(at));
    assert_eq!(after(authorised(), JobCd::Auth, Event::SoldAnew(whole, payment())), Some(NOW));
    assert_eq!(after(authorised(), JobCd::Auth, Event::SoldAnew(whole, uncaptured.clone())), Some(LATER));
}

/// A checkout that began with a payload has no session at first, and one for good from then on.
#[test]
fn a_session_is_named_once() {
    let mut away = standing(Status::AuthProcess, JobCd::Auth);
    away.exec.as_mut().unwrap().session = None;
    let session = CheckoutSessionId::new("session-2").unwrap();
    let named = away.apply(Event::SessionNamed(session.clone()), LATER).unwrap();
    assert_eq!((named.status(), named.exec.as_ref().unwrap().session.as_ref()), (Status::AuthProcess, Some(&session)));
    assert!(named.apply(Event::SessionNamed(session), LATER).is_err());
}

#[test]
fn a_capture_is_dated_and_an_authorisation_is_not() {
    let completed = |job| {
        let payment = AmazonPayment { captured_at: None, ..payment() };
        let after = standing(Status::AuthProcess, job).apply(Event::Completed(payment), LATER).unwrap();
        after.state.payment().unwrap().captured_at
    };
    assert_eq!((completed(JobCd::Auth), completed(JobCd::Capture)), (None, Some(LATER)));
    let sold = standing(Status::Auth, JobCd::Auth).apply(Event::Sold(money(1, 0), LATER), NOW).unwrap();
    assert_eq!(sold.state.payment().unwrap().captured_at, Some(LATER));
}

fn some_money() -> impl Strategy<Value = Money> {
    let yen = || prop_oneof![0..50i64, 0..=9_999_999i64];
    (yen(), yen()).prop_filter_map("seven digits", |(amount, tax)| Money::new(Yen::new(amount)?, Yen::new(tax)?))
}

proptest! {
    /// Nothing is captured beyond what was authorised, and any total up to it may be.
    #[test]
    fn a_sale_is_never_above_the_authorisation(agreed in some_money(), sold in some_money()) {
        let mut before = standing(Status::Auth, JobCd::Auth);
        before.money = agreed;
        let after = before.apply(Event::Sold(sold, LATER), LATER);
        prop_assert_eq!(after.is_ok(), sold.total() <= agreed.total());
        if let Ok(after) = after {
            prop_assert_eq!(after.money, sold);
        }
    }

    /// Whatever is asked back, done or refused, in whatever order: what is left, what is under way and what went back
    /// are together what was taken.
    #[test]
    fn no_yen_is_lost_or_made(
        taken in some_money(),
        steps in proptest::collection::vec((some_money(), any::<bool>()), 0..8),
    ) {
        let mut transaction = standing(Status::Capture, JobCd::Capture);
        transaction.money = taken;
        for (refund, granted) in steps {
            let Ok(under_way) = transaction.apply(Event::ReturnRequested(self::refund(refund)), LATER) else { continue };
            let parts = [under_way.money, refund, under_way.cancelled()].map(Money::total).map(Yen::get);
            prop_assert_eq!(parts.iter().sum::<i64>(), taken.total().get());
            let event = if granted { Event::Returned } else { Event::ReturnRefused };
            transaction = under_way.apply(event, LATER).unwrap();
            let left = transaction.money.total().get() + transaction.cancelled().total().get();
            prop_assert_eq!(left, taken.total().get());
            if granted {
                prop_assert_eq!(transaction.status() == Status::Return, transaction.money.total() == Yen::ZERO);
            } else {
                prop_assert_eq!(transaction.status(), Status::Capture);
            }
        }
    }
}
