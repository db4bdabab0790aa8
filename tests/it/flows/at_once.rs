//! The same call many times at the same instant, and different calls on one payment: each deed is done once.

use serde_json::json;

use crate::support::{Answer, Entered, Order, ShopClient, Stage, at_once, close, moved};

/// Amazon takes a moment, so that the others really meet.
async fn slowly(stage: &Stage, operation: &str) {
    stage.fault(operation, 1, json!({"delay_ms": 50})).await;
}

/// One was answered, all others were refused with one of `codes`.
fn one_of_all(answers: &[Answer], codes: &[&str]) {
    let refused: Vec<_> = answers.iter().map(Answer::errors).filter(|errors| !errors.is_empty()).collect();
    assert_eq!(refused.len(), answers.len() - 1, "{refused:?}");
    assert!(refused.iter().all(|errors| codes.contains(&errors.as_str())), "{refused:?}");
}

/// The same call on `entered`, so often.
async fn calls<F>(
    count: usize,
    stage: &Stage,
    entered: &Entered,
    call: impl Fn(Entered, ShopClient) -> F,
) -> Vec<Answer>
where
    F: Future<Output = Answer> + Send + 'static,
{
    at_once(count, || call(entered.clone(), stage.shop().clone())).await
}

const BUSY: &str = "E90010001";
const TWIN_COUNTS: [(&str, usize); 2] = [("order-2", 2), ("order-20", 20)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancels_of_an_authorisation() {
    let stage = Stage::new().await;
    for (order, count) in TWIN_COUNTS {
        let (entered, _) = stage.paid(Order::auth(order)).await;
        slowly(&stage, "cancelCharge").await;
        let cancel = async |it: Entered, shop: ShopClient| it.cancel(&shop, "1980", "198").await;
        let answers = calls(count, &stage, &entered, cancel).await;
        one_of_all(&answers, &[BUSY, "M01054004"]);
        assert_eq!(stage.shop().status(order).await, "CANCEL");
    }
    assert_eq!(stage.amazon_saw("cancelCharge").await.len(), 2);
    stage.receiver.wait_for(4).await;
    assert_eq!(stage.receiver.statuses(), ["AUTH", "CANCEL", "AUTH", "CANCEL"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refunds_of_a_part() {
    let stage = Stage::new().await;
    for (order, count) in TWIN_COUNTS {
        let entered = stage.sold(order).await;
        slowly(&stage, "createRefund").await;
        let cancel = async |it: Entered, shop: ShopClient| it.cancel(&shop, "500", "50").await;
        let answers = calls(count, &stage, &entered, cancel).await;
        one_of_all(&answers, &[BUSY, "M01054004"]);
        stage.half_a_minute_later().await;
        assert_eq!(stage.amounts(order).await, ["1480", "148", "500", "50"]);
    }
    assert_eq!(stage.amazon_saw("createRefund").await.len(), 2);
    assert_eq!(stage.moved("refunded").await, [550, 550]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_before_capture() {
    let stage = Stage::new().await;
    for (order, count) in TWIN_COUNTS {
        let entered = stage.paid_with_room(Order::auth(order)).await;
        slowly(&stage, "createCharge").await;
        let change = async |it: Entered, shop: ShopClient| it.change(&shop, "3000", "300").await;
        let answers = calls(count, &stage, &entered, change).await;
        // To ask for the amounts that are there by now is no fault, so more than one may be answered.
        let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.errors().is_empty());
        assert!(!done.is_empty());
        let expected = format!("OrderID={order}&Status=AUTH&Amount=3000&Tax=300");
        assert!(done.iter().all(|answer| answer.text().trim_end() == expected));
        assert!(refused.iter().all(|answer| answer.errors() == BUSY));
    }
    assert_eq!(stage.states("charges").await, ["Canceled", "Authorized", "Canceled", "Authorized"]);
    assert_eq!(stage.amazon_saw("createCharge").await.len(), 2);
    assert_eq!(stage.amazon_saw("cancelCharge").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn charges_on_a_consent() {
    let stage = Stage::new().await;
    let permission = stage.consented("consent").await.permission;
    for (order, count) in TWIN_COUNTS {
        let entered = stage.entered_alone(Order::capture(order)).await;
        slowly(&stage, "createCharge").await;
        let answers = at_once(count, || {
            let (it, shop, permission) = (entered.clone(), stage.shop().clone(), permission.clone());
            async move { it.charge(&shop, &permission).await }
        });
        one_of_all(&answers.await, &[BUSY, "M01004014"]);
        assert_eq!(stage.shop().status(order).await, "CAPTURE");
    }
    assert_eq!(stage.amazon_saw("createCharge").await.len(), 2);
    assert_eq!(stage.moved("captured").await, [2178, 2178]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn finalizations() {
    let stage = Stage::new().await;
    for (order, count) in TWIN_COUNTS {
        let entered = stage.paid_on_page(Order::auth(order)).await;
        slowly(&stage, "finalizeCheckoutSession").await;
        let finalize = async |it: Entered, shop: ShopClient| it.finalize(&shop).await;
        let answers = calls(count, &stage, &entered, finalize).await;
        one_of_all(&answers, &[BUSY, "M01004014"]);
        assert_eq!(stage.shop().status(order).await, "AUTH");
    }
    assert_eq!(stage.amazon_saw("finalizeCheckoutSession").await.len(), 2);
    assert_eq!(stage.moved("authorized").await, [2178, 2178]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closures() {
    let stage = Stage::new().await;
    for (order, count) in TWIN_COUNTS {
        let permission = stage.consented(order).await.permission;
        slowly(&stage, "closeChargePermission").await;
        let answers = at_once(count, || {
            let (shop, permission) = (stage.shop().clone(), permission.clone());
            async move { close(&shop, &permission).await }
        });
        one_of_all(&answers.await, &[BUSY, "AZ1000009"]);
        assert_eq!(stage.shop().status(order).await, "END");
    }
    assert_eq!(stage.amazon_saw("closeChargePermission").await.len(), 2);
}

/// The goods leave while the buyer withdraws and the price changes: whoever is first, the money is right.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_a_cancel_and_a_change() {
    for round in 0..4 {
        let stage = Stage::new().await;
        let entered = stage.paid_with_room(Order::auth("order-1")).await;
        for operation in ["captureCharge", "cancelCharge", "createCharge"] {
            slowly(&stage, operation).await;
        }
        let shop = stage.shop();
        let (sold, cancelled, changed) = tokio::join!(
            entered.sell(shop, "1980", "198"),
            entered.cancel(shop, "1980", "198"),
            entered.change(shop, "1000", "100"),
        );
        let errors = [sold.errors(), cancelled.errors(), changed.errors()];
        assert_eq!(errors.iter().filter(|it| it.is_empty()).count(), 1, "{round}: {errors:?}");
        let begin = [("reserved", 2178), ("authorized", 2178)];
        let (status, end): (_, &[(&str, i64)]) = match errors.iter().position(String::is_empty) {
            Some(0) => ("SALES", &[("captured", 2178)]),
            Some(1) => ("CANCEL", &[("canceled", 2178)]),
            _ => ("AUTH", &[("authorized", 1100), ("canceled", 2178)]),
        };
        assert_eq!(stage.shop().status("order-1").await, status);
        assert_eq!(
            stage.movements().await,
            [moved(begin), end.iter().map(|it| (it.0.to_owned(), it.1)).collect()].concat()
        );
    }
}
