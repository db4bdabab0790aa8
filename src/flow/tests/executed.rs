//! What an execution sets down: until when a ticket is good, what Amazon is told, what became of an update without an answer,
//! and when the money was taken.

use super::charges::CREATE;
use super::*;
use crate::domain::{ShopId, State, Verdict};
use crate::flow::later::allows_pending;

const UPDATE: &str = "PATCH /v2/checkoutSessions/s1";

impl House {
    fn shop(&self) -> Arc<Shop> {
        self.gateway.shops().get(&ShopId::new("tshop00000001").unwrap()).unwrap()
    }

    /// ExecTran of an order that was entered.
    pub(super) async fn executed(&self, access_id: &AccessId, order: &str, fields: &str) -> Result<ExecReply, Refusal> {
        let form = format!("{}&{fields}", self.naming(access_id, order));
        self.gateway.exec_tran(read(&form, read_exec_tran)).await
    }
}

/// PaymentTermSec is in seconds, whichever way leads to Amazon.
#[tokio::test]
async fn a_ticket_is_good_for_its_term() {
    let house = House::new().await;
    house.amazon.answers(UPDATE, 200, session("s1", "Open"));
    let mut waits = charge("s2", "AuthorizationInitiated", 1000);
    waits["webCheckoutDetails"] = json!({"amazonPayRedirectUrl": "http://amazon/factor"});
    house.amazon.answers(CREATE, 201, waits);
    house.amazon.answers("GET /v2/chargePermissions/S03-s2", 200, permission());
    for (order, kind, way) in [
        ("O-1", 3, "AmazonCheckoutSessionID=s1"),
        ("O-2", 3, "ApbType=PayOnly"),
        ("O-3", 4, "ApbType=PayOnly&AmazonChargePermissionID=S03-s2"),
    ] {
        let form = format!("{SHOP}&OrderID={order}&JobCd=AUTH&Amount=1000&AmazonpayType={kind}");
        let access_id = house.gateway.entry_tran(read(&form, read_entry_tran)).await.unwrap().access_id;
        let fields = format!("{way}&RetURL=http%3A%2F%2Fshop&PaymentTermSec=90");
        let reply = house.executed(&access_id, order, &fields).await.unwrap();
        let ExecReply::Redirect(reply) = reply else { panic!("{order} is not sent to Amazon") };
        let until = house.clock.now().plus(90_000);
        assert_eq!(reply.start_limit, until, "{order}");
        let State::ReqSuccess(ticket) = house.now(&access_id).await.state else { panic!("{order} has no ticket") };
        assert_eq!(ticket.limit_at, until, "{order}");
        if let Departure::Payload(payload) = ticket.departure {
            let payload: Value = serde_json::from_str(&payload).unwrap();
            assert_eq!(payload["paymentDetails"]["canHandlePendingAuthorization"], json!(false));
        }
    }
}

fn permission() -> Value {
    json!({"chargePermissionId": "S03-s2", "statusDetails": {"state": "Chargeable"}})
}

/// A wish of the shop's, for an authorisation alone, and only where there is something to authorise.
#[tokio::test]
async fn an_authorisation_may_take_its_time() {
    let house = House::new().await;
    let mut settings = shops();
    settings.truncate(1);
    settings[0].pending_authorization = true;
    let wishing = Shops::open(settings).unwrap().iter().next().unwrap();
    for (order, job, yen, allowed) in
        [("O-1", "AUTH", 1000, true), ("O-2", "CAPTURE", 1000, false), ("O-3", "AUTH", 0, false)]
    {
        let transaction = house.now(&house.entered(order, job, yen).await).await;
        assert_eq!(allows_pending(&wishing, &transaction), allowed, "{order}");
        assert!(!allows_pending(&house.shop(), &transaction), "{order}");
    }
}

/// Whether an update arrived is told by what it said: where the buyer comes back to, and the amount.
#[tokio::test]
async fn an_update_that_arrived_is_known_by_what_it_said() {
    for (returns, yen, verdict) in [
        (true, Some("1000"), Verdict::Done),
        (true, Some("999"), Verdict::NotDone),
        (true, None, Verdict::NotDone),
        (false, Some("1000"), Verdict::NotDone),
    ] {
        let house = House::new().await;
        house.amazon.refuses(UPDATE, (500, "InternalServerError"));
        let (order, executed) = house.exec("O-1", "s1").await;
        assert_eq!(executed, Err(Refusal::Provider(codes::AMAZON_UNREACHABLE)));
        let mut found = session("s1", "Open");
        let id = if returns { order.to_string() } else { "another".to_owned() };
        found["webCheckoutDetails"]["checkoutResultReturnUrl"] =
            json!(format!("http://gateway/payment/AmazonpayReturn/{id}"));
        found["paymentDetails"] = json!({"chargeAmount": yen.map(|yen| json!({"amount": yen, "currencyCode": "JPY"}))});
        house.amazon.answers(&get("s1"), 200, found);
        let intent = house.open_intent(&order).await.unwrap();
        assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::Closed);
        assert_eq!(house.now(&order).await.status(), Status::Unprocessed, "the shop may execute again");
        assert_eq!(house.story(&order).await.operations[0].verdict, Some(verdict), "{returns} {yen:?}");
    }
}

/// A twin of the call that was faster has told its buyer where to go: it does not give way to this one.
#[tokio::test]
async fn a_session_is_not_taken_over_from_the_same_order() {
    let house = House::new().await;
    house.amazon.answers(UPDATE, 200, session("s1", "Open"));
    let order = house.entered("O-1", "AUTH", 1000).await;
    let before = house.now(&order).await;
    house.executed(&order, "O-1", "AmazonCheckoutSessionID=s1&RetURL=http%3A%2F%2Fshop").await.unwrap();
    let session = CheckoutSessionId::new("s1").unwrap();
    let taken = house.gateway.take_over_session(&house.shop(), &before, &session).await;
    assert_eq!(taken, Err(Refusal::AlreadyRequested(Status::ReqSuccess)));
    assert_eq!(house.now(&order).await.status(), Status::ReqSuccess);
}

/// What is authorised is not captured; and the shop's server hears of either before the buyer is there.
#[tokio::test]
async fn money_is_taken_when_amazon_takes_it() {
    for (job, state, captured) in [("AUTH", "Authorized", false), ("CAPTURE", "Captured", true)] {
        let house = House::new().await;
        let captured_at = captured.then_some(house.clock.now());
        let paid = house.away("O-1", "s1", job).await;
        house.amazon.answers(&complete("s1"), 200, session("s1", "Completed"));
        assert_eq!(house.returned(&paid, "s1").await, job);
        house.amazon.answers(CREATE, 201, charge("s2", state, 1000));
        let charged = house.entered("O-2", job, 1000).await;
        house.executed(&charged, "O-2", "AmazonChargePermissionID=S03-s2").await.unwrap();
        for order in [paid, charged] {
            assert_eq!(house.now(&order).await.state.payment().unwrap().captured_at, captured_at, "{job}");
        }
        assert_eq!(house.silence.waits.load(Ordering::Relaxed), 2);
    }
}

/// Only a permission from Amazon's window has a buyer who could give a second factor.
#[tokio::test]
async fn a_charge_without_a_buyer_is_not_sent_to_one() {
    let house = House::new().await;
    let mut waits = charge("s1", "AuthorizationInitiated", 1000);
    waits["webCheckoutDetails"] = json!({"amazonPayRedirectUrl": "http://amazon/factor"});
    house.amazon.answers(CREATE, 201, waits);
    let (order, executed) = house.on_demand("O-1", "S03-s1").await;
    assert_eq!((executed, house.now(&order).await.status()), (Ok(()), Status::AuthProcess));
}
