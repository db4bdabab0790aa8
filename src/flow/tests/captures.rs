//! Captures: what is believed of an answer, of a no, and of a charge that cannot be asked.

use super::*;

pub(super) const CAPTURE: &str = "POST /v2/charges/S03-s1-C1/capture";

#[tokio::test]
async fn a_capture_stays_open_until_the_charge_tells() {
    let house = House::new().await;
    let order = house.authorised().await;

    let before = house.now(&order).await;
    let effect = Effect::CaptureCharge { charge: before.state.payment().unwrap().charge.clone(), money: before.money };
    let intent = house.gateway.intend(&before, effect).await.unwrap();
    assert_eq!(house.sales(&order, "O-1").await, Err(Refusal::Busy));

    house.amazon.answers(&get_charge("s1"), 200, charge("s1", "SomethingNew", 1000));
    assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::StillOpen);
    house.amazon.answers(&get_charge("s1"), 200, charge("s1", "Captured", 999));
    assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::StillOpen);
    let mut captured = charge("s1", "Captured", 1000);
    captured["captureAmount"]["amount"] = json!("1000.00");
    house.amazon.answers(&get_charge("s1"), 200, captured);
    assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::Closed);
    assert_eq!(house.now(&order).await.status(), Status::Sales);
    assert_eq!(house.sales(&order, "O-1").await, Err(Refusal::Status(Status::Sales)));
    assert_eq!(house.owed(&order).await, 2);
}

#[tokio::test]
async fn a_capture_that_was_refused_is_not_done_again_by_a_late_look() {
    let house = House::new().await;
    let order = house.authorised().await;
    house.amazon.answers(&get_charge("s1"), 200, charge("s1", "Authorized", 1000));
    // The first attempt may be under way still, whatever the second one was told.
    house.amazon.answers_once(CAPTURE, 500, json!({"reasonCode": "InternalServerError", "message": ""}));
    house.amazon.refuses(CAPTURE, (422, "InvalidChargeStatus"));
    assert_eq!(house.sales(&order, "O-1").await, Err(Refusal::Provider(codes::AMAZON_UNREACHABLE)));
    let intent = house.open_intent(&order).await.unwrap();
    assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::Closed);
    assert_eq!(house.now(&order).await.status(), Status::Auth);

    let asked = house.amazon.asked(CAPTURE);
    assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::ClosedByAnother);
    assert_eq!(house.amazon.asked(CAPTURE), asked);
}

/// The answer under a key that was used before is the first one; the charge may have gone another way since.
#[tokio::test]
async fn an_old_answer_is_not_how_the_captured_charge_stands() {
    let house = House::new().await;
    let order = house.authorised().await;
    house.amazon.refuses(CAPTURE, (500, "InternalServerError"));
    assert_eq!(house.sales(&order, "O-1").await, Err(Refusal::Provider(codes::AMAZON_UNREACHABLE)));

    house.amazon.answers(CAPTURE, 200, charge("s1", "CaptureInitiated", 1000));
    house.amazon.answers_once(&get_charge("s1"), 200, charge("s1", "Authorized", 1000));
    house.amazon.answers(&get_charge("s1"), 200, charge("s1", "Declined", 1000));
    let intent = house.open_intent(&order).await.unwrap();
    assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::Closed);
    assert_eq!(house.now(&order).await.status(), Status::PayFail);
}

/// Where the charge itself cannot be asked, a no stands only if nothing else can have captured. "Not in this status" says that
/// it is no longer authorised, perhaps because it was captured; and behind an attempt of unknown outcome in the same call any no
/// leaves that attempt open.
#[tokio::test]
async fn a_no_without_a_witness() {
    for (first, (status, reason_code), refusal, open) in [
        (None, (422, "TransactionAmountExceeded"), codes::AMOUNT_ABOVE_LIMIT, false),
        (None, (422, "InvalidChargeStatus"), codes::AMAZON_UNREACHABLE, true),
        (Some(500), (400, "InvalidParameterValue"), codes::AMAZON_UNREACHABLE, true),
    ] {
        let house = House::new().await;
        let order = house.authorised().await;
        if let Some(first) = first {
            house.amazon.answers_once(CAPTURE, first, json!({"reasonCode": "InternalServerError", "message": ""}));
        }
        house.amazon.refuses(CAPTURE, (status, reason_code));
        house.amazon.refuses(&get_charge("s1"), (500, "InternalServerError"));
        assert_eq!(house.sales(&order, "O-1").await, Err(Refusal::Provider(refusal)), "{reason_code}");
        let open_intent = house.open_intent(&order).await.is_some();
        assert_eq!((house.now(&order).await.status(), open_intent), (Status::Auth, open), "{reason_code}");
    }
}

/// Where Amazon takes its time the shop hears what is being captured, and nothing is begun with another amount.
#[tokio::test]
async fn a_capture_that_has_begun_is_of_the_amount_that_was_asked_for() {
    for (said, begun) in [(None, true), (Some("400"), true), (Some("401"), false)] {
        let house = House::new().await;
        let order = house.authorised().await;
        let mut answer = charge("s1", "CaptureInitiated", 1000);
        answer["captureAmount"] = said.map_or(Value::Null, |yen| json!({"amount": yen, "currencyCode": "JPY"}));
        house.amazon.answers(CAPTURE, 200, answer);
        let sold = house.sales_of(&order, "O-1", 400).await.map(|reply| (reply.status, reply.amount.get()));
        let expected = if begun { Ok((Status::Auth, 400)) } else { Err(Refusal::Provider(codes::AMAZON_UNREACHABLE)) };
        assert_eq!(sold, expected, "{said:?}");
        assert_eq!(house.open_intent(&order).await.is_none(), begun, "{said:?}");
    }
}
