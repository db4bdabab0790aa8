//! Ten thousand sessions, charges and refunds at once: not a yen comes from nowhere, and none gets lost.

use std::collections::BTreeMap;

use sekisho::sandbox::ledger::{Limit, MovementKind};
use serde_json::json;
use tokio::task::JoinSet;

use super::caller::{Caller, order, yen};

const ORDERS: i64 = 10_000;
/// How many are under way at once.
const TASKS: i64 = 64;

/// One order of its own amount: charged, captured in part or whole, cancelled, or refunded, some of it more than once.
async fn trade(caller: &Caller, number: i64) {
    let amount = 100 + number % 97;
    let key = format!("order-{number}");
    let intent = if number % 3 == 0 { "AuthorizeWithCapture" } else { "Authorize" };
    let mut body = order(intent);
    body["paymentDetails"]["chargeAmount"] = yen(amount);
    let completed = caller.completed(&body, "card-1111", &key).await;
    let charge = completed.text_of("chargeId");
    if intent == "Authorize" {
        if number % 7 == 0 {
            let path = format!("/v2/charges/{charge}/cancel");
            assert_eq!(caller.call("DELETE", &path, &json!({"cancellationReason": "x"}), &key).await.status, 200);
            return;
        }
        let part = amount - number % 50;
        let path = format!("/v2/charges/{charge}/capture");
        let captured = caller.call("POST", &path, &json!({"captureAmount": yen(part)}), &key).await;
        assert_eq!(captured.status, 200, "{}", captured.text);
    }
    if number % 2 == 0 {
        let body = json!({"chargeId": charge, "refundAmount": yen(1 + number % 40)});
        // The same twice, at once: one refund.
        let (one, other) = tokio::join!(
            caller.call("POST", "/v2/refunds", &body, &key),
            caller.call("POST", "/v2/refunds", &body, &key)
        );
        assert_eq!((one.status, one.text), (201, other.text));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_orders_balance_to_the_yen() {
    let caller = Caller::new();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let caller = caller.clone();
        tasks.spawn(async move {
            for number in (task..ORDERS).step_by(usize::try_from(TASKS).unwrap()) {
                trade(&caller, number).await;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    caller.advance(30_000).await;

    let ledger = caller.sandbox.ledger();
    assert_eq!(i64::try_from(ledger.sessions().count()).unwrap(), ORDERS);
    assert_eq!(i64::try_from(ledger.charges().count()).unwrap(), ORDERS);
    assert_eq!(i64::try_from(ledger.refunds().count()).unwrap(), ORDERS / 2 - cancelled_even());
    // What each permission moved, from the movements alone: held, taken, given back.
    let mut moved: BTreeMap<&str, [i64; 4]> = BTreeMap::new();
    for movement in ledger.movements() {
        let row = moved.entry(movement.session_id.as_str()).or_default();
        let place = match movement.kind {
            MovementKind::Reserved => continue,
            MovementKind::Released => panic!("nothing was released"),
            MovementKind::Authorized => 0,
            MovementKind::Captured => 1,
            MovementKind::Canceled => 2,
            MovementKind::Refunded => 3,
        };
        row[place] += movement.amount.yen();
    }
    for permission in ledger.charge_permissions() {
        let [authorized, captured, cancelled, refunded] = moved[permission.session_id.as_str()];
        let Limit::Total(limit) = permission.limit else { panic!("an order") };
        assert_eq!(authorized, limit.yen());
        assert!(captured + cancelled <= authorized && (captured == 0) != (cancelled == 0));
        assert!(refunded <= captured + captured * 15 / 100, "{refunded} of {captured}");
        let charge = ledger.charge_of(&caller.merchant_id, &permission.charge_ids[0]).unwrap();
        assert_eq!(captured, charge.captured.map_or(0, sekisho::sandbox::ledger::Amount::yen));
        assert_eq!(refunded, ledger.refunded(charge).yen());
        assert_eq!(ledger.standing(permission).balance.yen(), limit.yen() - captured);
    }
}

/// Orders with an even number that were cancelled instead of captured, so that nothing was refunded.
fn cancelled_even() -> i64 {
    let cancelled = |number: &i64| number % 2 == 0 && number % 3 != 0 && number % 7 == 0;
    i64::try_from((0..ORDERS).filter(cancelled).count()).unwrap()
}
