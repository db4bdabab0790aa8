//! A charge that waits for the buyer's second factor, once the buyer's time is over.

use super::*;
use crate::domain::{ChargeId, ChargePermissionId};

const CANCEL: &str = "DELETE /v2/charges/S03-s1-C1/cancel";

/// What waits for the buyer is given up. What Amazon decides without one is left alone, and what it has decided stands.
#[tokio::test]
async fn what_waits_for_the_buyer_is_given_up() {
    let url = Some("http://amazon/factor");
    for (job, state, url, status, given_up) in [
        ("AUTH", "AuthorizationInitiated", url, Status::AuthProcess, true),
        ("AUTH", "AuthorizationInitiated", None, Status::AuthProcess, false),
        ("CAPTURE", "Authorized", None, Status::AuthProcess, true),
        ("AUTH", "Authorized", None, Status::Auth, false),
        ("CAPTURE", "Captured", None, Status::Capture, false),
        ("AUTH", "SomethingNew", url, Status::AuthProcess, false),
    ] {
        let house = House::new().await;
        let order = house.entered("O-1", job, 1000).await;
        let exec = Exec {
            way: Way::Approved,
            session: None,
            permission: ChargePermissionId::new("S03-s1").ok(),
            frequency: None,
            ret_url: Some("http://shop/thanks".to_owned()),
            description: None,
            client_fields: [None, None, None],
        };
        let pending = PendingCharge {
            permission: ChargePermissionId::new("S03-s1").unwrap(),
            charge: ChargeId::new("S03-s1-C1").unwrap(),
        };
        house.set_out(&order, exec, Departure::Url("http://amazon/factor".to_owned()), Some(pending)).await;
        let mut waits = charge("s1", state, 1000);
        waits["webCheckoutDetails"] = json!({"amazonPayRedirectUrl": url});
        house.amazon.answers(&get_charge("s1"), 200, waits);
        house.amazon.refuses(CANCEL, (500, "InternalServerError"));
        house.clock.advance(61 * MINUTE_MS);
        house.gateway.overdue(&house.now(&order).await).await.unwrap();
        assert_eq!(house.now(&order).await.status(), status, "{job} {state}");
        assert_eq!(house.amazon.asked(CANCEL) > 0, given_up, "{job} {state} {url:?}");
    }
}
