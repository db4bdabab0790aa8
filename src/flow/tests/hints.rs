//! What a message of Amazon's brings about: a look, and what Amazon says then.

use super::captures::CAPTURE;
use super::charges::CREATE;
use super::*;
use crate::amazonpay::ipn::{Hint, ObjectType};
use crate::domain::{ChargePermissionId, ShopId};

impl House {
    /// Amazon's message about an object of session s1.
    async fn hears_of(&self, object_type: ObjectType, object_id: &str) -> Hinted {
        let shop = self.gateway.shops().get(&ShopId::new("tshop00000001").unwrap()).unwrap();
        let hint = Hint {
            merchant_id: shop.settings.merchant_id.clone(),
            object_type,
            object_id: object_id.to_owned(),
            charge_permission_id: ChargePermissionId::new("S03-s1").unwrap(),
        };
        self.gateway.hinted(&hint::source_of(&shop), &hint).await.unwrap()
    }
}

/// An authorisation that Amazon took back holds no money; one that stands, and one that cannot be seen, change nothing.
#[tokio::test]
async fn an_authorisation_that_amazon_took_back_is_over() {
    let house = House::new().await;
    let order = house.authorised().await;
    assert_eq!(house.hears_of(ObjectType::Charge, "S03-s1-C1").await, Hinted::Looked, "Amazon says: no such charge");
    house.amazon.answers(&get_charge("s1"), 200, charge("s1", "Authorized", 1000));
    assert_eq!(house.hears_of(ObjectType::Charge, "S03-s1-C1").await, Hinted::Looked);
    assert_eq!((house.now(&order).await.status(), house.owed(&order).await), (Status::Auth, 1));
    assert_eq!(house.hears_of(ObjectType::Charge, "S03-s1-C2").await, Hinted::Unknown);
    assert_eq!(house.hears_of(ObjectType::ChargePermission, "S03-s1").await, Hinted::NothingWaits);

    house.amazon.answers(&get_charge("s1"), 200, charge("s1", "Canceled", 1000));
    assert_eq!(house.hears_of(ObjectType::Charge, "S03-s1-C1").await, Hinted::Looked);
    assert_eq!((house.now(&order).await.status(), house.owed(&order).await), (Status::PayFail, 2));
}

/// A consent ends when Amazon says that its permission is closed, and not because a message came.
#[tokio::test]
async fn a_consent_ends_with_its_permission_only() {
    let house = House::new().await;
    let order = house.consented().await;
    let permission = |state: &str| json!({"chargePermissionId": "S03-s1", "statusDetails": {"state": state}});
    let asked = "GET /v2/chargePermissions/S03-s1";
    for (status, answer, expected) in [
        (404, json!({"reasonCode": "ResourceNotFound", "message": ""}), Status::Register),
        (200, permission("Chargeable"), Status::Register),
        (200, permission("Closed"), Status::End),
    ] {
        house.amazon.answers(asked, status, answer);
        assert_eq!(house.hears_of(ObjectType::ChargePermission, "S03-s1").await, Hinted::Looked);
        assert_eq!(house.now(&order).await.status(), expected);
    }
    assert_eq!(house.hears_of(ObjectType::ChargePermission, "S03-s1").await, Hinted::NothingWaits);
    assert_eq!(house.hears_of(ObjectType::Chargeback, "S03-s1-B1").await, Hinted::Unknown);
}

/// A message does not come between those who are at work and Amazon's answer to them.
#[tokio::test]
async fn an_effect_is_looked_at_once_nobody_can_be_at_work_on_it() {
    let house = House::new().await;
    let order = house.authorised().await;
    house.amazon.refuses(CAPTURE, (500, "InternalServerError"));
    assert_eq!(house.sales(&order, "O-1").await, Err(Refusal::Provider(codes::AMAZON_UNREACHABLE)));
    house.amazon.answers(&get_charge("s1"), 200, charge("s1", "Captured", 1000));
    let over = house.open_intent(&order).await.unwrap().started_at.plus(1000);
    while house.clock.now() < over {
        assert_eq!(house.hears_of(ObjectType::Charge, "S03-s1-C1").await, Hinted::NothingWaits);
        house.clock.advance(500);
    }
    assert_eq!(house.now(&order).await.status(), Status::Auth);
    assert_eq!(house.hears_of(ObjectType::Charge, "S03-s1-C1").await, Hinted::Looked);
    assert_eq!(house.now(&order).await.status(), Status::Sales);
}

/// A capture that takes its time is over when Amazon says so, of the amount that was asked for.
#[tokio::test]
async fn a_capture_that_takes_its_time_ends_with_its_amount() {
    let house = House::new().await;
    let order = house.authorised().await;
    house.amazon.answers(CAPTURE, 200, charge("s1", "CaptureInitiated", 1000));
    assert_eq!(house.sales(&order, "O-1").await, Ok(Status::Auth));
    let mut captured = charge("s1", "Captured", 1000);
    captured["captureAmount"]["amount"] = json!("999");
    for (says, status) in [(captured, Status::Auth), (charge("s1", "Captured", 1000), Status::Sales)] {
        house.amazon.answers(&get_charge("s1"), 200, says);
        assert_eq!(house.hears_of(ObjectType::Charge, "S03-s1-C1").await, Hinted::Looked);
        assert_eq!(house.now(&order).await.status(), status);
    }
}

/// What is overdue may be given up, but not because Amazon says that it has not decided.
#[tokio::test]
async fn a_pending_authorisation_is_looked_at_once_it_is_decided() {
    let house = House::new().await;
    house.amazon.answers(CREATE, 201, charge("s1", "AuthorizationInitiated", 1000));
    let (order, executed) = house.on_demand("O-1", "S03-s1").await;
    assert_eq!((executed, house.now(&order).await.status()), (Ok(()), Status::AuthProcess));
    let before = house.now(&order).await;
    for (state, expected) in [("AuthorizationInitiated", Status::AuthProcess), ("Authorized", Status::Auth)] {
        house.amazon.answers(&get_charge("s1"), 200, charge("s1", state, 1000));
        let asked = house.amazon.asked(&get_charge("s1"));
        assert_eq!(house.hears_of(ObjectType::Charge, "S03-s1-C1").await, Hinted::Looked);
        assert_eq!(house.now(&order).await.status(), expected);
        let looks = if expected == Status::Auth { 2 } else { 1 };
        assert_eq!(house.amazon.asked(&get_charge("s1")) - asked, looks, "{state}");
    }
    assert_ne!(house.now(&order).await, before);
}
