//! What Amazon's no means, and a yes beside an object that says otherwise.

use super::charges::CREATE;
use super::*;
use crate::domain::ChargeId;
use crate::protocol::{read_cancel, read_change, read_close_charge_permission};

const CANCEL: &str = "DELETE /v2/charges/S03-s1-C1/cancel";
const CLOSE: &str = "DELETE /v2/chargePermissions/S03-s1/close";
const PERMISSION: &str = "GET /v2/chargePermissions/S03-s1";
const TOO_MANY: (u16, &str) = (429, "TooManyRequests");
const UNREACHABLE: Refusal = Refusal::Provider(codes::AMAZON_UNREACHABLE);

fn broken() -> (u16, Value) {
    (500, json!({"reasonCode": "InternalServerError", "message": ""}))
}

fn permission(state: &str) -> Value {
    json!({"chargePermissionId": "S03-s1", "statusDetails": {"state": state, "reasons": []}})
}

impl House {
    async fn cancel(&self, access_id: &AccessId) -> Result<Status, Refusal> {
        let form = format!("{}&CancelAmount=1000", self.naming(access_id, "O-1"));
        self.gateway.cancel(read(&form, read_cancel)).await.map(|reply| reply.status)
    }

    async fn close(&self) -> Result<(), Refusal> {
        let form = format!("{SHOP}&AmazonChargePermissionID=S03-s1");
        self.gateway.close_charge_permission(read(&form, read_close_charge_permission)).await.map(|_| ())
    }

    async fn stands(&self, access_id: &AccessId) -> (Status, bool) {
        (self.now(access_id).await.status(), self.open_intent(access_id).await.is_some())
    }
}

#[tokio::test]
async fn a_return_while_amazon_wants_fewer_calls_is_no_end() {
    let house = House::new().await;
    let order = house.away("O-1", "s1", "AUTH").await;
    house.amazon.refuses(&complete("s1"), TOO_MANY);
    house.amazon.answers(&get("s1"), 200, session("s1", "Open"));
    assert_eq!(house.returned(&order, "s1").await, "AUTHPROCESS");
    assert_eq!(house.stands(&order).await, (Status::AuthProcess, true));
}

/// The first attempt may still arrive, whatever the second one is told.
#[tokio::test]
async fn a_no_to_the_second_attempt_is_no_word_on_the_first() {
    let house = House::new().await;
    let order = house.away("O-1", "s1", "AUTH").await;
    let (status, body) = broken();
    house.amazon.answers_once(&complete("s1"), status, body);
    house.amazon.refuses(&complete("s1"), NOT_OPEN);
    house.amazon.answers(&get("s1"), 200, session("s1", "Open"));
    assert_eq!(house.returned(&order, "s1").await, "AUTHPROCESS");
    assert_eq!(house.stands(&order).await, (Status::AuthProcess, true));
}

#[tokio::test]
async fn a_cancelled_charge_is_one_that_says_so() {
    let house = House::new().await;
    let order = house.authorised().await;
    house.amazon.answers(CANCEL, 200, charge("s1", "Authorized", 1000));
    assert_eq!(house.cancel(&order).await, Err(UNREACHABLE));
    assert_eq!(house.stands(&order).await, (Status::Auth, true));
    house.amazon.answers(CANCEL, 200, charge("s1", "Canceled", 1000));
    let intent = house.open_intent(&order).await.unwrap();
    assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::Closed);
    assert_eq!(house.stands(&order).await, (Status::Cancel, false));
}

#[tokio::test]
async fn what_amazon_did_not_look_at_may_be_cancelled_again() {
    let house = House::new().await;
    let order = house.authorised().await;
    house.amazon.refuses(CANCEL, TOO_MANY);
    assert_eq!(house.cancel(&order).await, Err(UNREACHABLE));
    assert_eq!(house.stands(&order).await, (Status::Auth, false));
}

/// A plain no about a charge that is still authorised closes the effect; one behind an attempt of unknown outcome does not.
#[tokio::test]
async fn a_charge_that_is_still_authorised_was_not_cancelled_or_not_yet() {
    for (first, refusal, open) in
        [(None, codes::AMAZON_OTHER, false), (Some(broken()), codes::AMAZON_UNREACHABLE, true)]
    {
        let house = House::new().await;
        let order = house.authorised().await;
        if let Some((status, body)) = first {
            house.amazon.answers_once(CANCEL, status, body);
        }
        house.amazon.refuses(CANCEL, (422, "InvalidChargeStatus"));
        house.amazon.answers(&get_charge("s1"), 200, charge("s1", "Authorized", 1000));
        assert_eq!(house.cancel(&order).await, Err(Refusal::Provider(refusal)));
        assert_eq!(house.stands(&order).await, (Status::Auth, open));
    }
}

/// What becomes of a charge that was replaced is no matter of the transaction any more.
#[tokio::test]
async fn a_replaced_charge_that_was_declined_meanwhile_ends_nothing() {
    let house = House::new().await;
    let order = house.authorised().await;
    let mut new = charge("s1", "Authorized", 900);
    new["chargeId"] = json!("S03-s1-C2");
    house.amazon.answers(CREATE, 201, new);
    house.amazon.refuses(CANCEL, (422, "InvalidChargeStatus"));
    house.amazon.answers(&get_charge("s1"), 200, charge("s1", "Declined", 1000));
    let form = format!("{}&Amount=900", house.naming(&order, "O-1"));
    house.gateway.change(read(&form, read_change)).await.unwrap();
    assert_eq!(house.stands(&order).await, (Status::Auth, false));
    let pays = house.now(&order).await.state.payment().unwrap().charge.clone();
    assert_eq!(pays, ChargeId::new("S03-s1-C2").unwrap());
}

#[tokio::test]
async fn a_closed_permission_is_one_that_says_so() {
    let house = House::new().await;
    let order = house.authorised().await;
    house.amazon.answers(PERMISSION, 200, permission("Chargeable"));
    house.amazon.answers(CLOSE, 200, permission("Chargeable"));
    assert_eq!(house.close().await, Err(UNREACHABLE));
    assert_eq!(house.stands(&order).await, (Status::Auth, true));
}

/// At first "no such permission" is the shop's mistake; after an attempt of unknown outcome it says nothing.
#[tokio::test]
async fn a_permission_that_is_not_there_is_evidence_before_the_first_attempt_only() {
    let house = House::new().await;
    let order = house.authorised().await;
    assert_eq!(house.close().await, Err(Refusal::Provider(codes::PERMISSION_UNKNOWN)));
    assert_eq!(house.stands(&order).await, (Status::Auth, false));

    house.amazon.answers(PERMISSION, 200, permission("Chargeable"));
    let (status, body) = broken();
    house.amazon.answers(CLOSE, status, body);
    assert_eq!(house.close().await, Err(UNREACHABLE));
    house.amazon.refuses(PERMISSION, (404, "ResourceNotFound"));
    let intent = house.open_intent(&order).await.unwrap();
    assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::StillOpen);
    house.amazon.answers(PERMISSION, 200, permission("Closed"));
    assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::Closed);
}

#[test]
fn a_fault_of_the_gateways_own_is_told_as_one() {
    let of = |refusal| ReturnError::from(refusal).code();
    assert_eq!(of(Refusal::Internal("why")), codes::UNEXPECTED);
    assert_eq!(of(Refusal::Store(crate::store::StoreError(String::new()))), codes::DATABASE);
    assert_eq!(of(Refusal::SessionTaken), codes::TRANSACTION_UNKNOWN);
    let of = |refusal| StartError::from(refusal).code();
    assert_eq!(of(Refusal::Internal("why")), codes::UNEXPECTED);
    assert_eq!(of(Refusal::Store(crate::store::StoreError(String::new()))), codes::DATABASE);
    assert_eq!(of(Refusal::Busy), codes::TOKEN_INVALID);
}
