//! Other amounts: before capture by a charge that takes the old one's place, after it by a refund.

use serde_json::json;

use super::{
    FIRST_LOOK_MS, HALF_A_MINUTE_MS, HOUR, cancel, change, charges, generous, impatient, paid_by, stands, told,
};
use crate::support::{Entered, Order, Stage};

/// Only what the buyer agreed to can be charged, and nothing changes where more is asked for.
#[tokio::test]
async fn more_than_the_buyer_permitted() {
    let stage = Stage::new().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    assert_eq!(change(&stage, &entered, "1981", "198").await.errors(), "AZ1000010");
    assert_eq!(stands(&stage, "order-1").await, "AUTH 1980 198 0 0");
    assert_eq!(charges(&stage).await, ["Authorized"]);
    assert!(!stage.has_open_intent(&entered.access_id).await);
    assert_eq!(told(&stage, 1).await, ["AUTH"]);
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "SALES");
}

/// The old charge holds the whole permission, so no second one fits beside it; less needs none.
#[tokio::test]
async fn less_than_authorised_without_room_for_a_second_charge() {
    let stage = Stage::new().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    let answer = change(&stage, &entered, "1000", "100").await;
    assert_eq!(answer.text(), "OrderID=order-1&Status=AUTH&Amount=1000&Tax=100");
    assert_eq!(
        (charges(&stage).await, stands(&stage, "order-1").await),
        (vec!["Authorized".to_owned()], "AUTH 1000 100 0 0".to_owned())
    );
    // Up again, as far as the charge holds; not beyond.
    assert_eq!(change(&stage, &entered, "1980", "198").await.errors(), "");
    assert_eq!(change(&stage, &entered, "1980", "199").await.errors(), "AZ1000010");
    assert_eq!(change(&stage, &entered, "1000", "100").await.errors(), "");
    assert_eq!(entered.sell(stage.shop(), "1000", "101").await.errors(), "M01055011");
    assert_eq!(entered.sell(stage.shop(), "1000", "100").await.field("Status"), "SALES");
    assert_eq!((stage.moved("captured").await, charges(&stage).await), (vec![1100], vec!["Captured".to_owned()]));
    assert_eq!(stage.amazon_saw("cancelCharge").await.len(), 0, "the charge that stands is not let go");
}

#[tokio::test]
async fn more_where_the_buyer_permitted_it() {
    let stage = Stage::new().await;
    let (entered, _) = paid_by(&stage, &generous(&stage), Order::auth("order-1")).await;
    let answer = change(&stage, &entered, "30000", "3000").await;
    assert_eq!(answer.text(), "OrderID=order-1&Status=AUTH&Amount=30000&Tax=3000");
    assert_eq!(charges(&stage).await, ["Canceled", "Authorized"]);
    assert_eq!(change(&stage, &entered, "500", "0").await.errors(), "");
    assert_eq!(charges(&stage).await, ["Canceled", "Canceled", "Authorized"]);
    assert_eq!(entered.sell(stage.shop(), "500", "0").await.field("Status"), "SALES");
    assert_eq!(stage.moved("captured").await, [500]);
}

#[tokio::test]
async fn nothing_to_change_and_nothing_left() {
    let stage = Stage::new().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    assert_eq!(change(&stage, &entered, "0", "0").await.errors(), "M01005011");
    assert_eq!(change(&stage, &entered, "1980", "198").await.text(), "OrderID=order-1&Status=AUTH&Amount=1980&Tax=198");
    assert_eq!(told(&stage, 1).await, ["AUTH"]);
    // The same total in other parts is nothing to Amazon, and news to the shop.
    for (times, status) in [(2, "AUTH"), (4, "SALES")] {
        assert_eq!(change(&stage, &entered, "2000", "178").await.field("Tax"), "178");
        assert_eq!(stands(&stage, "order-1").await, format!("{status} 2000 178 0 0"));
        assert_eq!(told(&stage, times).await.last().unwrap(), status);
        assert_eq!(stage.amazon_saw("createCharge").await.len() + stage.amazon_saw("createRefund").await.len(), 0);
        if status == "AUTH" {
            assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "SALES");
        }
    }
    assert_eq!(change(&stage, &entered, "0", "0").await.errors(), "M01005011");
}

/// The old charge holds the buyer's money until it is let go: whatever goes wrong on the way, it is.
#[tokio::test]
async fn a_replaced_charge_is_let_go_in_the_end() {
    for fault in [json!({"status": 429}), json!({"status": 500}), json!({"lose_answer": true})] {
        let stage = impatient().await;
        let (entered, _) = paid_by(&stage, &generous(&stage), Order::auth("order-1")).await;
        stage.fault("cancelCharge", 100, fault.clone()).await;
        assert_eq!(change(&stage, &entered, "3000", "0").await.field("Amount"), "3000");
        assert!(stage.has_open_intent(&entered.access_id).await, "{fault}");
        assert_eq!(entered.sell(stage.shop(), "3000", "0").await.errors(), "E90010001");
        stage.mend().await;
        stage.clock.advance(FIRST_LOOK_MS);
        assert_eq!(stage.reconcile().await.closed, 1, "{fault}");
        assert_eq!(charges(&stage).await, ["Canceled", "Authorized"]);
        assert_eq!(entered.sell(stage.shop(), "3000", "0").await.field("Status"), "SALES");
        assert_eq!(told(&stage, 3).await, ["AUTH", "AUTH", "SALES"]);
    }
}

/// The answer to the new charge is lost: it is found, once, and the old one is let go.
#[tokio::test]
async fn a_new_charge_behind_a_lost_answer() {
    for fault in [json!({"lose_answer": true}), json!({"status": 500})] {
        let stage = impatient().await;
        let (entered, _) = paid_by(&stage, &generous(&stage), Order::auth("order-1")).await;
        stage.fault("createCharge", 100, fault).await;
        assert_eq!(change(&stage, &entered, "3000", "0").await.errors(), "AZ1000999");
        assert_eq!(stands(&stage, "order-1").await, "AUTH 1980 198 0 0");
        stage.mend().await;
        stage.clock.advance(FIRST_LOOK_MS);
        assert_eq!(stage.reconcile().await.closed, 1);
        assert_eq!(stands(&stage, "order-1").await, "AUTH 3000 0 0 0");
        stage.clock.advance(FIRST_LOOK_MS);
        stage.reconcile().await;
        assert_eq!(charges(&stage).await, ["Canceled", "Authorized"]);
    }
}

async fn sold(stage: &Stage) -> Entered {
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.field("Status"), "SALES");
    entered
}

#[tokio::test]
async fn one_refund_at_a_time() {
    let stage = Stage::new().await;
    let entered = sold(&stage).await;
    assert_eq!(
        change(&stage, &entered, "1000", "198").await.text(),
        "OrderID=order-1&Status=SALES&Amount=1000&Tax=198"
    );
    assert_eq!(change(&stage, &entered, "900", "198").await.errors(), "M01054004");
    assert_eq!(change(&stage, &entered, "1100", "98").await.errors(), "M01054004");
    assert_eq!(cancel(&stage, &entered, "1000", "198").await.errors(), "M01054004");
    assert_eq!(change(&stage, &entered, "1000", "198").await.errors(), "", "no change is none");
    stage.clock.advance(HALF_A_MINUTE_MS);
    stage.reconcile().await;
    assert_eq!(stands(&stage, "order-1").await, "SALES 1000 198 980 0");

    assert_eq!(cancel(&stage, &entered, "1000", "0").await.field("Status"), "REQRETURN");
    for call in [change(&stage, &entered, "1", "0").await, cancel(&stage, &entered, "0", "198").await] {
        assert_eq!(call.errors(), "M01054004");
    }
    assert_eq!(entered.sell(stage.shop(), "1", "0").await.errors(), "M01054004");
    stage.clock.advance(HALF_A_MINUTE_MS);
    stage.reconcile().await;
    assert_eq!(stands(&stage, "order-1").await, "SALES 0 198 1980 0");
    assert_eq!(stage.moved("refunded").await, [980, 1000]);
}

#[tokio::test]
async fn what_cannot_be_given_back() {
    let stage = Stage::new().await;
    let entered = sold(&stage).await;
    assert_eq!(cancel(&stage, &entered, "1981", "198").await.errors(), "M01085011");
    assert_eq!(cancel(&stage, &entered, "0", "2179").await.errors(), "M01085011", "totals are judged");
    assert_eq!(change(&stage, &entered, "1981", "198").await.errors(), "M01055011");
    assert_eq!(change(&stage, &entered, "1979", "199").await.errors(), "", "the total is what Amazon has");
    assert_eq!(change(&stage, &entered, "0", "2179").await.errors(), "M01055011");
    assert_eq!(stage.amazon_saw("createRefund").await.len(), 0);
}

/// Amazon asks not to be asked more often than hourly; the first minutes are another matter.
#[tokio::test]
async fn a_refund_that_takes_hours() {
    let stage = Stage::new().await;
    let entered = sold(&stage).await;
    assert_eq!(cancel(&stage, &entered, "1980", "198").await.field("Status"), "REQRETURN");
    stage.fault("getRefund", 1000, json!({"status": 404})).await;
    let (began, mut looks) = (stage.now(), Vec::new());
    while stage.now().since(began) < 6 * HOUR {
        stage.clock.advance(HALF_A_MINUTE_MS);
        if stage.reconcile().await.overdue == 1 {
            looks.push(stage.now().since(began) / 1000);
        }
    }
    assert_eq!(looks[..8], [31, 62, 124, 248, 496, 992, 1984, 3968]);
    let hourly = |pair: &[i64]| (3600..3631).contains(&(pair[1] - pair[0]));
    assert!(looks.len() > 10 && looks[7..].windows(2).all(hourly), "{looks:?}");
    stage.mend().await;
    stage.clock.advance(HOUR);
    stage.reconcile().await;
    assert_eq!(told(&stage, 4).await, ["AUTH", "SALES", "REQRETURN", "RETURN"]);
    assert_eq!(stands(&stage, "order-1").await, "RETURN 0 0 1980 198");
}

#[tokio::test]
async fn a_refund_behind_a_lost_answer_is_asked_for_once() {
    for (fault, twice) in
        [(json!({"lose_answer": true}), false), (json!({"status": 500}), false), (json!({"hang": true}), true)]
    {
        let stage = impatient().await;
        let entered = sold(&stage).await;
        stage.fault("createRefund", 100, fault).await;
        assert_eq!(cancel(&stage, &entered, "1980", "0").await.errors(), "AZ1000999");
        assert_eq!(stands(&stage, "order-1").await, "SALES 1980 198 0 0");
        assert_eq!(cancel(&stage, &entered, "1980", "0").await.errors(), "E90010001");
        stage.mend().await;
        stage.clock.advance(if twice { 2 * FIRST_LOOK_MS } else { FIRST_LOOK_MS });
        assert_eq!(stage.reconcile().await.closed, 1);
        assert_eq!(stands(&stage, "order-1").await, "REQRETURN 0 198 0 0");
        stage.clock.advance(HALF_A_MINUTE_MS);
        stage.reconcile().await;
        assert_eq!(stands(&stage, "order-1").await, "SALES 0 198 1980 0");
        assert_eq!(stage.moved("refunded").await, [1980]);
    }
}
