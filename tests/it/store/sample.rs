//! Made-up content for stores.

use std::sync::Arc;

use sekisho::domain::transaction::{
    AmazonPayment, Departure, Event, Exec, Failure, Handover, PendingCharge, Refund, Settled, Ticket,
};
use sekisho::domain::{
    AccessId, AmazonpayType, ChargeId, ChargePermissionId, CheckoutSessionId, Effect, Frequency, FrequencyUnit,
    IdempotencyKey, Intent, JobCd, Millis, Money, Notification, OrderId, Outcome, PaymentType, RefundId, ShopId, State,
    Status, Transaction, Verdict, Way, Yen,
};
use sekisho::store::{Change, Store};

pub(super) const NOW: Millis = Millis(1_795_371_000_123);
pub(super) const MINUTE: i64 = 60_000;

pub(super) fn access_id(number: usize) -> AccessId {
    AccessId::new(format!("{number:032x}")).unwrap()
}

pub(super) fn shop() -> ShopId {
    ShopId::new("tshop00000001").unwrap()
}

pub(super) fn order(number: usize) -> OrderId {
    OrderId::new(format!("order-{number}")).unwrap()
}

pub(super) fn money(amount: i64, tax: i64) -> Money {
    Money::new(Yen::new(amount).unwrap(), Yen::new(tax).unwrap()).unwrap()
}

pub(super) fn transaction(number: usize) -> Transaction {
    Transaction {
        access_id: access_id(number),
        key_id: "key-1".to_owned(),
        shop_id: shop(),
        order_id: order(number),
        job: JobCd::Auth,
        money: money(1980, 198),
        amazonpay_type: AmazonpayType::Cpsp,
        payment_type: Some(PaymentType::OneTime),
        created_at: NOW,
        processed_at: NOW,
        version: 1,
        exec: None,
        state: State::Unprocessed,
    }
}

pub(super) fn exec() -> Exec {
    Exec {
        way: Way::Review,
        session: Some(CheckoutSessionId::new("session-1").unwrap()),
        permission: None,
        frequency: None,
        ret_url: Some("https://shop.example/?a=b".to_owned()),
        description: Some("𠮷田 \"it's\"\n".to_owned()),
        client_fields: [Some("一".to_owned()), None, Some(String::new())],
    }
}

/// What ExecTran records where there is a consent and no session.
fn on_demand() -> Exec {
    Exec {
        way: Way::OnDemand,
        session: None,
        permission: Some(ChargePermissionId::new("C03-1234567-1234567").unwrap()),
        frequency: Some(Frequency { unit: FrequencyUnit::Month, value: 3 }),
        ..exec()
    }
}

pub(super) fn ticket(limit_at: Millis) -> Ticket {
    Ticket {
        token_sha256: "0".repeat(64),
        limit_at,
        departure: Departure::Url("https://amazon.example/?x=1".to_owned()),
        charge: None,
    }
}

pub(super) fn requested(limit_at: Millis) -> Event {
    Event::Requested(exec(), ticket(limit_at))
}

/// One transaction in every state, with every fact that belongs there.
pub(super) fn in_every_state() -> Vec<Transaction> {
    let permission = ChargePermissionId::new("S03-1234567-1234567").unwrap();
    let payment = AmazonPayment {
        permission: permission.clone(),
        charge: charge(0),
        authorized_at: NOW,
        captured_at: Some(NOW.plus(1)),
        cancelled: money(5, 6),
        refund: None,
    };
    let failure = Failure { err_info: "AZ1000001".to_owned() };
    let refund =
        Refund { id: RefundId::new("S03-1234567-1234567-R123456").unwrap(), money: money(7, 8), look_at: NOW.plus(11) };
    let refunding = AmazonPayment { refund: Some(refund), ..payment.clone() };
    let states = vec![
        State::Unprocessed,
        State::ReqSuccess(ticket(NOW.plus(9))),
        State::AuthProcess(Handover { look_at: NOW.plus(10), charge: None }),
        State::AuthProcess(Handover {
            look_at: NOW.plus(10),
            charge: Some(PendingCharge { permission: permission.clone(), charge: charge(0) }),
        }),
        State::ReqSuccess(Ticket {
            departure: Departure::Payload("{}".to_owned()),
            charge: Some(PendingCharge { permission: permission.clone(), charge: charge(0) }),
            ..ticket(NOW.plus(9))
        }),
        State::Auth(AmazonPayment { captured_at: None, ..payment.clone() }),
        State::Selling {
            payment: AmazonPayment { captured_at: None, ..payment.clone() },
            money: money(3, 4),
            look_at: NOW.plus(12),
        },
        State::Sales(payment.clone()),
        State::Capture(payment.clone()),
        State::Cancel(AmazonPayment { captured_at: None, ..payment.clone() }),
        State::Sales(refunding.clone()),
        State::ReqReturn { payment: refunding.clone(), from: Settled::Sales },
        State::ReqReturn { payment: refunding, from: Settled::Capture },
        State::Return(payment),
        State::PayFail(failure.clone()),
        State::Expired { failure: failure.clone(), token_sha256: None },
        State::Expired { failure, token_sha256: Some("1".repeat(64)) },
        State::Register(permission.clone()),
        State::End(permission),
    ];
    // A charge pays one transaction, so each needs its own.
    let make = |(number, mut state): (usize, State)| {
        match &mut state {
            State::ReqSuccess(Ticket { charge: Some(pending), .. })
            | State::AuthProcess(Handover { charge: Some(pending), .. }) => pending.charge = charge(number),
            State::Auth(payment)
            | State::Selling { payment, .. }
            | State::Sales(payment)
            | State::Capture(payment)
            | State::Cancel(payment)
            | State::ReqReturn { payment, .. }
            | State::Return(payment) => payment.charge = charge(number),
            _ => {}
        }
        executed(number, state)
    };
    states.into_iter().enumerate().map(make).collect()
}

fn executed(number: usize, state: State) -> Transaction {
    Transaction {
        exec: (state.status() != Status::Unprocessed)
            .then(|| if number.is_multiple_of(2) { exec() } else { on_demand() }),
        payment_type: if number.is_multiple_of(2) { None } else { Some(PaymentType::Consent) },
        job: if number.is_multiple_of(2) { JobCd::Capture } else { JobCd::Auth },
        state,
        ..transaction(number)
    }
}

pub(super) fn charge(number: usize) -> ChargeId {
    ChargeId::new(format!("S03-1234567-1234567-C{number:06}")).unwrap()
}

/// An intent on a session of the transaction's own.
pub(super) fn intent(of: &Transaction, key: &str, look_at: Millis) -> Intent {
    intent_on(&format!("session-of-{}", of.order_id), of, key, look_at)
}

pub(super) fn intent_on(session: &str, of: &Transaction, key: &str, look_at: Millis) -> Intent {
    let session = CheckoutSessionId::new(session).unwrap();
    Intent {
        key: IdempotencyKey::new(key).unwrap(),
        access_id: of.access_id.clone(),
        effect: Effect::UpdateCheckoutSession { session, amount: of.money.total() },
        started_at: NOW,
        look_at,
        looks: 0,
    }
}

pub(super) fn outcome(key: &str) -> Outcome {
    Outcome {
        key: IdempotencyKey::new(key).unwrap(),
        verdict: Verdict::Done,
        evidence: "Completed".to_owned(),
        request_id: Some("request-1".to_owned()),
        finished_at: NOW.plus(5),
    }
}

pub(super) fn notification(of: &Transaction, id: &str, at: Millis) -> Notification {
    Notification {
        id: id.to_owned(),
        access_id: of.access_id.clone(),
        shop_id: of.shop_id.clone(),
        url: "http://shop.example/notify".to_owned(),
        body: format!("OrderID={}&Status=AUTH", of.order_id),
        created_at: at,
    }
}

/// Enters a transaction and answers it.
pub(super) async fn enter(store: &Arc<dyn Store>, number: usize) -> Transaction {
    let transaction = transaction(number);
    store.apply(Change::entered(transaction.clone())).await.unwrap();
    transaction
}

/// Enters a transaction whose shop is owed a notification.
pub(super) async fn enter_owing(store: &Arc<dyn Store>, number: usize, id: &str, at: Millis) -> Transaction {
    let transaction = transaction(number);
    let owed = notification(&transaction, id, at);
    store.apply(Change::entered(transaction.clone()).telling(Some(owed))).await.unwrap();
    transaction
}
