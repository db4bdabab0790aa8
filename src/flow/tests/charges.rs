//! New charges: whose money they are, and what is to be believed of an answer that is not the first.

use super::*;

pub(super) const CREATE: &str = "POST /v2/charges";

impl House {
    /// ExecTran of a new order over a consent.
    pub(super) async fn on_demand(&self, order: &str, permission: &str) -> (AccessId, Result<(), Refusal>) {
        let access_id = self.entered(order, "AUTH", 1000).await;
        let form = format!("{}&AmazonChargePermissionID={permission}", self.naming(&access_id, order));
        let executed = self.gateway.exec_tran(read(&form, read_exec_tran)).await;
        (access_id, executed.map(|_| ()))
    }
}

#[tokio::test]
async fn a_new_charge_that_pays_another_order_pays_no_second_one() {
    let house = House::new().await;
    let paid = house.away("O-1", "s1", "AUTH").await;
    house.amazon.answers(&complete("s1"), 200, session("s1", "Completed"));
    assert_eq!(house.returned(&paid, "s1").await, "AUTH");

    house.amazon.answers(CREATE, 201, charge("s1", "Authorized", 1000));
    let (second, executed) = house.on_demand("O-2", "S03-s1").await;
    assert_eq!(executed, Err(Refusal::Provider(codes::AMAZON_UNREACHABLE)));
    assert_eq!(house.now(&second).await.status(), Status::Unprocessed);
    let intent = house.open_intent(&second).await.unwrap();
    assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::StillOpen);
    assert_eq!(house.owed(&second).await, 0);
}

/// The answer under a key that was used before is the first one; the charge may have gone another way since.
#[tokio::test]
async fn an_old_answer_is_not_how_the_charge_stands() {
    for (state, status) in
        [("Authorized", Status::Auth), ("Declined", Status::PayFail), ("AuthorizationInitiated", Status::AuthProcess)]
    {
        let house = House::new().await;
        house.amazon.refuses(CREATE, (500, "InternalServerError"));
        let (order, executed) = house.on_demand("O-1", "S03-s1").await;
        assert_eq!(executed, Err(Refusal::Provider(codes::AMAZON_UNREACHABLE)));

        house.amazon.answers(CREATE, 201, charge("s1", "Authorized", 1000));
        let intent = house.open_intent(&order).await.unwrap();
        assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::StillOpen, "the charge does not say yet");
        house.amazon.answers(&get_charge("s1"), 200, charge("s1", state, 1000));
        let intent = house.open_intent(&order).await.unwrap();
        assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::Closed);
        assert_eq!(house.now(&order).await.status(), status);
    }
}

/// Another amount than was asked for is never taken for the right one, nor for a failure.
#[tokio::test]
async fn a_charge_of_another_amount_stays_open() {
    let house = House::new().await;
    house.amazon.answers(CREATE, 201, charge("s1", "Authorized", 999));
    house.amazon.answers(&get_charge("s1"), 200, charge("s1", "Authorized", 999));
    let (order, executed) = house.on_demand("O-1", "S03-s1").await;
    assert_eq!(executed, Err(Refusal::Provider(codes::AMAZON_UNREACHABLE)));
    let intent = house.open_intent(&order).await.unwrap();
    assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::StillOpen);
    assert_eq!(house.now(&order).await.status(), Status::Unprocessed);
}
