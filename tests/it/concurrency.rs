//! Many at once, and clients that hang up in the middle.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::{Answer, Entered, Order, Stage, at_once, eventually};

async fn execute_at_once(stage: &Stage, entered: &Entered, count: usize) {
    let answers = at_once(count, || {
        let (entered, shop) = (entered.clone(), stage.shop().clone());
        async move { entered.exec(&shop).await }
    })
    .await;
    let errors: Vec<_> = answers.iter().map(Answer::errors).filter(|errors| !errors.is_empty()).collect();
    assert_eq!(errors.len(), count - 1, "one redirect: {errors:?}");
    assert!(errors.iter().all(|code| code == "E90010001" || code == "M01004014"), "{errors:?}");
    let path = format!("/v2/checkoutSessions/{}", entered.session);
    let updates = stage.amazon_saw("updateCheckoutSession").await;
    assert_eq!(updates.iter().filter(|one| one["path"] == path).count(), 1);

    // The redirect that was answered is the one that works.
    let redirect = answers.iter().find(|answer| answer.errors().is_empty()).unwrap();
    let (url, token) = (redirect.field("StartURL"), redirect.field("Token"));
    assert_eq!(stage.browser.start(&url, &entered.access_id, &token).await.status, 302);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identical_executions_at_the_same_instant() {
    let stage = Stage::new().await;
    for (order, count) in [("order-1", 2), ("order-2", 2), ("order-3", 20)] {
        let entered = stage.entered(Order::auth(order)).await;
        execute_at_once(&stage, &entered, count).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identical_executions_while_amazon_is_slow() {
    let stage = Stage::new().await;
    let entered = stage.entered(Order::auth("order-1")).await;
    stage.fault("updateCheckoutSession", 1, json!({"delay_ms": 300})).await;
    execute_at_once(&stage, &entered, 2).await;
}

/// Two orders cannot both be made ready on one session: the check stands in the commit that claims it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_orders_on_one_session_at_the_same_instant() {
    let stage = Stage::new().await;
    let first = stage.entered(Order::auth("order-1")).await;
    let mut second = stage.entered(Order::auth("order-2")).await;
    second.session.clone_from(&first.session);
    stage.fault("updateCheckoutSession", 2, json!({"delay_ms": 300})).await;
    let (one, other) = tokio::join!(first.exec(stage.shop()), second.exec(stage.shop()));
    let mut errors = [one.errors(), other.errors()];
    errors.sort();
    assert_eq!(errors, ["", "AZ1000007"], "one is ready, the other is refused");
    assert_eq!(stage.amazon_saw("updateCheckoutSession").await.len(), 1);
    let mut statuses = [stage.shop().status("order-1").await, stage.shop().status("order-2").await];
    statuses.sort();
    assert_eq!(statuses, ["REQSUCCESS", "UNPROCESSED"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identical_sales_at_the_same_instant() {
    let stage = Stage::new().await;
    let (entered, _) = stage.paid(Order::auth("order-1")).await;
    stage.fault("captureCharge", 1, json!({"delay_ms": 50})).await;
    let answers = at_once(20, || {
        let (entered, shop) = (entered.clone(), stage.shop().clone());
        async move { entered.sell(&shop, "1980", "198").await }
    })
    .await;
    let sold = answers.iter().filter(|answer| answer.errors().is_empty()).count();
    let refused = answers.iter().filter(|one| matches!(one.errors().as_str(), "E90010001" | "M01054004")).count();
    assert_eq!((sold, refused), (1, 19));
    assert_eq!(stage.amazon_saw("captureCharge").await.len(), 1);
    assert_eq!(stage.moved("captured").await, [2178]);
    stage.receiver.wait_for(2).await;
    assert_eq!(stage.receiver.statuses(), ["AUTH", "SALES"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identical_entries_at_the_same_instant() {
    let stage = Stage::new().await;
    let answers = at_once(20, || {
        let shop = stage.shop().clone();
        async move {
            let fields = [("OrderID", "order-1"), ("JobCd", "AUTH"), ("Amount", "1"), ("AmazonpayType", "3")];
            shop.call("EntryTranAmazonpay", &fields).await
        }
    })
    .await;
    let errors: Vec<_> = answers.iter().map(Answer::errors).filter(|errors| !errors.is_empty()).collect();
    assert_eq!(errors, vec!["M01004010"; 19]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_used_twenty_times_at_once_works_once() {
    let stage = Stage::new().await;
    let ready = stage.ready(Order::auth("order-1")).await;
    let answers = at_once(20, || {
        let (browser, ready) = (stage.browser.clone(), ready.clone());
        async move { browser.start(&ready.start_url, &ready.entered.access_id, &ready.token).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 302).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 400).count(), 19);
}

/// Sends a request and hangs up as soon as Amazon has been called for it.
async fn hang_up_in_the_middle(stage: &Stage, request: String, operation: &str) {
    let address = stage.gateway_url.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    eventually("the call to Amazon", async || {
        let seen = stage.amazon_saw(operation).await;
        seen.first().map(|first| assert_eq!(first["status"], json!(null), "Amazon has not answered yet"))
    })
    .await;
    drop(connection);
}

#[tokio::test]
async fn a_shop_that_hangs_up_during_exec_tran() {
    let stage = Stage::new().await;
    let entered = stage.entered(Order::auth("order-1")).await;
    stage.fault("updateCheckoutSession", 1, json!({"delay_ms": 500})).await;
    let mut fields = vec![("ShopID", "tshop00000001"), ("ShopPass", "demoshop1pass")];
    fields.extend(entered.exec_fields());
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let head = "POST /payment/ExecTranAmazonpay.idPass HTTP/1.1\r\nHost: x\r\n\
                Content-Type: application/x-www-form-urlencoded";
    let request = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    hang_up_in_the_middle(&stage, request, "updateCheckoutSession").await;
    eventually("REQSUCCESS", async || (stage.shop().status("order-1").await == "REQSUCCESS").then_some(())).await;
    assert!(!stage.has_open_intent(&entered.access_id).await);
    assert_eq!(entered.exec(stage.shop()).await.errors(), "M01004014");
}

#[tokio::test]
async fn a_browser_that_is_closed_during_the_return() {
    let stage = Stage::new().await;
    let (entered, back) = stage.agreed(Order::auth("order-1")).await;
    stage.fault("completeCheckoutSession", 1, json!({"delay_ms": 500})).await;
    let path = back.strip_prefix(&stage.gateway_url).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    hang_up_in_the_middle(&stage, request, "completeCheckoutSession").await;
    stage.receiver.wait_for(1).await;
    assert_eq!(stage.receiver.statuses(), ["AUTH"]);
    assert_eq!(stage.shop().status("order-1").await, "AUTH");
    assert!(!stage.has_open_intent(&entered.access_id).await);
    assert_eq!(stage.moved("authorized").await, [2178]);
}

/// A browser that comes back while the first return is still at work waits for the same result.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_return_waits_for_the_first() {
    let stage = Stage::new().await;
    let (_, back) = stage.agreed(Order::auth("order-1")).await;
    stage.fault("completeCheckoutSession", 1, json!({"delay_ms": 300})).await;
    let first = tokio::spawn({
        let (browser, back) = (stage.browser.clone(), back.clone());
        async move { browser.come_back(&back).await }
    });
    eventually("the call to Amazon", async || {
        (!stage.amazon_saw("completeCheckoutSession").await.is_empty()).then_some(())
    })
    .await;
    let second = tokio::time::timeout(Duration::from_secs(20), stage.browser.come_back(&back)).await.unwrap();
    assert_eq!(second.outcome(), ("AUTH", ""));
    assert_eq!(second, first.await.unwrap());
    assert_eq!(stage.amazon_saw("completeCheckoutSession").await.len(), 1);
}
