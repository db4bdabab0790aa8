//! What is wrong with the request as a whole, with who asks, or with the gateway itself.

use std::path::PathBuf;

use sekisho::protocol::Call;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _};

use super::{cases, code_of_page};
use crate::support::acts::{enter, pay};
use crate::support::{Order, Plan, ShopClient, Stage};

cases! {
    METHOD_NOT_POST => async {
        let stage = Stage::new().await;
        stage.browser.get(&format!("{}/payment/SearchTradeMulti.idPass", stage.gateway_url)).await.errors()
    };
    CONTENT_TYPE => async {
        let stage = Stage::new().await;
        stage.shop().post("SearchTradeMulti.idPass", Some("text/plain"), b"OrderID=a".to_vec()).await.errors()
    };
    BODY_MALFORMED => async {
        let stage = Stage::new().await;
        stage.shop().post("SearchTradeMulti.idPass", None, Vec::new()).await.errors()
    };
    GET_NEEDS_POST => async {
        let stage = Stage::new().await;
        code_of_page(&stage.browser.get(&format!("{}/payment/AmazonpayStart.idPass", stage.gateway_url)).await)
    };
    NO_SUCH_CALL => async {
        let stage = Stage::new().await;
        stage.shop().call("SearchBillingAgreementAmazonpay", &[]).await.errors()
    };
    SHOP_UNKNOWN => async {
        let stage = Stage::new().await;
        let stranger = ShopClient { shop_pass: "wrong".to_owned(), ..stage.shop().clone() };
        stranger.call("SearchTradeMulti", &[("OrderID", "a"), ("PayType", "38")]).await.errors()
    };
    METHOD_SUSPENDED => async {
        let stage = Stage::with(|plan| plan.shops[0].enabled = false).await;
        stage.shop().call("EntryTranAmazonpay", &ORDER).await.errors()
    };
    METHOD_NOT_CONTRACTED => async {
        let stage = Stage::with(|plan| plan.shops[0].calls.retain(|call| *call != "EntryTranAmazonpay")).await;
        stage.shop().call("EntryTranAmazonpay", &ORDER).await.errors()
    };
    DATABASE => async {
        let (stage, database) = with_database().await;
        spoil(&database, "ALTER TABLE transactions RENAME TO elsewhere").await;
        stage.shop().call("SearchTradeMulti", &[("OrderID", "a"), ("PayType", "38")]).await.errors()
    };
    // A transaction whose shop the operator has taken out of shops.toml: nobody knows any more where its buyer belongs.
    UNEXPECTED => async {
        let (stage, database) = with_database().await;
        let ready = stage.ready(Order::auth("order-1")).await;
        spoil(&database, "UPDATE transactions SET shop_id = 'tshop00000099'").await;
        code_of_page(&stage.browser.start(&ready.start_url, &ready.entered.access_id, &ready.token).await)
    };
    // Amazon's answer is lost, so nobody knows yet what became of the capture.
    STILL_PROCESSING => async {
        let stage = Stage::with(Plan::gives_up_soon).await;
        let (paid, _) = pay(&stage, "order-1", "AUTH").await;
        stage.fault("captureCharge", 100, serde_json::json!({"lose_answer": true})).await;
        let sale = [("Amount", "1980"), ("Tax", "198")];
        paid.call(&stage, Call::Sales, &sale).await;
        paid.call(&stage, Call::Sales, &sale).await.errors()
    };
    // One request works, one waits for its place, and Amazon takes its time.
    THROTTLED => async {
        let stage = Stage::with(|plan| plan.settings.shop_requests_max = 1).await;
        let paid = stage.paid(Order::auth("order-1")).await.0;
        stage.fault("captureCharge", 1, serde_json::json!({"delay_ms": 3000})).await;
        let sell = async || paid.sell(stage.shop(), "1980", "198").await.errors();
        let answers = tokio::join!(sell(), sell(), sell());
        [answers.0, answers.1, answers.2].into_iter().find(|codes| codes == "E92000001").unwrap_or_default()
    };
    ORDER_ID_USED => async {
        let stage = Stage::new().await;
        enter(&stage, "order-1", "AUTH").await;
        stage.shop().call("EntryTranAmazonpay", &ORDER).await.errors()
    };
    ORDER_UNKNOWN => async {
        let stage = Stage::new().await;
        stage.shop().call("SearchTradeMulti", &[("OrderID", "nobody"), ("PayType", "38")]).await.errors()
    };
    TRANSACTION_UNKNOWN => async {
        let stage = Stage::new().await;
        let mut entered = enter(&stage, "order-1", "AUTH").await;
        entered.access_pass = "0".repeat(32);
        entered.call(&stage, Call::Sales, &[("Amount", "1")]).await.errors()
    };
    TRANSACTION_OF_ANOTHER_SHOP => async {
        let stage = Stage::new().await;
        let entered = stage.entered(Order::auth("order-1")).await;
        entered.sell(stage.other_shop(), "1", "0").await.errors()
    };
}

const ORDER: [(&str, &str); 4] =
    [("OrderID", "order-1"), ("JobCd", "AUTH"), ("Amount", "1980"), ("AmazonpayType", "3")];

async fn with_database() -> (Stage, PathBuf) {
    let mut database = PathBuf::new();
    let stage = Stage::with(|plan| database.clone_from(&plan.settings.database)).await;
    (stage, database)
}

/// Does to the database what the gateway never does.
async fn spoil(database: &PathBuf, sql: &str) {
    let mut raw = SqliteConnectOptions::new().filename(database).connect().await.unwrap();
    sqlx::query(AssertSqlSafe(sql)).execute(&mut raw).await.unwrap();
}

/// The gateway's own fault is no fault of the request: a shop that reads the HTTP status alone must see that, too.
#[tokio::test]
async fn a_system_error_is_a_500_in_json() {
    let (stage, database) = with_database().await;
    spoil(&database, "ALTER TABLE transactions RENAME TO elsewhere").await;
    for (call, fields) in [
        ("SearchTradeMulti", &[("OrderID", "a"), ("PayType", "38")][..]),
        ("EntryTranAmazonpay", &ORDER),
        ("SearchChargePermissionAmazonpay", &[("AmazonChargePermissionID", "S03-0000000-0000000")]),
    ] {
        let answer = stage.shop().call_json(call, fields).await;
        let expected = serde_json::json!([{"errCode": "E91", "errInfo": "E91019999"}]);
        assert_eq!((answer.status, answer.json()), (500, expected), "{call}");
        assert_eq!(answer.content_type, "application/json;charset=UTF-8");
    }
}
