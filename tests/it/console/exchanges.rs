//! Every attempt of a call to Amazon is a line of its transaction's story, with what Amazon's support asks for, and
//! nothing that nobody may see.

use std::path::PathBuf;

use sekisho::domain::{Role, Status};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _};

use crate::apb::sign_in::sign_in;
use crate::support::clerk::Clerk;
use crate::support::{Entered, HANAKO, Order, Stage, eventually};

/// A stage on which an attempt is given up soon, but not before a busy machine has answered, and somebody who looks on.
async fn stage() -> (Stage, Clerk, PathBuf) {
    let mut database = PathBuf::new();
    let stage = Stage::with(|plan| {
        plan.settings.amazon_attempt_timeout_ms = 1_500;
        database.clone_from(&plan.settings.database);
    })
    .await;
    let clerk = stage.clerk("hanako", None, Role::Look).await;
    clerk.get("/console/me?lang=en").await.ok();
    (stage, clerk, database)
}

/// The lines of a transaction's story.
async fn story(clerk: &Clerk, access_id: &str, language: &str) -> Vec<String> {
    let page = clerk.get(&format!("/console/transactions/{access_id}?lang={language}")).await.ok();
    let story = page.html.split("id=\"story\"").nth(1).unwrap().split("</ol>").next().unwrap();
    story.split("<li ").skip(1).map(str::to_owned).collect()
}

/// The story's lines of calls to Amazon that hold `part`, once there are `count`: they are written within a second.
async fn told(clerk: &Clerk, access_id: &str, part: &str, count: usize) -> Vec<String> {
    eventually(&format!("{count} lines with {part}"), async || {
        let mut lines = story(clerk, access_id, "en").await;
        lines.retain(|line| line.contains("Call to Amazon: ") && line.contains(part));
        (lines.len() >= count).then_some(lines)
    })
    .await
}

/// The attempts of one operation stand in the story as the sandbox saw them.
fn agree(lines: &[String], seen: &[Value], answers: &[&str]) {
    assert_eq!((lines.len(), seen.len()), (answers.len(), answers.len()), "{lines:#?}\n{seen:#?}");
    for (index, (line, request)) in lines.iter().zip(seen).enumerate() {
        let text = |name: &str| request[name].as_str().unwrap();
        let (attempt, answer) = (index + 1, answers[index]);
        assert!(line.contains(&format!(", attempt {attempt}: {answer}<small>")), "{answer}: {line}");
        assert!(line.contains(&format!("<small>{} {} · ", text("method"), text("path"))), "{request}: {line}");
        if let Some(key) = request["idempotencyKey"].as_str() {
            assert!(line.contains(&format!("idempotency key: {key}</small>")), "{request}: {line}");
        }
        if answer.starts_with("HTTP") {
            let named = format!("<small>x-amz-pay-request-id: {}</small>", text("requestId"));
            assert!(line.contains(&named), "{request}: {line}");
        } else {
            assert!(line.contains("<small>no request id came</small>"), "{line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_attempt_is_told_with_the_id_that_amazon_gave_it() {
    let (stage, clerk, _) = stage().await;
    let (entered, _) = stage.paid(Order::auth("ORDER-1")).await;
    stage.fault("captureCharge", 1, json!({"status": 500, "reason_code": "ProcessingFailure"})).await;
    stage.fault("captureCharge", 1, json!({"status": 429, "reason_code": "TooManyRequests"})).await;
    stage.fault("captureCharge", 1, json!({"hang": true})).await;
    let sold = entered.sell(stage.shop(), "1980", "198").await;
    assert_eq!(sold.field("Status"), "SALES", "{}", sold.text());

    let id = &entered.access_id;
    let attempts = told(&clerk, id, "CaptureCharge", 4).await;
    let answers = ["HTTP 500 · ProcessingFailure", "HTTP 429 · TooManyRequests", "no answer in time", "HTTP 200"];
    agree(&attempts, &stage.amazon_saw("captureCharge").await, &answers);
    for (line, class) in attempts.iter().zip(["open", "open", "open", ""]) {
        assert!(line.starts_with(&format!("class=\"{class}\"")) && line.contains("to carry out an effect"), "{line}");
    }
    for (operation, seen) in
        [("UpdateCheckoutSession", "updateCheckoutSession"), ("CompleteCheckoutSession", "completeCheckoutSession")]
    {
        agree(&told(&clerk, id, operation, 1).await, &stage.amazon_saw(seen).await, &["HTTP 200"]);
    }
    let lines = story(&clerk, id, "en").await;
    let place = |part: &str| lines.iter().position(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}"));
    assert!(place("Call to Amazon: UpdateCheckoutSession") < place("Call to Amazon: CompleteCheckoutSession"));
    assert!(place("Call to Amazon: CompleteCheckoutSession") < place("Call to Amazon: CaptureCharge, attempt 1"));

    let japanese = story(&clerk, id, "ja").await;
    for part in ["Amazonへの呼び出し: CaptureCharge（2回目）: HTTP 429 · TooManyRequests", "処理の実行"]
    {
        assert!(japanese.iter().any(|line| line.contains(part)), "{part}: {japanese:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_why_amazon_was_asked() {
    let (stage, clerk, _) = stage().await;
    let (entered, _) = stage.paid(Order::auth("ORDER-1")).await;
    let id = &entered.access_id;
    stage.fault("captureCharge", 4, json!({"lose_answer": true})).await;
    assert_eq!(entered.sell(stage.shop(), "1980", "198").await.errors(), "AZ1000999");
    agree(
        &told(&clerk, id, "CaptureCharge", 4).await,
        &stage.amazon_saw("captureCharge").await,
        &["the connection broke"; 4],
    );
    stage.half_a_minute_later().await;
    assert_eq!(stage.transaction(id).await.status(), Status::Sales);
    let look = &told(&clerk, id, "GetCharge,", 1).await[0];
    assert!(look.contains("Sekisho follows up an effect · idempotency key: "), "{look}");

    assert_eq!(entered.cancel(stage.shop(), "1980", "198").await.field("Status"), "REQRETURN");
    stage.half_a_minute_later().await;
    assert_eq!(stage.transaction(id).await.status(), Status::Return);
    let look = &told(&clerk, id, "GetRefund,", 1).await[0];
    assert!(look.contains("<small>because it was time to look</small>"), "{look}");

    let found = stage.shop().call("SearchAddressAmazonpay", &[("OrderID", "ORDER-1")]).await;
    assert_eq!(found.errors(), "");
    let question = &told(&clerk, id, "GetChargePermission,", 1).await[0];
    assert!(question.contains("<small>asked for by the shop or an operator</small>"), "{question}");
    let permission = stage.transaction(id).await.charge_permission().unwrap().to_string();
    let found =
        stage.shop().call("SearchChargePermissionAmazonpay", &[("AmazonChargePermissionID", &permission)]).await;
    assert_eq!(found.errors(), "");
    told(&clerk, id, "GetChargePermission,", 2).await;
}

/// An additional payment button: whose session a browser brings is asked before anything is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_return_and_a_message_are_told_apart_from_what_the_clock_brings() {
    let (stage, clerk, _) = stage().await;
    let url = format!("{}/amazonpay/ipn", stage.gateway_url);
    stage.control_post("ipn/endpoints", json!({"merchantId": stage.shop().merchant_id, "url": url})).await;
    eventually("the subscription is confirmed", async || {
        (stage.control_get("ipn").await["endpoints"][0]["confirmed"] == true).then_some(())
    })
    .await;
    let entered: Entered = stage.entered_alone(Order::capture("ORDER-1")).await;
    let fields = entered.and(&[("ApbType", "PayOnly"), ("RetURL", "https://shop.example/result")]);
    let executed = stage.shop().call("ExecTranAmazonpay", &fields).await;
    let page = stage.browser.start(&executed.field("StartURL"), &entered.access_id, &executed.field("Token")).await;
    let page = stage.browser.press(&stage.browser.leave(&page).await, "sign-in", &[("buyer", HANAKO)]).await;
    let page = stage.browser.press(&page, "continue", &[("payment", "card-1111")]).await;
    let back = stage.browser.press(&page, "pay", &[]).await;
    assert_eq!(stage.browser.come_back(&back).await.field("Status"), "CAPTURE");
    let id = &entered.access_id;
    let look = &told(&clerk, id, "GetCheckoutSession,", 1).await[0];
    assert!(look.contains("<small>because the buyer came back</small>"), "{look}");

    // Which transaction a message about a refund is of, only Amazon's answer tells; then the refund is looked at.
    assert_eq!(entered.cancel(stage.shop(), "1980", "198").await.field("Status"), "REQRETURN");
    stage.clock.advance(30_500);
    eventually("the refund has ended", async || (stage.transaction(id).await.status() == Status::Return).then_some(()))
        .await;
    let looks = told(&clerk, id, "GetRefund,", 2).await;
    assert!(
        looks.iter().all(|line| line.contains("<small>because of a message from Amazon (IPN)</small>")),
        "{looks:?}"
    );
}

/// The places of a row that could hold text from outside, each with what may stand there.
fn harmless(column: &str, text: &str) -> bool {
    let plain = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    match column {
        "access_id" | "idempotency_key" => text.len() == 32 && plain(text, ""),
        "path" => {
            let parts: Vec<_> = text.strip_prefix("/v2/").unwrap_or_default().split('/').collect();
            let object = ["checkoutSessions", "charges", "chargePermissions", "refunds"].contains(&parts[0]);
            let deed = parts.get(2).is_none_or(|part| ["complete", "capture", "cancel", "close"].contains(part));
            object && deed && parts.len() <= 3 && parts.get(1).is_none_or(|id| plain(id, "-"))
        }
        "occasion" | "operation" | "method" | "reason_code" => plain(text, ""),
        "failure" | "request_id" => plain(text, "-"),
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_nobody_may_see_is_noted() {
    let (stage, clerk, database) = stage().await;
    let buyer_token = sign_in(&stage, stage.shop(), None).await;
    let of_buyer = stage.shop().call("SearchAddressAmazonpay", &[("AmazonBuyerToken", &buyer_token)]).await;
    assert_eq!(of_buyer.errors(), "");
    stage.fault("captureCharge", 1, json!({"lose_answer": true})).await;
    let entered = stage.sold("ORDER-1").await;
    entered.cancel(stage.shop(), "1980", "198").await;
    stage.half_a_minute_later().await;
    let ready = stage.ready(Order::auth("ORDER-2")).await;
    let consent = stage.consented("ORDER-3").await;
    crate::support::close(stage.shop(), &consent.permission).await;
    told(&clerk, &consent.entered.access_id, "CloseChargePermission,", 1).await;

    let mut book = SqliteConnectOptions::new().filename(database).read_only(true).connect().await.unwrap();
    let rows = sqlx::query("SELECT * FROM exchanges").fetch_all(&mut book).await.unwrap();
    assert!(rows.len() >= 8, "{}", rows.len());
    for row in &rows {
        for column in row.columns() {
            let name = sqlx::Column::name(column);
            let Ok(Some(text)) = row.try_get::<Option<String>, _>(name) else { continue };
            assert!(harmless(name, &text), "{name}: {text}");
            for secret in [&buyer_token, &entered.access_pass, &ready.token, &stage.shop().shop_pass] {
                assert!(!text.contains(secret.as_str()), "{name}: {text}");
            }
        }
    }
    // What nobody's transaction is about is not noted at all.
    assert_eq!(stage.amazon_saw("getBuyer").await.len(), 1);
    let operations: Vec<String> = rows.iter().map(|row| row.get("operation")).collect();
    assert!(!operations.iter().any(|operation| operation == "GetBuyer"), "{operations:?}");
}
