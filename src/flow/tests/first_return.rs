//! A browser brings a session that nobody has named yet: what makes it this transaction's.

use super::*;
use crate::domain::{Frequency, FrequencyUnit};

const MONTHLY: Frequency = Frequency { unit: FrequencyUnit::Month, value: 1 };

impl House {
    /// A transaction of `yen` whose buyer left with a payload; one that asks for a consent where there is no yen to pay.
    async fn with_payload(&self, yen: u32) -> AccessId {
        let access_id = self.entered("O-1", "AUTH", yen).await;
        let exec = Exec {
            way: Way::Apb,
            session: None,
            permission: None,
            frequency: (yen == 0).then_some(MONTHLY),
            ret_url: Some("http://shop/thanks".to_owned()),
            description: None,
            client_fields: [None, None, None],
        };
        self.set_out(&access_id, exec, Departure::Payload(String::new()), None).await;
        access_id
    }

    /// A consent without a first payment, over session s1.
    pub(super) async fn consented(&self) -> AccessId {
        let order = self.with_payload(0).await;
        self.amazon.answers(&get("s1"), 200, made_for(&order, "Open", None, "Confirm", "Recurring"));
        self.amazon.answers(&complete("s1"), 200, session("s1", "Completed"));
        assert_eq!(self.came_back(&order, "s1").await, Ok(Status::Register));
        order
    }

    async fn came_back(&self, access_id: &AccessId, session: &str) -> Result<Status, ReturnError> {
        let with = Return { session: Some(CheckoutSessionId::new(session).unwrap()), cancel_key: None };
        self.gateway.came_back(access_id.clone(), with).await?;
        Ok(self.now(access_id).await.status())
    }
}

/// What Amazon says of a session that was made with the transaction's payload, where it says `yen`.
fn made_for(access_id: &AccessId, state: &str, yen: Option<u32>, intent: &str, kind: &str) -> Value {
    let mut made = session("s1", state);
    made["webCheckoutDetails"]["checkoutResultReturnUrl"] =
        json!(format!("http://gateway/payment/AmazonpayReturn/{access_id}"));
    made["merchantMetadata"] = json!({"merchantReferenceId": "O-1"});
    made["paymentDetails"] = json!({"paymentIntent": intent});
    if let Some(yen) = yen {
        made["paymentDetails"]["chargeAmount"] = json!({"amount": yen.to_string(), "currencyCode": "JPY"});
    }
    made["chargePermissionType"] = json!(kind);
    made
}

/// A consent alone charges nothing. Whether Amazon says so with a zero or by saying nothing, any other amount is another's.
#[tokio::test]
async fn the_amount_of_a_session_is_the_transactions() {
    for (due, told, taken) in [
        (1000, Some(1000), true),
        (1000, Some(999), false),
        (1000, Some(0), false),
        (1000, None, false),
        (0, None, true),
        (0, Some(0), true),
        (0, Some(1), false),
    ] {
        let house = House::new().await;
        let order = house.with_payload(due).await;
        let (intent, kind, status) = match due {
            0 => ("Confirm", "Recurring", Status::Register),
            _ => ("Authorize", "OneTime", Status::Auth),
        };
        house.amazon.answers(&get("s1"), 200, made_for(&order, "Open", told, intent, kind));
        house.amazon.answers(&complete("s1"), 200, session("s1", "Completed"));
        let came = house.came_back(&order, "s1").await;
        let expected = if taken { Ok(status) } else { Err(ReturnError::Unknown) };
        assert_eq!(came, expected, "{due} yen are due, the session says {told:?}");
        assert_eq!(house.amazon.asked(&complete("s1")), usize::from(taken), "{due} {told:?}");
    }
}

/// Amazon's "no such session" is an answer; "too many calls" is none, and the browser may come again.
#[tokio::test]
async fn what_amazon_did_not_look_at_is_no_word_on_a_session() {
    let house = House::new().await;
    let order = house.with_payload(1000).await;
    assert_eq!(house.came_back(&order, "s1").await, Err(ReturnError::Unknown));
    house.amazon.refuses(&get("s1"), (429, "TooManyRequests"));
    assert_eq!(house.came_back(&order, "s1").await, Err(ReturnError::Unreachable));
    house.amazon.answers(&get("s1"), 200, made_for(&order, "Open", Some(1000), "Authorize", "OneTime"));
    house.amazon.answers(&complete("s1"), 200, session("s1", "Completed"));
    assert_eq!(house.came_back(&order, "s1").await, Ok(Status::Auth));
}

/// A completed session tells nothing any more of what it was made with. Two tabs of one browser both reach the shop.
#[tokio::test]
async fn a_session_that_another_tab_completed_meanwhile_is_still_this_ones() {
    let house = House::new().await;
    let order = house.with_payload(1000).await;
    house.amazon.answers(&get("s1"), 200, made_for(&order, "Open", Some(1000), "Authorize", "OneTime"));
    house.amazon.answers(&complete("s1"), 200, session("s1", "Completed"));
    let held = house.amazon.holds(&get("s1"));
    let quicker = async {
        held.wait().await;
        let came = house.came_back(&order, "s1").await;
        house.amazon.answers(&get("s1"), 200, session("s1", "Completed"));
        held.wait().await;
        came
    };
    let (slower, quicker) = tokio::join!(house.came_back(&order, "s1"), quicker);
    assert_eq!((slower, quicker), (Ok(Status::Auth), Ok(Status::Auth)));
    assert_eq!((house.amazon.asked(&complete("s1")), house.owed(&order).await), (1, 1));
}
